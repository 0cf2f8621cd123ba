/** The API's shapes under the names that the page uses. They are generated from `openapi.json` (`npm run generate`). */
import type { AnswerData, AnswerSentenceData, AskMeta, Item } from '@/generated';

export type {
  AdminHealth,
  AnswerData as Answer,
  AskRequest,
  ChunkSpan,
  ChunkWindow,
  Citation,
  Conversation,
  ConversationList,
  ConversationSummary,
  HelpText,
  Hit,
  IngestMetrics,
  IngestResult,
  IngestState,
  Item,
  ItemPage,
  ItemSummary,
  ItemText,
  ItemVersions,
  Overview,
  Payload,
  QueryReceipt,
  RagFeedback,
  SearchData,
  ServiceHealth,
  SystemInfo,
} from '@/generated';

export interface Envelope<T> {
  status: 'ok' | 'error';
  message: string;
  data: T;
  trace_id: string;
}

export type ItemStatus = Item['status'];
export type Stage = Item['stage'];
export type Scores = Record<string, number>;

/** The events of a streamed answer are not part of the OpenAPI document; `delta` comes from a language model only. */
export type AskEvent =
  | { type: 'meta'; data: AskMeta }
  | { type: 'sentence'; data: AnswerSentenceData }
  | { type: 'delta'; data: { text: string } }
  | { type: 'done'; data: AnswerData }
  | { type: 'error'; data: { message: string; status_code?: number; trace_id?: string | null } };
