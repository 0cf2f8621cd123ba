"""Word tables that help a question meet the law's language. They are data written by people; here they are only parsed.

A table is text, one entry a line, fields separated by tabs, alternatives by `|`; `#` begins a comment. A synonym's
meanings begin with `=` where the law uses the wording's own words for another thing, so that these count less.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from luna_rules.search.cases import Case, read_case

Entries = tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


OTHERWISE = "="
"""Before the first meaning of a synonym: the law uses the wording's own words for another thing („Smart Meter“)."""

_ABSATZ = re.compile(r"\((?P<labels>\d+[a-z]?(?:\+\d+[a-z]?)*)\)\s+")


@dataclass(frozen=True, slots=True)
class SectionWording:
    """What a section of one or more laws answers, in everyday German and in English; `section` None is a whole law.

    `paragraphs`: the label of an Absatz („2a“) with what of the German and the English it alone answers.
    """

    laws: tuple[str, ...]
    section: str | None
    german: str
    english: str = ""
    paragraphs: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SectionCases:
    """The quantities that Absätze of a section of one or more laws hold for, each Absatz by its label („2a“)."""

    laws: tuple[str, ...]
    section: str
    paragraphs: tuple[tuple[str, Case], ...]


@dataclass(frozen=True, slots=True)
class SearchTables:
    """The tables of the question's side, as parsed. An empty one is valid and means: no help.

    `synonyms`: everyday wordings → the law's. `english`: English wordings → German ones. `answer_types`: question
    wordings → words that an answer would contain. `law_names`: former and colloquial names of laws → names in force.
    `energies`: words that tell an energy → ordinances for it alone, the usual energy first.
    `sections`: everyday wordings of what single sections answer. `cases`: which of a section's Absätze hold for which
    quantity. `words`: everyday and formal German, whatever the law.
    `ignored`: words of conversation that say nothing about the subject. `english_ignored`: the same for English.
    """

    synonyms: Entries = ()
    english: Entries = ()
    answer_types: Entries = ()
    law_names: Entries = ()
    energies: Entries = ()
    sections: tuple[SectionWording, ...] = ()
    cases: tuple[SectionCases, ...] = ()
    words: Entries = ()
    ignored: frozenset[str] = frozenset()
    english_ignored: frozenset[str] = frozenset()

    @staticmethod
    def parse(
        *,
        synonyms: str = "",
        english: str = "",
        answer_types: str = "",
        law_names: str = "",
        energies: str = "",
        sections: str = "",
        cases: str = "",
        words: str = "",
        ignored: str = "",
        english_ignored: str = "",
    ) -> SearchTables:
        """Parses the tables' texts. Raises `ValueError` naming table and line where one is malformed."""
        return SearchTables(
            synonyms=_entries(synonyms, "synonyms"),
            english=_entries(english, "english"),
            answer_types=_entries(answer_types, "answer_types"),
            law_names=_entries(law_names, "law_names"),
            energies=_entries(energies, "energies"),
            sections=_sections(sections),
            cases=_cases(cases),
            words=_entries(words, "words"),
            ignored=_words(ignored),
            english_ignored=_words(english_ignored),
        )

    def with_synonyms(self, text: str) -> SearchTables:
        """These tables and further synonyms, for instance those of a tenant. Raises `ValueError` as `parse` does."""
        return replace(self, synonyms=self.synonyms + _entries(text, "synonyms"))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        content = line.split("#", 1)[0].strip()
        if content:
            yield number, content


def _entries(text: str, table: str) -> Entries:
    found: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for number, line in _lines(text):
        fields = line.split("\t")
        sides = [tuple(part.strip() for part in side.split("|") if part.strip()) for side in fields]
        if len(sides) != 2 or not all(sides):
            raise ValueError(f"Table {table}, line {number}: expected two sides separated by one tab, found {line!r}")
        found.append((sides[0], sides[1]))
    return tuple(found)


def _sections(text: str) -> tuple[SectionWording, ...]:
    found: list[SectionWording] = []
    for number, line in _lines(text):
        place, *fields = (part.strip() for part in line.split("\t"))
        laws, section = _place(place)
        if not laws or not section or len(fields) not in (1, 2) or not fields[0]:
            raise ValueError(
                f"Table sections, line {number}: expected „laws section“, a tab, German, a tab and English, as in "
                f"„StromGVV,GasGVV 15<tab>Kaution<tab>deposit“, found {line!r}"
            )
        german, english = (_by_absatz(field) for field in (*fields, "")[:2])
        paragraphs = tuple((one, german[one], english[one]) for one in dict.fromkeys((*german, *english)) if one)
        where = None if section == "*" else section
        found.append(SectionWording(laws, where, german[""], english[""], paragraphs))
    return tuple(found)


def _cases(text: str) -> tuple[SectionCases, ...]:
    found: list[SectionCases] = []
    for number, line in _lines(text):
        place, _, field = line.partition("\t")
        laws, section = _place(place)
        try:
            if not laws or not section:
                raise ValueError("there is no law and section")
            own = [_case(one.strip()) for one in field.split("|")]
        except ValueError as fault:
            raise ValueError(
                f"Table cases, line {number}: expected „laws section“, a tab and the Absätze with their quantities, as "
                f"in „KWKG 4<tab>(1) über 100 kW | (2) bis 100 kW“, found {line!r}: {fault}"
            ) from fault
        found.append(SectionCases(laws, section, tuple(own)))
    return tuple(found)


def _case(written: str) -> tuple[str, Case]:
    marked = _ABSATZ.match(written)
    if marked is None:
        raise ValueError(f"{written!r} names no Absatz")
    return marked["labels"], read_case(written[marked.end() :])


def _place(written: str) -> tuple[tuple[str, ...], str]:
    """The laws and the section of „EEG_2023,EEG 8“."""
    names, _, section = written.strip().partition(" ")
    return tuple(name.replace("_", " ") for name in names.split(",") if name), section.strip()


def _by_absatz(field: str) -> defaultdict[str, str]:
    """The wordings of each Absatz, `(2) …` or `(1+3) …`, and of all together under an empty label."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for one in field.split("|"):
        wording = one.strip()
        if marked := _ABSATZ.match(wording):
            wording = wording[marked.end() :]
            for label in marked["labels"].split("+"):
                found[label].append(wording)
        found[""].append(wording)
    return defaultdict(str, {label: " | ".join(some) for label, some in found.items()})


def _words(text: str) -> frozenset[str]:
    return frozenset(word for _, line in _lines(text) for word in line.split())
