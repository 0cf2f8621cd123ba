import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatAgo, formatBytes, formatColumnDay, formatDays, formatMoment, formatSecond, formatValidity, glued, partLabel, readNumber, scoreParts, whyFound } from './format';

const now = Date.parse('2026-06-01T12:00:00Z');

describe('format', () => {
  it('writes sizes the German way', () => {
    expect(formatBytes(1_536_000)).toBe('1,5 MB');
    expect(formatBytes(900)).toBe('900 Byte');
  });

  it('tells what is, was and will be in force', () => {
    expect(formatValidity(null, null)).toBeNull();
    expect(formatValidity('2024-01-01', null, now)).toMatch(/^gilt seit/);
    expect(formatValidity('2027-01-01', null, now)).toMatch(/^gilt ab/);
    expect(formatValidity('2020-01-01', '2023-12-31', now)).toMatch(/^galt .* bis /);
    expect(formatValidity(null, '2029-12-31', now)).toMatch(/^gilt bis/);
  });

  it('speaks of the past briefly', () => {
    expect(formatAgo('2026-06-01T11:59:40Z', now)).toBe('gerade eben');
    expect(formatAgo('2026-06-01T09:00:00Z', now)).toBe('vor 3 Std.');
    expect(formatAgo('2026-05-31T09:00:00Z', now)).toBe('gestern');
  });

  it('tells a moment by the clock of Berlin, and which of its two', () => {
    expect(formatMoment('2026-11-22T13:10:00Z')).toBe('22.11.2026, 14:10 MEZ');
    expect(formatMoment('2025-10-26T00:30:00Z')).toBe('26.10.2025, 02:30 MESZ');
    expect(formatMoment('2025-10-26T01:30:00Z')).toBe('26.10.2025, 02:30 MEZ');
    expect(formatSecond(Date.parse('2026-07-01T10:00:05Z'))).toBe('01.07.2026, 12:00:05 MESZ');
    expect(formatMoment('neulich')).toBe('neulich');
    expect(formatColumnDay('2026-06-30T23:00:00Z')).toBe('1.7.');
  });

  it('does not count the midnight at which a stretch ends as a day', () => {
    expect(formatDays('2025-10-19T22:00:00Z', '2025-10-26T23:00:00Z')).toBe('20.10.2025 bis 26.10.2025');
    expect(formatDays('2025-10-19T22:00:00Z', '2025-10-26T22:00:00Z')).toBe('20.10.2025 bis 26.10.2025');
    expect(formatDays('2025-10-19T22:00:00Z', '2025-10-20T22:00:00Z')).toBe('20.10.2025');
  });

  it('has German words for each part of a score', () => {
    const ranker = readFileSync(new URL('../../../luna_rules/search/ranker.py', import.meta.url), 'utf-8');
    const parts = Array.from(ranker.matchAll(/parts\["(\w+)"\] = /g), (match) => match[1] ?? '');
    expect(parts.length).toBeGreaterThan(4);
    expect(parts.filter((part) => partLabel(part) === 'Sonstiges')).toEqual([]);
    for (const part of parts) expect(whyFound({ [part]: 1 })).not.toContain('verrät');
  });

  it('reads numbers as they are written here', () => {
    expect(['9,8', '9.8', '1.234', '1.234,5', '12 000', '-0,5'].map(readNumber)).toEqual([9.8, 9.8, 1234, 1234.5, 12000, -0.5]);
    expect(['', 'viel', '9,8 kW', '1,2,3', '1.23.4', '12e3', '0x10'].map(readNumber)).toEqual(Array.from({ length: 7 }, () => Number.NaN));
  });

  it('explains a score by its strongest parts', () => {
    expect(scoreParts({ lexical: 0.2, dense: 0.6, law: 0 }).map((part) => part.key)).toEqual(['dense', 'lexical']);
    expect(whyFound({ lexical: 0.9, lookup: 0.4 })).toBe(
      'Wörter der Frage stehen im Text und die genannte Fundstelle wurde nachgeschlagen.',
    );
    expect(whyFound({})).toContain('verrät');
  });

  it('keeps sign and number together', () => {
    expect(glued('§ 14a Abs. 1 und § X')).toBe('§\u00a014a Abs.\u00a01 und § X');
  });
});
