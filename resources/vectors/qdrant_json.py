"""What Qdrant is told and what it tells, as plain data: payloads, filters, ids, the body of a search. No calls."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from resources.vectors import arrays
from resources.vectors.index import Filters
from resources.vectors.points import MOST_NAMED, ItemFacts, PointsQuestion, VersionRef, day_number, term_place

DENSE: Final = "dense"
TERMS: Final = "terms"

Json = dict[str, object]


class _Point(msgspec.Struct):
    id: str
    score: float


class _Points(msgspec.Struct):
    points: list[_Point]


class _Found(msgspec.Struct):
    result: _Points


_DECODER = msgspec.json.Decoder(_Found)


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
    data = mixed.tobytes()
    return [str(UUID(bytes=data[i : i + 16])) for i in range(0, len(data), 16)]


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


def search_body(question: PointsQuestion) -> Json | None:
    """What `points/query` is asked: the best by terms and those named, all of them with their cosines. None: nothing.

    Without a vector only the best by terms, with what their terms add up to.
    """
    if not question.terms and not question.named:
        return None
    version = question.version
    chosen = within(version, *conditions(question))
    filtered: Json = {} if chosen is None else {"filter": chosen}
    weights: dict[int, float] = {}
    for term, weight in question.terms.items():
        place = term_place(term)
        weights[place] = max(weights.get(place, 0.0), weight)
    sparse: Json = {"indices": list(weights), "values": list(weights.values())}
    if question.vector is None:
        return {"query": sparse, "using": TERMS, "limit": question.limit, "with_payload": False, **filtered}
    vector = rounded(question.vector)
    stages: list[Json] = []
    if weights:
        stages.append({"query": sparse, "using": TERMS, "limit": question.limit, **filtered})
    named = point_ids(version, arrays.ids_of(question.named[:MOST_NAMED])) if question.named else []
    if named:
        exactly = only(version, {"has_id": named})
        stages.append({"query": vector, "using": DENSE, "limit": len(named), "filter": exactly})
    return {
        "prefetch": stages,
        "query": vector,
        "using": DENSE,
        "limit": question.limit + len(named),
        "with_payload": False,
    }


def encoded(body: Mapping[str, object]) -> bytes:
    """A body as it is sent."""
    return msgspec.json.encode(body)


def decoded(content: bytes) -> tuple[list[str], list[float]]:
    """Ids and scores of an answer's points, best first. Raises `msgspec.DecodeError` where it is none of Qdrant's.

    The client would make an object of every candidate, and of each of its fields: that takes longer than finding them.
    """
    points = _DECODER.decode(content).result.points
    return [one.id for one in points], [one.score for one in points]
