"""Chunks of laws and of other documents: the promises about spans, sizes, headings, tables and odd input."""

from __future__ import annotations

import lzma
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luna_rules.documents.blocks import lines, readable_text, strip_span
from luna_rules.documents.chunking import CHUNKER_VERSION, chunk_document
from luna_rules.documents.model import Chunk, ChunkedDocument, ExtractedText, PageSpan
from luna_rules.documents.tokens import TOKEN, TokenIndex, count_tokens

LAWS = Path(__file__).parents[3] / ".." / "shared" / "data" / "law"

LAW = """% Gesetz über die Versorgung mit Beispielen*  (Beispielenergiegesetz - BspEnG 2023)
% Ausfertigungsdatum: 07.07.2005

# Inhaltsübersicht

| Teil 1 | Allgemeines |
|--------|-------------|
| § 1    | Zweck       |
| Abschnitt 1 | Netze |
| § 14a  | Steuerung   |
| Teil 2 | Schluss     |
| § 20   | Strafen     |

# § 1 – Zweck

Zweck des Gesetzes ist ein Beispiel. Es gilt bis zum 31. Dezember 2030.

# § 14a – Steuerung von Verbrauchseinrichtungen1

(1) Die Behörde kann Regelungen treffen zu:

1. dem Vorrang von Anreizen,

2. der Staffelung,

a) nach Zeit oder

aa)
nach Menge.

(2) Absatz 1 gilt nach § 29
(1) nicht. Das Nähere regelt die Anlage.

(2a) (weggefallen)

(+++ § 14a: Zur Anwendung vgl. § 118 +++)

# §§ 15 bis 19 – (weggefallen)

# § 20

Wer zuwiderhandelt, zahlt 5 000 Euro.

# Anlage 1 – (zu § 14a Absatz 2)Werte

(Fundstelle: BGBl. I 2005, 1)

<table>
<thead><tr><th>Stufe</th><th>Betrag</th></tr></thead>
<tbody><tr><td>A</td><td>10</td></tr></tbody>
</table>
"""

PDF_LAW = """Ein Service des Bundesministeriums der Justiz - www.gesetze-im-internet.de
Verordnung über die Grundversorgung mit
Beispielen (Beispielgrundversorgungsverordnung - BspGVV)
BspGVV
Ausfertigungsdatum: 26.10.2006
Inhaltsübersicht
Teil 1 Allgemeines
§ 1 Anwendungsbereich
§ 2 Vertragsschluss
§ 2a Kündigung
Teil 2 Entgelte
§ 3 Abschlagszahlungen
Anlage 1 (zu § 3) Muster
Teil 1
Allgemeine Bestimmungen
§ 1 Anwendungsbereich
(1) Diese Verordnung regelt die Bedingungen, zu denen Versorger nach
§ 36 Absatz 1 des Energiewirtschaftsgesetzes Kunden beliefern.
(2) Kunden sind Haushaltskunden im Sinne des
§ 3 Nummer 57 des Energiewirtschaftsgesetzes und gleichgestellte Kunden.
- Seite 1 von 3 -
§ 2 Vertragsschluss
Der Vertrag wird in Textform geschlossen. Er beginnt mit der Entnahme.
§ 2a
Kündigung
(1) Die Frist beträgt zwei Wochen.
(2) Die Kündigung bedarf der Textform.
Teil 2 Entgelte
§ 3 Abschlagszahlungen
Abschläge werden anteilig berechnet.
Anlage 1 (zu § 3) Muster
Ein Muster steht hier.
"""


def markdown(text: str) -> ExtractedText:
    return ExtractedText(text, "text/markdown", "markdown")


def plain(text: str) -> ExtractedText:
    return ExtractedText(text, "text/plain", "plain")


def check_invariants(text: str, chunked: ChunkedDocument, limit: int = 600) -> None:
    place = 0
    for number, chunk in enumerate(chunked.chunks):
        assert chunk.chunk_idx == number
        assert chunk.text == text[chunk.char_start : chunk.char_end]
        assert chunk.text
        assert chunk.text == chunk.text.strip()
        assert chunk.char_start >= place
        assert count_tokens(chunk.text) <= limit + 1
        place = chunk.char_end


