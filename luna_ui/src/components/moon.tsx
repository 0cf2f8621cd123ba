/** The moon as the house's sign for „how far“: new moon is nothing yet, full moon is done. */
import { useId } from 'react';
import { cn } from '@/lib/cn';

interface MoonProps {
  /** 0 (new) to 1 (full). */
  phase: number;
  className?: string;
  tone?: string;
}

/** The lit part of a disc of radius 10 around (12, 12), waxing from the right. */
export function litPath(phase: number): string {
  const p = Math.min(1, Math.max(0, phase));
  if (p === 0) return '';
  if (p === 1) return 'M12 2a10 10 0 0 1 0 20a10 10 0 0 1 0-20Z';
  const bulge = 10 * Math.abs(1 - 2 * p);
  return `M12 2A10 10 0 0 1 12 22A${bulge.toFixed(2)} 10 0 0 ${p < 0.5 ? 0 : 1} 12 2Z`;
}

export function Moon({ phase, className, tone = 'fill-moon' }: MoonProps) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" className={cn('size-5 shrink-0', className)}>
      <circle cx="12" cy="12" r="10" className="fill-raised stroke-line-strong" strokeWidth="1" />
      <path d={litPath(phase)} className={tone} />
    </svg>
  );
}

/** Luna is reading: the shadow moves. */
export function WanderingMoon({ className }: { className?: string }) {
  const clip = useId();
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" className={cn('size-5 shrink-0', className)}>
      <clipPath id={clip}>
        <circle cx="12" cy="12" r="10" />
      </clipPath>
      <g clipPath={`url(#${clip})`}>
        <circle cx="12" cy="12" r="10" className="fill-moon" />
        <circle cx="1" cy="12" r="11" className="moon-wander fill-raised" />
      </g>
      <circle cx="12" cy="12" r="10" className="fill-none stroke-line-strong" strokeWidth="1" />
    </svg>
  );
}
