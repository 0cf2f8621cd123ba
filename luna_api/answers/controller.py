"""Routes of search and answers."""

from functools import partial

from litestar import Controller, Response, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from luna_api.accounts.principal import Principal
from luna_api.answers import stream
from luna_api.answers.schemas import (
    AnswerData,
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
    """Vectors for the asker."""
    return AnswerService(context, principal)


class AnswerController(Controller):
    """Ask and search."""

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
        """Fragen: eine Antwort, jeder Satz belegt; mit `stream` als Ereignisse."""
        context.limiter.check(principal)
        if data.stream:
            context.pipeline.check(data)
            return stream.response(partial(context.pipeline.ask, principal, data))
        answer, _ = await context.pipeline.ask(principal, data)
        return Response(ok(answer))

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
