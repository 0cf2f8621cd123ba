"""What TimescaleDB's community edition does for prices: size on disk, time of the hourly means, time of a refresh.

Run it as `TIMESCALEDB_INSTALL=… python -m tests.bench.series_aggregate`; docs/SERIES.md tells how to have that edition.
Five years of real hourly prices (`../shared/data`), and beside them the same as quarter-hours of another product.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import psycopg
from psycopg import sql

from luna_rules.importing import ImportOptions, parse
from resources.database import Connection, worker_connection
from resources.migrate import migrate
from resources.secrets import DatabaseUrls, database_urls, load_secrets
from resources.series.writer import write_prices
from resources.settings import load_settings
from tests.places import SHARED
from tests.services.__main__ import _given, _server  # pyright: ignore[reportPrivateUsage]

PRICES = SHARED / "data" / "prices" / "de_lu_day_ahead_2020-2024.parquet"
ROUNDS = 15
_ASKED = {
    "from the prices": "SELECT date_bin('1 hour', ts, timestamptz '2000-01-01 00:00Z') AS hour, avg(price_eur_mwh),"
    " min(price_eur_mwh), max(price_eur_mwh) FROM market_prices {} GROUP BY 1",
    "from the aggregate": "SELECT ts, price_eur_mwh, price_min, price_max FROM market_prices_hourly {}",
    "from the rollup": "SELECT ts, price_eur_mwh, price_min, price_max FROM market_hours {}",
}
_YEAR = "WHERE market = 'EPEX' AND product = %s AND ts >= '2022-01-01' AND ts < '2023-01-01'"
Owner = psycopg.Connection[tuple[object, ...]]


def _database(home: Path, server_url: str) -> DatabaseUrls:
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE prices"))
    settings = load_settings({"luna_home": home, "database_url": server_url.rsplit("/", 1)[0] + "/prices"})
    secrets = load_secrets(settings)
    urls = database_urls(settings, secrets)
    migrate(urls, secrets)
    return urls


def _asked(owner: Owner, product: str) -> dict[str, float]:
    """Median time of the server for each way of asking, in ms; in turns, so that the machine's noise meets all."""
    times: dict[str, list[float]] = {name: [] for name in _ASKED}
    for _ in range(ROUNDS):
        for name, query in _ASKED.items():
            explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query.format(_YEAR)}".encode()
            (plan,) = owner.execute(explained, (product,)).fetchone()  # type: ignore[misc]
            times[name].append(plan[0]["Planning Time"] + plan[0]["Execution Time"])  # type: ignore[index]
    return {name: round(statistics.median(values), 1) for name, values in times.items()}


def _job(owner: Owner, *names: str) -> float:
    """Let a policy do its work; returns its seconds."""
    row = owner.execute(
        "SELECT job_id FROM timescaledb_information.jobs WHERE job_id >= 1000 AND proc_name = ANY (%s)", (list(names),)
    ).fetchone()
    assert row is not None
    begun = time.monotonic()
    owner.execute(f"CALL run_job({int(str(row[0]))})".encode())
    return round(time.monotonic() - begun, 3)


def _size(owner: Owner) -> object:
    row = owner.execute("SELECT hypertable_size('market_prices')").fetchone()
    return None if row is None else row[0]


def _import(worker: Connection, frame: pl.DataFrame) -> float:
    """Seconds of writing these prices with their rollups."""
    begun = time.monotonic()
    write_prices(worker, None, frame)
    return round(time.monotonic() - begun, 2)


def measure(urls: DatabaseUrls) -> None:
    """Load, ask, refresh, compress, ask, correct, refresh; each step printed."""
    frame = parse(PRICES.read_bytes(), ImportOptions(target="market_prices")).prices
    with worker_connection(urls.worker) as worker, psycopg.connect(urls.owner, autocommit=True) as owner:
        _told("imports of the hours into rows, s", new=_import(worker, frame), known=_import(worker, frame))
        owner.execute("VACUUM ANALYZE market_prices")
        before = _size(owner)
        seconds = _job(owner, "policy_compression", "policy_columnstore")
        owner.execute("VACUUM ANALYZE market_prices")
        _told("hourly prices", rows=frame.height, bytes=before, compressed_bytes=_size(owner), compressed_in_s=seconds)
        owner.execute("SELECT decompress_chunk(c, true) FROM show_chunks('market_prices') AS c")
        owner.execute(
            "INSERT INTO market_prices (ts, price_eur_mwh, market, product)"
            " SELECT ts + n * interval '15 minutes', price_eur_mwh + n, market, 'DE-LU-15MIN'"
            " FROM market_prices, generate_series(0, 3) AS n WHERE product = 'DE-LU-60MIN'"
        )
        owner.execute(
            "INSERT INTO market_hours"
            " (market, product, ts, price_eur_mwh, price_min, price_max, values, expected_values)"
            " SELECT market, product, ts, price_eur_mwh, price_min, price_max, values, 4 FROM market_prices_hourly"
            " WHERE product = 'DE-LU-15MIN'"
        )
        refreshed = _job(owner, "policy_refresh_continuous_aggregate")
        owner.execute("VACUUM ANALYZE")
        _told("first refresh", rows=frame.height * 5, seconds=refreshed)
        for product in ("DE-LU-60MIN", "DE-LU-15MIN"):
            _told(f"a year of hourly means, {product}, ms", **_asked(owner, product))
        compressed = _job(owner, "policy_compression", "policy_columnstore")
        owner.execute("VACUUM ANALYZE")
        _told("with quarter-hours", compressed_bytes=_size(owner), compressed_in_s=compressed)
        for product in ("DE-LU-60MIN", "DE-LU-15MIN"):
            _told(f"the same, compressed, {product}, ms", **_asked(owner, product))
        begun = time.monotonic()
        owner.execute("UPDATE market_prices SET price_eur_mwh = 1 WHERE ts = '2021-05-05 10:00Z'")
        corrected = round(time.monotonic() - begun, 3)
        seconds = _job(owner, "policy_refresh_continuous_aggregate")
        shown = owner.execute(
            "SELECT price_eur_mwh FROM market_prices_hourly WHERE ts = '2021-05-05 10:00Z' AND product = 'DE-LU-60MIN'"
        ).fetchone()
        assert shown == (1.0,), "the refresh was to take in what was corrected"
        _told("a corrected hour in a compressed year", seconds=corrected, refreshed_in_s=seconds)
        corrected_frame = frame.with_columns(frame["price_eur_mwh"] + 1)
        _told("imports of the hours into compressed years, s", known=_import(worker, frame))
        _told("imports of the hours into compressed years, s", all_corrected=_import(worker, corrected_frame))


def _told(name: str, **values: object) -> None:
    print(f"{name}: {json.dumps(values)}", flush=True)


def main() -> int:
    """Start the server, load, measure."""
    given = _given()
    if given is None or not PRICES.exists():
        print("TIMESCALEDB_INSTALL must name a PostgreSQL with the community edition, and the prices must be there")
        return 1
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="luna-bench-")))
        server = stack.enter_context(_server(folder, given))
        print(server.install_extension(), flush=True)
        measure(_database(folder / "luna", server.maintenance_url))
    return 0


if __name__ == "__main__":
    sys.exit(main())
