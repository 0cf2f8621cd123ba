/** Which stretch of time is looked at: day, week, month or year of Berlin, or what was zoomed to. */
import { ChevronLeft, ChevronRight, Undo2 } from 'lucide-react';
import { Button, IconButton } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import { SPANS, SPAN_NAME, type Span, type Window, dayOf, shifted, spanTitle } from '@/lib/berlin';
import { cn } from '@/lib/cn';
import { formatMoment } from '@/lib/format';

export interface Range {
  span: Span;
  /** Any day of the span, YYYY-MM-DD. */
  day: string;
  /** What was zoomed to inside or across the span. */
  zoom: Window | null;
}

interface RangeBarProps {
  range: Range;
  onChange: (range: Range) => void;
  /** Now, epoch milliseconds. */
  now: number;
}

const moment = (at: number): string => formatMoment(new Date(at).toISOString());

export function RangeBar({ range, onChange, now }: RangeBarProps) {
  const { span, day, zoom } = range;
  const today = dayOf(now);
  const go = (next: Partial<Range>) => onChange({ ...range, zoom: null, ...next });
  return (
    <div className="mb-4 space-y-3">
      <div className="flex flex-wrap items-center gap-2">
        <div role="group" aria-label="Zeitraum" className="inline-flex rounded-md border border-line-strong">
          {SPANS.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={span === one && zoom === null}
              onClick={() => go({ span: one })}
              className={cn(
                'relative h-8 px-3 text-sm transition-colors first:rounded-l-[5px] last:rounded-r-[5px] not-first:border-l not-first:border-line-strong focus-visible:z-10',
                span === one && zoom === null ? 'bg-moon font-medium text-moon-ink' : 'text-ink-2 hover:text-ink',
              )}
            >
              {SPAN_NAME[one]}
            </button>
          ))}
        </div>
        <div className="flex items-center">
          <IconButton label={`${SPAN_NAME[span]} zurück`} onClick={() => go({ day: shifted(span, day, -1) })}>
            <ChevronLeft />
          </IconButton>
          <Input
            type="date"
            aria-label="Tag im Zeitraum"
            className="h-8 w-40 lg:h-8"
            value={day}
            min="1990-01-01"
            max="2100-12-31"
            onChange={(event) => event.target.value !== '' && go({ day: event.target.value })}
          />
          <IconButton label={`${SPAN_NAME[span]} weiter`} onClick={() => go({ day: shifted(span, day, 1) })}>
            <ChevronRight />
          </IconButton>
        </div>
        <Button size="sm" variant="quiet" disabled={day === today && zoom === null} onClick={() => go({ day: today })}>
          Heute
        </Button>
      </div>
      <div className="flex min-h-8 flex-wrap items-center gap-2">
        <h2 className="font-semibold">{zoom === null ? spanTitle(span, day) : `${moment(zoom.from)} bis ${moment(zoom.to)}`}</h2>
        {zoom !== null && (
          <Button size="sm" variant="quiet" onClick={() => go({})}>
            <Undo2 /> Zurück zu: {spanTitle(span, day)}
          </Button>
        )}
      </div>
    </div>
  );
}
