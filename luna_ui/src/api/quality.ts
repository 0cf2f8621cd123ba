/** What was measured of search. For the administrator. */
import type { QualityOverview } from '@/generated';
import { call } from './client';

export type { HalfQuality, KindQuality, QualityOverview, SearchQuality, Share } from '@/generated';

export const searchQuality = (): Promise<QualityOverview> => call('admin/evaluation', { admin: true });
