import type { ComponentProps, ReactNode } from 'react';
import { Slot } from 'radix-ui';
import { cn } from '@/lib/cn';
import { Tip } from './tip';

const VARIANT = {
  primary: 'bg-moon text-moon-ink hover:brightness-110 disabled:bg-raised disabled:text-ink-3',
  quiet: 'text-ink-2 hover:bg-raised hover:text-ink disabled:text-ink-3 disabled:hover:bg-transparent',
  outline: 'border border-line-strong text-ink hover:border-ink-3 hover:bg-raised disabled:text-ink-3',
  danger: 'border border-bad/60 text-bad hover:bg-bad-soft',
} as const;

const SIZE = {
  md: 'h-10 px-4 text-sm',
  sm: 'h-8 px-3 text-[0.8125rem]',
  icon: 'size-10 justify-center',
  'icon-sm': 'size-8 justify-center',
} as const;

export interface ButtonProps extends ComponentProps<'button'> {
  variant?: keyof typeof VARIANT;
  size?: keyof typeof SIZE;
  asChild?: boolean;
  /** It has been pressed and is at work: it does nothing, but keeps its place and the focus, which `disabled` would not. */
  busy?: boolean;
}

export function Button({ variant = 'outline', size = 'md', asChild = false, busy = false, className, type, ...rest }: ButtonProps) {
  const Part = asChild ? Slot.Root : 'button';
  return (
    <Part
      {...(asChild ? {} : { type: type ?? 'button' })}
      className={cn(
        'inline-flex shrink-0 items-center gap-2 rounded-md font-medium whitespace-nowrap transition-colors [&_svg]:size-4 [&_svg]:shrink-0',
        VARIANT[variant],
        SIZE[size],
        busy && 'cursor-progress! opacity-60',
        className,
      )}
      {...rest}
      {...(busy ? { 'aria-disabled': true, onClick: undefined } : {})}
    />
  );
}

/** A button that is only an icon still has a name, and shows it. */
export function IconButton({ label, children, size = 'icon-sm', variant = 'quiet', ...rest }: ButtonProps & { label: string; children: ReactNode }) {
  return (
    <Tip text={label}>
      <Button aria-label={label} size={size} variant={variant} {...rest}>
        {children}
      </Button>
    </Tip>
  );
}
