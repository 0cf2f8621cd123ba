/** How well search finds, as it was last measured: totals by kind of question, and where they come from. For the administrator. */
import { useQuery } from '@tanstack/react-query';
import { ExternalLink } from 'lucide-react';
import { needsKey } from '@/api/client';
import { type HalfQuality, type QualityOverview, searchQuality } from '@/api/quality';
import { Failure, Waiting } from '@/components/ui/notice';
import { formatMoment, formatNumber, plural } from '@/lib/format';
import { halfWords, halvesOf, outdated, refusalsOf, rowsOf } from './quality-words';

export function Quality({ dagster }: { dagster: string | null }) {
  const quality = useQuery({ queryKey: ['search-quality'], queryFn: searchQuality, refetchInterval: 60_000 });
  if (quality.isPending) return <Waiting className="py-2" />;
  // That the key does not fit is said once, above.
  if (quality.isError) return needsKey(quality.error) ? null : <Failure error={quality.error} retry={() => void quality.refetch()} />;
  return <QualityPanel overview={quality.data} dagster={dagster} />;
}

const Command = ({ children }: { children: string }) => <code className="rounded bg-raised px-1 py-0.5 font-mono text-[0.8125rem] whitespace-nowrap">{children}</code>;

export function QualityPanel({ overview, dagster }: { overview: QualityOverview; dagster: string | null }) {
  const { measured } = overview;
  if (measured === null) {
    return (
      <div className="max-w-prose space-y-2 rounded-xl border border-dashed border-line-strong px-5 py-4 text-sm text-ink-2" data-testid="quality">
        <p>Gemessen hat hier noch niemand, und loben möchte ich mich nicht ungeprüft.</p>
        <p>
          Gemessen wird in Dagster mit dem Asset <Command>documents/evaluation</Command>; liegen genug der Gesetze vor, nach denen gefragt wird, geschieht es nach jedem neuen Index von
          selbst. <Command>luna eval</Command> fragt von der Befehlszeile aus und zeigt die Zahlen dort.
        </p>
      </div>
    );
  }
  const warning = outdated(overview);
  const [first, ...others] = halvesOf(measured);
  const run = `Lauf ${measured.run_id.slice(0, 8)}`;
  return (
    <div className="space-y-4" data-testid="quality">
      <p className="max-w-prose text-sm text-ink-2">
        Gemessen am {formatMoment(new Date(measured.measured_at_s * 1000).toISOString())} an Fassung {measured.index_version} des öffentlichen Bestands mit{' '}
        {plural(measured.questions, 'Probefrage', 'Probefragen')}
        {measured.left_out > 0 && `; ${formatNumber(measured.left_out)} blieben aus, weil ihre Gesetze hier nicht liegen`}.{' '}
        {dagster === null ? (
          run
        ) : (
          <a className="inline-flex min-h-6 items-center gap-1 underline underline-offset-2 hover:text-ink" href={`${dagster}/runs/${measured.run_id}`} target="_blank" rel="noreferrer noopener">
            {run} <ExternalLink className="size-3.5" />
          </a>
        )}
      </p>
      {warning !== null && <p className="text-sm text-warn">{warning}</p>}
      {first !== undefined && <Half name={first[0]} half={first[1]} />}
      {others.map(([name, half]) => (
        <details key={name}>
          <summary className="min-h-6 cursor-pointer text-sm text-ink-2 hover:text-ink">{halfWords(name).title}</summary>
          <div className="mt-3">
            <Half name={name} half={half} />
          </div>
        </details>
      ))}
      <p className="max-w-prose text-xs text-ink-3">
        Unter den ersten fünf (hit@5): Anteil der Fragen, zu denen eine richtige Vorschrift unter den ersten fünf steht. Rang (MRR@10): eins geteilt durch den Platz der ersten richtigen, im Mittel; 1,00
        heißt immer zuerst. Klein darunter, wo der wahre Wert mit 95&nbsp;% liegt.
      </p>
    </div>
  );
}

function Half({ name, half }: { name: string; half: HalfQuality }) {
  const { title, note } = halfWords(name);
  const refused = refusalsOf(half);
  return (
    <div>
      <table className="w-full max-w-2xl text-sm tabular-nums">
        <caption className="pb-2 text-left text-sm">
          <span className="font-medium">{title}.</span> <span className="text-ink-2">{note}</span>
        </caption>
        <thead>
          <tr className="border-b border-line-strong align-bottom text-xs text-ink-3 [&_th]:py-1.5 [&_th]:font-normal">
            <th scope="col" className="pr-2 text-left">
              Art der Frage
            </th>
            <th scope="col" className="px-2 text-right">
              Fragen
            </th>
            <th scope="col" className="px-2 text-right">
              Unter den ersten fünf
            </th>
            <th scope="col" className="pl-2 text-right">
              Rang
            </th>
          </tr>
        </thead>
        <tbody>
          {rowsOf(half).map((row) => (
            <tr key={row.kind} data-kind={row.kind} className="border-b border-line align-top last:font-medium [&>*]:py-1.5">
              <th scope="row" className={`pr-2 text-left ${row.kind === 'all' ? 'font-medium' : 'font-normal'}`}>
                {row.name}
              </th>
              <td className="px-2 text-right">{row.questions}</td>
              <td className="px-2 text-right whitespace-nowrap">
                {row.hit}
                <span className="block text-xs font-normal text-ink-3">{row.hitRange}</span>
              </td>
              <td className="pl-2 text-right whitespace-nowrap">
                {row.rank}
                <span className="block text-xs font-normal text-ink-3">{row.rankRange}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {refused !== null && <p className="mt-2 text-sm text-ink-2">{refused}</p>}
    </div>
  );
}
