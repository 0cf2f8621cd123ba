/** The frame around every view: navigation at the left, at the bottom on a phone. */
import { type ReactNode, useEffect, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useRouterState, useSearch } from '@tanstack/react-router';
import { MessagesSquare, Moon as MoonIcon, RotateCw, Sun } from 'lucide-react';
import { refreshSystemInfo } from '@/api/client';
import { Moon } from '@/components/moon';
import { Button, IconButton } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { ConversationList, NewConversation, useNewConversation } from '@/features/ask/conversations';
import { useConversationId } from '@/features/ask/store';
import { cn } from '@/lib/cn';
import { setTheme, useTheme } from '@/lib/theme';
import { SiteFooter } from './footer';
import { Help } from './help';
import { NAV, helpRoute, viewOf } from './nav';

export function Shell({ children }: { children: ReactNode }) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const evidenceOpen = useSearch({ strict: false, select: (search) => search.beleg !== undefined });
  useSlashKey();

  return (
    <div className="flex h-dvh flex-col lg:flex-row print:block print:h-auto">
      <a
        href="#main"
        className="sr-only z-[70] rounded bg-moon px-3 py-2 text-sm font-medium text-moon-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Zum Inhalt springen
      </a>
      <Sidebar />
      <TopBar route={viewOf(path)} />
      <main
        id="main"
        tabIndex={-1}
        className={cn('flex min-h-0 min-w-0 ringless flex-1 flex-col outline-none print:block', evidenceOpen && 'xl:pr-[30rem] print:pr-0')}
      >
        <Unreachable />
        <div className="relative min-h-0 flex-1 print:static">{children}</div>
      </main>
      <TabBar />
    </div>
  );
}

function Brand() {
  const current = useCurrent();
  return (
    <Link to="/" search={current} className="inline-flex items-center gap-2.5 rounded">
      <Moon phase={0.5} className="size-6" />
      <span className="text-[1.0625rem] font-semibold tracking-tight">Luna</span>
    </Link>
  );
}

/** The conversation on the screen stays there when one comes back to „Fragen“, and in the address. */
function useCurrent(): { c?: string } {
  const conversation = useConversationId();
  return conversation === null ? {} : { c: conversation };
}

function Sidebar() {
  const current = useCurrent();
  return (
    <div className="hidden w-64 shrink-0 flex-col border-r border-line bg-panel lg:flex print:hidden">
      <div className="flex items-center justify-between px-5 pt-5 pb-4">
        <Brand />
        <ThemeToggle />
      </div>
      <nav aria-label="Hauptnavigation" className="px-3">
        <ul className="space-y-px">
          {NAV.map(({ to, label, icon: Icon }) => (
            <li key={to}>
              <Link
                to={to}
                search={to === '/' ? current : {}}
                activeOptions={{ exact: to === '/', includeSearch: false }}
                className="flex h-9 items-center gap-3 rounded-md px-2 text-sm text-ink-2 transition-colors hover:bg-raised hover:text-ink"
                activeProps={{ className: 'bg-raised text-ink! font-medium [&_svg]:text-moon' }}
              >
                <Icon className="size-4" /> {label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <section aria-label="Gespräche" className="mt-5 flex min-h-0 flex-1 flex-col border-t border-line px-3 pt-4">
        <NewConversation />
        <div className="thin-scroll -mx-1 mt-2 min-h-0 flex-1 overflow-y-auto px-1 pt-1 pb-3">
          <ConversationList />
        </div>
      </section>
      <SiteFooter className="border-t border-line px-5" />
    </div>
  );
}

function TopBar({ route }: { route: string }) {
  const [listOpen, setListOpen] = useState(false);
  const startNew = useNewConversation();
  return (
    <header className="flex h-12 shrink-0 items-center justify-between border-b border-line bg-panel pr-2 pl-4 lg:hidden print:hidden">
      <Brand />
      <div className="flex items-center">
        {route === '/' && (
          <>
            <Button size="sm" variant="quiet" onClick={startNew}>
              Neu
            </Button>
            <IconButton label="Gespräche" size="icon" onClick={() => setListOpen(true)}>
              <MessagesSquare />
            </IconButton>
            <Dialog open={listOpen} onOpenChange={setListOpen} title="Gespräche">
              <NewConversation onDone={() => setListOpen(false)} />
              <div className="mt-3">
                <ConversationList onDone={() => setListOpen(false)} />
              </div>
            </Dialog>
          </>
        )}
        <ThemeToggle />
        <Help route={helpRoute(route)} />
      </div>
    </header>
  );
}

function TabBar() {
  const current = useCurrent();
  return (
    <nav aria-label="Hauptnavigation" className="shrink-0 border-t border-line bg-panel pb-[env(safe-area-inset-bottom)] lg:hidden print:hidden">
      <ul className="grid grid-cols-6">
        {NAV.map(({ to, label, icon: Icon }) => (
          <li key={to}>
            <Link
              to={to}
              search={to === '/' ? current : {}}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              className="flex h-14 flex-col items-center justify-center gap-1 text-[0.6875rem] text-ink-2 outline-offset-[-4px]!"
              activeProps={{ className: 'text-moon! font-medium' }}
            >
              <Icon className="size-5" /> <span className="max-w-full truncate">{label}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function ThemeToggle() {
  const theme = useTheme();
  return (
    <IconButton label={theme === 'dark' ? 'Helle Ansicht' : 'Dunkle Ansicht'} onClick={() => setTheme(theme === 'dark' ? 'light' : 'dark')}>
      {theme === 'dark' ? <Sun /> : <MoonIcon />}
    </IconButton>
  );
}

function Unreachable() {
  const info = useQuery({
    queryKey: ['system-info'],
    queryFn: refreshSystemInfo,
    refetchInterval: (query) => (query.state.status === 'error' ? 10_000 : 60_000),
    retry: 1,
  });
  if (!info.isError) return null;
  return (
    <div role="alert" className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-bad/45 bg-bad-soft px-5 py-2 text-sm" data-testid="unreachable">
      <span className="min-w-0 flex-1">Ich erreiche meinen Server gerade nicht und versuche es weiter.</span>
      <Button size="sm" busy={info.isFetching} onClick={() => void info.refetch()}>
        <RotateCw /> {info.isFetching ? 'Prüfe …' : 'Jetzt prüfen'}
      </Button>
    </div>
  );
}

/** `/` leads to the question from everywhere, unless one is writing. */
function useSlashKey() {
  const navigate = useNavigate();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target;
      if (target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))) return;
      event.preventDefault();
      const focus = () => document.querySelector<HTMLElement>('#question textarea, #search-field')?.focus();
      if (document.querySelector('#question textarea') !== null) focus();
      else void navigate({ to: '/' }).then(() => requestAnimationFrame(focus));
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [navigate]);
}
