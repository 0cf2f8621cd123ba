"""Brings times together that a table spreads over columns: a zone beside the clock, a clock range, year to minute."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from luna_rules.importing import stamps
from luna_rules.importing.grid import Grid
from luna_rules.importing.kinds import sample

_MOSTLY: Final = 0.75
_HEAD: Final = 40
_ZONES: Final = {
    "utc": "UTC", "gmt": "UTC", "z": "UTC", "cet": "CET", "mez": "CET", "cest": "CEST", "mesz": "CEST",
}  # fmt: skip
_SEASONS: Final = {
    "s": "CEST", "sz": "CEST", "so": "CEST", "sommer": "CEST", "sommerzeit": "CEST",
    "w": "CET", "wz": "CET", "wi": "CET", "winter": "CET", "winterzeit": "CET",
}  # fmt: skip
_SEASON_HEAD: Final = re.compile(r"(?i)s\s*/\s*w|w\s*/\s*s|sommer|winter|mesz|\bsz\b|zeitzone|\bdst\b|saison")
_CLOCK_RANGE: Final = (
    r"^\s*(\d{1,2}:\d{2}(?::\d{2})?)\s*(?:Uhr)?\s*(?:-|–|bis|to)\s*\d{1,2}:\d{2}(?::\d{2})?\s*(?:Uhr)?\s*$"
)
_FIRST_DAY: Final = (
    r"^(?:(?:30|31)\.12\.1899|01\.01\.1900|01\.01\.1904|01\.01\.1970|1899-12-3[01]|1900-01-01|1904-01-01|1970-01-01)"
    r"[T\s]+(\d{1,2}:\d{2}(?::\d{2})?)$"
)
_MIDNIGHT: Final = r"[T\s]+0{1,2}:00(?::00)?$"
_PARTS: Final = (
    ("year", r"jahr|year|año|annee|année"),
    ("month", r"monat|month|mes|mois"),
    ("day", r"tag|day|día|dia|jour"),
    ("hour", r"stunde|std\.?|hour|hora|heure"),
    ("minute", r"minute|min\.?|minuten"),
)


def tidied(grid: Grid) -> Grid:
    """The same table with every time in one column, or in a date and a clock."""
    return _zoned(_ranged(_filled(_halved(_joined(grid)))))


def _with(grid: Grid, changed: list[pl.Expr]) -> Grid:
    return Grid(grid.frame.with_columns(changed), grid.origin, grid.name, grid.encoding, grid.separator)


def _cells(grid: Grid, place: int) -> list[str]:
    begin = min(20, grid.frame.height // 2)
    return sample(grid, place, begin) or sample(grid, place, 0)[1:]


def _joined(grid: Grid) -> Grid:
    """Year, month, day, hour and minute as columns of their own become one stamp."""
    for row in range(min(_HEAD, grid.frame.height - 1)):
        names = [cell.strip().lower() for cell in grid.row(row)]
        found = {
            part: place
            for part, words in _PARTS
            if (place := next((p for p, name in enumerate(names) if re.fullmatch(words, name)), None)) is not None
        }
        if not {"year", "month", "day"} <= set(found):
            continue
        body = pl.col("line") > int(grid.frame["line"][row])
        piece = {part: pl.col(f"c{place}").cast(pl.Int64, strict=False) for part, place in found.items()}
        date = [
            piece["year"].cast(pl.String), pl.lit("-"), piece["month"].cast(pl.String).str.zfill(2), pl.lit("-"),
            piece["day"].cast(pl.String).str.zfill(2),
        ]  # fmt: skip
        if "hour" in piece:
            minute = piece["minute"] if "minute" in piece else pl.lit(0, pl.Int64)
            if "minute" not in piece and grid.column(found["hour"]).slice(row + 1).str.contains(r"^\s*2[45]\s*$").any():
                continue  # hours numbered from 1: read as numbered intervals
            date += [pl.lit(" "), piece["hour"].cast(pl.String).str.zfill(2), pl.lit(":")]
            date += [minute.cast(pl.String).str.zfill(2)]
        name = pl.when(pl.col("line") == int(grid.frame["line"][row])).then(pl.lit("Zeitpunkt"))
        first = f"c{found['year']}"
        changed = [pl.when(body).then(pl.concat_str(date)).otherwise(name.otherwise(first)).alias(first)]
        changed += [
            pl.when(body).then(None).otherwise(f"c{place}").alias(f"c{place}")
            for part, place in found.items()
            if part != "year"
        ]
        return _with(grid, changed)
    return grid


def _halved(grid: Grid) -> Grid:
    """A date written with midnight beside a clock is a date; a clock written with a spreadsheet's first day a clock."""
    changed: list[pl.Expr] = []
    midnights: list[int] = []
    clocks = 0
    for place in range(grid.width):
        cells = _cells(grid, place)
        if not cells:
            continue
        if sum(re.match(_FIRST_DAY, cell) is not None for cell in cells) >= _MOSTLY * len(cells):
            changed.append(pl.col(f"c{place}").str.replace(_FIRST_DAY, "${1}").alias(f"c{place}"))
            clocks += 1
        elif all(re.search(_MIDNIGHT, cell) and stamps.is_stamp(cell) for cell in cells):
            midnights.append(place)
        elif sum(map(stamps.is_time_only, cells)) >= _MOSTLY * len(cells) and len(set(cells)) > 1:
            clocks += 1
    if clocks:
        changed += [
            pl.col(f"c{place}").str.replace(_MIDNIGHT, "").alias(f"c{place}")
            for place in midnights
            if not {f"c{place}"} & {one.meta.output_name() for one in changed}
        ]
    return _with(grid, changed) if changed else grid


