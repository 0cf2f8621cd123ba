"""What is wrong about readings, as flags in `quality`: range, sign, future, flat lines, outliers, sums, voltage.

A flag is a hint; no value is changed or dropped. `luna_rules.series.reports` counts them per day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from luna_rules.series.frames import READING_SCHEMA
from luna_rules.series.neighbours import POWERS, judge, raised
from luna_rules.series.quality import JUDGED, Flag
from luna_rules.series.voltage import HIGHEST_V, LOWEST_V

CHECKED_FLAGS: Final = JUDGED | Flag.OUT_OF_RANGE | Flag.SUM_DIFFERS | Flag.NEGATIVE | Flag.FUTURE | Flag.VOLTAGE
"""The flags that `validate` decides anew; all others are kept as they come."""


@dataclass(frozen=True)
class Limits:
    """What counts as wrong; the defaults hold for a low-voltage connection of any size."""

    capacity_kw: float | None = None
    """Power of connection and generator; a mean ten per cent over it is out of range."""
    power_max_kw: float = 100_000.0
    """Above this, a mean is out of range for any meter (a unit mistaken by a factor of 1000)."""
    outlier_scale: float = 8.0
    """Distance from the usual value, in robust standard deviations."""
    outlier_factor: float = 3.0
    """And as a multiple of the meter's own 99 % quantile: a household's evening peak is no outlier."""
    flat_hours: float = 24.0
    """The same value other than zero for so long is a meter that hangs."""
    sum_tolerance: float = 0.005
    sum_tolerance_kwh: float = 0.05


def check(
    readings: pl.DataFrame, *, now: datetime, limits: Limits | Mapping[str, Limits] | None = None
) -> pl.DataFrame:
    """The checks that need no history, quick enough for every row of an import: range, sign, future, voltage.

    The same rows with those flags added in `quality`; see `validate` for the arguments.
    """
    if readings.is_empty() or _is_clean(readings, now, limits):
        return readings
    flagged = _simple(_with_limits(readings, limits).with_columns(_flags=pl.lit(0, pl.Int32)), now)
    return flagged.with_columns(quality=pl.col("quality") | pl.col("_flags")).select(list(READING_SCHEMA))


def validate(
    readings: pl.DataFrame,
    *,
    now: datetime,
    limits: Limits | Mapping[str, Limits] | None = None,
    registers: pl.DataFrame | None = None,
    control_sums: pl.DataFrame | None = None,
    zone: str = "Europe/Berlin",
) -> pl.DataFrame:
    """All checks: the same rows with flags set, or taken back, in `quality`.

    Args:
        readings: a readings frame (`luna_rules.series.frames`), sorted by meter and time. Outliers and flat lines
            follow from what stands in it; see `judge_again` for values whose neighbours are stored.
        now: values whose interval begins later are from the future.
        limits: for all meters, or by meter id; a meter not named has the defaults.
        registers: register readings (meter_id, obis, ts, value_kwh) that the values must add up to.
        control_sums: stated sums (meter_id, series, ts, interval_s, kwh) that the values must add up to.
        zone: whose hours of the week are compared.
    """
    if readings.is_empty():
        return readings
    frame = _with_limits(readings, limits).with_row_index("_row").with_columns(_flags=pl.lit(0, pl.Int32))
    if not _is_clean(readings, now, limits):
        frame = _simple(frame, now)
    frame = judge(frame, zone)
    windows = [
        window for window in (_register_windows(registers, zone), _stated_windows(control_sums)) if window is not None
    ]
    for window in windows:
        frame = _sums(frame, window)
    keep = ~int(CHECKED_FLAGS)
    return frame.with_columns(quality=(pl.col("quality") & keep) | pl.col("_flags")).select(list(READING_SCHEMA))


def judge_again(
    readings: pl.DataFrame,
    *,
    within: tuple[datetime, datetime],
    limits: Limits | None = None,
    zone: str = "Europe/Berlin",
) -> pl.DataFrame:
    """The flags of `quality.JUDGED` decided anew, for the rows in [begin, end) of `within`: see `neighbours.reach`.

    The same rows, all other bits of `quality` as they are; what lies outside only shows what is usual.
    """
    if readings.is_empty():
        return readings
    frame = _with_limits(readings, limits).with_row_index("_row").with_columns(_flags=pl.lit(0, pl.Int32))
    quality = (pl.col("quality") & ~int(JUDGED)) | pl.col("_flags")
    inside = pl.col("ts").is_between(*within, closed="left")
    judged = judge(frame, zone, within)
    return judged.with_columns(pl.when(inside).then(quality).otherwise("quality").alias("quality")).select(
        readings.columns
    )


def _is_clean(readings: pl.DataFrame, now: datetime, limits: Limits | Mapping[str, Limits] | None) -> bool:
    """Whether extremes alone show that no simple check fails; the usual case, and no row is touched."""
    every = [limits] if isinstance(limits, Limits) else [Limits(), *(limits or {}).values()]
    highest = min(min(limit.power_max_kw, 1.1 * (limit.capacity_kw or limit.power_max_kw)) for limit in every)
    powers = [pl.col(name) for name in POWERS]
    fine = readings.select(
        pl.all_horizontal(
            [(power.min() >= 0).fill_null(True) & (power.max() <= highest).fill_null(True) for power in powers]
        )
        & (pl.col("ts").max() <= now)
        & (pl.col("voltage").min() >= LOWEST_V).fill_null(True)
        & (pl.col("voltage").max() <= HIGHEST_V).fill_null(True)
    )
    return bool(fine.item())


def _with_limits(frame: pl.DataFrame, limits: Limits | Mapping[str, Limits] | None) -> pl.DataFrame:
    default = limits if isinstance(limits, Limits) else Limits()
    if not isinstance(limits, Mapping):
        return frame.with_columns(**{name: pl.lit(value) for name, value in _columns(default).items()})
    meters = frame["meter_id"].unique().to_list()
    table = pl.DataFrame(
        [{"meter_id": meter, **_columns(limits.get(meter, default))} for meter in meters],
        schema={"meter_id": pl.String, **dict.fromkeys(_columns(default), pl.Float64)},
    )
    return frame.join(table, on="meter_id", how="left", maintain_order="left")


def _columns(limit: Limits) -> dict[str, float]:
    return {
        "_highest": min(limit.power_max_kw, 1.1 * (limit.capacity_kw or limit.power_max_kw)),
        "_scale": limit.outlier_scale,
        "_factor": limit.outlier_factor,
        "_flat_s": limit.flat_hours * 3600,
        "_tolerance": limit.sum_tolerance,
        "_tolerance_kwh": limit.sum_tolerance_kwh,
    }


def _simple(frame: pl.DataFrame, now: datetime) -> pl.DataFrame:
    highest = pl.max_horizontal(pl.col("consumption_kw").abs(), pl.col("production_kw").abs())
    return (
        frame.with_columns(raised(pl.min_horizontal(*POWERS) < 0, Flag.NEGATIVE))
        .with_columns(raised(highest > pl.col("_highest"), Flag.OUT_OF_RANGE))
        .with_columns(raised(pl.col("ts") > now, Flag.FUTURE))
        .with_columns(raised(~pl.col("voltage").is_between(LOWEST_V, HIGHEST_V), Flag.VOLTAGE))
    )


def _register_windows(registers: pl.DataFrame | None, zone: str) -> pl.DataFrame | None:
    """From the first register reading of each local day to that of the next: rounding does not add up."""
    if registers is None or registers.height < 2:
        return None
    totals = registers.filter(pl.col("obis").str.contains(r"(^|:)[12]\.8\.0\b")).with_columns(
        series=pl.when(pl.col("obis").str.contains(r"(^|:)1\.8\.0"))
        .then(pl.lit("consumption_kw"))
        .otherwise(pl.lit("production_kw")),
        _day=pl.col("ts").dt.convert_time_zone(zone).dt.date(),
    )
    firsts = totals.sort("meter_id", "series", "ts").unique(
        ["meter_id", "series", "_day"], keep="first", maintain_order=True
    )
    windows = firsts.with_columns(
        end=pl.col("ts").shift(-1).over("meter_id", "series"),
        kwh=(pl.col("value_kwh").shift(-1) - pl.col("value_kwh")).over("meter_id", "series"),
    ).drop_nulls("end")
    return windows.select("meter_id", "series", begin="ts", end="end", kwh="kwh") if windows.height else None


def _stated_windows(sums: pl.DataFrame | None) -> pl.DataFrame | None:
    if sums is None or sums.is_empty():
        return None
    return sums.select(
        "meter_id",
        "series",
        begin="ts",
        end=pl.col("ts") + pl.duration(seconds=pl.col("interval_s").cast(pl.Int64)),
        kwh="kwh",
    )


def _sums(frame: pl.DataFrame, windows: pl.DataFrame) -> pl.DataFrame:
    """Flag all values of a window that is fully covered and does not add up. A window with a gap says nothing."""
    for name in POWERS:
        mine = windows.filter(pl.col("series") == name).drop("series").sort("begin")
        if mine.is_empty():
            continue
        held = frame.select("_row", "meter_id", "ts", "interval_s", "_tolerance", "_tolerance_kwh", value=name).sort(
            "ts"
        )
        held = held.join_asof(
            mine, left_on="ts", right_on="begin", by="meter_id", strategy="backward", check_sortedness=False
        )
        stop = pl.col("ts") + pl.duration(seconds=pl.col("interval_s").cast(pl.Int64))
        inside = held.filter(pl.col("value").is_not_null() & (stop <= pl.col("end")))
        wrong = (
            inside.group_by("meter_id", "begin", "end")
            .agg(
                rows=pl.col("_row"),
                covered=pl.col("interval_s").sum(),
                got=(pl.col("value") * pl.col("interval_s") / 3600).sum(),
                kwh=pl.col("kwh").first(),
                tolerance=pl.max_horizontal(
                    pl.col("_tolerance").first() * pl.col("kwh").first().abs(), pl.col("_tolerance_kwh").first()
                ),
            )
            .filter(
                (pl.col("covered") == (pl.col("end") - pl.col("begin")).dt.total_seconds())
                & ((pl.col("got") - pl.col("kwh")).abs() > pl.col("tolerance"))
            )
        )
        if wrong.height:
            rows = wrong["rows"].explode()
            frame = frame.with_columns(raised(pl.col("_row").is_in(rows.implode()), Flag.SUM_DIFFERS))
    return frame
