"""Which items of a list, or rows of a table, hold for the year that a question names: „im Jahr 2026“, „ab 2027“.

Such items differ by their year alone. A year counts only where it is said to be one: by „Jahr“, a day, a preposition
or another year before it, or alone in its cell; numbers of regulations and editions of laws are none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Years = tuple[int, int]
"""First and last year, both included; `EVER` where it has no end."""
EVER = 9999

_YEAR = re.compile(r"(?<![\d.,/§-])(?:19|20)\d\d(?![\d/]|[.,-]\d|\s*\((?:ABl|BGBl))")
_MONTH = r"(?:Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)[a-zä]*\.?"
_DAY = rf"(?:\d{{1,2}}\.\s*(?:{_MONTH}|\d{{1,2}}\.)|{_MONTH})\s*"
_NAMED = r"(?:[^\W\d_]*[Jj]ahr(?:e[ns]?)?\s+)"
_LED = re.compile(rf"(?:{_NAMED}|{_DAY}|\b(?:ab|bis|seit|für|in|von|vor|nach|zwischen|spätestens)\s+)\Z")
_JOINED = re.compile(rf"\s*(?:,|\bund\b|\boder\b|\bsowie\b)\s*(?:(?:im|für das|des)\s+)?{_NAMED}?\Z")
_TO = re.compile(
    rf"\s*(?:bis(?:\s+(?:zum|zu|einschließlich|zum\s+Ablauf\s+des|Ende))*|[–-])\s*(?:(?:dem\s+)?{_NAMED})?(?:{_DAY})?\Z"
)
_FROM = re.compile(rf"\b(?:ab|seit)\s+(?:(?:dem|Beginn|Anfang|des)\s+)*(?:{_NAMED}|{_DAY})?\Z")
_AFTER = re.compile(rf"\bnach\s+(?:(?:dem|Ablauf|Ende|des)\s+)*(?:{_NAMED}|{_DAY})?\Z")
_COMPARED = re.compile(
    rf"\b(?:Vergleich|Verhältnis)\s+(?:zum?|mit)\s+(?:dem\s+)?{_NAMED}?\Z|\bgegenüber\s+(?:dem\s+)?{_NAMED}?\Z"
)
"""„im Vergleich zum Jahr 1990“ tells what is compared with, not when."""
_EDITION = re.compile(r"\b[A-ZÄÖÜ][\w-]*(?:G|V|O|gesetz(?:es)?|verordnung|ordnung|VO)\s\Z")
_CELL_BEFORE, _CELL_BEHIND = re.compile(r"(?:\A|\|)\s*\Z"), re.compile(r"\s*(?:\||\Z)")
_LEAST_ITEMS = 2
_BEFORE = 48


def years(text: str) -> list[Years]:
    """The years that a text names, in their order: „in den Jahren 2025 bis 2029“ is one stretch."""
    return _read(text, loosely=False)


def years_asked(question: str) -> list[Years]:
    """The years that a question names; any stands for itself there unless it belongs to a law's name (`EEG 2023`)."""
    return _read(question, loosely=True)


def _read(text: str, *, loosely: bool) -> list[Years]:
    found: list[Years] = []
    end = -1
    for match in _YEAR.finditer(text):
        year, before = int(match.group()), text[max(0, match.start() - _BEFORE) : match.start()]
        between = text[end : match.start()] if end >= 0 else None
        if _COMPARED.search(before) or _EDITION.search(before):
            continue
        if between is not None and _TO.fullmatch(between):
            found[-1] = (found[-1][0], max(found[-1][0], year))
        elif _AFTER.search(before):
            found.append((year + 1, EVER))
        elif _FROM.search(before):
            found.append((year, EVER))
        elif (
            loosely
            or _LED.search(before)
            or (between is not None and _JOINED.fullmatch(between))
            or (_CELL_BEFORE.search(before) and _CELL_BEHIND.match(text, match.end()))
        ):
            found.append((year, year))
        else:
            continue
        end = match.end()
    return found


def in_year(question: str, texts: Sequence[str]) -> list[bool]:
    """Which of a list's rows or items hold for a year that the question names; one that names none holds for all.

    All of them where the question names none, fewer than two items do, or none of them holds.
    """
    asked = years_asked(question)
    named = [years(text) for text in texts] if asked else []
    if sum(map(bool, named)) < _LEAST_ITEMS:
        return [True] * len(texts)
    held = [any(_meet(one, other) for one in own for other in asked) for own in named]
    return [not own or one for own, one in zip(named, held, strict=True)] if any(held) else [True] * len(texts)


def _meet(one: Years, other: Years) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
