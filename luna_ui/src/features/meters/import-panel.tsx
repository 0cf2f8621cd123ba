/** Files of readings: try, load, watch, undo. What was wrong stands there by line, value and reason. */
import { type DragEvent, useEffect, useRef, useState } from 'react';
import { FileUp } from 'lucide-react';
import { type ImportMapping, type ImportTarget, importFile, importState, undoImport } from '@/api/series';
import type { ImportData } from '@/api/series-types';
import { WanderingMoon } from '@/components/moon';
import { Button } from '@/components/ui/button';
import { takeDropped } from '@/components/ui/dropped';
import { Field, Input, Select } from '@/components/ui/field';
import { Failure } from '@/components/ui/notice';
import { adminKey, isPassing } from '@/api/client';
import { cn } from '@/lib/cn';
import { formatDays, formatNumber, plural } from '@/lib/format';
import { MappingForm, unclear } from './mapping';
import { TakeBack } from './take-back';

const POLL_MS = 600;
const MOST_SILENT = 100;
const ENDED = new Set(['done', 'failed', 'undone']);

interface Job {
  id: number;
  file: File;
  target: ImportTarget;
  meterId: string;
  mapping: ImportMapping | null;
  dryRun: boolean;
  state: ImportData | null;
  error: unknown;
}

let counter = 0;

export function ImportPanel({ onDone }: { onDone: () => void }) {
  const [target, setTarget] = useState<ImportTarget>('smart_meter_readings');
  const [meterId, setMeterId] = useState('');
  const [jobs, setJobs] = useState<Job[]>([]);
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const stop = useRef<AbortController | null>(null);
  const admin = adminKey.get() !== null;

  useEffect(() => {
    const abort = new AbortController();
    stop.current = abort;
    return () => abort.abort();
  }, []);

  const patch = (id: number, part: Partial<Job>) => setJobs((all) => all.map((job) => (job.id === id ? { ...job, ...part } : job)));

  const follow = async (id: number, first: ImportData, prices: boolean) => {
    let state = first;
    let silent = 0;
    patch(id, { state });
    while (!ENDED.has(state.status)) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      if (stop.current?.signal.aborted === true) return;
      try {
        state = await importState(state.import_id, prices);
      } catch (error) {
        // The import goes on without us: a server that starts again is waited for, a minute at most.
        silent += 1;
        if (!isPassing(error) || silent > MOST_SILENT) throw error;
        continue;
      }
      silent = 0;
      patch(id, { state });
    }
    onDone();
  };

  const start = (file: File, wish: Pick<Job, 'target' | 'meterId' | 'mapping' | 'dryRun'>) => {
    const id = ++counter;
    setJobs((all) => [{ id, file, ...wish, state: null, error: null }, ...all].slice(0, 20));
    importFile(file, wish)
      .then((state) => follow(id, state, wish.target === 'market_prices'))
      .catch((error: unknown) => patch(id, { error }));
  };

  const look = (file: File) => start(file, { target, meterId: meterId.trim(), mapping: null, dryRun: true });

  const undo = (job: Job) => {
    if (job.state === null) return;
    const prices = job.target === 'market_prices';
    undoImport(job.state.import_id, prices)
      .then((state) => follow(job.id, state, prices))
      .catch((error: unknown) => patch(job.id, { error }));
  };

  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    takeDropped(event.dataTransfer.items, (files) => files.forEach(look));
  };

  return (
    <div className="space-y-4">
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Zähler" hint="leer: wie in der Datei genannt">
          <Input value={meterId} maxLength={100} placeholder="haus-1" onChange={(event) => setMeterId(event.target.value)} />
        </Field>
        {admin && (
          <Field label="Inhalt">
            <Select value={target} onChange={(event) => setTarget(event.target.value as ImportTarget)}>
              <option value="smart_meter_readings">Messwerte</option>
              <option value="market_prices">Börsenpreise</option>
            </Select>
          </Field>
        )}
      </div>
      <div
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={cn('flex flex-wrap items-center gap-3 rounded-xl border border-dashed px-5 py-6', over ? 'border-moon bg-moon-soft' : 'border-line-strong')}
      >
        <input
          ref={input}
          type="file"
          multiple
          className="hidden"
          aria-label="Dateien mit Messwerten wählen"
          onChange={(event) => {
            for (const file of event.target.files ?? []) look(file);
            event.target.value = '';
          }}
        />
        <Button onClick={() => input.current?.click()}>
          <FileUp /> Datei wählen
        </Button>
        <p className="min-w-0 flex-1 basis-64 text-sm text-ink-2">
          oder hierher ziehen: CSV, Excel, JSON, MSCONS, auch der Export Ihres Netzbetreibers. Ich sehe erst nach und lese nach Ihrem Wort ein.
        </p>
      </div>
      <ul className="space-y-3">
        {jobs.map((job) => (
          <ImportRow
            key={job.id}
            job={job}
            load={() => start(job.file, { target: job.target, meterId: job.meterId, mapping: job.mapping, dryRun: false })}
            explain={(mapping, named) => start(job.file, { target: job.target, meterId: named, mapping, dryRun: true })}
            undo={() => undo(job)}
          />
        ))}
      </ul>
    </div>
  );
}

