/** Bringing documents in: by drop, by button, by address; and watching them become readable. */
import { type DragEvent, useRef, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronRight, FileUp, Globe, RotateCw, X } from 'lucide-react';
import { ApiError, systemInfo } from '@/api/client';
import type { Stage } from '@/api/types';
import { Moon } from '@/components/moon';
import { Button, IconButton } from '@/components/ui/button';
import { takeDropped } from '@/components/ui/dropped';
import { Field, Input, Select } from '@/components/ui/field';
import { TraceId, messageOf } from '@/components/ui/notice';
import { cn } from '@/lib/cn';
import { KIND, formatBytes, plural } from '@/lib/format';
import { type Upload, uploads, useUploads } from './uploads';

export function UploadPanel() {
  const info = useQuery({ queryKey: ['info-once'], queryFn: systemInfo, staleTime: Infinity });
  const list = useUploads();
  const [over, setOver] = useState(false);
  const [kind, setKind] = useState('document');
  const [tags, setTags] = useState('');
  const [url, setUrl] = useState('');
  const picker = useRef<HTMLInputElement>(null);
  const depth = useRef(0);
  const maxMb = info.data?.max_upload_mb ?? null;
  const formats = info.data?.formats ?? [];
  const accept = formats.length > 0 ? formats.map((format) => (format.startsWith('.') || format.includes('/') ? format : `.${format}`)).join(',') : undefined;
  const details = () => ({ kind, tags: tags.split(/[,;]/).map((tag) => tag.trim()).filter(Boolean) });

  const drop = (event: DragEvent) => {
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    const about = details();
    takeDropped(event.dataTransfer.items, (files) => uploads.addFiles(files, about, maxMb));
  };

  return (
    <section aria-label="Dokumente hinzufügen" className="mb-8">
      <div
        onDragEnter={() => {
          depth.current += 1;
          setOver(true);
        }}
        onDragLeave={() => {
          depth.current -= 1;
          if (depth.current <= 0) setOver(false);
        }}
        onDragOver={(event) => event.preventDefault()}
        onDrop={drop}
        data-testid="dropzone"
        className={cn(
          'rounded-xl border border-dashed p-5 transition-colors',
          over ? 'border-moon bg-moon-soft' : 'border-line-strong bg-panel',
        )}
      >
        <div className="flex flex-wrap items-center gap-x-5 gap-y-4">
          <div className="min-w-0 flex-1 basis-64">
            <p className="font-medium">{over ? (
                'Einfach loslassen.'
              ) : (
                <>
                  <span className="max-lg:hidden">Dokumente oder Ordner hierher ziehen</span>
                  <span className="lg:hidden">Dokumente hinzufügen</span>
                </>
              )}</p>
            <p className="mt-0.5 text-sm text-ink-2">
              PDF, Office, E-Mail, HTML, Markdown und Text{maxMb === null ? '' : `, bis ${maxMb} MB je Datei`}. Ich lese sie dann.
            </p>
          </div>
          <Button variant="primary" onClick={() => picker.current?.click()}>
            <FileUp /> Dateien wählen
          </Button>
          <input
            ref={picker}
            type="file"
            multiple
            accept={accept}
            className="hidden"
            aria-label="Dateien wählen"
            onChange={(event) => {
              uploads.addFiles(Array.from(event.target.files ?? []), details(), maxMb);
              event.target.value = '';
            }}
          />
        </div>
        <details className="group mt-4 border-t border-line pt-3">
          <summary className="inline-flex min-h-8 items-center gap-2 rounded text-sm text-ink-2 hover:text-ink">
            <ChevronRight className="size-4 shrink-0 transition-transform group-open:rotate-90" /> Art, Schlagwörter oder Webadresse angeben
          </summary>
          <div className="mt-3 grid gap-4 sm:grid-cols-2">
            <Field label="Art">
              <Select value={kind} onChange={(event) => setKind(event.target.value)}>
                {Object.entries(KIND).map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            </Field>
            <Field label="Schlagwörter" hint="Durch Komma getrennt, zum Beispiel: Netzentgelt, 2026">
              <Input value={tags} onChange={(event) => setTags(event.target.value)} />
            </Field>
          </div>
          <form
            className="mt-4"
            onSubmit={(event) => {
              event.preventDefault();
              uploads.addUrl(url.trim(), details());
              setUrl('');
            }}
          >
            <Field label="Von einer Webadresse" hint="Der Server holt das Dokument. Adressen im internen Netz sind ihm verboten.">
              <span className="flex gap-2">
                <Input type="url" required pattern="https?://.+" placeholder="https://…" value={url} onChange={(event) => setUrl(event.target.value)} />
                <Button type="submit" disabled={url.trim() === ''}>
                  <Globe /> Holen
                </Button>
              </span>
            </Field>
          </form>
        </details>
      </div>
      {list.length > 0 && (
        <div className="mt-4">
          <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-panel" aria-label="Laufende Aufnahme">
            {list.map((upload) => (
              <UploadRow key={upload.id} upload={upload} />
            ))}
          </ul>
          {list.some((upload) => !['waiting', 'sending', 'working'].includes(upload.state)) && (
            <Button size="sm" variant="quiet" className="mt-1" onClick={() => uploads.clear()}>
              Erledigte ausblenden
            </Button>
          )}
        </div>
      )}
    </section>
  );
}

const STAGES: { key: Stage; label: string }[] = [
  { key: 'received', label: 'Eingang' },
  { key: 'text', label: 'Text' },
  { key: 'chunks', label: 'Passagen' },
  { key: 'vectors', label: 'Index' },
  { key: 'ready', label: 'Bereit' },
];

export function Stages({ stage, failed }: { stage: Stage | null; failed: boolean }) {
  const reached = STAGES.findIndex(({ key }) => key === stage);
  return (
    <ol className="flex flex-wrap items-center gap-x-3 gap-y-1.5 text-xs" aria-label="Verarbeitung">
      {STAGES.map(({ key, label }, index) => {
        const done = index <= reached;
        const current = index === reached && key !== 'ready' && !failed;
        return (
          <li
            key={key}
            aria-current={current ? 'step' : undefined}
            data-stage={key}
            data-done={done}
            className={cn('flex items-center gap-1.5', done ? 'text-ink' : 'text-ink-3', current && 'font-medium text-moon')}
          >
            <Moon phase={done ? (index + 1) / STAGES.length : 0} className="size-4" tone={failed ? 'fill-ink-3' : 'fill-moon'} />
            {label}
          </li>
        );
      })}
    </ol>
  );
}

const STATE_TEXT: Partial<Record<Upload['state'], string>> = {
  waiting: 'Wartet auf die Übertragung',
  sending: 'Wird übertragen …',
  cancelled: 'Abgebrochen',
};

function UploadRow({ upload }: { upload: Upload }) {
  const { state, stage, itemId, error } = upload;
  const failed = state === 'failed' || state === 'refused';
  const cancellable = state === 'waiting' || state === 'sending' || (state === 'working' && stage === 'received');
  const reason = upload.reason ?? (error === null ? null : messageOf(error));
  // What was refused for its content will be refused again.
  const retryable = itemId !== null ? upload.hopeful : !(error instanceof ApiError) || error.unreachable || error.status === 429 || error.status >= 500;
  const traceId = error instanceof ApiError ? error.traceId : null;
  return (
    <li className="flex items-start gap-3 px-4 py-3" data-testid="upload" data-state={state} data-stage-now={stage ?? ''}>
      <div className="min-w-0 flex-1 space-y-1.5">
        <p className="flex flex-wrap items-baseline gap-x-2 text-sm">
          <span className="min-w-0 font-medium break-all">{upload.name}</span>
          {upload.size !== null && <span className="text-xs text-ink-3">{formatBytes(upload.size)}</span>}
        </p>
        {STATE_TEXT[state] !== undefined && <p className="text-xs text-ink-2">{STATE_TEXT[state]}</p>}
        {(state === 'working' || state === 'ready' || (failed && upload.reached !== null)) && (
          <Stages stage={upload.reached} failed={failed} />
        )}
        {state === 'working' && stage === 'received' && upload.position !== null && upload.position > 0 && (
          <p className="text-xs text-ink-2">{plural(upload.position, 'Dokument', 'Dokumente')} davor</p>
        )}
        <div role="status">
          {state === 'ready' && itemId !== null && (
            <p className="text-sm text-ok">
              Gelesen{upload.chunks === null ? '' : `, ${plural(upload.chunks, 'Passage', 'Passagen')}`}.{' '}
              <Link to="/dokumente/$itemId" params={{ itemId }} search={{}} className="underline underline-offset-4">
                Ansehen
              </Link>
            </p>
          )}
          {upload.warnings.map((warning) => (
            <p key={warning} className="text-xs text-warn">
              {warning}
            </p>
          ))}
          {state === 'duplicate' && (
            <p className="text-sm text-ink-2">
              Das kenne ich schon, Wort für Wort.{' '}
              {itemId !== null && (
                <Link to="/dokumente/$itemId" params={{ itemId }} search={{}} className="text-water underline underline-offset-4">
                  Zum vorhandenen Dokument
                </Link>
              )}
            </p>
          )}
          {(failed || (state === 'working' && reason !== null)) && <p className="text-sm text-bad">{reason}</p>}
        </div>
        {traceId !== null && <TraceId id={traceId} />}
      </div>
      {state === 'failed' && retryable && (
        <Button size="sm" onClick={() => void uploads.retry(upload.id)}>
          <RotateCw /> Erneut
        </Button>
      )}
      {cancellable && (
        <IconButton label={`Aufnahme von ${upload.name} abbrechen`} onClick={() => void uploads.cancel(upload.id)}>
          <X />
        </IconButton>
      )}
    </li>
  );
}
