/** A chart of series over time: zoom by Ctrl and wheel, pinch or keys; what is shown is asked for again, finer. */
import { useEffect, useRef } from 'react';
import type { Window } from '@/lib/berlin';
import { useTheme } from '@/lib/theme';
import { type ECharts, init } from './echarts';
import { type ChartData, chartOption, timeMarks } from './options';

interface SeriesChartProps {
  label: string;
  data: ChartData;
  window: Window;
  /** The reader zoomed or moved; the new stretch in epoch milliseconds. */
  onWindow?: (window: Window) => void;
  height?: string;
  busy?: boolean;
}

const SETTLE_MS = 220;
const MIN_SPAN_MS = 10 * 60_000;

export function SeriesChart({ label, data, window: shown, onWindow, height = 'h-80', busy = false }: SeriesChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const latest = useRef({ shown, onWindow, busy });
  const theme = useTheme();

  useEffect(() => {
    latest.current = { shown, onWindow, busy };
  });

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const made = init(element, null, { renderer: 'canvas' });
    chart.current = made;
    let timer: ReturnType<typeof setTimeout> | undefined;
    made.on('datazoom', () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const zoom = (made.getOption() as { dataZoom?: { startValue?: number; endValue?: number; start?: number; end?: number }[] }).dataZoom?.[0];
        const { shown: before, onWindow: tell } = latest.current;
        if (tell === undefined || zoom?.startValue === undefined || zoom.endValue === undefined) return;
        if (zoom.start === 0 && zoom.end === 100) return;
        const next = { from: Math.round(zoom.startValue), to: Math.round(zoom.endValue) };
        if (Math.abs(next.from - before.from) + Math.abs(next.to - before.to) > 1000) tell(next);
      }, SETTLE_MS);
    });
    // Told to those who wait for the picture: which stretch the canvas shows, once its own values are drawn.
    made.on('finished', () => {
      const { shown: drawn, busy: waiting } = latest.current;
      if (!waiting) element.dataset['drawn'] = `${drawn.from}/${drawn.to}`;
    });
    const watcher = new ResizeObserver(() => {
      made.resize();
      // How many marks find room follows from the width; the rest of the picture stays.
      made.setOption({ xAxis: timeMarks(latest.current.shown, made.getWidth()) });
    });
    watcher.observe(element);
    return () => {
      clearTimeout(timer);
      watcher.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => {
    const style = getComputedStyle(document.documentElement);
    const option = chartOption(data, shown, (variable) => style.getPropertyValue(variable).trim(), globalThis.devicePixelRatio, chart.current?.getWidth());
    chart.current?.setOption(option, { notMerge: true });
  }, [data, shown, theme]);

  const move = (part: number, factor: number) => {
    if (onWindow === undefined) return;
    const span = shown.to - shown.from;
    const next = Math.max(MIN_SPAN_MS, span * factor);
    const centre = (shown.from + shown.to) / 2 + span * part;
    onWindow({ from: Math.round(centre - next / 2), to: Math.round(centre + next / 2) });
  };

  return (
    <div
      ref={box}
      role="img"
      aria-label={label}
      aria-busy={busy}
      tabIndex={onWindow === undefined ? undefined : 0}
      data-testid="chart"
      data-points={data.ts.length}
      data-from={shown.from}
      data-to={shown.to}
      className={`${height} w-full rounded transition-opacity ${busy ? 'opacity-60' : ''}`}
      onKeyDown={(event) => {
        const moves: Record<string, () => void> = {
          ArrowLeft: () => move(-0.25, 1),
          ArrowRight: () => move(0.25, 1),
          '+': () => move(0, 0.5),
          '-': () => move(0, 2),
        };
        const act = moves[event.key];
        if (act === undefined) return;
        event.preventDefault();
        act();
      }}
    />
  );
}
