"""Backfills of simulated series through Dagster, into a real database."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dagster import AssetKey, DagsterInstance, ExecuteInProcessResult, materialize

from luna_assets.simulators.assets import METERS, PRICES, meters_simulated, prices_simulated
from luna_assets.simulators.register import DEMONSTRATION, ensure_demonstration, simulated_meters
from luna_assets.simulators.write import write_meters
from luna_rules.series.calendar import berlin_day, day_start, quarter_hours
from resources.database import DEFAULT_TENANT, Connection
from resources.wiring import LunaResource
from tests.conftest import Database

pytestmark = pytest.mark.usefixtures("environment")
SPRING = ("2025-03-29", "2025-03-31")


def backfill(asset: Any, first: str, last: str, config: dict[str, object] | None = None) -> ExecuteInProcessResult:
    return materialize(
        [asset],
        instance=DagsterInstance.ephemeral(),
        resources={"luna": LunaResource()},
        tags={"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last},
        run_config={"ops": {asset.op.name: {"config": config}}} if config else None,
    )


def told(done: ExecuteInProcessResult, key: AssetKey) -> dict[str, Any]:
    events = done.asset_materializations_for_node(key.to_python_identifier())
    return {name: value.value for name, value in events[0].metadata.items()}


def contents(database: Database) -> list[tuple[object, ...]]:
    with database.owner() as owner:
        return owner.execute(
            "SELECT meter_id, ts, interval_s, consumption_kw, production_kw, voltage, quality FROM smart_meter_readings"
            " ORDER BY meter_id, ts"
        ).fetchall()


def test_a_range_of_days_is_one_run_and_the_same_again_changes_nothing(environment: Database) -> None:
    first = told(backfill(meters_simulated, *SPRING), METERS)
    simulated = sum(one.simulation is not None for one in DEMONSTRATION)
    assert first["meters"] == simulated
    assert 0.97 * simulated * 284 < first["new_rows"] <= simulated * 284
    rows = contents(environment)
    again = told(backfill(meters_simulated, *SPRING), METERS)
    assert again["new_rows"] == 0
    assert again["rows"] == first["rows"]
    assert contents(environment) == rows
    with environment.owner() as owner:
        days = owner.execute(
            "SELECT day, expected_s FROM meter_days WHERE meter_id = 'DEMO-GEWERBE' ORDER BY day"
        ).fetchall()
    assert days == [(date(2025, 3, 29), 86_400), (date(2025, 3, 30), 92 * 900), (date(2025, 3, 31), 86_400)]


def test_one_day_after_the_other_gives_the_rows_of_the_range(environment: Database) -> None:
    for day in ("2025-03-31", "2025-03-29", "2025-03-30"):
        backfill(meters_simulated, day, day)
    apart = contents(environment)
    with environment.owner() as owner:
        owner.execute("TRUNCATE smart_meter_readings")
    backfill(meters_simulated, *SPRING)
    assert contents(environment) == apart


def test_another_step_takes_the_place_of_the_first(environment: Database) -> None:
    backfill(meters_simulated, "2025-03-29", "2025-03-30", {"step_s": 900})
    backfill(meters_simulated, "2025-03-30", "2025-03-30", {"step_s": 3600, "meter_ids": ["DEMO-GEWERBE"]})
    with environment.owner() as owner:
        found = owner.execute(
            "SELECT interval_s, count(*) FROM smart_meter_readings WHERE meter_id = 'DEMO-GEWERBE' AND ts >= %s"
            " GROUP BY 1",
            (day_start(date(2025, 3, 30)),),
        ).fetchall()
        day = owner.execute(
            "SELECT covered_s, expected_s FROM meter_days WHERE meter_id = 'DEMO-GEWERBE' AND day = '2025-03-30'"
        ).fetchone()
    assert [row[0] for row in found] == [3600]
    assert day is not None
    assert int(str(day[0])) <= int(str(day[1])) == 92 * 900


def test_bounded_batches_write_the_same(environment: Database, worker: Connection) -> None:
    ensure_demonstration(worker)
    registered, faults = simulated_meters(worker)
    assert not faults
    span = day_start(date(2025, 10, 25)), day_start(date(2025, 10, 28))
    write_meters(worker, DEFAULT_TENANT, registered[0].meters, *span, 900, seed=2025)
    whole = contents(environment)
    with environment.owner() as owner:
        owner.execute("TRUNCATE smart_meter_readings")
    write_meters(worker, DEFAULT_TENANT, registered[0].meters, *span, 900, seed=2025, rows_at_once=50)
    assert contents(environment) == whole


def test_demonstration_meters_are_made_once(environment: Database, worker: Connection) -> None:
    assert ensure_demonstration(worker) == len(DEMONSTRATION)
    with environment.owner() as owner:
        owner.execute("DELETE FROM meters WHERE meter_id = 'DEMO-SOLARPARK'")
        marked = owner.execute("SELECT bool_and(simulated) FROM meters").fetchone()
    assert ensure_demonstration(worker) == 0
    assert marked == (True,)
    registered, _ = simulated_meters(worker)
    assert "DEMO-SOLARPARK" not in [meter.meter_id for meter in registered[0].meters]


def test_a_meter_described_wrongly_is_told_and_the_others_are_simulated(environment: Database) -> None:
    with environment.owner() as owner:
        for name, simulation in (("good", {"kind": "household"}), ("wrong", {"kind": "windmill"})):
            owner.execute(
                "INSERT INTO meters (tenant_id, meter_id, simulated, simulation) VALUES (%s, %s, true, %s)",
                (DEFAULT_TENANT, name, json.dumps(simulation)),
            )
    found = told(backfill(meters_simulated, "2025-06-01", "2025-06-01", {"meter_ids": ["good", "wrong"]}), METERS)
    assert found["meters"] == 1
    assert "wrong: kind is 'windmill'" in found["faults"][0]
    assert {row[0] for row in contents(environment)} == {"good"}


def test_days_in_the_future_are_left_out(environment: Database) -> None:
    today = berlin_day(datetime.now(UTC))
    backfill(meters_simulated, str(today - timedelta(days=1)), str(today))
    with environment.owner() as owner:
        ahead = owner.execute(
            "SELECT count(*) FROM smart_meter_readings WHERE ts + interval_s * interval '1 s' > now()"
        ).fetchone()
    assert ahead == (0,)


def test_a_year_of_prices_is_written_and_checked(environment: Database) -> None:
    done = backfill(prices_simulated, "2025-01-01", "2025-12-31")
    assert told(done, PRICES)["new_rows"] == 2 * (35_040 + 365 + 261)
    check = done.get_asset_check_evaluations()[0]
    assert check.passed
    assert "8760 written hours of EEX" in str(check.metadata["basis"].value)
    with environment.owner() as owner:
        days = owner.execute(
            """SELECT d.base, p.price_eur_mwh, d.expected_values FROM market_days AS d JOIN market_prices AS p
               ON p.market = d.market AND p.product = 'BASE' AND p.ts = d.day::timestamp AT TIME ZONE 'Europe/Berlin'
               WHERE d.market = 'EEX' AND d.product = 'DE-LU-15MIN' ORDER BY d.day"""
        ).fetchall()
        products = owner.execute("SELECT bool_and(simulated) FROM market_products WHERE market <> 'EPEX'").fetchone()
    assert len(days) == 365
    assert all(abs(float(str(base)) - float(str(price))) < 0.0051 for base, price, _ in days)
    first = date(2025, 1, 1)
    assert [row[2] for row in days] == [quarter_hours(first + timedelta(days=place)) for place in range(365)]
    assert products == (True,)
