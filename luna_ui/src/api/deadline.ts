/** How long a call waits before it gives up. One clock for each call; whoever reads a long answer winds it up again. */

/** In milliseconds. What only reads is quick; what changes something may wait for others. */
export const READ_MS = 30_000;
export const WRITE_MS = 60_000;
/** The server is asked in passing whether it is there. */
export const GLANCE_MS = 10_000;
/** A stream may last, but not be silent: the server says something every 10 s, if only that it is still there. */
export const SILENCE_MS = 45_000;
/** A file is made before its first byte is sent: millions of rows take their time. */
export const FILE_MS = 300_000;
/** What a language model or another website has a part in. */
export const OTHERS_MS = 330_000;

/** The slowest line that an upload is waited for: 64 kB each second, beside what any call may take. */
const SLOWEST_BYTES_PER_S = 64_000;
export const uploadMs = (bytes: number): number => WRITE_MS + (bytes / SLOWEST_BYTES_PER_S) * 1000;

export class Deadline {
  readonly limitMs: number;
  /** Whether it was this clock that ended the call, not its caller. */
  struck = false;
  private readonly abort = new AbortController();
  private readonly outer: AbortSignal | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limitMs: number, outer?: AbortSignal) {
    this.limitMs = limitMs;
    this.outer = outer;
    if (outer?.aborted === true) this.abort.abort(outer.reason);
    else {
      outer?.addEventListener('abort', this.follow);
      this.wind();
    }
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** Begins to wait anew. */
  wind(): void {
    clearTimeout(this.timer);
    if (this.abort.signal.aborted) return;
    this.timer = setTimeout(() => {
      this.struck = true;
      this.abort.abort();
    }, this.limitMs);
  }

  /** The call is over; nothing strikes any more. */
  end(): void {
    clearTimeout(this.timer);
    this.outer?.removeEventListener('abort', this.follow);
  }

  private readonly follow = (): void => {
    this.abort.abort(this.outer?.reason);
  };
}

/** „30 Sekunden“, „5 Minuten“. */
export function spelled(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} Sekunden` : `${Math.round(ms / 60_000)} Minuten`;
}
