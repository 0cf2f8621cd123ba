"""Points in Qdrant, through its client: collections, batches, one call a search, the alias. No ranking, no SQL.

A public version has a collection of its own, and the alias names the live one. Versions of tenants share a collection
for each dimension, told apart by tenant and version in the payload: thousands of collections would cost more than they
hold. Which version is live is decided by PostgreSQL alone, so a reader never depends on when the alias moved.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import httpx
import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from resources.vectors import arrays
from resources.vectors.points import (
    FoundPoints,
    ItemFacts,
    Points,
    PointsError,
    PointsMismatchError,
    PointsQuestion,
    PointsState,
    VersionRef,
)
from resources.vectors.qdrant_faults import ATTEMPTS, NONSENSE, NotThereError, TooLargeError, patiently, translated
from resources.vectors.qdrant_json import (
    DENSE,
    TERMS,
    Asked,
    Json,
    Scored,
    any_of,
    only,
    passage_ids,
    payload,
    point_ids,
    rounded,
    same,
    within,
)
from resources.vectors.qdrant_query import QueryCalls

BATCH_POINTS: Final = 256
"""Points in one request: about 1 MB at 300 numbers, well below Qdrant's limit of 32 MB."""
SEARCH_TIMEOUT_S: Final = 2
WRITE_TIMEOUT_S: Final = 60
_SCROLL = 10_000
_UUID_INDEX = models.UuidIndexParams(type=models.UuidIndexType.UUID)
_KEYWORD = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD)
_NUMBER = models.IntegerIndexParams(type=models.IntegerIndexType.INTEGER, lookup=True, range=False)
_DAY = models.IntegerIndexParams(type=models.IntegerIndexType.INTEGER, lookup=False, range=True)
PAYLOAD_INDEXES: Final[dict[str, Any]] = {
    "tenant": models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True),
    "index_version": _NUMBER,
    "item_id": _UUID_INDEX,
    "document_id": _UUID_INDEX,
    "kind": _KEYWORD,
    "source": _KEYWORD,
    "tags": _KEYWORD,
    "version": _NUMBER,
    "valid_from": _DAY,
    "valid_to": _DAY,
}
T = TypeVar("T")


