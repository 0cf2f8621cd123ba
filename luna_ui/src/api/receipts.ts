/** Receipts of answers: what an answer stood on, and the same question asked of today's documents. */
import type { AnswerReceipt, ReplayData } from '@/generated';
import { call } from './client';
import { OTHERS_MS } from './deadline';

export type { AnswerReceipt, ReplayData, ReceiptPassage, ReplayedPassage } from '@/generated';

const path = (answer: string) => `answers/${encodeURIComponent(answer)}`;

export const getReceipt = (answer: string, signal?: AbortSignal): Promise<AnswerReceipt> => call(path(answer), signal ? { signal } : {});
export const replayAnswer = (answer: string): Promise<ReplayData> => call(`${path(answer)}/replay`, { method: 'POST', limitMs: OTHERS_MS });
