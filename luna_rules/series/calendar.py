"""The calendar of the energy market: days, quarter-hours and holidays of Europe/Berlin, cut in UTC.

Days, weeks and months are Berlin's; a stored time is UTC. Light to import: the holidays load when first asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

BERLIN: Final = ZoneInfo("Europe/Berlin")
QUARTER_HOUR_S: Final = 900
DAY: Final = timedelta(days=1)
PEAK_FROM_HOUR: Final = 8
PEAK_TO_HOUR: Final = 20

DayType = Literal["WT", "SA", "FT"]
"""Type of day of the standard load profiles: Werktag, Samstag, Feiertag (and Sunday)."""


@lru_cache(maxsize=4096)
def day_start(day: date) -> datetime:
    """The moment (UTC) at which a Berlin day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)


def day_end(day: date) -> datetime:
    """The moment (UTC) at which a Berlin day ends: the start of the next one."""
    return day_start(day + DAY)


def day_seconds(day: date) -> int:
    """Length of a Berlin day in seconds: 86,400, or an hour less or more when the clocks change."""
    return int((day_end(day) - day_start(day)).total_seconds())


def quarter_hours(day: date) -> int:
    """How many quarter-hours a Berlin day has: 96, 92 or 100."""
    return day_seconds(day) // QUARTER_HOUR_S


def quarter_hours_of_year(year: int) -> int:
    """How many quarter-hours a calendar year of Berlin has: 35,040, or 35,136 in a leap year."""
    span = day_start(date(year + 1, 1, 1)) - day_start(date(year, 1, 1))
    return int(span.total_seconds()) // QUARTER_HOUR_S


def berlin_day(moment: datetime) -> date:
    """The Berlin day that a moment lies in. Raises ValueError for a moment without zone."""
    if moment.tzinfo is None:
        raise ValueError("the moment names no zone; right is for example 2025-03-30T00:30:00+00:00")
    return moment.astimezone(BERLIN).date()


def days_between(start: datetime, end: datetime) -> Iterator[date]:
    """The Berlin days that [start, end) touches, in order; none where `end` is not after `start`."""
    if end <= start:
        return
    day, last = berlin_day(start), berlin_day(end - timedelta(microseconds=1))
    while day <= last:
        yield day
        day += DAY


def local_quarters(day: date) -> list[int]:
    """For each quarter-hour of a Berlin day, in order of time, the quarter of the clock face (0 to 95).

    On the day of 92 the quarters 8 to 11 are left out, on the day of 100 they stand twice.
    """
    return list(_local_quarters(day))


@lru_cache(maxsize=1024)
def _local_quarters(day: date) -> tuple[int, ...]:
    start = day_start(day)
    clock = [
        (start + timedelta(seconds=QUARTER_HOUR_S * step)).astimezone(BERLIN) for step in range(quarter_hours(day))
    ]
    return tuple(4 * moment.hour + moment.minute // 15 for moment in clock)


def is_holiday(day: date) -> bool:
    """Whether a day is a public holiday in all of Germany."""
    return day in _holidays(day.year)


def is_peak_day(day: date) -> bool:
    """Whether the product Peak is delivered: Monday to Friday, public holidays included."""
    return day.weekday() < 5


def is_peak(moment: datetime) -> bool:
    """Whether a moment lies in Peak: Monday to Friday from 8 to 20 o'clock of Berlin."""
    local = moment.astimezone(BERLIN)
    return local.weekday() < 5 and PEAK_FROM_HOUR <= local.hour < PEAK_TO_HOUR


def profile_day_type(day: date) -> DayType:
    """Type of day of the standard load profiles (BDEW): 24 and 31 December count as Saturday unless Sunday."""
    if day.weekday() == 6 or is_holiday(day):
        return "FT"
    if day.weekday() == 5 or (day.month == 12 and day.day in (24, 31)):
        return "SA"
    return "WT"


@lru_cache(maxsize=256)
def _holidays(year: int) -> frozenset[date]:
    from holidays.countries.germany import Germany

    return frozenset(Germany(years=year))
