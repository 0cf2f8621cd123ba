/** A passage in its text, and its neighbours. */
import { useMemo } from 'react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getChunksAround, getItemText } from '@/api/calls';
import type { ChunkSpan } from '@/api/types';
import { type Span, toUtf16 } from '@/lib/passage';

export interface Passage {
  text: string | null;
  mark: Span | null;
  current: ChunkSpan | null;
  previous: ChunkSpan | null;
  next: ChunkSpan | null;
  total: number | null;
  pending: boolean;
  error: unknown;
  retry: () => void;
}

export function usePassage(itemId: string, chunkId: string | null, version: number | null, known: Span | null): Passage {
  const text = useQuery({
    queryKey: ['text', itemId, version],
    queryFn: () => getItemText(itemId, version),
    staleTime: Infinity,
  });
  const around = useQuery({
    queryKey: ['chunks', itemId, chunkId],
    queryFn: () => getChunksAround(itemId, chunkId),
    staleTime: 5 * 60_000,
    placeholderData: keepPreviousData,
  });
  const chunks = useMemo(
    () => [...(around.data?.chunks ?? [])].sort((a, b) => a.chunk_idx - b.chunk_idx),
    [around.data],
  );
  const at = chunks.findIndex((chunk) => chunk.chunk_id === chunkId);
  const current = chunks[at] ?? null;
  const start = current?.char_start ?? known?.start;
  const end = current?.char_end ?? known?.end;
  const whole = text.data?.text ?? null;
  const mark = useMemo(
    () => (whole === null || start === undefined || end === undefined ? null : toUtf16(whole, { start, end })),
    [whole, start, end],
  );
  return {
    text: whole,
    mark,
    current,
    previous: at > 0 ? (chunks[at - 1] ?? null) : null,
    next: at === -1 ? null : (chunks[at + 1] ?? null),
    total: around.data?.total ?? null,
    pending: text.isPending || (known === null && around.isPending && chunkId !== null),
    error: text.error ?? (known === null ? around.error : null),
    retry: () => {
      void text.refetch();
      void around.refetch();
    },
  };
}
