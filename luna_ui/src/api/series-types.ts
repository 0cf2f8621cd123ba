/** The shapes of series under the names that the page uses, from the OpenAPI document. */
export type {
  FormulaPart,
  ImportData,
  ImportPage,
  ImportRowFault,
  LivePrice,
  LiveReading,
  MarketData,
  MeterData,
  MeterPage,
  NewMeter,
  ProductData,
  Products,
  QualityReport,
  QualitySummary,
  QueryReceipt,
  RerunData,
  SelfUseData,
  SeriesQueryData,
  SeriesQueryRequest,
  SmartMeterData,
} from '@/generated';

export interface SimulatorState {
  simulator: 'smartmeter' | 'market';
  state: 'running' | 'stopped';
  speed: number;
  interval_s: number;
  last_step: string | null;
  lag_s: number | null;
  rows: number;
  series: number;
  started_at: string | null;
  stopped_at: string | null;
  ticked_at: string | null;
  error: string | null;
}
export interface SimulatorStates {
  simulators: SimulatorState[];
}
