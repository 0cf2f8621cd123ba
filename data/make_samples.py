"""Write the sample documents in `samples`: sample.pdf, sample.docx and sample.md, the same bytes on every run.

The text is our own. The utility, its people, prices and deadlines are invented and say nothing about real ones.
Run: `python data/make_samples.py [folder]`.
"""

from __future__ import annotations

import io
import sys
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

NOTICE = (
    "Beispieldokument mit erfundenen Werten. Die Stadtwerke Mustertal gibt es nicht; Preise, Fristen, Namen und "
    "Nummern sind frei erfunden und dienen nur zum Ausprobieren."
)
TITLE = "Stadtwerke Mustertal: Merkblatt Strom für Haushalte 2031"


@dataclass(frozen=True)
class Section:
    """One page of the leaflet: heading, paragraphs, and a table where there is one (first row is its header)."""

    heading: str
    paragraphs: tuple[str, ...]
    table: tuple[tuple[str, ...], ...] = ()
    points: tuple[str, ...] = field(default=())


SECTIONS: tuple[Section, ...] = (
    Section(
        "1 Worum es geht",
        (
            NOTICE,
            "Dieses Merkblatt erklärt Haushalten im Netzgebiet Mustertal, wie steuerbare Verbrauchseinrichtungen "
            "angemeldet werden, wie der dynamische Tarif Mustertal Flex abgerechnet wird und was beim Messwesen gilt. "
            "Es ist Ausgabe 7 vom 3. März 2031 und ersetzt die Ausgabe 6.",
            "Mustertal hat in diesem Beispiel 18.420 Einwohner, 9.137 Haushalte und 312 Ortsnetzstationen.",
        ),
        points=(
            "Seite 2 bis 4: steuerbare Verbrauchseinrichtungen",
            "Seite 5 und 6: dynamischer Tarif Mustertal Flex",
            "Seite 7 und 8: Messwesen und Ablesung",
            "Seite 9: Einspeisung vom eigenen Dach",
            "Seite 10: Ansprechpartner und Fristen",
        ),
    ),
    Section(
        "2 Steuerbare Verbrauchseinrichtungen anmelden",
        (
            "Wärmepumpen, Wallboxen, Klimageräte und Batteriespeicher mit mehr als 4,2 kW Leistung melden Sie vor der "
            "Inbetriebnahme an. Die Anmeldung geht bei den Stadtwerken Mustertal spätestens 16 Werktage vor dem "
            "geplanten Einschalten ein.",
            "Wir bestätigen die Anmeldung innerhalb von 9 Werktagen. Bleibt die Bestätigung aus, dürfen Sie das Gerät "
            "nach 20 Werktagen in Betrieb nehmen, wenn ein eingetragener Installateur die Anlage abgenommen hat.",
            "Für die Anmeldung brauchen wir das Datenblatt des Geräts, die Zählernummer und die Unterschrift der "
            "Eigentümerin oder des Eigentümers.",
        ),
    ),
    Section(
        "3 Was das Steuern bedeutet",
        (
            "Ist eine Leitung überlastet, senkt der Netzbetreiber die Leistung der steuerbaren Geräte für höchstens "
            "115 Minuten am Tag. Jedem Gerät bleiben dabei mindestens 4,2 kW, sodass ein Auto weiter lädt und eine "
            "Wärmepumpe weiter heizt. Haushaltsstrom wie Licht, Herd und Kühlschrank wird nie gesteuert.",
            "Im Jahr 2030 wurde in Mustertal an 11 Tagen gesteuert, am längsten am 14. Januar mit 87 Minuten im "
            "Ortsteil Oberau.",
            "Jeder Eingriff steht am nächsten Tag im Kundenportal unter „Meine Eingriffe“ und bleibt dort 24 Monate "
            "sichtbar.",
        ),
    ),
    Section(
        "4 Nachlass beim Netzentgelt",
        (
            "Wer steuern lässt, wählt zwischen drei Modulen. Modul A ist voreingestellt. Ein Wechsel ist einmal im "
            "Kalenderjahr möglich und wirkt ab dem ersten Tag des übernächsten Monats.",
        ),
        table=(
            ("Modul", "Nachlass", "Voraussetzung"),
            ("Modul A", "137,50 € im Jahr, pauschal", "keine"),
            ("Modul B", "58 % auf den Arbeitspreis Netz", "eigener Zähler für das Gerät"),
            ("Modul C", "3 Zeitstufen: 2,10 / 6,40 / 11,90 ct/kWh", "intelligentes Messsystem"),
        ),
        points=("Modul A und Modul B schließen sich aus.", "Modul C gilt nur zusammen mit Modul A."),
    ),
    Section(
        "5 Der dynamische Tarif Mustertal Flex",
        (
            "Mustertal Flex gibt den Preis der Strombörse für jede Viertelstunde weiter. Dazu kommen ein Aufschlag von "
            "1,85 ct/kWh für Beschaffung und Vertrieb sowie Netzentgelt, Umlagen und Steuern. Der Grundpreis beträgt "
            "7,95 € im Monat.",
            "Die Preise des nächsten Tages stehen täglich ab 13:45 Uhr im Kundenportal. Ist der Börsenpreis negativ, "
            "sinkt auch Ihr Arbeitspreis; unter null fällt er wegen der Abgaben selten.",
            "Der Tarif hat keine Mindestlaufzeit. Die Kündigungsfrist beträgt 14 Tage zum Monatsende.",
        ),
    ),
    Section(
        "6 Preisbeispiele und Preisdeckel",
        (
            "Mustertal Flex hat einen Preisdeckel: Mehr als 59,90 ct/kWh brutto zahlen Sie in keiner Viertelstunde. "
            "Den Deckel finanziert eine Umlage von 0,35 ct/kWh, die im Aufschlag schon enthalten ist.",
        ),
        table=(
            ("Haushalt", "Verbrauch im Jahr", "Mustertal Fix", "Mustertal Flex"),
            ("1 Person, Wohnung", "1.600 kWh", "612 €", "598 €"),
            ("3 Personen, Haus", "3.900 kWh", "1.391 €", "1.287 €"),
            ("4 Personen, Wallbox", "7.200 kWh", "2.498 €", "2.054 €"),
            ("2 Personen, Wärmepumpe", "6.100 kWh", "2.127 €", "1.803 €"),
        ),
    ),
    Section(
        "7 Messwesen",
        (
            "Ein intelligentes Messsystem bekommt, wer mehr als 6.000 kWh im Jahr verbraucht, eine steuerbare "
            "Verbrauchseinrichtung betreibt oder eine Anlage mit mehr als 7 kW auf dem Dach hat. Alle anderen können "
            "es für einmalig 29 € bestellen; der Einbau geschieht innerhalb von 4 Monaten.",
            "Das Messentgelt beträgt 20 € im Jahr bis 10.000 kWh und 50 € im Jahr darüber. Den Einbau kündigen wir "
            "21 Tage vorher schriftlich an; ein Ersatztermin ist zweimal kostenlos.",
            "Die Messwerte werden alle 15 Minuten gebildet und einmal täglich verschlüsselt übertragen. Wir löschen "
            "Viertelstundenwerte nach 3 Jahren.",
        ),
    ),
    Section(
        "8 Ablesung und Abrechnung",
        (
            "Zähler ohne Fernübertragung lesen Sie zwischen dem 5. und dem 19. Dezember selbst ab. Geht bis zum "
            "19. Dezember kein Stand ein, schätzen wir nach dem Verbrauch des Vorjahres.",
            "Die Jahresrechnung kommt bis zum 11. Februar. Guthaben überweisen wir innerhalb von 12 Tagen, "
            "Nachzahlungen sind 18 Tage nach Zugang der Rechnung fällig. Eine Ratenzahlung in bis zu 6 Raten ist ohne "
            "Zinsen möglich, wenn Sie sie vor der Fälligkeit beantragen.",
            "Die erste Mahnung kostet nichts, jede weitere 2,40 €.",
        ),
    ),
    Section(
        "9 Strom vom eigenen Dach",
        (
            "Steckersolargeräte bis 800 Watt melden Sie nur im Marktstammdatenregister an. Größere Anlagen melden Sie "
            "uns 8 Wochen vor dem Anschluss; bis 30 kW prüfen wir das Netz innerhalb von 19 Werktagen.",
            "Für eingespeisten Strom zahlen wir Abschläge zum 15. jedes Monats. Die Beispielanlage im Rathaus hat "
            "9,6 kW und speiste 2030 genau 5.284 kWh ein.",
            "Wer einen Speicher mit mindestens 5 kWh nachrüstet, erhält vom Förderfonds Mustertal einmalig 450 €. Der "
            "Antrag muss vor dem Kauf gestellt werden; der Fonds endet am 30. September 2031.",
        ),
    ),
    Section(
        "10 Ansprechpartner und Fristen",
        (
            "Das Kundenzentrum in der Mühlgasse 4 ist montags bis donnerstags von 8:30 bis 16:15 Uhr geöffnet, "
            "freitags bis 12:00 Uhr. Störungen melden Sie rund um die Uhr.",
        ),
        table=(
            ("Thema", "Ansprechpartner", "Durchwahl"),
            ("Anmeldung von Geräten", "Frau Jolanda Beispiel", "-214"),
            ("Mustertal Flex und Tarife", "Herr Ansgar Probst-Muster", "-231"),
            ("Messwesen und Zähler", "Frau Dr. Wiebke Exempel", "-247"),
            ("Einspeisung und Förderfonds", "Herr Tilo Vorlage", "-262"),
        ),
        points=(
            "16 Werktage vor dem Einschalten: Anmeldung steuerbarer Verbrauchseinrichtungen",
            "14 Tage zum Monatsende: Kündigung von Mustertal Flex",
            "5. bis 19. Dezember: Ablesung",
            "30. September 2031: Ende des Förderfonds",
        ),
    ),
)


