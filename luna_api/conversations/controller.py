"""Routes of conversations."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, QueryParameter

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.conversations.schemas import Conversation, ConversationList
from luna_api.conversations.service import ConversationService
from luna_api.envelope import Envelope, Saved, ok


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> ConversationService:
    """Conversations of the asker."""
    return ConversationService(context, principal)


class ConversationController(Controller):
    """One's own conversations."""

    path = "/conversations"
    tags = ("conversations",)
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @get("/", operation_id="listConversations")
    async def all(
        self,
        service: NamedDependency[ConversationService],
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
    ) -> Envelope[ConversationList]:
        """Eigene Gespräche, das jüngste zuerst."""
        return ok(await service.all(limit))

    @get("/{conversation_id:uuid}", operation_id="getConversation")
    async def one(
        self, service: NamedDependency[ConversationService], conversation_id: FromPath[UUID]
    ) -> Envelope[Conversation]:
        """Ein Gespräch mit allen Fragen und Antworten."""
        return ok(await service.one(conversation_id))

    @delete("/{conversation_id:uuid}", operation_id="deleteConversation", status_code=200)
    async def remove(
        self, service: NamedDependency[ConversationService], conversation_id: FromPath[UUID]
    ) -> Envelope[Saved]:
        """Ein Gespräch löschen; es lässt sich wiederherstellen."""
        await service.remove(conversation_id)
        return ok(Saved(), "Das Gespräch ist gelöscht und lässt sich wiederherstellen.")

    @delete("/", operation_id="deleteConversations", status_code=200)
    async def remove_all(self, service: NamedDependency[ConversationService]) -> Envelope[Saved]:
        """Alle eigenen Gespräche löschen; jedes lässt sich wiederherstellen."""
        count = await service.remove_all()
        return ok(Saved(), f"{count} Gespräche sind gelöscht und lassen sich wiederherstellen.")

    @post("/{conversation_id:uuid}/restore", operation_id="restoreConversation", status_code=200)
    async def restore(
        self, service: NamedDependency[ConversationService], conversation_id: FromPath[UUID]
    ) -> Envelope[Conversation]:
        """Ein gelöschtes Gespräch wiederherstellen."""
        await service.restore(conversation_id)
        return ok(await service.one(conversation_id), "Das Gespräch ist wieder da.")
