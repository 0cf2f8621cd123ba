"""Candidates and their order, from postings alone: the same for every engine. Storage and filters are elsewhere.

Both steps touch each posting only in numpy; statistics follow from the postings that were handed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.lookups import Lookup
from luna_rules.search.model import Corpus, Postings, Ranked
from luna_rules.search.query import Group, Query

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
    dense: float = 0.65
    law: float = 0.3
    named_law: float = 0.5
    unnamed_section: float = 0.5
    lookup: float = 10.0
    local: float = 0.3
    energy: float = 0.4
    wording: float = 1.0
    name: float = 1.5  # times which a rare word counts that can be said in no other way
    identifier: float = 3.0  # the same, where it is a number or mark of something
    rare: float = 0.003  # in at most this share of the passages
    named: float = 0.4  # what a name counts at least where it stands, however long the text
    common: float = 0.12  # terms in more than this share of the passages find no candidates


DEFAULT_WEIGHTS = Weights()
_LAW_SECTIONS = 5
_HINTED = 10.0
_FEW = 20  # in so many passages every word is rare
# Letters and digits together, or more digits than a year or an amount of days has.
_IDENTIFIER = re.compile(r"(?=.*\d)(?:.*[^\W\d_].*|\d{5,})")
_ALIKE = 0.31  # words that are only spelled alike weigh less
_SMALL = 1000  # below so many passages every term may find candidates


@lru_cache(maxsize=8)
def _frequency_tables(weights: Weights) -> tuple[F32, F32]:
    """Weighted frequencies by pairs of bytes: title and heading, body and part (as a machine word of two bytes)."""
    pair = np.arange(65536, dtype=np.uint16).view(np.uint8).reshape(-1, 2).astype(np.float32)
    above = pair @ np.array([weights.title, weights.heading], np.float32)
    below = pair @ np.array([weights.body, weights.part], np.float32)
    return above, below


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What follows from a corpus alone: an engine makes it once and keeps it beside the corpus.

    Sections are runs of passages, so they follow one another: `starts` has one entry more than there are sections.
    `lengths` are those of passages, `section_lengths` those of sections (title, heading, body × number).
    """

    starts: NDArray[np.int64]
    section_of: NDArray[np.int64]
    items: NDArray[np.int64]
    lengths: F32
    section_lengths: F32
    body_norm: F32
    weights: Weights

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
        average = max(float(lengths[2].mean()), 1.0) if n else 1.0
        return Prepared(
            starts=np.append(first, n),
            section_of=np.cumsum(border) - 1,
            items=corpus.item[first].astype(np.int64),
            lengths=lengths,
            section_lengths=section_lengths,
            body_norm=1.0 / ((1 - weights.b_body) + weights.b_body * lengths[2] / average),
            weights=weights,
        )

    @property
    def size(self) -> int:
        """Number of passages."""
        return len(self.section_of)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        arrays = (self.starts, self.section_of, self.items, self.lengths, self.section_lengths, self.body_norm)
        return sum(array.nbytes for array in arrays)


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A posting made ready: passages as numpy indexes fastest, a row's four frequencies as one machine word, and what
    the term adds to the approximate score of each passage, which holds for every question."""

    places: NDArray[np.int64]
    words: NDArray[np.uint32]
    impact: F32

    @staticmethod
    def of(numbers: NDArray[np.uint32], frequencies: NDArray[np.uint8], prepared: Prepared) -> Entry:
        """Makes a posting ready."""
        weights = prepared.weights
        above, below = _frequency_tables(weights)
        places, rows = numbers.astype(np.int64), np.ascontiguousarray(frequencies)
        # Two frequencies at once: the rows' bytes are read as pairs that index tables.
        pairs = rows.view(np.uint16)
        impact = below[pairs[:, 1]]
        impact *= prepared.body_norm[places]
        impact += above[pairs[:, 0]]
        impact /= impact + np.float32(weights.k1)
        impact *= np.float32(_idf(len(places), prepared.size, weights.idf_power))
        return Entry(places, rows.view(np.uint32).ravel(), impact)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return self.places.nbytes + self.words.nbytes + self.impact.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """Postings of a question that an engine has made ready, all by the same `Prepared`."""

    prepared: Prepared
    entries: Mapping[str, Entry]

    @staticmethod
    def of(corpus: Corpus, postings: Postings | Ready, weights: Weights) -> Ready:
        """Makes stored postings ready where they are not."""
        if isinstance(postings, Ready):
            return postings
        prepared = Prepared.of(corpus, weights)
        return Ready(prepared, {term: Entry.of(*posting, prepared) for term, posting in postings.items()})


def lexical_candidates(
    query: Query,
    corpus: Corpus,
    postings: Postings | Ready,
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
    entries = Ready.of(corpus, postings, weights).entries
    ceiling = weights.common * n if n > _SMALL else n
    total = np.zeros(n, np.float32)
    best = np.zeros(n, np.float32)
    sizes = {term: len(entry.places) for term, entry in entries.items()}
    floors = {
        name: np.float32(weights.named * _idf(sizes[name], n, weights.idf_power))
        for name in _names(query, sizes, n, weights)
    }
    for share in (ceiling, n):
        asked = False
        for group in query.groups:
            touched = False
            for alternative, own in zip(group.alternatives, tempered_weights(group, sizes, n, weights), strict=True):
                weight = np.float32(own * group.weight)
                for term in alternative.terms:
                    entry = entries.get(term)
                    if entry is None or not 0 < len(entry.places) <= share:
                        continue
                    asked = asked or (group.content and alternative.weight >= 1)
                    impact = (np.maximum(entry.impact, floors[term]) if term in floors else entry.impact) * weight
                    best[entry.places] = np.maximum(best[entry.places], impact) if touched else impact
                    touched = True
            if touched:
                total += best
                best.fill(0)
        # Words that are everywhere decide only where there are no others that were asked for, in what may be found.
        if ceiling == n or (asked and bool((total if allowed is None else total[allowed]).any())):
            break
        total.fill(0)
    for lookup in query.lookups:
        for places, bonus in _look_up_sets(lookup, entries, weights):
            total[places] += np.float32(bonus * 10.0)
    for places, weight in _hinted(query, entries):
        total[places] += np.float32(weight * _HINTED)
    if allowed is not None:
        total[~allowed] = 0
    found = np.flatnonzero(total > 0)
    if len(found) > limit:
        found = found[_highest(total[found], limit)]
    return found.astype(np.uint32)


def _highest(values: F32, limit: int) -> NDArray[np.int64]:
    """The places of the `limit` highest of more values, ascending; among equals the earlier ones."""
    least = np.partition(values, len(values) - limit)[len(values) - limit]
    above = values >= least
    surplus = int(np.count_nonzero(above)) - limit
    if surplus:
        above[np.flatnonzero(values == least)[-surplus:]] = False
    return np.flatnonzero(above)


def _look_up_sets(
    lookup: Lookup, entries: Mapping[str, Entry], weights: Weights
) -> list[tuple[NDArray[np.int64], float]]:
    """Which passages a look-up names, with the bonus of each set (sets of one look-up may overlap and add up)."""
    in_law = [entries[term].places for term in lookup.laws if term in entries]
    law = np.unique(np.concatenate(in_law)) if len(in_law) > 1 else in_law[0] if in_law else None
    if lookup.section is None:
        return [] if law is None else [(law, weights.named_law)]
    named: NDArray[np.int64] | None = None
    if law is not None or not lookup.laws:
        for term in (lookup.section, *lookup.others):
            if term in entries:
                section = entries[term].places
                named = section if law is None else _common(law, section)
                if len(named):
                    break
    if named is None or not len(named):
        return [] if law is None else [(law, weights.named_law)]
    bonus = weights.unnamed_section if law is None else weights.lookup
    sets = [(named, bonus)]
    if lookup.paragraph is not None and lookup.paragraph in entries:
        sets.append((_common(named, entries[lookup.paragraph].places), bonus * 0.5))
    return sets


def _hinted(query: Query, entries: Mapping[str, Entry]) -> list[tuple[NDArray[np.int64], float]]:
    """The passages of the sections that a question's wording points at, with the weight of each."""
    found: list[tuple[NDArray[np.int64], float]] = []
    for hint in query.hints:
        section = entries.get(hint.section)
        if section is not None:
            found += [
                (_common(section.places, entries[law].places), hint.weight) for law in hint.laws if law in entries
            ]
    return found


