"""Routes of series: readings and prices as columns or files, aggregates, live values, receipts, imports."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody, MultipartBody, QueryParameter

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.envelope import Envelope, ok
from luna_api.limits import JSON_LIMIT_BYTES
from luna_api.series import live
from luna_api.series.bounds import From, To
from luna_api.series.imports import ImportService, refusal
from luna_api.series.imports_schemas import ImportData, ImportPage, LoadForm
from luna_api.series.query import QueryService
from luna_api.series.receipts import ReceiptService
from luna_api.series.schemas import (
    Format,
    MarketData,
    Products,
    QueryReceipt,
    RerunData,
    Resolution,
    SelfUseData,
    SeriesQueryData,
    SeriesQueryRequest,
    SmartMeterData,
)
from luna_api.series.service import Asked, SeriesService

MeterQuery = Annotated[str, QueryParameter(min_length=1, max_length=100, description="Kennung des Zählers")]
MarketQuery = Annotated[str, QueryParameter(max_length=40, description="Markt, zum Beispiel EPEX")]
ProductQuery = Annotated[str, QueryParameter(max_length=40, description="Produkt, zum Beispiel DE-LU-60MIN")]
ResolutionQuery = Annotated[Resolution, QueryParameter(description="`auto` wählt nach der Länge des Zeitraums")]
FormatQuery = Annotated[Format, QueryParameter(description="JSON in Spalten, oder eine Datei")]
Points = Annotated[
    int | None,
    QueryParameter(ge=16, le=200_000, description="Höchstens so viele Werte, ohne eine Spitze zu verlieren"),
]
Match = Annotated[str | None, HeaderParameter(name="If-None-Match", max_length=400)]
LastQuery = Annotated[int, QueryParameter(ge=1, le=1_000, description="So viele der letzten Werte vorweg")]
Wait = Annotated[float, QueryParameter(ge=0, le=120, description="Sekunden, die gewartet wird")]
Limit = Annotated[int, QueryParameter(ge=1, le=200, description="Einträge je Seite")]
Cursor = Annotated[str | None, QueryParameter(max_length=500, description="`next_cursor` der vorigen Seite")]
UNCHANGED = {304: ResponseSpec(None, description="Unverändert seit dem ETag in If-None-Match")}
ACCEPTED = {202: ResponseSpec(Envelope[ImportData], description="Angenommen, noch nicht fertig; siehe Location")}
ETAG = [ResponseHeader(name="ETag", description="Ändert sich mit den Werten", documentation_only=True)]


def provide_series(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> SeriesService:
    """Series that the asker may see."""
    return SeriesService(context, principal)


def provide_query(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> QueryService:
    """Aggregates of what the asker may see."""
    return QueryService(context, principal)


def provide_receipts(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> ReceiptService:
    """Receipts of the asker."""
    return ReceiptService(context, principal)


def provide_imports(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> ImportService:
    """Imports of the asker's tenant."""
    return ImportService(context, principal)


def import_answer(state: ImportData, ended: bool) -> Response[Envelope[ImportData]]:
    """200 when the import has ended, the fault where it failed, else 202 and where to ask."""
    fault = refusal(state) if ended else None
    if fault is not None:
        raise fault
    message = "Der Import ist abgeschlossen." if ended else "Die Datei ist angenommen und wird eingelesen."
    if state.status == "undone":
        message = "Der Import ist zurückgenommen."
    elif ended and state.mode == "dry_run":
        message = "So sähe der Import aus; gespeichert wurde nichts."
    location = {} if ended else {"Location": f"/api/v1/data/load/{state.import_id}"}
    return Response(ok(state, message), status_code=200 if ended else 202, headers=location)


class LoadController(Controller):
    """The upload itself stands apart, because only its body may be large; the list shares its address."""

    path = "/data"
    tags = ("series",)
    dependencies = {"service": Provide(provide_imports, sync_to_thread=False)}  # noqa: RUF012

    @post("/load", operation_id="loadData", status_code=200, responses=ACCEPTED)
    async def load(
        self, service: NamedDependency[ImportService], data: MultipartBody[LoadForm]
    ) -> Response[Envelope[ImportData]]:
        """Eine Datei mit Messwerten oder Preisen einlesen, oder nur zeigen, was geschähe."""
        return import_answer(*await service.load(data))

    @get("/load", operation_id="listImports")
    async def page(
        self, service: NamedDependency[ImportService], cursor: Cursor = None, limit: Limit = 50
    ) -> Envelope[ImportPage]:
        """Alle Importe, die neuesten zuerst."""
        return ok(await service.page(cursor, limit))


class ImportController(Controller):
    """What becomes of imports."""

    path = "/data/load"
    tags = ("series",)
    request_max_body_size = JSON_LIMIT_BYTES
    dependencies = {"service": Provide(provide_imports, sync_to_thread=False)}  # noqa: RUF012

    @get("/{import_id:uuid}", operation_id="getImport")
    async def state(self, service: NamedDependency[ImportService], import_id: FromPath[UUID]) -> Envelope[ImportData]:
        """Wie weit ein Import ist, und welche Zeilen nicht zu gebrauchen waren."""
        return ok(await service.state(import_id))

    @delete("/{import_id:uuid}", operation_id="undoImport", status_code=200, responses=ACCEPTED)
    async def undo(
        self, service: NamedDependency[ImportService], import_id: FromPath[UUID], wait: Wait = 30
    ) -> Response[Envelope[ImportData]]:
        """Einen Import zurücknehmen: Was er ersetzt hat, gilt wieder."""
        return import_answer(*await service.undo(import_id, wait))


