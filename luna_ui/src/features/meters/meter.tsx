/** One meter: power over time with gaps and quality, energy, own use of a site with PV, live values. */
import { useCallback, useMemo, useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ArrowLeft, Radio, Trash2 } from 'lucide-react';
import { type Resolution, deleteMeter, getMeter, listMeters, querySeries, selfUse, smartMeterData } from '@/api/series';
import type { MeterData, SmartMeterData } from '@/api/series-types';
import { SeriesChart } from '@/components/chart/series-chart';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Select } from '@/components/ui/field';
import { Empty, Failure, Waiting } from '@/components/ui/notice';
import { notify } from '@/components/ui/toast';
import { Downloads, Figure, ReceiptCheck, ResolutionChoice, SeriesNote } from '@/features/series/parts';
import { RangeBar } from '@/features/series/range-bar';
import { useRange } from '@/features/series/use-range';
import type { Window } from '@/lib/berlin';
import { formatEnergy, formatMoment, formatPower, formatShare } from '@/lib/format';
import { markedRuns, markedWords, qualityWords } from '@/lib/quality';
import { reachOf, stepOf } from '@/lib/series';
import { LiveChart } from './live';
import { METER_KIND, meterName } from './names';

export function MeterView() {
  const { meterId } = useParams({ from: '/zaehler/$meterId' });
  const meter = useQuery({ queryKey: ['meter', meterId], queryFn: () => getMeter(meterId) });
  if (meter.isPending) return <Waiting className="px-8" label="Ich suche den Zähler …" />;
  if (meter.isError) return <Failure className="m-6" error={meter.error} retry={() => void meter.refetch()} />;
  return <Meter key={meterId} meter={meter.data} />;
}

function Meter({ meter }: { meter: MeterData }) {
  const search = useSearch({ from: '/zaehler/$meterId' });
  const navigate = useNavigate({ from: '/zaehler/$meterId' });
  const [resolution, setResolution] = useState<Resolution>('auto');
  const [live, setLive] = useState(false);
  const change = useCallback((range: object) => void navigate({ search: (old) => ({ ...old, ...range }), replace: true, resetScroll: false }), [navigate]);
  const newest = meter.last_ts ? Date.parse(meter.last_ts) : null;
  const { range, window, set, now } = useRange(search, change, { span: 'woche', newest });
  const data = useQuery({
    queryKey: ['smartmeter', meter.meter_id, window.from, window.to, resolution],
    queryFn: ({ signal }) => smartMeterData(meter.meter_id, window, resolution, signal),
    placeholderData: (before) => before,
  });
  // Sums over a year of minutes take longer than its picture; they are not to compete with it.
  const drawn = data.isSuccess && !data.isPlaceholderData;
  const produces = useMemo(() => data.data?.production_kw.some((value) => value !== null) ?? false, [data.data]);

  return (
    <Page
      title={meterName(meter)}
      lead={[METER_KIND[meter.kind] ?? meter.kind, meter.market_location, meter.metering_location, meter.capacity_kw === null ? null : formatPower(meter.capacity_kw)]
        .filter(Boolean)
        .join(' · ')}
      before={
        <Button size="sm" variant="quiet" className="mb-2 -ml-3" asChild>
          <Link to="/zaehler">
            <ArrowLeft /> Alle Zähler
          </Link>
        </Button>
      }
      aside={
        <div className="flex flex-wrap items-center gap-2">
          {meter.simulated && <Badge tone="warn">simuliert</Badge>}
          {meter.virtual && <Badge>virtuell</Badge>}
          {!meter.virtual && (
            <Button size="sm" aria-pressed={live} variant={live ? 'primary' : 'outline'} onClick={() => setLive((was) => !was)}>
              <Radio /> Live
            </Button>
          )}
          <Remove meter={meter} />
        </div>
      }
    >
      {live && <LiveChart meterId={meter.meter_id} />}
      <div className="mb-4">
        <ResolutionChoice value={resolution} onChange={setResolution} />
      </div>
      <RangeBar range={range} onChange={set} now={now} />
      {data.isPending ? (
        <Waiting label="Ich lese die Werte …" />
      ) : data.isError ? (
        <Failure error={data.error} retry={() => void data.refetch()} />
      ) : (
        <>
          <PowerChart data={data.data} window={window} busy={data.isPlaceholderData} onWindow={(zoom) => set({ ...range, zoom })} />
          <Figures meter={meter} window={window} produces={produces} drawn={drawn} />
          <SelfUse meter={meter} window={window} produces={produces} drawn={drawn} />
          <div className="mt-6 flex justify-end border-t border-line pt-3">
            <Downloads path="data/smartmeter" query={{ meter_id: meter.meter_id }} window={window} resolution={resolution} name={meter.meter_id} />
          </div>
        </>
      )}
    </Page>
  );
}

