"""Quantities in a text: numbers as they are written in German, with the unit that stands by them.

Only reading them belongs here. Whoever compares quantities (the check of citations, the steps of a list) reads them
with this one parser, so that `10.000 kWh`, `10 MWh` and `zehn Megawattstunden` are the same to all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from luna_rules.search.words import fold

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
    _unit("power", _factor, f"{_prefix}watt", f"{_prefix}watts", f"{_short}w", f"{_short}wp")
    _unit("energy", _factor, f"{_prefix}wattstunde", f"{_prefix}wattstunden", f"{_short}wh")
    _unit("apparent", _factor, f"{_prefix}voltampere", f"{_short}va")
    _unit("voltage", _factor, f"{_prefix}volt", f"{_short}v")
_unit("length", "1", "meter", "metern", "meters", "metres", "m")
_unit("length", "1E3", "kilometer", "kilometern", "km")
_unit(
    "area",
    "1",
    "square metre",
    "square metres",
    "square meter",
    "square meters",
    "quadratmeter",
    "quadratmetern",
    "m2",
    "qm",
)
_unit("area", "1E4", "hektar", "ha")
_unit("area", "1E6", "quadratkilometer", "quadratkilometern", "km2")
_unit("volume", "1", "liter", "litern", "l")
_unit("volume", "1E3", "kubikmeter", "kubikmetern", "m3")
_unit("mass", "1", "tonne", "tonnen", "t", "tons", "tonnes")
_unit("mass", "1E-3", "kilogramm", "kg")
_MULTIPLIERS = {
    "tausend": Decimal(1000), "million": Decimal(10) ** 6, "millionen": Decimal(10) ** 6, "mio": Decimal(10) ** 6,
    "milliarde": Decimal(10) ** 9, "milliarden": Decimal(10) ** 9, "mrd": Decimal(10) ** 9, "billion": Decimal(10) ** 9,
}  # fmt: skip

_NUMBER = re.compile(
    r"(?<![\d])(?:(?P<grouped>\d{1,3}(?:[ .]\d{3})+(?!\d)(?:,\d+)?)|(?P<english>\d{1,3}(?:,\d{3})+\.\d+)|"
    r"(?P<plain>\d+(?:,\d+)?(?:\.\d{1,2}(?![\d.]))?))"
)
_ENGLISH_NUMBER = re.compile(
    r"(?<![\d])(?:(?P<grouped>\d{1,3}(?: \d{3})+(?!\d))|(?P<english>\d{1,3}(?:,\d{3})+(?:\.\d+)?)|"
    r"(?P<plain>\d+(?:\.\d+)?))"
)
_AFTER = re.compile(
    r"[ -]?(?P<word>%|€|v(?:om|\.) ?(?:Hundert|H\.)|square met(?:re|er)s?|[A-Za-zÄÖÜäöüß]+(?:[23](?!\d))?)"
)
_HOURS = re.compile(r"[ -]?hours?\b", re.I)
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


class Quantity(NamedTuple):
    """A quantity with its place in the text.

    `value` is in the base unit of `dimension` (watt, watt-hour, cent, month, day, minute, metre, tonne …), `number` as
    it is written, multipliers such as „Millionen“ included. `dimension` is empty where no known unit stands by it;
    `bare` tells that no noun stands behind it either, as in a table, so that its unit is written elsewhere.
    """

    start: int
    end: int
    value: Decimal
    dimension: str
    number: Decimal
    written: str
    bare: bool = False


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
            hours = _HOURS.match(text, match.end()) if unit[0] == "power" else None
            return (multiplier, *unit, match.end()) if hours is None else (multiplier, "energy", unit[1], hours.end())
    return multiplier, "", Decimal(1), position


def quantities(text: str, *, english: bool = False) -> Iterator[Quantity]:
    """The quantities of a text in its order; dates and numbers of provisions are numbers to it, too.

    A range's first number has the unit of its second one. In `english` a comma groups digits: `6,000 kWh`. Takes time
    linear in the text's length.
    """
    found: list[tuple[int, int, Decimal, str, Decimal, str]] = []
    for match in (_ENGLISH_NUMBER if english else _NUMBER).finditer(text):
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
            yield Quantity(start, end, (value * factor).normalize(), dimension, value.normalize(), written, bare)
            reached = end
