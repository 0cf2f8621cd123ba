/** System: how Luna is. The parts in detail need the administrator's key. */
import { useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ExternalLink, KeyRound, RotateCw } from 'lucide-react';
import { adminHealth, ingestMetrics, overview } from '@/api/calls';
import { adminKey, needsKey, refreshSystemInfo } from '@/api/client';
import type { IngestMetrics, Overview, ServiceHealth } from '@/api/types';
import { Moon } from '@/components/moon';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field, Input } from '@/components/ui/field';
import { Failure, Waiting } from '@/components/ui/notice';
import { IndexVersions } from './index-versions';
import { Models } from './models';
import { Quality } from './quality';
import { Simulation } from './simulation';
import { STATUS, formatColumnDay, formatColumnHour, formatDuration, formatNumber, plural } from '@/lib/format';

const SERVICE: Record<string, string> = {
  api: 'API',
  db: 'Datenbank',
  qdrant: 'Vektorindex',
  ollama: 'Sprachmodell',
  tika: 'Textauszug',
  minio: 'Dateiablage',
  redis: 'Zwischenspeicher',
  dagster: 'Dagster',
};
const MODEL: Record<string, string> = { embed: 'Vektoren', generate: 'Sprachmodell', fallback: 'Ersatzmodell' };
const MODEL_NAME: Record<string, string> = { none: 'keines', local: 'eigene, ohne Modellserver' };
const ENVIRONMENT: Record<string, string> = { dev: 'Entwicklung', test: 'Test', prod: 'Betrieb' };
const IMPLEMENTATION: Record<string, string> = { embedded: 'eingebaut', server: 'eigener Server' };

export function SystemView() {
  const client = useQueryClient();
  const [key, setKey] = useState(adminKey.get);
  const [asking, setAsking] = useState(false);
  const admin = key !== null;
  const info = useQuery({ queryKey: ['system-info'], queryFn: refreshSystemInfo });
  const health = useQuery({ queryKey: ['admin-health', key], queryFn: adminHealth, enabled: admin, refetchInterval: 15_000 });
  const counts = useQuery({ queryKey: ['overview', key], queryFn: () => overview(admin), refetchInterval: 30_000 });
  const ingest = useQuery({ queryKey: ['ingest-metrics', key], queryFn: () => ingestMetrics(admin), refetchInterval: 15_000 });
  const refused = needsKey(health.error);

  const leave = () => {
    adminKey.clear();
    setKey(null);
  };

  return (
    <Page
      title="System"
      lead="Wie es mir geht. Danke der Nachfrage."
      aside={
        <div className="flex flex-wrap gap-2">
          {info.data?.dagster_url && (
            <Button size="sm" asChild>
              <a href={info.data.dagster_url} target="_blank" rel="noreferrer noopener">
                <ExternalLink /> Dagster
              </a>
            </Button>
          )}
          {admin ? (
            <Button size="sm" onClick={leave}>
              <KeyRound /> Schlüssel vergessen
            </Button>
          ) : (
            <Button size="sm" onClick={() => setAsking(true)}>
              <KeyRound /> Verwaltungsschlüssel
            </Button>
          )}
          <Button size="sm" variant="quiet" onClick={() => void client.refetchQueries({ type: 'active' })}>
            <RotateCw /> Aktualisieren
          </Button>
        </div>
      }
    >
      <div className="space-y-10">
        <section aria-label="Bestand">
          <Counts counts={counts.data} pending={counts.isPending} error={counts.error} retry={() => void counts.refetch()} />
        </section>
        <section aria-label="Aufnahme">
          <h2 className="mb-3 font-semibold">Aufnahme</h2>
          <Ingest metrics={ingest.data} pending={ingest.isPending} error={ingest.error} retry={() => void ingest.refetch()} />
        </section>
        <section aria-label="Bestandteile">
          <h2 className="mb-3 font-semibold">Bestandteile</h2>
          {!admin ? (
            <div className="rounded-xl border border-dashed border-line-strong px-5 py-4 text-sm text-ink-2">
              <p>Über die einzelnen Bestandteile spreche ich nur mit der Verwaltung.</p>
              <Button size="sm" className="mt-3" onClick={() => setAsking(true)}>
                <KeyRound /> Schlüssel eingeben
              </Button>
            </div>
          ) : health.isPending ? (
            <Waiting className="py-2" label="Ich fühle allen den Puls …" />
          ) : health.isError ? (
            <div className="space-y-3">
              <Failure error={health.error} retry={() => void health.refetch()} />
              {refused && (
                <Button size="sm" onClick={() => setAsking(true)}>
                  <KeyRound /> Anderen Schlüssel eingeben
                </Button>
              )}
            </div>
          ) : (
            <ul className="grid gap-px overflow-hidden rounded-xl border border-line bg-line sm:grid-cols-2 lg:grid-cols-4">
              {Object.entries(health.data.services).map(([name, service]) => (
                <Service key={name} name={name} service={service} />
              ))}
            </ul>
          )}
        </section>
        {admin && !refused && (
          <section aria-label="Index">
            <h2 className="mb-3 font-semibold">Index</h2>
            <IndexVersions dagster={info.data?.dagster_url ?? null} />
          </section>
        )}
        {admin && !refused && (
          <section aria-label="Güte der Suche">
            <h2 className="mb-3 font-semibold">Güte der Suche</h2>
            <Quality dagster={info.data?.dagster_url ?? null} />
          </section>
        )}
        {admin && !refused && (
          <section aria-label="Sprachmodelle">
            <h2 className="mb-3 font-semibold">Sprachmodelle</h2>
            <Models />
          </section>
        )}
        {admin && !refused && (
          <section aria-label="Simulation">
            <h2 className="mb-3 font-semibold">Simulation</h2>
            <Simulation />
          </section>
        )}
        <section aria-label="Stand">
          <h2 className="mb-3 font-semibold">Stand</h2>
          {info.isError ? (
            <Failure error={info.error} retry={() => void info.refetch()} />
          ) : info.data ? (
            <dl className="grid gap-x-10 text-sm sm:grid-cols-2">
              {(
                [
                  ['Fassung', info.data.version],
                  ['Quellstand', info.data.git_sha],
                  ['Umgebung', ENVIRONMENT[info.data.env] ?? info.data.env],
                  ['Antworten', info.data.mode === 'generative' ? 'vom Sprachmodell, jeder Satz geprüft' : 'wörtlich aus den Quellen'],
                  ['Obergrenze je Datei', `${info.data.max_upload_mb} MB`],
                  ['Öffentlicher Bestand', info.data.corpus === null ? null : `${plural(info.data.corpus.items, 'Dokument', 'Dokumente')}, ${plural(info.data.corpus.chunks, 'Passage', 'Passagen')}`],
                  ['Index', info.data.index_version],
                  ['Schema', info.data.schema],
                  ...Object.entries(info.data.models).map(([name, model]) => [MODEL[name] ?? name, MODEL_NAME[model] ?? model]),
                  ['Vektormodell', health.data?.versions.embed_model],
                  ['Indexfassungen', health.data?.versions.index],
                ] as [string, string | number | null | undefined][]
              )
                .filter(([, value]) => value !== null && value !== undefined && value !== '')
                .map(([name, value]) => (
                  <div key={name} className="grid grid-cols-[10rem_minmax(0,1fr)] gap-2 border-b border-line py-1.5">
                    <dt className="text-ink-3">{name}</dt>
                    <dd className="font-mono text-[0.8125rem] break-all">{value}</dd>
                  </div>
                ))}
            </dl>
          ) : (
            <Waiting className="py-2" />
          )}
        </section>
      </div>
      <KeyDialog
        open={asking}
        onOpenChange={setAsking}
        onKey={(value) => {
          adminKey.set(value);
          setKey(value);
          setAsking(false);
        }}
      />
    </Page>
  );
}

