/** Which passage is open stands in the address (`?beleg=`), so the phone's back button closes it. */
import { useCallback } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';

let opener: HTMLElement | null = null;
export const focusOpener = (): void => opener?.focus();

export function useEvidence(): { chunkId: string | null; open: (chunkId: string) => void; close: () => void } {
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const chunkId = search.beleg ?? null;
  const open = useCallback(
    (next: string) => {
      if (document.activeElement instanceof HTMLElement) opener = document.activeElement;
      void navigate({ to: '.', search: (old) => ({ ...old, beleg: next }), replace: chunkId !== null, resetScroll: false });
    },
    [navigate, chunkId],
  );
  const close = useCallback(() => {
    void navigate({ to: '.', search: (old) => ({ ...old, beleg: undefined }), replace: true, resetScroll: false });
  }, [navigate]);
  return { chunkId, open, close };
}
