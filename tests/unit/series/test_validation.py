"""Flags, reports, substitutes: each fault is found where it was put, and a clean year has none."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from luna_rules.series.frames import check_readings
from luna_rules.series.localtime import local_to_utc
from luna_rules.series.quality import Flag, Method, Status, flags_of, method_of, status_of
from luna_rules.series.reports import quality_days, voltage_weeks
from luna_rules.series.substitutes import find_gaps, substitute
from luna_rules.series.validation import Limits, check, validate

BEGIN = datetime(2025, 9, 28, 22, tzinfo=UTC)
DAYS = 35
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def _load(number: int) -> float:
    hour = number / 4 % 24
    return round(0.4 + 0.3 * math.sin((hour - 6) / 24 * 2 * math.pi) + (number * 7919 % 97) / 1000, 4)


def _frame(days: int = DAYS) -> pl.DataFrame:
    count = days * 96
    return check_readings(
        pl.DataFrame(
            {
                "meter_id": "M1",
                "ts": pl.Series(
                    [BEGIN + number * timedelta(minutes=15) for number in range(count)], dtype=pl.Datetime("us", "UTC")
                ),
                "interval_s": pl.Series([900] * count, dtype=pl.Int32),
                "consumption_kw": [_load(number) for number in range(count)],
                "production_kw": [
                    max(0.0, math.sin((number / 4 % 24 - 6) / 12 * math.pi)) + number * 1e-7 for number in range(count)
                ],
                "voltage": [230.0 + number % 5 for number in range(count)],
                "quality": pl.Series([0] * count, dtype=pl.Int32),
            }
        )
    )


def _with(frame: pl.DataFrame, place: int, **values: float) -> pl.DataFrame:
    row = pl.int_range(pl.len())
    return frame.with_columns(
        [pl.when(row == place).then(value).otherwise(name).alias(name) for name, value in values.items()]
    )


def _flagged(frame: pl.DataFrame, flag: Flag) -> list[int]:
    return frame.select((pl.col("quality") & int(flag) != 0).arg_true()).to_series().to_list()


def test_a_clean_month_has_no_flag() -> None:
    assert validate(_frame(), now=NOW)["quality"].unique().to_list() == [0]


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        ({"consumption_kw": 40.0}, Flag.OUTLIER),
        ({"consumption_kw": -1.0}, Flag.NEGATIVE),
        ({"production_kw": -0.1}, Flag.NEGATIVE),
        ({"consumption_kw": 1e6}, Flag.OUT_OF_RANGE),
        ({"voltage": 253.1}, Flag.VOLTAGE),
        ({"voltage": 195.4}, Flag.VOLTAGE),
    ],
)
def test_one_bad_value(values: dict[str, float], flag: Flag) -> None:
    frame = _with(_frame(), 1000, **values)
    assert _flagged(validate(frame, now=NOW), flag) == [1000]
    if flag is not Flag.OUTLIER:
        assert _flagged(check(frame, now=NOW), flag) == [1000]
        assert check(frame, now=NOW).drop("quality").equals(frame.drop("quality"))


def test_validation_takes_back_what_no_longer_holds_and_keeps_the_rest() -> None:
    frame = _frame().with_columns(
        quality=pl.lit(int(Flag.OUTLIER | Flag.SIMULATED | Flag.DUPLICATE) | int(Status.ERSATZWERT), pl.Int32)
    )
    quality = validate(frame, now=NOW)["quality"].unique().to_list()
    assert quality == [int(Flag.SIMULATED | Flag.DUPLICATE) | int(Status.ERSATZWERT)]


def test_future() -> None:
    assert len(_flagged(check(_frame(), now=BEGIN + timedelta(days=30)), Flag.FUTURE)) == 5 * 96 - 1


def test_capacity_of_each_meter() -> None:
    two = pl.concat([_frame(2), _frame(2).with_columns(meter_id=pl.lit("M2"))])
    flagged = check(two, now=NOW, limits={"M2": Limits(capacity_kw=0.5)})
    assert set(flagged.filter(pl.col("quality") & int(Flag.OUT_OF_RANGE) != 0)["meter_id"]) == {"M2"}


def test_flat_line_of_a_day_but_not_of_an_hour_nor_of_zero() -> None:
    row = pl.int_range(pl.len())
    frame = _frame().with_columns(
        consumption_kw=pl.when(row.is_between(500, 600))
        .then(0.7)
        .when(row.is_between(900, 910))
        .then(0.6)
        .otherwise("consumption_kw"),
        production_kw=pl.when(row.is_between(0, 300)).then(0.0).otherwise("production_kw"),
    )
    assert _flagged(validate(frame, now=NOW), Flag.FLAT_LINE) == list(range(500, 601))


def test_register_that_does_not_agree_flags_its_day_only() -> None:
    frame = _frame()
    begin = BEGIN
    stands, stand = [], 1000.0
    for day in range(6):
        stands.append({"meter_id": "M1", "obis": "1-0:1.8.0", "ts": begin + timedelta(days=day), "value_kwh": stand})
        stand += float(frame["consumption_kw"][day * 96 : day * 96 + 96].sum()) / 4 + (3.0 if day == 2 else 0.0)
    registers = pl.DataFrame(stands).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))
    assert _flagged(validate(frame, now=NOW, registers=registers), Flag.SUM_DIFFERS) == list(range(192, 288))
    gap = frame.filter(pl.int_range(pl.len()) != 200)
    assert _flagged(validate(gap, now=NOW, registers=registers), Flag.SUM_DIFFERS) == []


def test_report_of_days_knows_long_days_gaps_and_flags() -> None:
    frame = validate(_with(_frame(), 5, voltage=300.0), now=NOW)
    gone = frame.filter(~pl.int_range(pl.len()).is_between(200, 203))
    gone = gone.filter(~pl.col("ts").dt.convert_time_zone("Europe/Berlin").dt.date().is_in([date(2025, 10, 3)]))
    report = quality_days(gone)
    by_day = {row["day"]: row for row in report.to_dicts()}
    assert (by_day[date(2025, 10, 26)]["expected_values"], by_day[date(2025, 10, 26)]["values"]) == (100, 100)
    hole = by_day[date(2025, 10, 1)]
    assert (hole["values"], hole["missing"], hole["longest_gap_s"]) == (92, 4, 3600)
    empty = by_day[date(2025, 10, 3)]
    assert (empty["expected_values"], empty["values"], empty["missing"], empty["longest_gap_s"]) == (96, 0, 96, 86_400)
    assert json.loads(by_day[date(2025, 9, 29)]["flags"]) == {"voltage": 1}
    assert json.loads(empty["flags"]) == {}


def test_voltage_of_a_week() -> None:
    """EN 50160: 95 % of the week's 10-minute means within 207 to 253 V."""
    count = 1008
    monday = datetime(2025, 9, 28, 22, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "meter_id": "M1",
            "ts": pl.Series(
                [monday + number * timedelta(minutes=10) for number in range(count)], dtype=pl.Datetime("us", "UTC")
            ),
            "interval_s": pl.Series([600] * count, dtype=pl.Int32),
            "voltage": [206.0] * 50 + [230.0] * (count - 50),
        }
    )
    assert voltage_weeks(frame).select("week", "kept", "conclusive").rows() == [(date(2025, 9, 29), True, True)]
    worse = frame.with_columns(voltage=pl.Series([206.0] * 51 + [230.0] * (count - 51)))
    assert voltage_weeks(worse)["kept"].to_list() == [False]


