/** Where the question is written. Enter sends, Shift+Enter breaks the line, Ctrl+Enter sends too. */
import { type RefObject, useId } from 'react';
import { ArrowUp, Square } from 'lucide-react';
import { ScopeBar } from '@/components/scope';
import { Button } from '@/components/ui/button';
import { formatNumber } from '@/lib/format';
import type { Scope } from '@/lib/scope';

export const MAX_QUESTION = 4000;

/** Counted as the API counts: characters, not halves of them. */
export const lengthOf = (question: string): number => Array.from(question.trim()).length;

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
  const length = lengthOf(value);
  const over = length - MAX_QUESTION;
  const sendable = !empty && over <= 0 && !busy;
  const overId = useId();
  return (
    <form
      className="rounded-xl border border-line-strong bg-panel shadow-lg transition-colors focus-within:border-moon"
      onSubmit={(event) => {
        event.preventDefault();
        if (sendable) onSend();
      }}
    >
      <div className="flex items-end gap-2 p-2">
        <label className="min-w-0 flex-1">
          <span className="sr-only">Ihre Frage an Luna</span>
          <textarea
            ref={field}
            rows={1}
            value={value}
            aria-invalid={over > 0}
            aria-describedby={over > 0 ? overId : undefined}
            placeholder="Fragen Sie Ihre Dokumente …"
            onChange={(event) => onChange(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || event.nativeEvent.isComposing) return;
              if (event.shiftKey) return;
              event.preventDefault();
              if (sendable) onSend();
            }}
            className="block max-h-48 w-full resize-none [field-sizing:content] bg-transparent px-2 py-2 text-base leading-normal ringless outline-none"
          />
        </label>
        {busy ? (
          <Button size="icon" aria-label="Anhalten" onClick={onStop}>
            <Square />
          </Button>
        ) : (
          <Button size="icon" variant="primary" type="submit" disabled={empty || over > 0} aria-label="Frage senden">
            <ArrowUp />
          </Button>
        )}
      </div>
      {over > 0 && (
        <p id={overId} role="status" className="px-4 pb-2 text-sm text-bad">
          {formatNumber(length)} Zeichen; ich lese höchstens {formatNumber(MAX_QUESTION)}. Bitte kürzen Sie um {formatNumber(over)}, oder
          nehmen Sie den Text als Dokument auf.
        </p>
      )}
      <div className="px-1 pb-1">
        <ScopeBar scope={scope} onChange={onScope} />
      </div>
    </form>
  );
}
