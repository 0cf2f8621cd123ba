/** One answer: summary, cited body, suggestion, steps, next question, sources. */
import { Lightbulb, ListChecks, CornerDownRight } from 'lucide-react';
import { useState } from 'react';
import type { Answer, Citation, QueryReceipt } from '@/api/types';
import { Moon } from '@/components/moon';
import { ScoreBars } from '@/components/ui/scores';
import { type Block, type Inline, VERBATIM_FROM, citedIds, excerpt, parseAnswer, parseInlines, partedAnswer, placeOf, shortName, sourcesOf } from '@/lib/citations';
import { cn } from '@/lib/cn';
import { formatScore, formatValidity, whyFound } from '@/lib/format';
import { withoutEcho } from '@/lib/receipts';
import { Proofs } from './proofs';

export type OpenEvidence = (chunkId: string) => void;

interface Cited {
  order: string[];
  citations: Record<string, Citation>;
  open: OpenEvidence;
  active: string | null;
  /** What numbers rest on, and how it is shown. */
  receipts?: readonly QueryReceipt[];
  showProof?: (receiptId: string) => void;
}

function Chip({ id, number, cited }: { id: string; number: number; cited: Cited }) {
  const citation = cited.citations[id];
  const receipt = cited.receipts?.find((one) => one.receipt_id === id);
  const place = citation ? [citation.payload.title, placeOf(citation.payload)].filter(Boolean).join(', ') : (receipt?.label ?? 'wird geladen');
  return (
    <sup className="top-0 ml-0.5 align-[0.2em] leading-none">
      <button
        type="button"
        disabled={citation === undefined && receipt === undefined}
        aria-label={`${receipt === undefined ? 'Quelle' : 'Rechenweg'} ${number}: ${place}`}
        title={place}
        data-chunk={id}
        onClick={() => (receipt === undefined ? cited.open(id) : cited.showProof?.(id))}
        className={cn(
          'relative inline-flex h-[1.125rem] min-w-[1.125rem] items-center justify-center rounded-[4px] px-1 text-[0.6875rem] font-semibold transition-colors after:absolute after:-inset-1.5',
          cited.active === id ? 'bg-moon text-moon-ink' : 'bg-moon-soft text-moon ring-1 ring-moon/40 ring-inset hover:bg-moon hover:text-moon-ink',
        )}
      >
        {number}
      </button>
    </sup>
  );
}

function Inlines({ parts, cited }: { parts: Inline[]; cited: Cited }) {
  return parts.map((part, index) => {
    switch (part.type) {
      case 'text':
        return <span key={index}>{part.text}</span>;
      case 'strong':
        return (
          <strong key={index} className="font-semibold">
            {part.text}
          </strong>
        );
      case 'unproven':
        return (
          <span key={index} className="ml-1 rounded border border-warn/45 px-1 text-xs whitespace-nowrap text-warn" title="Dafür steht in den Quellen kein Beleg.">
            nicht belegt
          </span>
        );
      case 'cite':
        return <Chip key={index} id={part.id} number={part.number} cited={cited} />;
    }
  });
}

