/** Small parts that the views of meters and of the market share. */
import { useState } from 'react';
import { Download, ShieldCheck } from 'lucide-react';
import { type Resolution, type SeriesFormat, rerunReceipt, seriesFile } from '@/api/series';
import type { QualitySummary } from '@/api/series-types';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Select } from '@/components/ui/field';
import { messageOf } from '@/components/ui/notice';
import { notify } from '@/components/ui/toast';
import type { Window } from '@/lib/berlin';
import { saveFile } from '@/lib/download';
import { formatMoment, plural } from '@/lib/format';

export const RESOLUTION: readonly [Resolution, string][] = [
  ['auto', 'Auflösung: passend'],
  ['raw', 'Alle Werte'],
  ['15m', 'Viertelstunden'],
  ['1h', 'Stunden'],
  ['1d', 'Tage'],
  ['1mo', 'Monate'],
];
const SAID: Record<string, string> = { raw: 'Einzelwerte', '15m': 'Viertelstundenmittel', '1h': 'Stundenmittel', '1d': 'Tagesmittel', '1mo': 'Monatsmittel' };

export function ResolutionChoice({ value, onChange }: { value: Resolution; onChange: (value: Resolution) => void }) {
  return (
    <Select aria-label="Auflösung" className="w-48" value={value} onChange={(event) => onChange(event.target.value as Resolution)}>
      {RESOLUTION.map(([key, name]) => (
        <option key={key} value={key}>
          {name}
        </option>
      ))}
    </Select>
  );
}

/** What is drawn, in a line below the chart: resolution, gaps, substitutes, and whether it is simulated. */
interface SeriesNoteProps {
  resolution: string;
  reduced: boolean;
  simulated: boolean;
  quality: QualitySummary;
  asOf: string;
  /** Start and end of what there are values for inside the window, where that is not all of it. */
  reach: { from: number | null; to: number | null };
}

export function SeriesNote({ resolution, reduced, simulated, quality, asOf, reach }: SeriesNoteProps) {
  const moment = (at: number): string => formatMoment(new Date(at).toISOString());
  const flaws = [
    reach.from === null ? null : `Werte erst ab ${moment(reach.from)}`,
    reach.to === null ? null : `Werte nur bis ${moment(reach.to)}`,
    quality.missing > 0 ? plural(quality.missing, 'Wert fehlt', 'Werte fehlen') : null,
    quality.substituted > 0 ? plural(quality.substituted, 'Ersatzwert', 'Ersatzwerte') : null,
    quality.preliminary > 0 ? plural(quality.preliminary, 'vorläufiger Wert', 'vorläufige Werte') : null,
    quality.flagged > 0 ? plural(quality.flagged, 'auffälliger Wert', 'auffällige Werte') : null,
  ].filter((word) => word !== null);
  return (
    <p className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-ink-3" data-testid="series-note">
      {simulated && <Badge tone="warn">simuliert</Badge>}
      <span>
        {SAID[resolution] ?? resolution}
        {reduced ? ', ausgedünnt ohne Verlust einer Spitze' : ''}
      </span>
      <span>{quality.values === 0 ? 'keine Werte' : flaws.length === 0 ? 'lückenlos' : flaws.join(', ')}</span>
      <span>Stand {formatMoment(asOf)}</span>
    </p>
  );
}

export function Figure({ label, value, note }: { label: string; value: string; note?: string | undefined }) {
  return (
    <div className="min-w-32">
      <dt className="text-xs text-ink-3">{label}</dt>
      <dd className="mt-0.5 text-xl font-semibold tabular-nums">{value}</dd>
      {note !== undefined && <dd className="text-xs text-ink-3">{note}</dd>}
    </div>
  );
}

/** Runs the query behind the figures again and says whether the result is the same. */
export function ReceiptCheck({ receipt }: { receipt: string }) {
  const [busy, setBusy] = useState(false);
  return (
    <Button
      size="sm"
      variant="quiet"
      busy={busy}
      onClick={() => {
        setBusy(true);
        void rerunReceipt(receipt)
          .then((run) =>
            notify(
              run.same
                ? run.changed_since
                  ? 'Nachgerechnet: damals richtig, inzwischen haben sich Werte geändert.'
                  : 'Nachgerechnet: dasselbe Ergebnis.'
                : 'Nachgerechnet: Das Ergebnis ist nicht mehr dasselbe.',
            ),
          )
          .catch((error: unknown) => notify(messageOf(error), { tone: 'bad' }))
          .finally(() => setBusy(false));
      }}
    >
      <ShieldCheck /> Nachrechnen
    </Button>
  );
}

const FORMATS: readonly [SeriesFormat, string][] = [
  ['csv', 'CSV'],
  ['xlsx', 'Excel'],
  ['parquet', 'Parquet'],
  ['arrow', 'Arrow'],
];

export function Downloads({ path, query, window, resolution, name }: { path: 'data/market' | 'data/smartmeter'; query: Record<string, string>; window: Window; resolution: Resolution; name: string }) {
  const [busy, setBusy] = useState<SeriesFormat | null>(null);
  const fetchFile = (format: SeriesFormat) => {
    setBusy(format);
    void seriesFile(path, { ...query, from: window.from, to: window.to, resolution }, format)
      .then((blob) => saveFile(blob, `${name}.${format}`))
      .catch((error: unknown) => notify(messageOf(error), { tone: 'bad' }))
      .finally(() => setBusy(null));
  };
  return (
    <div className="flex flex-wrap items-center gap-1" role="group" aria-label="Herunterladen">
      <Download className="mr-1 size-4 text-ink-3" aria-hidden="true" />
      {FORMATS.map(([format, label]) => (
        <Button key={format} size="sm" variant="quiet" busy={busy !== null} onClick={() => fetchFile(format)}>
          {busy === format ? '…' : label}
        </Button>
      ))}
    </div>
  );
}
