// The stand-in's index: three versions, a job that takes a moment, and a rebuild that the gold questions refuse.
const JOB_MS = 1500;
const BUILT = Date.UTC(2026, 4, 30, 9, 12) / 1000;
const version = (id, state, more = {}) => ({
  id, scope: 'public', state, engines: ['postgres', 'qdrant'], chunks: 3583, points: 3583, dimension: 300, embedder: 'svd-300', model_digest: null, analyser_version: '1', chunker_version: '1',
  created_at_s: BUILT + id * 90_000, promoted_at_s: state === 'refused' ? null : BUILT + id * 90_000 + 12, run_id: `0${id}fe8fd2-b15d-43d1-9610-e7ac7f43b559`,
  report: { documents: 2, chunks: 3583, counts_agree: true, gold_holds: true, gold: { questions: 60, hit_at_5: 0.95, missed: [] }, gold_live: null }, ...more,
});
const refused = (id) =>
  version(id, 'refused', { engines: [], chunks: 0, points: null, report: { documents: 2, chunks: 3583, counts_agree: true, gold_holds: false, gold: { questions: 60, hit_at_5: 0.5, missed: [] }, gold_live: { questions: 60, hit_at_5: 0.95, missed: [] } } });

const versions = [version(4, 'live'), version(3, 'retired'), refused(2), version(7, 'live', { scope: 'tenant', chunks: 41, points: 41, report: {} })];
/** Three kinds of questions in two halves, and the sum; the numbers are made up. */
const share = (value, n) => ({ value, low: Math.max(0, value - 0.08), high: Math.min(1, value + 0.08), n });
const kindOf = (n, hit, rank) => ({ n, hit_at_5: share(hit, n), mrr_at_10: share(rank, n), all_in_5: null });
const half = (less) => ({
  kinds: { all: kindOf(45, 0.91 - less, 0.81 - less), english: kindOf(7, 0.86 - less, 0.74 - less), paraphrase: kindOf(25, 0.84 - less, 0.72 - less), section_lookup: kindOf(13, 1 - less, 0.98 - less) },
  refusals: { unanswerable: 24, refused_rightly: 22, answerable: 45, refused_wrongly: 2 },
});
/** Measured on a version that is gone. `MOCK_UNMEASURED=1`: nobody has measured. */
const measured = { run_id: '03fe8fd2-b15d-43d1-9610-e7ac7f43b559', measured_at_s: BUILT + 300_000, index_version: 1, questions: 186, left_out: 220, halves: { hold: half(0.02), tune: half(0) } };

const jobs = [];
const WORSE = { step: 'documents', said: 'Schritt „documents“: Die neue Fassung des Index hat ihre Prüfung nicht bestanden; die bisherige bleibt.' };
let next = 8;

function launch(job_name, newId, end) {
  const run = { run_id: newId(), job_name, status: 'STARTED', alive: true, start_time_s: Date.now() / 1000, end_time_s: null, tags: {}, failure: null };
  jobs.unshift(run);
  setTimeout(() => {
    const status = end();
    Object.assign(run, { status, alive: false, end_time_s: Date.now() / 1000, failure: status === 'FAILURE' ? WORSE : null });
  }, JOB_MS);
  return { run_id: run.run_id };
}

/** `admin/index…`, `admin/evaluation`, `admin/reindex`, `admin/jobs`; null where it is another route. */
export function indexRoutes(method, parts, body, { fault, newId }) {
  const route = `${method} ${parts.slice(1).join('/')}`;
  switch (route) {
    case 'GET index':
      return { engine: 'qdrant', trouble: null, alias: 'luna_knowledge', versions: [...versions].sort((a, b) => a.scope.localeCompare(b.scope) || b.id - a.id) };
    case 'GET evaluation':
      return { measured: process.env.MOCK_UNMEASURED === '1' ? null : measured, live_version: versions.find((one) => one.scope === 'public' && one.state === 'live')?.id ?? null };
    case 'POST index/rollback': {
      const target = versions.find((one) => one.id === body.version_id && one.state === 'retired');
      if (target === undefined) throw fault(409, 'Es gibt keine frühere Version, zu der ich zurückkehren könnte.');
      return launch('index_rollback', newId, () => {
        for (const one of versions) if (one.scope === target.scope && one.state === 'live') one.state = 'retired';
        target.state = 'live';
        return 'SUCCESS';
      });
    }
    case 'POST index/switch':
      return launch('index_switch', newId, () => 'SUCCESS');
    case 'POST reindex':
      return launch('documents_reindex', newId, () => {
        versions.splice(versions.findIndex((one) => one.state === 'refused'), 1, refused(next++));
        return 'FAILURE';
      });
    case 'GET jobs':
      return { jobs };
  }
  return null;
}
