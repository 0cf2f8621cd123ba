// A stand-in for the API while the page is built and tested. It is never part of the product.
// Certain words make it misbehave: „Serverfehler“, „Abbruch“, „Ratenlimit“, „Mondlandung“, „ausführlich“, „Verbindungsfehler“.
import { indexRoutes } from './index.mjs';
import { series } from './series.mjs';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { BK6, ENWG, LEAFLET, addText, blankItem, chunksOf, citation, enwgVersions, items, law, newId, textOf } from './data.mjs';

const PORT = Number(process.env.PORT ?? 8000);
const PACE = Number(process.env.MOCK_PACE_MS ?? 220);
const MAX_MB = 1;
const ADMIN = 'verwaltung';
const DIST = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const CSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.woff': 'font/woff' };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const trace = () => newId().replaceAll('-', '');

class Fault extends Error {
  constructor(status, message, data = null, headers = {}) {
    super(message);
    Object.assign(this, { status, data, headers });
  }
}

const C = {
  law1: citation(ENWG, law('§ 14a', '1'), 0.91, { lexical: 0.62, section: 0.44, dense: 0.31, lookup: 0.8, law: 0.2 }),
  law3: citation(ENWG, law('§ 14a', '3'), 0.58, { lexical: 0.33, section: 0.41, dense: 0.12 }),
  min: citation(BK6, (chunk) => chunk.page === 7, 0.84, { lexical: 0.71, dense: 0.36 }),
  scope: citation(BK6, (chunk) => chunk.page === 1, 0.49, { lexical: 0.28, dense: 0.3 }),
  leaf: citation(LEAFLET, (chunk) => chunk.page === 2, 0.4, { lexical: 0.22, dense: 0.27 }),
  repl: citation(ENWG, law('§ 38', '4'), 0.77, { lexical: 0.66, section: 0.3, law: 0.2 }),
};
const mark = (entry) => `[chunk ${entry.chunk_id}]`;

const frame = (question) => ({ receipts: [], model: 'none', mode: 'extractive', question, condensed_question: question, as_of: '2026-06-01', index_versions: [3], prompt_version: '1', latency_ms: { total: 41.2 } });

