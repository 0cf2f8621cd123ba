"""Which sections a question is about, told from curated everyday wordings of each section instead of the law's words.

The wordings are data (`data/search/sections_*.tsv`): words for what a section answers and questions that it answers,
written from the laws' text. They are held beside the parser and not in the index, so they can be edited without
indexing anew and help in every version of a law.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
        written = _written(tuple(wordings), ignored, english_ignored)
        self._places = written.places
        self.laws = tuple(dict.fromkeys(name for name, _ in self._places))
        """Look-up terms of the laws that have wordings."""
        self._postings = _postings(written, analyser)

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


@dataclass(frozen=True, slots=True, eq=False)
class _Written:
    """Which words stand in which wordings, whatever a corpus makes of them: the same for every lexicon.

    `german` and `english`: all words, once each; `in_german` and `in_english`: pairs (2 × n) of a place, from 0, and
    one of those words. Those of a whole law stand at each of its sections in `of_law_german` and `of_law_english`.
    """

    places: list[tuple[str, str]]
    german: list[str]
    english: list[str]
    in_german: NDArray[np.int32]
    in_english: NDArray[np.int32]
    of_law_german: NDArray[np.int32]
    of_law_english: NDArray[np.int32]


@lru_cache(maxsize=2)
def _written(
    wordings: tuple[SectionWording, ...], ignored: frozenset[str], english_ignored: frozenset[str]
) -> _Written:
    names: dict[str, str] = {}
    places: dict[tuple[str, str], int] = {}
    german: dict[str, int] = {}
    english: dict[str, int] = {}
    pairs: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    of_law: dict[str, tuple[list[int], list[int]]] = {}
    for wording in wordings:
        said = (
            [german.setdefault(raw, len(german)) for raw in _german(wording.german, ignored)],
            [english.setdefault(raw, len(english)) for raw in _english(wording.english, english_ignored)],
        )
        for law in wording.laws:
            name = names.setdefault(law, laws.law_term((laws.law_keys(law) or (law,))[0]))
            if wording.section is None:
                for kept, own in zip(of_law.setdefault(name, ([], [])), said, strict=True):
                    kept += own
                continue
            key = (name, laws.section_term(laws.section_key(wording.section) or ""))
            place = places.setdefault(key, len(places))
            for kept, own in zip(pairs, said, strict=True):
                kept += [(place, word) for word in own]
    whole: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for (name, _), place in places.items():
        for kept, own in zip(whole, of_law.get(name, ((), ())), strict=True):
            kept += [(place, word) for word in own]
    numbers = [np.array(some, np.int32).reshape(-1, 2).T for some in (*pairs, *whole)]
    return _Written(list(places), list(german), list(english), *numbers)


def _german(text: str, ignored: frozenset[str]) -> list[str]:
    return [raw for raw in dict.fromkeys(words.tokens(words.clean(text))) if words.spelling(raw) not in ignored]


def _english(text: str, ignored: frozenset[str]) -> list[str]:
    return [raw for raw in dict.fromkeys(words.tokens(text.lower())) if raw not in ignored]


def _postings(written: _Written, analyser: Analyser) -> dict[str, _Posting]:
    """In which sections each term stands; a section of many words says less with each of them."""
    terms: dict[str, int] = {}
    full: list[tuple[int, int]] = []
    parts: list[tuple[int, int]] = []
    for number, raw in enumerate(written.german):
        word = analyser.word(raw)
        full += [(number, terms.setdefault(term, len(terms))) for term in word.full]
        parts += [(number, terms.setdefault(term, len(terms))) for term in word.parts]
    stems = [(n, terms.setdefault(_stem(raw), len(terms))) for n, raw in enumerate(written.english)]
    spoken = [
        (*_joined(written.in_german, full), 1.0),
        (*_joined(written.in_german, parts), _PART),
        (*_joined(written.in_english, stems), 1.0),
        (*_joined(written.of_law_german, full), _OF_LAW),
        (*_joined(written.of_law_german, parts), _OF_LAW * _PART),
        (*_joined(written.of_law_english, stems), _OF_LAW),
    ]
    sections = np.concatenate([some for some, _, _ in spoken])
    owners = np.concatenate([some for _, some, _ in spoken])
    weights = np.concatenate([np.full(len(some), weight, np.float32) for some, _, weight in spoken])
    order = np.lexsort((-weights, sections, owners))
    sections, owners, weights = sections[order], owners[order], weights[order]
    # Of a term that a section has in several ways the heaviest counts, which comes first.
    first = np.ones(len(order), np.bool_)
    first[1:] = (sections[1:] != sections[:-1]) | (owners[1:] != owners[:-1])
    sections, owners, weights = sections[first], owners[first], weights[first]
    own = weights >= _PART
    count = len(written.places)
    lengths = np.bincount(sections[own], minlength=count)
    shares = (max(float(lengths.mean()), 1.0) / np.maximum(lengths, 1)) ** _LENGTH_POWER if count else lengths
    weights = np.where(own, weights * shares[sections], weights)
    sizes = np.bincount(owners[own], minlength=len(terms))
    idf = np.log1p((count - sizes + 0.5) / (sizes + 0.5)) ** _IDF_POWER / math.log1p(count + 0.5) ** _IDF_POWER
    impacts = (weights * idf[owners]).astype(np.float32)
    ends = np.searchsorted(owners, np.arange(len(terms) + 1))
    return {
        term: _Posting(sections[a:b], impacts[a:b], float(idf[number]))
        for (term, number), a, b in zip(terms.items(), ends[:-1].tolist(), ends[1:].tolist(), strict=True)
        if b > a
    }


def _joined(pairs: NDArray[np.int32], meant: Sequence[tuple[int, int]]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Places and terms, from pairs of places and words and the terms of each word (ascending words)."""
    word, term = np.array(meant, np.int32).reshape(-1, 2).T
    start = np.searchsorted(word, pairs[1])
    counts = np.searchsorted(word, pairs[1], side="right") - start
    ends = np.cumsum(counts)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return np.repeat(pairs[0], counts), term[np.repeat(start, counts) + within]


def _stem(raw: str) -> str:
    return _ENGLISH + words.english_stem(words.joined(raw))


def _ways(group: _Group, english: bool) -> list[tuple[tuple[str, ...], float]]:
    ways = [(alternative.terms, alternative.weight) for alternative in group.alternatives]
    if english:
        stems = tuple(_stem(raw) for raw in words.tokens(group.asked))
        if stems:
            ways.append((stems, 1.0))
    return ways
