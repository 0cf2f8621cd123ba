"""What a passage says that can be checked: its words, amounts, dates, provisions, and the law that it belongs to.

Sentences are judged by it in `citations`; what is checkable in a text is found by `claims`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cached_property, lru_cache

from luna_rules.answers.claims import Amount, Claims, Section, find_claims
from luna_rules.answers.model import Passage
from luna_rules.answers.tables import has_markup, without_markup
from luna_rules.answers.text import comparable
from luna_rules.search.words import fold

_LETTERS_OF_NAME = re.compile(r"[A-Za-zÄÖÜäöüß]")
_LAW_WORD = re.compile(r"[^\W\d_][\w-]*(?:gesetz|gesetzbuch|verordnung|ordnung)(?:e?s)?\b", re.I)
_LIST_NUMBERS = re.compile(r"^\s*\(?(\d{1,3})[a-z]?[.)]", re.M)
_KEPT = 4_096
"""Passages of which it is kept what can be checked; that is found only where a sentence cites the passage."""


def same_law(written: str, names: Iterable[str]) -> bool:
    """Whether a law as written (`EnWG`, `Energiewirtschaftsgesetzes`) is one of `names`, long or short."""
    wanted = _law_key(written)
    for name in names:
        key = _law_key(name)
        if not key:
            continue
        if wanted == key or _abbreviates(written, name) or _abbreviates(name, written):
            return True
    return False


def _law_key(name: str) -> str:
    key = re.sub(r"\s*\d{4}$", "", fold(name).strip())
    if key.endswith(("gesetzes", "gesetzbuches")):
        return key[:-2]
    return key[:-1] if key.endswith(("gesetzs", "gesetzbuchs")) else key


def _abbreviates(short: str, long: str) -> bool:
    """Whether `short` is made of letters of the one-word `long` in order, beginning with its first: EnWG, StromGVV."""
    letters = fold("".join(_LETTERS_OF_NAME.findall(short)))
    body = fold(long)
    if not letters or len(letters) >= len(body) or " " in body or len(letters) > 14:
        return False
    if not letters.startswith(body[0]):
        return False
    end = re.search(r"(gesetz(?:buch)?|verordnung|ordnung)(e?s)?$", body)
    if end is None or letters[-1] not in ("v", "g", "b", "o") or letters[-1] not in end[1]:
        return False
    at = 0
    for place, letter in enumerate(letters):
        found = body.find(letter, at)
        # A vowel begins a part only behind a hyphen: EEG is not Energiewirtschaftsgesetz.
        while place and letter in "aeiou" and found > at and body[found - 1] != "-":
            found = body.find(letter, found + 1)
        if found < 0:
            return False
        at = found + 1
    return True


def facts_of(passage: Passage) -> SourceFacts:
    """What can be checked in a passage; kept, for one answer is checked twice and others cite the same passages."""
    return _facts(
        passage.text,
        passage.title,
        passage.heading_path,
        passage.section,
        passage.paragraph,
        passage.law,
        passage.valid_from,
        passage.valid_to,
    )


@lru_cache(maxsize=_KEPT)
def _facts(
    text: str,
    title: str,
    heading_path: tuple[str, ...],
    section: str | None,
    paragraph: str | None,
    law: str | None,
    valid_from: date | None,
    valid_to: date | None,
) -> SourceFacts:
    return SourceFacts(
        Passage("", text, title, heading_path, section, paragraph, law, valid_from=valid_from, valid_to=valid_to)
    )


class SourceFacts:
    """Everything checkable in one passage or in what its reader sees around it (heading, provision, title)."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage

    @cached_property
    def comparable(self) -> str:
        """The passage's text for verbatim comparison, with its markup and as people read it without."""
        text = self._passage.text
        read = without_markup(text) if has_markup(text) else ""
        return comparable(f"{text}\n{read}") if read else comparable(text)

    @cached_property
    def around(self) -> str:
        """Heading path, provision and title, for comparison."""
        passage = self._passage
        return comparable(" ".join((*passage.heading_path, passage.section or "", passage.title, passage.law or "")))

    @cached_property
    def claims(self) -> Claims:
        """What is written in the passage and around it."""
        passage = self._passage
        # Blocks are read one by one: a number at the end of one line must not be joined with the next line's.
        claims = Claims()
        around = [*passage.heading_path, passage.title]
        around += [day.isoformat() for day in (passage.valid_from, passage.valid_to) if day]
        for block in [*re.split(r"\n\s*\n|\n(?=\s*(?:\d+[a-z]?\.|[a-z]{1,2}\)|[|#*-])\s)", passage.text), *around]:
            found = find_claims(block)
            claims.amounts += found.amounts
            claims.dates += found.dates
            claims.sections += found.sections
            claims.parts += found.parts
            claims.urls += found.urls
        return claims

    @cached_property
    def amounts(self) -> frozenset[tuple[str, str]]:
        """Values with their dimension, and bare numbers, whose unit is written elsewhere."""
        found = {(a.dimension, _plain(a.value)) for a in self.claims.amounts}
        found |= {("bare", _plain(a.number)) for a in self.claims.amounts if a.bare}
        return frozenset(found)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """All bare numbers, whatever unit stands by them."""
        found = {_plain(a.number) for a in self.claims.amounts}
        for year, month, day in self.claims.dates:
            found |= {str(year), str(month), str(day)} if year else {str(month), str(day)}
        found |= {re.sub(r"\D", "", s.number) for s in self.claims.sections}
        found |= {re.sub(r"\D", "", part) for _, part in self.claims.parts}
        found |= set(_LIST_NUMBERS.findall(self._passage.text))
        return frozenset(found)

    @cached_property
    def sections(self) -> dict[str, list[str]]:
        """Numbers of provisions with the laws that they are named with; the passage's own law is the empty name."""
        found: dict[str, list[str]] = {}
        for section in self.claims.sections:
            found.setdefault(section.number, []).append(section.law)
        if own := re.search(r"\d+ ?[a-z]?\b", self._passage.section or ""):
            found.setdefault(own.group().replace(" ", ""), []).append("")
        return found

    @cached_property
    def law_names(self) -> tuple[str, ...]:
        """Names of the law that the passage belongs to."""
        names = [self._passage.law] if self._passage.law else []
        words = _LAW_WORD.findall(self._passage.title)
        short = re.search(r"\(([^()]*)\)", self._passage.title)
        if short:
            names += [part.strip() for part in re.split(r"\s[-–]\s", short[1])]
        return tuple(name for name in [*names, *words] if name)

    @cached_property
    def parts(self) -> frozenset[tuple[str, str]]:
        """Absätze, Sätze and Nummern that are named or that mark the text itself."""
        found = set(self.claims.parts)
        text = self._passage.text
        found |= {("absatz", m.replace(" ", "").lower()) for m in re.findall(r"^\s*\((\d+ ?[a-z]?)\)", text, re.M)}
        found |= {("nummer", m.lower()) for m in re.findall(r"^\s*(\d+[a-z]?)\.\s", text, re.M)}
        if self._passage.paragraph:
            found.add(("absatz", self._passage.paragraph.lower()))
        return frozenset(found)

    def has_amount(self, amount: Amount) -> bool:
        """Whether the amount stands here: with the same dimension, or as a number by which no unit stands."""
        if (amount.dimension, _plain(amount.value)) in self.amounts:
            return True
        if not amount.dimension:
            return _plain(amount.number) in self.numbers
        return ("bare", _plain(amount.number)) in self.amounts

    def has_date(self, when: tuple[int, int, int]) -> bool:
        """Whether the date stands here; a date without a year is held by the same day of any year."""
        return any(d[1:] == when[1:] and when[0] in (d[0], 0) for d in self.claims.dates)

    def has_section(self, section: Section) -> bool:
        """Whether the provision stands here, of the law that is named with it."""
        laws = self.sections.get(section.number)
        if laws is None:
            return False
        if not section.law:
            return True
        return any(
            same_law(section.law, [law]) if law else same_law(section.law, self.law_names) or not self.law_names
            for law in laws
        )

    def has_part(self, part: tuple[str, str]) -> bool:
        """Whether the Absatz, Satz or Nummer stands here."""
        if part in self.parts or (part[0] == "other" and part[1] in self.numbers):
            return True
        return any(value == part[1] for kind, value in self.claims.parts if kind == part[0]) or (
            part[0] != "absatz" and part[1] in self.numbers
        )


def _plain(number: object) -> str:
    return f"{number:f}"
