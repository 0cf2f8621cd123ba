import { Tooltip } from 'radix-ui';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { IndexOverview, IndexVersion, Job } from '@/api/index-versions';
import { IndexPanel } from './index-versions';
import { byScope, canSwitch, checkNotes, embedderChoices, embedderName, enginesNote, indexJobs, jobState, launchUrl, passagesOf, runUrl } from './index-words';

const LIVE: IndexVersion = {
  id: 4, scope: 'public', state: 'live', engines: ['postgres'], chunks: 11_482, points: null, dimension: 300, embedder: 'svd-300', model_digest: null, analyser_version: '1',
  chunker_version: '1', created_at_s: 1_795_291_913, promoted_at_s: 1_795_291_950, run_id: '0f3e8fd2-b15d', report: { gold: { questions: 60, hit_at_5: 0.95 } },
};
const REFUSED: IndexVersion = {
  ...LIVE, id: 5, state: 'refused', engines: [], chunks: 0, promoted_at_s: null, embedder: 'nomic-embed-text', dimension: 768,
  report: { chunks: 9_000, counts_agree: true, gold_holds: false, gold: { questions: 60, hit_at_5: 0.5 }, gold_live: { questions: 60, hit_at_5: 0.95 } },
};
const RETIRED: IndexVersion = { ...LIVE, id: 3, state: 'retired' };
const JOB: Job = { run_id: 'run-1', job_name: 'index_rollback', status: 'STARTED', alive: true, start_time_s: 1_000, end_time_s: null, tags: {} };
const OVERVIEW: IndexOverview = { engine: 'postgres', trouble: null, alias: null, versions: [REFUSED, LIVE, RETIRED] };
const orders = { rebuild: () => Promise.resolve(), rollBack: () => Promise.resolve(), change: () => Promise.resolve() };
const shown = (overview: Partial<IndexOverview>, jobs: Job[] = [], dagster: string | null = 'http://d:3000/'): string =>
  renderToStaticMarkup(
    createElement(Tooltip.Provider, null, createElement(IndexPanel, { overview: { ...OVERVIEW, ...overview }, jobs, dagster, orders })),
  );

describe('the versions of the index', () => {
  it('says which is live and why one was refused', () => {
    const page = shown({});
    expect(page).toContain('Es sucht PostgreSQL');
    expect(page).toContain('Findet 57 von 60 Probefragen.');
    expect(page).toContain('Sie fände 30 von 60 Probefragen, die damals laufende fand 57.');
    expect(page).toContain('9.000 Passagen');
    expect(page).toContain('href="http://d:3000/runs/0f3e8fd2-b15d"');
  });

  it('offers the way back for a retired version only, and none while a job is at work', () => {
    expect(shown({})).toContain('aria-label="Zu Fassung 3 zurückrollen"');
    expect(shown({})).not.toContain('Zu Fassung 5 zurückrollen');
    const busy = shown({}, [JOB]);
    expect(busy).toMatch(/aria-label="Zu Fassung 3 zurückrollen" aria-disabled="true"/);
    expect(busy).toContain('läuft seit');
  });

  it('offers another engine only where there are two', () => {
    expect(shown({})).not.toContain('Speicherort');
    const page = shown({ engine: 'qdrant', trouble: 'Qdrant schweigt.' });
    expect(page).toContain('Speicherort');
    expect(page).toContain('Qdrant schweigt.');
    expect(page).toContain('/jobs/index_snapshot/launchpad');
    expect(canSwitch({ engine: 'postgres', versions: [{ ...LIVE, engines: ['qdrant'] }] })).toBe(true);
  });

  it('has a word for having none, and keeps Dagster to itself where it is not to be reached', () => {
    expect(shown({ versions: [] })).toContain('Es gibt noch keinen Index.');
    expect(shown({}, [], null)).not.toContain('href=');
    expect(runUrl(null, 'a')).toBeNull();
    expect(launchUrl('http://d', 'index_snapshot')).toBe('http://d/locations/__repository__@luna_assets/jobs/index_snapshot/launchpad');
  });
});

