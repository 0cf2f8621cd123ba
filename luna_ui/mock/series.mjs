/** The stand-in's meters and prices: made up, but of the shapes and of the manners of the API. */
const HOUR = 3_600_000;
const QUARTER = HOUR / 4;
const PRICES_FROM = Date.parse('2023-12-31T23:00:00Z');
const PRICES_TO = Date.parse('2024-12-31T23:00:00Z');
const READINGS_FROM = Date.parse('2024-11-30T23:00:00Z');
const QUIET = { values: 0, missing: 0, substituted: 0, preliminary: 0, forecast: 0, flagged: 0 };
const RECEIPT = '0f1e2d3c-4b5a-4978-8697-a5b4c3d2e1f0';

const iso = (at) => new Date(at).toISOString();
const wave = (at, hours) => Math.sin((at / HOUR / hours) * 2 * Math.PI);
const price = (at) => Math.round(100 * (80 + 60 * wave(at, 24) + 30 * wave(at, 168))) / 100;
const used = (at) => 0.4 + 0.3 * (1 + wave(at, 24));
const made = (at) => Math.max(0, 4 * wave(at - 6 * HOUR, 24));
const missing = (at) => at >= Date.parse('2024-12-12T09:00:00Z') && at < Date.parse('2024-12-12T11:00:00Z');
const substitute = (at) => at >= Date.parse('2024-12-12T13:00:00Z') && at < Date.parse('2024-12-12T14:00:00Z');

function grid(from, to, first, last, points) {
  let step = QUARTER;
  while ((Math.min(to, last) - Math.max(from, first)) / step > points) step *= 2;
  const ts = [];
  for (let at = Math.max(from, first); at < Math.min(to, last); at += step) ts.push(at);
  return { ts, step };
}

const frame = (url, extra) => ({
  timezone: 'Europe/Berlin', as_of: iso(PRICES_TO), from: iso(Number(url.searchParams.get('from'))), to: iso(Number(url.searchParams.get('to'))), virtual: false, quality_summary: { ...QUIET, ...extra },
});

const meters = new Map();
function meter(meter_id, name, kind, extra = {}) {
  meters.set(meter_id, { meter_id, name, kind, market_location: null, metering_location: null, timezone: 'Europe/Berlin', capacity_kw: null, region: null, simulated: false, simulation: null, virtual: false, formula: null, source: 'import', created_at: iso(READINGS_FROM), interval_s: 900, first_ts: iso(READINGS_FROM), last_ts: iso(PRICES_TO - QUARTER), ...extra });
}
meter('haus-1', 'Haus am See', 'prosumer', { market_location: '41373559241' });
meter('dach-1', 'Dach', 'pv', { capacity_kw: 9.8, simulated: true });

const imports = new Map();
const simulators = new Map(['smartmeter', 'market'].map((simulator) => [simulator, { simulator, state: 'stopped', speed: 1, interval_s: simulator === 'market' ? 300 : 60, last_step: null, lag_s: null, rows: 0, series: simulator === 'market' ? 6 : 5, started_at: null, stopped_at: null, ticked_at: null, error: null }]));

const rows = (url, column) => {
  const [from, to, points] = ['from', 'to', 'points'].map((name) => Number(url.searchParams.get(name)));
  const first = column === 'price' ? PRICES_FROM : READINGS_FROM;
  return grid(from, to, first, PRICES_TO, points || 4000);
};

