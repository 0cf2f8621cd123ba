"""Public routes: build, liveness, and help for those who are signed in."""

from typing import Annotated

from litestar import Controller, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from luna_api.context import AppContext
from luna_api.envelope import Envelope, failed, ok
from luna_api.system import service
from luna_api.system.schemas import Health, HelpText, SystemInfo


@get("/system/info", operation_id="getSystemInfo", tags=["system"])
async def system_info(context: NamedDependency[AppContext], state: State) -> Envelope[SystemInfo]:
    """Was hier läuft; öffentlich."""
    return ok(await service.system_info(context, state.commit))


@get("/health", operation_id="getHealth", tags=["system"])
async def health(context: NamedDependency[AppContext], ready: FromQuery[bool] = False) -> Response[Envelope[Health]]:
    """Lebt der Dienst; mit `ready=1` auch: kann er antworten (sonst 503)."""
    found = await service.health(context, ready=ready)
    if found.ready is False:
        body = failed("Die Datenbank (db) ist gerade nicht erreichbar.", {"part": "db", "live": True, "ready": False})
        return Response(body, status_code=503, headers={"Retry-After": "5"})
    return Response(ok(found))


class HelpController(Controller):
    """Help for the page's views."""

    path = "/help"
    tags = ("system",)

    @get("/context", operation_id="getHelp", sync_to_thread=False)
    def context_help(
        self,
        context: NamedDependency[AppContext],
        route: Annotated[str, QueryParameter(max_length=300)] = "/",
    ) -> Envelope[HelpText]:
        """Hilfe zu einer Ansicht, in Lunas Worten."""
        return ok(context.help_texts.of(route))
