/** How good the values behind a number are, in words. */
import type { QueryReceipt } from '@/api/types';
import { formatNumber, plural } from './format';

/** What a reader should know of the values: what is missing, substituted, preliminary or remarkable. */
export function qualityOf(quality: QueryReceipt['quality']): string[] {
  const covered = quality.expected_s > 0 ? quality.covered_s / quality.expected_s : 1;
  return [
    covered < 1 ? `nur ${formatNumber(Math.floor(covered * 1000) / 10)} % der Zeit mit Werten` : null,
    quality.substituted > 0 ? plural(quality.substituted, 'Ersatzwert', 'Ersatzwerte') : null,
    quality.preliminary > 0 ? plural(quality.preliminary, 'vorläufiger Wert', 'vorläufige Werte') : null,
    quality.flagged > 0 ? plural(quality.flagged, 'auffälliger Wert', 'auffällige Werte') : null,
  ].filter((words) => words !== null);
}

/** The body of an answer without a first paragraph that only says the summary again. */
export function withoutEcho(body: string, summary: string): string {
  const end = body.indexOf('\n\n');
  const first = (end < 0 ? body : body.slice(0, end)).trim();
  return first === summary.trim() ? (end < 0 ? '' : body.slice(end).trimStart()) : body;
}
