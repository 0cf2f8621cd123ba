"""What Qdrant is told and what it tells, as plain data: payloads, filters, ids, the body of a search. No calls."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from resources.vectors import arrays
from resources.vectors.index import Filters
from resources.vectors.points import FoundPoints, ItemFacts, PointsQuestion, VersionRef, day_number, term_place

DENSE: Final = "dense"
TERMS: Final = "terms"

Json = dict[str, object]


class _Point(msgspec.Struct):
    id: str
    score: float


class _Points(msgspec.Struct):
    points: list[_Point]


class _Found(msgspec.Struct):
    result: list[_Points]


_DECODER = msgspec.json.Decoder(_Found)
_DIGITS = [place for place in range(36) if place not in (8, 13, 18, 23)]
Scored = list[tuple[list[str], list[float]]]
"""For each search the ids of points and their scores, best first."""


def payload(version: VersionRef, facts: ItemFacts) -> Json:
    """What is kept of an item with each of its points."""
    return {
        "tenant": "public" if version.tenant is None else str(version.tenant),
        "index_version": version.id,
        "item_id": str(facts.item_id),
        "document_id": str(facts.document_id),
        "kind": facts.kind,
        "source": facts.source,
        "tags": list(facts.tags),
        "version": facts.version,
        "valid_from": facts.valid_from,
        "valid_to": facts.valid_to,
    }


# Filters


def same(key: str, value: str | int) -> Json:
    """The condition that a field has a value."""
    return {"key": key, "match": {"value": value}}


def any_of(key: str, values: Sequence[str] | Sequence[int]) -> Json:
    """The condition that a field has one of some values."""
    return {"key": key, "match": {"any": list(values)}}


def only(version: VersionRef, *conditions: Json) -> Json:
    """A filter for the version's points within its collection for which all conditions hold."""
    own: list[Json] = []
    if version.tenant is not None:
        own = [same("tenant", str(version.tenant)), same("index_version", version.id)]
    return {"must": [*own, *conditions]}


def within(version: VersionRef, *conditions: Json) -> Json | None:
    """The same; None where that is every point of the collection, for an empty filter is looked at with each point."""
    chosen = only(version, *conditions)
    return chosen if chosen["must"] else None


def conditions(question: PointsQuestion) -> list[Json]:
    """What must hold of the copied facts; an item whose copy may be old passes what can change."""
    filters: Filters = question.filters
    fixed: list[Json] = []
    if filters.item_id:
        fixed.append(any_of("item_id", [str(one) for one in filters.item_id]))
    mutable: list[Json] = []
    if filters.document_id:
        mutable.append(any_of("document_id", [str(one) for one in filters.document_id]))
    if filters.kind:
        mutable.append(any_of("kind", filters.kind))
    if filters.source:
        mutable.append(any_of("source", filters.source))
    if filters.version:
        mutable.append(any_of("version", filters.version))
    if filters.tags:
        mutable.append(any_of("tags", filters.tags))
    if question.as_of is not None:
        day = day_number(question.as_of)
        mutable.append({"key": "valid_from", "range": {"lte": day}})
        mutable.append({"key": "valid_to", "range": {"gte": day}})
    if not mutable or not question.outdated:
        return [*fixed, *mutable]
    outdated = any_of("item_id", [str(one) for one in question.outdated])
    return [*fixed, {"should": [{"must": mutable}, outdated]}]


# Ids


def _key(version: VersionRef) -> NDArray[np.uint8]:
    """What turns a passage's id into its point's and back: versions of one collection must not overwrite each other."""
    if version.tenant is None:
        return np.zeros(16, np.uint8)
    digest = hashlib.blake2b(f"luna index version {version.id}".encode(), digest_size=16).digest()
    return np.frombuffer(digest, np.uint8)


def point_ids(version: VersionRef, chunk_ids: NDArray[np.bytes_]) -> list[str]:
    """The ids of passages' points."""
    mixed = np.frombuffer(chunk_ids.tobytes(), np.uint8).reshape(-1, 16) ^ _key(version)
    if not len(mixed):
        return []
    # Hundreds with every search: written one by one they would take longer than the rest of the request.
    written = np.full((len(mixed), 36), ord("-"), np.uint8)
    written[:, _DIGITS] = np.frombuffer(mixed.tobytes().hex().encode("ascii"), np.uint8).reshape(-1, 32)
    text = written.tobytes().decode("ascii")
    return [text[i : i + 36] for i in range(0, len(text), 36)]


