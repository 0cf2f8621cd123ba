/** Suche: retrieval alone, and why each passage was found. */
import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { FileText, Search } from 'lucide-react';
import { search as searchApi } from '@/api/calls';
import type { Hit } from '@/api/types';
import { ScopeBar } from '@/components/scope';
import { EvidenceDrawer } from '@/components/evidence/drawer';
import { PlaceBadges } from '@/components/evidence/facts';
import { useEvidence } from '@/components/evidence/use-evidence';
import { Page } from '@/components/shell/page';
import { Button } from '@/components/ui/button';
import { Input } from '@/components/ui/field';
import { Empty, Failure, Waiting } from '@/components/ui/notice';
import { ScoreBars } from '@/components/ui/scores';
import { excerpt } from '@/lib/citations';
import { ANYTHING, scopeBody } from '@/lib/scope';
import { formatScore, plural, whyFound } from '@/lib/format';

export function SearchView() {
  const { q } = useSearch({ from: '/suche' });
  const navigate = useNavigate({ from: '/suche' });
  const evidence = useEvidence();
  const [words, setWords] = useState(q ?? '');
  const [topK, setTopK] = useState(10);
  const [scope, setScope] = useState(ANYTHING);
  const result = useQuery({
    queryKey: ['search', q, topK, scope],
    queryFn: ({ signal }) => searchApi({ question: q ?? '', top_k: topK, ...scopeBody(scope) }, signal),
    enabled: q !== undefined,
    placeholderData: (before) => before,
  });
  const hits = q === undefined ? [] : (result.data?.hits ?? []);
  const at = hits.findIndex((hit) => hit.chunk_id === evidence.chunkId);

  return (
    <Page title="Suche" lead="Was ich zu einer Frage finde, bevor ich ein Wort dazu sage, und warum.">
      <form
        role="search"
        className="mb-2 flex gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          setTopK(10);
          void navigate({ search: { q: words.trim() === '' ? undefined : words.trim() } });
        }}
      >
        <Input
          type="search"
          id="search-field"
          aria-label="Suchfrage"
          placeholder="Netzorientierte Steuerung, § 14a EnWG, Ersatzversorgung …"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <Button type="submit" variant="primary" disabled={words.trim() === ''}>
          <Search /> Suchen
        </Button>
      </form>
      <div className="-ml-3 mb-6">
        <ScopeBar scope={scope} onChange={setScope} />
      </div>
      {q === undefined ? (
        <Empty title="Noch nichts gesucht.">Eine Frage, ein Paragraf oder ein Stichwort genügt.</Empty>
      ) : result.isPending ? (
        <Waiting label="Ich suche …" />
      ) : result.isError ? (
        <Failure error={result.error} retry={() => void result.refetch()} />
      ) : hits.length === 0 ? (
        <Empty title="Dazu finde ich nichts.">Vielleicht steht es unter einem anderen Wort, oder es steht nirgends.</Empty>
      ) : (
        <div aria-busy={result.isFetching}>
          <div className="mb-3 flex flex-wrap items-center justify-between gap-2 text-sm text-ink-2">
            <p role="status">{plural(hits.length, 'Passage', 'Passagen')}</p>
            <Button size="sm" variant="quiet" asChild>
              <Link to="/" search={{ q }}>
                Luna danach fragen
              </Link>
            </Button>
          </div>
          <ol className="space-y-3">
            {hits.map((hit, index) => (
              <HitRow key={hit.chunk_id} hit={hit} rank={index + 1} open={evidence.open} active={index === at} />
            ))}
          </ol>
          {hits.length >= topK && topK < 50 && (
            <Button size="sm" className="mt-4" busy={result.isFetching} onClick={() => setTopK((value) => value + 10)}>
              Mehr Treffer
            </Button>
          )}
        </div>
      )}
      <EvidenceDrawer citation={hits[at] ?? null} number={at === -1 ? null : at + 1} onClose={evidence.close} />
    </Page>
  );
}

function HitRow({ hit, rank, open, active }: { hit: Hit; rank: number; open: (chunkId: string) => void; active: boolean }) {
  const { payload } = hit;
  return (
    <li className={`@container rounded-xl border bg-panel p-4 ${active ? 'border-moon' : 'border-line'}`} data-testid="hit">
      <div className="grid gap-x-8 gap-y-4 @3xl:grid-cols-[minmax(0,1fr)_15rem]">
        <div className="min-w-0">
          <div className="flex items-baseline gap-3">
            <span className="w-5 shrink-0 text-right font-mono text-sm text-ink-3">{rank}</span>
            <h2 className="min-w-0 font-medium break-words">{payload.title}</h2>
          </div>
          <div className="mt-2 space-y-2 pl-8">
            {payload.heading_path.length > 0 && <p className="text-xs text-ink-3">{payload.heading_path.join(' › ')}</p>}
            <PlaceBadges payload={payload} />
            <p className="line-clamp-5 font-serif text-[0.9375rem] leading-relaxed break-words text-ink-2">{excerpt(payload.text, payload.heading_path.at(-1))}</p>
            <Button size="sm" variant="quiet" className="-ml-3" onClick={() => open(hit.chunk_id)} aria-label={`Passage ${rank} aufschlagen: ${payload.title}`}>
              <FileText /> Aufschlagen
            </Button>
          </div>
        </div>
        <div className="border-line pl-8 @3xl:border-l @3xl:pl-6">
          <p className="flex items-baseline justify-between text-sm">
            <span className="text-ink-2">Wertung</span>
            <span className="font-mono text-lg tabular-nums">{formatScore(hit.score)}</span>
          </p>
          <div className="mt-3">
            <ScoreBars scores={hit.scores} />
          </div>
          <p className="mt-3 text-xs leading-relaxed text-ink-3">{whyFound(hit.scores)}</p>
        </div>
      </div>
    </li>
  );
}
