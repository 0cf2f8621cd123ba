"""Writes the passage index into PostgreSQL: versions, segments, promotion, merging. For the worker's role only.

Each method is one transaction (or a savepoint of the caller's). Heavy writing happens before any lock is taken; the
locks at the end are taken in the order scope, version, and held for milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import Rollback, sql
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo
from psycopg.types.json import Jsonb

from luna_rules.search.analyser import ANALYSER_VERSION, Analyser
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields
from resources.database import PUBLIC_SCOPE, Connection
from resources.vectors import arrays
from resources.vectors.arrays import Layout, Posting
from resources.vectors.embedders import Embedders, Progress
from resources.vectors.index import IndexedItem, IndexVersionError, SegmentReport, Verification, VersionInfo
from resources.vectors.mirror import ENGINE, PointsMirror
from resources.vectors.points import PassagePoints
from resources.vectors.space import Embedded, Space

_POSTING_BATCH = 20_000
_VECTOR_BATCH = 8_192
_MERGE_LOCK = 722_150_000_000
_ABANDONED = "24 hours"

_VERSION_COLUMNS = sql.SQL(
    "id, tenant_id, state, lexicon_digest, analyser_version, chunker_version, embedder, dimension, learnt_chunks, "
    "created_at, promoted_at, engines, model_digest, passage_prefix, question_prefix"
)
_SEGMENT_COLUMNS = sql.SQL(
    """
s.id, s.sequence,
(SELECT string_agg(uuid_send(u.x), ''::bytea ORDER BY u.o) FROM unnest(s.item_ids) WITH ORDINALITY AS u (x, o)),
(SELECT string_agg(int4send(u.x), ''::bytea ORDER BY u.o) FROM unnest(s.item_starts) WITH ORDINALITY AS u (x, o)),
s.sections, s.lengths, s.chunk_ids,
coalesce((SELECT string_agg(uuid_send(u.x), ''::bytea) FROM unnest(s.dropped) AS u (x)), ''::bytea)
"""
)


class _HalfvecArray(bytes):
    """The binary form of a `halfvec[]`, ready to be sent."""


class _HalfvecArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        return obj


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """A segment as stored; `kept` marks the items that still count."""

    id: int
    sequence: int
    layout: Layout
    dropped: NDArray[np.bytes_]

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Which items still count."""
        return self.layout.without(self.dropped)

    @property
    def live_chunks(self) -> int:
        """How many passages still count."""
        return len(self.layout.chunks_of(self.kept))


