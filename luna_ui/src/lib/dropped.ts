/** What is dropped on the page: files, and those inside of folders, which a browser hands over as entries to be walked. */

/** Those that systems leave in folders for themselves. */
const LITTER = /^(?:\.|~\$|Thumbs\.db$|desktop\.ini$)/i;
/** A folder dropped by mistake, a whole disk for instance, ends here. */
export const MOST_FILES = 2000;

type Item = Pick<DataTransferItem, 'kind' | 'webkitGetAsEntry' | 'getAsFile'>;

const fileOf = (entry: FileSystemFileEntry): Promise<File> => new Promise((resolve, reject) => entry.file(resolve, reject));

/** A folder's entries; a browser gives them in parts until there are none. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return all;
    all.push(...part);
  }
}

async function walk(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (found.length >= MOST_FILES) return;
  if (entry.isFile) found.push(await fileOf(entry as FileSystemFileEntry));
  if (!entry.isDirectory) return;
  const inside = await entriesOf(entry as FileSystemDirectoryEntry);
  for (const next of inside.filter(({ name }) => !LITTER.test(name)).sort((a, b) => a.name.localeCompare(b.name, 'de'))) await walk(next, found);
}

/**
 * All files that were dropped, in the order of their names within a folder; at most `MOST_FILES`.
 * Call it while the event is handled: entries are gone afterwards.
 */
export async function droppedFiles(items: Iterable<Item>): Promise<File[]> {
  const roots = Array.from(items, (item) => (item.kind === 'file' ? (item.webkitGetAsEntry() ?? item.getAsFile()) : null));
  const found: File[] = [];
  for (const root of roots) {
    if (root === null) continue;
    if (root instanceof File) found.push(root);
    else await walk(root, found);
  }
  return found;
}

/** What is to be said of so many dropped files; null where there is nothing to say. */
export function droppedFault(files: number): string | null {
  if (files === 0) return 'Darin lag keine Datei, die ich lesen könnte.';
  return files < MOST_FILES ? null : `Mehr als ${MOST_FILES.toLocaleString('de-DE')} Dateien auf einmal nehme ich nicht; was danach kam, blieb liegen.`;
}

/** A file that is dropped beside its place would be opened by the browser, and the page with all that is on it be gone. */
export function keepPageOnDrop(): void {
  const keep = (event: DragEvent): void => {
    if (event.defaultPrevented || event.dataTransfer === null || !event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'none';
  };
  addEventListener('dragover', keep);
  addEventListener('drop', keep);
}