def markdown() -> str:
    """The leaflet as Markdown."""
    lines = [f"# {TITLE}", ""]
    for section in SECTIONS:
        lines += [f"## {section.heading}", ""]
        for text in section.paragraphs:
            lines += [text, ""]
        if section.table:
            header, *rows = section.table
            lines += [f"| {' | '.join(header)} |", "|" + " --- |" * len(header)]
            lines += [f"| {' | '.join(row)} |" for row in rows]
            lines.append("")
        if section.points:
            lines += [f"- {point}" for point in section.points]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def pdf() -> bytes:
    """The leaflet as a PDF of ten pages, one section each."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import BaseDocTemplate, Frame, PageBreak, PageTemplate, Paragraph, Spacer, Table, TableStyle

    body = ParagraphStyle("body", fontName="Helvetica", fontSize=11, leading=15, spaceAfter=9)
    head = ParagraphStyle("head", fontName="Helvetica-Bold", fontSize=16, leading=20, spaceAfter=12)
    title = ParagraphStyle("title", parent=head, fontSize=20, leading=25, spaceAfter=16)
    cell = ParagraphStyle("cell", parent=body, fontSize=10, leading=13, spaceAfter=0)
    story: list[Any] = [Paragraph(TITLE, title)]
    for number, section in enumerate(SECTIONS):
        if number:
            story.append(PageBreak())
        story.append(Paragraph(section.heading, head))
        story += [Paragraph(text, body) for text in section.paragraphs]
        if section.table:
            grid = Table([[Paragraph(value, cell) for value in row] for row in section.table], hAlign="LEFT")
            grid.setStyle(
                TableStyle(
                    [
                        ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
                        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                        ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ]
                )
            )
            story += [grid, Spacer(1, 12)]
        story += [Paragraph(point, body, bulletText="•") for point in section.points]

    def furniture(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 9)
        canvas.drawString(72, 40, "Beispieldokument mit erfundenen Werten")
        canvas.drawRightString(A4[0] - 72, 40, f"Seite {document.page} von {len(SECTIONS)}")

    target = io.BytesIO()
    # `invariant` leaves out the time and the random identity of the file.
    document = BaseDocTemplate(
        target, pagesize=A4, title=TITLE, author="Luna-Muster", subject="Beispieldokument", invariant=1, lang="de"
    )
    frame = Frame(72, 72, A4[0] - 144, A4[1] - 144, leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0)
    document.addPageTemplates([PageTemplate(frames=[frame], onPageEnd=furniture)])
    document.build(story)
    return target.getvalue()


def docx() -> bytes:
    """The leaflet as a Word document."""
    from docx import Document

    document = Document()
    properties = document.core_properties
    properties.title, properties.author, properties.comments = TITLE, "Luna-Muster", "Beispieldokument"
    properties.created = properties.modified = datetime(2031, 3, 3)  # noqa: DTZ001 - the format knows no zone
    document.add_heading(TITLE, 0)
    for section in SECTIONS:
        document.add_heading(section.heading, 1)
        for text in section.paragraphs:
            document.add_paragraph(text)
        if section.table:
            grid = document.add_table(rows=len(section.table), cols=len(section.table[0]), style="Table Grid")
            for row, values in zip(grid.rows, section.table, strict=True):
                for place, value in zip(row.cells, values, strict=True):
                    place.text = value
        for point in section.points:
            document.add_paragraph(point, style="List Bullet")
    written = io.BytesIO()
    document.save(written)
    # The container carries the time of writing for each part; it is packed again without.
    target = io.BytesIO()
    with (
        zipfile.ZipFile(written) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed,
    ):
        for name in sorted(source.namelist(), key=lambda part: (part != "[Content_Types].xml", part)):
            if name != "docProps/thumbnail.jpeg":
                body = source.read(name)
                if name.endswith(".rels"):
                    body = _without_thumbnail(body)
                packed.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED, 9)
    return target.getvalue()


def _without_thumbnail(relations: bytes) -> bytes:
    """The template's picture of its first page shows another document."""
    import re

    return re.sub(rb"<Relationship [^>]*thumbnail[^>]*/>", b"", relations)


def main(folder: Path) -> None:
    """Write all samples into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sample.md").write_text(markdown(), encoding="utf-8", newline="\n")
    (folder / "sample.pdf").write_bytes(pdf())
    (folder / "sample.docx").write_bytes(docx())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "samples")
