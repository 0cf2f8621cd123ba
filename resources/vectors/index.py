"""What every passage index promises, whatever its engine: filters, hits, the reader's side and the writer's shapes.

No engine, no SQL and no ranking belong here; ranking is `luna_rules.search`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, cast, get_args
from uuid import UUID

from luna_rules.search.model import ChunkFields
from luna_rules.search.query import Query
from resources.database import AsyncConnection
from resources.vectors.space import Space

Scalar = str | int | float | bool
Kind = Literal["document", "regulation", "note"]
Source = Literal["upload", "crawler", "api"]
VersionState = Literal["building", "live", "retired", "refused"]

MAX_FILTER_VALUES = 1000
_KEYS = "item_id, document_id, kind, source, tags, version und metadata.<Schlüssel>"
_EXAMPLES = {
    "item_id": '{"item_id": "6f1c2f0e-3c1b-4a53-9d0b-0c8a4b8a2f11"}',
    "document_id": '{"document_id": ["6f1c2f0e-3c1b-4a53-9d0b-0c8a4b8a2f11"]}',
    "kind": '{"kind": ["regulation", "document"]}',
    "source": '{"source": "upload"}',
    "tags": '{"tags": ["netz", "vertrag"]}',
    "version": '{"version": 2}',
    "metadata": '{"metadata.jahr": [2024, 2025]}',
}


class FilterError(ValueError):
    """A filter cannot be used; the text (German) names the key, the fault and a right example. `key` is the key."""

    def __init__(self, key: str, fault: str, example: str) -> None:
        super().__init__(f"Der Filter „{key}“ {fault} Richtig wäre zum Beispiel {example}.")
        self.key = key


@dataclass(frozen=True, slots=True)
class Filters:
    """Which items a search may find. Each field means „any of“, an empty one „no matter“; the fields must all hold.

    `metadata` has a pair (key, any of these values) for each key asked for. Hashable, for keys of caches.
    """

    item_id: tuple[UUID, ...] = ()
    document_id: tuple[UUID, ...] = ()
    kind: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    version: tuple[int, ...] = ()
    metadata: tuple[tuple[str, tuple[Scalar, ...]], ...] = ()


NO_FILTERS = Filters()


def parse_filters(raw: Mapping[str, object] | None) -> Filters:
    """Reads the `filters` of a request: each value a scalar or a list („any of“). Raises `FilterError`."""
    fields: dict[str, tuple[object, ...]] = {}
    metadata: list[tuple[str, tuple[Scalar, ...]]] = []
    for key, value in (raw or {}).items():
        name, dot, inner = key.partition(".")
        example = _EXAMPLES.get(name, _EXAMPLES["kind"])
        if name not in _EXAMPLES or (name == "metadata") != bool(dot and inner):
            raise FilterError(key, f"ist unbekannt; es gibt {_KEYS}.", example)
        values = list(cast(Sequence[object], value)) if isinstance(value, list | tuple) else [value]
        if not values:
            raise FilterError(key, "hat eine leere Liste; lass ihn weg, wenn alles gemeint ist.", example)
        if len(values) > MAX_FILTER_VALUES:
            raise FilterError(key, f"hat mehr als {MAX_FILTER_VALUES} Werte.", example)
        read = tuple(dict.fromkeys(_value(key, name, item, example) for item in values))
        if name == "metadata":
            metadata.append((inner, cast(tuple[Scalar, ...], read)))
        else:
            fields[name] = read
    return Filters(**fields, metadata=tuple(sorted(metadata, key=lambda pair: pair[0])))  # type: ignore[arg-type]


def _value(key: str, name: str, value: object, example: str) -> object:
    shown = str(value)[:60]
    if name in ("item_id", "document_id"):
        if isinstance(value, UUID):
            return value
        try:
            return UUID(value) if isinstance(value, str) else UUID("")
        except ValueError:
            raise FilterError(key, f"hat den Wert „{shown}“, der keine UUID ist.", example) from None
    if name == "version":
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31:
            raise FilterError(key, f"hat den Wert „{shown}“, der keine ganze Zahl ab 1 ist.", example)
        return value
    if name == "metadata":
        if not isinstance(value, str | int | float | bool):
            raise FilterError(key, f"hat den Wert „{shown}“, der weder Text noch Zahl noch Wahrheitswert ist.", example)
        return value
    if not isinstance(value, str) or not value:
        raise FilterError(key, f"hat den Wert „{shown}“, der kein Text ist.", example)
    allowed: tuple[str, ...] = {"kind": get_args(Kind), "source": get_args(Source)}.get(name, ())
    if allowed and value not in allowed:
        raise FilterError(key, f"hat den Wert „{shown}“; möglich sind {', '.join(allowed)}.", example)
    return value


@dataclass(frozen=True, slots=True)
class Hit:
    """One passage found; `scores` says why (see `luna_rules.search.model.Ranked`)."""

    chunk_id: UUID
    item_id: UUID
    score: float
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search found, and on what it stands.

    `index_versions`: the live versions searched (public first). `generation`: grows with each change that this asker
    could see, so the same versions and generation mean the same corpus. `timings_ms`: parts of the latency.
    `without_vectors`: versions whose vectors could not be used, because their model, or the engine that alone has them,
    was not to be had.
    """

    hits: tuple[Hit, ...]
    query: Query | None
    index_versions: tuple[int, ...]
    generation: int
    timings_ms: Mapping[str, float]
    without_vectors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexState:
    """The corpus as an asker sees it now: live versions (public first) and generation, as in `SearchResult`."""

    index_versions: tuple[int, ...]
    generation: int


