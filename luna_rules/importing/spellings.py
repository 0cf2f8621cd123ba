"""Rewrites cells that say the same in other words, before a table is recognised: month names, `2A:00`, `0015`.

Each rewriting is decided for a whole column from a sample, so a stray word in a column of other things stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from luna_rules.importing import stamps
from luna_rules.importing.grid import Grid
from luna_rules.importing.kinds import sample
from luna_rules.importing.numbers import is_number
from luna_rules.importing.vocabulary import hint

_MONTHS: Final = {
    1: "jan", 2: "feb", 3: "m(?:ä|ae|a)r|mrz", 4: "apr", 5: "ma[iy]", 6: "jun", 7: "jul", 8: "aug", 9: "sep",
    10: "o[kc]t", 11: "nov", 12: "de[zc]",
}  # fmt: skip
_MONTH: Final = "(?:" + "|".join(_MONTHS.values()) + r")[a-zäöü]*\.?"
_DAY_FIRST: Final = rf"(?i)^(?:[a-z]{{2,10}}\.?,?\s+)?(\d{{1,2}})\.?[\s\-/]*({_MONTH})[\s\-/]*(\d{{4}})\b[,;]?(.*)$"
_MONTH_FIRST: Final = (
    rf"(?i)^(?:[a-z]{{2,10}}\.?,?\s+)?({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})\b[,;]?(.*)$"
)
_DOUBLED: Final = r"(^|[\sT])0?([23])\s?[ABab](?::(\d{2}))?(?::\d{2})?(\s*Uhr)?$"
_PACKED_CLOCK: Final = re.compile(r"([01]?\d|2[0-4])([0-5]\d)|0|\d|[0-5]\d")
_DOTTED_CLOCK: Final = r"^([01]?\d|2[0-4])\.(\d{2})(?:\s*Uhr|\s*h)?$"
_MOSTLY: Final = 0.75
_NUMBERED: Final = (
    r"(?i)^(stunde|std\.?|hour|h$|viertelstunde|viertelstd|1/4|qh|intervall|interval|periode|period|zeitintervall)"
)
_MOST_OF_A_DAY: Final = 100
_STEPS: Final = {24: 3600, 23: 3600, 25: 3600, 48: 1800, 96: 900, 92: 900, 100: 900}
"""Intervals of a day → their length in seconds."""


def respelled(grid: Grid, zone: str) -> Grid:
    """The same table with times in the spellings that `stamps` knows; numbered intervals are counted in `zone`."""
    begin = min(20, grid.frame.height // 2)
    changed: list[pl.Expr] = []
    dated = packed = None
    for place in range(grid.width):
        cells = sample(grid, place, begin) or sample(grid, place, 0)[1:]
        if not cells:
            continue
        column = pl.col(f"c{place}")
        if _share(cells, _DAY_FIRST) >= _MOSTLY:
            changed.append(_numbered(column, _DAY_FIRST, day=1, month=2).alias(f"c{place}"))
        elif _share(cells, _MONTH_FIRST) >= _MOSTLY:
            changed.append(_numbered(column, _MONTH_FIRST, day=2, month=1).alias(f"c{place}"))
        elif sum(stamps.is_date_only(cell) for cell in cells) >= _MOSTLY * len(cells):
            dated = place
        elif dated is not None and packed is None and _is_packed_clock(grid, place, cells):
            packed = place
            padded = column.str.zfill(4)
            changed.append(
                pl.when(column.str.contains(r"^\d{1,4}$"))
                .then(pl.concat_str(padded.str.slice(0, 2), pl.lit(":"), padded.str.slice(2, 2)))
                .otherwise(column)
                .alias(f"c{place}")
            )
        elif dated is not None and packed is None and _is_dotted_clock(grid, place, cells):
            packed = place
            changed.append(column.str.replace(_DOTTED_CLOCK, "${1}:${2}").alias(f"c{place}"))
        elif dated is not None and packed is None and _is_numbering(grid, place, cells):
            numbered = _from_numbers(grid, dated, place, zone)
            if numbered is not None:
                packed = place
                changed += [numbered.alias(f"c{dated}"), pl.lit(None, pl.String).alias(f"c{place}")]
                continue
        if _holds_doubled_hour(grid.column(place)):
            changed.append(
                column.str.replace(_DOUBLED, "${1}0${2}:${3}")
                .str.replace(r"(^|[\sT])(0[23]):$", "${1}${2}:00")
                .alias(f"c{place}")
            )
    if not changed:
        return grid
    return Grid(grid.frame.with_columns(changed), grid.origin, grid.name, grid.encoding, grid.separator)


def _is_numbering(grid: Grid, place: int, cells: list[str]) -> bool:
    """Whether a column beside a date counts the hours or quarter-hours of the day."""
    if not all(re.fullmatch(r"\d{1,3}", cell) and int(cell) <= _MOST_OF_A_DAY for cell in cells):
        return False
    heads = [cell for cell in grid.column(place).head(40).to_list() if cell and not is_number(cell)]
    return bool(heads) and re.match(_NUMBERED, heads[-1].strip()) is not None


def _from_numbers(grid: Grid, dated: int, place: int, zone: str) -> pl.Expr | None:
    """Instants of numbered intervals: the numbers run through the long and the short day without a break."""
    date, number = pl.col(f"c{dated}"), pl.col(f"c{place}").cast(pl.Int64, strict=False)
    rows = grid.frame.select(date=date, number=number).drop_nulls()
    days = rows.group_by("date").agg(first=pl.col("number").min(), last=pl.col("number").max(), rows=pl.len())
    whole = days.filter(pl.col("rows") >= 0.9 * (pl.col("last") - pl.col("first") + 1))
    if whole.is_empty() or rows.unique().height != rows.height:
        return None
    first = int(str(days["first"].min()))
    usual = int(str(whole["last"].mode().max())) - first + 1
    step = _STEPS.get(usual)
    if step is None or first > 1:
        return None
    parsed = stamps.parse_stamps(grid.column(dated))
    midnight = (
        pl.lit(parsed.naive)
        .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
    )
    moment = midnight + pl.duration(seconds=(number - first) * step)
    return (
        pl.when(number.is_not_null()).then(pl.coalesce(moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ"), date)).otherwise(date)
    )


def _share(cells: list[str], pattern: str) -> float:
    return sum(re.match(pattern, cell) is not None for cell in cells) / len(cells)


def _numbered(column: pl.Expr, pattern: str, *, day: int, month: int) -> pl.Expr:
    name = column.str.extract(pattern, month).str.to_lowercase()
    number = pl.lit(None, pl.String)
    for value, words in _MONTHS.items():
        number = pl.when(name.str.contains(f"^(?:{words})")).then(pl.lit(str(value))).otherwise(number)
    written = pl.concat_str(
        column.str.extract(pattern, day),
        pl.lit("."),
        number,
        pl.lit("."),
        column.str.extract(pattern, 3),
        pl.lit(" "),
        column.str.extract(pattern, 4).fill_null("").str.strip_chars(),
    )
    return pl.coalesce(written.str.strip_chars(), column)


def _is_packed_clock(grid: Grid, place: int, cells: list[str]) -> bool:
    """Whether a column beside a date holds `0015` for 00:15: its header says time, and its values are full quarters."""
    if not all(_PACKED_CLOCK.fullmatch(cell) for cell in cells) or len({len(cell) for cell in cells}) > 4:
        return False
    if not all(int(cell) % 100 < 60 for cell in cells) or max(int(cell) for cell in cells) < 100:
        return False
    heads = [cell for cell in grid.column(place).head(40).to_list() if cell and not is_number(cell)]
    return any(hint(cell).time in {"time", "start", "end", "read_at"} for cell in heads[-1:])


def _is_dotted_clock(grid: Grid, place: int, cells: list[str]) -> bool:
    """Whether a column beside a date holds `00.15` for 00:15: its header says time, and no minute is beyond 59."""
    if not all(found and int(found[2]) < 60 for cell in cells for found in [re.match(_DOTTED_CLOCK, cell)]):
        return False
    heads = [cell for cell in grid.column(place).head(40).to_list() if cell and not is_number(cell)]
    return any(hint(cell).time in {"time", "start", "end", "read_at"} for cell in heads[-1:]) and len(set(cells)) > 1


def _holds_doubled_hour(column: pl.Series) -> bool:
    return bool(column.str.contains(_DOUBLED).any()) and bool(column.str.contains(r"\d{1,2}:\d{2}").any())
