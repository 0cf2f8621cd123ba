import { describe, expect, it } from 'vitest';
import { windowOf } from '@/lib/berlin';
import { stepFor, tickLabel, ticksOf } from './ticks';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function marks(window: { from: number; to: number }, widthPx: number): string[] {
  const step = stepFor(window.to - window.from, widthPx);
  return ticksOf(window, step)
    .filter((at) => at >= window.from && at <= window.to)
    .map((at) => tickLabel(at, step, window.to - window.from));
}

describe('the marks of the time axis', () => {
  it('stand an even number of days apart in a month, from its first on', () => {
    const october = marks(windowOf('monat', '2026-10-01'), 1050);
    expect(october.slice(0, 3)).toEqual(['Do., 1.10.', 'So., 4.10.', 'Mi., 7.10.']);
    expect(october.at(-1)).toBe('Sa., 31.10.');
    const window = windowOf('monat', '2026-02-01');
    const apart = ticksOf(window, stepFor(window.to - window.from, 1050)).map((at, index, all) => (at - (all[index - 1] ?? at)) / DAY);
    expect(new Set(apart.slice(1)).size).toBe(1);
  });

  it('are Mondays where a day has no room of its own', () => {
    expect(marks(windowOf('monat', '2026-10-01'), 200)).toEqual(['5.10.', '19.10.']);
    expect(marks(windowOf('monat', '2026-10-01'), 300)).toEqual(['5.10.', '12.10.', '19.10.', '26.10.']);
  });

  it('are days of a week, months of a year and hours of a day', () => {
    expect(marks(windowOf('woche', '2026-10-01'), 1100)).toHaveLength(14);
    expect(marks(windowOf('woche', '2026-10-01'), 600)).toEqual(['Mo., 28.9.', 'Di., 29.9.', 'Mi., 30.9.', 'Do., 1.10.', 'Fr., 2.10.', 'Sa., 3.10.', 'So., 4.10.']);
    expect(marks(windowOf('jahr', '2026-10-01'), 1050)).toHaveLength(12);
    expect(marks(windowOf('jahr', '2026-10-01'), 300)).toEqual(['Jan. 26', 'Apr. 26', 'Juli 26', 'Okt. 26']);
    expect(marks(windowOf('tag', '2026-10-01'), 420).slice(0, 3)).toEqual(['00:00', '03:00', '06:00']);
  });

  it('follow the clock on the wall where it is changed', () => {
    expect(marks(windowOf('tag', '2026-03-29'), 420)).toEqual(['00:00', '03:00', '06:00', '09:00', '12:00', '15:00', '18:00', '21:00', '00:00']);
    expect(marks(windowOf('tag', '2026-10-25'), 420)).toEqual(['00:00', '03:00', '06:00', '09:00', '12:00', '15:00', '18:00', '21:00', '00:00']);
    // The hour that there is not is not marked, nor another one twice.
    expect(marks(windowOf('tag', '2026-03-29'), 1300).slice(0, 4)).toEqual(['00:00', '01:00', '03:00', '04:00']);
  });

  it('name the day at the midnight between two', () => {
    const { from, to } = windowOf('tag', '2026-10-01');
    expect(marks({ from: from + 12 * HOUR, to: to + 12 * HOUR + 3 * HOUR }, 700)).toContain('Fr., 2.10.');
    expect(marks({ from, to: from + 4 * 60_000 }, 600)).toContain('00:00:30');
  });

  it('never crowd, whatever the stretch', () => {
    for (let span = 5 * 60_000; span < 80 * 365 * DAY; span *= 1.7) {
      const from = Date.parse('2019-12-03T11:22:33Z');
      const found = marks({ from, to: from + span }, 300);
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThan(8);
    }
  });
});