function answerFor(question) {
  const answer_id = newId();
  if (/mondlandung/i.test(question)) {
    const parts = {
      summary: 'Dazu schweigen die vorliegenden Dokumente, und ich schließe mich ihnen lieber an.',
      suggestion: 'Falls Ihnen ein Dokument dazu vorliegt, laden Sie es hoch; ich lese schnell.',
      next_question: 'Möchten Sie stattdessen wissen, was § 14a Abs. 1 EnWG zu „Netzorientierte Steuerung“ regelt?',
    };
    return { answer_id, conversation_id: null, answered: false, answer: Object.values(parts).join('\n\n'), ...parts, steps: [], chunks_used: [], citations: [], ...frame(question) };
  }
  if (/negativ/i.test(question)) {
    const receipt = { receipt_id: '0f1e2d3c-4b5a-4978-8697-a5b4c3d2e1f0', label: 'EPEX DE-LU-60MIN, Jahr 2024: negative Stunden', query: 'SELECT count(*) FILTER (WHERE price_eur_mwh < 0) FROM market_hours WHERE market = %(market)s', parameters: { market: 'EPEX', from: '2023-12-31T23:00:00Z' }, row_count: 1, result_sha256: 'b'.repeat(64), columns: ['negative'], rows: [[457]], values: { negative: 457 }, as_of: '2026-06-01T10:00:00Z', quality: { covered_s: 31_618_800, expected_s: 31_622_400, flagged: 0, preliminary: 0, simulated: false, substituted: 2, values: 8784 } };
    const said = `Im Jahr 2024 war der Preis in 457 Stunden negativ. [receipt ${receipt.receipt_id}]`;
    return { answer_id, conversation_id: null, answered: true, answer: `${said}\n\nDas sind 5,2 % aller Stunden. [receipt ${receipt.receipt_id}]`, summary: said, suggestion: '', next_question: '', steps: [], chunks_used: [], citations: [], ...frame(question), mode: 'series', receipts: [receipt] };
  }
  const long = /ausführlich/i.test(question);
  const body = [
    `Steuerbare Verbrauchseinrichtungen sind insbesondere Wärmepumpen, nicht öffentlich zugängliche Ladepunkte für Elektromobile, Anlagen zur Erzeugung von Kälte oder zur Speicherung elektrischer Energie und Nachtstromspeicherheizungen, solange und soweit die Bundesnetzagentur nichts anderes vorsieht. ${mark(C.law1)}`,
    `Die Mindestleistung beträgt 4,2 kW je steuerbarer Verbrauchseinrichtung. ${mark(C.min)}`,
    `Bei Wärmepumpen und Klimageräten mit einer Netzanschlussleistung von mehr als 11 kW beträgt sie das 0,4-Fache der Netzanschlussleistung. ${mark(C.min)}`,
    `Sobald die Messstelle mit einem intelligenten Messsystem ausgestattet wurde, hat die Steuerung über ein Smart-Meter-Gateway zu erfolgen. ${mark(C.law3)}`,
  ];
  if (long) {
    for (let index = 0; index < 8; index++) body.push(`Diese Festlegung gilt für steuerbare Verbrauchseinrichtungen mit einem Netzanschluss in der Niederspannung, deren technische Inbetriebnahme nach dem 31. Dezember 2023 erfolgt. ${mark(C.scope)}`);
    body.push(`Steuerbare Einrichtungen im Sinne dieser Festlegung sind ${mark(C.scope)}\n1. Wärmepumpen unter Einbeziehung von Zusatzheizvorrichtungen, ${mark(C.scope)}\n3a. Anlagen zur Speicherung elektrischer Energie. ${mark(C.scope)}\n[…]`);
    body.push(`| Modul | Zähler | Wirkung | ${mark(C.leaf)}\n| --- | --- | --- |\n| 1 | einer | pauschale Reduzierung | ${mark(C.leaf)}\n| 2 | zwei | Arbeitspreis auf 40 % | ${mark(C.leaf)}`);
    body.push('Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsverordnungsentwurf [nicht belegt]');
  }
  const citations = long ? [C.law1, C.min, C.law3, C.scope, C.leaf] : [C.law1, C.min, C.law3];
  return {
    answer_id, conversation_id: null, answered: true, answer: body.join('\n\n'),
    summary: 'Einschlägig ist „Netzorientierte Steuerung von steuerbaren Verbrauchseinrichtungen“ im EnWG.',
    suggestion: 'Prüfen Sie im Wortlaut, worauf sich der Wert bezieht, bevor Sie damit rechnen.',
    next_question: 'Möchten Sie auch wissen, was § 38 Abs. 4 EnWG zu „Ersatzversorgung mit Energie“ regelt?',
    steps: ['§ 14a Abs. 1 EnWG im Wortlaut lesen', 'Wert aus BK6-22-300 mit den eigenen Unterlagen vergleichen'],
    chunks_used: [...citations, ...(long ? [] : [C.scope])].map((entry) => entry.chunk_id), citations: long ? citations : [...citations, C.scope], ...frame(question),
  };
}

