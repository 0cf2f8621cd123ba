/** Turns `… [chunk <id>]` and `… [receipt <id>]` into paragraphs with numbered references. Pure; how it looks is decided in components. */
import type { Answer, Citation } from '@/api/types';
import { STRONG, withoutMarks } from '@/lib/markup';
import { toUtf16 } from '@/lib/passage';

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'strong'; text: string }
  | { type: 'unproven' }
  /** `id` is that of a passage, or of the receipt of a query. */
  | { type: 'cite'; id: string; number: number };

/** Items of a list keep the sign they have in the law („2a.“, „b)“): it is part of the wording. */
export type Block =
  | { type: 'paragraph'; inlines: Inline[] }
  | { type: 'list'; items: { marker: string; inlines: Inline[] }[] }
  /** `head` tells that the first row names the columns. */
  | { type: 'table'; rows: Inline[][][]; head?: boolean };

const MARK = /\[(?:chunk|receipt)\s+([\w.:-]+)\]/g;
const TOKEN = /\s*\[(?:chunk|receipt)\s+([\w.:-]+)\]|\[nicht belegt\]|\*\*([^*\n]+)\*\*/g;
const BULLET = /^\s*([-–•*]|\d+[a-z]*[.)]|[a-z]{1,2}\))\s+(.*)$/;
const RULE = /^[\s|:-]+$/;
/** What parts cells; a stroke within one is written „\|“. */
const STROKE = /(?<!\\)\|/;

/** Ids of passages and receipts in the order in which the text first names them; reference number = place + 1. */
export function citedIds(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(MARK), (match) => match[1] ?? ''))];
}

