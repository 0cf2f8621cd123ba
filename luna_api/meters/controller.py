"""Routes of the register of meters."""

from typing import Annotated

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.envelope import Envelope, Saved, ok
from luna_api.meters.schemas import MeterChange, MeterData, MeterPage, NewMeter, QualityReport
from luna_api.meters.service import MeterService
from luna_api.series.bounds import From, To

Cursor = Annotated[str, QueryParameter(max_length=100, description="`next_cursor` der vorigen Seite")]
Limit = Annotated[int, QueryParameter(ge=1, le=500, description="Einträge je Seite")]


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> MeterService:
    """Meters of the asker's tenant."""
    return MeterService(context, principal)


class MeterController(Controller):
    """Meters of the asker's tenant."""

    path = "/meters"
    tags = ("meters",)
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @get("/", operation_id="listMeters")
    async def page(
        self, service: NamedDependency[MeterService], cursor: Cursor = "", limit: Limit = 100
    ) -> Envelope[MeterPage]:
        """Alle Zähler, nach Kennung."""
        return ok(await service.page(cursor, limit))

    @post("/", operation_id="createMeter", status_code=201)
    async def create(
        self, service: NamedDependency[MeterService], data: JSONBody[NewMeter]
    ) -> Response[Envelope[MeterData]]:
        """Einen Zähler anlegen; mit `formula` einen virtuellen als Summe oder Differenz anderer."""
        meter = await service.create(data)
        return Response(ok(meter, "Der Zähler ist angelegt."), status_code=201)

    @get("/{meter_id:str}", operation_id="getMeter")
    async def meter(self, service: NamedDependency[MeterService], meter_id: FromPath[str]) -> Envelope[MeterData]:
        """Ein Zähler mit dem Umfang seiner Werte."""
        return ok(await service.meter(meter_id))

    @patch("/{meter_id:str}", operation_id="changeMeter")
    async def change(
        self, service: NamedDependency[MeterService], meter_id: FromPath[str], data: JSONBody[MeterChange]
    ) -> Envelope[MeterData]:
        """Angaben zu einem Zähler ändern; was fehlt, bleibt."""
        return ok(await service.change(meter_id, data), "Die Angaben sind geändert.")

    @delete("/{meter_id:str}", operation_id="deleteMeter", status_code=200)
    async def remove(self, service: NamedDependency[MeterService], meter_id: FromPath[str]) -> Envelope[Saved]:
        """Einen Zähler mit allen seinen Werten löschen."""
        await service.remove(meter_id)
        return ok(Saved(), "Der Zähler und seine Werte sind gelöscht.")

    @get("/{meter_id:str}/quality", operation_id="getMeterQuality")
    async def quality(
        self, service: NamedDependency[MeterService], meter_id: FromPath[str], begin: From, end: To
    ) -> Envelope[QualityReport]:
        """Der Qualitätsbericht je Tag: fehlende Werte, Ersatzwerte, Auffälligkeiten."""
        return ok(await service.quality(meter_id, begin, end))
