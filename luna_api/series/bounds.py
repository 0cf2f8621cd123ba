"""The bounds of a stretch of time in a request: what is understood, and what is refused with which words."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from litestar.params import QueryParameter

from luna_api.errors import invalid

BERLIN: Final = ZoneInfo("Europe/Berlin")
LONGEST: Final = timedelta(days=50 * 366)
"""So long a stretch may be asked for at once."""
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
FROM_EXAMPLE = "from=2024-01-01 (oder 2024-01-01T00:00:00+01:00)"
TO_EXAMPLE = "to=2025-01-01 (oder 2025-01-01T00:00:00+01:00)"

From = Annotated[
    str,
    QueryParameter(
        name="from",
        description="Beginn (einschließlich): Tag in Europe/Berlin (2024-01-01), Zeitpunkt nach ISO 8601 oder "
        "Millisekunden seit 1970; ohne Zeitzone gilt Europe/Berlin",
    ),
]
To = Annotated[str, QueryParameter(name="to", description="Ende (ausschließlich), geschrieben wie `from`")]

# In an address a plus is a blank: `T00:00:00 01:00` was `T00:00:00+01:00`.
_LOST_PLUS = re.compile(r"(?<=\d) (?=\d{2}:?\d{2}$)")


@dataclass(frozen=True, slots=True)
class Bounds:
    """A stretch `[begin, end)` in UTC."""

    begin: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.end - self.begin).total_seconds()


def read_bounds(begin: str, end: str, *, longest: timedelta = LONGEST) -> Bounds:
    """The stretch that `from` and `to` name. Raises 400 naming the field, its fault and what would be right."""
    first, last = _moment("from", begin, FROM_EXAMPLE), _moment("to", end, TO_EXAMPLE)
    if first >= last:
        raise invalid("from", f"liegt nicht vor „to“ ({begin} bis {end})", f"{FROM_EXAMPLE} und {TO_EXAMPLE}")
    if last - first > longest:
        years = longest.days // 366
        raise invalid("to", f"liegt mehr als {years} Jahre nach „from“; so viel auf einmal lese ich nicht", TO_EXAMPLE)
    return Bounds(first, last)


def _moment(field: str, text: str, example: str) -> datetime:
    text = _LOST_PLUS.sub("+", text.strip())
    try:
        moment = _parsed(text)
    except (ValueError, OverflowError, OSError):
        raise invalid(field, f"ist kein Zeitpunkt („{text[:40]}“)", example) from None
    if not EARLIEST <= moment <= LATEST:
        raise invalid(field, "liegt nicht zwischen 1970 und 2200", example)
    return moment


def _parsed(text: str) -> datetime:
    if re.fullmatch(r"-?\d{9,14}", text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return datetime.combine(date.fromisoformat(text), time(), BERLIN).astimezone(UTC)
    if "-" not in text[:5]:
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=BERLIN)).astimezone(UTC)
