import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, WHOLE, call, download, stream } from './client';
import { FILE_MS, READ_MS, SILENCE_MS, WRITE_MS, uploadMs } from './deadline';

type Answer = (signal: AbortSignal) => Promise<Response>;

const INFO = { status: 'ok', message: '', data: { env: 'prod' } };
const ended = (signal: AbortSignal) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new DOMException('ended', 'AbortError'))));

/** A server that says who it is, and to everything else what a test tells it to. */
function server(answer: Answer): void {
  vi.stubGlobal('fetch', (address: string, init: RequestInit) => {
    const signal = init.signal ?? new AbortController().signal;
    return address.endsWith('/system/info') ? Promise.resolve(Response.json(INFO)) : answer(signal);
  });
}

const silent: Answer = (signal) => ended(signal);

/** A body that is sent in pieces by the test; it breaks as a real one does when the call is ended. */
function piecewise(signal: AbortSignal, type: string) {
  let out: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      out = controller;
      signal.addEventListener('abort', () => controller.error(new DOMException('ended', 'AbortError')));
    },
  });
  return {
    response: new Response(body, { headers: { 'content-type': type } }),
    send: (text: string) => out?.enqueue(new TextEncoder().encode(text)),
    close: () => out?.close(),
  };
}

/** What became of a promise, without waiting for it. */
function watched<T>(promise: Promise<T>): { fault: unknown; value: T | undefined } {
  const seen: { fault: unknown; value: T | undefined } = { fault: null, value: undefined };
  promise.then(
    (value) => (seen.value = value),
    (fault: unknown) => (seen.fault = fault),
  );
  return seen;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a call that nobody answers', () => {
  it('ends in time, and says what to do', async () => {
    server(silent);
    const seen = watched(call('items'));
    await vi.advanceTimersByTimeAsync(READ_MS - 1000);
    expect(seen.fault).toBeNull();
    await vi.advanceTimersByTimeAsync(2000);
    expect(seen.fault).toBeInstanceOf(ApiError);
    const fault = seen.fault as ApiError;
    expect([fault.unreachable, fault.timedOut]).toEqual([true, true]);
    expect(fault.message).toMatch(/^Seit 30 Sekunden höre ich nichts .* Versuchen Sie es bitte noch einmal\.$/);
  });

  it('waits longer for a change, and does not claim that nothing happened', async () => {
    server(silent);
    const seen = watched(call('items/1', { method: 'DELETE' }));
    await vi.advanceTimersByTimeAsync(WRITE_MS - 1000);
    expect(seen.fault).toBeNull();
    await vi.advanceTimersByTimeAsync(2000);
    expect((seen.fault as ApiError).message).toContain('Ob Ihr Auftrag noch ankam, weiß ich nicht');
  });

  it('counts the body, too', async () => {
    server((signal) => Promise.resolve(piecewise(signal, 'application/json').response));
    const seen = watched(call('items'));
    await vi.advanceTimersByTimeAsync(READ_MS + 1000);
    expect((seen.fault as ApiError).timedOut).toBe(true);
  });

  it('is no fault where its caller ended it, and one of another kind where the line is dead', async () => {
    server(silent);
    const abort = new AbortController();
    const seen = watched(call('items', { signal: abort.signal }));
    await vi.advanceTimersByTimeAsync(10);
    abort.abort();
    await vi.advanceTimersByTimeAsync(10);
    expect(seen.fault).toBeInstanceOf(DOMException);
    server(() => Promise.reject(new TypeError('Failed to fetch')));
    const dead = watched(call('items'));
    await vi.advanceTimersByTimeAsync(10);
    expect((dead.fault as ApiError).timedOut).toBe(false);
    expect((dead.fault as ApiError).message).toContain('Ich erreiche meinen eigenen Server nicht');
  });

  it('leaves no clock behind when all went well', async () => {
    server(() => Promise.resolve(Response.json({ status: 'ok', message: '', data: 7 })));
    expect(await call('items')).toBe(7);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is given the time that so many bytes need', () => {
    expect(uploadMs(0)).toBe(WRITE_MS);
    expect(uploadMs(50 * 1024 * 1024)).toBeGreaterThan(10 * 60_000);
  });
});

describe('a stream', () => {
  const open = (limit?: number) => {
    let line: ReturnType<typeof piecewise> | undefined;
    server((signal) => {
      line = piecewise(signal, 'text/event-stream');
      return Promise.resolve(line.response);
    });
    const events: string[] = [];
    const read = async () => {
      for await (const event of stream('rag/ask', { method: 'POST', reads: true, ...(limit === undefined ? {} : { limitMs: limit }) })) events.push(event.data);
    };
    return { events, seen: watched(read()), send: (text: string) => line?.send(text), close: () => line?.close() };
  };

  it('may last, if only the server says that it is still there', async () => {
    const { events, seen, send, close } = open();
    for (let round = 0; round < 20; round += 1) {
      await vi.advanceTimersByTimeAsync(SILENCE_MS - 5000);
      send(': Luna denkt nach\n\n');
    }
    send('data: Satz\n\n');
    close();
    await vi.advanceTimersByTimeAsync(10);
    expect(events).toEqual(['Satz']);
    expect(seen.fault).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends where nothing comes any more', async () => {
    const { events, seen, send } = open();
    await vi.advanceTimersByTimeAsync(10);
    send('data: Anfang\n\n');
    await vi.advanceTimersByTimeAsync(SILENCE_MS + 1000);
    expect(events).toEqual(['Anfang']);
    expect((seen.fault as ApiError).message).toMatch(/^Seit 45 Sekunden höre ich nichts/);
  });

  it('gives an ordinary answer as one event', async () => {
    server(() => Promise.resolve(Response.json({ status: 'ok', message: '', data: { answer: 'ja' } })));
    const found: [string, string][] = [];
    for await (const event of stream('rag/ask', { method: 'POST' })) found.push([event.event, event.data]);
    expect(found).toEqual([[WHOLE, '{"answer":"ja"}']]);
  });
});

describe('a file', () => {
  it('may take as long as bytes keep coming', async () => {
    let line: ReturnType<typeof piecewise> | undefined;
    server((signal) => {
      line = piecewise(signal, 'text/csv');
      return Promise.resolve(line.response);
    });
    const seen = watched(download('data/market'));
    for (let round = 0; round < 5; round += 1) {
      await vi.advanceTimersByTimeAsync(FILE_MS - 1000);
      line?.send('1;2\n');
    }
    line?.close();
    await vi.advanceTimersByTimeAsync(10);
    expect(seen.value?.size).toBe(20);
    expect(seen.value?.type).toBe('text/csv');
    const broken = watched(download('data/market'));
    await vi.advanceTimersByTimeAsync(FILE_MS + 1000);
    expect((broken.fault as ApiError).timedOut).toBe(true);
  });
});
