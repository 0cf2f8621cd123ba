"""The simulated year against reality, from the prices that were written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import LiteralString

import numpy as np

from luna_rules.series.calendar import day_start
from luna_rules.simulation.prices import QUARTERS, year_of_berlin
from luna_rules.simulation.targets import Comparison, compare
from resources.database import Connection

_HOURS: LiteralString = """
SELECT price_eur_mwh FROM market_hours
WHERE market = %s AND product = %s AND ts >= %s AND ts < %s ORDER BY ts
"""


@dataclass(frozen=True, slots=True)
class YearCheck:
    """How a year compares, as a table in Markdown."""

    passed: bool
    basis: str
    table: str


def year_check(connection: Connection, market: str, seed: int, year: int) -> YearCheck:
    """Compare a calendar year of Berlin; prices not (all) written yet are taken from the model itself."""
    made = year_of_berlin(seed, year)
    span = (day_start(date(year, 1, 1)), day_start(date(year + 1, 1, 1)))
    rows = connection.execute(_HOURS, (market, QUARTERS, *span)).fetchall()
    basis = f"{year}: model ({len(rows)} of {made.price.size} hours are written)"
    if len(rows) == made.price.size:
        made = replace(made, price=np.array([row[0] for row in rows]))
        basis = f"{year}: {len(rows)} written hours of {market} {QUARTERS}"
    found = compare(made)
    return YearCheck(all(one.holds for one in found), basis, as_table(found))


def as_table(found: list[Comparison]) -> str:
    """The figures side by side, in Markdown."""
    lines = ["| figure | DE-LU 2025 | simulated | within 15 % |", "| --- | ---: | ---: | --- |"]
    lines += [
        f"| {one.target.name} | {one.target.value:g} | {one.found:.3g} | {'yes' if one.holds else 'no'} |"
        if abs(one.found) < 10
        else f"| {one.target.name} | {one.target.value:g} | {one.found:.1f} | {'yes' if one.holds else 'no'} |"
        for one in found
    ]
    return "\n".join(lines)
