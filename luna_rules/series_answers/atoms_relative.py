"""Time words that count from today, or from what stands before them: „gestern“, „vor drei Tagen“, „Vorjahr“.

Each function makes the atom of a match (of the patterns in `atoms`), None where the match is no time after all.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from luna_rules.series_answers import spans
from luna_rules.series_answers.atom import Atom, counted, fixed
from luna_rules.series_answers.atomwords import BEFORE_LAST, DAY_WORDS, LAST, NEXT, THIS, WEEKDAYS
from luna_rules.series_answers.spans import Span

_UNITS_BEFORE = {"vorjahr": "jahr", "vormonat": "monat", "vorwoche": "woche"}


def read_day_word(match: re.Match[str], today: date) -> Atom:
    """„gestern“, „heute“, „übermorgen“."""
    return fixed(match, spans.day_span(today + timedelta(days=DAY_WORDS[match["name"]])))


def read_night(match: re.Match[str], today: date) -> Atom:
    """„letzte Nacht“: 22 to 6 o'clock."""
    start = today - timedelta(days=2 if "vorletzte" in match.group() or "vorgestern" in match.group() else 1)
    span = spans.clock_span(start, 22 * 60, 6 * 60)
    label = f"in der Nacht vom {spans.day_name(start)} auf den {(start + timedelta(days=1)).day}. (22 bis 6 Uhr)"
    return fixed(match, Span(span.start, span.end, label, "hour"))


def _step(which: str) -> int:
    if re.match(BEFORE_LAST, which):
        return -2
    return -1 if re.match(LAST, which) else 1 if re.match(NEXT, which) else 0


def read_relative_unit(match: re.Match[str], today: date) -> Atom | None:
    """„letzte Woche“, „dieses Jahr“, „nächsten Monat“."""
    return fixed(match, _unit_span(match["unit"], _step(match["which"]), today))


def _unit_span(unit: str, step: int, today: date) -> Span:
    if unit.startswith(("wochenend", "weekend")):
        saturday = today - timedelta(days=(today.weekday() - 5) % 7)
        if step < 0:
            running = today.weekday() >= 5
            saturday += timedelta(days=7 * (step + (0 if running else 1)))
        elif step > 0 or today.weekday() < 5:
            saturday += timedelta(days=7)
        return spans.days_span(saturday, saturday + timedelta(days=1))
    if unit.startswith(("tag", "day")):
        return spans.day_span(today + timedelta(days=step))
    if unit.startswith(("woche", "week")):
        return spans.week_span(today + timedelta(days=7 * step))
    if unit.startswith(("monat", "month")):
        return spans.month_span(*spans.add_months(today.year, today.month, step))
    if unit.startswith(("quart",)):
        number = today.year * 4 + (today.month - 1) // 3 + step
        return spans.quarter_span(number // 4, number % 4 + 1)
    if unit.startswith(("jahr", "year")):
        return spans.year_span(today.year + step)
    raise ValueError(unit)


def read_last_many(match: re.Match[str], today: date) -> Atom | None:
    """„die letzten drei Monate“: days and weeks end yesterday; months, quarters, years are whole ones."""
    count, unit = counted(match["n"]), match["unit"]
    if not 1 <= count <= 4_000:
        return None
    yesterday = today - timedelta(days=1)
    if unit.startswith(("stund", "hour")):
        days = (count + 23) // 24
        return fixed(match, spans.days_span(today - timedelta(days=days), today))
    if unit.startswith(("tag", "day")):
        first = today - timedelta(days=count)
    elif unit.startswith(("woche", "week")):
        first = today - timedelta(days=7 * count)
    elif unit.startswith(("monat", "month")):
        first = date(*spans.add_months(today.year, today.month, -count), 1)
        yesterday = today.replace(day=1) - timedelta(days=1)
    elif unit.startswith("quart"):
        now = _unit_span("quartal", 0, today).first_day
        first = date(*spans.add_months(now.year, now.month, -3 * count), 1)
        yesterday = now - timedelta(days=1)
    else:
        return fixed(match, spans.years_span(today.year - count, today.year - 1))
    return fixed(match, spans.days_span(first, yesterday), "since")


def read_ago(match: re.Match[str], today: date) -> Atom | None:
    """„vor drei Tagen“, „three weeks ago“; „seit drei Tagen“ goes up to today."""
    count, unit = counted(match["n"]), match["unit"]
    if count > 4_000:
        return None
    if match.groupdict().get("since"):
        return fixed(match, spans.days_span(_back(unit, count, today), today), "since")
    if unit.startswith(("woche", "week")):
        return fixed(match, spans.week_span(today - timedelta(days=7 * count)))
    if unit.startswith(("monat", "month")):
        return fixed(match, spans.month_span(*spans.add_months(today.year, today.month, -count)))
    if unit.startswith(("jahr", "year")):
        return fixed(match, spans.year_span(today.year - count))
    if unit.startswith(("tag", "day")):
        return fixed(match, spans.day_span(today - timedelta(days=count)))
    return None


def _back(unit: str, count: int, today: date) -> date:
    if unit.startswith(("woche", "week")):
        return today - timedelta(days=7 * count)
    if unit.startswith(("monat", "month")):
        year, month = spans.add_months(today.year, today.month, -count)
        return date(year, month, min(today.day, spans.month_end(year, month).day))
    if unit.startswith(("jahr", "year")):
        return date(
            today.year - count, today.month, min(today.day, spans.month_end(today.year - count, today.month).day)
        )
    return today - timedelta(days=count)


def read_weekday(match: re.Match[str], today: date) -> Atom:
    """The latest such day before today; „diesen Montag“ lies in this week, „am Montag letzter Woche“ in the last."""
    wanted = WEEKDAYS[match["name"]]
    week = match.groupdict().get("week")
    which = match.groupdict().get("which") or ""
    monday = today - timedelta(days=today.weekday())
    if week:
        step = -2 if re.match(BEFORE_LAST, week) else -1 if re.match(LAST, week) else 0
        return fixed(match, spans.day_span(monday + timedelta(days=wanted + 7 * step)))
    if which and re.match(THIS, which):
        return fixed(match, spans.day_span(monday + timedelta(days=wanted)))
    if which and re.match(NEXT, which):
        return fixed(match, spans.day_span(today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)))
    day = today - timedelta(days=(today.weekday() - wanted - 1) % 7 + 1)
    if which and re.match(BEFORE_LAST, which):
        day -= timedelta(days=7)
    return fixed(match, spans.day_span(day))


