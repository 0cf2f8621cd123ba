/** Errors, emptiness and waiting: the same three faces on every view. */
import type { ReactNode } from 'react';
import { Check, Copy, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { ApiError } from '@/api/client';
import { Moon, WanderingMoon } from '@/components/moon';
import { cn } from '@/lib/cn';
import { copyText } from '@/lib/clipboard';
import { Button } from './button';

export function TraceId({ id }: { id: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      aria-label={`Vorgangskennung ${id} kopieren`}
      onClick={() => {
        void copyText(id).then(setCopied);
      }}
      className="inline-flex min-h-6 max-w-full items-center gap-1.5 rounded font-mono text-xs text-ink-3 hover:text-ink"
    >
      <span className="truncate">Vorgang {id}</span>
      {copied ? <Check className="size-3.5 shrink-0" /> : <Copy className="size-3.5 shrink-0" />}
    </button>
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Da ist etwas schiefgegangen.';
}

export function Failure({ error, retry, className }: { error: unknown; retry?: () => void; className?: string }) {
  const traceId = error instanceof ApiError ? error.traceId : null;
  return (
    <div role="alert" className={cn('rounded-lg border border-bad/45 bg-bad-soft px-4 py-3', className)}>
      <p className="text-sm text-ink">{messageOf(error)}</p>
      <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-2 empty:hidden">
        {retry && (
          <Button size="sm" onClick={retry}>
            <RotateCw /> Noch einmal versuchen
          </Button>
        )}
        {traceId !== null && <TraceId id={traceId} />}
      </div>
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      <Moon phase={0.18} className="size-10" />
      <p className="mt-4 font-medium">{title}</p>
      {children !== undefined && <div className="mt-1 max-w-md text-sm text-ink-2">{children}</div>}
    </div>
  );
}

export function Waiting({ label = 'Einen Moment …', className }: { label?: string; className?: string }) {
  return (
    <p role="status" className={cn('flex items-center gap-3 py-8 text-sm text-ink-2', className)}>
      <WanderingMoon /> {label}
    </p>
  );
}
