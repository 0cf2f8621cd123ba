// Made-up but plausible documents for trying the page. The legal texts are paraphrased excerpts: no source of law.

const SECTIONS = [
  ['§ 3', 'Begriffsbestimmungen', [
    ['', 'Im Sinne dieses Gesetzes bedeutet Energielieferant ein Unternehmen, dessen Geschäftstätigkeit ganz oder teilweise auf den Vertrieb von Energie zum Zweck der Belieferung von Letztverbrauchern ausgerichtet ist.'],
  ]],
  ['§ 14a', 'Netzorientierte Steuerung von steuerbaren Verbrauchseinrichtungen und steuerbaren Netzanschlüssen; Festlegungskompetenzen', [
    ['1', 'Die Bundesnetzagentur kann durch Festlegung bundeseinheitliche Regelungen treffen, nach denen Betreiber von Elektrizitätsverteilernetzen und diejenigen Lieferanten, Letztverbraucher und Anschlussnehmer, mit denen sie Netznutzungsverträge abgeschlossen haben, verpflichtet sind, Vereinbarungen über die netzorientierte Steuerung von steuerbaren Verbrauchseinrichtungen im Gegenzug für Netzentgeltreduzierungen abzuschließen. Steuerbare Verbrauchseinrichtungen sind insbesondere Wärmepumpen, nicht öffentlich zugängliche Ladepunkte für Elektromobile, Anlagen zur Erzeugung von Kälte oder zur Speicherung elektrischer Energie und Nachtstromspeicherheizungen, solange und soweit die Bundesnetzagentur nichts anderes vorsieht.'],
    ['2', 'Bis zur Festlegung bundeseinheitlicher Regelungen haben Betreiber von Elektrizitätsverteilernetzen denjenigen Lieferanten und Letztverbrauchern im Bereich der Niederspannung, mit denen sie Netznutzungsverträge abgeschlossen haben, ein reduziertes Netzentgelt zu berechnen, wenn im Gegenzug die netzorientierte Steuerung vereinbart wird.'],
    ['3', 'Sobald die Messstelle mit einem intelligenten Messsystem ausgestattet wurde, hat die Steuerung entsprechend den Vorgaben des Messstellenbetriebsgesetzes über ein Smart-Meter-Gateway zu erfolgen.'],
  ]],
  ['§ 36', 'Grundversorgungspflicht', [
    ['1', 'Energieversorgungsunternehmen haben für Netzgebiete, in denen sie die Grundversorgung von Haushaltskunden durchführen, Allgemeine Bedingungen und Allgemeine Preise für die Versorgung öffentlich bekannt zu geben und zu diesen Bedingungen und Preisen jeden Haushaltskunden zu versorgen.'],
  ]],
  ['§ 38', 'Ersatzversorgung mit Energie', [
    ['1', 'Sofern Letztverbraucher über das Energieversorgungsnetz der allgemeinen Versorgung in Niederspannung oder Niederdruck Energie beziehen, ohne dass dieser Bezug einer Lieferung oder einem bestimmten Liefervertrag zugeordnet werden kann, gilt die Energie als von dem Grundversorger geliefert.'],
    ['4', 'Das Rechtsverhältnis nach Absatz 1 endet, wenn die Energielieferung auf der Grundlage eines Energieliefervertrages des Kunden erfolgt, spätestens aber drei Monate nach Beginn der Ersatzenergieversorgung.'],
  ]],
  ['§ 41a', 'Lastvariable, tageszeitabhängige oder dynamische und sonstige Stromtarife', [
    ['1', 'Stromlieferanten haben, soweit technisch machbar und wirtschaftlich zumutbar, für Letztverbraucher von Elektrizität einen Tarif anzubieten, der einen Anreiz zu Energieeinsparung oder Steuerung des Energieverbrauchs setzt.'],
    ['2', 'Stromlieferanten haben den Abschluss eines Stromliefervertrages mit dynamischen Tarifen für Letztverbraucher anzubieten, die über ein intelligentes Messsystem verfügen. Seit dem 1. Januar 2025 gilt diese Verpflichtung für alle Stromlieferanten.'],
  ]],
];

const FILLER = [
  'Die Regulierungsbehörde trifft die erforderlichen Entscheidungen unter Berücksichtigung der Ziele des § 1 und hört die betroffenen Wirtschaftskreise an.',
  'Betreiber von Energieversorgungsnetzen sind verpflichtet, ein sicheres, zuverlässiges und leistungsfähiges Energieversorgungsnetz diskriminierungsfrei zu betreiben, zu warten und bedarfsgerecht zu optimieren, zu verstärken und auszubauen, soweit es wirtschaftlich zumutbar ist.',
  'Die Angaben sind in einem gängigen maschinenlesbaren Format bereitzustellen und mindestens drei Jahre lang vorzuhalten.',
];

