/** The latest values of a meter as they are written. */
import { useEffect, useMemo, useState } from 'react';
import { liveReadings } from '@/api/series';
import type { LiveReading } from '@/api/series-types';
import { SeriesChart } from '@/components/chart/series-chart';
import { Failure, Waiting } from '@/components/ui/notice';
import { formatPower, formatSecond } from '@/lib/format';

const KEPT = 240;
const AGAIN_MS = 3000;

export function LiveChart({ meterId }: { meterId: string }) {
  const [rows, setRows] = useState<LiveReading[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [open, setOpen] = useState(false);

  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const listen = async () => {
      try {
        for await (const row of liveReadings(meterId, 120, abort.signal)) {
          setOpen(true);
          setError(null);
          setRows((old) => (old.some((one) => one.ts === row.ts) ? old.map((one) => (one.ts === row.ts ? row : one)) : [...old, row].slice(-KEPT)));
        }
      } catch (fault) {
        if (!abort.signal.aborted) setError(fault);
      }
      // The server ends a stream now and then; a reader who stays is served again.
      if (!abort.signal.aborted) timer = setTimeout(() => void listen(), AGAIN_MS);
    };
    void listen();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [meterId]);

  const chart = useMemo(
    () => ({
      ts: rows.map((row) => row.ts),
      stepMs: (rows.at(-1)?.interval_s ?? 60) * 1000,
      series: [
        { name: 'Verbrauch', unit: 'kW', colour: '--water', values: rows.map((row) => row.consumption_kw), kind: 'step' as const },
        ...(rows.some((row) => row.production_kw !== null)
          ? [{ name: 'Erzeugung', unit: 'kW', colour: '--moon', values: rows.map((row) => row.production_kw), kind: 'step' as const }]
          : []),
      ],
    }),
    [rows],
  );
  const last = rows.at(-1);
  return (
    <section aria-label="Live" className="mb-8 rounded-xl border border-line bg-panel p-4">
      {error !== null && <Failure className="mb-3" error={error} />}
      {last === undefined ? (
        <Waiting className="py-2" label={open ? 'Noch hat er nichts gesagt …' : 'Ich lausche …'} />
      ) : (
        <>
          <p className="mb-2 flex flex-wrap items-baseline gap-x-6 text-sm" role="status">
            <span>
              Jetzt <b className="text-lg tabular-nums">{formatPower(last.consumption_kw)}</b>
            </span>
            {last.production_kw !== null && <span>Erzeugung {formatPower(last.production_kw)}</span>}
            <span className="text-xs text-ink-3">
              {formatSecond(last.ts)}
            </span>
          </p>
          <SeriesChart label="Live-Leistung in kW" data={chart} window={{ from: rows[0]?.ts ?? last.ts, to: last.ts + last.interval_s * 1000 }} height="h-48" />
        </>
      )}
    </section>
  );
}
