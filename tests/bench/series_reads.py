"""How long series take through the API: a meter-year at 15 minutes against raw COPY, a year of minutes enveloped.

`python -m tests.bench.series_reads` starts its own database and API; figures are milliseconds. Python's processor time
is that of the API and of the client together, which are one process here.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import polars as pl
import psycopg

from resources.database import DEFAULT_TENANT, worker_connection
from resources.embedded.postgres import EmbeddedPostgres
from resources.migrate import migrate
from resources.secrets import database_urls, load_secrets
from resources.series.writer import write_readings
from resources.settings import load_settings
from tests.bench.processor import ServerTime
from tests.conftest import Database
from tests.integration.api.conftest import serve
from tests.places import free_port

BEGIN = datetime(2024, 12, 31, 23, tzinfo=UTC)
YEAR = {"from": "2025-01-01", "to": "2026-01-01"}
ROUNDS = 40
_COPY = (
    "COPY (SELECT meter_id, ts, consumption_kw, production_kw, voltage, quality FROM smart_meter_readings"
    " WHERE tenant_id = %s AND meter_id = 'quarter' ORDER BY ts) TO STDOUT"
)


def frame(meter: str, interval_s: int) -> pl.DataFrame:
    """A year of one meter."""
    rows = 365 * 86_400 // interval_s
    generator = np.random.default_rng(3)
    ts = pl.Series(
        "ts", np.datetime64(BEGIN.replace(tzinfo=None), "us") + np.arange(rows) * np.timedelta64(interval_s, "s")
    )
    return pl.DataFrame(
        {
            "meter_id": pl.Series([meter]).extend_constant(meter, rows - 1),
            "ts": ts.dt.replace_time_zone("UTC"),
            "interval_s": pl.Series(np.full(rows, interval_s, dtype=np.int32)),
            "consumption_kw": generator.uniform(0.1, 4, rows).round(3),
            "production_kw": generator.uniform(0, 6, rows).round(3),
            "voltage": generator.uniform(225, 235, rows).round(1),
            "quality": pl.Series(np.zeros(rows, dtype=np.int32)),
        }
    )


@dataclass(slots=True)
class Case:
    """What one kind of reading took."""

    times_ms: list[float] = field(default_factory=list["float"])
    database_s: float = 0.0
    python_s: float = 0.0
    size: int = 0

    @property
    def p95(self) -> float:
        """The 95th percentile of the clock's milliseconds."""
        return statistics.quantiles(self.times_ms, n=20)[-1]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.times_ms)

    def told(self, name: str) -> None:
        """Print one line."""
        count = len(self.times_ms)
        database, python = self.database_s / count * 1e3, self.python_s / count * 1e3
        sys.stdout.write(
            f"{name:36s} p50 {self.median:6.1f}  p95 {self.p95:6.1f} ms  {self.size / 1e6:5.2f} MB"
            f"  processor: database {database:5.1f}, python {python:4.1f} ms\n"
        )


def copied(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[float, int]:
    """One COPY TO STDOUT, read to its end."""
    started, size = time.perf_counter(), 0
    with connection.cursor() as cursor, cursor.copy(_COPY, (DEFAULT_TENANT,)) as copy:
        for block in copy:
            size += len(block)
    return (time.perf_counter() - started) * 1e3, size


def asked(client: httpx.Client, path: str, params: dict[str, str]) -> tuple[float, int]:
    """One request, read to its end."""
    started = time.perf_counter()
    response = client.get(path, params=params)
    assert response.status_code == 200, response.text[:300]
    return (time.perf_counter() - started) * 1e3, len(response.content)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with EmbeddedPostgres(home=home / "pg", port=free_port(), owner_password="owner-of-the-bench") as server:
            settings = load_settings({"luna_home": home, "database_url": server.url, "luna_env": "dev"})
            secrets = load_secrets(settings)
            urls = database_urls(settings, secrets)
            migrate(urls, secrets)
            with worker_connection(urls.worker) as worker:
                for meter, interval_s in (("quarter", 900), ("minute", 60)):
                    worker.execute("INSERT INTO meters (tenant_id, meter_id) VALUES (%s, %s)", (DEFAULT_TENANT, meter))
                    write_readings(worker, DEFAULT_TENANT, None, frame(meter, interval_s))
            with psycopg.connect(urls.owner, autocommit=True) as owner:
                owner.execute("VACUUM ANALYZE")
                with serve(Database(settings, secrets, urls), home) as api, api.user() as client:
                    _measure(client, owner, server.data)


def _measure(client: httpx.Client, owner: psycopg.Connection[tuple[object, ...]], data: Path) -> None:
    cases = {
        "year at 15 min, JSON (35,040 rows)": ("/data/smartmeter", {"meter_id": "quarter", **YEAR}),
        "daily sums of a year": ("/data/smartmeter", {"meter_id": "quarter", "resolution": "1d", **YEAR}),
        "year at 1 min, points=4000": ("/data/smartmeter", {"meter_id": "minute", "points": "4000", **YEAR}),
        "one day at 1 min": ("/data/smartmeter", {"meter_id": "minute", "from": "2025-06-01", "to": "2025-06-02"}),
    }
    raw = "raw COPY TO STDOUT (35,040 rows)"
    told = {name: Case() for name in [*cases, raw]}
    for turn in range(ROUNDS + 5):
        for name, case in told.items():
            own = time.process_time()
            taken, case.size = copied(owner) if name == raw else asked(client, *cases[name])
            if turn >= 5:
                case.times_ms.append(taken)
                case.python_s += time.process_time() - own
    # A look at all the server's processes costs more than a small answer: so in a round of its own.
    for name, case in told.items():
        server = ServerTime(data)
        for _ in range(ROUNDS):
            copied(owner) if name == raw else asked(client, *cases[name])
        case.database_s = server.seconds()
        case.told(name)
    year, copy = told["year at 15 min, JSON (35,040 rows)"], told[raw]
    sys.stdout.write(f"JSON year / COPY: p95 {year.p95 / copy.p95:.2f}, p50 {year.median / copy.median:.2f};")
    sys.stdout.write(f" load {os.getloadavg()[0]:.1f}\n")


if __name__ == "__main__":
    main()
