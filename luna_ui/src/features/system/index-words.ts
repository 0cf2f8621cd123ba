/** What there is to say about the versions of the index and the jobs that change them. Pure. */
import type { IndexOverview, IndexVersion, Job } from '@/api/index-versions';
import type { ModelList } from '@/api/models';
import type { Tone } from '@/components/ui/badge';
import { formatDuration, formatNumber, plural } from '@/lib/format';

export const ENGINE: Record<string, string> = { postgres: 'PostgreSQL', qdrant: 'Qdrant' };
export const SCOPE: Record<string, string> = { public: 'Öffentlicher Bestand', tenant: 'Eigener Bestand' };

const STATE: Record<string, { word: string; tone: Tone }> = {
  live: { word: 'live', tone: 'ok' },
  retired: { word: 'bereit', tone: 'plain' },
  building: { word: 'im Bau', tone: 'warn' },
  refused: { word: 'abgelehnt', tone: 'bad' },
};
export const stateOf = (version: Pick<IndexVersion, 'state'>): { word: string; tone: Tone } => STATE[version.state] ?? { word: version.state, tone: 'plain' };

/** „svd-300“ is the house's own, learnt from the texts; everything else goes by its name. */
export function embedderName(version: Pick<IndexVersion, 'embedder' | 'dimension'>): string {
  if (version.dimension === 0 || version.embedder === 'none') return 'ohne Vektoren';
  if (/^svd-\d+$/.test(version.embedder)) return `eigene, ${plural(version.dimension, 'Dimension', 'Dimensionen')}`;
  return `${version.embedder}, ${plural(version.dimension, 'Dimension', 'Dimensionen')}`;
}

export interface EmbedderChoice {
  /** What the rebuild is told; empty: what is set. */
  model: string;
  name: string;
}

export const LOCAL = 'local';
const embedderTitle = (model: string): string => (model === LOCAL ? 'der Index selbst' : model);

/** What can make the vectors of a rebuild, what is set first; nothing to choose where no model server is up. */
export function embedderChoices(list: Pick<ModelList, 'state' | 'models' | 'roles'> | undefined): EmbedderChoice[] {
  if (list?.state !== 'up') return [];
  const set = list.roles.find((role) => role.role === 'embed');
  const names = [LOCAL, ...list.models.map((model) => model.name)];
  return [{ model: '', name: set === undefined ? 'wie eingestellt' : `wie eingestellt (${embedderTitle(set.model)})` }, ...names.map((model) => ({ model, name: embedderTitle(model) }))];
}

interface Asked {
  found: number;
  of: number;
}

function asked(value: unknown): Asked | null {
  if (typeof value !== 'object' || value === null) return null;
  const { questions, hit_at_5: share } = value as { questions?: unknown; hit_at_5?: unknown };
  if (typeof questions !== 'number' || typeof share !== 'number' || questions === 0) return null;
  return { found: Math.round(questions * share), of: questions };
}

const sharePart = ({ found, of }: Asked): string => `${formatNumber(found)} von ${formatNumber(of)} Probefragen`;

export interface Note {
  text: string;
  /** Why it was refused. */
  bad: boolean;
}

/** What the vectors alone find, in the words of whoever judged it, and whether that was enough. */
function byVectors(value: unknown): Note | null {
  if (typeof value !== 'object' || value === null) return null;
  const { said, holds } = value as { said?: unknown; holds?: unknown };
  return typeof said === 'string' && said !== '' ? { text: said, bad: holds === false } : null;
}

/** How the checks of a version ended, as sentences; reasons of a refusal come first. */
export function checkNotes(version: Pick<IndexVersion, 'report' | 'state'>): Note[] {
  const { report } = version;
  const gold = asked(report['gold']);
  const before = asked(report['gold_live']);
  const vectors = byVectors(report['by_vectors']);
  const notes: Note[] = [];
  if (report['counts_agree'] === false) notes.push({ text: 'Nicht jede Passage hat ihren Vektor.', bad: true });
  if (report['gold_holds'] === false) {
    const text = gold && before ? `Sie fände ${sharePart(gold)}, die damals laufende fand ${formatNumber(before.found)}.` : 'Sie fände zu wenige der Probefragen.';
    notes.push({ text, bad: true });
  } else if (gold) {
    const text = vectors?.bad ? `Mit den Wörtern zusammen fände sie ${sharePart(gold)}.` : `Findet ${sharePart(gold)}.`;
    notes.push({ text, bad: false });
  }
  if (vectors) notes.push(vectors);
  if (version.state === 'refused' && notes.length === 0) notes.push({ text: 'Der Grund steht im Lauf.', bad: true });
  return [...notes.filter((note) => note.bad), ...notes.filter((note) => !note.bad)];
}

