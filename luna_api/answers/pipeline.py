"""From a question to a logged answer: condense, retrieve, choose sentences, check each, note what it stands on.

The rules of all that are pure and live in `luna_rules`; here they meet the database. No model takes part.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import msgspec
import structlog
from psycopg.types.json import Jsonb

from luna_api.accounts.principal import Principal
from luna_api.answers.lexicons import Lexicons
from luna_api.answers.payload import passage, passages_by_id, payload
from luna_api.answers.schemas import (
    AnswerData,
    AnswerSentenceData,
    AskRequest,
    Citation,
    Hit,
    SearchData,
    SearchRequest,
)
from luna_api.envelope import trace_id
from luna_api.errors import ApiError, invalid, missing
from luna_api.metrics.registry import Registry
from luna_api.prompts import LunaPrompts
from luna_api.series.answers import SeriesReply
from luna_api.series.answers import answer as answer_series
from luna_api.series.answers import keep as keep_receipts
from luna_api.series.schemas import QueryReceipt
from luna_rules.answers.citations import CitationChecker
from luna_rules.answers.compose import answer_question, refuse, reply
from luna_rules.answers.followup import Turn, condense
from luna_rules.answers.gather import Ground, ground, searches
from luna_rules.answers.matching import ConceptMatcher, QueryMatcher, WordMatcher
from luna_rules.answers.model import Answer, Passage, cite
from luna_rules.answers.smalltalk import Talk, talk_of
from luna_rules.answers.support import Support
from luna_rules.answers.text import clean
from luna_rules.search.when import asked_day
from resources.database import DEFAULT_TENANT, AppDatabase, AsyncConnection
from resources.vectors.index import (
    NO_FILTERS,
    FilterError,
    Filters,
    IndexState,
    PassageIndex,
    SearchResult,
    parse_filters,
)

MODE = "extractive"
SERIES_MODE = "series"
MODEL = "none"
CONVERSATION = "conversation"
"""The mode of a reply to a remark that asked for nothing in the documents."""
_BERLIN = ZoneInfo("Europe/Berlin")
_CACHED_ANSWERS = 512
_LOOK_S = 2.0
_WARM_QUESTION = "Wie lange dauert ein Lieferantenwechsel?"
_HISTORY = """
SELECT t.question, coalesce(a.condensed_question, ''), coalesce(a.answer ->> 'next_question', ''),
       coalesce(concat_ws(' ', c.section, 'Abs. ' || c.paragraph, i.law_names[1]), '')
FROM conversation_turns AS t LEFT JOIN answer_log AS a ON a.id = t.answer_id
LEFT JOIN item_chunks AS c ON c.id = a.chunk_ids[1] AND c.section IS NOT NULL LEFT JOIN items AS i ON i.id = c.item_id
WHERE t.conversation_id = %s ORDER BY t.turn_idx DESC LIMIT 10
"""
# In how many passages of the live index each term occurs, and (term NULL) how many passages there are: a word that
# stands nowhere tells most about a question that nothing answers. A passage has 4 bytes of `frequencies` for each term
# and 16 of `chunk_ids`.
_FREQUENCIES = """
WITH live AS (SELECT id, chunk_ids FROM index_segments WHERE version_id = ANY(%s) AND sequence > 0)
SELECT NULL::text, coalesce(sum(octet_length(chunk_ids)), 0)::bigint / 16 FROM live
UNION ALL
SELECT term, sum(octet_length(frequencies))::bigint / 4 FROM index_postings
WHERE segment_id IN (SELECT id FROM live) AND term = ANY(%s) GROUP BY term
"""
# The update holds the conversation's row, so that two questions at once get their turns one after the other.
_TOUCH = """
UPDATE conversations SET updated_at = now() WHERE id = %s AND user_id = %s AND deleted_at IS NULL RETURNING id
"""
_LOG = """
WITH conversation AS (
    INSERT INTO conversations (id, tenant_id, user_id, title)
    SELECT %(conversation_id)s, %(tenant)s, %(user_id)s, %(title)s WHERE %(new)s
    RETURNING id
), answer AS (
    INSERT INTO answer_log (id, tenant_id, user_id, conversation_id, question, condensed_question, filters, as_of,
                            answered, answer, mode, model, prompt_version, prompt_hash, chunk_ids, chunk_runs,
                            index_versions, latency_ms, trace_id)
    VALUES (%(answer_id)s, %(tenant)s, %(user_id)s, %(conversation_id)s, %(question)s, %(condensed)s, %(filters)s,
            %(as_of)s, %(answered)s, %(answer)s, %(mode)s, %(model)s, %(prompt_version)s, %(prompt_hash)s,
            %(chunk_ids)s, %(chunk_runs)s, %(index_versions)s, %(latency_ms)s, %(trace_id)s)
)
INSERT INTO conversation_turns (tenant_id, conversation_id, turn_idx, question, answer_id)
SELECT %(tenant)s, %(conversation_id)s,
       (SELECT coalesce(max(turn_idx) + 1, 0) FROM conversation_turns WHERE conversation_id = %(conversation_id)s),
       %(question)s, %(answer_id)s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Passages of a search with all that is told about them."""

    result: SearchResult
    rows: tuple[dict[str, Any], ...]

    @property
    def pairs(self) -> list[tuple[Any, dict[str, Any]]]:
        """Each hit with its row."""
        return list(zip(self.result.hits, self.rows, strict=True))

    @property
    def passages(self) -> list[Passage]:
        """As the rules of answering want them."""
        return [passage(row, hit.score, hit.scores) for hit, row in self.pairs]


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer that may leave: checked, with the passages that it cites."""

    answer: Answer
    summary: str
    body: str
    sentences: tuple[AnswerSentenceData, ...]
    citations: tuple[Citation, ...]
    chunk_runs: Mapping[str, str | None]
    index_versions: tuple[int, ...]
    receipts: tuple[QueryReceipt, ...] = ()
    mode: str = ""


