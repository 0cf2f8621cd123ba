import type { MeterData } from '@/api/series-types';

export const METER_KIND: Record<string, string> = {
  household: 'Haushalt',
  business: 'Gewerbe',
  trade: 'Gewerbe',
  farm: 'Landwirtschaft',
  heat_pump: 'Wärmepumpe',
  pv: 'Photovoltaik',
  prosumer: 'Haushalt mit Photovoltaik',
  household_pv: 'Haushalt mit Photovoltaik',
  grid: 'Netzanschluss',
  consumption: 'Verbrauch',
  production: 'Erzeugung',
  virtual: 'Berechnet',
};

export const meterName = (meter: Pick<MeterData, 'name' | 'meter_id'>): string => meter.name ?? meter.meter_id;
