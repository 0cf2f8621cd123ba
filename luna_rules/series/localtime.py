"""Local time to UTC through both clock changes.

On the long day the hour from 2 to 3 occurs twice: its rows are told apart by their order. On the short day it does
not exist: such a stamp has no instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from luna_rules.series.frames import UTC_TIME


@dataclass(frozen=True)
class Resolved:
    """`ts` in UTC, null where the local time does not exist (`missing`) or was null before."""

    ts: pl.Series
    missing: pl.Series
    ambiguous_once: int
    """Ambiguous stamps that occur only once: they were taken as the first pass (summer time)."""


def local_to_utc(naive: pl.Series, zone: str, group: pl.Series | None = None) -> Resolved:
    """Instants of local stamps in the order of the file.

    An ambiguous stamp is of the second pass if it occurred before in its group, or if the group's time stepped back
    within the ambiguous hour before it; in a file that runs backwards the other way round.
    """
    frame = pl.DataFrame(
        {
            "naive": naive.cast(pl.Datetime("us")),
            "group": group if group is not None else pl.repeat(0, len(naive), eager=True),
        }
    ).with_columns(
        first=pl.col("naive").dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null"),
        last=pl.col("naive").dt.replace_time_zone(zone, ambiguous="latest", non_existent="null"),
    )
    missing = frame.select(pl.col("naive").is_not_null() & pl.col("first").is_null()).to_series()
    ambiguous = frame.select((pl.col("first") != pl.col("last")).fill_null(False)).to_series()
    once = 0
    if ambiguous.any():
        frame = frame.with_row_index("row")
        hours = frame.filter(ambiguous)
        backwards = _runs_backwards(frame)
        if backwards:
            hours = hours.reverse()
        hours = hours.with_columns(
            nth=pl.int_range(pl.len()).over("group", "naive"),
            times=pl.len().over("group", "naive"),
            stepped=(pl.col("naive").diff() < timedelta(0))
            .fill_null(False)
            .cum_max()
            .over("group", pl.col("naive").dt.date()),
        )
        second = hours.select("row", second=(pl.col("nth") > 0) | pl.col("stepped"), times="times")
        once = int(second.select(((pl.col("times") == 1) & ~pl.col("second")).sum()).item())
        frame = frame.join(second.select("row", "second"), on="row", how="left", maintain_order="left").with_columns(
            first=pl.when(pl.col("second").fill_null(False)).then("last").otherwise("first")
        )
    ts = frame["first"].dt.convert_time_zone("UTC").cast(UTC_TIME).rename("ts")
    return Resolved(ts, missing, once)


def _runs_backwards(frame: pl.DataFrame) -> bool:
    signs = frame.select(pl.col("naive").diff().over("group").dt.total_microseconds().sign()).to_series().drop_nulls()
    return bool((signs < 0).sum() > (signs > 0).sum())
