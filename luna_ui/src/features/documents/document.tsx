/** One document: what is known about it, its versions, its summary, and its text with the passages. */
import { useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ArrowLeft, ChevronDown, ChevronLeft, ChevronRight, ChevronUp, MessageSquareText, RotateCw, Trash2 } from 'lucide-react';
import { getItem, getItemSummary, getItemVersions, retryIngest } from '@/api/calls';
import type { Item } from '@/api/types';
import { OriginalButton, PassageActions, PlaceBadges } from '@/components/evidence/facts';
import { PassageText } from '@/components/evidence/passage-text';
import { usePassage } from '@/components/evidence/use-passage';
import { Page } from '@/components/shell/page';
import { Button, IconButton } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import { Failure, Waiting, messageOf } from '@/components/ui/notice';
import { notify } from '@/components/ui/toast';
import { AnswerText } from '@/features/ask/answer';
import { citedIds } from '@/lib/citations';
import { focusOn } from '@/lib/focus';
import { KIND, formatBytes, formatMoment, formatNumber, formatValidity } from '@/lib/format';
import { findAll } from '@/lib/passage';
import { StatusBadge, useDeleteItem } from './view';

export function DocumentView() {
  const { itemId } = useParams({ from: '/dokumente/$itemId' });
  const item = useQuery({
    queryKey: ['item', itemId],
    queryFn: () => getItem(itemId),
    refetchInterval: ({ state }) => (state.data?.status === 'received' || state.data?.status === 'processing' ? 2000 : false),
  });
  const back = (
    <Link to="/dokumente" search={{}} className="mb-2 inline-flex min-h-8 items-center gap-1.5 rounded text-sm text-ink-2 hover:text-ink">
      <ArrowLeft className="size-4" /> Alle Dokumente
    </Link>
  );
  if (item.isPending) return <Page title="Dokument" before={back}><Waiting label="Ich schlage es auf …" /></Page>;
  if (item.isError) return <Page title="Dokument" before={back}><Failure error={item.error} retry={() => void item.refetch()} /></Page>;
  const title = item.data.title ?? item.data.file_name;
  return (
    <Page title={title} before={back}>
      <div className="grid gap-x-10 gap-y-8 lg:grid-cols-[minmax(0,1fr)_19rem]">
        <aside className="space-y-7 lg:order-2">
          <Actions item={item.data} />
          <Facts item={item.data} />
          <Versions item={item.data} />
        </aside>
        <div className="min-w-0 space-y-8 lg:order-1">
          {item.data.status === 'failed' && (
            <div role="alert" className="rounded-lg border border-bad/45 bg-bad-soft px-4 py-3 text-sm">
              <p>{item.data.error ?? 'Dieses Dokument konnte ich nicht lesen.'}</p>
              {item.data.retryable && (
                <Button
                  size="sm"
                  className="mt-3"
                  onClick={() => {
                    retryIngest(itemId).then(
                      () => item.refetch(),
                      (error: unknown) => notify(messageOf(error), { tone: 'bad' }),
                    );
                  }}
                >
                  <RotateCw /> Noch einmal lesen
                </Button>
              )}
            </div>
          )}
          {item.data.warnings.length > 0 && (
            <ul className="space-y-1 border-l-2 border-warn pl-4 text-sm text-warn">
              {item.data.warnings.map((warning) => (
                <li key={warning}>{warning}</li>
              ))}
            </ul>
          )}
          {(item.data.status === 'received' || item.data.status === 'processing') && <Waiting label="Ich lese es gerade. Es dauert meist nur Sekunden." />}
          {(item.data.status === 'ready' || item.data.status === 'archived') && (
            <>
              <Summary itemId={itemId} />
              <Reader item={item.data} />
            </>
          )}
        </div>
      </div>
    </Page>
  );
}

