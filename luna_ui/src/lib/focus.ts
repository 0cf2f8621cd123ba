/** Where the keyboard goes on when what it was in goes away. */

const CAN_TAKE_IT = 'a[href], button:not(:disabled), input, select, textarea, summary, [tabindex]';

/** Remembers what has the focus now; the returned function gives it back, or gives it to what stood around it. */
export function rememberFocus(): () => void {
  const opener = document.activeElement;
  const around: Element[] = [];
  for (let element = opener?.parentElement ?? null; element !== null; element = element.parentElement) {
    if (element.matches('section[aria-label], main')) around.push(element);
  }
  return () => {
    // Whatever was done may have led it on by itself.
    const now = document.activeElement;
    if (now !== null && now !== document.body && now.isConnected) return;
    if (opener instanceof HTMLElement && opener !== document.body && opener.isConnected && opener.matches(CAN_TAKE_IT)) opener.focus();
    else focusOn(around.find((element) => element.isConnected) ?? document.getElementById('main'));
  };
}

/** Puts the focus on something that is no control, as a region whose button is gone: from there one goes on. */
export function focusOn(element: Element | null): void {
  if (!(element instanceof HTMLElement)) return;
  if (!element.hasAttribute('tabindex')) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

/** The `ref` of a button that goes with what it did: the focus then stays in the region it was in. */
export function leaveFocusNear(button: HTMLElement | null): () => void {
  return () => {
    if (button === null || document.activeElement !== button) return;
    const region = button.closest('section[aria-label]');
    queueMicrotask(() => {
      if (document.activeElement === document.body) focusOn(region?.isConnected === true ? region : document.getElementById('main'));
    });
  };
}

const LONGEST_WAIT_MS = 5_000;

/** Once what has the focus is gone from the page, puts it on what `next` finds; not where the reader has gone elsewhere. */
export function focusOnceGone(next: () => Element | null | undefined): void {
  const leaving = document.activeElement;
  const until = performance.now() + LONGEST_WAIT_MS;
  const look = () => {
    const now = document.activeElement;
    // The new list may be known before it is drawn.
    if (now !== null && now !== document.body && now === leaving) {
      if (performance.now() < until) requestAnimationFrame(look);
      return;
    }
    const found = now === document.body ? next() : null;
    if (found instanceof HTMLElement) found.focus();
  };
  requestAnimationFrame(look);
}
