"""Exact look-ups in a question: which law, which §, which Absatz. How they are written is `luna_rules.references`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from luna_rules.references import LawNames, Mention, Reference, as_written, find_laws, find_references, lone_section
from luna_rules.search import laws
from luna_rules.search.tables import Entries

_NUMBER = re.compile(r"(?P<kind>\D*?)\s*(?P<number>\d+)(?P<letter>[a-z]?)")
_YEAR = re.compile(r"[\s_]*(?:19|20)\d\d$")
_COUNTED = re.compile(r"\s*[A-ZÄÖÜ]")
_ANNEX = re.compile(
    r"\b(?P<kind>anlage|anhang|annex)(?:\s+(?:zum|zur|des|der|vom|von|im|in|to the|of the))?\s*\Z", re.IGNORECASE
)
_ANNEX_BEHIND = re.compile(r"\s*,?\s*(?P<kind>anlage|anhang|annex)\b", re.IGNORECASE)
_STRAY_POINT = re.compile(r"(§{1,2})\s*\.\s*(?=\d)")
_FAR = 80
"""Characters between a § and the law it belongs to."""
_MAX_RANGE = 10


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a question names exactly. `laws`: look-up terms, any of which fits; empty where no law was named.

    `section` and `paragraph` are look-up terms or None. `reference` is the term by which other texts cite the section.
    `known` tells whether the law's name is one that the lexicon knows. `others`: sections that are meant where the law
    has none of that name („Art. 14a“ for § 14a, „Anlage 1“ for the only Anhang). `item`: the number of a list's item.
    """

    laws: tuple[str, ...]
    section: str | None
    paragraph: str | None
    asked: str
    reference: str | None = None
    known: bool = True
    others: tuple[str, ...] = ()
    item: str | None = None

    @property
    def terms(self) -> tuple[str, ...]:
        """All look-up terms whose postings are needed."""
        return (*self.laws, *(term for term in (self.section, *self.others, self.paragraph) if term))


class LookupParser:
    """Finds look-ups by the names of laws that a lexicon and a table of former names know."""

    def __init__(self, known: Mapping[str, str], renamed: Entries) -> None:
        names: dict[str, str] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        for name in known.values():
            for written in dict.fromkeys((name, _YEAR.sub("", name))):
                if written and LawNames.normalise(written) not in names:
                    names[LawNames.normalise(written)] = written
                    self._keys[written] = (laws.key(written),)
        for former, current in renamed:
            now = tuple(dict.fromkeys(key for name in current for key in laws.law_keys(name)))
            for name in former:
                written = names.setdefault(LawNames.normalise(name), name)
                self._keys[written] = tuple(dict.fromkeys((*self._keys.get(written, laws.law_keys(name)), *now)))
        self._names = LawNames({written: written for written in self._keys})

    def parse(self, text: str) -> tuple[tuple[Lookup, ...], str]:
        """The look-ups of a question, and the question without them (what the passage should speak about)."""
        text = as_written(_STRAY_POINT.sub(r"\1 ", text), self._names)
        references = [found for found in find_references(text, self._names) if not _counts(text, found)]
        mentions = find_laws(text, self._names)
        used: set[int] = set()
        cuts: list[tuple[int, int]] = []
        lookups: list[Lookup] = []
        before: Reference | None = None
        for reference in references:
            cuts.append((reference.start, reference.end))
            own = [mention for mention in mentions if reference.start <= mention.start < reference.end]
            law = own[0] if own else None
            if reference.law is None:
                law = _nearest(mentions, reference)
            used.update(mention.start for mention in own)
            if law is not None:
                used.add(law.start)
            asked = text[reference.start : reference.end].strip(" ,")
            if reference.through and before is not None:
                lookups += [self._lookup(reference, law, asked, section) for section in _between(before, reference)]
            lookups.append(self._lookup(reference, law, asked, reference.section))
            before = reference
        for mention in mentions:
            if mention.start not in used:
                lookups.append(self._whole(text, mention))
            cuts.append((mention.start, mention.end))
        if not lookups and (alone := lone_section(text)) is not None:
            reference = Reference(0, len(text), section=f"§ {alone}")
            return (self._lookup(reference, None, alone, reference.section),), ""
        return tuple(dict.fromkeys(lookups)), _without(text, cuts)

    def _whole(self, text: str, mention: Mention) -> Lookup:
        """A law without §, or its annex that has no number."""
        annex = _ANNEX.search(text, max(0, mention.start - 24), mention.start) or _ANNEX_BEHIND.match(text, mention.end)
        if annex is None:
            return Lookup(self._terms(mention.canonical), None, None, mention.written)
        keys = ("anhang", "anlage") if annex["kind"].lower() == "anhang" else ("anlage", "anhang")
        section, *others = (laws.section_term(key + number) for number in ("", "1") for key in keys)
        asked = f"{annex['kind']} {mention.written}"
        return Lookup(self._terms(mention.canonical), section, None, asked, others=tuple(others))

    def _terms(self, canonical: str | None) -> tuple[str, ...]:
        return tuple(laws.law_term(key) for key in self._keys.get(canonical or "", ()))

    def _lookup(self, reference: Reference, law: Mention | None, asked: str, section: str) -> Lookup:
        canonical = reference.canonical or (law.canonical if law and reference.law is None else None)
        found = self._terms(canonical)
        if not found and reference.law is not None:
            found = (laws.law_term(laws.key(reference.law)),)
        number = _NUMBER.fullmatch(section)
        key = laws.section_key(section) or ""
        plain = number is not None and number["kind"].strip() == "§"
        return Lookup(
            laws=found,
            section=laws.section_term(key),
            paragraph=laws.paragraph_term(reference.paragraph) if reference.paragraph else None,
            asked=asked,
            reference=f"§{key}" if plain else None,
            known=canonical is not None,
            others=tuple(laws.section_term(other) for other in _others(key)),
            item=reference.number,
        )


