/** Short messages at the edge, with at most one thing to do. */
import { useSyncExternalStore } from 'react';
import { X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { Button, IconButton } from './button';

interface Note {
  id: number;
  text: string;
  tone: 'plain' | 'bad';
  duration: number;
  action?: { label: string; run: () => void };
}

/** Leads the keyboard to the messages; as long as it is there they stay. */
const KEY = 'F8';

let notes: Note[] = [];
let counter = 0;
const listeners = new Set<() => void>();
const emit = () => listeners.forEach((listener) => listener());

export function notify(text: string, options: Partial<Pick<Note, 'tone' | 'duration' | 'action'>> = {}): void {
  const note: Note = { id: ++counter, text, tone: 'plain', duration: 5000, ...options };
  notes = [...notes, note].slice(-4);
  emit();
}

function drop(id: number) {
  notes = notes.filter((note) => note.id !== id);
  emit();
}

export function Toaster() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => notes,
  );
  return (
    <Radix.Provider swipeDirection="right" label="Meldungen">
      {shown.map((note) => (
        <Radix.Root
          key={note.id}
          duration={note.duration}
          onOpenChange={(open) => {
            if (!open) drop(note.id);
          }}
          className="flex animate-rise items-center gap-3 rounded-lg border border-line-strong bg-raised py-2 pr-2 pl-4 shadow-xl"
        >
          <Radix.Description className={`min-w-0 flex-1 text-sm ${note.tone === 'bad' ? 'text-bad' : 'text-ink'}`}>{note.text}</Radix.Description>
          {note.action && (
            <Radix.Action asChild altText={note.action.label}>
              <Button size="sm" data-action onClick={note.action.run}>
                {note.action.label}
                <kbd className="hidden font-mono text-xs text-ink-3 lg:inline" title="F8 führt hierher" aria-hidden="true">
                  {KEY}
                </kbd>
              </Button>
            </Radix.Action>
          )}
          <Radix.Close asChild>
            <IconButton label="Meldung schließen">
              <X />
            </IconButton>
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport
        hotkey={[KEY]}
        label="Meldungen ({hotkey})"
        onFocus={(event) => {
          // The key leads to what can be done, of the newest message that offers something.
          if (event.target === event.currentTarget) [...event.currentTarget.querySelectorAll<HTMLElement>('[data-action]')].at(-1)?.focus();
        }}
        className="fixed right-4 bottom-20 z-[60] flex w-[min(26rem,calc(100vw-2rem))] flex-col gap-2 outline-none lg:bottom-6"
      />
    </Radix.Provider>
  );
}
