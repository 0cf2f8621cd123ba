/** Questions before a job changes the index: each says what will happen and what stays. */
import { useState } from 'react';
import type { IndexVersion, ReindexRequest, SwitchRequest } from '@/api/index-versions';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field, Select } from '@/components/ui/field';
import { formatMoment, plural } from '@/lib/format';
import { ENGINE, type EmbedderChoice, SCOPE, passagesOf } from './index-words';

interface Asking {
  onClose: () => void;
}

/** Runs the order once, closes, and keeps the button from being pressed twice meanwhile. */
function Confirm({ label, keep, onConfirm, onClose }: Asking & { label: string; keep: string; onConfirm: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  return (
    <div className="flex flex-wrap gap-2">
      <Button
        variant="primary"
        busy={busy}
        onClick={() => {
          setBusy(true);
          void onConfirm().finally(() => {
            setBusy(false);
            onClose();
          });
        }}
      >
        {label}
      </Button>
      <Button variant="quiet" onClick={onClose}>
        {keep}
      </Button>
    </div>
  );
}

export function RollBack({ version, live, onClose, onConfirm }: Asking & { version: IndexVersion | null; live: IndexVersion | null; onConfirm: (version: IndexVersion) => Promise<void> }) {
  if (version === null) return null;
  const built = formatMoment(new Date(version.created_at_s * 1000).toISOString());
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Zu Fassung ${version.id} zurückrollen?`}
      description={`${SCOPE[version.scope]}: Fassung ${version.id}, gebaut ${built}, ${plural(passagesOf(version), 'Passage', 'Passagen')}.`}
    >
      <ul className="mb-5 list-disc space-y-1 pl-5 text-sm text-ink-2">
        <li>Was seither dazukam, wird vorher in sie aufgenommen.</li>
        <li>{live === null ? 'Bis dahin bleibt alles, wie es ist.' : `Bis dahin antwortet Fassung ${live.id}; danach ruht sie und bleibt für den Weg nach vorn.`}</li>
      </ul>
      <Confirm label={`Zu Fassung ${version.id} zurückrollen`} keep={live === null ? 'Lieber nicht' : `Bei Fassung ${live.id} bleiben`} onConfirm={() => onConfirm(version)} onClose={onClose} />
    </Dialog>
  );
}

interface RebuildProps extends Asking {
  open: boolean;
  /** What can make the vectors; without a model server there is nothing to choose. */
  choices: readonly EmbedderChoice[];
  onConfirm: (request: ReindexRequest) => Promise<void>;
}

export function Rebuild({ open, choices, onClose, onConfirm }: RebuildProps) {
  const [model, setModel] = useState('');
  return (
    <Dialog open={open} onOpenChange={(next) => !next && onClose()} title="Den Index neu bauen?" description="Alle Texte werden neu gelernt; das dauert je nach Bestand Sekunden bis Minuten.">
      <ul className="mb-4 list-disc space-y-1 pl-5 text-sm text-ink-2">
        <li>Die neue Fassung entsteht neben der laufenden, die solange antwortet.</li>
        <li>Findet sie weniger der Probefragen, im Ganzen oder allein über ihre Vektoren, wird sie abgelehnt, und alles bleibt beim Alten.</li>
      </ul>
      {choices.length > 0 && (
        <div className="mb-5">
          <Field label="Vektoren bildet" hint="Ein Modell braucht dafür länger als der Index selbst.">
            <Select value={model} onChange={(event) => setModel(event.target.value)}>
              {choices.map((choice) => (
                <option key={choice.model} value={choice.model}>
                  {choice.name}
                </option>
              ))}
            </Select>
          </Field>
        </div>
      )}
      <Confirm label="Neu bauen" keep="Lieber nicht" onConfirm={() => onConfirm(model === '' ? {} : { embed_model: model })} onClose={onClose} />
    </Dialog>
  );
}

export function Switch({ open, onClose, onConfirm }: Asking & { open: boolean; onConfirm: (request: SwitchRequest) => Promise<void> }) {
  const [engine, setEngine] = useState<SwitchRequest['engine']>('qdrant');
  const [drop, setDrop] = useState(false);
  const other = engine === 'qdrant' ? 'postgres' : 'qdrant';
  return (
    <Dialog open={open} onOpenChange={(next) => !next && onClose()} title="Wo die Vektoren liegen" description="Übertragen und ergänzen sind derselbe Auftrag: Es wird nur geschrieben, was am Ziel fehlt.">
      <div className="space-y-4">
        <Field label="Ziel">
          <Select value={engine} onChange={(event) => setEngine(event.target.value === 'postgres' ? 'postgres' : 'qdrant')}>
            <option value="qdrant">{ENGINE['qdrant']}</option>
            <option value="postgres">{ENGINE['postgres']}</option>
          </Select>
        </Field>
        <label className="flex items-start gap-2 text-sm">
          <input type="checkbox" checked={drop} onChange={(event) => setDrop(event.target.checked)} className="mt-1 accent-moon" />
          <span>
            Vektoren in {ENGINE[other]} danach freigeben
            <span className="block text-xs text-ink-3">
              Sonst bleiben beide auf gleichem Stand.{engine === 'qdrant' ? ' Ohne die in PostgreSQL suche ich nur nach Wörtern, wenn Qdrant schweigt.' : ''}
            </span>
          </span>
        </label>
        <Confirm label={`Nach ${ENGINE[engine] ?? engine} bringen`} keep="Lieber nicht" onConfirm={() => onConfirm({ engine, drop_other: drop })} onClose={onClose} />
      </div>
    </Dialog>
  );
}
