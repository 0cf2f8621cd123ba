"""How fast readings are written, beside COPY of the same rows as text into a same table without row security.

Run it as `python tests/bench/series_import.py [--meters 286] [--database-url URL-of-a-server]`. Without an address it
starts an embedded server. psql is not in the wheel, so COPY through psycopg in pieces of 1 MB stands in for `\\copy`:
the server does the same work. All ratios are rows per second, of one run; beside the clock's seconds stand those that
the backend had a processor, which hardly depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import polars as pl
import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from luna_rules.series.frames import READING_SCHEMA  # noqa: E402
from resources.database import DEFAULT_TENANT, Connection, worker_connection  # noqa: E402
from resources.embedded.postgres import EmbeddedPostgres  # noqa: E402
from resources.migrate import migrate  # noqa: E402
from resources.secrets import DatabaseUrls, database_urls, load_secrets  # noqa: E402
from resources.series import imports as queue  # noqa: E402
from resources.series.model import WriteReport  # noqa: E402
from resources.series.writer import write_readings  # noqa: E402
from resources.settings import load_settings  # noqa: E402
from tests.bench.memory import Peak  # noqa: E402
from tests.bench.processor import backend_seconds  # noqa: E402
from tests.places import free_port  # noqa: E402

YEAR = 35_040
CSV_COLUMNS = ("ts", "consumption_kw", "production_kw", "voltage", "interval_s", "quality", "meter_id")
METERS_AT_ONCE = 28


def frames(meters: int, seed: int = 1, *, shift: float = 0.0) -> Iterator[pl.DataFrame]:
    """Readings of a year at quarter-hours, some meters at a time."""
    rng = np.random.default_rng(seed)
    ts = pl.datetime_range(
        datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, 23, 45, tzinfo=UTC), "15m", time_unit="us", eager=True
    )
    for begin in range(0, meters, METERS_AT_ONCE):
        count = min(METERS_AT_ONCE, meters - begin)
        rows = count * YEAR
        yield pl.DataFrame(
            {
                "meter_id": pl.Series([f"DE{begin + one:09d}" for one in range(count)]).repeat_by(YEAR).explode(),
                "ts": pl.concat([ts] * count),
                "interval_s": pl.Series(np.full(rows, 900), dtype=pl.Int32),
                "consumption_kw": np.round(rng.gamma(2, 1.3, rows), 3) + shift,
                "production_kw": np.round(rng.gamma(1, 0.7, rows), 3),
                "voltage": np.round(rng.normal(231, 2, rows), 1),
                "quality": pl.Series(np.zeros(rows), dtype=pl.Int32),
            },
            schema=dict(READING_SCHEMA),
        )


@dataclass(slots=True)
class Spent:
    """Seconds of the clock, and of the backend's processor."""

    wall: float = 0.0
    processor: float = 0.0

    @contextmanager
    def counted(self, connection: psycopg.Connection[tuple[object, ...]]) -> Generator[None]:
        """Count what happens within."""
        pid = connection.info.backend_pid
        processor, begun = backend_seconds(pid), time.perf_counter()
        yield
        self.wall += time.perf_counter() - begun
        self.processor += backend_seconds(pid) - processor


def copy_text(
    owner: psycopg.Connection[tuple[object, ...]], table: str, source: Iterator[pl.DataFrame], spent: Spent
) -> None:
    """COPY of the rows as CSV; making the text is not counted."""
    names = sql.SQL(", ").join(map(sql.Identifier, ("tenant_id", "import_id", *CSV_COLUMNS)))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table), names)
    import_id = str(uuid4())
    for frame in source:
        text = io.BytesIO()
        frame.select(
            pl.lit(str(DEFAULT_TENANT)),
            pl.lit(import_id).alias("import"),
            pl.col("ts").dt.strftime("%Y-%m-%d %H:%M:%S+00"),
            *CSV_COLUMNS[1:],
        ).write_csv(text, include_header=False)
        data = text.getbuffer()
        with spent.counted(owner), owner.cursor() as cursor, cursor.copy(statement) as copy:
            for at in range(0, len(data), 1 << 20):
                copy.write(data[at : at + (1 << 20)])


def timed_write(
    connection: Connection, import_id: UUID, source: Iterator[pl.DataFrame], spent: Spent, *, roll_up: bool
) -> WriteReport:
    """Write the frames (making them is not counted); what the writer did."""
    total = WriteReport()
    for frame in source:
        with spent.counted(connection):
            total.add(write_readings(connection, DEFAULT_TENANT, import_id, frame, roll_up=roll_up))
    return total


