"""Routes of events and feedback."""

from litestar import Controller, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.envelope import Envelope, Saved, ok
from luna_api.events.schemas import Event, EventsSaved, RagFeedback
from luna_api.events.service import EventService


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> EventService:
    """Events of the asker."""
    return EventService(context, principal)


class EventController(Controller):
    """What people do and think."""

    tags = ("events",)
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @post("/events", operation_id="saveEvents", status_code=200)
    async def events(
        self,
        service: NamedDependency[EventService],
        data: JSONBody[Event | list[Event]],
    ) -> Envelope[EventsSaved]:
        """Ein Ereignis oder bis zu 1.000 auf einmal melden."""
        return ok(await service.save(data if isinstance(data, list) else [data]))

    @post("/feedback/rag", operation_id="saveFeedback", status_code=200)
    async def feedback(self, service: NamedDependency[EventService], data: JSONBody[RagFeedback]) -> Envelope[Saved]:
        """Sagen, ob eine Antwort geholfen hat."""
        await service.feedback(data)
        return ok(Saved(), "Vielen Dank für die Rückmeldung.")
