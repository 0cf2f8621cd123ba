/** What a person says about a file that was not understood: its columns, unit and stamps. Said once, known from then on. */
import { useState } from 'react';
import type { ImportMapping } from '@/api/series';
import type { ImportData } from '@/api/series-types';
import { Button } from '@/components/ui/button';
import { Field, Input, Select } from '@/components/ui/field';

type Roles = readonly (readonly [string, string])[];

const TIMES: Roles = [
  ['', 'selbst erkennen'],
  ['ts', 'Zeitpunkt'],
  ['start', 'Beginn'],
  ['end', 'Ende'],
  ['date', 'Datum'],
  ['time', 'Uhrzeit'],
];
const READINGS: Roles = [
  ['consumption', 'Verbrauch'],
  ['production', 'Erzeugung'],
  ['register', 'Zählerstand'],
  ['voltage', 'Spannung'],
  ['meter_id', 'Zähler'],
  ['obis', 'OBIS-Kennzahl'],
  ['quality', 'Status'],
  ['unit', 'Einheit'],
];
const PRICES: Roles = [
  ['price_eur_mwh', 'Preis in EUR/MWh'],
  ['volume', 'Menge in MWh'],
  ['market', 'Markt'],
  ['product', 'Produkt'],
];
const LEFT_OUT = ['ignore', 'nicht einlesen'] as const;
const MOST_COLUMNS = 24;
const UNITS = ['kWh', 'Wh', 'MWh', 'kW', 'W', 'MW'] as const;

/** What the server found out so far about a file that it could not read; null where nothing could be said to help it. */
export interface Unclear {
  header: string[];
  missing: string[];
  proposal: ImportMapping;
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []);

export function unclear(state: ImportData): Unclear | null {
  const { header, missing, proposal } = state.facts as Record<string, unknown>;
  const columns = strings(header);
  const wanted = strings(missing);
  if (columns.length === 0 && wanted.length === 0) return null;
  return { header: columns.slice(0, MOST_COLUMNS), missing: wanted, proposal: typeof proposal === 'object' && proposal !== null ? proposal : {} };
}

interface MappingFormProps {
  about: Unclear;
  prices: boolean;
  meterId: string;
  onTry: (mapping: ImportMapping, meterId: string) => void;
}

export function MappingForm({ about, prices, meterId: before, onTry }: MappingFormProps) {
  const [columns, setColumns] = useState<Record<string, string>>(about.proposal.columns ?? {});
  const [unit, setUnit] = useState<string>(about.proposal.unit ?? '');
  const [stamp, setStamp] = useState<string>(about.proposal.stamp ?? '');
  const [direction, setDirection] = useState<string>(about.proposal.direction ?? '');
  const [meterId, setMeterId] = useState(before);
  const roles = [...TIMES, ...(prices ? PRICES : READINGS), LEFT_OUT];
  const send = () => {
    const named = Object.entries(columns).filter(([, role]) => role !== '');
    onTry(
      {
        ...(named.length === 0 ? {} : { columns: Object.fromEntries(named) }),
        ...(unit === '' ? {} : { unit: unit as NonNullable<ImportMapping['unit']> }),
        ...(stamp === '' ? {} : { stamp: stamp as NonNullable<ImportMapping['stamp']> }),
        ...(direction === '' ? {} : { direction: direction as NonNullable<ImportMapping['direction']> }),
      },
      meterId.trim(),
    );
  };
  return (
    <form
      aria-label="Datei erklären"
      className="mt-3 space-y-3 border-t border-line pt-3"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <p className="text-sm text-ink-2">Sagen Sie es mir einmal; Dateien dieser Art erkenne ich dann selbst.</p>
      <div className="grid gap-3 sm:grid-cols-2">
        {!prices && (about.missing.includes('meter_id') || about.missing.length === 0) && (
          <Field label="Zähler">
            <Input value={meterId} maxLength={100} placeholder="haus-1" onChange={(event) => setMeterId(event.target.value)} />
          </Field>
        )}
        {!prices && (
          <>
            <Field label="Einheit der Werte">
              <Select value={unit} onChange={(event) => setUnit(event.target.value)}>
                <option value="">selbst erkennen</option>
                {UNITS.map((one) => (
                  <option key={one}>{one}</option>
                ))}
              </Select>
            </Field>
            <Field label="Richtung">
              <Select value={direction} onChange={(event) => setDirection(event.target.value)}>
                <option value="">selbst erkennen</option>
                <option value="consumption">Verbrauch</option>
                <option value="production">Erzeugung</option>
              </Select>
            </Field>
          </>
        )}
        <Field label="Ein Zeitstempel steht am">
          <Select value={stamp} onChange={(event) => setStamp(event.target.value)}>
            <option value="">selbst erkennen</option>
            <option value="start">Anfang der Messung</option>
            <option value="end">Ende der Messung</option>
          </Select>
        </Field>
      </div>
      {about.header.length > 0 && (
        <fieldset>
          <legend className="mb-1.5 text-sm font-medium text-ink-2">Spalten</legend>
          <div className="grid gap-2 sm:grid-cols-2">
            {about.header.map((name, index) => {
              const key = name.trim() === '' ? `#${index + 1}` : name;
              return (
                <div key={`${key} ${index}`} className="flex items-center gap-2 text-sm">
                  <span className="min-w-0 flex-1 truncate font-mono text-xs" title={key}>
                    {key}
                  </span>
                  <Select aria-label={`Spalte ${key}`} className="w-44 shrink-0" value={columns[key] ?? ''} onChange={(event) => setColumns((all) => ({ ...all, [key]: event.target.value }))}>
                    {roles.map(([role, said]) => (
                      <option key={role} value={role}>
                        {said}
                      </option>
                    ))}
                  </Select>
                </div>
              );
            })}
          </div>
        </fieldset>
      )}
      <Button type="submit" size="sm" variant="primary">
        Nochmals durchsehen
      </Button>
    </form>
  );
}
