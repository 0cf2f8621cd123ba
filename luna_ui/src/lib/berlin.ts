/** Calendar days of Europe/Berlin as `YYYY-MM-DD`, and the moments (epoch milliseconds) at which they begin. Pure. */

const parts = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/Berlin',
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** What the clock of Berlin shows at a moment, written as if it were UTC. */
export function clockOf(moment: number): number {
  const found = Object.fromEntries(parts.formatToParts(moment).map(({ type, value }) => [type, value]));
  return Date.parse(`${found['year']}-${found['month']}-${found['day']}T${found['hour']}:${found['minute']}:${found['second']}Z`);
}

export function dayOf(moment: number): string {
  return new Date(clockOf(moment)).toISOString().slice(0, 10);
}

/** The moment at which the day begins in Berlin; both clock changes happen after midnight, so it is never ambiguous. */
export function startOf(day: string): number {
  const guess = Date.parse(`${day}T00:00:00Z`);
  const first = guess - (clockOf(guess) - guess);
  return guess - (clockOf(first) - first);
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

export function addMonths(day: string, count: number): string {
  const [year = 1970, month = 1] = day.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 + count, 1)).toISOString().slice(0, 10);
}

export const SPANS = ['tag', 'woche', 'monat', 'jahr'] as const;
export type Span = (typeof SPANS)[number];
export const SPAN_NAME: Record<Span, string> = { tag: 'Tag', woche: 'Woche', monat: 'Monat', jahr: 'Jahr' };

/** First day of the span that holds `day`: weeks begin on Monday. */
export function firstDay(span: Span, day: string): string {
  switch (span) {
    case 'tag':
      return day;
    case 'woche':
      return addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
    case 'monat':
      return `${day.slice(0, 8)}01`;
    case 'jahr':
      return `${day.slice(0, 5)}01-01`;
  }
}

/** First day of the span `count` spans later. */
export function shifted(span: Span, day: string, count: number): string {
  const first = firstDay(span, day);
  switch (span) {
    case 'tag':
      return addDays(first, count);
    case 'woche':
      return addDays(first, 7 * count);
    case 'monat':
      return addMonths(first, count);
    case 'jahr':
      return addMonths(first, 12 * count);
  }
}

export interface Window {
  /** Epoch milliseconds, inclusive. */
  from: number;
  /** Epoch milliseconds, exclusive. */
  to: number;
}

export function windowOf(span: Span, day: string): Window {
  return { from: startOf(firstDay(span, day)), to: startOf(shifted(span, day, 1)) };
}

const long = new Intl.DateTimeFormat('de-DE', { timeZone: 'Europe/Berlin', weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const short = new Intl.DateTimeFormat('de-DE', { timeZone: 'Europe/Berlin', day: 'numeric', month: 'long', year: 'numeric' });
const month = new Intl.DateTimeFormat('de-DE', { timeZone: 'Europe/Berlin', month: 'long', year: 'numeric' });

export function spanTitle(span: Span, day: string): string {
  const begin = startOf(firstDay(span, day));
  switch (span) {
    case 'tag':
      return long.format(begin);
    case 'woche':
      return short.formatRange(begin, startOf(addDays(firstDay(span, day), 6)));
    case 'monat':
      return month.format(begin);
    case 'jahr':
      return day.slice(0, 4);
  }
}
