import { describe, expect, it } from 'vitest';
import { formatAgo, formatBytes, formatValidity, glued, scoreParts, whyFound } from './format';

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
