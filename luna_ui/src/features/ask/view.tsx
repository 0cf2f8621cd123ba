/** Fragen: the conversation with Luna. */
import { useCallback, useEffect, useRef } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { EvidenceDrawer } from '@/components/evidence/drawer';
import { useEvidence } from '@/components/evidence/use-evidence';
import { Moon } from '@/components/moon';
import { SiteFooter } from '@/components/shell/footer';
import { CornerHelp } from '@/components/shell/help';
import { Failure, Waiting } from '@/components/ui/notice';
import { citedIds } from '@/lib/citations';
import { isWide } from '@/lib/media';
import { useTitle } from '@/lib/title';
import { orderOf } from './answer';
import { Composer, MAX_QUESTION, lengthOf } from './composer';
import { type Turn, askStore, useAsk } from './store';
import { TurnView } from './turn';

const EXAMPLES = [
  'Was ist eine steuerbare Verbrauchseinrichtung?',
  'Was ist ein dynamischer Tarif?',
  'Was ist eine Marktlokation?',
  'Wie lange lässt sich ein gelöschtes Dokument wiederherstellen?',
];

export function AskView() {
  const { draft, scope, turns, conversationId, loading, loadError } = useAsk();
  const { c, q } = useSearch({ from: '/' });
  const navigate = useNavigate({ from: '/' });
  const client = useQueryClient();
  const evidence = useEvidence();
  const field = useRef<HTMLTextAreaElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const busy = turns.some((turn) => turn.state === 'streaming');
  useTitle(turns[0]?.question ?? 'Fragen');

  useEffect(() => {
    askStore.onSettled = () => void client.invalidateQueries({ queryKey: ['conversations'] });
  }, [client]);

  // The address leads when it names another conversation; otherwise it follows the one on the screen.
  const shown = useRef(c);
  useEffect(() => {
    if (c !== undefined && c !== askStore.get().conversationId) void askStore.open(c);
    // Forward or back to the address without a conversation is the empty page again.
    if (c === undefined && shown.current !== undefined && shown.current === askStore.get().conversationId) askStore.leave();
    shown.current = c;
  }, [c]);
  useEffect(() => {
    // What is on the screen by now: the address may just have led to another one.
    const current = askStore.get().conversationId;
    if (current !== null && current !== c) void navigate({ search: (old) => ({ ...old, c: current }), replace: true, resetScroll: false });
    // Only a new conversation changes the address, not the wish to leave one.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [conversationId]);

  const last = turns.at(-1)?.id;
  useEffect(() => {
    if (last === undefined) return;
    scroller.current?.querySelector(`[data-turn="${last}"]`)?.scrollIntoView({ block: 'start', behavior: 'smooth' });
  }, [last]);

  // What asked may be gone with it (an example, an answer that is given anew); the focus goes on where one goes on writing.
  const asked = turns.at(-1)?.state === 'streaming' ? last : undefined;
  useEffect(() => {
    if (asked !== undefined && document.activeElement === document.body && isWide()) field.current?.focus();
  }, [asked]);

  const send = useCallback((question: string) => {
    const text = question.trim();
    if (text === '' || lengthOf(text) > MAX_QUESTION) return;
    askStore.setDraft('');
    // On a phone the keyboard makes way for the answer.
    if (!isWide()) field.current?.blur();
    void askStore.ask(text);
  }, []);

  const edit = useCallback((turn: Turn) => {
    askStore.cut(turn.id);
    askStore.setDraft(turn.question);
    askStore.setScope(turn.scope);
    field.current?.focus();
  }, []);

  // A question brought along from another view is put into the field, not sent.
  useEffect(() => {
    if (q === undefined) return;
    askStore.setDraft(q);
    field.current?.focus();
    void navigate({ search: (old) => ({ ...old, q: undefined }), replace: true });
  }, [q, navigate]);

  const open = evidence.chunkId === null ? undefined : turns.findLast((turn) => turn.citations[evidence.chunkId ?? ''] !== undefined);
  const citation = open && evidence.chunkId !== null ? (open.citations[evidence.chunkId] ?? null) : null;
  const number =
    open && evidence.chunkId !== null
      ? (open.answer ? orderOf(open.answer) : citedIds(open.text)).indexOf(evidence.chunkId) + 1 || null
      : null;

  return (
    <div className="flex h-full min-h-0 flex-col print:block print:h-auto">
      <div ref={scroller} className="thin-scroll relative [container-type:size] min-h-0 flex-1 overflow-y-auto scroll-pt-2 print:[container-type:normal] print:overflow-visible">
        <CornerHelp />
        <div className="mx-auto flex min-h-full measure flex-col px-5 pt-4">
          <div className="flex-1">
            {loading ? (
              <Waiting label="Ich hole das Gespräch hervor …" />
            ) : loadError !== null ? (
              <Failure className="mt-6" error={loadError} retry={() => conversationId !== null && void askStore.open(conversationId)} />
            ) : turns.length === 0 ? (
              <Welcome ask={send} />
            ) : (
              <div className="divide-y divide-line">
                <h1 className="sr-only">Gespräch mit Luna</h1>
                {turns.map((turn) => (
                  <TurnView key={turn.id} turn={turn} open={evidence.open} active={evidence.chunkId} ask={send} edit={edit} />
                ))}
              </div>
            )}
          </div>
          {turns.length === 0 && <SiteFooter className="lg:hidden" />}
        </div>
      </div>
      <div className="mx-auto w-full measure px-3 pt-2 pb-3 sm:px-5 lg:pb-5 print:hidden" id="question">
        <Composer
          value={draft}
          onChange={(value) => askStore.setDraft(value)}
          onSend={() => send(draft)}
          onStop={() => {
            askStore.stop();
            if (isWide()) field.current?.focus();
          }}
          busy={busy}
          scope={scope}
          onScope={(value) => askStore.setScope(value)}
          field={field}
        />
        <p className="mt-2 hidden text-center text-xs text-ink-3 lg:block">
          <kbd className="font-mono">/</kbd> zur Frage · <kbd className="font-mono">Eingabe</kbd> senden · <kbd className="font-mono">Umschalt</kbd> +{' '}
          <kbd className="font-mono">Eingabe</kbd> neue Zeile · <kbd className="font-mono">Esc</kbd> schließt die Quelle
        </p>
      </div>
      <EvidenceDrawer citation={citation} number={number} onClose={evidence.close} />
    </div>
  );
}

function Welcome({ ask }: { ask: (question: string) => void }) {
  return (
    <div className="animate-rise pt-6 pb-8 sm:pt-[12vh]">
      <Moon phase={0.62} className="-ml-1 size-12" />
      <h1 className="mt-5 text-2xl leading-tight font-semibold sm:text-[1.75rem]">Ich bin Luna.</h1>
      <p className="mt-2 max-w-prose text-lg leading-relaxed text-ink-2 text-pretty">
        Fragen Sie mich etwas, das in Ihren Dokumenten steht – raten liegt mir nicht.
      </p>
      <h2 className="mt-8 mb-2 text-sm font-semibold text-ink-2">Zum Beispiel</h2>
      <ul className="divide-y divide-line border-y border-line">
        {EXAMPLES.map((example) => (
          <li key={example}>
            <button
              type="button"
              onClick={() => ask(example)}
              className="w-full py-3 text-left text-[0.9375rem] text-ink transition-colors hover:text-moon"
            >
              {example}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
