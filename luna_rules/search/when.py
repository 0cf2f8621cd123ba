"""The day whose law a question asks for: „Was galt 2022 …“, „nach dem Stand vom 1.1.2023“. Pure; the calendar is given.

Only a date that is tied to validity counts. „Bis 2030“ or „ab dem 1. Januar“ belong to the subject of a question.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re

from luna_rules.references import find_dates

# What a law did in the past, as in „Was regelte 2024 § 4 StromNZV?“; „bestimmte“ is more often „certain“ than „ruled“.
_SAID = (
    r"regelte[nt]?|lautete[nt]?|verlangte[nt]?|besagte[nt]?|sagte[nt]?|schrieb(?:en)?|betrug(?:en)?|musste[nt]?"
    r"|durfte[nt]?"
)
_TIED = re.compile(
    r"(?:\b(?:stand(?:e|es)?|fassung|version|rechtslage|gesetzeslage|rechtsstand)\b(?:\s+(?:des|der|von|vom|am|zum|aus|im|dem|den|jahr(?:es)?"
    r"|[A-ZÄÖÜ][\w-]*(?:G|V|O|B))\b)*[\s:(]*"
    rf"|\b(?:galt|galten|gegolten|gültig(?:e[nrsm]?)?|geltend(?:e[nrsm]?)?|gilt|gelten|in kraft|{_SAID})\s+"
    r"(?:(?:am|zum|im|in|den|dem|jahr(?:e)?|noch|denn|eigentlich|damals|war|anfang|ende|mitte)\s+)*"
    r"|\b(?:as of|as at|in force (?:on|in|at)|applied (?:on|in)|valid (?:on|in)|version of|apply in|law of)"
    r"\s+(?:the\s+)?)\Z",
    re.IGNORECASE,
)
_SAID_LATER = re.compile(
    r"\A(?:\s+(?:noch|denn|eigentlich|damals))*\s+(?:galt(?:en)?|gültig\w*|geltend\w*|gegolten|in kraft|maßgeblich\w*"
    r"|applied|in force)\b",
    re.IGNORECASE,
)
_LED = re.compile(r"\b(?:am|im(?:\s+jahr(?:e)?)?|in|zum|on|anfang|ende|mitte)\s+\Z", re.IGNORECASE)
_PAST = re.compile(rf"\b(?:galt(?:en)?|gegolten|applied|damals|{_SAID})\b", re.IGNORECASE)
_YEAR = re.compile(
    r"(?<![\d.,/§-])(?P<year>(?:19|20)\d\d)(?![\d/]|[.,-]\d|\s*(?:%|euro|kwh|kw|mw|stunden|prozent))", re.I
)
_EDITION = re.compile(r"\b[A-ZÄÖÜ][\w-]*(?:G|V|O)\s\Z")
_OPEN = re.compile(
    r"\b(?:bis|ab|seit|nach|vor|until|from|since|by|before|after)(?:\s+(?:zum|dem|den|ende|anfang|the))?\s+\Z", re.I
)
_LEAD = 60


def asked_day(question: str, today: dt.date) -> dt.date | None:
    """The day whose law is asked for, None where a question names none.

    A month or year stands for its last day, but not for one after `today`. A year that is part of a law's name
    (`EEG 2023`) names none.
    """
    named = _named(question, today)
    return None if named is None else named[2]


def asked_day_words(question: str) -> str:
    """The words that name the day whose law is asked for, `2022` or `30. Juni 2022`; empty where there are none."""
    named = _named(question, dt.date.max)
    return "" if named is None else question[named[0] : named[1]].strip()


def without_day(question: str) -> str:
    """The question without the words that name the day whose law is asked for and tie it to that: what is asked then.

    „Was galt 2022 für die Umlage?“ asks for „Was für die Umlage?“ in the law of 2022; no passage need say „2022“.
    """
    named = _named(question, dt.date.max)
    if named is None:
        return question
    start, end, _ = named
    lead = max(0, start - _LEAD)
    tied = _TIED.search(question, lead, start) or _LED.search(question, lead, start)
    later = _SAID_LATER.match(question[end : end + _LEAD])
    kept = question[: tied.start() if tied else start], question[end + (later.end() if later else 0) :]
    return " ".join(part.strip() for part in kept).strip()


def _named(question: str, today: dt.date) -> tuple[int, int, dt.date] | None:
    """Where a question names the day whose law it asks for, and the day."""
    found: list[tuple[int, int, dt.date]] = []
    for mention in find_dates(question):
        if mention.year is None:
            continue
        last = calendar.monthrange(mention.year, mention.month)[1]
        day = dt.date(mention.year, mention.month, mention.day or last)
        found.append((mention.start, mention.end, day if mention.day else min(day, today)))
    taken = [(start, end) for start, end, _ in found]
    for match in _YEAR.finditer(question):
        inside = any(start <= match.start() < end for start, end in taken)
        if inside or _EDITION.search(question, max(0, match.start() - 20), match.start()):
            continue
        year = int(match["year"])
        if year <= today.year:
            found.append((*match.span(), min(dt.date(year, 12, 31), today)))
    for start, end, day in sorted(found):
        if _is_tied(question, start, end, day < today):
            return start, end, day
    return None


def _is_tied(question: str, start: int, end: int, past: bool) -> bool:
    """Whether the date tells when something is valid."""
    lead = max(0, start - _LEAD)
    if _OPEN.search(question, lead, start):
        return False
    if _TIED.search(question, lead, start) or _SAID_LATER.match(question[end : end + _LEAD]):
        return True
    # „Welche Regel galt für den Anschluss im Jahr 2021?“
    led = _LED.search(question, lead, start) is not None or question[:start].strip() == ""
    return past and led and _PAST.search(question) is not None