def _valid_on(as_of: date | None, question: str) -> date:
    """The day whose texts are asked for: the one given, else the one that the question names, else today."""
    return as_of or asked_day(question, today()) or today()


@dataclass(slots=True)
class _Clock:
    """Where the time goes, in milliseconds."""

    started: float = field(default_factory=perf_counter)
    last: float = field(default_factory=perf_counter)
    parts: dict[str, float] = field(default_factory=dict[str, float])

    def lap(self, name: str) -> None:
        now = perf_counter()
        self.parts[name] = round(self.parts.get(name, 0.0) + (now - self.last) * 1e3, 3)
        self.last = now

    def total(self) -> dict[str, float]:
        return {**self.parts, "total": round((perf_counter() - self.started) * 1e3, 3)}


def today() -> date:
    """The day on which an answer holds, where none is named: today in Germany."""
    return datetime.now(_BERLIN).date()


def read_question(text: str) -> str:
    """The question without invisible characters. Raises 400 when nothing is left."""
    question = clean(text).replace("\x00", "").strip()
    if not question:
        raise invalid("question", "ist leer")
    return question


def read_filters(raw: Mapping[str, object] | None) -> Filters:
    """The filters of a request. Raises 400 naming the key."""
    try:
        return parse_filters(raw)
    except FilterError as fault:
        raise ApiError(400, str(fault), data={"field": f"filters.{fault.key}", "fault": str(fault)}) from None


