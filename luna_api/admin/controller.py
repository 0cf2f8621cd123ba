"""Routes of the administrator."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from luna_api.accounts.principal import Principal
from luna_api.admin.schemas import AdminHealth, JobList, ReindexRequest, RunStarted
from luna_api.admin.service import AdminService
from luna_api.context import AppContext
from luna_api.envelope import Envelope, Saved, ok
from luna_api.guards import admin_only
from luna_api.items.controller import Limit, provide_query
from luna_api.items.controller import provide_service as provide_items
from luna_api.items.schemas import ChunkWindow, ItemPage
from luna_api.items.service import ItemService, Query


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> AdminService:
    """The administrator's views."""
    return AdminService(context, principal)


class AdminController(Controller):
    """Health, corpus, Dagster's runs."""

    path = "/admin"
    tags = ("admin",)
    guards = (admin_only,)
    dependencies = {  # noqa: RUF012
        "service": Provide(provide_service, sync_to_thread=False),
        "items": Provide(provide_items, sync_to_thread=False),
    }

    @get("/health", operation_id="getAdminHealth")
    async def health(self, service: NamedDependency[AdminService]) -> Envelope[AdminHealth]:
        """Der Zustand aller Teile."""
        return ok(await service.health())

    @get("/items", operation_id="listAdminItems", dependencies={"wanted": Provide(provide_query, sync_to_thread=False)})
    async def page(
        self,
        items: NamedDependency[ItemService],
        wanted: NamedDependency[Query],
        all_versions: FromQuery[bool] = True,
    ) -> Envelope[ItemPage]:
        """Alle Dokumente des Mandanten und die öffentlichen, mit allen Versionen."""
        return ok(await items.page(wanted, all_versions=all_versions))

    @delete("/item/{item_id:uuid}", operation_id="deleteAdminItem", status_code=200)
    async def remove(self, items: NamedDependency[ItemService], item_id: FromPath[UUID]) -> Envelope[Saved]:
        """Ein Dokument löschen; es lässt sich wiederherstellen."""
        await items.remove(item_id, action="admin.item.delete")
        return ok(Saved(), "Das Dokument ist gelöscht und lässt sich wiederherstellen.")

    @get("/item/{item_id:uuid}/chunks", operation_id="getAdminItemChunks")
    async def chunks(
        self,
        items: NamedDependency[ItemService],
        item_id: FromPath[UUID],
        around: FromQuery[UUID | None] = None,
        limit: Limit = 200,
    ) -> Envelope[ChunkWindow]:
        """Die Textstellen eines Dokuments."""
        return ok(await items.chunks(item_id, around, limit))

    @post("/reindex", operation_id="reindex", status_code=202)
    async def reindex(
        self,
        service: NamedDependency[AdminService],
        data: JSONBody[ReindexRequest],
    ) -> Envelope[RunStarted]:
        """Textstellen und Index neu bauen; ohne Angaben alles."""
        return ok(await service.reindex(data), "Der Auftrag läuft.")

    @get("/jobs", operation_id="listJobs")
    async def jobs(
        self,
        service: NamedDependency[AdminService],
        job_name: Annotated[str | None, QueryParameter(max_length=100)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=200)] = 25,
    ) -> Envelope[JobList]:
        """Dagsters Läufe, die neuesten zuerst."""
        return ok(await service.jobs(job_name, limit))
