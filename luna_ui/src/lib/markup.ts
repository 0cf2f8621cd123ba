/** Marks inside sentences: of HTML in legal texts (footnotes, indices, emphasis), of Markdown in what people write. */

const BREAK = /<br\s*\/?>/gi;
const INLINE = /<\/?(?:a|b|em|i|small|span|strong|sub|sup|u)(?:\s[^<>]*)?>/gi;

/** Words between two pairs of asterisks. */
export const STRONG = /\*\*(?=\S)([^*\n]+?)(?<=\S)\*\*/g;

/** The words without marks of HTML. Whatever else stands in angle brackets stays: it may be part of what is said. */
export function withoutMarks(text: string): string {
  return text.includes('<') ? text.replace(BREAK, ' ').replace(INLINE, '') : text;
}
