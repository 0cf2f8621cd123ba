"""What questions are read as: those about series to plans, questions of law to nothing."""

from __future__ import annotations

import json
import random
from datetime import datetime
from pathlib import Path

import pytest

from luna_rules.series_answers.compose import impossible
from luna_rules.series_answers.plan import MeterName, Plan
from luna_rules.series_answers.question import follow_up, read_question
from luna_rules.series_answers.spans import BERLIN
from luna_rules.series_answers.timewords import read_times
from tests.places import ROOT

NOW = datetime(2026, 11, 21, 12, 7, tzinfo=BERLIN)
METERS = (MeterName("haus-1"), MeterName("haus-2"), MeterName("DEMO-7", "Haus Nord"))
LISTED = [json.loads(line) for line in (Path(__file__).parent / "questions.jsonl").read_text("utf-8").splitlines()]
GOLD = sorted((ROOT / "data" / "gold").glob("*.jsonl"))
REALLY_SERIES = {"Wie hoch ist der Strompreis an der Börse heute um 14 Uhr?", "Börsenstrompreis morgen"}
"""Of the gold questions some that no law answers."""


def told(plan: Plan | None) -> str:
    """`price max 1d`."""
    if plan is None:
        return "none"
    parts = [plan.quantity, plan.measure, *([plan.per] if plan.per != "interval" else [])]
    return " ".join([*parts, *(["compare"] if plan.compare else []), *(["now"] if plan.now else [])])


@pytest.mark.parametrize("listed", LISTED, ids=[one["q"] for one in LISTED])
def test_a_question_about_series_is_read(listed: dict[str, str]) -> None:
    plan = read_question(listed["q"], NOW, METERS)
    assert told(plan) == listed["is"]
    if listed.get("span"):
        assert plan is not None
        assert plan.spans[0].label == listed["span"]


def test_no_question_of_law_is_taken_for_one_about_series() -> None:
    """Those that no law answers may be about series: the price of the exchange at this moment."""
    listed = [json.loads(line) for path in GOLD for line in path.read_text("utf-8").splitlines()]
    assert len(listed) > 800
    taken = [one for one in listed if read_question(one["question"], NOW, METERS)]
    assert {one["question"] for one in taken} >= REALLY_SERIES
    assert [one["question"] for one in taken if one.get("gold") or one.get("law")] == []
    assert all("börse" in one["question"].lower() for one in taken)


@pytest.mark.parametrize(
    "question",
    [
        "Wie hoch ist die Stromsteuer 2025?",
        "Wie hoch darf der Preis in der Grundversorgung sein?",
        "Wann darf mein Zähler gesperrt werden?",
        "Was passiert bei negativen Preisen mit der EEG-Vergütung?",
        "Wie lange bekomme ich bei negativen Preisen keine Vergütung?",
        "Welche Spannung ist erlaubt?",
        "Wie hoch ist die Einspeisevergütung im Jahr 2024?",
        "Ab welchem Verbrauch bekomme ich einen Smart Meter?",
        "Wie oft muss mein Zähler abgelesen werden?",
        "Was ist ein Ersatzwert?",
        "Muss mein Lieferant mir einen dynamischen Tarif anbieten?",
        "Wer zahlt die Kosten für den Zähler?",
        "Wie viel kostet ein Smart Meter im Jahr?",
        "Was kostet die Ersatzversorgung?",
        "Was ist der Unterschied zwischen Arbeitspreis und Grundpreis?",
        "Wie hoch war der Gaspreis im Januar 2024?",
        "Welche Rechte habe ich bei einer Preiserhöhung zum 1. Januar 2025?",
        "Kostet das Netz mehr, wenn mein Strom von weit her kommt?",
        "Danke, das war hilfreich",
        "Wie viele Stunden hatte der 29. Oktober 2023?",
        "Wie hoch war der Stromverbrauch Deutschlands im Jahr 2021?",
        "Wie viel Strom hat Bayern 2023 verbraucht?",
        "Wie hoch war die PV-Erzeugung bundesweit gestern?",
        "Wie viel Windstrom wurde 2023 in Niedersachsen erzeugt?",
    ],
)
def test_other_questions_are_left_alone(question: str) -> None:
    assert read_question(question, NOW, METERS) is None


