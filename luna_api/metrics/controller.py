"""Routes of figures."""

from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from prometheus_client import CONTENT_TYPE_LATEST

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.envelope import Envelope, ok
from luna_api.guards import admin_only, local_or_admin_key
from luna_api.metrics.schemas import EventMetrics, IngestMetrics, Overview, SystemMetrics
from luna_api.metrics.service import MetricsService

Days = Annotated[int, QueryParameter(ge=1, le=366, description="Tage zurück")]


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> MetricsService:
    """Figures for the asker."""
    return MetricsService(context, principal)


class MetricsController(Controller):
    """Figures for dashboards."""

    path = "/metrics"
    tags = ("metrics",)
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @get("/overview", operation_id="getOverview")
    async def overview(self, service: NamedDependency[MetricsService], days: Days = 30) -> Envelope[Overview]:
        """Dokumente, Textstellen, Antworten, Ereignisse."""
        return ok(await service.overview(days))

    @get("/ingest", operation_id="getIngestMetrics")
    async def ingest(self, service: NamedDependency[MetricsService], days: Days = 7) -> Envelope[IngestMetrics]:
        """Durchsatz, Fehlschläge, Alter der Warteschlange."""
        return ok(await service.ingest(days))

    @get("/events", operation_id="getEventMetrics")
    async def events(self, service: NamedDependency[MetricsService], days: Days = 30) -> Envelope[EventMetrics]:
        """Ereignisse nach Art und Tag; Kunden sehen ihre eigenen."""
        return ok(await service.events(days))

    @get("/system", operation_id="getSystemMetrics", guards=[admin_only])
    async def system(self, service: NamedDependency[MetricsService]) -> Envelope[SystemMetrics]:
        """Latenz, Größen, Prozesse (Verwaltung)."""
        return ok(await service.system())


@get("/metrics", operation_id="getPrometheus", guards=[local_or_admin_key], tags=["metrics"], media_type="text/plain")
async def prometheus(context: NamedDependency[AppContext]) -> Response[bytes]:
    """Für Prometheus; nur von dieser Maschine oder mit dem Schlüssel der Verwaltung."""
    return Response(context.registry.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})