function Actions({ item }: { item: Item }) {
  const remove = useDeleteItem();
  const navigate = useNavigate();
  return (
    <div className="flex flex-wrap gap-2">
      <Button size="sm" asChild>
        <Link to="/" search={{ q: `Was regelt „${item.title ?? item.file_name}“ zu ` }}>
          <MessageSquareText /> Dazu fragen
        </Link>
      </Button>
      <OriginalButton itemId={item.item_id} fileName={item.file_name} />
      {item.own && (
        <Button
          size="sm"
          variant="danger"
          onClick={() => {
            remove(item).then(
              () => navigate({ to: '/dokumente', search: {} }).then(() => focusOn(window.document.getElementById('main'))),
              () => undefined,
            );
          }}
        >
          <Trash2 /> Löschen
        </Button>
      )}
    </div>
  );
}

function Facts({ item }: { item: Item }) {
  const rows: [string, React.ReactNode][] = [
    ['Status', <StatusBadge key="status" status={item.status} />],
    ['Art', KIND[item.kind] ?? item.kind],
    ['Fassung', item.version],
    ['Gültigkeit', formatValidity(item.valid_from, item.valid_to) ?? 'ohne Angabe'],
    ['Passagen', item.chunks > 0 ? formatNumber(item.chunks) : null],
    ['Datei', item.file_name],
    ['Größe', formatBytes(item.size_bytes)],
    ['Format', item.media_type],
    ['Kurzname', item.law_names.length > 0 ? item.law_names[0] : null],
    ['Aufgenommen', formatMoment(item.created_at)],
    ['Schlagwörter', item.tags.length > 0 ? item.tags.join(', ') : null],
    ['Herkunft', item.url],
    [
      'SHA-256',
        <span key="sha" className="font-mono text-xs" title={item.sha256}>
          {item.sha256.slice(0, 16)}…
        </span>,
    ],
  ];
  return (
    <section aria-label="Angaben">
      <h2 className="mb-2 text-sm font-semibold text-ink-2">Angaben</h2>
      <dl className="divide-y divide-line border-y border-line text-sm">
        {rows
          .filter(([, value]) => value !== null && value !== undefined && value !== '')
          .map(([name, value]) => (
            <div key={name} className="grid grid-cols-[7rem_minmax(0,1fr)] gap-2 py-1.5">
              <dt className="text-ink-3">{name}</dt>
              <dd className="break-words">{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

function Versions({ item }: { item: Item }) {
  const query = useQuery({ queryKey: ['versions', item.item_id], queryFn: () => getItemVersions(item.item_id) });
  const versions = query.data?.versions ?? [];
  if (versions.length < 2) return null;
  return (
    <section aria-label="Fassungen">
      <h2 className="mb-2 text-sm font-semibold text-ink-2">Fassungen</h2>
      <ul className="space-y-px">
        {versions.map((version) => (
          <li key={version.item_id}>
            <Link
              to="/dokumente/$itemId"
              params={{ itemId: version.item_id }}
              search={{}}
              aria-current={version.item_id === item.item_id ? 'true' : undefined}
              className="block rounded-md px-2 py-1.5 text-sm text-ink-2 hover:bg-raised aria-[current]:bg-raised aria-[current]:text-ink"
            >
              Fassung {version.version}
              {version.current && <span className="text-ink-3"> (aktuell)</span>}
              <span className="block text-xs text-ink-3">{formatValidity(version.valid_from, version.valid_to) ?? 'ohne Gültigkeitsangabe'}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Summary({ itemId }: { itemId: string }) {
  const summary = useQuery({ queryKey: ['summary', itemId], queryFn: () => getItemSummary(itemId), staleTime: 5 * 60_000 });
  const navigate = useNavigate();
  if (summary.isPending) return <Waiting className="py-0" label="Ich fasse zusammen …" />;
  // A summary is a courtesy; its absence is no alarm.
  if (summary.isError || summary.data.summary.trim() === '') return null;
  const citations = Object.fromEntries(summary.data.citations.map((citation) => [citation.chunk_id, citation]));
  return (
    <section aria-label="Kurz gesagt" className="border-l-2 border-moon pl-5">
      <h2 className="mb-1.5 text-sm font-semibold text-ink-2">Kurz gesagt</h2>
      <AnswerText
        text={summary.data.summary}
        order={citedIds(summary.data.summary)}
        citations={citations}
        active={null}
        open={(chunk) => void navigate({ to: '/dokumente/$itemId', params: { itemId }, search: { chunk }, resetScroll: false })}
      />
    </section>
  );
}

function Reader({ item }: { item: Item }) {
  const { chunk } = useSearch({ from: '/dokumente/$itemId' });
  const navigate = useNavigate({ from: '/dokumente/$itemId' });
  const passage = usePassage(item.item_id, chunk ?? null, item.version, null);
  const [needle, setNeedle] = useState('');
  const [hit, setHit] = useState(0);
  const found = useMemo(() => (passage.text === null ? [] : findAll(passage.text, needle)), [passage.text, needle]);
  const at = found[Math.min(hit, found.length - 1)] ?? null;
  const step = (by: number) => setHit((value) => (value + by + found.length) % Math.max(1, found.length));
  const go = (id: string) => void navigate({ search: (old) => ({ ...old, chunk: id }), replace: true, resetScroll: false });

  return (
    <section aria-label="Text">
      <div className="sticky top-0 z-10 -mx-1 mb-4 flex flex-wrap items-center gap-2 border-b border-line bg-bg px-1 py-3">
        <h2 className="mr-auto text-sm font-semibold text-ink-2">Text</h2>
        <form
          role="search"
          className="flex items-center gap-1"
          onSubmit={(event) => {
            event.preventDefault();
            step(1);
          }}
        >
          <Input
            type="search"
            id="search-field"
            aria-label="Im Text finden"
            placeholder="Im Text finden"
            value={needle}
            onChange={(event) => {
              setNeedle(event.target.value);
              setHit(0);
            }}
            className="h-9 w-40 sm:w-52"
          />
          {needle.trim().length > 1 && (
            <span role="status" className="min-w-14 text-center font-mono text-xs text-ink-3">
              {found.length === 0 ? 'nichts' : `${Math.min(hit, found.length - 1) + 1}/${found.length >= 500 ? '500+' : found.length}`}
            </span>
          )}
          <IconButton label="Vorige Stelle" disabled={found.length === 0} onClick={() => step(-1)}>
            <ChevronUp />
          </IconButton>
          <IconButton label="Nächste Stelle" disabled={found.length === 0} onClick={() => step(1)}>
            <ChevronDown />
          </IconButton>
        </form>
      </div>
      {chunk !== undefined && at === null && passage.current !== null && (
        <div className="mb-4 space-y-3 rounded-lg border border-line bg-panel p-4">
          {passage.current.heading_path.length > 0 && (
            <p className="text-sm text-ink-2">{passage.current.heading_path.join(' › ')}</p>
          )}
          <PlaceBadges payload={passage.current} />
          <PassageActions here payload={{ item_id: item.item_id, file_name: item.file_name, url: item.url }} chunkId={chunk} />
        </div>
      )}
      {passage.error !== null && passage.error !== undefined ? (
        <Failure error={passage.error} retry={passage.retry} />
      ) : passage.text === null || passage.pending ? (
        <Waiting label="Ich hole den Text …" />
      ) : (
        <>
          <PassageText text={passage.text} mark={at ?? passage.mark} />
          {chunk !== undefined && (
            <div className="mt-6 flex justify-between gap-2 border-t border-line pt-3">
              <Button size="sm" variant="quiet" disabled={passage.previous === null} onClick={() => passage.previous && go(passage.previous.chunk_id)}>
                <ChevronLeft /> Vorige Passage
              </Button>
              <Button size="sm" variant="quiet" disabled={passage.next === null} onClick={() => passage.next && go(passage.next.chunk_id)}>
                Nächste Passage <ChevronRight />
              </Button>
            </div>
          )}
        </>
      )}
    </section>
  );
}
