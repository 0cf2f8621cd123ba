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
from luna_rules.series.quality import Flag
from luna_rules.series.voltage import HIGHEST_V, LOWEST_V

_POWERS: Final = ("consumption_kw", "production_kw")
_MAD_TO_SD: Final = 1.4826
"""Factor from the median absolute deviation to the standard deviation of a normal distribution."""
_GROUP_MIN: Final = 4
"""An hour of the week with fewer values is compared with the same hour of all days."""
_SPREAD_MIN: Final = 24
CHECKED_FLAGS: Final = (
    Flag.OUTLIER | Flag.OUT_OF_RANGE | Flag.FLAT_LINE | Flag.SUM_DIFFERS | Flag.NEGATIVE | Flag.FUTURE | Flag.VOLTAGE
)
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
        readings: a readings frame (`luna_rules.series.frames`), sorted by meter and time; the more of a meter's
            history it holds, the better outliers are told from habits.
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
    for name in _POWERS:
        if frame[name].null_count() < frame.height:
            frame = _flat(frame, name)
            frame = _outliers(frame, name, zone)
    windows = [
        window for window in (_register_windows(registers, zone), _stated_windows(control_sums)) if window is not None
    ]
    for window in windows:
        frame = _sums(frame, window)
    keep = ~int(CHECKED_FLAGS)
    return frame.with_columns(quality=(pl.col("quality") & keep) | pl.col("_flags")).select(list(READING_SCHEMA))


def _is_clean(readings: pl.DataFrame, now: datetime, limits: Limits | Mapping[str, Limits] | None) -> bool:
    """Whether extremes alone show that no simple check fails; the usual case, and no row is touched."""
    every = [limits] if isinstance(limits, Limits) else [Limits(), *(limits or {}).values()]
    highest = min(min(limit.power_max_kw, 1.1 * (limit.capacity_kw or limit.power_max_kw)) for limit in every)
    powers = [pl.col(name) for name in _POWERS]
    fine = readings.select(
        pl.all_horizontal(
            [(power.min() >= 0).fill_null(True) & (power.max() <= highest).fill_null(True) for power in powers]
        )
        & (pl.col("ts").max() <= now)
        & (pl.col("voltage").min() >= LOWEST_V).fill_null(True)
        & (pl.col("voltage").max() <= HIGHEST_V).fill_null(True)
    )
    return bool(fine.item())


def _raised(condition: pl.Expr, flag: Flag) -> pl.Expr:
    return pl.when(condition.fill_null(False)).then(pl.col("_flags") | int(flag)).otherwise("_flags").alias("_flags")


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
        frame.with_columns(_raised(pl.min_horizontal(*_POWERS) < 0, Flag.NEGATIVE))
        .with_columns(_raised(highest > pl.col("_highest"), Flag.OUT_OF_RANGE))
        .with_columns(_raised(pl.col("ts") > now, Flag.FUTURE))
        .with_columns(_raised(~pl.col("voltage").is_between(LOWEST_V, HIGHEST_V), Flag.VOLTAGE))
    )


def _flat(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Runs of one value, without a gap, that last too long. Zero is no flat line: at night nothing is fed in."""
    follows = (
        (pl.col("meter_id") == pl.col("meter_id").shift())
        & (pl.col(name) == pl.col(name).shift())
        & (pl.col("ts") == pl.col("ts").shift() + pl.duration(seconds=pl.col("interval_s").shift().cast(pl.Int64)))
    )
    breaks = frame.select((~follows.fill_null(False)).arg_true()).to_series().cast(pl.Int64)
    runs = (
        pl.DataFrame({"first": breaks})
        .with_columns(last=pl.col("first").shift(-1).fill_null(frame.height) - 1)
        .filter(pl.col("last") > pl.col("first"))
    )
    if runs.is_empty():
        return frame
    held = frame.select("ts", "interval_s", "_flat_s", value=name)
    first, last = held[runs["first"].to_list()], held[runs["last"].to_list()]
    lasting = (last["ts"] - first["ts"]).dt.total_seconds() + last["interval_s"]
    long = runs.filter((lasting >= first["_flat_s"]) & (first["value"] != 0))
    if long.is_empty():
        return frame
    rows = long.select(pl.int_ranges("first", pl.col("last") + 1).explode()).to_series()
    return frame.with_columns(_raised(pl.col("_row").is_in(rows.implode()), Flag.FLAT_LINE))


def _outliers(frame: pl.DataFrame, name: str, zone: str) -> pl.DataFrame:
    """Far from the median of its hour of the week, and far beyond what the meter does in 99 of 100 intervals."""
    local = pl.col("ts").dt.convert_time_zone(zone)
    held = frame.select(
        "_row", "meter_id", "_scale", "_factor", value=name, _hour=local.dt.hour(), _day=local.dt.weekday()
    ).drop_nulls("value")
    value = pl.col("value")
    usual = held.group_by("meter_id").agg(
        _all=pl.len(), _q99=value.quantile(0.99), _q01=value.quantile(0.01), _median=value.median()
    )
    beyond = value > pl.col("_factor") * pl.max_horizontal("_q99", pl.lit(0.01))
    below = (pl.col("_q01") > 0) & (value < pl.col("_q01") / pl.col("_factor"))
    # With few values the quantile is the outlier itself; the median is not.
    few = (pl.col("_all") < 200) & (value > 10 * pl.max_horizontal(pl.col("_median").abs(), pl.lit(0.05)))
    suspects = held.join(usual, on="meter_id").filter((pl.col("_all") >= _SPREAD_MIN) & (beyond | below | few))
    if suspects.is_empty():
        return frame
    held = held.join(suspects.select("meter_id").unique(), on="meter_id", how="semi")
    center_week = held.group_by("meter_id", "_day", "_hour").agg(_n=pl.len(), _center_week=value.median())
    center_hour = held.group_by("meter_id", "_hour").agg(_center_hour=value.median())

    def centred(rows: pl.DataFrame) -> pl.DataFrame:
        rows = rows.join(center_week, on=["meter_id", "_day", "_hour"]).join(center_hour, on=["meter_id", "_hour"])
        center = pl.when(pl.col("_n") >= _GROUP_MIN).then("_center_week").otherwise("_center_hour")
        return rows.with_columns(_distance=(value - center).abs())

    held = centred(held)
    mad_week = held.group_by("meter_id", "_day", "_hour").agg(_mad_week=pl.col("_distance").median())
    mad_hour = held.group_by("meter_id", "_hour").agg(_mad_hour=pl.col("_distance").median())
    mad_all = held.group_by("meter_id").agg(_mad_all=pl.col("_distance").median())
    suspects = (
        centred(suspects)
        .join(mad_week, on=["meter_id", "_day", "_hour"])
        .join(mad_hour, on=["meter_id", "_hour"])
        .join(mad_all, on="meter_id")
    )
    mad = pl.when(pl.col("_n") >= _GROUP_MIN).then("_mad_week").otherwise("_mad_hour")
    spread = _MAD_TO_SD * pl.max_horizontal(
        mad, 0.5 * pl.col("_mad_all"), 0.02 * pl.col("_median").abs(), pl.lit(0.005)
    )
    rows = suspects.filter(pl.col("_distance") > pl.col("_scale") * spread)["_row"]
    return frame.with_columns(_raised(pl.col("_row").is_in(rows.implode()), Flag.OUTLIER)) if len(rows) else frame


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
    for name in _POWERS:
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
            frame = frame.with_columns(_raised(pl.col("_row").is_in(rows.implode()), Flag.SUM_DIFFERS))
    return frame
