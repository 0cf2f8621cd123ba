"""Which rows or items of a list hold for the quantity that a question names: „300.000 Einwohner“, „8.000 kWh im Jahr“.

Rows of such lists differ by a range alone, so their words tell nothing: „bis 100.000 Einwohner“ follows upon „bis
25.000 Einwohner“ and means those between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from luna_rules.answers.model import Passage
from luna_rules.answers.scoring import Scored
from luna_rules.answers.tables import shown
from luna_rules.search import words

_NUMBER = r"\d{1,3}(?:[. \u00a0\u202f]\d{3})+(?!\d)|\d+(?:,\d+)?"
_UNIT = r"[^\W\d_]{2,}"
_QUANTITY = re.compile(rf"(?<![\w.,])(?P<number>{_NUMBER})[\s\u00a0]*(?P<unit>{_UNIT})")
_RANGE = re.compile(
    rf"(?:\b(?:von|ab|über|mehr als)\s+(?:über\s+|mehr als\s+)?(?P<low>{_NUMBER})[\s\u00a0]*(?:{_UNIT})?\s+(?:und\s+)?"
    rf"bis(?:\s+zu)?(?:\s+einschließlich)?\s+(?P<high>{_NUMBER})"
    rf"|\b(?:bis(?:\s+zu)?(?:\s+einschließlich)?|höchstens|unter|weniger als)\s+(?P<most>{_NUMBER})"
    rf"|\b(?:über|mehr als|ab)\s+(?P<more>{_NUMBER}))[\s\u00a0]*(?P<unit>{_UNIT})",
    re.I,
)
_FACTORS = {"kwh": 1, "mwh": 1_000, "gwh": 1_000_000, "kw": 1, "mw": 1_000, "gw": 1_000_000}
_KINDS = {"kwh": "kilowattstund", "mwh": "kilowattstund", "gwh": "kilowattstund"} | dict.fromkeys(
    ("kw", "mw", "gw", "kwp"), "kilowatt"
)
_LONG = {"megawattstund": ("kilowattstund", 1_000), "megawatt": ("kilowatt", 1_000)}
_ORDINARY = "euro eur cent ct prozent jahr monat tag woche stunde minute uhr absatz satz nummer"
_NO_CASE = frozenset(map(words.stem, _ORDINARY.split()))
"""What these count is told by an answer, or is a provision's number, rather than the case that is asked about."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity in the unit that is smallest of its kind, told by the unit's stem."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class _Range:
    low: Decimal | None
    high: Decimal | None

    def holds(self, value: Decimal) -> bool:
        return (self.low is None or value > self.low) and (self.high is None or value <= self.high)


def quantities_asked(question: str) -> list[Quantity]:
    """The quantities in a question that may tell a case, in their order."""
    found = ((*_kind(match["unit"]), match["number"]) for match in _QUANTITY.finditer(question))
    return [Quantity(_value(number) * factor, kind) for kind, factor, number in found if kind not in _NO_CASE]


def rows_in_range(question: str, passages: Sequence[Passage], ranked: Sequence[Scored]) -> list[Scored]:
    """Statements without the rows of tables that hold for another quantity than the question's, in their order."""
    tables: dict[tuple[int, tuple[int, int]], list[Scored]] = {}
    for scored in ranked:
        if scored.statement.table:
            tables.setdefault((scored.statement.passage, scored.statement.spans[0]), []).append(scored)
    others: set[int] = set()
    for rows in tables.values():
        rows.sort(key=lambda scored: scored.statement.spans[-1])
        texts = [shown(passages[one.statement.passage].text[slice(*one.statement.spans[-1])]) for one in rows]
        others.update(id(row) for row, held in zip(rows, in_range(question, texts), strict=True) if not held)
    return [scored for scored in ranked if id(scored) not in others]


def in_range(question: str, texts: Sequence[str]) -> list[bool]:
    """Which of a list's rows or items, in their order, hold for the first quantity of a question that they name.

    All of them where there is none, or none of them holds. What names no such quantity holds for all.
    """
    units = {asked.unit: asked for asked in reversed(quantities_asked(question))}
    named = (unit for unit in reversed(units) if any(any(_ranges(text, unit)) for text in texts))
    asked = units.get(next(named, ""))
    if asked is None:
        return [True] * len(texts)
    found: list[bool | None] = []
    before: Decimal | None = None
    for text in texts:
        ranges = list(_ranges(text, asked.unit))
        if not ranges:
            found.append(None)
            continue
        one = ranges[0]
        if len(ranges) == 1 and one.low is None and one.high is not None and before is not None and before < one.high:
            ranges = [_Range(before, one.high)]
        before = one.high if len(ranges) == 1 else None
        found.append(any(own.holds(asked.value) for own in ranges))
    return [own is not False for own in found] if any(found) else [True] * len(texts)


def _ranges(text: str, unit: str) -> Iterator[_Range]:
    for match in _RANGE.finditer(text):
        kind, factor = _kind(match["unit"])
        if kind != unit:
            continue
        low, high = match["low"] or match["more"], match["high"] or match["most"]
        yield _Range(_value(low) * factor if low else None, _value(high) * factor if high else None)


def _value(written: str) -> Decimal:
    return Decimal(re.sub(r"[. \u00a0\u202f](?=\d{3})", "", written).replace(",", "."))


def _kind(unit: str) -> tuple[str, int]:
    """The unit's stem and how many of it make one of the smallest unit of its kind."""
    short = unit.lower()
    if short in _KINDS:
        return _KINDS[short], _FACTORS.get(short, 1)
    stem = words.stem(words.spelling(unit))
    return _LONG.get(stem, (stem, 1))
