/** What a receipt says, in words for its reader. */
import type { AnswerReceipt, ReceiptPassage, ReplayedPassage } from '@/api/receipts';

const PARTS: Record<string, string> = {
  connection: 'Verbindung',
  models: 'Modelle befragt',
  condense: 'Anschlussfrage ergänzt',
  state: 'Stand des Index',
  retrieval: 'Suche',
  passages: 'Fundstellen gelesen',
  compose: 'Sätze gewählt und geprüft',
  model: 'Sprachmodell',
  series: 'Zeitreihen abgefragt',
};

const FATES: Record<ReplayedPassage['fate'], { text: string; tone: 'plain' | 'warn' }> = {
  same: { text: 'unverändert', tone: 'plain' },
  rebuilt: { text: 'neu zerlegt, Wortlaut gleich', tone: 'plain' },
  replaced: { text: 'neuere Fassung', tone: 'warn' },
  changed: { text: 'Text anders', tone: 'warn' },
  removed: { text: 'nicht mehr da', tone: 'warn' },
};

export function fateOf(passage: ReplayedPassage): { text: string; tone: 'plain' | 'warn' } {
  const fate = FATES[passage.fate];
  const newer = passage.newest_version !== null && passage.newest_version > passage.version;
  return passage.fate === 'replaced' && newer ? { ...fate, text: `ersetzt durch Fassung ${passage.newest_version}` } : fate;
}

/** How the answer came about. */
export function modeOf(receipt: Pick<AnswerReceipt, 'mode' | 'model'>): string {
  switch (receipt.mode) {
    case 'extractive':
      return 'Wörtliche Sätze aus den Fundstellen, ohne Sprachmodell';
    case 'series':
      return 'Zahlen aus Ihren Zeitreihen';
    case 'conversation':
      return 'Gespräch ohne Nachschlagen';
    default:
      return `Sprachmodell ${receipt.model}, jeder Satz geprüft`;
  }
}

/** Whose vectors the question was compared by, each model once; none where the index made its own. */
export function embeddersOf(receipt: Pick<AnswerReceipt, 'embedders'>): { name: string; digest: string; used: boolean }[] {
  const found = new Map(receipt.embedders.map((one) => [`${one.model} ${one.model_digest} ${one.question_vector}`, one]));
  return [...found.values()].map((one) => ({ name: one.model, digest: one.model_digest, used: one.question_vector }));
}

/** Parts of the time in the order in which they took place, without those that took none; the whole last. */
export function timesOf(latency: Record<string, number>): { name: string; ms: number; share: number }[] {
  const total = latency.total ?? Object.values(latency).reduce((sum, ms) => sum + ms, 0);
  const order = Object.keys(PARTS);
  const parts = Object.entries(latency)
    .filter(([name, ms]) => name !== 'total' && ms >= 0.05)
    .sort(([one], [other]) => order.indexOf(one) - order.indexOf(other))
    .map(([name, ms]) => ({ name: PARTS[name] ?? name, ms, share: total > 0 ? Math.min(1, ms / total) : 0 }));
  return [...parts, { name: 'Insgesamt', ms: total, share: 1 }];
}

export function formatMs(ms: number): string {
  return `${ms.toLocaleString('de-DE', { maximumFractionDigits: ms < 10 ? 1 : 0 })} ms`;
}

/** The passages, those that the answer cites first, each label once as long as nothing else tells them apart. */
export function passagesOf(receipt: Pick<AnswerReceipt, 'ground'>): { cited: ReceiptPassage[]; read: ReceiptPassage[] } {
  return {
    cited: receipt.ground.filter((passage) => passage.cited),
    read: receipt.ground.filter((passage) => !passage.cited),
  };
}

/** A hash for the eye; the whole of it is what gets copied. */
export function shortHash(hash: string): string {
  return hash.length <= 16 ? hash : `${hash.slice(0, 8)}…${hash.slice(-8)}`;
}