class AnswerPipeline:
    """Answers questions of any asker; one for the application."""

    def __init__(
        self, database: AppDatabase, index: PassageIndex, prompts: LunaPrompts, lexicons: Lexicons, registry: Registry
    ) -> None:
        self._database = database
        self._index = index
        self._prompts = prompts
        self._lexicons = lexicons
        self._registry = registry
        self._cache: OrderedDict[tuple[object, ...], Composed] = OrderedDict()

    @staticmethod
    def check(request: AskRequest) -> None:
        """Raise what can be known to be wrong before an answer begins."""
        read_question(request.question)
        read_filters(request.filters)

    async def warm(self) -> None:
        """Read the public index before anybody asks, and again after each promotion, until cancelled.

        The first question would otherwise wait a second for the lexicon.
        """
        await self._warm_once()
        versions: tuple[int, ...] | None = None
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                async with self._database.transaction(DEFAULT_TENANT) as sql:
                    state = await self._index.state(sql, DEFAULT_TENANT)
            except Exception as fault:
                structlog.get_logger("luna_api.answers").debug("index_not_seen", fault=type(fault).__name__)
                continue
            if versions is not None and state.index_versions != versions:
                await self._warm_once()
            versions = state.index_versions

    async def _warm_once(self) -> None:
        clock = _Clock()
        try:
            async with self._database.transaction(DEFAULT_TENANT) as sql:
                result = await self._index.search(
                    sql, DEFAULT_TENANT, _WARM_QUESTION, filters=NO_FILTERS, as_of=today(), limit=6
                )
                await self._matcher(sql, _WARM_QUESTION, result)
        except Exception as fault:  # whatever it is, whoever asks will be told; this only prepares
            structlog.get_logger("luna_api.answers").warning("index_not_warmed", fault=type(fault).__name__)
            return
        structlog.get_logger("luna_api.answers").info("index_warmed", **clock.total())

    async def search(self, principal: Principal, request: SearchRequest) -> SearchData:
        """Retrieval alone."""
        question, filters = read_question(request.question), read_filters(request.filters)
        clock = _Clock()
        async with self._database.transaction(principal.tenant_id) as sql:
            clock.lap("connection")
            found = await self._retrieve(
                sql, principal, question, filters, _valid_on(request.as_of, question), request.top_k, clock
            )
        hits = [
            Hit(
                chunk_id=hit.chunk_id,
                item_id=hit.item_id,
                score=round(hit.score, 6),
                payload=payload(row),
                scores=_rounded(hit.scores),
            )
            for hit, row in zip(found.result.hits, found.rows, strict=True)
        ]
        return SearchData(hits=hits, index_versions=list(found.result.index_versions), latency_ms=clock.total())

    async def ask(self, principal: Principal, request: AskRequest) -> tuple[AnswerData, tuple[AnswerSentenceData, ...]]:
        """The answer, logged, and its sentences one by one."""
        question, filters = read_question(request.question), read_filters(request.filters)
        clock = _Clock()
        async with self._database.transaction(principal.tenant_id) as sql:
            clock.lap("connection")
            condensed, history = question, list[Turn]()
            if request.conversation_id is not None:
                history = await self._history(sql, principal, request.conversation_id)
                condensed = condense(question, history)
                clock.lap("condense")
            as_of = _valid_on(request.as_of, condensed)
            previous = [turn.condensed or turn.question for turn in history]
            series = (
                None if request.filters else await answer_series(sql, question, previous=previous, day=request.as_of)
            )
            if series is not None:
                composed, cached = _of_series(series), False
                clock.lap("series")
            elif talk := talk_of(condensed):
                composed, cached = self._reply(condensed, talk), False
            else:
                composed, cached = await self._compose(sql, principal, condensed, filters, as_of, request.top_k, clock)
            data = self._answer(question, condensed, as_of, request, composed, clock, cached=cached)
            await self._log(sql, principal, request, filters, data, composed)
            if series is not None:
                await keep_receipts(sql, principal, series, data.answer_id)
        self._count(data, clock)
        return data, composed.sentences

    async def _retrieve(
        self,
        sql: AsyncConnection,
        principal: Principal,
        question: str,
        filters: Filters,
        as_of: date,
        limit: int,
        clock: _Clock,
    ) -> Found:
        result = await self._index.search(sql, principal.tenant_id, question, filters=filters, as_of=as_of, limit=limit)
        clock.lap("retrieval")
        rows = await passages_by_id(sql, [hit.chunk_id for hit in result.hits])
        clock.lap("passages")
        # A passage withdrawn between the two statements is no passage any more.
        kept = tuple(hit for hit in result.hits if hit.chunk_id in rows)
        if len(kept) != len(result.hits):
            result = SearchResult(kept, result.query, result.index_versions, result.generation, result.timings_ms)
        return Found(result, tuple(rows[hit.chunk_id] for hit in kept))

    async def _ground(
        self,
        sql: AsyncConnection,
        principal: Principal,
        question: str,
        filters: Filters,
        as_of: date,
        top_k: int,
        clock: _Clock,
    ) -> tuple[Found, Ground]:
        """What was found for the question and around it, and the passages of it that the answer may be taken from."""
        every = [
            await self._retrieve(sql, principal, search.question, filters, as_of, search.limit, clock)
            for search in searches(question, top_k)
        ]
        read = ground(question, [found.passages for found in every], top_k)
        first = every[0].result
        known = {row["chunk_id"]: (hit, row) for found in reversed(every) for hit, row in found.pairs}
        kept = [known[UUID(passage.chunk_id)] for passage in read.passages]
        result = SearchResult(
            tuple(hit for hit, _ in kept), first.query, first.index_versions, first.generation, first.timings_ms
        )
        return Found(result, tuple(row for _, row in kept)), read

    async def _compose(
        self,
        sql: AsyncConnection,
        principal: Principal,
        question: str,
        filters: Filters,
        as_of: date,
        top_k: int,
        clock: _Clock,
    ) -> tuple[Composed, bool]:
        """The answer that may leave, and whether it was kept from before over the very same ground."""
        state = await self._index.state(sql, principal.tenant_id)
        key = self._key(principal, question, filters, as_of, top_k, state)
        known = self._cache.get(key)
        clock.lap("state")
        if known is not None:
            self._cache.move_to_end(key)
            return known, True
        found, read = await self._ground(sql, principal, question, filters, as_of, top_k, clock)
        matcher = await self._matcher(sql, question, found.result)
        answer = answer_question(
            question,
            read.passages,
            matcher,
            self._prompts.frame,
            corpus_empty=not state.index_versions,
            today=as_of,
            twins=read.twins,
            further=read.further,
        )
        composed = self._checked(answer, found)
        if answer.answered and not composed.sentences:
            nothing_held = Support(False, "keine Aussage hielt der Prüfung stand")
            composed = self._checked(refuse(question, read.passages, self._prompts.frame, nothing_held), found)
        clock.lap("compose")
        self._cache[key] = composed
        if len(self._cache) > _CACHED_ANSWERS:
            self._cache.popitem(last=False)
        return composed, False

    def _reply(self, question: str, talk: Talk) -> Composed:
        """What Luna says to a remark; nothing is looked up and nothing cited."""
        answer = reply(question, talk, self._prompts.frame)
        return Composed(answer, answer.summary, "", (), (), {}, ())

    async def _matcher(self, sql: AsyncConnection, question: str, result: SearchResult) -> ConceptMatcher:
        if result.query is None or not result.index_versions:
            return WordMatcher(question)
        analyser = await self._lexicons.analyser(sql, result.index_versions[0])
        if analyser is None:
            return WordMatcher(question)
        rows = await (
            await sql.execute(_FREQUENCIES, (list(result.index_versions), list(result.query.terms)), binary=True)
        ).fetchall()
        seen = {row[0]: row[1] for row in rows}
        return QueryMatcher(result.query, analyser, frequency=lambda term: seen.get(term, 0), total=seen.get(None, 0))

    def _key(
        self, principal: Principal, question: str, filters: Filters, as_of: date, top_k: int, state: IndexState
    ) -> tuple[object, ...]:
        return (
            principal.tenant_id,
            question,
            filters,
            as_of,
            top_k,
            state.index_versions,
            state.generation,
            MODE,
            MODEL,
            self._prompts.version,
            self._prompts.sha256,
        )

    def _checked(self, answer: Answer, found: Found) -> Composed:
        """The last gate, whoever wrote the answer: what does not hold against its passage does not leave."""
        passages = found.passages
        rows = {str(row["chunk_id"]): (row, hit) for row, hit in zip(found.rows, found.result.hits, strict=True)}
        checker = CitationChecker(passages)
        blocks: list[str] = []
        sentences: list[AnswerSentenceData] = []
        for statement in answer.body_sentences:
            lines = statement.render().split("\n")
            checked = [checker.check_text(line) if "[chunk " in line else None for line in _joined_lines(lines)]
            if any(part is not None and any(piece.verdict != "ok" for piece in part) for part in checked):
                self._registry.dropped_sentences.inc()
                continue
            blocks.append(statement.render())
            sentences.append(AnswerSentenceData(statement.render(), [_citation(rows, statement.chunk_id)]))
        cited = [chunk_id for chunk_id in answer.cited if chunk_id in rows] if answer.answered else []
        return Composed(
            answer=answer,
            summary=self._summary(answer, checker),
            body="\n\n".join(blocks),
            sentences=tuple(sentences),
            citations=tuple(_citation(rows, chunk_id) for chunk_id in cited),
            chunk_runs={chunk_id: rows[chunk_id][0]["run_id"] for chunk_id in cited},
            index_versions=found.result.index_versions,
        )

    def _summary(self, answer: Answer, checker: CitationChecker) -> str:
        """The summary with its citation; empty where its words do not hold, for the body says them anyway."""
        if not answer.summary_chunk_id:
            return answer.summary
        summary = f"{answer.summary} {cite(answer.summary_chunk_id)}"
        if all(piece.verdict == "ok" for piece in checker.check_text(summary)):
            return summary
        self._registry.dropped_sentences.inc()
        return ""

    async def _history(self, sql: AsyncConnection, principal: Principal, conversation_id: UUID) -> list[Turn]:
        touched = await (await sql.execute(_TOUCH, (conversation_id, principal.user_id))).fetchone()
        if touched is None:
            raise missing("Dieses Gespräch")
        rows = await (await sql.execute(_HISTORY, (conversation_id,))).fetchall()
        return [
            Turn(question=row[0], condensed=row[1] if row[1] != row[0] else "", offered=row[2], provision=row[3])
            for row in reversed(rows)
        ]

    def _answer(
        self,
        question: str,
        condensed: str,
        as_of: date,
        request: AskRequest,
        composed: Composed,
        clock: _Clock,
        *,
        cached: bool = False,
    ) -> AnswerData:
        answer = composed.answer
        return AnswerData(
            answer_id=uuid4(),
            conversation_id=request.conversation_id or uuid4(),
            answered=answer.answered,
            answer=composed.body if answer.answered else answer.render(),
            summary=composed.summary,
            suggestion=answer.suggestion,
            next_question=answer.next_question,
            steps=list(answer.steps),
            chunks_used=[citation.chunk_id for citation in composed.citations],
            citations=list(composed.citations),
            receipts=list(composed.receipts),
            model=MODEL,
            mode=composed.mode or (CONVERSATION if answer.talk else MODE),
            cached=cached,
            question=question,
            condensed_question=condensed,
            as_of=as_of,
            index_versions=list(composed.index_versions),
            prompt_version=self._prompts.version,
            latency_ms=clock.total(),
        )

    async def _log(
        self,
        sql: AsyncConnection,
        principal: Principal,
        request: AskRequest,
        filters: Filters,
        data: AnswerData,
        composed: Composed,
    ) -> None:
        await sql.execute(
            _LOG,
            {
                "answer_id": data.answer_id,
                "tenant": principal.tenant_id,
                "user_id": principal.user_id,
                "conversation_id": data.conversation_id,
                "new": request.conversation_id is None,
                "title": data.question[:120],
                "question": data.question,
                "condensed": data.condensed_question,
                "filters": Jsonb(msgspec.to_builtins(filters) if request.filters else {}),
                "as_of": data.as_of,
                "answered": data.answered,
                "answer": Jsonb(msgspec.to_builtins(data)),
                "mode": data.mode,
                "model": data.model,
                "prompt_version": data.prompt_version,
                "prompt_hash": self._prompts.sha256,
                "chunk_ids": data.chunks_used,
                "chunk_runs": Jsonb(dict(composed.chunk_runs)),
                "index_versions": data.index_versions,
                "latency_ms": Jsonb(data.latency_ms),
                "trace_id": trace_id.get(),
            },
        )

    def _count(self, data: AnswerData, clock: _Clock) -> None:
        self._registry.answers.labels(str(data.answered).lower(), data.mode).inc()
        for part, milliseconds in clock.total().items():
            self._registry.answer_seconds.labels(part).observe(milliseconds / 1e3)


def _of_series(reply: SeriesReply) -> Composed:
    """An answer about series; its sentences were checked against their receipts already."""
    answer = Answer(reply.answered, reply.body, suggestion=reply.suggestion, next_question=reply.next_question)
    sentences = tuple(AnswerSentenceData(said.text, [], list(said.receipts)) for said in reply.sentences)
    return Composed(
        answer, reply.summary, reply.body, sentences, (), {}, (), receipts=tuple(reply.receipts), mode=SERIES_MODE
    )


def _joined_lines(lines: Sequence[str]) -> list[str]:
    """Lines of a statement, where a line without its own mark belongs to the next one with a mark."""
    joined: list[str] = []
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        if "[chunk " in line:
            joined.append("\n".join(waiting))
            waiting = []
    return joined


def _citation(rows: Mapping[str, tuple[dict[str, Any], Any]], chunk_id: str) -> Citation:
    row, hit = rows[chunk_id]
    return Citation(
        chunk_id=row["chunk_id"], score=round(hit.score, 6), payload=payload(row), scores=_rounded(hit.scores)
    )


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {name: round(float(value), 6) for name, value in scores.items()}
