"""Days that people name by an occasion: feasts, the days „zwischen den Jahren“, both changes of the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from luna_rules.series_answers import spans
from luna_rules.series_answers.spans import Span

FEASTS: Final[dict[str, Callable[[int], Span]]] = {
    "heiligabend": lambda y: spans.day_span(date(y, 12, 24)),
    "ersten weihnachtsfeiertag": lambda y: spans.day_span(date(y, 12, 25)),
    "ersten weihnachtstag": lambda y: spans.day_span(date(y, 12, 25)),
    "zweiten weihnachtsfeiertag": lambda y: spans.day_span(date(y, 12, 26)),
    "zweiten weihnachtstag": lambda y: spans.day_span(date(y, 12, 26)),
    "weihnacht": lambda y: spans.days_span(date(y, 12, 24), date(y, 12, 26)),
    "christmas": lambda y: spans.days_span(date(y, 12, 24), date(y, 12, 26)),
    "silvester": lambda y: spans.day_span(date(y, 12, 31)),
    "neujahr": lambda y: spans.day_span(date(y, 1, 1)),
    "karfreitag": lambda y: spans.day_span(spans.easter(y) - timedelta(days=2)),
    "ostersonntag": lambda y: spans.day_span(spans.easter(y)),
    "ostermontag": lambda y: spans.day_span(spans.easter(y) + timedelta(days=1)),
    "ostern": lambda y: spans.days_span(spans.easter(y) - timedelta(days=2), spans.easter(y) + timedelta(days=1)),
    "pfingstsonntag": lambda y: spans.day_span(spans.easter(y) + timedelta(days=49)),
    "pfingstmontag": lambda y: spans.day_span(spans.easter(y) + timedelta(days=50)),
    "pfingsten": lambda y: spans.days_span(spans.easter(y) + timedelta(days=48), spans.easter(y) + timedelta(days=50)),
    "tag der arbeit": lambda y: spans.day_span(date(y, 5, 1)),
    "tag der deutschen einheit": lambda y: spans.day_span(date(y, 10, 3)),
}
CLOCK_CHANGE: Final = r"(?:tag(?:e|es)? der )?(?:zeit|uhren)umstellung"


def between_years(year: int) -> Span:
    """The days between the feasts: 27 to 31 December, as people mean them."""
    label = f"zwischen Weihnachten und Neujahr (27. bis 31. Dezember {year})"
    return spans.days_span(date(year, 12, 27), date(year, 12, 31), label)


def clock_change(year: int, month: int) -> Span:
    """The last Sunday of March or October, on which the clock is changed."""
    last = spans.month_end(year, month)
    return spans.day_span(last - timedelta(days=(last.weekday() + 1) % 7))
