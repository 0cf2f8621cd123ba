"""What of a sentence can be checked against its source: amounts, dates, provisions, addresses of the web.

Only finding and normalising belongs here (`drei Monate` = `3 Monate`, `30. Juni 2026` = `30.06.2026`); verdicts are
given in `citations`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from luna_rules.answers.text import clean
from luna_rules.quantities.reading import quantities
from luna_rules.search.words import fold

_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Text in one typographic form, letters keep their case."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", clean(text))).strip()


# --- patterns -------------------------------------------------------------------------------------------------------

_MONTHS = {
    "januar": 1, "jaenner": 1, "february": 2, "january": 1, "februar": 2, "maerz": 3, "march": 3, "april": 4, "mai": 5,
    "may": 5, "juni": 6, "june": 6, "juli": 7, "july": 7, "august": 8, "september": 9, "oktober": 10, "october": 10,
    "november": 11, "dezember": 12, "december": 12,
}  # fmt: skip
_MONTH = (
    "januar|jänner|februar|märz|maerz|april|mai|juni|juli|august|september|oktober|november|dezember|"
    "january|february|march|may|june|july|october|december"
)
_DATES = (
    re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})(?:\.|st|nd|rd|th)? ?(?P<n>{_MONTH})\b(?:,? (?P<y>\d{{4}})(?!\d))?", re.I),
    re.compile(rf"\b(?P<n>{_MONTH}) (?P<d>\d{{1,2}})(?:st|nd|rd|th)?, (?P<y>\d{{4}})(?!\d)", re.I),
    re.compile(r"(?<![\d.,])(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\. ?(?P<y>\d{4}|\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?!\d)"),
)
_LAW = (
    r"(?:[A-ZÄÖÜ][A-Za-zÄÖÜäöü-]{0,14}(?:G|V|O|B)(?![\wäöüß])|[A-ZÄÖÜ][\wÄÖÜäöüß-]{2,60}"
    r"(?:gesetz|verordnung|gesetzbuch|ordnung)(?:e?s)?(?![\wäöüß]))"
)
_NUMBER_OF_SECTION = r"\d{1,4}(?: ?[a-z](?![\wäöüß]))?"
_SECTION = re.compile(
    r"(?P<sign>§§?|\bParagra(?:f|ph)(?:en|s)?\b|\bPar\.|\bArt(?:ikels?|\.)|\bSections?\b|\bArticles?\b) ?"
    rf"(?P<first>{_NUMBER_OF_SECTION})",
    re.I,
)
_MORE_SECTIONS = re.compile(rf"(?: ?,| und| oder| bis| sowie| to| and) (?:§ ?)?({_NUMBER_OF_SECTION})(?![.,]?\d)")
_PART = re.compile(
    r"(?P<kind>\bAbs(?:ätzen?|atz(?:es)?|\.)|\bTeil(?:s|en?|es)?\b|\bAnlagen?\b|\bAnh[aä]ng\w{0,2}\b"
    r"|\bKapitel\w?\b|\b(?:Unter)?abschnitt\w{0,2}\b|\bZiffern?\b|\bNr\.|\bNummern?\b|\bSätzen?\b|\bSatz(?:es)?\b|"
    r"\bBuchst(?:aben?|\.)|"
    r"\bHalbsatz\b|\bUnterabs(?:atz|\.)|\bparagraphs?\b|\bAlternative\b"
    r"|\bAlt\.) ?(?P<value>\d{1,3}(?: ?[a-z](?![\wäöüß.]))?(?![\wäöüß]))",
    re.I,
)
_PARTS_BETWEEN = re.compile(
    r"(?:[ ,]*(?:(?:in Verbindung mit|und|oder|bis|sowie|auch|i\. ?V\. ?m\.) )?"
    r"(?:Abs(?:ätzen?|atz(?:es)?|\.)|Nr\.|Nummern?|Sätzen?|Satz(?:es)?|Buchst(?:aben?|\.)|Halbsatz|Unterabs(?:atz|\.)|"
    r"lit\.)? ?(?:\d{1,3}(?: ?[a-z](?![.\wäöüß]))?|[a-z](?!\.))(?![\wäöüß]))*",
    re.I,
)
_LAW_BEHIND = re.compile(rf"[ ,]*(?:(?:des|der|dem|im|in der|of the) )?(?P<law>{_LAW})")
_FORMULA = re.compile(r"\b(?:CO|CH|SF|NF|NO|SO|N|O|H|PM|(?<!\d)(?<!\d )m)(?:2,5|\d{1,2})(?:O|e)?(?![\d])", re.I)
_URL = re.compile(r"(?:https?:/{0,2}|www\.|ftp:|mailto:|data:|javascript:)[^\s\])>\"']*", re.I)
_LIST_MARK = re.compile(r"^\s*(?:\(?\d{1,3}[a-z]?[.)]|[a-z]{1,2}\))\s+")


class Amount(NamedTuple):
    """A value in the base unit of its dimension (empty where no known unit stands by it), and the number as such.

    `bare` tells that no noun stands behind it either, as in a table or a range, so that its unit is written elsewhere.
    """

    value: Decimal
    dimension: str
    number: Decimal
    written: str
    bare: bool = False


class Section(NamedTuple):
    """A cited provision: `41a`, and the law named behind it (empty where none is named)."""

    number: str
    law: str
    written: str


@dataclass(slots=True)
class Claims:
    """All that can be checked in a piece of text. Dates are (year, month, day), year 0 where none is written."""

    amounts: list[Amount] = field(default_factory=list[Amount])
    dates: list[tuple[int, int, int]] = field(default_factory=list["tuple[int, int, int]"])
    sections: list[Section] = field(default_factory=list[Section])
    parts: list[tuple[str, str]] = field(default_factory=list["tuple[str, str]"])
    urls: list[str] = field(default_factory=list[str])

    def __bool__(self) -> bool:
        """Whether anything is there to be checked."""
        return bool(self.amounts or self.dates or self.sections or self.parts or self.urls)


def _part_kind(word: str) -> str:
    word = fold(word)
    if word.startswith(("unterabs", "halbs", "alt", "teil", "anl", "anh", "kap", "abschn", "unterabschn", "ziff")):
        return "other"
    if word.startswith(("abs", "para")):
        return "absatz"
    return "satz" if word.startswith(("satz", "saetz")) else "nummer"


def _year(written: str | None) -> int:
    if not written:
        return 0
    year = int(written)
    return year if year > 99 else 2000 + year if year < 70 else 1900 + year


def find_claims(text: str) -> Claims:
    """All amounts, dates, provisions and addresses in `text`. Takes time linear in its length."""
    text = normalise(_LIST_MARK.sub("", text))
    claims = Claims()
    taken: list[tuple[int, int]] = []
    blanked = text
    for match in _URL.finditer(text):
        claims.urls.append(match.group().rstrip(".,;:").lower())
        taken.append(match.span())
    blanked = _blank(blanked, taken)
    taken = []
    for pattern in _DATES:
        for match in pattern.finditer(blanked):
            groups = match.groupdict()
            month = _MONTHS[fold(groups["n"])] if groups.get("n") else int(groups["m"])
            day = int(groups["d"])
            if 1 <= month <= 12 and 1 <= day <= 31:
                claims.dates.append((_year(groups["y"]), month, day))
                taken.append(match.span())
        blanked = _blank(blanked, taken)
        taken = []
    for match in _SECTION.finditer(blanked):
        numbers = [match["first"]]
        end = match.end()
        while match["sign"] != "§" and (more := _MORE_SECTIONS.match(blanked, end)):
            numbers.append(more[1])
            end = more.end()
        behind = _PARTS_BETWEEN.match(blanked, end)
        law = _LAW_BEHIND.match(blanked, behind.end() if behind else end)
        name = law["law"] if law else ""
        if fold(match["sign"]).startswith(("art", "sect")) and not name:
            name = ""
        claims.sections.extend(Section(_squeeze(n), name, f"{match['sign']} {n}") for n in numbers)
        taken.append((match.start(), end))
    blanked = _blank(blanked, taken)
    taken = []
    for match in _PART.finditer(blanked):
        claims.parts.append((_part_kind(match["kind"]), _squeeze(match["value"])))
        taken.append(match.span())
    for match in _FORMULA.finditer(blanked):
        taken.append(match.span())
    blanked = _blank(blanked, taken)
    claims.amounts = [Amount(q.value, q.dimension, q.number, q.written, q.bare) for q in quantities(blanked)]
    return claims


def _squeeze(number: str) -> str:
    return number.replace(" ", "").lower()


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    """`text` with `spans` replaced by a filler of the same length that no pattern matches."""
    if not spans:
        return text
    out: list[str] = []
    position = 0
    for start, end in sorted(spans):
        if start < position:
            continue
        out.append(text[position:start])
        out.append("\x00" * (end - start))
        position = end
    out.append(text[position:])
    return "".join(out)
