"""Sums by year: a question for one year gets that year's item, with the sentence that leads it in."""

from __future__ import annotations

import pytest

from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question
from luna_rules.quantities.years import EVER, in_year, years, years_asked

VOLUMES = (
    "(2) Das Ausschreibungsvolumen für Hofsolar beträgt\n\n1. im Jahr 2023 650 Megawatt Leistung,\n\n2. im Jahr 2024 1"
    " 400 Megawatt Leistung und\n\n3. in den Jahren 2025 bis 2029 jeweils 2 300 Megawatt Leistung."
)
NESTED = (
    "Die Ziele sollen erreicht werden durch\n\n1. eine Steigerung der Leistung von Windhöfen auf\n\na) 69 Gigawatt im "
    "Jahr 2024,\n\nb) 84 Gigawatt im Jahr 2026 und\n\n2. eine Steigerung der Leistung von Solarhöfen auf\n\na) 88 "
    "Gigawatt im Jahr 2024 und\n\nb) 128 Gigawatt im Jahr 2026\n\nsowie den Erhalt dieser Leistung nach dem Jahr 2040."
)
TABLE = "| Hof | Leistung MW | Jahr |\n| --- | --- | --- |\n" + "".join(
    f"| Hof {name} | {size} | {year} |\n" for name, size, year in (("A", 10, 2026), ("B", 20, 2027), ("C", 30, 2026))
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("im Jahr 2023 12 840 Megawatt", [(2023, 2023)]),
        ("in den Jahren 2023 und 2024 jährlich", [(2023, 2023), (2024, 2024)]),
        ("in den Jahren 2025 bis 2029 jeweils", [(2025, 2029)]),
        ("im Jahr 2026, 2027 oder 2028 einen Zuschlag", [(2026, 2026), (2027, 2027), (2028, 2028)]),
        ("ab dem Jahr 2027 jährlich", [(2027, EVER)]),
        ("ab dem 1. Januar 2027", [(2027, EVER)]),
        ("im Zeitraum vom 1. Januar 2021 bis zum 31. Dezember 2022: 25 Euro", [(2021, 2022)]),
        ("bis zum Jahr 2030 um mindestens 65 Prozent", [(2030, 2030)]),
        ("im Vergleich zum Jahr 2008 bis zum Jahr 2030 um 26,5 Prozent", [(2030, 2030)]),
        ("Erhalt dieser Leistung nach dem Jahr 2040", [(2041, EVER)]),
        ("Hof A | 10 | 2026", [(2026, 2026)]),
        ("Verordnung (EU) 2019/943 und 2 024 Megawatt, § 2023", []),
        ("der Empfehlung vom 6. Mai 2003 (ABl. L 124)", []),
    ],
)
def test_years_of_a_text(text: str, found: list[tuple[int, int]]) -> None:
    assert years(text) == found


def test_the_edition_of_a_law_is_no_year_that_is_asked_for() -> None:
    assert years_asked("Was gilt nach § 28 EEG 2023 für Solar?") == []
    assert years_asked("Wie viel Solar soll 2026 nach dem EEG 2023 ausgeschrieben werden?") == [(2026, 2026)]
    assert years_asked("Welche Mengen gelten von 2025 bis 2027?") == [(2025, 2027)]


def test_all_items_hold_where_none_or_only_one_tells_a_year() -> None:
    assert in_year("Was gilt 2031?", ["im Jahr 2023 5", "im Jahr 2024 6"]) == [True, True]
    assert in_year("Was gilt 2023?", ["im Jahr 2024 5", "auf Antrag 6"]) == [True, True]
    assert in_year("Was gilt?", ["im Jahr 2023 5", "im Jahr 2024 6"]) == [True, True]


def said(question: str, text: str, law: str | None = "HofG") -> str:
    passage = Passage("c1", text, law=law, section="§ 4" if law else None, title="Höfe")
    return "\n".join(
        one.render() for one in Extractor(read_question(question), [passage], WordMatcher(question)).extract().sentences
    )


@pytest.mark.parametrize(
    ("question", "wanted", "others"),
    [
        ("Wie hoch ist das Ausschreibungsvolumen für Hofsolar 2024?", ["1 400"], ["650", "2 300"]),
        ("Wie hoch ist das Ausschreibungsvolumen für Hofsolar im Jahr 2027?", ["2 300"], ["650", "1 400"]),
        ("Wie hoch ist das Ausschreibungsvolumen für Hofsolar 2023 und 2024?", ["650", "1 400"], ["2 300"]),
        ("Wie hoch ist das Ausschreibungsvolumen für Hofsolar ab 2024?", ["1 400", "2 300"], ["650"]),
        ("Wie hoch ist das Ausschreibungsvolumen für Hofsolar?", ["650", "1 400", "2 300"], []),
        ("Wie hoch ist das Ausschreibungsvolumen für Hofsolar 2035?", ["650", "1 400", "2 300"], []),
    ],
)
def test_the_item_of_the_year_that_is_asked_for(question: str, wanted: list[str], others: list[str]) -> None:
    answer = said(question, VOLUMES)
    assert all(word in answer for word in ["Das Ausschreibungsvolumen für Hofsolar beträgt", *wanted])
    assert not any(word in answer for word in others)
    assert ("[…]" in answer) is bool(others)


def test_under_items_without_a_year_those_of_the_year() -> None:
    answer = said("Welche Leistung sollen Solarhöfe und Windhöfe 2026 erreichen?", NESTED)
    assert all(word in answer for word in ("Windhöfen", "84 Gigawatt", "Solarhöfen", "128 Gigawatt"))
    assert not any(word in answer for word in ("69 Gigawatt", "88 Gigawatt", "2040"))


def test_no_row_of_another_year_than_the_one_that_is_asked_for() -> None:
    answer = said("Welche Leistung hat der Hof des Jahres 2027?", TABLE, law=None)
    assert "Hof B" in answer
    assert "Hof A" not in answer
    assert "Hof C" not in answer
