/** What the numbers of an answer rest on: the query, its result and how good the values are, computed again on request. */
import type { QueryReceipt } from '@/api/types';
import { Badge } from '@/components/ui/badge';
import { ReceiptCheck } from '@/features/series/parts';
import { qualityOf } from '@/lib/receipts';
import { formatMoment, formatNumber, plural } from '@/lib/format';

const MOST_ROWS = 60;

interface ProofsProps {
  receipts: readonly QueryReceipt[];
  order: readonly string[];
  /** The receipt whose mark was clicked. */
  opened: string | null;
  onToggle: (receiptId: string | null) => void;
}

export function Proofs({ receipts, order, opened, onToggle }: ProofsProps) {
  const ordered = [...receipts].sort((one, other) => order.indexOf(one.receipt_id) - order.indexOf(other.receipt_id));
  return (
    <section aria-label="Rechenwege">
      <h3 className="mb-2 text-sm font-semibold text-ink-2">Rechenwege</h3>
      <ul className="space-y-px overflow-hidden rounded-lg border border-line bg-line">
        {ordered.map((receipt) => (
          <li key={receipt.receipt_id} id={`proof-${receipt.receipt_id}`} className="bg-panel">
            <Proof receipt={receipt} number={order.indexOf(receipt.receipt_id) + 1} open={opened === receipt.receipt_id} onToggle={onToggle} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Proof({ receipt, number, open, onToggle }: { receipt: QueryReceipt; number: number; open: boolean } & Pick<ProofsProps, 'onToggle'>) {
  return (
    <details open={open} data-testid="proof">
      <summary
        className="flex cursor-pointer items-start gap-3 px-3 py-2.5 outline-offset-[-4px]! hover:bg-raised"
        onClick={(event) => {
          event.preventDefault();
          onToggle(open ? null : receipt.receipt_id);
        }}
      >
        {number > 0 && (
          <span className="mt-0.5 flex size-5 shrink-0 items-center justify-center rounded-[4px] bg-moon-soft text-[0.6875rem] font-semibold text-moon ring-1 ring-moon/40 ring-inset">
            {number}
          </span>
        )}
        <span className="min-w-0 flex-1">
          <span className="text-sm">{receipt.label}</span>
          <span className="mt-0.5 flex flex-wrap gap-x-3 text-xs text-ink-3">
            <span>{plural(receipt.row_count, 'Zeile', 'Zeilen')}</span>
            <span>Stand {formatMoment(receipt.as_of)}</span>
            {qualityOf(receipt.quality).map((words) => (
              <span key={words} className="text-warn">
                {words}
              </span>
            ))}
            {receipt.quality.simulated && <Badge tone="warn">simuliert</Badge>}
          </span>
        </span>
      </summary>
      {open && (
        <div className="space-y-3 border-t border-line px-3 py-3 text-xs">
          <pre className="thin-scroll max-h-56 overflow-auto rounded bg-bg p-2 font-mono whitespace-pre-wrap text-ink-2">{receipt.query}</pre>
          <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
            {Object.entries(receipt.parameters).map(([name, value]) => (
              <div key={name} className="contents">
                <dt className="font-mono text-ink-3">{name}</dt>
                <dd className="font-mono break-all">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
              </div>
            ))}
            <dt className="text-ink-3">SHA-256</dt>
            <dd className="font-mono break-all">{receipt.result_sha256}</dd>
          </dl>
          <ResultTable receipt={receipt} />
          <ReceiptCheck receipt={receipt.receipt_id} />
        </div>
      )}
    </details>
  );
}

function ResultTable({ receipt }: { receipt: QueryReceipt }) {
  if (receipt.rows.length === 0) return <p className="text-ink-3">Die Abfrage ergab keine Zeile.</p>;
  return (
    <div className="thin-scroll max-h-64 overflow-auto">
      <table className="text-left tabular-nums">
        <thead className="text-ink-3">
          <tr>
            {receipt.columns.map((column) => (
              <th key={column} className="pr-4 font-mono font-normal">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {receipt.rows.slice(0, MOST_ROWS).map((row, index) => (
            <tr key={index} className="border-t border-line">
              {row.map((cell, place) => (
                <td key={place} className="pr-4 font-mono">
                  {cell === null ? '–' : typeof cell === 'number' ? formatNumber(cell) : typeof cell === 'string' ? cell : JSON.stringify(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {receipt.row_count > MOST_ROWS && <p className="mt-1 text-ink-3">und {formatNumber(receipt.row_count - Math.min(MOST_ROWS, receipt.rows.length))} weitere</p>}
    </div>
  );
}
