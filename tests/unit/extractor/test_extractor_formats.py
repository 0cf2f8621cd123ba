"""Readers in this process: what of a document becomes text, with files that the tests build themselves."""

from __future__ import annotations

import base64
import io
import textwrap
import zlib
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from luna_rules.documents.model import ExtractedText
from resources.extractor import ExtractionError
from resources.extractor.formats import sheets
from resources.extractor.formats.pdf import page_list
from resources.extractor.formats.pdf_page import line_pitch
from resources.extractor.formats.word import counted
from resources.extractor.limits import Limits
from resources.extractor.reading import extract
from tests.integration.extractor import builders as build


def read(data: bytes, name: str, **changes: Any) -> ExtractedText:
    return extract(data, name, None, Limits(**changes), "test")


def word(document: Any) -> bytes:
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def test_word_keeps_every_character() -> None:
    text = "A & B < C > D, 1. Absatz *nicht* _kursiv_ #Zeichen § 14a [Link] `x` ~ \\ | „Ende“"
    document = docx.Document()
    document.add_paragraph(text)
    assert read(word(document), "a.docx").text == text


def test_word_structure() -> None:
    document = docx.Document()
    document.core_properties.title = "Titel & mehr"
    document.add_heading("Haupt", 0)
    document.add_heading("Erster Teil", 1)
    document.add_heading("Unterteil", 2)
    document.add_paragraph("eins", style="List Bullet")
    document.add_paragraph("zwei", style="List Bullet")
    document.add_paragraph("Erstens", style="List Number")
    document.add_paragraph("Zweitens", style="List Number")
    grid = document.add_table(2, 2)
    for number, cell in enumerate(cell for row in grid.rows for cell in row.cells):
        cell.text = f"Z{number} | x"
    found = read(word(document), "a.docx")
    assert found.title == "Titel & mehr"
    assert found.markup == "markdown"
    assert found.text == (
        "# Haupt\n\n# Erster Teil\n\n## Unterteil\n\n- eins\n- zwei\n\n1. Erstens\n\n2. Zweitens\n\n"
        "| Z0 \\| x | Z1 \\| x |\n| --- | --- |\n| Z2 \\| x | Z3 \\| x |"
    )


def test_word_leaves_out_deleted_text_and_field_codes() -> None:
    body = (
        '<w:p><w:r><w:t xml:space="preserve">Gilt </w:t></w:r>'
        "<w:del><w:r><w:delText>nicht </w:delText></w:r></w:del><w:ins><w:r><w:t>wirklich</w:t></w:r></w:ins>"
        "<w:r><w:instrText> PAGEREF x </w:instrText></w:r><w:r><w:tab/><w:t>Seite</w:t><w:br/><w:t>neu</w:t></w:r>"
        "<w:r><w:t>Strom</w:t><w:noBreakHyphen/><w:t>netz</w:t><w:softHyphen/><w:t>e</w:t></w:r></w:p>"
    )
    assert read(build.docx(build.word_xml(body)), "a.docx").text == "Gilt wirklich Seite\nneuStrom-netze"


def test_word_reads_a_text_box_once() -> None:
    body = (
        '<w:p xmlns:mc="m"><w:r><w:t>Davor</w:t></w:r><w:r><mc:AlternateContent><mc:Choice><w:drawing><w:txbxContent>'
        f"{build.paragraph('Im Kasten')}</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>"
        f"{build.paragraph('Im Kasten')}</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert read(build.docx(build.word_xml(body)), "a.docx").text == "Davor\n\nIm Kasten"


def test_word_numbering_counts_levels() -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    abstract = OxmlElement("w:abstractNum")
    abstract.set(qn("w:abstractNumId"), "99")
    for depth, (kind, text) in enumerate((("decimal", "§ %1"), ("decimal", "(%2)"), ("lowerLetter", "%3)"))):
        level = OxmlElement("w:lvl")
        level.set(qn("w:ilvl"), str(depth))
        for name, value in (("start", "1"), ("numFmt", kind), ("lvlText", text)):
            part = OxmlElement(f"w:{name}")
            part.set(qn("w:val"), value)
            level.append(part)
        abstract.append(level)
    numbering.insert(0, abstract)
    instance = OxmlElement("w:num")
    instance.set(qn("w:numId"), "99")
    origin = OxmlElement("w:abstractNumId")
    origin.set(qn("w:val"), "99")
    instance.append(origin)
    numbering.append(instance)
    for depth, text in ((0, "Zweck"), (1, "Eins"), (1, "Zwei"), (2, "a"), (2, "b"), (0, "Geltung"), (1, "Neu")):
        properties = getattr(document.add_paragraph(text), "_p").get_or_add_pPr()  # noqa: B009 - no public way to it
        chosen = properties._add_numPr()
        chosen._add_ilvl().val = depth
        chosen._add_numId().val = 99
    assert read(word(document), "a.docx").text.split("\n\n") == [
        "§ 1 Zweck", "(1) Eins", "(2) Zwei", "a) a", "b) b", "§ 2 Geltung", "(1) Neu",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "kind", "shown"),
    [
        (3, "decimal", "3"),
        (27, "lowerLetter", "aa"),
        (2, "upperLetter", "B"),
        (1994, "upperRoman", "MCMXCIV"),
        (4, "lowerRoman", "iv"),
        (7, "decimalZero", "07"),
    ],
)
def test_counted(value: int, kind: str, shown: str) -> None:
    assert counted(value, kind) == shown