/** Passages of a version; one that was refused keeps none, but remembers how many they were. */
export function passagesOf(version: Pick<IndexVersion, 'state' | 'chunks' | 'report'>): number {
  const counted = version.report['chunks'];
  return version.state === 'refused' && typeof counted === 'number' ? counted : version.chunks;
}

/** Where the vectors lie, and what Qdrant lacks. */
export function enginesNote(version: Pick<IndexVersion, 'engines' | 'points' | 'chunks'>): string {
  const names = version.engines.map((engine) => ENGINE[engine] ?? engine).join(' und ');
  if (version.points === null || version.points >= version.chunks) return names;
  return `${names}; in Qdrant fehlen ${formatNumber(version.chunks - version.points)}`;
}

export interface ScopeVersions {
  scope: IndexVersion['scope'];
  versions: IndexVersion[];
  live: IndexVersion | null;
}

export function byScope(overview: Pick<IndexOverview, 'versions'>): ScopeVersions[] {
  return (['public', 'tenant'] as const)
    .map((scope) => overview.versions.filter((version) => version.scope === scope))
    .filter((versions) => versions.length > 0)
    .map((versions) => ({ scope: versions[0]?.scope ?? 'public', versions, live: versions.find((version) => version.state === 'live') ?? null }));
}

/** There is something to switch only where Qdrant is configured, or where it still holds something. */
export const canSwitch = (overview: Pick<IndexOverview, 'engine' | 'versions'>): boolean =>
  overview.engine === 'qdrant' || overview.versions.some((version) => version.engines.includes('qdrant'));

const JOB: Record<string, string> = {
  documents_reindex: 'Neu bauen',
  index_rollback: 'Zurückrollen',
  index_switch: 'Speicherort wechseln',
  index_snapshot: 'Sicherung',
};
export const jobName = (job: Pick<Job, 'job_name'>): string => JOB[job.job_name] ?? job.job_name;

/** The newest jobs that change the index, running ones first. */
export function indexJobs(jobs: readonly Job[], limit = 4): Job[] {
  const own = jobs.filter((job) => job.job_name in JOB);
  return [...own.filter((job) => job.alive), ...own.filter((job) => !job.alive)].slice(0, limit);
}

export function jobState(job: Pick<Job, 'status' | 'start_time_s' | 'end_time_s'>, now: number = Date.now()): { word: string; bad: boolean } {
  const start = job.start_time_s;
  const lasted = (end: number): string => (start === null ? '' : ` ${formatDuration(Math.max(0, end - start))}`);
  switch (job.status) {
    case 'SUCCESS':
      return { word: job.end_time_s === null ? 'fertig' : `fertig nach${lasted(job.end_time_s)}`, bad: false };
    case 'FAILURE':
      return { word: 'gescheitert; was vorher galt, gilt weiter', bad: true };
    case 'CANCELED':
      return { word: 'abgebrochen', bad: false };
    case 'CANCELING':
      return { word: 'wird abgebrochen', bad: false };
    case 'STARTED':
      return { word: start === null ? 'läuft' : `läuft seit${lasted(now / 1000)}`, bad: false };
    default:
      return { word: 'wartet auf Dagster', bad: false };
  }
}

/** Where a run, or a job to be launched by hand, is seen in Dagster; null where its page is not to be reached. */
export const runUrl = (dagster: string | null, run: string | null): string | null =>
  dagster === null || run === null ? null : `${dagster.replace(/\/+$/, '')}/runs/${encodeURIComponent(run)}`;
export const launchUrl = (dagster: string | null, job: string): string | null =>
  dagster === null ? null : `${dagster.replace(/\/+$/, '')}/locations/__repository__@luna_assets/jobs/${job}/launchpad`;
