/** What a question is limited to: kind, tag and the day whose law is asked for. */
import type { AskRequest } from '@/api/types';

export interface Scope {
  kind: string;
  tag: string;
  /** A day, YYYY-MM-DD; the versions valid on it are asked. */
  asOf: string;
}

export const ANYTHING: Scope = { kind: '', tag: '', asOf: '' };

export const KINDS: readonly [string, string][] = [
  ['', 'Alle Arten'],
  ['regulation', 'Vorschriften'],
  ['document', 'Dokumente'],
  ['note', 'Notizen'],
];

export function isLimited(scope: Scope): boolean {
  return scope.kind !== '' || tagsOf(scope).length > 0 || scope.asOf !== '';
}

function tagsOf(scope: Scope): string[] {
  return scope.tag
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
}

/** The part of a request that carries the limits; empty when there are none. */
export function scopeBody(scope: Scope): Pick<AskRequest, 'filters' | 'as_of'> {
  const tags = tagsOf(scope);
  const filters = {
    ...(scope.kind === '' ? {} : { kind: scope.kind }),
    ...(tags.length === 0 ? {} : { tags }),
  };
  return {
    ...(Object.keys(filters).length === 0 ? {} : { filters }),
    ...(scope.asOf === '' ? {} : { as_of: scope.asOf }),
  };
}

/** The limits in words, for a line below the question. */
export function scopeWords(scope: Scope): string[] {
  const words: string[] = [];
  if (scope.kind !== '') words.push(`nur ${KINDS.find(([kind]) => kind === scope.kind)?.[1] ?? scope.kind}`);
  const tags = tagsOf(scope);
  if (tags.length > 0) words.push(`Schlagwort ${tags.join(', ')}`);
  if (scope.asOf !== '') {
    const [year, month, day] = scope.asOf.split('-');
    words.push(`Stand ${day}.${month}.${year}`);
  }
  return words;
}
