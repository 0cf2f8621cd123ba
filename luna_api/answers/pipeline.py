"""From a question to a logged answer: condense, retrieve, decide whether it is borne, have it written, log it.

The rules of all that are pure and live in `luna_rules`; here they meet the database. Who writes is in `writers`.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid4

from luna_api.accounts.principal import Principal
from luna_api.answers.answer_log import log_answer, read_history, touch
from luna_api.answers.asked import Asked, read_question, today, valid_on
from luna_api.answers.compared import answer_comparison
from luna_api.answers.composed import (
    EXTRACTIVE,
    GENERATIVE,
    Clock,
    Composed,
    Found,
    checked,
    of_series,
    rounded,
)
from luna_api.answers.given import answer_data, answer_meta
from luna_api.answers.lexicons import Lexicons
from luna_api.answers.narrowed import left_nothing
from luna_api.answers.payload import payload
from luna_api.answers.retrieval import Retrieval, read_filters
from luna_api.answers.schemas import (
    AnswerData,
    AnswerSentenceData,
    AskMeta,
    AskRequest,
    Hit,
    SearchData,
    SearchRequest,
)
from luna_api.answers.settling import Settling
from luna_api.answers.warming import keep_warm
from luna_api.answers.writers import Brief, Left, write
from luna_api.metrics.registry import Registry
from luna_api.models.directory import Candidate, ModelDirectory
from luna_api.prompts import LunaPrompts
from luna_api.series.answers import answer as answer_series
from luna_api.series.answers import keep as keep_receipts
from luna_api.series.answers import wordings
from luna_rules.answers.compose import answer_question, refuse, refuse_limits, reply
from luna_rules.answers.followup import Turn, condense
from luna_rules.answers.gather import Ground
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Answer, Passage
from luna_rules.answers.smalltalk import Talk, talk_of
from luna_rules.answers.support import Support
from resources.database import AppDatabase, AsyncConnection
from resources.generator import ModelInfo
from resources.vectors.index import Filters, IndexState, PassageIndex

_CACHED_ANSWERS = 512
Key = tuple[object, ...]
Listener = Callable[[AskMeta | AnswerSentenceData], Awaitable[None]]
"""Told who writes, and then each sentence, while the rest is still being written."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """An answer as the passages give it, or one `known` from before. With a `brief` a model may write it instead."""

    composed: Composed
    known: bool = False
    key: Key = ()
    brief: Brief | None = None


class AnswerPipeline:
    """Answers questions of any asker; one for the application."""

    def __init__(
        self,
        database: AppDatabase,
        index: PassageIndex,
        prompts: LunaPrompts,
        lexicons: Lexicons,
        registry: Registry,
        models: ModelDirectory,
    ) -> None:
        self._database = database
        self._index = index
        self._prompts = prompts
        self._retrieval = Retrieval(index, lexicons)
        self._registry = registry
        self._models = models
        self._cache: OrderedDict[Key, Composed] = OrderedDict()
        self._settling = Settling()

    @staticmethod
    def check(request: AskRequest) -> None:
        """Raise what can be known to be wrong before an answer begins."""
        read_question(request.question)
        read_filters(request.filters)

    async def warm(self) -> None:
        """Read the public index before anybody asks, and again after each promotion, until cancelled."""
        await keep_warm(self._database, self._index, self._retrieval)

    async def search(self, principal: Principal, request: SearchRequest) -> SearchData:
        """Retrieval alone."""
        question, filters = read_question(request.question), read_filters(request.filters)
        clock = Clock()
        async with self._database.transaction(principal.tenant_id) as sql:
            clock.lap("connection")
            found = await self._retrieval.search(
                sql, principal, question, filters, valid_on(request.as_of, question), request.top_k, clock
            )
        hits = [
            Hit(
                chunk_id=hit.chunk_id,
                item_id=hit.item_id,
                score=round(hit.score, 6),
                payload=payload(row),
                scores=rounded(hit.scores),
            )
            for hit, row in zip(found.result.hits, found.rows, strict=True)
        ]
        return SearchData(hits=hits, index_versions=list(found.result.index_versions), latency_ms=clock.total())

    async def ask(
        self, principal: Principal, request: AskRequest, listener: Listener | None = None
    ) -> tuple[AnswerData, tuple[AnswerSentenceData, ...]]:
        """The answer, logged, and its sentences one by one. What a model writes is told to `listener` as it comes.

        While a model writes no connection to the database is held.
        """
        question, filters = read_question(request.question), read_filters(request.filters)
        clock = Clock()
        candidates = await self._models.writers()
        if candidates:
            clock.lap("models")
        async with self._database.transaction(principal.tenant_id) as sql:
            clock.lap("connection")
            condensed, history = question, list[Turn]()
            if request.conversation_id is not None:
                history = await read_history(sql, principal, request.conversation_id)
                condensed = condense(question, history)
                clock.lap("condense")
            as_of = valid_on(request.as_of, condensed)
            asked = Asked(request, filters, question, condensed, as_of, uuid4(), request.conversation_id or uuid4())
            *previous, spoken = wordings(history, question, condensed)
            series = None if request.filters else await answer_series(sql, spoken, previous=previous, day=request.as_of)
            if series is not None:
                drafted = Drafted(of_series(series))
                clock.lap("series")
            elif talk := talk_of(condensed):
                drafted = Drafted(self._reply(condensed, talk))
            else:
                drafted = await self._compose(
                    sql, principal, condensed, filters, as_of, request.top_k, clock, candidates
                )
            if drafted.brief is None:
                data = await self._given(sql, principal, asked, drafted.composed, clock, cached=drafted.known)
                if series is not None:
                    await keep_receipts(sql, principal, series, data.answer_id)
                return data, drafted.composed.sentences

        def left(told: Composed) -> None:
            if listener is not None:
                self._settling.begin(self._noted(principal, asked, told, clock))

        composed = await self._written(asked, drafted.brief, candidates, listener, left)
        clock.lap("model")
        self._keep(drafted.key, composed)
        # Who leaves now has seen it all, so it is noted to the end.
        return await asyncio.shield(
            self._settling.begin(self._noted(principal, asked, composed, clock))
        ), composed.sentences

    async def again(self, principal: Principal, question: str, filters: Filters, as_of: date, top_k: int) -> Composed:
        """What a question that was condensed before gives today: by the passages alone, nothing kept and nothing noted.

        For comparing with an answer that was given.
        """
        if talk := talk_of(question):
            return self._reply(question, talk)
        async with self._database.transaction(principal.tenant_id) as sql:
            state = await self._retrieval.state(sql, principal.tenant_id)
            composed, _ = await self._extracted(sql, principal, question, filters, as_of, top_k, Clock(), state)
        return composed

    @property
    def prompt_hash(self) -> str:
        """The hash of what frames answers at present."""
        return self._prompts.sha256

    def forget(self, tenant: UUID) -> None:
        """Keep no answer that was given in a tenant, because somebody's words were erased there."""
        for key in [key for key in self._cache if key[0] == tenant]:
            del self._cache[key]

    async def _written(
        self, asked: Asked, brief: Brief, candidates: Sequence[Candidate], listener: Listener | None, left: Left
    ) -> Composed:
        """The answer by whoever has one that holds; the first sentence tells the listener who that is."""
        told = False

        async def say(info: ModelInfo, sentence: AnswerSentenceData) -> None:
            nonlocal told
            if listener is None:
                return
            if not told:
                told = True
                await listener(answer_meta(asked, GENERATIVE, info.name, info.digest))
            await listener(sentence)

        return await write(brief, candidates, self._models, self._prompts, self._registry, say, left)

    async def _noted(self, principal: Principal, asked: Asked, composed: Composed, clock: Clock) -> AnswerData:
        """What a model wrote, noted in the log in a transaction of its own."""
        async with self._database.transaction(principal.tenant_id) as sql:
            await touch(sql, principal, asked.conversation_id)
            return await self._given(sql, principal, asked, composed, clock, cached=False)

    async def close(self) -> None:
        """Wait until answers whose readers have left are noted; not for ever (see `Settling`)."""
        await self._settling.close()

    async def _given(
        self,
        sql: AsyncConnection,
        principal: Principal,
        asked: Asked,
        composed: Composed,
        clock: Clock,
        *,
        cached: bool,
    ) -> AnswerData:
        """The answer as it leaves, noted in the log."""
        data = answer_data(asked, composed, self._prompts, clock, cached=cached)
        await log_answer(sql, principal, asked, data, composed)
        self._count(data, clock)
        return data

    async def _compose(
        self,
        sql: AsyncConnection,
        principal: Principal,
        question: str,
        filters: Filters,
        as_of: date,
        top_k: int,
        clock: Clock,
        candidates: Sequence[Candidate] = (),
    ) -> Drafted:
        """The answer as the passages give it, or the one kept from before over the very same ground.

        Whether there is an answer at all is decided here, by the passages and without a model.
        """
        state = await self._retrieval.state(sql, principal.tenant_id)
        key = self._key(principal, question, filters, as_of, top_k, state, candidates)
        known = self._cache.get(key)
        clock.lap("state")
        if known is not None:
            self._cache.move_to_end(key)
            return Drafted(known, known=True)
        composed, ground = await self._extracted(sql, principal, question, filters, as_of, top_k, clock, state)
        if composed.answer.answered and candidates and not composed.mode:
            return Drafted(composed, key=key, brief=Brief(question, *ground, composed))
        self._keep(key, composed)
        return Drafted(composed)

    async def _extracted(
        self,
        sql: AsyncConnection,
        principal: Principal,
        question: str,
        filters: Filters,
        as_of: date,
        top_k: int,
        clock: Clock,
        state: IndexState,
    ) -> tuple[Composed, tuple[Found, tuple[Passage, ...]]]:
        """The answer in verbatim sentences or the refusal, with what was found and the passages to answer from."""
        if compared := await answer_comparison(self._retrieval, sql, principal, question, filters, today(), clock):
            answer, found = compared
            composed = replace(checked(answer, found, self._registry), mode=EXTRACTIVE)
            clock.lap("compose")
            return composed, (found, tuple(found.passages))
        gathered = await self._retrieval.ground(sql, principal, question, filters, as_of, top_k, clock)
        matcher = await self._retrieval.matcher(sql, question, gathered.found.result)
        empty = not state.index_versions
        answer = self._from_ground(question, gathered.read, matcher, as_of, corpus_empty=empty)
        if not answer.answered and not answer.talk and not empty:
            aside = await self._retrieval.beside_laws(sql, question, gathered, top_k)
            if aside is not None and (other := self._from_ground(question, aside.read, matcher, as_of)).answered:
                gathered, answer = aside, other
        if not answer.answered and not answer.talk and not empty:
            again = await self._retrieval.second(
                sql, principal, question, filters, as_of, top_k, clock, gathered, matcher
            )
            if again is not None:
                gathered, answer = again, self._from_ground(question, again.read, matcher, as_of)
        found, read = gathered.found, gathered.read
        if not answer.answered and not found.rows:
            day = as_of if as_of != today() else None
            if limits := await left_nothing(sql, filters, day):
                answer = refuse_limits(question, limits, self._prompts.frame)
        composed = checked(answer, found, self._registry)
        if answer.answered and not composed.sentences:
            nothing_held = Support(False, "keine Aussage hielt der Prüfung stand")
            refusal = refuse(question, read.passages, self._prompts.frame, nothing_held)
            composed = checked(refusal, found, self._registry)
        clock.lap("compose")
        return composed, (found, tuple(read.passages))

    def _from_ground(
        self, question: str, read: Ground, matcher: ConceptMatcher, as_of: date, *, corpus_empty: bool = False
    ) -> Answer:
        """The extractive answer over the passages gathered, or the refusal."""
        return answer_question(
            question,
            read.passages,
            matcher,
            self._prompts.frame,
            corpus_empty=corpus_empty,
            today=as_of,
            twins=read.twins,
            further=read.further,
        )

    def _keep(self, key: Key, composed: Composed) -> None:
        """Keep an answer for when the same is asked again, unless a passing fault decided who wrote it."""
        if not composed.lasting:
            return
        self._cache[key] = composed
        if len(self._cache) > _CACHED_ANSWERS:
            self._cache.popitem(last=False)

    def _reply(self, question: str, talk: Talk) -> Composed:
        """What Luna says to a remark; nothing is looked up and nothing cited."""
        answer = reply(question, talk, self._prompts.frame)
        return Composed(answer, answer.summary, "", (), (), {}, ())

    def _key(
        self,
        principal: Principal,
        question: str,
        filters: Filters,
        as_of: date,
        top_k: int,
        state: IndexState,
        candidates: Sequence[Candidate],
    ) -> Key:
        return (
            principal.tenant_id,
            question,
            filters,
            as_of,
            top_k,
            state.index_versions,
            state.generation,
            tuple((one.role, one.name, one.info.digest if one.info else one.fault) for one in candidates),
            self._prompts.version,
            self._prompts.sha256,
        )

    def _count(self, data: AnswerData, clock: Clock) -> None:
        self._registry.answers.labels(str(data.answered).lower(), data.mode).inc()
        for part, milliseconds in clock.total().items():
            self._registry.answer_seconds.labels(part).observe(milliseconds / 1e3)
