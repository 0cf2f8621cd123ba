"""Asks one index version, live or not, a list of questions: for the gold check before promotion. Worker's role only.

It searches the whole version with the same analysis and ranker as the reader, without filters and visibility.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import Corpus
from luna_rules.search.query import Query, QueryParser
from luna_rules.search.ranker import Entry, Prepared, Ready, judge, lexical_candidates, rank
from luna_rules.search.tables import SearchTables
from resources.database import Connection
from resources.embedder import EmbedderError
from resources.vectors import arrays
from resources.vectors.embedders import Embedders
from resources.vectors.index import NO_FILTERS, VersionInfo
from resources.vectors.nearest import nearest
from resources.vectors.points import (
    FoundPoints,
    IncompleteError,
    PassagePoints,
    PointsQuestion,
    VersionRef,
    question_terms,
)
from resources.vectors.postgres_writer import IndexWriter

_LAYOUTS = """
SELECT s.id,
       (SELECT string_agg(uuid_send(u.x), ''::bytea ORDER BY u.o) FROM unnest(s.item_ids) WITH ORDINALITY AS u (x, o)),
       (SELECT string_agg(int4send(u.x), ''::bytea ORDER BY u.o)
        FROM unnest(s.item_starts) WITH ORDINALITY AS u (x, o)),
       s.sections, s.lengths, s.chunk_ids,
       coalesce((SELECT string_agg(uuid_send(u.x), ''::bytea) FROM unnest(s.dropped) AS u (x)), ''::bytea)
