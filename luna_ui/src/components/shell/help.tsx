/** „?“ on each view: what one can do here, in Luna's voice; the words come from the API. */
import { useQuery } from '@tanstack/react-query';
import { useRouterState, useSearch } from '@tanstack/react-router';
import { CircleHelp, X } from 'lucide-react';
import { Popover } from 'radix-ui';
import { helpFor } from '@/api/calls';
import { Button, IconButton } from '@/components/ui/button';
import { Failure, Waiting } from '@/components/ui/notice';
import { helpRoute, viewOf } from './nav';

export function Help({ route }: { route: string }) {
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <IconButton label="Hilfe zu dieser Seite">
          <CircleHelp />
        </IconButton>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          collisionPadding={12}
          aria-label="Hilfe zu dieser Seite"
          className="z-50 max-h-[70dvh] w-[min(24rem,calc(100vw-1.5rem))] animate-fade overflow-y-auto rounded-xl border border-line-strong bg-panel p-5 shadow-2xl"
        >
          <Popover.Close asChild>
            <Button variant="quiet" size="icon-sm" aria-label="Hilfe schließen" className="float-right -mt-2 -mr-2">
<X />
</Button>
          </Popover.Close>
          <HelpBody route={route} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

/**
 * The same in the upper right corner of a view on a wide screen. It belongs to what is scrolled: floating above it, it
 * would lie on buttons that pass by.
 */
export function CornerHelp() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const evidenceOpen = useSearch({ strict: false, select: (search) => search.beleg !== undefined });
  if (evidenceOpen) return null;
  return (
    <div className="absolute top-5 right-3 z-10 hidden xl:right-6 lg:block print:hidden">
      <Help route={helpRoute(viewOf(path))} />
    </div>
  );
}

function HelpBody({ route }: { route: string }) {
  const help = useQuery({ queryKey: ['help', route], queryFn: () => helpFor(route), staleTime: Infinity });
  if (help.isPending) return <Waiting className="py-2" />;
  if (help.isError) return <Failure error={help.error} retry={() => void help.refetch()} />;
  return (
    <div className="space-y-3 text-sm leading-relaxed">
      <h2 className="font-semibold">{help.data.title}</h2>
      {help.data.text.split(/\n{2,}/).map((paragraph, index) => (
        <p key={index} className="text-ink-2">
          {paragraph}
        </p>
      ))}
      {help.data.tips.length > 0 && (
        <ul className="list-disc space-y-1 pl-4 text-ink-2 marker:text-moon">
          {help.data.tips.map((tip) => (
            <li key={tip}>{tip}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
