/** Cuts the window around a passage out of a long text. Offsets of the API count code points, JavaScript's do not. */
import { STRONG } from '@/lib/markup';

export interface Span {
  start: number;
  end: number;
}

/** Code point offsets to UTF-16 offsets, in one walk. Texts without astral characters need no conversion. */
export function toUtf16(text: string, span: Span): Span {
  if (!/[\ud800-\udbff]/.test(text)) return { start: Math.min(span.start, text.length), end: Math.min(span.end, text.length) };
  let points = 0;
  let start = text.length;
  let end = text.length;
  for (let index = 0; index < text.length; points++) {
    if (points === span.start) start = index;
    if (points === span.end) {
      end = index;
      break;
    }
    const code = text.charCodeAt(index);
    index += code >= 0xd800 && code <= 0xdbff ? 2 : 1;
  }
  return { start, end: Math.max(start, end) };
}

/** Widens a span by `before` and `after` characters, then to whole lines. */
export function windowAround(text: string, span: Span, before: number, after: number): Span {
  let start = Math.max(0, span.start - before);
  let end = Math.min(text.length, span.end + after);
  if (start > 0) {
    const line = text.lastIndexOf('\n', start);
    start = line === -1 || start - line > 2000 ? start : line + 1;
  }
  if (end < text.length) {
    const line = text.indexOf('\n', end);
    end = line === -1 ? text.length : line - end > 2000 ? end : line;
  }
  return { start, end };
}

export interface Piece {
  text: string;
  marked: boolean;
  /** Between two pairs of asterisks, which are not shown. */
  strong?: boolean;
  /** Offset in the whole text: a stable key. */
  at: number;
}

export interface Line {
  kind: 'heading' | 'table' | 'text' | 'blank';
  level: number;
  pieces: Piece[];
  at: number;
}

const HEADING = /^(#{1,6})\s+/;

/** The window line by line, each line split where the marked passage begins and ends. */
export function layOut(text: string, view: Span, mark: Span | null): Line[] {
  const lines: Line[] = [];
  let at = view.start;
  for (const raw of text.slice(view.start, view.end).split('\n')) {
    const heading = HEADING.exec(raw);
    const skip = heading?.[0].length ?? 0;
    const kind = raw.trim() === '' ? 'blank' : heading ? 'heading' : raw.startsWith('|') ? 'table' : 'text';
    lines.push({ kind, level: heading?.[1]?.length ?? 0, pieces: split(raw.slice(skip), at + skip, mark), at });
    at += raw.length + 1;
  }
  return lines;
}

/** A line's words without the signs of emphasis, each piece where it stands in the text. */
function split(raw: string, at: number, mark: Span | null): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of raw.matchAll(STRONG)) {
    pieces.push(...marked(raw.slice(from, match.index), at + from, mark));
    pieces.push(...marked(match[1] ?? '', at + match.index + 2, mark).map((piece) => ({ ...piece, strong: true })));
    from = match.index + match[0].length;
  }
  return [...pieces, ...marked(raw.slice(from), at + from, mark)];
}

function marked(raw: string, at: number, mark: Span | null): Piece[] {
  if (raw === '') return [];
  const from = mark === null ? raw.length : Math.min(Math.max(mark.start - at, 0), raw.length);
  const to = mark === null ? raw.length : Math.min(Math.max(mark.end - at, from), raw.length);
  const pieces: Piece[] = [
    { text: raw.slice(0, from), marked: false, at },
    { text: raw.slice(from, to), marked: true, at: at + from },
    { text: raw.slice(to), marked: false, at: at + to },
  ];
  return pieces.filter((piece) => piece.text !== '');
}

/** All places of `needle`, without regard to case; at most `limit`. */
export function findAll(text: string, needle: string, limit = 500): Span[] {
  const wanted = needle.trim();
  if (wanted.length < 2) return [];
  const pattern = new RegExp(wanted.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s+'), 'giu');
  const found: Span[] = [];
  for (const match of text.matchAll(pattern)) {
    found.push({ start: match.index, end: match.index + match[0].length });
    if (found.length >= limit) break;
  }
  return found;
}
