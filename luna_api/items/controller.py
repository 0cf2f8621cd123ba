"""Routes of the corpus."""

import unicodedata
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.envelope import Envelope, Saved, ok
from luna_api.items.schemas import ChunkWindow, Item, ItemPage, ItemSummary, ItemText, ItemVersions, Kind, Status
from luna_api.items.service import ItemService, Query

Text = Annotated[str | None, QueryParameter(max_length=500)]
Words = Annotated[
    str | None,
    QueryParameter(name="query", max_length=500, description="Wörter in Titel, Dateiname, Tags, Gesetzesnamen"),
]
Limit = Annotated[int, QueryParameter(ge=1, le=200, description="Einträge je Seite")]


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> ItemService:
    """Documents of the asker."""
    return ItemService(context, principal)


def provide_query(
    words: Words = None,
    tag: Text = None,
    kind: FromQuery[Kind | None] = None,
    status: FromQuery[Status | None] = None,
    cursor: Text = None,
    limit: Limit = 50,
) -> Query:
    """What a list of documents is narrowed to, for whoever lists them."""
    return Query(query=words, tag=tag, kind=kind, status=status, cursor=cursor, limit=limit)


class ItemController(Controller):
    """Documents that the asker may see."""

    path = "/items"
    tags = ("items",)
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @get("/", operation_id="listItems", dependencies={"wanted": Provide(provide_query, sync_to_thread=False)})
    async def page(
        self,
        service: NamedDependency[ItemService],
        wanted: NamedDependency[Query],
        all_versions: FromQuery[bool] = False,
    ) -> Envelope[ItemPage]:
        """Dokumente, die neuesten zuerst; ohne `all_versions` nur die jeweils letzte Version."""
        return ok(await service.page(wanted, all_versions=all_versions))

    @get("/{item_id:uuid}", operation_id="getItem")
    async def item(self, service: NamedDependency[ItemService], item_id: FromPath[UUID]) -> Envelope[Item]:
        """Eine Version eines Dokuments."""
        return ok(await service.item(item_id))

    @get("/{item_id:uuid}/text", operation_id="getItemText")
    async def text(
        self,
        service: NamedDependency[ItemService],
        item_id: FromPath[UUID],
        version: Annotated[int | None, QueryParameter(ge=1)] = None,
    ) -> Envelope[ItemText]:
        """Der ausgelesene Text; Zitate lassen sich darin Zeichen für Zeichen wiederfinden."""
        return ok(await service.text(item_id, version))

    @get("/{item_id:uuid}/chunks", operation_id="getItemChunks")
    async def chunks(
        self,
        service: NamedDependency[ItemService],
        item_id: FromPath[UUID],
        around: FromQuery[UUID | None] = None,
        limit: Limit = 50,
    ) -> Envelope[ChunkWindow]:
        """Textstellen in Lesereihenfolge, auf Wunsch um eine herum."""
        return ok(await service.chunks(item_id, around, limit))

    @get("/{item_id:uuid}/file", operation_id="getItemFile", media_type="application/octet-stream")
    async def file(self, service: NamedDependency[ItemService], item_id: FromPath[UUID]) -> Response[bytes]:
        """Die Datei, wie sie hochgeladen wurde."""
        item, data = await service.file(item_id)
        return Response(
            data,
            media_type=item.media_type,
            headers={
                "Content-Disposition": disposition(item.file_name),
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox; default-src 'none'",
            },
        )

    @get("/{item_id:uuid}/summary", operation_id="getItemSummary")
    async def summary(self, service: NamedDependency[ItemService], item_id: FromPath[UUID]) -> Envelope[ItemSummary]:
        """Die ersten aussagekräftigen Sätze, wörtlich."""
        return ok(await service.summary(item_id))

    @get("/{item_id:uuid}/versions", operation_id="getItemVersions")
    async def versions(self, service: NamedDependency[ItemService], item_id: FromPath[UUID]) -> Envelope[ItemVersions]:
        """Alle Versionen desselben Dokuments."""
        return ok(await service.versions(item_id))

    @delete("/{item_id:uuid}", operation_id="deleteItem", status_code=200)
    async def remove(self, service: NamedDependency[ItemService], item_id: FromPath[UUID]) -> Envelope[Saved]:
        """Ein eigenes Dokument löschen; es lässt sich wiederherstellen."""
        await service.remove(item_id)
        return ok(Saved(), "Das Dokument ist gelöscht und lässt sich wiederherstellen.")

    @post("/{item_id:uuid}/restore", operation_id="restoreItem", status_code=200)
    async def restore(self, service: NamedDependency[ItemService], item_id: FromPath[UUID]) -> Envelope[Item]:
        """Ein gelöschtes Dokument wiederherstellen."""
        return ok(await service.restore(item_id), "Das Dokument ist wieder da.")


def disposition(file_name: str) -> str:
    """Content-Disposition of a download: an ASCII name for old readers, the true one beside it."""
    plain = unicodedata.normalize("NFKD", file_name).encode("ascii", "ignore").decode()
    plain = "".join(char for char in plain if char.isprintable() and char not in '"\\') or "dokument"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
