/** The passage behind a claim, shown where it stands. Beside the answer on a wide screen, instead of it on a phone. */
import { useState } from 'react';
import { ChevronLeft, ChevronRight, X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { Citation, Payload } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Failure, Waiting } from '@/components/ui/notice';
import { useWide } from '@/lib/media';
import { PassageActions, PlaceBadges } from './facts';
import { PassageText } from './passage-text';
import { focusOpener } from './use-evidence';
import { usePassage } from './use-passage';

export function EvidenceDrawer({ citation, number, onClose }: { citation: Citation | null; number: number | null; onClose: () => void }) {
  const wide = useWide();
  return (
    <Radix.Root open={citation !== null} onOpenChange={(open) => !open && onClose()} modal={!wide}>
      <Radix.Portal>
        <Radix.Content
          aria-describedby={undefined}
          data-testid="drawer"
          onInteractOutside={(event) => event.preventDefault()}
          onOpenAutoFocus={(event) => {
            event.preventDefault();
            if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            focusOpener();
          }}
          className="fixed inset-0 z-40 flex ringless animate-slide flex-col bg-panel outline-none lg:left-auto lg:w-[30rem] lg:border-l lg:border-line lg:shadow-2xl"
        >
          {citation !== null && <Body key={citation.chunk_id} citation={citation} number={number} />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Body({ citation, number }: { citation: Citation; number: number | null }) {
  const [chunkId, setChunkId] = useState(citation.chunk_id);
  const own = chunkId === citation.chunk_id;
  const { payload } = citation;
  const passage = usePassage(
    payload.item_id,
    chunkId,
    payload.version,
    own ? { start: payload.char_start, end: payload.char_end } : null,
  );
  const shown: Payload = own || passage.current === null ? payload : { ...payload, ...passage.current };
  const path = shown.heading_path.join(' › ');

  return (
    <>
      <header className="border-b border-line px-5 pt-4 pb-4">
        <div className="flex items-start gap-3">
          {number !== null && (
            <span className="mt-0.5 flex size-6 shrink-0 items-center justify-center rounded bg-moon text-xs font-semibold text-moon-ink">{number}</span>
          )}
          <div className="min-w-0 flex-1">
            <Radix.Title className="leading-snug font-semibold break-words">{payload.title}</Radix.Title>
            {path !== '' && <p className="mt-0.5 line-clamp-2 text-xs text-ink-3">{path}</p>}
          </div>
          <Radix.Close asChild>
            <Button variant="quiet" size="icon-sm" aria-label="Beleg schließen (Esc)" className="-mt-1 -mr-2">
<X />
</Button>
          </Radix.Close>
        </div>
        <div className="mt-3 space-y-3">
          <PlaceBadges payload={shown} />
          <PassageActions payload={payload} chunkId={chunkId} />
        </div>
      </header>
      <div className="thin-scroll min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-5" tabIndex={0} role="region" aria-label="Text des Dokuments">
        {passage.error !== null && passage.error !== undefined ? (
          <>
            <Failure error={passage.error} retry={passage.retry} />
            <p className="mt-4 mb-2 text-xs text-ink-3">Die Passage selbst habe ich noch:</p>
            <p className="font-serif leading-relaxed whitespace-pre-wrap">
              <mark>{payload.text}</mark>
            </p>
          </>
        ) : passage.text === null || passage.pending ? (
          <Waiting label="Ich schlage die Stelle auf …" />
        ) : (
          <PassageText text={passage.text} mark={passage.mark} />
        )}
      </div>
      <footer className="flex items-center justify-between gap-2 border-t border-line px-3 py-2 pb-[max(0.5rem,env(safe-area-inset-bottom))]">
        <Button size="sm" variant="quiet" disabled={passage.previous === null} onClick={() => passage.previous && setChunkId(passage.previous.chunk_id)}>
          <ChevronLeft /> Vorige Passage
        </Button>
        {!own && (
          <Button size="sm" variant="quiet" className="max-sm:hidden" onClick={() => setChunkId(citation.chunk_id)}>
            Zum Beleg
          </Button>
        )}
        <Button size="sm" variant="quiet" disabled={passage.next === null} onClick={() => passage.next && setChunkId(passage.next.chunk_id)}>
          Nächste Passage <ChevronRight />
        </Button>
      </footer>
    </>
  );
}