def by_section(chunked: ChunkedDocument, section: str, paragraph: str | None = None) -> list[Chunk]:
    return [chunk for chunk in chunked.chunks if chunk.section == section and chunk.paragraph == paragraph]


def test_a_law_is_cut_by_section_and_absatz() -> None:
    chunked = chunk_document(markdown(LAW))
    check_invariants(LAW, chunked)
    assert [(chunk.section, chunk.paragraph) for chunk in chunked.chunks] == [
        ("§ 1", None),
        ("§ 14a", "1"),
        ("§ 14a", "2"),
        ("§ 14a", "2a"),
        ("§§ 15 bis 19", None),
        ("§ 20", None),
        ("Anlage 1", None),
    ]
    (second,) = by_section(chunked, "§ 14a", "2")
    assert second.text.startswith("(2) Absatz 1 gilt nach § 29\n(1) nicht.")
    assert second.text.endswith("regelt die Anlage.")


def test_a_law_knows_its_names_and_title_without_footnote_marks() -> None:
    chunked = chunk_document(markdown(LAW))
    assert chunked.law_names == (
        "BspEnG 2023",
        "BspEnG",
        "Beispielenergiegesetz",
        "Gesetz über die Versorgung mit Beispielen",
    )
    assert chunked.title == "Gesetz über die Versorgung mit Beispielen (Beispielenergiegesetz - BspEnG 2023)"


def test_the_table_of_contents_gives_no_chunk_but_the_divisions_above_each_section() -> None:
    chunked = chunk_document(markdown(LAW))
    assert not [chunk for chunk in chunked.chunks if "| § 14a" in chunk.text]
    assert by_section(chunked, "§ 1")[0].heading_path == ("Teil 1 – Allgemeines", "§ 1 – Zweck")
    assert by_section(chunked, "§ 14a", "1")[0].heading_path == (
        "Teil 1 – Allgemeines",
        "Abschnitt 1 – Netze",
        "§ 14a – Steuerung von Verbrauchseinrichtungen",
    )
    assert by_section(chunked, "§ 20")[0].heading_path == ("Teil 2 – Schluss", "§ 20")


def test_repealed_sections_are_one_small_chunk_and_notes_are_no_text() -> None:
    chunked = chunk_document(markdown(LAW))
    (repealed,) = by_section(chunked, "§§ 15 bis 19")
    assert repealed.text == "§§ 15 bis 19 – (weggefallen)"
    assert repealed.metadata["role"] == "repealed"
    assert "+++" not in "".join(chunk.text for chunk in chunked.chunks)
    assert "§ 118" in str(by_section(chunked, "§ 14a", "1")[0].metadata["note"])
    assert by_section(chunked, "Anlage 1")[0].heading_path == ("Anlage 1 – (zu § 14a Absatz 2) Werte",)


def test_a_long_absatz_is_cut_between_items_and_tells_the_lead_in() -> None:
    items = "\n\n".join(f"{n}. die Angabe Nummer {n} mit einigen weiteren Worten dazu," for n in range(1, 120))
    text = (
        f"% Gesetz  (BspG)\n\n# § 3 – Inhalt\n\n(1) Der Antrag muss enthalten:\n\n{items}\n\n# § 4 – Ende\n\nSchluss.\n"
    )
    chunked = chunk_document(markdown(text))
    check_invariants(text, chunked)
    parts = by_section(chunked, "§ 3", "1")
    assert len(parts) > 2
    assert all(re.match(r"\d+\. die Angabe", part.text) for part in parts[1:])
    assert all(part.metadata["lead_in"] == "(1) Der Antrag muss enthalten:" for part in parts[1:])
    assert "lead_in" not in parts[0].metadata
    assert all(count_tokens(part.text) >= 250 for part in parts[:-1])


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_law_out_of_a_pdf_is_recognised_among_its_citations(newline: str) -> None:
    text = PDF_LAW.replace("\n", newline)
    chunked = chunk_document(plain(text))
    check_invariants(text, chunked)
    assert chunked.law_names == (
        "BspGVV",
        "Beispielgrundversorgungsverordnung",
        "Verordnung über die Grundversorgung mit Beispielen",
    )
    labelled = [(chunk.section, chunk.paragraph) for chunk in chunked.chunks if chunk.section]
    assert labelled == [
        ("§ 1", "1"),
        ("§ 1", "2"),
        ("§ 2", None),
        ("§ 2a", "1"),
        ("§ 2a", "2"),
        ("§ 3", None),
        ("Anlage 1", None),
    ]
    assert by_section(chunked, "§ 2a", "1")[0].heading_path == (
        "Teil 1 – Allgemeine Bestimmungen",
        "§ 2a – Kündigung",
    )
    assert by_section(chunked, "§ 3")[0].heading_path[0] == "Teil 2 – Entgelte"


