"""Price sheets as grid operators and suppliers set them, in the manner of several makers. All names are invented."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

STYLES = getSampleStyleSheet()
BLACK = colors.black


def built(parts: Sequence[Flowable], *, wide: bool = False) -> bytes:
    """A document of these parts."""
    target = io.BytesIO()
    SimpleDocTemplate(target, pagesize=landscape(A4) if wide else A4, title="Preisblatt").build(list(parts))
    return target.getvalue()


def drawn(draw: Callable[[Canvas], object], *, size: tuple[float, float] = A4) -> bytes:
    """A document of one canvas."""
    target = io.BytesIO()
    page = Canvas(target, pagesize=size)
    draw(page)
    page.save()
    return target.getvalue()


def heading(text: str) -> Paragraph:
    """A heading of a document."""
    return Paragraph(text, STYLES["Heading1"])


def text(words: str) -> Paragraph:
    """A paragraph of a document."""
    return Paragraph(words, STYLES["BodyText"])


def ruled_network_charges() -> bytes:
    """All cells with borders, header of two rows with merged cells, names of groups over the whole width."""
    rows = [
        ["Entnahmestelle", "Benutzungsdauer < 2.500 h/a", "", "Benutzungsdauer ≥ 2.500 h/a", ""],
        ["", "Leistungspreis\nEUR/kW·a", "Arbeitspreis\nct/kWh", "Leistungspreis\nEUR/kW·a", "Arbeitspreis\nct/kWh"],
        ["Hochspannung", "11,25", "4,18", "97,40", "0,73"],
        ["Umspannung\nHochspannung/Mittelspannung", "14,02", "4,55", "112,61", "0,61"],
        ["Mittelspannung", "16,88", "5,07", "124,35", "0,77"],
        ["Niederspannung", "21,43", "6,92", "98,15", "3,85"],
    ]
    style = [
        ("GRID", (0, 0), (-1, -1), 0.5, BLACK),
        ("SPAN", (0, 0), (0, 1)),
        ("SPAN", (1, 0), (2, 0)),
        ("SPAN", (3, 0), (4, 0)),
        ("ALIGN", (1, 0), (-1, -1), "CENTER"),
    ]
    return built(
        [
            heading("Preisblatt 1: Netzentgelte Strom mit Lastgangmessung"),
            text("Gültig ab 1. Januar 2031. Alle Preise verstehen sich netto."),
            Table(rows, style=style),
            Spacer(1, 12),
            text("Zuzüglich Konzessionsabgabe, Umlagen und Umsatzsteuer."),
        ]
    )


def zebra_metering() -> bytes:
    """No strokes at all, every other row on a grey ground, numbers aligned right."""
    rows = [
        ["Messstellenbetrieb", "Mittelspannung\nEUR/Jahr", "Niederspannung\nEUR/Jahr"],
        ["RLM-Zähler (Lastgangzähler)", "612,50", "388,40"],
        ["Eintarifzähler", "–", "11,80"],
        ["Zweitarifzähler", "–", "19,35"],
        ["Maximumzähler", "145,10", "96,00"],
        ["Wandlersatz", "284,00", "41,25"],
    ]
    style = [
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("BACKGROUND", (0, 0), (-1, 0), colors.darkgrey),
        *(("BACKGROUND", (0, row), (-1, row), colors.lightgrey) for row in range(2, len(rows), 2)),
    ]
    return built(
        [
            heading("Preise für Messstellenbetrieb"),
            text("Die Preise gelten je Messstelle."),
            Table(rows, colWidths=[220, 110, 110], style=style),
            text("Für Zähler in Kundeneigentum entfällt der Preis des Messstellenbetriebs."),
        ]
    )


def horizontal_only() -> bytes:
    """Strokes above, below the header and at the end; header of two lines; groups; labels of two lines; footnotes."""

    def draw(page: Canvas) -> None:
        page.setFont("Helvetica-Bold", 14)
        page.drawString(60, 780, "Preisblatt Netzentgelte Gas der Stadtwerke Mustertal")
        page.setFont("Helvetica", 10)
        page.drawString(60, 760, "Die nachstehenden Entgelte gelten ab dem 1. Januar 2031 für alle Ausspeisepunkte.")
        up = 725
        page.line(60, up + 14, 520, up + 14)
        for left, first, second in (
            (330, "Grundpreis", "EUR/Jahr"),
            (430, "Arbeitspreis", "ct/kWh"),
            (515, "Steuer", "%"),
        ):
            page.drawRightString(left, up, first)
            page.drawRightString(left, up - 12, second)
        page.drawString(60, up - 12, "Jahresverbrauch")
        page.line(60, up - 18, 520, up - 18)
        up -= 34
        for label, *values in (
            ("Standardlastprofil",),
            ("bis 4.000 kWh", "24,00", "2,115", "19"),
            ("über 4.000 bis 50.000 kWh", "36,50", "1,804", "19"),
            ("Lastgangmessung",),
            ("bis 1.500.000 kWh je Ausspeisepunkt,", "1.240,00", "0,512", "19"),
            ("soweit kein Sondervertrag besteht",),
            ("über 1.500.000 kWh 1)", "2.980,75", "0,398", "19"),
        ):
            goes_on = label.startswith("soweit")
            page.setFont("Helvetica" if values or goes_on else "Helvetica-Bold", 10)
            up += 4 if goes_on else 0
            page.drawString(60, up, label)
            for left, value in zip((330, 430, 515), values, strict=False):
                page.drawRightString(left, up, value)
            up -= 16
        page.line(60, up + 8, 520, up + 8)
        page.setFont("Helvetica", 8)
        page.drawString(60, up - 6, "1) Ab dieser Menge wird zusätzlich die vorgehaltene Leistung abgerechnet.")

    return drawn(draw)


def unruled_tariffs(*, by_column: bool = False) -> bytes:
    """Nothing but numbers below each other; `by_column` draws one column after the other, as some programs do."""
    rows = [
        ("Tarif", "Grundpreis", "Arbeitspreis"),
        ("", "EUR/Monat", "ct/kWh"),
        ("Talstrom Basis", "9,90", "34,15"),
        ("Talstrom Öko", "11,40", "35,90"),
        ("Talstrom Nacht", "13,25", "27,05"),
        ("Talstrom Wärme", "10,80", "24,60"),
    ]
    cells = [(row, column) for row in range(len(rows)) for column in range(3)]
    if by_column:
        cells.sort(key=lambda cell: cell[1])

    def draw(page: Canvas) -> None:
        page.setFont("Times-Roman", 11)
        page.drawString(70, 770, "Tarife der Talwerke für Haushalte, alle Preise brutto")
        for row, column in cells:
            if column:
                page.drawRightString(310 + 100 * (column - 1), 735 - 15 * row, rows[row][column])
            else:
                page.drawString(70, 735 - 15 * row, rows[row][0])
        page.drawString(70, 610, "Die Mindestlaufzeit beträgt zwölf Monate, danach kann monatlich gekündigt werden.")

    return drawn(draw)


def wide_on_its_side(*, turned: bool = False) -> bytes:
    """A sheet across: on a page that is wider than high, or (`turned`) on an upright one with its text running up."""

    def draw(page: Canvas) -> None:
        if turned:
            page.translate(595, 0)
            page.rotate(90)
        page.setFont("Helvetica", 12)
        page.drawString(60, 540, "Konzessionsabgabe der Gemeinden im Netzgebiet")
        page.setFont("Helvetica", 9)
        rows = [
            ["Gemeinde", "Tarifkunden ct/kWh", "Schwachlast ct/kWh", "Sondervertrag ct/kWh"],
            ["Obertal", "1,59", "0,61", "0,11"],
            ["Untertal", "1,32", "0,61", "0,11"],
            ["Mühlbach am See", "1,99", "0,61", "0,11"],
        ]
        across, up = [60, 260, 420, 580, 740], [510 - 20 * row for row in range(len(rows) + 1)]
        page.grid(across, up)
        for row, texts in enumerate(rows):
            for column, words in enumerate(texts):
                page.drawString(across[column] + 4, up[row] - 14, words)

    return drawn(draw, size=A4 if turned else landscape(A4))


def over_pages(*, repeated: bool) -> bytes:
    """A list of meters over three pages, its header on each of them or on the first alone, with running lines."""
    rows = [["Zählpunkt", "Standort", "Verbrauch in kWh"]]
    rows += [[f"Z-{number:04}", f"Haus {number}", f"{1000 + 37 * number}"] for number in range(1, 101)]

    def running(page: Canvas, document: SimpleDocTemplate) -> None:
        page.drawString(72, 810, "Talwerke Messdienste – Zählerliste")
        page.drawString(500, 30, f"Seite {document.page}")

    target = io.BytesIO()
    table = Table(
        rows, repeatRows=int(repeated), colWidths=[100, 150, 120], style=[("GRID", (0, 0), (-1, -1), 0.5, BLACK)]
    )
    SimpleDocTemplate(target, pagesize=A4).build([table], onFirstPage=running, onLaterPages=running)
    return target.getvalue()


def prose_in_two_columns() -> bytes:
    """Two columns of running text with figures in it."""
    left = [
        "Der Betreiber der Anlage meldet bis zum",
        "31. März die erzeugte Menge von 1.250",
        "kWh und die Leistung der Anlage von 30",
        "kW an den Netzbetreiber. Dieser prüft die",
        "Angaben innerhalb von 14 Tagen und zahlt",
        "den Abschlag zum 15. des Folgemonats. Die",
        "Vergütung beträgt im Mittel 8,2 ct/kWh.",
    ]
    right = [
        "Die Rechnung wird im Jahr 2031 gestellt",
        "und enthält die Umsatzsteuer von 19 %.",
        "Wer die Frist versäumt, zahlt eine Pauschale",
        "von 25 Euro; dies gilt nicht für Anlagen",
        "unter 7 kW und nicht bei Abwesenheit von",
        "mehr als 6 Wochen. Einwände sind binnen 4",
        "Wochen zu erheben, sonst gilt die Zahl 12.",
    ]

    def draw(page: Canvas) -> None:
        page.setFont("Times-Roman", 11)
        for number, (one, other) in enumerate(zip(left, right, strict=True)):
            page.drawString(60, 760 - 13 * number, one)
            page.drawString(310, 760 - 13 * number, other)

    return drawn(draw)


def letter() -> bytes:
    """A letter: address, reference block, table of contents, numbered list, justified paragraph, signature."""
    justified = STYLES["BodyText"].clone("justified", alignment=4)

    def head(page: Canvas, _: object) -> None:
        page.setFont("Helvetica", 9)
        for number, line in enumerate(("Talwerke GmbH", "Musterweg 12", "01234 Mustertal")):
            page.drawString(72, 800 - 11 * number, line)
        for number, (name, value) in enumerate(
            (
                ("Telefon", "03512 443322"),
                ("Kundennummer", "4711008"),
                ("Rechnung", "20310017"),
                ("Datum", "03.02.2031"),
            )
        ):
            page.drawString(380, 800 - 11 * number, name)
            page.drawRightString(520, 800 - 11 * number, value)

    def contents(page: Canvas) -> None:
        for number, (title, at) in enumerate(
            (("1 Anschluss", "3"), ("2 Messung", "7"), ("3 Abrechnung", "12"), ("4 Haftung", "15"))
        ):
            page.drawString(72, 600 - 15 * number, title)
            page.drawRightString(520, 600 - 15 * number, at)
        for number, (title, at) in enumerate((("5 Entgelte", "19"), ("6 Steuern", "22"), ("7 Schluss", "30"))):
            page.drawString(72, 500 - 15 * number, title + " " + "." * 90 + " " + at)

    class Drawing(Flowable):
        def draw(self) -> None:
            contents(self.canv)

    body = "Sehr geehrte Damen und Herren, mit Vertrag vom 1. Mai 2030 liefern wir 4.200 kWh im Jahr zu 31,2 ct/kWh. "
    parts = [Spacer(1, 120), *(Paragraph(body * 5, justified) for _ in range(3))]
    parts += [
        Paragraph(f"{number}. Der Betrag von {number}0 Euro ist fällig am {number}.", justified)
        for number in range(1, 8)
    ]
    target = io.BytesIO()
    SimpleDocTemplate(target, pagesize=A4).build([*parts, PageBreak(), Drawing()], onFirstPage=head)
    return target.getvalue()
