"""What terms add to passages and sections, worked out before any question."""

from __future__ import annotations

import math

import numpy as np
import pytest

from luna_rules.search.model import Corpus
from luna_rules.search.prepared import DEFAULT_WEIGHTS, Entry, Prepared, Ready
from luna_rules.search.query import Alternative, Group, Query
from luna_rules.search.ranker import judge, lexical_candidates, rank

Posting = tuple[np.ndarray, np.ndarray]


def corpus_of(sizes: list[list[int]], lengths: np.ndarray) -> Corpus:
    """Items of sections with so many passages each."""
    item = np.repeat(np.arange(len(sizes)), [sum(sections) for sections in sizes])
    flat = [size for sections in sizes for size in sections]
    return Corpus(item.astype(np.uint32), np.repeat(np.arange(len(flat)), flat).astype(np.uint32), lengths)


def random_postings(random: np.random.Generator, n: int, sizes: list[int]) -> list[Posting]:
    return [
        (
            np.sort(random.choice(n, size, replace=False)).astype(np.uint32),
            random.integers(0, 4, (size, 4)).astype(np.uint8),
        )
        for size in sizes
    ]


def test_scores_are_those_of_the_formula() -> None:
    lengths = np.array([[2, 3, 10], [2, 3, 30], [2, 1, 20], [4, 2, 40]], np.uint16)
    prepared = Prepared.of(corpus_of([[2, 1], [1]], lengths))
    frequencies = np.array([[0, 1, 2, 1], [0, 1, 1, 0]], np.uint8)
    entry = Entry.of(np.array([0, 1], np.uint32), frequencies, prepared)
    w = DEFAULT_WEIGHTS
    rarity = math.log1p((4 - 2 + 0.5) / (2 + 0.5)) ** w.idf_power

    def formula(heading: float, body: float, length: np.ndarray, averages: np.ndarray) -> float:
        norm = [1 - b + b * own / usual for b, own, usual in zip((w.b_other, w.b_body), length, averages, strict=True)]
        tf = w.heading * heading / norm[0] + (w.body * body) / norm[1]
        return tf / (tf + w.k1)

    passages = lengths[:, 1:].mean(axis=0)
    sections = np.array([[3, 40], [1, 20], [2, 40]]).mean(axis=0)
    wanted = [
        formula(1, 2 + w.part, lengths[0, 1:], passages) * rarity,
        formula(1, 1, lengths[1, 1:], passages) * rarity,
    ]
    # One of the item's two sections has the term.
    telling = 1 - w.local + w.local * math.log1p(1.5 / 1.5) / math.log1p(2.5 / 1.5)
    wanted.append(formula(1, 3 + w.part, np.array([3, 40]), sections) * rarity * telling)
    assert entry.columns.tolist() == [0, 1, 4]
    assert entry.places.tolist() == [0, 1]
    np.testing.assert_allclose(entry.scores, wanted, rtol=1e-5)
    assert entry.at_least(0.0, prepared).tolist() == entry.scores.tolist()
    np.testing.assert_allclose(entry.at_least(1.0, prepared), [rarity, rarity, rarity * telling], rtol=1e-5)


def test_a_term_that_most_sections_of_an_item_have_tells_less() -> None:
    lengths = np.full((8, 3), 5, np.uint16)
    prepared = Prepared.of(corpus_of([[1] * 4, [1] * 4], lengths))
    frequencies = np.tile(np.array([0, 0, 1, 0], np.uint8), (4, 1))
    scores = Entry.of(np.array([0, 1, 2, 4], np.uint32), frequencies, prepared).scores
    assert len(set(scores[:4].tolist())) == 1
    assert scores[4] == scores[5] == scores[6] < scores[7]


def test_postings_made_ready_together_are_as_each_for_itself() -> None:
    random = np.random.default_rng(4)
    n = 60_000
    lengths = random.integers(1, 60, (n, 3)).astype(np.uint16)
    prepared = Prepared.of(corpus_of([[3, 2, 5]] * (n // 10), lengths))
    postings = random_postings(random, n, [5, 0, 40_000, 1, 300, 50_000, 0, 7])
    together = Entry.of_all(postings, prepared)
    assert [entry.df for entry in together] == [len(numbers) for numbers, _ in postings]
    for entry, (numbers, frequencies) in zip(together, postings, strict=True):
        alone = Entry.of(numbers, frequencies, prepared)
        assert entry.columns.tolist() == alone.columns.tolist()
        assert entry.scores.tolist() == alone.scores.tolist()
    assert Entry.of_all([], prepared) == []


@pytest.mark.parametrize("share", [1.0, 0.2])
def test_candidates_are_the_best_without_cosines(share: float) -> None:
    random = np.random.default_rng(9)
    n = 20_000
    corpus = corpus_of([[2, 3]] * (n // 5), random.integers(1, 60, (n, 3)).astype(np.uint16))
    terms = [f"wort{number}" for number in range(6)]
    postings = dict(zip(terms, random_postings(random, n, [40, 300, 900, 1500, 2000, 2300]), strict=True))
    groups = (
        Group("a", (Alternative(("wort0",), 1.0), Alternative(("wort3", "wort4"), 0.5), Alternative(("wort1",), 0.4))),
        Group("b", (Alternative(("wort2",), 1.0),)),
        Group("c", (Alternative(("wort5",), 1.0),), 0.3, False),
    )
    query = Query("a b c", groups, (), terms=tuple(terms))
    ready = Ready.of(corpus, postings)
    judged = judge(query, ready)
    allowed = None if share == 1.0 else random.random(n) < share
    everything = lexical_candidates(query, corpus, ready, allowed, n, judged=judged)
    wanted = [hit.number for hit in rank(query, corpus, ready, everything, limit=50, judged=judged)]
    kept = lexical_candidates(query, corpus, ready, allowed, 500, judged=judged)
    assert len(kept) == 500 < len(everything)
    assert set(kept.tolist()) <= set(everything.tolist())
    assert len(set(wanted) & set(kept.tolist())) >= 49
    found = [hit.number for hit in rank(query, corpus, ready, kept, limit=50, judged=judged)]
    assert len(set(wanted) & set(found)) >= 48