def _filled(grid: Grid) -> Grid:
    """A date that stands only in the first row of its day holds for the rows below that have a clock."""
    clock = next(
        (
            place
            for place in range(grid.width)
            if (cells := _cells(grid, place)) and sum(map(stamps.is_time_only, cells)) >= _MOSTLY * len(cells)
        ),
        None,
    )
    if clock is None:
        return grid
    timed = grid.column(clock).str.contains(r"^\s*\d{1,2}:\d{2}").fill_null(False)
    for place in range(grid.width):
        column = grid.column(place)
        if place == clock or not column.null_count():
            continue
        texts = column.drop_nulls()
        begin = next((number for number, text in enumerate(texts.head(_HEAD)) if stamps.is_date_only(text)), None)
        if begin is None or (len(texts) - begin) * 4 > int(timed.sum()):
            continue
        if not all(map(stamps.is_date_only, texts.slice(begin).to_list())):
            continue
        here = pl.col(f"c{place}")
        filled = here.fill_null(strategy="forward")
        dated = filled.str.contains(r"^\s*\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")
        return _with(grid, [pl.when(here.is_null() & timed & dated).then(filled).otherwise(here).alias(f"c{place}")])
    return grid


def _ranged(grid: Grid) -> Grid:
    """`00:00 - 00:15` beside a date becomes the clock at which the interval starts."""
    dated = any(
        (cells := _cells(grid, place)) and sum(map(stamps.is_date_only, cells)) >= _MOSTLY * len(cells)
        for place in range(grid.width)
    )
    if not dated:
        return grid
    for place in range(grid.width):
        cells = _cells(grid, place)
        if not cells or sum(re.match(_CLOCK_RANGE, cell) is not None for cell in cells) < _MOSTLY * len(cells):
            continue
        column = pl.col(f"c{place}")
        hit = column.str.contains(_CLOCK_RANGE)
        first = grid.column(place).str.contains(_CLOCK_RANGE).fill_null(False).arg_true()
        above = pl.int_range(pl.len()) == (int(first[0]) - 1 if len(first) else -1)
        return _with(
            grid,
            [
                pl.when(hit)
                .then(column.str.extract(_CLOCK_RANGE))
                .when(above)
                .then(pl.lit("Zeit von"))
                .otherwise(column)
                .alias(f"c{place}")
            ],
        )
    return grid


def _zone_names(cells: list[str], heads: list[str]) -> dict[str, str]:
    """The spelling of each zone in a column that holds nothing else; empty for other columns."""
    words = {cell.strip() for cell in cells}
    if not words or len(words) > 4:
        return {}
    table = _ZONES
    if any(_SEASON_HEAD.search(head) for head in heads):
        table = {**_ZONES, **_SEASONS}
    found = {word: table[word.lower()] for word in words if word.lower() in table}
    return found if len(found) == len(words) else {}


def _zoned(grid: Grid) -> Grid:
    """A zone in a column of its own is written behind the time before it, or behind the times after it."""
    times = [
        place
        for place in range(grid.width)
        if (cells := _cells(grid, place))
        and sum(
            stamps.is_time_only(cell) or (stamps.is_stamp(cell) and not stamps.is_date_only(cell)) for cell in cells
        )
        >= _MOSTLY * len(cells)
    ]
    if not times:
        return grid
    changed: dict[int, pl.Expr] = {}
    for place in range(grid.width):
        if place in times:
            continue
        if not _zone_names(_cells(grid, place), ["S/W"]):
            continue
        column = grid.column(place)
        texts = column.drop_nulls().unique().to_list()
        heads = [
            text for text in column.head(_HEAD).drop_nulls().to_list() if text.lower() not in {**_ZONES, **_SEASONS}
        ]
        names = _zone_names([text for text in texts if text not in heads], heads)
        if not names:
            continue
        before = [time for time in times if time < place]
        following = [time for time in times if time > place]
        closest = before[-1:] if before else following
        for time in closest:
            written = pl.col(f"c{place}").replace_strict(names, default=None, return_dtype=pl.String)
            fits = written.is_not_null() & pl.col(f"c{time}").str.contains(r"\d:\d{2}(:\d{2})?$")
            changed[time] = (
                pl.when(fits)
                .then(pl.concat_str(f"c{time}", pl.lit(" "), written))
                .otherwise(f"c{time}")
                .alias(f"c{time}")
            )
        changed[place] = pl.lit(None, pl.String).alias(f"c{place}")
    return _with(grid, list(changed.values())) if changed else grid