/** The data of a call, or undefined where it is none of these. `fault(status, message)` makes an error. */
export async function series(request, response, url, parts, body, raw, { fault, newId, sleep }) {
  const [root, second, third] = parts;
  const call = `${request.method} ${[root, second, third].filter(Boolean).join('/')}`;
  if (call === 'GET data/market/products') {
    const product = { market: 'EPEX', product: 'DE-LU-60MIN', interval_s: 3600, description: 'Day-ahead, Gebotszone DE-LU', simulated: false, source: 'EPEX SPOT', licence: 'CC BY 4.0', first_ts: iso(PRICES_FROM), last_ts: iso(PRICES_TO - HOUR) };
    return { products: [product, { ...product, market: 'EEX', product: 'BASE', simulated: true, source: null, first_ts: null, last_ts: null }] };
  }
  if (call === 'GET data/market') {
    if (url.searchParams.get('format')) return file(response, 'ts;price_eur_mwh\n');
    const { ts, step } = rows(url, 'price');
    await sleep(60);
    return { ...frame(url), market: 'EPEX', product: 'DE-LU-60MIN', description: null, source: 'EPEX SPOT', licence: 'CC BY 4.0', simulated: false, resolution: 'raw', interval_s: step / 1000, units: { price_eur_mwh: 'EUR/MWh', volume: 'MWh' }, rows: ts.length, reduced: step > HOUR, ts, price_eur_mwh: ts.map(price), volume: ts.map(() => null), quality: ts.map(() => 0) };
  }
  if (call === 'GET data/smartmeter') {
    const found = meters.get(url.searchParams.get('meter_id'));
    if (!found) throw fault(404, 'Diesen Zähler kenne ich nicht.');
    if (url.searchParams.get('format')) return file(response, 'ts;consumption_kw\n');
    const { ts, step } = rows(url);
    const gaps = ts.filter(missing).length;
    const replaced = ts.filter(substitute).length;
    await sleep(60);
    return { ...frame(url, { values: ts.length - gaps, missing: gaps, substituted: replaced }), meter_id: found.meter_id, name: found.name, simulated: found.simulated, resolution: 'raw', interval_s: step / 1000, units: { consumption_kw: 'kW', production_kw: 'kW', voltage: 'V' }, rows: ts.length, reduced: step > QUARTER, ts, consumption_kw: ts.map((at) => (missing(at) ? null : used(at))), production_kw: ts.map((at) => (missing(at) ? null : made(at))), voltage: ts.map((at) => (missing(at) ? null : 230 + wave(at, 12))), quality: ts.map((at) => (missing(at) ? 4 : substitute(at) ? 1 | (1 << 3) : 0)) };
  }
  if (call === 'GET data/smartmeter/live') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    for (let index = 0; index < 30 && !response.destroyed; index++) {
      const at = PRICES_TO + index * 60_000;
      response.write(`event: reading\ndata: ${JSON.stringify({ meter_id: 'haus-1', ts: at, interval_s: 60, consumption_kw: used(at), production_kw: 0, voltage: 230, quality: 0 })}\n\n`);
      await sleep(40);
    }
    response.end();
    return undefined;
  }
  if (call === 'POST data/query') {
    const prices = body.series[0].market !== undefined;
    const columns = prices ? { mean: [79.5], min: [-9.1], max: [169.8], min_ts: [PRICES_FROM + 30 * HOUR], max_ts: [PRICES_FROM + 40 * HOUR], negative: [457], count: [8784] } : { sum_kwh: [123.4], max: [1], max_ts: [READINGS_FROM + HOUR], mean: [0.7], count: [96] };
    return { parts: body.series.map((one) => ({ series: one, from: body.from, to: body.to, compared: false, rows: 1, unit: prices ? 'EUR/MWh' : 'kW', columns, receipt_id: RECEIPT })), timezone: 'Europe/Berlin', as_of: iso(PRICES_TO) };
  }
  if (call === 'GET data/self-use') {
    return { basis: 'load_and_generation', meter_ids: ['haus-1'], resolution: '15m', from: '', to: '', as_of: iso(PRICES_TO), units: {}, load_kwh: 20, generation_kwh: 30, self_used_kwh: 8, import_kwh: 12, export_kwh: 22, autarky: 0.4, self_use: 0.267, covered_s: 79_200, expected_s: 86_400, simulated: false, receipt_id: RECEIPT };
  }
  if (root === 'receipts' && third === 'rerun') return { receipt_id: second, same: true, result_sha256: '', row_count: 1, rows: [], as_of: iso(PRICES_TO), rerun_at: iso(PRICES_TO), changed_since: false, rows_now: [], query_changed: false };
  if (root === 'data' && second === 'load') return load(request, response, third, raw, { fault, newId });
  if (root === 'meters') return register(request, response, second && decodeURIComponent(second), body, { fault });
  if (root === 'sim') {
    if (request.headers['x-admin-key'] === undefined) throw fault(401, 'Das darf nur die Verwaltung.');
    if (second === 'run') Object.assign(simulators.get(body.simulator), { state: body.action === 'start' ? 'running' : 'stopped', speed: body.speed ?? 1, lag_s: 3, rows: 120 });
    return second === 'run' ? simulators.get(body.simulator) : { simulators: [...simulators.values()] };
  }
  return null;
}

