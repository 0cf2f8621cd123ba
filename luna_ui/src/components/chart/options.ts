/** What a chart of series shows, as ECharts wants it told. Pure, so that it can be tested without a canvas. */
import type { EChartsCoreOption } from './echarts';
import type { Run } from '@/lib/quality';
import { stepFor, tickLabel, ticksOf } from './ticks';

export interface ChartSeries {
  name: string;
  unit: string;
  /** A variable of the theme, for instance `--water`. */
  colour: string;
  values: readonly (number | null)[];
  kind?: 'line' | 'step' | 'bar';
  /** The second axis, for another unit. */
  right?: boolean;
  filled?: boolean;
}

export interface ChartData {
  /** Epoch milliseconds, start of each interval. */
  ts: readonly number[];
  /** Length of an interval in milliseconds; the step of the last value ends this much later. */
  stepMs: number;
  series: readonly ChartSeries[];
  /** Stretches to be shaded: substitute values, flaws. */
  marked?: readonly Run[];
  /** What is to be said about the value at an index, for instance its quality. */
  note?: (index: number) => string[];
}

export type Colours = (variable: string) => string;

const number = new Intl.NumberFormat('de-DE', { maximumFractionDigits: 3 });
const HOUR = 3_600_000;
const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('de-DE', { timeZone: 'Europe/Berlin', ...options });
const clock = format({ hour: '2-digit', minute: '2-digit' });
const dayOnly = format({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
const moment = format({ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
const seconds = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** „Do., 12. Dez. 2024, 17:00–18:00“, or the day alone for daily values. */
export function intervalLabel(from: number, stepMs: number): string {
  if (stepMs >= 23 * HOUR) return dayOnly.format(from);
  const to = from + stepMs;
  return `${moment.format(from)}–${stepMs < 60_000 ? seconds.format(to) : clock.format(to)}`;
}

export function formatValue(value: number | null | undefined, unit: string): string {
  return value === null || value === undefined ? '–' : `${number.format(value)} ${unit}`;
}

/** A stepped line needs the end of its last interval as a point of its own. */
function points(data: ChartData, series: ChartSeries): [number, number | null][] {
  const made = data.ts.map((at, index): [number, number | null] => [at, series.values[index] ?? null]);
  const last = made.at(-1);
  if (series.kind === 'step' && last !== undefined) made.push([last[0] + data.stepMs, last[1]]);
  return made;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign);

export function tooltip(data: ChartData, index: number): string {
  const at = data.ts[index];
  if (at === undefined) return '';
  const lines = data.series.map((series) => `${escaped(series.name)}: <b>${escaped(formatValue(series.values[index], series.unit))}</b>`);
  const notes = data.note?.(index) ?? [];
  return [intervalLabel(at, data.stepMs), ...lines, ...(notes.length > 0 ? [`<i>${escaped(notes.join(', '))}</i>`] : [])].join('<br>');
}

/** Index of the interval that holds a moment; −1 before the first. */
export function indexAt(ts: readonly number[], at: number): number {
  let low = 0;
  let high = ts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ts[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const RESTLESS = 250;

/**
 * Whether a line goes up and down so often that it is a band, not a curve: by how many times it crosses the height of
 * its chart. A browser without a graphics card takes a second to fill below such a line, and hardly any for a hairline.
 */
export function isRestless(values: readonly (number | null)[]): boolean {
  let least = Infinity;
  let most = -Infinity;
  let way = 0;
  let before: number | null = null;
  for (const value of values) {
    if (value !== null) {
      least = Math.min(least, value);
      most = Math.max(most, value);
      if (before !== null) way += Math.abs(value - before);
    }
    before = value;
  }
  return way > 0 && way > RESTLESS * (most - least);
}

/** What the labels of the values take from the width of a chart, in pixels, and how wide it is until it is known. */
const MARGIN_PX = 70;
const USUAL_PX = 900;

/** The marks of the time axis on a chart so many pixels wide: even steps, which ECharts alone does not make of days. */
export function timeMarks(window: { from: number; to: number }, widthPx: number) {
  const span = window.to - window.from;
  const step = stepFor(span, widthPx - MARGIN_PX);
  const customValues = ticksOf(window, step);
  return { axisTick: { customValues }, axisLabel: { customValues, hideOverlap: true, formatter: (at: number) => tickLabel(at, step, span) } };
}

/** `ratio` is the number of the screen's pixels in one of the page. */
export function chartOption(data: ChartData, window: { from: number; to: number }, colour: Colours, ratio = 1, widthPx = USUAL_PX): EChartsCoreOption {
  const marks = timeMarks(window, widthPx);
  const restless = data.series.map((series) => series.kind !== 'bar' && isRestless(series.values));
  const text = { color: colour('--ink-3'), fontFamily: 'IBM Plex Sans Variable, sans-serif', fontSize: 11 };
  const split = { lineStyle: { color: colour('--line') } };
  const unitOf = (right: boolean): string => data.series.find((series) => (series.right ?? false) === right)?.unit ?? '';
  const right = data.series.some((series) => series.right === true);
  const axis = (onRight: boolean) => ({
    type: 'value',
    name: unitOf(onRight),
    nameTextStyle: { ...text, align: onRight ? 'right' : 'left' },
    position: onRight ? 'right' : 'left',
    scale: onRight,
    axisLabel: { ...text, formatter: (value: number) => number.format(value) },
    splitLine: onRight ? { show: false } : split,
  });
  return {
    animation: false,
    grid: { left: 8, right: right ? 8 : 14, top: 30, bottom: 8, containLabel: true },
    tooltip: {
      trigger: 'axis',
      confine: true,
      backgroundColor: colour('--raised'),
      borderColor: colour('--line-strong'),
      textStyle: { color: colour('--ink'), fontFamily: text.fontFamily, fontSize: 12 },
      axisPointer: { type: 'line', lineStyle: { color: colour('--moon') } },
      formatter: (found: unknown) => {
        const first = (Array.isArray(found) ? found[0] : found) as { value?: [number, number | null] } | undefined;
        return first?.value === undefined ? '' : tooltip(data, indexAt(data.ts, first.value[0]));
      },
    },
    xAxis: {
      type: 'time',
      min: window.from,
      max: window.to,
      axisTick: marks.axisTick,
      axisLabel: { ...text, ...marks.axisLabel },
      axisLine: { lineStyle: { color: colour('--line-strong') } },
      splitLine: { show: false },
    },
    yAxis: right ? [axis(false), axis(true)] : [axis(false)],
    dataZoom: [{ type: 'inside', filterMode: 'none', zoomOnMouseWheel: 'ctrl', moveOnMouseWheel: false, moveOnMouseMove: true, minValueSpan: 10 * 60_000 }],
    series: data.series.map((series, index) => ({
      name: series.name,
      type: series.kind === 'bar' ? 'bar' : 'line',
      step: series.kind === 'step' ? 'end' : false,
      yAxisIndex: series.right === true ? 1 : 0,
      data: points(data, series),
      connectNulls: false,
      showSymbol: data.ts.length <= 2,
      symbolSize: 5,
      lineStyle: { width: restless[index] === true ? 1 / ratio : 1.5, color: colour(series.colour) },
      itemStyle: { color: colour(series.colour) },
      ...(series.filled === true && restless[index] !== true ? { areaStyle: { color: colour(series.colour), opacity: 0.12 } } : {}),
      ...(index === 0 && (data.marked?.length ?? 0) > 0
        ? {
            markArea: {
              silent: true,
              itemStyle: { color: colour('--warn'), opacity: 0.14 },
              data: (data.marked ?? []).map((run) => [{ xAxis: run.from }, { xAxis: run.to }]),
            },
          }
        : {}),
    })),
  };
}
