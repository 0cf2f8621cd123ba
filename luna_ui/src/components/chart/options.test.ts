import { describe, expect, it } from 'vitest';
import { type ChartData, chartOption, indexAt, intervalLabel, isRestless, tooltip } from './options';

const HOUR = 3_600_000;
const AT = Date.parse('2024-12-12T16:00:00Z');
const DATA: ChartData = {
  ts: [AT - HOUR, AT, AT + HOUR],
  stepMs: HOUR,
  series: [{ name: 'Preis <Spot>', unit: 'EUR/MWh', colour: '--moon', values: [500, 936.28, null], kind: 'step' }],
  note: (index) => (index === 1 ? ['Ersatzwert'] : []),
};

describe('what a chart says', () => {
  it('names the interval by the clock of Berlin', () => {
    expect(intervalLabel(AT, HOUR)).toBe('Do., 12. Dez. 2024, 17:00–18:00');
    expect(intervalLabel(AT - 17 * HOUR, 24 * HOUR)).toBe('Do., 12. Dez. 2024');
  });

  it('tells value, unit and quality, and takes names for text', () => {
    const text = tooltip(DATA, 1);
    expect(text).toContain('936,28 EUR/MWh');
    expect(text).toContain('Preis &lt;Spot&gt;');
    expect(text).toContain('Ersatzwert');
    expect(tooltip(DATA, 2)).toContain('–');
  });

  it('finds the interval that holds a moment', () => {
    expect(indexAt(DATA.ts, AT - 2 * HOUR)).toBe(-1);
    expect(indexAt(DATA.ts, AT + 1)).toBe(1);
    expect(indexAt(DATA.ts, AT + 9 * HOUR)).toBe(2);
  });

  it('draws the last step to its end and leaves a gap a gap', () => {
    const option = chartOption(DATA, { from: AT - HOUR, to: AT + 2 * HOUR }, () => '#000') as { series: { data: [number, number | null][]; connectNulls: boolean }[] };
    expect(option.series[0]?.data.at(-1)).toEqual([AT + 2 * HOUR, null]);
    expect(option.series[0]?.connectNulls).toBe(false);
  });

  it('fills below a curve, and draws a band of noise as hairlines', () => {
    const noise = Array.from({ length: 1000 }, (_, index) => (index % 2 === 0 ? 0 : 4));
    const curve = Array.from({ length: 4000 }, (_, index) => Math.sin(index / 40));
    expect(isRestless(noise)).toBe(true);
    expect(isRestless(curve)).toBe(false);
    expect(isRestless([])).toBe(false);
    expect(isRestless([1, null, 1])).toBe(false);
    const drawn = (values: number[]) => {
      const data: ChartData = { ts: values.map((_, index) => AT + index * HOUR), stepMs: HOUR, series: [{ name: 'a', unit: 'kW', colour: '--x', values, kind: 'step', filled: true }] };
      const option = chartOption(data, { from: AT, to: AT + HOUR }, () => '#000', 2) as { series: { areaStyle?: object; lineStyle: { width: number } }[] };
      return option.series[0];
    };
    expect(drawn(noise)?.areaStyle).toBeUndefined();
    expect(drawn(noise)?.lineStyle.width).toBe(0.5);
    expect(drawn(curve)?.areaStyle).toBeDefined();
    expect(drawn(curve)?.lineStyle.width).toBe(1.5);
  });
});
