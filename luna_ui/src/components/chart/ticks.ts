/** Where the time axis of a chart is marked: by the calendar and the clock of Berlin, in even steps. Pure. */
import { addDays, addMonths, clockOf, dayOf, firstDay, startOf } from '@/lib/berlin';

export type Unit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

/** Every `count` units; weeks begin on Monday, months in January. */
export interface Step {
  unit: Unit;
  count: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Longer than any day with its hours: several days are on the axis. */
const LONG_DAY = 26 * HOUR;
const LENGTH: Record<Unit, number> = { second: SECOND, minute: MINUTE, hour: HOUR, day: DAY, week: 7 * DAY, month: 30.4 * DAY, year: 365.25 * DAY };

const steps = (unit: Unit, ...counts: number[]): Step[] => counts.map((count) => ({ unit, count }));
const LADDER: readonly Step[] = [
  ...steps('second', 10, 30),
  ...steps('minute', 1, 2, 5, 10, 15, 30),
  ...steps('hour', 1, 2, 3, 6, 12),
  ...steps('day', 1, 2, 3),
  ...steps('week', 1, 2),
  ...steps('month', 1, 2, 3, 6),
  ...steps('year', 1, 2, 5, 10, 25, 50, 100),
];

/** How wide a label is with the space to the next one, in pixels. */
const ROOM: Record<Unit, number> = { second: 68, minute: 50, hour: 50, day: 76, week: 52, month: 62, year: 50 };

const lengthOf = (step: Step): number => LENGTH[step.unit] * step.count;

/** The finest step whose labels find room on so many pixels. */
export function stepFor(spanMs: number, widthPx: number): Step {
  const fits = (step: Step): boolean => {
    // Hours over several days have the day's name among them.
    const room = step.unit === 'hour' && spanMs > LONG_DAY ? ROOM.day : ROOM[step.unit];
    return (spanMs / lengthOf(step)) * room <= Math.max(widthPx, 2 * room);
  };
  return LADDER.find(fits) ?? { unit: 'year', count: 100 };
}

/**
 * The marks of a window and of as much before and after it, for one who moves it: epoch milliseconds, ascending. Several
 * days are counted from the first one of the window, so a month is marked on its 1st. Days end before `to`: it is no day of theirs.
 */
export function ticksOf({ from, to }: { from: number; to: number }, step: Step): number[] {
  const least = from - (to - from);
  const most = to + (to - from);
  const found: number[] = [];
  const add = (at: number): void => {
    if (at >= least && at <= most && at > (found.at(-1) ?? -Infinity)) found.push(at);
  };
  const { unit, count } = step;
  if (unit === 'second' || unit === 'minute') {
    const length = lengthOf(step);
    for (let at = Math.ceil(least / length) * length; at <= most; at += length) add(at);
    return found;
  }
  if (unit === 'hour') {
    for (let day = dayOf(least); startOf(day) <= most; day = addDays(day, 1)) {
      const start = startOf(day);
      // By the clock on the wall, also where a day has 23 or 25 hours; the hour that it leaves out is none.
      for (let hour = 0; hour < 24; hour += count) {
        const wanted = clockOf(start) + hour * HOUR;
        const at = start + hour * HOUR + (wanted - clockOf(start + hour * HOUR));
        if (clockOf(at) === wanted) add(at);
      }
    }
    return to - from > LONG_DAY ? found.filter((at) => at !== to) : found;
  }
  if (unit === 'day' || unit === 'week') {
    const days = unit === 'week' ? 7 * count : count;
    let day = unit === 'week' ? firstDay('woche', dayOf(from)) : dayOf(from);
    if (startOf(day) < from) day = addDays(day, unit === 'week' ? 7 : 1);
    while (startOf(day) > least) day = addDays(day, -days);
    for (; startOf(day) <= most; day = addDays(day, days)) add(startOf(day));
  } else {
    const year = Number(dayOf(least).slice(0, 4));
    const first = unit === 'year' ? Math.floor(year / count) * count : year;
    for (let day = `${first}-01-01`; startOf(day) <= most; day = addMonths(day, unit === 'month' ? count : 12 * count)) add(startOf(day));
  }
  return found.filter((at) => at !== to);
}

const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('de-DE', { timeZone: 'Europe/Berlin', ...options });
const secondName = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const clockName = format({ hour: '2-digit', minute: '2-digit' });
const dayName = format({ weekday: 'short', day: 'numeric', month: 'numeric' });
const dateName = format({ day: 'numeric', month: 'numeric' });
const monthName = format({ month: 'short', year: '2-digit' });
const yearName = format({ year: 'numeric' });

/** What is written at a mark; the midnight between two days bears the name of the day that begins. */
export function tickLabel(at: number, step: Step, spanMs: number): string {
  switch (step.unit) {
    case 'second':
      return secondName.format(at);
    case 'minute':
    case 'hour':
      return spanMs > LONG_DAY && startOf(dayOf(at)) === at ? dayName.format(at) : clockName.format(at);
    case 'day':
      return dayName.format(at);
    case 'week':
      return dateName.format(at);
    case 'month':
      return monthName.format(at);
    case 'year':
      return yearName.format(at);
  }
}
