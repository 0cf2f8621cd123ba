/** One question with what came of it, and what can be done with it. */
import { useEffect, useRef, useState } from 'react';
import { Copy, Pencil, RotateCw, ThumbsDown, ThumbsUp } from 'lucide-react';
import { sendFeedback } from '@/api/calls';
import type { Answer } from '@/api/types';
import { Moon, WanderingMoon } from '@/components/moon';
import { Button, IconButton } from '@/components/ui/button';
import { TextArea } from '@/components/ui/field';
import { Failure, messageOf } from '@/components/ui/notice';
import { notify } from '@/components/ui/toast';
import { answerAsText, citedIds, withoutOpenMark } from '@/lib/citations';
import { copyText } from '@/lib/clipboard';
import { cn } from '@/lib/cn';
import { glued } from '@/lib/format';
import { isLimited, scopeWords } from '@/lib/scope';
import { AnswerText, AnswerView, type OpenEvidence } from './answer';
import { ReceiptButton } from './receipt';
import { modeOf } from './receipt-words';
import { Replaced } from './replaced';
import { type Turn, askStore } from './store';

interface TurnViewProps {
  turn: Turn;
  open: OpenEvidence;
  active: string | null;
  ask: (question: string) => void;
  edit: (turn: Turn) => void;
}

export function TurnView({ turn, open, active, ask, edit }: TurnViewProps) {
  return (
    <article aria-busy={turn.state === 'streaming'} className="animate-rise scroll-mt-4 py-6 last:min-h-[calc(100cqh-1.5rem)] print:min-h-0! nth-2:pt-2" data-turn={turn.id}>
      <div className="group mb-5 flex items-start gap-2">
        <h2 className="min-w-0 flex-1 text-xl leading-snug font-semibold break-words text-pretty">
          <Question text={turn.question} />
          {isLimited(turn.scope) && <span className="mt-1 block text-sm font-normal text-ink-2">{scopeWords(turn.scope).join(' · ')}</span>}
        </h2>
        <IconButton label="Frage ändern und neu stellen" className="print:hidden" onClick={() => edit(turn)}>
          <Pencil />
        </IconButton>
      </div>
      <TurnBody turn={turn} open={open} active={active} ask={ask} />
    </article>
  );
}

const LONG_QUESTION = 400;