def test_headings_of_other_markdown_collections_are_understood() -> None:
    text = (
        "---\nTitle: Gesetz über Beispiele\njurabk: BspG\n---\n\n# Gesetz über Beispiele (BspG)\n\n"
        "## Teil 1 - Anfang\n\n### § 1 Zweck\n\n(1) Eins.\n\n(2) Zwei.\n\n## Teil 2 - Ende\n\n### § 2 Schluss\n\nAus.\n"
    )
    chunked = chunk_document(markdown(text))
    assert chunked.law_names[0] == "BspG"
    assert by_section(chunked, "§ 1", "2")[0].heading_path == ("Teil 1 – Anfang", "§ 1 – Zweck")
    assert by_section(chunked, "§ 2")[0].heading_path == ("Teil 2 – Ende", "§ 2 – Schluss")


def test_a_european_regulation_is_cut_by_article() -> None:
    text = (
        "VERORDNUNG (EU) 2019/943 DES EUROPÄISCHEN PARLAMENTS\nvom 5. Juni 2019\n(Neufassung)\nKAPITEL I\nGEGENSTAND\n"
        "Artikel 1\nGegenstand\nErster Text nach\nArtikel 3 der Richtlinie.\n"
        "Artikel 2\nBegriffe\n(1) Eins.\n(2) Zwei.\nArtikel 3\nGrundsätze\nDritter Text.\n"
    )
    chunked = chunk_document(plain(text))
    assert chunked.law_names[0] == "Verordnung (EU) 2019/943"
    assert [(chunk.section, chunk.paragraph) for chunk in chunked.chunks if chunk.section] == [
        ("Art. 1", None),
        ("Art. 2", "1"),
        ("Art. 2", "2"),
        ("Art. 3", None),
    ]
    assert by_section(chunked, "Art. 1")[0].heading_path == ("Kapitel I – GEGENSTAND", "Art. 1 – Gegenstand")


def test_a_contract_has_sections_but_no_names_of_a_law() -> None:
    text = "Stromliefervertrag\n\n§ 1 Gegenstand\nStrom.\n§ 2 Preise\n(1) 32 ct/kWh.\n(2) 10 Euro.\n§ 3 Ende\nAus.\n"
    chunked = chunk_document(plain(text))
    assert chunked.law_names == ()
    assert chunked.title == "Stromliefervertrag"
    assert [(chunk.section, chunk.paragraph) for chunk in chunked.chunks] == [
        ("§ 1", None),
        ("§ 2", "1"),
        ("§ 2", "2"),
        ("§ 3", None),
    ]


def test_a_guide_about_a_law_is_not_that_law() -> None:
    text = "# Was das Gebäudeenergiegesetz bedeutet\n\n## § 71 GEG\n\nHeizungen.\n\n## § 72 GEG\n\nAlte Kessel.\n"
    assert chunk_document(markdown(text)).law_names == ()


def test_the_file_name_lends_an_abbreviation_only_where_the_title_has_none() -> None:
    bare = "% Gesetz über die Agentur\n\n# § 1 – Sitz\n\nBonn.\n"
    assert chunk_document(markdown(bare)).law_names == ("Gesetz über die Agentur",)
    assert chunk_document(markdown(bare), file_name="laws/BEGTPG-BJNR200900005.md").law_names[0] == "BEGTPG"
    assert chunk_document(markdown(bare), file_name="upload 17.md").law_names == ("Gesetz über die Agentur",)
    assert "GWB" not in chunk_document(markdown(LAW), file_name="GWB.md").law_names


