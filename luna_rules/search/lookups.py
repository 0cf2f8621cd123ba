"""Exact look-ups in a question: which law, which §, which Absatz, in all the spellings that people use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from luna_rules.search import laws
from luna_rules.search.tables import Entries

_SECTION = re.compile(
    r"(?P<kind>§+|\bpar(?:agra(?:f|ph)(?:en|s)?\b|\b)?\.?|\bsections?\b|\bart(?:ikels?\b|\.)|\banlagen?\b|\banhangs?\b|\bannex\b)\s*"
    r"(?P<number>\d{1,4})(?:\s?(?P<letter>[a-z])(?![^\W_]))?"
    r"(?P<more>(?:\s*(?:,|und|oder|u\.|sowie|and|bis|[-–])\s*§*\s*\d{1,4}(?:\s?[a-z])?(?![^\W_]|\.\d|,\d))*)",
    re.IGNORECASE,
)
_MORE = re.compile(r"(bis|[-–])?\s*§*\s*(\d{1,4})\s?([a-z])?(?![^\W_])", re.IGNORECASE)
_PARAGRAPH = re.compile(
    r"\s*,?\s*(?:(?i:abs(?:atz(?:es)?|\.)?|paragraph)\s*(?P<written>\d{1,3}[a-z]?)(?![^\W_])|\((?P<bracket>\d{1,3}[a-z]?)\)"
    r"|(?P<roman>[IVX]{1,4})(?=\s|$|[,.?]))",
)
_DETAIL = re.compile(
    r"\s*,?\s*(?:(?:satz|s\.?|nr\.?|nummer|buchst(?:abe|\.)|lit\.?|halbsatz|hs\.?)\s*\d*[a-z]?\)?)(?![^\W_])",
    re.IGNORECASE,
)
_ROMAN = {
    "I": "1",
    "II": "2",
    "III": "3",
    "IV": "4",
    "V": "5",
    "VI": "6",
    "VII": "7",
    "VIII": "8",
    "IX": "9",
    "X": "10",
}
_WORD = re.compile(r"[^\W_]+(?:[-‐‑][^\W_]+)*")
_ABBREVIATION = re.compile(r"(?=.*[A-ZÄÖÜ].*[A-ZÄÖÜ])[A-ZÄÖÜ][A-Za-zäöüß]*(?:G|V|O|B)(?:\d|E)?$|[A-Z]{2,8}$")
_LONG_NAME = re.compile(r"[^\W\d_]{4,}(?:gesetz|gesetzes|verordnung|gesetzbuch|gesetzbuches|ordnung)$", re.IGNORECASE)
_YEAR = re.compile(r"\s*(?:19|20)\d\d\b")
_BARE = re.compile(
    r"\s*,?\s*(?P<number>\d{1,3})\s?(?P<letter>[a-z])?(?![^\W_]|\.\d|,\d|\s*(?:%|prozent|kw|kwh|mw|euro|cent|jahre|monate))",
    re.IGNORECASE,
)
_ABSATZ_FIRST = re.compile(
    r"\b(?P<absatz>abs(?:atz(?:es)?|\.)?\s*\d{1,3}[a-z]?)(?P<details>(?:\s*,?\s*(?:satz|s\.|nr\.|nummer)\s*\d+)*)"
    r"\s*,?\s*(?:des|der|von|vom|zu|zum|in|im)?\s*"
    r"(?P<section>(?:§|par(?:agra(?:f|ph)(?:en|s)?\b|\.))\s*\d{1,4}(?:\s?[a-z](?![^\W_]))?)(?!\s*,?\s*(?:abs|\())",
    re.IGNORECASE,
)
_MAX_WORDS = 16
_FUZZY = 90.0
_FAR = 80
_MAX_RANGE = 10


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a question names exactly. `laws`: look-up terms, any of which fits; empty where no law was named.

    `section` and `paragraph` are look-up terms or None. `reference` is the term by which other texts cite the section.
    `known` tells whether the law's name is one that the lexicon knows.
    """

    laws: tuple[str, ...]
    section: str | None
    paragraph: str | None
    asked: str
    reference: str | None = None
    known: bool = True

    @property
    def terms(self) -> tuple[str, ...]:
        """All look-up terms whose postings are needed."""
        return (*self.laws, *(term for term in (self.section, self.paragraph) if term))


