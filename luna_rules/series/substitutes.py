"""Substitute values for gaps, by the methods that the German market names: Z92, Z93, Z95, ZJ2. Always marked.

- Z92 interpolation: on the line between the values before and after the gap.
- Z93 hold: the value before the gap.
- Z95 historical: the mean of the same local time in the weeks before (up to four).
- ZJ2 statistical: the median of the same local time on days of the same type (workday, Saturday, Sunday).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from luna_rules.series.frames import READING_SCHEMA, UTC_TIME
from luna_rules.series.quality import STATUS_MASK, Flag, Method, Status, encode

_WEEKS: Final = 4
_POWERS: Final = ("consumption_kw", "production_kw")
SHORT_GAP_S: Final = 7200
"""Up to two hours a line between the neighbours is closer than any history."""
_DONOR_BANNED: Final = int(Flag.OUTLIER | Flag.OUT_OF_RANGE | Flag.UNUSABLE | Flag.FLAT_LINE)


@dataclass(frozen=True)
class Gap:
    """A time without values of a meter: from `start` to `end` (UTC)."""

    meter_id: str
    start: datetime
    end: datetime
    interval_s: int


def find_gaps(readings: pl.DataFrame, *, start: datetime | None = None, end: datetime | None = None) -> list[Gap]:
    """Gaps between the values of each meter, and up to `start` and `end` where they are given."""
    gaps: list[Gap] = []
    for (meter,), rows in readings.sort("meter_id", "ts").group_by("meter_id", maintain_order=True):
        step = rows["interval_s"].mode().min()
        if not isinstance(step, int):
            continue
        stops = rows.select(pl.col("ts") + pl.duration(seconds=pl.col("interval_s").cast(pl.Int64))).to_series()
        begins = rows["ts"]
        if start is not None and begins[0] - start >= timedelta(seconds=step):
            gaps.append(Gap(str(meter), start, begins[0], step))
        open_ = pl.DataFrame({"a": stops, "b": begins.shift(-1)}).filter(
            (pl.col("b") - pl.col("a")).dt.total_seconds() >= step
        )
        gaps += [Gap(str(meter), a, b, step) for a, b in open_.iter_rows()]
        if end is not None and end - stops[-1] >= timedelta(seconds=step):
            gaps.append(Gap(str(meter), stops[-1], end, step))
    return gaps


def choose_method(gap: Gap) -> Method:
    """The usual choice: interpolation for a short gap, history for a longer one."""
    length = (gap.end - gap.start).total_seconds()
    return Method.Z92_INTERPOLATION if length <= SHORT_GAP_S else Method.Z95_HISTORICAL


def substitute(
    readings: pl.DataFrame, gaps: list[Gap], method: Method | None = None, *, zone: str = "Europe/Berlin"
) -> pl.DataFrame:
    """Substitute values for the gaps: a readings frame of new rows only, status ERSATZWERT and the method's code.

    `method` None chooses per gap. Where the method finds nothing to rest on (no history, no neighbour), the gap stays
    a gap. Existing rows are never touched. Raises ValueError for `Method.NONE`.
    """
    if method is Method.NONE:
        raise ValueError("a substitute value needs a method, for example Method.Z92_INTERPOLATION")
    frames: list[pl.DataFrame] = []
    for (meter,), mine in readings.sort("meter_id", "ts").group_by("meter_id", maintain_order=True):
        sound = mine.filter(
            ((pl.col("quality") & _DONOR_BANNED) == 0) & ((pl.col("quality") & STATUS_MASK) != Status.PROGNOSEWERT)
        )
        for gap in gaps:
            if gap.meter_id != meter:
                continue
            wanted = method or choose_method(gap)
            formed = _formed(mine, sound, gap, wanted, zone)
            if method is None and wanted is Method.Z95_HISTORICAL:
                # Where no week beside the gap knows the hour, days of the same type do.
                formed = pl.concat([formed, _formed(mine, sound, gap, Method.ZJ2_STATISTICAL, zone)])
            frames.append(formed)
    if not frames:
        return pl.DataFrame(schema=dict(READING_SCHEMA))
    return pl.concat(frames).unique(["meter_id", "ts"], keep="first", maintain_order=True).sort("meter_id", "ts")


def _formed(mine: pl.DataFrame, sound: pl.DataFrame, gap: Gap, method: Method, zone: str) -> pl.DataFrame:
    times = pl.datetime_range(
        gap.start,
        gap.end,
        timedelta(seconds=gap.interval_s),
        closed="left",
        time_unit="us",
        time_zone="UTC",
        eager=True,
    )
    slots = (
        pl.DataFrame({"ts": times.cast(UTC_TIME)})
        .filter(pl.col("ts") + timedelta(seconds=gap.interval_s) <= gap.end)
        .join(mine.select("ts"), on="ts", how="anti")
    )
    measured = [name for name in _POWERS if mine[name].null_count() < mine.height]
    if method is Method.Z92_INTERPOLATION:
        filled = _interpolated(slots, sound, measured)
    elif method is Method.Z93_HOLD:
        filled = _held(slots, sound, measured)
    elif method is Method.Z95_HISTORICAL:
        filled = _historical(slots, sound, measured, zone)
    else:
        filled = _statistical(slots, sound, measured, zone)
    quality = encode(Status.ERSATZWERT, method)
    simulated = int(Flag.SIMULATED) if mine.select((pl.col("quality") & int(Flag.SIMULATED)).max()).item() else 0
    missing = [name for name in ("consumption_kw", "production_kw", "voltage") if name not in filled.columns]
    return (
        filled.with_columns(
            *[pl.lit(None, pl.Float64).alias(name) for name in missing],
            meter_id=pl.lit(gap.meter_id),
            interval_s=pl.lit(gap.interval_s, pl.Int32),
            quality=pl.lit(quality | simulated, pl.Int32),
        )
        .filter(pl.any_horizontal([pl.col(name).is_not_null() for name in measured]) if measured else pl.lit(False))
        .select([pl.col(name).cast(kind) for name, kind in READING_SCHEMA.items()])
    )


def _interpolated(slots: pl.DataFrame, sound: pl.DataFrame, measured: list[str]) -> pl.DataFrame:
    filled = slots
    for name in measured:
        known = sound.select("ts", name).drop_nulls()
        both = pl.concat([known, slots.with_columns(pl.lit(None, pl.Float64).alias(name))]).sort("ts")
        line = both.with_columns(pl.col(name).interpolate_by("ts"))
        filled = filled.join(line, on="ts", how="left")
    return filled


def _held(slots: pl.DataFrame, sound: pl.DataFrame, measured: list[str]) -> pl.DataFrame:
    filled = slots.sort("ts")
    for name in measured:
        known = sound.select("ts", name).drop_nulls().sort("ts")
        filled = filled.join_asof(known, on="ts", strategy="backward")
    return filled


def _historical(slots: pl.DataFrame, sound: pl.DataFrame, measured: list[str], zone: str) -> pl.DataFrame:
    """Same weekday and local time, one to four weeks before; before a first history, the weeks after."""
    local = pl.col("ts").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    wanted = slots.with_columns(_local=local)
    donors = sound.select(local.alias("_donor"), *[pl.col(name) for name in measured])

    def weeks(sign: int) -> pl.DataFrame:
        shifted = pl.concat(
            [
                wanted.select("ts", _donor=pl.col("_local") - timedelta(weeks=sign * number))
                for number in range(1, _WEEKS + 1)
            ]
        )
        return (
            shifted.join(donors, on="_donor", how="inner").group_by("ts").agg(pl.col(name).mean() for name in measured)
        )

    before = weeks(1)
    after = weeks(-1).join(before, on="ts", how="anti")
    return slots.join(pl.concat([before, after]), on="ts", how="left")


def _statistical(slots: pl.DataFrame, sound: pl.DataFrame, measured: list[str], zone: str) -> pl.DataFrame:
    local = pl.col("ts").dt.convert_time_zone(zone)
    kind = pl.when(local.dt.weekday() <= 5).then(0).otherwise(local.dt.weekday())
    key = {"_kind": kind, "_time": local.dt.time()}
    usual = sound.with_columns(**key).group_by("_kind", "_time").agg(pl.col(name).median() for name in measured)
    return slots.with_columns(**key).join(usual, on=["_kind", "_time"], how="left").drop("_kind", "_time")
