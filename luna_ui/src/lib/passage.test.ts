import { describe, expect, it } from 'vitest';
import { findAll, layOut, toUtf16, windowAround } from './passage';

describe('passage', () => {
  it('leaves plain text offsets alone', () => {
    expect(toUtf16('Überschuss', { start: 0, end: 4 })).toEqual({ start: 0, end: 4 });
  });

  it('counts code points where JavaScript counts halves', () => {
    const text = '⚡𝛼🔌 Netzentgelt';
    const span = toUtf16(text, { start: 4, end: 15 });
    expect(text.slice(span.start, span.end)).toBe('Netzentgelt');
  });

  it('reaches the very end', () => {
    const text = '🔌 Ende';
    const span = toUtf16(text, { start: 2, end: 6 });
    expect(text.slice(span.start, span.end)).toBe('Ende');
  });

  it('widens to whole lines', () => {
    const text = 'eins\nzwei drei\nvier\nfünf';
    const view = windowAround(text, { start: 10, end: 14 }, 2, 2);
    expect(text.slice(view.start, view.end)).toBe('zwei drei\nvier');
  });

  it('marks across lines and strips heading signs', () => {
    const text = '## § 14a Titel\nSatz eins. Satz zwei.\nRest';
    const from = text.indexOf('Satz zwei');
    const lines = layOut(text, { start: 0, end: text.length }, { start: from, end: text.length - 2 });
    expect(lines[0]).toMatchObject({ kind: 'heading', level: 2 });
    expect(lines[0]?.pieces[0]?.text).toBe('§ 14a Titel');
    const marked = lines.flatMap((line) => line.pieces).filter((piece) => piece.marked);
    expect(marked.map((piece) => piece.text)).toEqual(['Satz zwei.', 'Re']);
  });

  it('shows words between asterisks as strong, where they stand', () => {
    const text = '**MaLo**: Der Punkt.\nZwei ** Sterne ** und **halb';
    const [first, second] = layOut(text, { start: 0, end: text.length }, { start: 0, end: 13 });
    expect(first?.pieces).toEqual([
      { text: 'MaLo', marked: true, strong: true, at: 2 },
      { text: ': Der', marked: true, at: 8 },
      { text: ' Punkt.', marked: false, at: 13 },
    ]);
    expect(second?.pieces.map((piece) => piece.text)).toEqual(['Zwei ** Sterne ** und **halb']);
  });

  it('finds without regard to case or line breaks', () => {
    expect(findAll('Das Netz\nentgelt und das NETZ entgelt', 'netz entgelt')).toHaveLength(2);
    expect(findAll('abc', 'a')).toHaveLength(0);
    expect(findAll('§ 14a (1)', '(1)')).toHaveLength(1);
  });
});
