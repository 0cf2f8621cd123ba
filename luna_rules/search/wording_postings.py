"""In which wordings of sections and Absätze which terms stand, and how much each of them tells there.

Only reading and counting belongs here; what a question finds by them is told by `wordings`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from luna_rules.search import laws, words
from luna_rules.search.analyser import Analyser
from luna_rules.search.tables import SectionWording

_PART = 0.5
_OF_LAW = 0.3
_IDF_POWER = 0.75
_LENGTH_POWER = 0.15
_ENGLISH = "en:"

_F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Posting:
    """In which sections a term stands, what it adds there, how much it tells, and its `number` in `Paragraphs`."""

    sections: NDArray[np.int32]
    impacts: _F32
    idf: float
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Paragraphs:
    """The terms of each Absatz that has wordings of its own: those of Absatz `i` stand from `starts[i]` to the next.

    `terms` are numbers of terms, `impacts` what each of them adds there.
    """

    starts: NDArray[np.int64]
    terms: NDArray[np.int32]
    impacts: _F32

    def spoken(
        self, paragraphs: NDArray[np.int64], terms: NDArray[np.int32], ways: NDArray[np.int64], shares: _F32, most: int
    ) -> _F32:
        """What some Absätze (columns) say of `most` ways (rows) of saying something.

        A way is one or several terms: `terms` with the way that each belongs to and the share that it counts there.
        """
        counts = self.starts[paragraphs + 1] - self.starts[paragraphs]
        columns = np.repeat(np.arange(len(paragraphs)), counts)
        ends = np.cumsum(counts)
        entries = np.arange(ends[-1] if len(ends) else 0) + np.repeat(self.starts[paragraphs] - (ends - counts), counts)
        order = np.argsort(terms, kind="stable")
        asked = terms[order]
        own = self.terms[entries]
        first = np.searchsorted(asked, own)
        hits = np.searchsorted(asked, own, side="right") - first
        # A term may belong to several ways.
        ends = np.cumsum(hits)
        within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - hits, hits)
        which = order[np.repeat(first, hits) + within]
        said = np.repeat(self.impacts[entries], hits) * shares[which]
        cells = ways[which] * len(paragraphs) + np.repeat(columns, hits)
        sums = np.bincount(cells, said, minlength=most * len(paragraphs))
        return sums.astype(np.float32).reshape(most, len(paragraphs))


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """Which words stand in which wordings, whatever a corpus makes of them: the same for every lexicon.

    `german` and `english`: all words, once each; `in_german` and `in_english`: pairs (2 × n) of a place, from 0, and
    one of those words. Those of a whole law stand at each of its sections in `of_law_german` and `of_law_english`.
    `labels`: look-up terms of the Absätze that have words of their own, those of a section one after the other, `spans`
    of each place; `absatz_german` and `absatz_english` are pairs of an Absatz and a word.
    """

    places: list[tuple[str, str]]
    labels: list[str]
    spans: list[tuple[int, int]]
    german: list[str]
    english: list[str]
    in_german: NDArray[np.int32]
    in_english: NDArray[np.int32]
    of_law_german: NDArray[np.int32]
    of_law_english: NDArray[np.int32]
    absatz_german: NDArray[np.int32]
    absatz_english: NDArray[np.int32]
    spoken: tuple[frozenset[str], frozenset[str]]


@lru_cache(maxsize=2)
def read_wordings(
    wordings: tuple[SectionWording, ...], ignored: frozenset[str], english_ignored: frozenset[str]
) -> Written:
    """Which words stand in which wordings; kept, as several lexicons read the same. What is ignored: `WordingIndex`."""
    names: dict[str, str] = {}
    places: dict[tuple[str, str], int] = {}
    german: dict[str, int] = {}
    english: dict[str, int] = {}
    pairs: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    of_law: dict[str, tuple[list[int], list[int]]] = {}
    within: defaultdict[int, dict[str, tuple[list[int], list[int]]]] = defaultdict(dict)
    for wording in wordings:
        said = (
            [german.setdefault(raw, len(german)) for raw in _german(wording.german, ignored)],
            [english.setdefault(raw, len(english)) for raw in _english(wording.english, english_ignored)],
        )
        for law in wording.laws:
            name = names.setdefault(law, law_name(law))
            if wording.section is None:
                for kept, own in zip(of_law.setdefault(name, ([], [])), said, strict=True):
                    kept += own
                continue
            key = (name, laws.section_term(laws.section_key(wording.section) or ""))
            place = places.setdefault(key, len(places))
            for kept, own in zip(pairs, said, strict=True):
                kept += [(place, word) for word in own]
            for label, german_own, english_own in wording.paragraphs:
                own = within[place].setdefault(laws.paragraph_term(label), ([], []))
                own[0].extend(german.setdefault(raw, len(german)) for raw in _german(german_own, ignored))
                own[1].extend(english.setdefault(raw, len(english)) for raw in _english(english_own, english_ignored))
    whole: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for (name, _), place in places.items():
        for kept, own in zip(whole, of_law.get(name, ((), ())), strict=True):
            kept += [(place, word) for word in own]
    labels: list[str] = []
    spans: list[tuple[int, int]] = []
    of_absatz: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for place in places.values():
        first = len(labels)
        for label, said in within.get(place, {}).items():
            for kept, own in zip(of_absatz, said, strict=True):
                kept += [(len(labels), word) for word in own]
            labels.append(label)
        spans.append((first, len(labels)))
    in_german, in_english, of_law_german, of_law_english, absatz_german, absatz_english = (
        np.array(some, np.int32).reshape(-1, 2).T for some in (*pairs, *whole, *of_absatz)
    )
    return Written(
        places=list(places),
        labels=labels,
        spans=spans,
        german=list(german),
        english=list(english),
        in_german=in_german,
        in_english=in_english,
        of_law_german=of_law_german,
        of_law_english=of_law_english,
        absatz_german=absatz_german,
        absatz_english=absatz_english,
        spoken=(_spelled(german), _spelled(english)),
    )


def _spelled(some: Iterable[str]) -> frozenset[str]:
    return frozenset(words.spelling(raw) for raw in some)


def _german(text: str, ignored: frozenset[str]) -> list[str]:
    return [raw for raw in dict.fromkeys(words.tokens(words.clean(text))) if words.spelling(raw) not in ignored]


def _english(text: str, ignored: frozenset[str]) -> list[str]:
    return [raw for raw in dict.fromkeys(words.tokens(text.lower())) if raw not in ignored]


def postings(written: Written, analyser: Analyser) -> tuple[dict[str, Posting], Paragraphs]:
    """In which sections each term stands, where a section of many words says less with each; and what Absätze say."""
    terms: dict[str, int] = {}
    full: list[tuple[int, int]] = []
    parts: list[tuple[int, int]] = []
    for number, raw in enumerate(written.german):
        word = analyser.word(raw)
        full += [(number, terms.setdefault(term, len(terms))) for term in word.full]
        parts += [(number, terms.setdefault(term, len(terms))) for term in word.parts]
    stems = [(n, terms.setdefault(english_term(raw), len(terms))) for n, raw in enumerate(written.english)]
    sections, owners, weights = _heaviest(
        [
            (*_joined(written.in_german, full), 1.0),
            (*_joined(written.in_german, parts), _PART),
            (*_joined(written.in_english, stems), 1.0),
            (*_joined(written.of_law_german, full), _OF_LAW),
            (*_joined(written.of_law_german, parts), _OF_LAW * _PART),
            (*_joined(written.of_law_english, stems), _OF_LAW),
        ]
    )
    own = weights >= _PART
    count = len(written.places)
    lengths = np.bincount(sections[own], minlength=count)
    shares = (max(float(lengths.mean()), 1.0) / np.maximum(lengths, 1)) ** _LENGTH_POWER if count else lengths
    weights = np.where(own, weights * shares[sections], weights)
    sizes = np.bincount(owners[own], minlength=len(terms))
    idf = np.log1p((count - sizes + 0.5) / (sizes + 0.5)) ** _IDF_POWER / math.log1p(count + 0.5) ** _IDF_POWER
    impacts = (weights * idf[owners]).astype(np.float32)
    ends = np.searchsorted(owners, np.arange(len(terms) + 1)).tolist()
    paragraphs, said, impacts_there = _heaviest(
        [
            (*_joined(written.absatz_german, full), 1.0),
            (*_joined(written.absatz_german, parts), _PART),
            (*_joined(written.absatz_english, stems), 1.0),
        ]
    )
    by_absatz = np.argsort(paragraphs, kind="stable")
    within = Paragraphs(
        starts=np.searchsorted(paragraphs[by_absatz], np.arange(len(written.labels) + 1)),
        terms=said[by_absatz],
        impacts=(impacts_there * idf[said]).astype(np.float32)[by_absatz],
    )
    known = {
        term: Posting(sections[a:b], impacts[a:b], float(idf[number]), number)
        for (term, number), (a, b) in zip(terms.items(), pairwise(ends), strict=True)
        if b > a
    }
    return known, within


def _heaviest(
    some: Sequence[tuple[NDArray[np.int32], NDArray[np.int32], float]],
) -> tuple[NDArray[np.int32], NDArray[np.int32], _F32]:
    """Places and terms with a weight, by term and place: of a term that a place has in several ways the heaviest."""
    places = np.concatenate([one for one, _, _ in some])
    owners = np.concatenate([one for _, one, _ in some])
    weights = np.concatenate([np.full(len(one), weight, np.float32) for one, _, weight in some])
    order = np.lexsort((-weights, places, owners))
    places, owners, weights = places[order], owners[order], weights[order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (places[1:] != places[:-1]) | (owners[1:] != owners[:-1])
    return places[first], owners[first], weights[first]


def _joined(pairs: NDArray[np.int32], meant: Sequence[tuple[int, int]]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Places and terms, from pairs of places and words and the terms of each word (ascending words)."""
    word, term = np.array(meant, np.int32).reshape(-1, 2).T
    start = np.searchsorted(word, pairs[1])
    counts = np.searchsorted(word, pairs[1], side="right") - start
    ends = np.cumsum(counts)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return np.repeat(pairs[0], counts), term[np.repeat(start, counts) + within]


def law_name(law: str) -> str:
    """The look-up term of a law's wordings: by its name without the year, which every version of the law has."""
    return laws.law_term((laws.law_keys(law) or (law,))[-1])


def english_term(raw: str) -> str:
    """The term of an English word, which no German one shares."""
    return _ENGLISH + words.english_stem(words.joined(raw))