def _common(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """What two ascending lists have in common."""
    return one[_inside(one, other)]


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
) -> list[Ranked]:
    """Scores candidates exactly and returns the best, best first.

    `dense`: cosines of the candidates, in their order. Sections are judged by all their passages in the corpus, so a
    candidate profits from its neighbours. `per_section` caps how many passages of one section are returned.
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

    lexical, by_section = _exact_scores(query, ready, chosen, sections, weights)
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
        others = [ready.entries[term].places for term in query.behind if term in ready.entries]
        apart = np.zeros(m, np.bool_)
        for places in others:
            apart |= _inside(chosen, places)
        parts["energy"] = np.where(apart, 0.0, weights.energy * query.doubt).astype(np.float32)
    if query.hints:
        hinted = np.zeros(m, np.float32)
        for places, weight in _hinted(query, ready.entries):
            at = _inside(chosen, places)
            hinted[at] = np.maximum(hinted[at], np.float32(weight))
        parts["wording"] = np.asarray(weights.wording * hinted, dtype=np.float32)
    named = np.zeros(m, np.float32)
    exact = np.zeros(m, np.float32)
    for lookup in query.lookups:
        for places, bonus in _look_up_sets(lookup, ready.entries, weights):
            target = exact if bonus >= weights.lookup * 0.5 else named
            target[_inside(chosen, places)] += np.float32(bonus)
    parts["named"] = named
    parts["lookup"] = exact
    total = np.zeros(m, np.float32)
    for part in parts.values():
        total += part
    found: list[Ranked] = []
    seen: dict[int, int] = {}
    for i in _best_first(total, limit if per_section is None else m).tolist():
        if per_section is not None:
            section = int(section_of[i])
            if seen.get(section, 0) >= per_section:
                continue
            seen[section] = seen.get(section, 0) + 1
        found.append(Ranked(int(chosen[i]), float(total[i]), {name: float(part[i]) for name, part in parts.items()}))
        if len(found) >= limit:
            break
    return found


def _best_first(total: F32, limit: int) -> NDArray[np.int64]:
    """The places of the highest values, highest first; among equals the earlier one comes first."""
    if len(total) <= limit:
        return np.argsort(-total, kind="stable")
    least = np.partition(total, len(total) - limit)[len(total) - limit]
    kept = np.flatnonzero(total >= least)
    return kept[np.argsort(-total[kept], kind="stable")]


def _inside(values: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the values occur among ascending places."""
    if not len(places):
        return np.zeros(len(values), bool)
    near = np.minimum(np.searchsorted(places, values), len(places) - 1)
    return np.asarray(places[near] == values, dtype=np.bool_)


