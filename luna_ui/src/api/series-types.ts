/** Shapes of series as the API sends them; see `luna_api/series/schemas.py`. */
export interface QualitySummary {
  values: number;
  missing: number;
  substituted: number;
  preliminary: number;
  forecast: number;
  flagged: number;
}
type Column = (number | null)[];
interface SeriesData {
  resolution: 'raw' | '15m' | '1h' | '1d' | '1mo';
  interval_s: number | null;
  timezone: string;
  units: Record<string, string>;
  simulated: boolean;
  as_of: string;
  rows: number;
  reduced: boolean;
  quality_summary: QualitySummary;
  ts: number[];
  quality: (number | null)[];
}
export interface SmartMeterData extends SeriesData {
  meter_id: string;
  name: string | null;
  virtual: boolean;
  consumption_kw: Column;
  production_kw: Column;
  voltage: Column;
  consumption_kwh?: Column | null;
  production_kwh?: Column | null;
}
export interface MarketData extends SeriesData {
  market: string;
  product: string;
  description: string | null;
  source: string | null;
  licence: string | null;
  price_eur_mwh: Column;
  volume: Column;
}
export interface ProductData {
  market: string;
  product: string;
  interval_s: number;
  description: string | null;
  simulated: boolean;
  source: string | null;
  licence: string | null;
  first_ts: string | null;
  last_ts: string | null;
}
export interface Products {
  products: ProductData[];
}
export interface LiveReading {
  meter_id: string;
  ts: number;
  interval_s: number;
  consumption_kw: number | null;
  production_kw: number | null;
  voltage: number | null;
  quality: number;
}
export interface LivePrice {
  market: string;
  product: string;
  ts: number;
  price_eur_mwh: number;
  volume: number | null;
}
export interface FormulaPart {
  meter_id: string;
  factor?: 1 | -1;
  series?: 'consumption_kw' | 'production_kw';
}
export interface MeterData {
  meter_id: string;
  name: string | null;
  kind: string;
  market_location: string | null;
  metering_location: string | null;
  timezone: string;
  capacity_kw: number | null;
  region: string | null;
  simulated: boolean;
  virtual: boolean;
  formula: FormulaPart[] | null;
  source: string;
  created_at: string;
  interval_s: number | null;
  first_ts: string | null;
  last_ts: string | null;
}
export interface MeterPage {
  meters: MeterData[];
  next_cursor: string | null;
}
export interface NewMeter {
  meter_id: string;
  name?: string | null;
  kind?: string | null;
  market_location?: string | null;
  metering_location?: string | null;
  capacity_kw?: number | null;
  formula?: FormulaPart[] | null;
}
export interface QualityReport {
  meter_id: string;
  days: {
    day: string;
    expected_values: number;
    values: number;
    missing: number;
    substituted: number;
    preliminary: number;
    forecast: number;
    longest_gap_s: number;
    flags: Record<string, number>;
  }[];
}
export interface SelfUseData {
  load_kwh: number;
  generation_kwh: number;
  self_used_kwh: number;
  import_kwh: number;
  export_kwh: number;
  autarky: number | null;
  self_use: number | null;
  covered_s: number;
  expected_s: number;
  simulated: boolean;
  receipt_id?: string | null;
}
export interface SeriesQueryRequest {
  series: { meter_id?: string; series?: string; market?: string; product?: string }[];
  from: string;
  to: string;
  bucket?: string;
  group?: string;
  aggregates?: string[];
}
export interface SeriesQueryData {
  parts: { unit: string; rows: number; columns: Record<string, (number | string | null)[]>; receipt_id: string }[];
  as_of: string;
}
export interface RerunData {
  receipt_id: string;
  same: boolean;
  changed_since: boolean;
  as_of: string;
}
export interface ImportRowFault {
  line: number;
  column: string;
  value: string;
  reason: string;
}
export interface ImportData {
  import_id: string;
  status: 'received' | 'processing' | 'done' | 'failed' | 'undone';
  stage: string;
  target: string;
  mode: string;
  file_name: string | null;
  size_bytes: number | null;
  layout: string | null;
  rows_read: number;
  rows_total: number | null;
  loaded: number;
  updated: number;
  unchanged: number;
  rejected: number;
  ts_from: string | null;
  ts_to: string | null;
  meter_ids: string[];
  warnings: string[];
  errors: ImportRowFault[];
  error: string | null;
  run_id: string | null;
  created_at: string;
}
export interface ImportPage {
  imports: ImportData[];
  next_cursor: string | null;
}
export interface SimulatorState {
  name: string;
  state: string;
  speed: number;
  cursor_ts: string | null;
  lag_s: number | null;
}
export interface SimulatorStatus {
  simulators: SimulatorState[];
}
