/** German numbers, dates and words for the eye. Pure. */
const number = new Intl.NumberFormat('de-DE');
const decimal = new Intl.NumberFormat('de-DE', { maximumFractionDigits: 1 });
const score = new Intl.NumberFormat('de-DE', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const day = new Intl.DateTimeFormat('de-DE', { dateStyle: 'medium', timeZone: 'Europe/Berlin' });
const moment = new Intl.DateTimeFormat('de-DE', {
  day: '2-digit',
  month: '2-digit',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
  timeZone: 'Europe/Berlin',
});
const second = new Intl.DateTimeFormat('de-DE', {
  day: '2-digit',
  month: '2-digit',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
  timeZone: 'Europe/Berlin',
});
const columnDay = new Intl.DateTimeFormat('de-DE', { day: 'numeric', month: 'numeric', timeZone: 'Europe/Berlin' });
const columnHour = new Intl.DateTimeFormat('de-DE', { day: 'numeric', month: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: 'Europe/Berlin' });

export const formatNumber = (value: number): string => number.format(value);
export const formatScore = (value: number): string => score.format(value);

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${number.format(bytes)} Byte`;
  if (bytes < 1_000_000) return `${decimal.format(bytes / 1000)} kB`;
  return `${decimal.format(bytes / 1_000_000)} MB`;
}

function parse(value: string): Date | null {
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? null : date;
}

export function formatDay(value: string): string {
  const date = parse(value);
  return date === null ? value : day.format(date);
}

/** „22.11.2026, 14:10 MEZ“: clock of Berlin, and which one, since a night in October has two. */
export function formatMoment(value: string): string {
  const date = parse(value);
  return date === null ? value : moment.format(date);
}

/** The days of a stretch whose end is not included: at midnight it ends on the day before. */
export function formatDays(from: string, to: string): string {
  const last = parse(to);
  const [first, end] = [formatDay(from), last === null ? to : day.format(last.getTime() - 1)];
  return first === end ? first : `${first} bis ${end}`;
}

/** The same to the second, for what happens while one looks. */
export const formatSecond = (at: number): string => second.format(at);

/** Names of columns: a day, or an hour of one. */
export const formatColumnDay = (value: string): string => columnDay.format(new Date(value));
export const formatColumnHour = (value: string): string => columnHour.format(new Date(value));

export function formatAgo(value: string, now: number = Date.now()): string {
  const date = parse(value);
  if (date === null) return value;
  const minutes = Math.floor((now - date.getTime()) / 60_000);
  if (minutes < 1) return 'gerade eben';
  if (minutes < 60) return `vor ${minutes} Min.`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `vor ${hours} Std.`;
  const days = Math.floor(hours / 24);
  if (days === 1) return 'gestern';
  return days < 7 ? `vor ${days} Tagen` : day.format(date);
}

export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} Min.`;
  return `${decimal.format(seconds / 3600)} Std.`;
}

/** „gilt seit 1. Jan. 2024“, „galt 1. Jan. 2020 bis 31. Dez. 2023“ */
export function formatValidity(from?: string | null, to?: string | null, now: number = Date.now()): string | null {
  const start = from ? formatDay(from) : null;
  const end = to ? formatDay(to) : null;
  if (start === null && end === null) return null;
  const over = to ? (parse(to)?.getTime() ?? Infinity) < now : false;
  const ahead = from ? (parse(from)?.getTime() ?? 0) > now : false;
  if (end === null) return ahead ? `gilt ab ${start ?? ''}` : `gilt seit ${start ?? ''}`;
  if (start === null) return over ? `galt bis ${end}` : `gilt bis ${end}`;
  return `${over ? 'galt' : 'gilt'} ${start} bis ${end}`;
}

export function plural(count: number, one: string, many: string): string {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}

