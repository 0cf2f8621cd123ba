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
