import { Tooltip } from 'radix-ui';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { ModelList, PullData } from '@/api/models';
import { formatBytes } from '@/lib/format';
import { ModelsPanel } from './models';
import { progressOf, pullNote, roleNote, stateOf } from './models-words';

const PULL: PullData = { model: 'neu:1b', state: 'running', status: 'pulling', error: '', completed_bytes: 0, total_bytes: 0, started_at_s: 1, ended_at_s: null };
const LIST: ModelList = {
  host: 'http://127.0.0.1:11434',
  state: 'up',
  version: '0.17.4',
  message: '',
  models: [
    { name: 'gross:latest', digest: 'abcdef0123456789', size_bytes: 4_900_000_000, roles: ['generate'] },
    { name: 'klein:1b', digest: '99', size_bytes: 900_000_000, roles: [] },
  ],
  roles: [
    { role: 'generate', model: 'gross', configured: 'gross', chosen: false, present: true },
    { role: 'fallback', model: 'phi3:mini', configured: 'phi3:mini', chosen: false, present: false },
    { role: 'embed', model: 'nomic-embed-text', configured: 'nomic-embed-text', chosen: false, present: false },
  ],
  pulls: [],
};
const shown = (list: Partial<ModelList>): string => 
  renderToStaticMarkup(createElement(Tooltip.Provider, null, createElement(ModelsPanel, { list: { ...LIST, ...list }, act: () => Promise.resolve() })));

describe('the models', () => {
  it('shows what writes the answers and what is missing', () => {
    const page = shown({});
    expect(page).toContain('Ollama 0.17.4 unter http://127.0.0.1:11434');
    expect(page).toContain('<option value="gross:latest" selected="">');
    expect(page).toContain('phi3:mini liegt nicht auf dem Server');
    expect(page).toContain(formatBytes(4_900_000_000));
    expect(page).not.toContain('role-embed');
    expect(page).not.toContain('Zurück zur Einstellung');
  });

  it('lets a choice be taken back', () => {
    const [generate, ...rest] = LIST.roles;
    const roles = generate ? [{ ...generate, model: 'klein:1b', chosen: true }, ...rest] : rest;
    expect(shown({ roles })).toContain('Zurück zur Einstellung (gross)');
  });

  it('shows progress, and lets only what runs be stopped', () => {
    const running = shown({ pulls: [{ ...PULL, completed_bytes: 250, total_bytes: 1000 }] });
    expect(running).toContain('value="0.25"');
    expect(running).toContain('neu:1b nicht weiter laden');
    const failed = shown({ pulls: [{ ...PULL, state: 'failed', error: 'Ein Modell neu:1b ist nirgends zu finden.' }] });
    expect(failed).toContain('nirgends zu finden');
    expect(failed).not.toContain('<progress');
    expect(failed).not.toContain('nicht weiter laden');
  });

  it('offers nothing to fetch while the server is down or absent', () => {
    expect(shown({ state: 'down', message: 'Der Modellserver antwortet nicht.', models: [] })).not.toContain('Modell laden');
    const off = shown({ state: 'off', host: null, models: [], pulls: [] });
    expect(off).toContain('Kein Modellserver eingerichtet');
    expect(off).not.toContain('<select');
  });
});

describe('words about models', () => {
  it('tells the progress only when it is known', () => {
    expect(progressOf(PULL)).toBeNull();
    expect(pullNote(PULL)).toBe('wird angefragt …');
    expect(progressOf({ ...PULL, completed_bytes: 9, total_bytes: 3 })).toBe(1);
    expect(pullNote({ ...PULL, completed_bytes: 999, total_bytes: 1000 })).toContain('(99 %)');
    expect(pullNote({ ...PULL, state: 'done' })).toBe('ist da');
  });

  it('names a server that is down and what that means', () => {
    expect(stateOf({ ...LIST, state: 'down', message: 'Der Modellserver antwortet nicht.' })).toBe(
      'Der Modellserver antwortet nicht. Bis dahin antworte ich wörtlich aus den Quellen.',
    );
    expect(roleNote({ role: 'generate', model: 'b', configured: 'a', chosen: true, present: true })).toBe('hier gewählt; eingestellt ist a');
  });
});