export const KIND: Record<string, string> = { document: 'Dokument', regulation: 'Vorschrift', note: 'Notiz' };
export const STATUS: Record<string, string> = {
  received: 'Eingegangen',
  processing: 'In Arbeit',
  ready: 'Bereit',
  failed: 'Fehlgeschlagen',
  archived: 'Archiviert',
};

const PARTS: Record<string, { label: string; why: string }> = {
  lexical: { label: 'Wortlaut', why: 'Wörter der Frage stehen im Text' },
  section: { label: 'Abschnitt', why: 'der umgebende Paragraf passt' },
  dense: { label: 'Thema', why: 'der Inhalt ist verwandt' },
  lookup: { label: 'Fundstelle', why: 'die genannte Fundstelle wurde nachgeschlagen' },
  wording: { label: 'Umschreibung', why: 'was gefragt ist, steht hier in den Worten der Vorschrift' },
  unworded: { label: 'Eigene Worte', why: 'der Text spricht für sich' },
  energy: { label: 'Energieart', why: 'die Energieart passt' },
  law: { label: 'Dokument', why: 'das Dokument passt insgesamt' },
  named: { label: 'Gesetz', why: 'das genannte Gesetz stimmt' },
  title: { label: 'Titel', why: 'der Titel passt' },
  heading: { label: 'Überschrift', why: 'die Überschrift passt' },
  proximity: { label: 'Nähe', why: 'die Wörter stehen dicht beieinander' },
};

export const partLabel = (part: string): string => PARTS[part]?.label ?? 'Sonstiges';

export interface ScorePart {
  key: string;
  label: string;
  value: number;
}

/** The parts that counted, the strongest first. */
export function scoreParts(scores: Record<string, number> | null | undefined): ScorePart[] {
  return Object.entries(scores ?? {})
    .filter(([, value]) => value > 0)
    .map(([key, value]) => ({ key, label: partLabel(key), value }))
    .sort((a, b) => b.value - a.value);
}

/** „Gefunden, weil Wörter der Frage im Text stehen …“ in one sentence. */
export function whyFound(scores: Record<string, number> | null | undefined): string {
  const reasons = scoreParts(scores)
    .slice(0, 3)
    .flatMap(({ key }) => PARTS[key]?.why ?? []);
  if (reasons.length === 0) return 'Warum genau, verrät die Wertung nicht.';
  const last = reasons.at(-1) ?? '';
  const text = reasons.length === 1 ? last : `${reasons.slice(0, -1).join(', ')} und ${last}`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

const price = new Intl.NumberFormat('de-DE', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const power = new Intl.NumberFormat('de-DE', { maximumSignificantDigits: 3 });
const energy = new Intl.NumberFormat('de-DE', { maximumFractionDigits: 1 });

export const formatPrice = (value: number | null): string => (value === null ? '–' : `${price.format(value)} EUR/MWh`);
export const formatPower = (kilowatts: number | null): string => (kilowatts === null ? '–' : `${power.format(kilowatts)} kW`);
export const formatEnergy = (kilowattHours: number | null): string => (kilowattHours === null ? '–' : `${energy.format(kilowattHours)} kWh`);
export const formatShare = (share: number | null): string => (share === null ? '–' : `${Math.round(share * 100)} %`);

/**
 * A number as people in Germany write it: „9,8“, „1.234,5“, also „9.8“. NaN for what is none.
 * A point before exactly three digits parts thousands, as it does wherever we write numbers.
 */
export function readNumber(text: string): number {
  const written = text.trim().replaceAll(/[\s\u00a0\u202f]/g, '');
  if (/^[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?$/.test(written)) return Number(written.replaceAll('.', '').replace(',', '.'));
  return /^[+-]?\d+(?:[.,]\d+)?$/.test(written) ? Number(written.replace(',', '.')) : Number.NaN;
}

/** „§ 14a“ never breaks between sign and number. */
export const glued = (text: string): string => text.replaceAll(/(§§?|Abs\.|Nr\.) (?=\d)/g, '$1\u00a0');
