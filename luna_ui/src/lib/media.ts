import { useSyncExternalStore } from 'react';

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
  );
}

const WIDE = '(min-width: 1024px)';

export const useWide = (): boolean => useMedia(WIDE);
/** The same outside of rendering. */
export const isWide = (): boolean => matchMedia(WIDE).matches;