@pytest.mark.parametrize(
    ("stored", "code", "shown"),
    [
        ("0.1", "", "0,1"),
        ("1234.5", "#,##0.00", "1234,50"),
        ("0.325", "0.0%", "32,5 %"),
        ("45658", "dd/mm/yyyy", "01.01.2025"),
        ("45658.5", "d.m.yy h:mm", "01.01.2025 12:00"),
        ("0.25", "h:mm", "06:00"),
        ("45658", "mmm yy", "01.2025"),
        ("1", '0.00" €"', "1,00"),
        ("5", '0 "Stück am Tag"', "5"),
        ("123456789012", "0", "123456789012"),
        ("0.30000000000000004", "", "0,3"),
        ("-2.5", "#,##0.00;[Red]-#,##0.00", "-2,50"),
        ("kein", "0", "kein"),
    ],
)
def test_numbers_as_the_sheet_shows_them(stored: str, code: str, shown: str) -> None:
    assert sheets.number_text(stored, code) == shown


def workbook(rows: str, strings: str = "") -> bytes:
    relations = (
        f'<Relationships><Relationship Id="r1" Type="{build.OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{build.OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
    )
    return build.container(
        {
            "[Content_Types].xml": build.CONTENT_TYPES,
            "_rels/.rels": build.ROOT_RELS.replace("word/document.xml", "xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns:r="{build.OFFICE}"><sheets><sheet name="Preise" r:id="r1"/></sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": relations,
            "xl/sharedStrings.xml": f"<sst>{strings}</sst>",
            "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{rows}</sheetData></worksheet>",
        }
    )


def test_sheet_blocks_and_shared_strings() -> None:
    strings = "<si><t>Tarif</t></si><si><r><t>ct/</t></r><r><t>kWh</t></r></si><si><t>A &amp; B</t></si>"
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Preisblatt</t></is></c></row>'
        '<row r="3"><c r="B3" t="s"><v>0</v></c><c r="C3" t="s"><v>1</v></c></row>'
        '<row r="4"><c r="B4" t="s"><v>2</v></c><c r="C4"><v>31.5</v></c></row>'
        '<row r="5"><c r="C5" t="b"><v>1</v></c></row>'
    )
    assert read(workbook(rows, strings), "a.xlsx").text == (
        "## Preise\n\nPreisblatt\n\n| Tarif | ct/kWh |\n| --- | --- |\n| A & B | 31,5 |\n|  | WAHR |"
    )


def test_html() -> None:
    page = (
        "<html><head><title>T &amp; X</title><style>p{}</style><script>alert('nein')</script></head><body>"
        "<h1>Über &amp; so</h1><p>5 &lt; 6 <b>fett</b><br>neu § 3&nbsp;x m<sup>2</sup></p>"
        "<table><tr><th>A</th><th>B</th></tr><tr><td>1 | 2</td><td><p>x</p><p>y</p></td></tr></table>"
        "<ul><li>eins<ul><li>zwei</li></ul></li></ul><ol start=3><li>drei<li>vier</ol><pre>a\n  b</pre></body></html>"
    )
    found = read(page.encode(), "a.html")
    assert found.title == "T & X"
    assert found.text == (
        "# Über & so\n\n5 < 6 fett\nneu § 3 x m²\n\n| A | B |\n| --- | --- |\n| 1 \\| 2 | x y |\n\n"
        "- eins\n  - zwei\n3. drei\n4. vier\n\na\n  b"
    )