@dataclass(frozen=True, slots=True)
class _Law:
    start: int
    end: int
    keys: tuple[str, ...]
    known: bool


class LookupParser:
    """Finds look-ups by the names of laws that a lexicon and a table of former names know."""

    def __init__(self, known: Mapping[str, str], renamed: Entries) -> None:
        self._names: dict[str, tuple[str, ...]] = {name: (name,) for name in known}
        for former, current in renamed:
            now = tuple(dict.fromkeys(key for name in current for key in laws.law_keys(name)))
            for name in former:
                for key in laws.law_keys(name):
                    self._names[key] = tuple(dict.fromkeys((*self._names.get(key, (key,)), *now)))
        self._long = [name for name in self._names if len(name) >= 8]
        self._short = [name for name in self._names if len(name) < 8]

    def parse(self, text: str) -> tuple[tuple[Lookup, ...], str]:
        """The look-ups of a question, and the question without them (what the passage should speak about)."""
        # „Absatz 3 des § 14a EnWG“ means what „§ 14a Absatz 3 EnWG“ does.
        text = _ABSATZ_FIRST.sub(r"\g<section> \g<absatz>\g<details>", text)
        sections = list(_SECTION.finditer(text))
        found = self._laws(text, sections)
        lookups: list[Lookup] = []
        cuts: list[tuple[int, int]] = []
        used: set[int] = set()
        for match in sections:
            end = match.end()
            paragraph = _PARAGRAPH.match(text, end)
            absatz = None
            if paragraph is not None and not match["more"]:
                absatz = paragraph["written"] or paragraph["bracket"] or _ROMAN.get(paragraph["roman"] or "")
                end = paragraph.end() if absatz else end
            end = _after_details(text, end)
            law = self._nearest(text, found, match.start(), end)
            if law is not None:
                used.add(law.start)
                if absatz is None and law.start >= end and (late := _PARAGRAPH.match(text, law.end)) is not None:
                    absatz = late["written"] or late["bracket"]
                    cuts.append((late.start(), _after_details(text, late.end())))
            cuts.append((match.start(), end))
            for number, letter in _numbers(match):
                lookups.append(_lookup(law, match["kind"], number, letter, absatz, text[match.start() : end]))
        for law in found:
            if law.start in used:
                continue
            bare = _BARE.match(text, _after_year(text, law))
            taken = bare is not None and any(s.start() <= bare.start("number") < s.end() for s in sections)
            if bare is not None and not taken and not _counts(text, law, bare):
                end = bare.end()
                paragraph = _PARAGRAPH.match(text, end)
                absatz = (paragraph["written"] or paragraph["bracket"]) if paragraph else None
                end = paragraph.end() if paragraph and absatz else end
                lookups.append(_lookup(law, "§", bare["number"], bare["letter"], absatz, text[law.start : end]))
                cuts.append((law.start, end))
                used.add(law.start)
        for law in found:
            if law.start not in used and law.known:
                terms = tuple(laws.law_term(key) for key in law.keys)
                lookups.append(Lookup(terms, None, None, text[law.start : law.end]))
            if law.known or law.start in used:
                cuts.append((law.start, _after_year(text, law)))
        return tuple(dict.fromkeys(lookups)), _without(text, cuts)

    def _laws(self, text: str, sections: list[re.Match[str]]) -> list[_Law]:
        tokens = list(_WORD.finditer(text))
        found: list[_Law] = []
        position = 0
        while position < len(tokens):
            law = None
            for width in range(min(_MAX_WORDS, len(tokens) - position), 0, -1):
                start, end = tokens[position].start(), tokens[position + width - 1].end()
                law = self._exact(text[start:end], start, end, width)
                if law is not None:
                    position += width - 1
                    break
            if law is None:
                token = tokens[position]
                near = any(
                    -30 <= token.start() - s.end() <= 30 or -30 <= s.start() - token.end() <= 30 for s in sections
                )
                law = self._fuzzy(token, near)
            if law is not None:
                found.append(law)
            position += 1
        return found

    def _exact(self, written: str, start: int, end: int, width: int) -> _Law | None:
        key = laws.key(written)
        keys = self._names.get(key)
        if keys is None or len(key) < 3:
            return None
        # Several short words that happen to spell an abbreviation are no name, unless the last one is a year.
        short = width > 1 and len(key) < 6 and not written.replace(" ", "").replace("-", "").isupper()
        if short and not _YEAR.match(written[written.rfind(" ") :]):
            return None
        return _Law(start, end, keys, True)

    def _fuzzy(self, token: re.Match[str], near: bool) -> _Law | None:
        written = token.group()
        key = laws.key(written)
        if _LONG_NAME.match(written) and len(key) >= 8:
            best = process.extractOne(key, self._long, scorer=fuzz.ratio, score_cutoff=_FUZZY)
            if best is not None:
                return _Law(token.start(), token.end(), self._names[best[0]], True)
            return _Law(token.start(), token.end(), (key,), False) if near else None
        if near and len(key) >= 3 and sum(letter.isupper() for letter in written) >= 2:
            close = [name for name in self._short if OSA.distance(key, name, score_cutoff=1) <= 1]
            if len(close) == 1 and len(key) >= 4:
                return _Law(token.start(), token.end(), self._names[close[0]], True)
            if _ABBREVIATION.match(written):
                return _Law(token.start(), token.end(), (key,), False)
        return None

    @staticmethod
    def _nearest(text: str, found: list[_Law], start: int, end: int) -> _Law | None:
        best: tuple[int, _Law] | None = None
        for law in found:
            # The law usually follows its §; one that stands before must be close.
            distance = law.start - end if law.start >= end else (start - law.end) * 2
            if 0 <= distance <= _FAR and (best is None or distance < best[0]):
                best = (distance, law)
        return best[1] if best else None


