/** Server-sent events over `fetch`: the browser's EventSource can neither POST nor send headers. */

export interface ServerEvent {
  event: string;
  data: string;
}

/** Takes the stream in whatever pieces the network delivers and gives back whole events. */
export class EventParser {
  private rest = '';

  push(piece: string): ServerEvent[] {
    this.rest += piece;
    const events: ServerEvent[] = [];
    for (;;) {
      const match = /\r?\n\r?\n|\r\r/.exec(this.rest);
      if (match === null) return events;
      const block = this.rest.slice(0, match.index);
      this.rest = this.rest.slice(match.index + match[0].length);
      const event = parseBlock(block);
      if (event !== null) events.push(event);
    }
  }

  /** What is left when the stream ends without its last blank line. */
  end(): ServerEvent[] {
    const event = parseBlock(this.rest);
    this.rest = '';
    return event === null ? [] : [event];
  }
}

function parseBlock(block: string): ServerEvent | null {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    if (line === '' || line.startsWith(':')) continue;
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
  return data.length === 0 ? null : { event, data: data.join('\n') };
}

/** `onBytes` is told whenever anything comes, be it only the comment that keeps the connection open. */
export async function* readEvents(body: ReadableStream<Uint8Array>, onBytes: () => void = () => undefined): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      onBytes();
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
    yield* parser.push(decoder.decode());
    yield* parser.end();
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
