import { describe, expect, it } from 'vitest';
import type { Answer } from '@/api/types';
import { answerAsText, citedIds, markedSentence, parseAnswer, parseInlines, placeOf, withoutOpenMark } from './citations';

describe('citations', () => {
  it('numbers sources by their first mention', () => {
    expect(citedIds('A [chunk b]. B [chunk a] C [chunk b]')).toEqual(['b', 'a']);
  });

  it('swallows the blank before a mark and a repeated mark', () => {
    expect(parseInlines('Satz [chunk a][chunk a].', ['a'])).toEqual([
      { type: 'text', text: 'Satz.' },
      { type: 'cite', chunkId: 'a', number: 1 },
    ]);
  });

  it('shows the same source again after further text', () => {
    const cites = parseInlines('Eins [chunk a]. Zwei [chunk a].', ['a']).filter((part) => part.type === 'cite');
    expect(cites).toHaveLength(2);
  });

  it('sets the full stop before all references of a sentence', () => {
    expect(parseInlines('Eins [chunk a][chunk b]. Zwei.', ['a', 'b'])).toEqual([
      { type: 'text', text: 'Eins.' },
      { type: 'cite', chunkId: 'a', number: 1 },
      { type: 'cite', chunkId: 'b', number: 2 },
      { type: 'text', text: ' Zwei.' },
    ]);
  });

  it('keeps „[nicht belegt]“ as a mark of its own', () => {
    expect(parseInlines('Behauptung [nicht belegt]', [])).toContainEqual({ type: 'unproven' });
  });

  it('reads paragraphs and lists', () => {
    const blocks = parseAnswer('Vorab:\n- eins [chunk a]\n- zwei\n\nDanach.');
    expect(blocks.map((block) => block.type)).toEqual(['paragraph', 'list', 'paragraph']);
  });

  it('hides half a mark while it streams', () => {
    for (const tail of ['[', '[chu', '[chunk', '[chunk ', '[chunk 12ab-']) expect(withoutOpenMark(`Satz ${tail}`)).toBe('Satz');
    expect(withoutOpenMark('Satz [chunk a]')).toBe('Satz [chunk a]');
    expect(withoutOpenMark('Satz [nicht belegt]')).toBe('Satz [nicht belegt]');
  });

  it('adds marks that came beside the sentence', () => {
    expect(markedSentence('Satz.', ['a', 'b'])).toBe('Satz. [chunk a][chunk b]');
    expect(markedSentence('Satz [chunk c].', ['a'])).toBe('Satz [chunk c].');
  });

  it('names the place as a lawyer would', () => {
    expect(placeOf({ section: '§ 14a', paragraph: '2', page: 31 })).toBe('§ 14a Abs. 2, S. 31');
    expect(placeOf({ section: null, paragraph: null, page: null })).toBe('');
  });

  it('copies an answer with numbered sources', () => {
    const answer: Answer = {
      answer_id: 'x',
      answered: true,
      answer: 'Ja [chunk a].',
      summary: 'Kurz: ja.',
      citations: [
        { chunk_id: 'a', score: 1, payload: { item_id: 'i', title: 'EnWG', section: '§ 14a', version: 3, char_start: 0, char_end: 1, text: 'J' } },
      ],
    };
    expect(answerAsText('Ist das so?', answer)).toContain('Ja [1].');
    expect(answerAsText('Ist das so?', answer)).toContain('[1] EnWG, § 14a (Fassung 3)');
  });
});
