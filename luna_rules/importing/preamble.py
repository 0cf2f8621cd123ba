"""What the lines above a table say: meter, direction, unit, OBIS code, a stated sum."""

from __future__ import annotations

import re
from typing import Final

from luna_rules.importing import stamps
from luna_rules.importing.vocabulary import find_direction, is_device_label, is_meter_label, one_unit
from luna_rules.series.ids import is_malo
from luna_rules.series.obis import Direction, find_obis

METER_CODE: Final = re.compile(r"\b[A-Z]{2}[0-9][0-9A-ZX]{17,40}\b")
"""A location as it is written in headers: also shortened and made unreadable ones."""


def meter_number(text: str) -> str | None:
    """A MaLo-ID within a header."""
    return next((found for found in re.findall(r"(?<!\d)\d{11}(?!\d)", text) if is_malo(found)), None)


def preamble_meter(preamble: list[list[str]]) -> str | None:
    """The id of the meter: a location's code anywhere, or what stands beside or below its label."""
    for row in preamble:
        for cell in row:
            code = METER_CODE.search(cell)
            if code and not find_obis(cell):
                return code[0]
            number = meter_number(cell)
            if number:
                return number
    for test in (is_meter_label, is_device_label):
        for number, row in enumerate(preamble):
            for place, cell in enumerate(row):
                if not test(cell):
                    continue
                named = re.fullmatch(r"[^:]{2,40}:\s*([\w-]{3,60})", cell)
                if named:
                    return named[1]
                beside = row[place + 1] if place + 1 < len(row) else ""
                below = (
                    preamble[number + 1][place]
                    if number + 1 < len(preamble) and place < len(preamble[number + 1])
                    else ""
                )
                for candidate in (beside, below):
                    if (
                        re.fullmatch(r"[0-9A-Za-z][\w\-./]{2,60}", candidate)
                        and not (test(candidate) or stamps.is_stamp(candidate))
                        and (any(c.isdigit() for c in candidate) or candidate.isupper())
                    ):
                        return candidate
    return None


def preamble_direction(preamble: list[list[str]]) -> Direction | None:
    """Taken or fed in, where all cells that say so agree."""
    found: set[Direction] = set()
    for row in preamble:
        for cell in row:
            direction = find_direction(cell, find_obis(cell)) if cell else None
            if direction is not None:
                found.add(direction)
    return found.pop() if len(found) == 1 else None


def preamble_unit(preamble: list[list[str]]) -> str | None:
    """The unit named above the table, where only one is."""
    return one_unit(preamble)


def preamble_obis(preamble: list[list[str]]) -> str | None:
    """The first OBIS code above the table."""
    return next((obis.text for row in preamble for cell in row if cell and (obis := find_obis(cell))), None)


def stated_sum(header: list[str]) -> float | None:
    """A sum in kWh that a header states in brackets."""
    for text in header:
        found = re.search(r"\(\s*(\d[\d.]*(?:,\d+)?|\d+\.\d+)\s*kWh\s*\)", text)
        if found:
            number = found[1]
            number = number.replace(".", "").replace(",", ".") if "," in number else number
            return float(number)
    return None
