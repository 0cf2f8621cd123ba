"""The passage index with Qdrant, for readers: it tells the cosines of the candidates and adds its own, everything else
is shared.

Where Qdrant is away, incomplete or lacks a live version, the same search goes its way in PostgreSQL, and `trouble` says
why: an answer that takes longer is better than none, and one from half an index would be wrong without anyone noticing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import cast

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.ranker import Ready, lexical_candidates
from luna_rules.search.tables import SearchTables
from resources.breaker import Breaker
from resources.database import PUBLIC_SCOPE, AsyncConnection
from resources.vectors import arrays
from resources.vectors.asked import Asked, leveled_by_space
from resources.vectors.clock import Clock
from resources.vectors.index import NO_FILTERS
from resources.vectors.places import Places
from resources.vectors.points import (
    FoundPoints,
    IncompleteError,
    PassagePoints,
    PointsError,
    PointsQuestion,
    PointsUnavailableError,
    VersionRef,
    question_terms,
)
from resources.vectors.postgres import Candidates, PostgresIndex, Wanted, elsewhere
from resources.vectors.postgres_view import View
from resources.vectors.questions import QuestionEmbedder

MOST_CANDIDATES = 250
"""The best by words whose cosines the server tells; 0.98 of the best fifty are among as many of 100,000."""
MOST_OUTDATED = 1_000
REST_S = 5.0
"""So long a server that did not answer is left alone; waiting for it with every question would slow all of them.

Then one question tries it, and the others go on without it until that one knows.
"""
_LOG = logging.getLogger(__name__)


class QdrantIndex(PostgresIndex):
    """Searches with points. One for a process and event loop; see `PostgresIndex`."""

    def __init__(
        self,
        tables: SearchTables,
        points: PassagePoints,
        cache_mb: int = 160,
        *,
        candidates: int | None = None,
        questions: QuestionEmbedder | None = None,
    ) -> None:
        super().__init__(tables, cache_mb, candidates=candidates, questions=questions)
        self._points = points
        self._most = candidates or MOST_CANDIDATES
        self._breaker = Breaker(first_pause_s=REST_S, longest_pause_s=REST_S)
        self._trouble: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why the last search went its way in PostgreSQL, or by words alone (German); None where it did not."""
        return self._trouble

    def _begin(self, view: View, asked: Asked, postings: Ready, wanted: Wanted) -> asyncio.Task[Candidates] | None:
        """The server is asked as soon as words are judged, be the view checked or not."""
        if _absent(view) or not self._breaker.may_try():
            return None
        task = asyncio.create_task(self._ask(view, asked, postings, wanted))
        task.add_done_callback(_look_at)
        return task

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
        if begun is not None:
            try:
                found = await begun
            except PointsError as fault:
                self._trouble = f"{fault}; {_instead(view, asked)}"
                _LOG.warning("the search goes on in PostgreSQL: %s", fault)
                if isinstance(fault, PointsUnavailableError):
                    self._breaker.failed()
                else:
                    self._breaker.worked()
            else:
                if not self._breaker.pause_s:
                    self._trouble = None
                clock.lap("candidates")
                return found
        elif absent := _absent(view):
            self._trouble = (
                f"Die Indexversion {', '.join(map(str, absent))} liegt noch nicht in Qdrant; gesucht wird in "
                "PostgreSQL. Der Auftrag „index_switch“ überträgt sie."
            )
        return await super()._find(connection, view, asked, postings, wanted, None, clock)

    async def _ask(self, view: View, asked: Asked, postings: Ready, wanted: Wanted) -> Candidates:
        query = asked.query
        if query is None:
            return Candidates.none()
        terms = question_terms(query, postings, wanted.allowed)
        by_words = lexical_candidates(
            query, view.corpus, postings, wanted.allowed, max(self._most, wanted.limit), judged=wanted.judged
        ).astype(np.int64)
        questions: list[tuple[tuple[int, int], NDArray[np.int64], PointsQuestion]] = []
        for state, (low, high) in zip(view.scopes, _borders(view), strict=True):
            if low == high or not (terms or len(by_words)):
                continue
            vector = asked.vectors.get(state.space_key)
            restricted = wanted.allowed is not None and not bool(wanted.allowed[low:high].all())
            restricted = restricted and len(state.outdated) <= MOST_OUTDATED
            mine = by_words[(by_words >= low) & (by_words < high)]
            question = PointsQuestion(
                version=VersionRef(
                    state.version_id, None if state.scope == PUBLIC_SCOPE else state.scope, state.dimension
                ),
                terms=terms,
                vector=vector if vector is not None and bool(vector.any()) else None,
                filters=wanted.filters if restricted else NO_FILTERS,
                as_of=wanted.as_of if restricted else None,
                outdated=state.outdated if restricted else (),
                candidates=view.chunk_ids_at(mine),
            )
            questions.append(((low, high), mine, question))
        answers = await asyncio.gather(*(self._points.find(one) for _, _, one in questions))
        if questions:
            self._breaker.worked()  # a question without a word that stands anywhere has asked nothing
        places_of = self._places(view)
        cosines = np.zeros(len(view.corpus.item), np.float32)
        chosen = np.zeros(len(view.corpus.item), np.bool_)
        for (border, mine, question), answer in zip(questions, answers, strict=True):
            places = places_of.find(answer.chunk_ids)
            known = places >= 0
            chosen[places[known]] = True
            cosines[places[known]] = answer.cosines[known]
            cosines[mine] = answer.candidates
            if question.vector is not None:
                chosen[mine] = True
            _require_whole(question, answer, chosen, postings, wanted.allowed, border)
        chosen[by_words] = True
        if wanted.allowed is not None:
            chosen &= wanted.allowed
        numbers = np.flatnonzero(chosen)
        return Candidates(numbers.astype(np.uint32), leveled_by_space(view, asked, numbers, cosines[numbers]))

    def _places(self, view: View) -> Places:
        """Where the view's passages are, by id."""
        key = ("places", view.serial)
        found = cast("Places | None", self._cache.get(key))
        if found is None:
            parts = [
                piece.segment.layout.chunk_ids
                if piece.numbers is None
                else piece.segment.layout.chunk_ids[piece.numbers]
                for piece in view.pieces
            ]
            found = Places.of(np.concatenate(parts) if parts else np.zeros(0, arrays.ID))
            self._cache.put(key, found, found.nbytes)
        return found


