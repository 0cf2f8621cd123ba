/** Every call that the page makes, by name. */
import { WHOLE, call, download, stream } from './client';
import { OTHERS_MS, uploadMs } from './deadline';
import type {
  AdminHealth,
  Answer,
  AskEvent,
  AskRequest,
  ChunkWindow,
  Conversation,
  ConversationList,
  HelpText,
  IngestMetrics,
  IngestResult,
  IngestState,
  Item,
  ItemPage,
  ItemSummary,
  ItemText,
  ItemVersions,
  Overview,
  RagFeedback,
  SearchData,
} from './types';

const id = encodeURIComponent;

export async function* ask(body: AskRequest, signal: AbortSignal): AsyncGenerator<AskEvent> {
  for await (const event of stream('rag/ask', { method: 'POST', json: { ...body, stream: true }, signal, reads: true })) {
    switch (event.event) {
      case 'meta':
      case 'sentence':
      case 'delta':
      case 'done':
      case 'error':
        yield { type: event.event, data: JSON.parse(event.data) as unknown } as AskEvent;
        break;
      case WHOLE:
        yield { type: 'done', data: JSON.parse(event.data) as Answer };
    }
  }
}

export const search = (
  body: Pick<AskRequest, 'question' | 'top_k' | 'filters' | 'as_of'>,
  signal?: AbortSignal,
): Promise<SearchData> => call('rag/search', { method: 'POST', json: body, reads: true, ...(signal ? { signal } : {}) });

export const sendFeedback = (feedback: RagFeedback): Promise<{ saved: boolean }> =>
  call('feedback/rag', { method: 'POST', json: feedback });

export const listConversations = (): Promise<ConversationList> => call('conversations', { query: { limit: 200 } });
export const getConversation = (conversation: string): Promise<Conversation> => call(`conversations/${id(conversation)}`);
export const deleteConversation = (conversation: string): Promise<unknown> =>
  call(`conversations/${id(conversation)}`, { method: 'DELETE' });
export const restoreConversation = (conversation: string): Promise<Conversation> =>
  call(`conversations/${id(conversation)}/restore`, { method: 'POST' });

export interface ItemFilter {
  query?: string;
  kind?: string;
  tag?: string;
  status?: string;
}
export const listItems = (filter: ItemFilter, cursor: string | null, signal?: AbortSignal): Promise<ItemPage> =>
  call('items', { query: { ...filter, cursor, limit: 25 }, ...(signal ? { signal } : {}) });
export const getItem = (item: string): Promise<Item> => call(`items/${id(item)}`);
export const getItemVersions = (item: string): Promise<ItemVersions> => call(`items/${id(item)}/versions`);
export const getItemText = (item: string, version?: number | null): Promise<ItemText> =>
  call(`items/${id(item)}/text`, { query: { version } });
export const getItemSummary = (item: string): Promise<ItemSummary> => call(`items/${id(item)}/summary`);
export const getChunksAround = (item: string, chunk: string | null): Promise<ChunkWindow> =>
  call(`items/${id(item)}/chunks`, { query: { around: chunk, limit: 21 } });
export const deleteItem = (item: string): Promise<unknown> => call(`items/${id(item)}`, { method: 'DELETE' });
export const restoreItem = (item: string): Promise<Item> => call(`items/${id(item)}/restore`, { method: 'POST' });
export const itemFile = (item: string): Promise<Blob> => download(`items/${id(item)}/file`);

export interface UploadDetails {
  kind: string;
  tags: string[];
}
export function uploadDocument(file: File, details: UploadDetails, signal: AbortSignal): Promise<IngestResult> {
  const form = new FormData();
  form.set('file', file, file.name);
  form.set('kind', details.kind);
  form.set('source', 'upload');
  form.set('wait', '0');
  for (const tag of details.tags) form.append('tags', tag);
  return call('ingest/doc', { method: 'POST', form, signal, limitMs: uploadMs(file.size) });
}
export const ingestUrl = (url: string, details: UploadDetails, signal: AbortSignal): Promise<IngestResult> =>
  call('ingest/url', { method: 'POST', json: { url, ...details, wait: 0 }, signal, limitMs: OTHERS_MS });
export const ingestState = (item: string, signal?: AbortSignal): Promise<IngestState> =>
  call(`ingest/${id(item)}`, signal ? { signal } : {});
export const retryIngest = (item: string): Promise<IngestState> => call(`ingest/${id(item)}/retry`, { method: 'POST' });
export const cancelIngest = (item: string): Promise<unknown> => call(`ingest/${id(item)}`, { method: 'DELETE' });

export const helpFor = (route: string): Promise<HelpText> => call('help/context', { query: { route } });
export const adminHealth = (): Promise<AdminHealth> => call('admin/health', { admin: true });
export const overview = (admin: boolean): Promise<Overview> => call('metrics/overview', { admin });
export const ingestMetrics = (admin: boolean): Promise<IngestMetrics> => call('metrics/ingest', { admin });
