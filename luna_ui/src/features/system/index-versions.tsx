/** The versions of the index: which one answers, how its checks ended, and the way back. For the administrator. */
import { useEffect, useRef, useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ArrowLeftRight, ExternalLink, Hammer, Undo2 } from 'lucide-react';
import {
  type IndexOverview,
  type IndexVersion,
  type Job,
  type ReindexRequest,
  type SwitchRequest,
  indexOverview,
  rebuildIndex,
  recentJobs,
  rollBackIndex,
  switchIndex,
} from '@/api/index-versions';
import { needsKey } from '@/api/client';
import { listModels } from '@/api/models';
import { Moon, WanderingMoon } from '@/components/moon';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Empty, Failure, Waiting, messageOf } from '@/components/ui/notice';
import { notify } from '@/components/ui/toast';
import { leaveFocusNear } from '@/lib/focus';
import { formatMoment, formatNumber } from '@/lib/format';
import { Rebuild, RollBack, Switch } from './index-dialogs';
import {
  ENGINE,
  type EmbedderChoice,
  SCOPE,
  byScope,
  canSwitch,
  checkNotes,
  embedderChoices,
  embedderName,
  enginesNote,
  indexJobs,
  jobName,
  jobState,
  launchUrl,
  passagesOf,
  runUrl,
  stateOf,
} from './index-words';

const BUSY_MS = 2_000;
const QUIET_MS = 15_000;
const at = (seconds: number): string => formatMoment(new Date(seconds * 1000).toISOString());

export interface IndexOrders {
  rebuild: (request: ReindexRequest) => Promise<void>;
  rollBack: (version: IndexVersion) => Promise<void>;
  change: (request: SwitchRequest) => Promise<void>;
}

export function IndexVersions({ dagster }: { dagster: string | null }) {
  const client = useQueryClient();
  const jobs = useQuery({
    queryKey: ['index-jobs'],
    queryFn: recentJobs,
    refetchInterval: (query) => (indexJobs(query.state.data?.jobs ?? []).some((job) => job.alive) ? BUSY_MS : QUIET_MS),
  });
  const running = indexJobs(jobs.data?.jobs ?? []).some((job) => job.alive);
  const overview = useQuery({ queryKey: ['index-versions'], queryFn: indexOverview, refetchInterval: running ? BUSY_MS : QUIET_MS });
  const models = useQuery({ queryKey: ['models'], queryFn: listModels });
  const wasRunning = useRef(false);

  // What a finished job changed is to be seen at once, here and above.
  useEffect(() => {
    if (wasRunning.current && !running) {
      void client.invalidateQueries({ queryKey: ['index-versions'] });
      void client.invalidateQueries({ queryKey: ['admin-health'] });
      void client.invalidateQueries({ queryKey: ['system-info'] });
    }
    wasRunning.current = running;
  }, [running, client]);

  if (overview.isPending) return <Waiting className="py-2" label="Ich blättere im Register …" />;
  // That the key does not fit is said once, above.
  if (overview.isError) return needsKey(overview.error) ? null : <Failure error={overview.error} retry={() => void overview.refetch()} />;
  const order = async (launch: () => Promise<unknown>) => {
    try {
      await launch();
      notify('Der Auftrag läuft.');
    } catch (error) {
      notify(messageOf(error), { tone: 'bad' });
    } finally {
      await client.invalidateQueries({ queryKey: ['index-jobs'] });
    }
  };
  const orders: IndexOrders = {
    rebuild: (request) => order(() => rebuildIndex(request)),
    rollBack: (version) => order(() => rollBackIndex({ scope: version.scope, version_id: version.id })),
    change: (request) => order(() => switchIndex(request)),
  };
  return <IndexPanel overview={overview.data} jobs={jobs.data?.jobs ?? []} jobsError={jobs.error} choices={embedderChoices(models.data)} dagster={dagster} orders={orders} />;
}

interface PanelProps {
  overview: IndexOverview;
  jobs: readonly Job[];
  jobsError?: unknown;
  choices?: readonly EmbedderChoice[];
  dagster: string | null;
  orders: IndexOrders;
}

