"""Which sections a question is about, told from curated everyday wordings of each section instead of the law's words.

The wordings are data (`data/search/sections_*.tsv`): words for what a section answers and questions that it answers,
written from the laws' text. They are held beside the parser and not in the index, so they can be edited without
indexing anew and help in every version of a law.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
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
_UNKNOWN = 0.5
_MOST = 60
_LENGTH_POWER = 0.15
_LEAST = 0.25
_ENGLISH = "en:"

_F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hint:
    """A section that a question's wording points at. `laws` and `section` are look-up terms, all of them needed.

    `weight` (about 0…1): the share of the question's concepts that the section's wordings together speak of, rare ones
    counting more. `spoken` (about 0…1): how plainly they speak of each concept, in the order of the question's.
    """

    laws: tuple[str, ...]
    section: str
    weight: float
    spoken: tuple[float, ...] = ()

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


@dataclass(frozen=True, slots=True, eq=False)
class _Posting:
    """In which sections a term stands, what it adds there, and how much it tells."""

    sections: NDArray[np.int32]
    impacts: _F32
    idf: float


class WordingIndex:
    """The wordings of all sections by their terms. Building one takes a moment; threads may share it."""

    def __init__(
        self,
        wordings: Iterable[SectionWording],
        analyser: Analyser,
        ignored: frozenset[str] = frozenset(),
        english_ignored: frozenset[str] = frozenset(),
    ) -> None:
        """`ignored` and `english_ignored`: words of conversation, which say nothing of what a wording is about."""
        reader = _Reader(analyser, ignored, english_ignored)
        of_law: dict[str, dict[str, float]] = {}
        sections: dict[tuple[str, str], dict[str, float]] = {}
        names: dict[str, str] = {}
        for wording in wordings:
            texts = (reader.german(wording.german), reader.english(wording.english))
            for law in wording.laws:
                name = names.setdefault(law, laws.law_term((laws.law_keys(law) or (law,))[0]))
                if wording.section is None:
                    terms = of_law.setdefault(name, {})
                else:
                    place = (name, laws.section_term(laws.section_key(wording.section) or ""))
                    terms = sections.setdefault(place, {})
                for text in texts:
                    _join(terms, text)
        self._places = list(sections)
        self.laws = tuple(dict.fromkeys(name for name, _ in self._places))
        """Look-up terms of the laws that have wordings."""
        self._postings = _postings(self._places, list(sections.values()), of_law)

    def find(self, groups: Sequence[_Group], *, english: bool) -> tuple[Hint, ...]:
        """The sections whose wordings speak of most of the question's concepts, best first, at most sixty."""
        count = len(self._places)
        if not count or not groups:
            return ()
        spoken = np.zeros((len(groups), count), np.float32)
        sums = np.zeros(count, np.float32)
        worth = np.zeros(len(groups), np.float32)
        for best, number, group in zip(spoken, range(len(groups)), groups, strict=True):
            idf = 0.0
            for terms, weight in _ways(group, english):
                known = [self._postings[term] for term in terms if term in self._postings]
                if not known:
                    continue
                share = np.float32(weight * len(known) / len(terms) ** 2)
                idf = max(idf, max(one.idf for one in known))
                if len(known) == 1:
                    sections = known[0].sections
                    best[sections] = np.maximum(best[sections], known[0].impacts * share)
                else:
                    for one in known:
                        sums[one.sections] += one.impacts * share
                    np.maximum(best, sums, out=best)
                    sums.fill(0)
            if idf:
                best /= np.float32(idf)
            worth[number] = group.weight * (idf or _UNKNOWN)
        possible = float(worth.sum())
        weights = worth @ spoken / np.float32(possible) if possible > 0 else sums
        top = float(weights.max(initial=0.0))
        if top <= 0:
            return ()
        order = np.argsort(-weights, kind="stable")[:_MOST]
        return tuple(
            Hint((law,), section, round(float(weights[row]), 4), tuple(spoken[:, row].round(2).tolist()))
            for row in order.tolist()
            if weights[row] >= _LEAST * top
            for law, section in (self._places[row],)
        )


class _Reader:
    """The terms of wordings; a word is analysed once, however many say it."""

    def __init__(self, analyser: Analyser, ignored: frozenset[str], english_ignored: frozenset[str]) -> None:
        self._analyser = analyser
        self._ignored = ignored
        self._english_ignored = english_ignored
        self._known: dict[str, dict[str, float]] = {}

    def german(self, text: str) -> dict[str, float]:
        found: dict[str, float] = {}
        for raw in dict.fromkeys(words.tokens(words.clean(text))):
            terms = self._known.get(raw)
            if terms is None:
                terms = self._known[raw] = self._analysed(raw)
            _join(found, terms)
        return found

    def english(self, text: str) -> dict[str, float]:
        return {
            _ENGLISH + words.english_stem(words.joined(raw)): 1.0
            for raw in dict.fromkeys(words.tokens(text.lower()))
            if raw not in self._english_ignored
        }

    def _analysed(self, raw: str) -> dict[str, float]:
        if words.spelling(raw) in self._ignored:
            return {}
        word = self._analyser.word(raw)
        return dict.fromkeys(word.parts, _PART) | dict.fromkeys(word.full, 1.0)


def _join(found: dict[str, float], terms: Mapping[str, float]) -> None:
    for term, weight in terms.items():
        if weight > found.get(term, 0.0):
            found[term] = weight


def _postings(
    places: Sequence[tuple[str, str]],
    sections: Sequence[Mapping[str, float]],
    of_law: Mapping[str, Mapping[str, float]],
) -> dict[str, _Posting]:
    """In which sections each term stands; a section of many words says less with each of them."""
    lengths = np.array([len(terms) for terms in sections], np.float32)
    shares = (max(float(lengths.mean()), 1.0) / np.maximum(lengths, 1)) ** _LENGTH_POWER if len(lengths) else lengths
    rows: dict[str, list[int]] = {}
    weights: dict[str, list[float]] = {}
    sizes: dict[str, int] = {}
    for row, ((law, _), terms, share) in enumerate(zip(places, sections, shares.tolist(), strict=True)):
        for term, weight in terms.items():
            rows.setdefault(term, []).append(row)
            weights.setdefault(term, []).append(weight * share)
        for term in terms:
            sizes[term] = sizes.get(term, 0) + 1
        for term, weight in of_law.get(law, {}).items():
            if term not in terms:
                rows.setdefault(term, []).append(row)
                weights.setdefault(term, []).append(_OF_LAW * weight)
    count = len(places)
    highest = math.log1p(count + 0.5) ** _IDF_POWER
    found: dict[str, _Posting] = {}
    for term, some in rows.items():
        own = sizes.get(term, 0)
        idf = math.log1p((count - own + 0.5) / (own + 0.5)) ** _IDF_POWER / highest
        found[term] = _Posting(np.array(some, np.int32), np.array(weights[term], np.float32) * np.float32(idf), idf)
    return found


def _ways(group: _Group, english: bool) -> list[tuple[tuple[str, ...], float]]:
    ways = [(alternative.terms, alternative.weight) for alternative in group.alternatives]
    if english:
        stems = tuple(_ENGLISH + words.english_stem(words.joined(raw)) for raw in words.tokens(group.asked))
        if stems:
            ways.append((stems, 1.0))
    return ways