def test_markdown_is_packed_under_its_headings() -> None:
    sentence = "Der Anschluss wird beim Netzbetreiber angemeldet. "
    text = f"# Leitfaden\n\nVorwort.\n\n## Anschluss\n\n{sentence * 40}\n\n## Kosten\n\n{sentence * 120}\n"
    chunked = chunk_document(markdown(text))
    check_invariants(text, chunked)
    assert chunked.title == "Leitfaden"
    assert {chunk.heading_path for chunk in chunked.chunks} == {("Anschluss",), ("Kosten",)}
    costs = [chunk for chunk in chunked.chunks if chunk.heading_path == ("Kosten",)]
    assert len(costs) >= 2
    assert all(chunk.text.endswith("angemeldet.") for chunk in costs)
    assert costs[0].text.startswith("## Kosten")


def test_plain_text_shows_its_headings_by_their_shape() -> None:
    sentence = "Die Netzentgelte werden jährlich veröffentlicht. "
    text = (
        f"Netzentgelte im Überblick\n\n1 Einleitung\n{sentence * 30}\n\n"
        f"2 Netzentgelte\n2.1 Grundlagen\n{sentence * 40}\n\n"
        f"2.2 Berechnung\n\n{sentence * 60}\n\nANHANG MIT TABELLEN\n\n{sentence * 30}\n"
    )
    chunked = chunk_document(plain(text))
    check_invariants(text, chunked)
    assert chunked.title == "Netzentgelte im Überblick"
    assert list(dict.fromkeys(chunk.heading_path for chunk in chunked.chunks)) == [
        ("1 Einleitung",),
        ("2 Netzentgelte", "2.1 Grundlagen"),
        ("2 Netzentgelte", "2.2 Berechnung"),
        ("ANHANG MIT TABELLEN",),
    ]


def test_numbered_list_items_are_no_headings() -> None:
    text = "Bitte bringen Sie mit:\n\n1. Ausweis\n2. Vertrag\n3. Zählerstand\n\nVielen Dank für Ihre Mithilfe.\n"
    assert [chunk.heading_path for chunk in chunk_document(plain(text)).chunks] == [()]


@pytest.mark.parametrize("kind", ["pipe", "html"])
def test_a_long_table_is_cut_between_rows_and_keeps_its_header(kind: str) -> None:
    if kind == "pipe":
        rows = "".join(f"| Posten {n} | {n},00 Euro |\n" for n in range(300))
        table = f"| Position | Betrag |\n|---|---:|\n{rows}"
    else:
        rows = "".join(f"<tr><td>Posten {n}</td><td>{n},00 Euro</td></tr>\n" for n in range(300))
        table = f"<table><thead><tr><th>Position</th><th>Betrag</th></tr></thead>\n{rows}</table>\n"
    text = f"# Preise\n\n{table}\nEnde.\n"
    chunked = chunk_document(markdown(text))
    check_invariants(text, chunked)
    assert len(chunked.chunks) > 3
    assert "table_header" not in chunked.chunks[0].metadata
    for chunk in chunked.chunks[1:]:
        assert chunk.metadata["table_header"] == "Position | Betrag"
        assert re.match(r"\| Posten|<tr><td>Posten", chunk.text)


def test_a_stroke_within_a_cell_of_the_header_stays_in_it() -> None:
    text = "# Tarif\n\n| Ein\\|Aus | Betrag |\n|---|---|\n" + "| Schalten | 12,00 Euro |\n" * 400
    chunked = chunk_document(markdown(text))
    assert len(chunked.chunks) > 1
    assert {chunk.metadata["table_header"] for chunk in chunked.chunks[1:]} == {"Ein\\|Aus | Betrag"}


def test_a_table_that_fits_stays_whole() -> None:
    text = "# A\n\n" + "Wort " * 450 + "\n\n| a | b |\n|---|---|\n" + "| eins | zwei |\n" * 40 + "\nNachwort.\n"
    chunked = chunk_document(markdown(text))
    assert sum("| eins" in chunk.text for chunk in chunked.chunks) == 1