const HASH = 'a3f1'.repeat(16);
/** What the receipt of any answer looks like here, and what a replay finds: one passage has a newer version. */
function receiptOf(answer_id) {
  const answer = answerFor('Was sind steuerbare Verbrauchseinrichtungen?');
  const ground = answer.citations.map(({ chunk_id, payload }, index) => ({
    chunk_id, cited: index < 3, sha256: HASH, item_id: payload.item_id, document_id: payload.item_id, version: payload.version ?? 1, item_sha256: HASH, run_id: newId(), label: [payload.section, payload.title].filter(Boolean).join(' '),
  }));
  return {
    answer_id, answer: { ...answer, answer_id }, answered: true, as_of: '2026-06-01', top_k: 6, filters: {}, mode: 'extractive', model: 'none', model_digest: null, embedders: [], prompt_version: '1', prompt_hash: HASH, chunk_runs: {}, ground,
    materialisations: [{ asset: 'documents/chunks', run_id: ground[0].run_id, passages: ground.length }], index: { versions: [3], generation: 42, runs: {} },
    latency_ms: { connection: 0.4, retrieval: 22.1, compose: 9.6, total: 41.2 }, trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', created_at: new Date().toISOString(), erased_at: null, sequence: 12, previous_hash: HASH, hash: HASH, intact: true, fault: null,
  };
}
function replayOf(answer_id) {
  const { ground, answer } = receiptOf(answer_id);
  const said = 'Vom Dokument gibt es inzwischen Fassung 9, dort lautet die Stelle anders oder fehlt.';
  return {
    answer_id, same: true, said: 'Die Antwort käme heute genauso heraus; einige ihrer Fundstellen sind aber nicht mehr der neueste Stand.', text_same: true, changes: [{ kind: 'passage', said: `${ground[0].label}: ${said}` }],
    passages: ground.map(({ chunk_id, label, cited, version }, index) => ({ chunk_id, label, cited, version, fate: index === 0 ? 'replaced' : 'same', newest_version: index === 0 ? 9 : version })),
    now: { answered: true, answer: answer.answer, summary: answer.summary, chunks_used: answer.chunks_used, index: { versions: [3], generation: 43, runs: {} } }, reruns: [], replayed_at: new Date().toISOString(), latency_ms: { total: 30 },
  };
}

const conversations = new Map();
function seedConversation(title, minutes, lost = false) {
  const id = newId();
  const at = new Date(Date.now() - minutes * 60_000).toISOString();
  conversations.set(id, { conversation_id: id, title, updated_at: at, created_at: at, turns: [{ question: title, answer: lost ? null : { ...answerFor(title), conversation_id: id }, created_at: at }] });
}
seedConversation('Wie lange dauert die Ersatzversorgung höchstens?', 95);
seedConversation('Mindestleistung bei Steuerung nach § 14a EnWG', 1500);
seedConversation('Welche Fristen gelten beim Lieferantenwechsel in der Grundversorgung?', 6000, true);
const removed = new Map();

let limitedUntil = 0;
async function ask(request, response, body) {
  const question = String(body.question ?? '').trim();
  if (question === '') throw new Fault(400, 'Feld „question“: Eine Frage ohne Worte kann ich nicht beantworten.');
  if (/serverfehler/i.test(question)) throw new Fault(500, 'Da ist etwas schiefgegangen, und zwar auf meiner Seite.');
  if (/ratenlimit/i.test(question) && Date.now() > limitedUntil + 30_000) {
    limitedUntil = Date.now() + 3000;
    throw new Fault(429, 'Zu viele Fragen in kurzer Zeit.', null, { 'Retry-After': '3' });
  }
  const answer = answerFor(question);
  const conversation = body.conversation_id ?? newId();
  answer.conversation_id = conversation;
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  send('meta', { answer_id: answer.answer_id, conversation_id: conversation, mode: 'extractive', model: 'none', condensed_question: question, trace_id: trace() });
  await sleep(PACE);
  const known = new Map(answer.citations.map((entry) => [entry.chunk_id, entry]));
  let count = 0;
  for (const text of answer.answered ? answer.answer.split('\n\n') : []) {
    if (response.destroyed) return;
    if (/abbruch/i.test(question) && ++count > 2) {
      send('error', { status_code: 503, data: null, message: 'Der Index ist mir mitten im Satz abhandengekommen.', trace_id: trace() });
      response.end();
      return;
    }
    if (/verbindungsfehler/i.test(question) && ++count > 2) {
      response.destroy();
      return;
    }
    send('sentence', { text, citations: [...text.matchAll(/\[chunk ([^\]]+)\]/g)].map((match) => known.get(match[1])).filter(Boolean) });
    await sleep(PACE);
  }
  if (response.destroyed) return;
  send('done', answer);
  response.end();
  const at = new Date().toISOString();
  const old = conversations.get(conversation) ?? { conversation_id: conversation, title: question.slice(0, 80), created_at: at, turns: [] };
  old.turns.push({ question, answer, created_at: at });
  old.updated_at = at;
  conversations.set(conversation, old);
}

