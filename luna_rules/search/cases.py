"""Which Absatz of a section holds for a quantity in the question: „10-kW-Anlage“ → the one for up to 30 kW.

Sections often tell cases apart by a threshold alone, so that the words of a question fit each of them alike. Which
Absatz is for which range is data (`data/search/cases.tsv`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from luna_rules.quantities.ranges import Range, counted, measures, ranges
from luna_rules.search import words

_KINDS = frozenset(("power", "energy", "area", *map(counted, ("Einwohner", "Beschäftigte", "Stellplätze", "Kunden"))))
_FORM = re.compile(r"(?:(?:über|ab) \d[\d.,]* ?)?(?:(?:bis|unter) \d[\d.,]* ?)?[^\W\d]+2?")


@dataclass(frozen=True, slots=True)
class Named:
    """A quantity that a question names: its kind (`power`, the stem of what is counted), value in the kind's base
    unit, and as written."""

    kind: str
    value: Decimal
    written: str


@dataclass(frozen=True, slots=True)
class Case:
    """The quantities of a kind that an Absatz holds for."""

    kind: str
    range: Range

    def holds(self, value: Decimal) -> bool:
        """Whether the Absatz is for a quantity of its kind."""
        return self.range.holds(value)


def quantities_named(text: str, *, english: bool = False) -> tuple[Named, ...]:
    """The quantities that may tell a case, in the order in which a cleaned text names them."""
    found = measures(text, english=english)
    return tuple(Named(one.kind, one.value, text[at.start : one.end]) for one, at in found if one.kind in _KINDS)


def read_case(text: str) -> Case:
    """Reads „über 30 bis 100 kW“, „bis 30 kW“, „ab 25 kW“ or „unter 2 MW“. Raises `ValueError` for anything else."""
    written = words.clean(text).strip()
    kinds = {one.kind for one in quantities_named(written)}
    found = [Case(kind, own) for kind in kinds for own in ranges(written, kind)]
    if len(found) != 1 or _FORM.fullmatch(written) is None:
        raise ValueError(f"expected a range such as „über 30 bis 100 kW“, found {text!r}")
    return found[0]
