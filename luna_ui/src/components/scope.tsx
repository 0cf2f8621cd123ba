/** Limits of a question or search: a button that opens three fields, and says what is set. */
import { useId, useState } from 'react';
import { SlidersHorizontal, X } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Field, Input, Select } from '@/components/ui/field';
import { ANYTHING, KINDS, type Scope, isLimited, scopeWords } from '@/lib/scope';

interface ScopeProps {
  scope: Scope;
  onChange: (scope: Scope) => void;
}

export function ScopeBar({ scope, onChange }: ScopeProps) {
  const [open, setOpen] = useState(false);
  const panel = useId();
  const limited = isLimited(scope);
  return (
    <div>
      <div className="flex flex-wrap items-center gap-1">
        <Button size="sm" variant="quiet" type="button" aria-expanded={open} aria-controls={panel} onClick={() => setOpen((was) => !was)}>
          <SlidersHorizontal /> Eingrenzen
        </Button>
        {limited && (
          <>
            <span className="text-xs text-ink-2" role="status">
              {scopeWords(scope).join(' · ')}
            </span>
            <Button size="sm" variant="quiet" type="button" aria-label="Eingrenzung aufheben" onClick={() => onChange(ANYTHING)}>
              <X />
            </Button>
          </>
        )}
      </div>
      <div id={panel} hidden={!open} className="grid gap-3 px-2 pt-2 pb-3 sm:grid-cols-3">
        <Field label="Art">
          <Select value={scope.kind} onChange={(event) => onChange({ ...scope, kind: event.target.value })}>
            {KINDS.map(([kind, name]) => (
              <option key={kind} value={kind}>
                {name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Schlagwort" hint="mehrere durch Komma: eines davon">
          <Input value={scope.tag} maxLength={200} placeholder="netzentgelt" onChange={(event) => onChange({ ...scope, tag: event.target.value })} />
        </Field>
        <Field label="Rechtsstand" hint="leer: was heute gilt">
          <Input type="date" min="1900-01-01" max="2199-12-31" value={scope.asOf} onChange={(event) => onChange({ ...scope, asOf: event.target.value })} />
        </Field>
      </div>
    </div>
  );
}