@pytest.mark.parametrize(
    ("codec", "meta"),
    [
        ("cp1252", ""),
        ("cp1252", "iso-8859-1"),
        ("utf-8", "iso-8859-1"),
        ("utf-8", "utf-8"),
        ("utf-16", ""),
        ("cp1252", "utf-8"),
    ],
)
def test_html_encodings(codec: str, meta: str) -> None:
    declared = f'<meta charset="{meta}">' if meta else ""
    page = f"<html><head>{declared}</head><body>Größe „fünf“ – 3 €, Straße und Wärme</body></html>"
    assert read(page.encode(codec), "a.html").text == "Größe „fünf“ – 3 €, Straße und Wärme"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_text_encodings(codec: str) -> None:
    text = "Größe „fünf“ – 3 €, Straße und Wärme"
    assert read(text.encode(codec), "a.txt").text == text


def test_text_in_another_code_page_is_decoded_as_such() -> None:
    text = "Zażółć gęślą jaźń. Pchnąć w tę łódź jeża lub ośm skrzyń fig. " * 20
    assert "gęślą jaźń" in read(text.encode("cp1250"), "a.txt").text


@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_csv_becomes_a_table(mark: str) -> None:
    rows = mark.join(("Zeit", "Wert")) + "\n" + mark.join(("00:15", '"1|5"')) + "\n"
    assert read(rows.encode(), "a.csv").text == "| Zeit | Wert |\n| --- | --- |\n| 00:15 | 1\\|5 |"


def test_markdown_stays_as_it_is() -> None:
    text = "# Titel\n\nEin *Wort* & mehr\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"
    found = read(text.encode(), "a.md")
    assert (found.text, found.title, found.markup) == (text, "Titel", "markdown")


def test_mail() -> None:
    mail = (
        "From: =?utf-8?q?J=C3=BCrgen?= <a@example.org>\r\nTo: b@example.org\r\nSubject: =?iso-8859-1?q?Z=E4hler?=\r\n"
        "Date: Mon, 3 Mar 2031 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: multipart/alternative; boundary=y\r\n\r\n"
        "--y\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nStand: 1234 f=FCr M=E4rz\r\n"
        "--y\r\nContent-Type: text/html\r\n\r\n"
        "<p>Stand</p>\r\n--y--\r\n--x\r\nContent-Type: application/pdf; name=rechnung.pdf\r\n"
        "Content-Disposition: attachment; filename=rechnung.pdf\r\n\r\nJVBERi0=\r\n--x--\r\n"
    )
    found = read(mail.encode(), "a.eml")
    assert found.title == "Zähler"
    assert found.text.split("\n") == [
        "Betreff: Zähler",
        "Von: Jürgen <a@example.org>",
        "An: b@example.org",
        "Datum: Mon, 03 Mar 2031 10:00:00 +0100",
        "",
        "Stand: 1234 für März",
        "",
        "Anhänge: rechnung.pdf",
    ]
    assert found.warnings == ("Anhänge der E-Mail wurden nicht gelesen.",)


def test_rtf() -> None:
    source = (
        b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0\\fcharset0 Arial;}{\\f1\\fcharset238 Arial CE;}}"
        b"{\\info{\\title Titel}}"
        b"{\\*\\unbekannt geheim}{\\pict\\bin4 \\{}{x}Gr\\'fc\\'dfe \\u8364? und {\\f1 \\'e8lek}\\par {\\v versteckt}"
        b"\\trowd\\intbl A\\cell B\\cell\\row\\trowd\\intbl 1\\cell 2\\cell\\row\\pard Ende\\par}"
    )
    found = read(source, "a.rtf")
    assert found.title == "Titel"
    assert found.text == "Grüße € und člek\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n\nEnde"


def test_odt() -> None:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table")
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:text><text:tracked-changes><text:p>weg</text:p>"
        '</text:tracked-changes><text:h text:outline-level="2">Teil &amp; mehr</text:h>'
        '<text:p>a<text:s text:c="3"/>b<text:line-break/>c'
        "<text:note><text:note-body><text:p>Fuß</text:p></text:note-body></text:note></text:p><text:list><text:list-item><text:p>eins</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>x</text:p></table:table-cell><table:table-cell>"
        "<text:p>y</text:p></table:table-cell></table:table-row></table:table></office:text></office:body>"
        "</office:document-content>"
    )
    assert read(build.odt(content), "a.odt").text == (
        "## Teil & mehr\n\na b\nc[^1]\n\n- eins\n\n| x | y |\n| --- | --- |\n\n[^1]: Fuß"
    )


