"""Quantities as they are written in German, in the base unit of their dimension."""

from __future__ import annotations

from decimal import Decimal

import pytest

from luna_rules.quantities.reading import quantities


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("10.000 kWh", 10_000_000, "energy"),
        ("10 MWh", 10_000_000, "energy"),
        ("zehn Megawattstunden", 10_000_000, "energy"),
        ("1,5 Mio. kWh", 1_500_000_000, "energy"),
        ("2,5 MW", 2_500_000, "power"),
        ("30 kWp", 30_000, "power"),
        ("0,5 Prozent", "0.5", "percent"),
        ("50 vom Hundert", 50, "percent"),
        ("1.234,56 Euro", "123456", "money"),
        ("36,2 ct", "36.2", "money"),
        ("20 Cent", 20, "money"),
        ("zwei Jahre", 24, "month"),
        ("zweijährige", 24, "month"),
        ("6 Wochen", 42, "day"),
        ("einer Stunde", 60, "minute"),
        ("15 Minuten", 15, "minute"),
        ("80 m2", 80, "area"),
        ("1,5 Hektar", 15_000, "area"),
        ("1 000 l", 1_000, "volume"),
        ("2 Kubikmeter", 2_000, "volume"),
        ("zehntausend Einwohner", 10_000, ""),
        ("fünfundzwanzig", 25, ""),
    ],
)
def test_values_in_base_units(text: str, value: int | str, dimension: str) -> None:
    (found,) = quantities(text)
    assert (found.value, found.dimension) == (Decimal(value), dimension)
    assert text[found.start : found.end].startswith(found.written)


def test_a_ranges_first_number_has_the_unit_of_its_second() -> None:
    first, second = quantities("von 10 bis 20 Kilowatt")
    assert (first.value, second.value, first.dimension) == (10_000, 20_000, "power")


def test_a_number_of_a_table_is_bare_and_one_of_things_is_not() -> None:
    assert [(one.number, one.bare) for one in quantities("4 | 12 Kunden")] == [(4, True), (12, False)]


def test_an_article_alone_is_no_quantity() -> None:
    assert list(quantities("ein Vertrag mit einer Person")) == []