/** A stream may stop in the middle of a mark; nobody wants to see half of one. */
export function withoutOpenMark(text: string): string {
  const open = /\s*\[([a-z]*)(\s+[\w.:-]*)?$/.exec(text);
  if (open === null) return text;
  const [whole, word = '', rest] = open;
  const begun = ['chunk', 'receipt'].some((mark) => (rest === undefined ? mark.startsWith(word) : mark === word));
  return begun ? text.slice(0, text.length - whole.length) : text;
}

export function parseInlines(text: string, order: readonly string[]): Inline[] {
  const parts: Inline[] = [];
  let from = 0;
  const seenHere: string[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const before = text.slice(from, match.index);
    pushText(parts, before);
    if (/[^\s.,;:]/.test(before)) seenHere.length = 0;
    from = match.index + match[0].length;
    const [whole, id, strong] = match;
    if (id !== undefined) {
      // The same source twice in a row says nothing new.
      if (!seenHere.includes(id)) {
        seenHere.push(id);
        parts.push({ type: 'cite', id, number: order.indexOf(id) + 1 });
      }
    } else if (strong !== undefined) parts.push({ type: 'strong', text: strong });
    else if (whole.endsWith('belegt]')) parts.push({ type: 'unproven' });
  }
  pushText(parts, text.slice(from));
  return parts;
}

/** A full stop or comma right behind a reference moves before it, as a footnote is set in German. */
function pushText(parts: Inline[], text: string): void {
  const stop = /^[.,;:!?]+/.exec(text)?.[0] ?? '';
  let at = parts.length;
  while (stop !== '' && parts[at - 1]?.type === 'cite') at -= 1;
  const before = parts[at - 1];
  if (at < parts.length && before?.type === 'text') {
    before.text += stop;
    text = text.slice(stop.length);
  }
  const shown = withoutMarks(text);
  if (shown !== '') parts.push({ type: 'text', text: shown });
}

/** Said where a model broke off and the sources go on. */
export const VERBATIM_FROM = 'Bis hierher schrieb das Sprachmodell; ab hier die Fundstellen im Wortlaut';

/** The body of an answer as its model wrote it, and what follows in the words of the sources where it broke off. */
export function partedAnswer({ answer, writing }: Pick<Answer, 'answer' | 'writing'>): { written: string; verbatim: string } {
  const place = writing?.verbatim_from ?? null;
  if (place === null) return { written: answer, verbatim: '' };
  const { start } = toUtf16(answer, { start: place, end: place });
  return { written: answer.slice(0, start).trimEnd(), verbatim: answer.slice(start) };
}

/** What stands before each sentence of a comparison of two versions, on a line of its own. */
const VERSION_LABEL = /^(?:Neu|Bisher|Danach|Weggefallen) \(Stand [^()]+\):$/;

export function parseAnswer(text: string, order: readonly string[] = citedIds(text)): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  let label = '';
  const flush = () => {
    if (paragraph.length > 0) blocks.push({ type: 'paragraph', inlines: parseInlines(paragraph.join(' '), order) });
    paragraph = [];
  };
  const lines = text.split('\n');
  for (const [at, line] of lines.entries()) {
    const last = blocks.at(-1);
    const bullet = BULLET.exec(line);
    const bare = bareCells(line);
    const goesOn = last?.type === 'table' && last.head === true && paragraph.length === 0 && bare?.length === last.rows[0]?.length;
    if (line.trim() === '') {
      flush();
    } else if (bare !== null && (goesOn || bareCells(lines[at + 1] ?? '')?.length === bare.length)) {
      flush();
      const row = bare.map((cell) => parseInlines(cell, order));
      if (goesOn) last.rows.push(row);
      else blocks.push({ type: 'table', rows: [row], head: true });
    } else if (bullet !== null) {
      flush();
      const sign = bullet[1] ?? '';
      const item = { marker: /^[-–•*]$/.test(sign) ? '•' : sign, inlines: parseInlines(bullet[2] ?? '', order) };
      const list = blocks.at(-1);
      if (list?.type === 'list') list.items.push(item);
      else blocks.push({ type: 'list', items: [item] });
    } else if (line.trimStart().startsWith('|')) {
      flush();
      if (RULE.test(line)) continue;
      const row = cells(line).map((cell) => parseInlines(cell, order));
      if (last?.type === 'table') last.rows.push(row);
      else blocks.push({ type: 'table', rows: [row] });
    } else if (VERSION_LABEL.test(line.trim())) {
      flush();
      // Sentences under the same label follow one another; it is said once.
      if (line.trim() !== label) blocks.push({ type: 'paragraph', inlines: [{ type: 'strong', text: line.trim() }] });
      label = line.trim();
    } else {
      paragraph.push(line.trim());
    }
  }
  flush();
  return blocks;
}

/** A cell as it is meant: without blanks around it, a stroke as a stroke. */
function written(cell: string): string {
  return cell.trim().replaceAll('\\|', '|');
}

/** The cells of a table's row; a reference behind the last bar belongs to the last cell. */
function cells(line: string): string[] {
  const parts = line.trim().replace(/^\|/, '').split(STROKE).map(written);
  const tail = parts.pop() ?? '';
  if (tail !== '') parts.push(parts.length === 0 ? tail : `${parts.pop() ?? ''} ${tail}`);
  return parts;
}

/** The cells of a row that is quoted without the bars at its ends, references with the last one that is filled; else null. */
function bareCells(line: string): string[] | null {
  const marks = /(?:\s*\[(?:chunk|receipt)\s+[\w.:-]+\])+\s*$/.exec(line)?.[0] ?? '';
  const row = line.slice(0, line.length - marks.length).trim();
  if (row.startsWith('|') || !/ \||\| /.test(row)) return null;
  const parts = row.split(STROKE).map(written);
  const filled = parts.findLastIndex((cell) => cell !== '');
  return parts.map((cell, place) => (place === filled ? `${cell}${marks}` : cell));
}

/** Adds the marks that an API delivers beside the sentence instead of in it. */
export function markedSentence(text: string, citations: readonly Citation[]): string {
  if (citedIds(text).length > 0 || citations.length === 0) return text;
  return `${text} ${citations.map((citation) => `[chunk ${citation.chunk_id}]`).join('')}`;
}

