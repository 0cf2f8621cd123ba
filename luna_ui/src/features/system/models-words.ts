/** What is said about language models, in words for the administrator. */
import type { ModelList, PullData, Role, RoleData } from '@/api/models';
import { formatBytes } from '@/lib/format';

export const ROLE: Record<Role, string> = { generate: 'Antworten', fallback: 'Ersatz', embed: 'Vektoren' };

/** The purposes that a model may be chosen for here; vectors change with a new index only. */
export const CHOOSABLE: readonly Role[] = ['generate', 'fallback'];

export function stateOf(list: Pick<ModelList, 'state' | 'version' | 'host' | 'message'>): string {
  if (list.state === 'off') return 'Kein Modellserver eingerichtet: Antworten entstehen aus wörtlichen Sätzen.';
  if (list.state === 'down') return `${list.message || 'Der Modellserver antwortet nicht.'} Bis dahin antworte ich wörtlich aus den Quellen.`;
  return `Ollama ${list.version} unter ${list.host ?? ''}`;
}

export function roleNote(role: RoleData): string {
  if (!role.present) return `${role.model} liegt nicht auf dem Server`;
  return role.chosen ? `hier gewählt; eingestellt ist ${role.configured}` : 'wie eingestellt';
}

/** Share from 0 to 1; null while no size is known. */
export function progressOf(pull: Pick<PullData, 'completed_bytes' | 'total_bytes' | 'state'>): number | null {
  if (pull.state === 'done') return 1;
  return pull.total_bytes > 0 ? Math.min(1, pull.completed_bytes / pull.total_bytes) : null;
}

export function pullNote(pull: PullData): string {
  switch (pull.state) {
    case 'done':
      return 'ist da';
    case 'failed':
    case 'cancelled':
      return pull.error;
    case 'running': {
      const share = progressOf(pull);
      return share === null ? 'wird angefragt …' : `${formatBytes(pull.completed_bytes)} von ${formatBytes(pull.total_bytes)} (${Math.floor(share * 100)} %)`;
    }
  }
}
