"""The calendar of Berlin: days of 92, 96 and 100 quarter-hours, holidays, types of day, Peak."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from luna_rules.series import calendar


@pytest.mark.parametrize(
    ("day", "quarters"),
    [
        (date(2025, 3, 30), 92),
        (date(2026, 3, 29), 92),
        (date(2025, 10, 26), 100),
        (date(2026, 10, 25), 100),
        (date(2025, 7, 1), 96),
    ],
)
def test_quarter_hours_of_a_day(day: date, quarters: int) -> None:
    assert calendar.quarter_hours(day) == quarters
    assert len(calendar.local_quarters(day)) == quarters
    assert calendar.day_end(day) - calendar.day_start(day) == timedelta(minutes=15 * quarters)


def test_the_year_2025_has_35040_quarter_hours() -> None:
    assert calendar.quarter_hours_of_year(2025) == 35_040
    first = date(2025, 1, 1).toordinal()
    assert sum(calendar.quarter_hours(date.fromordinal(first + place)) for place in range(365)) == 35_040
    assert calendar.quarter_hours_of_year(2024) == 35_136


def test_the_clock_face_skips_and_repeats_the_third_hour() -> None:
    short, long = calendar.local_quarters(date(2025, 3, 30)), calendar.local_quarters(date(2025, 10, 26))
    assert short[7:9] == [7, 12]
    assert long[8:16] == [8, 9, 10, 11, 8, 9, 10, 11]


def test_days_touched_by_a_span() -> None:
    start = datetime(2025, 3, 29, 22, 59, tzinfo=UTC)
    assert list(calendar.days_between(start, start + timedelta(minutes=1))) == [date(2025, 3, 29)]
    assert list(calendar.days_between(start, start + timedelta(minutes=2))) == [date(2025, 3, 29), date(2025, 3, 30)]
    assert list(calendar.days_between(start, start)) == []


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="names no zone"):
        calendar.berlin_day(datetime(2025, 1, 1))  # noqa: DTZ001 (that is what is tested)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2025, 12, 24), "SA"),
        (date(2025, 12, 31), "SA"),
        (date(2023, 12, 24), "FT"),
        (date(2025, 12, 23), "WT"),
        (date(2025, 1, 4), "SA"),
        (date(2025, 1, 5), "FT"),
        (date(2025, 10, 3), "FT"),
        (date(2025, 4, 18), "FT"),
        (date(2025, 1, 6), "WT"),
    ],
)
def test_types_of_day(day: date, kind: str) -> None:
    assert calendar.profile_day_type(day) == kind


def test_peak_is_monday_to_friday_from_8_to_20_in_berlin() -> None:
    assert calendar.is_peak(datetime(2025, 7, 1, 6, tzinfo=UTC))
    assert not calendar.is_peak(datetime(2025, 7, 1, 5, 59, tzinfo=UTC))
    assert not calendar.is_peak(datetime(2025, 7, 1, 18, tzinfo=UTC))
    assert not calendar.is_peak(datetime(2025, 7, 5, 10, tzinfo=UTC))
    assert calendar.is_peak(datetime(2025, 12, 25, 10, tzinfo=UTC)), "a holiday on a weekday is Peak"
