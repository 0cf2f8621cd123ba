"""Quantities in a question, and which Absatz of a section holds for them: „10-kW-Anlage“ → the one for up to 30 kW.

Sections often tell cases apart by a threshold alone, so that the words of a question fit each of them alike. Which
Absatz is for which range is data (`data/search/cases.tsv`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"[1-9]\d{0,2}(?:[.,\s\u00a0]\d{3})+(?![\d.,]*\d)|\d+(?:[.,]\d+)?"
_UNITS = (
    (r"kwh|kilowattstunden?|kilowatt[ -]?hours?", "kWh", 1.0),
    (r"mwh|megawattstunden?|megawatt[ -]?hours?", "kWh", 1e3),
    (r"gwh|gigawattstunden?|gigawatt[ -]?hours?", "kWh", 1e6),
    (r"kwp?|kilowatt(?:[ -]?peak)?s?", "kW", 1.0),
    (r"mwp?|megawatts?", "kW", 1e3),
    (r"gw|gigawatts?", "kW", 1e6),
    (r"wp?|watt(?:[ -]?peak)?s?", "kW", 1e-3),
    (r"einwohner(?:n|innen)?|inhabitants?|residents|people", "Einwohner", 1.0),
    (r"mitarbeiter(?:n|innen)?|beschäftigten?|angestellten?|employees?|workers", "Beschäftigte", 1.0),
    (r"stellplätzen?|parkplätzen?|parking (?:spaces|lots|spots)", "Stellplätze", 1.0),
    (r"quadratmetern?|qm|m²|m2|square met(?:er|re)s?", "m²", 1.0),
    (r"kunden|customers", "Kunden", 1.0),
)
_UNIT = "|".join(f"(?P<u{place}>{pattern})" for place, (pattern, _, _) in enumerate(_UNITS))
_QUANTITY = re.compile(rf"(?<![\w.,§])(?P<number>{_NUMBER})[\s\u00a0-]*(?:{_UNIT})(?![^\W_])", re.I)
_RANGE = re.compile(rf"(?:(?P<from>über|ab)\s+(?P<low>{_NUMBER})\s*)?(?:(?P<to>bis|unter)\s+(?P<high>{_NUMBER})\s*)?")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity in the unit of its kind (kW, kWh, m², …), and as written."""

    value: float
    unit: str
    written: str


@dataclass(frozen=True, slots=True)
class Case:
    """The quantities that an Absatz holds for: from `low` to `high`, None where open. The bounds may belong to it."""

    unit: str
    low: float | None
    high: float | None
    with_low: bool
    with_high: bool

    def holds(self, value: float) -> bool:
        """Whether the Absatz is for a quantity of its unit."""
        above = self.low is None or value > self.low or (self.with_low and value == self.low)
        return above and (self.high is None or value < self.high or (self.with_high and value == self.high))


def quantities(text: str) -> tuple[Quantity, ...]:
    """The quantities of known kinds that a text names, in their order."""
    found: list[Quantity] = []
    for match in _QUANTITY.finditer(text):
        unit, factor = next(
            (unit, factor) for place, (_, unit, factor) in enumerate(_UNITS) if match[f"u{place}"] is not None
        )
        found.append(Quantity(_value(match["number"]) * factor, unit, match[0]))
    return tuple(found)


def read_case(text: str) -> Case:
    """Reads „über 30 bis 100 kW“, „bis 30 kW“, „ab 25 kW“ or „unter 2 MW“. Raises `ValueError` for anything else."""
    written = text.strip()
    match = _RANGE.match(written)
    last = quantities(written[match.start("high" if match["to"] else "low") :]) if match and match[0].strip() else ()
    if match is None or len(last) != 1 or not written.endswith(last[0].written):
        raise ValueError(f"expected a range such as „über 30 bis 100 kW“, found {text!r}")
    own = last[0]
    factor = own.value / _value(match["high"] or match["low"])
    return Case(
        unit=own.unit,
        low=_value(match["low"]) * factor if match["low"] else None,
        high=_value(match["high"]) * factor if match["high"] else None,
        with_low=match["from"] == "ab",
        with_high=match["to"] == "bis",
    )


def _value(written: str) -> float:
    if re.fullmatch(r"[1-9]\d{0,2}(?:[.,\s\u00a0]\d{3})+", written):
        return float(re.sub(r"[.,\s\u00a0]", "", written))
    return float(written.replace(",", "."))
