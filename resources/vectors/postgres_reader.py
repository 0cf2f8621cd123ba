"""The statements by which a reader gets an index out of PostgreSQL. All run under the asker's row security."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import cast
from uuid import UUID
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from psycopg import sql
from psycopg.types.json import Jsonb

from luna_rules.search.lexicon import Lexicon
from resources.database import PUBLIC_SCOPE, AsyncConnection
from resources.vectors import arrays
from resources.vectors.arrays import Posting
from resources.vectors.index import Filters, Scalar
from resources.vectors.postgres_view import KINDS, SOURCES, ItemTable, ScopeState, Segment, effective_days
from resources.vectors.space import Space

# One statement, hence one snapshot: postings are those of the generation that is returned beside them.
_CHECK = """
SELECT NULL::bigint, NULL::text, NULL::bytea, NULL::bytea, coalesce(sum(generation), 0)::bigint, luna_tenant(),
       (SELECT count(*) FROM index_segments WHERE id = ANY(%s))
FROM index_scopes WHERE scope = ANY(%s)
UNION ALL
SELECT segment_id, term, numbers, frequencies, NULL, NULL, NULL FROM index_postings
WHERE segment_id = ANY(%s) AND term = ANY(%s)
"""

# Versions and segments in one statement, so that they belong together; arrays only of segments not yet known.
_SCOPES = """
SELECT c.scope, c.generation, v.id, v.lexicon_digest, v.dimension, s.id,
       coalesce((SELECT string_agg(uuid_send(u.x), ''::bytea) FROM unnest(s.dropped) AS u (x)), ''::bytea),
       CASE WHEN s.id <> ALL(%(known)s) THEN (
           SELECT string_agg(uuid_send(u.x), ''::bytea ORDER BY u.o)
           FROM unnest(s.item_ids) WITH ORDINALITY AS u (x, o)
       ) END,
       CASE WHEN s.id <> ALL(%(known)s) THEN (
           SELECT string_agg(int4send(u.x), ''::bytea ORDER BY u.o)
           FROM unnest(s.item_starts) WITH ORDINALITY AS u (x, o)
       ) END,
       CASE WHEN s.id <> ALL(%(known)s) THEN s.sections END,
       CASE WHEN s.id <> ALL(%(known)s) THEN s.lengths END,
       CASE WHEN s.id <> ALL(%(known)s) THEN s.chunk_ids END, v.engines,
       v.embedder, v.model_digest, v.passage_prefix, v.question_prefix
FROM index_scopes c
LEFT JOIN index_versions v ON v.state = 'live' AND v.scope = c.scope
LEFT JOIN index_segments s ON s.version_id = v.id AND s.sequence > 0
WHERE c.scope = ANY(%(scopes)s)
ORDER BY c.scope = %(public)s DESC, s.sequence
"""

# Open ends are `FIRST_DAY` and `LAST_DAY` of the view.
_ITEMS = sql.SQL(
    """
SELECT string_agg(uuid_send(id), ''::bytea), string_agg(uuid_send(document_id), ''::bytea),
       string_agg(int4send(version), ''::bytea),
       string_agg(int4send(coalesce(array_position(%s::text[], kind), 0)), ''::bytea),
       string_agg(int4send(coalesce(array_position(%s::text[], source), 0)), ''::bytea),
       string_agg(int4send(coalesce(since, '-2147483648'::int)), ''::bytea),
       string_agg(int4send(coalesce(until, 2147483647)), ''::bytea),
       string_agg(int4send(coalesce(superseded, 2147483647)), ''::bytea)
FROM (SELECT id, document_id, version, kind, source,
             CASE WHEN isfinite(valid_from) THEN valid_from - DATE '1970-01-01' END AS since,
             CASE WHEN isfinite(valid_to) THEN valid_to - DATE '1970-01-01' END AS until,
             (superseded_at AT TIME ZONE 'UTC')::date - DATE '1970-01-01' AS superseded
      FROM items WHERE status = 'ready' AND deleted_at IS NULL AND {scope} ORDER BY id) AS sorted
