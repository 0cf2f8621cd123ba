"""Live steps: what is due is written once, catching up is bounded, accelerated runs end at the present."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey, AssetMaterialization, DagsterInstance, SensorResult, SkipReason, build_sensor_context
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.definitions.sensor_definition import SensorType
from dagster._core.remote_origin import (
    InProcessCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, SensorInstigatorData
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from psycopg.types.json import Jsonb

from luna_assets.simulators import live
from luna_assets.simulators.assets import METERS, PRICES
from luna_assets.simulators.live import tick_market, tick_meters
from luna_assets.simulators.register import ensure_demonstration
from luna_assets.simulators.sensors import LIVE, simulators_live, simulators_watch
from resources.database import Connection
from resources.wiring import LunaResource
from tests.conftest import Database
from tests.integration.simulators.conftest import SETUP

NOON = datetime(2025, 6, 18, 10, 2, 30, tzinfo=UTC)
LIVE_METERS = 5


def start(
    worker: Connection,
    name: str = "smartmeter",
    *,
    speed: float = 1,
    begin: datetime | None = None,
    started: datetime | None = None,
) -> None:
    settings = {"fresh": True, "rows": 0} | ({"begin": begin.isoformat()} if begin else {})
    ensure_demonstration(worker)
    worker.execute(
        "UPDATE simulators SET state = 'running', speed = %s, settings = settings - 'begin' || %s, started_at = %s"
        " WHERE name = %s",
        (speed, Jsonb(settings), started or NOON, name),
    )


def state(worker: Connection, name: str = "smartmeter") -> dict[str, Any]:
    row = worker.execute(
        "SELECT state, cursor_ts, lag_s, settings, error FROM simulators WHERE name = %s", (name,)
    ).fetchone()
    assert row is not None
    return dict(zip(("state", "cursor", "lag", "settings", "error"), row, strict=True))


def times(worker: Connection, meter: str = "DEMO-GEWERBE") -> list[datetime]:
    rows = worker.execute("SELECT ts FROM smart_meter_readings WHERE meter_id = %s ORDER BY ts", (meter,)).fetchall()
    return [row[0] for row in rows]


def test_a_stopped_simulator_writes_nothing(worker: Connection) -> None:
    ensure_demonstration(worker)
    assert not tick_meters(worker, SETUP, now=NOON).running
    assert times(worker) == []


def test_steps_due_are_written_once(worker: Connection) -> None:
    start(worker)
    first = tick_meters(worker, SETUP, now=NOON)
    assert times(worker) == [datetime(2025, 6, 18, 10, minute, tzinfo=UTC) for minute in (0, 1)]
    assert first.rows == 2 * LIVE_METERS
    assert tick_meters(worker, SETUP, now=NOON + timedelta(seconds=5)).rows == 0
    tick_meters(worker, SETUP, now=NOON + timedelta(seconds=60))
    assert len(times(worker)) == 3
    now = state(worker)
    assert now["cursor"] == datetime(2025, 6, 18, 10, 3, tzinfo=UTC)
    assert now["lag"] == 30.0
    assert now["settings"]["rows"] == 3 * LIVE_METERS


def test_a_pause_is_caught_up_in_bounded_batches(worker: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    start(worker)
    tick_meters(worker, SETUP, now=NOON)
    monkeypatch.setattr(live, "ROWS_AT_ONCE", 30 * LIVE_METERS)
    monkeypatch.setattr(live, "TICK_BUDGET_S", 0.0)
    later = NOON + timedelta(hours=2)
    lags: list[float] = []
    for _ in range(10):
        tick = tick_meters(worker, SETUP, now=later)
        assert tick.batches == 1
        assert tick.rows <= 30 * LIVE_METERS
        lags.append(tick.lag_s)
        if tick.lag_s < 60:
            break
    assert lags == sorted(lags, reverse=True)
    assert len(lags) == 4
    written = times(worker)
    assert written == [datetime(2025, 6, 18, 10, tzinfo=UTC) + timedelta(minutes=place) for place in range(122)]


def test_live_steps_equal_a_backfill_of_the_same_step(worker: Connection) -> None:
    from luna_assets.simulators.register import simulated_meters
    from luna_assets.simulators.write import write_meters

    start(worker)
    for seconds in (0, 61, 122, 600):
        tick_meters(worker, SETUP, now=NOON + timedelta(seconds=seconds))
    registered, _ = simulated_meters(worker)
    begin = datetime(2025, 6, 18, 10, tzinfo=UTC)
    report = write_meters(
        worker, registered[0].tenant, registered[0].meters, begin, begin + timedelta(minutes=12), 60, seed=SETUP.seed
    ).report
    assert (report.loaded, report.updated, report.unchanged) == (0, 0, 12 * LIVE_METERS)


def test_live_minutes_take_the_place_of_backfilled_quarter_hours(worker: Connection) -> None:
    from luna_assets.simulators.register import simulated_meters
    from luna_assets.simulators.write import write_meters

    ensure_demonstration(worker)
    registered, _ = simulated_meters(worker)
    begin = datetime(2025, 6, 18, 9, tzinfo=UTC)
    write_meters(worker, registered[0].tenant, registered[0].meters, begin, begin + timedelta(hours=2), 900, seed=2025)
    start(worker)
    for minutes in (0, 15):
        tick_meters(worker, SETUP, now=NOON + timedelta(minutes=minutes))
    rows = worker.execute(
        "SELECT interval_s, count(*) FROM smart_meter_readings WHERE meter_id = 'DEMO-GEWERBE' AND ts >= %s AND ts < %s"
        " GROUP BY 1",
        (begin + timedelta(hours=1), begin + timedelta(hours=1, minutes=15)),
    ).fetchall()
    assert rows == [(60, 15)]


def test_an_accelerated_run_begins_in_the_past_and_stops_at_the_present(worker: Connection) -> None:
    begin = NOON.replace(second=0) - timedelta(hours=2)
    start(worker, speed=60, begin=begin)
    tick_meters(worker, SETUP, now=NOON + timedelta(seconds=10))
    assert len(times(worker)) == 10
    assert state(worker)["state"] == "running"
    tick_meters(worker, SETUP, now=NOON + timedelta(seconds=60))
    assert len(times(worker)) == 60
    tick = tick_meters(worker, SETUP, now=NOON + timedelta(seconds=300))
    assert tick.ended
    found = state(worker)
    assert found["state"] == "stopped"
    assert found["cursor"] <= NOON + timedelta(seconds=300)
    assert max(times(worker)) < NOON + timedelta(seconds=300)


def test_the_market_runs_and_publishes_the_next_day_at_its_time(worker: Connection) -> None:
    start(worker, "market")

    def last_day() -> Any:
        row = worker.execute("SELECT max(day) FROM market_days WHERE product = 'DE-LU-15MIN'").fetchone()
        return row and row[0]

    tick_market(worker, SETUP, now=NOON)
    assert last_day() == NOON.date()
    before_publication = NOON + timedelta(minutes=50)
    tick_market(worker, SETUP, now=before_publication)
    assert last_day() == NOON.date()
    tick_market(worker, SETUP, now=NOON + timedelta(minutes=53))
    assert last_day() == NOON.date() + timedelta(days=1)
    rows = worker.execute(
        "SELECT market, count(*), min(ts), max(ts) FROM market_prices WHERE product = 'INTRADAY' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert [row[:2] for row in rows] == [("APX", 11), ("EEX", 11)]
    assert rows[0][2:] == (NOON.replace(minute=0, second=0), NOON.replace(minute=50, second=0))


def test_a_tick_that_dies_is_repeated(worker: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    start(worker)

    def broken(*_: object, **__: object) -> None:
        raise ConnectionError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(live, "write_step", broken)
        with pytest.raises(ConnectionError):
            tick_meters(worker, SETUP, now=NOON)
    assert state(worker)["cursor"] is None
    tick_meters(worker, SETUP, now=NOON)
    assert len(times(worker)) == 2


def test_without_meters_the_fault_is_told(worker: Connection) -> None:
    start(worker)
    worker.execute("DELETE FROM meters")
    tick_meters(worker, SETUP, now=NOON)
    assert state(worker)["error"] == "no simulated meter is registered"


def tick(sensor: Any, instance: DagsterInstance) -> object:
    with build_sensor_context(instance=instance, resources={"luna": LunaResource()}) as context:
        return sensor(context)


@pytest.mark.parametrize("sensor", [simulators_live, simulators_watch])
def test_the_sensors_report_closed_quarter_hours(
    environment: Database, worker: Connection, sensor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch writes the steps itself while Dagster does not know the other sensor."""
    instance = DagsterInstance.local_temp(str(tmp_path))

    def closed(moment: datetime) -> dict[AssetKey, object]:
        """Quarter-hours that the sensor reports at a moment, or nothing where it has no report."""
        monkeypatch.setattr(live, "present", lambda: moment)
        result = tick(sensor, instance)
        if isinstance(result, SkipReason):
            return {}
        assert isinstance(result, SensorResult)
        events = [event for event in result.asset_events if isinstance(event, AssetMaterialization)]
        return {event.asset_key: event.metadata["quarter_hours"].value for event in events}

    assert closed(NOON) == {}, "nothing runs"
    begin = NOON - timedelta(minutes=40)
    start(worker, begin=begin)
    start(worker, "market", begin=begin)
    assert closed(NOON) == {METERS: 3, PRICES: 3}
    assert closed(NOON + timedelta(seconds=70)) == {}, "the quarter-hour goes on"
    assert closed(NOON + timedelta(minutes=13)) == {METERS: 1, PRICES: 1}


