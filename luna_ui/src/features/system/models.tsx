/** Language models: what writes the answers, which models are there, and fetching more. For the administrator. */
import { useId, useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Download, Undo2, X } from 'lucide-react';
import { needsKey } from '@/api/client';
import { type ModelList, type ModelRequest, type PullData, type RoleData, changeModels, listModels } from '@/api/models';
import { Button, IconButton } from '@/components/ui/button';
import { Field, Input, Select } from '@/components/ui/field';
import { Failure, Waiting, messageOf } from '@/components/ui/notice';
import { notify } from '@/components/ui/toast';
import { formatBytes } from '@/lib/format';
import { CHOOSABLE, ROLE, progressOf, pullNote, roleNote, stateOf } from './models-words';

type Act = (request: ModelRequest) => Promise<void>;

export function Models() {
  const client = useQueryClient();
  const models = useQuery({
    queryKey: ['models'],
    queryFn: listModels,
    refetchInterval: (query) => (query.state.data?.pulls.some((pull) => pull.state === 'running') ? 1_000 : 15_000),
  });
  if (models.isPending) return <Waiting className="py-2" />;
  // That the key does not fit is said once, above.
  if (models.isError) return needsKey(models.error) ? null : <Failure error={models.error} retry={() => void models.refetch()} />;
  const act: Act = async (request) => {
    try {
      client.setQueryData(['models'], await changeModels(request));
      await client.invalidateQueries({ queryKey: ['system-info'] });
    } catch (error) {
      notify(messageOf(error), { tone: 'bad' });
    }
  };
  return <ModelsPanel list={models.data} act={act} />;
}

export function ModelsPanel({ list, act }: { list: ModelList; act: Act }) {
  return (
    <div className="space-y-4" data-testid="models" data-state={list.state}>
      <p className={`text-sm ${list.state === 'down' ? 'text-bad' : 'text-ink-2'}`}>{stateOf(list)}</p>
      {list.state !== 'off' && (
        <>
          <ul className="grid gap-px overflow-hidden rounded-xl border border-line bg-line sm:grid-cols-2">
            {list.roles
              .filter((role) => CHOOSABLE.includes(role.role))
              .map((role) => (
                <Choice key={role.role} role={role} list={list} act={act} />
              ))}
          </ul>
          <Inventory list={list} />
          {list.pulls.length > 0 && (
            <ul className="space-y-2" aria-label="Wird geladen">
              {list.pulls.map((pull) => (
                <Transfer key={pull.model} pull={pull} act={act} />
              ))}
            </ul>
          )}
          {list.state === 'up' && <Fetch act={act} />}
        </>
      )}
    </div>
  );
}

function Choice({ role, list, act }: { role: RoleData; list: ModelList; act: Act }) {
  const present = list.models.find((model) => model.roles.includes(role.role))?.name;
  return (
    <li className="space-y-2 bg-panel px-4 py-3" data-testid={`role-${role.role}`}>
      <p className="text-sm font-medium">{ROLE[role.role]}</p>
      <div className="flex items-center gap-1">
        <Select
          aria-label={`Modell für ${ROLE[role.role]}`}
          className="min-w-0 flex-1"
          value={present ?? ''}
          disabled={list.models.length === 0}
          onChange={(event) => void act({ action: 'select', role: role.role, model: event.target.value })}
        >
          {present === undefined && <option value="">{role.model}</option>}
          {list.models.map((model) => (
            <option key={model.name} value={model.name}>
              {model.name}
            </option>
          ))}
        </Select>
        {role.chosen && (
          <IconButton label={`Zurück zur Einstellung (${role.configured})`} onClick={() => void act({ action: 'select', role: role.role })}>
            <Undo2 />
          </IconButton>
        )}
      </div>
      <p className={`text-xs ${role.present ? 'text-ink-3' : 'text-warn'}`}>{roleNote(role)}</p>
    </li>
  );
}

function Inventory({ list }: { list: ModelList }) {
  if (list.models.length === 0) return list.state === 'up' ? <p className="text-sm text-ink-2">Auf dem Server liegt noch kein Modell.</p> : null;
  return (
    <ul className="text-sm" aria-label="Vorhandene Modelle">
      {list.models.map((model) => (
        <li key={model.name} className="flex flex-wrap items-baseline gap-x-3 border-b border-line py-1.5">
          <span className="min-w-0 flex-1 font-mono text-[0.8125rem] break-all">{model.name}</span>
          <span className="text-xs text-ink-3">{model.roles.map((role) => ROLE[role]).join(', ')}</span>
          <span className="text-xs text-ink-3 tabular-nums" title={model.digest}>
            {model.digest.slice(0, 12)}
          </span>
          <span className="w-20 text-right tabular-nums">{formatBytes(model.size_bytes)}</span>
        </li>
      ))}
    </ul>
  );
}

function Transfer({ pull, act }: { pull: PullData; act: Act }) {
  const share = progressOf(pull);
  const running = pull.state === 'running';
  return (
    <li className="rounded-lg border border-line px-4 py-2.5" data-testid="pull" data-state={pull.state}>
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <p className="font-mono text-[0.8125rem] break-all">{pull.model}</p>
          <p role="status" className={`text-xs tabular-nums ${pull.state === 'failed' ? 'text-bad' : 'text-ink-2'}`}>
            {pullNote(pull)}
          </p>
        </div>
        {running && (
          <IconButton label={`${pull.model} nicht weiter laden`} onClick={() => void act({ action: 'cancel', model: pull.model })}>
            <X />
          </IconButton>
        )}
      </div>
      {running && (
        <progress className="mt-2 h-1 w-full" aria-label={`${pull.model} wird geladen`} max={1} {...(share === null ? {} : { value: share })} />
      )}
    </li>
  );
}

function Fetch({ act }: { act: Act }) {
  const [name, setName] = useState('');
  const hint = useId();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void act({ action: 'pull', model: name.trim() }).then(() => setName(''));
      }}
    >
      <div className="flex items-end gap-2">
        <Field label="Modell laden">
          <Input
            required
            maxLength={200}
            autoComplete="off"
            spellCheck={false}
            aria-describedby={hint}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
        <Button type="submit" className="h-10" size="sm" disabled={name.trim() === ''}>
          <Download /> Laden
        </Button>
      </div>
      <p id={hint} className="mt-1 text-xs text-ink-3">
        Der Modellserver holt es aus dem Internet, zum Beispiel phi3:mini.
      </p>
    </form>
  );
}
