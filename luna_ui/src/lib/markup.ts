/** Marks of HTML that legal texts carry inside their sentences: for footnotes, indices, emphasis. */

const BREAK = /<br\s*\/?>/gi;
const INLINE = /<\/?(?:a|b|em|i|small|span|strong|sub|sup|u)(?:\s[^<>]*)?>/gi;

/** The words without such marks. Whatever else stands in angle brackets stays: it may be part of what is said. */
export function withoutMarks(text: string): string {
  return text.includes('<') ? text.replace(BREAK, ' ').replace(INLINE, '') : text;
}