class IndexWriter:
    """Writes index versions of all scopes over one worker connection. `tenant` None is the public scope.

    `points`: an engine outside PostgreSQL that gets a copy of each version. Where it is away, writing goes on without:
    the version then no longer names it among its engines, until a transfer completes it again.
    `embedders`: the models' server; without, versions with a model's vectors take nothing more.
    """

    def __init__(
        self, connection: Connection, points: PassagePoints | None = None, embedders: Embedders | None = None
    ) -> None:
        self._connection = connection
        self.mirror = PointsMirror(connection, points)
        self.embedders = embedders or Embedders(None)

    def live_version(self, tenant: UUID | None) -> VersionInfo | None:
        """The scope's live version, if it has one."""
        return self._one(
            sql.SQL("SELECT {} FROM index_versions WHERE state = 'live' AND scope = %s").format(_VERSION_COLUMNS),
            _scope(tenant),
        )

    def retired_version(self, tenant: UUID | None) -> VersionInfo | None:
        """The scope's version that was live before, if it is still there."""
        return self._one(
            sql.SQL(
                "SELECT {} FROM index_versions WHERE state = 'retired' AND scope = %s "
                "ORDER BY promoted_at DESC NULLS LAST, id DESC LIMIT 1"
            ).format(_VERSION_COLUMNS),
            _scope(tenant),
        )

    def kept_versions(self) -> list[int]:
        """Live versions of all scopes first, then retired ones that can be gone back to."""
        rows = self._connection.execute(
            "SELECT id FROM index_versions WHERE state IN ('live', 'retired') ORDER BY state, id"
        ).fetchall()
        return [cast(int, row[0]) for row in rows]

    def version(self, version_id: int) -> VersionInfo:
        """One version. Raises `IndexVersionError` where there is none."""
        found = self._one(sql.SQL("SELECT {} FROM index_versions WHERE id = %s").format(_VERSION_COLUMNS), version_id)
        if found is None:
            raise IndexVersionError(f"There is no index version {version_id}")
        return found

    def lexicon(self, version_id: int) -> Lexicon:
        """The lexicon that text must pass through to enter a version."""
        row = self._connection.execute(
            "SELECT l.data FROM index_versions v JOIN index_lexicons l ON l.id = v.lexicon_id WHERE v.id = %s",
            (version_id,),
            binary=True,
        ).fetchone()
        if row is None:
            raise IndexVersionError(f"There is no index version {version_id}")
        return Lexicon.from_bytes(bytes(row[0]))

    def create_version(
        self,
        tenant: UUID | None,
        lexicon: Lexicon,
        *,
        chunker_version: str,
        run_id: str | None,
        learnt_chunks: int = 0,
        space: Space | None = None,
    ) -> int:
        """Begins a version beside the live one and returns its number. Askers do not see it before `promote`.

        Its vectors are the lexicon's, or a model's where a `space` is given.
        """
        dimension = lexicon.dimension if space is None else space.dimension
        local = f"svd-{dimension}" if dimension else "none"
        with self._connection.transaction():
            row = self._connection.execute(
                """
                INSERT INTO index_versions (tenant_id, lexicon_id, lexicon_digest, analyser_version, chunker_version,
                                            embedder, dimension, learnt_chunks, run_id, engines, model_digest,
                                            passage_prefix, question_prefix)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
                """,
                (
                    tenant,
                    self._store_lexicon(tenant, lexicon),
                    lexicon.digest,
                    ANALYSER_VERSION,
                    chunker_version,
                    local if space is None else space.model,
                    dimension,
                    learnt_chunks,
                    run_id,
                    self.mirror.engines,
                    *(
                        (None,) * 3
                        if space is None
                        else (space.digest, space.prefixes.passage, space.prefixes.question)
                    ),
                ),
            ).fetchone()
            info = self.version(_only(row))
            if ENGINE in info.engines:
                self.mirror.begin(info)
        return info.id

    def embed(
        self, info: VersionInfo, items: Sequence[IndexedItem], progress: Progress | None = None
    ) -> Embedded | None:
        """The vectors that `add_segment` needs of a model; None for a version whose lexicon makes them.

        Call it outside any transaction: a model takes its time. Raises `EmbedderError`.
        """
        return None if info.space is None else self.embedders.passages(info.space, items, progress)

    def add_segment(
        self,
        version_id: int,
        tenant: UUID | None,
        items: Sequence[IndexedItem],
        analyser: Analyser,
        run_id: str | None,
        *,
        retired: bool = False,
        embedded: Embedded | None = None,
    ) -> SegmentReport:
        """Adds items with all their passages; items that the version already has are replaced.

        In a live version they are seen as soon as the transaction commits. Set an item `ready` in the same transaction,
        after this call: `promote` relies on ready items being in the version that was live when they became so.
        Raises `IndexVersionError` when the version was retired meanwhile; add to the new live one then. `retired`
        allows it: so a version catches up before it is live again. `embedded`: what `embed` gave for these items.
        """
        item_ids = [item.item_id for item in items]
        if len(set(item_ids)) != len(item_ids):
            raise ValueError("An item occurs twice in one segment")
        began = time.perf_counter()
        filled = [item for item in items if item.chunks]
        fields: list[ChunkFields] = [chunk[1] for item in filled for chunk in item.chunks]
        block = analyser.analyse(fields)
        vectors = analyser.embed(block) if embedded is None else embedded.vectors
        analysed = time.perf_counter()
        with self._connection.transaction():
            info = self._writable(version_id, tenant, retired=retired)
            if (embedded.space.key if embedded else None) != (info.space.key if info.space else None):
                raise IndexVersionError(
                    f"The vectors of version {version_id} are made by {info.embedder}; these are of another space"
                )
            if len(vectors) != len(fields):
                raise IndexVersionError(f"{len(fields)} passages were given with {len(vectors)} vectors")
            if vectors.shape[1] != info.dimension:
                raise IndexVersionError(
                    f"Version {version_id} has vectors of {info.dimension} numbers, the analyser gives "
                    f"{vectors.shape[1]}: it was made with another lexicon"
                )
            segment_id: int | None = None
            if filled:
                layout = _layout_of(filled, block.lengths)
                kind = arrays.number_type(layout.size)
                segment_id = self._write_segment(info, layout, run_id)
                offsets = block.offsets.tolist()
                numbers = block.numbers.astype(kind)
                self._write_postings(
                    info,
                    segment_id,
                    (
                        (term, numbers[low:high].tobytes(), block.frequencies[low:high].tobytes())
                        for term, low, high in zip(block.terms, offsets[:-1], offsets[1:], strict=True)
                    ),
                )
                if "postgres" in info.engines:
                    self.write_vectors(info, segment_id, vectors)
                self.mirror.write(info, layout, block, vectors)
            self._lock(info)
            replaced = self._drop(version_id, item_ids, but=segment_id)
            if segment_id is not None:
                self._place_last(version_id, segment_id)
            if info.state == "live":
                self._touch(tenant)
        return SegmentReport(
            segment_id=segment_id,
            items=len(filled),
            chunks=len(fields),
            vectors=len(fields) if info.dimension else 0,
            terms=len(block.terms),
            postings=len(block.numbers),
            replaced_items=replaced,
            analyse_seconds=analysed - began,
            write_seconds=time.perf_counter() - analysed,
        )

    def remove_items(self, tenant: UUID | None, item_ids: Iterable[UUID], *, compact: bool = True) -> int:
        """Takes items out of all versions of a scope; returns how many were in the live one.

        They are no longer found at once. With `compact` the segments that held them are rewritten, so that nothing of
        their text stays; without, that happens at the next `merge_segments`.
        """
        wanted = list(item_ids)
        rows = self._connection.execute(
            "SELECT id FROM index_versions WHERE scope = %s AND state <> 'refused' ORDER BY id",
            (_scope(tenant),),
        ).fetchall()
        removed = 0
        for (version_id,) in rows:
            with self._connection.transaction():
                info = self.version(cast(int, version_id))
                self._lock(info)
                count = self._drop(info.id, wanted)
                self.mirror.remove_items(info, wanted)
                if info.state == "live":
                    removed = count
                    if count:
                        self._touch(tenant)
            if compact and count:
                self._rewrite(info.id, [[stored] for stored in self.segments(info.id) if len(stored.dropped)])
        return removed

    def merge_segments(self, version_id: int, max_segments: int = 8) -> int:
        """Joins small neighbours when a version has more than `max_segments`, and drops what no longer counts.

        Returns how many segments were written anew. Askers see the old ones or the new ones, never a mixture, and find
        the same passages with the same scores. Only one merge of a version runs at a time; another returns 0.
        """
        segments = self.segments(version_id)
        groups = _merge_plan([stored.live_chunks for stored in segments], max_segments)
        chosen = [[segments[i] for i in group] for group in groups]
        return self._rewrite(version_id, [g for g in chosen if len(g) > 1 or len(g[0].dropped)])

    def promote(self, version_id: int) -> None:
        """Makes a version the live one of its scope, at once for all askers; the previous one is retired.

        Raises `IndexVersionError` where the version is not whole or was refused; nothing has changed then.
        """
        with self._connection.transaction():
            info = self.version(version_id)
            if info.state == "live":
                return
            self._lock_scope(info.tenant)
            self._connection.execute(
                "SELECT FROM index_versions WHERE id = %s OR (state = 'live' AND scope = %s) "
                "ORDER BY id FOR NO KEY UPDATE",
                (version_id, _scope(info.tenant)),
            )
            info = self.version(version_id)
            if info.state not in ("building", "retired"):
                raise IndexVersionError(f"Index version {version_id} is {info.state} and cannot be promoted")
            checked = self.verify(version_id)
            if not checked.ok:
                raise IndexVersionError(
                    f"Index version {version_id} is not whole: {len(checked.missing_items)} items are missing, "
                    f"{len(checked.stale_items)} are stale, {checked.vectors} of {checked.expected_vectors} vectors"
                    + ("" if checked.points is None else f", {checked.points} of {checked.chunks} points")
                )
            self._connection.execute(
                "UPDATE index_versions SET state = 'retired' WHERE state = 'live' AND scope = %s",
                (_scope(info.tenant),),
            )
            self._connection.execute(
                "UPDATE index_versions SET state = 'live', promoted_at = now() WHERE id = %s", (version_id,)
            )
            self._touch(info.tenant)

    def refuse(self, version_id: int, report: Mapping[str, Any]) -> None:
        """Ends a version that failed its checks: keeps the report, frees the rest."""
        with self._connection.transaction():
            done = self._connection.execute(
                "UPDATE index_versions SET state = 'refused', report = %s, engines = '{}' "
                "WHERE id = %s AND state = 'building'",
                (Jsonb(dict(report)), version_id),
            )
            if done.rowcount != 1:
                raise IndexVersionError(f"Index version {version_id} is not being built and cannot be refused")
            self._connection.execute("DELETE FROM index_segments WHERE version_id = %s", (version_id,))

    def report(self, version_id: int, report: Mapping[str, Any]) -> None:
        """Keeps a version's measurements with it."""
        self._connection.execute(
            "UPDATE index_versions SET report = %s WHERE id = %s", (Jsonb(dict(report)), version_id)
        )

    def verify(self, version_id: int) -> Verification:
        """Counts a version and compares it with the scope's ready items and their stored passages."""
        with self._connection.transaction():
            info = self.version(version_id)
            segments = self.segments(version_id)
            indexed: dict[bytes, bytes] = {}
            ranges: tuple[list[int], list[int], list[int]] = ([], [], [])
            chunks = 0
            live = [stored.layout.chunk_ids[stored.layout.chunks_of(stored.kept)] for stored in segments]
            for stored in segments:
                layout, kept = stored.layout, stored.kept
                chunks += stored.live_chunks
                for i in np.flatnonzero(kept).tolist():
                    low, high = int(layout.starts[i]), int(layout.starts[i + 1])
                    indexed[layout.item_ids[i : i + 1].tobytes()] = layout.chunk_ids[low:high].tobytes()
                numbers = layout.chunks_of(kept)
                breaks = np.flatnonzero(np.diff(numbers) > 1)
                for low, high in zip(
                    numbers[np.r_[0, breaks + 1]].tolist() if len(numbers) else [],
                    numbers[np.r_[breaks, len(numbers) - 1]].tolist() if len(numbers) else [],
                    strict=True,
                ):
                    ranges[0].append(stored.id)
                    ranges[1].append(low)
                    ranges[2].append(high)
            (vectors,) = cast(
                tuple[int],
                self._connection.execute(
                    """
                    SELECT count(*) FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS r (segment_id, low, high)
                    JOIN index_vectors v ON v.segment_id = r.segment_id AND v.number BETWEEN r.low AND r.high
                    """,
                    ranges,
                ).fetchone(),
            )
            stored_chunks = self._connection.execute(
                """
                SELECT i.id, string_agg(uuid_send(c.id), ''::bytea ORDER BY c.chunk_idx)
                FROM items i JOIN item_chunks c ON c.item_id = i.id
                WHERE i.tenant_id IS NOT DISTINCT FROM %s AND i.status = 'ready' AND i.deleted_at IS NULL
                GROUP BY i.id ORDER BY i.id
                """,
                (info.tenant,),
                binary=True,
            ).fetchall()
        missing = [cast(UUID, item) for item, _ in stored_chunks if cast(UUID, item).bytes not in indexed]
        stale = [
            cast(UUID, item)
            for item, chunk_ids in stored_chunks
            if indexed.get(cast(UUID, item).bytes, chunk_ids) != chunk_ids
        ]
        return Verification(
            version_id=version_id,
            segments=len(segments),
            items=len(indexed),
            chunks=chunks,
            vectors=vectors,
            expected_vectors=chunks if info.dimension and "postgres" in info.engines else 0,
            missing_items=tuple(missing),
            stale_items=tuple(stale),
            points=self.mirror.present(info, np.concatenate(live) if live else np.zeros(0, arrays.ID)),
        )

    def retire_old(self, keep: int = 1) -> int:
        """Deletes retired and refused versions but for the newest `keep` of each scope, and builds long abandoned.

        Returns how many versions were deleted. Lexicons that no version uses any more go with them.
        """
        with self._connection.transaction():
            gone = self._connection.execute(
                """
                DELETE FROM index_versions WHERE id IN (
                    SELECT id FROM (
                        SELECT id, row_number() OVER (
                            PARTITION BY tenant_id, state ORDER BY coalesce(promoted_at, created_at) DESC, id DESC
                        ) AS place
                        FROM index_versions WHERE state IN ('retired', 'refused')
                    ) AS old WHERE place > %s
                ) OR (state = 'building' AND created_at < now() - %s::interval)
                """,
                (keep, _ABANDONED),
            ).rowcount
            self._connection.execute(
                "DELETE FROM index_lexicons l WHERE created_at < now() - %s::interval "
                "AND NOT EXISTS (SELECT FROM index_versions v WHERE v.lexicon_id = l.id)",
                (_ABANDONED,),
            )
        self.mirror.retain()
        return gone

    def add_engine(self, version_id: int, engine: str) -> None:
        """Notes that an engine holds all vectors of a version; askers use it from then on."""
        with self._connection.transaction():
            info = self.version(version_id)
            self._lock(info)
            self._connection.execute(
                "UPDATE index_versions SET engines = array_append(array_remove(engines, %s), %s) WHERE id = %s",
                (engine, engine, version_id),
            )
            if info.state == "live":
                self._touch(info.tenant)

    def drop_engine(self, version_id: int, engine: str) -> None:
        """Notes that an engine no longer holds a version and frees what PostgreSQL or the engine has of it."""
        with self._connection.transaction():
            info = self.version(version_id)
            self._lock(info)
            self._connection.execute(
                "UPDATE index_versions SET engines = array_remove(engines, %s) WHERE id = %s", (engine, version_id)
            )
            if engine == "postgres":
                self._connection.execute(
                    "DELETE FROM index_vectors v USING index_segments s "
                    "WHERE s.id = v.segment_id AND s.version_id = %s",
                    (version_id,),
                )
            if info.state == "live":
                self._touch(info.tenant)
        if engine == ENGINE:
            self.mirror.retain()

    def show_live(self) -> None:
        """Lets the outside engine's alias name the live public version. For after a promotion's commit."""
        self.mirror.show_live(self.live_version(None))

    # Rows

    def _one(self, query: sql.Composed, value: object) -> VersionInfo | None:
        row = self._connection.execute(query, (value,)).fetchone()
        if row is None:
            return None
        *columns, engines, digest, passage_prefix, question_prefix = row
        info = VersionInfo(*columns, engines=tuple(engines))
        space = Space.stored(info.embedder, digest, info.dimension, passage_prefix, question_prefix)
        return info if space is None else replace(info, space=space)

    def _store_lexicon(self, tenant: UUID | None, lexicon: Lexicon) -> int:
        """The number of the stored lexicon. A tenant whose lexicon is the public one refers to that."""
        find = (
            "SELECT id FROM index_lexicons WHERE digest = %s AND (tenant_id IS NULL OR tenant_id = %s) "
            "ORDER BY tenant_id NULLS FIRST LIMIT 1 FOR KEY SHARE"
        )
        wanted = (lexicon.digest, tenant)
        row = self._connection.execute(find, wanted).fetchone()
        if row is None:
            self._connection.execute(
                "INSERT INTO index_lexicons (tenant_id, digest, data) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (tenant, lexicon.digest, lexicon.to_bytes()),
            )
            row = self._connection.execute(find, wanted).fetchone()
        return _only(row)

    def read_vectors(self, segment_id: int, dimension: int) -> NDArray[np.float16]:
        """The vectors of a segment as stored."""
        row = self._connection.execute(
            "SELECT string_agg(halfvec_send(vector), ''::bytea ORDER BY number) FROM index_vectors "
            "WHERE segment_id = %s",
            (segment_id,),
            binary=True,
        ).fetchone()
        return arrays.read_halfvecs(bytes(_only(row) or b""), dimension)

    def segments(self, version_id: int) -> list[StoredSegment]:
        """The segments of a version in order."""
        rows = self._connection.execute(
            sql.SQL(
                "SELECT {} FROM index_segments s WHERE s.version_id = %s AND s.sequence > 0 ORDER BY s.sequence"
            ).format(_SEGMENT_COLUMNS),
            (version_id,),
            binary=True,
        ).fetchall()
        return [
            StoredSegment(row[0], row[1], arrays.read_layout(*row[2:7]), np.frombuffer(row[7], arrays.ID))
            for row in rows
        ]

    def _write_segment(self, info: VersionInfo, layout: Layout, run_id: str | None) -> int:
        # Without `sequence` at first: a merged segment takes that of a part which is still there.
        row = self._connection.execute(
            """
            INSERT INTO index_segments (version_id, tenant_id, chunk_count, item_ids, item_starts, sections, lengths,
                                        chunk_ids, run_id)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
            """,
            (
                info.id,
                info.tenant,
                layout.size,
                [arrays.uuid_at(layout.item_ids, i) for i in range(len(layout.item_ids))],
                layout.starts.tolist(),
                layout.sections.astype("<u4").tobytes(),
                layout.lengths.astype("<u2").tobytes(),
                layout.chunk_ids.tobytes(),
                run_id,
            ),
        ).fetchone()
        return _only(row)

    def _write_postings(self, info: VersionInfo, segment_id: int, postings: Iterable[tuple[str, bytes, bytes]]) -> None:
        # COPY is refused on tables with row security; arrays as parameters are about as fast.
        rows = iter(postings)
        while batch := list(islice(rows, _POSTING_BATCH)):
            terms, numbers, frequencies = zip(*batch, strict=True)
            self._connection.execute(
                "INSERT INTO index_postings (segment_id, term, tenant_id, numbers, frequencies) "
                "SELECT %s, p.term, %s, p.numbers, p.frequencies "
                "FROM unnest(%b::text[], %b::bytea[], %b::bytea[]) AS p (term, numbers, frequencies)",
                (segment_id, info.tenant, list(terms), list(numbers), list(frequencies)),
            )

    def write_vectors(self, info: VersionInfo, segment_id: int, vectors: NDArray[np.float32]) -> None:
        """Writes the vectors of a whole segment."""
        if not info.dimension:
            return
        kind = TypeInfo.fetch(self._connection, "halfvec")
        if kind is None:
            raise IndexVersionError("The database has no type halfvec: the extension vector is missing or too old")
        dumper = type("HalfvecArrayDumper", (_HalfvecArrayDumper,), {"oid": kind.array_oid})
        with self._connection.cursor() as cursor:
            cursor.adapters.register_dumper(_HalfvecArray, dumper)
            for start in range(0, len(vectors), _VECTOR_BATCH):
                part = arrays.halfvec_array(vectors[start : start + _VECTOR_BATCH], kind.oid)
                cursor.execute(
                    "INSERT INTO index_vectors (segment_id, number, tenant_id, vector) "
                    "SELECT %s, %s + v.place - 1, %s, v.vector "
                    "FROM unnest(%b) WITH ORDINALITY AS v (vector, place)",
                    (segment_id, start, info.tenant, _HalfvecArray(part)),
                )

    # Locks and places

    def _writable(self, version_id: int, tenant: UUID | None, *, retired: bool) -> VersionInfo:
        info = self.version(version_id)
        if info.tenant != tenant:
            raise IndexVersionError(f"Index version {version_id} belongs to another scope")
        if info.state not in ("building", "live") and not (retired and info.state == "retired"):
            raise IndexVersionError(f"Index version {version_id} is {info.state} and takes nothing more")
        return info

    def _lock(self, info: VersionInfo) -> None:
        """Locks a version, and first its scope where it is live; the state must still be that of `info`."""
        if info.state == "live":
            self._lock_scope(info.tenant)
        row = self._connection.execute(
            "SELECT state FROM index_versions WHERE id = %s FOR NO KEY UPDATE", (info.id,)
        ).fetchone()
        if row is None or row[0] != info.state:
            raise IndexVersionError(f"Index version {info.id} was {info.state} and is {row[0] if row else 'gone'} now")

    def _lock_scope(self, tenant: UUID | None) -> None:
        self._connection.execute(
            "INSERT INTO index_scopes (scope, tenant_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (_scope(tenant), tenant),
        )
        self._connection.execute("SELECT FROM index_scopes WHERE scope = %s FOR UPDATE", (_scope(tenant),))

    def _touch(self, tenant: UUID | None) -> None:
        self._connection.execute(
            "INSERT INTO index_scopes AS s (scope, tenant_id, generation) VALUES (%s, %s, 1) "
            "ON CONFLICT (scope) DO UPDATE SET generation = s.generation + 1",
            (_scope(tenant), tenant),
        )

    def _place_last(self, version_id: int, segment_id: int) -> None:
        self._connection.execute(
            "UPDATE index_segments SET sequence = (SELECT coalesce(max(sequence), 0) + 1 FROM index_segments "
            "WHERE version_id = %s) WHERE id = %s",
            (version_id, segment_id),
        )

    def _drop(self, version_id: int, item_ids: list[UUID], *, but: int | None = None) -> int:
        """Marks items as dropped in the version's segments (not in `but`), deletes emptied ones; counts the items."""
        rows = self._connection.execute(
            """
            WITH hit AS (
                SELECT s.id, array(
                    SELECT x FROM unnest(s.item_ids) AS x WHERE x = ANY(%(items)s::uuid[]) AND x <> ALL(s.dropped)
                ) AS gone
                FROM index_segments s
                WHERE s.version_id = %(version)s AND s.sequence > 0 AND s.id IS DISTINCT FROM %(but)s
                      AND s.item_ids && %(items)s::uuid[]
            )
            UPDATE index_segments s SET dropped = s.dropped || hit.gone
            FROM hit WHERE s.id = hit.id AND cardinality(hit.gone) > 0
            RETURNING cardinality(hit.gone)
            """,
            {"items": item_ids, "version": version_id, "but": but},
        ).fetchall()
        self._delete_emptied(version_id)
        return sum(cast(int, row[0]) for row in rows)

    def _delete_emptied(self, version_id: int) -> None:
        self._connection.execute(
            "DELETE FROM index_segments WHERE version_id = %s AND cardinality(dropped) = cardinality(item_ids)",
            (version_id,),
        )

    # Merging

    def _rewrite(self, version_id: int, groups: Sequence[Sequence[StoredSegment]]) -> int:
        """Writes each group of neighbours as one segment without what was dropped. Returns how many were written."""
        written = 0
        for group in groups:
            with self._connection.transaction():
                (alone,) = cast(
                    tuple[bool],
                    self._connection.execute(
                        "SELECT pg_try_advisory_xact_lock(%s)", (_MERGE_LOCK + version_id,)
                    ).fetchone(),
                )
                if not alone:
                    return written
                written += self._rewrite_group(self.version(version_id), group)
        self._sweep(version_id, [stored for group in groups for stored in group if len(stored.dropped)])
        return written

    def _sweep(self, version_id: int, rewritten: Sequence[StoredSegment]) -> None:
        """Removes the points of passages that were dropped from segments, unless another segment has them."""
        info = self.version(version_id)
        if ENGINE not in info.engines or not rewritten:
            return
        gone = np.concatenate([stored.layout.chunk_ids[stored.layout.chunks_of(~stored.kept)] for stored in rewritten])
        for stored in self.segments(version_id):
            gone = gone[~np.isin(gone, stored.layout.chunk_ids[stored.layout.chunks_of(stored.kept)])]
        self.mirror.remove(info, [arrays.uuid_at(gone, i) for i in range(len(gone))])

    def _rewrite_group(self, info: VersionInfo, group: Sequence[StoredSegment]) -> int:
        live = [stored for stored in group if stored.kept.any()]
        old_ids = [stored.id for stored in group]
        fresh: int | None = None
        if live:
            layout, maps = arrays.join_layouts([(stored.layout, stored.kept) for stored in live])
            fresh = self._write_segment(info, layout, None)
            self._write_postings(info, fresh, self._joined_postings(live, maps, layout.size))
            for stored, moved in zip(live, maps, strict=True):
                old = np.flatnonzero(moved >= 0)
                self._connection.execute(
                    """
                    INSERT INTO index_vectors (segment_id, number, tenant_id, vector)
                    SELECT %s, m.new, v.tenant_id, v.vector
                    FROM unnest(%s::int[], %s::int[]) AS m (old, new)
                    JOIN index_vectors v ON v.segment_id = %s AND v.number = m.old ORDER BY m.new
                    """,
                    (fresh, old.tolist(), moved[old].tolist(), stored.id),
                )
        self._lock(info)
        gone = self._connection.execute(
            "DELETE FROM index_segments WHERE id = ANY(%s) RETURNING id, dropped", (old_ids,)
        ).fetchall()
        if len(gone) < len(group):
            # Emptied, or merged by someone else: what was read no longer holds, the next merge sees to it.
            raise Rollback
        # What was dropped from a part since it was read is dropped from the whole.
        now = {cast(int, row[0]): arrays.ids_of(cast("list[UUID]", row[1])) for row in gone}
        dropped: list[UUID] = []
        for stored in live:
            lost = stored.kept & ~stored.layout.without(now[stored.id])
            dropped += [arrays.uuid_at(stored.layout.item_ids, i) for i in np.flatnonzero(lost).tolist()]
        if fresh is not None:
            self._connection.execute(
                "UPDATE index_segments SET sequence = %s, dropped = %s WHERE id = %s",
                (group[0].sequence, dropped, fresh),
            )
            self._delete_emptied(info.id)
        if info.state == "live":
            self._touch(info.tenant)
        return 0 if fresh is None else 1

    def _joined_postings(
        self, group: Sequence[StoredSegment], maps: Sequence[NDArray[np.int32]], chunks: int
    ) -> list[tuple[str, bytes, bytes]]:
        kind = arrays.number_type(chunks)
        by_id = {stored.id: (place, stored, maps[place]) for place, stored in enumerate(group)}
        rows = self._connection.execute(
            "SELECT term, segment_id, numbers, frequencies FROM index_postings "
            "WHERE segment_id = ANY(%s) ORDER BY term",
            (list(by_id),),
            binary=True,
        ).fetchall()
        joined: list[tuple[str, bytes, bytes]] = []
        for term, same in groupby(cast(list[tuple[str, int, bytes, bytes]], rows), itemgetter(0)):
            parts: list[tuple[int, tuple[Posting, NDArray[np.int32] | None, int]]] = []
            for _, segment_id, numbers, frequencies in same:
                place, stored, moved = by_id[segment_id]
                posting = arrays.read_posting(numbers, frequencies, stored.layout.size)
                parts.append((place, (posting, moved, 0)))
            parts.sort(key=itemgetter(0))
            numbers, frequencies = arrays.join_postings([part for _, part in parts])
            if len(numbers):
                joined.append((term, numbers.astype(kind).tobytes(), frequencies.tobytes()))
        return joined