const jobs = new Map();
const STEPS = ['received', 'text', 'chunks', 'vectors', 'ready'];
function startJob(name, size, sha256 = newId()) {
  const id = newId();
  jobs.set(id, { name, started: Date.now(), fails: /kaputt|geschützt/i.test(name), tries: 0 });
  items.unshift({ ...blankItem, item_id: id, document_id: newId(), stage: 'received', kind: 'document', source: 'upload', title: name.replace(/\.\w+$/, ''), file_name: name, media_type: 'application/pdf', size_bytes: size, tags: [], url: null, sha256, status: 'received', error: null, valid_from: null, valid_to: null, created_at: new Date().toISOString(), chunks: 0 });
  return id;
}
function jobState(id) {
  const job = jobs.get(id);
  const item = items.find((entry) => entry.item_id === id);
  if (!job || !item) throw new Fault(404, 'Diese Aufnahme kenne ich nicht.');
  const step = Math.min(4, Math.floor((Date.now() - job.started) / 800));
  const stage = job.fails && step >= 2 ? 'failed' : STEPS[step];
  item.status = stage === 'ready' || stage === 'failed' ? stage : stage === 'received' ? 'received' : 'processing';
  item.error = stage === 'failed' ? 'Auf 3 von 4 Seiten steht kein Text, nur Bilder. Ohne Texterkennung lese ich die nicht.' : null;
  if (stage === 'ready' && item.chunks === 0) {
    addText(id, [{ heading: item.title, level: 1 }, { body: 'Der Messstellenbetreiber tauscht den Zähler bis zum Jahresende.', page: 1, path: ['Anschreiben'] }]);
    item.chunks = 1;
  }
  item.stage = stage;
  item.retryable = stage === 'failed' && !/geschützt/i.test(job.name);
  return { retryable: item.retryable, item_id: id, stage, status: item.status, chunks: item.chunks, error: item.error, error_code: item.error ? 'no_text' : null, warnings: [], run_id: 'run-7', attempts: 1, timings: {}, position: stage === 'received' ? 2 : null, sha256: item.sha256, file_name: item.file_name, created_at: item.created_at, started_at: null, finished_at: null };
}

const HELP = {
  '/fragen': ['Fragen', 'Hier fragen Sie, und ich antworte mit dem, was in Ihren Dokumenten steht. Jede Ziffer hinter einem Satz führt zur Stelle, an der er steht.\n\nFinde ich nichts, sage ich das. Es kommt seltener vor, als man denkt, und öfter, als mir lieb ist.'],
  '/dokumente': ['Dokumente', 'Ziehen Sie Dateien hinein, ich lese sie in wenigen Sekunden. Der Mond zeigt, wie weit ich bin: voll heißt fertig.'],
  '/suche': ['Suche', 'Hier sehen Sie, was ich finde, bevor ich antworte. Die Balken sagen, warum.'],
  '/system': ['System', 'Mein Befinden in Zahlen.'],
};

