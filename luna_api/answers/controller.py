"""Routes of search and answers."""

from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody

from luna_api.accounts.principal import Principal
from luna_api.answers import stream
from luna_api.answers.schemas import (
    AnswerData,
    AnswerReceipt,
    AskRequest,
    EmbedData,
    EmbedRequest,
    SearchData,
    SearchRequest,
)
from luna_api.answers.service import AnswerService
from luna_api.context import AppContext
from luna_api.envelope import Envelope, ok
from luna_api.guards import admin_only
from luna_api.limits import EMBED_LIMIT_BYTES


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> AnswerService:
    """Answers given to the asker."""
    return AnswerService(context, principal)


class AnswerController(Controller):
    """Ask, search, and look up what was answered."""

    tags = ("answers",)
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @post("/rag/search", operation_id="search", status_code=200)
    async def search(
        self, context: NamedDependency[AppContext], principal: NamedDependency[Principal], data: JSONBody[SearchRequest]
    ) -> Envelope[SearchData]:
        """Nur suchen: Fundstellen und warum jede gefunden wurde."""
        return ok(await context.pipeline.search(principal, data))

    @post("/rag/ask", operation_id="ask", status_code=200)
    async def ask(
        self, context: NamedDependency[AppContext], principal: NamedDependency[Principal], data: JSONBody[AskRequest]
    ) -> Response[Envelope[AnswerData]]:
        """Fragen: eine Antwort aus wörtlichen, belegten Sätzen; mit `stream` als Ereignisse."""
        context.limiter.check(principal)
        if data.stream:
            context.pipeline.check(data)
            return stream.response(context.pipeline.ask(principal, data))
        answer, _ = await context.pipeline.ask(principal, data)
        return Response(ok(answer))

    @get("/answers/{answer_id:uuid}", operation_id="getAnswer")
    async def receipt(
        self, service: NamedDependency[AnswerService], answer_id: FromPath[UUID]
    ) -> Envelope[AnswerReceipt]:
        """Der Beleg einer Antwort: worauf sie stand."""
        return ok(await service.receipt(answer_id))

    @post(
        "/embed",
        operation_id="embed",
        status_code=200,
        guards=[admin_only],
        request_max_body_size=EMBED_LIMIT_BYTES,
    )
    async def embed(self, service: NamedDependency[AnswerService], data: JSONBody[EmbedRequest]) -> Envelope[EmbedData]:
        """Texte als Vektoren im Raum des Index (Verwaltung)."""
        return ok(await service.embed(data.texts))