def _only(row: tuple[Any, ...] | None) -> Any:
    if row is None:
        raise IndexVersionError("The row just written is gone")
    return row[0]


def _scope(tenant: UUID | None) -> UUID:
    return PUBLIC_SCOPE if tenant is None else tenant


def _layout_of(items: Sequence[IndexedItem], lengths: NDArray[np.uint16]) -> Layout:
    owners = [number for number, item in enumerate(items) for _ in item.chunks]
    keys = [chunk[2] for item in items for chunk in item.chunks]
    return Layout(
        arrays.ids_of(item.item_id for item in items),
        np.cumsum([0, *(len(item.chunks) for item in items)]),
        arrays.section_numbers(owners, keys),
        lengths,
        arrays.ids_of(chunk[0] for item in items for chunk in item.chunks),
    )


def _merge_plan(sizes: Sequence[int], most: int) -> list[list[int]]:
    """Which neighbours to join so that at most half of `most` remain once there are more than `most`.

    The smallest neighbours are joined first, so that large segments are seldom written again.
    """
    groups = [[i] for i in range(len(sizes))]
    totals = list(sizes)
    if len(groups) <= most:
        return groups
    while len(groups) > max(1, most // 2):
        at = min(range(len(groups) - 1), key=lambda i: totals[i] + totals[i + 1])
        groups[at : at + 2] = [groups[at] + groups[at + 1]]
        totals[at : at + 2] = [totals[at] + totals[at + 1]]
    return groups