async function api(request, response, url) {
  const parts = url.pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent);
  const [root, second, third] = parts;
  const route = `${request.method} ${root}${second === undefined ? '' : '/'}${root === 'items' || root === 'conversations' ? (second ? '*' : '') : (second ?? '')}`;
  const raw = await readBody(request);
  const body = (request.headers['content-type'] ?? '').includes('json') ? JSON.parse(raw.toString() || '{}') : {};
  if (process.env.MOCK_ENV !== 'prod' && !['system', 'help'].includes(root) && !request.headers['x-admin-key'] && !/^[0-9a-f-]{36}$/.test(request.headers['x-dev-user'] ?? '')) {
    throw new Fault(401, 'Ich weiß nicht, wer fragt.');
  }
  if (['data', 'meters', 'sim', 'receipts'].includes(root)) {
    const found = await series(request, response, url, parts, body, raw, { fault: (status, message) => new Fault(status, message), newId, sleep });
    if (found !== null) return found;
  }
  if (root === 'admin' && ['index', 'evaluation', 'reindex', 'jobs'].includes(second)) {
    if (request.headers['x-admin-key'] !== ADMIN) throw new Fault(403, 'Dieser Schlüssel passt nicht.');
    const found = indexRoutes(request.method, parts, body, { fault: (status, message) => new Fault(status, message), newId });
    if (found !== null) return found;
  }
  if (root === 'answers') {
    await sleep(PACE);
    return third === 'replay' ? replayOf(second) : receiptOf(second);
  }
  switch (route) {
    case 'GET system/info':
      return { status: 'ok', env: process.env.MOCK_ENV ?? 'dev', version: '0.1.0', git_sha: '2587d13', schema: '0007', max_upload_mb: MAX_MB, max_question_chars: 4000, formats: ['pdf', 'docx', 'html', 'md', 'txt'], index_version: '3', corpus: { items: 2, chunks: 3583 }, mode: 'extractive', models: { embed: 'luna-svd-300', generate: 'none' }, dagster_url: 'http://127.0.0.1:3000' };
    case 'GET help/context': {
      const [title, text] = HELP[url.searchParams.get('route')] ?? ['Hilfe', 'Dazu habe ich noch nichts aufgeschrieben.'];
      return { route: url.searchParams.get('route'), title, text, tips: ['Die Taste / führt zur Frage.'] };
    }
    case 'POST rag/ask':
      await ask(request, response, body);
      return undefined;
    case 'POST rag/search': {
      if (/serverfehler/i.test(body.question)) throw new Fault(503, 'Der Vektorindex antwortet nicht. Die Suche ruht so lange.');
      if (/mondlandung/i.test(body.question)) return { hits: [] };
      await sleep(PACE);
      const hits = Object.values(C).sort((a, b) => b.score - a.score).map((entry) => ({ ...entry, item_id: entry.payload.item_id }));
      return { hits: hits.slice(0, body.top_k ?? 10) };
    }
    case 'POST feedback/rag':
      return { saved: true };
    case 'GET conversations':
      return { conversations: [...conversations.values()].sort((a, b) => b.updated_at.localeCompare(a.updated_at)).map(({ turns, ...rest }) => ({ ...rest, turns: turns.length })) };
    case 'GET conversations/*': {
      const found = conversations.get(second);
      if (!found) throw new Fault(404, 'Dieses Gespräch gibt es nicht (mehr).');
      return found;
    }
    case 'DELETE conversations/*':
      removed.set(second, conversations.get(second));
      conversations.delete(second);
      return { saved: true };
    case 'POST conversations/*':
      conversations.set(second, removed.get(second));
      return conversations.get(second);
    case 'GET items': {
      const { query, kind, tag, status, cursor } = Object.fromEntries(url.searchParams);
      const found = items.filter((item) => !item.deleted && (!kind || item.kind === kind) && (!tag || item.tags.includes(tag)) && (!status || item.status === status) && (!query || `${item.title} ${item.file_name}`.toLowerCase().includes(query.toLowerCase())));
      const from = Number(cursor ?? 0);
      return { items: found.slice(from, from + 20), next_cursor: from + 20 < found.length ? String(from + 20) : null, total: found.length };
    }
    case 'GET items/*':
    case 'POST items/*':
    case 'DELETE items/*': {
      const item = items.find((entry) => entry.item_id === second);
      if (!item || (item.deleted && third !== 'restore')) throw new Fault(404, 'Dieses Dokument kenne ich nicht. Vielleicht wurde es gelöscht.');
      if (request.method === 'DELETE') {
        item.deleted = true;
        return { saved: true };
      }
      if (third === 'restore') {
        item.deleted = false;
        return item;
      }
      if (third === 'text') {
        await sleep(120);
        return { item_id: second, version: item.version, text: textOf(second) ?? '', markup: 'markdown', pages: [], extractor: 'mock' };
      }
      if (third === 'versions') return { document_id: item.document_id, versions: second === ENWG ? enwgVersions : [] };
      if (third === 'summary') return { item_id: second, mode: 'extractive', summary: second === BK6 ? `Steuerbare Verbrauchseinrichtungen dürfen gedrosselt werden, behalten aber eine Mindestleistung von 4,2 kW ${mark(C.min)}.` : second === ENWG ? `Das Gesetz regelt die Versorgung mit Strom und Gas, von der Definition des Energielieferanten bis zur Ersatzversorgung, die spätestens nach drei Monaten endet ${mark(C.repl)}.` : '', citations: [C.min, C.repl] };
      if (third === 'file') {
        response.writeHead(200, { 'Content-Type': item.media_type, 'Content-Disposition': `attachment; filename="${item.file_name}"` });
        response.end(textOf(second) ?? '');
        return undefined;
      }
      if (third === 'chunks') {
        const all = chunksOf(second);
        const at = Math.max(0, all.findIndex((chunk) => chunk.chunk_id === url.searchParams.get('around')));
        return { item_id: second, chunks: all.slice(Math.max(0, at - 5), at + 6), total: all.length };
      }
      return item;
    }
    case 'POST ingest/doc': {
      const name = /filename="([^"]*)"/.exec(raw.toString('latin1'))?.[1] ?? 'datei.pdf';
      const file = Buffer.from(name, 'latin1').toString();
      await sleep(250);
      const sha256 = createHash('sha256').update(filePart(raw)).digest('hex');
      const twin = items.find((item) => item.sha256 === sha256 && !item.deleted);
      if (twin) throw new Fault(409, 'Dieses Dokument ist schon da.', { item_id: twin.item_id, document_id: twin.document_id, version: 1, status: twin.status });
      if (/doppelt/i.test(file)) throw new Fault(409, 'Dieses Dokument liegt schon hier, Byte für Byte.', { item_id: LEAFLET });
      if (/\.exe$/i.test(file)) throw new Fault(415, 'Programme lese ich nicht. Aus Prinzip.');
      response.statusCode = 202;
      return { item_id: startJob(file, raw.length, sha256), document_id: newId(), version: 1, status: 'received', sha256, chunks: 0, run_id: 'run-7' };
    }
    case 'POST ingest/url':
      if (/127\.|localhost|10\./.test(body.url)) throw new Fault(400, 'Feld „url“: Diese Adresse liegt im internen Netz. Dort hole ich nichts ab.');
      response.statusCode = 202;
      return { item_id: startJob(new URL(body.url).hostname + '.html', 48_000), run_id: 'run-8' };
    case 'GET metrics/overview': {
      const by = (status) => items.filter((item) => item.status === status).length;
      return { items: items.length, items_by_status: { ready: by('ready'), failed: by('failed'), processing: by('processing'), received: by('received') }, items_by_kind: {}, chunks: items.reduce((sum, item) => sum + item.chunks, 0), answers: 128, answered_share: 0.89, events_per_day: Array.from({ length: 14 }, (_, index) => ({ day: new Date(Date.now() - (13 - index) * 86_400_000).toISOString().slice(0, 10), count: 20 + ((index * 37) % 55) })) };
    }
    case 'GET metrics/ingest':
      return { throughput: Array.from({ length: 24 }, (_, index) => ({ ts: new Date(Date.now() - (23 - index) * 3_600_000).toISOString(), count: (index * 13) % 17 })), ready: 38, failed: 1, queued: 0, processing: 0, queue_age_s: null, duration_s_p50: 1.4, duration_s_p95: 6.2, failures_by_code: {} };
    case 'GET admin/models':
    case 'POST admin/models':
      if (request.headers['x-admin-key'] !== ADMIN) throw new Fault(403, 'Dieser Schlüssel passt nicht.');
      return { host: null, state: 'off', version: '', message: 'Ohne OLLAMA_HOST entstehen Antworten aus wörtlichen Sätzen.', models: [], roles: [], pulls: [] };
    case 'GET admin/health': {
      if (request.headers['x-admin-key'] !== ADMIN) throw new Fault(403, 'Dieser Schlüssel passt nicht.');
      const up = (latency_ms, version, implementation = 'embedded') => ({ state: 'up', implementation, latency_ms, version });
      return { services: { api: up(1, '0.1.0'), db: up(2.4, 'PostgreSQL 18.6'), qdrant: up(3.1, 'pgvector 0.8.1'), ollama: { state: 'off', implementation: 'embedded', latency_ms: null, version: null }, tika: up(9, 'kreuzberg 4.2'), minio: up(0.4, 'Ordner'), redis: up(0.1, 'Arbeitsspeicher'), dagster: { state: 'down', implementation: 'server', latency_ms: null, version: '1.13.27', message: 'Der Daemon hat sich seit 4 Minuten nicht gemeldet.' } }, versions: { luna: '0.1.0', schema: '0007', index: '3, 4', embed_model: 'luna-svd-300', generate_model: 'none' } };
    }
  }
  if (root === 'ingest' && second) {
    if (request.method === 'GET') return jobState(second);
    const job = jobs.get(second);
    if (!job) throw new Fault(404, 'Diese Aufnahme kenne ich nicht.');
    if (request.method === 'DELETE') {
      if (jobState(second).stage !== 'received') throw new Fault(409, 'Dafür ist es zu spät, ich lese schon.');
      jobs.delete(second);
      items.splice(items.findIndex((item) => item.item_id === second), 1);
      return null;
    }
    if (third === 'retry') {
      Object.assign(job, { started: Date.now(), fails: false });
      return jobState(second);
    }
  }
  throw new Fault(404, 'Diesen Weg gibt es nicht.');
}

