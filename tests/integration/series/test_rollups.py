"""Rollups against the same sums made value by value in Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from luna_rules.series.quality import Flag, Status, encode
from tests.integration.series.conftest import SeriesHouse, readings

BEGIN = datetime(2025, 3, 29, 22, tzinfo=UTC)
"""Two local days before the clocks go forward."""
HOUR = timedelta(hours=1)


def hours_of(frame: pl.DataFrame) -> dict[tuple[str, datetime], list[tuple[float, float | None, float | None, int]]]:
    """The parts of readings that lie in each hour: seconds, consumption, voltage, quality."""
    parts: dict[tuple[str, datetime], list[tuple[float, float | None, float | None, int]]] = defaultdict(list)
    for meter, ts, seconds, consumption, _, voltage, quality in frame.rows():
        hour, end = ts.replace(minute=0, second=0), ts + timedelta(seconds=seconds)
        while hour < end:
            length = (min(hour + HOUR, end) - max(hour, ts)).total_seconds() if seconds > 3600 else float(seconds)
            parts[meter, hour].append((length, consumption, voltage, quality))
            hour += HOUR
            if seconds <= 3600:
                break
    return parts


def a_frame(meter: str, interval_s: int, count: int, seed: int) -> pl.DataFrame:
    """Values with gaps, some of them unusable and some substituted."""
    rng = np.random.default_rng(seed)
    values = [None if rng.random() < 0.05 else round(float(rng.gamma(2, 1)), 3) for _ in range(count)]
    frame = readings(meter, values, begin=BEGIN, interval_s=interval_s, voltage=230.0)
    marks = [0, encode(Status.ERSATZWERT), encode(Status.ABGELESEN, flags=Flag.UNUSABLE)]
    quality = rng.choice(marks, size=frame.height, p=[0.8, 0.15, 0.05]).astype(np.int32)
    return frame.with_columns(
        quality=pl.Series(quality), voltage=pl.Series(np.round(rng.normal(230, 2, frame.height), 1))
    )


@pytest.fixture
def frame(house: SeriesHouse) -> pl.DataFrame:
    """Meters of several lengths of interval, one of them two lengths after one another; written in two parts."""
    house.add_meter("minutes", "quarters", "hours", "days", "both", "än-other")
    made = pl.concat(
        [
            a_frame("minutes", 60, 3000, 1),
            a_frame("quarters", 900, 300, 2),
            a_frame("än-other", 900, 200, 3),
            a_frame("hours", 3600, 75, 4),
            a_frame("days", 86_400, 4, 5),
            a_frame("both", 900, 40, 6),
            a_frame("both", 21_600, 9, 7).filter(pl.col("ts") >= BEGIN + 10 * HOUR),
        ]
    )
    house.write(made.gather_every(2))
    house.write(made)
    return made


def test_hours(house: SeriesHouse, frame: pl.DataFrame) -> None:
    stored = {
        (meter, ts): values
        for meter, ts, *values in house.rows(
            "SELECT meter_id, ts, consumption_kwh, consumption_kw_max, voltage_mean, covered_s, values, quality"
            " FROM meter_hours"
        )
    }
    wanted = hours_of(frame)
    assert set(stored) == set(wanted)
    for key, parts in wanted.items():
        usable = [(s, used) for s, used, _, quality in parts if not quality & Flag.UNUSABLE and used is not None]
        volts = [volt for _, _, volt, _ in parts if volt is not None]
        covered = sum(s for s, _ in usable)
        energy, largest, mean, covered_s, values, quality = stored[key]
        assert energy == (pytest.approx(sum(s * used for s, used in usable) / 3600) if usable else None), key
        assert largest == (max(used for _, used in usable) if usable else None), key
        assert mean == pytest.approx(sum(volts) / len(volts)), key
        assert (covered_s, values) == (covered, len(parts)), key
        assert isinstance(quality, int)
        worst = Status.ERSATZWERT if any(one[3] & 7 == Status.ERSATZWERT for one in parts) else Status.ABGELESEN
        assert quality & 7 == worst, key
        assert bool(quality & Flag.PARTIAL) == (covered < 3600), key


def test_quarter_hours_stand_for_finer_readings_only(house: SeriesHouse, frame: pl.DataFrame) -> None:
    assert house.rows("SELECT DISTINCT meter_id FROM meter_quarter_hours") == [("minutes",)]
    (total,) = house.one("SELECT sum(consumption_kwh) FROM meter_quarter_hours")
    (hourly,) = house.one("SELECT sum(consumption_kwh) FROM meter_hours WHERE meter_id = 'minutes'")
    assert total == pytest.approx(hourly)


def test_days_follow_the_local_clock(house: SeriesHouse, frame: pl.DataFrame) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    sums: dict[tuple[str, date], float] = defaultdict(float)
    for (meter, hour), parts in hours_of(frame).items():
        for seconds, used, _, quality in parts:
            if used is not None and not quality & Flag.UNUSABLE:
                sums[meter, hour.astimezone(berlin).date()] += seconds * used / 3600
    rows = house.rows("SELECT meter_id, day, consumption_kwh, expected_s FROM meter_days")
    days = {(meter, day): (energy, expected) for meter, day, energy, expected in rows}
    for key, energy in sums.items():
        assert days[key][0] == pytest.approx(energy), key
    assert {days[meter, date(2025, 3, 30)][1] for meter in ("minutes", "quarters", "days")} == {82_800}
    assert days["quarters", date(2025, 3, 31)][1] == 86_400
