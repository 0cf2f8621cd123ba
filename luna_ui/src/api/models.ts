/** Calls of the administration of language models. */
import type { ModelList, ModelRequest, PullData, RoleData } from '@/generated';
import { call } from './client';

export type { ModelData, ModelList, ModelRequest, PullData, RoleData } from '@/generated';
export type Role = RoleData['role'];
export type PullState = PullData['state'];

export const listModels = (): Promise<ModelList> => call('admin/models', { admin: true });
export const changeModels = (json: ModelRequest): Promise<ModelList> => call('admin/models', { method: 'POST', json, admin: true });
