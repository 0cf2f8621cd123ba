/** A new meter, or a virtual one: the sum and difference of others. */
import { useState } from 'react';
import { Plus, X } from 'lucide-react';
import { createMeter } from '@/api/series';
import type { FormulaPart, MeterData } from '@/api/series-types';
import { Button, IconButton } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field, Input, Select } from '@/components/ui/field';
import { Failure } from '@/components/ui/notice';
import { readNumber } from '@/lib/format';
import { METER_KIND, meterName } from './names';

const KINDS = ['household', 'business', 'heat_pump', 'pv', 'grid'] as const;

interface NewMeterProps {
  open: boolean;
  meters: readonly MeterData[];
  onOpenChange: (open: boolean) => void;
  onDone: () => void;
}

export function NewMeterDialog({ open, meters, onOpenChange, onDone }: NewMeterProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Zähler anlegen" description="Zähler aus Dateien lege ich von selbst an; hier entstehen eigene und berechnete.">
      <NewMeterForm meters={meters} onDone={onDone} />
    </Dialog>
  );
}

function NewMeterForm({ meters, onDone }: Pick<NewMeterProps, 'meters' | 'onDone'>) {
  const real = meters.filter((meter) => !meter.virtual);
  const [meterId, setMeterId] = useState('');
  const [name, setName] = useState('');
  const [kind, setKind] = useState<string>('household');
  const [location, setLocation] = useState('');
  const [capacity, setCapacity] = useState('');
  const [parts, setParts] = useState<Required<FormulaPart>[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const virtual = kind === 'virtual';

  const addPart = () => {
    const first = real[0];
    if (first) setParts((all) => [...all, { meter_id: first.meter_id, factor: 1, series: 'consumption_kw' }]);
  };
  const change = (at: number, part: Partial<FormulaPart>) => setParts((all) => all.map((one, index) => (index === at ? { ...one, ...part } : one)));

  const send = () => {
    const power = capacity.trim() === '' || virtual ? null : readNumber(capacity);
    if (power !== null && !(power >= 0)) {
      setError(new Error(`„${capacity.trim()}“ ist keine Leistung in kW. So ginge es: 9,8.`));
      return;
    }
    setBusy(true);
    setError(null);
    createMeter({
      meter_id: meterId.trim(),
      name: name.trim() === '' ? null : name.trim(),
      kind,
      market_location: location.trim() === '' || virtual ? null : location.trim(),
      capacity_kw: power,
      formula: virtual ? parts : null,
    })
      .then(onDone)
      .catch(setError)
      .finally(() => setBusy(false));
  };

  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) send();
      }}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Kennung">
          <Input required maxLength={100} value={meterId} placeholder="haus-1" onChange={(event) => setMeterId(event.target.value)} />
        </Field>
        <Field label="Name">
          <Input maxLength={200} value={name} placeholder="Haus am See" onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label="Art">
          <Select value={kind} onChange={(event) => setKind(event.target.value)}>
            {KINDS.map((one) => (
              <option key={one} value={one}>
                {METER_KIND[one]}
              </option>
            ))}
            {real.length > 0 && <option value="virtual">Berechnet aus anderen</option>}
          </Select>
        </Field>
        {!virtual && (
          <>
            <Field label={kind === 'pv' ? 'Leistung in kWp' : 'Anschluss in kW'}>
              <Input inputMode="decimal" value={capacity} placeholder="9,8" onChange={(event) => setCapacity(event.target.value)} />
            </Field>
            <Field label="Marktlokation" hint="elf Ziffern, falls bekannt">
              <Input inputMode="numeric" maxLength={11} value={location} placeholder="41373559241" onChange={(event) => setLocation(event.target.value)} />
            </Field>
          </>
        )}
      </div>
      {virtual && (
        <fieldset className="space-y-2">
          <legend className="mb-1.5 text-sm font-medium text-ink-2">Rechnung</legend>
          {parts.map((part, index) => (
            <div key={index} className="flex items-center gap-2">
              <Select aria-label="Vorzeichen" className="w-18 shrink-0" value={String(part.factor)} onChange={(event) => change(index, { factor: event.target.value === '1' ? 1 : -1 })}>
                <option value="1">+</option>
                <option value="-1">−</option>
              </Select>
              <Select aria-label="Zähler" className="min-w-0" value={part.meter_id} onChange={(event) => change(index, { meter_id: event.target.value })}>
                {real.map((meter) => (
                  <option key={meter.meter_id} value={meter.meter_id}>
                    {meterName(meter)}
                  </option>
                ))}
              </Select>
              <Select aria-label="Größe" className="w-36 shrink-0" value={part.series} onChange={(event) => change(index, { series: event.target.value as 'consumption_kw' })}>
                <option value="consumption_kw">Verbrauch</option>
                <option value="production_kw">Erzeugung</option>
              </Select>
              <IconButton label="Glied entfernen" onClick={() => setParts((all) => all.filter((_, at) => at !== index))}>
                <X />
              </IconButton>
            </div>
          ))}
          <Button size="sm" onClick={addPart}>
            <Plus /> Glied
          </Button>
        </fieldset>
      )}
      {error !== null && <Failure error={error} />}
      <Button type="submit" variant="primary" busy={busy} disabled={meterId.trim() === '' || (virtual && parts.length === 0)}>
        Anlegen
      </Button>
    </form>
  );
}
