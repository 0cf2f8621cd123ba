/** What was loaded before, also on other days and by others of the household or company; each import can be taken back. */
import { useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { adminKey } from '@/api/client';
import { listImports, undoImport } from '@/api/series';
import type { ImportData } from '@/api/series-types';
import { Badge } from '@/components/ui/badge';
import { Failure, Waiting, messageOf } from '@/components/ui/notice';
import { notify } from '@/components/ui/toast';
import { formatDays, formatMoment, formatNumber } from '@/lib/format';
import { TakeBack } from './take-back';

const FOLLOW_MS = 2000;
const alive = (one: ImportData): boolean => one.status === 'received' || one.status === 'processing';

export function EarlierImports() {
  const imports = useQuery({
    queryKey: ['imports'],
    queryFn: listImports,
    refetchInterval: ({ state }) => (state.data?.imports.some(alive) === true ? FOLLOW_MS : false),
  });
  if (imports.isPending) return <Waiting className="py-2" label="Ich sehe nach, was war …" />;
  if (imports.isError) return <Failure error={imports.error} retry={() => void imports.refetch()} />;
  const loads = imports.data.imports.filter((one) => one.mode === 'load');
  if (loads.length === 0) return <p className="text-sm text-ink-2">Noch nichts. Was Sie einlesen, steht dann hier und lässt sich zurücknehmen.</p>;
  return (
    <ul className="divide-y divide-line rounded-xl border border-line bg-panel">
      {loads.map((one) => (
        <Earlier key={one.import_id} one={one} />
      ))}
    </ul>
  );
}

function Earlier({ one }: { one: ImportData }) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const prices = one.target === 'market_prices';
  const name = one.file_name ?? 'Datei ohne Namen';
  const undo = () => {
    setBusy(true);
    undoImport(one.import_id, prices)
      .then(
        () => notify(`„${name}“ zurückgenommen; was vorher galt, gilt wieder.`),
        (error: unknown) => notify(messageOf(error), { tone: 'bad' }),
      )
      .finally(() => {
        setBusy(false);
        for (const key of ['imports', 'meters', 'products']) void client.invalidateQueries({ queryKey: [key] });
      });
  };
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-2 px-4 py-3" data-testid="earlier-import" data-status={one.status}>
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm">
          <span className="font-medium break-all">{name}</span>
          {one.status === 'undone' && <Badge>zurückgenommen</Badge>}
          {alive(one) && <Badge>wird gelesen</Badge>}
          {one.status === 'failed' && <Badge tone="bad">gescheitert</Badge>}
        </p>
        <p className="mt-0.5 text-xs text-ink-3">{factsOf(one).join(' · ')}</p>
        {one.status === 'failed' && one.error !== null && <p className="mt-1 text-xs text-bad">{one.error}</p>}
      </div>
      {one.status === 'done' && (!prices || adminKey.get() !== null) && (
        <TakeBack name={name} busy={busy} onConfirm={undo} />
      )}
    </li>
  );
}

function factsOf(one: ImportData): string[] {
  const meters = `${one.meter_ids.slice(0, 3).join(', ')}${one.meter_ids.length > 3 ? ' …' : ''}`;
  return [
    one.target === 'market_prices' ? 'Börsenpreise' : 'Messwerte',
    one.status === 'done' ? `${formatNumber(one.loaded)} neu${one.updated > 0 ? `, ${formatNumber(one.updated)} geändert` : ''}` : '',
    one.ts_from !== null && one.ts_to !== null ? formatDays(one.ts_from, one.ts_to) : '',
    meters,
    `eingereicht ${formatMoment(one.created_at)}`,
  ].filter((fact) => fact !== '');
}
