"""Rows of a price list: the one whose label is said is the answer, and what no row bears is declined."""

from __future__ import annotations

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import answer_question
from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question

TARIFFS = """| Tarif | Arbeitspreis ct/kWh | Grundpreis EUR/Jahr |
| --- | --- | --- |
| Talstrom Basis | 34,90 | 142,80 |
| Talstrom Öko | 36,20 | 149,00 |
| Talstrom Öko Plus | 37,75 | 155,60 |
| Talstrom Nacht | 28,10 | 168,40 |
"""
LEVELS = """| Entnahmeebene | Leistungspreis EUR/kW | Arbeitspreis ct/kWh |
| --- | --- | --- |
| Hochspannung | 98,20 | 0,41 |
| Umspannung Hochspannung/Mittelspannung | 112,75 | 0,62 |
| Mittelspannung | 121,30 | 0,98 |
| Niederspannung | 140,65 | 2,36 |
"""
ZONES = "| Zone | Preis EUR |\n| --- | --- |\n| Zone 1 | 10,00 |\n| Zone 2 | 20,00 |\n| Zone 3 | 30,00 |\n"


def labels(question: str, *texts: str, law: str | None = None) -> list[str]:
    passages = [
        Passage(f"c{number}", text, item_id="preise", title="Preisblatt", heading_path=("Preise",), score=1.0, law=law)
        for number, text in enumerate(texts)
    ]
    found = Extractor(read_question(question), passages, WordMatcher(question)).extract().sentences
    return [one.slices[-1].split(" | ")[0].strip("| ") for one in found if one.table]


LED = """| Ziffer | Handlung | Gebühr EUR |
| --- | --- | --- |
| 1 | Handlungen wegen eines Gasspeichers | |
| 1.1 | Prüfung einschließlich der Unterlagen | 100 |
| 1.2 | Löschung einschließlich der Unterlagen | 200 |
| 2 | Handlungen wegen eines Wärmenetzes | |
| 2.1 | Prüfung einschließlich der Unterlagen | 300 |
| 2.2 | Löschung einschließlich der Unterlagen | 400 |
"""


def test_of_rows_that_are_said_in_part_the_one_of_which_more_is_said() -> None:
    assert labels("Was kostet die Löschung wegen eines Wärmenetzes?", LED) == ["2.2"]


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("Was kostet der Tarif Talstrom Öko?", ["Talstrom Öko"]),
        ("Wie hoch ist der Grundpreis im Tarif Talstrom Öko Plus?", ["Talstrom Öko Plus"]),
        ("Wie hoch ist der Grundpreis im Tarif Talstrom Nacht?", ["Talstrom Nacht"]),
        ("Was kosten Talstrom Basis und Talstrom Nacht?", ["Talstrom Basis", "Talstrom Nacht"]),
        ("Unterschied zwischen Talstrom Öko und Talstrom Öko Plus", ["Talstrom Öko", "Talstrom Öko Plus"]),
        ("Wie hoch ist der Arbeitspreis in der Mittelspannung?", ["Mittelspannung"]),
        ("Wie hoch ist der Arbeitspreis in Niederspannung?", ["Niederspannung"]),
        (
            "Leistungspreis der Umspannung Hochspannung/Mittelspannung",
            ["Umspannung Hochspannung/Mittelspannung"],
        ),
        ("Was kostet Zone 2?", ["Zone 2"]),
    ],
)
def test_the_row_whose_label_is_said(question: str, rows: list[str]) -> None:
    assert labels(question, TARIFFS, LEVELS, ZONES) == rows


def test_a_stroke_within_a_label_parts_nothing() -> None:
    table = (
        "| Tarif | Preis EUR |\n| --- | --- |\n"
        "| Zone 1\\|2 Basis | 10,00 |\n| Zone 1\\|2 Nacht | 20,00 |\n| Zone 1\\|2 Wind | 30,00 |\n"
    )
    assert labels("Preis in EUR für Zone Wind", table) == ["Zone 1\\|2 Wind"]


def test_a_table_in_two_passages_is_one() -> None:
    head, rows = TARIFFS.split("| Talstrom Öko |")
    second = "| Tarif | Arbeitspreis ct/kWh | Grundpreis EUR/Jahr |\n| --- | --- | --- |\n| Talstrom Öko |" + rows
    assert labels("Wie hoch ist der Grundpreis im Tarif Talstrom Nacht?", head, second) == ["Talstrom Nacht"]


def test_tables_of_statutes_are_left_alone() -> None:
    asked = "Was kostet der Tarif Talstrom Öko?"
    assert "Talstrom Öko Plus" in labels(asked, TARIFFS, law="StromPV")


@pytest.mark.parametrize(("name", "answered"), [("Talstrom Öko", True), ("Talstrom Wind", False)])
def test_a_name_that_no_row_bears_is_declined(name: str, answered: bool) -> None:
    question = f"Was kostet der Tarif {name}?"
    passage = Passage("c1", TARIFFS, item_id="preise", title="Preisblatt", heading_path=("Tarife",), score=1.0)
    answer = answer_question(question, [passage], WordMatcher(question), load_prompts().frame)
    assert answer.answered is answered
    if not answered:
        assert answer.reason == "Genanntes kommt in den Fundstellen nicht vor"
