/** The title of the tab: what the view is about, then Luna. Tabs, history and screen readers go by it. */
import { useEffect } from 'react';

const MOST = 60;

export function titleOf(view: string | null): string {
  const words = (view ?? '').replaceAll(/\s+/g, ' ').trim();
  if (words === '') return 'Luna';
  return `${words.length <= MOST ? words : `${words.slice(0, MOST - 1).trimEnd()}…`} – Luna`;
}

export function useTitle(view: string | null): void {
  useEffect(() => {
    document.title = titleOf(view);
  }, [view]);
}