const texts = new Map();
const chunks = new Map();

function uuidOf(seed) {
  let hash = 2166136261;
  let out = '';
  for (let round = 0; out.length < 32; round++) {
    for (const char of `${seed}/${round}`) hash = Math.imul(hash ^ char.codePointAt(0), 16777619) >>> 0;
    out += hash.toString(16).padStart(8, '0');
  }
  return `${out.slice(0, 8)}-${out.slice(8, 12)}-4${out.slice(13, 16)}-8${out.slice(17, 20)}-${out.slice(20, 32)}`;
}

export function addText(itemId, parts) {
  let text = '';
  let points = 0;
  const list = [];
  const push = (piece) => {
    text += piece;
    points += [...piece].length;
  };
  for (const part of parts) {
    if (part.heading) push(`${'#'.repeat(part.level ?? 2)} ${part.heading}\n\n`);
    if (part.body) {
      const char_start = points;
      push(part.body);
      list.push({
        chunk_id: uuidOf(`${itemId}:${list.length}`),
        chunk_idx: list.length,
        char_start,
        char_end: points,
        text: part.body,
        metadata: {},
        run_id: 'run-1',
        section: part.section ?? null,
        paragraph: part.paragraph ?? null,
        page: part.page ?? null,
        heading_path: part.path ?? [],
      });
      push('\n\n');
    }
  }
  texts.set(itemId, text);
  chunks.set(itemId, list);
}

export const ENWG = uuidOf('enwg');
export const BK6 = uuidOf('bk6');
export const LEAFLET = uuidOf('leaflet');
export const BROKEN = uuidOf('broken');

function enwg() {
  const parts = [{ heading: 'Gesetz über die Elektrizitäts- und Gasversorgung (Energiewirtschaftsgesetz – EnWG) ⚡', level: 1 }];
  const real = new Map(SECTIONS.map((section) => [section[0], section]));
  for (let number = 1; number <= 120; number++) {
    for (const suffix of ['', 'a', 'b', 'c', 'd']) {
      const section = `§ ${number}${suffix}`;
      const known = real.get(section);
      const title = known ? known[1] : 'Verfahren, Mitteilungen und Fristen';
      const path = [`Teil ${1 + Math.floor(number / 15)}`, `${section} ${title}`];
      parts.push({ heading: `${section} ${title}` });
      const paragraphs = known ? known[2] : Array.from({ length: 6 }, (_, index) => [String(index + 1), FILLER.join(' ')]);
      for (const [paragraph, body] of paragraphs) {
        parts.push({ body: paragraph === '' ? body : `(${paragraph}) ${body}`, section, paragraph: paragraph || null, path });
      }
    }
  }
  return parts;
}

addText(ENWG, enwg());
addText(BK6, [
  { heading: 'Beschluss BK6-22-300: Festlegung zur Integration von steuerbaren Verbrauchseinrichtungen', level: 1 },
  { body: 'Diese Festlegung gilt für steuerbare Verbrauchseinrichtungen mit einem Netzanschluss in der Niederspannung, deren technische Inbetriebnahme nach dem 31. Dezember 2023 erfolgt.', page: 1, path: ['Anlage 1', '1. Anwendungsbereich'] },
  { heading: '4. Umfang der Reduzierung' },
  { body: 'Im Fall einer Steuerung ist dem Betreiber ein netzwirksamer Leistungsbezug in Höhe der Mindestleistung zu gewähren. Die Mindestleistung beträgt 4,2 kW je steuerbarer Verbrauchseinrichtung. Bei Wärmepumpen und Klimageräten mit einer Netzanschlussleistung von mehr als 11 kW beträgt sie das 0,4-Fache der Netzanschlussleistung.', page: 7, path: ['Anlage 1', '4. Umfang der Reduzierung', '4.5 Mindestleistung'] },
  { body: 'Der Netzbetreiber dokumentiert jede Maßnahme und hält die Aufzeichnungen mindestens zwei Jahre vor.', page: 9, path: ['Anlage 1', '5. Dokumentation'] },
]);
addText(LEAFLET, [
  { heading: 'Merkblatt Wärmepumpe der Stadtwerke Musterstadt', level: 1 },
  { body: 'Für Ihre Wärmepumpe gilt Modul 1: eine pauschale Reduzierung des Netzentgelts von 132,37 Euro im Jahr, ohne zweiten Zähler.', page: 2, path: ['Ihre Wahl', 'Modul 1'] },
  { body: '| Modul | Zähler | Wirkung |\n| --- | --- | --- |\n| 1 | einer | pauschale Reduzierung |\n| 2 | zwei | Arbeitspreis auf 40 % |', page: 3, path: ['Ihre Wahl'] },
]);

const day = (back) => new Date(Date.now() - back * 86_400_000).toISOString();

