"""From parsed values to frames that keep the contract: keys unique and sorted, the interval known, one row per time."""

from __future__ import annotations

from typing import Final

import polars as pl

from luna_rules.importing.model import Faults
from luna_rules.series.frames import PRICE_SCHEMA, READING_SCHEMA, UTC_TIME
from luna_rules.series.quality import STATUS_MASK, Flag

REGISTER_SCHEMA: Final = {"meter_id": pl.String(), "obis": pl.String(), "ts": UTC_TIME, "value_kwh": pl.Float64()}
CONTROL_SCHEMA: Final = {
    "meter_id": pl.String(),
    "series": pl.String(),
    "ts": UTC_TIME,
    "interval_s": pl.Int32(),
    "kwh": pl.Float64(),
}
DEFAULT_INTERVAL_S: Final = 900
_STEPS: Final = (1, 2, 5, 6, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600)
_DAY_S: Final = 86_400
_LONGEST_S: Final = 31 * _DAY_S
"""A longer distance is a gap and tells no interval."""
_DAYS: Final = range(82_800, 90_001, 3600)
VALUES: Final = ("consumption_kw", "production_kw", "voltage")


def empty_registers() -> pl.DataFrame:
    """A frame of register readings without rows."""
    return pl.DataFrame(schema=dict(REGISTER_SCHEMA))


def empty_controls() -> pl.DataFrame:
    """A frame of stated sums without rows."""
    return pl.DataFrame(schema=dict(CONTROL_SCHEMA))


def is_strictly_sorted(frame: pl.DataFrame, key: tuple[str, ...]) -> bool:
    """Whether rows ascend by the key and no key occurs twice."""
    if frame.height < 2:
        return True
    *head, last = (pl.col(name) for name in key)
    after = last > last.shift()
    for column in reversed(head):
        after = (column > column.shift()) | ((column == column.shift()) & after)
    return bool(frame.select(after.slice(1).all()).item())


def unique_rows(
    frame: pl.DataFrame, key: tuple[str, ...], values: tuple[str, ...], faults: Faults, flagged: bool = True
) -> tuple[pl.DataFrame, int, int]:
    """Sorted by key, the last of equal keys kept. Also: how many repeated exactly, how many were overruled.

    A kept row whose forerunner had other values is flagged; the forerunner is listed as a fault. `frame` must hold
    `line`.
    """
    if is_strictly_sorted(frame, key):
        return frame, 0, 0
    frame = frame.sort(*key, maintain_order=True)
    if is_strictly_sorted(frame, key):
        return frame, 0, 0
    same = pl.all_horizontal([pl.col(name).eq_missing(pl.col(name).shift(-1)) for name in key])
    equal = pl.all_horizontal([pl.col(name).eq_missing(pl.col(name).shift(-1)) for name in values])
    frame = frame.with_columns(
        _dropped=same.fill_null(False),
        _conflict=(same & ~equal).fill_null(False),
        _next=pl.col("line").shift(-1),
    )
    conflicts = frame.filter("_conflict")
    exact = int(frame["_dropped"].sum()) - conflicts.height
    listed = min(conflicts.height, faults.room)
    for row in conflicts.head(listed).iter_rows(named=True):
        shown = " / ".join("" if row[name] is None else str(row[name]) for name in values)
        faults.add(row["line"], key[-1], shown, f"Zeit doppelt mit anderem Wert; es gilt Zeile {row['_next']}.")
    faults.count_only(conflicts.height - listed)
    if flagged and conflicts.height:
        frame = frame.with_columns(
            quality=pl.when(pl.col("_conflict").shift(fill_value=False))
            .then(pl.col("quality") | int(Flag.DUPLICATE))
            .otherwise("quality")
        )
    kept = frame.filter(~pl.col("_dropped")).drop("_dropped", "_conflict", "_next")
    return kept, exact, conflicts.height


