/** What is known about a passage: place, page, version, validity, where the original lies. */
import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import { Download, ExternalLink, FileText, Link2 } from 'lucide-react';
import { itemFile } from '@/api/calls';
import type { Payload } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { messageOf } from '@/components/ui/notice';
import { Tip } from '@/components/ui/tip';
import { notify } from '@/components/ui/toast';
import { copyText } from '@/lib/clipboard';
import { formatValidity } from '@/lib/format';

export function PlaceBadges({ payload }: { payload: Partial<Payload> }) {
  const validity = formatValidity(payload.valid_from, payload.valid_to);
  return (
    <div className="flex flex-wrap gap-1.5 empty:hidden">
      {payload.section && <Badge className="border-moon/40 text-moon">{payload.section}</Badge>}
      {payload.paragraph && <Badge>Abs. {payload.paragraph}</Badge>}
      {typeof payload.page === 'number' && <Badge>Seite {payload.page}</Badge>}
      {typeof payload.version === 'number' && <Badge>Fassung {payload.version}</Badge>}
      {validity !== null && <Badge tone={validity.startsWith('galt') ? 'warn' : 'plain'}>{validity}</Badge>}
    </div>
  );
}

export function passageLink(itemId: string, chunkId: string): string {
  return `${location.origin}/dokumente/${encodeURIComponent(itemId)}?chunk=${encodeURIComponent(chunkId)}`;
}

export async function copyPassageLink(itemId: string, chunkId: string): Promise<void> {
  const done = await copyText(passageLink(itemId, chunkId));
  notify(done ? 'Link kopiert.' : 'Der Browser gibt die Zwischenablage nicht her.', done ? {} : { tone: 'bad' });
}

/** The file needs our headers, so it is fetched and then saved; it is never opened inside our own origin. */
export function OriginalButton({ itemId, fileName }: { itemId: string; fileName?: string | null }) {
  const [busy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const url = URL.createObjectURL(await itemFile(itemId));
      const anchor = document.createElement('a');
      anchor.href = url;
      anchor.download = fileName ?? itemId;
      anchor.click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      notify(messageOf(error), { tone: 'bad' });
    }
    setBusy(false);
  };
  return (
    <Button size="sm" className="px-2.5" busy={busy} onClick={() => void save()}>
      <Download /> Original
    </Button>
  );
}

export function PassageActions({ payload, chunkId, here = false }: { payload: Partial<Payload> & { item_id: string }; chunkId: string; here?: boolean }) {
  return (
    <div className="flex flex-wrap gap-1.5">
      {!here && (
        <Button size="sm" className="px-2.5" asChild>
          <Link to="/dokumente/$itemId" params={{ itemId: payload.item_id }} search={{ chunk: chunkId }}>
            <FileText /> Dokument
          </Link>
        </Button>
      )}
      <OriginalButton itemId={payload.item_id} fileName={payload.file_name ?? null} />
      <Button size="sm" className="px-2.5" onClick={() => void copyPassageLink(payload.item_id, chunkId)}>
        <Link2 /> Link kopieren
      </Button>
      {payload.url && URL.canParse(payload.url) && /^https?:/.test(payload.url) && (
        <Tip text={`Herkunft: ${new URL(payload.url).hostname}`}>
          <Button size="icon-sm" asChild>
            <a href={payload.url} target="_blank" rel="noreferrer noopener" aria-label={`Herkunft im Netz öffnen: ${new URL(payload.url).hostname}`}>
              <ExternalLink />
            </a>
          </Button>
        </Tip>
      )}
    </div>
  );
}
