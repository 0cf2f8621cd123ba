"""Columns of written times to instants: many spellings, one regular expression, whole columns at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import polars as pl

from luna_rules.importing.dateorder import Order
from luna_rules.series.frames import UTC_TIME

_WEEKDAY: Final = r"(?:[A-Za-z]{2,10}\.?,?\s+)?"
_DATE: Final = (
    r"(?:(?P<y1>[0-9]{4})[-/.](?P<m1>[0-9]{1,2})[-/.](?P<d1>[0-9]{1,2})"
    r"|(?P<a>[0-9]{1,2})[./-](?P<b>[0-9]{1,2})[./-](?P<y2>[0-9]{4}|[0-9]{2})"
    r"|(?P<y3>(?:19|20)[0-9]{2})(?P<m3>[01][0-9])(?P<d3>[0-3][0-9]))"
)
_CLOCK: Final = (
    r"(?P<h>[0-9]{1,2}):(?P<n>[0-9]{2})(?::(?P<s>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?(?:\s*Uhr)?"
)
_ZONE: Final = (
    r"(?:\(?(?P<z>Z|UTC|GMT|MESZ|MEZ|CEST|CET|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)\)?"
    r"(?:\[[A-Za-z]+(?:/[A-Za-z_]+)*\])?)"
)
"""An offset is 14 hours at most: no zone is farther from UTC."""
_STAMP: Final = (
    rf"^\s*{_WEEKDAY}{_DATE}"
    rf"(?:\s*[T,;_ -]\s*{_CLOCK}|(?P<h3>[0-2][0-9])(?P<n3>[0-5][0-9])(?P<s3>[0-5][0-9])?)?\s*{_ZONE}?\s*$"
)
_TIME_ONLY: Final = rf"^\s*{_CLOCK}\s*{_ZONE}?\s*$"
_RANGE: Final = r"^(.{8,40}?)\s+(?:-|–|bis|to|/)\s+(.{4,40})$"

STAMP: Final = re.compile(_STAMP)
TIME_ONLY: Final = re.compile(_TIME_ONLY)
RANGE: Final = re.compile(_RANGE)

_NAMED_OFFSETS: Final = {"Z": 0, "UTC": 0, "GMT": 0, "MEZ": 60, "CET": 60, "MESZ": 120, "CEST": 120}


@dataclass(frozen=True)
class Stamps:
    """A column of times: `naive` as written, `offset_minutes` where one was written, `has_clock` where a time was.

    `naive` is null where the text is no time; `midnight_24` marks stamps written as 24:00 (already the next day).
    """

    naive: pl.Series
    offset_minutes: pl.Series
    has_clock: bool


def is_stamp(text: str) -> bool:
    """Whether a cell is a date, with or without a time."""
    return STAMP.match(text) is not None


def is_date_only(text: str) -> bool:
    """Whether a cell is a date without a time."""
    found = STAMP.match(text)
    return found is not None and found["h"] is None and found["h3"] is None


def is_time_only(text: str) -> bool:
    """Whether a cell is a time of day."""
    return TIME_ONLY.match(text) is not None


def is_range(text: str) -> bool:
    """Whether a cell is `begin - end`."""
    found = RANGE.match(text)
    return found is not None and is_stamp(found[1]) and (is_stamp(found[2]) or is_time_only(found[2]))


def parse_stamps(column: pl.Series, *, order: Order = "dmy") -> Stamps:
    """Dates with or without times. A date alone is its midnight."""
    parts = column.str.extract_groups(_STAMP).struct.unnest()
    year, month, day = {"dmy": ("y2", "b", "a"), "mdy": ("y2", "a", "b"), "ymd": ("a", "b", "y2")}[order]
    year2 = pl.when(pl.col(year).str.len_chars() == 2).then(pl.concat_str(pl.lit("20"), year)).otherwise(year)
    # A year of four digits behind day and month is no day, whatever the order of the others.
    year2 = pl.when(pl.col("y2").str.len_chars() == 4).then("y2").otherwise(year2)
    built = parts.select(
        pl.coalesce("y1", year2, "y3").alias("y"),
        pl.coalesce("m1", month, "m3").alias("m"),
        pl.coalesce("d1", day, "d3").alias("d"),
        pl.coalesce("h", "h3").alias("h"),
        pl.coalesce("n", "n3").alias("n"),
        pl.coalesce("s", "s3").alias("s"),
        "f",
        "half",
        "z",
    )
    built = built.with_columns(
        naive=pl.concat_str("y", pl.lit("-"), "m", pl.lit("-"), "d").str.to_datetime(
            "%Y-%m-%d", time_unit="us", strict=False
        )
        + _clock(),
        offset=_offset(),
    )
    return Stamps(built["naive"], built["offset"], bool(built["h"].is_not_null().any()))


def parse_clock(column: pl.Series) -> pl.Series:
    """Times of day as durations from midnight; 24:00 is the whole day, no time is null."""
    parts = column.str.extract_groups(_TIME_ONLY).struct.unnest()
    return parts.select(
        clock=pl.when(pl.col("h").is_not_null()).then(_clock()),
    )["clock"]


def clock_offsets(column: pl.Series) -> pl.Series:
    """The UTC offsets written behind times of day, in minutes."""
    return column.str.extract_groups(_TIME_ONLY).struct.unnest().select(offset=_offset())["offset"]


def split_ranges(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Begin and end of cells such as `01.10.2024 00:00 - 01.10.2024 01:00`; an end without a date takes the begin's."""
    parts = column.str.extract_groups(_RANGE).struct.unnest()
    begin, end = parts.to_series(0).rename("begin"), parts.to_series(1).rename("end")
    dated = pl.DataFrame([begin, end]).select(
        end=pl.when(pl.col("end").str.contains(_TIME_ONLY))
        .then(pl.concat_str(pl.col("begin").str.extract(r"^\s*(\S+?)(?:[T ,].*)?$"), pl.lit(" "), pl.col("end")))
        .otherwise("end")
    )
    return begin, dated["end"]


