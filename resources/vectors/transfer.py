"""Brings a version's vectors from one engine to another, and repairs what one of them lost. For the worker's role only.

Nothing is remembered between runs: what the target has is counted against the segments, and only what is missing is
written. So a transfer that was killed goes on where it stopped, and the same code mends an engine emptied behind our
back. Call it while nothing else writes the version (with the drain lock held).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.analyser import Analyser
from luna_rules.search.model import TermBlock
from resources.database import Connection
from resources.vectors import arrays
from resources.vectors.index import IndexVersionError, VersionInfo
from resources.vectors.mirror import ENGINE
from resources.vectors.points import PointsMismatchError, VersionRef
from resources.vectors.postgres_writer import IndexWriter, StoredSegment

Engine = Literal["postgres", "qdrant"]
ENGINES: tuple[Engine, ...] = get_args(Engine)
SLICE = 2_000
"""Passages between two reports of progress; a kill loses at most so many."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a transfer of one version did, in passages. `removed` are points that no segment names."""

    version_id: int
    total: int
    written: int
    removed: int


def transfer(
    connection: Connection, writer: IndexWriter, version_id: int, target: Engine, progress: Progress
) -> Transfer:
    """Completes a version in an engine and notes that it is there. `progress` is told passages done and in all.

    Raises `PointsError` or `IndexVersionError`; what was written until then stays and need not be written again.
    """
    info = writer.version(version_id)
    if info.state not in ("live", "retired"):
        raise IndexVersionError(f"Index version {version_id} is {info.state} and has nothing to bring over")
    work = _Transfer(connection, writer, info, progress)
    done = work.to_points() if target == ENGINE else work.to_postgres()
    writer.add_engine(version_id, target)
    return done


def release(writer: IndexWriter, version_id: int, engine: Engine) -> None:
    """Frees the vectors that an engine has of a version. Raises `IndexVersionError` where no other engine has them."""
    info = writer.version(version_id)
    if not set(info.engines) - {engine}:
        raise IndexVersionError(f"No other engine has the vectors of index version {version_id}")
    writer.drop_engine(version_id, engine)