function KeyDialog({ open, onOpenChange, onKey }: { open: boolean; onOpenChange: (open: boolean) => void; onKey: (key: string) => void }) {
  const [value, setValue] = useState('');
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Verwaltungsschlüssel" description="Er bleibt in diesem Tab und wird beim Schließen vergessen.">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          onKey(value.trim());
          setValue('');
        }}
      >
        <Field label="Schlüssel" hint="ADMIN_API_KEY dieser Installation">
          <Input type="password" autoComplete="off" required value={value} onChange={(event) => setValue(event.target.value)} />
        </Field>
        <Button type="submit" variant="primary" disabled={value.trim() === ''}>
          Übernehmen
        </Button>
      </form>
    </Dialog>
  );
}

interface Loaded<T> {
  pending: boolean;
  error: unknown;
  retry: () => void;
  counts?: T;
}

function Figure({ label, value, bad = false }: { label: string; value: string; bad?: boolean }) {
  return (
    <div className="min-w-28">
      <dt className="text-xs text-ink-3">{label}</dt>
      <dd className={`mt-0.5 text-2xl font-semibold tabular-nums ${bad ? 'text-bad' : ''}`}>{value}</dd>
    </div>
  );
}

function Counts({ counts, pending, error, retry }: Loaded<Overview> & { counts: Overview | undefined }) {
  if (pending) return <Waiting className="py-2" label="Ich zähle …" />;
  if (needsKey(error)) return <p className="text-sm text-ink-2">Die Zahlen zum Bestand sieht nur die Verwaltung.</p>;
  if (counts === undefined) return <Failure error={error} retry={retry} />;
  return (
    <>
      <dl className="flex flex-wrap gap-x-10 gap-y-5">
        <Figure label="Dokumente" value={formatNumber(counts.items)} />
        {['processing', 'received', 'failed']
          .filter((status) => (counts.items_by_status[status] ?? 0) > 0)
          .map((status) => (
            <Figure key={status} label={STATUS[status] ?? status} value={formatNumber(counts.items_by_status[status] ?? 0)} bad={status === 'failed'} />
          ))}
        <Figure label="Passagen" value={formatNumber(counts.chunks)} />
        <Figure label="Antworten" value={formatNumber(counts.answers)} />
        {counts.answered_share !== null && counts.answers > 0 && (
          <Figure label="davon mit Beleg" value={`${Math.round(counts.answered_share * 100)} %`} />
        )}
      </dl>
      {counts.events_per_day.length > 1 && (
        <Columns
          label="Ereignisse je Tag"
          points={counts.events_per_day.map((point) => ({ name: formatColumnDay(point.day), value: point.count }))}
        />
      )}
    </>
  );
}

