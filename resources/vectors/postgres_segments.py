"""Rows of segments: their layout, postings and vectors, written, read and dropped. Whose version it is others check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo

from resources.database import Connection
from resources.vectors import arrays
from resources.vectors.arrays import Layout, PostingColumns
from resources.vectors.index import IndexVersionError, VersionInfo
from resources.vectors.postgres_versions import only

_POSTING_BATCH = 20_000
_VECTOR_BATCH = 8_192
_SEGMENT_COLUMNS = sql.SQL(
    """
s.id, s.sequence,
(SELECT string_agg(uuid_send(u.x), ''::bytea ORDER BY u.o) FROM unnest(s.item_ids) WITH ORDINALITY AS u (x, o)),
(SELECT string_agg(int4send(u.x), ''::bytea ORDER BY u.o) FROM unnest(s.item_starts) WITH ORDINALITY AS u (x, o)),
s.sections, s.lengths, s.chunk_ids,
coalesce((SELECT string_agg(uuid_send(u.x), ''::bytea) FROM unnest(s.dropped) AS u (x)), ''::bytea)
"""
)

_BETWEEN_TERMS = "\x1f"
_INSERT_POSTINGS: LiteralString = """
INSERT INTO index_postings (segment_id, term, tenant_id, numbers, frequencies)
SELECT %(segment)s, p.term, %(tenant)s,
       substring(%(numbers)b::bytea FROM p.start * %(width)s + 1 FOR p.size * %(width)s),
       substring(%(frequencies)b::bytea FROM p.start * 4 + 1 FOR p.size * 4)
FROM unnest(string_to_array(%(terms)s, %(between)s), %(starts)b::int[], %(sizes)b::int[]) AS p (term, start, size)
"""


class _Int4Array(bytes):
    """The binary form of an `int4[]`, ready to be sent."""


class _HalfvecArray(bytes):
    """The binary form of a `halfvec[]`, ready to be sent."""


class _ReadyDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        return obj


class _Int4ArrayDumper(_ReadyDumper):
    oid = 1007


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


class SegmentRows:
    """Segments over one worker connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._halfvec: TypeInfo | None = None

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

    def write_segment(self, info: VersionInfo, layout: Layout, run_id: str | None) -> int:
        """Writes a segment's layout and returns its number. Askers see it once it has a place (`place_last`)."""
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
        return only(row)

    def write_postings(self, info: VersionInfo, segment_id: int, postings: PostingColumns) -> None:
        """Writes postings of a segment; their terms must be new to it.

        COPY is refused on tables with row security. Each column travels as one value, which the server cuts up: arrays
        of many small values take longer to put together here than to store there.
        """
        with self._connection.cursor() as cursor:
            cursor.adapters.register_dumper(_Int4Array, _Int4ArrayDumper)
            for low in range(0, len(postings.terms), _POSTING_BATCH):
                offsets = postings.offsets[low : low + _POSTING_BATCH + 1]
                first, last = int(offsets[0]), int(offsets[-1])
                cursor.execute(
                    _INSERT_POSTINGS,
                    {
                        "segment": segment_id,
                        "tenant": info.tenant,
                        "width": postings.numbers.itemsize,
                        "terms": _BETWEEN_TERMS.join(postings.terms[low : low + _POSTING_BATCH]),
                        "between": _BETWEEN_TERMS,
                        "starts": _Int4Array(arrays.int4_array(offsets[:-1] - first)),
                        "sizes": _Int4Array(arrays.int4_array(np.diff(offsets))),
                        "numbers": postings.numbers[first:last].tobytes(),
                        "frequencies": postings.frequencies[first:last].tobytes(),
                    },
                )

    def write_vectors(self, info: VersionInfo, segment_id: int, vectors: NDArray[np.float32]) -> None:
        """Writes the vectors of a whole segment. Raises `IndexVersionError` where the database knows no `halfvec`."""
        if not info.dimension:
            return
        if self._halfvec is None:
            self._halfvec = TypeInfo.fetch(self._connection, "halfvec")
        kind = self._halfvec
        if kind is None:
            raise IndexVersionError("The database has no type halfvec: the extension vector is missing or too old")
        dumper = type("HalfvecArrayDumper", (_ReadyDumper,), {"oid": kind.array_oid})
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

    def read_vectors(self, segment_id: int, dimension: int) -> NDArray[np.float16]:
        """The vectors of a segment as stored."""
        row = self._connection.execute(
            "SELECT string_agg(halfvec_send(vector), ''::bytea ORDER BY number) FROM index_vectors "
            "WHERE segment_id = %s",
            (segment_id,),
            binary=True,
        ).fetchone()
        return arrays.read_halfvecs(bytes(only(row) or b""), dimension)

    def place_last(self, version_id: int, segment_id: int) -> None:
        """Puts a segment behind all others of its version; the version must be locked."""
        self._connection.execute(
            "UPDATE index_segments SET sequence = (SELECT coalesce(max(sequence), 0) + 1 FROM index_segments "
            "WHERE version_id = %s) WHERE id = %s",
            (version_id, segment_id),
        )

    def drop(self, version_id: int, item_ids: list[UUID], *, but: int | None = None) -> int:
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
        self.delete_emptied(version_id)
        return sum(cast(int, row[0]) for row in rows)

    def delete_emptied(self, version_id: int) -> None:
        """Deletes a version's segments of which nothing counts any more."""
        self._connection.execute(
            "DELETE FROM index_segments WHERE version_id = %s AND cardinality(dropped) = cardinality(item_ids)",
            (version_id,),
        )
