"""Marks by which a question means one thing and no other: meter numbers, file numbers, codes of letters and digits.

An answer about another number would be wrong however alike it reads, so what is asked for must stand where it is taken
from. Quantities, years, dates and provisions are no such marks; telling them apart is all that belongs here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from luna_rules.answers.model import Passage
from luna_rules.answers.names import KNOWN_LAWS
from luna_rules.answers.question import STRAY_POINT
from luna_rules.answers.text import clean
from luna_rules.references import as_written, find_laws, find_references
from luna_rules.search.words import fold

_TOKEN = re.compile(r"[^\W_]+(?:[-–./:_+][^\W_]+)*")
_NAMED = re.compile(
    r"\b(?:(?:\w*(?:zähler|zählpunkt|vertrag|vertrags|kunden|rechnung|rechnungs|auftrags|geräte|serien|artikel"
    r"|material|kennung|kennziffer|kennzeichen|aktenzeichen|geschäftszeichen|lokation|marktlokation|messlokation"
    r"|malo|melo|fehler|fehlercode|code|register|raum|typ|modell|vorgang|ticket|az|id)s?(?:[- ]?nummern?)?)"
    r"|\w+nummer)[.:]?\s+(?:(?:mit der |mit dem )?(?:nr|nummer|kennung|kennzeichen|zeichen|code|id)\b\.?:?\s*)?$",
    re.I,
)
"""Words behind which a mark stands whatever it looks like: „Zähler Nr. 7“."""
_NUMBERED = re.compile(r"(?:\bnr\.?|\bnummern?|\bno\.?|#)\s*$", re.I)
_BELOW_PROVISION = re.compile(
    r"(?:§|\b(?:abs\.?|absatz|satz|anlage|anhang|artikel|art\.?|paragra(?:f|ph)\w*)\s*\d+[a-z]?)[^?!]{0,30}$", re.I
)
_UNIT = re.compile(
    r"\s*(?:%|€|°|(?:[kmgt]?wh?p?|[kmg]?v(?:a|ar)?|ct|eur|euro|cent|prozent|k?m[²³]?|[ckm]m|kg|t|h|min|uhr|grad|bar|hz"
    r"|liter|l|a|jahre?n?|monate?n?|wochen?|tage?n?|stunden?|minuten?|sekunden?|tonnen?|metern?|zoll)\b"
    r"|(?-i:(?:[a-zäöü]+e[nrs]?\s+)?[A-ZÄÖÜ][a-zäöüß]{2,}))",
    re.I,
)
_NOUN_BEHIND = re.compile(r"\s+(?:[a-zäöüß]+e[nrs]?\s+)?[A-ZÄÖÜ][a-zäöüß]{2,}")
_MEASURE = re.compile(
    r"\d+(?:[.,]\d+)*-?(?:[kmgt]?wh?p?|[kmg]?v(?:a|ar)?|ct|eur|euro|cent|prozent|k?m|[ckm]m|kg|t|h|er(?:[ns]|-\w+)?|te[nrsm]?|(?:st|nd|rd|th)\b[\w-]*"
    r"|fach\w*|mal|jährig\w*|stündig\w*|tägig\w*|monatig\w*|prozentig\w*)",
    re.I,
)
_COMPOUND = re.compile(r"\d+(?:[.,]\d+)*[a-z]?(?:-[A-Za-zÄÖÜäöüß]{2,})+")
"""„24-Stunden-Wechsel“, „14a-Anlage“."""
_DATE = re.compile(
    r"\d{1,2}\.\d{1,2}\.(?:\d{2}|\d{4})?|\d{4}-\d{1,2}(?:-\d{1,2})?|\d{1,2}[.:]\d{2}(?:[.:]\d{2})?|\d{1,2}/\d{4}"
    r"|\d{4}[/–-]\d{2,4}"
)
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+")
_SECTION = re.compile(r"\d{1,3}[a-z]{1,2}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_PRODUCT = re.compile(r"\b(?:[Tt]arif|[Pp]rodukt|[Pp]aket)s?\s+[„\"]?(?P<name>[A-ZÄÖÜ][\w-]+ \d{1,4})\b(?!\s*[.,]?\d)")
"""A product that is named by a word and a number: „Tarif Fix 36“."""
_AND = re.compile(r",?\s*(?:und|oder|sowie|bzw\.|and|or|[,/&])\s*")
"""Between marks of one kind: „Fehlercodes E03 und E11“."""
_BETWEEN = r"[-–\s./:_+]?"
_LONG = 5
_NEAR = 120
"""So many characters before and behind a token tell whether it is a mark."""
_BOUND = re.compile(
    r"\b(?:als|über|unter|ab|bis|mindestens|höchstens|maximal|rund|etwa|circa|ca\.?|zwischen|je|pro|um)\s+$", re.I
)


@lru_cache(maxsize=512)
def identifiers(question: str) -> tuple[str, ...]:
    """The marks that a question names, as written."""
    text = STRAY_POINT.sub(r"\1 ", clean(question))
    text = _without_provisions(text)
    found: dict[str, None] = {match["name"]: None for match in _PRODUCT.finditer(text)}
    last: re.Match[str] | None = None
    for match in _TOKEN.finditer(text):
        token = match.group()
        start, end = match.span()
        near = (text[max(0, start - _NEAR) : start], text[end : end + _NEAR])
        beside = last is not None and _AND.fullmatch(text, last.end(), start) and _shape(last.group()) == _shape(token)
        if any(char.isdigit() for char in token) and (beside or _is_mark(token, *near)):
            found[token] = None
            last = match
    return tuple(found)


def _shape(token: str) -> str:
    """A token with one sign for each digit and one for each letter: „E03“ is shaped as „E11“ is."""
    return "".join("0" if char.isdigit() else "a" if char.isalpha() else char for char in token)


def _without_provisions(text: str) -> str:
    """The text with provisions and laws blanked out, years of laws („EEG 2023“) among them."""
    written = as_written(text, KNOWN_LAWS)
    spans = [(one.start, one.end) for one in find_references(written, KNOWN_LAWS)]
    spans += [(one.start, one.end) for one in find_laws(written, KNOWN_LAWS)]
    for start, end in sorted(spans, reverse=True):
        written = f"{written[:start]}§{' ' * max(0, end - start - 1)}{written[end:]}"
    return written


def _is_mark(token: str, before: str, behind: str) -> bool:
    if _DATE.fullmatch(token) or _MEASURE.fullmatch(token) or _COMPOUND.fullmatch(token):
        return False
    bare = token.isdigit()
    if bare and _YEAR.fullmatch(token) and not _NUMBERED.search(before):
        return False
    if _GROUPED.fullmatch(token):
        return False
    if _NAMED.search(before):
        return not (bare and _UNIT.match(behind) and not _NOUN_BEHIND.match(behind))
    if _NUMBERED.search(before):
        return len(token) > 2 and _BELOW_PROVISION.search(before) is None
    if bare:
        quantity = _UNIT.match(behind) or _NOUN_BEHIND.match(behind) or _BOUND.search(before)
        return len(token) >= _LONG and not quantity
    if _SECTION.fullmatch(token):
        return False
    if "." in token and token.replace(".", "").isdigit():
        return token.count(".") > 1  # „1.8.0“ is a register, „12.5“ a number
    digits = sum(char.isdigit() for char in token)
    return digits >= 2 and len(token) >= 4 and any(char.isalpha() for char in token) and before[-1:] != "§"


def holds(passage: Passage, mark: str) -> bool:
    """Whether a passage, its headings or its document's title bear the mark, whatever separates its parts."""
    return any(bears(text, mark) for text in (passage.text, passage.title, *passage.heading_path))


def bears(text: str, mark: str) -> bool:
    """Whether a text bears the mark."""
    return _pattern(mark).search(text) is not None


def homes(passages: Iterable[Passage], marks: Iterable[str]) -> frozenset[str]:
    """The documents that bear every one of the marks, by `item_id` (or title)."""
    every = list(passages)
    found: set[str] | None = None
    for mark in marks:
        bearing = {home(passage) for passage in every if holds(passage, mark)}
        found = bearing if found is None else found & bearing
    return frozenset(found or ())


def home(passage: Passage) -> str:
    """What document a passage belongs to."""
    return passage.item_id or passage.title or passage.chunk_id


@lru_cache(maxsize=512)
def _pattern(mark: str) -> re.Pattern[str]:
    letters = [re.escape(char) for char in mark if char.isalnum()]
    return re.compile(r"(?<![^\W_])" + _BETWEEN.join(letters) + r"(?![^\W_])", re.I)


def same(one: str, other: str) -> bool:
    """Whether two marks are the same but for case and separators."""
    return re.sub(r"[\W_]", "", fold(one)) == re.sub(r"[\W_]", "", fold(other))
