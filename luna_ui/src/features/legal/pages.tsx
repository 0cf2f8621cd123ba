/** Plain pages that the operator completes. They say so instead of pretending. */
import type { ReactNode } from 'react';
import { Page } from '@/components/shell/page';

function Prose({ children }: { children: ReactNode }) {
  return <div className="measure space-y-4 text-[0.9375rem] leading-relaxed text-ink-2 [&_h2]:pt-2 [&_h2]:text-base [&_h2]:font-semibold [&_h2]:text-ink">{children}</div>;
}

function ToComplete({ children }: { children: ReactNode }) {
  return <p className="rounded-md border border-dashed border-line-strong px-4 py-3 text-ink">{children}</p>;
}

export function Imprint() {
  return (
    <Page title="Impressum" narrow>
      <Prose>
        <ToComplete>Der Betreiber dieser Installation ergänzt hier seine Angaben nach § 5 DDG: Name und Anschrift, Vertretungsberechtigte, E-Mail, Register und Umsatzsteuer-ID.</ToComplete>
        <p>Luna-IEMS ist eine Software, die der Betreiber auf einem eigenen Rechner ausführt. Für die Dokumente darin und deren Nutzung ist er verantwortlich.</p>
      </Prose>
    </Page>
  );
}

export function Privacy() {
  return (
    <Page title="Datenschutz" narrow>
      <Prose>
        <ToComplete>Der Betreiber ergänzt hier Verantwortlichen, Rechtsgrundlagen, Speicherfristen und die Kontaktdaten seiner Datenschutzbeauftragten.</ToComplete>
        <h2>Was diese Seite selbst tut</h2>
        <p>Sie spricht nur mit dem Server, von dem sie geladen wurde. Schriften, Symbole und Programm liegen dort; es gibt keine Analyse- oder Werbedienste und keine Cookies der Seite.</p>
        <h2>Was im Browser gespeichert wird</h2>
        <p>Die gewählte Ansicht (hell oder dunkel), in Entwicklungsumgebungen eine zufällige Benutzerkennung und, falls Sie ihn eingeben, der Verwaltungsschlüssel bis zum Schließen des Tabs.</p>
        <h2>Was auf dem Server gespeichert wird</h2>
        <p>Hochgeladene Dokumente, Ihre Fragen mit den Antworten und Quellen, Gespräche, Rückmeldungen und ein Prüfprotokoll. Gespräche und eigene Dokumente können Sie selbst löschen.</p>
      </Prose>
    </Page>
  );
}

export function Contact() {
  return (
    <Page title="Kontakt" narrow>
      <Prose>
        <ToComplete>Der Betreiber ergänzt hier, wer bei Fragen hilft: Name, E-Mail, Telefon und Zeiten.</ToComplete>
        <p>Wenn etwas nicht geht, nennen Sie bitte die Vorgangskennung, die unter einer Fehlermeldung steht. Damit findet man die Stelle im Protokoll sofort, und alle sparen sich das Raten. Sie wissen ja: Raten liegt mir nicht.</p>
      </Prose>
    </Page>
  );
}
