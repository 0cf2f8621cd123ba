"""One time word at its place in a question: the stretch it stands for, where its year is said and where it is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from luna_rules.series_answers import spans
from luna_rules.series_answers.atomwords import NUMBER_WORDS
from luna_rules.series_answers.spans import Span

Kind = Literal["day", "dayless", "week", "month", "quarter", "season", "year", "fixed", "since", "before"]


@dataclass(frozen=True, slots=True)
class Atom:
    """A time word at its place in the text. `build` makes its stretch in the given year (None: the latest one).

    `dayless` is a day of the month whose month stands further on („vom 3. bis 5. Mai“); `before` shifts what stands
    before it („Mai 2024 gegenüber dem Vorjahr“).
    """

    start: int
    end: int
    build: Callable[[int | None], Span]
    kind: Kind
    year: int | None = None
    day: int = 0
    shift: Callable[[Span], Span] | None = None

    def with_month_of(self, other: Span) -> Span:
        """The day of this atom in the month in which `other` ends, or in the month before where that comes later."""
        last = other.last_day
        try:
            day = last.replace(day=self.day)
        except ValueError:
            day = last
        if day > last:
            year, month = spans.add_months(last.year, last.month, -1)
            day = date(year, month, min(self.day, spans.month_end(year, month).day))
        return spans.day_span(day)


def counted(word: str) -> int:
    """The number that a word of `NUMBER_WORDS` or digits say."""
    return int(word) if word.isdigit() else NUMBER_WORDS[word]


def named_year(match: re.Match[str], today: date) -> int | None:
    """The year that stands behind a time word, None where there is none."""
    groups = match.groupdict()
    if groups.get("y"):
        year = int(groups["y"])
        return year if year > 99 else 2000 + year
    if groups.get("yy"):
        return 2000 + int(groups["yy"])
    said = groups.get("yrel") or ""
    if said:
        return today.year - (2 if "vorletzten" in said else 0 if "dieses" in said else 1)
    return None


def latest(today: date, build: Callable[[int], Span]) -> Callable[[int | None], Span]:
    """The stretch in a given year, or else in the latest year in which it has begun."""

    def made(year: int | None) -> Span:
        if year is not None:
            return build(year)
        for candidate in range(today.year, today.year - 9, -1):
            try:
                span = build(candidate)
            except (ValueError, OverflowError):
                continue
            if span.first_day <= today:
                return span
        raise ValueError("no such date in the last years")

    return made


def in_a_year(match: re.Match[str], kind: Kind, year: int | None, today: date, build: Callable[[int], Span]) -> Atom:
    """An atom that the text may still give its year. Raises `ValueError` where there is no such day."""
    made = latest(today, build)
    made(year)
    return Atom(match.start(), match.end(), made, kind, year)


def fixed(match: re.Match[str], span: Span, kind: Kind = "fixed") -> Atom:
    """An atom whose stretch is already known."""
    return Atom(match.start(), match.end(), lambda _: span, kind)
