/** One way to the API: envelope, errors with their trace id, and who is asking. Nothing about views belongs here. */
import { Deadline, FILE_MS, GLANCE_MS, READ_MS, SILENCE_MS, WRITE_MS, spelled } from './deadline';
import { type ServerEvent, readEvents } from './sse';
import type { Envelope, SystemInfo } from './types';

export const API = '/api/v1';
const DEV_USER = 'luna.dev-user';
const ADMIN_KEY = 'luna.admin-key';

interface ErrorParts {
  message: string;
  status: number;
  traceId?: string | null;
  data?: unknown;
  retryAfter?: number | null;
  timedOut?: boolean;
}

/** `status` 0 means that nobody answered. */
export class ApiError extends Error {
  readonly status: number;
  readonly traceId: string | null;
  readonly data: unknown;
  readonly retryAfter: number | null;
  /** Nobody answered in time: it is no use to ask again at once without being told to. */
  readonly timedOut: boolean;

  constructor(parts: ErrorParts) {
    super(parts.message);
    this.name = 'ApiError';
    this.status = parts.status;
    this.traceId = parts.traceId ?? null;
    this.data = parts.data ?? null;
    this.retryAfter = parts.retryAfter ?? null;
    this.timedOut = parts.timedOut ?? false;
  }

  get unreachable(): boolean {
    return this.status === 0;
  }
}

/** Whether the server declined for want of a key, or of one that fits. */
export function needsKey(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}

/** Whether the same call may well succeed in a moment: nobody answered, or a part was down. */
export const isPassing = (error: unknown): boolean =>
  error instanceof ApiError && (error.unreachable || error.status === 429 || error.status >= 500);

const FALLBACK: Record<number, string> = {
  400: 'Die Anfrage war nicht ganz vollständig.',
  401: 'Dafür ist eine Anmeldung nötig.',
  403: 'Das ist Ihnen leider nicht gestattet.',
  404: 'Das habe ich nicht gefunden.',
  409: 'Das gibt es schon.',
  413: 'Die Datei ist zu groß.',
  415: 'Dieses Dateiformat lese ich nicht.',
  422: 'Die Datei ist lesbar, aber nicht brauchbar.',
  429: 'Einen Moment bitte, das waren viele Anfragen auf einmal.',
  502: 'Der Dienst dahinter antwortet gerade nicht.',
  503: 'Ein Teil des Systems ist gerade nicht erreichbar.',
};

function isEnvelope(value: unknown): value is Envelope<unknown> {
  return typeof value === 'object' && value !== null && 'status' in value && 'data' in value;
}

export function retryAfterSeconds(header: string | null, now: number = Date.now()): number | null {
  if (header === null || header.trim() === '') return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds));
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - now) / 1000));
}

export async function errorFrom(response: Response): Promise<ApiError> {
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // A proxy's page, or nothing at all: the status line has to do.
  }
  const envelope = isEnvelope(body) ? body : null;
  return new ApiError({
    message: envelope?.message ?? FALLBACK[response.status] ?? 'Da ist etwas schiefgegangen, und zwar auf meiner Seite.',
    status: response.status,
    traceId: envelope?.trace_id ?? response.headers.get('x-trace-id'),
    data: envelope?.data,
    retryAfter: retryAfterSeconds(response.headers.get('retry-after')),
  });
}

let info: Promise<SystemInfo> | null = null;

/** Asked once; a failed call is asked again next time. */
export function systemInfo(): Promise<SystemInfo> {
  info ??= send<SystemInfo>('system/info', { limitMs: GLANCE_MS }, {}).catch((error: unknown) => {
    info = null;
    throw error;
  });
  return info;
}

export function refreshSystemInfo(): Promise<SystemInfo> {
  info = null;
  return systemInfo();
}

function devUser(): string {
  const known = localStorage.getItem(DEV_USER);
  if (known !== null) return known;
  const fresh = uuid();
  localStorage.setItem(DEV_USER, fresh);
  return fresh;
}

/** `crypto.randomUUID` exists in secure contexts only; a machine in the local network is none. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const adminKey = {
  get: (): string | null => sessionStorage.getItem(ADMIN_KEY),
  set: (key: string): void => sessionStorage.setItem(ADMIN_KEY, key),
  clear: (): void => sessionStorage.removeItem(ADMIN_KEY),
};

async function identity(admin: boolean): Promise<Record<string, string>> {
  if (admin) {
    const key = adminKey.get();
    return key === null ? {} : { 'X-Admin-Key': key };
  }
  const env = await systemInfo().then(
    (value) => value.env,
    () => null,
  );
  return env === 'dev' ? { 'X-Dev-User': devUser() } : {};
}

type Query = Record<string, string | number | boolean | null | undefined>;

export interface CallOptions {
  method?: 'GET' | 'POST' | 'DELETE';
  query?: Query;
  json?: unknown;
  form?: FormData;
  signal?: AbortSignal;
  admin?: boolean;
  /** A POST that changes nothing, for instance a search: it may be repeated without a second thought. */
  reads?: boolean;
  /** How long to wait, in milliseconds; without it, what is usual for reading and for changing. */
  limitMs?: number;
}