def _numbers(match: re.Match[str]) -> list[tuple[str, str | None]]:
    """The sections of an enumeration; a range of plain numbers is written out as far as anyone would read it."""
    found: list[tuple[str, str | None]] = [(match["number"], match["letter"])]
    for more in _MORE.finditer(match["more"] or ""):
        through, number, letter = more.groups()
        last = found[-1][0]
        if through and not letter and 0 < int(number) - int(last) <= _MAX_RANGE:
            found += [(str(between), None) for between in range(int(last) + 1, int(number))]
        found.append((number, letter or None))
    return found


def _after_details(text: str, position: int) -> int:
    """Behind „Satz 2 Nr. 1“ and the like, which are read but not looked up."""
    while (detail := _DETAIL.match(text, position)) is not None:
        position = detail.end()
    return position


def _counts(text: str, law: _Law, bare: re.Match[str]) -> bool:
    """Whether the number behind a law's long name counts something („Heizkostenverordnung 2 Zimmer“)."""
    long_name = not any(letter.isupper() for letter in text[law.start + 1 : law.end])
    following = text[bare.end() :].lstrip()
    return long_name and law.end - law.start > 8 and not bare["letter"] and following[:1].isupper()


def _after_year(text: str, law: _Law) -> int:
    year = _YEAR.match(text, law.end)
    return year.end() if year else law.end


def _lookup(law: _Law | None, kind: str, number: str, letter: str | None, absatz: str | None, asked: str) -> Lookup:
    kind = kind.lower().rstrip(".")
    prefix = "art" if kind.startswith("art") else kind[:6] if kind.startswith("anlage") else ""
    prefix = "anhang" if kind.startswith(("anhang", "annex")) else prefix
    numbered = f"{prefix}{int(number)}{(letter or '').lower()}"
    return Lookup(
        laws=tuple(laws.law_term(key) for key in law.keys) if law else (),
        section=laws.section_term(numbered),
        paragraph=laws.paragraph_term(absatz) if absatz else None,
        asked=asked.strip(),
        reference=None if prefix else f"§{numbered}",
        known=law.known if law else False,
    )


def _without(text: str, cuts: list[tuple[int, int]]) -> str:
    kept: list[str] = []
    position = 0
    for start, end in sorted(cuts):
        if start > position:
            kept.append(text[position:start])
        position = max(position, end)
    kept.append(text[position:])
    return " ".join(kept)