def empty(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """Back to the beginning, with no checkpoint owed from before."""
    owner.execute("TRUNCATE smart_meter_readings, meter_hours, meter_days, meter_quarter_hours, reading_revisions")
    owner.execute("CHECKPOINT")


def without_security(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    """The same columns, keys and indexes, plain and without policies."""
    owner.execute("DROP TABLE IF EXISTS bench_plain")
    owner.execute("CREATE TABLE bench_plain (LIKE smart_meter_readings INCLUDING ALL)")
    owner.execute("CHECKPOINT")


def bench(urls: DatabaseUrls, meters: int) -> dict[str, object]:
    rows = meters * YEAR
    figures: dict[str, object] = {"rows": rows}
    with psycopg.connect(urls.owner, autocommit=True) as owner, worker_connection(urls.worker) as worker:
        owner.execute(
            "INSERT INTO meters (tenant_id, meter_id) SELECT %s, 'DE' || lpad(n::text, 9, '0')"
            " FROM generate_series(0, %s) AS n ON CONFLICT DO NOTHING",
            (DEFAULT_TENANT, meters),
        )
        first = uuid4()
        spent: dict[str, Spent] = {}

        def told(name: str, count: int = rows) -> None:
            took = spent[name]
            print(
                f"{name:<42} {took.wall:7.1f} s {count / took.wall / 1000:7.0f} k rows/s,"
                f" processor {took.processor:7.1f} s {count / took.processor / 1000:7.0f} k rows/s",
                flush=True,
            )

        def paired(name: str, raw: str, *, roll_up: bool) -> None:
            """COPY and the writer take turns, block by block, so that other work on the machine slows both alike."""
            without_security(owner)
            empty(owner)
            spent[raw], spent[name] = Spent(), Spent()
            loaded = 0
            for frame in frames(meters):
                copy_text(owner, "bench_plain", iter([frame]), spent[raw])
                loaded += timed_write(worker, first, iter([frame]), spent[name], roll_up=roll_up).loaded
            assert loaded == rows, loaded
            owner.execute("DROP TABLE bench_plain")
            told(raw)
            told(name)

        with Peak() as peak:
            paired("new rows", "COPY of CSV, plain table, beside new rows", roll_up=False)
            owner.execute("ANALYZE smart_meter_readings")
            for name in ("known rows", "known rows, again"):
                spent[name] = Spent()
                assert timed_write(worker, uuid4(), frames(meters), spent[name], roll_up=True).unchanged == rows
                told(name)
            paired("new rows with rollups", "COPY of CSV, plain table, beside rollups", roll_up=True)
            spent["corrected rows with rollups"] = Spent()
            changed = frames(min(meters, METERS_AT_ONCE), shift=0.5)
            second = uuid4()
            worker.execute(
                "INSERT INTO imports (id, tenant_id, target, status, run_id)"
                " VALUES (%s, %s, 'smart_meter_readings', 'processing', 'bench')",
                (second, DEFAULT_TENANT),
            )
            report = timed_write(worker, second, changed, spent["corrected rows with rollups"], roll_up=True)
            with spent["corrected rows with rollups"].counted(worker):
                assert queue.finish(worker, second, "bench", {})
            told("corrected rows with rollups", report.updated)
    pairs = {
        "new_to_copy": ("COPY of CSV, plain table, beside new rows", "new rows"),
        "with_rollups_to_copy": ("COPY of CSV, plain table, beside rollups", "new rows with rollups"),
        "known_to_new": ("new rows", "known rows"),
        "known_again_to_new": ("new rows", "known rows, again"),
    }
    figures |= {
        "wall": {name: round(spent[one].wall / spent[other].wall, 2) for name, (one, other) in pairs.items()},
        "processor": {
            name: round(spent[one].processor / spent[other].processor, 2) for name, (one, other) in pairs.items()
        },
        "peak_mb": round(peak.bytes / 1e6),
        "load": round(os.getloadavg()[0], 1),
    }
    return figures


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--meters", type=int, default=286)
    parser.add_argument("--database-url")
    given = parser.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="luna-bench-")))
        url = given.database_url
        if url is None:
            url = stack.enter_context(EmbeddedPostgres(home / "pg", free_port(), "owner-of-the-bench")).url
        name = f"bench_{uuid4().hex[:8]}"
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            stack.callback(_drop, url, name)
        settings = load_settings({"luna_home": home, "database_url": url.rsplit("/", 1)[0] + f"/{name}"})
        secrets = load_secrets(settings)
        urls = database_urls(settings, secrets)
        migrate(urls, secrets)
        print(json.dumps(bench(urls, given.meters)))
    return 0


def _drop(url: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


if __name__ == "__main__":
    sys.exit(main())
