"""How fast readings are written to a hypertable of TimescaleDB, beside a plain table of the same server.

Run it as `python -m tests.bench.series_hypertable [--meters 84]`. The server is the one of `make test-services`, from
the cache or obtained as there. Two databases of it take turns, frame by frame: one as Luna's migrations make it, and
one whose table of readings is a plain one with the same columns, key, index and policies.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from resources.database import DEFAULT_TENANT, worker_connection
from resources.migrate import migrate
from resources.secrets import DatabaseUrls, database_urls, load_secrets
from resources.settings import load_settings
from tests.bench.series_import import YEAR, Spent, frames, timed_write
from tests.services.__main__ import CACHE, _server  # pyright: ignore[reportPrivateUsage]
from tests.services.debian import obtain

_PLAIN = (
    "ALTER TABLE smart_meter_readings RENAME TO hypertable_of_readings",
    "CREATE TABLE smart_meter_readings (LIKE hypertable_of_readings INCLUDING ALL)",
    "ALTER TABLE smart_meter_readings ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE smart_meter_readings FORCE ROW LEVEL SECURITY",
    "CREATE POLICY worker_all ON smart_meter_readings TO luna_worker USING (true) WITH CHECK (true)",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON smart_meter_readings TO luna_worker",
)
_RUNS = (("new rows", 0.0, False), ("known rows", 0.0, True), ("corrected rows with rollups", 0.5, True))


def _database(home: Path, server_url: str, name: str, meters: int, *, plain: bool) -> DatabaseUrls:
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    settings = load_settings({"luna_home": home, "database_url": server_url.rsplit("/", 1)[0] + f"/{name}"})
    secrets = load_secrets(settings)
    urls = database_urls(settings, secrets)
    migrate(urls, secrets)
    with psycopg.connect(urls.owner, autocommit=True) as owner:
        for statement in _PLAIN if plain else ():
            owner.execute(statement)
        owner.execute(
            "INSERT INTO meters (tenant_id, meter_id) SELECT %s, 'DE' || lpad(n::text, 9, '0')"
            " FROM generate_series(0, %s) AS n",
            (DEFAULT_TENANT, meters),
        )
        row = owner.execute(
            "SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_name = 'smart_meter_readings'"
        ).fetchone()
        assert row == (0 if plain else 1,), "the tables are not what is to be compared"
    return urls


def measure(hyper: DatabaseUrls, plain: DatabaseUrls, meters: int) -> None:
    """Print what new, known and corrected rows take in both."""
    with worker_connection(hyper.worker) as one, worker_connection(plain.worker) as other:
        for name, shift, roll_up in _RUNS:
            count = min(meters, 28) if shift else meters
            spent = (Spent(), Spent())
            import_id = uuid4()
            for frame in frames(count, shift=shift):
                for connection, took in zip((one, other), spent, strict=True):
                    timed_write(connection, import_id, iter([frame]), took, roll_up=roll_up)
            in_hypertable, in_plain = spent
            told = {
                "rows": count * YEAR,
                "hypertable_s": [round(in_hypertable.wall, 1), round(in_hypertable.processor, 1)],
                "plain_s": [round(in_plain.wall, 1), round(in_plain.processor, 1)],
                "ratio": round(in_plain.wall / in_hypertable.wall, 2),
                "ratio_by_processor": round(in_plain.processor / in_hypertable.processor, 2),
                "load": round(os.getloadavg()[0], 1),
            }
            print(f"{name}: {json.dumps(told)}", flush=True)


def main() -> int:
    """Start the server, make both databases, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=84)
    meters = parser.parse_args().meters
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="luna-bench-")))
        server = stack.enter_context(_server(folder, obtain(CACHE)))
        print(server.install_extension(), flush=True)
        urls = [
            _database(folder / "luna", server.maintenance_url, name, meters, plain=name == "plain")
            for name in ("hyper", "plain")
        ]
        measure(urls[0], urls[1], meters)
    return 0


if __name__ == "__main__":
    sys.exit(main())
