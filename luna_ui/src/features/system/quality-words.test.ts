import { describe, expect, it } from 'vitest';
import type { HalfQuality, QualityOverview } from '@/api/quality';
import { halvesOf, outdated, refusalsOf, rowsOf } from './quality-words';

const share = (value: number) => ({ value, low: value - 0.05, high: Math.min(1, value + 0.05), n: 20 });
const kind = (n: number, hit: number, rank: number) => ({ n, hit_at_5: share(hit), mrr_at_10: share(rank), all_in_5: null });
const HALF: HalfQuality = {
  kinds: { all: kind(1300, 0.938, 0.831), erfunden: kind(1, 1, 1), english: kind(7, 1, 0.743), paraphrase: kind(25, 0.84, 0.72) },
  refusals: { unanswerable: 24, refused_rightly: 22, answerable: 65, refused_wrongly: 2 },
};
const overview = (index_version: number, live_version: number | null): QualityOverview => ({
  measured: { run_id: 'r', measured_at_s: 1, index_version, questions: 3, left_out: 0, halves: { tune: HALF, hold: HALF } },
  live_version,
});

describe('a measurement of search', () => {
  it('has a row for each kind, the sum last', () => {
    const rows = rowsOf(HALF);
    expect(rows.map((row) => row.name)).toEqual(['Alltagssprache', 'Englisch', 'erfunden', 'Zusammen']);
    expect(rows.at(-1)).toMatchObject({ questions: '1.300', hit: '94\u00a0%', hitRange: '89–99\u00a0%', rank: '0,83', rankRange: '0,78–0,88' });
  });

  it('begins with the half that counts', () => {
    const { measured } = overview(2, 2);
    expect(measured && halvesOf(measured).map(([name]) => name)).toEqual(['hold', 'tune']);
  });

  it('tells of refusals, where any answer was asked', () => {
    expect(refusalsOf(HALF)).toBe('22 von 24 Fragen ohne Antwort habe ich abgelehnt, zu Unrecht 2 von 65 mit Antwort.');
    expect(refusalsOf({ ...HALF, refusals: null })).toBeNull();
  });

  it('does not pass for one of the version that answers now', () => {
    expect(outdated(overview(2, 2))).toBeNull();
    expect(outdated(overview(2, 5))).toContain('Fassung 5');
    expect(outdated(overview(2, null))).toContain('nicht mehr live');
    expect(outdated({ measured: null, live_version: 5 })).toBeNull();
  });
});