def test_encrypted_odt() -> None:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    with pytest.raises(ExtractionError) as caught:
        read(build.odt("\x00\x01", {"META-INF/manifest.xml": manifest}), "a.odt")
    assert caught.value.code == "encrypted"


def test_pdf_pages_and_spans() -> None:
    found = read(build.pdf("(Erste Zeile) Tj 0 -14 Td (zweite Netz-) Tj 0 -14 Td (betreiber) Tj", pages=3), "a.pdf")
    assert [page.number for page in found.pages] == [1, 2, 3]
    for page in found.pages:
        assert found.text[page.char_start : page.char_end] == "Erste Zeile\nzweite Netzbetreiber"
    assert found.text.count("\n\n") == 2


def test_pdf_paragraphs_follow_the_gaps() -> None:
    lines = "(a b) Tj 0 -14 Td (c d) Tj 0 -14 Td (e f) Tj 0 -28 Td (g h) Tj 0 -14 Td (i j) Tj"
    assert read(build.pdf(lines), "a.pdf").text == "a b\nc d\ne f\n\ng h\ni j"


def test_pdf_names_silent_pages() -> None:
    data = build.pdf("(Text) Tj", pages=2).replace(b"(Text) Tj", b"         ", 1)
    found = read(data, "a.pdf")
    assert len(found.pages) == 2
    assert found.warnings == ("Seite 1 ist ohne Text, vermutlich gescannt. Texterkennung (OCR) ist nicht enthalten.",)


def test_pdf_of_glyph_names_is_refused() -> None:
    with pytest.raises(ExtractionError) as caught:
        read(build.pdf("(/c34/c35/c36/c37 /c38/c39/c40) Tj"), "a.pdf")
    assert caught.value.code == "garbled"


def test_pdf_leaves_unreadable_pages_out() -> None:
    words = (
        "Der Netzbetreiber teilt den Anschlussnehmern die Termine der Ablesung rechtzeitig und schriftlich mit. " * 6
    )
    codes = "/c34/c35/c36/c37 /c38/c39/c40 " * 10
    data = build.pdf(f"({words}) Tj", pages=4)
    data = data.replace(f"({words})".encode(), f"({codes})".ljust(len(words) + 2).encode(), 1)
    found = read(data, "a.pdf")
    assert "/c34" not in found.text
    assert "Netzbetreiber" in found.text
    assert found.warnings == ("Seite 1 ist nicht lesbar kodiert und im Text ausgelassen.",)
    assert (found.pages[0].char_start, found.pages[0].char_end) == (0, 0)


def refused(data: bytes, name: str = "a.pdf") -> tuple[str, str]:
    with pytest.raises(ExtractionError) as caught:
        read(data, name)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.95])
def test_pdf_that_was_cut_off_is_refused_as_such(share: float) -> None:
    data = build.pdf("(Sichtbarer Text) Tj", pages=30)
    code, message = refused(data[: int(len(data) * share)])
    assert code == "damaged"
    assert message.startswith("Das PDF ist abgeschnitten: ")


def test_cut_pdf_that_still_opens_tells_how_much_is_left() -> None:
    data = build.pdf_in_two_sections(10)
    assert len(read(data, "a.pdf").pages) == 10
    assert read(data, "a.pdf").warnings == ()
    code, message = refused(data[: data.index(b"16 0 obj")])
    assert (code, message) == (
        "damaged",
        "Das PDF ist abgeschnitten: 1 von 10 Seiten lesbar. Bitte die vollständige Datei erneut senden.",
    )


def test_linearised_pdf_that_ends_behind_its_first_section() -> None:
    data = build.pdf_in_two_sections(4)
    whole = data.replace(b"%PDF-1.7\n", b"%PDF-1.7\n99 0 obj<</Linearized 1/L 9999/N 4>>endobj\n")
    cut = whole[: whole.index(b"12 0 obj")]
    assert refused(cut)[1].startswith("Das PDF ist abgeschnitten: 1 von 4 Seiten lesbar.")