class QdrantPoints:
    """Points on a Qdrant server, or in this process (`in_memory`, for tests). Thread-safe."""

    def __init__(
        self,
        searching: QdrantClient,
        writing: QdrantClient,
        alias: str,
        *,
        lock: threading.RLock | None = None,
        url: str = "",
        api_key: str | None = None,
        queries: QueryCalls | None = None,
    ) -> None:
        self._queries = queries
        self._searching = searching
        self._writing = writing
        self._alias = alias
        self._url, self._api_key = url.rstrip("/"), api_key
        self._lock: AbstractContextManager[object] = lock or nullcontext()
        self._ready: set[str] = set()

    @classmethod
    def connect(cls, url: str, api_key: str | None, alias: str) -> Self:
        """A server at `url`; nothing is asked of it yet."""

        def client(timeout_s: int) -> QdrantClient:
            # The port is the address's own, else the client would put its default behind it.
            parts = httpx.URL(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            return QdrantClient(
                url=url, port=port, api_key=api_key, timeout=timeout_s, check_compatibility=False, trust_env=False
            )

        queries = QueryCalls(url, api_key, SEARCH_TIMEOUT_S)
        return cls(client(SEARCH_TIMEOUT_S), client(WRITE_TIMEOUT_S), alias, url=url, api_key=api_key, queries=queries)

    @classmethod
    def in_memory(cls, alias: str = "luna_knowledge") -> Self:
        """The client's own engine within this process: for tests, one call at a time."""
        client = QdrantClient(":memory:")
        return cls(client, client, alias, lock=threading.RLock())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets connections go."""
        self._searching.close()
        self._writing.close()
        if self._queries is not None:
            self._queries.close()

    # Versions

    def collection(self, version: VersionRef) -> str:
        """The collection that holds a version."""
        if version.tenant is None:
            return f"{self._alias}_{version.id}"
        return f"{self._alias}_tenants_{version.dimension}"

    def begin(self, version: VersionRef) -> None:
        """Makes room for a new version; see `PassagePoints.begin`."""
        name = self.collection(version)
        if version.tenant is None:
            self._write(lambda: self._writing.delete_collection(name))
            self._ready.discard(name)
        self._ensure(version)
        if version.tenant is not None:
            self._delete(name, _filter({"must": [same("index_version", version.id)]}))

    def _ensure(self, version: VersionRef) -> str:
        """The version's collection with its indexes, made where it is not there (yet, or any more)."""
        name = self.collection(version)
        if name in self._ready:
            return name
        if not self._write(lambda: self._writing.collection_exists(name)):
            try:
                self._write(lambda: self._create(name, version.dimension))
            except PointsError:
                # Another writer may have been faster; what it made is looked at below.
                if not self._write(lambda: self._writing.collection_exists(name)):
                    raise
        stored = self._write(lambda: self._writing.get_collection(name)).config.params.vectors
        dense = stored.get(DENSE) if isinstance(stored, dict) else None
        dimension = dense.size if dense is not None else 0
        if dimension != version.dimension:
            raise PointsMismatchError(
                f"Die Sammlung „{name}“ in Qdrant hat Vektoren mit {dimension} Zahlen, die Indexversion {version.id} "
                f"braucht {version.dimension}. Bitte den Index neu bauen oder QDRANT_ALIAS auf einen freien Namen "
                "setzen, zum Beispiel QDRANT_ALIAS=luna_knowledge_2"
            )
        # The engine within this process has no indexes and warns of each.
        for field, params in PAYLOAD_INDEXES.items() if self._url else ():
            self._write(lambda field=field, params=params: self._index(name, field, params))
        self._ready.add(name)
        return name

    def _create(self, name: str, dimension: int) -> bool:
        # Vectors are compared with given candidates only, never searched from scratch: a graph would be of no use.
        dense = models.VectorParams(
            size=max(dimension, 1),
            distance=models.Distance.COSINE,
            hnsw_config=models.HnswConfigDiff(m=0),
            datatype=models.Datatype.FLOAT16,
        )
        return self._writing.create_collection(
            name,
            vectors_config={DENSE: dense} if dimension else {},
            sparse_vectors_config={TERMS: models.SparseVectorParams(index=models.SparseIndexParams(on_disk=False))},
        )

    def _index(self, name: str, field: str, params: Any) -> object:
        return self._writing.create_payload_index(name, field_name=field, field_schema=params, wait=True)

    def retain(self, versions: Sequence[VersionRef]) -> int:
        """Removes all versions but these; see `PassagePoints.retain`."""
        kept = {self.collection(version) for version in versions}
        removed = 0
        for name in self._own_collections():
            ids = [one.id for one in versions if one.tenant is not None and self.collection(one) == name]
            if name not in kept:
                self._write(lambda name=name: self._writing.delete_collection(name))
                self._ready.discard(name)
                removed += 1
            elif ids:
                others = models.FieldCondition(key="index_version", match=models.MatchExcept(**{"except": ids}))
                self._delete(name, models.Filter(must=[others]))
        return removed

    def _own_collections(self) -> list[str]:
        found = self._write(self._writing.get_collections).collections
        return sorted(one.name for one in found if _is_own(one.name, self._alias))

    def show_live(self, version: VersionRef | None) -> None:
        """Lets the alias name the live public version; see `PassagePoints.show_live`."""
        target = None if version is None else self.collection(version)
        now = self._alias_target()
        if now == target:
            return
        actions: list[models.CreateAliasOperation | models.DeleteAliasOperation | models.RenameAliasOperation] = []
        if now is not None:
            actions.append(models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self._alias)))
        if target is not None:
            named = models.CreateAlias(collection_name=target, alias_name=self._alias)
            actions.append(models.CreateAliasOperation(create_alias=named))
        self._write(lambda: self._writing.update_collection_aliases(change_aliases_operations=actions))

    def _alias_target(self) -> str | None:
        aliases = self._write(self._writing.get_aliases).aliases
        return next((one.collection_name for one in aliases if one.alias_name == self._alias), None)

    # Points

    def write(self, version: VersionRef, points: Points) -> int:
        """Writes points in batches, each acknowledged before the next is sent; see `PassagePoints.write`."""
        if points.vectors.shape[1] != version.dimension:
            raise PointsMismatchError(
                f"Die Indexversion {version.id} hat Vektoren mit {version.dimension} Zahlen, geschrieben werden "
                f"sollten {points.vectors.shape[1]}: sie entstanden mit einem anderen Lexikon oder Modell"
            )
        name = self._ensure(version)
        rows = iter(self._rows(version, points))
        while batch := list(islice(rows, BATCH_POINTS)):
            self._upsert(name, batch)
        return points.size

    def _upsert(self, name: str, batch: list[models.PointStruct]) -> None:
        try:
            self._write(lambda: self._writing.upsert(name, points=batch, wait=True))
        except TooLargeError:
            if len(batch) == 1:
                raise
            self._upsert(name, batch[: len(batch) // 2])
            self._upsert(name, batch[len(batch) // 2 :])
        except NotThereError:
            self._ready.discard(name)  # deleted behind our back: the next attempt makes it anew
            raise

    def _rows(self, version: VersionRef, points: Points) -> Iterator[models.PointStruct]:
        payloads = [payload(version, facts) for facts in points.facts]
        ids = point_ids(version, points.chunk_ids)
        # What is stored are halves of floats; longer decimals would only make the request larger.
        for start in range(0, points.size, BATCH_POINTS):
            vectors = np.round(points.vectors[start : start + BATCH_POINTS].astype(np.float64), 5).tolist()
            for offset, dense in enumerate(vectors):
                number = start + offset
                places, weights = points.terms.row(number)
                vector: dict[str, Any] = {TERMS: models.SparseVector(indices=places, values=weights)}
                if version.dimension:
                    vector[DENSE] = dense
                owner = int(points.owners[number])
                yield models.PointStruct(id=ids[number], vector=vector, payload=payloads[owner])

    def set_facts(self, version: VersionRef, facts: Sequence[ItemFacts]) -> None:
        """Renews the facts of items; see `PassagePoints.set_facts`."""
        name = self._ensure(version)
        for one in facts:
            chosen = _filter(only(version, any_of("item_id", [str(one.item_id)])))
            facts_now = payload(version, one)
            self._write(
                lambda facts_now=facts_now, chosen=chosen: self._writing.set_payload(
                    name, facts_now, points=chosen, wait=True
                )
            )

    def remove(self, version: VersionRef, chunk_ids: Sequence[UUID]) -> None:
        """Removes points; see `PassagePoints.remove`."""
        name = self.collection(version)
        ids = point_ids(version, arrays.ids_of(chunk_ids)) if chunk_ids else []
        for start in range(0, len(ids), _SCROLL):
            part = models.PointIdsList(points=[*ids[start : start + _SCROLL]])
            self._write(lambda part=part: self._writing.delete(name, points_selector=part, wait=True), missing=None)

    def remove_items(self, version: VersionRef, item_ids: Sequence[UUID]) -> None:
        """Removes all points of items; see `PassagePoints.remove_items`."""
        if item_ids:
            chosen = _filter(only(version, any_of("item_id", [str(one) for one in item_ids])))
            self._delete(self.collection(version), chosen)

    def _delete(self, name: str, chosen: models.Filter) -> None:
        selector = models.FilterSelector(filter=chosen)
        self._write(lambda: self._writing.delete(name, points_selector=selector, wait=True), missing=None)

    def count(self, version: VersionRef) -> int:
        """How many points of a version there are; see `PassagePoints.count`."""
        name = self.collection(version)
        chosen = _whole(version)
        found = self._search_call(
            lambda: self._searching.count(name, count_filter=chosen, exact=True), missing=models.CountResult(count=0)
        )
        return found.count

    def chunk_ids(self, version: VersionRef) -> NDArray[np.bytes_]:
        """The passages of a version that have a point; see `PassagePoints.chunk_ids`."""
        name, chosen = self.collection(version), _whole(version)
        ids: list[str] = []
        offset: Any = None
        empty: tuple[list[models.Record], None] = ([], None)
        while True:
            records, offset = self._write(
                lambda offset=offset: self._writing.scroll(
                    name, scroll_filter=chosen, limit=_SCROLL, offset=offset, with_payload=False, with_vectors=False
                ),
                missing=empty,
            )
            ids += [str(record.id) for record in records]
            if offset is None:
                return passage_ids(version, ids)

    def vectors(self, version: VersionRef, chunk_ids: NDArray[np.bytes_]) -> NDArray[np.float32] | None:
        """The vectors of passages; see `PassagePoints.vectors`."""
        name = self.collection(version)
        ids = point_ids(version, chunk_ids) if len(chunk_ids) else []
        found = np.empty((len(ids), version.dimension), np.float32)
        nothing: list[models.Record] = []
        for start in range(0, len(ids), BATCH_POINTS):
            part = ids[start : start + BATCH_POINTS]
            records = self._write(
                lambda part=part: self._writing.retrieve(name, ids=[*part], with_payload=False, with_vectors=[DENSE]),
                missing=nothing,
            )
            dense = {str(one.id): one.vector.get(DENSE) for one in records if isinstance(one.vector, dict)}
            for number, point in enumerate(part, start):
                vector = dense.get(point)
                if not isinstance(vector, list) or len(vector) != version.dimension:
                    return None
                found[number] = vector
        return found

    # Searching

    def search(self, question: PointsQuestion) -> FoundPoints:
        """Candidates and what terms find, each with its cosine, in one call; see `PassagePoints.search`."""
        asked = Asked.of(question)
        if not asked.searches:
            return asked.found([])
        name, queries = self.collection(question.version), self._queries
        ask = self._within_process if queries is None else queries.ask
        return _understood(asked, self._search_call(lambda: ask(name, asked.searches)))

    async def find(self, question: PointsQuestion) -> FoundPoints:
        """The same within an event loop; see `PassagePoints.find`."""
        queries = self._queries
        if queries is None:
            return await asyncio.to_thread(self.search, question)
        asked = Asked.of(question)
        if not asked.searches:
            return asked.found([])
        with translated():
            scored = await queries.find(self.collection(question.version), asked.searches)
        return _understood(asked, scored)

    def _within_process(self, name: str, asked: Sequence[Json]) -> Scored:
        requests = [models.QueryRequest.model_validate(one) for one in asked]
        found = [one.points for one in self._searching.query_batch_points(name, requests)]
        return [([str(one.id) for one in points], [one.score for one in points]) for points in found]

    def nearest(self, version: VersionRef, vector: NDArray[np.float32], limit: int) -> list[UUID]:
        """The passages with the highest cosines; see `PassagePoints.nearest`."""
        name, chosen = self.collection(version), _whole(version)
        asked = rounded(vector)
        found = self._write(
            lambda: self._writing.query_points(
                name,
                query=asked,
                using=DENSE,
                query_filter=chosen,
                # The engine within this process looks at all of them anyway, and warns.
                search_params=models.SearchParams(exact=True) if self._url else None,
                limit=limit,
                with_payload=False,
            )
        ).points
        ids = passage_ids(version, [str(one.id) for one in found])
        return [arrays.uuid_at(ids, number) for number in range(len(ids))]

    def state(self) -> PointsState:
        """Version, alias and collections; see `PassagePoints.state`."""
        info = self._search_call(self._searching.info)
        aliases = self._search_call(self._searching.get_aliases).aliases
        target = next((one.collection_name for one in aliases if one.alias_name == self._alias), None)
        names = [one.name for one in self._search_call(self._searching.get_collections).collections]
        own = tuple(sorted(name for name in names if _is_own(name, self._alias)))
        return PointsState(f"Qdrant {info.version}", target, own)

    # Snapshots

    def snapshots(self, version: VersionRef) -> list[str]:
        """Names of the snapshots of a version's collection, oldest first."""
        name = self.collection(version)
        found = self._write(lambda: self._writing.list_snapshots(name))
        return [one.name for one in sorted(found, key=lambda one: str(one.creation_time or one.name))]

    def create_snapshot(self, version: VersionRef) -> str:
        """Takes a snapshot of a version's collection on the server and returns its name."""
        name = self.collection(version)
        made = self._write(lambda: self._writing.create_snapshot(name, wait=True), attempts=1)
        if made is None:
            raise PointsError(f"Qdrant hat von „{name}“ keinen Schnappschuss angelegt")
        return made.name

    def restore_snapshot(self, version: VersionRef, snapshot: str) -> None:
        """Puts a version's collection back to a snapshot that the server keeps.

        Call a reconciliation afterwards: what was written since the snapshot is missing.
        """
        name = self.collection(version)
        if snapshot not in self.snapshots(version):
            raise PointsError(
                f"Einen Schnappschuss „{snapshot}“ von „{name}“ gibt es nicht; vorhanden: "
                f"{', '.join(self.snapshots(version)) or 'keiner'}"
            )
        # Where the server keeps its files is its own affair: it fetches the snapshot from itself.
        place = f"{self._url}/collections/{name}/snapshots/{snapshot}"
        self._write(
            lambda: self._writing.recover_snapshot(
                name, location=place, api_key=self._api_key, priority=models.SnapshotPriority.SNAPSHOT, wait=True
            ),
            attempts=1,
        )
        self._ready.discard(name)

    def delete_snapshot(self, version: VersionRef, snapshot: str) -> None:
        """Deletes a snapshot."""
        name = self.collection(version)
        self._write(lambda: self._writing.delete_snapshot(name, snapshot, wait=True))

    # Calls

    def _search_call(self, call: Callable[[], T], **missing: T) -> T:
        """A call that somebody waits for: not tried again."""
        return self._guarded(call, **missing)

    def _write(self, call: Callable[[], T], *, attempts: int = ATTEMPTS, **missing: T | None) -> T:
        """A call that is worth waiting for: tried again where the server is busy or away for a moment."""
        return patiently(lambda: self._guarded(call, **missing), attempts)

    def _guarded(self, call: Callable[[], T], **missing: Any) -> T:
        try:
            with self._lock, translated():
                return call()
        except NotThereError:
            if "missing" in missing:
                return missing["missing"]
            raise


def _understood(asked: Asked, scored: Scored) -> FoundPoints:
    try:
        return asked.found(scored)
    except ValueError as fault:
        raise PointsError(NONSENSE) from fault


def _is_own(name: str, alias: str) -> bool:
    """Whether a collection is one of ours: `alias_<version>` or `alias_tenants_<dimension>`."""
    rest = name.removeprefix(f"{alias}_")
    return rest != name and rest.removeprefix("tenants_").isdigit()


def _whole(version: VersionRef) -> models.Filter | None:
    """All points of a version; None where that is its whole collection."""
    chosen = within(version)
    return None if chosen is None else _filter(chosen)


def _filter(chosen: Json) -> models.Filter:
    return models.Filter.model_validate(chosen)
