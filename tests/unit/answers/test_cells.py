"""The cell of a row that a summary says: only where the question tells the column, and never one beside it."""

from __future__ import annotations

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.citations import CitationChecker
from luna_rules.answers.compose import answer_question
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.signs import cells_with_units
from luna_rules.answers.statements import headings_at

TEXT = """Gültig ab 1. Januar 2027.

| Messeinrichtung | Niederspannung EUR/Jahr | Mittelspannung EUR/Jahr | Laufzeit in Monaten |
| --- | --- | --- | --- |
| moderne Messeinrichtung | 25,00 | | 12 |
| Steuerbox | 50,00 | | |
| RLM-Zähler | 612,50 | 788,40 | 24 |
"""


def summary(question: str, text: str = TEXT) -> str:
    passage = Passage("c1", text, item_id="p", title="Preisblatt", heading_path=("Messstellenbetrieb",), score=1.0)
    answer = answer_question(question, [passage], WordMatcher(question), load_prompts().frame)
    assert answer.answered
    checked = CitationChecker([passage]).check_text(f"{answer.summary} [chunk {answer.summary_chunk_id}]")
    assert [one.verdict for one in checked] == ["ok"]
    return answer.summary


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Was kostet der RLM-Zähler in der Mittelspannung?", "RLM-Zähler, Mittelspannung 788,40 EUR/Jahr"),
        ("Was kostet der RLM-Zähler in der Niederspannung?", "RLM-Zähler, Niederspannung 612,50 EUR/Jahr"),
        ("Was kostet die Steuerbox in Euro?", "Steuerbox, Niederspannung 50,00 EUR/Jahr"),
        ("Welche Laufzeit hat der RLM-Zähler?", "RLM-Zähler, Laufzeit 24 Monate"),
    ],
)
def test_the_value_under_the_column_that_was_named(question: str, value: str) -> None:
    assert value in summary(question)


def test_a_unit_that_is_counted_in_millions_stays_above_its_number() -> None:
    table = "| Anlage | Investition (Mio. EUR) |\n| --- | --- |\n| Trafo | 20,75 |\n| Kabel | 3,50 |\n"
    assert "Trafo, Investition (Mio. EUR) 20,75" in summary("Wie hoch ist die Investition für den Trafo?", table)


def test_a_stroke_within_a_cell_parts_nothing() -> None:
    table = (
        "| Gerät | Niederspannung EUR/Jahr | Mittelspannung EUR/Jahr |\n| --- | --- | --- |\n"
        "| Zähler 1\\|2 | 10,00 | 20,00 |\n| Wandler | 30,00 | 40,00 |\n"
    )
    assert "Mittelspannung 40,00 EUR/Jahr" in summary("Was kostet der Wandler in der Mittelspannung?", table)
    assert "Mittelspannung 20,00 EUR/Jahr" in summary("Was kostet der Zähler in der Mittelspannung?", table)


def test_of_two_sums_none_is_said_for_the_other() -> None:
    """Which level is meant the question does not tell."""
    assert "EUR" not in summary("Was kostet der RLM-Zähler im Messstellenbetrieb?")


@pytest.mark.parametrize(
    ("header", "row", "cells"),
    [
        ("Tarif | Preis ct/kWh | Grundpreis EUR/Jahr", "A | 34,90 | 142,80", ["34,90 ct/kWh", "142,80 EUR/Jahr"]),
        ("Ebene | Leistungspreis EUR/kW·a | x", "A | 98,20 |", ["98,20 EUR/kW·a", ""]),
        ("Ebene | Leistungspreis in EUR/(kW*a)", "A | 98,20", ["98,20 EUR/(kW*a)"]),
        ("Art | Form \\| Farbe | EUR", "a\\|b | rund | 3,20", ["rund", "3,20 EUR"]),
        ("Tarif | Preis (ct/kWh) | Grundpreis [EUR/Monat]", "A | 34,90 | 9,90", ["34,90 ct/kWh", "9,90 EUR/Monat"]),
    ],
)
def test_units_stand_above(header: str, row: str, cells: list[str]) -> None:
    found = cells_with_units(header, row)
    assert [cell for _, cell in found[1:]] == cells
    assert not any(name.strip("·/()[]") != name for name, _ in found)


PLAIN = """Preisblatt

Gültig ab 1. Januar 2027

1. Tarife für Haushalte

| Tarif | Preis |
| --- | --- |
| Basis | 1,00 |

2. Messstellenbetrieb

Je Zählpunkt gelten 3 Preise.
"""


@pytest.mark.parametrize(
    ("words", "heading"),
    [("Gültig ab", ()), ("Basis", ("1. Tarife für Haushalte",)), ("Je Zählpunkt", ("2. Messstellenbetrieb",))],
)
def test_a_place_stands_under_the_numbered_line_above_it(words: str, heading: tuple[str, ...]) -> None:
    """The passage bears the heading of its longest section."""
    passage = Passage("c1", PLAIN, item_id="p", title="Preisblatt", heading_path=("2. Messstellenbetrieb",), score=1.0)
    assert headings_at(passage, PLAIN.index(words)) == heading
