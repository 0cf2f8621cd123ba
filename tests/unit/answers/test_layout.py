"""What is no statement: page furniture, bare headings, labels; and what of a table is cited."""

from __future__ import annotations

import pytest

from luna_rules.answers import layout
from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import AnswerSentence, Passage
from luna_rules.answers.question import read_question
from luna_rules.answers.statements import headings_at, statements

TARIFF = (
    "4 Nachlass beim Netzentgelt\n\nWer steuern lässt, wählt zwischen drei Modulen. Ein Wechsel ist im Jahr einmal\n"
    "möglich.\nModul Nachlass Voraussetzung\nModul A 137,50 € im Jahr, pauschal keine\nModul B 58 % auf den "
    "Arbeitspreis Netz eigener Zähler für das Gerät\nModul C 3 Stufen: 2,10 / 6,40 / 11,90\nct/kWh\nintelligentes "
    "Messsystem\n\n• Modul A und Modul B schließen sich aus.\n\nMerkblatt mit erfundenen Werten Seite 4 von 10"
)
MARKDOWN = "Die Module:\n\n| Modul | Nachlass |\n| --- | --- |\n| Modul A | 137,50 € |\n| Modul B | 58 % |\n"


def page(text: str, heading: str = "4 Nachlass beim Netzentgelt") -> Passage:
    return Passage("c1", text, title="Merkblatt Strom", heading_path=(heading,), score=1.0)


def texts(passage: Passage) -> list[str]:
    return [" | ".join(passage.text[slice(*span)] for span in one.spans) for one in statements(passage)]


def chosen(question: str, *passages: Passage) -> tuple[AnswerSentence, ...]:
    return Extractor(read_question(question), passages, WordMatcher(question)).extract().sentences


@pytest.mark.parametrize(
    "line",
    ["Merkblatt mit erfundenen Werten Seite 4 von 10", "Seite 4 von 10 – Stadtwerke", "Seite 12", "- 7 -", "3 / 10"],
)
def test_page_furniture_is_no_statement(line: str) -> None:
    assert texts(page(f"Der Preis beträgt 3 Euro.\n\n{line}")) == ["Der Preis beträgt 3 Euro."]


def test_a_sentence_that_speaks_of_a_page_stays() -> None:
    sentence = "Die Preise stehen auf Seite 4 des Vertrags."
    assert texts(page(sentence)) == [sentence]


def test_furniture_within_a_sentence_is_taken_out_of_it() -> None:
    text = "Der Vertrag läuft zwei Jahre und\nSeite 4 von 10\nverlängert sich nicht."
    assert texts(page(text)) == ["Der Vertrag läuft zwei Jahre und | verlängert sich nicht."]


@pytest.mark.parametrize("heading", ["4 Nachlass beim Netzentgelt", "Nachlass beim Netzentgelt", "Merkblatt Strom"])
def test_a_bare_heading_is_no_statement(heading: str) -> None:
    assert texts(page(f"{heading}\n\nEs gibt drei Module.")) == ["Es gibt drei Module."]


def test_labels_are_told_from_short_sentences() -> None:
    assert layout.is_label("Thema Ansprechpartner Durchwahl")
    for stated in ("Der Tarif endet", "Grundpreis: keiner", "Grundpreis 7,95 €", "Nein."):
        assert not layout.is_label(stated), stated


def test_table_lines_of_a_pdf_are_rows_under_their_header() -> None:
    rows = [text for text in texts(page(TARIFF)) if text.startswith("Modul Nachlass")]
    assert [row.split(" | ")[1].split()[1] for row in rows] == ["A", "B", "C"]
    assert rows[2].endswith("ct/kWh\nintelligentes Messsystem")


