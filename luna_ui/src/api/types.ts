/**
 * The API's shapes as the page needs them, written by hand after SPEC.md.
 * What the page merely shows is optional here, so that a leaner answer does not break a view.
 */

export interface Envelope<T> {
  status: 'ok' | 'error';
  message: string | null;
  data: T;
  trace_id: string;
}

export interface SystemInfo {
  status?: string;
  env: string;
  version: string;
  git_sha?: string | null;
  max_upload_mb?: number;
  models?: Record<string, string | null> | null;
  mode?: string | null;
  dagster_url?: string | null;
}

export type Metadata = Record<string, string | number | boolean | string[] | null>;

/** What is known about a cited or found passage. `char_*` count Unicode code points of the extracted text. */
export interface Payload {
  item_id: string;
  title: string;
  file_name?: string | null;
  url?: string | null;
  kind?: string | null;
  tags?: string[] | null;
  version?: number | null;
  valid_from?: string | null;
  valid_to?: string | null;
  heading_path?: string[] | null;
  section?: string | null;
  paragraph?: string | null;
  page?: number | null;
  char_start: number;
  char_end: number;
  text: string;
  item_sha256?: string | null;
  run_id?: string | null;
  metadata?: Metadata | null;
}

export type Scores = Record<string, number>;

export interface Citation {
  chunk_id: string;
  score: number;
  payload: Payload;
  scores?: Scores | null;
}

export interface Hit extends Citation {
  item_id: string;
  scores: Scores;
}

export type Step = string | { title?: string | null; text?: string | null };

export interface Answer {
  answer_id: string;
  conversation_id?: string | null;
  answered: boolean;
  answer: string;
  summary?: string | null;
  suggestion?: string | null;
  next_question?: string | null;
  steps?: Step[] | null;
  chunks_used?: string[] | null;
  citations: Citation[];
  receipts?: unknown[] | null;
  model?: string | null;
  mode?: string | null;
}

export interface AskRequest {
  question: string;
  top_k?: number;
  filters?: Record<string, string | string[]>;
  stream?: boolean;
  conversation_id?: string;
  as_of?: string;
}

export interface AskMeta {
  answer_id: string;
  conversation_id?: string | null;
  mode?: string | null;
  model?: string | null;
}

export type AskEvent =
  | { type: 'meta'; data: AskMeta }
  | { type: 'sentence'; data: { text: string; citations?: (Citation | string)[] | null } }
  | { type: 'delta'; data: { text: string } }
  | { type: 'done'; data: Answer }
  | { type: 'error'; data: { message: string; trace_id?: string | null } };

export interface ConversationSummary {
  conversation_id: string;
  title?: string | null;
  turns?: number | null;
  created_at?: string | null;
  updated_at?: string | null;
}

export interface ConversationTurn {
  question: string;
  answer: Answer;
  created_at?: string | null;
}

export interface Conversation {
  conversation_id: string;
  title?: string | null;
  turns: ConversationTurn[];
}

export type ItemStatus = 'received' | 'processing' | 'ready' | 'failed' | 'archived';
export type ItemKind = 'document' | 'regulation' | 'note';

export interface ItemVersion {
  item_id: string;
  version: number;
  status?: ItemStatus;
  valid_from?: string | null;
  valid_to?: string | null;
  created_at?: string | null;
}

export interface Item {
  item_id: string;
  document_id?: string | null;
  version: number;
  kind: ItemKind;
  source?: string | null;
  title?: string | null;
  file_name?: string | null;
  media_type?: string | null;
  size_bytes?: number | null;
  tags?: string[] | null;
  url?: string | null;
  sha256?: string | null;
  summary?: string | null;
  status: ItemStatus;
  error?: string | null;
  valid_from?: string | null;
  valid_to?: string | null;
  created_at?: string | null;
  chunks?: number | null;
  /** Public corpus (federal law): readable by all, not deletable by a customer. */
  public?: boolean | null;
  versions?: ItemVersion[] | null;
}

export interface ItemPage {
  items: Item[];
  next_cursor?: string | null;
  total?: number | null;
}

export interface ItemText {
  text: string;
}

export interface ItemSummary {
  summary: string;
  citations?: Citation[] | null;
}

export interface ChunkSpan {
  chunk_id: string;
  chunk_idx: number;
  char_start: number;
  char_end: number;
  section?: string | null;
  paragraph?: string | null;
  page?: number | null;
  heading_path?: string[] | null;
}

export interface ChunkWindow {
  chunks: ChunkSpan[];
  total?: number | null;
}

export type Stage = 'received' | 'text' | 'chunks' | 'vectors' | 'ready' | 'failed';

export interface IngestAccepted {
  item_id: string;
  sha256?: string;
  run_id?: string | null;
  chunks?: number | null;
}

export interface IngestState {
  item_id: string;
  stage: Stage;
  status?: ItemStatus;
  chunks?: number | null;
  error?: string | null;
  run_id?: string | null;
}

export interface SearchResult {
  hits: Hit[];
}

export interface HelpText {
  title?: string | null;
  text: string;
  tips?: string[] | null;
}

export interface ServiceHealth {
  state: string;
  implementation?: string | null;
  latency_ms?: number | null;
  version?: string | null;
  message?: string | null;
}

export interface AdminHealth {
  services: Record<string, ServiceHealth>;
  versions: Record<string, string | number | null>;
}

export interface Overview {
  items?: number | Record<string, number> | null;
  chunks?: number | null;
  answers?: number | null;
  events_per_day?: { day: string; count: number }[] | null;
}

export interface IngestMetrics {
  throughput?: { ts: string; count: number }[] | null;
  ready?: number | null;
  failed?: number | null;
  queued?: number | null;
  queue_age_s?: number | null;
}