function PowerChart({ data, window, busy, onWindow }: { data: SmartMeterData; window: Window; busy: boolean; onWindow: (window: Window) => void }) {
  const [voltage, setVoltage] = useState(false);
  const measured = (column: readonly (number | null)[]) => column.some((value) => value !== null);
  const hasVoltage = measured(data.voltage);
  const chart = useMemo(
    () => ({
      ts: data.ts,
      stepMs: stepOf(data),
      series: [
        ...(measured(data.consumption_kw)
          ? [{ name: data.virtual ? 'Leistung' : 'Verbrauch', unit: 'kW', colour: '--water', values: data.consumption_kw, kind: 'step' as const, filled: true }]
          : []),
        ...(measured(data.production_kw)
          ? [{ name: 'Erzeugung', unit: 'kW', colour: '--moon', values: data.production_kw, kind: 'step' as const, filled: true }]
          : []),
        ...(voltage ? [{ name: 'Spannung', unit: 'V', colour: '--ok', values: data.voltage, right: true }] : []),
      ],
      marked: markedRuns(data.ts, data.quality),
      markedWords: markedWords(data.quality),
      note: (index: number) => qualityWords(data.quality[index]),
    }),
    [data, voltage],
  );
  return (
    <figure>
      {chart.series.length === 0 ? (
        <Empty title="In diesem Zeitraum gibt es keine Werte.">Der Zähler hat geschwiegen, oder niemand hat zugehört.</Empty>
      ) : (
        <>
          <div className="mb-1 flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-ink-2">
            {chart.series.map((series) => (
              <span key={series.name} className="inline-flex items-center gap-1.5">
                <span className="inline-block h-0.5 w-4" style={{ background: `var(${series.colour})` }} /> {series.name}
              </span>
            ))}
            {chart.markedWords !== null && (
              <span className="inline-flex items-center gap-1.5">
                <span className="inline-block size-3 bg-warn/25" /> {chart.markedWords}
              </span>
            )}
            {hasVoltage && (
              <label className="ml-auto inline-flex items-center gap-2">
                <input type="checkbox" checked={voltage} onChange={(event) => setVoltage(event.target.checked)} className="accent-moon" /> Spannung
              </label>
            )}
          </div>
          <SeriesChart label={`Leistung des Zählers ${data.name ?? data.meter_id} in kW`} data={chart} window={window} onWindow={onWindow} busy={busy} height="h-96" />
        </>
      )}
      <SeriesNote resolution={data.resolution} reduced={data.reduced} simulated={data.simulated} quality={data.quality_summary} asOf={data.as_of} reach={reachOf(data.ts, [data.consumption_kw, data.production_kw], chart.stepMs, window)} />
    </figure>
  );
}

interface SumsProps {
  meter: MeterData;
  window: Window;
  produces: boolean;
  /** Whether the chart has what it asked for. */
  drawn: boolean;
}

function Figures({ meter, window, produces, drawn }: SumsProps) {
  const query = useQuery({
    queryKey: ['meter-figures', meter.meter_id, window.from, window.to, produces],
    queryFn: ({ signal }) =>
      querySeries(
        {
          series: [{ meter_id: meter.meter_id, series: 'consumption_kw' }, ...(produces ? [{ meter_id: meter.meter_id, series: 'production_kw' as const }] : [])],
          from: new Date(window.from).toISOString(),
          to: new Date(window.to).toISOString(),
          aggregates: ['sum_kwh', 'max', 'max_ts', 'mean', 'count'],
        },
        signal,
      ),
    enabled: drawn,
    placeholderData: (before) => before,
  });
  if (query.isPending) return <Waiting className="py-4" label="Ich rechne …" />;
  if (query.isError) return <Failure className="mt-4" error={query.error} retry={() => void query.refetch()} />;
  const [used, made] = query.data.parts;
  const value = (part: typeof used, name: string): number | null => {
    const found = part?.columns[name]?.[0];
    return typeof found === 'number' ? found : null;
  };
  if (used === undefined || ((value(used, 'count') ?? 0) === 0 && (value(made, 'count') ?? 0) === 0)) return null;
  const peakAt = value(used, 'max_ts');
  return (
    <div className="mt-5 flex flex-wrap items-end justify-between gap-4">
      <dl className="flex flex-wrap gap-x-10 gap-y-4" aria-busy={query.isPlaceholderData}>
        <Figure label={meter.virtual ? 'Energie' : 'Verbrauch'} value={formatEnergy(value(used, 'sum_kwh'))} />
        <Figure label="Spitze" value={formatPower(value(used, 'max'))} note={peakAt === null ? undefined : formatMoment(new Date(peakAt).toISOString())} />
        <Figure label="Mittel" value={formatPower(value(used, 'mean'))} />
        {made !== undefined && <Figure label="Erzeugung" value={formatEnergy(value(made, 'sum_kwh'))} />}
      </dl>
      <ReceiptCheck receipt={used.receipt_id} />
    </div>
  );
}

