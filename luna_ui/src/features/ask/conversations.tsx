/** Earlier conversations. What is deleted can be taken back. */
import { useRef, useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { SquarePen, Trash2 } from 'lucide-react';
import { deleteConversation, listConversations, restoreConversation } from '@/api/calls';
import type { ConversationSummary } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { messageOf } from '@/components/ui/notice';
import { WholeTip } from '@/components/ui/tip';
import { notify } from '@/components/ui/toast';
import { cn } from '@/lib/cn';
import { focusOnceGone } from '@/lib/focus';
import { formatAgo } from '@/lib/format';
import { askStore, useAsk } from './store';

export function useNewConversation(): () => void {
  const navigate = useNavigate();
  return () => {
    askStore.reset();
    void navigate({ to: '/', search: {} }).then(() => document.getElementById('question')?.querySelector('textarea')?.focus());
  };
}

export function NewConversation({ onDone }: { onDone?: () => void }) {
  const start = useNewConversation();
  return (
    <Button
      size="sm"
      className="w-full justify-start"
      onClick={() => {
        start();
        onDone?.();
      }}
    >
      <SquarePen /> Neues Gespräch
    </Button>
  );
}

export function ConversationList({ onDone }: { onDone?: () => void }) {
  const client = useQueryClient();
  const { conversationId } = useAsk();
  const [limit, setLimit] = useState(30);
  const list = useQuery({ queryKey: ['conversations'], queryFn: listConversations });
  const startNew = useNewConversation();

  const refresh = () => client.invalidateQueries({ queryKey: ['conversations'] });
  const links = useRef<HTMLUListElement>(null);
  const failed = (error: unknown) => notify(messageOf(error), { tone: 'bad' });

  const remove = (conversation: ConversationSummary) => {
    const id = conversation.conversation_id;
    const all = list.data?.conversations ?? [];
    const at = all.indexOf(conversation);
    const neighbour = all[at + 1] ?? all[at - 1];
    deleteConversation(id).then(() => {
      // The button goes with its conversation; the focus goes on with the next one.
      void refresh().then(() =>
        focusOnceGone(() => neighbour && links.current?.querySelector(`[data-conversation="${neighbour.conversation_id}"]`)),
      );
      if (id === askStore.get().conversationId) startNew();
      notify('Gespräch gelöscht.', {
        duration: 8000,
        action: {
          label: 'Rückgängig',
          run: () => {
            restoreConversation(id).then(refresh, failed);
          },
        },
      });
    }, failed);
  };

  if (list.isPending) return <p className="px-2 text-xs text-ink-3">Gespräche werden geladen …</p>;
  if (list.isError) return <p className="px-2 text-xs text-ink-3">Die Gespräche sind gerade nicht zu bekommen.</p>;
  const shown = list.data.conversations;
  if (shown.length === 0) return <p className="px-2 text-xs leading-relaxed text-ink-3">Noch keine Gespräche. Das lässt sich ändern.</p>;
  return (
    <>
      <ul ref={links} className="space-y-px">
        {shown.slice(0, limit).map((conversation) => (
          <li key={conversation.conversation_id} className="group relative">
            <WholeTip text={conversation.title || 'Ohne Titel'}>
              <Link
                data-conversation={conversation.conversation_id}
                to="/"
                search={{ c: conversation.conversation_id }}
                {...(onDone ? { onClick: onDone } : {})}
                aria-current={conversation.conversation_id === conversationId ? 'true' : undefined}
                className={cn(
                  'block rounded-md py-1.5 pr-9 pl-2 text-sm transition-colors hover:bg-raised',
                  conversation.conversation_id === conversationId ? 'bg-raised text-ink' : 'text-ink-2',
                )}
              >
                <span data-cut className={cn('break-words', onDone ? 'line-clamp-3' : 'line-clamp-1 break-all')}>
                  {conversation.title || 'Ohne Titel'}
                </span>
                <span className="block text-xs text-ink-3">{formatAgo(conversation.updated_at)}</span>
              </Link>
            </WholeTip>
            <div className="absolute top-1.5 right-0.5 lg:opacity-0 lg:group-focus-within:opacity-100 lg:group-hover:opacity-100">
              <IconButton label={`Gespräch „${conversation.title || 'Ohne Titel'}“ löschen`} onClick={() => remove(conversation)}>
                <Trash2 />
              </IconButton>
            </div>
          </li>
        ))}
      </ul>
      {shown.length > limit && (
        <Button size="sm" variant="quiet" className="mt-1" onClick={() => setLimit((value) => value + 50)}>
          Ältere zeigen
        </Button>
      )}
    </>
  );
}
