"""Reports on the quality of readings: per meter and local day, and of voltage per meter and local week."""

from __future__ import annotations

from typing import Final

import polars as pl

from luna_rules.series.quality import STATUS_MASK, Flag, Status
from luna_rules.series.voltage import judge_week

_FLAGS: Final = tuple(flag for flag in Flag if flag != Flag.PARTIAL)

QUALITY_DAY_SCHEMA: Final = {
    "meter_id": pl.String(),
    "day": pl.Date(),
    "expected_values": pl.Int32(),
    "values": pl.Int32(),
    "missing": pl.Int32(),
    "substituted": pl.Int32(),
    "preliminary": pl.Int32(),
    "forecast": pl.Int32(),
    "longest_gap_s": pl.Int32(),
    "flags": pl.String(),
}
"""The columns of `meter_quality_days`; `flags` is JSON: flag (lower case) → number of values that bear it."""


def quality_days(readings: pl.DataFrame, *, zone: str = "Europe/Berlin") -> pl.DataFrame:
    """The report per meter and local day, from the first to the last day with a value; days without any are in it.

    The day has as many intervals as it is long: 92 or 100 quarter-hours where the clock changes.
    """
    if readings.is_empty():
        return pl.DataFrame(schema=QUALITY_DAY_SCHEMA)
    rows = readings.sort("meter_id", "ts").with_columns(
        day=pl.col("ts").dt.convert_time_zone(zone).dt.date(),
        stop=pl.col("ts") + pl.duration(seconds=pl.col("interval_s").cast(pl.Int64)),
    )
    days = _all_days(rows, zone)
    status = pl.col("quality") & STATUS_MASK
    before = pl.col("stop").shift().over("meter_id", "day")
    gaps = rows.join(days, on=["meter_id", "day"], how="left").with_columns(
        gap=(pl.col("ts") - pl.coalesce(before, pl.col("begin"))).dt.total_seconds()
    )
    counted = gaps.group_by("meter_id", "day").agg(
        values=pl.len(),
        covered=pl.col("interval_s").sum(),
        step=pl.col("interval_s").mode().min(),
        substituted=(status == Status.ERSATZWERT).sum(),
        preliminary=(status == Status.VORLAEUFIGERWERT).sum(),
        forecast=(status == Status.PROGNOSEWERT).sum(),
        inner=pl.col("gap").max(),
        last=pl.col("stop").max(),
        **{_name(flag): ((pl.col("quality") & int(flag)) != 0).sum() for flag in _FLAGS},
    )
    usual = rows.group_by("meter_id").agg(usual=pl.col("interval_s").mode().min())
    whole = days.join(counted, on=["meter_id", "day"], how="left").join(usual, on="meter_id", how="left")
    length = (pl.col("end") - pl.col("begin")).dt.total_seconds()
    step = pl.coalesce("step", "usual")
    whole = whole.with_columns(
        values=pl.col("values").fill_null(0),
        missing=((length - pl.col("covered").fill_null(0)) / step).round().clip(lower_bound=0),
        longest_gap_s=pl.when(pl.col("values").is_null())
        .then(length)
        .otherwise(pl.max_horizontal("inner", (pl.col("end") - pl.col("last")).dt.total_seconds(), pl.lit(0))),
        flags=_flags_json(),
    ).with_columns(expected_values=pl.col("values") + pl.col("missing"))
    filled = [pl.col(name).fill_null(0) for name in ("substituted", "preliminary", "forecast")]
    return (
        whole.with_columns(*filled)
        .select([pl.col(name).cast(kind) for name, kind in QUALITY_DAY_SCHEMA.items()])
        .sort("meter_id", "day")
    )


def _all_days(rows: pl.DataFrame, zone: str) -> pl.DataFrame:
    def midnight(day: pl.Expr) -> pl.Expr:
        return (
            day.cast(pl.Datetime("us"))
            .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
            .dt.convert_time_zone("UTC")
        )

    spans = rows.group_by("meter_id").agg(first=pl.col("day").min(), last=pl.col("day").max())
    days = spans.select("meter_id", day=pl.date_ranges("first", "last")).explode("day")
    return days.with_columns(begin=midnight(pl.col("day")), end=midnight(pl.col("day").dt.offset_by("1d")))


def _name(flag: Flag) -> str:
    return str(flag.name).lower()


def _flags_json() -> pl.Expr:
    """`{"outlier": 2}`; flags without a value are left out."""
    parts = [
        pl.when(pl.col(_name(flag)).fill_null(0) > 0).then(
            pl.concat_str(pl.lit(f'"{_name(flag)}": '), pl.col(_name(flag)).cast(pl.String))
        )
        for flag in _FLAGS
    ]
    return pl.concat_str(pl.lit("{"), pl.concat_str(parts, separator=", ", ignore_nulls=True), pl.lit("}"))


def voltage_weeks(readings: pl.DataFrame, *, zone: str = "Europe/Berlin") -> pl.DataFrame:
    """EN 50160 per meter and local week (from Monday): shares within the limits, and whether they can prove anything.

    Columns: meter_id, week (Monday), values, within_usual, within_all, lowest_v, highest_v, kept, conclusive.
    """
    known = readings.filter(pl.col("voltage").is_not_null()).with_columns(
        week=pl.col("ts").dt.convert_time_zone(zone).dt.date().dt.truncate("1w")
    )
    reports = [
        (meter, week, judge_week(voltages, step))
        for meter, week, voltages, step in known.group_by("meter_id", "week", maintain_order=True)
        .agg("voltage", pl.col("interval_s").mode().min())
        .sort("meter_id", "week")
        .iter_rows()
    ]
    return pl.DataFrame(
        [
            (meter, week, r.values, r.within_usual, r.within_all, r.lowest_v, r.highest_v, r.kept, r.conclusive)
            for meter, week, r in reports
        ],
        schema={
            "meter_id": pl.String,
            "week": pl.Date,
            "values": pl.Int32,
            "within_usual": pl.Float64,
            "within_all": pl.Float64,
            "lowest_v": pl.Float64,
            "highest_v": pl.Float64,
            "kept": pl.Boolean,
            "conclusive": pl.Boolean,
        },
        orient="row",
    )