@pytest.mark.parametrize(
    "method", [Method.Z92_INTERPOLATION, Method.Z93_HOLD, Method.Z95_HISTORICAL, Method.ZJ2_STATISTICAL]
)
def test_substitutes_are_marked_and_touch_nothing(method: Method) -> None:
    frame = _frame()
    held = frame.filter(~pl.int_range(pl.len()).is_between(2000, 2011))
    gaps = find_gaps(held)
    assert [(gap.start, gap.end) for gap in gaps] == [(frame["ts"][2000], frame["ts"][2012])]
    formed = check_readings(substitute(held, gaps, method))
    assert formed["ts"].to_list() == frame["ts"][2000:2012].to_list()
    quality = formed["quality"].unique().to_list()
    assert [(status_of(q), method_of(q), flags_of(q)) for q in quality] == [(Status.ERSATZWERT, method, Flag(0))]
    before, after = frame["consumption_kw"][1999], frame["consumption_kw"][2012]
    values = formed["consumption_kw"].to_list()
    if method is Method.Z92_INTERPOLATION:
        assert values == pytest.approx([before + (after - before) * (number + 1) / 13 for number in range(12)])
    elif method is Method.Z93_HOLD:
        assert values == [before] * 12
    else:
        truth = frame["consumption_kw"][2000:2012].to_list()
        assert max(abs(a - b) for a, b in zip(values, truth, strict=True)) < 0.12


