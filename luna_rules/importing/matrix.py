"""Day matrices, a row for each day or a column for each day, turned into one row for each value."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from luna_rules.importing import stamps
from luna_rules.importing.grid import Grid, refuse_too_large
from luna_rules.importing.vocabulary import price_factor

_LEAST: Final = 23
_LEAST_DAYS: Final = 2
_HOUR: Final = re.compile(r"(?i)(?:stunde|std\.?|hour|h)\s*0?(\d{1,2})\s*([ab])")
_NUMBERED: Final = re.compile(
    r"(?i)(?:stunde|std\.?|hour|h|viertelstunde|1/4[- ]?h|qh|intervall|interval|periode|period)?\s*0*(\d{1,3})"
)
_LENGTHS: Final = {23, 24, 25, 92, 96, 100}
_SPAN: Final = re.compile(r"^(\d{1,2}:\d{2})(?::\d{2})?\s*(?:-|–|bis)\s*\d{1,2}:\d{2}")


def unfold(grid: Grid) -> Grid:
    """The same grid, or its long form where a row of the head holds the clock times of a day.

    A time that the head names twice (2:00 on the long day) stays in order; empty cells are no values. A head that
    numbers the intervals of a day gives a column of numbers beside the date.
    """
    for place in range(min(grid.frame.height - 1, 30)):
        cells = grid.row(place)
        clocks = {column: clock for column, cell in enumerate(cells) if (clock := _clock(cell)) is not None}
        if clocks and any(_HOUR.fullmatch(cell) for cell in cells):
            clocks |= {
                column: f"{int(hour[1]) - 1:02d}:00"
                for column, cell in enumerate(cells)
                if column not in clocks and (hour := _NUMBERED.fullmatch(cell)) and 1 <= int(hour[1]) <= 24
            }
            clocks = dict(sorted(clocks.items()))
        if len(clocks) >= _LEAST and len(clocks) >= 0.6 * sum(bool(cell) for cell in cells):
            return _unfolded(grid, place, cells, clocks)
        numbers = _numbers(cells)
        if numbers:
            return _unfolded(grid, place, cells, numbers, "Intervall")
        moments = [
            column
            for column, cell in enumerate(cells)
            if cell and stamps.is_stamp(cell) and not stamps.is_date_only(cell)
        ]
        if len(moments) >= _LEAST and len(moments) >= 0.6 * sum(bool(cell) for cell in cells):
            return _by_moments(grid, place, cells, moments)
        days = [column for column, cell in enumerate(cells) if cell and stamps.is_date_only(cell)]
        if len(days) >= _LEAST_DAYS and len(days) >= 0.6 * sum(bool(cell) for cell in cells):
            return _by_days(grid, place, cells, days)
    return grid


def _by_moments(grid: Grid, place: int, cells: list[str], moments: list[int]) -> Grid:
    """A column for each stamp, a row for each series: the series one under the other."""
    body = grid.frame.slice(place + 1)
    refuse_too_large(body.height * len(moments), 1)
    others = [column for column in range(grid.width) if column not in moments]
    keep = [pl.col(f"c{column}").alias(f"c{number}") for number, column in enumerate(others)]
    width = len(others)
    parts = [
        body.select(
            *keep, pl.lit(cells[column]).alias(f"c{width}"), pl.col(f"c{column}").alias(f"c{width + 1}"), "line"
        )
        for column in moments
    ]
    long = pl.concat(parts).sort("line", maintain_order=True).filter(pl.col(f"c{width + 1}").is_not_null())
    head = [*[cells[column] for column in others], "Zeitpunkt", "Wert"]
    top = pl.DataFrame(
        [[cell or None for cell in head]],
        schema={f"c{number}": pl.String for number in range(width + 2)},
        orient="row",
    ).with_columns(line=grid.frame["line"].slice(place, 1))
    return Grid(pl.concat([top, long]), grid.origin, grid.name, grid.encoding, grid.separator)


def _numbers(cells: list[str]) -> dict[int, str]:
    """The columns that a head numbers from 1 (or 0) through a day, with their numbers; empty where it does not."""
    found = {column: int(match[1]) for column, cell in enumerate(cells) if (match := _NUMBERED.fullmatch(cell))}
    ordered = list(found.values())
    runs = ordered == list(range(ordered[0], ordered[0] + len(ordered))) if ordered else False
    if not runs or ordered[0] > 1 or len(ordered) not in _LENGTHS or len(ordered) < 0.6 * sum(map(bool, cells)):
        return {}
    return {column: str(number) for column, number in found.items()}


def _by_days(grid: Grid, place: int, cells: list[str], days: list[int]) -> Grid:
    """A row for each clock time, a column for each day: the days one under the other."""
    body = grid.frame.slice(place + 1)
    clocks = [
        column
        for column in range(grid.width)
        if column not in days
        and (sample := body[f"c{column}"].drop_nulls().head(40).to_list())
        and sum(_clock(cell) is not None for cell in sample) >= 0.75 * len(sample)
    ]
    if not clocks:
        return grid
    refuse_too_large(body.height * len(days), 1)
    clock = pl.col(f"c{clocks[0]}")
    spans = clock.str.extract(_SPAN.pattern, 1)
    parts = [
        body.filter(clock.is_not_null()).select(
            c0=pl.lit(cells[day]), c1=pl.coalesce(spans, clock), c2=pl.col(f"c{day}"), line=pl.col("line")
        )
        for day in days
    ]
    words = " ".join(cell for number in range(place) for cell in grid.row(number) if cell)
    head = [["Datum", cells[clocks[0]] or "Zeit", words[-200:] or "Wert"]]
    preamble = [[*grid.row(number)[:3], "", "", ""][:3] for number in range(place)]
    top = pl.DataFrame(
        [[cell or None for cell in row] for row in [*preamble, *head]],
        schema=dict.fromkeys(("c0", "c1", "c2"), pl.String),
        orient="row",
    ).with_columns(line=grid.frame["line"].head(place + 1))
    long = pl.concat(parts).filter(pl.col("c2").is_not_null())
    return Grid(pl.concat([top, long]), grid.origin, grid.name, grid.encoding, grid.separator)


def _clock(cell: str) -> str | None:
    """`00:15`, `00:15-00:30`, `2A:00` and `Hour 3B` (halves of the doubled hour) as a clock time."""
    span = _SPAN.match(cell)
    if span:
        return span[1]
    doubled = re.fullmatch(r"(\d{1,2})[ABab]:(\d{2})", cell)
    if doubled:
        return f"{doubled[1]}:{doubled[2]}"
    hour = _HOUR.fullmatch(cell)
    if hour:
        return f"{int(hour[1]) - 1:02d}:00"
    return cell if cell and stamps.is_time_only(cell) else None


def _unfolded(grid: Grid, place: int, cells: list[str], clocks: dict[int, str], name: str = "Zeit") -> Grid:
    others = [column for column in range(grid.width) if column not in clocks]
    days = [
        column
        for column in others
        if (sample := grid.column(column).slice(place + 1).drop_nulls().head(20).to_list())
        and sum(stamps.is_stamp(cell) for cell in sample) >= 0.75 * len(sample)
    ]
    if not days:
        return grid
    body = grid.frame.slice(place + 1)
    refuse_too_large(body.height * len(clocks), 1)
    keep = [f"c{column}" for column in others]
    parts = [
        body.select(*keep, "line", clock=pl.lit(clock), value=pl.col(f"c{column}"), order=pl.lit(number))
        for number, (column, clock) in enumerate(clocks.items())
    ]
    long = (
        pl.concat(parts)
        .with_columns(row=pl.col("line").rank("dense"))
        .sort("row", "order", maintain_order=True)
        .filter(pl.col("value").is_not_null())
        .select(*keep, "clock", "value", "line")
    )
    width = len(others)
    names = {name: f"c{number}" for number, name in enumerate([*keep, "clock", "value"])}
    preamble = [grid.row(number) for number in range(place)]
    words = " ".join(cell for row in preamble for cell in row if cell)
    head = [[*row[:width], *[""] * (width - len(row)), "", ""] for row in preamble]
    words = words[-200:] or " ".join(cells[column] for column in others if price_factor(cells[column])) or "Wert"
    head.append([*[cells[column] for column in others], name, words])
    top = pl.DataFrame(
        [[cell or None for cell in row] for row in head],
        schema={f"c{number}": pl.String for number in range(width + 2)},
        orient="row",
    ).with_columns(line=grid.frame["line"].head(place + 1))
    return Grid(pl.concat([top, long.rename(names)]), grid.origin, grid.name, grid.encoding, grid.separator)
