"""What of a sentence can be checked against its source: amounts, dates, provisions, addresses of the web.

Only finding and normalising belongs here (`drei Monate` = `3 Monate`, `30. Juni 2026` = `30.06.2026`); verdicts are
given in `citations`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from luna_rules.answers.text import clean, fold

_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Text in one typographic form, letters keep their case."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", clean(text))).strip()


# --- numbers written as words ---------------------------------------------------------------------------------------

_ONES = {
    "null": 0, "ein": 1, "eins": 1, "zwei": 2, "zwo": 2, "drei": 3, "vier": 4, "fuenf": 5, "sechs": 6, "sieben": 7,
    "acht": 8, "neun": 9, "zehn": 10, "elf": 11, "zwoelf": 12, "dreizehn": 13, "vierzehn": 14, "fuenfzehn": 15,
    "sechzehn": 16, "siebzehn": 17, "achtzehn": 18, "neunzehn": 19,
}  # fmt: skip
_TENS = {
    "zwanzig": 20, "dreissig": 30, "vierzig": 40, "fuenfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80,
    "neunzig": 90,
}  # fmt: skip
_ENGLISH = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50,
}  # fmt: skip
_DATIVES = {f"{word}en": value for word, value in _ONES.items() if 2 <= value <= 12 and value != 8} | {
    "zweier": 2,
    "dreier": 3,
}
_HALVES = {"anderthalb": Decimal("1.5"), "eineinhalb": Decimal("1.5"), "zweieinhalb": Decimal("2.5")}


def _below_hundred(word: str) -> int | None:
    if word in _ONES:
        return _ONES[word]
    if word in _TENS:
        return _TENS[word]
    for tens, value in _TENS.items():
        if word.endswith("und" + tens):
            ones = _ONES.get(word[: -len(tens) - 3])
            return value + ones if ones is not None and 0 < ones < 10 else None
    return None


def _below_thousand(word: str) -> int | None:
    head, found, tail = word.partition("hundert")
    if not found:
        return _below_hundred(word)
    hundreds = 1 if not head else _ONES.get(head)
    rest = 0 if not tail else _below_hundred(tail.removeprefix("und"))
    return None if hundreds is None or rest is None else hundreds * 100 + rest


@lru_cache(maxsize=8192)
def number_word(word: str) -> Decimal | None:
    """The value of a German (or small English) number word; None for any other word and for the bare article."""
    word = fold(word)
    if word in _HALVES:
        return _HALVES[word]
    value = _DATIVES.get(word, _ENGLISH.get(word))
    if value is None and len(word) <= 60 and word not in ("ein",):
        head, found, tail = word.partition("tausend")
        if not found:
            value = _below_thousand(word)
        else:
            thousands = 1 if not head else _below_thousand(head)
            rest = 0 if not tail else _below_thousand(tail.removeprefix("und"))
            value = None if thousands is None or rest is None else thousands * 1000 + rest
    return None if value is None else Decimal(value)


# --- units ----------------------------------------------------------------------------------------------------------

_UNITS: dict[str, tuple[str, Decimal]] = {}


def _unit(dimension: str, factor: str, *words: str) -> None:
    for word in words:
        _UNITS[fold(word)] = (dimension, Decimal(factor))


_unit("percent", "1", "prozent", "%", "percent", "prozentig", "prozentige", "prozentigen", "prozentiger")
_unit("percentpoint", "1", "prozentpunkt", "prozentpunkte", "prozentpunkten")
_unit("money", "100", "euro", "eur", "€", "euros")
_unit("money", "1", "cent", "ct", "cents")
_unit("month", "1", "monat", "monate", "monaten", "monats", "monates", "month", "months", "monatig", "monatige",
      "monatigen", "monatiger")  # fmt: skip
_unit("month", "12", "jahr", "jahre", "jahren", "jahres", "jahrs", "year", "years", "jährig", "jährige", "jährigen",
      "jähriger")  # fmt: skip
_unit("day", "1", "tag", "tage", "tagen", "tages", "tags", "day", "days", "tägig", "tägige", "tägigen", "tägiger",
      "kalendertag", "kalendertage", "kalendertagen")  # fmt: skip
_unit("workday", "1", "werktag", "werktage", "werktagen", "werktages", "arbeitstag", "arbeitstage", "arbeitstagen")
_unit("day", "7", "woche", "wochen", "week", "weeks", "wöchig", "wöchige", "wöchigen", "wöchiger")
_unit("minute", "60", "stunde", "stunden", "hour", "hours", "h", "stündig", "stündige", "stündigen")
_unit("minute", "1", "minute", "minuten", "minutes", "min", "minütig", "minütige")
_unit("minute", "15", "viertelstunde", "viertelstunden")
_unit("second", "1", "sekunde", "sekunden", "seconds")
for _prefix, _short, _factor in (("", "", "1"), ("kilo", "k", "1E3"), ("mega", "m", "1E6"), ("giga", "g", "1E9"), ("tera", "t", "1E12")):  # fmt: skip  # noqa: E501
    _unit("power", _factor, f"{_prefix}watt", f"{_short}w", f"{_short}wp")
    _unit("energy", _factor, f"{_prefix}wattstunde", f"{_prefix}wattstunden", f"{_short}wh")
    _unit("apparent", _factor, f"{_prefix}voltampere", f"{_short}va")
    _unit("voltage", _factor, f"{_prefix}volt", f"{_short}v")
_unit("length", "1", "meter", "metern", "meters", "metres", "m")
_unit("length", "1E3", "kilometer", "kilometern", "km")
_unit("area", "1", "quadratmeter", "quadratmetern", "m2", "qm")
_unit("mass", "1", "tonne", "tonnen", "t", "tons", "tonnes")
_unit("mass", "1E-3", "kilogramm", "kg")
_MULTIPLIERS = {
    "tausend": Decimal(1000), "million": Decimal(10) ** 6, "millionen": Decimal(10) ** 6, "mio": Decimal(10) ** 6,
    "milliarde": Decimal(10) ** 9, "milliarden": Decimal(10) ** 9, "mrd": Decimal(10) ** 9, "billion": Decimal(10) ** 9,
}  # fmt: skip

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
_NUMBER = re.compile(
    r"(?<![\d])(?:(?P<grouped>\d{1,3}(?:[ .]\d{3})+(?!\d)(?:,\d+)?)|(?P<english>\d{1,3}(?:,\d{3})+\.\d+)|"
    r"(?P<plain>\d+(?:,\d+)?(?:\.\d{1,2}(?![\d.]))?))"
)
_FORMULA = re.compile(r"\b(?:CO|CH|SF|NF|NO|SO|N|O|H|PM|m)(?:2,5|\d{1,2})(?:O|e)?(?![\d])", re.I)
_AFTER = re.compile(r"[ -]?(?P<word>%|€|v(?:om|\.) ?(?:Hundert|H\.)|[A-Za-zÄÖÜäöüß]+)")
_RANGE = re.compile(r" ?(?:bis(?: zu)?|und|oder|–|-|to|or|and) ?$")
_NOUN_BEHIND = re.compile(r"[ -]?(?!(?:bis|und|oder|sowie|beziehungsweise|bzw)\b)[^\W\d_]{2,}")
_WORD = re.compile(r"[A-Za-zÄÖÜäöüß]+")
_STEM = re.compile(r"^(?P<number>[a-zäöüß]+?)-?(?P<unit>monat|jahr|jähr|woch|wöch|tag|täg|stund|stünd)[a-zäöüß]*$")
_STEM_UNITS = {
    "monat": ("month", Decimal(1)), "jahr": ("month", Decimal(12)), "jähr": ("month", Decimal(12)),
    "woch": ("day", Decimal(7)), "wöch": ("day", Decimal(7)), "tag": ("day", Decimal(1)), "täg": ("day", Decimal(1)),
    "stund": ("minute", Decimal(60)), "stünd": ("minute", Decimal(60)),
}  # fmt: skip
_ARTICLES = frozenset(("ein", "eine", "einen", "einem", "einer", "eines", "one"))
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
    claims.amounts = list(_amounts(blanked))
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


def _value(match: re.Match[str]) -> Decimal:
    if grouped := match["grouped"]:
        return Decimal(grouped.replace(" ", "").replace(".", "").replace(",", "."))
    if english := match["english"]:
        return Decimal(english.replace(",", ""))
    plain = match["plain"]
    if "," in plain and "." in plain:
        plain = plain.replace(",", "")
    return Decimal(plain.replace(",", "."))


def _unit_behind(text: str, position: int) -> tuple[Decimal, str, Decimal, int]:
    """Multiplier, dimension and factor of what stands behind a number, and where it ends."""
    multiplier = Decimal(1)
    match = _AFTER.match(text, position)
    if match and (found := _MULTIPLIERS.get(fold(match["word"]))):
        multiplier = found
        position = match.end() + (1 if text[match.end() : match.end() + 1] == "." else 0)
        match = _AFTER.match(text, position)
    if match:
        word = fold(match["word"])
        if word.startswith(("vom", "v.")):
            return multiplier, "percent", Decimal(1), match.end()
        if unit := _UNITS.get(word):
            return multiplier, *unit, match.end()
    return multiplier, "", Decimal(1), position


def _amounts(text: str) -> Iterator[Amount]:
    found: list[tuple[int, int, Decimal, str, Decimal, str]] = []
    for match in _NUMBER.finditer(text):
        multiplier, dimension, factor, end = _unit_behind(text, match.end())
        if not dimension and (before := text[max(0, match.start() - 4) : match.start()].strip().lower()) in (
            "€",
            "eur",
            "euro",
        ):
            dimension, factor = _UNITS[before]
        found.append((match.start(), end, _value(match) * multiplier, dimension, factor, match.group()))
    for match in _WORD.finditer(text):
        word = match.group()
        if len(word) > 60:
            continue
        lower = word.lower()
        if lower in _ARTICLES:
            multiplier, dimension, factor, end = _unit_behind(text, match.end())
            if dimension or multiplier != 1:
                found.append((match.start(), end, multiplier, dimension, factor, word))
            continue
        value = number_word(lower)
        if value is not None:
            multiplier, dimension, factor, end = _unit_behind(text, match.end())
            found.append((match.start(), end, value * multiplier, dimension, factor, word))
        elif (stem := _STEM.match(lower)) and (value := number_word(stem["number"])) is not None:
            dimension, factor = _STEM_UNITS[stem["unit"]]
            found.append((match.start(), match.end(), value, dimension, factor, word))
    found.sort()
    for at in range(len(found) - 2, -1, -1):
        start, end, value, dimension, factor, written = found[at]
        follower = found[at + 1]
        if not dimension and follower[3] and _RANGE.match(text[end : follower[0]]):
            found[at] = (start, end, value, follower[3], follower[4], written)
    reached = -1
    for start, end, value, dimension, factor, written in found:
        if start >= reached:
            bare = not dimension and _NOUN_BEHIND.match(text, end) is None
            yield Amount((value * factor).normalize(), dimension, value.normalize(), written, bare)
            reached = end
