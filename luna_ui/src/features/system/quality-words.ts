/** How a measurement of search is put into words and rows. Pure. */
import type { HalfQuality, QualityOverview, SearchQuality, Share } from '@/api/quality';
import { formatNumber, plural } from '@/lib/format';

const KINDS: Record<string, string> = {
  paraphrase: 'Alltagssprache',
  keyword: 'Stichwörter',
  section_lookup: 'Genannte Vorschriften',
  number: 'Zahlen und Fristen',
  compound: 'Zusammengesetzte Wörter',
  multi: 'Mehrere Fundstellen',
  english: 'Englisch',
  all: 'Zusammen',
};
/** In the order of `KINDS`; what is not known there goes by its own name, before the sum. */
const ORDER = Object.keys(KINDS);
const placeOf = (kind: string): number => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length - 1.5);

export interface QualityRow {
  kind: string;
  name: string;
  questions: string;
  hit: string;
  hitRange: string;
  rank: string;
  rankRange: string;
}

const percent = (value: number): string => String(Math.round(value * 100));
const decimal = new Intl.NumberFormat('de-DE', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const range = ({ low, high }: Share): string => `${decimal.format(low)}–${decimal.format(high)}`;

export function rowsOf(half: HalfQuality): QualityRow[] {
  return Object.entries(half.kinds)
    .sort(([a], [b]) => placeOf(a) - placeOf(b))
    .map(([kind, told]) => ({
      kind,
      name: KINDS[kind] ?? kind,
      questions: formatNumber(told.n),
      hit: `${percent(told.hit_at_5.value)}\u00a0%`,
      hitRange: `${percent(told.hit_at_5.low)}–${percent(told.hit_at_5.high)}\u00a0%`,
      rank: decimal.format(told.mrr_at_10.value),
      rankRange: range(told.mrr_at_10),
    }));
}

const HALVES: Record<string, { title: string; note: string }> = {
  hold: { title: 'Zurückgehaltene Fragen', note: 'Niemand arbeitet an ihnen; diese Zahlen zählen.' },
  tune: { title: 'Fragen, an denen gearbeitet wird', note: 'Ihre Zahlen schmeicheln.' },
};
export const halfWords = (name: string): { title: string; note: string } => HALVES[name] ?? { title: name, note: '' };

/** The half for reporting first. */
export const halvesOf = (measured: SearchQuality): [string, HalfQuality][] => Object.entries(measured.halves).sort(([a], [b]) => a.localeCompare(b));

export function refusalsOf({ refusals }: HalfQuality): string | null {
  if (!refusals) return null;
  const right = `${formatNumber(refusals.refused_rightly)} von ${plural(refusals.unanswerable, 'Frage', 'Fragen')} ohne Antwort habe ich abgelehnt`;
  return `${right}, zu Unrecht ${formatNumber(refusals.refused_wrongly)} von ${formatNumber(refusals.answerable)} mit Antwort.`;
}

/** Why the figures may not hold any more; null where they were measured on what answers now. */
export function outdated({ measured, live_version: live }: QualityOverview): string | null {
  if (measured === null || live === measured.index_version) return null;
  return live === null ? 'Diese Fassung ist nicht mehr live.' : `Live ist inzwischen Fassung ${live}; sie ist noch nicht gemessen.`;
}
