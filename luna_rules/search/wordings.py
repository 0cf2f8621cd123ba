"""Which sections a question is about, told from curated everyday wordings of each section instead of the law's words.

The wordings are data (`data/search/sections_*.tsv`), written by people from the laws' text. They are held beside the
parser and not in the index, so they can be edited without indexing anew and help in every version of a law.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from luna_rules.search import laws, words
from luna_rules.search.analyser import Analyser
from luna_rules.search.tables import SectionWording

_PART = 0.5
_OF_LAW = 0.3
_IDF_POWER = 0.75
_MOST = 16
_LEAST = 0.25
_ENGLISH = "en:"


@dataclass(frozen=True, slots=True)
class Hint:
    """A section that a question's wording points at. `laws` and `section` are look-up terms, all of them needed.

    `weight` (0…1): the share of the question's concepts that the section's wordings speak of, rare ones counting more.
    """

    laws: tuple[str, ...]
    section: str
    weight: float

    @property
    def terms(self) -> tuple[str, ...]:
        """The look-up terms whose postings are needed."""
        return (*self.laws, self.section)


class _Alternative(Protocol):
    @property
    def terms(self) -> tuple[str, ...]: ...
    @property
    def weight(self) -> float: ...


class _Group(Protocol):
    @property
    def asked(self) -> str: ...
    @property
    def alternatives(self) -> Sequence[_Alternative]: ...
    @property
    def weight(self) -> float: ...


class WordingIndex:
    """The wordings of all sections by their terms. Building one takes a moment; threads may share it."""

    def __init__(self, wordings: Iterable[SectionWording], analyser: Analyser) -> None:
        self._places: list[tuple[tuple[str, ...], str]] = []
        whole: dict[str, dict[str, float]] = {}
        texts: list[tuple[str, SectionWording]] = []
        for wording in wordings:
            for law in wording.laws:
                if wording.section is None:
                    own = whole.setdefault(law, {})
                    for term, weight in _terms(wording, analyser).items():
                        own[term] = max(own.get(term, 0.0), weight)
                else:
                    texts.append((law, wording))
        found: dict[str, list[tuple[int, float]]] = {}
        known: dict[int, dict[str, float]] = {}
        rows: dict[tuple[str, str], int] = {}
        for law, wording in texts:
            section = laws.section_key(wording.section or "") or ""
            row = rows.setdefault((law, section), len(rows))
            terms = known.get(id(wording))
            if terms is None:
                terms = known[id(wording)] = _terms(wording, analyser)
            if row == len(self._places):
                keys = tuple(laws.law_term(key) for key in laws.law_keys(law)[:1])
                self._places.append((keys, laws.section_term(section)))
                general = {term: _OF_LAW * weight for term, weight in whole.get(law, {}).items() if term not in terms}
                terms = terms | general
            for term, weight in terms.items():
                found.setdefault(term, []).append((row, weight))
        count = len(self._places)
        self._highest = math.log1p(count + 0.5) ** _IDF_POWER if count else 1.0
        self._postings: dict[str, tuple[NDArray[np.int32], NDArray[np.float32], float]] = {}
        for term, pairs in found.items():
            sections = np.array([row for row, _ in pairs], np.int32)
            weights = np.array([weight for _, weight in pairs], np.float32)
            own = float((weights >= _PART).sum())
            idf = math.log1p((count - own + 0.5) / (own + 0.5)) ** _IDF_POWER / self._highest
            self._postings[term] = (sections, weights * np.float32(idf), idf)

    def find(self, groups: Sequence[_Group], *, english: bool) -> tuple[Hint, ...]:
        """The sections that speak of most of the question's concepts, best first, at most sixteen."""
        count = len(self._places)
        if not count or not groups:
            return ()
        total = np.zeros(count, np.float32)
        possible = 0.0
        for group in groups:
            best = np.zeros(count, np.float32)
            idf = 0.0
            for terms, weight in _ways(group, english):
                known = [self._postings[term] for term in terms if term in self._postings]
                if len(known) < len(terms):
                    weight *= len(known) / len(terms)
                if not known:
                    continue
                idf = max(idf, max(one[2] for one in known))
                if len(known) == 1:
                    rows, impact, _ = known[0]
                    best[rows] = np.maximum(best[rows], impact * np.float32(weight / len(terms)))
                else:
                    sums = np.zeros(count, np.float32)
                    for rows, impact, _ in known:
                        sums[rows] += impact
                    best = np.maximum(best, sums * np.float32(weight / len(terms)))
            possible += group.weight * (idf or 0.5)
            total += best * np.float32(group.weight)
        total /= np.float32(max(possible, 1e-6))
        top = float(total.max(initial=0.0))
        if top <= 0:
            return ()
        order = np.argsort(-total, kind="stable")[:_MOST]
        found: list[Hint] = []
        for row in order.tolist():
            if total[row] > 0 and total[row] >= _LEAST * top:
                names, section = self._places[row]
                found.append(Hint(names, section, round(float(total[row]), 4)))
        return tuple(found)


def _ways(group: _Group, english: bool) -> list[tuple[tuple[str, ...], float]]:
    ways = [(alternative.terms, alternative.weight) for alternative in group.alternatives]
    if english:
        stems = tuple(_ENGLISH + words.english_stem(words.joined(raw)) for raw in words.tokens(group.asked))
        if stems:
            ways.append((stems, 1.0))
    return ways


def _terms(wording: SectionWording, analyser: Analyser) -> dict[str, float]:
    found: dict[str, float] = {}
    for raw in words.tokens(words.clean(wording.german)):
        word = analyser.word(raw)
        for term in word.full:
            found[term] = 1.0
        for term in word.parts:
            found.setdefault(term, _PART)
    for raw in words.tokens(wording.english):
        found[_ENGLISH + words.english_stem(words.joined(raw))] = 1.0
    return found