def test_wrapped_cells_are_joined_to_their_row() -> None:
    text = (
        "Haushalt Verbrauch Fix Flex\n1 Person, Wohnung 1.600 kWh 612 € 598 €\n3 Personen, Haus 3.900 kWh 1.391 € "
        "1.287 €\n2 Personen,\nWärmepumpe\n6.100 kWh 2.127 € 1.803 €"
    )
    assert texts(page(text))[-1] == "Haushalt Verbrauch Fix Flex | 2 Personen,\nWärmepumpe\n6.100 kWh 2.127 € 1.803 €"


def test_wrapped_prose_with_numbers_is_no_table() -> None:
    text = (
        "Der Lieferant darf die Versorgung einstellen, sobald 2 Raten\nausstehen, die Mahnung 4 Wochen zurückliegt "
        "und\nder Rückstand 100 Euro beträgt, wenn"
    )
    assert texts(page(text)) == [text]


@pytest.mark.parametrize("text", [TARIFF, MARKDOWN])
def test_the_row_that_was_asked_for_is_cited_with_its_header(text: str) -> None:
    passage = page(text)
    rows = [one for one in chosen("Wie hoch ist der Nachlass bei Modul B?", passage) if one.table]
    assert len(rows) == 1
    header, row = rows[0].slices
    assert header.startswith("Modul")
    assert row.startswith("Modul B")
    assert "58 %" in row
    assert all(
        passage.text[start:end] == piece for (start, end), piece in zip(rows[0].spans, rows[0].slices, strict=True)
    )


def test_the_same_table_in_two_documents_gives_one_row() -> None:
    copy = Passage("c2", MARKDOWN, title="Anderes Merkblatt", heading_path=("Nachlass",), score=0.9)
    found = chosen("Wie hoch ist der Nachlass bei Modul B?", page(TARIFF), copy)
    assert not any("Modul A 1" in one.text or "Modul A |" in one.text for one in found)


def test_rows_that_share_a_header_repeat_it_not() -> None:
    found = chosen("Welche Module mit Nachlass gibt es?", page(MARKDOWN))
    assert "\n".join(one.text for one in found).count("Modul | Nachlass") == 1


def test_bullets_without_a_lead_stand_for_themselves() -> None:
    text = "- 16 Werktage: Anmeldung\n- 14 Tage: Kündigung\n- 30. September: Ende"
    assert len(texts(page(text))) == 3
    assert len(texts(page(f"Es gelten folgende Fristen:\n{text}"))) == 1


def test_a_statement_stands_under_the_heading_right_above_it() -> None:
    text = "## Fassungen\n\nEs entsteht eine Fassung.\n\n## Löschen\n\nSieben Tage lang lässt es sich retten."
    passage = page(text, "Gut fragen")
    assert [headings_at(passage, one.start)[-1] for one in statements(passage)] == ["Fassungen", "Löschen"]


def test_a_sentence_that_covers_only_a_common_word_is_no_filler() -> None:
    text = (
        "## Fassungen\n\nWird ein Dokument unter demselben Namen noch einmal aufgenommen, entsteht eine neue Fassung."
        "\n\n## Löschen und wiederherstellen\n\nEin gelöschtes Dokument ist nicht mehr zu finden. Sieben Tage lang "
        "lässt es sich wiederherstellen."
    )
    found = chosen("Wie lange kann ich ein gelöschtes Dokument wiederherstellen?", page(text, "Gut fragen"))
    assert "Sieben Tage" in " ".join(one.text for one in found)
    assert not any("neue Fassung" in one.text for one in found)


def test_another_document_must_speak_of_the_question_as_well_as_the_best() -> None:
    law = page("Bei einem Lieferantenwechsel dauert das Verfahren drei Wochen.", "Wechsel")
    other = Passage(
        "c2", "Eine Regulierungsperiode dauert fünf Jahre.", title="Anreize", heading_path=("Perioden",), score=0.99
    )
    found = chosen("Wie lange dauert ein Lieferantenwechsel?", law, other)
    assert [one.chunk_id for one in found] == ["c1"]