@pytest.mark.parametrize(
    "question",
    [
        "Wie hoch war mein Stromverbrauch in Deutschland im Jahr 2021?",
        "Wie hoch war der Verbrauch von Haus Nord in Bayern gestern?",
        "Wie hoch war der Börsenpreis in Deutschland gestern?",
    ],
)
def test_a_region_beside_ones_own_meter_or_a_price_hinders_nothing(question: str) -> None:
    assert read_question(question, NOW, METERS) is not None


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("gestern", "am 20. November 2026"),
        ("vorgestern", "am 19. November 2026"),
        ("übermorgen", "am 23. November 2026"),
        ("letzte Woche", "in der Woche vom 9. bis 15. November 2026"),
        ("vorletzte Woche", "in der Woche vom 2. bis 8. November 2026"),
        ("in KW 12", "in Kalenderwoche 12 (16. bis 22. März 2026)"),
        ("in der 1. KW 2025", "in Kalenderwoche 1 (30. Dezember 2024 bis 5. Januar 2025)"),
        ("im dritten Quartal", "im 3. Quartal 2026"),
        ("im vierten Quartal", "im 4. Quartal 2026"),
        ("im Dezember", "im Dezember 2025"),
        ("zwischen Weihnachten und Neujahr", "zwischen Weihnachten und Neujahr (27. bis 31. Dezember 2025)"),
        ("zwischen den Jahren 2022", "zwischen Weihnachten und Neujahr (27. bis 31. Dezember 2022)"),
        ("in den letzten 24 Stunden", "in den letzten 24 Stunden"),
        ("morgen früh", "am 22. November 2026 von 6 bis 9 Uhr"),
        ("heute Abend", "am 21. November 2026 von 17 bis 22 Uhr"),
        ("gestern Mittag", "am 20. November 2026 von 11 bis 14 Uhr"),
        ("vor einem Jahr im Mai", "im Mai 2025"),
        ("im Mai vor zwei Jahren", "im Mai 2024"),
        ("am ersten Weihnachtstag 2023", "am 25. Dezember 2023"),
        ("bei der Zeitumstellung im Oktober 2023", "am 29. Oktober 2023"),
        ("bei der Zeitumstellung im Frühjahr 2024", "am 31. März 2024"),
        ("am Tag der Zeitumstellung", "am 25. Oktober 2026"),
        ("vom 28. Dezember bis 3. Januar 2024", "vom 28. Dezember 2023 bis 3. Januar 2024"),
        ("seit Mai", "vom 1. Mai bis 21. November 2026"),
        ("in den letzten drei Monaten", "vom 1. August bis 31. Oktober 2026"),
        ("am 3.10.25", "am 3. Oktober 2025"),
        ("im Winter 2022/23", "im Winter 2022/23 (Dezember bis Februar)"),
    ],
)
def test_time_words_are_read(words: str, label: str) -> None:
    assert [span.label for span in read_times(f"Wie hoch war der Preis {words}?", NOW).spans] == [label]


def test_the_last_hours_end_with_the_last_quarter_hour() -> None:
    span = read_times("in den letzten 24 Stunden", NOW).spans[0]
    assert span.end == datetime(2026, 11, 21, 12, 0, tzinfo=BERLIN)
    assert (span.end - span.start).total_seconds() == 86_400


def test_days_have_the_hours_that_the_clock_gives_them() -> None:
    lengths = {
        day: (span.end - span.start).total_seconds() / 900
        for day in ("30.3.2025", "29.3.2026", "26.10.2025", "25.10.2026", "27.10.2025")
        for span in read_times(day, NOW).spans
    }
    assert lengths == {"30.3.2025": 92, "29.3.2026": 92, "26.10.2025": 100, "25.10.2026": 100, "27.10.2025": 96}
    year = read_times("2025", NOW).spans[0]
    assert (year.end - year.start).total_seconds() / 900 == 35_040


def test_of_the_hour_that_comes_twice_both_are_meant_and_one_left_out_is_named() -> None:
    twice = read_times("am 26. Oktober 2025 zwischen 2 und 3 Uhr", NOW).spans[0]
    assert (twice.end - twice.start).total_seconds() == 7_200
    missing = read_times("am 30. März 2025 um 2 Uhr", NOW)
    assert missing.spans == ()
    assert missing.impossible == "2 bis 3 Uhr am 30. März 2025"


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Wie hoch war mein Verbrauch am 31.12.9999?", "31.12.9999"),
        ("Wie hoch war mein Verbrauch am 30. Februar?", "30. Februar"),
        ("Wie hoch war mein Verbrauch in KW 53 und KW 2 2025?", "KW 53 und KW 2 2025"),
        ("Wie hoch war mein Verbrauch vom 29. Februar bis 3. März 2025?", "29. Februar bis 3. März 2025"),
    ],
)
def test_a_date_that_does_not_exist_is_named(question: str, named: str) -> None:
    plan = read_question(question, NOW, METERS)
    assert plan is not None
    assert not plan.spans
    assert f"„{named}“ kennt mein Kalender nicht" in impossible(plan).statements[0].text


