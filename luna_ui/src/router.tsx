/** All addresses of the page. Views other than the first are loaded when they are opened. */
import { type ReactNode, useState } from 'react';
import { Link, Outlet, createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { refreshSystemInfo } from '@/api/client';
import { Shell } from '@/components/shell/shell';
import { Button } from '@/components/ui/button';
import { Empty, Failure, Waiting } from '@/components/ui/notice';
import { AskView } from '@/features/ask/view';
import { type RangeSearch, rangeSearch } from '@/features/series/use-range';
import { useTitle } from '@/lib/title';

/**
 * A view that is loaded when it is opened. Without a connection the router would load the whole page anew, and lose it;
 * only where the server answers is the view's file gone for good (a newer build), and loading anew the right thing.
 */
function lazy<Name extends string>(load: () => Promise<Record<Name, () => ReactNode>>, name: Name) {
  const careful = (): Promise<Record<Name, () => ReactNode>> =>
    load().catch(async (fault: unknown) => {
      const reached = await refreshSystemInfo().then(
        () => true,
        () => false,
      );
      if (reached) throw fault;
      return { [name]: Unreached } as Record<Name, () => ReactNode>;
    });
  return lazyRouteComponent(careful, name);
}

function Unreached() {
  const [error, setError] = useState<unknown>(new Error('Diese Ansicht hatte ich noch nicht geladen, und der Server ist gerade nicht zu erreichen.'));
  const again = () => {
    refreshSystemInfo().then(() => window.location.reload(), setError);
  };
  return <Failure className="m-6" error={error} retry={again} />;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Plain words in the address: `?q=14` is text, not a number, and is not quoted. */
function stringifySearch(search: Record<string, unknown>): string {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(search)) if (typeof value === 'string' && value !== '') words.set(key, value);
  const tail = words.toString();
  return tail === '' ? '' : `?${tail}`;
}

interface RootSearch {
  beleg?: string | undefined;
}

function NotFound() {
  useTitle('Seite nicht gefunden');
  return (
    <Empty title="Diese Seite gibt es nicht.">
      <p>Ich habe nachgesehen. Gründlich.</p>
      <Button asChild className="mt-4">
        <Link to="/">Zur Startseite</Link>
      </Button>
    </Empty>
  );
}

const root = createRootRoute({
  validateSearch: (search: Record<string, unknown>): RootSearch => ({ beleg: text(search['beleg']) }),
  component: () => (
    <Shell>
      <Outlet />
    </Shell>
  ),
  notFoundComponent: NotFound,
});

const ask = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: (search: Record<string, unknown>): { c?: string | undefined; q?: string | undefined } => ({ c: text(search['c']), q: text(search['q']) }),
  component: AskView,
});

const documents = createRoute({
  getParentRoute: () => root,
  path: '/dokumente',
  validateSearch: (
    search: Record<string, unknown>,
  ): { suche?: string | undefined; art?: string | undefined; tag?: string | undefined; status?: string | undefined } => ({
    suche: text(search['suche']),
    art: text(search['art']),
    tag: text(search['tag']),
    status: text(search['status']),
  }),
  component: lazy(() => import('@/features/documents/view'), 'DocumentsView'),
});

const document = createRoute({
  getParentRoute: () => root,
  path: '/dokumente/$itemId',
  validateSearch: (search: Record<string, unknown>): { chunk?: string | undefined } => ({ chunk: text(search['chunk']) }),
  component: lazy(() => import('@/features/documents/document'), 'DocumentView'),
});

const search = createRoute({
  getParentRoute: () => root,
  path: '/suche',
  validateSearch: (search: Record<string, unknown>): { q?: string | undefined } => ({ q: text(search['q']) }),
  component: lazy(() => import('@/features/search/view'), 'SearchView'),
});

const market = createRoute({
  getParentRoute: () => root,
  path: '/markt',
  validateSearch: (search: Record<string, unknown>): RangeSearch & { markt?: string | undefined; produkt?: string | undefined } => ({
    markt: text(search['markt']),
    produkt: text(search['produkt']),
    ...rangeSearch(search),
  }),
  component: lazy(() => import('@/features/market/view'), 'MarketView'),
});

const meters = createRoute({
  getParentRoute: () => root,
  path: '/zaehler',
  component: lazy(() => import('@/features/meters/view'), 'MetersView'),
});

const meter = createRoute({
  getParentRoute: () => root,
  path: '/zaehler/$meterId',
  validateSearch: (search: Record<string, unknown>): RangeSearch => rangeSearch(search),
  component: lazy(() => import('@/features/meters/meter'), 'MeterView'),
});

const system = createRoute({
  getParentRoute: () => root,
  path: '/system',
  component: lazy(() => import('@/features/system/view'), 'SystemView'),
});

const legal = () => import('@/features/legal/pages');
const imprint = createRoute({ getParentRoute: () => root, path: '/impressum', component: lazy(legal, 'Imprint') });
const privacy = createRoute({ getParentRoute: () => root, path: '/datenschutz', component: lazy(legal, 'Privacy') });
const contact = createRoute({ getParentRoute: () => root, path: '/kontakt', component: lazy(legal, 'Contact') });

export const router = createRouter({
  routeTree: root.addChildren([ask, documents, document, search, market, meters, meter, system, imprint, privacy, contact]),
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Waiting className="px-8" />,
  defaultErrorComponent: ({ error, reset }) => <Failure className="m-6" error={error} retry={reset} />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
