"""Whether a statement holds on a day: „Ab dem 1. Januar 2026 …“, „Bis zum Ablauf des 31. Dezember 2024 …“.

Only the days that statements name as their own beginning or end belong here; versions of laws are search's business.
"""

from __future__ import annotations

import re
from datetime import date

_MONTHS = {
    name: number
    for number, name in enumerate(
        (
            "januar",
            "februar",
            "märz",
            "april",
            "mai",
            "juni",
            "juli",
            "august",
            "september",
            "oktober",
            "november",
            "dezember",
        ),
        1,
    )
}
_DAY = rf"(?P<day>\d{{1,2}})\.\s?(?P<month>{'|'.join(_MONTHS)})\s(?P<year>(?:19|20)\d\d)"
_OPENING = r"\W*(?:\(\d{1,3}[a-z]{0,2}\)\s*)?"
_FROM = re.compile(rf"{_OPENING}(?:Ab|Seit)\s+(?:dem\s+)?{_DAY}", re.I)
_UNTIL = re.compile(rf"{_OPENING}Bis\s+zum\s+(?:Ablauf\s+des\s+)?{_DAY}", re.I)


def holds(text: str, today: date) -> bool | None:
    """Whether a statement that begins with its own time holds on a day; None where it names no time of its own."""
    for pattern, begins in ((_FROM, True), (_UNTIL, False)):
        if match := pattern.match(text):
            try:
                day = date(int(match["year"]), _MONTHS[match["month"].lower()], int(match["day"]))
            except ValueError:
                return None
            return day <= today if begins else today <= day
    return None