class PassageIndex(Protocol):
    """Finds passages. Runs inside the caller's transaction, whose tenant it must be given."""

    async def search(
        self,
        connection: AsyncConnection,
        tenant: UUID,
        question: str,
        *,
        filters: Filters,
        as_of: date,
        limit: int,
    ) -> SearchResult:
        """The best `limit` passages for a question among the public ones and the tenant's, valid on `as_of`."""
        ...

    async def state(self, connection: AsyncConnection, tenant: UUID) -> IndexState:
        """Live versions and generation, for the key of a cache of answers."""
        ...


@dataclass(frozen=True, slots=True)
class IndexedChunk:
    """A passage to be indexed. Consecutive chunks of an item with one `section_key` are ranked as one section."""

    chunk_id: UUID
    fields: ChunkFields
    section_key: str | None = None


@dataclass(frozen=True, slots=True)
class IndexedItem:
    """An item with all its passages in reading order, each as (id, fields, section key or None)."""

    item_id: UUID
    chunks: Sequence[tuple[UUID, ChunkFields, str | None]]


@dataclass(frozen=True, slots=True)
class VersionInfo:
    """One index version of a scope (`tenant` None: the public one). `engines`: those that hold all its vectors.

    `space` is None where the lexicon makes the vectors.
    """

    id: int
    tenant: UUID | None
    state: VersionState
    lexicon_digest: str
    analyser_version: str
    chunker_version: str
    embedder: str
    dimension: int
    learnt_chunks: int
    created_at: datetime
    promoted_at: datetime | None
    engines: tuple[str, ...] = ("postgres",)
    space: Space | None = None


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """What adding items wrote. `segment_id` is None where the items had no passages at all."""

    segment_id: int | None
    items: int
    chunks: int
    vectors: int
    terms: int
    postings: int
    replaced_items: int
    analyse_seconds: float
    write_seconds: float


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a version is whole, for the blocking checks before promotion.

    `missing_items` are ready items of the scope that the version lacks, `stale_items` those whose passages differ from
    the stored ones (re-chunked meanwhile). `vectors` must equal `expected_vectors` (0 where the version has no space
    or PostgreSQL keeps no vectors of it), `points` must equal `chunks` (None where no engine outside holds them).
    """

    version_id: int
    segments: int
    items: int
    chunks: int
    vectors: int
    expected_vectors: int
    missing_items: tuple[UUID, ...] = field(default=())
    stale_items: tuple[UUID, ...] = field(default=())
    points: int | None = None

    @property
    def ok(self) -> bool:
        """Whether the version may be promoted."""
        whole = self.vectors == self.expected_vectors and self.points in (None, self.chunks)
        return whole and not self.missing_items and not self.stale_items


class IndexVersionError(RuntimeError):
    """A version is not in the state that an operation needs; for instance it was retired while one wrote to it."""
