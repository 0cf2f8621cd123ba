import { type ReactNode, useRef, useState } from 'react';
import { Tooltip } from 'radix-ui';

export function Tip({ text, children }: { text: string; children: ReactNode }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Bubble text={text} />
    </Tooltip.Root>
  );
}

/** The whole of a line that is cut off in its `data-cut` element: for the pointer and the focus, and only where it is cut. */
export function WholeTip({ text, children }: { text: string; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const isCut = () => {
    const line = trigger.current?.querySelector('[data-cut]');
    return line instanceof HTMLElement && (line.scrollHeight > line.clientHeight + 1 || line.scrollWidth > line.clientWidth + 1);
  };
  return (
    <Tooltip.Root open={open} onOpenChange={(next) => setOpen(next && isCut())}>
      <Tooltip.Trigger ref={trigger} asChild>
        {children}
      </Tooltip.Trigger>
      <Bubble text={text} side="right" />
    </Tooltip.Root>
  );
}

function Bubble({ text, side = 'top' }: { text: string; side?: 'top' | 'right' }) {
  return (
    <Tooltip.Portal>
      <Tooltip.Content
        side={side}
        sideOffset={6}
        collisionPadding={8}
        className="z-50 max-w-64 animate-fade rounded border border-line bg-raised px-2 py-1 text-xs break-words text-ink shadow-lg"
      >
        {text}
      </Tooltip.Content>
    </Tooltip.Portal>
  );
}
