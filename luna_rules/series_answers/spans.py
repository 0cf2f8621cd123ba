"""Stretches of time as people speak of them: half-open in UTC, cut in Europe/Berlin, with words to say them by.

Only the arithmetic and the naming of stretches belongs here; reading them out of a question is `timewords`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

BERLIN: Final = ZoneInfo("Europe/Berlin")
MONTHS: Final = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip
WEEKDAYS: Final = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")

Grain = Literal["hour", "day", "week", "month", "quarter", "year", "range"]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time `[start, end)` in UTC. `label` says it with its preposition: „am 12. Dezember 2024“."""

    start: datetime
    end: datetime
    label: str
    grain: Grain

    @property
    def first_day(self) -> date:
        """The local day on which it begins."""
        return self.start.astimezone(BERLIN).date()

    @property
    def last_day(self) -> date:
        """The local day of its last moment."""
        return (self.end - timedelta(microseconds=1)).astimezone(BERLIN).date()

    @property
    def days(self) -> int:
        """How many local days it touches."""
        return (self.last_day - self.first_day).days + 1


def midnight(day: date) -> datetime:
    """The moment in UTC at which a local day begins."""
    return datetime.combine(day, time(), BERLIN).astimezone(UTC)


def day_name(day: date) -> str:
    """`12. Dezember 2024`."""
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"


def day_span(day: date, label: str = "") -> Span:
    """One local day."""
    return Span(midnight(day), midnight(day + timedelta(days=1)), label or f"am {day_name(day)}", "day")


def days_span(first: date, last: date, label: str = "", grain: Grain = "range") -> Span:
    """Local days from `first` to `last`, both included."""
    return Span(midnight(first), midnight(last + timedelta(days=1)), label or f"vom {from_to(first, last)}", grain)


def from_to(first: date, last: date) -> str:
    """`3. bis 5. Mai 2025`, `28. Dezember 2024 bis 3. Januar 2025`."""
    if first == last:
        return day_name(first)
    if first.year != last.year:
        return f"{day_name(first)} bis {day_name(last)}"
    if first.month != last.month:
        return f"{first.day}. {MONTHS[first.month - 1]} bis {day_name(last)}"
    return f"{first.day}. bis {day_name(last)}"


def week_span(day: date) -> Span:
    """The week from Monday to Sunday in which `day` lies."""
    monday = day - timedelta(days=day.weekday())
    sunday = monday + timedelta(days=6)
    return days_span(monday, sunday, f"in der Woche vom {from_to(monday, sunday)}", "week")


def iso_week_span(year: int, week: int) -> Span:
    """The calendar week of ISO 8601. Raises ValueError for a week that the year does not have."""
    monday = date.fromisocalendar(year, week, 1)
    sunday = monday + timedelta(days=6)
    return days_span(monday, sunday, f"in Kalenderwoche {week} ({from_to(monday, sunday)})", "week")


def month_span(year: int, month: int) -> Span:
    """One month."""
    return days_span(date(year, month, 1), month_end(year, month), f"im {MONTHS[month - 1]} {year}", "month")


def quarter_span(year: int, quarter: int) -> Span:
    """Three months from January, April, July or October."""
    first = date(year, 3 * quarter - 2, 1)
    return days_span(first, month_end(year, 3 * quarter), f"im {quarter}. Quartal {year}", "quarter")


def half_span(year: int, half: int) -> Span:
    """Six months from January or July."""
    return days_span(date(year, 6 * half - 5, 1), month_end(year, 6 * half), f"im {half}. Halbjahr {year}", "range")


def year_span(year: int) -> Span:
    """One calendar year."""
    return days_span(date(year, 1, 1), date(year, 12, 31), f"im Jahr {year}", "year")


def years_span(first: int, last: int) -> Span:
    """Several calendar years, both included."""
    if first == last:
        return year_span(first)
    return days_span(date(first, 1, 1), date(last, 12, 31), f"in den Jahren {first} bis {last}", "range")


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    return (date(year + month // 12, month % 12 + 1, 1)) - timedelta(days=1)


def add_months(year: int, month: int, months: int) -> tuple[int, int]:
    """Year and month, `months` later."""
    number = year * 12 + month - 1 + months
    return number // 12, number % 12 + 1


def clock_span(day: date, first_minute: int, last_minute: int) -> Span:
    """A stretch of one local day, from minute to minute of its clock; past midnight it ends on the next day.

    Of the hour that a clock change repeats, both are meant; one that it leaves out begins when the clock goes on.
    """
    start = _at(day, first_minute, fold=0)
    end_day, end_minute = (day, last_minute) if last_minute > first_minute else (day + timedelta(days=1), last_minute)
    end = _at(end_day, end_minute, fold=1 if last_minute > first_minute else 0)
    label = f"am {day_name(day)} von {clock(first_minute)} bis {clock(last_minute)} Uhr"
    return Span(start, max(end, start + timedelta(minutes=1)), label, "hour")


def _at(day: date, minute: int, fold: int) -> datetime:
    extra, minute = divmod(minute, 24 * 60)
    hour, minute = divmod(minute, 60)
    local = datetime.combine(day + timedelta(days=extra), time(hour, minute, fold=0), BERLIN)
    if fold:
        # The end of an hour that comes twice is the end of its second run, which is one real hour before the next.
        before = (local - timedelta(minutes=1)).replace(fold=1)
        return before.astimezone(UTC) + timedelta(minutes=1)
    return local.astimezone(UTC)


def left_out_hour(day: date, first_minute: int, last_minute: int) -> str:
    """Says a stretch of the clock that a change of the clock leaves out on that day; empty for any that exists."""
    if not first_minute < last_minute <= first_minute + 60:
        return ""
    local = datetime.combine(day, time(*divmod(first_minute, 60)), BERLIN)
    if local.astimezone(UTC).astimezone(BERLIN).replace(tzinfo=None) == local.replace(tzinfo=None):
        return ""
    return f"{clock(first_minute)} bis {clock(last_minute)} Uhr am {day_name(day)}"


def clock(minute: int) -> str:
    """`17`, `17:30`, and `24` for the end of the day."""
    hour, rest = divmod(minute, 60)
    return f"{hour}:{rest:02d}" if rest else str(hour)


def easter(year: int) -> date:
    """Easter Sunday (Gauß's rule in the form of Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
