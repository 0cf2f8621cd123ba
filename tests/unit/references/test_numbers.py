"""Numbers, units and dates in one form, whatever way they are written."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luna_rules.references import find_dates, find_numbers
from luna_rules.references.numbers import number_word, parse_number


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1.234,56 Euro", "1234.56", "EUR"),
        ("20 000 €", "20000", "EUR"),
        ("100\u202f000 Kilowattstunden", "100000", "kWh"),
        ("5 Mio. Euro", "5000000", "EUR"),
        ("2,5 Milliarden Euro", "2500000000", "EUR"),
        ("15 Prozent", "15", "%"),
        ("15 %", "15", "%"),
        ("15%", "15", "%"),
        ("fünf vom Hundert", "5", "%"),
        ("ca. 3,5 ct/kWh", "3.5", "ct/kWh"),
        ("8,19 Cent pro Kilowattstunde", "8.19", "ct/kWh"),
        ("3.5 MW", "3.5", "MW"),
        ("4,2 Kilowatt", "4.2", "kW"),
        ("-5 °C", "-5", "°C"),
        ("drei Monate", "3", "Monat"),
        ("Zwölf Monaten", "12", "Monat"),
        ("vierundzwanzig Stunden", "24", "Stunde"),
        ("innerhalb eines Monats", "1", "Monat"),
        ("dreimonatige Frist", "3", "Monat"),
        ("24-monatigen Laufzeit", "24", "Monat"),
        ("zweihundert Kilometer", "200", "km"),
        ("binnen zwei Wochen", "2", "Woche"),
        ("zehn", "10", None),
        ("2030", "2030", None),
    ],
)
def test_numbers_and_units(text: str, value: str, unit: str | None) -> None:
    (found,) = find_numbers(text)
    assert (found.value, found.unit) == (Decimal(value), unit)


@pytest.mark.parametrize(
    "text",
    [
        "§ 14a Absatz 2 Satz 3",
        "BGBl. I S. 2034",
        "30. Juni 2026",
        "1. Punkt",
        "(2) Text",
        "ein Zähler",
        "Nummer 5a",
        "Hausnummer",
    ],
)
def test_what_is_no_amount(text: str) -> None:
    assert find_numbers(text) == []


def test_numbers_come_in_order_with_their_places() -> None:
    text = "Zwischen 10 und 20 Prozent, höchstens aber drei Jahre ab dem 1. Januar 2025."
    found = find_numbers(text)
    assert [text[mention.start : mention.end] for mention in found] == ["10", "20 Prozent", "drei Jahre"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("am 30. Juni 2026", dt.date(2026, 6, 30)),
        ("am 30.06.2026", dt.date(2026, 6, 30)),
        ("am 1.1.25", dt.date(2025, 1, 1)),
        ("2026-06-30", dt.date(2026, 6, 30)),
        ("3. März 1999", dt.date(1999, 3, 3)),
    ],
)
def test_dates(text: str, value: dt.date) -> None:
    (found,) = find_dates(text)
    assert found.value == value


def test_dates_in_part_and_impossible_ones() -> None:
    (month,) = find_dates("im Juni 2026")
    assert (month.year, month.month, month.day, month.value) == (2026, 6, None, None)
    (day,) = find_dates("zum 1. Januar eines Jahres")
    assert (day.year, day.month, day.day, day.value) == (None, 1, 1, None)
    assert find_dates("31.02.2025 und 30. Februar 2025") == []
    assert find_dates("§ 3 Nr. 1.2.3.4") == []


def test_number_words_up_to_hundreds() -> None:
    assert number_word("einundzwanzig") == 21
    assert number_word("Neunundneunzig") == 99
    assert number_word("hundertfünfzig") == 150
    assert number_word("Vertrag") is None


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_german_digits_are_read_back(value: Decimal) -> None:
    written = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    assert parse_number(written) == value


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(["1", ".", ",", " ", "000", " Mio. ", "%", " Juni ", "2026", "drei", "jährig", "§ ", "-", "\n"])
        | st.text(max_size=5),
        max_size=30,
    ).map("".join)
)
def test_spans_lie_in_the_text(text: str) -> None:
    for mention in [*find_numbers(text), *find_dates(text)]:
        assert 0 <= mention.start < mention.end <= len(text)


@pytest.mark.parametrize("unit", ["1", "1.", "1 ", "100 ", "ein ", "1. Januar ", "1\n", "-", "1-", " ", "jährig"])
def test_odd_input_takes_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    begin = time.process_time()
    find_numbers(text)
    find_dates(text)
    assert time.process_time() - begin < 12
