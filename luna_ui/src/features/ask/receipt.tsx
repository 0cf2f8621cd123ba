/** The receipt of an answer: what it stood on, how it came about, its place in the chain; and asking it again. */
import { type ReactNode, useState } from 'react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Check, Copy, History, ReceiptText, X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type AnswerReceipt, type ReceiptPassage, type ReplayData, getReceipt, replayAnswer } from '@/api/receipts';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Failure, Waiting } from '@/components/ui/notice';
import { copyText } from '@/lib/clipboard';
import { formatDay, formatMoment } from '@/lib/format';
import { embeddersOf, fateOf, formatMs, modeOf, passagesOf, shortHash, timesOf } from './receipt-words';

export function ReceiptButton({ answerId }: { answerId: string }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>
        <Button variant="quiet" size="sm" className="px-2">
          <ReceiptText /> Beleg
        </Button>
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-fade bg-shade" />
        <Radix.Content
          aria-describedby={undefined}
          data-testid="receipt"
          className="fixed inset-0 z-50 flex ringless animate-slide flex-col bg-panel outline-none lg:left-auto lg:w-[30rem] lg:border-l lg:border-line lg:shadow-2xl"
        >
          <Receipt answerId={answerId} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Receipt({ answerId }: { answerId: string }) {
  const receipt = useQuery({ queryKey: ['receipt', answerId], queryFn: ({ signal }) => getReceipt(answerId, signal) });
  const replay = useMutation({ mutationFn: () => replayAnswer(answerId) });
  return (
    <>
      <header className="flex items-start gap-3 border-b border-line px-5 pt-4 pb-4">
        <div className="min-w-0 flex-1">
          <Radix.Title className="leading-snug font-semibold">Beleg der Antwort{receipt.data && ` Nr. ${receipt.data.sequence}`}</Radix.Title>
          {receipt.data && <p className="mt-0.5 text-xs text-ink-3">{formatMoment(receipt.data.created_at)}</p>}
        </div>
        <Radix.Close asChild>
          <Button variant="quiet" size="icon-sm" aria-label="Beleg schließen (Esc)" className="-mt-1 -mr-2">
            <X />
          </Button>
        </Radix.Close>
      </header>
      <div className="thin-scroll min-h-0 flex-1 space-y-6 overflow-y-auto overscroll-contain px-5 py-5" tabIndex={0} role="region" aria-label="Inhalt des Belegs">
        {receipt.error !== null ? (
          <Failure error={receipt.error} retry={() => void receipt.refetch()} />
        ) : receipt.data === undefined ? (
          <Waiting label="Ich hole den Beleg …" />
        ) : (
          <>
            <Replay again={() => replay.mutate()} pending={replay.isPending} error={replay.error} result={replay.data} />
            <Ground receipt={receipt.data} result={replay.data} />
            <Origin receipt={receipt.data} />
            <Times latency={receipt.data.latency_ms} />
            <Chain receipt={receipt.data} />
          </>
        )}
      </div>
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h3 className="mb-2 text-sm font-semibold text-ink-2">{title}</h3>
      {children}
    </section>
  );
}

interface ReplayProps {
  again: () => void;
  pending: boolean;
  error: unknown;
  result: ReplayData | undefined;
}

function Replay({ again, pending, error, result }: ReplayProps) {
  return (
    <section aria-label="Nachvollziehen" className="space-y-3">
      <Button size="sm" onClick={again} busy={pending}>
        <History /> {pending ? 'Ich suche noch einmal …' : 'Nachvollziehen'}
      </Button>
      {error !== null && error !== undefined ? (
        <Failure error={error} />
      ) : result === undefined ? (
        <p className="text-xs text-ink-3">Sucht noch einmal in den heutigen Dokumenten und sagt, was seither anders ist.</p>
      ) : (
        <div role="status" className="rounded-lg border border-line bg-raised px-4 py-3 text-sm" data-testid="replayed">
          <p className="flex items-start gap-2 font-medium">
            {result.same && <Check className="mt-0.5 size-4 shrink-0 text-ok" />}
            <span>{result.said}</span>
          </p>
          {result.text_same === null && result.reruns.length === 0 && (
            <p className="mt-1 text-ink-2">Der Wortlaut stammt von einem Sprachmodell; verglichen sind die Fundstellen.</p>
          )}
          {result.changes.length > 0 && (
            <ul className="mt-2 list-disc space-y-1 pl-5 text-ink-2 marker:text-ink-3">
              {result.changes.map((change) => (
                <li key={change.said}>{change.said}</li>
              ))}
            </ul>
          )}
          {result.now !== null && result.text_same === false && (
            <details className="mt-2">
              <summary className="text-ink-2 underline decoration-line-strong underline-offset-4 hover:text-ink">Antwort von heute</summary>
              <p className="mt-2 font-serif leading-relaxed whitespace-pre-wrap">{result.now.answer.replaceAll(/\s*\[chunk [0-9a-f-]{36}\]/g, '')}</p>
            </details>
          )}
        </div>
      )}
    </section>
  );
}

function Ground({ receipt, result }: { receipt: AnswerReceipt; result: ReplayData | undefined }) {
  const { cited, read } = passagesOf(receipt);
  if (cited.length === 0 && read.length === 0) return null;
  return (
    <Part title="Worauf sie steht">
      {cited.length === 0 && <p className="text-sm text-ink-2">Auf nichts: Gelesen wurde, gefunden nichts, was trägt.</p>}
      <Passages passages={cited} result={result} />
      {read.length > 0 && (
        <details className="mt-2 text-sm">
          <summary className="inline-flex min-h-8 items-center rounded text-ink-2 underline decoration-line-strong underline-offset-4 hover:text-ink">
            Außerdem gelesen: {read.length}
          </summary>
          <Passages passages={read} result={result} />
        </details>
      )}
    </Part>
  );
}

function Passages({ passages, result }: { passages: ReceiptPassage[]; result: ReplayData | undefined }) {
  const today = new Map(result?.passages.map((passage) => [passage.chunk_id, passage]));
  return (
    <ul className="divide-y divide-line text-sm">
      {passages.map((passage) => {
        const now = today.get(passage.chunk_id);
        const fate = now === undefined ? null : fateOf(now);
        return (
          <li key={passage.chunk_id} className="py-2">
            <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <span className="min-w-0 font-medium break-words">{passage.label}</span>
              <Badge>Fassung {passage.version}</Badge>
              {fate !== null && <Badge tone={fate.tone}>{fate.text}</Badge>}
            </span>
            <span className="mt-0.5 block font-mono text-xs text-ink-3" title={passage.sha256}>
              Text {shortHash(passage.sha256)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

function Origin({ receipt }: { receipt: AnswerReceipt }) {
  return (
    <Part title="Wie sie entstand">
      <dl className="grid grid-cols-[7rem_minmax(0,1fr)] gap-x-3 gap-y-1.5 text-sm">
        <Fact name="Art">{modeOf(receipt)}</Fact>
        {receipt.model_digest && <Fact name="Modellstand">{shortHash(receipt.model_digest)}</Fact>}
        {embeddersOf(receipt).map(({ name, digest, used }) => (
          <Fact key={`${name} ${digest} ${used}`} name="Vektoren">
            {used ? name : `${name} war nicht zu haben; gesucht nach Wörtern`}, <span className="font-mono text-xs">{shortHash(digest)}</span>
          </Fact>
        ))}
        {receipt.as_of && <Fact name="Stichtag">{formatDay(receipt.as_of)}</Fact>}
        <Fact name="Vorgaben">
          Fassung {receipt.prompt_version}, <span className="font-mono text-xs">{shortHash(receipt.prompt_hash)}</span>
        </Fact>
        {receipt.index.versions.length > 0 && (
          <Fact name="Index">
            Version {receipt.index.versions.join(', ')}
            {receipt.index.generation !== null && `, Stand ${receipt.index.generation}`}
          </Fact>
        )}
        {receipt.materialisations.length > 0 && (
          <Fact name="Dagster-Läufe">
            <ul className="space-y-0.5">
              {receipt.materialisations.map((made) => (
                <li key={`${made.asset} ${made.run_id}`}>
                  {made.asset} <span className="font-mono text-xs text-ink-3">{made.run_id.slice(0, 8)}</span>
                </li>
              ))}
            </ul>
          </Fact>
        )}
        <Fact name="Vorgang">
          <span className="font-mono text-xs break-all">{receipt.trace_id}</span>
        </Fact>
      </dl>
    </Part>
  );
}

function Times({ latency }: { latency: Record<string, number> }) {
  return (
    <Part title="Wie lange es dauerte">
      <ul className="space-y-1.5 text-sm">
        {timesOf(latency).map((part) => (
          <li key={part.name} className="grid grid-cols-[minmax(0,1fr)_6rem_4rem] items-center gap-3">
            <span className="truncate text-ink-2">{part.name}</span>
            <span className="h-1.5 overflow-hidden rounded-full bg-raised">
              <span className="block h-full rounded-full bg-water" style={{ width: `${Math.max(2, part.share * 100)}%` }} />
            </span>
            <span className="text-right tabular-nums">{formatMs(part.ms)}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Chain({ receipt }: { receipt: AnswerReceipt }) {
  const [copied, setCopied] = useState(false);
  return (
    <Part title="Kette der Belege">
      <p className={receipt.intact ? 'text-sm text-ink-2' : 'text-sm text-bad'}>
        {receipt.intact ? 'Dieser Beleg passt zu seiner Prüfsumme; sie umfasst die des vorigen.' : receipt.fault}
      </p>
      <dl className="mt-2 grid grid-cols-[7rem_minmax(0,1fr)] gap-x-3 gap-y-1.5 text-sm">
        <Fact name="Prüfsumme">
          <button
            type="button"
            aria-label="Prüfsumme kopieren"
            title={receipt.hash}
            onClick={() => void copyText(receipt.hash).then(setCopied)}
            className="inline-flex min-h-6 items-center gap-1.5 rounded font-mono text-xs hover:text-moon"
          >
            {shortHash(receipt.hash)} {copied ? <Check className="size-3.5" /> : <Copy className="size-3.5" />}
          </button>
        </Fact>
        <Fact name="Vorige">
          <span className="font-mono text-xs" title={receipt.previous_hash}>
            {receipt.sequence === 1 ? 'erster Beleg' : shortHash(receipt.previous_hash)}
          </span>
        </Fact>
      </dl>
    </Part>
  );
}
