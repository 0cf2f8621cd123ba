"""Joins segments of a version, so that a search reads few of them. Askers see the old ones or the new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import Rollback

from resources.database import Connection
from resources.vectors import arrays
from resources.vectors.arrays import PostingColumns
from resources.vectors.index import VersionInfo
from resources.vectors.mirror import ENGINE, PointsMirror
from resources.vectors.postgres_segments import SegmentRows, StoredSegment
from resources.vectors.postgres_versions import VersionRows

_MERGE_LOCK = 722_150_000_000
_JOINED_AT_ONCE = 500_000
_Row = tuple[str, int, bytes, bytes]


class SegmentMerger:
    """Writes segments of a version anew, joined and without what was dropped."""

    def __init__(self, connection: Connection, versions: VersionRows, rows: SegmentRows, mirror: PointsMirror) -> None:
        self._connection = connection
        self._versions = versions
        self._rows = rows
        self._mirror = mirror

    def rewrite(self, version_id: int, groups: Sequence[Sequence[StoredSegment]]) -> int:
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
                written += self._rewrite_group(self._versions.version(version_id), group)
        self._sweep(version_id, [stored for group in groups for stored in group if len(stored.dropped)])
        return written

    def _sweep(self, version_id: int, rewritten: Sequence[StoredSegment]) -> None:
        """Removes the points of passages that were dropped from segments, unless another segment has them."""
        info = self._versions.version(version_id)
        if ENGINE not in info.engines or not rewritten:
            return
        gone = np.concatenate([stored.layout.chunk_ids[stored.layout.chunks_of(~stored.kept)] for stored in rewritten])
        for stored in self._rows.segments(version_id):
            gone = gone[~np.isin(gone, stored.layout.chunk_ids[stored.layout.chunks_of(stored.kept)])]
        self._mirror.remove(info, [arrays.uuid_at(gone, i) for i in range(len(gone))])

    def _rewrite_group(self, info: VersionInfo, group: Sequence[StoredSegment]) -> int:
        live = [stored for stored in group if stored.kept.any()]
        old_ids = [stored.id for stored in group]
        fresh: int | None = None
        if live:
            layout, maps = arrays.join_layouts([(stored.layout, stored.kept) for stored in live])
            fresh = self._rows.write_segment(info, layout, None)
            for postings in self._joined_postings(live, maps, layout.size):
                self._rows.write_postings(info, fresh, postings)
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
        self._versions.lock(info)
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
            self._rows.delete_emptied(info.id)
        if info.state == "live":
            self._versions.touch(info.tenant)
        return 0 if fresh is None else 1

    def _joined_postings(
        self, group: Sequence[StoredSegment], maps: Sequence[NDArray[np.int32]], chunks: int
    ) -> Iterator[PostingColumns]:
        """The postings of all segments as one, a bounded part at a time; no term is in two parts."""
        rows = cast(
            "list[_Row]",
            self._connection.execute(
                "SELECT term, segment_id, numbers, frequencies FROM index_postings "
                "WHERE segment_id = ANY(%s) ORDER BY term",
                ([stored.id for stored in group],),
                binary=True,
            ).fetchall(),
        )
        moves = {stored.id: (stored.layout.size, moved) for stored, moved in zip(group, maps, strict=True)}
        low = size = 0
        for at, row in enumerate(rows):
            if size >= _JOINED_AT_ONCE and row[0] != rows[at - 1][0]:
                yield _joined(rows[low:at], moves, chunks)
                low, size = at, 0
            size += len(row[3]) // 4
        yield _joined(rows[low:], moves, chunks)


def _joined(rows: Sequence[_Row], moves: Mapping[int, tuple[int, NDArray[np.int32]]], chunks: int) -> PostingColumns:
    """Rows in the order of their terms as columns, renumbered by each segment's map (−1: gone)."""
    ranks = {term: rank for rank, term in enumerate(dict.fromkeys(row[0] for row in rows))}
    keys: list[NDArray[np.int64]] = []
    counted: list[NDArray[np.uint8]] = []
    for segment_id, (size, moved) in moves.items():
        own = [row for row in rows if row[1] == segment_id]
        numbers, frequencies = arrays.read_posting(
            b"".join(row[2] for row in own), b"".join(row[3] for row in own), size
        )
        term = np.repeat(
            np.fromiter((ranks[row[0]] for row in own), np.int64, len(own)),
            np.fromiter((len(row[3]) // 4 for row in own), np.int64, len(own)),
        )
        new = moved[numbers]
        kept = new >= 0
        keys.append(term[kept] * chunks + new[kept])
        counted.append(frequencies[kept])
    key = np.concatenate(keys)
    order = np.argsort(key)
    key = key[order]
    place, number = np.divmod(key, max(chunks, 1))
    left, first = np.unique(place, return_index=True)
    terms = list(ranks)
    return PostingColumns(
        [terms[i] for i in left.tolist()],
        np.append(first, len(key)),
        number.astype(arrays.number_type(chunks)),
        np.concatenate(counted)[order],
    )


def merge_plan(sizes: Sequence[int], most: int) -> list[list[int]]:
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
