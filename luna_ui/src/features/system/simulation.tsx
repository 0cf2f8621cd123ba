/** The simulators: running or not, how far behind, started and stopped by the administrator. */
import { useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Play, Square } from 'lucide-react';
import { needsKey } from '@/api/client';
import { runSimulator, simulatorStatus } from '@/api/series';
import type { SimulatorState } from '@/api/series-types';
import { Moon } from '@/components/moon';
import { Button } from '@/components/ui/button';
import { Select } from '@/components/ui/field';
import { Failure, Waiting, messageOf } from '@/components/ui/notice';
import { notify } from '@/components/ui/toast';
import { formatDuration, formatMoment, formatNumber, plural } from '@/lib/format';

const NAME: Record<string, string> = { smartmeter: 'Zähler', market: 'Markt' };
const SPEEDS: readonly [number, string][] = [
  [1, 'in Echtzeit'],
  [60, '60-fach'],
  [3600, '3.600-fach'],
];

export function Simulation() {
  const states = useQuery({ queryKey: ['simulators'], queryFn: simulatorStatus, refetchInterval: 5000 });
  if (states.isPending) return <Waiting className="py-2" />;
  // That the key does not fit is said once, above.
  if (states.isError) return needsKey(states.error) ? null : <Failure error={states.error} retry={() => void states.refetch()} />;
  return (
    <ul className="grid gap-px overflow-hidden rounded-xl border border-line bg-line sm:grid-cols-2">
      {states.data.simulators.map((state) => (
        <Simulator key={state.simulator} state={state} />
      ))}
    </ul>
  );
}

function Simulator({ state }: { state: SimulatorState }) {
  const client = useQueryClient();
  const [speed, setSpeed] = useState(1);
  const [busy, setBusy] = useState(false);
  const running = state.state === 'running';
  const order = () => {
    setBusy(true);
    void runSimulator(state.simulator, running ? 'stop' : 'start', running ? undefined : speed)
      .catch((error: unknown) => notify(messageOf(error), { tone: 'bad' }))
      .finally(() => {
        setBusy(false);
        void client.invalidateQueries({ queryKey: ['simulators'] });
      });
  };
  return (
    <li className="space-y-2 bg-panel px-4 py-3" data-testid="simulator" data-state={state.state}>
      <p className="flex items-center gap-2 text-sm font-medium">
        <Moon phase={running ? 1 : 0} className="size-4" tone="fill-ok" />
        {NAME[state.simulator] ?? state.simulator}
        <span className="font-normal text-ink-2">{running ? 'läuft' : 'ruht'}</span>
      </p>
      <p className="text-xs text-ink-2">
        {[
          `Schritte von ${formatDuration(state.interval_s)}`,
          state.simulator === 'smartmeter' ? plural(state.series, 'Zähler', 'Zähler') : plural(state.series, 'Produkt', 'Produkte'),
          running && state.lag_s !== null ? `${formatDuration(Math.max(0, state.lag_s))} hinter der Uhr` : null,
          state.rows > 0 ? `${formatNumber(state.rows)} Werte seit dem Start` : null,
          state.last_step === null ? null : `zuletzt ${formatMoment(state.last_step)}`,
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {state.error !== null && <p className="text-xs text-bad">{state.error}</p>}
      <div className="flex items-center gap-2">
        {!running && (
          <Select aria-label={`Geschwindigkeit ${NAME[state.simulator] ?? ''}`} className="w-36" value={String(speed)} onChange={(event) => setSpeed(Number(event.target.value))}>
            {SPEEDS.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </Select>
        )}
        <Button size="sm" busy={busy} onClick={order}>
          {running ? <Square /> : <Play />} {running ? 'Anhalten' : 'Starten'}
        </Button>
      </div>
    </li>
  );
}
