/** Uploads under way. They live outside the view, so one may leave it while a document is being read. */
import { useSyncExternalStore } from 'react';
import { type UploadDetails, cancelIngest, ingestState, ingestUrl, retryIngest, uploadDocument } from '@/api/calls';
import { ApiError, isPassing, uuid } from '@/api/client';
import type { IngestResult, Stage } from '@/api/types';
import { formatBytes } from '@/lib/format';

const POLL_MS = 700;
const PARALLEL = 2;
/** How often the server may stay silent in a row, while it starts again for instance: about a minute. */
const MOST_SILENT = 80;

export interface Upload {
  id: string;
  name: string;
  size: number | null;
  state: 'waiting' | 'sending' | 'working' | 'ready' | 'failed' | 'duplicate' | 'refused' | 'cancelled';
  stage: Stage | null;
  /** The last stage that was reached before it failed. */
  reached: Stage | null;
  itemId: string | null;
  chunks: number | null;
  /** How many documents wait before it. */
  position: number | null;
  warnings: string[];
  error: unknown;
  reason: string | null;
  /** Whether the same bytes may do better another time; false where they are the reason. */
  hopeful: boolean;
}

type Send = (signal: AbortSignal) => Promise<IngestResult>;

class UploadStore {
  private list: Upload[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly sends = new Map<string, Send>();
  private readonly aborts = new Map<string, AbortController>();
  private active = 0;
  onChange: (() => void) | null = null;

  readonly get = (): Upload[] => this.list;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  private set(list: Upload[]): void {
    this.list = list;
    this.listeners.forEach((listener) => listener());
  }
  private patch(id: string, part: Partial<Upload>): void {
    this.set(this.list.map((upload) => (upload.id === id ? { ...upload, ...part } : upload)));
  }

  addFiles(files: readonly File[], details: UploadDetails, maxMb: number | null): void {
    // The list grows at the top, so the last comes first.
    for (const file of files.toReversed()) {
      const fault = faultOf(file, maxMb);
      this.add(file.name, file.size, (signal) => uploadDocument(file, details, signal), fault);
    }
  }

  addUrl(url: string, details: UploadDetails): void {
    this.add(url, null, (signal) => ingestUrl(url, details, signal), null);
  }

  private add(name: string, size: number | null, send: Send, fault: string | null): void {
    const id = uuid();
    this.sends.set(id, send);
    const blank: Upload = {
      id,
      name,
      size,
      state: fault === null ? 'waiting' : 'refused',
      stage: null,
      reached: null,
      itemId: null,
      chunks: null,
      position: null,
      warnings: [],
      error: null,
      reason: fault,
      hopeful: true,
    };
    this.set([blank, ...this.list]);
    this.pump();
  }

  private pump(): void {
    while (this.active < PARALLEL) {
      const next = this.list.findLast((upload) => upload.state === 'waiting');
      if (next === undefined) return;
      this.active += 1;
      void this.send(next.id).finally(() => {
        this.active -= 1;
        this.pump();
      });
    }
  }

  private async send(id: string): Promise<void> {
    const abort = new AbortController();
    this.aborts.set(id, abort);
    this.patch(id, { state: 'sending', error: null, reason: null });
    try {
      const accepted = await this.sends.get(id)?.(abort.signal);
      if (accepted === undefined) return;
      this.patch(id, { state: 'working', stage: 'received', reached: 'received', itemId: accepted.item_id });
      this.onChange?.();
      void this.follow(id, accepted.item_id, abort.signal);
    } catch (error) {
      if (abort.signal.aborted) this.patch(id, { state: 'cancelled' });
      else if (error instanceof ApiError && error.status === 409) {
        this.patch(id, { state: 'duplicate', itemId: itemIdOf(error.data), reason: error.message });
      } else this.patch(id, { state: 'failed', error });
    }
  }

  private async follow(id: string, itemId: string, signal: AbortSignal): Promise<void> {
    let silent = 0;
    while (!signal.aborted) {
      try {
        const state = await ingestState(itemId, signal);
        silent = 0;
        if (state.stage === 'failed') {
          this.patch(id, { state: 'failed', stage: 'failed', position: null, hopeful: state.retryable, reason: state.error ?? 'Warum, hat niemand aufgeschrieben.' });
          break;
        }
        this.patch(id, {
          stage: state.stage,
          reached: state.stage,
          chunks: state.chunks,
          position: state.position,
          warnings: state.warnings,
        });
        if (state.stage === 'ready') {
          this.patch(id, { state: 'ready' });
          break;
        }
      } catch (error) {
        if (isAborted(signal)) return;
        if (!isPassing(error) || ++silent > MOST_SILENT) {
          this.patch(id, { state: 'failed', error });
          break;
        }
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    this.onChange?.();
  }

  /** Sends again what never arrived; asks the server to read again what it has. */
  async retry(id: string): Promise<void> {
    const upload = this.list.find((entry) => entry.id === id);
    if (upload === undefined) return;
    if (upload.itemId === null) {
      this.patch(id, { state: 'waiting', error: null, reason: null });
      this.pump();
      return;
    }
    const abort = new AbortController();
    this.aborts.set(id, abort);
    this.patch(id, { state: 'working', stage: 'received', reached: 'received', error: null, reason: null });
    try {
      await retryIngest(upload.itemId);
      void this.follow(id, upload.itemId, abort.signal);
    } catch (error) {
      this.patch(id, { state: 'failed', error });
    }
  }

  async cancel(id: string): Promise<void> {
    const upload = this.list.find((entry) => entry.id === id);
    if (upload === undefined) return;
    if (upload.itemId === null) {
      this.aborts.get(id)?.abort();
      this.patch(id, { state: 'cancelled' });
      return;
    }
    try {
      await cancelIngest(upload.itemId);
      this.aborts.get(id)?.abort();
      this.patch(id, { state: 'cancelled' });
      this.onChange?.();
    } catch (error) {
      this.patch(id, { reason: error instanceof Error ? error.message : null });
    }
  }

  clear(): void {
    this.set(this.list.filter((upload) => ['waiting', 'sending', 'working'].includes(upload.state)));
  }
}

/** A function, because the signal changes while we wait. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function faultOf(file: File, maxMb: number | null): string | null {
  if (file.size === 0) return 'Die Datei ist leer. Da gibt es nichts zu lesen.';
  if (maxMb !== null && file.size > maxMb * 1024 * 1024) {
    return `${formatBytes(file.size)} sind mehr, als ich annehme. Die Grenze liegt bei ${maxMb} MB.`;
  }
  return null;
}

function itemIdOf(data: unknown): string | null {
  if (typeof data !== 'object' || data === null || !('item_id' in data)) return null;
  return typeof data.item_id === 'string' ? data.item_id : null;
}

export const uploads = new UploadStore();
export const useUploads = (): Upload[] => useSyncExternalStore(uploads.subscribe, uploads.get);