FROM index_segments s WHERE s.version_id = %s ORDER BY s.sequence
"""
_POSTINGS = (
    "SELECT segment_id, term, numbers, frequencies FROM index_postings WHERE segment_id = ANY(%s) AND term = ANY(%s)"
)
_VECTORS = "SELECT string_agg(halfvec_send(vector), ''::bytea ORDER BY number) FROM index_vectors WHERE segment_id = %s"


@dataclass(frozen=True, slots=True)
class Trial:
    """A question as read, and the passages found for it, best first.

    `frequency` tells in how many of the `total` passages each of the question's terms occurs. `nearest`: the passages
    whose vectors are nearest, words left out; None where that was not asked, or nobody could make the vectors.
    """

    query: Query
    hits: tuple[tuple[UUID, float, Mapping[str, float]], ...]
    frequency: Mapping[str, int]
    total: int
    nearest: tuple[UUID, ...] | None = None


def ask_version(
    connection: Connection,
    version_id: int,
    questions: Sequence[str],
    tables: SearchTables,
    *,
    limit: int,
    points: PassagePoints | None = None,
    embedders: Embedders | None = None,
) -> list[list[UUID]]:
    """The ids of the best `limit` passages for each question, best first."""
    trials = try_version(connection, version_id, questions, tables, limit=limit, points=points, embedders=embedders)
    return [[chunk_id for chunk_id, _, _ in one.hits] for one in trials]


def try_version(
    connection: Connection,
    version_id: int,
    questions: Sequence[str],
    tables: SearchTables,
    *,
    limit: int,
    points: PassagePoints | None = None,
    embedders: Embedders | None = None,
    by_vectors: bool = False,
) -> list[Trial]:
    """The best `limit` passages for each question with their scores, and how rare its terms are.

    `by_vectors`: also the `limit` passages that the vectors alone find.
    `points`: the engine outside that finds the candidates; without, the postings do. `embedders`: the models' server,
    for a version with a model's vectors. A version that is being built needs its model (raises `EmbedderError`); any
    other is tried as askers find it, by words alone where the model is not to be had. Raises `IncompleteError` where
    `points` lacks passages of the version: words alone find enough to pass, and nobody would notice.
    """
    writer = IndexWriter(connection)
    info = writer.version(version_id)
    version = VersionRef.of(info)
    lexicon = writer.lexicon(version_id)
    parser = QueryParser(lexicon, tables)
    rows = connection.execute(_LAYOUTS, (version_id,), binary=True).fetchall()
    if not rows:
        return [Trial(parser.parse(question), (), {}, 0) for question in questions]
    layouts = [arrays.read_layout(*row[1:6]) for row in rows]
    # Items that a later segment replaced stay in the arrays, so that numbers fit; they are only not allowed.
    kept = np.concatenate(
        [
            np.repeat(layout.without(np.frombuffer(row[6], arrays.ID)), np.diff(layout.starts))
            for row, layout in zip(rows, layouts, strict=True)
        ]
    )
    whole, _ = arrays.join_layouts([(layout, np.ones(len(layout.item_ids), bool)) for layout in layouts])
    corpus = Corpus(
        item=np.repeat(np.arange(len(whole.item_ids), dtype=np.uint32), np.diff(whole.starts)),
        section=whole.sections,
        lengths=whole.lengths,
    )
    offsets = dict(zip((row[0] for row in rows), np.cumsum([0, *[one.size for one in layouts]])[:-1], strict=True))
    sizes = {row[0]: layout.size for row, layout in zip(rows, layouts, strict=True)}
    queries = [parser.parse(question) for question in questions]
    asked = _vectors(info, lexicon, queries, questions, embedders)
    terms = sorted({term for query in queries for term in query.terms})
    parts: dict[str, list[tuple[arrays.Posting, None, int]]] = {}
    found = connection.execute(_POSTINGS, (list(sizes), terms), binary=True)
    for segment_id, term, numbers, frequencies in sorted(found, key=lambda row: offsets[row[0]]):
        posting = arrays.read_posting(numbers, frequencies, sizes[segment_id])
        parts.setdefault(term, []).append((posting, None, int(offsets[segment_id])))
    joined = {term: arrays.join_postings(pieces) for term, pieces in parts.items()}
    postings = {term: (numbers.astype(np.uint32, copy=False), rest) for term, (numbers, rest) in joined.items()}
    vectors = None
    by_id = np.argsort(whole.chunk_ids, kind="stable")
    prepared = Prepared.of(corpus)
    if info.dimension and points is None:
        halves = [connection.execute(_VECTORS, (row[0],), binary=True).fetchone() for row in rows]
        data = b"".join(bytes(half[0]) for half in halves if half and half[0])
        vectors = arrays.read_halfvecs(data, info.dimension)
        if len(vectors) != whole.size:
            vectors = None
    near: list[tuple[UUID, ...]] | None = None
    if by_vectors and asked.any():
        if points is not None:
            near = [tuple(points.nearest(version, vector, limit)) if vector.any() else () for vector in asked]
        elif vectors is not None:
            near = [
                tuple(arrays.uuid_at(whole.chunk_ids, number) for number in numbers.tolist())
                for numbers in nearest(vectors, asked, kept, limit)
            ]
    answers: list[Trial] = []
    for number, query in enumerate(queries):
        vector = asked[number]
        own = {term: postings[term] for term in query.terms if term in postings}
        allowed = None if bool(kept.all()) else kept
        dense = None
        ready = Ready(prepared, dict(zip(own, Entry.of_all(list(own.values()), prepared), strict=True)))
        judged = judge(query, ready)
        candidates = lexical_candidates(query, corpus, ready, allowed, judged=judged)
        if points is not None:
            question = PointsQuestion(
                version,
                question_terms(query, ready, allowed),
                vector if bool(vector.any()) else None,
                NO_FILTERS,
                None,
                candidates=whole.chunk_ids[candidates],
            )
            found_points = points.search(question)
            if bool(np.isnan(found_points.candidates).any()):
                raise IncompleteError(version_id)
            candidates, dense = _from_points(found_points, candidates, whole.chunk_ids, by_id, kept)
        if vectors is not None:
            dense = vectors[candidates].astype(np.float32) @ vector
        ranked = rank(query, corpus, ready, candidates, dense=dense, limit=limit, judged=judged)
        hits = tuple((arrays.uuid_at(whole.chunk_ids, one.number), one.score, one.scores) for one in ranked)
        frequency = {term: len(numbers) for term, (numbers, _) in own.items()}
        alone = None if near is None else near[number]
        answers.append(Trial(query, hits, frequency, whole.size, alone))
    return answers


def _vectors(
    info: VersionInfo,
    lexicon: Lexicon,
    queries: Sequence[Query],
    questions: Sequence[str],
    embedders: Embedders | None,
) -> NDArray[np.float32]:
    """The questions in the version's space, one row for each; zeros where a model that is to say so is away."""
    if info.space is None:
        return np.stack([query.vector(lexicon) for query in queries]) if queries else np.zeros((0, 0), np.float32)
    try:
        return (embedders or Embedders(None)).questions(info.space, questions)
    except EmbedderError:
        if info.state == "building":
            raise
        return np.zeros((len(queries), info.dimension), np.float32)


def _from_points(
    found: FoundPoints,
    candidates: NDArray[np.uint32],
    chunk_ids: NDArray[np.bytes_],
    by_id: NDArray[np.int64],
    kept: NDArray[np.bool_],
) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """Numbers (ascending) and cosines of the candidates and of what the engine found besides."""
    sorted_ids = chunk_ids[by_id]
    near = np.minimum(np.searchsorted(sorted_ids, found.chunk_ids), len(sorted_ids) - 1)
    known = sorted_ids[near] == found.chunk_ids
    cosines = np.zeros(len(chunk_ids), np.float32)
    cosines[candidates] = found.candidates
    places = by_id[near[known]]
    cosines[places] = found.cosines[known]
    numbers = np.unique(np.concatenate([places, candidates]))
    numbers = numbers[kept[numbers]]
    return numbers.astype(np.uint32), cosines[numbers]
