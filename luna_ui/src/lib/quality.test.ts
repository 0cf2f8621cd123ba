import { describe, expect, it } from 'vitest';
import { isMarked, markedRuns, markedWords, qualityWords } from './quality';

describe('quality of a value', () => {
  it('says nothing about a value that was read', () => {
    expect(qualityWords(0)).toEqual([]);
    expect(qualityWords(null)).toEqual([]);
    expect(isMarked(0)).toBe(false);
  });

  it('names status, method and flags', () => {
    expect(qualityWords(1 | (1 << 3) | (1 << 8))).toEqual(['Ersatzwert', 'Z92 interpoliert', 'Ausreißer']);
    expect(qualityWords(1 << 17)).toEqual(['simuliert']);
  });

  it('does not mark what is only simulated', () => {
    expect(isMarked(1 << 17)).toBe(false);
    expect(isMarked((1 << 17) | 1)).toBe(true);
  });

  it('tells gaps from flaws', () => {
    expect(markedWords([0, null, 1 << 17])).toBeNull();
    expect(markedWords([0, 4, 0])).toBe('Lücken');
    expect(markedWords([0, 1, 1 << 8])).toBe('Ersatz- oder auffällige Werte');
    expect(markedWords([4, 1])).toBe('Lücken, Ersatz- oder auffällige Werte');
  });

  it('joins neighbours to stretches', () => {
    expect(markedRuns([0, 10, 20, 30, 40], [0, 1, 1, null, 1])).toEqual([
      { from: 10, to: 30 },
      { from: 40, to: 50 },
    ]);
    expect(markedRuns([], [])).toEqual([]);
  });
});
