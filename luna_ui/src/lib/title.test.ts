import { describe, expect, it } from 'vitest';
import { titleOf } from './title';

describe('titleOf', () => {
  it('names the view before the house', () => {
    expect(titleOf('Dokumente')).toBe('Dokumente – Luna');
    expect(titleOf(null)).toBe('Luna');
    expect(titleOf('  \n ')).toBe('Luna');
  });

  it('shortens a question, on one line', () => {
    const title = titleOf(`Was gilt\nfür ${'sehr '.repeat(30)}lange Fragen?`);
    expect(title.startsWith('Was gilt für sehr')).toBe(true);
    expect(title.endsWith('… – Luna')).toBe(true);
    expect(title.length).toBeLessThanOrEqual(60 + ' – Luna'.length);
  });
});