def test_history_is_of_the_same_local_time_through_the_clock_change() -> None:
    frame = _frame()
    berlin = pl.col("ts").dt.convert_time_zone("Europe/Berlin")
    frame = frame.with_columns(consumption_kw=berlin.dt.hour().cast(pl.Float64))
    day = berlin.dt.date() == date(2025, 10, 28)
    formed = substitute(frame.filter(~day), find_gaps(frame.filter(~day)), Method.Z95_HISTORICAL)
    assert (
        formed["consumption_kw"].to_list()
        == formed["ts"].dt.convert_time_zone("Europe/Berlin").dt.hour().cast(pl.Float64).to_list()
    )


def test_without_history_the_gap_stays() -> None:
    frame = _frame(1).head(8)
    held = pl.concat([frame.head(2), frame.tail(2)])
    assert substitute(held, find_gaps(held), Method.Z95_HISTORICAL).is_empty()


def test_bad_values_are_no_model_for_substitutes() -> None:
    frame = _with(_frame(), 1999, consumption_kw=40.0)
    frame = validate(frame, now=NOW).filter(~pl.int_range(pl.len()).is_between(2000, 2003))
    formed = substitute(frame, find_gaps(frame), Method.Z93_HOLD)
    assert formed["consumption_kw"].max() < 2  # type: ignore[operator]


class TestLocalTime:
    """The hour that occurs twice, by the order of rows."""

    def test_meters_in_turn(self) -> None:
        hour = [datetime(2025, 10, 26, 2, minute) for minute in (0, 15, 30, 45)]  # noqa: DTZ001
        naive = pl.Series([moment for moment in hour * 2 for _ in range(2)])
        resolved = local_to_utc(naive, "Europe/Berlin", pl.Series(["A", "B"] * 8))
        begin = datetime(2025, 10, 26, 0, tzinfo=UTC)
        assert resolved.ts.to_list() == [begin + timedelta(minutes=15) * (number // 2) for number in range(16)]

    def test_missing_value_in_the_first_pass(self) -> None:
        minutes = [0, 15, 45, 0, 15, 30, 45]
        naive = pl.Series([datetime(2025, 10, 26, 2, minute) for minute in minutes])  # noqa: DTZ001
        begin = datetime(2025, 10, 26, 0, tzinfo=UTC)
        expected = [begin + timedelta(minutes=m) for m in (0, 15, 45, 60, 75, 90, 105)]
        assert local_to_utc(naive, "Europe/Berlin").ts.to_list() == expected

    def test_hour_that_is_not(self) -> None:
        resolved = local_to_utc(pl.Series([datetime(2025, 3, 30, 2, 30)]), "Europe/Berlin")  # noqa: DTZ001
        assert resolved.missing.to_list() == [True]
        assert resolved.ts.to_list() == [None]
