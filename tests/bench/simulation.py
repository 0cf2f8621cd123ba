"""Benchmark of the simulators: a year of many meters at 15 minutes as one backfill, and the live tick beside it.

`python -m tests.bench.simulation [--meters 1000] [--days 365]` starts a PostgreSQL of its own and prints a table.
Seconds of the processor are told beside those of the clock: python makes and sends rows while the database writes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
from dagster import DagsterInstance, materialize

from luna_assets.simulators.assets import METERS, meters_simulated, prices_simulated
from luna_assets.simulators.live import Setup, tick_meters
from luna_rules.series.calendar import quarter_hours
from resources.database import DEFAULT_TENANT, worker_connection
from resources.embedded.postgres import EmbeddedPostgres
from resources.migrate import migrate
from resources.secrets import database_urls, load_secrets
from resources.settings import load_settings
from resources.wiring import LunaResource
from tests.bench.memory import Peak
from tests.bench.processor import ServerTime
from tests.places import free_port

KINDS = (
    [{"kind": "household", "annual_kwh": 2200 + 400 * step} for step in range(6)]
    + [{"kind": "trade", "annual_kwh": 24_000}, {"kind": "farm"}, {"kind": "heat_pump"}]
    + [{"kind": "pv", "kwp": 9.8}, {"kind": "household_pv", "kwp": 8.2}]
    + [{"kind": "household_pv", "kwp": 8.2, "battery_kwh": 8.0}]
)
REGIONS = ("Berlin", "München", "Köln", "Hamburg", "Leipzig")


def add_meters(owner: psycopg.Connection[tuple[object, ...]], count: int) -> None:
    """Register simulated meters of all kinds."""
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO meters (tenant_id, meter_id, kind, region, simulated, simulation, source)"
            " VALUES (%s, %s, 'consumption', %s, true, %s, 'simulator')",
            [
                (
                    DEFAULT_TENANT,
                    f"BENCH-{number:05d}",
                    REGIONS[number % len(REGIONS)],
                    json.dumps(KINDS[number % len(KINDS)]),
                )
                for number in range(count)
            ],
        )


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; 1 when a limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=1000)
    parser.add_argument("--days", type=int, default=365)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="luna-simulation-") as folder:
        home = Path(folder)
        with EmbeddedPostgres(home=home / "postgres", port=free_port(), owner_password="owner-of-the-bench") as server:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("CREATE DATABASE bench")
            url = server.url.rsplit("/", 1)[0] + "/bench"
            os.environ.update({"LUNA_HOME": str(home), "DATABASE_URL": url})
            settings = load_settings()
            secrets = load_secrets(settings)
            urls = database_urls(settings, secrets)
            migrate(urls, secrets)
            with psycopg.connect(urls.owner, autocommit=True) as owner:
                add_meters(owner, chosen.meters)
                owner.execute("UPDATE simulators SET settings = '{\"demonstration\": true}' WHERE name = 'smartmeter'")
                return measure(owner, urls.worker, chosen.meters, chosen.days, server.data)


def measure(owner: psycopg.Connection[tuple[object, ...]], worker_url: str, meters: int, days: int, data: Path) -> int:
    """Backfill, backfill again, live ticks; prints the figures."""
    first = date(2025, 1, 1)
    last = first + timedelta(days=days - 1)
    span = {"dagster/asset_partition_range_start": str(first), "dagster/asset_partition_range_end": str(last)}
    instance = DagsterInstance.ephemeral()
    resources = {"luna": LunaResource()}
    quarters = sum(quarter_hours(first + timedelta(days=place)) for place in range(days))
    print(f"{meters} meters × {days} days × 15 min = up to {meters * quarters:,} values", flush=True)
    figures: dict[str, object] = {}
    for name in ("backfill", "again"):
        begun, own, server = time.monotonic(), time.process_time(), ServerTime(data)
        with Peak() as peak:
            done = materialize([meters_simulated], instance=instance, resources=resources, tags=span)
        seconds = time.monotonic() - begun
        told = done.asset_materializations_for_node(METERS.to_python_identifier())[0].metadata
        rows = int(str(told["rows"].value))
        figures[name] = {
            "seconds": round(seconds, 1),
            "rows": rows,
            "new": told["new_rows"].value,
            "rows_per_s": round(rows / seconds),
            "processor_s": {"python": round(time.process_time() - own, 1), "database": round(server.seconds(), 1)},
            "load": round(os.getloadavg()[0], 1),
            "peak_mb": round(peak.bytes / 1e6),
        }
        print(name, figures[name], flush=True)
    begun = time.monotonic()
    materialize([prices_simulated], instance=instance, resources=resources, tags=span)
    print("prices", {"seconds": round(time.monotonic() - begun, 1)}, flush=True)
    sizes = owner.execute(
        """SELECT relname, pg_total_relation_size(oid), pg_relation_size(oid) FROM pg_class
           WHERE relname IN ('smart_meter_readings', 'meter_quarter_hours', 'meter_hours', 'meter_days',
                             'market_prices', 'market_hours') AND relkind = 'r' ORDER BY 1"""
    ).fetchall()
    for name, total, heap in sizes:
        print(f"disk {name}: {int(str(total)) / 1e6:.0f} MB, of it rows {int(str(heap)) / 1e6:.0f} MB", flush=True)
    live(owner, worker_url)
    backfill = figures["backfill"]
    assert isinstance(backfill, dict)
    broken = meters == 1000 and days == 365 and (backfill["seconds"] > 240 or backfill["peak_mb"] > 4000)
    return int(broken)


def live(owner: psycopg.Connection[tuple[object, ...]], worker_url: str) -> None:
    """Ticks of 60-second steps: one after another, and the catching up of a pause of two hours."""
    setup = Setup(seed=2025, meter_step_s=60, market_step_s=300, markets=("EEX", "APX"), day_products=("BASE", "PEAK"))
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    owner.execute(
        "UPDATE simulators SET state = 'running', cursor_ts = %s WHERE name = 'smartmeter'", (now - timedelta(hours=2),)
    )
    with worker_connection(worker_url) as connection:
        ticks: list[float] = []
        lag = 1e9
        while lag > 120 and len(ticks) < 200:
            begun = time.monotonic()
            lag = tick_meters(connection, setup, now=now).lag_s
            ticks.append(time.monotonic() - begun)
        print(f"catching up two hours: {len(ticks)} ticks, {sum(ticks):.1f} s, longest {max(ticks):.2f} s", flush=True)
        single: list[float] = []
        for minute in range(10):
            begun = time.monotonic()
            tick_meters(connection, setup, now=now + timedelta(minutes=minute + 1))
            single.append(time.monotonic() - begun)
        print(
            f"a tick of one minute: median {statistics.median(single) * 1e3:.0f} ms, longest {max(single) * 1e3:.0f} ms"
        )


if __name__ == "__main__":
    sys.exit(main())
