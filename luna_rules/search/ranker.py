"""Candidates and their order, from postings alone: the same for every engine. Storage and filters are elsewhere.

Words are judged exactly for all passages at once: what a term adds is known beforehand (`prepared`), so a question only
joins it. Cosines are dear, so only candidates get one, and the final order with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.heard import heard, names
from luna_rules.search.model import Corpus, Postings, Ranked
from luna_rules.search.pointed import hinted, look_up_sets, without_laws
from luna_rules.search.prepared import DEFAULT_WEIGHTS, F32, Entry, Prepared, Ready, Weights
from luna_rules.search.query import Query

__all__ = [
    "DEFAULT_WEIGHTS",
    "Entry",
    "Judged",
    "Prepared",
    "Ready",
    "Weights",
    "judge",
    "lexical_candidates",
    "rank",
]

_LAW_SECTIONS = 5
_MOST_LAW_SECTIONS = 2_000  # the best sections of all laws; what lies behind them moves no law
_SAMPLE = 2_000
_OUT_OF_REACH = 1e6  # what no passage has


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """How well every passage and every section answers to a question, cosines and laws left out.

    `passages` and `sections`: by their words (BM25F, groups added up). For each passage, None where there is no such
    thing: `wording` 0…1 if the question's wording points at it, `unworded` what that is at most for one whose law has
    no wordings, `apart` if it is of another energy's law, `named` and `lookup` what a look-up adds.
    """

    passages: F32
    sections: F32
    wording: F32 | None
    unworded: F32 | None
    apart: NDArray[np.bool_] | None
    named: F32 | None
    lookup: F32 | None


def judge(
    query: Query, ready: Ready, weights: Weights = DEFAULT_WEIGHTS, *, ended: NDArray[np.bool_] | None = None
) -> Judged:
    """Judges all passages and sections by all that needs no vector.

    `ended` marks the passages of versions that have an end. What people ask of a section is known of the text in force,
    which may regulate elsewhere what an older one did, so these are lifted like laws without wordings, too.
    """
    n = ready.prepared.size
    by_words = _by_words(query, ready, weights)
    wording = unworded = apart = named = exact = None
    if found := hinted(query, ready, weights):
        places = [some for some, _ in found]
        worth = np.repeat(np.array([weight for _, weight in found], np.float32), [len(some) for some in places])
        wording = np.zeros(n, np.float32)
        np.maximum.at(wording, np.concatenate(places), worth)
        unworded = without_laws(query.worded, ready)
        if ended is not None:
            unworded = np.maximum(unworded, ended)
        unworded = np.float32(weights.unworded * wording.max(initial=0)) * unworded
    for term in query.behind:
        if term in ready.entries:
            apart = np.zeros(n, np.bool_) if apart is None else apart
            apart[ready.entries[term].places] = True
    for lookup in query.lookups:
        for places, bonus in look_up_sets(lookup, ready.entries, weights):
            if named is None or exact is None:
                named, exact = np.zeros(n, np.float32), np.zeros(n, np.float32)
            (exact if bonus >= weights.lookup * 0.5 else named)[places] += np.float32(bonus)
    return Judged(by_words[:n], by_words[n:], wording, unworded, apart, named, exact)


def _by_words(query: Query, ready: Ready, weights: Weights) -> F32:
    """Scores of passages and, behind them, of sections: a group's best alternative counts, groups add up.

    The terms of an alternative add up, too.
    """
    prepared, entries = ready.prepared, ready.entries
    n = prepared.size
    total, best, sums = (np.zeros(n + prepared.section_count, np.float32) for _ in range(3))
    sizes = {term: entry.df for term, entry in entries.items()}
    named = names(query, sizes, n, weights)
    for ways in heard(query, sizes, n, weights):
        for known, weight in ways:
            for term in known:
                entry = entries[term]
                scores = entry.at_least(weights.named, prepared) if term in named else entry.scores
                if len(known) == 1:
                    np.maximum.at(best, entry.columns, scores * weight)
                else:
                    np.add.at(sums, entry.columns, scores * weight)
            if len(known) > 1:
                np.maximum(best, sums, out=best)
                sums.fill(0)
        if ways:
            total += best
            best.fill(0)
    return total


def lexical_candidates(
    query: Query,
    corpus: Corpus,
    postings: Postings | Ready,
    allowed: NDArray[np.bool_] | None = None,
    limit: int = 400,
    *,
    weights: Weights = DEFAULT_WEIGHTS,
    judged: Judged | None = None,
) -> NDArray[np.uint32]:
    """The passages worth ranking: the best by all that `rank` counts but cosines. Ascending numbers.

    `allowed` (n booleans) restricts to what a filter lets through. At most `limit` passages are returned. `judged` of
    the same question need not be worked out again.
    """
    if len(corpus.item) == 0 or limit <= 0:
        return np.zeros(0, np.uint32)
    ready = Ready.of(corpus, postings, weights)
    judged = judge(query, ready, weights) if judged is None else judged
    prepared = ready.prepared
    worth = judged.passages > 0
    for beside in (judged.wording, judged.named, judged.lookup):
        if beside is not None:
            worth |= beside > 0
    if allowed is not None:
        worth &= allowed
    if int(np.count_nonzero(worth)) <= limit:
        return np.flatnonzero(worth).astype(np.uint32)

    # All passages are worked out on end: that takes less than picking those that are worth it.
    by_section = judged.sections
    if allowed is not None:
        visible = np.zeros(prepared.section_count, np.bool_)
        visible[prepared.section_of[worth]] = True
        by_section = by_section * visible
    by_section = _scaled(by_section, weights.section) + _scaled(_law_sums(by_section, prepared), weights.law)
    total = by_section.take(prepared.section_of, mode="clip")
    beside_words = np.float32(weights.wording_in(query.language))
    if judged.wording is not None and judged.unworded is not None:
        best = float(by_section.max(initial=0.0))
        instead = judged.unworded * (total * np.float32(1 / best) if best > 0 else total)
        np.maximum(instead, judged.wording, out=instead)
        instead *= beside_words
        total += instead
    best = float(np.multiply(judged.passages, worth).max(initial=0.0))
    if best > 0:
        total += judged.passages * np.float32(weights.chunk / best)
    if judged.apart is not None:
        total -= np.float32(weights.energy_in(query.language) * query.doubt) * judged.apart
    for bonus in (judged.named, judged.lookup):
        if bonus is not None:
            total += bonus
    total -= np.float32(_OUT_OF_REACH) * ~worth
    return _highest(total, limit).astype(np.uint32)


def _highest(values: F32, limit: int) -> NDArray[np.intp]:
    """The places of the `limit` highest of more values, ascending; among equals the earlier ones."""
    # A sample tells a value that somewhat more than enough exceed; what is below needs no sorting.
    sample = values[:: max(len(values) // _SAMPLE, 1)]
    rank = min(2 * limit * len(sample) // len(values) + 8, len(sample))
    near = np.flatnonzero(values >= np.partition(sample, len(sample) - rank)[len(sample) - rank])
    if len(near) < limit:
        near = np.arange(len(values))
    some = values[near]
    least = np.partition(some, len(some) - limit)[len(some) - limit]
    above = some >= least
    surplus = int(np.count_nonzero(above)) - limit
    if surplus:
        above[np.flatnonzero(some == least)[-surplus:]] = False
    return near[above]


def rank(
    query: Query,
    corpus: Corpus,
    postings: Postings | Ready,
    candidates: NDArray[np.uint32],
    *,
    dense: F32 | None = None,
    limit: int = 10,
    per_section: int | None = None,
    weights: Weights = DEFAULT_WEIGHTS,
    judged: Judged | None = None,
) -> list[Ranked]:
    """Scores candidates and returns the best, best first.

    `dense`: cosines of the candidates, in their order. Sections are judged by all their passages in the corpus, so a
    candidate profits from its neighbours. `per_section` caps how many passages of one section are returned. `judged`
    of the same question need not be worked out again.
    Scores are sums of parts that are relative to the best candidate (0…1 each); an exact look-up adds more than all.
    """
    if len(candidates) == 0 or limit <= 0:
        return []
    ready = Ready.of(corpus, postings, weights)
    prepared = ready.prepared
    chosen = candidates.astype(np.int64)
    if not bool((chosen[1:] > chosen[:-1]).all()):
        chosen, order = np.unique(chosen, return_index=True)
        dense = None if dense is None else dense[order]
    m = len(chosen)
    section_of = prepared.section_of[chosen]
    begins = np.ones(m, bool)
    begins[1:] = section_of[1:] != section_of[:-1]
    sections = section_of[begins]
    section_of = np.cumsum(begins) - 1

    judged = judge(query, ready, weights) if judged is None else judged
    lexical, by_section = judged.passages[chosen], judged.sections[sections]
    parts: dict[str, F32] = {
        "section": weights.section * _relative(by_section)[section_of],
        "lexical": weights.chunk * _relative(lexical),
    }
    if dense is not None:
        cosine = np.maximum(np.asarray(dense, np.float32), 0)
        best = np.maximum.reduceat(cosine, np.flatnonzero(begins))
        parts["dense"] = np.asarray(
            weights.dense * 0.5 * (_relative(cosine) + _relative(best)[section_of]), dtype=np.float32
        )
    parts["law"] = weights.law * _relative(_best_sum(by_section, prepared.items[sections]))[section_of]
    if query.behind:
        apart = np.zeros(m, np.bool_) if judged.apart is None else judged.apart[chosen]
        parts["energy"] = np.where(apart, 0.0, weights.energy_in(query.language) * query.doubt).astype(np.float32)
    if query.hints:
        instead = _at(judged.unworded, chosen) * _relative(by_section)[section_of]
        worth_of_wording = np.float32(weights.wording_in(query.language))
        parts["wording"] = worth_of_wording * _at(judged.wording, chosen)
        parts["unworded"] = worth_of_wording * instead
    parts["named"] = _at(judged.named, chosen)
    parts["lookup"] = _at(judged.lookup, chosen)
    total = np.zeros(m, np.float32)
    for part in parts.values():
        total += part
    order = _best_first(total, limit if per_section is None else m)
    if per_section is not None:
        order = order[_of_each(section_of[order], per_section)][:limit]
    columns = [part[order].tolist() for part in parts.values()]
    return [
        Ranked(number, score, dict(zip(parts, own, strict=True)))
        for number, score, *own in zip(chosen[order].tolist(), total[order].tolist(), *columns, strict=True)
    ]


def _of_each(owner: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """The places of the first so many of each owner, ascending."""
    order = np.argsort(owner, kind="stable")
    sorted_owner = owner[order]
    begins = np.ones(len(owner), bool)
    begins[1:] = sorted_owner[1:] != sorted_owner[:-1]
    starts = np.flatnonzero(begins)
    before = np.arange(len(owner)) - starts[np.cumsum(begins) - 1]
    return np.sort(order[before < most])


def _best_first(total: F32, limit: int) -> NDArray[np.intp]:
    """The places of the highest values, highest first; among equals the earlier one comes first."""
    if len(total) <= limit:
        return np.argsort(-total, kind="stable")
    least = np.partition(total, len(total) - limit)[len(total) - limit]
    kept = np.flatnonzero(total >= least)
    return kept[np.argsort(-total[kept], kind="stable")]


def _at(values: F32 | None, chosen: NDArray[np.int64]) -> F32:
    """The values of the chosen, zeros where there are none."""
    return np.zeros(len(chosen), np.float32) if values is None else values[chosen]


def _scaled(values: F32, highest: float) -> F32:
    """Values (≥ 0) on a scale on which the best is the highest."""
    best = float(values.max(initial=0.0))
    return values * np.float32(highest / best) if best > 0 else values


def _law_sums(by_section: F32, prepared: Prepared) -> F32:
    """For each section the sum of the best few of its item, as far as they are among the best of all."""
    some = np.flatnonzero(by_section > 0)
    if len(some) > _MOST_LAW_SECTIONS:
        some = some[_highest(by_section[some], _MOST_LAW_SECTIONS)]
    sums = np.zeros(len(prepared.item_sizes), np.float32)
    owner = prepared.item_of[some]
    sums[owner] = _best_sum(by_section[some], owner)
    return sums[prepared.item_of]


def _relative(values: F32) -> F32:
    best = float(values.max(initial=0.0))
    return values / np.float32(best) if best > 0 else np.zeros_like(values)


def _best_sum(values: F32, owner: NDArray[np.int32] | NDArray[np.int64]) -> F32:
    """For each value (≥ 0) the sum of its owner's best few. Values of one owner follow one another."""
    begins = np.ones(len(values), bool)
    begins[1:] = owner[1:] != owner[:-1]
    starts = np.flatnonzero(begins)
    group = np.cumsum(begins) - 1
    # One sort by owner, then falling value: each owner's values stay within their own range of keys.
    order = np.argsort(group * (2.0 * float(values.max(initial=0.0)) + 1.0) - values)
    kept = np.arange(len(values)) - starts[group] < _LAW_SECTIONS
    sums = np.bincount(group[kept], weights=values[order][kept], minlength=len(starts)).astype(np.float32)
    return sums[group]
