/** The frame of a scrolling view: title, what may stand beside it, content, footer. */
import type { ReactNode } from 'react';
import { useTitle } from '@/lib/title';
import { SiteFooter } from './footer';
import { CornerHelp } from './help';

export function Page({ title, lead, aside, before, children, narrow = false }: { title: string; lead?: string; aside?: ReactNode; before?: ReactNode; children: ReactNode; narrow?: boolean }) {
  useTitle(title);
  return (
    <div className="thin-scroll relative h-full overflow-y-auto print:h-auto print:overflow-visible">
      <CornerHelp />
      <div className={`mx-auto flex min-h-full flex-col px-5 pt-6 lg:px-8 lg:pt-8 ${narrow ? 'max-w-3xl' : 'max-w-6xl'}`}>
        <div className="flex-1 pb-10">
          {before}
          <div className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3 lg:pr-12">
            <div className="min-w-0">
              <h1 className="text-2xl leading-tight font-semibold break-words">{title}</h1>
              {lead !== undefined && <p className="mt-1.5 max-w-prose text-[0.9375rem] text-ink-2 text-pretty">{lead}</p>}
            </div>
            {aside}
          </div>
          {children}
        </div>
        <SiteFooter className="lg:hidden print:hidden" />
      </div>
    </div>
  );
}
