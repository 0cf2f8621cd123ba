/** Where the question is written. Enter sends, Shift+Enter breaks the line, Ctrl+Enter sends too. */
import type { RefObject } from 'react';
import { ArrowUp, Square } from 'lucide-react';
import { ScopeBar } from '@/components/scope';
import { Button } from '@/components/ui/button';
import type { Scope } from '@/lib/scope';

export const MAX_QUESTION = 4000;

interface ComposerProps {
  value: string;
  onChange: (value: string) => void;
  onSend: () => void;
  onStop: () => void;
  busy: boolean;
  scope: Scope;
  onScope: (scope: Scope) => void;
  field: RefObject<HTMLTextAreaElement | null>;
}

export function Composer({ value, onChange, onSend, onStop, busy, scope, onScope, field }: ComposerProps) {
  const empty = value.trim() === '';
  return (
    <form
      className="rounded-xl border border-line-strong bg-panel shadow-lg transition-colors focus-within:border-moon"
      onSubmit={(event) => {
        event.preventDefault();
        if (!empty && !busy) onSend();
      }}
    >
      <div className="flex items-end gap-2 p-2">
        <label className="min-w-0 flex-1">
          <span className="sr-only">Ihre Frage an Luna</span>
          <textarea
            ref={field}
            rows={1}
            value={value}
            maxLength={MAX_QUESTION}
            placeholder="Fragen Sie Ihre Dokumente …"
            onChange={(event) => onChange(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
              if (event.shiftKey) return;
              event.preventDefault();
              if (!empty && !busy) onSend();
            }}
            className="block max-h-48 w-full resize-none [field-sizing:content] bg-transparent px-2 py-2 text-base leading-normal ringless outline-none"
          />
        </label>
        {busy ? (
          <Button size="icon" aria-label="Anhalten" onClick={onStop}>
            <Square />
          </Button>
        ) : (
          <Button size="icon" variant="primary" type="submit" disabled={empty} aria-label="Frage senden">
            <ArrowUp />
          </Button>
        )}
      </div>
      <div className="px-1 pb-1">
        <ScopeBar scope={scope} onChange={onScope} />
      </div>
    </form>
  );
}
