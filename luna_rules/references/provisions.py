"""Finds references to provisions (§ 14a Absatz 2 EnWG) in the spellings of laws, letters and questions.

Reads what is written; which law is meant where none is named is for the caller to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from luna_rules.references.names import LawNames
from luna_rules.references.spoken import roman

# A letter behind a blank may be large („PARAGRAF 41 A“), but not one that is a Roman number („§ 41 V“).
_NUMBER = r"\d{1,4}(?:[a-zA-Z](?![^\W_])|[ \xa0](?-i:[a-zA-H])(?![^\W_]|\.(?!\s*\Z)|[)-]))?"
_AMOUNT = (
    r"(?!\s*(?:%|prozent|euro|eur\b|cent|ct\b|[kmg]w[hp]?\b|kilowatt|megawatt"
    r"|jahre?|monate?|tage?|wochen?))"
)
_SIGN = re.compile(
    r"(?P<sign>§{1,2}|(?<![^\W_])(?:paragra(?:f|ph)(?:en|s)?|par\.?|sec(?:tions?|\.)|art(?:ikeln?s?|ikels|icles?|\.)?|anlagen?|anhangs?"
    r"|anhänge|annex(?:es)?)(?![^\W\d_]))"
    rf"[ \xa0\t]*(?:\r?\n[ \t]*)?(?P<number>{_NUMBER})(?!\d|[.,]\d){_AMOUNT}",
    re.IGNORECASE,
)
_MORE = re.compile(
    rf"\s*(?P<join>,|;|/|und|oder|sowie|bis(?:\s+zu[mr]?)?|u\.|–|-|and|to)\s*(?P<name>(?:§\s*)?(?P<number>{_NUMBER})(?![\w%]|[.,]\d|\.\s*[A-ZÄÖÜ][a-zäöü]))"
    r"(?!\s*(?:%|prozent|euro|cent|ct|kw|mw|jahr|monat|tag|woche))",
    re.IGNORECASE,
)
_DETAIL = re.compile(
    r"[\s,]*(?:"
    r"(?P<paragraph_word>abs(?:\.|atz(?:es)?|ätzen?)?|subsec(?:tion|\.))\s*(?P<paragraph>\d{1,3}[a-z]{0,2})"
    r"|\((?P<bracket>\d{1,3}[a-z]?)\)"
    r"|(?P<sentence_word>s(?:\.|atz(?:es)?|ätzen?)?|sentence)\s*(?P<sentence>\d{1,3})"
    r"|(?P<number_word>n(?:r\.?|rn\.?|ummern?|o\.|umber)|ziff(?:\.|ern?)?)\s*(?P<number>\d{1,3}[a-z]{0,2})"
    r"|(?P<letter_word>buchst(?:\.|aben?)?|lit\.?)\s*(?P<letter>[a-z]{1,2})"
    r"|(?P<half>(?:\d\.?\s*)?(?:halbsatz|halbs\.|hs\.|unterabsatz|unterabs\.|uabs\.|alternative|alt\.)\s*\d?)"
    r")(?![^\W_])(?:\s*(?:,|und|oder|bis|sowie)\s*\d{1,3}[a-z]?(?![^\W_]|[.,]\d|\s*(?:%|prozent|euro|cent))(?=[\s,;.)]|\Z))*",
    re.IGNORECASE,
)
_ROMAN = re.compile(r"\s+(?P<roman>[IVX]{1,5})(?:\s+(?P<sentence>\d{1,2}))?(?=[\s,;.)]|\Z)(?!\.\s?[A-Z]\.)")
_ONWARD = re.compile(r"\s*ff?\.(?=[\s,;)]|\Z)")
_FOLLOWS = re.compile(
    r"\s*,?\s*(?:\(\s*)?(?:(?:(?:des|der|dem|vom|von|von der|im|in der|in dem|aus dem|aus der|zum|zur|zu dem|zu der"
    r"|nach dem|nach der|laut|gemäß|of the|of|to the|in the)\s+)(?:neuen\s+|aktuellen\s+|deutschen\s+|German\s+)?)?",
    re.IGNORECASE,
)
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
_LONG_NAME_ANY = re.compile(
    r"[^\W\d_]{4,}(?:gesetz|gesetzes|verordnung|gesetzbuch|gesetzbuches|ordnung)", re.IGNORECASE
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
    rf"\s*,?\s*(?P<number>{_NUMBER})(?!\d|[.,]\d){_AMOUNT}",
    re.IGNORECASE,
)
# What stands right before a law and is no amount or part of a § of its own: „der 40c EnWG“, not „Absatz 2 EnWG“.
_BARE_BEFORE = re.compile(
    r"(?<![\w.,§(/-])(?<!Abs\.\s)(?<!Absatz\s)(?<!Absatzes\s)(?<!Satz\s)(?<!Satzes\s)(?<!Nr\.\s)(?<!Nummer\s)(?<!Teil\s)"
    r"(?<!Abschnitt\s)(?<!Kapitel\s)(?<!Buch\s)(?<!bis\s)(?<!zum\s)"
    r"(?P<number>\d{1,3}\s?[a-z]?)\s+(?:(?:des|vom|im|of the)\s+)?\Z",
    re.IGNORECASE,
)
_ORDINARY = frozenset({"weg", "sag", "mag", "tag", "hag", "bau"})
"""Abbreviations of laws that are words of everyday language unless they are written in capitals."""
_THROUGH = ("bis", "–", "-", "to")
_LONGEST_NAME = 12
"""Words beyond which a long title is not compared."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A provision that a text names, at `text[start:end]`.

    `section` is normalised (`§ 41a`, `Art. 3`, `Anlage 1`). `paragraph` (Absatz), `sentence`, `number`, `letter` are
    None where they are not named; of enumerations the first stands. `law` is the law's name as written, None where
    the text names none; `canonical` is its known name, None where it is unknown. `through` marks the end of a range
    whose beginning is the reference before it („§§ 4 bis 7“). `head` is the place of sign and number alone.
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
    through: bool = False
    head: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Mention:
    """The name of a law at `text[start:end]`, as written; `canonical` is its known name, None where it is unknown."""

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
    if sign.startswith(("anl", "ann")):
        return f"Anlage {number}"
    if sign.startswith("anh"):
        return f"Anhang {number}"
    return f"{'Art.' if sign.startswith('art') else '§'} {number}"