function file(response, text) {
  response.writeHead(200, { 'Content-Type': 'text/csv' });
  response.end(text);
  return undefined;
}

function load(request, response, third, raw, { fault, newId }) {
  const known = imports.get(third);
  if (third && !known) throw fault(404, 'Diesen Import kenne ich nicht.');
  if (request.method === 'DELETE') {
    known.status = 'undone';
    return known;
  }
  if (request.method === 'GET' && third) {
    if (known.status === 'processing') Object.assign(known, known.ending);
    return known;
  }
  if (request.method === 'GET') return { imports: [...imports.values()], next_cursor: null };
  const text = raw.toString('latin1');
  const name = /filename="([^"]*)"/.exec(text)?.[1] ?? 'datei.csv';
  const dry = /name="mode"\r\n\r\ndry_run/.test(text);
  const state = { import_id: newId(), status: 'processing', stage: 'parse', target: 'smart_meter_readings', mode: dry ? 'dry_run' : 'load', source: 'upload', file_name: name, sha256: newId(), size_bytes: raw.length, layout: null, rows_read: 40, rows_total: 96, loaded: 0, updated: 0, unchanged: 0, rejected: 0, ts_from: null, ts_to: null, meter_ids: [], warnings: [], facts: {}, errors: [], error: null, error_code: null, run_id: 'run-9', created_at: iso(PRICES_TO), started_at: null, finished_at: null, undone_at: null };
  const good = { status: 'done', layout: 'Luna-CSV', rows_read: 96, loaded: 94, rejected: 2, ts_from: iso(READINGS_FROM), ts_to: iso(READINGS_FROM + 24 * HOUR), meter_ids: ['haus-1'], errors: [{ line: 12, column: 'consumption_kw', value: 'viel', reason: 'ist keine Zahl' }, { line: 40, column: 'ts', value: '2025-03-30T02:15', reason: 'diese Uhrzeit gab es nicht' }] };
  const bad = { status: 'failed', error: 'In der Datei steht nichts, das wie Messwerte aussieht.', error_code: 'unknown_layout' };
  const vague = { status: 'failed', error: 'In welcher Einheit die Werte stehen, sagt die Datei nicht.', error_code: 'unit_missing', facts: { header: ['Zeit', 'Wert'], missing: ['unit'], proposal: { columns: { Zeit: 'ts', Wert: 'consumption' } } } };
  const ending = /kaputt/.test(name) ? bad : /ohne-einheit/.test(name) && !/"unit":"kWh"/.test(text) ? vague : good;
  imports.set(state.import_id, Object.defineProperty(state, 'ending', { value: ending, enumerable: false }));
  response.statusCode = 202;
  return state;
}

function register(request, response, meterId, body, { fault }) {
  if (request.method === 'POST') {
    if (meters.has(body.meter_id)) throw fault(409, 'Einen Zähler mit dieser Kennung gibt es schon.');
    if (body.market_location && !/^\d{11}$/.test(body.market_location)) throw fault(400, 'Feld „market_location“: hat nicht elf Ziffern; richtig wäre zum Beispiel 41373559241.');
    meter(body.meter_id, body.name, body.formula ? 'virtual' : body.kind, { virtual: Boolean(body.formula), formula: body.formula ?? null, first_ts: null, last_ts: null });
    response.statusCode = 201;
    return meters.get(body.meter_id);
  }
  if (!meterId) return { meters: [...meters.values()], next_cursor: null };
  if (!meters.has(meterId)) throw fault(404, 'Diesen Zähler kenne ich nicht.');
  if (request.method === 'DELETE') {
    meters.delete(meterId);
    return { saved: true };
  }
  return meters.get(meterId);
}
