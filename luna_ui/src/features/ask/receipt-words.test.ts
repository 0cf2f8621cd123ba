import { describe, expect, it } from 'vitest';
import type { ReplayedPassage } from '@/api/receipts';
import { embeddersOf, fateOf, formatMs, modeOf, passagesOf, shortHash, timesOf } from './receipt-words';

const passage: ReplayedPassage = { chunk_id: 'a', label: '§ 1 X', cited: true, fate: 'same', version: 1, newest_version: 1 };

describe('a receipt in words', () => {
  it('tells what became of a passage', () => {
    expect(fateOf(passage).text).toBe('unverändert');
    expect(fateOf({ ...passage, fate: 'replaced', newest_version: 3 })).toEqual({ text: 'ersetzt durch Fassung 3', tone: 'warn' });
    expect(fateOf({ ...passage, fate: 'removed', newest_version: null }).tone).toBe('warn');
  });

  it('tells who wrote the answer', () => {
    expect(modeOf({ mode: 'extractive', model: 'none' })).toContain('ohne Sprachmodell');
    expect(modeOf({ mode: 'generative', model: 'qwen3:4b' })).toContain('qwen3:4b');
  });

  it('names each model that gave vectors once', () => {
    const public_ = { index_version: 3, model: 'bge-m3:latest', model_digest: 'a'.repeat(64), question_vector: true };
    const { model_digest: digest } = public_;
    expect(embeddersOf({ embedders: [public_, { ...public_, index_version: 4 }] })).toEqual([{ name: 'bge-m3:latest', digest, used: true }]);
    expect(embeddersOf({ embedders: [public_, { ...public_, question_vector: false }] }).map((one) => one.used)).toEqual([true, false]);
    expect(embeddersOf({ embedders: [] })).toEqual([]);
  });

  it('orders the times and leaves out what took none', () => {
    const times = timesOf({ total: 20, compose: 7.5, retrieval: 12.5, connection: 0.01 });
    expect(times.map((time) => time.name)).toEqual(['Suche', 'Sätze gewählt und geprüft', 'Insgesamt']);
    expect(times[0]?.share).toBeCloseTo(0.625);
    expect(timesOf({})).toEqual([{ name: 'Insgesamt', ms: 0, share: 1 }]);
  });

  it('writes milliseconds the German way', () => {
    expect(formatMs(3.14159)).toBe('3,1 ms');
    expect(formatMs(1234.5)).toBe('1.235 ms');
  });

  it('puts what is cited apart from what was only read', () => {
    const ground = [
      { chunk_id: 'a', cited: false, sha256: 'x', item_id: 'i', document_id: 'd', version: 1, item_sha256: 'y', run_id: null, label: 'A' },
      { chunk_id: 'b', cited: true, sha256: 'x', item_id: 'i', document_id: 'd', version: 1, item_sha256: 'y', run_id: null, label: 'B' },
    ];
    const { cited, read } = passagesOf({ ground });
    expect([cited.map((one) => one.label), read.map((one) => one.label)]).toEqual([['B'], ['A']]);
  });

  it('shortens a hash without losing its ends', () => {
    expect(shortHash('0123456789abcdef0123456789abcdef')).toBe('01234567…89abcdef');
    expect(shortHash('abc')).toBe('abc');
  });
});