def _read(text: str, match: re.Match[str], known: LawNames | None, floor: int) -> tuple[list[Reference], int]:
    sign = match.group("sign")
    spans = [(match.start(), match.end(), match.group("number"), False)]
    details: dict[str, str] = {}
    end = match.end()
    while True:
        detail = _DETAIL.match(text, end)
        if detail is not None and (detail.group("half") or _record(detail, details)):
            end = detail.end()
            continue
        numeral = _ROMAN.match(text, end) if not details and not sign.lower().startswith("an") else None
        if numeral is not None and roman(numeral.group("roman")):
            details["paragraph"] = str(roman(numeral.group("roman")))
            if numeral.group("sentence"):
                details["sentence"] = numeral.group("sentence")
            end = numeral.end()
            continue
        more = _MORE.match(text, end) if not details else None
        if more is not None:
            through = more.group("join").lower().startswith(_THROUGH)
            spans.append((more.start("name"), more.end("number"), more.group("number"), through))
            end = more.end()
            continue
        onward = _ONWARD.match(text, end)
        end = onward.end() if onward else end
        break
    law = _name_after(text, end, known) or _name_before(text, match.start(), known, floor)
    group = [
        Reference(start, stop, _section(sign, number), through=through, head=(start, stop))
        for start, stop, number, through in spans
    ]
    start, stop = match.start(), end
    if law is not None:
        start, stop = min(start, law.start), max(stop, law.end)
        group = [replace(reference, law=law.written, canonical=law.canonical) for reference in group]
        if law.end > end and not details:  # „§ 14a EnWG Absatz 2“
            stop = _read_details(text, stop, details)
    group[-1] = replace(group[-1], end=max(stop, group[-1].end), **details)
    group[0] = replace(group[0], start=min(start, group[0].start))
    return group, max(stop, end)


def _read_details(text: str, place: int, details: dict[str, str]) -> int:
    """Reads „Absatz 2 Satz 1“ at a place into `details`; where they end. A number alone in brackets is read as well."""
    while (detail := _DETAIL.match(text, place)) is not None and (detail.group("half") or _record(detail, details)):
        place = detail.end()
    numeral = _ROMAN.match(text, place) if not details else None
    if numeral is not None and roman(numeral.group("roman")):
        details["paragraph"] = str(roman(numeral.group("roman")))
        place = numeral.end()
    return place


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


