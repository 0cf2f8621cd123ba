import { describe, expect, it } from 'vitest';
import { MOST_FILES, droppedFault, droppedFiles } from './dropped';

type Tree = string | { name: string; inside: Tree[] };

function entry(tree: Tree): FileSystemEntry {
  if (typeof tree === 'string') {
    return { name: tree, isFile: true, isDirectory: false, file: (done: (file: File) => void) => done(new File(['x'], tree)) } as unknown as FileSystemEntry;
  }
  const createReader = () => {
    const parts = [tree.inside.slice(0, 2), tree.inside.slice(2), []];
    return { readEntries: (done: (entries: FileSystemEntry[]) => void) => done((parts.shift() ?? []).map(entry)) };
  };
  return { name: tree.name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

const item = (tree: Tree) => ({ kind: 'file', webkitGetAsEntry: () => entry(tree), getAsFile: () => null });
const names = async (...trees: Tree[]) => (await droppedFiles(trees.map(item))).map((file) => file.name);

describe('droppedFiles', () => {
  it('walks folders to their ends, however a browser parts them', async () => {
    const folder = { name: 'Recht', inside: ['b.pdf', 'a.pdf', { name: 'alt', inside: ['c.md'] }, 'ä.pdf', 'd.pdf'] };
    expect(await names('einzeln.docx', folder)).toEqual(['einzeln.docx', 'a.pdf', 'ä.pdf', 'c.md', 'b.pdf', 'd.pdf']);
  });

  it('leaves what systems put into folders', async () => {
    expect(await names({ name: 'x', inside: ['.DS_Store', 'Thumbs.db', '~$bericht.docx', 'bericht.docx', { name: '.git', inside: ['HEAD'] }] })).toEqual(['bericht.docx']);
  });

  it('says what came of a folder with nothing, or too much, in it', () => {
    expect([droppedFault(0), droppedFault(1), droppedFault(MOST_FILES)]).toEqual([expect.stringContaining('keine Datei'), null, expect.stringContaining('2.000 Dateien')]);
  });

  it('ends somewhere', async () => {
    const many = Array.from({ length: MOST_FILES + 5 }, (_, index) => `${index}.txt`);
    expect(await names({ name: 'Platte', inside: many })).toHaveLength(MOST_FILES);
  });

  it('takes a file where there is no entry, and no text', async () => {
    const file = new File(['x'], 'alt.pdf');
    const plain = { kind: 'file', webkitGetAsEntry: () => null, getAsFile: () => file };
    const text = { kind: 'string', webkitGetAsEntry: () => null, getAsFile: () => null };
    expect(await droppedFiles([plain, text])).toEqual([file]);
  });
});
