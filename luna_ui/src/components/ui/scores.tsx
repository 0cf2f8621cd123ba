/** Why a passage was found: its score, part by part. */
import { formatScore, scoreParts } from '@/lib/format';

export function ScoreBars({ scores }: { scores: Record<string, number> | null | undefined }) {
  const parts = scoreParts(scores);
  if (parts.length === 0) return null;
  const top = Math.max(1, ...parts.map((part) => part.value));
  return (
    <dl className="grid grid-cols-[4.75rem_1fr_2.25rem] items-center gap-x-3 gap-y-1.5 text-xs">
      {parts.map((part) => (
        <div key={part.key} className="contents">
          <dt className="text-ink-2">{part.label}</dt>
          <dd className="h-1.5 overflow-hidden rounded-full bg-raised" aria-hidden="true">
            <svg className="h-full w-full" preserveAspectRatio="none" viewBox="0 0 100 1">
              <rect width={Math.max(1.5, (part.value / top) * 100)} height="1" className="fill-water" />
            </svg>
          </dd>
          <dd className="text-right font-mono text-ink-2 tabular-nums">{formatScore(part.value)}</dd>
        </div>
      ))}
    </dl>
  );
}
