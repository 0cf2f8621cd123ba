"""A small world to try a passage index in: tenants, documents with real rows, writers and askers."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest
from psycopg.types.json import Jsonb

from luna_rules.search.analyser import Analyser
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields
from luna_rules.search.tables import SearchTables
from resources.breaker import Breaker
from resources.database import AppDatabase, Connection, worker_connection
from resources.secrets import DatabaseUrls
from resources.vectors.embedders import Embedders
from resources.vectors.index import NO_FILTERS, Filters, IndexedItem, SearchResult, SegmentReport
from resources.vectors.postgres import PostgresIndex
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.qdrant import QdrantPoints
from resources.vectors.qdrant_index import QdrantIndex
from resources.vectors.questions import QuestionEmbedder

TODAY = date(2026, 6, 15)
DIMENSION = 16

_WORDS = """
    netz strom gas wärme zähler liefer vertrag kund preis abrechnung anschluss betreiber entgelt frist meldung
    anlage speicher einspeisung vergütung messung register behörde antrag genehmigung erlös kosten steuer abgabe
    umlage bilanz leitung spannung leistung energie solar wind kraft werk haushalt gewerbe grund ersatz sonder
    lieferant verbrauch ablesung sperrung kündigung widerspruch haftung schaden auskunft daten schutz sicherheit
    störung ausfall planung
