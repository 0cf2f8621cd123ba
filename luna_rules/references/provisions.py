"""Finds references to provisions (§ 14a Absatz 2 EnWG) in the spellings of laws, letters and questions.

Reads what is written; which law is meant where none is named is for the caller to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from luna_rules.references.names import LawNames

_NUMBER = r"\d{1,4}(?:[a-zA-Z](?![^\W_])|[ \xa0][a-z](?![^\W_]|\.(?!\s*\Z)|[)-]))?"
_SIGN = re.compile(
    r"(?P<sign>§{1,2}|(?<![^\W_])(?:paragra(?:f|ph)(?:en|s)?|par\.?|art(?:ikeln?s?|ikels|\.)?|anlagen?|anhangs?)(?![^\W\d_]))"
    rf"[ \xa0\t]*(?:\r?\n[ \t]*)?(?P<number>{_NUMBER})(?!\d|[.,]\d)",
    re.IGNORECASE,
)
_MORE = re.compile(
    rf"\s*(?P<join>,|;|/|und|oder|sowie|bis|u\.|–|-|and)\s*(?P<name>(?:§\s*)?(?P<number>{_NUMBER})(?![\w%]|[.,]\d|\.\s*[A-ZÄÖÜ][a-zäöü]))"
    r"(?!\s*(?:%|prozent|euro|cent|ct|kw|mw|jahr|monat|tag|woche))",
    re.IGNORECASE,
)
_DETAIL = re.compile(
    r"[\s,]*(?:"
    r"(?P<paragraph_word>abs(?:\.|atz(?:es)?|ätzen?)?)\s*(?P<paragraph>\d{1,3}[a-z]{0,2})"
    r"|\((?P<bracket>\d{1,3}[a-z]?)\)"
    r"|(?P<sentence_word>s(?:\.|atz(?:es)?|ätzen?))\s*(?P<sentence>\d{1,3})"
    r"|(?P<number_word>n(?:r\.?|rn\.?|ummern?)|ziff(?:\.|ern?)?)\s*(?P<number>\d{1,3}[a-z]{0,2})"
    r"|(?P<letter_word>buchst(?:\.|aben?)?|lit\.?)\s*(?P<letter>[a-z]{1,2})"
    r"|(?P<half>(?:\d\.?\s*)?(?:halbsatz|halbs\.|hs\.|unterabsatz|unterabs\.|uabs\.|alternative|alt\.)\s*\d?)"
    r")(?![^\W_])(?:\s*(?:,|und|oder|bis|sowie)\s*\d{1,3}[a-z]?(?![^\W_]|[.,]\d|\s*(?:%|prozent|euro|cent))(?=[\s,;.)]|\Z))*",
    re.IGNORECASE,
)
_ROMAN = re.compile(r"\s+(?P<roman>[IVX]{1,5})(?:\s+(?P<sentence>\d{1,2}))?(?=[\s,;.)]|\Z)(?!\.\s?[A-Z]\.)")
_ONWARD = re.compile(r"\s*ff?\.(?=[\s,;)]|\Z)")
_FOLLOWS = re.compile(r"\s*,?\s*(?:\(\s*)?(?:(?:des|der|dem|vom|von|im|in der|aus dem)\s+)?", re.IGNORECASE)
_ABBREVIATION = (
    r"(?:[A-ZÄÖÜ][A-ZÄÖÜa-zäöüß]*(?:-[A-ZÄÖÜ][A-Za-zäöüß]*)*-?(?:G|V|VO|O|GB|StG|StV)(?:\s?(?:19|20)\d\d)?"
    r"|(?:GWB|BGB|HGB|StGB|ZPO|VwVfG|VwGO|SGB(?:\s[IVX]{1,4})?|AktG|GG|DSGVO|DS-GVO|AEUV|EUV|KAV|REMIT))(?![^\W_])"
)
_SHORT_NAME = re.compile(_ABBREVIATION)
_LONG_NAME = re.compile(
    r"[A-ZÄÖÜ][\wäöüß]*(?:-(?:und |oder )?[\wäöüß]+)*?-?"
    r"(?:(?i:gesetz)(?:es)?|(?i:verordnung)|(?i:gesetzbuch)(?:e?s)?|(?i:ordnung))"
    r"(?![^\W_])(?:\s(?:19|20)\d\d(?!\d))?"
)
_EUROPEAN = re.compile(
    r"(?:(?:Delegierten?|Durchführungs)\s?-?)?(?:Verordnung|Richtlinie|verordnung|richtlinie)\s*\((?:EU|EG|EWG)\)\s*"
    r"(?:Nr\.\s*)?\d{1,4}/\d{1,4}"
    r"|Richtlinie\s+\d{4}/\d{1,4}/(?:EU|EG|EWG)"
)
_GENERIC = re.compile(
    r"(?:Rechts|Durchführungs|Gesetzes)?(?:gesetz(?:es)?|verordnung|gesetzbuch(?:s|es)?|ordnung)\Z", re.IGNORECASE
)
_BEFORE = re.compile(r"(?P<name>[\wÄÖÜäöüß][\wÄÖÜäöüß-]*(?:\s+(?:19|20)\d\d)?)[\s,:(]*\Z")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*-?")
_BARE = re.compile(
    rf"\s*,?\s*(?P<number>{_NUMBER})(?!\d|[.,]\d)(?!\s*(?:%|prozent|euro|eur\b|cent|ct\b|kw|mw|gw|jahre?|monate?|tage?|wochen?))",
    re.IGNORECASE,
)
_LONGEST_NAME = 12
"""Words beyond which a long title is not compared."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A provision that a text names, at `text[start:end]`.

    `section` is normalised (`§ 41a`, `Art. 3`, `Anlage 1`). `paragraph` (Absatz), `sentence`, `number`, `letter` are
    None where they are not named; of enumerations the first stands. `law` is the law's name as written, None where
    the text names none; `canonical` is its known name, None where it is unknown.
    """

    start: int
    end: int
    section: str
    paragraph: str | None = None
    sentence: str | None = None
    number: str | None = None
    letter: str | None = None
    law: str | None = None
    canonical: str | None = None


@dataclass(frozen=True, slots=True)
class _Name:
    start: int
    end: int
    written: str
    canonical: str | None


def find_references(text: str, names: LawNames | Iterable[str] | Mapping[str, str] | None = None) -> list[Reference]:
    """All provisions that `text` names, in order; of „§§ 20, 21 EEG“ each § is one, of „§§ 4 bis 7“ both ends.

    `names` are the known laws: only they are recognised without capitals, with a slip, or with a bare number behind
    (`enwg 41a`). Names that look like a law's are reported without it too.
    """
    known = names if isinstance(names, LawNames) or names is None else LawNames(names)
    found: list[Reference] = []
    place = 0
    for match in _SIGN.finditer(text):
        if match.start() < place:
            continue
        group, place = _read(text, match, known, found[-1].end if found else 0)
        found.extend(group)
    found = _inherit(text, found)
    if known is not None or any(char.isdigit() for char in text):
        found.extend(_bare(text, known, found))
        found.sort(key=lambda reference: reference.start)
    return found


def _section(sign: str, number: str) -> str:
    number = re.sub(r"[ \xa0]", "", number).lower()
    sign = sign.lower()
    if sign.startswith("anl"):
        return f"Anlage {number}"
    if sign.startswith("anh"):
        return f"Anhang {number}"
    return f"{'Art.' if sign.startswith('art') else '§'} {number}"


def _read(text: str, match: re.Match[str], known: LawNames | None, floor: int) -> tuple[list[Reference], int]:
    sign = match.group("sign")
    spans = [(match.start(), match.end(), match.group("number"))]
    details: dict[str, str] = {}
    end = match.end()
    while True:
        detail = _DETAIL.match(text, end)
        if detail is not None and (detail.group("half") or _record(detail, details)):
            end = detail.end()
            continue
        roman = _ROMAN.match(text, end) if not details and not sign.lower().startswith("an") else None
        if roman is not None and _roman(roman.group("roman")):
            details["paragraph"] = _roman(roman.group("roman"))
            if roman.group("sentence"):
                details["sentence"] = roman.group("sentence")
            end = roman.end()
            continue
        more = _MORE.match(text, end) if not details else None
        if more is not None:
            spans.append((more.start("name"), more.end("number"), more.group("number")))
            end = more.end()
            continue
        onward = _ONWARD.match(text, end)
        end = onward.end() if onward else end
        break
    law = _name_after(text, end, known) or _name_before(text, match.start(), known, floor)
    group = [Reference(start, stop, _section(sign, number)) for start, stop, number in spans]
    start, stop = match.start(), end
    if law is not None:
        start, stop = min(start, law.start), max(stop, law.end)
        group = [replace(reference, law=law.written, canonical=law.canonical) for reference in group]
    group[-1] = replace(group[-1], end=max(stop, group[-1].end), **details)
    group[0] = replace(group[0], start=min(start, group[0].start))
    return group, max(stop, end)


def _record(detail: re.Match[str], details: dict[str, str]) -> bool:
    for field, names in (("paragraph", ("paragraph", "bracket")), ("sentence", ("sentence",)), ("number", ("number",))):
        for name in names:
            value = detail.group(name)
            if value:
                if field in details:
                    return False
                details[field] = value.lower()
                return True
    letter = detail.group("letter")
    if letter:
        if "letter" not in details:
            details["letter"] = letter.lower()
        return True
    return False


def _roman(written: str) -> str:
    numbers = {"I": 1, "V": 5, "X": 10}
    total = 0
    for place, char in enumerate(written):
        value = numbers[char]
        total += -value if any(numbers[later] > value for later in written[place + 1 :]) else value
    return str(total) if 0 < total <= 30 else ""


def _name_after(text: str, place: int, known: LawNames | None) -> _Name | None:
    follows = _FOLLOWS.match(text, place)
    place = follows.end() if follows else place
    if known is not None:
        ends: list[int] = []
        at = place
        while len(ends) < min(known.longest, _LONGEST_NAME):
            word = _WORD.match(text, at)
            if word is None:
                break
            ends.append(word.end())
            gap = re.compile(r"[ \t\xa0,]*(?:\r?\n[ \t]*)?").match(text, word.end())
            at = gap.end() if gap else word.end()
        for end in reversed(ends):
            canonical = known.exact(text[place:end])
            if canonical is not None:
                return _with_year(text, place, end, canonical)
        if ends:
            canonical = known.match(text[place : ends[0]])
            if canonical is not None:
                return _with_year(text, place, ends[0], canonical)
    return _by_shape(text, place)


def _with_year(text: str, start: int, end: int, canonical: str | None) -> _Name:
    year = re.compile(r"\s(?:19|20)\d\d(?!\d)").match(text, end)
    end = year.end() if year else end
    return _Name(start, end, text[start:end], canonical)


def _by_shape(text: str, place: int) -> _Name | None:
    for pattern in (_EUROPEAN, _SHORT_NAME, _LONG_NAME):
        found = pattern.match(text, place)
        if found is None:
            continue
        written = found.group()
        letters = sum(char.isupper() for char in written)
        if pattern is _SHORT_NAME and (letters < 2 or len(written) < 2):
            continue
        if pattern is _LONG_NAME and _GENERIC.match(written):
            continue
        return _Name(found.start(), found.end(), written, None)
    return None


def _name_before(text: str, place: int, known: LawNames | None, floor: int) -> _Name | None:
    floor = max(floor, place - 120)
    before = _BEFORE.search(text, floor, place)
    if before is None:
        return None
    start, end = before.span("name")
    if known is not None:
        begins = [match.start() for match in re.compile(r"(?<![^\W_])[^\W_]").finditer(text, floor, end)]
        for begin in begins[-min(known.longest, _LONGEST_NAME) - 1 :]:
            canonical = known.exact(text[begin:end])
            if canonical is not None:
                return _Name(begin, end, text[begin:end], canonical)
        canonical = known.match(before.group("name"))
        if canonical is not None:
            return _Name(start, end, before.group("name"), canonical)
    found = _by_shape(text, start)
    return found if found is not None and found.end == end else None


def _inherit(text: str, found: list[Reference]) -> list[Reference]:
    """In „§ 9 und § 10 StromStG“ the law counts for both."""
    for place in range(len(found) - 2, -1, -1):
        here, following = found[place], found[place + 1]
        if here.law is None and following.law is not None and following.end > here.end:
            between = text[here.end : following.start]
            if re.fullmatch(r"\s*(?:,|und|oder|sowie|bis|i\. ?V\. ?m\.|in Verbindung mit)?\s*", between):
                found[place] = replace(here, law=following.law, canonical=following.canonical)
    return found


def _bare(text: str, known: LawNames | None, found: list[Reference]) -> list[Reference]:
    """Names of laws with a number behind and no sign before it: „EnWG 41a“."""
    taken = [(reference.start, reference.end) for reference in found]
    bare: list[Reference] = []
    position = 0
    for match in _WORD.finditer(text):
        while position < len(taken) and taken[position][1] <= match.start():
            position += 1
        if position < len(taken) and taken[position][0] <= match.start():
            continue
        if not text[match.end() : match.end() + 3].strip(" ,\xa0")[:1].isdigit() or not match.group()[0].isalpha():
            continue
        name = _named(text, match, known)
        if name is None:
            continue
        number = _BARE.match(text, name.end)
        if number is None or re.fullmatch(r"(?:19|20)\d\d", number.group("number")):
            continue
        end = number.end()
        details: dict[str, str] = {}
        while (detail := _DETAIL.match(text, end)) is not None and (detail.group("half") or _record(detail, details)):
            end = detail.end()
        if position < len(taken) and end > taken[position][0]:
            continue
        section = _section("§", number.group("number"))
        bare.append(Reference(name.start, end, section, law=name.written, canonical=name.canonical, **details))
    return bare


def _named(text: str, match: re.Match[str], known: LawNames | None) -> _Name | None:
    if known is not None:
        canonical = known.match(match.group())
        if canonical is not None:
            return _with_year(text, match.start(), match.end(), canonical)
    found = _SHORT_NAME.match(text, match.start())
    if found is None or sum(char.isupper() for char in found.group()) < 3 or found.end() < match.end():
        return None
    return _Name(found.start(), found.end(), found.group(), None)