const base = { retryable: false, source: 'crawler', tags: [], url: null, external_ref: null, summary: null, error: null, error_code: null, warnings: [], law_names: [], metadata: {}, public: false, own: true, current: true, finished_at: null, deleted_at: null, valid_from: null, valid_to: null, version: 1 };
export const items = [
  { ...base, item_id: ENWG, document_id: uuidOf('d-enwg'), version: 3, kind: 'regulation', title: 'Energiewirtschaftsgesetz (EnWG)', file_name: 'enwg.html', media_type: 'text/html', size_bytes: 1_402_113, tags: ['Bundesrecht', 'Strom', 'Gas'], url: 'https://www.gesetze-im-internet.de/enwg_2005/', sha256: 'a'.repeat(64), status: 'ready', valid_from: '2025-01-01', created_at: day(12), chunks: 0, public: true, own: false },
  { ...base, item_id: BK6, document_id: uuidOf('d-bk6'), kind: 'regulation', title: 'BNetzA BK6-22-300, Festlegung zu § 14a EnWG', file_name: 'BK6-22-300_Beschluss.pdf', media_type: 'application/pdf', size_bytes: 2_310_004, tags: ['Festlegung', 'Netzentgelt'], sha256: 'b'.repeat(64), status: 'ready', valid_from: '2024-01-01', created_at: day(9), chunks: 0, public: true, own: false },
  { ...base, item_id: LEAFLET, document_id: uuidOf('d-leaf'), source: 'upload', kind: 'document', title: 'Merkblatt Wärmepumpe', file_name: 'merkblatt_waermepumpe.pdf', media_type: 'application/pdf', size_bytes: 184_220, tags: ['Stadtwerke', 'Netzentgelt'], sha256: 'c'.repeat(64), status: 'ready', valid_from: '2024-01-01', valid_to: '2024-12-31', created_at: day(3), chunks: 0 },
  { ...base, item_id: BROKEN, document_id: uuidOf('d-broken'), source: 'upload', kind: 'document', title: null, file_name: 'Rechnung_2023_gescannt_und_verschluesselt_final_v2_wirklich_final.pdf', media_type: 'application/pdf', size_bytes: 940_120, sha256: 'd'.repeat(64), status: 'failed', error: 'Die Datei ist mit einem Passwort geschützt. Ohne Passwort lese ich sie nicht.', created_at: day(1), chunks: 0 },
];
for (let index = 1; index <= 34; index++) {
  const id = uuidOf(`note-${index}`);
  addText(id, [{ heading: `Notiz ${index}`, level: 1 }, { body: `Notiz ${index} zur Beschaffung: Die Terminpreise werden wöchentlich geprüft.`, path: ['Beschaffung'] }]);
  items.push({ ...base, item_id: id, document_id: uuidOf(`dn-${index}`), source: 'upload', kind: 'note', title: `Beschaffungsnotiz ${String(index).padStart(2, '0')}`, file_name: `notiz_${index}.md`, media_type: 'text/markdown', size_bytes: 900 + index, tags: ['Beschaffung'], sha256: String(index).padStart(64, '0'), status: 'ready', created_at: day(20 + index), chunks: 0 });
}
for (const item of items) Object.assign(item, { chunks: chunks.get(item.item_id)?.length ?? 0, stage: item.status === 'failed' ? 'failed' : 'ready' });
export const blankItem = base;
export const enwgVersions = [
  { item_id: ENWG, version: 3, status: 'ready', title: null, sha256: 'a'.repeat(64), valid_from: '2025-01-01', valid_to: null, created_at: day(12), superseded_at: null, current: true },
  { item_id: uuidOf('enwg-2'), version: 2, status: 'ready', title: null, sha256: 'f'.repeat(64), valid_from: '2024-01-01', valid_to: '2024-12-31', created_at: day(300), superseded_at: day(12), current: false },
];

export const textOf = (id) => texts.get(id) ?? null;
export const chunksOf = (id) => chunks.get(id) ?? [];
export const newId = () => uuidOf(String(Math.random()) + Date.now());

export function citation(itemId, where, score, scores) {
  const chunk = chunksOf(itemId).find(where);
  const item = items.find((entry) => entry.item_id === itemId);
  return {
    chunk_id: chunk.chunk_id,
    score,
    scores,
    payload: {
      item_id: itemId, title: item.title, file_name: item.file_name, url: item.url, kind: item.kind, tags: item.tags, version: item.version,
      valid_from: item.valid_from, valid_to: item.valid_to, heading_path: chunk.heading_path, section: chunk.section, paragraph: chunk.paragraph,
      page: chunk.page, char_start: chunk.char_start, char_end: chunk.char_end, text: chunk.text, item_sha256: item.sha256, run_id: 'run-1', metadata: {},
    },
  };
}
export const law = (section, paragraph) => (chunk) => chunk.section === section && chunk.paragraph === paragraph;
