"""Rows and items that hold for the quantity that was asked about, and not for another."""

from __future__ import annotations

from decimal import Decimal

import pytest

from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question
from luna_rules.answers.ranges import cases_asked, in_range
from luna_rules.quantities.ranges import Measure

STEPS = ["bis 20.000 Einwohner", "bis 80.000 Einwohner", "bis 400.000 Einwohner", "über 400.000 Einwohner"]


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Wie viel zahlt eine Stadt mit 300.000 Einwohnern?", Measure(Decimal(300_000), "einwohn")),
        ("Was gilt bei 8 000 kWh im Jahr?", Measure(Decimal(8_000_000), "energy")),
        ("Windrad mit 2,5 MW", Measure(Decimal(2_500_000), "power")),
        ("3 Megawattstunden", Measure(Decimal(3_000_000), "energy")),
        ("80 Euro Schulden seit 3 Monaten", None),
        ("Was sagt § 5 Absatz 2?", None),
        ("Wie hoch ist die Abgabe?", None),
    ],
)
def test_the_quantity_that_tells_a_case(question: str, asked: Measure | None) -> None:
    assert cases_asked(question) == ([] if asked is None else [asked])


def test_what_a_list_does_not_name_hides_no_quantity_that_it_does() -> None:
    question = "Was zahlen nach § 2 KAV 3 Versorger in einer Stadt mit 300.000 Einwohnern?"
    assert in_range(question, STEPS) == [False, False, True, False]


@pytest.mark.parametrize(
    ("inhabitants", "row"), [("500", 0), ("20.000", 0), ("20.001", 1), ("300 000", 2), ("400.000", 2), ("1.000.000", 3)]
)
def test_a_step_begins_where_the_one_before_ends(inhabitants: str, row: int) -> None:
    assert in_range(f"Abgabe bei {inhabitants} Einwohnern", STEPS) == [number == row for number in range(4)]


def test_lists_one_after_the_other_have_their_own_steps() -> None:
    held = in_range("Abgabe bei 50.000 Einwohnern", ["Strom", *STEPS, "Gas", *STEPS])
    assert [number for number, own in enumerate(held) if own] == [0, 2, 5, 7]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("von über 6 000 Kilowattstunden bis einschließlich 10 000 Kilowattstunden", True),
        ("über 6\u00a0000 bis 10\u00a0000 kWh", True),
        ("mehr als 10 000 Kilowattstunden", False),
        ("bis 5 MWh", False),
        ("bis zu 10 MWh", True),
        ("über 10 000 Kilowatt", True),
        ("nicht mehr als 80 Euro", True),
    ],
)
def test_ranges_in_many_words(text: str, held: bool) -> None:
    assert in_range("Was gilt bei 8.000 kWh?", ["ab 7 000 Kilowattstunden", text]) == [True, held]


@pytest.mark.parametrize(
    ("asked", "text", "held"),
    [
        ("30 kW", "ab 30 Kilowatt", True),
        ("30 kW", "mindestens 30 kW", True),
        ("30 kW", "über 30 kW", False),
        ("30 kW", "unter 30 kW", False),
        ("30 kW", "weniger als 30 Kilowatt", False),
        ("30 kW", "nicht mehr als 30 Kilowatt", True),
        ("30 kW", "10 bis 30 kW", True),
        ("30 kW", "von 10 bis unter 30 kW", False),
        ("5 kW", "10 bis 30 kW", False),
        ("0,03 MW", "mehr als 20 bis zu 40 Kilowatt", True),
        ("2 Millionen kWh", "bis 1,5 GWh", False),
        ("1,2 Mio. kWh", "bis 1,5 GWh", True),
        ("zehntausend Kilowattstunden", "bis 9 MWh", False),
        ("80 m²", "bis 100 Quadratmeter", True),
        ("120 m²", "bis 100 Quadratmeter", False),
        ("2 Hektar", "über 15.000 m²", True),
        ("12 Stellplätze", "mehr als zehn Stellplätze", True),
        ("12 Stellplätze", "mehr als 20 neue Stellplätze", False),
        ("5 kW", "0 bis 0 kW", False),
    ],
)
def test_edges_and_units_of_steps(asked: str, text: str, held: bool) -> None:
    other = {True: [], False: [f"über 0 {asked.split()[-1]}"]}[held]
    assert in_range(f"Was gilt bei {asked}?", [text, *other])[0] is held


def test_where_nothing_holds_nothing_is_left_out() -> None:
    assert in_range("Was gilt bei 8.000 kWh?", ["über 10 000 kWh", "bis 5 000 kWh"]) == [True, True]
    assert in_range("Was gilt?", STEPS) == [True] * 4


TABLE = "Es gelten folgende Sätze:\n\n| Gemeinde | Satz |\n| --- | --- |\n" + "".join(
    f"| {step} | {number},10 Cent |\n" for number, step in enumerate(STEPS, 1)
)
LIST = "Die Ausstattung ist vertretbar, wenn jährlich\n\n" + "".join(
    f"{number}. an Messstellen mit einem Verbrauch von über {low} 000 bis {low * 2} 000 Kilowattstunden für die "
    f"sonstigen Beteiligten, die davon wissen und sich dazu in Textform erklärt haben, {number}0 Euro brutto "
    "verlangt werden,\n\n"
    for number, low in enumerate((5, 10, 20, 40, 80), 1)
)


@pytest.mark.parametrize(
    ("text", "question", "said", "unsaid"),
    [
        (TABLE, "Welcher Satz gilt für eine Gemeinde mit 300.000 Einwohnern?", "3,10 Cent", "1,10 Cent"),
        (TABLE, "Welcher Satz gilt nach § 2 KAV für eine Gemeinde mit 300.000 Einwohnern?", "3,10 Cent", "1,10 Cent"),
        (LIST, "Was wird für die Ausstattung bei 15.000 kWh verlangt?", "20 Euro", "10 Euro"),
    ],
)
def test_an_answer_gives_what_holds_for_the_quantity(text: str, question: str, said: str, unsaid: str) -> None:
    passage = Passage("c1", text, title="Gesetz", law="KAV", section="§ 2", score=1.0)
    sentences = Extractor(read_question(question), [passage], WordMatcher(question)).extract().sentences
    whole = " ".join(sentence.text for sentence in sentences)
    assert said in whole
    assert unsaid not in whole