def _look_at(task: asyncio.Task[Candidates]) -> None:
    """A search that needs the answer no more leaves nobody to hear of its fault."""
    if not task.cancelled():
        task.exception()


def _instead(view: View, asked: Asked) -> str:
    """How a question is answered without the server, in German."""
    alone = ", ".join(str(state.version_id) for state in elsewhere(view, asked))
    if not alone:
        return "gesucht wird in PostgreSQL."
    return f"gesucht wird nur nach Wörtern, denn die Vektoren der Indexversion {alone} liegen nur in Qdrant."


def _absent(view: View) -> list[int]:
    """The versions that Qdrant does not hold (yet)."""
    return [state.version_id for state in view.scopes if state.segments and "qdrant" not in state.engines]


def _borders(view: View) -> list[tuple[int, int]]:
    """Where the passages of each scope begin and end in the view."""
    borders: list[tuple[int, int]] = []
    end = 0
    for number in range(len(view.scopes)):
        start = end
        end += sum(piece.size for piece in view.pieces if piece.scope == number)
        borders.append((start, end))
    return borders


def _require_whole(
    question: PointsQuestion,
    answer: FoundPoints,
    found: NDArray[np.bool_],
    postings: Ready,
    allowed: NDArray[np.bool_] | None,
    border: tuple[int, int],
) -> None:
    """Raises `IncompleteError` where points are missing that were asked for, or that the terms must have found."""
    low, high = border
    missing = int(np.count_nonzero(np.isnan(answer.candidates)))
    if not missing and not answer.full:
        entries = [postings.entries[term] for term in question.terms if term in postings.entries]
        widest = max((entry.places for entry in entries), key=len, default=np.zeros(0, np.int64))
        expected = widest[np.searchsorted(widest, low) : np.searchsorted(widest, high)]
        if allowed is not None:
            expected = expected[allowed[expected]]
        missing = len(expected) - int(np.count_nonzero(found[expected]))
    if missing > 0:
        raise IncompleteError(question.version.id)