def _exact_scores(
    query: Query, ready: Ready, chosen: NDArray[np.int64], sections: NDArray[np.int64], weights: Weights
) -> tuple[F32, F32]:
    """BM25F of the chosen passages and of their sections with all their passages (both ascending).

    Works along the postings, all terms in one array: a table of terms by passages would be mostly zeros.
    """
    prepared = ready.prepared
    n, m, count = prepared.size, len(chosen), len(sections)
    wanted = dict.fromkeys(t for group in query.groups for alternative in group.alternatives for t in alternative.terms)
    terms = {term: row for row, term in enumerate(term for term in wanted if term in ready.entries)}
    if not terms:
        return np.zeros(m, np.float32), np.zeros(count, np.float32)
    found = [ready.entries[term] for term in terms]
    sizes = np.array([len(entry.places) for entry in found])
    idf = (np.log1p((n - sizes + 0.5) / (sizes + 0.5)) ** weights.idf_power).astype(np.float32)

    first = prepared.starts[sections]
    passages = prepared.starts[sections + 1] - first
    scope = np.repeat(first - (np.cumsum(passages) - passages), passages) + np.arange(int(passages.sum()))
    in_scope = np.zeros(n, np.bool_)  # single bytes stay in the processor's cache, so this finds postings fastest
    in_scope[scope] = True
    owner_of = np.empty(n, np.int64)
    owner_of[scope] = np.repeat(np.arange(count), passages)
    column_of = np.full(n, -1, np.int64)
    column_of[chosen] = np.arange(m)

    places = np.concatenate([entry.places for entry in found])
    inside = np.flatnonzero(in_scope[places])
    places = places[inside]
    ends = np.searchsorted(inside, np.cumsum(sizes))
    row = np.repeat(np.arange(len(found)), np.diff(ends, prepend=0))
    bytes_of = np.concatenate([entry.words for entry in found])[inside].view(np.uint8).reshape(-1, 4)
    value = np.ascontiguousarray(bytes_of.T).astype(np.float32)

    column = column_of[places]
    picked = np.flatnonzero(column >= 0)
    column = column[picked]
    averages = [max(float(lengths[scope].mean()), 1.0) for lengths in prepared.lengths]
    norms = _norms(prepared.lengths, chosen, averages, weights)
    size_of = dict(zip(terms, sizes.tolist(), strict=True))
    names = _names(query, size_of, n, weights)
    least = np.array([weights.named if term in names else 0.0 for term in terms], np.float32)
    by_passage = _saturated(value[:, picked], norms, column, weights)
    by_passage = np.maximum(by_passage, least[row[picked]]) * idf[row[picked]]

    # Passages of a section share title and heading, their bodies add up to the section's. Postings ascend, so those of
    # a term in a section follow one another.
    owner = owner_of[places]
    cell = row * count + owner
    last = np.flatnonzero(np.append(cell[1:] != cell[:-1], [True] * min(len(cell), 1)))
    owner, cell_row = owner[last], row[last]
    summed = value[:, last]
    if len(last):
        np.add.reduceat(value[2:], np.append(0, last[:-1] + 1), axis=1, out=summed[2:])
    averages = [max(float(lengths[sections].mean()), 1.0) for lengths in prepared.section_lengths]
    norms = _norms(prepared.section_lengths, sections, averages, weights)
    by_section = _saturated(summed, norms, owner, weights)
    by_section = np.maximum(by_section, least[cell_row]) * idf[cell_row]
    if weights.local > 0 and len(last):
        by_section *= _telling_within(prepared.items[sections], owner, cell_row, weights.local)

    # Sections are further columns behind the passages, so that groups are joined once for both.
    passage_ends, section_ends = np.searchsorted(picked, ends), np.searchsorted(last, ends)
    passage_at = np.arange(len(picked)) + (np.append(0, section_ends))[row[picked]]
    section_at = np.arange(len(last)) + passage_ends[cell_row]
    columns = np.empty(len(picked) + len(last), np.int64)
    columns[passage_at], columns[section_at] = column, owner + m
    scores = np.empty(len(columns), np.float32)
    scores[passage_at], scores[section_at] = by_passage, by_section
    tempered = [tempered_weights(group, size_of, n, weights) for group in query.groups]
    both = _combine(query, tempered, terms, (passage_ends + section_ends).tolist(), columns, scores, m + count)
    return both[:m], both[m:]


