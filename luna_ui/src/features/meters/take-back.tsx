/** Taking an import back: asked first, as its values come again only with the file. */
import { useState } from 'react';
import { Undo2 } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { leaveFocusNear } from '@/lib/focus';

interface TakeBackProps {
  /** What the file is called. */
  name: string;
  busy?: boolean;
  onConfirm: () => void;
}

export function TakeBack({ name, busy = false, onConfirm }: TakeBackProps) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button ref={leaveFocusNear} size="sm" variant="quiet" busy={busy} onClick={() => setAsking(true)} aria-label={`„${name}“ zurücknehmen`}>
        <Undo2 /> Zurücknehmen
      </Button>
      <Dialog
        open={asking}
        onOpenChange={setAsking}
        title="Zurücknehmen?"
        description="Was diese Datei gebracht hat, verschwindet, und was vorher galt, gilt wieder. Zurück kommt es nur mit der Datei."
      >
        <p className="mb-4 text-sm font-medium break-all">{name}</p>
        <div className="flex flex-wrap gap-2">
          <Button
            variant="danger"
            onClick={() => {
              setAsking(false);
              onConfirm();
            }}
          >
            Zurücknehmen
          </Button>
          <Button variant="quiet" onClick={() => setAsking(false)}>
            Behalten
          </Button>
        </div>
      </Dialog>
    </>
  );
}
