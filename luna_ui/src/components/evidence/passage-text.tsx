/** A window into a long text with one passage marked. It grows on request; the rest of the text costs nothing. */
import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { ChevronDown, ChevronUp } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { cn } from '@/lib/cn';
import { formatNumber } from '@/lib/format';
import { withoutMarks } from '@/lib/markup';
import { type Line, type Span, layOut, windowAround } from '@/lib/passage';

const AROUND = 2500;
const MORE = 6000;

/** Fonts, summaries and closing panels still move the text for a moment; the mark stays in view until someone scrolls. */
function holdInView(mark: HTMLElement): () => void {
  const show = () => mark.scrollIntoView({ block: 'center' });
  show();
  const observer = new ResizeObserver(show);
  for (let part: HTMLElement | null = mark; part !== null && part !== document.body; part = part.parentElement) observer.observe(part);
  const release = () => {
    observer.disconnect();
    for (const event of HANDS) removeEventListener(event, release, true);
    clearTimeout(timer);
  };
  const timer = setTimeout(release, 2000);
  for (const event of HANDS) addEventListener(event, release, true);
  return release;
}
const HANDS = ['wheel', 'touchmove', 'keydown', 'pointerdown'] as const;

interface PassageTextProps {
  text: string;
  /** UTF-16 offsets. */
  mark: Span | null;
  /** Bring the mark into view when it changes. */
  follow?: boolean;
}

export function PassageText(props: PassageTextProps) {
  // A new passage is a new window: its growth starts again.
  return <Window key={`${props.mark?.start ?? 0}-${props.text.length}`} {...props} />;
}

function Window({ text, mark, follow = true }: PassageTextProps) {
  const [before, setBefore] = useState(AROUND);
  const [after, setAfter] = useState(AROUND);
  const marked = useRef<HTMLElement>(null);
  const anchor = mark ?? { start: 0, end: 0 };
  const view = windowAround(text, anchor, before, after);
  const lines = useMemo(() => layOut(text, { start: view.start, end: view.end }, mark), [text, view.start, view.end, mark]);

  useLayoutEffect(() => {
    if (follow && marked.current !== null) return holdInView(marked.current);
  }, [follow]);

  const firstMarked = lines.find((line) => line.pieces.some((piece) => piece.marked))?.at;
  return (
    <div className="text-[0.9375rem] leading-relaxed">
      {view.start > 0 && (
        <Button size="sm" variant="quiet" className="mb-3 -ml-3" onClick={() => setBefore((value) => value + MORE)}>
          <ChevronUp /> Mehr davor <span className="text-ink-3">({formatNumber(view.start)} Zeichen)</span>
        </Button>
      )}
      <div className="font-serif" data-testid="passage-text">
        {lines.map((line) => (
          <TextLine key={line.at} line={line} markRef={line.at === firstMarked ? marked : null} />
        ))}
      </div>
      {view.end < text.length && (
        <Button size="sm" variant="quiet" className="mt-3 -ml-3" onClick={() => setAfter((value) => value + MORE)}>
          <ChevronDown /> Mehr danach <span className="text-ink-3">({formatNumber(text.length - view.end)} Zeichen)</span>
        </Button>
      )}
    </div>
  );
}

function TextLine({ line, markRef }: { line: Line; markRef: React.RefObject<HTMLElement | null> | null }) {
  if (line.kind === 'blank') return <div className="h-3" />;
  const firstMark = line.pieces.findIndex((piece) => piece.marked);
  return (
    <div
      className={cn(
        'break-words whitespace-pre-wrap',
        line.kind === 'heading' && 'mt-4 font-sans font-semibold',
        line.kind === 'heading' && line.level <= 2 && 'text-base',
        line.kind === 'table' && 'font-mono text-xs',
      )}
    >
      {line.pieces.map((piece, index) =>
        piece.marked ? (
          <mark key={piece.at} ref={index === firstMark ? markRef : null} className={cn('scroll-my-24 py-0.5', piece.strong === true && 'font-semibold')}>
            {withoutMarks(piece.text)}
          </mark>
        ) : (
          <span key={piece.at} className={piece.strong === true ? 'font-semibold' : undefined}>
            {withoutMarks(piece.text)}
          </span>
        ),
      )}
    </div>
  );
}
