"""Candidates and their order, from postings alone: the same for every engine. Storage and filters are elsewhere.

Both steps touch each posting only in numpy; statistics follow from the postings that were handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.lookups import Lookup
from luna_rules.search.model import Corpus, Postings, Ranked
from luna_rules.search.query import Query

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """The ranker's constants. The defaults were chosen on questions about energy law; scores are flat around them."""

    title: float = 0.7
    heading: float = 2.5
    body: float = 1.0
    part: float = 0.5
    k1: float = 1.5
    b_body: float = 0.9
    b_other: float = 0.3
    idf_power: float = 0.75
    section: float = 1.0
    chunk: float = 0.6
    dense: float = 0.5
    law: float = 0.3
    named_law: float = 0.5
    unnamed_section: float = 0.5
    lookup: float = 10.0
    common: float = 0.12  # terms in more than this share of the passages find no candidates


DEFAULT_WEIGHTS = Weights()
_LAW_SECTIONS = 5
_SMALL = 1000  # below so many passages every term may find candidates


@lru_cache(maxsize=8)
def _frequency_tables(weights: Weights) -> tuple[F32, F32]:
    """Weighted frequencies by pairs of bytes: title and heading, body and part (as a machine word of two bytes)."""
    pair = np.arange(65536, dtype=np.uint16).view(np.uint8).reshape(-1, 2).astype(np.float32)
    above = pair @ np.array([weights.title, weights.heading], np.float32)
    below = pair @ np.array([weights.body, weights.part], np.float32)
    return above, below


def lexical_candidates(
    query: Query,
    corpus: Corpus,
    postings: Postings,
    allowed: NDArray[np.bool_] | None = None,
    limit: int = 400,
    *,
    weights: Weights = DEFAULT_WEIGHTS,
) -> NDArray[np.uint32]:
    """The passages worth ranking: those named exactly, and the best by an approximate score. Ascending numbers.

    `allowed` (n booleans) restricts to what a filter lets through. At most `limit` passages are returned.
    """
    n = len(corpus.item)
    if n == 0 or limit <= 0:
        return np.zeros(0, np.uint32)
    norm = _body_norm(corpus, weights)
    above, below = _frequency_tables(weights)
    ceiling = weights.common * n if n > _SMALL else n
    total = np.zeros(n, np.float32)
    best = np.zeros(n, np.float32)
    for share in (ceiling, n):
        for group in query.groups:
            touched = False
            for alternative in group.alternatives:
                for term in alternative.terms:
                    posting = postings.get(term)
                    if posting is None or not 0 < len(posting[0]) <= share:
                        continue
                    numbers, frequencies = posting
                    # Two frequencies at once: the rows' bytes are read as pairs that index tables.
                    pairs = np.ascontiguousarray(frequencies).view(np.uint16)
                    impact = below[pairs[:, 1]]
                    impact *= norm[numbers]
                    impact += above[pairs[:, 0]]
                    impact /= impact + np.float32(weights.k1)
                    impact *= np.float32(_idf(len(numbers), n, weights.idf_power) * alternative.weight * group.weight)
                    best[numbers] = np.maximum(best[numbers], impact) if touched else impact
                    touched = True
            if touched:
                total += best
                best[:] = 0
        if ceiling == n or total.any():  # words that are everywhere decide only where there are no others
            break
    for lookup in query.lookups:
        for numbers, bonus in _look_up_sets(lookup, postings, weights):
            total[numbers] += np.float32(bonus * 10.0)
    if allowed is not None:
        total[~allowed] = 0
    found = np.flatnonzero(total > 0)
    if len(found) > limit:
        found = found[np.argpartition(total[found], len(found) - limit)[len(found) - limit :]]
        found.sort()
    return found.astype(np.uint32)


def _look_up_sets(lookup: Lookup, postings: Postings, weights: Weights) -> list[tuple[NDArray[np.uint32], float]]:
    """Which passages a look-up names, with the bonus of each set (sets of one look-up may overlap and add up)."""
    in_law = [postings[term][0] for term in lookup.laws if term in postings]
    law = np.unique(np.concatenate(in_law)) if in_law else None
    if lookup.section is None:
        return [] if law is None else [(law, weights.named_law)]
    section = postings[lookup.section][0] if lookup.section in postings else None
    if section is None or (law is None and lookup.laws):
        return [] if law is None else [(law, weights.named_law)]
    named = section if law is None else np.intersect1d(law, section, assume_unique=True)
    if law is not None and not len(named):
        return [(law, weights.named_law)]
    bonus = weights.unnamed_section if law is None else weights.lookup
    sets = [(named, bonus)]
    if lookup.paragraph is not None and lookup.paragraph in postings:
        exact = np.intersect1d(named, postings[lookup.paragraph][0], assume_unique=True)
        sets.append((exact, bonus * 0.5))
    return sets


