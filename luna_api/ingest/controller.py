"""Routes of uploads."""

from uuid import UUID

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody, MultipartBody

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.envelope import Envelope, Saved, ok
from luna_api.ingest.schemas import IngestForm, IngestResult, IngestState, UrlRequest
from luna_api.ingest.service import IngestService, Outcome
from luna_api.limits import JSON_LIMIT_BYTES

ACCEPTED = {
    202: ResponseSpec(Envelope[IngestResult], description="Angenommen, noch nicht fertig; Location nennt den Stand")
}


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> IngestService:
    """Uploads of the asker."""
    return IngestService(context, principal)


def answer(outcome: Outcome) -> Response[Envelope[IngestResult]]:
    """200 when the document can be found, else 202 and where to ask."""
    location = f"/api/v1/ingest/{outcome.result.item_id}"
    return Response(
        ok(outcome.result, outcome.message),
        status_code=200 if outcome.done else 202,
        headers={} if outcome.done else {"Location": location},
    )


class UploadController(Controller):
    """The upload itself stands apart, because only its body may be large."""

    path = "/ingest"
    tags = ("ingest",)
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @post("/doc", operation_id="ingestDocument", status_code=200, responses=ACCEPTED)
    async def upload(
        self,
        service: NamedDependency[IngestService],
        data: MultipartBody[IngestForm],
    ) -> Response[Envelope[IngestResult]]:
        """Ein Dokument hochladen und bis zu `wait` Sekunden auf das Ergebnis warten."""
        return answer(await service.upload(data))


class IngestController(Controller):
    """What else becomes of uploads."""

    path = "/ingest"
    tags = ("ingest",)
    request_max_body_size = JSON_LIMIT_BYTES
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @post("/url", operation_id="ingestUrl", status_code=200, responses=ACCEPTED)
    async def fetch(
        self, service: NamedDependency[IngestService], data: JSONBody[UrlRequest]
    ) -> Response[Envelope[IngestResult]]:
        """Ein Dokument aus dem öffentlichen Internet abrufen und aufnehmen."""
        return answer(await service.fetch(data))

    @get("/{item_id:uuid}", operation_id="getIngestState")
    async def state(self, service: NamedDependency[IngestService], item_id: FromPath[UUID]) -> Envelope[IngestState]:
        """Wie weit die Verarbeitung ist."""
        return ok(await service.state(item_id))

    @post("/{item_id:uuid}/retry", operation_id="retryIngest", status_code=200)
    async def retry(self, service: NamedDependency[IngestService], item_id: FromPath[UUID]) -> Envelope[IngestState]:
        """Ein fehlgeschlagenes Dokument erneut verarbeiten."""
        return ok(await service.retry(item_id), "Das Dokument wird erneut verarbeitet.")

    @delete("/{item_id:uuid}", operation_id="cancelIngest", status_code=200)
    async def cancel(self, service: NamedDependency[IngestService], item_id: FromPath[UUID]) -> Envelope[Saved]:
        """Einen Upload zurücknehmen, solange er wartet."""
        await service.cancel(item_id)
        return ok(Saved(), "Der Upload ist zurückgenommen.")