def _telling_within(item_of: NDArray[np.int64], owner: NDArray[np.int64], row: NDArray[np.int64], share: float) -> F32:
    """For each term in a section, how well it tells the section from the others of its item: 1 where few have it.

    A word that stands in most sections of a law says nothing about which of them is meant, rare though it be elsewhere.
    """
    begins = np.ones(len(item_of), np.bool_)
    begins[1:] = item_of[1:] != item_of[:-1]
    item = np.cumsum(begins) - 1
    many = int(item[-1]) + 1
    size = np.bincount(item, minlength=many)
    cell = row * many + item[owner]
    # Both ascend: terms one behind the other, and a term's sections as the items stand.
    last = np.flatnonzero(np.append(cell[1:] != cell[:-1], [True] * min(len(cell), 1)))
    counts = np.diff(last, prepend=-1)
    total = size[cell[last] % many]
    rarity = np.log1p((total - counts + 0.5) / (counts + 0.5)) / np.log1p((total + 0.5) / 1.5)
    return np.repeat((1 - share + share * rarity).astype(np.float32), counts)


def _norms(lengths: F32, chosen: NDArray[np.int64], averages: Sequence[float], weights: Weights) -> list[F32]:
    """How much longer than usual title, heading and body of the chosen are, tempered by b."""
    bs = (weights.b_other, weights.b_other, weights.b_body)
    return [
        np.float32(1 - b) + np.float32(b) * length[chosen] / np.float32(average)
        for b, length, average in zip(bs, lengths, averages, strict=True)
    ]


