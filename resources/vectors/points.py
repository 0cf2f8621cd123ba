"""What an engine outside PostgreSQL keeps of a passage, and what it is asked. Pure: no engine and no SQL belong here.

A passage is a *point*: its vector, its terms as a sparse vector, and the facts that filters ask for. The asker knows
the best by words from the term blocks; the engine tells their cosines, and adds what it finds itself by the terms that
tell most. All of them go through the same ranker, so both engines give the same order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from heapq import nlargest
from operator import itemgetter
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.heard import tempered_weights
from luna_rules.search.model import TermBlock
from luna_rules.search.query import Query
from luna_rules.search.ranker import DEFAULT_WEIGHTS, Ready, Weights
from resources.vectors import arrays
from resources.vectors.index import Filters, VersionInfo

MOST_TERMS = 8
"""So many terms of a question find passages in the engine: those that tell most. It looks at all postings of each."""
MOST_FOUND = 20
"""So many passages are wanted of what those terms find."""

F32 = NDArray[np.float32]
FIRST_DAY, LAST_DAY = -(2**31), 2**31 - 1
"""How an open beginning and an open end of validity are written: days since 1970 as int4."""

_EPOCH = date(1970, 1, 1).toordinal()
# The average length of a body changes with every document and would have to be written anew into every point.
_NOMINAL_BODY_TOKENS = 90.0
_LOOKUP = 50.0


class PointsError(RuntimeError):
    """The engine outside cannot do what was asked; the text (German) is for the administrator."""


class PointsUnavailableError(PointsError):
    """The engine cannot be reached, is overloaded or does not answer in time; trying later may help."""


class PointsMismatchError(PointsError):
    """What the engine holds was built for something else, for instance vectors of another dimension."""


class IncompleteError(PointsError):
    """Points of an index version that must be there are not."""

    def __init__(self, version_id: int) -> None:
        super().__init__(
            f"In Qdrant fehlen Textstellen der Indexversion {version_id}; der Auftrag „index_switch“ ergänzt sie"
        )


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What filters ask of an item. `valid_from` and `valid_to` are days since 1970, inclusive."""

    item_id: UUID
    document_id: UUID
    version: int
    kind: str
    source: str
    tags: tuple[str, ...]
    valid_from: int = FIRST_DAY
    valid_to: int = LAST_DAY


def day_number(day: date) -> int:
    """A day as days since 1970."""
    return day.toordinal() - _EPOCH


@dataclass(frozen=True, slots=True, eq=False)
class SparseRows:
    """Sparse vectors, one for each passage: row i is `places[starts[i]:starts[i+1]]` with `weights` likewise."""

    starts: NDArray[np.int64]
    places: NDArray[np.uint32]
    weights: F32

    def row(self, number: int) -> tuple[list[int], list[float]]:
        """One sparse vector as lists."""
        part = slice(int(self.starts[number]), int(self.starts[number + 1]))
        return self.places[part].tolist(), self.weights[part].tolist()

    def take(self, numbers: NDArray[np.int64]) -> SparseRows:
        """The sparse vectors of some passages, in the order asked."""
        sizes = np.diff(self.starts)[numbers]
        starts = np.append(0, np.cumsum(sizes)).astype(np.int64)
        where = np.repeat(self.starts[numbers] - starts[:-1], sizes) + np.arange(int(starts[-1]))
        return SparseRows(starts, self.places[where], self.weights[where])


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Passages to be written. `chunk_ids` 16 bytes each, `owners` numbers into `facts`, `vectors` n × dimension."""

    chunk_ids: NDArray[np.bytes_]
    owners: NDArray[np.int64]
    facts: Sequence[ItemFacts]
    vectors: F32
    terms: SparseRows

    @property
    def size(self) -> int:
        """Number of passages."""
        return len(self.owners)

    def take(self, numbers: NDArray[np.int64]) -> Points:
        """Some of the passages, in the order asked."""
        return Points(
            self.chunk_ids[numbers], self.owners[numbers], self.facts, self.vectors[numbers], self.terms.take(numbers)
        )


@lru_cache(maxsize=200_000)
def term_place(term: str) -> int:
    """A term's place in the sparse vectors, the same in every version. Two terms in a billion pairs share one."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=4).digest(), "little")


def sparse_rows(block: TermBlock, weights: Weights = DEFAULT_WEIGHTS) -> SparseRows:
    """Terms of passages as sparse vectors: how much a term would count if it were neither rare nor frequent (0…1).

    Look-up terms (`@…`) count 1. Rarity belongs to the question, for it follows from what the asker may see.
    """
    n = len(block.lengths)
    factors = np.array([weights.title, weights.heading, weights.body, weights.part], np.float32)
    counts = block.frequencies.astype(np.float32)
    body = 1 / ((1 - weights.b_body) + weights.b_body * block.lengths[:, 2].astype(np.float32) / _NOMINAL_BODY_TOKENS)
    value = counts[:, :2] @ factors[:2] + (counts[:, 2:] @ factors[2:]) * body[block.numbers]
    value /= value + np.float32(weights.k1)
    per_term = np.diff(block.offsets)
    exact = np.fromiter((term.startswith("@") for term in block.terms), np.bool_, len(block.terms))
    value[np.repeat(exact, per_term)] = 1.0
    places = np.repeat(np.fromiter(map(term_place, block.terms), np.uint32, len(block.terms)), per_term)
    order = np.lexsort((-value, places, block.numbers))
    numbers, places, value = block.numbers[order].astype(np.int64), places[order], value[order].astype(np.float32)
    kept = np.ones(len(numbers), np.bool_)  # an engine refuses a place that occurs twice in a vector
    kept[1:] = (numbers[1:] != numbers[:-1]) | (places[1:] != places[:-1])
    starts = np.append(0, np.cumsum(np.bincount(numbers[kept], minlength=n))).astype(np.int64)
    return SparseRows(starts, places[kept], value[kept])