def infer_intervals(frame: pl.DataFrame, known: dict[str, int] | None = None) -> pl.DataFrame:
    """Fill nulls of `interval_s` from the distances of each meter's times; the frame is sorted by meter and time.

    `known` holds what earlier parts of the file taught and is added to. A meter with a single value gets a
    quarter-hour, and the value is flagged `INTERVAL_GUESSED`.
    """
    if not frame["interval_s"].null_count():
        return frame
    known = {} if known is None else known
    gap = (pl.col("ts").shift(-1) - pl.col("ts")).dt.total_seconds()
    frame = frame.with_columns(
        _after=pl.when(pl.col("meter_id") == pl.col("meter_id").shift(-1)).then(gap),
    )
    counted = (
        frame.filter(pl.col("_after").is_between(1, _LONGEST_S))
        .group_by("meter_id", "_after")
        .len()
        .with_columns(share=pl.col("len") / pl.col("len").sum().over("meter_id"))
        .sort("meter_id", "len", "_after", descending=[False, True, False])
    )
    usual = counted.group_by("meter_id", maintain_order=True).first()
    for meter, step in usual.select("meter_id", "_after").iter_rows():
        if meter not in known:
            known[meter] = int(step)
    mixed = usual.filter(pl.col("share") < 0.9)["meter_id"].to_list()
    table = pl.DataFrame(
        {"meter_id": list(known), "_usual": list(known.values())},
        schema={"meter_id": pl.String, "_usual": pl.Int64},
    )
    table = table.with_columns(
        _usual=pl.when(pl.col("_usual").is_in(list(_DAYS))).then(_DAY_S).otherwise(pl.col("_usual"))
    )
    frame = frame.join(table, on="meter_id", how="left", maintain_order="left")
    step = pl.col("_usual")
    if mixed:
        before = pl.when(pl.col("meter_id") == pl.col("meter_id").shift()).then(pl.col("_after").shift())
        near = pl.min_horizontal("_after", before)
        step = pl.when(pl.col("meter_id").is_in(mixed) & near.is_in([*_STEPS, *_DAYS])).then(near).otherwise("_usual")
    return frame.with_columns(
        quality=pl.when(pl.col("interval_s").is_null() & pl.col("_usual").is_null())
        .then(pl.col("quality") | int(Flag.INTERVAL_GUESSED))
        .otherwise("quality"),
        interval_s=pl.coalesce("interval_s", step.cast(pl.Int32), pl.lit(DEFAULT_INTERVAL_S, pl.Int32)),
    ).drop("_after", "_usual")


def readings_of(wide: pl.DataFrame) -> pl.DataFrame:
    """The readings frame of a frame that holds at least its columns."""
    return wide.select([pl.col(name).cast(kind) for name, kind in READING_SCHEMA.items()])


def prices_of(wide: pl.DataFrame) -> pl.DataFrame:
    """The price frame of a frame that holds at least its columns."""
    return wide.select([pl.col(name).cast(kind) for name, kind in PRICE_SCHEMA.items()])


LONG_SCHEMA: Final = {
    "meter_id": pl.String(),
    "series": pl.String(),
    "ts": UTC_TIME,
    "interval_s": pl.Int32(),
    "value": pl.Float64(),
    "quality": pl.Int32(),
    "line": pl.Int64(),
}
"""One value a row; `series` is one of `VALUES`, `value` in kW or V."""


def widen(long: pl.DataFrame, faults: Faults) -> tuple[pl.DataFrame, int, int]:
    """Readings of single values, and how many repeated exactly or were overruled.

    Where one time has several series, the worst status and all flags hold for the row.
    """
    long, exact, conflicts = unique_rows(long, ("meter_id", "series", "ts"), ("value",), faults)
    wide = (
        long.group_by("meter_id", "ts")
        .agg(
            pl.col("interval_s").min(),
            *[pl.col("value").filter(pl.col("series") == name).last().alias(name) for name in VALUES],
            (pl.col("quality") & STATUS_MASK).max().alias("_status"),
            (pl.col("quality") & ~STATUS_MASK).bitwise_or().alias("_rest"),
        )
        .sort("meter_id", "ts")
        .with_columns(quality=pl.col("_status") | pl.col("_rest"))
    )
    return readings_of(infer_intervals(wide)), exact, conflicts