def _name_after(text: str, place: int, known: LawNames | None) -> Mention | None:
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
            gap = re.compile(r"(?:(?<=\d)\.(?=[ \xa0]))?[ \t\xa0,]*(?:\r?\n[ \t]*)?").match(text, word.end())
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


def _with_year(text: str, start: int, end: int, canonical: str | None) -> Mention:
    year = re.compile(r"\s(?:19|20)\d\d(?!\d)").match(text, end)
    end = year.end() if year else end
    return Mention(start, end, text[start:end], canonical)


def _by_shape(text: str, place: int) -> Mention | None:
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
        return Mention(found.start(), found.end(), written, None)
    return None


def _name_before(text: str, place: int, known: LawNames | None, floor: int) -> Mention | None:
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
                return Mention(begin, end, text[begin:end], canonical)
        canonical = known.match(before.group("name"))
        if canonical is not None:
            return Mention(start, end, before.group("name"), canonical)
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
    """Names of laws with a number behind or before and no sign: „EnWG 41a“, „der 40c EnWG“."""
    taken = [(reference.start, reference.end) for reference in found]
    bare: list[Reference] = []
    position = floor = 0
    for match in _WORD.finditer(text):
        while position < len(taken) and taken[position][1] <= match.start():
            position += 1
        if position < len(taken) and taken[position][0] <= match.start():
            continue
        if match.start() < floor or not match.group()[0].isalpha():
            continue
        behind = text[match.end() : match.end() + 3].strip(" ,\xa0")[:1].isdigit()
        before = _BARE_BEFORE.search(text, max(floor, match.start() - 24), match.start())
        if not behind and before is None:
            continue
        name = _named(text, match, known)
        if name is None:
            continue
        number = _BARE.match(text, name.end)
        start, end = name.start, name.end
        if number is not None and not re.fullmatch(r"(?:19|20)\d\d", number.group("number")):
            head, end = number.span("number"), number.end()
        elif before is not None and (position == 0 or taken[position - 1][1] <= before.start("number")):
            number, start, head = before, before.start("number"), before.span("number")
        else:
            continue
        details: dict[str, str] = {}
        end = _read_details(text, end, details)
        if position < len(taken) and end > taken[position][0]:
            continue
        section = _section("§", number.group("number"))
        reference = Reference(start, end, section, law=name.written, canonical=name.canonical, head=head)
        bare.append(replace(reference, **details))
        floor = end
    return bare


def _named(text: str, match: re.Match[str], known: LawNames | None) -> Mention | None:
    if known is not None and not _is_ordinary(match.group()):
        canonical = known.match(match.group())
        if canonical is not None:
            return _with_year(text, match.start(), match.end(), canonical)
    found = _SHORT_NAME.match(text, match.start())
    if found is None or sum(char.isupper() for char in found.group()) < 3 or found.end() < match.end():
        return None
    return Mention(found.start(), found.end(), found.group(), None)


def _is_ordinary(written: str) -> bool:
    return written.lower() in _ORDINARY and not written.isupper()


def find_laws(text: str, known: LawNames) -> list[Mention]:
    """The known laws that a text names, with or without a §, in order; the longest name wins.

    A slip is forgiven in long names and in abbreviations written with two capitals or more. Several short words that
    happen to spell an abbreviation are no name, unless the last one is a year.
    """
    words = list(_WORD.finditer(text))
    found: list[Mention] = []
    place = 0
    while place < len(words):
        start = words[place].start()
        mention = None
        widest = min(known.longest, _LONGEST_NAME, len(words) - place)
        for width in range(widest if known.may_begin(words[place].group()) else min(widest, 1), 0, -1):
            end = words[place + width - 1].end()
            written = text[start:end]
            canonical = known.exact(written)
            if canonical is None or len(LawNames.normalise(written)) < 3 or _is_ordinary(written):
                continue
            joined = re.sub(r"[ -]", "", written)
            if width > 1 and len(joined) < 6 and not joined.isupper() and not joined[-4:].isdigit():
                continue
            mention = _with_year(text, start, end, canonical)
            break
        if mention is None:
            written = words[place].group()
            if _LONG_NAME_ANY.fullmatch(written) or sum(char.isupper() for char in written) >= 2:
                canonical = known.match(written)
                mention = None if canonical is None else _with_year(text, start, words[place].end(), canonical)
        if mention is not None:
            found.append(mention)
            while place < len(words) and words[place].start() < mention.end:
                place += 1
        else:
            place += 1
    return found