"""
_STEMS = _WORDS.split()


def words(count: int = 4000) -> list[str]:
    """A vocabulary of compounds, the frequent ones first."""
    rng = np.random.default_rng(3)
    made = dict.fromkeys(_STEMS)
    while len(made) < count:
        made["".join(rng.choice(_STEMS, int(rng.integers(2, 4))).tolist())] = None
    return list(made)


def synthetic_chunks(count: int, seed: int = 1) -> list[ChunkFields]:
    """Passages whose words follow a law of few frequent and many rare ones."""
    rng = np.random.default_rng(seed)
    vocabulary = np.array(words(), dtype=object)
    weights = 1 / (np.arange(len(vocabulary)) + 5.0)
    weights /= weights.sum()
    chunks: list[ChunkFields] = []
    for i in range(count):
        body = rng.choice(vocabulary, int(rng.integers(15, 70)), p=weights).tolist()
        heading = rng.choice(vocabulary, 2, p=weights).tolist()
        section = i // 3
        chunks.append(
            ChunkFields(
                f"Satzung {section // 20}", " ".join(heading), " ".join(body), f"§ {section % 20 + 1}", str(i % 3 + 1)
            )
        )
    return chunks


@dataclass(frozen=True)
class Doc:
    """A document as written to the database."""

    item_id: UUID
    document_id: UUID
    chunk_ids: tuple[UUID, ...]
    indexed: IndexedItem


ENGINES = ["postgres", "qdrant-in-memory", *(["qdrant-server"] if os.environ.get("QDRANT_URL") else [])]
"""What the contract is held by; a server only where `QDRANT_URL` names one (`make test-services` says so by name)."""


def open_points(engine: str) -> QdrantPoints | None:
    """The points of an engine, under a name of their own."""
    if engine == "postgres":
        return None
    alias = f"luna_test_{uuid4().hex[:10]}"
    if engine == "qdrant-in-memory":
        return QdrantPoints.in_memory(alias)
    return QdrantPoints.connect(os.environ["QDRANT_URL"], os.environ.get("QDRANT_API_KEY"), alias)


class World:
    """Writes as the worker, asks as the application, arranges as the owner."""

    def __init__(self, urls: DatabaseUrls, engine: str = "postgres", *, models: str | None = None) -> None:
        self.urls = urls
        self.models = models
        self.embedders = Embedders(models)
        self.engine = engine
        self.points = open_points(engine)
        self.owner: psycopg.Connection[tuple[object, ...]] = psycopg.connect(urls.owner, autocommit=True)
        self._worker_context = worker_connection(urls.worker)
        self.worker: Connection = self._worker_context.__enter__()
        self.writer = self.new_writer(self.worker)
        self.app = AppDatabase(urls.app)
        self._questions: list[QuestionEmbedder] = []
        self.index = self.new_index()
        self._analysers: dict[int, Analyser] = {}

    def new_writer(self, connection: Connection) -> IndexWriter:
        """A writer of the engine over another connection."""
        return IndexWriter(connection, self.points, self.embedders)

    def new_index(
        self, cache_mb: int = 160, *, candidates: int | None = None, tables: SearchTables | None = None
    ) -> PostgresIndex:
        """A reader of the engine with nothing in its cache."""
        questions = self.new_questions()
        tables = tables or SearchTables()
        if self.points is None:
            return PostgresIndex(tables, cache_mb, candidates=candidates, questions=questions)
        return QdrantIndex(tables, self.points, cache_mb, candidates=candidates, questions=questions)

    def new_questions(self) -> QuestionEmbedder:
        """What embeds questions: as patient as a test on a busy machine must be, and never resting after a fault."""
        made = QuestionEmbedder(
            self.models, timeout_s=30.0, breaker=lambda: Breaker(first_pause_s=0, longest_pause_s=0)
        )
        self._questions.append(made)
        return made

    async def open(self) -> None:
        """Opens the application's pool."""
        await self.app.open()

    async def close(self) -> None:
        """Closes all connections."""
        await self.app.close()
        self.embedders.close()
        for one in self._questions:
            one.close()
        if self.points is not None:
            self.points.retain([])
            self.points.close()
        self._worker_context.__exit__(None, None, None)
        self.owner.close()

    def tenant(self) -> UUID:
        """A new tenant."""
        tenant = uuid4()
        self.owner.execute("INSERT INTO tenants (id, name) VALUES (%s, %s)", (tenant, f"t{tenant.hex[:20]}"))
        return tenant

    def document(
        self,
        tenant: UUID | None,
        chunks: Sequence[str | ChunkFields],
        *,
        item_id: UUID | None = None,
        document_id: UUID | None = None,
        version: int = 1,
        kind: str = "document",
        source: str = "upload",
        tags: Sequence[str] = (),
        metadata: dict[str, object] | None = None,
        status: str = "ready",
        valid_from: date | None = None,
        valid_to: date | None = None,
        superseded_at: datetime | None = None,
    ) -> Doc:
        """Rows of a document and its chunks, ready to be indexed."""
        item_id, document_id = item_id or uuid4(), document_id or uuid4()
        fields = [ChunkFields("", "", chunk) if isinstance(chunk, str) else chunk for chunk in chunks]
        self.owner.execute(
            """
            INSERT INTO items (id, tenant_id, document_id, version, kind, source, tags, metadata, status, valid_from,
                               valid_to, superseded_at, file_name, media_type, size_bytes, object_key, sha256)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'x.txt', 'text/plain', 1, 'x', %s)
            """,
            (
                item_id,
                tenant,
                document_id,
                version,
                kind,
                source,
                list(tags),
                Jsonb(metadata or {}),
                status,
                valid_from,
                valid_to,
                superseded_at,
                hashlib.sha256(item_id.bytes).hexdigest(),
            ),
        )
        return self.chunks(tenant, item_id, document_id, fields)

    def chunks(self, tenant: UUID | None, item_id: UUID, document_id: UUID, fields: Sequence[ChunkFields]) -> Doc:
        """Rows of a document's chunks, instead of those that it had."""
        self.owner.execute("DELETE FROM item_chunks WHERE item_id = %s", (item_id,))
        ids = [uuid4() for _ in fields]
        with self.owner.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO item_chunks (id, tenant_id, item_id, chunk_idx, text, char_start, char_end, "
                "chunker_version) VALUES (%s, %s, %s, %s, %s, 0, 1, 'test')",
                [(ids[i], tenant, item_id, i, field.body) for i, field in enumerate(fields)],
            )
        rows = [(key, field, field.section) for key, field in zip(ids, fields, strict=True)]
        return Doc(item_id, document_id, tuple(ids), IndexedItem(item_id, rows))

    def begin(self, tenant: UUID | None, *, lexicon: Lexicon | None = None, model: str | None = None) -> int:
        """A version that is being built; its vectors are the lexicon's, or a model's."""
        lexicon = lexicon or learnt()
        space = None if model is None else self.embedders.space(model)
        version = self.writer.create_version(tenant, lexicon, chunker_version="test", run_id="run", space=space)
        self._analysers[version] = Analyser(lexicon)
        return version

    def live(self, tenant: UUID | None, *docs: Doc, lexicon: Lexicon | None = None, model: str | None = None) -> int:
        """A live version with documents."""
        version = self.begin(tenant, lexicon=lexicon, model=model)
        if docs:
            self.add(version, tenant, *docs)
        self.writer.promote(version)
        return version

    def add(self, version: int, tenant: UUID | None, *docs: Doc, writer: IndexWriter | None = None) -> SegmentReport:
        """Adds documents as one segment."""
        analyser, writer = self._analysers[version], writer or self.writer
        items = [doc.indexed for doc in docs]
        embedded = writer.embed(writer.version(version), items)
        return writer.add_segment(version, tenant, items, analyser, "run", embedded=embedded)

    async def search(
        self,
        tenant: UUID,
        question: str,
        *,
        filters: Filters = NO_FILTERS,
        as_of: date = TODAY,
        limit: int = 50,
        index: PostgresIndex | None = None,
    ) -> SearchResult:
        """Asks under the tenant's row security."""
        async with self.app.transaction(tenant) as connection:
            return await (index or self.index).search(
                connection, tenant, question, filters=filters, as_of=as_of, limit=limit
            )

    async def found(self, tenant: UUID, question: str, **more: object) -> set[UUID]:
        """The items that a question finds."""
        result = await self.search(tenant, question, **more)  # type: ignore[arg-type]
        return {hit.item_id for hit in result.hits}

    def count(self, table: str) -> int:
        """Rows of a table, whatever the policies."""
        row = self.owner.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608
        assert row is not None
        return int(str(row[0]))


_LEARNT: list[Lexicon] = []


def learnt() -> Lexicon:
    """A lexicon that knows the synthetic vocabulary."""
    if not _LEARNT:
        _LEARNT.append(Lexicon.learn(synthetic_chunks(300), dimension=DIMENSION))
    return _LEARNT[0]


SearchShape = list[tuple[UUID, object]]


def shape(result: SearchResult) -> SearchShape:
    """Hits to be compared: the same passages in the same order for the same reasons.

    The last digits of a cosine depend on how an engine cuts its sums.
    """
    return [
        (hit.chunk_id, pytest.approx({"total": hit.score, **hit.scores}, abs=2e-5))  # pyright: ignore[reportUnknownMemberType]
        for hit in result.hits
    ]


def as_found(result: SearchResult) -> SearchShape:
    """What is compared with a `shape`."""
    return [(hit.chunk_id, {"total": hit.score, **hit.scores}) for hit in result.hits]