interface ImportRowProps {
  job: Job;
  load: () => void;
  explain: (mapping: ImportMapping, meterId: string) => void;
  undo: () => void;
}

function ImportRow({ job, load, explain, undo }: ImportRowProps) {
  const { state, error, dryRun } = job;
  const about = state?.status === 'failed' ? unclear(state) : null;
  return (
    <li className="rounded-xl border border-line bg-panel px-4 py-3" data-testid="import" data-status={state?.status ?? 'sending'}>
      <p className="text-sm font-medium break-all">{job.file.name}</p>
      {error !== null ? (
        <Failure className="mt-2" error={error} />
      ) : state === null || !ENDED.has(state.status) ? (
        <p role="status" className="mt-1 flex items-center gap-3 text-sm text-ink-2">
          <WanderingMoon />
          {state === null ? 'Wird übertragen …' : dryRun ? 'Ich sehe die Datei durch …' : progress(state)}
        </p>
      ) : state.status === 'failed' ? (
        <>
          <p role="alert" className="mt-1 text-sm text-bad">
            {state.error}
          </p>
          {about !== null && <MappingForm about={about} prices={job.target === 'market_prices'} meterId={job.meterId} onTry={explain} />}
        </>
      ) : state.status === 'undone' ? (
        <p className="mt-1 text-sm text-ink-2">Zurückgenommen; was vorher galt, gilt wieder.</p>
      ) : (
        <Result name={job.file.name} state={state} dryRun={dryRun} load={load} undo={undo} />
      )}
    </li>
  );
}

function progress(state: ImportData): string {
  if (state.status === 'received') return 'Wartet, bis ich dazu komme …';
  const read = formatNumber(state.rows_read);
  return state.rows_total === null ? `${read} Zeilen gelesen …` : `${read} von ${formatNumber(state.rows_total)} Zeilen gelesen …`;
}

function Result({ name, state, dryRun, load, undo }: { name: string; state: ImportData; dryRun: boolean; load: () => void; undo: () => void }) {
  const words = [
    `${formatNumber(state.loaded)} neu`,
    state.updated > 0 ? `${formatNumber(state.updated)} geändert` : null,
    state.unchanged > 0 ? `${formatNumber(state.unchanged)} unverändert` : null,
    state.rejected > 0 ? `${plural(state.rejected, 'Zeile', 'Zeilen')} nicht brauchbar` : null,
  ].filter((word) => word !== null);
  const reach = state.ts_from !== null && state.ts_to !== null ? formatDays(state.ts_from, state.ts_to) : null;
  return (
    <div className="mt-1 space-y-2">
      <p className={cn('text-sm', dryRun ? 'text-ink-2' : 'text-ok')}>
        {dryRun ? 'So würde es: ' : 'Eingelesen: '}
        {words.join(', ')}.
      </p>
      <p className="text-xs text-ink-3">
        {[state.layout, reach, state.meter_ids.length > 0 ? `Zähler ${state.meter_ids.slice(0, 5).join(', ')}${state.meter_ids.length > 5 ? ' …' : ''}` : null]
          .filter(Boolean)
          .join(' · ')}
      </p>
      {state.warnings.map((warning) => (
        <p key={warning} className="text-xs text-warn">
          {warning}
        </p>
      ))}
      {state.errors.length > 0 && (
        <details className="text-xs">
          <summary className="text-ink-2">Die nicht brauchbaren Zeilen</summary>
          <div className="thin-scroll mt-2 max-h-64 overflow-auto">
            <table className="w-full text-left">
              <thead className="text-ink-3">
                <tr>
                  <th className="pr-4 font-normal">Zeile</th>
                  <th className="pr-4 font-normal">Spalte</th>
                  <th className="pr-4 font-normal">Wert</th>
                  <th className="font-normal">Warum</th>
                </tr>
              </thead>
              <tbody>
                {state.errors.slice(0, 200).map((fault, index) => (
                  <tr key={index} className="border-t border-line align-top">
                    <td className="pr-4 font-mono">{fault.line}</td>
                    <td className="pr-4">{fault.column}</td>
                    <td className="pr-4 font-mono break-all">{fault.value}</td>
                    <td>{fault.reason}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
      {dryRun ? (
        <Button size="sm" variant="primary" disabled={state.loaded + state.updated === 0} onClick={load}>
          Einlesen
        </Button>
      ) : (
        <TakeBack name={name} onConfirm={undo} />
      )}
    </div>
  );
}
