/** Which documents of an answer may have been replaced since. Pure. */
import type { Answer, Citation } from '@/api/types';
import { dayOf } from '@/lib/berlin';

export interface Replaceable {
  /** When it was asked, where it comes from a kept conversation; null for one that was just given. */
  askedAt: string | null;
  answer: Pick<Answer, 'as_of' | 'answered'> | null;
  citations: Record<string, Pick<Citation, 'payload'>>;
}

/** Items that an earlier answer cites as the law of its day; who asked for the law of 2022 gets what is old on purpose. */
export function replaceable({ askedAt, answer, citations }: Replaceable): string[] {
  if (askedAt === null || !answer?.answered) return [];
  const moment = Date.parse(askedAt);
  if (Number.isNaN(moment) || (answer.as_of ?? '') < dayOf(moment)) return [];
  return [...new Set(Object.values(citations).map(({ payload }) => payload.item_id))];
}
