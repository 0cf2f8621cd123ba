"""Tables of PDFs become Markdown tables: with borders, with strokes between rows alone, and without any."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from price_sheets import (
    horizontal_only,
    letter,
    over_pages,
    prose_in_two_columns,
    ruled_network_charges,
    unruled_tariffs,
    wide_on_its_side,
    zebra_metering,
)

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import answer_question
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.signs import with_units
from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.model import ExtractedText
from resources.extractor.formats.pdf_cells import is_number, is_quantity
from resources.extractor.limits import Limits
from resources.extractor.reading import extract


def read(data: bytes) -> ExtractedText:
    return extract(data, "a.pdf", "application/pdf", Limits(), "test")


def rows(text: str) -> list[list[str]]:
    """The cells of all tables, without the rules below their headers."""
    lines = [line for line in text.split("\n") if line.startswith("|") and "---" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_borders_with_a_header_of_two_rows_and_merged_cells() -> None:
    text = read(ruled_network_charges()).text
    found = rows(text)
    assert found[0][:3] == [
        "Entnahmestelle",
        "Benutzungsdauer < 2.500 h/a Leistungspreis EUR/kW·a",
        "Benutzungsdauer < 2.500 h/a Arbeitspreis ct/kWh",
    ]
    assert found[0][4] == "Benutzungsdauer ≥ 2.500 h/a Arbeitspreis ct/kWh"
    assert found[2] == ["Umspannung Hochspannung/Mittelspannung", "14,02", "4,55", "112,61", "0,61"]
    assert len(found) == 5
    assert "netto.\n\n| Entnahmestelle" in text
    assert text.endswith("\n\nZuzüglich Konzessionsabgabe, Umlagen und Umsatzsteuer.")


def test_rows_on_grey_ground_without_strokes() -> None:
    found = rows(read(zebra_metering()).text)
    assert found[0] == ["Messstellenbetrieb", "Mittelspannung EUR/Jahr", "Niederspannung EUR/Jahr"]
    assert found[1] == ["RLM-Zähler (Lastgangzähler)", "612,50", "388,40"]
    assert found[2] == ["Eintarifzähler", "–", "11,80"]
    assert len(found) == 6


def test_groups_and_labels_of_two_lines_between_level_strokes() -> None:
    text = read(horizontal_only()).text
    found = rows(text)
    assert found[0] == ["Jahresverbrauch", "", "Grundpreis EUR/Jahr", "Arbeitspreis ct/kWh", "Steuer %"]
    assert found[1][:3] == ["Standardlastprofil", "bis 4.000 kWh", "24,00"]
    assert found[3] == [
        "Lastgangmessung",
        "bis 1.500.000 kWh je Ausspeisepunkt, soweit kein Sondervertrag besteht",
        "1.240,00",
        "0,512",
        "19",
    ]
    assert len(found) == 5
    assert text.startswith("Preisblatt Netzentgelte Gas")
    assert text.endswith("\n\n1) Ab dieser Menge wird zusätzlich die vorgehaltene Leistung abgerechnet.")


@pytest.mark.parametrize("by_column", [False, True])
def test_numbers_below_each_other_without_strokes(by_column: bool) -> None:
    text = read(unruled_tariffs(by_column=by_column)).text
    assert rows(text) == [
        ["Tarif", "Grundpreis EUR/Monat", "Arbeitspreis ct/kWh"],
        ["Talstrom Basis", "9,90", "34,15"],
        ["Talstrom Öko", "11,40", "35,90"],
        ["Talstrom Nacht", "13,25", "27,05"],
        ["Talstrom Wärme", "10,80", "24,60"],
    ]
    assert text.startswith("Tarife der Talwerke für Haushalte, alle Preise brutto\n\n|")


@pytest.mark.parametrize("turned", [False, True])
def test_a_sheet_across(turned: bool) -> None:
    text = read(wide_on_its_side(turned=turned)).text
    assert rows(text) == [
        ["Gemeinde", "Tarifkunden ct/kWh", "Schwachlast ct/kWh", "Sondervertrag ct/kWh"],
        ["Obertal", "1,59", "0,61", "0,11"],
        ["Untertal", "1,32", "0,61", "0,11"],
        ["Mühlbach am See", "1,99", "0,61", "0,11"],
    ]
    assert text.startswith("Konzessionsabgabe")


@pytest.mark.parametrize("repeated", [False, True])
def test_a_table_over_pages_has_its_header_on_each(repeated: bool) -> None:
    found = read(over_pages(repeated=repeated))
    assert len(found.pages) == 3
    header = ["Zählpunkt", "Standort", "Verbrauch in kWh"]
    for page in found.pages:
        text = found.text[page.char_start : page.char_end]
        assert rows(text)[0] == header
        assert "Seite" not in text
    meters = [row[0] for row in rows(found.text) if row != header]
    assert meters == [f"Z-{number:04}" for number in range(1, 101)]
    assert found.text.count("Talwerke Messdienste") == 1
    place = found.text.index("Z-0050")
    assert [page.number for page in found.pages if page.char_start <= place < page.char_end] == [2]


def test_prose_stays_prose() -> None:
    for data in (prose_in_two_columns(), letter()):
        text = read(data).text
        assert "|" not in text
        assert "Mustertal" in text or "Abschlag zum 15." in text


@pytest.mark.parametrize(
    ("sheet", "question", "row"),
    [
        (
            zebra_metering,
            "Was kostet der Messstellenbetrieb für RLM-Zähler in Mittelspannung?",
            "RLM-Zähler (Lastgangzähler) | 612,50 | 388,40",
        ),
        (
            ruled_network_charges,
            "Wie hoch ist der Leistungspreis in Hochspannung?",
            "Hochspannung | 11,25 | 4,18 | 97,40 | 0,73",
        ),
        (
            lambda: wide_on_its_side(turned=True),
            "Wie hoch ist die Konzessionsabgabe für Tarifkunden in Untertal?",
            "Untertal | 1,32 | 0,61 | 0,11",
        ),
    ],
)
def test_a_price_is_answered_with_its_row_and_header(sheet: Callable[[], bytes], question: str, row: str) -> None:
    document = chunk_document(read(sheet()))
    passages = [
        Passage(f"p-{one.chunk_idx}", one.text, title="Preisblatt", heading_path=one.heading_path)
        for one in document.chunks
    ]
    answer = answer_question(question, passages, WordMatcher(question), load_prompts().frame)
    assert answer.answered
    header, found = answer.body_sentences[0].slices
    assert found == row
    assert "EUR/" in header or "ct/kWh" in header
    assert document.chunks[0].page == 1


def test_a_header_without_a_word_above_the_labels_shifts_no_unit() -> None:
    # The strokes at the ends of a row are taken off with the empty cells there.
    assert with_units("Leistung EUR/kW | Arbeit ct/kWh", "Netz | 12,30 | 4,56") == "Netz | 12,30 EUR/kW | 4,56 ct/kWh"


@pytest.mark.parametrize("text", ["1.234,50 EUR/a", "12,34", "-0,5 %", "4.000 kWh/a 1)", "35,--", "€ 7,90", "19"])
def test_numbers(text: str) -> None:
    assert is_number(text)


@pytest.mark.parametrize("text", ["", "03512 443322", "03.02.2031", "bis 4.000 kWh", "RLM", "1. Mai", "12345 Tal"])
def test_what_is_no_number(text: str) -> None:
    assert not is_number(text)
    assert not is_quantity(text)