def question_terms(
    query: Query, ready: Ready, allowed: NDArray[np.bool_] | None = None, weights: Weights = DEFAULT_WEIGHTS
) -> dict[str, float]:
    """The heaviest terms of a question: rare words find, common ones do not, unless no other asked word finds anything
    that is `allowed`.

    Empty where no term occurs in anything the asker sees.
    """
    n = ready.prepared.size
    ceiling = weights.common * n if n > 1000 else n
    sizes = {term: len(entry.places) for term, entry in ready.entries.items()}
    found: dict[str, float] = {}
    for share in (ceiling, n):
        found, asked, reached = {}, False, allowed is None
        for group in query.groups:
            for alternative, own in zip(group.alternatives, tempered_weights(group, sizes, n, weights), strict=True):
                for term in alternative.terms:
                    df = sizes.get(term, 0)
                    if not 0 < df <= share:
                        continue
                    asked = asked or (group.content and alternative.weight >= 1)
                    reached = reached or (allowed is not None and bool(allowed[ready.entries[term].places].any()))
                    idf = float(np.log1p((n - df + 0.5) / (df + 0.5)) ** weights.idf_power)
                    found[term] = max(found.get(term, 0.0), idf * own * group.weight)
        if found and asked and reached:
            break
    for lookup in query.lookups:
        if lookup.section is None:
            for term in lookup.laws:
                if term in ready.entries:
                    found[term] = _LOOKUP
    return dict(nlargest(MOST_TERMS, found.items(), key=itemgetter(1)))


@dataclass(frozen=True, slots=True, eq=False)
class PointsQuestion:
    """What is asked of one version's points.

    `candidates`: ids (16 bytes each) of the passages whose cosines with `vector` are wanted, the question's in the
    version's space; None where it says nothing. `terms`, weights by term, find at most `limit` passages besides;
    `filters` and `as_of` restrict those, items in `outdated` pass whatever their copied facts say.
    """

    version: VersionRef
    terms: Mapping[str, float]
    vector: F32 | None
    filters: Filters
    as_of: date | None
    outdated: Sequence[UUID] = ()
    candidates: NDArray[np.bytes_] = field(default_factory=lambda: np.zeros(0, arrays.ID))
    limit: int = MOST_FOUND


@dataclass(frozen=True, slots=True)
class VersionRef:
    """What an engine must know of an index version; `tenant` None is the public scope."""

    id: int
    tenant: UUID | None
    dimension: int

    @staticmethod
    def of(info: VersionInfo) -> VersionRef:
        """From a version's row."""
        return VersionRef(info.id, info.tenant, info.dimension)


@dataclass(frozen=True, slots=True, eq=False)
class FoundPoints:
    """What an engine knows of a question.

    `candidates`: their cosines in the order asked, NaN where one has no point. `chunk_ids` (16 bytes each): what the
    terms found besides, with `cosines`. Without a vector cosines are zeros, and candidates were not looked for. `full`:
    the terms found as many as were wanted, so there may be more.
    """

    candidates: F32
    chunk_ids: NDArray[np.bytes_]
    cosines: F32
    full: bool


@dataclass(frozen=True, slots=True)
class PointsState:
    """What an engine says of itself. `alias`: the collection that the alias names, None without one."""

    version: str
    alias: str | None
    collections: tuple[str, ...] = field(default=())


class PassagePoints(Protocol):
    """An engine outside PostgreSQL. Each method raises `PointsError`."""

    def collection(self, version: VersionRef) -> str:
        """The name of the collection that holds a version."""
        ...

    def begin(self, version: VersionRef) -> None:
        """Makes room for a new version; what an earlier database left under its number goes."""
        ...

    def write(self, version: VersionRef, points: Points) -> int:
        """Writes or overwrites points; returns how many. What was written stays where a later part fails."""
        ...

    def set_facts(self, version: VersionRef, facts: Sequence[ItemFacts]) -> None:
        """Renews the facts of items; items without points are ignored."""
        ...

    def remove(self, version: VersionRef, chunk_ids: Sequence[UUID]) -> None:
        """Removes points; those that are not there are ignored."""
        ...

    def remove_items(self, version: VersionRef, item_ids: Sequence[UUID]) -> None:
        """Removes all points of items."""
        ...

    def count(self, version: VersionRef) -> int:
        """How many points of a version there are; 0 where its collection is gone."""
        ...

    def chunk_ids(self, version: VersionRef) -> NDArray[np.bytes_]:
        """The passages of a version that have a point, 16 bytes each, in no order."""
        ...

    def vectors(self, version: VersionRef, chunk_ids: NDArray[np.bytes_]) -> F32 | None:
        """The vectors of passages, in the order asked; None where one of them has no point."""
        ...

    def search(self, question: PointsQuestion) -> FoundPoints:
        """Candidates with their cosines, and what the terms find with theirs, in one call."""
        ...

    async def find(self, question: PointsQuestion) -> FoundPoints:
        """The same without a thread that waits. One event loop at a time."""
        ...

    def nearest(self, version: VersionRef, vector: F32, limit: int) -> Sequence[UUID]:
        """The passages with the highest cosines, words left out, best first. Looks at all of them: for checks only."""
        ...

    def retain(self, versions: Sequence[VersionRef]) -> int:
        """Removes all versions but these; returns how many collections went."""
        ...

    def show_live(self, version: VersionRef | None) -> None:
        """Lets the alias name the live public version; None: there is none."""
        ...

    def state(self) -> PointsState:
        """Version of the engine, its alias and collections: one quick call for each."""
        ...

    def close(self) -> None:
        """Lets connections go."""
        ...
