import { describe, expect, it } from 'vitest';
import { ANYTHING, isLimited, scopeBody, scopeWords } from './scope';

describe('scope of a question', () => {
  it('sends nothing when nothing is limited', () => {
    expect(isLimited(ANYTHING)).toBe(false);
    expect(scopeBody(ANYTHING)).toEqual({});
    expect(scopeWords(ANYTHING)).toEqual([]);
  });

  it('sends kind, tags and day under the names of the API', () => {
    const scope = { kind: 'regulation', tag: ' netz, tarif ,', asOf: '2022-07-01' };
    expect(isLimited(scope)).toBe(true);
    expect(scopeBody(scope)).toEqual({ filters: { kind: 'regulation', tags: ['netz', 'tarif'] }, as_of: '2022-07-01' });
    expect(scopeWords(scope)).toEqual(['nur Vorschriften', 'Schlagwort netz, tarif', 'Stand 01.07.2022']);
  });

  it('takes a tag of blanks for none', () => {
    expect(isLimited({ ...ANYTHING, tag: '  ' })).toBe(false);
    expect(scopeBody({ ...ANYTHING, tag: ' , ' })).toEqual({});
  });
});
