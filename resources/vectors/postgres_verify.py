"""Whether an index version is whole: counted, and compared with the passages that its scope holds."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import numpy as np

from resources.database import Connection
from resources.vectors import arrays
from resources.vectors.index import Verification
from resources.vectors.mirror import PointsMirror
from resources.vectors.postgres_segments import SegmentRows
from resources.vectors.postgres_versions import VersionRows


def verify(
    connection: Connection, versions: VersionRows, rows: SegmentRows, mirror: PointsMirror, version_id: int
) -> Verification:
    """Counts a version and compares it with the scope's ready items and their stored passages.

    Raises `IndexVersionError` where there is no such version.
    """
    with connection.transaction():
        info = versions.version(version_id)
        segments = rows.segments(version_id)
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
            connection.execute(
                """
                SELECT count(*) FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS r (segment_id, low, high)
                JOIN index_vectors v ON v.segment_id = r.segment_id AND v.number BETWEEN r.low AND r.high
                """,
                ranges,
            ).fetchone(),
        )
        stored_chunks = connection.execute(
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
        points=mirror.present(info, np.concatenate(live) if live else np.zeros(0, arrays.ID)),
    )