def test_pages_are_those_where_the_passages_begin() -> None:
    first, second = "Erste Seite. " * 300, "Zweite Seite. " * 300
    text = first + "\f" + second
    pages = (PageSpan(1, 0, len(first) + 1), PageSpan(2, len(first) + 1, len(text)))
    chunked = chunk_document(ExtractedText(text, "application/pdf", "plain", pages=pages))
    for chunk in chunked.chunks:
        assert chunk.page == (1 if chunk.char_start <= len(first) else 2)
    assert {chunk.page for chunk in chunked.chunks} == {1, 2}
    assert {chunk.page for chunk in chunk_document(plain(text)).chunks} == {None}


def test_nothing_but_white_space_gives_no_chunk() -> None:
    for text in ("", " \r\n\t\f\xa0\n"):
        assert chunk_document(plain(text)).chunks == ()


def test_a_target_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="target_tokens"):
        chunk_document(plain("Text"), target_tokens=5)


ODD = {
    "one line": "a" * 400_000,
    "words": "word " * 80_000,
    "full stops": "." * 400_000,
    "blanks": "x" + " " * 400_000 + "x",
    "empty lines": "x" + "\n" * 400_000 + "x",
    "csv": "2024-01-01;1,5\n" * 26_000,
    "pipes": "|" * 400_000,
    "tags": "<" * 400_000,
    "tables": "<table>" * 56_000,
    "hashes": "# a\n" * 40_000,
    "sections": "§ 1 A\n" * 20_000,
    "items": "1.\n" * 60_000,
    "nul": "\x00" * 400_000,
    "soft hyphens": "\xad" * 400_000,
    "form feeds": "a\f" * 60_000,
    "carriage returns": "a\r" * 60_000,
    "brackets": "(" * 400_000,
}


@pytest.mark.parametrize("name", ODD)
def test_odd_input_takes_linear_time(name: str) -> None:
    text = ODD[name]
    begin = time.process_time()
    chunked = chunk_document(plain(text))
    taken = time.process_time() - begin
    check_invariants(text, chunked)
    # Quadratic time would be a minute here; the bound leaves room for a slow machine.
    assert taken < 10


PIECES = st.sampled_from(
    [
        *(
            "# Titel\n",
            "## § 1 Zweck\n",
            "§ 2 Preise\n",
            "§ 3\n",
            "(1) Text. ",
            "(2) ",
            "1. Punkt;\n",
            "a) ",
            "aa)  \n",
        ),
        *(
            "\n\n",
            "\r\n",
            "\f",
            "| a | b |\n",
            "|---|---|\n",
            "<table>",
            "<tr><td>x</td></tr>",
            "</table>",
            "Ein Satz. ",
        ),
        *("Noch einer: ", "z. B. ", "\x00", "\xad", "\t", " ", "x" * 40, "(+++ Hinweis +++)\n", "% Gesetz (BspG)\n"),
        *("```\n", "---\n", "Teil 1\n", "2.1 Kapitel\n"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=60).map("".join), st.sampled_from(["markdown", "plain"]))
def test_chunks_are_stretches_of_the_text_whatever_it_is(text: str, markup: str) -> None:
    extracted = ExtractedText(text, "text/plain", "markdown" if markup == "markdown" else "plain")
    check_invariants(text, chunk_document(extracted, target_tokens=20), limit=24)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["Wort ", "Satz. ", "\n", "\n\n", "1. Punkt\n", "a) b\n", "x" * 30, ": "]), max_size=80
    ).map("".join)
)
def test_documents_without_markup_lose_nothing(text: str) -> None:
    chunked = chunk_document(plain(text), target_tokens=20)
    covered = "".join(chunk.text for chunk in chunked.chunks)
    assert "".join(covered.split()) == "".join(text.split())


def test_tokens_are_measured_alike_at_once_and_in_spans() -> None:
    text = "Netzentgelt: 3,5 ct/kWh <b>fett</b> Elektrizitätsversorgungsunternehmen" + " " * 130
    index = TokenIndex(text)
    assert index.count(0, len(text)) == count_tokens(text)
    assert index.advance(0, 1) == text.index(":")
    assert index.advance(0, 10_000) == len(text)
    for end in range(0, len(text), 7):
        for most in range(12):
            assert index.fits(0, end, most) == (index.count(0, end) <= most)


