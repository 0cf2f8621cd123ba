"""Routes of the simulators."""

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.envelope import Envelope, ok
from luna_api.guards import admin_only
from luna_api.simulators.schemas import SimulatorOrder, SimulatorState, SimulatorStates
from luna_api.simulators.service import SimulatorService


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> SimulatorService:
    """The simulators, for the administrator."""
    return SimulatorService(context, principal)


class SimulatorController(Controller):
    """Simulated meters and markets."""

    path = "/sim"
    tags = ("sim",)
    guards = (admin_only,)
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @post("/run", operation_id="runSimulator", status_code=200)
    async def run(
        self, service: NamedDependency[SimulatorService], data: JSONBody[SimulatorOrder]
    ) -> Envelope[SimulatorState]:
        """Einen Simulator starten oder anhalten; die Schritte schreibt Dagster."""
        state = await service.run(data)
        told = "läuft" if state.state == "running" else "steht"
        return ok(state, f"Der Simulator „{state.simulator}“ {told}.")

    @get("/status", operation_id="getSimulators")
    async def status(self, service: NamedDependency[SimulatorService]) -> Envelope[SimulatorStates]:
        """Beide Simulatoren: Stand, Rückstand, Zeilen."""
        return ok(await service.status())
