/** Calls about the index: its versions, and the jobs that build, switch and roll back. For the administrator. */
import type { IndexOverview, JobList, ReindexRequest, RollBackRequest, RunStarted, SwitchRequest } from '@/generated';
import { call } from './client';

export type { IndexOverview, IndexVersion, Job, ReindexRequest, RollBackRequest, SwitchRequest } from '@/generated';

export const indexOverview = (): Promise<IndexOverview> => call('admin/index', { admin: true });
export const rollBackIndex = (json: RollBackRequest): Promise<RunStarted> => call('admin/index/rollback', { method: 'POST', json, admin: true });
export const switchIndex = (json: SwitchRequest): Promise<RunStarted> => call('admin/index/switch', { method: 'POST', json, admin: true });
export const rebuildIndex = (json: ReindexRequest): Promise<RunStarted> => call('admin/reindex', { method: 'POST', json, admin: true });
export const recentJobs = (): Promise<JobList> => call('admin/jobs', { query: { limit: 50 }, admin: true });