def rank(
    query: Query,
    corpus: Corpus,
    postings: Postings,
    candidates: NDArray[np.uint32],
    *,
    dense: F32 | None = None,
    limit: int = 10,
    per_section: int | None = None,
    weights: Weights = DEFAULT_WEIGHTS,
) -> list[Ranked]:
    """Scores candidates exactly and returns the best, best first.

    `dense`: cosines of the candidates, in their order. Sections are judged by all their passages in the corpus, so a
    candidate profits from its neighbours. `per_section` caps how many passages of one section are returned.
    Scores are sums of parts that are relative to the best candidate (0…1 each); an exact look-up adds more than all.
    """
    candidates, order = np.unique(candidates, return_index=True)
    m = len(candidates)
    if m == 0 or limit <= 0:
        return []
    n = len(corpus.item)
    # Sections are runs of passages: their borders tell each candidate's section and its neighbours.
    starts = np.flatnonzero(
        np.r_[True, (corpus.section[1:] != corpus.section[:-1]) | (corpus.item[1:] != corpus.item[:-1])]
    )
    of_candidate = np.searchsorted(starts, candidates, side="right") - 1
    sections, section_of = np.unique(of_candidate, return_inverse=True)
    first = starts[sections]
    last = np.r_[starts[1:], n][sections]
    sizes = last - first
    local_start = np.cumsum(sizes) - sizes
    scope = np.repeat(first - local_start, sizes) + np.arange(int(sizes.sum()))
    place = local_start[section_of] + (candidates - first[section_of])

    lexical, by_section = _exact_scores(query, corpus, postings, scope, local_start, weights)
    own = lexical[place]
    section_score = by_section[section_of]
    parts: dict[str, F32] = {
        "section": weights.section * _relative(section_score),
        "lexical": weights.chunk * _relative(own),
    }
    if dense is not None and m:
        cosine = np.maximum(np.asarray(dense, np.float32)[order], 0)
        best = np.zeros(len(sections), np.float32)
        np.maximum.at(best, section_of, cosine)
        parts["dense"] = np.asarray(
            weights.dense * 0.5 * (_relative(cosine) + _relative(best[section_of])), dtype=np.float32
        )
    items, item_of = np.unique(corpus.item[first], return_inverse=True)
    parts["law"] = weights.law * _relative(_best_sum(by_section, item_of, len(items))[item_of][section_of])
    named = np.zeros(m, np.float32)
    exact = np.zeros(m, np.float32)
    for lookup in query.lookups:
        for numbers, bonus in _look_up_sets(lookup, postings, weights):
            inside = np.isin(candidates, numbers, assume_unique=True)
            target = exact if bonus >= weights.lookup * 0.5 else named
            target[inside] += np.float32(bonus)
    parts["named"] = named
    parts["lookup"] = exact
    total = np.zeros(m, np.float32)
    for part in parts.values():
        total += part
    best_first = np.argsort(-total, kind="stable")
    found: list[Ranked] = []
    seen: dict[int, int] = {}
    for i in best_first.tolist():
        section = int(section_of[i])
        if per_section is not None and seen.get(section, 0) >= per_section:
            continue
        seen[section] = seen.get(section, 0) + 1
        found.append(
            Ranked(int(candidates[i]), float(total[i]), {name: float(part[i]) for name, part in parts.items()})
        )
        if len(found) >= limit:
            break
    return found


