/** The range of a series view, kept in the address so that it can be shared and stepped back. */
import { useCallback, useMemo, useState } from 'react';
import { SPANS, type Span, type Window, dayOf, windowOf } from '@/lib/berlin';
import type { Range } from './range-bar';

export interface RangeSearch {
  span?: string | undefined;
  tag?: string | undefined;
  von?: string | undefined;
  bis?: string | undefined;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

export const rangeSearch = (search: Record<string, unknown>): RangeSearch => ({
  span: text(search['span']),
  tag: text(search['tag']),
  von: text(search['von']),
  bis: text(search['bis']),
});

/** What the address says; anything it says wrongly is as if it were not there. */
export function readRange(search: RangeSearch, fallback: { span: Span; day: string }): Range {
  const span = SPANS.find((one) => one === search.span) ?? fallback.span;
  const day = /^\d{4}-\d{2}-\d{2}$/.test(search.tag ?? '') && !Number.isNaN(Date.parse(search.tag ?? '')) ? (search.tag ?? '') : fallback.day;
  const from = Number(search.von ?? Number.NaN);
  const to = Number(search.bis ?? Number.NaN);
  const zoom: Window | null = Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : null;
  return { span, day, zoom };
}

export const writeRange = (range: Range): RangeSearch => ({
  span: range.span,
  tag: range.day,
  von: range.zoom === null ? undefined : String(range.zoom.from),
  bis: range.zoom === null ? undefined : String(range.zoom.to),
});

/** `fallback` is the newest moment there are values for, so that a view never opens on an empty year. */
export function useRange(search: RangeSearch, change: (search: RangeSearch) => void, fallback: { span: Span; newest: number | null }) {
  const [now] = useState(() => Date.now());
  const { span, newest } = fallback;
  const range = useMemo(
    () => readRange(search, { span, day: dayOf(newest === null ? now : Math.min(now, newest)) }),
    [search, span, newest, now],
  );
  const window = useMemo(() => range.zoom ?? windowOf(range.span, range.day), [range]);
  const set = useCallback((next: Range) => change(writeRange(next)), [change]);
  return { range, window, set, now };
}
