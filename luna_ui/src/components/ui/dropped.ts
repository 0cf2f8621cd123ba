/** Takes what was dropped on a place for files, and says where it came to nothing. */
import { droppedFault, droppedFiles } from '@/lib/dropped';
import { notify } from './toast';

export function takeDropped(items: Iterable<DataTransferItem>, take: (files: File[]) => void): void {
  droppedFiles(items).then(
    (files) => {
      const fault = droppedFault(files.length);
      if (fault !== null) notify(fault, { tone: 'bad' });
      take(files);
    },
    () => notify('Das ließ sich nicht ganz lesen; vielleicht ist es gerade umgezogen. Legen Sie es bitte noch einmal ab.', { tone: 'bad' }),
  );
}