class SeriesController(Controller):
    """Series, aggregates and live values."""

    path = "/data"
    tags = ("series",)
    dependencies = {  # noqa: RUF012
        "service": Provide(provide_series, sync_to_thread=False),
        "queries": Provide(provide_query, sync_to_thread=False),
    }

    @get("/smartmeter", operation_id="getSmartMeter", responses=UNCHANGED, response_headers=ETAG)
    async def smartmeter(
        self,
        service: NamedDependency[SeriesService],
        meter_id: MeterQuery,
        begin: From,
        end: To,
        resolution: ResolutionQuery = "auto",
        format: FormatQuery = "json",
        points: Points = None,
        if_none_match: Match = None,
    ) -> Response[Envelope[SmartMeterData]]:
        """Die Werte eines Zählers in Spalten; eine Lücke ist null."""
        asked = Asked.read(begin, end, resolution, format, points, if_none_match)
        return await service.smartmeter(meter_id, asked)

    @get("/market", operation_id="getMarket", responses=UNCHANGED, response_headers=ETAG)
    async def market(
        self,
        service: NamedDependency[SeriesService],
        begin: From,
        end: To,
        market: MarketQuery = "EPEX",
        product: ProductQuery = "DE-LU-60MIN",
        resolution: ResolutionQuery = "auto",
        format: FormatQuery = "json",
        points: Points = None,
        if_none_match: Match = None,
    ) -> Response[Envelope[MarketData]]:
        """Die Preise eines Produkts in Spalten; eine Lücke ist null."""
        asked = Asked.read(begin, end, resolution, format, points, if_none_match)
        return await service.market(market, product, asked)

    @get("/market/products", operation_id="listProducts")
    async def products(self, service: NamedDependency[SeriesService]) -> Envelope[Products]:
        """Alle Märkte und Produkte, und wie weit ihre Preise reichen."""
        return ok(await service.products())

    @get("/self-use", operation_id="getSelfUse")
    async def self_use(
        self,
        queries: NamedDependency[QueryService],
        meter_id: MeterQuery,
        begin: From,
        end: To,
        pv_meter_id: Annotated[
            str | None, QueryParameter(max_length=100, description="Zähler der Erzeugung, wenn es ein eigener ist")
        ] = None,
    ) -> Envelope[SelfUseData]:
        """Eigenverbrauch und Autarkie eines Standorts mit Photovoltaik."""
        return ok(await queries.self_use(meter_id, pv_meter_id, begin, end))

    @post("/query", operation_id="queryData", status_code=200)
    async def query(
        self, queries: NamedDependency[QueryService], data: JSONBody[SeriesQueryRequest]
    ) -> Envelope[SeriesQueryData]:
        """Werte filtern, zusammenfassen, gruppieren und vergleichen; jedes Ergebnis mit Beleg."""
        return ok(await queries.query(data))

    @get("/smartmeter/live", operation_id="liveSmartMeter", media_type="text/event-stream")
    async def live_smartmeter(
        self,
        context: NamedDependency[AppContext],
        principal: NamedDependency[Principal],
        meter_id: MeterQuery,
        last: LastQuery = 60,
    ) -> Response[Any]:
        """Messwerte, sobald sie da sind: Ereignisse `reading` (LiveReading)."""
        return await live.readings(context, principal, meter_id, last)

    @get("/market/live", operation_id="liveMarket", media_type="text/event-stream")
    async def live_market(
        self,
        context: NamedDependency[AppContext],
        principal: NamedDependency[Principal],
        market: MarketQuery = "EPEX",
        product: ProductQuery = "DE-LU-60MIN",
        last: LastQuery = 24,
    ) -> Response[Any]:
        """Preise, sobald sie da sind: Ereignisse `price` (LivePrice)."""
        return await live.prices(context, principal, market, product, last)


class ReceiptController(Controller):
    """What numbers of answers rest on."""

    path = "/receipts"
    tags = ("series",)
    dependencies = {"service": Provide(provide_receipts, sync_to_thread=False)}  # noqa: RUF012

    @get("/{receipt_id:uuid}", operation_id="getReceipt")
    async def receipt(
        self, service: NamedDependency[ReceiptService], receipt_id: FromPath[UUID]
    ) -> Envelope[QueryReceipt]:
        """Ein Beleg: Abfrage, Ergebnis, Stand und Güte der Werte."""
        return ok(await service.receipt(receipt_id))

    @post("/{receipt_id:uuid}/rerun", operation_id="rerunReceipt", status_code=200)
    async def rerun(self, service: NamedDependency[ReceiptService], receipt_id: FromPath[UUID]) -> Envelope[RerunData]:
        """Die Abfrage eines Belegs zum damaligen Stand wiederholen, und mit dem heutigen vergleichen."""
        data = await service.rerun(receipt_id)
        message = "Das Ergebnis ist dasselbe." if data.same else "Das Ergebnis ist nicht mehr dasselbe."
        if data.same and data.changed_since:
            message = "Zum damaligen Stand ist das Ergebnis dasselbe; inzwischen haben sich Werte geändert."
        return ok(data, message)