"""
)
_TAGS = sql.SQL(
    "SELECT tag, string_agg(uuid_send(id), ''::bytea) FROM items, unnest(tags) AS tag "
    "WHERE status = 'ready' AND deleted_at IS NULL AND {scope} GROUP BY tag"
)
_PUBLIC_ONLY = sql.SQL("tenant_id IS NULL AND %s = '00000000-0000-0000-0000-000000000000'::uuid")
_TENANT_ONLY = sql.SQL("tenant_id = %s")

_VECTORS = """
SELECT string_agg(halfvec_send(vector), ''::bytea ORDER BY number), count(*)
FROM index_vectors WHERE segment_id = %s AND number >= %s AND number < %s
"""
_VECTORS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Check:
    """What one statement saw: the sum of generations, the transaction's tenant, how many of the counted segments there
    are, and postings as (segment, term, numbers, frequencies)."""

    generation: int
    tenant: UUID | None
    segments: int
    postings: list[tuple[int, str, bytes, bytes]]


async def check(
    connection: AsyncConnection,
    tenant: UUID,
    *,
    count: Sequence[int] = (),
    segment_ids: Sequence[int] = (),
    terms: Sequence[str] = (),
) -> Check:
    """Sees how things are now, counts segments that should be there and fetches the postings of terms in segments."""
    cursor = await connection.execute(
        _CHECK,
        (list(count), [PUBLIC_SCOPE, tenant], list(segment_ids), list(terms)),
        binary=True,
        prepare=True,
    )
    rows = await cursor.fetchall()
    seen = next(row for row in rows if row[0] is None)
    return Check(seen[4], seen[5], seen[6], [row[:4] for row in rows if row[0] is not None])


async def load_scopes(
    connection: AsyncConnection, tenant: UUID, known: Mapping[UUID, ScopeState]
) -> tuple[list[ScopeState], int]:
    """The scopes with a live version that the asker sees (public first) and the sum of generations.

    States in `known` are used again where nothing changed, and their segments where they did.
    """
    layouts = {segment.id: segment.layout for state in known.values() for segment in state.segments}
    values = {"known": list(layouts), "scopes": [PUBLIC_SCOPE, tenant], "public": PUBLIC_SCOPE}
    cursor = await connection.execute(_SCOPES, values, binary=True)
    rows = await cursor.fetchall()
    states: list[ScopeState] = []
    generations: dict[UUID, int] = {}
    for scope, group in groupby(rows, key=itemgetter(0)):
        parts = list(group)
        _, generation, version_id, digest, dimension = parts[0][:5]
        generations[scope] = generation
        if version_id is None:
            continue
        before = known.get(scope)
        if before is not None and before.generation == generation and before.version_id == version_id:
            states.append(before)
            continue
        segments = tuple(
            Segment(row[5], layouts.get(row[5]) or arrays.read_layout(*row[7:12]), np.frombuffer(row[6], arrays.ID))
            for row in parts
            if row[5] is not None
        )
        items = await _load_items(connection, scope)
        engines = tuple(cast("list[str]", parts[0][12]))
        outdated = await _load_outdated(connection, scope) if "qdrant" in engines else ()
        embedder, model_digest, *prefixes = parts[0][13:17]
        space = Space.stored(embedder, model_digest, dimension, *prefixes)
        states.append(
            ScopeState(scope, generation, version_id, digest, dimension, segments, items, engines, outdated, space)
        )
    return states, sum(generations.values())


async def _load_items(connection: AsyncConnection, scope: UUID) -> ItemTable:
    where = _PUBLIC_ONLY if scope == PUBLIC_SCOPE else _TENANT_ONLY
    cursor = await connection.execute(_ITEMS.format(scope=where), (list(KINDS), list(SOURCES), scope), binary=True)
    row = cast(tuple[bytes | None, ...], await cursor.fetchone())
    ids, documents = (np.frombuffer(column or b"", arrays.ID) for column in row[:2])
    versions, kinds, sources, valid_from, valid_to, superseded = (
        np.frombuffer(column or b"", ">i4").astype(np.int32) for column in row[2:]
    )
    cursor = await connection.execute(_TAGS.format(scope=where), (scope,), binary=True)
    tags = cast(list[tuple[str, bytes]], await cursor.fetchall())
    since, until = effective_days(documents, versions, valid_from, valid_to, superseded)
    return ItemTable(
        ids,
        documents,
        versions,
        kinds,
        sources,
        since,
        until,
        {tag: np.frombuffer(tagged, arrays.ID) for tag, tagged in tags},
    )


async def _load_outdated(connection: AsyncConnection, scope: UUID) -> tuple[UUID, ...]:
    cursor = await connection.execute(
        "SELECT item_id FROM index_outdated WHERE tenant_id IS NOT DISTINCT FROM %s",
        (None if scope == PUBLIC_SCOPE else scope,),
    )
    return tuple(cast("UUID", row[0]) for row in await cursor.fetchall())


async def load_lexicon(connection: AsyncConnection, version_id: int) -> bytes | None:
    """The stored lexicon of a version; None where the version is gone."""
    cursor = await connection.execute(
        "SELECT l.data FROM index_versions v JOIN index_lexicons l ON l.id = v.lexicon_id WHERE v.id = %s",
        (version_id,),
        binary=True,
    )
    row = await cursor.fetchone()
    return None if row is None else bytes(row[0])


# What one part of the process has read, the others share as long as anybody holds it.
_LEXICONS: WeakValueDictionary[str, Lexicon] = WeakValueDictionary()


async def load_lexicon_for_questions(connection: AsyncConnection, version_id: int) -> Lexicon | None:
    """The lexicon of a version as `Lexicon.for_questions`, shared in this process; None where the version is gone."""
    cursor = await connection.execute("SELECT lexicon_digest FROM index_versions WHERE id = %s", (version_id,))
    row = cast("tuple[str] | None", await cursor.fetchone())
    if row is None:
        return None
    lexicon = _LEXICONS.get(row[0])
    if lexicon is None:
        data = await load_lexicon(connection, version_id)
        if data is None:
            return None
        read = await asyncio.to_thread(_read_for_questions, data)
        lexicon = _LEXICONS.setdefault(row[0], read)
    return lexicon


def _read_for_questions(data: bytes) -> Lexicon:
    return Lexicon.from_bytes(data).for_questions()


async def load_vectors(
    connection: AsyncConnection, segment_id: int, chunk_count: int, dimension: int
) -> NDArray[np.float16] | None:
    """All vectors of a segment; None where they are not (or no longer) complete."""
    parts: list[NDArray[np.float16]] = []
    for start in range(0, chunk_count, _VECTORS_AT_ONCE):
        end = min(start + _VECTORS_AT_ONCE, chunk_count)
        cursor = await connection.execute(_VECTORS, (segment_id, start, end), binary=True)
        data, count = cast(tuple[bytes | None, int], await cursor.fetchone())
        if count != end - start or data is None:
            return None
        parts.append(arrays.read_halfvecs(data, dimension))
    return np.concatenate(parts) if parts else np.zeros((0, dimension), np.float16)


async def load_metadata_matches(connection: AsyncConnection, filters: Filters) -> NDArray[np.bytes_]:
    """The items whose metadata pass the filters; a number and its digits as text count as the same value."""
    values: list[object] = []
    for key, wanted in filters.metadata:
        values += [key, [Jsonb(spelling) for value in wanted for spelling in _spellings(value)]]
    cursor = await connection.execute(
        sql.SQL(
            "SELECT coalesce(string_agg(uuid_send(id), ''::bytea), ''::bytea) FROM items "
            "WHERE status = 'ready' AND deleted_at IS NULL AND {}"
        ).format(sql.SQL(" AND ").join([sql.SQL("metadata -> %s @> ANY(%s::jsonb[])")] * len(filters.metadata))),
        values,
        binary=True,
    )
    row = cast(tuple[bytes], await cursor.fetchone())
    return np.frombuffer(row[0], arrays.ID)


def _spellings(value: Scalar) -> list[Scalar]:
    if isinstance(value, bool):
        return [value]
    if isinstance(value, str):
        try:
            number = int(value)
        except ValueError:
            return [value]
        return [value, number] if str(number) == value else [value]
    return [value, str(value)]


def posting_of(row: tuple[int, str, bytes, bytes], chunk_count: int) -> Posting:
    """A posting from a row of `check`."""
    return arrays.read_posting(row[2], row[3], chunk_count)


async def exact_dense(
    connection: AsyncConnection, version_id: int, vector: NDArray[np.float32], limit: int
) -> list[tuple[UUID, float]]:
    """The nearest chunks of a version by a full scan in the database: what faster ways are measured against."""
    cursor = await connection.execute(
        """
        SELECT encode(substring(s.chunk_ids FROM n.number * 16 + 1 FOR 16), 'hex'), n.cosine
        FROM (
            SELECT v.segment_id, v.number, 1 - (v.vector <=> %(vector)s::halfvec) AS cosine
            FROM index_vectors v JOIN index_segments g ON g.id = v.segment_id
            WHERE g.version_id = %(version)s
            ORDER BY v.vector <=> %(vector)s::halfvec, v.segment_id, v.number LIMIT %(limit)s
        ) AS n JOIN index_segments s ON s.id = n.segment_id
        ORDER BY n.cosine DESC
        """,
        {"vector": "[" + ",".join(f"{x:.6g}" for x in vector.tolist()) + "]", "version": version_id, "limit": limit},
    )
    return [(UUID(str(row[0])), float(row[1])) for row in await cursor.fetchall()]
