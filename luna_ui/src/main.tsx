import { StrictMode } from 'react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { Tooltip } from 'radix-ui';
import { createRoot } from 'react-dom/client';
import { ApiError } from '@/api/client';
import { Toaster } from '@/components/ui/toast';
import { keepPageOnDrop } from '@/lib/dropped';
import { applyTheme } from '@/lib/theme';
import { router } from './router';
import './index.css';

applyTheme();
keepPageOnDrop();

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      // An answer in the 400s stays what it is; only outages are worth another try, and who has waited in vain decides for himself.
      retry: (count, error) => count < 1 && error instanceof ApiError && !error.timedOut && (error.unreachable || error.status >= 502),
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <Tooltip.Provider delayDuration={500}>
        <RouterProvider router={router} />
        <Toaster />
      </Tooltip.Provider>
    </QueryClientProvider>
  </StrictMode>,
);
