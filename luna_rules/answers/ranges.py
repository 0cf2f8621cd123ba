"""Which rows or items of a list hold for the quantity that a question names: „300.000 Einwohner“, „8.000 kWh im Jahr“.

Rows of such lists differ by a range alone, so their words tell nothing: „bis 100.000 Einwohner“ follows upon „bis
25.000 Einwohner“ and means those between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from luna_rules.answers.claims import normalise
from luna_rules.answers.model import Passage
from luna_rules.answers.quantities import Quantity, quantities
from luna_rules.answers.scoring import Scored
from luna_rules.answers.tables import shown
from luna_rules.search import words

_NOUN = re.compile(r"[ -]?(?:[a-zäöüß]{3,}e[nrms]? )?(?P<noun>(?!(?:bis|und|oder|sowie|bzw)\b)[^\W\d_]{2,})")
"""What is counted where no unit stands by a number: „300.000 Einwohner“, „10 neue Stellplätze“."""
_BELOW = re.compile(
    r"(?:(?P<without>(?:\bunter|\bweniger als|\bkleiner als|<))"
    r"|\bbis(?: zu)?|\bhöchstens|\bmaximal|\bnicht (?:mehr|höher|größer) als|≤|<=)(?: einschließlich)? ?$",
    re.I,
)
_ABOVE = re.compile(
    r"(?:(?P<without>(?<!nicht )(?:\büber|\bmehr als|\bgrößer als|\boberhalb von|>))"
    r"|\bab|\bmindestens|\bvon|\bnicht weniger als|≥|>=) ?$",
    re.I,
)
_TO = re.compile(r" (?:und )?bis(?: zu)?(?: (?:einschließlich|(?P<without>unter)))? $", re.I)
_NOUN_LENGTH = 40
_NO_CASE = frozenset(("money", "percent", "percentpoint", "month", "day", "workday", "minute", "second"))
_ORDINARY = "uhr absatz satz nummer buchstabe artikel anlage"
_NO_NOUN = frozenset(map(words.stem, _ORDINARY.split()))
"""What these count is told by an answer, or is a provision's number, rather than the case that is asked about."""


@dataclass(frozen=True, slots=True)
class Case:
    """A quantity that may tell a case. `kind` is its dimension, or the stem of what is counted; `value` in its base
    unit."""

    value: Decimal
    kind: str


@dataclass(frozen=True, slots=True)
class _Range:
    low: Decimal | None
    high: Decimal | None
    from_low: bool = False
    to_high: bool = True

    def holds(self, value: Decimal) -> bool:
        above = self.low is None or value > self.low or (self.from_low and value == self.low)
        return above and (self.high is None or value < self.high or (self.to_high and value == self.high))


def cases_asked(question: str) -> list[Case]:
    """The quantities in a question that may tell a case, in their order."""
    return [case for case, _ in _cases(normalise(question)) if case.kind not in _NO_CASE]


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
    units = {asked.kind: asked for asked in reversed(cases_asked(question))}
    named = (unit for unit in reversed(units) if any(any(_ranges(text, unit)) for text in texts))
    asked = units.get(next(named, ""))
    if asked is None:
        return [True] * len(texts)
    found: list[bool | None] = []
    before: Decimal | None = None
    for text in texts:
        ranges = list(_ranges(text, asked.kind))
        if not ranges:
            found.append(None)
            continue
        one = ranges[0]
        if len(ranges) == 1 and one.low is None and one.high is not None and before is not None and before < one.high:
            ranges = [_Range(before, one.high, to_high=one.to_high)]
        before = one.high if len(ranges) == 1 else None
        found.append(any(own.holds(asked.value) for own in ranges))
    return [own is not False for own in found] if any(found) else [True] * len(texts)


def _cases(text: str) -> Iterator[tuple[Case, Quantity]]:
    for quantity in quantities(text):
        if quantity.dimension:
            yield Case(quantity.value, quantity.dimension), quantity
        elif noun := _NOUN.match(text, quantity.end):
            kind = words.stem(words.spelling(noun["noun"]))
            if kind not in _NO_NOUN:
                yield Case(quantity.value, kind), quantity


def _ranges(text: str, kind: str) -> Iterator[_Range]:
    """The ranges of a kind that a text names: „über 6 000 bis 10 000 Kilowattstunden“, „bis 25.000 Einwohner“."""
    text = normalise(text)
    every = list(quantities(text))
    own = {quantity.start: case for case, quantity in _cases(text) if case.kind == kind}
    joined: set[int] = set()
    for low, high in pairwise(every):
        to = _TO.search(text, low.end, high.start)
        between = text[low.end : high.start]
        alike = low.start in own or not low.dimension
        if to and high.start in own and alike and len(between) - len(to.group()) <= _NOUN_LENGTH:
            scale = own[high.start].value / high.number if high.number else Decimal(1)
            value = own[low.start].value if low.start in own else low.number * scale
            above = _ABOVE.search(text, max(0, low.start - 24), low.start)
            yield _Range(value, own[high.start].value, not (above and above["without"]), to["without"] is None)
            joined.update((low.start, high.start))
    for start, case in own.items():
        if start in joined:
            continue
        if below := _BELOW.search(text, max(0, start - 24), start):
            yield _Range(None, case.value, to_high=below["without"] is None)
        elif above := _ABOVE.search(text, max(0, start - 24), start):
            yield _Range(case.value, None, from_low=above["without"] is None)
