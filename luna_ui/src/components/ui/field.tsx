import type { ComponentProps, ReactNode } from 'react';
import { ChevronDown } from 'lucide-react';
import { cn } from '@/lib/cn';

const BOX =
  'h-10 w-full rounded-md border border-line-strong bg-bg px-3 text-base text-ink transition-colors hover:border-ink-3 lg:text-sm';

export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input className={cn(BOX, className)} {...rest} />;
}

export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return (
    <span className={cn('relative inline-block w-full', className)}>
      <select className={cn(BOX, 'appearance-none pr-9')} {...rest} />
      <ChevronDown className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-ink-3" />
    </span>
  );
}

export function TextArea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea className={cn(BOX, 'h-auto min-h-20 py-2', className)} {...rest} />;
}

export function Field({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <label className="block">
      <span className="mb-1.5 block text-sm font-medium text-ink-2">{label}</span>
      {children}
      {hint !== undefined && <span className="mt-1 block text-xs text-ink-3">{hint}</span>}
    </label>
  );
}
