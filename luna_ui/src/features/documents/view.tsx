/** Dokumente: what Luna has read, and how more gets in. */
import { useDeferredValue, useEffect, useRef, useState } from 'react';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { Trash2, X } from 'lucide-react';
import { type ItemFilter, deleteItem, listItems, restoreItem } from '@/api/calls';
import type { Item, ItemStatus } from '@/api/types';
import { Page } from '@/components/shell/page';
import { Badge, type Tone } from '@/components/ui/badge';
import { Button, IconButton } from '@/components/ui/button';
import { Input, Select } from '@/components/ui/field';
import { Empty, Failure, Waiting, messageOf } from '@/components/ui/notice';
import { notify } from '@/components/ui/toast';
import { focusOnceGone } from '@/lib/focus';
import { KIND, STATUS, formatBytes, formatDay, formatValidity, plural } from '@/lib/format';
import { UploadPanel } from './upload-panel';
import { uploads } from './uploads';

const TONE: Record<ItemStatus, Tone> = { received: 'plain', processing: 'plain', ready: 'ok', failed: 'bad', archived: 'warn' };

export function StatusBadge({ status }: { status: ItemStatus }) {
  return <Badge tone={TONE[status]}>{STATUS[status] ?? status}</Badge>;
}

export function useDeleteItem(): (item: Pick<Item, 'item_id' | 'title' | 'file_name'>) => Promise<void> {
  const client = useQueryClient();
  return async (item) => {
    try {
      await deleteItem(item.item_id);
      const listed = client.invalidateQueries({ queryKey: ['items'] });
      notify(`„${item.title ?? item.file_name}“ gelöscht.`, {
        duration: 10_000,
        action: {
          label: 'Rückgängig',
          run: () => {
            restoreItem(item.item_id).then(
              () => client.invalidateQueries({ queryKey: ['items'] }),
              (error: unknown) => notify(messageOf(error), { tone: 'bad' }),
            );
          },
        },
      });
      await listed;
    } catch (error) {
      notify(messageOf(error), { tone: 'bad' });
      throw error;
    }
  };
}