def passage_ids(version: VersionRef, points: Sequence[str]) -> NDArray[np.bytes_]:
    """The passages that points belong to, by the points' ids. Raises `ValueError` where one is no UUID."""
    data = bytes.fromhex("".join(points).replace("-", ""))
    if len(data) != 16 * len(points):
        raise ValueError("Not all ids are UUIDs")
    mixed = np.frombuffer(data, np.uint8).reshape(-1, 16) ^ _key(version)
    return np.frombuffer(mixed.tobytes(), arrays.ID)


# A search


def rounded(vector: NDArray[np.float32]) -> list[float]:
    """A vector's numbers; longer decimals would only make the request larger."""
    return np.round(vector.astype(np.float64), 6).tolist()


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question as `points/query/batch` is asked it: the best by terms, if there are any, then the candidates, all of
    them with their cosines. Without a vector only the best by terms, with what their terms add up to.

    `candidates`: ids of the points whose cosines are asked.
    """

    question: PointsQuestion
    searches: list[Json]
    candidates: list[str]

    @staticmethod
    def of(question: PointsQuestion) -> Asked:
        """No searches where there is nothing to find."""
        version = question.version
        searches: list[Json] = []
        vector = None if question.vector is None else rounded(question.vector)
        if question.terms:
            by_terms = _by_terms(question)
            searches.append(by_terms if vector is None else _by_cosine(vector, question.limit, prefetch=[by_terms]))
        candidates = [] if vector is None else point_ids(version, question.candidates)
        if vector is not None and candidates:
            chosen = only(version, {"has_id": candidates})
            searches.append(_by_cosine(vector, len(candidates), filter=chosen))
        return Asked(question, searches, candidates)

    def found(self, scored: Scored) -> FoundPoints:
        """What the answer says. Raises `ValueError` where it is none to these searches."""
        if len(scored) != len(self.searches):
            raise ValueError(f"{len(scored)} answers to {len(self.searches)} searches")
        by_terms = scored[0] if self.question.terms else ([], [])
        near = np.zeros(len(self.question.candidates), np.float32)
        known: dict[str, float] = {}
        if self.candidates:
            known = dict(zip(*scored[-1], strict=True))
            near = np.array([known.get(one, np.nan) for one in self.candidates], np.float32)
        besides = [(one, score) for one, score in zip(*by_terms, strict=True) if one not in known]
        cosines = np.array([score for _, score in besides], np.float32)
        if self.question.vector is None:
            cosines[:] = 0
        passages = passage_ids(self.question.version, [one for one, _ in besides])
        return FoundPoints(near, passages, cosines, full=len(by_terms[0]) >= self.question.limit)


def _by_terms(question: PointsQuestion) -> Json:
    chosen = within(question.version, *conditions(question))
    weights: dict[int, float] = {}
    for term, weight in question.terms.items():
        place = term_place(term)
        weights[place] = max(weights.get(place, 0.0), weight)
    sparse = {"indices": list(weights), "values": list(weights.values())}
    restricted: Json = {} if chosen is None else {"filter": chosen}
    return {"query": sparse, "using": TERMS, "limit": question.limit, **restricted}


def _by_cosine(vector: list[float], limit: int, **among: object) -> Json:
    return {"query": vector, "using": DENSE, "limit": limit, "with_payload": False, **among}


def encoded(asked: Sequence[Json]) -> bytes:
    """Searches as they are sent."""
    return msgspec.json.encode({"searches": asked})


def decoded(content: bytes) -> Scored:
    """Ids and scores of each search's points, best first. Raises `msgspec.DecodeError` where it is none of Qdrant's.

    The client would make an object of every candidate, and of each of its fields: that takes longer than finding them.
    """
    found = _DECODER.decode(content).result
    return [([one.id for one in part.points], [one.score for one in part.points]) for part in found]
