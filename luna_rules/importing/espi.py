"""Green Button (NAESB ESPI) and what smart meter gateways deliver in its words (AR 2418-6, TRuDI): XML to tables.

A value counts in `10^powerOfTenMultiplier` of its unit: `uom` 72 is Wh, 38 is W. The series is a register where its
OBIS code or `accumulationBehaviour` (3: cumulative) says so, else the amount of each interval.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from luna_rules.importing.entsoe import Node
from luna_rules.importing.grid import Grid, grid_of_rows
from luna_rules.importing.model import Faults, ImportOptions, UnreadableFileError
from luna_rules.importing.numbers import whole_number
from luna_rules.importing.rows import EARLIEST, LATEST

ROOTS: Final = frozenset({"feed", "UsagePoints", "UsagePoint", "IntervalBlock", "MeterReading", "ServiceStatus"})
_NAMES: Final = frozenset({"UsagePoint", "Meter", "ReadingType", "IntervalBlock"})
_UNITS: Final = {"72": "kWh", "38": "kW"}
_VALUE: Final = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")
_EXPONENT: Final = 12
"""ESPI names the powers of ten from -12 (p) to 9 (G)."""
_LONGEST_S: Final = 90_000
_ELECTRICITY: Final = frozenset({"0", "1", "2"})
_HEADS: Final = {
    False: ["Zählpunkt", "OBIS-Kennzahl", "Beginn", "Ende", "Wert", "Einheit"],
    True: ["Zählpunkt", "OBIS-Kennzahl", "Zeitpunkt", "Zählerstand", "Einheit"],
}


@dataclass(frozen=True)
class _Kind:
    """A ReadingType: where the decimal point is, unit, OBIS code, register or amounts."""

    exponent: int
    unit: str
    obis: str
    register: bool


def espi_grids(root: Node, options: ImportOptions, faults: Faults) -> list[Grid]:
    """A table of amounts, of registers, or both. Raises `UnreadableFileError`."""
    kinds = {_kind(node) for node in _walk(root) if node.name == "ReadingType"}
    if not kinds:
        raise UnreadableFileError(
            "foreign", "Das XML enthält keine Messreihe (ReadingType fehlt). Lesbar sind Green Button und ENTSO-E A44."
        )
    rows: dict[bool, list[list[str]]] = {False: [], True: []}
    meter = ""
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    used = True
    for number, node in enumerate(_walk(root), start=1):
        if node.name == "UsagePoint":
            meter = node.find("usagePointId") or ""
        elif node.name == "Meter":
            meter = meter or node.find("meterId") or ""
        elif node.name == "ReadingType":
            following = _kind(node)
            if not used and following != kind:
                raise _ambiguous(kinds)
            kind, used = following, False
        else:
            if kind is None:
                raise _ambiguous(kinds)
            used = True
            rows[kind.register] += _rows(node, kind, meter, number, faults)
    grids = [
        grid_of_rows(list(enumerate([_HEADS[register], *found], start=1)), "sheet", options)
        for register, found in rows.items()
        if found
    ]
    if not grids:
        raise UnreadableFileError("no_values", "Das XML enthält keinen einzigen lesbaren Messwert.")
    return grids


def _ambiguous(kinds: set[_Kind]) -> UnreadableFileError:
    return UnreadableFileError(
        "value_ambiguous",
        f"Das XML enthält {len(kinds)} Messreihen, und welche Werte zu welcher gehören, ergibt sich nicht aus ihrer "
        "Reihenfolge. Bitte jede Reihe einzeln ausgeben lassen.",
        missing=["value"],
    )


def _walk(root: Node) -> Iterator[Node]:
    """The elements that matter, in the order of the document."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.name in _NAMES:
            yield node
        if node.name != "IntervalBlock":
            waiting += reversed(node.children)


def _kind(node: Node) -> _Kind:
    exponent = node.find("powerOfTenMultiplier") or "0"
    uom = node.find("uom") or ""
    commodity = node.find("commodity")
    if uom not in _UNITS or (commodity is not None and commodity not in _ELECTRICITY):
        raise UnreadableFileError(
            "unit_missing",
            f"Die Messreihe zählt in einer anderen Einheit (uom {uom or 'fehlt'}, commodity {commodity or 'fehlt'}); "
            "lesbar sind Strommengen in Wh (uom 72) und Leistungen in W (uom 38).",
        )
    if not re.fullmatch(r"[+-]?[0-9]{1,2}", exponent) or abs(int(exponent)) > _EXPONENT:
        raise UnreadableFileError(
            "broken",
            f"powerOfTenMultiplier „{exponent[:20]}“ ist keine ganze Zahl von -{_EXPONENT} bis {_EXPONENT}; "
            "richtig ist etwa -3.",
        )
    code = re.search(r"(?i)\b([0-9a-f]{12})\b", node.find("qualifiedLogicalName") or "")
    fed = node.find("flowDirection") == "19"
    if code is None:
        register = node.find("accumulationBehaviour") == "3"
        obis = f"1-0:{2 if fed else 1}.8.0" if register else f"1-1:{2 if fed else 1}.29.0"
        return _Kind(int(exponent), _UNITS[uom], obis, register)
    a, b, c, d, e = (int(code[1][place : place + 2], 16) for place in range(0, 10, 2))
    return _Kind(int(exponent), _UNITS[uom], f"{a}-{b}:{c}.{d}.{e}", d == 8)


def _rows(block: Node, kind: _Kind, meter: str, number: int, faults: Faults) -> list[list[str]]:
    rows: list[list[str]] = []
    usual = block.find("interval", "duration") or ""
    for reading in block.all("IntervalReading"):
        start = _moment(reading.find("timePeriod", "start") or reading.find("targetTime") or "")
        written = reading.find("value") or ""
        if not _VALUE.fullmatch(written):
            faults.add(number, "value", written, "Keine Zahl; richtig ist etwa 1250.")
            continue
        value = Decimal(written).scaleb(kind.exponent - 3)
        if start is None:
            faults.add(
                number, "start", reading.find("timePeriod", "start") or "",
                "Keine Zeit; richtig ist etwa 1735689600 (Sekunden seit 1970) oder 2025-01-01T00:00:00Z.",
            )  # fmt: skip
            continue
        head = [meter, kind.obis, f"{start:%Y-%m-%dT%H:%M:%SZ}"]
        if kind.register:
            rows.append([*head, f"{value:f}", kind.unit])
            continue
        length = reading.find("timePeriod", "duration") or usual
        seconds = whole_number(length) or 0
        if not 0 < seconds <= _LONGEST_S:
            faults.add(number, "duration", length, "Keine Länge in Sekunden; richtig ist etwa 900.")
            continue
        rows.append([*head, f"{start + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}", f"{value:f}", kind.unit])
    return rows


def _moment(text: str) -> datetime | None:
    """Seconds since 1970, or an ISO time with its offset; None for any other text and outside of 1990 to 2099."""
    seconds = whole_number(text, 10)
    try:
        if seconds is not None:
            moment = datetime.fromtimestamp(seconds, tz=UTC)
        else:
            moment = datetime.fromisoformat(text)
            moment = None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment is not None and EARLIEST <= moment < LATEST else None