def _exact_scores(
    query: Query,
    corpus: Corpus,
    postings: Postings,
    scope: NDArray[np.int64],
    section_starts: NDArray[np.int64],
    weights: Weights,
) -> tuple[F32, F32]:
    """BM25F of the passages in `scope` and of the sections that they form."""
    n = len(corpus.item)
    m = len(scope)
    term_rows: dict[str, int] = {}
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    values: list[NDArray[np.uint8]] = []
    idfs: list[float] = []
    position = np.full(n, -1, np.int32)
    position[scope] = np.arange(m, dtype=np.int32)
    for group in query.groups:
        for alternative in group.alternatives:
            for term in alternative.terms:
                posting = postings.get(term)
                if posting is None or term in term_rows:
                    continue
                numbers, frequencies = posting
                local = position[numbers]
                inside = np.flatnonzero(local >= 0)
                row = term_rows[term] = len(idfs)
                idfs.append(_idf(len(numbers), n, weights.idf_power))
                columns.append(local[inside].astype(np.int64))
                rows.append(np.full(len(inside), row, np.int64))
                values.append(frequencies[inside])
    if not idfs:
        return np.zeros(m, np.float32), np.zeros(len(section_starts), np.float32)
    row, column = np.concatenate(rows), np.concatenate(columns)
    value = np.concatenate(values).astype(np.float32)
    idf = np.array(idfs, np.float32)
    lengths = corpus.lengths[scope].astype(np.float32)
    averages = np.maximum(lengths.mean(axis=0), 1.0)
    norms = _norms(lengths, averages, weights)[column]
    by_passage = np.zeros((len(idfs), m), np.float32)
    by_passage[row, column] = _saturated(value, norms, weights) * idf[row]

    # Passages of a section share title and heading; their bodies add up to the section's.
    count = len(section_starts)
    section_of = np.zeros(m, np.int64)
    section_of[section_starts[1:]] = 1
    section_of = np.cumsum(section_of)
    cell = row * count + section_of[column]
    summed = np.zeros((len(idfs) * count, 4), np.float32)
    summed[cell, :2] = value[:, :2]
    for field in (2, 3):
        summed[:, field] = np.bincount(cell, weights=value[:, field], minlength=len(summed))
    section_lengths = lengths[section_starts].copy()
    section_lengths[:, 2] = np.add.reduceat(lengths[:, 2], section_starts)
    averages = np.maximum(section_lengths.mean(axis=0), 1.0)
    norms = np.tile(_norms(section_lengths, averages, weights), (len(idfs), 1))
    by_section = _saturated(summed, norms, weights).reshape(len(idfs), count) * idf[:, None]
    return _combine(query, term_rows, by_passage), _combine(query, term_rows, by_section)


def _norms(lengths: F32, averages: F32, weights: Weights) -> F32:
    """How much longer than usual each field is, tempered by b: rows × (title, heading, body)."""
    b = np.array([weights.b_other, weights.b_other, weights.b_body], np.float32)
    return np.asarray((1 - b) + b * lengths / averages, dtype=np.float32)


def _saturated(value: F32, norms: F32, weights: Weights) -> F32:
    tf = weights.title * value[:, 0] / norms[:, 0]
    tf += weights.heading * value[:, 1] / norms[:, 1]
    tf += (weights.body * value[:, 2] + weights.part * value[:, 3]) / norms[:, 2]
    return np.asarray(tf / (tf + weights.k1), dtype=np.float32)


def _combine(query: Query, term_rows: dict[str, int], scores: F32) -> F32:
    total = np.zeros(scores.shape[1], np.float32)
    for group in query.groups:
        best: F32 | None = None
        for alternative in group.alternatives:
            known = [term_rows[term] for term in alternative.terms if term in term_rows]
            if not known:
                continue
            value = scores[known[0]] if len(known) == 1 else scores[known].sum(axis=0)
            value = value * np.float32(alternative.weight)
            best = value if best is None else np.maximum(best, value)
        if best is not None:
            total += best * np.float32(group.weight)
    return total


def _body_norm(corpus: Corpus, weights: Weights) -> F32:
    length = corpus.lengths[:, 2].astype(np.float32)
    average = max(float(length.mean()), 1.0)
    return 1.0 / ((1 - weights.b_body) + weights.b_body * length / average)


def _idf(df: int, n: int, power: float) -> float:
    return float(np.log1p((n - df + 0.5) / (df + 0.5)) ** power)


def _relative(values: F32) -> F32:
    best = float(values.max(initial=0.0))
    return values / np.float32(best) if best > 0 else np.zeros_like(values)


def _best_sum(values: F32, owner: NDArray[np.int64], owners: int) -> F32:
    order = np.lexsort((-values, owner))
    sorted_owner = owner[order]
    start = np.searchsorted(sorted_owner, np.arange(owners))
    nth = np.arange(len(values)) - start[sorted_owner]
    kept = nth < _LAW_SECTIONS
    return np.bincount(sorted_owner[kept], weights=values[order][kept], minlength=owners).astype(np.float32)
