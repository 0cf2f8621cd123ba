import { describe, expect, it } from 'vitest';
import type { Citation } from '@/api/types';
import { type Replaceable, replaceable } from './replaced-words';

const cited = (item: string): Pick<Citation, 'payload'> => ({ payload: { item_id: item } as Citation['payload'] });
const TURN: Replaceable = { askedAt: '2026-08-10T09:00:00Z', answer: { as_of: '2026-08-10', answered: true }, citations: { a: cited('1'), b: cited('2'), c: cited('1') } };

describe('what may have been replaced since', () => {
  it('is what an earlier answer cites, each document once', () => {
    expect(replaceable(TURN)).toEqual(['1', '2']);
  });

  it('is nothing where the law of an earlier day was asked for, or the answer was just given', () => {
    expect(replaceable({ ...TURN, answer: { as_of: '2022-12-31', answered: true } })).toEqual([]);
    expect(replaceable({ ...TURN, askedAt: null })).toEqual([]);
    expect(replaceable({ ...TURN, answer: { as_of: '2026-08-10', answered: false } })).toEqual([]);
    expect(replaceable({ ...TURN, answer: null })).toEqual([]);
  });

  it('goes by the day of Berlin', () => {
    expect(replaceable({ ...TURN, askedAt: '2026-08-09T22:30:00Z' })).toEqual(['1', '2']);
  });
});
