"""Ranges of quantities: „über 6.000 bis 10.000 kWh“, „bis 25.000 Einwohner“. Reads text as `reading.py` does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from luna_rules.quantities.reading import Quantity, quantities
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
_SAME = {
    **dict.fromkeys(("inhabitants", "inhabitant", "people", "residents", "einwohnerinnen", "einwohnende"), "einwohner"),
    **dict.fromkeys(
        ("mitarbeiter", "mitarbeitern", "mitarbeitende", "mitarbeitenden", "mitarbeiterinnen", "angestellte",
         "angestellten", "beschäftigten", "employees", "workers", "staff"), "beschäftigte",
    ),
    **dict.fromkeys(("parkplätze", "parkplätzen", "stellplätzen", "parking"), "stellplätze"),
    "customers": "kunden",
}  # fmt: skip
_ORDINARY = "uhr absatz satz nummer buchstabe artikel anlage"
_NO_NOUN = frozenset(map(words.stem, _ORDINARY.split()))
"""Behind these a number counts nothing."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a quantity measures. `kind` is its dimension, or the stem of what is counted; `value` in its base unit.

    `end` is where its unit or what is counted ends in the text.
    """

    value: Decimal
    kind: str
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Range:
    """The values between two bounds, None where open; whether each bound belongs to it."""

    low: Decimal | None
    high: Decimal | None
    from_low: bool = False
    to_high: bool = True

    def holds(self, value: Decimal) -> bool:
        """Whether a value lies in the range."""
        above = self.low is None or value > self.low or (self.from_low and value == self.low)
        return above and (self.high is None or value < self.high or (self.to_high and value == self.high))


def counted(noun: str) -> str:
    """The kind of what is counted by a noun, the same for words that mean the same."""
    spelled = words.spelling(noun)
    return words.stem(_SAME.get(spelled, spelled))


def measures(text: str, *, english: bool = False) -> Iterator[tuple[Measure, Quantity]]:
    """The quantities of a text that have a unit or count something, in their order."""
    for quantity in quantities(text, english=english):
        if quantity.dimension:
            yield Measure(quantity.value, quantity.dimension, quantity.end), quantity
        elif noun := _NOUN.match(text, quantity.end):
            kind = counted(noun["noun"])
            if kind not in _NO_NOUN:
                yield Measure(quantity.value, kind, noun.end()), quantity


def ranges(text: str, kind: str) -> Iterator[Range]:
    """The ranges of a kind that a text names: „über 6 000 bis 10 000 Kilowattstunden“, „bis 25.000 Einwohner“."""
    every = list(quantities(text))
    own = {quantity.start: case for case, quantity in measures(text) if case.kind == kind}
    joined: set[int] = set()
    for low, high in pairwise(every):
        to = _TO.search(text, low.end, high.start)
        between = text[low.end : high.start]
        alike = low.start in own or not low.dimension
        if to and high.start in own and alike and len(between) - len(to.group()) <= _NOUN_LENGTH:
            scale = own[high.start].value / high.number if high.number else Decimal(1)
            value = own[low.start].value if low.start in own else low.number * scale
            above = _ABOVE.search(text, max(0, low.start - 24), low.start)
            yield Range(value, own[high.start].value, not (above and above["without"]), to["without"] is None)
            joined.update((low.start, high.start))
    for start, case in own.items():
        if start in joined:
            continue
        if below := _BELOW.search(text, max(0, start - 24), start):
            yield Range(None, case.value, to_high=below["without"] is None)
        elif above := _ABOVE.search(text, max(0, start - 24), start):
            yield Range(case.value, None, from_low=above["without"] is None)
