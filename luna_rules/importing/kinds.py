"""What most cells of a column are: times, numbers, units, ids."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, Literal

from luna_rules.importing import stamps
from luna_rules.importing.grid import Grid
from luna_rules.importing.numbers import is_number, is_placeholder
from luna_rules.importing.preamble import METER_CODE
from luna_rules.importing.vocabulary import exact_unit
from luna_rules.series.ids import is_malo, is_melo
from luna_rules.series.obis import parse_obis

Kind = Literal["range", "stamp", "date", "clock", "epoch", "serial", "number", "unit", "obis", "id", "text", "empty"]

_SAMPLE: Final = 300
_SHARE: Final = 0.75


def sample(grid: Grid, place: int, begin: int) -> list[str]:
    """Filled cells of a column from a row on, spread over its length; not to be changed."""
    known = grid.samples.get((place, begin))
    if known is None:
        cells = grid.column(place).slice(begin).drop_nulls()
        if len(cells) > _SAMPLE:
            cells = cells.gather_every(len(cells) // _SAMPLE)
        known = grid.samples[place, begin] = cells.to_list()[: _SAMPLE * 2]
    return known


def kind_at(grid: Grid, place: int) -> Kind:
    """The kind of a column whose rows are not known yet: judged behind a possible preamble."""
    height = grid.frame.height
    begin = min(20, height // 2)
    cells = sample(grid, place, begin)
    if not cells:
        cells = sample(grid, place, 0)[1:]
    return kind_of(cells)


def kind_of(cells: Sequence[str]) -> Kind:
    """What most of the cells are."""
    filled = [cell for cell in cells if not is_placeholder(cell)]
    if not filled:
        return "empty"
    needed = _SHARE * len(filled)

    def mostly(test: Callable[[str], bool]) -> bool:
        return sum(test(cell) for cell in filled) >= needed

    if mostly(stamps.is_range):
        return "range"
    if mostly(is_number):
        if mostly(lambda cell: len(cell) in {8, 12, 14} and cell.isdigit() and stamps.is_stamp(cell)) and (
            len(set(filled)) > 1
        ):
            return "stamp" if len(filled[0]) > 8 else "date"
        whole = [cell for cell in filled if re.fullmatch(r"\d{10}(\d{3}|\d{6}|\d{9})?(\.\d+)?", cell)]
        if len(whole) >= needed and all(3e8 < float(cell) < 5e18 for cell in whole) and _ascends(whole):
            return "epoch"
        if mostly(is_malo):
            return "id"
        return "number"
    if mostly(stamps.is_stamp):
        return "date" if mostly(stamps.is_date_only) else "stamp"
    if mostly(stamps.is_time_only):
        return "clock"
    if mostly(lambda cell: exact_unit(cell) is not None):
        return "unit"
    if mostly(lambda cell: parse_obis(cell) is not None):
        return "obis"
    if mostly(lambda cell: is_melo(cell) or METER_CODE.fullmatch(cell) is not None):
        return "id"
    return "text"


def _ascends(cells: list[str]) -> bool:
    numbers = [float(cell) for cell in cells]
    pairs = list(pairwise(numbers))
    up = sum(b > a for a, b in pairs)
    return len(pairs) > 0 and (up >= 0.9 * len(pairs) or up <= 0.1 * len(pairs)) and len(set(numbers)) > 1


def is_serial(grid: Grid, place: int) -> bool:
    """Whether a column of numbers holds the serial days of a spreadsheet."""
    cells = sample(grid, place, min(20, grid.frame.height // 2))
    numbers = [float(cell.replace(",", ".")) for cell in cells if re.fullmatch(r"\d{5}([.,]\d+)?", cell)]
    return (
        len(numbers) >= 0.75 * max(len(cells), 1)
        and all(30_000 < n < 60_000 for n in numbers)
        and _ascends([str(n) for n in numbers])
    )