def test_pdf_that_lost_only_its_closing_mark_is_read() -> None:
    data = build.pdf("(Sichtbarer Text) Tj", pages=2)
    assert read(data[:-5], "a.pdf").text == "Sichtbarer Text\n\nSichtbarer Text"
    found = read(data[: data.rindex(b"startxref")], "a.pdf")
    assert found.text == "Sichtbarer Text\n\nSichtbarer Text"
    assert found.warnings == ("Das Verzeichnis der Objekte im PDF ist fehlerhaft; alle Seiten ließen sich lesen.",)


def test_pdf_with_a_hole_in_the_middle_is_refused() -> None:
    data = build.pdf("(Sichtbarer Text) Tj", pages=4)
    code, message = refused(data[: data.index(b"14 0 obj")] + data[data.index(b"16 0 obj") :])
    assert code == "damaged"
    assert message.startswith("Das PDF ist beschädigt: 3 von 4 Seiten lesbar.")
    lines = b"BT /F1 12 Tf 72 700 Td " + b"".join(b"(Zeile %d) Tj 0 -14 Td " % n for n in range(400)) + b"ET"
    stream = zlib.compress(lines)
    assert read(build.pdf_with_stream(stream, "/FlateDecode"), "a.pdf").text.startswith("Zeile 0\nZeile 1")
    code, message = refused(build.pdf_with_stream(stream[:300] + stream[600:], "/FlateDecode"))
    assert (code, message.split(":")[0]) == ("damaged", "Das PDF ist beschädigt")


NOTICES = [
    "Please wait... If this message is not eventually replaced by the proper contents of the document, your PDF viewer "
    "may not be able to display this type of document.",
    "Bitte warten... Wenn diese Meldung nicht durch den eigentlichen Inhalt des Dokuments ersetzt wird, kann Ihr "
    "PDF-Anzeigeprogramm diese Art von Dokument möglicherweise nicht anzeigen.",
]


@pytest.mark.parametrize("notice", NOTICES)
def test_notice_in_place_of_a_form_is_refused(notice: str) -> None:
    words = " Tj 0 -14 Td ".join(f"({part})" for part in textwrap.wrap(notice, 60))
    for catalog in ("", "/AcroForm<</XFA 4 0 R/Fields[]>>/NeedsRendering true"):
        code, message = refused(build.pdf(f"{words} Tj", catalog, ("<</Length 4>>stream\n<a/>\nendstream",)))
        assert code == "no_text"
        assert "XFA" in message


def test_dynamic_form_is_refused_whatever_its_pages_say() -> None:
    catalog = "/AcroForm<</XFA 4 0 R/Fields[]>>/NeedsRendering true"
    data = build.pdf("(Veuillez patienter) Tj", catalog, ("<</Length 4>>stream\n<a/>\nendstream",))
    assert refused(data)[0] == "no_text"


def test_text_about_such_notices_is_read() -> None:
    about = "(Zeigt ein Formular die Meldung: If this message is not eventually replaced) Tj"
    filler = "".join(" 0 -14 Td (Der Netzbetreiber stellt die Formulare als PDF bereit.) Tj" for _ in range(60))
    assert "eventually" in read(build.pdf(about + filler), "a.pdf").text


@pytest.mark.parametrize(
    ("wrap", "filters"),
    [
        (lambda packed: packed, "/FlateDecode"),
        (lambda packed: zlib.compress(packed, 9), "[/FlateDecode/FlateDecode]"),
        (lambda packed: base64.a85encode(packed) + b"~>", "[/ASCII85Decode/FlateDecode]"),
        (lambda packed: packed.hex().encode() + b">", "[/ASCIIHexDecode/FlateDecode]"),
    ],
)
def test_pdf_bomb_is_refused_before_it_is_opened(wrap: Callable[[bytes], bytes], filters: str) -> None:
    bomb = build.pdf_with_stream(wrap(zlib.compress(b" " * (30 << 20), 9)), filters)
    assert refused(bomb)[0] == "bomb"


def test_text_limit() -> None:
    with pytest.raises(ExtractionError) as caught:
        read(b"x" * 101, "a.txt", text_chars=100)
    assert caught.value.code == "too_large"


def test_small_pieces() -> None:
    assert page_list([3]) == "Seite 3 ist"
    assert page_list([1, 2, 3, 7]) == "Seiten 1–3, 7 sind"
    assert line_pitch([]) == 0
    assert line_pitch([12.1, 11.9, 24, 24, 24, 24, 12]) == 12


def test_errors_survive_pickling() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(ExtractionError("memory", permanent=False)))  # noqa: S301 - our own bytes
    assert (error.code, error.permanent) == ("memory", False)
    assert error.message.endswith(".")
