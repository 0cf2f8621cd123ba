"""Prices under each edition of TimescaleDB and without it: the same figures under the same names, whatever keeps them.

What only the community edition does is tested where the server is that one: `LUNA_TEST_POSTGRES_URL` names it, or
`TIMESCALEDB_INSTALL` does for `make test-services` (docs/SERIES.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import polars as pl
import psycopg
import pytest

from resources.analysts import add_analyst, revoke_analyst
from resources.database import worker_connection
from resources.migrate import migrate
from resources.series.undo import undo_import
from tests.conftest import Database
from tests.integration.series.conftest import SeriesHouse, prices

LONG_AGO = datetime(2021, 12, 31, 23, tzinfo=UTC)
KEY = ("EPEX", "DE-LU-60MIN")
HOURLY = "market, product, ts, price_eur_mwh, price_min, price_max, volume"


@pytest.fixture
def house(database: Database) -> Iterator[SeriesHouse]:
    """A database of its own for each test: some change what keeps the prices."""
    with worker_connection(database.urls.worker) as worker:
        yield SeriesHouse(database, worker)


@pytest.fixture
def community(house: SeriesHouse) -> SeriesHouse:
    """The house, where the community edition serves it."""
    if house.one("SELECT coalesce(current_setting('timescaledb.license', true), '')") != ("timescale",):
        pytest.skip("this server does not run TimescaleDB's community edition; docs/SERIES.md tells how to have it")
    return house


def recent() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=3)


def write_history(house: SeriesHouse) -> int:
    """Two weeks of years ago and the hours around now; returns how many prices that is."""
    old = prices(*KEY, [float(n % 50) - 5 for n in range(336)], begin=LONG_AGO)
    new = prices(*KEY, [float(n % 40) for n in range(96)], begin=recent())
    house.write_prices(pl.concat([old, new]), house.add_import("market_prices"))
    return old.height + new.height


def run_jobs(house: SeriesHouse, *procedures: str) -> None:
    """Let the policies do what their schedulers have them do."""
    with house.database.owner() as owner:
        for (job,) in owner.execute(
            "SELECT job_id FROM timescaledb_information.jobs WHERE job_id >= 1000 AND proc_name = ANY (%s)"
            " ORDER BY proc_name DESC",
            (list(procedures),),
        ).fetchall():
            owner.execute(f"CALL run_job({int(str(job))})".encode())


def refresh(house: SeriesHouse) -> None:
    run_jobs(house, "policy_refresh_continuous_aggregate")


def compress(house: SeriesHouse) -> None:
    run_jobs(house, "policy_compression", "policy_columnstore")


def assert_hourly_means_agree(house: SeriesHouse) -> int:
    """The hours straight from the prices are those of the rollup, which the writer keeps; returns their number."""
    kept = house.rows(f"SELECT {HOURLY}, values FROM market_hours ORDER BY 1, 2, 3")  # noqa: S608 (fixed names)
    straight = house.rows(f"SELECT {HOURLY}, values FROM market_prices_hourly ORDER BY 1, 2, 3")  # noqa: S608
    assert straight == kept
    return len(kept)


def compressed_chunks(house: SeriesHouse) -> int:
    (count,) = house.one(
        "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'market_prices' AND is_compressed"
    )
    return int(str(count))


def test_the_hourly_means_are_those_of_the_rollup_on_any_server(house: SeriesHouse) -> None:
    assert assert_hourly_means_agree(house) == 0
    count = write_history(house)
    assert assert_hourly_means_agree(house) == count
    again = migrate(house.database.urls, house.database.secrets)
    assert again.applied == ()
    assert assert_hourly_means_agree(house) == count


def test_an_analyst_reads_the_same_hours_from_both_views(house: SeriesHouse) -> None:
    count = write_history(house)
    name = f"anna_{uuid4().hex[:8]}"
    address = add_analyst(house.database.urls.owner, name, ["default"])
    assert address is not None
    with psycopg.connect(address, autocommit=True) as anna:
        columns = "market, product, ts, local_time, price_eur_mwh, price_min, price_max, volume_mwh, value_count"
        one = anna.execute(f"SELECT {columns} FROM market_hours ORDER BY ts").fetchall()  # noqa: S608 (fixed names)
        other = anna.execute(f"SELECT {columns} FROM market_prices_hourly ORDER BY ts").fetchall()  # noqa: S608
    assert revoke_analyst(house.database.urls.owner, name)
    assert one == other
    assert len(one) == count


def test_an_old_history_stays_in_the_aggregate_once_newer_hours_are_made_up(community: SeriesHouse) -> None:
    count = write_history(community)
    refresh(community)
    assert assert_hourly_means_agree(community) == count


def test_a_policy_that_looked_back_thirty_days_is_replaced(community: SeriesHouse) -> None:
    count = write_history(community)
    with community.database.owner() as owner:
        owner.execute("SELECT remove_continuous_aggregate_policy('market_prices_hourly')")
        owner.execute(
            "SELECT add_continuous_aggregate_policy('market_prices_hourly', start_offset => interval '30 days',"
            " end_offset => interval '1 hour', schedule_interval => interval '1 hour')"
        )
    refresh(community)
    assert community.one("SELECT count(*) < %s FROM market_prices_hourly", count) == (True,)
    migrate(community.database.urls, community.database.secrets)
    refresh(community)
    assert assert_hourly_means_agree(community) == count


def test_old_prices_are_compressed_and_stay_the_same(community: SeriesHouse) -> None:
    write_history(community)
    before = community.rows("SELECT * FROM market_prices ORDER BY market, product, ts")
    compress(community)
    assert compressed_chunks(community) == 1
    assert community.rows("SELECT * FROM market_prices ORDER BY market, product, ts") == before
    refresh(community)
    assert_hourly_means_agree(community)


def test_compressed_prices_are_corrected_known_and_undone_as_any_other(community: SeriesHouse) -> None:
    count = write_history(community)
    before = community.rows("SELECT market, product, ts, price_eur_mwh FROM market_prices ORDER BY 1, 2, 3")
    compress(community)
    refresh(community)
    correction = community.add_import("market_prices")
    changed = prices(*KEY, [500.0, 501.0], begin=LONG_AGO, interval_s=3600 * 300)
    assert community.write_prices(changed, correction).updated == 2
    beyond = prices(*KEY, [-1.0], begin=LONG_AGO - timedelta(days=1))
    assert community.write_prices(beyond).loaded == 1
    assert community.write_prices(changed).unchanged == 2
    refresh(community)
    assert assert_hourly_means_agree(community) == count + 1
    compress(community)
    assert assert_hourly_means_agree(community) == count + 1
    assert undo_import(community.worker, correction) == 2
    refresh(community)
    assert assert_hourly_means_agree(community) == count + 1
    after = community.rows(
        "SELECT market, product, ts, price_eur_mwh FROM market_prices WHERE ts >= %s ORDER BY 1, 2, 3", LONG_AGO
    )
    assert after == before


def test_a_correction_may_reach_over_more_rows_than_the_edition_allows_by_itself(community: SeriesHouse) -> None:
    """Two corrected quarter-hours at both ends of a year touch everything that is compressed between them."""
    with community.database.owner() as owner:
        owner.execute(
            "INSERT INTO market_products (market, product, interval_s)"
            " SELECT 'EPEX', 'P' || n, 900 FROM generate_series(1, 4) AS n"
        )
        owner.execute(
            "INSERT INTO market_prices (ts, price_eur_mwh, market, product)"
            " SELECT ts, 50, 'EPEX', 'P' || n FROM generate_series(1, 4) AS n, generate_series("
            "timestamptz '2022-01-01 00:00Z', '2022-12-01 00:00Z', interval '15 minutes') AS ts"
        )
        owner.execute("ANALYZE market_prices")
    compress(community)
    assert compressed_chunks(community) == 1
    first = datetime(2022, 1, 1, tzinfo=UTC)
    frame = pl.concat(
        [prices("EPEX", f"P{n}", [1.0, 2.0], begin=first, interval_s=3600 * 24 * 330) for n in range(1, 5)]
    )
    assert community.write_prices(frame).updated == 8


def test_the_edition_may_change_and_change_back(community: SeriesHouse) -> None:
    count = write_history(community)
    compress(community)
    refresh(community)
    with community.database.owner() as owner:
        owner.execute("SELECT luna_plain_market_prices()")
        owner.execute("SELECT luna_plain_market_prices()")
    assert compressed_chunks(community) == 0
    assert community.rows("SELECT * FROM timescaledb_information.continuous_aggregates") == []
    assert assert_hourly_means_agree(community) == count
    # What the Apache edition left is what the community edition finds.
    for _ in range(2):
        migrate(community.database.urls, community.database.secrets)
        assert community.one("SELECT count(*) FROM timescaledb_information.continuous_aggregates") == (1,)
        assert community.one("SELECT count(*) FROM analytics.market_prices_hourly") == (count,)
        assert community.rows("SELECT 1 FROM pg_indexes WHERE indexname = 'market_prices_hourly_by_key'") == [(1,)]
    refresh(community)
    compress(community)
    assert compressed_chunks(community) == 1
    assert assert_hourly_means_agree(community) == count
