import { describe, expect, it } from 'vitest';
import { readRange, writeRange } from './use-range';

const FALLBACK = { span: 'monat', day: '2024-12-12' } as const;

describe('the range in the address', () => {
  it('comes back as it was written', () => {
    for (const range of [
      { span: 'tag', day: '2024-02-29', zoom: null },
      { span: 'jahr', day: '2023-06-01', zoom: { from: 1_700_000_000_000, to: 1_700_003_600_000 } },
    ] as const)
      expect(readRange(writeRange(range), FALLBACK)).toEqual(range);
  });

  it('ignores what makes no sense', () => {
    expect(readRange({ span: 'dekade', tag: '2024-13-77', von: '9', bis: '3' }, FALLBACK)).toEqual({ ...FALLBACK, zoom: null });
    expect(readRange({ von: 'x', bis: '3' }, FALLBACK).zoom).toBeNull();
  });
});
