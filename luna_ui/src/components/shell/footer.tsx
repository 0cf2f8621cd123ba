import { Link } from '@tanstack/react-router';
import { cn } from '@/lib/cn';

export function SiteFooter({ className }: { className?: string }) {
  return (
    <footer className={cn('flex flex-wrap gap-x-4 gap-y-1 py-4 text-xs text-ink-3 [&_a]:inline-flex [&_a]:min-h-6 [&_a]:items-center [&_a:hover]:text-ink', className)}>
      <Link to="/impressum">Impressum</Link>
      <Link to="/datenschutz">Datenschutz</Link>
      <Link to="/kontakt">Kontakt</Link>
    </footer>
  );
}