def read_heuer(match: re.Match[str], today: date) -> Atom:
    """„heuer“: this year."""
    return fixed(match, spans.year_span(today.year))


def read_period_before(match: re.Match[str], today: date) -> Atom:
    """„Vorjahr“, „Vormonat“, „die Woche davor“: of what stands before it, or of today where nothing does."""
    word = match["name"]
    unit = next((unit for start, unit in _UNITS_BEFORE.items() if word.startswith(start)), word)
    step = 1 if match.groupdict().get("after") else -1

    def shift(base: Span) -> Span:
        first = base.first_day
        if unit == "jahr":
            return _other_year(base, step)
        if unit == "monat":
            return spans.month_span(*spans.add_months(first.year, first.month, step))
        if unit == "quartal":
            return _unit_span(unit, step, first)
        if unit == "tag":
            return spans.day_span(first + timedelta(days=step))
        return spans.week_span(first + timedelta(days=7 * step))

    span = _unit_span(unit, step, today)
    return Atom(match.start(), match.end(), lambda _: span, "before", shift=shift)


def _other_year(base: Span, step: int) -> Span:
    """The same stretch, `step` years later."""
    first, last = base.first_day, base.last_day
    if base.grain == "year":
        return spans.year_span(first.year + step)
    if base.grain == "month":
        return spans.month_span(first.year + step, first.month)
    if base.grain == "quarter":
        return spans.quarter_span(first.year + step, (first.month + 2) // 3)
    if base.grain == "week":
        iso = first.isocalendar()
        weeks = date(iso.year + step, 12, 28).isocalendar().week
        return spans.iso_week_span(iso.year + step, min(iso.week, weeks))
    moved = [
        date(d.year + step, d.month, min(d.day, spans.month_end(d.year + step, d.month).day)) for d in (first, last)
    ]
    return spans.day_span(moved[0]) if first == last else spans.days_span(moved[0], moved[1])