export function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') search.set(key, String(value));
  }
  const tail = search.toString();
  return `${API}/${path}${tail === '' ? '' : `?${tail}`}`;
}

/** Whether the call leaves everything as it was. */
const onlyReads = (options: CallOptions): boolean => options.reads ?? (options.method ?? 'GET') === 'GET';

/** What is said when nobody answered in time. Whether a change was made all the same is not known then. */
function tooLate(deadline: Deadline, reads: boolean): ApiError {
  const waited = `Seit ${spelled(deadline.limitMs)} höre ich nichts von meinem Server, und länger lasse ich Sie nicht warten.`;
  const advice = reads ? 'Versuchen Sie es bitte noch einmal.' : 'Ob Ihr Auftrag noch ankam, weiß ich nicht; bitte sehen Sie nach, bevor Sie ihn wiederholen.';
  return new ApiError({ message: `${waited} ${advice}`, status: 0, timedOut: true });
}

const clockFor = (options: CallOptions): Deadline => new Deadline(options.limitMs ?? (onlyReads(options) ? READ_MS : WRITE_MS), options.signal);

/** What a fault of a call is told as: an `ApiError`, but for the end that the caller's own signal makes. */
function told(fault: unknown, deadline: Deadline, options: CallOptions): unknown {
  if (deadline.struck) return tooLate(deadline, onlyReads(options));
  if (fault instanceof ApiError || options.signal?.aborted === true) return fault;
  return new ApiError({ message: 'Ich erreiche meinen eigenen Server nicht. Das ist mir unangenehm.', status: 0 });
}

async function begin(path: string, options: CallOptions, headers: Record<string, string>, deadline: Deadline): Promise<Response> {
  const init: RequestInit = {
    method: options.method ?? 'GET',
    headers: options.json === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
    signal: deadline.signal,
    credentials: 'same-origin',
  };
  if (options.json !== undefined) init.body = JSON.stringify(options.json);
  else if (options.form !== undefined) init.body = options.form;
  const response = await fetch(address(path, options.query), init);
  if (!response.ok) throw await errorFrom(response);
  return response;
}

/** A call from its first byte to the last one that `read` takes, under one clock. */
async function within<T>(path: string, options: CallOptions, headers: Record<string, string>, read: (response: Response, deadline: Deadline) => Promise<T>): Promise<T> {
  const deadline = clockFor(options);
  try {
    return await read(await begin(path, options, headers, deadline), deadline);
  } catch (fault) {
    throw told(fault, deadline, options);
  } finally {
    deadline.end();
  }
}

async function data<T>(response: Response): Promise<T> {
  if (response.status === 204) return null as T;
  const body: unknown = await response.json();
  return (isEnvelope(body) ? body.data : body) as T;
}

const send = <T>(path: string, options: CallOptions, headers: Record<string, string>): Promise<T> => within<T>(path, options, headers, data);

export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  return send<T>(path, options, await identity(options.admin ?? false));
}

/** A file; as long as bytes keep coming it may take as long as it likes. */
export async function download(path: string, options: CallOptions = {}): Promise<Blob> {
  return within(path, { limitMs: FILE_MS, ...options }, await identity(options.admin ?? false), async (response, deadline) => {
    const type = response.headers.get('content-type') ?? '';
    if (response.body === null) return new Blob([], { type });
    const reader = response.body.getReader();
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(parts, { type });
      deadline.wind();
      parts.push(value);
    }
  });
}

/** An answer that came whole where a stream was asked for. */
export const WHOLE = 'whole';

/**
 * Server-sent events for as long as the server sends any or says that it is still there; an ordinary answer is one
 * event `WHOLE`. Ends with the signal.
 */
export async function* stream(path: string, options: CallOptions): AsyncGenerator<ServerEvent> {
  const headers = await identity(options.admin ?? false);
  const limited = { limitMs: SILENCE_MS, ...options };
  const deadline = clockFor(limited);
  try {
    const response = await begin(path, limited, headers, deadline);
    const type = response.headers.get('content-type') ?? '';
    if (response.body !== null && type.includes('text/event-stream')) yield* readEvents(response.body, () => deadline.wind());
    else yield { event: WHOLE, data: JSON.stringify(await data<unknown>(response)) };
  } catch (fault) {
    throw told(fault, deadline, limited);
  } finally {
    deadline.end();
  }
}
