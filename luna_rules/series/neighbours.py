"""Flags that follow from the values around: outliers and flat lines.

Time is cut into blocks of two weeks from a Monday (UTC). A value is judged by its block, the one before and the one
after; so what it is judged by does not depend on the file that it came with, and is bounded. Readings finer than a
minute are judged among themselves, by blocks of a day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from luna_rules.series.quality import STATUS_MASK, Flag, Status

POWERS: Final = ("consumption_kw", "production_kw")
FINE_S: Final = 60
"""Shorter intervals are fine ones."""
_DAY_US: Final = 86_400_000_000
_BLOCK_DAYS: Final = 14
_MONDAY_US: Final = 3 * _DAY_US
"""1 January 1970 was a Thursday."""
_MAD_TO_SD: Final = 1.4826
"""Factor from the median absolute deviation to the standard deviation of a normal distribution."""
_GROUP_MIN: Final = 4
"""An hour of the week with fewer values is compared with the same hour of all days."""
_SPREAD_MIN: Final = 24
_FEW: Final = 200


def reach(first: datetime, last: datetime, *, fine: bool) -> tuple[datetime, datetime, datetime, datetime]:
    """What values that begin in [first, last] have to do with, as four ascending times.

    Values within [second, third) are judged anew; those within [first, fourth) are what they are judged by.
    """
    length = timedelta(days=1 if fine else _BLOCK_DAYS)
    origin = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=_MONDAY_US)
    begin = origin + (first - origin) // length * length
    end = origin + ((last - origin) // length + 1) * length
    return begin - 2 * length, begin - length, end + length, end + 2 * length


def judge(frame: pl.DataFrame, zone: str, within: tuple[datetime, datetime] | None = None) -> pl.DataFrame:
    """The frame with the judged flags raised in `_flags`.

    Args:
        frame: readings sorted by meter and time, with `_row` (their places), `_flags`, and the limits `_scale`,
            `_factor` and `_flat_s` of `luna_rules.series.validation.Limits`.
        zone: whose hours of the week are compared.
        within: no outliers are looked for outside of [begin, end), two bounds of blocks.
    """
    for name in POWERS:
        if frame[name].null_count() < frame.height:
            frame = _flat(frame, name)
            frame = _outliers(frame, name, zone, within)
    return frame


def raised(condition: pl.Expr, flag: Flag) -> pl.Expr:
    """`_flags` with the flag where the condition holds."""
    return pl.when(condition.fill_null(False)).then(pl.col("_flags") | int(flag)).otherwise("_flags").alias("_flags")


def _flat(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Runs of one value, without a gap, that last too long.

    Zero is no flat line: at night nothing is fed in. Nor are substitute values, which may be held on purpose.
    """
    follows = (
        (pl.col("meter_id") == pl.col("meter_id").shift())
        & (pl.col(name) == pl.col(name).shift())
        & (pl.col("ts") == pl.col("ts").shift() + pl.duration(seconds=pl.col("interval_s").shift().cast(pl.Int64)))
        & (pl.col("quality") & STATUS_MASK != Status.ERSATZWERT)
        & (pl.col("quality").shift() & STATUS_MASK != Status.ERSATZWERT)
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
    return frame.with_columns(raised(pl.col("_row").is_in(rows.implode()), Flag.FLAT_LINE))


def _outliers(frame: pl.DataFrame, name: str, zone: str, within: tuple[datetime, datetime] | None) -> pl.DataFrame:
    """Far from the median of its hour of the week, and far beyond what the meter does in 99 of 100 intervals."""
    fine = pl.col("interval_s") < FINE_S
    length = pl.when(fine).then(_DAY_US).otherwise(_BLOCK_DAYS * _DAY_US)
    value = pl.col("value")
    # Days of fine values are numbered apart from the blocks of two weeks, by odd numbers of their own. Numbers instead
    # of names of meters, because most of the time goes into grouping.
    number = (pl.col("ts").dt.epoch("us") + _MONDAY_US) // length * 2 + fine.cast(pl.Int64)
    held = frame.select(
        "_row", "ts", "_scale", "_factor", value=name, _meter=pl.col("meter_id").rle_id(), _block=number
    ).drop_nulls("value")
    windows = _suspicious(held, within)
    if windows.is_empty():
        return frame
    local = pl.col("ts").dt.convert_time_zone(zone)
    around = pl.concat([windows.with_columns(_block=pl.col("_own") + step) for step in (-2, 0, 2)])
    held = held.join(around.select("_meter", "_block").unique(), on=["_meter", "_block"], how="semi")
    held = held.with_columns(_hour=local.dt.hour().cast(pl.Int64), _day=local.dt.weekday().cast(pl.Int64))
    held = held.join(around, on=["_meter", "_block"]).select(
        "_row", "_scale", "_factor", "value", "_window", is_own=pl.col("_block") == pl.col("_own"),
        _by_hour=pl.col("_window") * 24 + pl.col("_hour"),
        _by_week=(pl.col("_window") * 8 + pl.col("_day")) * 24 + pl.col("_hour"),
    )  # fmt: skip
    usual = held.group_by("_window").agg(
        _all=pl.len(), _q99=value.quantile(0.99), _q01=value.quantile(0.01), _median=value.median()
    )
    beyond = value > pl.col("_factor") * pl.max_horizontal("_q99", pl.lit(0.01))
    below = (pl.col("_q01") > 0) & (value < pl.col("_q01") / pl.col("_factor"))
    # With few values the quantile is the outlier itself; the median is not.
    few = (pl.col("_all") < _FEW) & (value > 10 * pl.max_horizontal(pl.col("_median").abs(), pl.lit(0.05)))
    suspects = (
        held.filter("is_own").join(usual, on="_window").filter((pl.col("_all") >= _SPREAD_MIN) & (beyond | below | few))
    )
    if suspects.is_empty():
        return frame
    held = held.join(suspects.select("_window").unique(), on="_window", how="semi")
    center_week = held.group_by("_by_week").agg(_n=pl.len(), _center_week=value.median())
    center_hour = held.group_by("_by_hour").agg(_center_hour=value.median())

    def centred(rows: pl.DataFrame) -> pl.DataFrame:
        rows = rows.join(center_week, on="_by_week").join(center_hour, on="_by_hour")
        center = pl.when(pl.col("_n") >= _GROUP_MIN).then("_center_week").otherwise("_center_hour")
        return rows.with_columns(_distance=(value - center).abs())

    held = centred(held)
    mad_week = held.group_by("_by_week").agg(_mad_week=pl.col("_distance").median())
    mad_hour = held.group_by("_by_hour").agg(_mad_hour=pl.col("_distance").median())
    mad_all = held.group_by("_window").agg(_mad_all=pl.col("_distance").median())
    suspects = centred(suspects).join(mad_week, on="_by_week").join(mad_hour, on="_by_hour").join(mad_all, on="_window")
    mad = pl.when(pl.col("_n") >= _GROUP_MIN).then("_mad_week").otherwise("_mad_hour")
    spread = _MAD_TO_SD * pl.max_horizontal(
        mad, 0.5 * pl.col("_mad_all"), 0.02 * pl.col("_median").abs(), pl.lit(0.005)
    )
    rows = suspects.filter(pl.col("_distance") > pl.col("_scale") * spread)["_row"]
    return frame.with_columns(raised(pl.col("_row").is_in(rows.implode()), Flag.OUTLIER)) if len(rows) else frame


def _suspicious(held: pl.DataFrame, within: tuple[datetime, datetime] | None) -> pl.DataFrame:
    """Blocks (`_meter`, `_own`, numbered `_window`) whose extremes may be outliers; usually there are none.

    The 99 % quantile of three blocks is at least the least of their 98 % quantiles (90 % where they are so short that
    rounding to a rank counts), and likewise below; so no block with an outlier is left out.
    """
    value = pl.col("value")
    short = pl.len() <= _FEW
    asked = pl.lit(True) if within is None else pl.col("ts").first().is_between(*within, closed="left")
    blocks = held.group_by("_meter", "_block").agg(
        _n=pl.len(),
        _max=value.max(),
        _min=value.min(),
        _high=pl.when(short).then(value.quantile(0.9)).otherwise(value.quantile(0.98)),
        _low=pl.when(short).then(value.quantile(0.1)).otherwise(value.quantile(0.02)),
        _factor=pl.col("_factor").first(),
        _asked=asked,
    )
    beside = pl.concat(
        [blocks.select("_meter", "_n", "_high", "_low", _own=pl.col("_block") + step) for step in (-2, 0, 2)]
    )
    bounds = beside.group_by("_meter", "_own").agg(
        pl.col("_n").sum().alias("_all"), pl.col("_high").min(), pl.col("_low").max()
    )
    own = blocks.filter("_asked").select("_meter", "_max", "_min", "_factor", _own="_block")
    own = own.join(bounds, on=["_meter", "_own"])
    beyond = pl.col("_max") > pl.col("_factor") * pl.max_horizontal("_high", pl.lit(0.01))
    below = (pl.col("_low") > 0) & (pl.col("_min") < pl.col("_low") / pl.col("_factor"))
    few = (pl.col("_all") < _FEW) & (pl.col("_max") > 10 * 0.05)
    chosen = own.filter((pl.col("_all") >= _SPREAD_MIN) & (beyond | below | few)).select("_meter", "_own")
    return chosen.with_row_index("_window").with_columns(pl.col("_window").cast(pl.Int64))