export function IndexPanel({ overview, jobs, jobsError = null, choices = [], dagster, orders }: PanelProps) {
  const [open, setOpen] = useState<'rebuild' | 'switch' | null>(null);
  const [back, setBack] = useState<IndexVersion | null>(null);
  const shown = indexJobs(jobs);
  const busy = shown.some((job) => job.alive);
  const scopes = byScope(overview);
  const snapshots = overview.engine === 'qdrant' ? launchUrl(dagster, 'index_snapshot') : null;
  return (
    <div className="space-y-5" data-testid="index" data-busy={busy}>
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
        <p className="min-w-0 text-sm text-ink-2">
          Es sucht {ENGINE[overview.engine] ?? overview.engine}
          {overview.alias !== null && (
            <>
              , Alias <span className="font-mono text-[0.8125rem] break-all">{overview.alias}</span>
            </>
          )}
          .
        </p>
        <div className="flex flex-wrap gap-2">
          {scopes.length > 0 && (
            <Button size="sm" busy={busy} onClick={() => setOpen('rebuild')}>
              <Hammer /> Neu bauen
            </Button>
          )}
          {scopes.length > 0 && canSwitch(overview) && (
            <Button size="sm" busy={busy} onClick={() => setOpen('switch')}>
              <ArrowLeftRight /> Speicherort
            </Button>
          )}
          {snapshots !== null && (
            <Button size="sm" asChild>
              <a href={snapshots} target="_blank" rel="noreferrer noopener">
                <ExternalLink /> Sicherungen
              </a>
            </Button>
          )}
        </div>
      </div>
      {overview.trouble !== null && (
        <p role="alert" className="rounded-lg border border-warn/45 px-4 py-3 text-sm text-warn">
          {overview.trouble}
        </p>
      )}
      {scopes.length === 0 ? (
        <Empty title="Es gibt noch keinen Index.">Er entsteht mit dem ersten Dokument.</Empty>
      ) : (
        scopes.map(({ scope, versions }) => (
          <section key={scope} aria-label={SCOPE[scope]}>
            {scopes.length > 1 && <h3 className="mb-2 text-sm font-medium text-ink-2">{SCOPE[scope]}</h3>}
            <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line">
              {versions.map((version) => (
                <Row key={version.id} version={version} dagster={dagster} busy={busy} onBack={() => setBack(version)} />
              ))}
            </ul>
          </section>
        ))
      )}
      <Jobs jobs={shown} error={jobsError} dagster={dagster} />
      <Rebuild open={open === 'rebuild'} choices={choices} onClose={() => setOpen(null)} onConfirm={orders.rebuild} />
      <Switch open={open === 'switch'} onClose={() => setOpen(null)} onConfirm={orders.change} />
      <RollBack version={back} live={scopes.find(({ scope }) => scope === back?.scope)?.live ?? null} onClose={() => setBack(null)} onConfirm={orders.rollBack} />
    </div>
  );
}

function Row({ version, dagster, busy, onBack }: { version: IndexVersion; dagster: string | null; busy: boolean; onBack: () => void }) {
  const state = stateOf(version);
  const notes = checkNotes(version);
  return (
    <li
      data-testid="index-version"
      data-state={version.state}
      className="grid gap-x-6 gap-y-2 bg-panel px-4 py-3 sm:grid-cols-[15rem_minmax(0,1fr)_15rem] sm:items-center"
    >
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm font-medium">
          <Moon phase={version.state === 'live' ? 1 : version.state === 'refused' ? 0 : 0.5} className="size-4" tone={version.state === 'live' ? 'fill-ok' : 'fill-moon'} />
          Fassung {version.id}
          <Badge tone={state.tone}>{state.word}</Badge>
        </p>
        <p className="mt-1 text-xs text-ink-3">gebaut {at(version.created_at_s)}</p>
        {version.promoted_at_s !== null && version.state === 'live' && <p className="text-xs text-ink-3">live seit {at(version.promoted_at_s)}</p>}
      </div>
      <div className="min-w-0 space-y-0.5 text-xs text-ink-2">
        <p>
          {formatNumber(passagesOf(version))} {passagesOf(version) === 1 ? 'Passage' : 'Passagen'}
          {version.engines.length > 0 && ` in ${enginesNote(version)}`}
        </p>
        <p className="break-words">Vektoren: {embedderName(version)}</p>
        {notes.map((note) => (
          <p key={note.text} className={note.bad ? 'text-bad' : ''}>
            {note.text}
          </p>
        ))}
      </div>
      <div className="flex flex-wrap items-center gap-2 sm:justify-end">
        <RunLink dagster={dagster} run={version.run_id} label={`Lauf von Fassung ${version.id} in Dagster`} />
        {version.state === 'retired' && (
          <Button ref={leaveFocusNear} size="sm" busy={busy} onClick={onBack} aria-label={`Zu Fassung ${version.id} zurückrollen`}>
            <Undo2 /> Zurückrollen
          </Button>
        )}
      </div>
    </li>
  );
}

function RunLink({ dagster, run, label }: { dagster: string | null; run: string | null; label: string }) {
  const url = runUrl(dagster, run);
  if (run === null) return null;
  if (url === null) return <span className="font-mono text-xs text-ink-3">{run.slice(0, 8)}</span>;
  return (
    <a
      href={url}
      target="_blank"
      rel="noreferrer noopener"
      aria-label={label}
      className="inline-flex min-h-6 items-center gap-1 font-mono text-xs text-water hover:underline"
    >
      {run.slice(0, 8)} <ExternalLink className="size-3.5" />
    </a>
  );
}

function Jobs({ jobs, error, dagster }: { jobs: readonly Job[]; error: unknown; dagster: string | null }) {
  if (error !== null) return <p className="text-xs text-warn">Über die Aufträge weiß ich gerade nichts: {messageOf(error)}</p>;
  if (jobs.length === 0) return null;
  return (
    <section aria-label="Aufträge am Index">
      <h3 className="mb-2 text-sm font-medium text-ink-2">Aufträge</h3>
      <ul className="text-sm">
        {jobs.map((job) => {
          const { word, bad } = jobState(job);
          return (
            <li key={job.run_id} data-testid="index-job" data-status={job.status} className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line py-1.5">
              {job.alive && <WanderingMoon className="size-4" />}
              <span>{jobName(job)}</span>
              <span role={job.alive ? 'status' : undefined} className={`min-w-0 flex-1 basis-40 text-xs ${bad ? 'text-bad' : 'text-ink-2'}`}>
                {word}
              </span>
              {job.start_time_s !== null && <span className="text-xs text-ink-3">{at(job.start_time_s)}</span>}
              <RunLink dagster={dagster} run={job.run_id} label={`Lauf „${jobName(job)}“ in Dagster`} />
              {job.failure && <p className="min-w-0 basis-full text-xs [overflow-wrap:anywhere] text-ink-2">{job.failure.said}</p>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