class _Transfer:
    def __init__(self, connection: Connection, writer: IndexWriter, info: VersionInfo, progress: Progress) -> None:
        self._connection = connection
        self._writer = writer
        self._info = info
        self._progress = progress
        self._analyser: Analyser | None = None
        self._segments = writer.segments(info.id)
        self._total = sum(stored.live_chunks for stored in self._segments)
        self._done = 0

    def to_points(self) -> Transfer:
        points, version = self._writer.mirror.points, VersionRef.of(self._info)
        present = points.chunk_ids(version)
        written = 0
        wanted = np.zeros(0, arrays.ID)
        for stored in self._segments:
            alive = stored.layout.chunks_of(stored.kept)
            ids = stored.layout.chunk_ids[alive]
            wanted = np.concatenate([wanted, ids])
            missing = alive[~np.isin(ids, present)]
            self._report(len(alive) - len(missing))
            if not len(missing):
                continue
            block = self._block(stored)
            made = self._writer.mirror.made(stored.layout, block, self._vectors(stored, block))
            for start in range(0, len(missing), SLICE):
                part = missing[start : start + SLICE]
                written += points.write(version, made.take(part))
                self._report(len(part))
        surplus = present[~np.isin(present, wanted)]
        points.remove(version, [arrays.uuid_at(surplus, i) for i in range(len(surplus))])
        found = self._writer.mirror.present(self._info, wanted, asking=True)
        if found != len(wanted):
            raise IndexVersionError(
                f"Index version {self._info.id} is still not whole in Qdrant: {found} of {len(wanted)} points"
            )
        return Transfer(self._info.id, self._total, written, len(surplus))

    def to_postgres(self) -> Transfer:
        written = 0
        for stored in self._segments:
            size = stored.layout.size
            if self._info.dimension and self._count(stored) != size:
                block = self._block(stored)
                vectors = self._vectors(stored, block)
                with self._connection.transaction():
                    self._hold(stored)
                    self._connection.execute("DELETE FROM index_vectors WHERE segment_id = %s", (stored.id,))
                    self._writer.write_vectors(self._info, stored.id, vectors)
                written += stored.live_chunks
            self._report(stored.live_chunks)
        return Transfer(self._info.id, self._total, written, 0)

    def _hold(self, stored: StoredSegment) -> None:
        """Keeps a segment from going until the transaction ends. Raises `IndexVersionError` where it has gone."""
        held = self._connection.execute("SELECT FROM index_segments WHERE id = %s FOR KEY SHARE", (stored.id,))
        if held.fetchone() is None:
            raise IndexVersionError(
                f"Segment {stored.id} of index version {self._info.id} was joined with others meanwhile; "
                "begin the transfer again"
            )

    def _report(self, passages: int) -> None:
        self._done += passages
        self._progress(self._done, self._total)

    def _count(self, stored: StoredSegment) -> int:
        row = self._connection.execute(
            "SELECT count(*) FROM index_vectors WHERE segment_id = %s", (stored.id,)
        ).fetchone()
        return int(row[0]) if row else 0

    def _block(self, stored: StoredSegment) -> TermBlock:
        """The segment's term block, put together again from its postings."""
        rows = cast(
            "list[tuple[str, bytes, bytes]]",
            self._connection.execute(
                "SELECT term, numbers, frequencies FROM index_postings WHERE segment_id = %s ORDER BY term",
                (stored.id,),
                binary=True,
            ).fetchall(),
        )
        size = stored.layout.size
        postings = [arrays.read_posting(numbers, frequencies, size) for _, numbers, frequencies in rows]
        return TermBlock(
            terms=tuple(row[0] for row in rows),
            offsets=np.append(0, np.cumsum([len(numbers) for numbers, _ in postings])).astype(np.int64),
            numbers=np.concatenate([numbers for numbers, _ in postings] or [np.zeros(0)]).astype(np.uint32),
            frequencies=np.concatenate([counts for _, counts in postings] or [np.zeros((0, 4), np.uint8)]),
            lengths=stored.layout.lengths,
        )

    def _vectors(self, stored: StoredSegment, block: TermBlock) -> NDArray[np.float32]:
        """The segment's vectors: as PostgreSQL has them, else made anew, which the term block is enough for.

        Those of a model are not made anew: they are brought from Qdrant.
        """
        info = self._info
        if not info.dimension:
            return np.zeros((stored.layout.size, 0), np.float32)
        if self._count(stored) == stored.layout.size:
            return self._writer.read_vectors(stored.id, info.dimension).astype(np.float32)
        if info.space is not None:
            alive = stored.layout.chunks_of(stored.kept)
            brought = None
            if ENGINE in info.engines:
                ids = stored.layout.chunk_ids[alive]
                brought = self._writer.mirror.points.vectors(VersionRef.of(info), ids)
            if brought is None:
                raise PointsMismatchError(
                    f"Die Vektoren der Indexversion {info.id} stammen vom Modell „{info.embedder}“ und sind nirgends "
                    "mehr vollständig vorhanden; bitte den Index neu bauen (Auftrag „documents_reindex“)"
                )
            vectors = np.zeros((stored.layout.size, info.dimension), np.float32)
            vectors[alive] = brought
            return vectors
        if self._analyser is None:
            self._analyser = Analyser(self._writer.lexicon(info.id))
        vectors = self._analyser.embed(block)
        if vectors.shape[1] != info.dimension:
            raise PointsMismatchError(
                f"Das Lexikon der Indexversion {info.id} gibt Vektoren mit {vectors.shape[1]} statt {info.dimension} "
                "Zahlen; bitte den Index neu bauen (Auftrag „documents_reindex“)"
            )
        return vectors
