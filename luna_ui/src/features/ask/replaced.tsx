/** Says of an answer from earlier that what it cites has a newer version by now. */
import { useQueries } from '@tanstack/react-query';
import { History } from 'lucide-react';
import { getItem } from '@/api/calls';
import { Button } from '@/components/ui/button';
import { type Replaceable, replaceable } from './replaced-words';

const CHECKED = 6;

export function Replaced({ turn, again }: { turn: Replaceable; again: () => void }) {
  const items = replaceable(turn).slice(0, CHECKED);
  const found = useQueries({ queries: items.map((item) => ({ queryKey: ['item', item], queryFn: () => getItem(item), staleTime: 60_000, retry: false })) });
  const titles = new Set(found.flatMap(({ data }) => (data !== undefined && !data.current ? [data.law_names[0] ?? data.title ?? data.file_name] : [])));
  if (titles.size === 0) return null;
  return (
    <div role="note" data-testid="replaced" className="mb-5 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border border-warn/45 px-4 py-3 text-sm">
      <p className="flex min-w-0 flex-1 basis-60 items-start gap-2">
        <History className="mt-0.5 size-4 shrink-0 text-warn" />
        <span>
          Seit dieser Antwort gibt es {titles.size === 1 ? 'eine neuere Fassung' : 'neuere Fassungen'}: {[...titles].join(', ')}.
        </span>
      </p>
      <Button size="sm" onClick={again}>
        Heute noch einmal fragen
      </Button>
    </div>
  );
}
