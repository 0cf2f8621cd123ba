"""That the suites beside this one really ran on TimescaleDB, and that Luna's schema lives well with it."""

from __future__ import annotations

import os

import psycopg
import pytest

from resources.migrate import MIGRATIONS, migrate, schema_version
from tests.conftest import POSTGRES_URL_VARIABLE, Database

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(POSTGRES_URL_VARIABLE not in os.environ, reason="`make test-services` starts the server"),
]


def test_the_server_has_timescaledb_loaded_and_installed(database: Database) -> None:
    with database.owner() as owner:
        preloaded = owner.execute("SELECT current_setting('shared_preload_libraries')").fetchone()
        installed = {str(name) for (name,) in owner.execute("SELECT extname FROM pg_extension")}
        major = owner.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone()
    assert preloaded == ("timescaledb",)
    assert {"timescaledb", "vector"} <= installed
    assert major is not None
    assert int(str(major[0])) >= 18


def test_the_migrations_ran_on_it_and_find_nothing_to_do_again(database: Database) -> None:
    with database.owner() as owner:
        applied = {str(name) for (name,) in owner.execute("SELECT name FROM schema_checksums")}
        tables = {str(name) for (name,) in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert applied == {path.stem for path in MIGRATIONS.glob("*.sql")}
    assert {"tenants", "events"} <= tables
    again = migrate(database.urls, database.secrets)
    assert again.applied == ()
    assert again.schema_version == schema_version()


def test_hypertables_and_time_buckets_work_in_a_migrated_database(database: Database) -> None:
    with database.owner() as owner:
        owner.execute("CREATE TABLE readings (at timestamptz NOT NULL, kwh double precision NOT NULL)")
        owner.execute("SELECT create_hypertable('readings', by_range('at', interval '1 day'))")
        owner.execute(
            "INSERT INTO readings SELECT at, 1 FROM generate_series("
            "timestamptz '2025-01-01 00:00Z', '2025-01-03 23:45Z', interval '15 minutes') AS at"
        )
        days = owner.execute(
            "SELECT time_bucket('1 day', at) AS day, sum(kwh) FROM readings GROUP BY day ORDER BY day"
        ).fetchall()
        chunks = owner.execute("SELECT count(*) FROM show_chunks('readings')").fetchone()
    assert [total for _, total in days] == [96.0, 96.0, 96.0]
    assert chunks == (3,)


def test_the_series_are_hypertables_with_their_security(database: Database) -> None:
    with database.owner() as owner:
        made = {
            str(name) for (name,) in owner.execute("SELECT hypertable_name FROM timescaledb_information.hypertables")
        }
        secured = owner.execute(
            "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = 'smart_meter_readings'::regclass"
        ).fetchone()
        hourly = owner.execute("SELECT count(*) FROM market_prices_hourly").fetchone()
        edition = owner.execute("SELECT current_setting('timescaledb.license', true)").fetchone()
        aggregates = owner.execute("SELECT count(*) FROM timescaledb_information.continuous_aggregates").fetchone()
    assert {"smart_meter_readings", "meter_quarter_hours", "market_prices"} <= made
    assert secured == (True,)
    assert hourly == (0,)
    # Continuous aggregates are the community edition's; the Apache edition has a view under the same name.
    assert aggregates == ((1,) if edition == ("timescale",) else (0,))


def test_chunks_of_rows_that_the_owner_loaded_are_sealed_by_the_next_migrate(database: Database) -> None:
    """As after a dump was loaded: a chunk bears the table's grants, and no policy."""
    with database.owner() as owner:
        owner.execute(
            "INSERT INTO smart_meter_readings (ts, consumption_kw, tenant_id, interval_s, meter_id)"
            " SELECT timestamptz '2025-01-01 00:00Z', 1, id, 900, 'm' FROM tenants"
        )
        (chunk,) = owner.execute("SELECT show_chunks('smart_meter_readings')::text").fetchone() or ("",)
        readable = f"SELECT has_table_privilege('luna_app', '{chunk}', 'SELECT')".encode()
        assert owner.execute(readable).fetchone() == (True,)
        migrate(database.urls, database.secrets)
        assert owner.execute(readable).fetchone() == (False,)


def test_the_database_of_the_orchestrator_is_made_without_the_extension(database: Database) -> None:
    """The server has it in template1, as the images do; schedulers would run for nothing in each database with it."""
    migrate(database.urls, database.secrets)
    dagster = database.urls.owner.rsplit("/", 1)[0] + "/" + database.urls.dagster.rsplit("/", 1)[1]
    with psycopg.connect(dagster) as owner:
        installed = {str(name) for (name,) in owner.execute("SELECT extname FROM pg_extension")}
    assert installed == {"plpgsql"}