def parse_epoch(column: pl.Series) -> pl.Series:
    """Seconds, milliseconds, micro- or nanoseconds since 1970 as naive UTC; null for other numbers."""
    number = column.cast(pl.Float64, strict=False)
    return (
        pl.DataFrame({"n": number})
        .select(
            pl.when(pl.col("n").is_between(3e8, 5e9))
            .then((pl.col("n") * 1e6).round().cast(pl.Int64, strict=False))
            .when(pl.col("n").is_between(3e11, 5e12))
            .then((pl.col("n") * 1e3).round().cast(pl.Int64, strict=False))
            .when(pl.col("n").is_between(3e14, 5e15))
            .then(pl.col("n").round().cast(pl.Int64, strict=False))
            .when(pl.col("n").is_between(3e17, 5e18))
            .then((pl.col("n") / 1e3).round().cast(pl.Int64, strict=False))
            .alias("us")
        )
        .to_series()
        .cast(pl.Datetime("us"))
    )


def parse_serial(column: pl.Series) -> pl.Series:
    """Spreadsheet serial days (1900 system) as naive local times, rounded to the second."""
    number = column.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    return (
        pl.DataFrame({"n": number})
        .select(
            pl.when(pl.col("n").is_between(20_000, 80_000)).then(
                ((pl.col("n") - 25_569) * 86_400).round().cast(pl.Int64, strict=False) * 1_000_000
            )
        )
        .to_series()
        .cast(pl.Datetime("us"))
    )


def to_instant(naive: pl.Series, offset_minutes: pl.Series) -> pl.Series:
    """Instants where an offset was written, else null."""
    return (
        pl.DataFrame({"naive": naive, "offset": offset_minutes})
        .select(
            (pl.col("naive") - pl.duration(minutes=pl.col("offset").cast(pl.Int64)))
            .dt.replace_time_zone("UTC")
            .alias("ts")
        )
        .to_series()
        .cast(UTC_TIME)
    )


def _clock() -> pl.Expr:
    """Duration from midnight; an impossible hour or minute is null, 24:00 a whole day, none at all zero."""
    hour = pl.col("h").cast(pl.Int64)
    half = pl.col("half").str.to_lowercase().str.starts_with("p")
    hour = (
        pl.when(pl.col("half").is_not_null() & ((hour < 1) | (hour > 12)))
        .then(None)
        .when(pl.col("half").is_not_null())
        .then(hour % 12 + pl.when(half).then(12).otherwise(0))
        .otherwise(hour)
    )
    minute, second = pl.col("n").cast(pl.Int64), pl.col("s").cast(pl.Int64).fill_null(0)
    micro = pl.concat_str(pl.lit("0."), pl.col("f")).cast(pl.Float64).fill_null(0.0) * 1_000_000
    right = ((hour < 24) & (minute < 60) & (second < 60)) | ((hour == 24) & (minute == 0) & (second == 0))
    return (
        pl.when(pl.col("h").is_null())
        .then(pl.duration(seconds=0))
        .when(right)
        .then(pl.duration(seconds=hour * 3600 + minute * 60 + second, microseconds=micro.round().cast(pl.Int64)))
    )


def _offset() -> pl.Expr:
    written = pl.col("z").str.extract_groups(r"^([+-])([0-9]{2}):?([0-9]{2})?$")
    minutes = written.struct.field("2").cast(pl.Int32) * 60 + written.struct.field("3").cast(pl.Int32).fill_null(0)
    signed = pl.when(written.struct.field("1") == "-").then(-minutes).otherwise(minutes)
    return pl.coalesce(pl.col("z").replace_strict(_NAMED_OFFSETS, default=None, return_dtype=pl.Int32), signed)