@given(
    st.lists(
        st.tuples(st.sampled_from("a_ä²дж日 \n\x1c\u2009\ud800.–„<>/!"), st.sampled_from((1, 1, 1, 2, 5, 12, 13, 70))),
        max_size=14,
    ),
    st.integers(0, 200),
    st.integers(0, 200),
    st.integers(0, 9),
)
def test_tokens_are_counted_as_their_pattern_says(runs: list[tuple[str, int]], one: int, two: int, tokens: int) -> None:
    text = "".join(char * length for char, length in runs)
    starts = [match.start() for match in TOKEN.finditer(text)]
    start, end = sorted((min(one, len(text)), min(two, len(text))))
    index = TokenIndex(text)
    assert index.count(start, end) == sum(start <= place < end for place in starts)
    assert index.advance(start, tokens) == [*(p for p in starts if p >= start), *[len(text)] * 10][tokens]
    assert [place for place in range(len(text)) if index.count(place, place + 1)] == starts


def test_marks_without_end_are_measured_in_one_pass() -> None:
    text = "." + "<!>" * 100_000
    assert TokenIndex(text).count(0, len(text)) == count_tokens(text)


@given(st.text(alphabet="a|\n\r\f\v\u00a0 ", max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_lines_and_stripped_spans_are_those_of_the_text(text: str, one: int, two: int) -> None:
    start, end = sorted((min(one, len(text)), min(two, len(text))))
    part = text[start:end]
    found = list(lines(text, start, end))
    assert "".join(text[a:b] for a, b in found) == part
    assert [text[a:b] for a, b in found] == re.findall(r"[^\r\n\f]*(?:\r\n|[\r\n\f])|[^\r\n\f]+\Z", part)
    left = start + len(part) - len(part.lstrip())
    assert strip_span(text, start, end) == (left, left + len(part.strip()))


def test_markup_is_taken_out_for_readers() -> None:
    table = "<table><tr><td>EO<sub>t</sub></td>\n<td>5 &lt; 6</td></tr></table>"
    assert readable_text(table) == "EOt | 5 < 6"
    assert readable_text("| a | b |\n|---|---|\n| c | d |") == "| a | b |\n| c | d |"
    assert readable_text("1 < 2 und a | b") == "1 < 2 und a | b"


def test_the_version_is_a_plain_word() -> None:
    assert re.fullmatch(r"[\w.-]+", CHUNKER_VERSION)


def law_files() -> list[Path]:
    return sorted((LAWS / "current").glob("*.md"))


@pytest.mark.skipif(not law_files(), reason="../shared/data/law/current is not on this machine")
def test_every_section_of_the_current_laws_is_found() -> None:
    sections = paragraphs = 0
    texts = [(path, path.read_text(encoding="utf-8")) for path in law_files()]
    begin = time.process_time()
    results = [chunk_document(markdown(text), file_name=path.name) for path, text in texts]
    taken = time.process_time() - begin
    for (path, text), chunked in zip(texts, results, strict=True):
        check_invariants(text, chunked)
        wanted = re.findall(r"^# (§§? *\d+[a-z]*(?: bis \d+[a-z]*)?)", text, re.MULTILINE)
        found = {chunk.section for chunk in chunked.chunks}
        assert not set(wanted) - found, path.name
        assert chunked.law_names[0].replace(" ", "_") == path.name.split("-BJNR")[0], path.name
        sections += len(wanted)
        paragraphs += len({(chunk.section, chunk.paragraph) for chunk in chunked.chunks if chunk.paragraph})
        assert not [chunk for chunk in chunked.chunks if chunk.section == "Inhaltsübersicht"]
    assert sections >= 2_400
    assert paragraphs >= 7_600
    assert taken < 30


@pytest.mark.skipif(not (LAWS / "history").is_dir(), reason="../shared/data/law/history is not on this machine")
def test_earlier_versions_of_laws_are_cut_alike() -> None:
    for path in sorted((LAWS / "history").glob("*/*.md.xz")):
        text = lzma.decompress(path.read_bytes()).decode("utf-8")
        chunked = chunk_document(markdown(text))
        check_invariants(text, chunked)
        assert len(chunked.chunks) > 400, path
        assert chunked.law_names[0].replace(" ", "_") == path.name.split(".")[0]
        if re.search(r"Abschnitt 1\b", text.split("# § 1 ")[0]):
            assert any(len(chunk.heading_path) > 2 for chunk in chunked.chunks)