def _saturated(value: F32, norms: Sequence[F32], owner: NDArray[np.int64], weights: Weights) -> F32:
    """Weighted frequencies (4 × postings) by the norms of their owners, on the way to their limit of 1."""
    tf = weights.title * value[0] / norms[0][owner]
    tf += weights.heading * value[1] / norms[1][owner]
    tf += (weights.body * value[2] + weights.part * value[3]) / norms[2][owner]
    return np.asarray(tf / (tf + weights.k1), dtype=np.float32)


def is_name(group: Group, sizes: Mapping[str, int], n: int, weights: Weights) -> bool:
    """Whether a group's word is known, rare, and can be said in no other way."""
    asked = group.alternatives[0]
    if not group.content or len(asked.terms) != 1 or asked.weight < 1:
        return False
    others = (alternative.weight for alternative in group.alternatives[1:])
    return 0 < sizes.get(asked.terms[0], 0) <= max(weights.rare * n, _FEW) and all(own < _ALIKE for own in others)


def _names(query: Query, sizes: Mapping[str, int], n: int, weights: Weights) -> frozenset[str]:
    return frozenset(group.alternatives[0].terms[0] for group in query.groups if is_name(group, sizes, n, weights))


def tempered_weights(group: Group, sizes: Mapping[str, int], n: int, weights: Weights) -> list[float]:
    """The weights of a group's alternatives: none may tell more than the word that was asked, where that is known.

    A word that stands everywhere („gilt“) must not be heard above a rare one because it also means something rare.
    A rare word that can be said in no other way is a name: where it stands, the matter is spoken of.
    `sizes` are the numbers of passages of the known terms.
    """
    plain = [alternative.weight for alternative in group.alternatives]
    asked = group.alternatives[0]
    if not group.content or len(asked.terms) != 1 or asked.weight < 1 or not sizes.get(asked.terms[0]):
        return plain
    if is_name(group, sizes, n, weights):
        plain[0] *= weights.identifier if _IDENTIFIER.fullmatch(asked.terms[0]) else weights.name
        return plain
    most = _idf(sizes[asked.terms[0]], n, weights.idf_power)
    for place, alternative in enumerate(group.alternatives[1:], start=1):
        reach = alternative.weight * sum(
            _idf(sizes[term], n, weights.idf_power) for term in alternative.terms if sizes.get(term)
        )
        if reach > most:
            plain[place] *= most / reach
    return plain


def _combine(
    query: Query,
    tempered: Sequence[Sequence[float]],
    terms: Mapping[str, int],
    ends: Sequence[int],
    column: NDArray[np.int64],
    scores: F32,
    size: int,
) -> F32:
    """Sums of groups over `size` columns: a group's best alternative counts, the terms of an alternative add up.

    `tempered` has the weight of each alternative. The scores of term `i` lie before `ends[i]`, behind those of the
    term before.
    """
    mine = [slice(start, end) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    total = np.zeros(size, np.float32)
    best = np.zeros(size, np.float32)
    for group, own in zip(query.groups, tempered, strict=True):
        touched = False
        for alternative, weight_of in zip(group.alternatives, own, strict=True):
            known = [mine[terms[term]] for term in alternative.terms if term in terms]
            if not known:
                continue
            weight = np.float32(weight_of)
            if len(known) == 1:
                where, value = column[known[0]], scores[known[0]] * weight
                best[where] = np.maximum(best[where], value) if touched else value
            else:
                sums = np.zeros(size, np.float32)
                for part in known:
                    sums[column[part]] += scores[part]
                sums *= weight
                np.maximum(best, sums, out=best)
            touched = True
        if touched:
            best *= np.float32(group.weight)
            total += best
            best.fill(0)
    return total


def _idf(df: int, n: int, power: float) -> float:
    return float(np.log1p((n - df + 0.5) / (df + 0.5)) ** power)


def _relative(values: F32) -> F32:
    best = float(values.max(initial=0.0))
    return values / np.float32(best) if best > 0 else np.zeros_like(values)


def _best_sum(values: F32, owner: NDArray[np.int64]) -> F32:
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