export function DocumentsView() {
  const search = useSearch({ from: '/dokumente' });
  const navigate = useNavigate({ from: '/dokumente' });
  const router = useRouter();
  const client = useQueryClient();
  const [words, setWords] = useState(search.suche ?? '');
  const query = useDeferredValue(words);

  useEffect(() => {
    uploads.onChange = () => void client.invalidateQueries({ queryKey: ['items'] });
  }, [client]);
  useEffect(() => {
    const wanted = query.trim() === '' ? undefined : query.trim();
    if (wanted === search.suche) return;
    const timer = setTimeout(() => {
      // Somebody on the way to another view, which may still be loading, is not called back.
      if (router.latestLocation.pathname !== '/dokumente') return;
      void navigate({ search: (old) => ({ ...old, suche: wanted }), replace: true, resetScroll: false });
    }, 300);
    return () => clearTimeout(timer);
  }, [query, search.suche, navigate, router]);

  const filter: ItemFilter = {};
  if (search.suche !== undefined) filter.query = search.suche;
  if (search.art !== undefined) filter.kind = search.art;
  if (search.tag !== undefined) filter.tag = search.tag;
  if (search.status !== undefined) filter.status = search.status;
  const filtered = Object.keys(filter).length > 0;

  const items = useInfiniteQuery({
    queryKey: ['items', filter],
    queryFn: ({ pageParam, signal }) => listItems(filter, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (before) => before,
  });
  const rows = items.data?.pages.flatMap((page) => page.items) ?? [];
  const total = items.data?.pages[0]?.total ?? null;
  const list = useRef<HTMLUListElement>(null);
  const remove = useDeleteItem();
  const removeAt = (at: number) => {
    const item = rows[at];
    const neighbour = rows[at + 1] ?? rows[at - 1];
    if (item === undefined) return;
    remove(item).then(
      () =>
        // The button goes with its document; the focus goes on with the next one.
        focusOnceGone(
          () =>
            (neighbour && list.current?.querySelector(`[data-item="${neighbour.item_id}"]`)) ??
            document.getElementById('search-field'),
        ),
      () => undefined,
    );
  };
  const set = (part: Partial<typeof search>) => void navigate({ search: (old) => ({ ...old, ...part }), replace: true, resetScroll: false });

  return (
    <Page title="Dokumente" lead="Was hier liegt, habe ich gelesen. Was nicht hier liegt, kenne ich nicht.">
      <UploadPanel />
      <div className="mb-3 flex flex-wrap gap-2" role="search">
        <Input
          type="search"
          id="search-field"
          aria-label="Dokumente durchsuchen"
          placeholder="Titel oder Dateiname"
          value={words}
          onChange={(event) => setWords(event.target.value)}
          className="min-w-48 flex-1 basis-full sm:basis-48"
        />
        <Select aria-label="Art" value={search.art ?? ''} onChange={(event) => set({ art: event.target.value || undefined })} className="w-auto flex-1 sm:flex-none">
          <option value="">Jede Art</option>
          {Object.entries(KIND).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
        <Select aria-label="Status" value={search.status ?? ''} onChange={(event) => set({ status: event.target.value || undefined })} className="w-auto flex-1 sm:flex-none">
          <option value="">Jeder Status</option>
          {Object.entries(STATUS).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
        {search.tag !== undefined && (
          <Button onClick={() => set({ tag: undefined })} aria-label={`Schlagwort ${search.tag} entfernen`}>
            {search.tag} <X />
          </Button>
        )}
      </div>

      {items.isPending ? (
        <Waiting label="Ich gehe das Regal durch …" />
      ) : items.isError ? (
        <Failure error={items.error} retry={() => void items.refetch()} />
      ) : rows.length === 0 ? (
        filtered ? (
          <Empty title="Nichts gefunden.">
            <p>Mit weniger Filtern sieht man mehr.</p>
            <Button
              size="sm"
              className="mt-4"
              onClick={() => {
                setWords('');
                set({ suche: undefined, art: undefined, tag: undefined, status: undefined });
              }}
            >
              Filter zurücksetzen
            </Button>
          </Empty>
        ) : (
          <Empty title="Das Regal ist noch leer.">Ziehen Sie oben ein Dokument hinein. Danach habe ich etwas zu sagen.</Empty>
        )
      ) : (
        <>
          <ul ref={list} className="divide-y divide-line rounded-xl border border-line bg-panel">
            {rows.map((item, at) => (
              <ItemRow key={item.item_id} item={item} onTag={(tag) => set({ tag })} onRemove={() => removeAt(at)} />
            ))}
          </ul>
          <div className="mt-3 flex flex-wrap items-center justify-between gap-3 text-sm text-ink-3">
            <span>{total === null ? plural(rows.length, 'Dokument', 'Dokumente') : `${rows.length} von ${plural(total, 'Dokument', 'Dokumenten')}`}</span>
            {items.hasNextPage && (
              <Button size="sm" busy={items.isFetchingNextPage} onClick={() => void items.fetchNextPage()}>
                {items.isFetchingNextPage ? 'Lädt …' : 'Mehr laden'}
              </Button>
            )}
          </div>
        </>
      )}
    </Page>
  );
}

function ItemRow({ item, onTag, onRemove }: { item: Item; onTag: (tag: string) => void; onRemove: () => void }) {
  const name = item.title ?? item.file_name;
  const validity = formatValidity(item.valid_from, item.valid_to);
  const facts = [
    KIND[item.kind] ?? item.kind,
    item.version > 1 ? `Fassung ${item.version}` : null,
    validity,
    item.chunks > 0 ? plural(item.chunks, 'Passage', 'Passagen') : null,
    formatBytes(item.size_bytes),
    formatDay(item.created_at),
  ].filter((fact) => fact !== null);
  return (
    <li className="flex items-start gap-3 px-4 py-3" data-testid="item">
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Link
            data-item={item.item_id}
            to="/dokumente/$itemId"
            params={{ itemId: item.item_id }}
            search={{}}
            className="min-w-0 rounded font-medium break-words hover:text-moon hover:underline hover:underline-offset-4"
          >
            {name}
          </Link>
          {item.status !== 'ready' && <StatusBadge status={item.status} />}
          {item.public && <Badge>öffentlich</Badge>}
        </div>
        <p className="mt-0.5 text-xs leading-relaxed text-ink-3">{facts.join(' · ')}</p>
        {item.status === 'failed' && item.error && <p className="mt-1 text-sm text-bad">{item.error}</p>}
        {item.tags.length > 0 && (
          <div className="mt-1.5 flex flex-wrap gap-1.5">
            {item.tags.map((tag) => (
              <button
                key={tag}
                type="button"
                onClick={() => onTag(tag)}
                className="min-h-6 rounded border border-line px-1.5 text-xs text-ink-2 transition-colors hover:border-moon/60 hover:text-ink"
              >
                {tag}
              </button>
            ))}
          </div>
        )}
      </div>
      {item.own && (
        <IconButton label={`„${name}“ löschen`} onClick={onRemove}>
          <Trash2 />
        </IconButton>
      )}
    </li>
  );
}
