/** The quality of a value, one integer as in docs/SERIES.md: status, method of a substitute, flags. Pure. */

const STATUS = ['abgelesen', 'Ersatzwert', 'vorläufig', 'Prognose', 'fehlt'];
const METHOD = ['', 'Z92 interpoliert', 'Z93 fortgeschrieben', 'Z95 aus Vergangenem', 'ZJ2 statistisch'];
const FLAGS: readonly [number, string][] = [
  [1 << 8, 'Ausreißer'],
  [1 << 9, 'außerhalb des Möglichen'],
  [1 << 10, 'steht still'],
  [1 << 11, 'Summe weicht vom Zählerstand ab'],
  [1 << 12, 'vom Absender verworfen'],
  [1 << 13, 'negativ'],
  [1 << 14, 'aus der Zukunft'],
  [1 << 15, 'doppelt geliefert'],
  [1 << 16, 'Zeitraum erschlossen'],
  [1 << 17, 'simuliert'],
  [1 << 18, 'Spannung außerhalb der Norm'],
  [1 << 19, 'unvollständig'],
];
const SIMULATED = 1 << 17;
const MISSING = 4;

/** What there is to say about a value; empty for one that was read and has no flaw. */
export function qualityWords(quality: number | null | undefined): string[] {
  if (quality === null || quality === undefined) return [];
  const words: string[] = [];
  const status = quality & 0b111;
  if (status !== 0) words.push(STATUS[status] ?? `Status ${status}`);
  const method = METHOD[(quality >> 3) & 0b1111];
  if (method !== undefined && method !== '') words.push(method);
  for (const [bit, word] of FLAGS) if ((quality & bit) !== 0) words.push(word);
  return words;
}

/** Whether a value deserves a mark in the chart; that all of it is simulated is said once, above. */
export const isMarked = (quality: number | null | undefined): boolean =>
  quality !== null && quality !== undefined && (quality & ~SIMULATED) !== 0;

/** What the marked stretches of a chart are; null where none is marked. */
export function markedWords(quality: readonly (number | null)[]): string | null {
  const marked = quality.filter(isMarked);
  const gaps = marked.some((one) => one !== null && (one & 0b111) === MISSING);
  const flaws = marked.some((one) => one !== null && (one & 0b111) !== MISSING);
  if (gaps) return flaws ? 'Lücken, Ersatz- oder auffällige Werte' : 'Lücken';
  return flaws ? 'Ersatz- oder auffällige Werte' : null;
}

export interface Run {
  from: number;
  to: number;
}

/** Stretches of marked values, in the unit of `ts`; the last value ends one step later. */
export function markedRuns(ts: readonly number[], quality: readonly (number | null)[]): Run[] {
  const step = ts.length > 1 ? (ts[1] ?? 0) - (ts[0] ?? 0) : 0;
  const runs: Run[] = [];
  ts.forEach((at, index) => {
    if (!isMarked(quality[index])) return;
    const last = runs.at(-1);
    const end = ts[index + 1] ?? at + step;
    if (last?.to === at) last.to = end;
    else runs.push({ from: at, to: end });
  });
  return runs;
}
