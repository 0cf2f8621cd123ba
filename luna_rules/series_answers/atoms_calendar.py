"""Time words that name a place in the calendar: dates, weeks, months, quarters, seasons, feasts, years.

Each function makes the atom of a match (of the patterns in `atoms`), None where the match is no time after all. Raises
`ValueError` for a day that does not exist.
"""

from __future__ import annotations

import re
from datetime import date

from luna_rules.series_answers import spans
from luna_rules.series_answers.atom import Atom, counted, fixed, in_a_year, latest, named_year
from luna_rules.series_answers.atomwords import (
    BEFORE_LAST,
    DAY_ORDINALS,
    LAST,
    MONTH_WORDS,
    ORDINALS,
    SEASON_NAMES,
    SEASONS,
    THIS,
)
from luna_rules.series_answers.feasts import FEASTS, between_years, clock_change
from luna_rules.series_answers.spans import Span


def read_date(match: re.Match[str], today: date) -> Atom | None:
    """„3. Mai 2024“, „2024-05-03“, „3.5.“."""
    groups = match.groupdict()
    name = groups.get("name")
    month = MONTH_WORDS[name] if name else int(groups["m"] or 0)
    day = DAY_ORDINALS.get(groups["d"] or "") or int(groups["d"] or 0)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return in_a_year(match, "day", named_year(match, today), today, lambda year: spans.day_span(date(year, month, day)))


def read_dayless(match: re.Match[str], _: date) -> Atom | None:
    """„vom 3. bis 5. Mai“: its first day, whose month stands further on."""
    day = int(match["d"])
    if not 1 <= day <= 31:
        return None

    def unknown(_: int | None) -> Span:
        raise ValueError("a day without a month")

    return Atom(match.start(), match.end("dot"), unknown, "dayless", day=day)


def read_week(match: re.Match[str], today: date) -> Atom:
    """„KW 12“, „12. Kalenderwoche“: weeks by ISO 8601."""
    week = int(match["w"])
    return in_a_year(match, "week", named_year(match, today), today, lambda year: spans.iso_week_span(year, week))


def _ordinal(match: re.Match[str]) -> int:
    groups = match.groupdict()
    return int(groups["n"]) if groups.get("n") else ORDINALS[groups["o"]]


def read_quarter(match: re.Match[str], today: date) -> Atom:
    """„Q2“, „zweites Quartal“."""
    number = _ordinal(match)
    return in_a_year(match, "quarter", named_year(match, today), today, lambda year: spans.quarter_span(year, number))


def read_half(match: re.Match[str], today: date) -> Atom | None:
    """„H1“, „zweites Halbjahr“; None for a third one."""
    number = _ordinal(match)
    if number > 2:
        return None
    return in_a_year(match, "quarter", named_year(match, today), today, lambda year: spans.half_span(year, number))


def read_month(match: re.Match[str], today: date) -> Atom:
    """„Mai“, „letzten Mai“, „Anfang Mai“, „5/2024“."""
    groups = match.groupdict()
    month = MONTH_WORDS[groups["name"]] if groups.get("name") else int(groups["m"])
    year = named_year(match, today)
    which = groups.get("which")
    if which and year is None:
        first = latest(today, lambda candidate: spans.month_span(candidate, month))(None).first_day
        running = (first.year, first.month) == (today.year, today.month)
        year = first.year - (1 if running and re.match(LAST, which) else 0)
        year -= 1 if re.match(BEFORE_LAST, which) else 0
        year = today.year if re.match(THIS, which) else year
    part = groups.get("part")

    def build(year: int) -> Span:
        if not part:
            return spans.month_span(year, month)
        last = spans.month_end(year, month).day
        name = f"{spans.MONTHS[month - 1]} {year}"
        if part.startswith(("anfang", "early")):
            return spans.days_span(date(year, month, 1), date(year, month, 10), f"Anfang {name}")
        if part.startswith("mitte"):
            return spans.days_span(date(year, month, 11), date(year, month, 20), f"Mitte {name}")
        return spans.days_span(date(year, month, 21), date(year, month, last), f"Ende {name}")

    return in_a_year(match, "month", year, today, build)


def read_season(match: re.Match[str], today: date) -> Atom:
    """„Sommer“, „letzten Winter“: three whole months, of which winter goes into the next year."""
    groups = match.groupdict()
    first = SEASONS[match["name"]]
    year = named_year(match, today)
    which = groups.get("which") or ""

    def build(year: int) -> Span:
        end_year, end_month = spans.add_months(year, first, 2)
        name = f"{SEASON_NAMES[first]} {year}" + (f"/{(year + 1) % 100:02d}" if first == 12 else "")
        months = f"{spans.MONTHS[first - 1]} bis {spans.MONTHS[end_month - 1]}"
        return spans.days_span(date(year, first, 1), spans.month_end(end_year, end_month), f"im {name} ({months})")

    if which and year is None:
        span = latest(today, build)(None)
        if re.match(LAST, which) and span.last_day >= today:
            span = build(span.first_day.year - 1)
        if re.match(BEFORE_LAST, which):
            span = build(span.first_day.year - 1)
        return fixed(match, span)
    return in_a_year(match, "season", year, today, build)


def read_between_years(match: re.Match[str], today: date) -> Atom:
    """„zwischen den Jahren“."""
    year = int(match["first"]) if match["first"] else named_year(match, today)
    return fixed(match, latest(today, between_years)(year))


def read_clock_change(match: re.Match[str], today: date) -> Atom:
    """„Zeitumstellung“: in the month or season that is named; else the latest one."""
    year, named = named_year(match, today), match["when"] or ""
    months = (3,) if named in ("märz", "frühjahr", "frühling") else (10,) if named else (3, 10)
    found = [latest(today, lambda y, month=month: clock_change(y, month))(year) for month in months]
    begun = [span for span in found if span.first_day <= today] or found
    return fixed(match, max(begun, key=lambda span: span.start))


def read_month_years_ago(match: re.Match[str], today: date) -> Atom:
    """„im Mai vor zwei Jahren“."""
    month, years = MONTH_WORDS[match["name"]], counted(match["n"])
    return fixed(match, spans.month_span(today.year - years, month))


def read_feast(match: re.Match[str], today: date) -> Atom:
    """„Ostern“, „Heiligabend“: the days are those of `feasts`."""
    build = FEASTS[match["name"]]
    return in_a_year(match, "day", named_year(match, today), today, build)


def read_year_alone(match: re.Match[str], today: date) -> Atom | None:
    """„2024“; None for a number that can be no year with values."""
    year = int(match["y"])
    if year > today.year + 1:
        return None
    return Atom(match.start(), match.end(), lambda given: spans.year_span(given or year), "year", year)
