/** Zähler: all meters of the household or company, importing files, adding meters. */
import { useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { listMeters } from '@/api/series';
import type { MeterData } from '@/api/series-types';
import { Page } from '@/components/shell/page';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Empty, Failure, Waiting } from '@/components/ui/notice';
import { formatDay } from '@/lib/format';
import { METER_KIND, meterName } from './names';
import { EarlierImports } from './earlier-imports';
import { ImportPanel } from './import-panel';
import { NewMeterDialog } from './new-meter';

export function MetersView() {
  const client = useQueryClient();
  const meters = useQuery({ queryKey: ['meters'], queryFn: listMeters });
  const [adding, setAdding] = useState(false);
  const known = meters.data?.meters ?? [];
  return (
    <Page
      title="Zähler"
      lead="Was fließt, wohin, und ob jemand mitgeschrieben hat."
      aside={
        <Button size="sm" className="lg:mr-12" onClick={() => setAdding(true)}>
          <Plus /> Zähler anlegen
        </Button>
      }
    >
      {meters.isPending ? (
        <Waiting label="Ich zähle die Zähler …" />
      ) : meters.isError ? (
        <Failure error={meters.error} retry={() => void meters.refetch()} />
      ) : known.length === 0 ? (
        <Empty title="Noch kein Zähler.">Legen Sie unten eine Datei Ihres Netzbetreibers ab; den Zähler lege ich dann von selbst an.</Empty>
      ) : (
        <ul className="grid gap-px overflow-hidden rounded-xl border border-line bg-line sm:grid-cols-2">
          {known.map((meter) => (
            <MeterCard key={meter.meter_id} meter={meter} />
          ))}
        </ul>
      )}
      <section aria-label="Messwerte einlesen" className="mt-10">
        <h2 className="mb-3 font-semibold">Messwerte einlesen</h2>
        <ImportPanel
          onDone={() => {
            for (const key of ['meters', 'imports']) void client.invalidateQueries({ queryKey: [key] });
          }}
        />
      </section>
      <section aria-label="Bisher eingelesen" className="mt-10">
        <h2 className="mb-3 font-semibold">Bisher eingelesen</h2>
        <EarlierImports />
      </section>
      <NewMeterDialog
        open={adding}
        meters={known}
        onOpenChange={setAdding}
        onDone={() => {
          setAdding(false);
          void client.invalidateQueries({ queryKey: ['meters'] });
        }}
      />
    </Page>
  );
}

function MeterCard({ meter }: { meter: MeterData }) {
  const reach =
    meter.first_ts && meter.last_ts ? `${formatDay(meter.first_ts)} bis ${formatDay(meter.last_ts)}` : 'noch keine Werte';
  return (
    <li className="bg-panel sm:last:odd:col-span-2" data-testid="meter">
      <Link to="/zaehler/$meterId" params={{ meterId: meter.meter_id }} search={{}} className="block h-full px-4 py-3 outline-offset-[-4px]! transition-colors hover:bg-raised">
        <span className="flex flex-wrap items-center gap-2">
          <span className="min-w-0 font-medium break-words">{meterName(meter)}</span>
          {meter.simulated && <Badge tone="warn">simuliert</Badge>}
          {meter.virtual && <Badge>virtuell</Badge>}
        </span>
        <span className="mt-1 block text-xs text-ink-2">
          {[METER_KIND[meter.kind] ?? meter.kind, meter.virtual ? null : reach].filter(Boolean).join(' · ')}
        </span>
        {(meter.market_location ?? meter.metering_location) !== null && (
          <span className="mt-0.5 block truncate font-mono text-xs text-ink-3">{meter.market_location ?? meter.metering_location}</span>
        )}
      </Link>
    </li>
  );
}