def _others(key: str) -> tuple[str, ...]:
    """What else a reference may mean where there is no provision of that name."""
    if key.startswith("art"):
        return (key[3:],)
    for kind, other in (("anlage", "anhang"), ("anhang", "anlage")):
        if key.startswith(kind):
            number = key[len(kind) :]
            return (f"{other}{number}", kind, other) if number == "1" else (f"{other}{number}",)
    return ()


def _counts(text: str, found: Reference) -> bool:
    """Whether the number behind a law's long name counts something („Heizkostenverordnung 2 Zimmer“)."""
    if text[found.head[0] : found.head[0] + 1].isdigit() and found.law is not None and found.head[0] > found.start:
        long_name = len(found.law) > 8 and not any(letter.isupper() for letter in found.law[1:])
        return long_name and not found.section[-1].isalpha() and _COUNTED.match(text, found.end) is not None
    return False


def _nearest(mentions: list[Mention], reference: Reference) -> Mention | None:
    best: tuple[int, Mention] | None = None
    for mention in mentions:
        # The law usually follows its §; one that stands before must be close.
        follows = mention.start >= reference.end
        distance = mention.start - reference.end if follows else (reference.start - mention.end) * 2
        if 0 <= distance <= _FAR and (best is None or distance < best[0]):
            best = (distance, mention)
    return best[1] if best else None


def _between(first: Reference, last: Reference) -> list[str]:
    """The sections within a range, as far as anyone would read it."""
    one, other = _NUMBER.fullmatch(first.section), _NUMBER.fullmatch(last.section)
    if one is None or other is None or one["kind"] != other["kind"]:
        return []
    kind, start, end = one["kind"], int(one["number"]), int(other["number"])
    if start == end and one["letter"] and other["letter"]:
        letters = range(ord(one["letter"]) + 1, ord(other["letter"]))
        return [f"{kind} {start}{chr(code)}" for code in letters][:_MAX_RANGE]
    if 0 < end - start <= _MAX_RANGE:
        return [f"{kind} {number}" for number in range(start + 1, end)]
    return []


def _without(text: str, cuts: list[tuple[int, int]]) -> str:
    kept: list[str] = []
    position = 0
    for start, end in sorted(cuts):
        if start > position:
            kept.append(text[position:start])
        position = max(position, end)
    kept.append(text[position:])
    return " ".join(kept)
