import { describe, expect, it } from 'vitest';
import { addMonths, dayOf, firstDay, shifted, spanTitle, startOf, windowOf } from './berlin';

const HOUR = 3_600_000;

describe('days of Berlin', () => {
  it('begin at 23 UTC in winter and at 22 UTC in summer', () => {
    expect(new Date(startOf('2025-01-15')).toISOString()).toBe('2025-01-14T23:00:00.000Z');
    expect(new Date(startOf('2025-07-15')).toISOString()).toBe('2025-07-14T22:00:00.000Z');
  });

  it('have 23 and 25 hours when the clocks change', () => {
    const hours = (day: string) => (windowOf('tag', day).to - windowOf('tag', day).from) / HOUR;
    expect(hours('2025-03-30')).toBe(23);
    expect(hours('2025-10-26')).toBe(25);
    expect(hours('2025-10-27')).toBe(24);
  });

  it('know their name again at any moment of theirs', () => {
    for (const day of ['2025-03-30', '2025-10-26', '2024-12-31', '2024-02-29']) {
      const { from, to } = windowOf('tag', day);
      expect(dayOf(from)).toBe(day);
      expect(dayOf(to - 1)).toBe(day);
    }
  });

  it('make a year of 35,040 quarter-hours', () => {
    const { from, to } = windowOf('jahr', '2025-06-01');
    expect((to - from) / (HOUR / 4)).toBe(35_040);
  });
});

describe('spans', () => {
  it('begin on Monday, on the first, on New Year', () => {
    expect(firstDay('woche', '2024-12-15')).toBe('2024-12-09');
    expect(firstDay('monat', '2024-12-15')).toBe('2024-12-01');
    expect(firstDay('jahr', '2024-12-15')).toBe('2024-01-01');
  });

  it('go back and forth over the ends of months and years', () => {
    expect(shifted('monat', '2024-12-31', 1)).toBe('2025-01-01');
    expect(shifted('monat', '2025-03-31', -1)).toBe('2025-02-01');
    expect(shifted('jahr', '2024-02-29', -1)).toBe('2023-01-01');
    expect(shifted('woche', '2024-12-31', 1)).toBe('2025-01-06');
    expect(addMonths('2024-11-05', 3)).toBe('2025-02-01');
  });

  it('are told in German', () => {
    expect(spanTitle('tag', '2024-12-12')).toBe('Donnerstag, 12. Dezember 2024');
    expect(spanTitle('monat', '2024-12-12')).toBe('Dezember 2024');
    expect(spanTitle('jahr', '2024-12-12')).toBe('2024');
  });
});
