/** The views, in the order in which they are named everywhere. */
import { Activity, ChartLine, FileText, Gauge, MessageSquareText, Search } from 'lucide-react';

export const NAV = [
  { to: '/', label: 'Fragen', icon: MessageSquareText },
  { to: '/dokumente', label: 'Dokumente', icon: FileText },
  { to: '/suche', label: 'Suche', icon: Search },
  { to: '/zaehler', label: 'Zähler', icon: Gauge },
  { to: '/markt', label: 'Markt', icon: ChartLine },
  { to: '/system', label: 'System', icon: Activity },
] as const;

/** The start page is the view „Fragen“, the legal pages share one text. */
export function helpRoute(route: string): string {
  if (route === '/') return '/fragen';
  return NAV.some(({ to }) => to === route) ? route : '/rechtliches';
}

/** The view to which an address belongs; the address itself where it belongs to none. */
export const viewOf = (path: string): string => NAV.findLast(({ to }) => (to === '/' ? path === '/' : path.startsWith(to)))?.to ?? path;