def test_no_words_of_time_break_the_reading() -> None:
    """Pieces in any order, among them years and weeks at the end of what a calendar knows."""
    pieces = [
        "Verbrauch", "Preis", "am", "vom", "bis", "und", "seit", "zwischen", "davor",
        "KW 53", "KW 0", "99. Woche", "31.12.9999", "1.1.0001", "im Dezember", "Q4", "letzte", "vor",
        "99999 Tagen", "3000 Jahren", "um 24 Uhr", "von 22 bis 6 Uhr", "gestern", "des Jahres", "Ostern",
        "2. Halbjahr 9999", "an Wochenenden",
        "in den letzten 99999 Stunden", "am gleichen Tag im Vorjahr", "im Jahr 1", "30. Februar", "je Monat", "2025",
    ]  # fmt: skip
    chosen = random.Random(7)  # noqa: S311 - a fixed sequence
    read = 0
    for _ in range(600):
        question = " ".join(chosen.choices(pieces, k=chosen.randrange(2, 9)))
        read += read_question(question, NOW, METERS) is not None
        follow_up(question, ["Wie hoch war mein Verbrauch gestern?"], NOW, METERS)
    assert read > 20


@pytest.mark.parametrize(
    "question",
    [
        "Wie viel hat haus-1 letzte Woche verbraucht?",
        "Wie viel hat haus-1 am 27. Oktober verbraucht?",
        "Wie viel hat haus-1 in den letzten 7 Tagen verbraucht?",
    ],
)
def test_digits_in_the_name_of_a_meter_count_nothing(question: str) -> None:
    named, bare = read_question(question, NOW, METERS), read_question(question.replace("haus-1", "mein Haus"), NOW)
    assert named is not None
    assert bare is not None
    assert named.meters == ("haus-1",)
    assert named.spans == bare.spans


@pytest.mark.parametrize(
    ("previous", "question", "label"),
    [
        (["Wie viele Stunden waren die Preise 2024 negativ?"], "Und im Jahr davor?", "im Jahr 2023"),
        (["Wie viele Stunden waren die Preise 2024 negativ?", "Und 2021?"], "Und im Jahr davor?", "im Jahr 2020"),
        (["Wie hoch war der Börsenpreis im März 2024?"], "Und im April?", "im April 2024"),
        (["Wie hoch war der Börsenpreis am 12. Dezember 2024?"], "Und am Tag davor?", "am 11. Dezember 2024"),
        (
            ["Wie hoch war mein Verbrauch in KW 12 2025?"],
            "Und in der Woche danach?",
            "in der Woche vom 24. bis 30. März 2025",
        ),
        (["Wie hoch war mein Verbrauch gestern?"], "Und vorgestern?", "am 19. November 2026"),
        (["Wie hoch war mein Verbrauch im Mai 2025?"], "Und im Vorjahr?", "im Mai 2024"),
    ],
)
def test_a_follow_up_goes_on_from_what_was_asked(previous: list[str], question: str, label: str) -> None:
    plan = follow_up(question, previous, NOW, METERS)
    assert plan is not None
    assert [span.label for span in plan.spans] == [label]
    first = read_question(previous[0], NOW, METERS)
    assert first is not None
    assert (plan.quantity, plan.measure) == (first.quantity, first.measure)


@pytest.mark.parametrize(
    "question", ["Und gilt das auch für Gas?", "Und die Frist?", "Danke", "Und was sagt § 40 dazu?"]
)
def test_what_does_not_go_on_is_no_follow_up(question: str) -> None:
    assert follow_up(question, ["Wie viele Stunden waren die Preise 2024 negativ?"], NOW, METERS) is None
    assert follow_up("Und im Mai?", ["Wie lange gilt die Ersatzversorgung?"], NOW, METERS) is None
