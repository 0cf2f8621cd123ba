"""Postings made ready for ranking: what each term adds to each passage and section, which holds for every question.

BM25F needs only the corpus and the term's own posting, so an engine works it out once and keeps it beside the corpus.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.model import Corpus, Postings

F32 = NDArray[np.float32]
_AT_ONCE = 65_536  # so many rows of postings, with all that is worked out of them, stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Weights:
    """The ranker's constants. The defaults were chosen on questions about energy law; scores are flat around them."""

    title: float = 0.7
    heading: float = 2.5
    body: float = 1.0
    part: float = 0.5
    k1: float = 1.5
    b_body: float = 0.9
    b_other: float = 0.2
    idf_power: float = 0.75
    section: float = 1.0
    chunk: float = 0.6
    dense: float = 0.65
    law: float = 0.3
    named_law: float = 1.0
    unnamed_section: float = 0.5
    lookup: float = 10.0
    local: float = 0.3
    energy: float = 0.8
    wording: float = 2.5
    wording_english: float = 5.0  # the same for an English question, whose own words no law has
    absatz: float = 0.25  # of a wording's worth what an Absatz lacks that answers nothing of the question
    unworded: float = 1.0  # of the best wording's worth what a law without wordings has, as far as its words fit
    name: float = 1.5  # times which a rare word counts that can be said in no other way
    identifier: float = 3.0  # the same, where it is a number or mark of something
    rare: float = 0.003  # in at most this share of the passages
    named: float = 0.4  # what a name counts at least where it stands, however long the text
    common: float = 0.12  # terms in more than this share of the passages find nothing on a server outside

    def wording_in(self, language: str) -> float:
        """What everyday wordings count for a question in this language."""
        return self.wording_english if language == "en" else self.wording

    def energy_in(self, language: str) -> float:
        """What a law for another energy stands back by: in keeping with what wordings lift it by."""
        return self.energy * self.wording_in(language) / self.wording


DEFAULT_WEIGHTS = Weights()


def idf(df: int, n: int, power: float) -> float:
    """How much a term of `df` among `n` passages tells."""
    return math.log1p((n - df + 0.5) / (df + 0.5)) ** power


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What follows from a corpus alone: an engine makes it once and keeps it beside the corpus.

    Sections are runs of passages, so they follow one another: `starts` has one entry more than there are sections.
    `factors` are the weights of title, heading and body (3 × passages) by length, `section_factors` the same for
    sections with all their passages. `item_of` numbers the runs of sections of one item, `item_sizes` counts them.
    `sections_named` and `laws_named` keep what look-up terms that many questions share come to: the passages of a law's
    section or Absatz, and 1 for those of none of some laws. Both follow from the corpus, so threads may write the same
    twice.
    """

    starts: NDArray[np.int64]
    section_of: NDArray[np.int32]
    items: NDArray[np.int64]
    item_of: NDArray[np.int32]
    item_sizes: NDArray[np.int32]
    factors: F32
    section_factors: F32
    weights: Weights
    sections_named: dict[tuple[str, str, str | None], NDArray[np.int32]] = field(
        default_factory=dict[tuple[str, str, str | None], NDArray[np.int32]]
    )
    laws_named: dict[tuple[str, ...], F32] = field(default_factory=dict[tuple[str, ...], F32])

    @staticmethod
    def of(corpus: Corpus, weights: Weights = DEFAULT_WEIGHTS) -> Prepared:
        """Reads the corpus once."""
        n = len(corpus.item)
        border = np.ones(n, bool)
        border[1:] = (corpus.section[1:] != corpus.section[:-1]) | (corpus.item[1:] != corpus.item[:-1])
        first = np.flatnonzero(border)
        lengths = np.ascontiguousarray(corpus.lengths.T, np.float32)
        section_lengths = lengths[:, first]
        if n:
            section_lengths[2] = np.add.reduceat(lengths[2], first)
        items = corpus.item[first].astype(np.int64)
        begins = np.ones(len(items), bool)
        begins[1:] = items[1:] != items[:-1]
        item_of = (np.cumsum(begins) - 1).astype(np.int32)
        return Prepared(
            starts=np.append(first, n),
            section_of=(np.cumsum(border) - 1).astype(np.int32),
            items=items,
            item_of=item_of,
            item_sizes=np.bincount(item_of).astype(np.int32),
            factors=_factors(lengths, weights),
            section_factors=_factors(section_lengths, weights),
            weights=weights,
        )

    @property
    def size(self) -> int:
        """Number of passages."""
        return len(self.section_of)

    @property
    def section_count(self) -> int:
        """Number of sections."""
        return len(self.items)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        small = (self.starts, self.section_of, self.items, self.item_of, self.item_sizes)
        return sum(array.nbytes for array in (*small, self.factors, self.section_factors))

    def telling(self, sections: NDArray[np.int32], row: NDArray[np.intp]) -> F32:
        """For each term in a section, how well it tells the section from the others of its item: 1 where few have it.

        A word that stands in most sections of a law says nothing about which of them is meant, rare though it be
        elsewhere. `row` numbers the terms; both ascend, and a term's sections do.
        """
        item = self.item_of[sections]
        last = _ends(row, item)
        counts = np.diff(last, prepend=-1)
        total = self.item_sizes[item[last]].astype(np.float32)
        rarity = np.log1p((total - counts + 0.5) / (counts + 0.5)) / np.log1p((total + 0.5) / 1.5)
        share = self.weights.local
        return np.repeat((1 - share + share * rarity).astype(np.float32), counts)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A posting made ready.

    `columns` are the passages of the term and behind them its sections, which are numbered on behind all passages of
    the corpus; both ascend. `scores` is what the term adds to each, `df` how many of the columns are passages.
    """

    columns: NDArray[np.int32]
    scores: F32
    df: int

    @property
    def places(self) -> NDArray[np.int32]:
        """The passages of the term, ascending."""
        return self.columns[: self.df]

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return self.columns.nbytes + self.scores.nbytes

    @staticmethod
    def of(numbers: NDArray[np.uint32], frequencies: NDArray[np.uint8], prepared: Prepared) -> Entry:
        """Makes one posting ready."""
        return Entry.of_all([(numbers, frequencies)], prepared)[0]

    @staticmethod
    def of_all(
        postings: Sequence[tuple[NDArray[np.uint16 | np.uint32], NDArray[np.uint8]]], prepared: Prepared
    ) -> list[Entry]:
        """Makes postings ready, many small ones at once: each for itself would cost more in calls than in work."""
        found: list[Entry] = []
        start = rows = 0
        for end, (numbers, _) in enumerate(postings, start=1):
            rows += len(numbers)
            if rows >= _AT_ONCE or end == len(postings):
                found += _entries(postings[start:end], prepared)
                start, rows = end, 0
        return found

    def at_least(self, least: float, prepared: Prepared) -> F32:
        """The scores where the term counts at least so much (0…1, before rarity), however long the text."""
        floor = np.float32(least * idf(self.df, prepared.size, prepared.weights.idf_power))
        floors = np.full(len(self.scores), floor, np.float32)
        if prepared.weights.local > 0:
            sections = self.columns[self.df :] - np.int32(prepared.size)
            floors[self.df :] *= prepared.telling(sections, np.zeros(len(sections), np.intp))
        return np.maximum(self.scores, floors)


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """Postings of a question that an engine has made ready, all by the same `Prepared`."""

    prepared: Prepared
    entries: Mapping[str, Entry]

    @staticmethod
    def of(corpus: Corpus, postings: Postings | Ready, weights: Weights = DEFAULT_WEIGHTS) -> Ready:
        """Makes stored postings ready where they are not."""
        if isinstance(postings, Ready):
            return postings
        prepared = Prepared.of(corpus, weights)
        return Ready(prepared, dict(zip(postings, Entry.of_all(list(postings.values()), prepared), strict=True)))


