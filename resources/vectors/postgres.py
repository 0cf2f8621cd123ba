"""The passage index in PostgreSQL, for readers: keeps an asker's corpus in memory and asks only for what is new.

What is kept is in `postgres_view.py`, the statements in `postgres_reader.py`, writing in `postgres_writer.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.joining import joined
from luna_rules.search.model import Ranked
from luna_rules.search.query import Query
from luna_rules.search.ranker import Entry, Judged, Ready, judge, lexical_candidates, rank
from luna_rules.search.tables import SearchTables
from resources.database import AsyncConnection
from resources.vectors import postgres_reader as reader
from resources.vectors.arrays import EMPTY_POSTING, Posting
from resources.vectors.asked import Asked, Speech, leveled_by_space
from resources.vectors.byte_cache import ByteCache
from resources.vectors.clock import Clock
from resources.vectors.index import Filters, Hit, IndexState, SearchResult
from resources.vectors.matrix import Matrix
from resources.vectors.postgres_view import ScopeState, Segment, View, build_view
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.questions import QuestionEmbedder

__all__ = ["IndexWriter", "PostgresIndex"]

_ATTEMPTS = 10
# At 100,000 passages of one scope 500 candidates hold 99.5 % of the best 50 by exact ranking, 1,000 99.7 % and 2,500
# all but one in three thousand; of two scopes with a lexicon each 2,000 hold 96.8 % and 5,000 97.9 %.
_FEWEST_CANDIDATES = 1_000
_MOST_CANDIDATES = 3_000
_ASKED_BYTES = 8 * 1024 * 1024  # parsed questions are small and dear: postings must not drive them out
_BLOCK = 512  # so many vectors of a product stay in the processor's cache


class IndexChangedError(RuntimeError):
    """The index changed faster than it could be read; asking again helps."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What candidates are looked for: `allowed` marks the passages that may be found (None: all), at most `most`.

    `limit`: how many passages are wanted in the end. `judged`: the words of all passages, once they are.
    """

    filters: Filters
    as_of: date
    allowed: NDArray[np.bool_] | None
    most: int
    limit: int
    judged: Judged | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Passages worth ranking (ascending numbers) with their cosines.

    `without`: index versions whose vectors were not to be had, so that all their cosines are 0.
    """

    numbers: NDArray[np.uint32]
    cosines: NDArray[np.float32]
    without: tuple[int, ...] = ()

    @staticmethod
    def none() -> Candidates:
        """No passages."""
        return Candidates(np.zeros(0, np.uint32), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is in memory of a query's postings: by term, joined over the view, or in the parts that are there."""

    entries: dict[str, Entry]
    parts: dict[str, list[Posting | None]]
    missing: list[str]

    def ready(self, view: View) -> Ready | None:
        """The postings; None where some must be read or joined first."""
        if self.parts:
            return None
        return Ready(view.prepared, {term: entry for term, entry in self.entries.items() if entry.df})


class PostgresIndex:
    """Searches in PostgreSQL. One for a process and event loop; `cache_mb` bounds what it keeps between searches.

    `candidates`: how many passages are ranked exactly; by default a tenth of those allowed, within bounds.
    `questions`: the models' server, for versions whose vectors are a model's.
    """

    def __init__(
        self,
        tables: SearchTables,
        cache_mb: int = 160,
        *,
        candidates: int | None = None,
        questions: QuestionEmbedder | None = None,
    ) -> None:
        self._tables = tables
        self.questions = questions or QuestionEmbedder(None)
        self._candidates = candidates
        for_questions = min(_ASKED_BYTES, cache_mb * 1024 * 1024 // 4)
        self._cache = ByteCache(cache_mb * 1024 * 1024 - for_questions)
        self._questions = ByteCache(for_questions)
        self._loading: dict[str, asyncio.Lock] = {}

    @property
    def cached_bytes(self) -> int:
        """What the cache holds now, by its own reckoning."""
        return self._cache.used + self._questions.used

    def forget(self) -> None:
        """Empties the cache; the next search reads everything again."""
        self._cache.clear()
        self._questions.clear()

    async def state(self, connection: AsyncConnection, tenant: UUID) -> IndexState:
        """Live versions and generation as the asker sees them now."""
        view = cast("View | None", self._cache.get(("view", tenant)))
        now = await reader.check(connection, tenant)
        _require_tenant(tenant, now.tenant)
        if view is None or view.generation != now.generation:
            view = await self._load_view(connection, tenant)
        return IndexState(tuple(state.version_id for state in view.scopes), view.generation)

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
        """The best passages; see `PassageIndex.search`. Raises `IndexChangedError` in the rarest of cases."""
        # PostgreSQL's text knows neither NUL nor halves of surrogate pairs; no word contains them.
        question = question.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
        for _ in range(_ATTEMPTS):
            found = await self._try_search(connection, tenant, question, filters, as_of, limit)
            if found is not None:
                return found
            self._cache.drop(("view", tenant))
        raise IndexChangedError("The index kept changing while it was searched")

    async def _try_search(
        self,
        connection: AsyncConnection,
        tenant: UUID,
        question: str,
        filters: Filters,
        as_of: date,
        limit: int,
    ) -> SearchResult | None:
        self._cache.begin()
        clock = Clock()
        view = cast("View | None", self._cache.get(("view", tenant)))
        fresh = view is None
        if view is None:
            _require_tenant(tenant, (await reader.check(connection, tenant)).tenant)
            view = await self._load_view(connection, tenant)
        for state in view.scopes:
            self._cache.get(("scope", state.scope))
        speeches = await self._speeches(connection, view.scopes)
        if speeches is None:
            return None
        clock.lap("load")
        asked = self._asked(question, speeches)
        query = asked.query
        clock.lap("parse")
        if query is not None and any(state.space is not None for state in view.scopes):
            asked = await self._embedded(asked, question, view.scopes)
            clock.lap("embed")

        among = None
        if filters.metadata and (as_of, filters) not in view.masks:
            among = await reader.load_metadata_matches(connection, filters)
        allowed, any_allowed = view.allowed(as_of, filters, among)
        kept = self._kept(view, query)
        if query is None or not any_allowed or limit <= 0:
            if await self._postings(connection, view, kept, fresh=fresh) is None:
                return None
            return self._result((), view, asked, clock)
        count = len(view.corpus.item) if allowed is None else int(np.count_nonzero(allowed))
        ranked_most = self._candidates or min(max(count // 10, _FEWEST_CANDIDATES), _MOST_CANDIDATES)
        wanted = Wanted(filters, as_of, allowed, max(ranked_most, limit), limit)
        postings = kept.ready(view)
        begun = None
        checking = asyncio.create_task(self._postings(connection, view, kept, fresh=fresh, ready=postings))
        try:
            if postings is None:
                postings = await checking
                if postings is None:
                    return None
                clock.lap("postings")
            else:
                await asyncio.sleep(0)  # the database is asked now, and answers while words are judged
            judged = judge(query, postings, ended=view.ended)
            clock.lap("words")
            wanted = replace(wanted, judged=judged)
            begun = self._begin(view, asked, postings, wanted)
            await asyncio.sleep(0)  # others may have a turn between the steps that take milliseconds
            if await checking is None:
                return None
            clock.lap("check")
            found = await self._find(connection, view, asked, postings, wanted, begun, clock)
        finally:
            if begun is not None:
                begun.cancel()
            if not checking.done():
                checking.cancel()
                # Nobody may use the connection before that has come to its end.
                await asyncio.gather(checking, return_exceptions=True)
        if found is None:
            return None
        ranked = rank(query, view.corpus, postings, found.numbers, dense=found.cosines, limit=limit, judged=judged)
        hits = _hits(view, ranked)
        clock.lap("rank")
        return self._result(hits, view, asked, clock, found.without)

    def _result(
        self, hits: tuple[Hit, ...], view: View, asked: Asked, clock: Clock, without: tuple[int, ...] = ()
    ) -> SearchResult:
        versions = tuple(state.version_id for state in view.scopes)
        missed = (*asked.without, *without)
        return SearchResult(hits, asked.query, versions, view.generation, clock.done(), missed)

    def _begin(self, view: View, asked: Asked, postings: Ready, wanted: Wanted) -> asyncio.Task[Candidates] | None:
        """Lets an engine outside look for candidates meanwhile. Here there is none.

        Nobody has checked yet that the view is of the present generation: what is found counts only if it is.
        """
        del view, asked, postings, wanted
        return None

    async def _find(
        self,
        connection: AsyncConnection,
        view: View,
        asked: Asked,
        postings: Ready,
        wanted: Wanted,
        begun: asyncio.Task[Candidates] | None,
        clock: Clock,
    ) -> Candidates | None:
        """Candidates with their cosines; None where the view cannot be used any more. `begun` is what `_begin` did."""
        del begun
        if asked.query is None:
            return Candidates.none()
        chosen = lexical_candidates(
            asked.query, view.corpus, postings, wanted.allowed, wanted.most, judged=wanted.judged
        )
        clock.lap("candidates")
        await asyncio.sleep(0)  # others may have a turn between the steps that take milliseconds
        dense = await self._cosines(connection, view, asked, chosen.astype(np.int64))
        if dense is None:
            return None
        await asyncio.sleep(0)
        clock.lap("dense")
        return Candidates(chosen, dense, tuple(state.version_id for state in elsewhere(view, asked)))

    async def _load_view(self, connection: AsyncConnection, tenant: UUID) -> View:
        old = cast("View | None", self._cache.get(("view", tenant)))
        known = {state.scope: state for state in (old.scopes if old else ())}
        for scope in (UUID(int=0), tenant):
            kept = cast("ScopeState | None", self._cache.get(("scope", scope)))
            if kept is not None:
                known[scope] = kept
        states, generation = await reader.load_scopes(connection, tenant, known)
        for state in states:
            if known.get(state.scope) is not state:
                self._cache.put(("scope", state.scope), state, state.nbytes)
        view = build_view(tenant, states, generation)
        self._cache.put(("view", tenant), view, view.nbytes)
        return view

    async def _speeches(self, connection: AsyncConnection, scopes: Sequence[ScopeState]) -> dict[str, Speech] | None:
        """Lexicons and parsers by digest, in the order of the scopes; None where a version is gone."""
        found: dict[str, Speech] = {}
        for state in scopes:
            digest = state.lexicon_digest
            if digest in found:
                continue
            key = ("speech", digest)
            speech = cast("Speech | None", self._cache.get(key))
            if speech is None:
                async with self._loading.setdefault(digest, asyncio.Lock()):
                    speech = cast("Speech | None", self._cache.get(key))
                    if speech is None:
                        lexicon = await reader.load_lexicon_for_questions(connection, state.version_id)
                        if lexicon is None:
                            return None
                        speech = await asyncio.to_thread(Speech.of, lexicon, self._tables)
                        self._cache.put(key, speech, speech.nbytes)
                self._loading.pop(digest, None)
            found[digest] = speech
        return found

    def _asked(self, question: str, speeches: Mapping[str, Speech]) -> Asked:
        """The parsed question; people ask again what they or others asked before."""
        key = (tuple(speeches), question)
        asked = cast("Asked | None", self._questions.get(key))
        if asked is None:
            query = joined([speech.parser.parse(question) for speech in speeches.values()])
            vectors: dict[str, NDArray[np.float32]] = {}
            if query is not None:
                vectors = {digest: query.vector(speech.lexicon) for digest, speech in speeches.items()}
            asked = Asked(query, vectors)
            self._questions.begin()
            self._questions.put(key, asked, asked.nbytes + 4 * len(question))
        return asked

    async def _embedded(self, asked: Asked, question: str, scopes: Sequence[ScopeState]) -> Asked:
        """The question with its vectors by the models of the scopes that have one."""
        vectors = {key: asked.vectors[key] for state in scopes if (key := state.space_key) in asked.vectors}
        without: list[int] = []
        for state in scopes:
            if state.space is None or state.space_key in vectors:
                continue
            vector = await self.questions.vector(state.space, question)
            if vector is None:
                without.append(state.version_id)
            else:
                vectors[state.space_key] = vector
        return replace(asked, vectors=vectors, without=tuple(without))

    def _kept(self, view: View, query: Query | None) -> _Kept:
        """What the cache has of the query's postings over the view."""
        kept = _Kept({}, {}, [])
        for term in query.terms if query is not None else ():
            entry = cast("Entry | None", self._cache.get(("entry", view.serial, term)))
            if entry is not None:
                kept.entries[term] = entry
                continue
            parts = [cast("Posting | None", self._cache.get((segment, term))) for segment in view.segment_ids]
            kept.parts[term] = parts
            if any(part is None for part in parts):
                kept.missing.append(term)
        return kept

    async def _postings(
        self, connection: AsyncConnection, view: View, kept: _Kept, *, fresh: bool, ready: Ready | None = None
    ) -> Ready | None:
        """Postings of the query's terms over the view; None where the view cannot be used any more.

        A kept view must be of the present generation. For one that this search has loaded itself it is enough that its
        segments are still there, so that steady writing does not keep anyone from searching. `ready`: what is kept is
        all, and as it must be.
        """
        segment_ids = view.segment_ids
        entries, parts, missing = kept.entries, kept.parts, kept.missing
        now = await reader.check(
            connection,
            view.tenant,
            count=segment_ids if fresh else (),
            segment_ids=segment_ids if missing else (),
            terms=missing,
        )
        _require_tenant(view.tenant, now.tenant)
        if now.generation != view.generation and not (fresh and now.segments == len(segment_ids)):
            return None
        if ready is not None:
            return ready
        if missing:
            found = {(row[0], row[1]): row for row in now.postings}
            for term in missing:
                for place, piece in enumerate(view.pieces):
                    if parts[term][place] is None:
                        row = found.get((piece.segment.id, term))
                        posting = EMPTY_POSTING if row is None else reader.posting_of(row, piece.segment.layout.size)
                        parts[term][place] = posting
                        self._cache.put((piece.segment.id, term), posting, posting[0].nbytes + posting[1].nbytes)
        for term, entry in zip(parts, view.entries(list(parts.values())), strict=True):
            entries[term] = entry
            self._cache.put(("entry", view.serial, term), entry, entry.nbytes)
        return Ready(view.prepared, {term: entry for term, entry in entries.items() if entry.df})

    async def _cosines(
        self, connection: AsyncConnection, view: View, asked: Asked, chosen: NDArray[np.int64]
    ) -> NDArray[np.float32] | None:
        """Cosine of question and passage for each chosen passage (ascending), 0 where a scope has no space.

        None as `_postings`.
        """
        cosines = np.zeros(len(chosen), np.float32)
        borders = np.append(np.searchsorted(chosen, view.offsets), len(chosen)).tolist()
        # One product for each space, over all segments: so the result does not depend on how these were cut.
        for key, vector in asked.vectors.items():
            if not vector.any():
                continue
            rows = np.zeros((len(chosen), len(vector)), np.int8)
            scales = np.zeros(len(chosen), np.float32)
            for piece, start, end in zip(view.pieces, borders, borders[1:], strict=False):
                scope = view.scopes[piece.scope]
                if start == end or scope.space_key != key or "postgres" not in scope.engines:
                    continue
                matrix = await self._matrix(connection, piece.segment, len(vector))
                if matrix is None:
                    return None
                local = chosen[start:end] - piece.offset
                local = local if piece.numbers is None else piece.numbers[local]
                matrix.values.take(local, axis=0, out=rows[start:end], mode="clip")
                scales[start:end] = matrix.scales[local]
            for start in range(0, len(chosen), _BLOCK):
                block = slice(start, start + _BLOCK)
                cosines[block] += (rows[block].astype(np.float32) @ vector) * scales[block]
        return leveled_by_space(view, asked, chosen, cosines)

    async def _matrix(self, connection: AsyncConnection, segment: Segment, dimension: int) -> Matrix | None:
        key = ("vectors", segment.id)
        matrix = cast("Matrix | None", self._cache.get(key))
        if matrix is None:
            stored = await reader.load_vectors(connection, segment.id, segment.layout.size, dimension)
            if stored is None:
                return None
            matrix = await asyncio.to_thread(Matrix.of, stored)
            self._cache.put(key, matrix, matrix.nbytes)
        return matrix


def _require_tenant(tenant: UUID, acting: UUID | None) -> None:
    # What is cached for a tenant must never be shown in a transaction that acts for another one.
    if acting != tenant:
        raise PermissionError("The transaction acts for another tenant than the search")


def elsewhere(view: View, asked: Asked) -> list[ScopeState]:
    """The scopes whose vectors the question could be compared with, were they not in an engine outside alone."""
    return [
        state
        for state in view.scopes
        if state.segments
        and "postgres" not in state.engines
        and (vector := asked.vectors.get(state.space_key)) is not None
        and bool(vector.any())
    ]


def _hits(view: View, ranked: Sequence[Ranked]) -> tuple[Hit, ...]:
    ids = view.ids_at([passage.number for passage in ranked])
    return tuple(
        Hit(chunk_id, item_id, passage.score, passage.scores)
        for (chunk_id, item_id), passage in zip(ids, ranked, strict=True)
    )
