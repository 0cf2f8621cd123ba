import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

const TONE = {
  plain: 'border-line text-ink-2',
  ok: 'border-ok/45 text-ok',
  warn: 'border-warn/45 text-warn',
  bad: 'border-bad/45 text-bad',
} as const;
export type Tone = keyof typeof TONE;

export function Badge({ tone = 'plain', className, children }: { tone?: Tone; className?: string; children: ReactNode }) {
  return (
    <span className={cn('inline-flex items-center gap-1 rounded border px-1.5 py-0.5 text-xs whitespace-nowrap', TONE[tone], className)}>
      {children}
    </span>
  );
}
