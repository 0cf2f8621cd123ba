"""Drill: a backfill of simulated meters is killed with -9 and run again; the rows are those of an undisturbed one.

And on a whole stack: the simulators started over HTTP write live, and the lag stays small.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.bench.simulation import add_meters
from tests.conftest import Database
from tests.places import ROOT
from tests.stack import Stack

pytestmark = pytest.mark.drill

METERS = 60
SPAN = ("2025-03-01", "2025-04-30")
BACKFILL = f"""
from dagster import DagsterInstance, materialize
from luna_assets.simulators import write
from luna_assets.simulators.assets import meters_simulated
from resources.wiring import LunaResource
write.write_meters.__kwdefaults__["rows_at_once"] = 20_000
materialize(
    [meters_simulated],
    instance=DagsterInstance.ephemeral(),
    resources={{"luna": LunaResource()}},
    tags={{"dagster/asset_partition_range_start": "{SPAN[0]}", "dagster/asset_partition_range_end": "{SPAN[1]}"}},
)
"""
DIGEST = """
SELECT count(*), md5(string_agg(md5(r::text), '' ORDER BY meter_id, ts)) FROM (
    SELECT meter_id, ts, interval_s, consumption_kw, production_kw, voltage, quality FROM smart_meter_readings) AS r
"""
ROLLED = """
SELECT count(*), md5(string_agg(md5(r::text), '' ORDER BY meter_id, day)) FROM (
    SELECT meter_id, day, consumption_kwh::numeric(14, 6), production_kwh::numeric(14, 6), covered_s, expected_s,
           quality
    FROM meter_days) AS r
"""


def backfill(database: Database) -> subprocess.Popen[bytes]:
    url = database.settings.database_url
    assert url is not None
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", BACKFILL],
        cwd=ROOT,
        env={
            **os.environ,
            "LUNA_HOME": str(database.settings.luna_home),
            "DATABASE_URL": url.get_secret_value(),
            "OMP_NUM_THREADS": "1",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def rows(owner: psycopg.Connection[tuple[object, ...]]) -> int:
    found = owner.execute("SELECT count(*) FROM smart_meter_readings").fetchone()
    return int(str(found[0])) if found else 0


def test_a_killed_backfill_run_again_ends_in_the_same_rows(database: Database) -> None:
    with database.owner() as owner:
        add_meters(owner, METERS)
        owner.execute("UPDATE simulators SET settings = '{\"demonstration\": true}' WHERE name = 'smartmeter'")
        assert backfill(database).wait(240) == 0
        whole = owner.execute(DIGEST).fetchone(), owner.execute(ROLLED).fetchone()
        total = rows(owner)
        assert total > 0.97 * METERS * 61 * 96
        owner.execute("TRUNCATE smart_meter_readings, meter_hours, meter_days, meter_quarter_hours")
        for share in (0.2, 0.5):
            killed = backfill(database)
            deadline = time.monotonic() + 180
            while rows(owner) < share * total and time.monotonic() < deadline:
                time.sleep(0.05)
            killed.send_signal(signal.SIGKILL)
            killed.wait(10)
            left = rows(owner)
            assert 0 < left < total, "killed too late to show anything"
            print(f"killed at {left} of {total} rows")
        assert backfill(database).wait(240) == 0
        assert (owner.execute(DIGEST).fetchone(), owner.execute(ROLLED).fetchone()) == whole
        revisions = owner.execute("SELECT count(*) FROM reading_revisions").fetchone()
        assert revisions == (0,), "what was written before the kill was not replaced"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("simulating") / "home", SIM_SMARTMETER_INTERVAL_SEC="5") as running:
        running.wait_healthy()
        yield running


def test_started_over_http_both_simulators_write_live(stack: Stack) -> None:
    for name in ("smartmeter", "market"):
        stack.data(stack.api.post("/sim/run", json={"simulator": name, "action": "start"}))
    deadline = time.monotonic() + 400
    states: dict[str, dict[str, object]] = {}
    while time.monotonic() < deadline:
        told = stack.data(stack.api.get("/sim/status"))["simulators"]
        states = {str(one["simulator"]): one for one in told}
        if all(int(str(one["rows"])) > 0 for one in states.values()) and float(str(states["smartmeter"]["lag_s"])) < 30:
            break
        time.sleep(1)
    assert float(str(states["smartmeter"]["lag_s"])) < 30, states
    assert int(str(states["market"]["rows"])) > 0, states
    assert int(str(states["smartmeter"]["series"])) == 5
    for name in ("smartmeter", "market"):
        stopped = stack.data(stack.api.post("/sim/run", json={"simulator": name, "action": "stop"}))
        assert stopped["state"] == "stopped"
    print(states)