/** Sources in the order of their reference numbers; retrieved but uncited ones follow only on request. */
export function sourcesOf(answer: Pick<Answer, 'citations'>, order: readonly string[]): Citation[] {
  const known = new Map(answer.citations.map((citation) => [citation.chunk_id, citation]));
  return order.flatMap((chunkId) => known.get(chunkId) ?? []);
}

/** „EnWG, § 14a Abs. 2, S. 31“ */
export function placeOf(payload: Pick<Citation['payload'], 'section' | 'paragraph' | 'page'>): string {
  const parts: string[] = [];
  const section = payload.section?.trim() ?? '';
  const paragraph = payload.paragraph?.trim() ?? '';
  if (section !== '') parts.push(paragraph === '' ? section : `${section} Abs. ${paragraph}`);
  else if (paragraph !== '') parts.push(`Abs. ${paragraph}`);
  if (typeof payload.page === 'number') parts.push(`S. ${payload.page}`);
  return parts.join(', ');
}

/** „EnWG“ of „… (Energiewirtschaftsgesetz - EnWG)“: what a law is called in short, where its title tells. */
export function shortName(title: string): string | null {
  const named = /\(([^()]+)\)\s*\*?\d*$/.exec(title)?.[1]?.split(/\s[-–]\s/).at(-1)?.trim() ?? '';
  return /^[A-ZÄÖÜ][A-Za-zÄÖÜäöüß-]{1,14}(?: \d{4})?$/.test(named) && /[A-ZÄÖÜ].*[A-ZÄÖÜ]/.test(named) ? named : null;
}

/** The beginning of a passage for a card: without the signs of Markdown, and without the heading that stands above it. */
export function excerpt(text: string, heading: string | undefined): string {
  const lines = withoutMarks(text)
    .split('\n')
    .filter((line) => line.trim() !== '' && !RULE.test(line))
    .map((line) => line.replace(/^\s*(?:#{1,6}|[-*•])\s+/, '').replaceAll(STRONG, '$1').trim());
  if (heading !== undefined && lines.length > 1 && lines[0] === heading.trim()) lines.shift();
  return lines.map((line) => (line.startsWith('|') ? cells(line).join(' · ') : line)).join(' ');
}

/** The answer as plain text with its sources, for the clipboard. */
export function answerAsText(question: string, answer: Answer): string {
  const order = citedIds([answer.summary, answer.answer, answer.suggestion].join('\n'));
  const plain = (text: string) =>
    withoutMarks(text).replace(/\s*\[(?:chunk|receipt)\s+([\w.:-]+)\]/g, (_, id: string) => ` [${order.indexOf(id) + 1}]`).trim();
  const parts = [question, ''];
  if (answer.summary) parts.push(plain(answer.summary), '');
  if (answer.writing?.note) parts.push(`(${answer.writing.note})`, '');
  const { written, verbatim } = partedAnswer(answer);
  parts.push(plain(written));
  if (verbatim !== '') parts.push('', `(${VERBATIM_FROM})`, '', plain(verbatim));
  if (answer.suggestion) parts.push('', plain(answer.suggestion));
  const sources = sourcesOf(answer, order);
  if (sources.length > 0) {
    parts.push('', 'Quellen');
    for (const source of sources) {
      const { payload } = source;
      const place = placeOf(payload);
      parts.push(`[${order.indexOf(source.chunk_id) + 1}] ${payload.title}${place === '' ? '' : `, ${place}`} (Fassung ${payload.version})`);
    }
  }
  const proofs = answer.receipts.filter((receipt) => order.includes(receipt.receipt_id));
  if (proofs.length > 0) {
    parts.push('', 'Rechenwege');
    for (const proof of proofs) parts.push(`[${order.indexOf(proof.receipt_id) + 1}] ${proof.label} (Beleg ${proof.receipt_id})`);
  }
  return parts.join('\n');
}
