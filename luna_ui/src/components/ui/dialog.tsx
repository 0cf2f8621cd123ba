import { type ReactNode, useRef } from 'react';
import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { rememberFocus } from '@/lib/focus';
import { Button } from './button';

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  children: ReactNode;
}

/** Asks, or takes in a few fields. The focus begins in the first field, and goes back to what opened it. */
export function Dialog({ open, onOpenChange, title, description, children }: DialogProps) {
  const giveBack = useRef<(() => void) | null>(null);
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 animate-fade bg-shade" />
        <Radix.Content
          onOpenAutoFocus={(event) => {
            giveBack.current = rememberFocus();
            const field = event.currentTarget instanceof HTMLElement && event.currentTarget.querySelector<HTMLElement>('form input, form select');
            if (!field) return;
            event.preventDefault();
            field.focus();
          }}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            giveBack.current?.();
          }}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
          className="fixed top-1/2 left-1/2 z-50 max-h-[85dvh] w-[min(30rem,calc(100vw-2rem))] -translate-1/2 animate-fade overflow-y-auto rounded-xl border border-line bg-panel p-6 shadow-2xl"
        >
          <div className="flex items-start justify-between gap-4">
            <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
            <Radix.Close asChild>
              <Button variant="quiet" size="icon-sm" aria-label="Schließen" className="-mt-1 -mr-2">
<X />
</Button>
            </Radix.Close>
          </div>
          {description !== undefined && (
            <Radix.Description className="mt-1 text-sm text-ink-2">{description}</Radix.Description>
          )}
          <div className="mt-4">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
