import { describe, expect, it } from 'vitest';
import type { Answer, Citation } from '@/api/types';
import { answerAsText, citedIds, excerpt, markedSentence, parseAnswer, parseInlines, partedAnswer, placeOf, shortName, withoutOpenMark } from './citations';

describe('citations', () => {
  it('parts an answer where its model broke off, by code points', () => {
    const written = 'Ein 🌙 satz [chunk a].';
    const writing = { attempts: [], dropped: 0, note: '', verbatim_from: Array.from(written).length + 2 };
    const whole = { answer: `${written}\n\nWortlaut [chunk b].`, writing };
    expect(partedAnswer(whole)).toEqual({ written, verbatim: 'Wortlaut [chunk b].' });
    expect(partedAnswer({ ...whole, writing: { ...writing, verbatim_from: null } })).toEqual({ written: whole.answer, verbatim: '' });
    expect(partedAnswer({ answer: 'Satz.' })).toEqual({ written: 'Satz.', verbatim: '' });
  });

  it('numbers sources by their first mention', () => {
    expect(citedIds('A [chunk b]. B [chunk a] C [chunk b]')).toEqual(['b', 'a']);
  });

  it('swallows the blank before a mark and a repeated mark', () => {
    expect(parseInlines('Satz [chunk a][chunk a].', ['a'])).toEqual([
      { type: 'text', text: 'Satz.' },
      { type: 'cite', id: 'a', number: 1 },
    ]);
  });

  it('shows the same source again after further text', () => {
    const cites = parseInlines('Eins [chunk a]. Zwei [chunk a].', ['a']).filter((part) => part.type === 'cite');
    expect(cites).toHaveLength(2);
  });

  it('sets the full stop before all references of a sentence', () => {
    expect(parseInlines('Eins [chunk a][chunk b]. Zwei.', ['a', 'b'])).toEqual([
      { type: 'text', text: 'Eins.' },
      { type: 'cite', id: 'a', number: 1 },
      { type: 'cite', id: 'b', number: 2 },
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

  it('keeps the signs of a law\'s list and does not count anew', () => {
    const [lead, list] = parseAnswer('Dies sind:\n3. Wärmepumpen [chunk a]\n3a. Speicher [chunk a]\nb) anderes\n[…]');
    expect(lead?.type).toBe('paragraph');
    expect(list?.type === 'list' && list.items.map((item) => item.marker)).toEqual(['3.', '3a.', 'b)']);
  });

  it('makes one table of quoted rows, which have no bars at their ends', () => {
    const said = 'Art | NS EUR | MS EUR [chunk a]\nmoderne | 25,00 | [chunk a]\n\nRLM | 612,50 | 788,40 [chunk b]\n\nDanach gilt | nichts [chunk b]';
    const blocks = parseAnswer(said);
    expect(blocks.map((block) => block.type)).toEqual(['table', 'paragraph']);
    const [table] = blocks;
    if (table?.type !== 'table') throw new Error('no table');
    expect([table.head, table.rows.length, table.rows.map((row) => row.length)]).toEqual([true, 3, [3, 3, 3]]);
    expect(table.rows[1]?.[1]).toEqual([{ type: 'text', text: '25,00' }, { type: 'cite', id: 'a', number: 1 }]);
    expect(table.rows[2]?.[2]).toContainEqual({ type: 'cite', id: 'b', number: 2 });
  });

  it('takes a sentence with one bar for a sentence', () => {
    expect(parseAnswer('Es gilt A | B. [chunk a]\nDer Rest folgt. [chunk a]').map((block) => block.type)).toEqual(['paragraph']);
  });

  it('leaves a stroke that belongs to a cell in it', () => {
    const [quoted] = parseAnswer('Art | Preis\na\\|b | 3,20 [chunk a]');
    expect(quoted?.type === 'table' && quoted.rows[1]).toEqual([
      [{ type: 'text', text: 'a|b' }],
      [{ type: 'text', text: '3,20' }, { type: 'cite', id: 'a', number: 1 }],
    ]);
    const [barred] = parseAnswer('| a\\|b | 3,20 |');
    expect(barred?.type === 'table' && barred.rows[0]).toHaveLength(2);
  });

  it('reads rows of a table without its rule', () => {
    const [table] = parseAnswer('| Modul | Zähler |\n| --- | --- |\n| 1 | einer | [chunk a]');
    expect(table?.type === 'table' && table.rows.length).toBe(2);
    expect(table?.type === 'table' && table.rows[1]?.[1]).toContainEqual({ type: 'cite', id: 'a', number: 1 });
  });

  it('shows a passage on a card without Markdown', () => {
    const text = '## 4 Nachlass\n\nDrei Module.\n\n| Modul | Nachlass |\n| --- | --- |\n| A | 10 € |\n- Punkt';
    expect(excerpt(text, '4 Nachlass')).toBe('Drei Module. Modul · Nachlass A · 10 € Punkt');
    expect(excerpt('Nur ein Satz.', undefined)).toBe('Nur ein Satz.');
    expect(excerpt('**MaLo**: der Punkt', undefined)).toBe('MaLo: der Punkt');
  });

  it('knows what a law is called in short', () => {
    expect(shortName('Gesetz über die Elektrizitäts- und Gasversorgung (Energiewirtschaftsgesetz - EnWG)')).toBe('EnWG');
    expect(shortName('Gesetz für den Ausbau erneuerbarer Energien (Erneuerbare-Energien-Gesetz - EEG 2023)')).toBe('EEG 2023');
    expect(shortName('Gesetz über Energiedienstleistungen (EDL-G)')).toBe('EDL-G');
    for (const title of ['Merkblatt (Entwurf)', 'Kleines Energie-Glossar', 'Preisblatt (Stand 2024)', 'Vertrag (Anlage zu Nr. 3)']) expect(shortName(title)).toBeNull();
  });

  it('hides half a mark while it streams', () => {
    for (const tail of ['[', '[chu', '[chunk', '[chunk ', '[chunk 12ab-']) expect(withoutOpenMark(`Satz ${tail}`)).toBe('Satz');
    expect(withoutOpenMark('Satz [chunk a]')).toBe('Satz [chunk a]');
    expect(withoutOpenMark('Satz [nicht belegt]')).toBe('Satz [nicht belegt]');
  });

  it('adds marks that came beside the sentence', () => {
    const cited = [{ chunk_id: 'a' }, { chunk_id: 'b' }] as Citation[];
    expect(markedSentence('Satz.', cited)).toBe('Satz. [chunk a][chunk b]');
    expect(markedSentence('Satz [chunk c].', cited)).toBe('Satz [chunk c].');
  });

  it('names the place as a lawyer would', () => {
    expect(placeOf({ section: '§ 14a', paragraph: '2', page: 31 })).toBe('§ 14a Abs. 2, S. 31');
    expect(placeOf({ section: null, paragraph: null, page: null })).toBe('');
  });

  it('copies an answer with numbered sources', () => {
    const payload = { item_id: 'i', title: 'EnWG', section: '§ 14a', paragraph: null, page: null, version: 3 } as Citation['payload'];
    const answer = {
      answered: true,
      answer: 'Ja [chunk a].',
      summary: 'Kurz: ja.',
      suggestion: '',
      citations: [{ chunk_id: 'a', score: 1, payload }],
      receipts: [],
    } as unknown as Answer;
    expect(answerAsText('Ist das so?', answer)).toContain('Ja [1].');
    expect(answerAsText('Ist das so?', answer)).toContain('[1] EnWG, § 14a (Fassung 3)');
  });

  it('copies what is to be known of the writing before the text that it is about', () => {
    const answer = { answer: 'Ja.', summary: 'Kurz.', suggestion: '', citations: [], receipts: [], writing: { attempts: [], dropped: 0, note: 'Das Modell brach ab.' } } as unknown as Answer;
    expect(answerAsText('Ist das so?', answer)).toBe('Ist das so?\n\nKurz.\n\n(Das Modell brach ab.)\n\nJa.');
  });

  it('numbers receipts of queries among the passages', () => {
    expect(citedIds('457 Stunden [receipt r1], so § 51 [chunk a].')).toEqual(['r1', 'a']);
    expect(parseInlines('457 Stunden [receipt r1].', ['r1'])).toEqual([{ type: 'text', text: '457 Stunden.' }, { type: 'cite', id: 'r1', number: 1 }]);
    const answer = { answer: 'Im Mittel 79 [receipt r1].', summary: '', suggestion: '', citations: [], receipts: [{ receipt_id: 'r1', label: 'Mittel 2024' }] } as unknown as Answer;
    expect(answerAsText('Wie teuer?', answer)).toContain('Im Mittel 79 [1].');
    expect(answerAsText('Wie teuer?', answer)).toContain('[1] Mittel 2024 (Beleg r1)');
  });

  it('hides a mark that is not yet whole, and no other bracket', () => {
    for (const half of ['Satz [', 'Satz [rec', 'Satz [receipt', 'Satz [receipt 4955-', 'Satz [chunk 1']) expect(withoutOpenMark(half)).toBe('Satz');
    expect(withoutOpenMark('Satz [nicht')).toBe('Satz [nicht');
  });

  it('sets the label of a compared version on a line of its own', () => {
    const blocks = parseAnswer('Bisher (Stand 31.12.2022):\nacht Wochen. [chunk a]\n\nDanach (Stand 31.12.2024):\nvier Wochen.');
    expect(blocks.map((block) => block.type === 'paragraph' && block.inlines[0])).toEqual([
      { type: 'strong', text: 'Bisher (Stand 31.12.2022):' },
      { type: 'text', text: expect.stringContaining('acht Wochen.') as string },
      { type: 'strong', text: 'Danach (Stand 31.12.2024):' },
      { type: 'text', text: 'vier Wochen.' },
    ]);
  });

  it('says the label of several sentences once', () => {
    const blocks = parseAnswer('Neu (Stand 1.1.2024):\nEins.\n\nNeu (Stand 1.1.2024):\n1. Zwei.\n\nWeggefallen (Stand 1.1.2023):\nDrei.');
    const labels = blocks.flatMap((block) => (block.type === 'paragraph' && block.inlines[0]?.type === 'strong' ? [block.inlines[0].text] : []));
    expect(labels).toEqual(['Neu (Stand 1.1.2024):', 'Weggefallen (Stand 1.1.2023):']);
    expect(blocks).toHaveLength(5);
  });

  it('shows sentences of laws without the marks of HTML between their words', () => {
    expect(parseInlines('nach DIN 4108: 2003<a href="#F1">*</a></sup> gilt', [])).toEqual([{ type: 'text', text: 'nach DIN 4108: 2003* gilt' }]);
    expect(excerpt('CO<sub>2</sub> je Stunde', undefined)).toBe('CO2 je Stunde');
  });
});