function Ingest({ metrics, pending, error, retry }: Loaded<IngestMetrics> & { metrics: IngestMetrics | undefined }) {
  if (pending) return <Waiting className="py-2" />;
  if (needsKey(error)) return <p className="text-sm text-ink-2">Auch das sieht nur die Verwaltung.</p>;
  if (metrics === undefined) return <Failure error={error} retry={retry} />;
  const points = metrics.throughput;
  return (
    <>
      <dl className="flex flex-wrap gap-x-10 gap-y-5">
        <Figure label="Gelesen, 7 Tage" value={formatNumber(metrics.ready)} />
        <Figure label="In Arbeit" value={formatNumber(metrics.processing)} />
        <Figure label="In der Schlange" value={formatNumber(metrics.queued)} />
        {metrics.queue_age_s !== null && metrics.queued > 0 && <Figure label="Ältestes wartet" value={formatDuration(metrics.queue_age_s)} />}
        {metrics.duration_s_p50 !== null && <Figure label="Dauer (Median)" value={formatDuration(metrics.duration_s_p50)} />}
        <Figure label="Fehlgeschlagen" value={formatNumber(metrics.failed)} bad={metrics.failed > 0} />
      </dl>
      {points.length > 1 && (
        <Columns
          label="Dokumente je Stunde"
          points={points.map((point) => ({ name: formatColumnHour(point.ts), value: point.count }))}
        />
      )}
    </>
  );
}

function Columns({ label, points }: { label: string; points: { name: string; value: number }[] }) {
  const top = Math.max(1, ...points.map((point) => point.value));
  const peak = points.find((point) => point.value === top);
  return (
    // A few columns stay columns: over the whole width two of them would be slabs.
    <figure className="mt-6 max-w-2xl" style={{ maxWidth: `min(42rem, ${Math.max(14, points.length * 3)}rem)` }}>
      <figcaption className="mb-2 flex justify-between text-xs text-ink-3">
        <span>{label}</span>
        {peak && <span>Spitze: {formatNumber(top)}</span>}
      </figcaption>
      <svg viewBox={`0 0 ${points.length * 10} 40`} preserveAspectRatio="none" className="h-20 w-full border-b border-line-strong" role="img" aria-label={`${label}: ${points.map((point) => `${point.name} ${point.value}`).join(', ')}`}>
        {points.map((point, index) => {
          const height = (point.value / top) * 38;
          return <rect key={index} x={index * 10 + 1.5} width={7} y={40 - height} height={height} className="fill-water" />;
        })}
      </svg>
      <p className="mt-1 flex justify-between text-xs text-ink-3" aria-hidden="true">
        <span>{points[0]?.name}</span>
        <span>{points.at(-1)?.name}</span>
      </p>
    </figure>
  );
}

function Service({ name, service }: { name: string; service: ServiceHealth }) {
  const good = service.state === 'up';
  const off = service.state === 'off';
  const word = good ? 'läuft' : off ? 'nicht in Betrieb' : service.state === 'degraded' ? 'eingeschränkt' : 'gestört';
  return (
    <li className="bg-panel px-4 py-3">
      <p className="flex items-center gap-2 text-sm font-medium">
        <Moon phase={good ? 1 : off ? 0 : 0.3} className="size-4" tone={good ? 'fill-ok' : 'fill-bad'} />
        {SERVICE[name] ?? name}
      </p>
      <p className={`mt-1 text-xs ${good || off ? 'text-ink-2' : 'text-bad'}`}>
        {[word, IMPLEMENTATION[service.implementation] ?? service.implementation, typeof service.latency_ms === 'number' && good ? `${Math.round(service.latency_ms)} ms` : null]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {service.version && <p className="mt-0.5 truncate font-mono text-xs text-ink-3">{service.version}</p>}
      {service.message && <p className="mt-1 text-xs text-ink-2">{service.message}</p>}
    </li>
  );
}
