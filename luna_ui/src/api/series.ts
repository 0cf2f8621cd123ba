/** Calls about meters, prices, imports and simulators. */
import { ApiError, call, download, stream } from './client';
import { uploadMs } from './deadline';
import type {
  ImportData,
  ImportPage,
  LivePrice,
  LiveReading,
  MarketData,
  MeterData,
  MeterPage,
  NewMeter,
  Products,
  QualityReport,
  RerunData,
  SelfUseData,
  SeriesQueryData,
  SeriesQueryRequest,
  SimulatorStates,
  SmartMeterData,
} from './series-types';

const id = encodeURIComponent;

/** About four points for each pixel of a wide screen: what a chart can show. */
export const CHART_POINTS = 4000;

export interface Stretch {
  /** Epoch milliseconds. */
  from: number;
  to: number;
}

const aborting = (signal?: AbortSignal) => (signal ? { signal } : {});

export const listProducts = (): Promise<Products> => call('data/market/products');
export type Resolution = 'auto' | 'raw' | '15m' | '1h' | '1d' | '1mo';
export const marketData = (market: string, product: string, { from, to }: Stretch, resolution: Resolution, signal?: AbortSignal): Promise<MarketData> =>
  call('data/market', { query: { market, product, from, to, resolution, points: CHART_POINTS }, ...aborting(signal) });
export const smartMeterData = (meter: string, { from, to }: Stretch, resolution: Resolution, signal?: AbortSignal): Promise<SmartMeterData> =>
  call('data/smartmeter', { query: { meter_id: meter, from, to, resolution, points: CHART_POINTS }, ...aborting(signal) });
export const querySeries = (query: SeriesQueryRequest, signal?: AbortSignal): Promise<SeriesQueryData> =>
  call('data/query', { method: 'POST', json: query, reads: true, ...aborting(signal) });
export const rerunReceipt = (receipt: string): Promise<RerunData> => call(`receipts/${id(receipt)}/rerun`, { method: 'POST' });

export type SeriesFormat = 'csv' | 'xlsx' | 'parquet' | 'arrow';
export const seriesFile = (path: 'data/market' | 'data/smartmeter', query: Record<string, string | number>, format: SeriesFormat): Promise<Blob> =>
  download(path, { query: { ...query, format } });

export const listMeters = (): Promise<MeterPage> => call('meters', { query: { limit: 500 } });
export const getMeter = (meter: string): Promise<MeterData> => call(`meters/${id(meter)}`);
export const createMeter = (meter: NewMeter): Promise<MeterData> => call('meters', { method: 'POST', json: meter });
export const deleteMeter = (meter: string): Promise<unknown> => call(`meters/${id(meter)}`, { method: 'DELETE' });
export const meterQuality = (meter: string, { from, to }: Stretch): Promise<QualityReport> =>
  call(`meters/${id(meter)}/quality`, { query: { from, to } });
export const selfUse = (meter: string, pvMeter: string | null, { from, to }: Stretch): Promise<SelfUseData> =>
  call('data/self-use', { query: { meter_id: meter, pv_meter_id: pvMeter, from, to } });

/** Values as they are written, the last ones first; ends with the signal. */
export async function* liveReadings(meter: string, last: number, signal: AbortSignal): AsyncGenerator<LiveReading> {
  const events = stream('data/smartmeter/live', { query: { meter_id: meter, last }, signal });
  for await (const event of events) if (event.event === 'reading') yield JSON.parse(event.data) as LiveReading;
}
export async function* livePrices(market: string, product: string, last: number, signal: AbortSignal): AsyncGenerator<LivePrice> {
  const events = stream('data/market/live', { query: { market, product, last }, signal });
  for await (const event of events) if (event.event === 'price') yield JSON.parse(event.data) as LivePrice;
}

export type ImportTarget = 'smart_meter_readings' | 'market_prices';
export interface ImportMapping {
  columns?: Record<string, string>;
  unit?: 'kWh' | 'Wh' | 'MWh' | 'kW' | 'W' | 'MW';
  stamp?: 'start' | 'end';
  direction?: 'consumption' | 'production';
}
export interface ImportWish {
  target: ImportTarget;
  dryRun: boolean;
  meterId: string;
  mapping: ImportMapping | null;
}
export async function importFile(file: File, wish: ImportWish, signal?: AbortSignal): Promise<ImportData> {
  const form = new FormData();
  form.set('file', file, file.name);
  form.set('target', wish.target);
  form.set('mode', wish.dryRun ? 'dry_run' : 'load');
  if (wish.meterId !== '') form.set('meter_id', wish.meterId);
  if (wish.mapping !== null) form.set('mapping', JSON.stringify(wish.mapping));
  form.set('wait', '0');
  // Prices are nobody's own: they are the administrator's to write.
  const admin = wish.target === 'market_prices';
  try {
    return await call('data/load', { method: 'POST', form, admin, limitMs: uploadMs(file.size), ...aborting(signal) });
  } catch (error) {
    // A small file may be read and refused before the upload is answered; what is known of it stands in the import.
    const refused = error instanceof ApiError && typeof error.data === 'object' && error.data !== null && 'import_id' in error.data ? error.data.import_id : null;
    if (typeof refused !== 'string') throw error;
    return importState(refused, admin);
  }
}
export const importState = (load: string, admin = false): Promise<ImportData> => call(`data/load/${id(load)}`, { admin });
export const listImports = (): Promise<ImportPage> => call('data/load', { query: { limit: 20 } });
export const undoImport = (load: string, admin = false): Promise<ImportData> => call(`data/load/${id(load)}`, { method: 'DELETE', admin });

export const simulatorStatus = (): Promise<SimulatorStates> => call('sim/status', { admin: true });
export const runSimulator = (simulator: string, action: 'start' | 'stop', speed?: number): Promise<SimulatorStates> =>
  call('sim/run', { method: 'POST', json: { simulator, action, ...(speed === undefined ? {} : { speed }) }, admin: true });