def _factors(lengths: F32, weights: Weights) -> F32:
    """Weights of title, heading and body, the less the longer they are than usual, tempered by b."""
    b = np.array([weights.b_other, weights.b_other, weights.b_body], np.float32)[:, None]
    factors = np.array([weights.title, weights.heading, weights.body], np.float32)[:, None]
    average = np.maximum(lengths.mean(axis=1, keepdims=True), 1.0) if lengths.shape[1] else np.float32(1.0)
    return np.asarray(factors / ((1 - b) + b * lengths / average), dtype=np.float32)


def _ends(row: NDArray[np.intp], value: NDArray[np.int32]) -> NDArray[np.intp]:
    """Where a run of the same row and value ends."""
    last = np.ones(len(row), bool)
    last[:-1] = (row[1:] != row[:-1]) | (value[1:] != value[:-1])
    return np.flatnonzero(last)


def _entries(
    postings: Sequence[tuple[NDArray[np.uint16 | np.uint32], NDArray[np.uint8]]], prepared: Prepared
) -> list[Entry]:
    weights = prepared.weights
    sizes = np.array([len(numbers) for numbers, _ in postings], np.intp)
    if not sizes.sum():
        return [Entry(np.zeros(0, np.int32), np.zeros(0, np.float32), 0) for _ in postings]
    rarity = np.array([idf(size, prepared.size, weights.idf_power) for size in sizes.tolist()], np.float32)
    places = np.concatenate([numbers for numbers, _ in postings]).astype(np.int32)
    counts = np.concatenate([frequencies for _, frequencies in postings]).T.astype(np.float32)
    row = np.repeat(np.arange(len(postings)), sizes)
    counts[3] *= np.float32(weights.part / weights.body)
    counts[2] += counts[3]  # parts of compounds stand in the body for the most part, and count by its length
    scores = _saturated(counts, prepared.factors, places, weights) * rarity[row]

    # Passages of a section share title and heading, their bodies add up to the section's. Postings ascend, so those of
    # a term in a section follow one another.
    sections = prepared.section_of[places]
    last = _ends(row, sections)
    summed = counts[:3, last]
    np.add.reduceat(counts[2], np.append(0, last[:-1] + 1), out=summed[2])
    sections, section_row = sections[last], row[last]
    by_section = _saturated(summed, prepared.section_factors, sections, weights) * rarity[section_row]
    if weights.local > 0:
        by_section *= prepared.telling(sections, section_row)
    sections += np.int32(prepared.size)

    ends = np.cumsum(sizes)
    section_ends = np.searchsorted(section_row, np.arange(len(postings)), side="right")
    found: list[Entry] = []
    start = section_start = 0
    for end, section_end in zip(ends.tolist(), section_ends.tolist(), strict=True):
        columns = np.concatenate((places[start:end], sections[section_start:section_end]))
        values = np.concatenate((scores[start:end], by_section[section_start:section_end]))
        found.append(Entry(columns, values, end - start))
        start, section_start = end, section_end
    return found


def _saturated(counts: F32, factors: F32, columns: NDArray[np.int32], weights: Weights) -> F32:
    """Frequencies (title, heading, body × postings) by the factors of their columns, on the way to their limit of 1."""
    tf = counts[0] * factors[0][columns]
    tf += counts[1] * factors[1][columns]
    tf += counts[2] * factors[2][columns]
    return np.asarray(tf / (tf + np.float32(weights.k1)), dtype=np.float32)
