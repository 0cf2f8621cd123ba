"""The sensors of the live steps: one that ticks every 5 s while a simulator runs, and one that watches over it.

A tick costs Dagster a good deal more than it costs us, so the first sensor is on only while there is something to do:
the API turns it on with a simulator, the watch does where the API could not, and turns it off when nothing runs.
"""

from typing import Literal, cast

from dagster import (
    AssetMaterialization,
    DagsterInstance,
    DefaultSensorStatus,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    sensor,
)
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import InstigatorStatus
from psycopg import OperationalError

from luna_assets.simulators.assets import METERS, PRICES, market_names, product_names
from luna_assets.simulators.register import ensure_demonstration
from resources.database import Connection
from resources.settings import Settings
from resources.wiring import LunaResource

LIVE = "simulators_live"
Name = Literal["smartmeter", "market"]


@sensor(
    name=LIVE,
    minimum_interval_seconds=5,
    default_status=DefaultSensorStatus.STOPPED,
    description="Writes the steps that are due. Started and stopped with the simulators; no need to do it by hand.",
)
def simulators_live(context: SensorEvaluationContext, luna: LunaResource) -> SensorResult | SkipReason:
    """One tick of each simulator that runs."""
    return _tick(luna)


@sensor(
    name="simulators_watch",
    minimum_interval_seconds=30,
    default_status=DefaultSensorStatus.RUNNING,
    description="Has simulators_live be on while a simulator runs; until Dagster knows it, this one writes the steps.",
)
def simulators_watch(context: SensorEvaluationContext, luna: LunaResource) -> SensorResult | SkipReason:
    """Nothing else than a look at two rows while no simulator runs."""
    with luna.connection() as connection:
        running = _running(connection)
    turned = _turn(context.instance, on=bool(running))
    if not running:
        return SkipReason("No simulator runs.")
    if turned:
        return SkipReason(f"{LIVE} is on.")
    return _tick(luna)


def _turn(instance: DagsterInstance, *, on: bool) -> bool:
    """Have the live sensor be on or off; false where Dagster does not know it yet, for it was never turned on."""
    wanted = InstigatorStatus.RUNNING if on else InstigatorStatus.STOPPED
    known = False
    for state in instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
        if state.instigator_name != LIVE:
            continue
        known = True
        if state.status != wanted:
            instance.update_instigator_state(state.with_status(wanted))
    return known


def _running(connection: Connection) -> list[Name]:
    rows = connection.execute("SELECT name FROM simulators WHERE state = 'running' ORDER BY name DESC").fetchall()
    return [cast("Name", row[0]) for row in rows]


def _tick(luna: LunaResource) -> SensorResult | SkipReason:
    events: list[AssetMaterialization] = []
    told: list[str] = []
    with luna.connection() as connection:
        running = _running(connection)
        # A backfill may hold a meter for a while; the next tick comes anyway.
        connection.execute("SET lock_timeout = '10s'")
        connection.execute("SET statement_timeout = '30s'")
        for name in running:
            event, said = _step(connection, luna.settings, name)
            events += [event] if event else []
            told.append(f"{name}: {said}")
    if not events:
        return SkipReason("; ".join(told) or "No simulator runs.")
    return SensorResult(asset_events=events)


def _step(connection: Connection, settings: Settings, name: Name) -> tuple[AssetMaterialization | None, str]:
    """One simulator's steps; the event of the quarter-hours that they closed, and what happened."""
    # Only now are the libraries of the simulation loaded into this long-lived process.
    from luna_assets.simulators.live import Setup, tick_market, tick_meters

    setup = Setup(
        seed=settings.sim_seed,
        meter_step_s=settings.sim_smartmeter_interval_sec,
        market_step_s=settings.sim_market_interval_sec,
        markets=market_names(settings),
        day_products=product_names(settings),
    )
    try:
        if name == "smartmeter":
            ensure_demonstration(connection)
            tick = tick_meters(connection, setup)
        else:
            tick = tick_market(connection, setup)
    except OperationalError as fault:
        connection.execute("UPDATE simulators SET error = %s WHERE name = %s", (str(fault)[:500], name))
        return None, f"postponed: {fault}"
    said = f"{tick.rows} rows up to {tick.cursor}, lag {tick.lag_s:.0f} s."
    if not tick.quarters or tick.cursor is None or tick.first is None:
        return None, said
    event = AssetMaterialization(
        METERS if name == "smartmeter" else PRICES,
        description="live",
        metadata={
            "rows": tick.rows,
            "quarter_hours": tick.quarters,
            "from": tick.first.isoformat(),
            "to": tick.cursor.isoformat(),
            "lag_s": round(tick.lag_s, 1),
        },
    )
    return event, said
