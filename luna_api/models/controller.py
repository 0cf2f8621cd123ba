"""Routes of the administration of models."""

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.envelope import Envelope, ok
from luna_api.guards import admin_only
from luna_api.models.schemas import ModelList, ModelRequest
from luna_api.models.service import ModelService

ACCEPTED = {202: ResponseSpec(Envelope[ModelList], description="Das Laden hat begonnen; der Stand steht in der Liste")}


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> ModelService:
    """The administrator's view of the models."""
    return ModelService(context, principal)


class ModelController(Controller):
    """List, fetch and choose models."""

    path = "/admin/models"
    tags = ("admin",)
    guards = (admin_only,)
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @get("", operation_id="listModels")
    async def models(self, service: NamedDependency[ModelService]) -> Envelope[ModelList]:
        """Die Sprachmodelle: welche da sind, wozu sie dienen, welche gerade geladen werden."""
        return ok(await service.list())

    @post("", operation_id="changeModels", status_code=200, responses=ACCEPTED)
    async def change(
        self, service: NamedDependency[ModelService], data: JSONBody[ModelRequest]
    ) -> Response[Envelope[ModelList]]:
        """Ein Modell laden (202, der Stand steht in der Liste), das Laden abbrechen, oder eines auswählen."""
        models, message = await service.act(data)
        return Response(ok(models, message), status_code=202 if data.action == "pull" else 200)
