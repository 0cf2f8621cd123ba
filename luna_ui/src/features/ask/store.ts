/** The conversation on the screen. It lives outside the views, so an answer streams on while one looks elsewhere. */
import { useSyncExternalStore } from 'react';
import { ask as askApi, getConversation } from '@/api/calls';
import { ApiError, uuid } from '@/api/client';
import type { Answer, Citation } from '@/api/types';
import { markedSentence } from '@/lib/citations';
import { ANYTHING, type Scope, scopeBody } from '@/lib/scope';

export interface Turn {
  id: string;
  question: string;
  /** What the question was limited to; of a conversation fetched later it is not known. */
  scope: Scope;
  /** `lost`: the answer is no longer kept. */
  state: 'streaming' | 'done' | 'stopped' | 'failed' | 'lost';
  /** What has arrived so far; the finished answer replaces it. */
  text: string;
  citations: Record<string, Citation>;
  answer: Answer | null;
  answerId: string | null;
  /** When it was asked, where it comes from a kept conversation; null for one of this session. */
  askedAt: string | null;
  error: unknown;
  /** Epoch milliseconds after which the same question may be asked again. */
  retryAt: number | null;
}

export interface AskState {
  /** What is being written; kept while one looks elsewhere. */
  draft: string;
  /** What the next question is limited to. */
  scope: Scope;
  conversationId: string | null;
  turns: Turn[];
  loading: boolean;
  loadError: unknown;
}

const EMPTY: AskState = { draft: '', scope: ANYTHING, conversationId: null, turns: [], loading: false, loadError: null };

const GONE = new ApiError({ message: 'Dieses Gespräch gibt es nicht mehr; vielleicht wurde es anderswo gelöscht. Beim nächsten Versuch beginne ich ein neues.', status: 404 });

class AskStore {
  private state: AskState = EMPTY;
  private readonly listeners = new Set<() => void>();
  private abort: AbortController | null = null;
  /** Told when an answer is complete, so that lists elsewhere can be asked again. */
  onSettled: (() => void) | null = null;

  readonly get = (): AskState => this.state;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private set(part: Partial<AskState>): void {
    this.state = { ...this.state, ...part };
    this.listeners.forEach((listener) => listener());
  }

  private patch(id: string, change: (turn: Turn) => Partial<Turn>): void {
    this.set({ turns: this.state.turns.map((turn) => (turn.id === id ? { ...turn, ...change(turn) } : turn)) });
  }

  get busy(): boolean {
    return this.abort !== null;
  }

  setDraft(draft: string): void {
    this.set({ draft });
  }

  setScope(scope: Scope): void {
    this.set({ scope });
  }

  stop(): void {
    this.abort?.abort();
    this.abort = null;
    this.set({ turns: this.state.turns.map((turn) => (turn.state === 'streaming' ? { ...turn, state: 'stopped' } : turn)) });
  }

  reset(): void {
    this.stop();
    this.set(EMPTY);
  }

  /** Puts the conversation away; what is being written stays. */
  leave(): void {
    const { draft, scope } = this.state;
    this.reset();
    this.set({ draft, scope });
  }

  /** Drops a question and all that followed it; returns its words. */
  cut(id: string): void {
    this.stop();
    const at = this.state.turns.findIndex((turn) => turn.id === id);
    if (at !== -1) this.set({ turns: this.state.turns.slice(0, at) });
  }

  again(id: string): void {
    const turn = this.state.turns.find((one) => one.id === id);
    if (turn === undefined) return;
    this.cut(id);
    void this.ask(turn.question, turn.scope);
  }

  async open(conversationId: string): Promise<void> {
    this.stop();
    this.set({ ...EMPTY, draft: this.state.draft, scope: this.state.scope, conversationId, loading: true });
    try {
      const conversation = await getConversation(conversationId);
      if (this.state.conversationId !== conversationId) return;
      this.set({
        loading: false,
        turns: conversation.turns.map((turn) => ({
          id: uuid(),
          question: turn.question,
          scope: ANYTHING,
          state: turn.answer === null ? 'lost' : 'done',
          text: '',
          citations: byId(turn.answer?.citations ?? []),
          answer: turn.answer,
          answerId: turn.answer?.answer_id ?? null,
          askedAt: turn.created_at,
          error: null,
          retryAt: null,
        })),
      });
    } catch (error) {
      if (this.state.conversationId === conversationId) this.set({ loading: false, loadError: error });
    }
  }

  async ask(question: string, scope: Scope = this.state.scope): Promise<void> {
    this.stop();
    const id = uuid();
    const abort = new AbortController();
    this.abort = abort;
    this.set({
      loadError: null,
      turns: [
        ...this.state.turns,
        { id, question, scope, state: 'streaming', text: '', citations: {}, answer: null, answerId: null, askedAt: null, error: null, retryAt: null },
      ],
    });
    const conversation = this.state.conversationId;
    try {
      const body = { question, ...scopeBody(scope), ...(conversation === null ? {} : { conversation_id: conversation }) };
      for await (const event of askApi(body, abort.signal)) {
        if (abort.signal.aborted) return;
        switch (event.type) {
          case 'meta':
            this.patch(id, () => ({ answerId: event.data.answer_id }));
            if (event.data.conversation_id) this.set({ conversationId: event.data.conversation_id });
            break;
          case 'delta':
            this.patch(id, (turn) => ({ text: turn.text + event.data.text }));
            break;
          case 'sentence': {
            const text = markedSentence(event.data.text, event.data.citations);
            this.patch(id, (turn) => ({
              text: turn.text === '' ? text : `${turn.text}\n\n${text}`,
              citations: { ...turn.citations, ...byId(event.data.citations) },
            }));
            break;
          }
          case 'done': {
            const answer = event.data;
            this.patch(id, (turn) => ({
              state: 'done',
              answer,
              answerId: answer.answer_id,
              citations: { ...turn.citations, ...byId(answer.citations) },
            }));
            if (answer.conversation_id) this.set({ conversationId: answer.conversation_id });
            break;
          }
          case 'error':
            throw new ApiError({ message: event.data.message, status: event.data.status_code ?? 500, traceId: event.data.trace_id ?? null });
        }
      }
      this.patch(id, (turn) =>
        turn.state === 'streaming'
          ? { state: 'failed', error: new ApiError({ message: 'Die Antwort brach ab, bevor ich fertig war.', status: 0 }) }
          : {},
      );
    } catch (error) {
      if (abort.signal.aborted) return;
      // Deleted in another tab, for instance: in it nothing more can be asked, so the next try begins another one.
      const gone = conversation !== null && error instanceof ApiError && error.status === 404;
      if (gone) this.set({ conversationId: null });
      const wait = error instanceof ApiError && error.status === 429 ? (error.retryAfter ?? 60) : null;
      this.patch(id, () => ({ state: 'failed', error: gone ? GONE : error, retryAt: wait === null ? null : Date.now() + wait * 1000 }));
    } finally {
      if (this.abort === abort) {
        this.abort = null;
        this.set({});
      }
      this.onSettled?.();
    }
  }
}

function byId(citations: readonly Citation[]): Record<string, Citation> {
  return Object.fromEntries(citations.map((citation) => [citation.chunk_id, citation]));
}

export const askStore = new AskStore();
/** Which conversation the way back to „Fragen“ leads to. */
export const useConversationId = (): string | null => useSyncExternalStore(askStore.subscribe, () => askStore.get().conversationId);
export const useAsk = (): AskState => useSyncExternalStore(askStore.subscribe, askStore.get);