/** Own consumption and autarky: of a meter that knows both directions, or together with a meter of the PV plant. */
function SelfUse({ meter, window, produces, drawn }: SumsProps) {
  const meters = useQuery({ queryKey: ['meters'], queryFn: listMeters });
  const plants = (meters.data?.meters ?? []).filter((one) => one.kind === 'pv' && one.meter_id !== meter.meter_id);
  const [chosen, setChosen] = useState('');
  const possible = !meter.virtual && meter.kind !== 'pv' && (produces || plants.length > 0);
  const wanted = possible && (produces || chosen !== '');
  const result = useQuery({
    queryKey: ['self-use', meter.meter_id, chosen, window.from, window.to],
    queryFn: () => selfUse(meter.meter_id, chosen === '' ? null : chosen, window),
    enabled: wanted && drawn,
    placeholderData: (before) => before,
  });
  if (!possible) return null;
  return (
    <section aria-label="Eigenverbrauch" className="mt-8">
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <h3 className="font-semibold">Eigenverbrauch und Autarkie</h3>
        {plants.length > 0 && (
          <Select aria-label="Zähler der Photovoltaik" className="w-60" value={chosen} onChange={(event) => setChosen(event.target.value)}>
            <option value="">{produces ? 'beide Richtungen dieses Zählers' : 'Photovoltaik wählen …'}</option>
            {plants.map((plant) => (
              <option key={plant.meter_id} value={plant.meter_id}>
                {meterName(plant)}
              </option>
            ))}
          </Select>
        )}
      </div>
      {!wanted ? null : result.isPending ? (
        <Waiting className="py-2" label="Ich rechne …" />
      ) : result.isError ? (
        <Failure error={result.error} />
      ) : (
        <>
          <dl className="flex flex-wrap gap-x-10 gap-y-4">
            <Figure label="Autarkie" value={formatShare(result.data.autarky)} note="vom Verbrauch selbst gedeckt" />
            <Figure label="Eigenverbrauch" value={formatShare(result.data.self_use)} note="der Erzeugung selbst genutzt" />
            <Figure label="Aus dem Netz" value={formatEnergy(result.data.import_kwh)} />
            <Figure label="Ins Netz" value={formatEnergy(result.data.export_kwh)} />
          </dl>
          {result.data.covered_s < result.data.expected_s && (
            <p className="mt-2 text-xs text-warn">
              Nur {formatShare(result.data.covered_s / result.data.expected_s)} des Zeitraums haben Werte beider Seiten; der Rest zählt nicht mit.
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Remove({ meter }: { meter: MeterData }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  return (
    <>
      <Button size="sm" variant="quiet" onClick={() => setAsking(true)}>
        <Trash2 /> Löschen
      </Button>
      <Dialog open={asking} onOpenChange={setAsking} title={`${meterName(meter)} löschen?`} description="Der Zähler und alle seine Werte werden entfernt. Das lässt sich nicht zurücknehmen.">
        <div className="space-y-3">
          {error !== null && <Failure error={error} />}
          <div className="flex gap-2">
            <Button
              variant="danger"
              busy={busy}
              onClick={() => {
                setBusy(true);
                deleteMeter(meter.meter_id)
                  .then(() => {
                    notify(`${meterName(meter)} ist gelöscht.`);
                    void client.invalidateQueries({ queryKey: ['meters'] });
                    void navigate({ to: '/zaehler' });
                  })
                  .catch(setError)
                  .finally(() => setBusy(false));
              }}
            >
              Endgültig löschen
            </Button>
            <Button variant="quiet" onClick={() => setAsking(false)}>
              Behalten
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}