/** The bytes of the field „file“ in a multipart body. */
function filePart(raw) {
  const text = raw.toString('latin1');
  const head = text.indexOf('name="file"');
  const start = text.indexOf('\r\n\r\n', head) + 4;
  const boundary = text.slice(0, text.indexOf('\r\n'));
  return raw.subarray(start, text.indexOf(`\r\n${boundary}`, start));
}

function readBody(request) {
  return new Promise((resolve, reject) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => resolve(Buffer.concat(pieces)));
    request.on('error', reject);
  });
}

async function page(response, pathname) {
  const file = path.normalize(path.join(DIST, pathname));
  const wanted = file.startsWith(DIST) && path.extname(file) !== '' && !pathname.startsWith('/zaehler/') ? file : path.join(DIST, 'index.html');
  try {
    const data = await readFile(wanted);
    response.writeHead(200, { 'Content-Type': TYPES[path.extname(wanted)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' });
    response.end(data);
  } catch {
    response.writeHead(404).end();
  }
}

http
  .createServer(async (request, response) => {
    const url = new URL(request.url, 'http://127.0.0.1');
    if (!url.pathname.startsWith('/api/v1/')) return page(response, url.pathname);
    const traceId = trace();
    try {
      const data = await api(request, response, url);
      if (data === undefined) return;
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ status: 'ok', message: null, data, trace_id: traceId }));
    } catch (error) {
      const status = error instanceof Fault ? error.status : 500;
      if (!(error instanceof Fault)) console.error(error);
      if (response.headersSent) return void response.destroy();
      response.writeHead(status, { 'Content-Type': 'application/json', ...(error.headers ?? {}) });
      response.end(JSON.stringify({ status: 'error', message: error.message, data: error.data ?? null, trace_id: traceId }));
    }
  })
  .listen(PORT, '127.0.0.1', () => console.log(`mock ready on http://127.0.0.1:${PORT}`));
