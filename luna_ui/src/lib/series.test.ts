import { describe, expect, it } from 'vitest';
import { reachOf, stepOf } from './series';

const HOUR = 3_600_000;

describe('columns of a series', () => {
  it('tell the length of an interval', () => {
    expect(stepOf({ resolution: '1h', interval_s: 60, ts: [] })).toBe(HOUR);
    expect(stepOf({ resolution: 'raw', interval_s: 900, ts: [] })).toBe(HOUR / 4);
    expect(stepOf({ resolution: 'raw', interval_s: null, ts: [0, 120_000, 180_000] })).toBe(60_000);
  });

  it('tell where values begin and end inside a window', () => {
    const ts = [0, 1, 2, 3].map((hour) => hour * HOUR);
    const window = { from: 0, to: 24 * HOUR };
    expect(reachOf(ts, [[1, 2, 3, 4]], HOUR, { from: 0, to: 4 * HOUR }, 99 * HOUR)).toEqual({ from: null, to: null });
    expect(reachOf(ts, [[null, 2, 3, null]], HOUR, window, 99 * HOUR)).toEqual({ from: HOUR, to: 3 * HOUR });
    expect(reachOf(ts, [[1, 2, 3, 4]], HOUR, window, 4 * HOUR)).toEqual({ from: null, to: null });
    expect(reachOf(ts, [[null, null, null, null]], HOUR, window)).toEqual({ from: null, to: null });
  });
});
