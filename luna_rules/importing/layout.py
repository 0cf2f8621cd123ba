"""What the columns of an unknown table are: found from their content first, from header words second.

A table is cut into a preamble, a header and rows; the columns into blocks, each with its own time; each block into
time, ids, status, unit and values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import polars as pl

from luna_rules.importing import stamps
from luna_rules.importing.directions import words_column
from luna_rules.importing.grid import Grid
from luna_rules.importing.kinds import Kind, is_serial, kind_at, kind_of, sample
from luna_rules.importing.model import Mapping, UnreadableFileError
from luna_rules.importing.numbers import is_number
from luna_rules.importing.preamble import (
    METER_CODE,
    meter_number,
    preamble_direction,
    preamble_meter,
    preamble_obis,
    preamble_unit,
    stated_sum,
)
from luna_rules.importing.signature import header_signature
from luna_rules.importing.vocabulary import (
    Hint,
    exact_unit,
    find_direction,
    hint,
    one_unit,
)
from luna_rules.series.obis import Direction, find_obis

ROLES: Final = frozenset(
    {
        "ts", "start", "end", "date", "time", "meter_id", "obis", "consumption", "production", "register", "voltage",
        "quality", "unit", "interval_s", "ignore", "market", "product", "price_eur_mwh", "volume",
    }
)  # fmt: skip


@dataclass(frozen=True)
class TimeColumns:
    """Where a time is written: one column, or a date and a clock."""

    kind: Literal["stamp", "epoch", "serial", "pair", "date", "range"]
    column: int
    clock: int | None = None


@dataclass(frozen=True)
class ValueColumn:
    """A column of values and what is known about it."""

    column: int
    header: str
    hint: Hint
    meter: str | None
    unit: str | None
    direction: Direction | None
    status: int | None
    role: str | None = None
    """The role that a mapping gave it."""


@dataclass
class Block:
    """Columns that share one time."""

    start: TimeColumns | None = None
    end: TimeColumns | None = None
    single: TimeColumns | None = None
    single_hint: Literal["start", "end", "read_at", "date", "time"] | None = None
    meter: int | None = None
    other_meters: list[int] = field(default_factory=list[int])
    device: int | None = None
    obis: int | None = None
    words: int | None = None
    """A column of words that name the direction of each row."""
    unit: int | None = None
    interval: int | None = None
    values: list[ValueColumn] = field(default_factory=list[ValueColumn])


@dataclass
class Layout:
    """A recognised table."""

    grid: Grid
    first: int
    """The first row of values."""
    header: list[str]
    blocks: list[Block]
    preamble_meter: str | None
    preamble_direction: Direction | None
    preamble_unit: str | None
    preamble_obis: str | None
    stated_sum_kwh: float | None
    signature: str
    zone_words: list[str] = field(default_factory=list[str])
    """Cells above the table that may name a zone, with what stands beside them."""


def recognise(grid: Grid, mapping: Mapping | None) -> Layout:
    """Find the layout of a table. Raises `UnreadableFileError` where there is no table of times and values."""
    if grid.frame.height == 0:
        raise UnreadableFileError("empty", "Die Datei enthält keine Zeilen.")
    kinds: list[Kind] = [kind_at(grid, place) for place in range(grid.width)]
    first = _first_row(grid, kinds)
    if first is None:
        _refuse_without_times(grid)
        raise AssertionError
    header, used = _header(grid, first)
    hints = _hints(header)
    kinds = _settled(grid, kinds, hints, first)
    preamble = [grid.row(place) for place in range(first - used)]
    roles = _mapped_roles(header, mapping)
    blocks = _blocks(kinds, hints, header, roles, preamble)
    if len(blocks) == 1 and blocks[0].obis is None:
        blocks[0].words = words_column(grid, first, _unread_texts(blocks[0], kinds, roles), header)
    signature = header_signature(header if any(header) else [f"#{kind}" for kind in kinds])
    layout = Layout(
        grid,
        first,
        header,
        blocks,
        preamble_meter(preamble),
        preamble_direction(preamble),
        preamble_unit(preamble),
        preamble_obis(preamble),
        stated_sum(header),
        signature,
        [" ".join(row) for row in preamble if re.search(r"(?i)zeitzone|time\s*zone|zeitbasis|\butc\b", " ".join(row))],
    )
    if not any(block.values for block in blocks):
        raise UnreadableFileError(
            "value_missing",
            "Zeitstempel wurden erkannt, aber keine Spalte mit Messwerten. Bitte die Spalten zuordnen.",
            missing=["value"],
            header=shown_header(layout),
            header_signature=signature,
        )
    return layout


def _hints(header: list[str]) -> list[Hint]:
    """What each header says; a few words mean something else beside others."""
    hints = [hint(text) for text in header]
    names = [text.lower() for text in header]
    if "statistic_id" in names or "entity_id" in names:  # statistics of Home Assistant: `sum` is the counter since then
        for place, name in enumerate(names):
            if name == "sum":
                hints[place] = replace(hints[place], role="value", measure="register")
            elif name in {"state", "min", "max"} and "sum" in names:
                hints[place] = replace(hints[place], role="other", measure="other")
    return hints


def shown_header(layout: Layout) -> list[str]:
    """Headers for a mapping; columns without one are named by their place."""
    return [text or f"#{place}" for place, text in enumerate(layout.header, start=1)]


def _refuse_without_times(grid: Grid) -> None:
    header = [text or f"#{place}" for place, text in enumerate(grid.row(0), start=1)]
    words = [hint(text) for text in grid.row(0)]
    if grid.frame.height == 1 and any(word.time or word.role for word in words):
        raise UnreadableFileError("header_only", "Die Datei enthält nur die Kopfzeile und keine Werte.")
    raise UnreadableFileError(
        "time_missing",
        "In keiner Spalte wurden Zeitstempel erkannt (etwa 31.01.2025 13:45 oder 2025-01-31T13:45:00Z). "
        "Ist die Datei ein Lastgang, bitte die Spalten zuordnen.",
        missing=["ts"],
        header=header[:100],
        header_signature=header_signature(header),
    )


_STATUS_KINDS: Final = frozenset({"text", "number", "empty", "unit"})
_TIMES: Final = frozenset({"range", "stamp", "date", "epoch"})
_LETTERS: Final = frozenset({"W", "V", "E", "F", "G", "N"})
"""W and V alone are units only under a header that says so: else W is „wahrer Wert“ and V „vorläufiger Wert“."""


def _first_row(grid: Grid, kinds: list[Kind]) -> int | None:
    places = [place for place, kind in enumerate(kinds) if kind in _TIMES]
    if not places:
        places = [place for place, kind in enumerate(kinds) if kind == "number" and is_serial(grid, place)]
    for row in range(min(grid.frame.height, 500)):
        cells = grid.row(row)
        for place in places:
            cell = cells[place]
            numeric = kinds[place] in {"epoch", "number"}
            if cell and (is_number(cell) if numeric else stamps.is_range(cell) or stamps.is_stamp(cell)):
                follows = sum(
                    grid.frame.item(after, place) is not None
                    for after in range(row + 1, min(row + 4, grid.frame.height))
                )
                clocks = [other for other, kind in enumerate(kinds) if kind == "clock" and other > place][:1]
                if all(stamps.is_time_only(cells[other]) for other in clocks) and follows >= min(
                    2, grid.frame.height - row - 1
                ):
                    return row
    return None


def _header(grid: Grid, first: int) -> tuple[list[str], int]:
    """Header cells and how many rows they took."""
    empty = [""] * grid.width
    if first == 0:
        return empty, 0
    above = grid.row(first - 1)
    filled = [cell for cell in above if cell]
    if not filled or all(is_number(cell) for cell in filled):
        return empty, 0
    units = [cell for cell in filled if exact_unit(cell)]
    if units and len(units) * 2 >= len(filled) and first > 1:
        names = grid.row(first - 2)
        if sum(bool(cell) for cell in names) >= len(filled):
            joined = [f"{name} {unit}".strip() for name, unit in zip(names, above, strict=True)]
            return [f"{n} [{u}]" if n and exact_unit(u) else j for n, u, j in zip(names, above, joined, strict=True)], 2
    return above, 1


def _settled(grid: Grid, kinds: list[Kind], hints: list[Hint], first: int) -> list[Kind]:
    """Kinds again, now that the rows and the headers are known."""
    settled = list(kinds)
    for place in range(grid.width):
        cells = sample(grid, place, first)
        settled[place] = kind_of(cells)
        word = hints[place]
        if settled[place] == "number" and word.time is not None and is_serial(grid, place):
            settled[place] = "serial"
        if settled[place] == "unit" and word.role != "unit" and {cell.upper() for cell in cells} <= _LETTERS:
            settled[place] = "text"
        if settled[place] in {"epoch", "date", "stamp"} and word.role in {"value", "device"} and cells[0].isdigit():
            settled[place] = "number"
    if not any(kind in _TIMES | {"serial"} for kind in settled):
        for place in range(grid.width):
            if settled[place] == "number" and is_serial(grid, place):
                settled[place] = "serial"
                break
    return settled


def _mapped_roles(header: list[str], mapping: Mapping | None) -> dict[int, str]:
    if mapping is None:
        return {}
    roles: dict[int, str] = {}
    plain = [re.sub(r"\s+", " ", text).strip().lower() for text in header]
    for name, role in mapping.columns.items():
        if role not in ROLES:
            raise UnreadableFileError(
                "mapping", f"Die Rolle „{role}“ gibt es nicht; möglich sind: {', '.join(sorted(ROLES))}."
            )
        number = re.fullmatch(r"#(\d{1,4})", name.strip())
        word = re.sub(r"\s+", " ", name).strip().lower()
        places = [int(number[1]) - 1] if number else [place for place, text in enumerate(plain) if text == word]
        if not places or not 0 <= places[0] < len(header):
            raise UnreadableFileError(
                "mapping",
                f"Die zugeordnete Spalte „{name}“ gibt es in der Datei nicht.",
                header=[text or f"#{place}" for place, text in enumerate(header, 1)],
                header_signature=header_signature(header),
            )
        for place in places:
            roles[place] = role
    return roles


def _blocks(
    kinds: list[Kind], hints: list[Hint], header: list[str], roles: dict[int, str], preamble: list[list[str]]
) -> list[Block]:
    spans: list[list[int]] = [[]]
    has_time = has_value = False
    for place, kind in enumerate(kinds):
        is_time = kind in _TIMES | {"serial"} or roles.get(place) in {"ts", "start", "date"}
        if is_time and has_time and has_value and not _continues(kinds, hints, place):
            spans.append([])
            has_time = has_value = False
        spans[-1].append(place)
        has_time |= is_time
        has_value |= kind in {"number"} and hints[place].role not in {"device", "meter", "other", "status"}
    return [_block(span, kinds, hints, header, roles, preamble) for span in spans if span]


def _continues(kinds: list[Kind], hints: list[Hint], place: int) -> bool:
    """A time column behind values that is followed by no value belongs to the block before it."""
    return not any(kind == "number" for kind in kinds[place + 1 :]) or hints[place].time == "end"


def _block(
    span: list[int],
    kinds: list[Kind],
    hints: list[Hint],
    header: list[str],
    roles: dict[int, str],
    preamble: list[list[str]],
) -> Block:
    block = Block()
    _times(block, span, kinds, hints, roles)
    statuses = [
        place
        for place in span
        if roles.get(place) == "quality"
        or (
            roles.get(place) is None
            and hints[place].role == "status"
            and kinds[place] in {"text", "number", "empty", "unit"}
        )
    ]
    taken = _time_places(block) | set(statuses)
    for place in span:
        role, kind, word = roles.get(place), kinds[place], hints[place]
        if place in taken or role == "ignore" or role in {"ts", "start", "end", "date", "time"}:
            continue
        if role == "interval_s":
            block.interval = place
        elif role == "meter_id" or (role is None and word.role == "meter" and kind in {"id", "text", "number"}):
            if block.meter is None or role == "meter_id":
                block.meter = place
            else:
                block.other_meters.append(place)
        elif role == "obis" or (role is None and kind == "obis"):
            block.obis = place
        elif role == "unit" or (
            role is None and block.unit is None and (kind == "unit" or (word.role == "unit" and kind == "text"))
        ):
            block.unit = place
        elif role is None and kind == "id":
            if block.meter is None:
                block.meter = place
            else:
                block.other_meters.append(place)
        elif role is None and word.role == "device":
            block.device = place if block.device is None else block.device
        elif role is not None or _may_hold_values(kind, word):
            block.values.append(_value(place, header, word, role, statuses, span, preamble, block))
    _share_statuses(block, statuses)
    return block


def _unread_texts(block: Block, kinds: list[Kind], roles: dict[int, str]) -> list[int]:
    """Columns of text that stand for nothing else yet."""
    used = {
        block.meter,
        block.device,
        block.unit,
        *block.other_meters,
        *(value.status for value in block.values),
        *roles,
    }
    return [place for place, kind in enumerate(kinds) if kind == "text" and place not in used]


def _may_hold_values(kind: Kind, word: Hint) -> bool:
    if kind == "empty":
        return word.role == "value"
    return kind == "number" and word.role not in {"other", "status", "obis", "unit"}


def _value(
    place: int,
    header: list[str],
    word: Hint,
    role: str | None,
    statuses: list[int],
    span: list[int],
    preamble: list[list[str]],
    block: Block,
) -> ValueColumn:
    del block
    above = [row[place] for row in preamble if place < len(row) and row[place]]
    beside = [row[other] for row in preamble for other in span if other < len(row) and row[other]]
    unit = word.unit
    if unit is None and role not in {"voltage", "price_eur_mwh", "volume"}:
        spanned = [[row[other] if other < len(row) else "" for other in span] for row in preamble]
        unit = one_unit([[text] for text in above]) or one_unit(spanned)
    meter = METER_CODE.search(header[place])
    meter_above = next((found for text in [*above, *beside] if (found := METER_CODE.search(text))), None)
    direction: Direction | None = word.direction
    for text in above:
        direction = direction or find_direction(text, find_obis(text))
    code = meter[0] if meter else meter_number(header[place])
    if code is None:
        code = next((found for text in above if (found := meter_number(text))), None)
    if code is None and meter_above is not None:
        code = meter_above[0]
    after = [status for status in statuses if status > place]
    return ValueColumn(place, header[place], word, code, unit, direction, after[0] if after else None, role)


def _share_statuses(block: Block, statuses: list[int]) -> None:
    """A status belongs to the values before it; a single one to all of its block."""
    if len(statuses) == 1:
        block.values = [
            ValueColumn(v.column, v.header, v.hint, v.meter, v.unit, v.direction, statuses[0], v.role)
            for v in block.values
        ]


def _time_places(block: Block) -> set[int]:
    places: set[int] = set()
    for time in (block.start, block.end, block.single):
        if time is not None:
            places.add(time.column)
            if time.clock is not None:
                places.add(time.clock)
    return places


def _times(block: Block, span: list[int], kinds: list[Kind], hints: list[Hint], roles: dict[int, str]) -> None:
    mapped = {
        role: place for place, role in roles.items() if place in span and role in {"ts", "start", "end", "date", "time"}
    }
    if mapped:
        _mapped_times(block, mapped, kinds)
        if block.start or block.single:
            return
    free = [place for place in span if place not in roles]
    ranges = [place for place in free if kinds[place] == "range"]
    if ranges:
        block.start = TimeColumns("range", ranges[0])
        return
    found: list[tuple[TimeColumns, Hint]] = []
    clocks = [place for place in free if kinds[place] == "clock"]
    dates = [place for place in free if kinds[place] == "date"]
    full = [place for place in free if kinds[place] in {"stamp", "epoch", "serial"}]
    if full:
        for place in full[:2]:
            kind = "epoch" if kinds[place] == "epoch" else "serial" if kinds[place] == "serial" else "stamp"
            found.append((TimeColumns(kind, place), hints[place]))
        if len(full) == 1 and dates:
            # one column holds whole stamps, a date beside it only repeats the day
            pass
    elif dates and clocks:
        for number, clock in enumerate(clocks[:2]):
            day = dates[min(number, len(dates) - 1)]
            found.append(
                (TimeColumns("pair", day, clock), hints[clock] if hints[clock].time in {"start", "end"} else hints[day])
            )
    else:
        for place in dates[:2]:
            found.append((TimeColumns("date", place), hints[place]))
    if len(found) == 2:
        if found[0][1].time == "end" and found[1][1].time != "end":
            found.reverse()
        if found[1][1].time in {"end", "read_at"} or found[0][1].time == "start" or not found[0][1].time:
            block.start, block.end = found[0][0], found[1][0]
            return
    if found:
        block.single = found[0][0]
        block.single_hint = found[0][1].time


def _mapped_times(block: Block, mapped: dict[str, int], kinds: list[Kind]) -> None:
    def time(place: int) -> TimeColumns:
        kind = kinds[place]
        if kind in {"epoch", "serial", "range", "date"}:
            return TimeColumns(kind, place)  # type: ignore[arg-type]
        return TimeColumns("stamp", place)

    if "date" in mapped:
        pair = (
            TimeColumns("pair", mapped["date"], mapped["time"])
            if "time" in mapped
            else TimeColumns("date", mapped["date"])
        )
        block.single = pair
    if "ts" in mapped:
        block.single = time(mapped["ts"])
    if "start" in mapped:
        block.start = time(mapped["start"])
        if "end" in mapped:
            block.end = time(mapped["end"])
        block.single = None
    elif "end" in mapped:
        block.single = time(mapped["end"])
        block.single_hint = "end"


def column_text(grid: Grid, place: int, first: int) -> pl.Series:
    """Cells of a column from the first row of values on."""
    return grid.column(place).slice(first)
