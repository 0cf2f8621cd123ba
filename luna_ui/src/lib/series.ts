/** What columns of a series say about themselves. Pure. */
const MINUTE = 60_000;
const STEP: Record<string, number> = { '15m': 15 * MINUTE, '1h': 60 * MINUTE, '1d': 1440 * MINUTE, '1mo': 30 * 1440 * MINUTE };

/** Length of an interval in milliseconds: by resolution, as measured, or the smallest distance there is. */
export function stepOf(data: { resolution: string; interval_s: number | null; ts: readonly number[] }): number {
  const named = STEP[data.resolution];
  if (named !== undefined) return named;
  if (data.interval_s !== null) return data.interval_s * 1000;
  let least = Infinity;
  for (let index = 1; index < data.ts.length; index++) least = Math.min(least, (data.ts[index] ?? 0) - (data.ts[index - 1] ?? 0));
  return Number.isFinite(least) && least > 0 ? least : 15 * MINUTE;
}

/** Where values begin and end inside a window, null where they fill it; what lies ahead of now is not expected. */
export function reachOf(
  ts: readonly number[],
  columns: readonly (readonly (number | null)[])[],
  stepMs: number,
  window: { from: number; to: number },
  now: number = Date.now(),
): { from: number | null; to: number | null } {
  const filled = (index: number): boolean => columns.some((column) => (column[index] ?? null) !== null);
  const first = ts.findIndex((_, index) => filled(index));
  if (first === -1) return { from: null, to: null };
  let last = ts.length - 1;
  while (!filled(last)) last--;
  const begin = ts[first] ?? window.from;
  const end = (ts[last] ?? window.to) + stepMs;
  return {
    from: begin - window.from >= stepMs ? begin : null,
    to: Math.min(window.to, now) - end >= 2 * stepMs ? end : null,
  };
}