def test_the_watch_turns_the_live_sensor_on_and_off(environment: Database, worker: Connection, tmp_path: Path) -> None:
    instance = DagsterInstance.local_temp(str(tmp_path))
    origin = RemoteInstigatorOrigin(
        RemoteRepositoryOrigin(InProcessCodeLocationOrigin(LoadableTargetOrigin(), location_name="here"), "all"), LIVE
    )
    data = SensorInstigatorData(sensor_type=SensorType.STANDARD)
    instance.add_instigator_state(InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.STOPPED, data))

    def status() -> InstigatorStatus:
        return next(iter(instance.all_instigator_state(instigator_type=InstigatorType.SENSOR))).status

    tick(simulators_watch, instance)
    assert status() == InstigatorStatus.STOPPED
    start(worker)
    assert isinstance(tick(simulators_watch, instance), SkipReason)
    assert status() == InstigatorStatus.RUNNING
    worker.execute("UPDATE simulators SET state = 'stopped'")
    tick(simulators_watch, instance)
    assert status() == InstigatorStatus.STOPPED


def test_a_tick_under_load_stays_bounded(worker: Connection) -> None:
    """200 meters, an hour behind: 12,000 rows with their rollups in one tick."""
    with worker.transaction():
        for number in range(200):
            worker.execute(
                "INSERT INTO meters (tenant_id, meter_id, simulated, simulation)"
                " VALUES ('00000000-0000-4000-8000-000000000001', %s, true, '{\"kind\": \"household\"}')",
                (f"LOAD-{number:03d}",),
            )
    start(worker, begin=NOON - timedelta(hours=1))
    tick = tick_meters(worker, SETUP, now=NOON)
    assert tick.lag_s < 60
