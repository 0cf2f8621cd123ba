"""Writes the passage index into PostgreSQL: versions, segments, promotion, merging. For the worker's role only.

Each method is one transaction (or a savepoint of the caller's). Heavy writing happens before any lock is taken; the
locks at the end are taken in the order scope, version, and held for milliseconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from luna_rules.search.analyser import ANALYSER_VERSION, Analyser, Gathering
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import TermBlock
from resources.database import Connection
from resources.vectors import arrays
from resources.vectors.arrays import Layout, PostingColumns
from resources.vectors.embedders import Embedders, Progress
from resources.vectors.index import IndexedItem, IndexVersionError, SegmentReport, Verification, VersionInfo
from resources.vectors.mirror import ENGINE, PointsMirror
from resources.vectors.points import PassagePoints
from resources.vectors.postgres_merging import SegmentMerger, merge_plan
from resources.vectors.postgres_segments import SegmentRows, StoredSegment
from resources.vectors.postgres_verify import verify
from resources.vectors.postgres_versions import VersionRows, only, scope_of
from resources.vectors.space import Embedded, Space

_ABANDONED = "24 hours"


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """Items analysed, ready to become a segment. `space`: where a model made the vectors, the one they lie in."""

    item_ids: list[UUID]
    layout: Layout
    block: TermBlock
    vectors: NDArray[np.float32]
    space: Space | None
    seconds: float


class IndexWriter(VersionRows):
    """Writes index versions of all scopes over one worker connection. `tenant` None is the public scope.

    `points`: an engine outside PostgreSQL that gets a copy of each version. Where it is away, writing goes on without:
    the version then no longer names it among its engines, until a transfer completes it again.
    `embedders`: the models' server; without, versions with a model's vectors take nothing more.
    """

    def __init__(
        self, connection: Connection, points: PassagePoints | None = None, embedders: Embedders | None = None
    ) -> None:
        super().__init__(connection)
        self._rows = SegmentRows(connection)
        self.mirror = PointsMirror(connection, points)
        self._merger = SegmentMerger(connection, self, self._rows, self.mirror)
        self.embedders = embedders or Embedders(None)

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
                    self.store_lexicon(tenant, lexicon),
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
            info = self.version(only(row))
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
        return self.add_draft(version_id, tenant, self.draft(items, analyser, embedded), run_id, retired=retired)

    @staticmethod
    def draft(
        items: Sequence[IndexedItem],
        analyser: Analyser,
        embedded: Embedded | None = None,
        gathered: Gathering | None = None,
    ) -> Draft:
        """Analyses items for `add_draft`. Needs no connection, so another thread may write meanwhile.

        `gathered`: where all their passages, in this order, were given to the analyser before.
        """
        item_ids = [item.item_id for item in items]
        if len(set(item_ids)) != len(item_ids):
            raise ValueError("An item occurs twice in one segment")
        began = time.perf_counter()
        filled = [item for item in items if item.chunks]
        if gathered is None:
            gathered = analyser.gather()
            gathered.add(chunk[1] for item in filled for chunk in item.chunks)
        block = gathered.block()
        if len(block.lengths) != sum(len(item.chunks) for item in filled):
            raise ValueError(f"{len(block.lengths)} passages were gathered for these items, which have others")
        vectors = analyser.embed(block) if embedded is None else embedded.vectors
        return Draft(
            item_ids=item_ids,
            layout=_layout_of(filled, block.lengths),
            block=block,
            vectors=vectors,
            space=embedded.space if embedded else None,
            seconds=time.perf_counter() - began,
        )

    def add_draft(
        self, version_id: int, tenant: UUID | None, draft: Draft, run_id: str | None, *, retired: bool = False
    ) -> SegmentReport:
        """Adds what was analysed with the version's lexicon; all else as in `add_segment`."""
        began = time.perf_counter()
        layout, block, vectors = draft.layout, draft.block, draft.vectors
        with self._connection.transaction():
            info = self.writable(version_id, tenant, retired=retired)
            if (draft.space.key if draft.space else None) != (info.space.key if info.space else None):
                raise IndexVersionError(
                    f"The vectors of version {version_id} are made by {info.embedder}; these are of another space"
                )
            if len(vectors) != layout.size:
                raise IndexVersionError(f"{layout.size} passages were given with {len(vectors)} vectors")
            if vectors.shape[1] != info.dimension:
                raise IndexVersionError(
                    f"Version {version_id} has vectors of {info.dimension} numbers, the analyser gives "
                    f"{vectors.shape[1]}: it was made with another lexicon"
                )
            segment_id: int | None = None
            if layout.size:
                segment_id = self._rows.write_segment(info, layout, run_id)
                numbers = block.numbers.astype(arrays.number_type(layout.size))
                columns = PostingColumns(block.terms, block.offsets, numbers, block.frequencies)
                self._rows.write_postings(info, segment_id, columns)
                if "postgres" in info.engines:
                    self._rows.write_vectors(info, segment_id, vectors)
                self.mirror.write(info, layout, block, vectors)
            self.lock(info)
            replaced = self._rows.drop(version_id, draft.item_ids, but=segment_id)
            if segment_id is not None:
                self._rows.place_last(version_id, segment_id)
            if info.state == "live":
                self.touch(tenant)
        return SegmentReport(
            segment_id=segment_id,
            items=len(layout.item_ids),
            chunks=layout.size,
            vectors=layout.size if info.dimension else 0,
            terms=len(block.terms),
            postings=len(block.numbers),
            replaced_items=replaced,
            analyse_seconds=draft.seconds,
            write_seconds=time.perf_counter() - began,
        )

    def remove_items(self, tenant: UUID | None, item_ids: Iterable[UUID], *, compact: bool = True) -> int:
        """Takes items out of all versions of a scope; returns how many were in the live one.

        They are no longer found at once. With `compact` the segments that held them are rewritten, so that nothing of
        their text stays; without, that happens at the next `merge_segments`.
        """
        wanted = list(item_ids)
        rows = self._connection.execute(
            "SELECT id FROM index_versions WHERE scope = %s AND state <> 'refused' ORDER BY id",
            (scope_of(tenant),),
        ).fetchall()
        removed = 0
        for (version_id,) in rows:
            with self._connection.transaction():
                info = self.version(cast(int, version_id))
                self.lock(info)
                count = self._rows.drop(info.id, wanted)
                self.mirror.remove_items(info, wanted)
                if info.state == "live":
                    removed = count
                    if count:
                        self.touch(tenant)
            if compact and count:
                self._merger.rewrite(info.id, [[stored] for stored in self.segments(info.id) if len(stored.dropped)])
        return removed

    def merge_segments(self, version_id: int, max_segments: int = 8) -> int:
        """Joins small neighbours when a version has more than `max_segments`, and drops what no longer counts.

        Returns how many segments were written anew. Askers see the old ones or the new ones, never a mixture, and find
        the same passages with the same scores. Only one merge of a version runs at a time; another returns 0.
        """
        segments = self.segments(version_id)
        groups = merge_plan([stored.live_chunks for stored in segments], max_segments)
        chosen = [[segments[i] for i in group] for group in groups]
        return self._merger.rewrite(version_id, [g for g in chosen if len(g) > 1 or len(g[0].dropped)])

    def promote(self, version_id: int) -> None:
        """Makes a version the live one of its scope, at once for all askers; the previous one is retired.

        Raises `IndexVersionError` where the version is not whole or was refused; nothing has changed then.
        """
        with self._connection.transaction():
            info = self.version(version_id)
            if info.state == "live":
                return
            self.lock_scope(info.tenant)
            self._connection.execute(
                "SELECT FROM index_versions WHERE id = %s OR (state = 'live' AND scope = %s) "
                "ORDER BY id FOR NO KEY UPDATE",
                (version_id, scope_of(info.tenant)),
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
                (scope_of(info.tenant),),
            )
            self._connection.execute(
                "UPDATE index_versions SET state = 'live', promoted_at = now() WHERE id = %s", (version_id,)
            )
            self.touch(info.tenant)

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
        return verify(self._connection, self, self._rows, self.mirror, version_id)

    def segments(self, version_id: int) -> list[StoredSegment]:
        """The segments of a version in order."""
        return self._rows.segments(version_id)

    def read_vectors(self, segment_id: int, dimension: int) -> NDArray[np.float16]:
        """The vectors of a segment as stored."""
        return self._rows.read_vectors(segment_id, dimension)

    def write_vectors(self, info: VersionInfo, segment_id: int, vectors: NDArray[np.float32]) -> None:
        """Writes the vectors of a whole segment."""
        self._rows.write_vectors(info, segment_id, vectors)

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
            self.lock(info)
            self._connection.execute(
                "UPDATE index_versions SET engines = array_append(array_remove(engines, %s), %s) WHERE id = %s",
                (engine, engine, version_id),
            )
            if info.state == "live":
                self.touch(info.tenant)

    def drop_engine(self, version_id: int, engine: str) -> None:
        """Notes that an engine no longer holds a version and frees what PostgreSQL or the engine has of it."""
        with self._connection.transaction():
            info = self.version(version_id)
            self.lock(info)
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
                self.touch(info.tenant)
        if engine == ENGINE:
            self.mirror.retain()

    def show_live(self) -> None:
        """Lets the outside engine's alias name the live public version. For after a promotion's commit."""
        self.mirror.show_live(self.live_version(None))


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