function Blocks({ blocks, cited }: { blocks: Block[]; cited: Cited }) {
  return blocks.map((block, index) => {
    if (block.type === 'paragraph') {
      return (
        <p key={index}>
          <Inlines parts={block.inlines} cited={cited} />
        </p>
      );
    }
    if (block.type === 'table') {
      return (
        <div key={index} className="thin-scroll overflow-x-auto">
          <table className="text-sm [&_td]:max-w-48 [&_th]:max-w-48 lg:[&_td]:max-w-96 lg:[&_th]:max-w-96">
            {block.head === true && (
              <thead>
                <tr>
                  {block.rows[0]?.map((cell, column) => (
                    <th key={column} scope="col" className="py-1.5 pr-4 text-left align-bottom font-medium text-ink-2">
                      <Inlines parts={cell.filter((part) => part.type !== 'cite')} cited={cited} />
                    </th>
                  ))}
                </tr>
              </thead>
            )}
            <tbody className="divide-y divide-line border-y border-line">
              {block.rows.slice(block.head === true ? 1 : 0).map((row, at) => (
                <tr key={at}>
                  {row.map((cell, column) => (
                    <td key={column} className="py-1.5 pr-4 align-top">
                      <Inlines parts={cell} cited={cited} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      );
    }
    return (
      <ul key={index} className="space-y-1.5">
        {block.items.map((item, at) => (
          <li key={at} className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2.5">
            <span className="min-w-4 text-ink-3">{item.marker}</span>
            <span>
              <Inlines parts={item.inlines} cited={cited} />
            </span>
          </li>
        ))}
      </ul>
    );
  });
}

export function AnswerText({ text, ...cited }: { text: string } & Cited) {
  return (
    <div className="space-y-3 text-base leading-[1.7] break-words [hyphens:auto]">
      <Blocks blocks={parseAnswer(text, cited.order)} cited={cited} />
    </div>
  );
}

function Steps({ steps, cited }: { steps: string[]; cited: Cited }) {
  return (
    <section aria-label="Schritte" className="rounded-lg border border-line bg-panel px-4 py-3">
      <h3 className="flex items-center gap-2 text-sm font-semibold text-ink-2">
        <ListChecks className="size-4" /> So gehen Sie vor
      </h3>
      <ol className="mt-2 list-decimal space-y-1.5 pl-5 text-[0.9375rem] marker:font-mono marker:text-xs marker:text-ink-3">
        {steps.map((step) => (
          <li key={step}>
            <Inlines parts={parseInlines(step, cited.order)} cited={cited} />
          </li>
        ))}
      </ol>
    </section>
  );
}

export function NextQuestion({ question, ask }: { question: string; ask: (question: string) => void }) {
  return (
    <button
      type="button"
      onClick={() => ask(question)}
      className="group flex w-full items-start gap-3 rounded-lg border border-line px-4 py-3 text-left print:hidden transition-colors hover:border-moon/60 hover:bg-raised"
    >
      <CornerDownRight className="mt-1 size-4 shrink-0 text-moon" />
      <span className="min-w-0">
        <span className="block text-xs text-ink-3">Weiterfragen</span>
        <span className="text-[0.9375rem] text-ink">{question}</span>
      </span>
    </button>
  );
}

function SourceCard({ citation, number, open, active }: { citation: Citation; number: number; open: OpenEvidence; active: boolean }) {
  const { payload } = citation;
  const place = placeOf(payload);
  const validity = formatValidity(payload.valid_from, payload.valid_to);
  const short = shortName(payload.title);
  // Cards of one law differ by the section; its title would be cut before it tells which law it is.
  const named = short === null || place === '' ? null : `${place} ${short}`;
  return (
    <li>
      <button
        type="button"
        onClick={() => open(citation.chunk_id)}
        aria-label={`Quelle ${number} öffnen: ${[payload.title, place].filter(Boolean).join(', ')}`}
        className={cn(
          'flex h-full w-full gap-3 rounded-lg border bg-panel px-3 py-2.5 text-left transition-colors hover:border-moon/60',
          active ? 'border-moon' : 'border-line',
        )}
      >
        <span className="mt-0.5 flex size-5 shrink-0 items-center justify-center rounded-[4px] bg-moon-soft text-[0.6875rem] font-semibold text-moon ring-1 ring-moon/40 ring-inset">
          {number}
        </span>
        <span className="min-w-0 flex-1">
          <span className="line-clamp-1 text-sm font-medium">{named ?? payload.title}</span>
          <span className="line-clamp-1 text-xs text-ink-2">
            {[named === null ? place || payload.heading_path.at(-1) : payload.title, validity].filter(Boolean).join(' · ') || payload.file_name}
          </span>
          <span className="mt-1 line-clamp-2 font-serif text-[0.8125rem] leading-snug text-ink-3">{excerpt(payload.text, payload.heading_path.at(-1))}</span>
        </span>
      </button>
    </li>
  );
}

function WhyThese({ answer, order }: { answer: Answer; order: string[] }) {
  const all = answer.chunks_used.length > 0 ? answer.chunks_used : answer.citations.map((citation) => citation.chunk_id);
  const used = [...order.filter((chunkId) => all.includes(chunkId)), ...all.filter((chunkId) => !order.includes(chunkId))];
  const known = new Map(answer.citations.map((citation) => [citation.chunk_id, citation]));
  return (
    <details className="group text-sm print:not-open:hidden">
      <summary className="inline-flex min-h-8 items-center rounded text-ink-2 underline decoration-line-strong underline-offset-4 hover:text-ink">
        Warum diese Quellen?
      </summary>
      <ol className="mt-3 space-y-4 border-l border-line pl-4">
        {used.map((chunkId) => {
          const citation = known.get(chunkId);
          const number = order.indexOf(chunkId) + 1;
          return (
            <li key={chunkId}>
              {citation ? (
                <>
                  <p className="font-medium">
                    {number > 0 ? `${number}. ` : ''}
                    {citation.payload.title}
                    {placeOf(citation.payload) !== '' && <span className="font-normal text-ink-2">, {placeOf(citation.payload)}</span>}
                    {number === 0 && <span className="font-normal text-ink-3"> (gelesen, nicht zitiert)</span>}
                  </p>
                  <p className="mb-2 text-ink-2">
                    {whyFound(citation.scores)} Gesamtwertung {formatScore(citation.score)}.
                  </p>
                  <ScoreBars scores={citation.scores} />
                </>
              ) : (
                <p className="text-ink-3">
                  Gelesen, aber nicht zitiert: <span className="font-mono text-xs break-all">{chunkId}</span>
                </p>
              )}
            </li>
          );
        })}
      </ol>
    </details>
  );
}

export function orderOf(answer: Answer): string[] {
  return citedIds([answer.summary, answer.answer, answer.suggestion, ...answer.steps].join('\n'));
}

interface AnswerViewProps {
  answer: Answer;
  citations: Record<string, Citation>;
  open: OpenEvidence;
  active: string | null;
  ask: (question: string) => void;
}

/** What one should know before reading, as that the model broke off; said above the text that it is about, on paper too. */
function WritingNote({ answer }: { answer: Answer }) {
  if (!answer.writing?.note) return null;
  return (
    <p role="note" data-testid="writing-note" className="border-l-2 border-warn pl-4 text-sm text-ink-2">
      {answer.writing.note}
    </p>
  );
}

/** The text; where a model broke off, the place is marked from which on the sources speak for themselves. */
function Body({ answer, cited }: { answer: Answer; cited: Cited }) {
  const { written, verbatim } = partedAnswer(answer);
  const before = withoutEcho(written, answer.summary);
  return (
    <>
      {before !== '' && <AnswerText text={before} {...cited} />}
      {verbatim !== '' && (
        <>
          <p role="note" data-testid="verbatim-from" className="flex items-center gap-3 text-xs text-ink-3">
            <span aria-hidden="true" className="h-px w-6 shrink-0 bg-warn" />
            {VERBATIM_FROM}
            <span aria-hidden="true" className="h-px min-w-6 flex-1 bg-line" />
          </p>
          <AnswerText text={verbatim} {...cited} />
        </>
      )}
    </>
  );
}

export function AnswerView({ answer, citations, open, active, ask }: AnswerViewProps) {
  const order = orderOf(answer);
  const [proof, setProof] = useState<string | null>(null);
  const showProof = (receiptId: string) => {
    setProof(receiptId);
    requestAnimationFrame(() => {
      const shown = document.getElementById(`proof-${receiptId}`);
      shown?.querySelector('summary')?.focus({ preventScroll: true });
      shown?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    });
  };
  const cited: Cited = { order, citations, open, active, receipts: answer.receipts, showProof };
  const sources = sourcesOf(answer, order);

  if (!answer.answered) {
    return (
      <div className="space-y-4" data-testid="not-answered">
        <WritingNote answer={answer} />
        <div className="flex gap-4 rounded-lg border border-dashed border-line-strong px-4 py-4">
          <Moon phase={0.12} className="mt-0.5 size-6" />
          <div className="min-w-0 flex-1 space-y-2 text-ink-2">
            <AnswerText text={answer.summary || answer.answer || 'Dazu steht in Ihren Dokumenten nichts, worauf ich mich berufen könnte.'} {...cited} />
            {answer.suggestion && <p className="text-sm">{answer.suggestion}</p>}
          </div>
        </div>
        {answer.next_question && <NextQuestion question={answer.next_question} ask={ask} />}
      </div>
    );
  }

  return (
    <div className="space-y-5">
      {answer.summary && (
        <p className="text-lg leading-normal font-medium text-pretty">
          <Inlines parts={parseInlines(answer.summary, order)} cited={cited} />
        </p>
      )}
      <WritingNote answer={answer} />
      <Body answer={answer} cited={cited} />
      {answer.suggestion && (
        <section aria-label="Vorschlag" className="flex gap-3 border-l-2 border-water pl-4">
          <Lightbulb className="mt-1 size-4 shrink-0 text-water" />
          <p className="min-w-0 text-[0.9375rem] leading-relaxed">
            <Inlines parts={parseInlines(answer.suggestion, order)} cited={cited} />
          </p>
        </section>
      )}
      {answer.steps.length > 0 && <Steps steps={answer.steps} cited={cited} />}
      {sources.length > 0 && (
        <section aria-label="Quellen">
          <h3 className="mb-2 text-sm font-semibold text-ink-2">Quellen</h3>
          <ul className="grid grid-cols-1 gap-2 sm:grid-cols-2">
            {sources.map((source) => (
              <SourceCard
                key={source.chunk_id}
                citation={source}
                number={order.indexOf(source.chunk_id) + 1}
                open={open}
                active={active === source.chunk_id}
              />
            ))}
          </ul>
        </section>
      )}
      {answer.receipts.length > 0 && <Proofs receipts={answer.receipts} order={order} opened={proof} onToggle={setProof} />}
      {answer.citations.length > 0 && <WhyThese answer={answer} order={order} />}
      {answer.next_question && <NextQuestion question={answer.next_question} ask={ask} />}
    </div>
  );
}
