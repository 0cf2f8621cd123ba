import { describe, expect, it } from 'vitest';
import { retryAfterSeconds } from './client';
import { EventParser } from './sse';

describe('EventParser', () => {
  it('puts pieces together, whatever the network does to them', () => {
    const stream = ': hallo\n\nevent: meta\ndata: {"a":1}\n\nevent: delta\r\ndata: {"text":"ü"}\r\n\r\ndata: x\ndata: y\n\n';
    for (const size of [1, 3, 7, stream.length]) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < stream.length; at += size) events.push(...parser.push(stream.slice(at, at + size)));
      expect(events).toEqual([
        { event: 'meta', data: '{"a":1}' },
        { event: 'delta', data: '{"text":"ü"}' },
        { event: 'message', data: 'x\ny' },
      ]);
    }
  });

  it('does not lose an event whose blank line never came', () => {
    const parser = new EventParser();
    expect(parser.push('event: done\ndata: {}')).toEqual([]);
    expect(parser.end()).toEqual([{ event: 'done', data: '{}' }]);
  });
});

describe('Retry-After', () => {
  it('reads seconds and dates', () => {
    expect(retryAfterSeconds('17')).toBe(17);
    expect(retryAfterSeconds(null)).toBeNull();
    expect(retryAfterSeconds('Thu, 01 Jan 2026 00:00:10 GMT', Date.parse('2026-01-01T00:00:00Z'))).toBe(10);
  });
});