describe('the words of the index', () => {
  it('names where vectors come from', () => {
    expect(embedderName(LIVE)).toBe('eigene, 300 Dimensionen');
    expect(embedderName(REFUSED)).toBe('nomic-embed-text, 768 Dimensionen');
    expect(embedderName({ embedder: 'none', dimension: 0 })).toBe('ohne Vektoren');
  });

  it('offers what can make vectors, what is set first', () => {
    const list = { models: [{ name: 'bge-m3', digest: 'a', size_bytes: 1, roles: [] }], roles: [{ role: 'embed' as const, model: 'local', configured: 'local', chosen: false, present: true }] };
    expect(embedderChoices({ ...list, state: 'up' }).map(({ model, name }) => [model, name])).toEqual([
      ['', 'wie eingestellt (der Index selbst)'],
      ['local', 'der Index selbst'],
      ['bge-m3', 'bge-m3'],
    ]);
    expect(embedderChoices({ ...list, state: 'down' })).toEqual([]);
    expect(embedderChoices(undefined)).toEqual([]);
  });

  it('tells what Qdrant lacks', () => {
    expect(enginesNote({ engines: ['postgres', 'qdrant'], points: 90, chunks: 100 })).toBe('PostgreSQL und Qdrant; in Qdrant fehlen 10');
    expect(enginesNote({ engines: ['qdrant'], points: 100, chunks: 100 })).toBe('Qdrant');
  });

  it('never leaves a refusal without a reason', () => {
    const texts = (state: IndexVersion['state'], report: IndexVersion['report']): string[] => checkNotes({ state, report }).map((note) => note.text);
    expect(texts('refused', {})).toEqual(['Der Grund steht im Lauf.']);
    expect(texts('refused', { counts_agree: false, gold_holds: true })).toEqual(['Nicht jede Passage hat ihren Vektor.']);
    expect(texts('refused', { gold_holds: false, gold: null })).toEqual(['Sie fände zu wenige der Probefragen.']);
    expect(texts('live', { gold: { questions: 0, hit_at_5: 1 }, by_vectors: null })).toEqual([]);
    expect(passagesOf(REFUSED)).toBe(9_000);
    expect(passagesOf(LIVE)).toBe(11_482);
  });

  it('tells what the vectors alone find, first where that is why it was refused', () => {
    const gold = { questions: 105, hit_at_5: 0.9619 };
    const refused = { gold_holds: true, gold, gold_live: gold, by_vectors: { holds: false, said: 'Allein über Vektoren: 3 von 105 Probefragen. Das ist weniger als die Hälfte.' } };
    expect(checkNotes({ state: 'refused', report: refused })).toEqual([
      { text: 'Allein über Vektoren: 3 von 105 Probefragen. Das ist weniger als die Hälfte.', bad: true },
      { text: 'Mit den Wörtern zusammen fände sie 101 von 105 Probefragen.', bad: false },
    ]);
    const live = { gold_holds: true, gold, by_vectors: { holds: true, said: 'Allein über Vektoren: 69 von 105 Probefragen.' } };
    expect(checkNotes({ state: 'live', report: live }).map((note) => note.text)).toEqual(['Findet 101 von 105 Probefragen.', 'Allein über Vektoren: 69 von 105 Probefragen.']);
    expect(shown({ versions: [{ ...REFUSED, report: refused }] })).toMatch(/text-bad[^>]*>Allein über Vektoren: 3/);
  });

  it('keeps the public versions apart from the tenant’s', () => {
    const own: IndexVersion = { ...LIVE, id: 9, scope: 'tenant' };
    expect(byScope({ versions: [own, LIVE, RETIRED] }).map(({ scope, live }) => [scope, live?.id])).toEqual([['public', 4], ['tenant', 9]]);
  });

  it('says of a job that failed why, and of no other', () => {
    const said = 'Schritt „switch_index_engine“: Qdrant antwortet nicht (ConnectError).';
    const failed: Job = { ...JOB, job_name: 'index_switch', status: 'FAILURE', alive: false, end_time_s: 1_030, failure: { step: 'switch_index_engine', said } };
    const page = shown({}, [failed, { ...JOB, run_id: 'run-2', status: 'FAILURE', alive: false, failure: null }]);
    expect(page).toMatch(new RegExp(`data-status="FAILURE"[^§]*gescheitert[^§]*${said.replace(/[()]/g, '\\$&')}`));
    expect(page.split('Schritt „')).toHaveLength(2);
  });

  it('shows running jobs first and leaves others out', () => {
    const done: Job = { ...JOB, run_id: 'run-0', status: 'SUCCESS', alive: false, end_time_s: 1_090 };
    expect(indexJobs([done, JOB, { ...JOB, job_name: 'documents_drain' }]).map((job) => job.run_id)).toEqual(['run-1', 'run-0']);
    expect(jobState(done).word).toBe('fertig nach 2 Min.');
    expect(jobState(JOB, 1_030_000).word).toBe('läuft seit 30 s');
    expect(jobState({ ...JOB, status: 'FAILURE' })).toEqual({ word: 'gescheitert; was vorher galt, gilt weiter', bad: true });
    expect(jobState({ ...JOB, status: 'QUEUED' }).word).toBe('wartet auf Dagster');
  });
});