/** A pasted page is no headline: its beginning, and the rest on request. */
function Question({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const long = text.length > LONG_QUESTION || text.split('\n').length > 6;
  return (
    <>
      <span className={cn('whitespace-pre-line', long && 'text-base', long && !whole && 'line-clamp-4')}>{glued(text)}</span>
      {long && (
        <Button size="sm" variant="quiet" className="mt-1 -ml-3" aria-expanded={whole} onClick={() => setWhole((was) => !was)}>
          {whole ? 'Frage kürzen' : 'Ganze Frage zeigen'}
        </Button>
      )}
    </>
  );
}

function TurnBody({ turn, open, active, ask }: Omit<TurnViewProps, 'edit'>) {
  if (turn.answer !== null) {
    return (
      <>
        <Replaced turn={turn} again={() => ask(turn.question)} />
        <AnswerView answer={turn.answer} citations={turn.citations} open={open} active={active} ask={ask} />
        <AnswerActions turn={turn} answer={turn.answer} />
      </>
    );
  }
  const text = withoutOpenMark(turn.text);
  return (
    <div className="space-y-4">
      {text !== '' && <AnswerText text={text} order={citedIds(turn.text)} citations={turn.citations} open={open} active={active} />}
      {turn.state === 'streaming' && (
        <p role="status" className="flex items-center gap-3 text-sm text-ink-2">
          <WanderingMoon /> {text === '' ? 'Ich lese nach …' : 'Ich schreibe noch …'}
        </p>
      )}
      {turn.state === 'lost' && (
        <div className="flex flex-wrap items-center gap-3 text-sm text-ink-2">
          <Moon phase={0.12} /> Diese Antwort ist nicht mehr aufbewahrt.
          <Button size="sm" onClick={() => ask(turn.question)}>
            <RotateCw /> Noch einmal fragen
          </Button>
        </div>
      )}
      {turn.state === 'stopped' && (
        <div className="flex flex-wrap items-center gap-3 text-sm text-ink-2">
          <Moon phase={0.5} /> Auf Ihren Wunsch angehalten.
          <Button size="sm" onClick={() => askStore.again(turn.id)}>
            <RotateCw /> Noch einmal fragen
          </Button>
        </div>
      )}
      {turn.state === 'failed' &&
        (turn.retryAt === null ? (
          <Failure error={turn.error} retry={() => askStore.again(turn.id)} />
        ) : (
          <RateLimited turn={turn} retryAt={turn.retryAt} />
        ))}
    </div>
  );
}

function RateLimited({ turn, retryAt }: { turn: Turn; retryAt: number }) {
  const [now, setNow] = useState(Date.now);
  const left = Math.max(0, Math.ceil((retryAt - now) / 1000));
  useEffect(() => {
    if (left === 0) return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [left]);
  return (
    <div className="flex gap-4 rounded-lg border border-warn/45 px-4 py-3" data-testid="rate-limit">
      <Moon phase={left === 0 ? 1 : 0.5} className="mt-0.5" />
      <div className="min-w-0 flex-1">
        <p className="text-sm">Sie fragen schneller, als ich lesen darf. Einen Augenblick, dann gern.</p>
        <Button size="sm" className="mt-3" disabled={left > 0} onClick={() => askStore.again(turn.id)}>
          <RotateCw /> {left > 0 ? `Wieder möglich in ${left} s` : 'Jetzt noch einmal fragen'}
        </Button>
      </div>
    </div>
  );
}

/** What opens below the edge is not seen; asked for, it comes into view. */
function bringIntoView(form: HTMLElement | null): void {
  form?.scrollIntoView({ block: 'nearest' });
}

function AnswerActions({ turn, answer }: { turn: Turn; answer: Answer }) {
  const [vote, setVote] = useState<boolean | null>(null);
  const [noteOpen, setNoteOpen] = useState(false);
  const [note, setNote] = useState('');
  const actions = useRef<HTMLDivElement>(null);

  // The form goes away with the focus in it; it returns to what opened it.
  const closeNote = () => {
    setNoteOpen(false);
    actions.current?.querySelector<HTMLElement>('[aria-pressed=true]')?.focus();
  };

  const send = async (useful: boolean, notes?: string) => {
    const before = vote;
    setVote(useful);
    try {
      await sendFeedback({
        question: turn.question,
        answer: answer.answer,
        useful,
        chunks_used: answer.chunks_used,
        answer_id: answer.answer_id,
        ...(notes === undefined || notes.trim() === '' ? {} : { notes: notes.trim() }),
      });
      if (notes !== undefined) {
        closeNote();
        notify('Danke. Ich nehme es mir zu Herzen, soweit vorhanden.');
      } else setNoteOpen(true);
    } catch (error) {
      setVote(before);
      notify(messageOf(error), { tone: 'bad' });
    }
  };

  return (
    <div className="mt-5 print:hidden">
      <div ref={actions} className="-ml-2 flex flex-wrap items-center gap-0.5">
        <IconButton label="Hilfreich" aria-pressed={vote === true} className="aria-pressed:text-ok" onClick={() => void send(true)}>
          <ThumbsUp />
        </IconButton>
        <IconButton label="Nicht hilfreich" aria-pressed={vote === false} className="aria-pressed:text-bad" onClick={() => void send(false)}>
          <ThumbsDown />
        </IconButton>
        <IconButton
          label="Antwort mit Quellen kopieren"
          onClick={() => {
            void copyText(answerAsText(turn.question, answer)).then((done) =>
              notify(done ? 'Antwort mit Quellen kopiert.' : 'Der Browser gibt die Zwischenablage nicht her.', done ? {} : { tone: 'bad' }),
            );
          }}
        >
          <Copy />
        </IconButton>
        <IconButton label="Noch einmal fragen" onClick={() => askStore.again(turn.id)}>
          <RotateCw />
        </IconButton>
        <ReceiptButton answerId={answer.answer_id} />
        <span className="ml-auto min-w-0 pl-3 text-xs text-ink-3">
          {!answer.answered ? '' : answer.mode === 'extractive' ? 'Wörtlich aus den Quellen, ohne Sprachmodell' : modeOf(answer)}
        </span>
      </div>
      {noteOpen && (
        <form
          className="mt-3 scroll-mb-4 space-y-2"
          ref={bringIntoView}
          onSubmit={(event) => {
            event.preventDefault();
            void send(vote ?? true, note);
          }}
        >
          <label className="block">
            <span className="text-sm text-ink-2">{vote === false ? 'Was hat gefehlt oder nicht gestimmt?' : 'Möchten Sie dazu etwas anmerken?'}</span>
            <TextArea className="mt-1" value={note} maxLength={4000} onChange={(event) => setNote(event.target.value)} />
          </label>
          <div className="flex gap-2">
            <Button size="sm" variant="primary" type="submit" disabled={note.trim() === ''}>
              Anmerkung senden
            </Button>
            <Button size="sm" variant="quiet" onClick={closeNote}>
              Ohne Anmerkung
            </Button>
          </div>
        </form>
      )}
    </div>
  );
}
