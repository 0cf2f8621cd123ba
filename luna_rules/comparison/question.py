"""Questions for what changed: „Was hat sich an § 14a EnWG zwischen 2022 und 2024 geändert?“

Pure; the calendar is given.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from luna_rules.references import find_dates

_CHANGE = re.compile(
    r"\b(?:ge|ver)?änder\w*|\b(?:um|ab)geändert\w*|\bÄnderung\w*|\bUnterschied\w*|\bunterscheide\w*|\bvergl(?:eich\w*|ichen)"
    r"|\bGegenüberstellung|\banders\b|\bneu\b|\bweggefallen|\bchang(?:e[ds]?|ing)\b|\bdiffer\w*|\bcompar\w*|\bamend\w*",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.,/§-])(?P<year>(?:19|20)\d\d)(?![\d/]|[.,-]\d)")
_EDITION = re.compile(r"\b[A-ZÄÖÜ][\w-]*(?:G|V|O)\s\Z")
_SINCE = re.compile(r"\b(?:seit|since|ab|from)(?:\s+(?:dem|den|ende|anfang|the))?\s+\Z", re.IGNORECASE)
_LEAD = 24
_AROUND = re.compile(
    r"\b(?:zwischen|between|von|from|seit|since|bis|to|until|und|and|gegenüber|vom|zum|am|im|in|jahr(?:e[ns]?)?|ende|anfang"
    r"|dem|den|heute|today|now|jetzt|stand|fassung(?:en)?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is to be compared: the earlier and the later day, and the question without its dates."""

    before: dt.date
    after: dt.date
    subject: str


def asked_comparison(question: str, today: dt.date) -> Comparison | None:
    """The two days whose texts a question compares, None where it compares none.

    One day with „seit“ is compared with today. A month or a year stands for its last day, but „seit 2022“ begins with
    the law as it stood when that year began. No day lies after `today`; a year in a law's name (`EEG 2023`) is none.
    """
    if _CHANGE.search(question) is None:
        return None
    found: list[tuple[int, int, dt.date]] = []
    for mention in find_dates(question):
        if mention.year is not None:
            since = mention.day is None and _is_since(question, mention.start)
            last = calendar.monthrange(mention.year, mention.month)[1]
            day = dt.date(mention.year, mention.month, mention.day or (1 if since else last))
            found.append((mention.start, mention.end, day - dt.timedelta(days=1) if since else day))
    taken = [(start, end) for start, end, _ in found]
    for match in _YEAR.finditer(question):
        inside = any(start <= match.start() < end for start, end in taken)
        if inside or _EDITION.search(question, max(0, match.start() - 20), match.start()):
            continue
        year = int(match["year"])
        found.append((*match.span(), dt.date(year - 1 if _is_since(question, match.start()) else year, 12, 31)))
    days = sorted({min(day, today) for _, _, day in found})
    if len(days) == 1 and any(_is_since(question, start) for start, _, _ in found):
        days.append(today)
    if len(days) != 2 or days[0] == days[1]:
        return None
    subject = question
    for start, end, _ in sorted(found, reverse=True):
        subject = f"{subject[:start]} {subject[end:]}"
    return Comparison(days[0], days[1], " ".join(_AROUND.sub(" ", subject).split()))


def _is_since(question: str, start: int) -> bool:
    return _SINCE.search(question, max(0, start - _LEAD), start) is not None
