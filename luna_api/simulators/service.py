"""Writes what the administrator wants of the simulators; Dagster's sensors read it and do it."""

from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, cast

import structlog
from psycopg.types.json import Jsonb

from luna_api.accounts.principal import Principal
from luna_api.audit import audit
from luna_api.context import AppContext
from luna_api.errors import ApiError, invalid
from luna_api.simulators.schemas import Name, SimulatorOrder, SimulatorState, SimulatorStates
from resources.orchestrator import OrchestratorError

LIVE_SENSOR = "simulators_live"
CATCH_UP = timedelta(days=7)
OLDEST = datetime(2020, 1, 1, tzinfo=UTC)
USUAL_PAST = timedelta(days=1)

_STATES: LiteralString = """
SELECT s.name, s.state, s.speed, s.cursor_ts, s.lag_s, s.settings, s.started_at, s.stopped_at, s.ticked_at, s.error,
       now(), CASE s.name WHEN 'market' THEN (SELECT count(*) FROM market_products WHERE simulated) END
FROM simulators AS s ORDER BY s.name DESC
"""
_METERS: LiteralString = "SELECT count(*) FROM meters WHERE simulated AND formula IS NULL"
_START: LiteralString = """
UPDATE simulators SET state = 'running', speed = %(speed)s, started_at = now(),
    settings = settings - 'begin' || %(settings)s
WHERE name = %(name)s
"""
_STOP: LiteralString = "UPDATE simulators SET state = 'stopped', stopped_at = now() WHERE name = %(name)s"


class SimulatorService:
    """The administrator's hand on the simulators."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def run(self, order: SimulatorOrder) -> SimulatorState:
        """Start or stop a simulator. Raises 400 for a beginning that cannot be, 409 for a start while it runs."""
        begin = _begin(order) if order.action == "start" else None
        async with self._context.database.transaction(self._principal.tenant_id, admin=True) as sql:
            row = await (
                await sql.execute("SELECT state FROM simulators WHERE name = %s FOR UPDATE", (order.simulator,))
            ).fetchone()
            running = row is not None and row[0] == "running"
            if order.action == "start" and running:
                raise ApiError(
                    409,
                    f"Der Simulator „{order.simulator}“ läuft schon. Erst anhalten, dann mit anderen Angaben starten.",
                )
            if order.action == "start":
                settings: dict[str, object] = {"fresh": True, "rows": 0}
                if begin is not None:
                    settings["begin"] = begin.isoformat()
                values = {"name": order.simulator, "speed": order.speed, "settings": Jsonb(settings)}
                await sql.execute(_START, values)
            elif running:
                await sql.execute(_STOP, {"name": order.simulator})
            details: dict[str, object] = {"simulator": order.simulator, "speed": order.speed}
            if begin is not None:
                details["from"] = begin.isoformat()
            await audit(sql, self._principal, f"sim.{order.action}", details)
        states = await self.status()
        await self._turn_sensor(on=any(one.state == "running" for one in states.simulators))
        return next(one for one in states.simulators if one.simulator == order.simulator)

    async def _turn_sensor(self, *, on: bool) -> None:
        """Have Dagster tick or rest. Where it does not answer, its own watch does that within half a minute."""
        try:
            await self._context.orchestrator.turn_sensor(LIVE_SENSOR, on=on)
        except OrchestratorError as fault:
            structlog.get_logger("luna_api.simulators").warning("sensor_not_turned", on=on, fault=str(fault)[:300])

    async def status(self) -> SimulatorStates:
        """Both simulators."""
        settings = self._context.settings
        steps = {"smartmeter": settings.sim_smartmeter_interval_sec, "market": settings.sim_market_interval_sec}
        async with self._context.database.transaction(self._principal.tenant_id, admin=True) as sql:
            meters = await (await sql.execute(_METERS)).fetchone()
            rows = await (await sql.execute(_STATES)).fetchall()
        return SimulatorStates([_state(row, steps, int(meters[0]) if meters else 0) for row in rows])


def _state(row: tuple[Any, ...], steps: dict[str, int], meters: int) -> SimulatorState:
    name, state, speed, cursor, lag, settings, started, stopped, ticked, error, now, products = row
    running = state == "running"
    # What the sensor wrote down last is as old as its tick; the present lag follows from the cursor. The step that has
    # begun there is due only when it has ended.
    present = max(0.0, (now - cursor).total_seconds() - steps[name]) if running and cursor is not None else lag
    rows = (settings or {}).get("rows", 0)
    return SimulatorState(
        simulator=cast("Name", name),
        state="running" if running else "stopped",
        speed=float(speed),
        interval_s=steps[name],
        last_step=cursor - timedelta(seconds=steps[name]) if cursor is not None else None,
        lag_s=round(float(present), 1) if present is not None else None,
        rows=rows if isinstance(rows, int) else 0,
        series=meters if name == "smartmeter" else int(products or 0),
        started_at=started,
        stopped_at=stopped,
        ticked_at=ticked,
        error=error,
    )


def _begin(order: SimulatorOrder) -> datetime | None:
    """Where simulated time begins; None: where it stood, or now."""
    now = datetime.now(UTC)
    if order.from_ is None:
        return (now - USUAL_PAST).replace(minute=0, second=0, microsecond=0) if order.speed > 1 else None
    example = f'"from": "{(now - timedelta(days=2)).date().isoformat()}T00:00:00+00:00"'
    if order.from_.tzinfo is None:
        raise invalid("from", "nennt keine Zeitzone", example)
    if order.from_ >= now:
        raise invalid("from", "liegt nicht in der Vergangenheit", example)
    if order.from_ < OLDEST:
        raise invalid("from", "liegt vor dem 1. Januar 2020", example)
    if order.speed <= 1 and order.from_ < now - CATCH_UP:
        raise invalid(
            "from",
            "liegt mehr als sieben Tage zurück; weiter reichen ein größeres „speed“ oder ein Backfill in Dagster",
            example,
        )
    return order.from_
