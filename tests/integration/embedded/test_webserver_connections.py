"""Dagster's webserver keeps a connection of each storage open; one that died with the database is not taken again."""

from __future__ import annotations

import time

import pytest
from dagster_postgres.run_storage import PostgresRunStorage
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from resources.embedded.parts import CONNECTION_AGE_S, build_parts
from tests.conftest import Database

END_ALL = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def webserver_option(database: Database, name: str) -> str:
    """What the webserver is started with."""
    part = next(part for part in build_parts(database.settings, database.urls, None) if part.name == "webserver")
    return part.argv[part.argv.index(name) + 1]


def asked_after_a_restart(database: Database, pool_recycle_s: int) -> int:
    """Asks a run storage as the webserver has it, ends its connection, and asks again after the time of a restart."""
    url = database.urls.owner.replace("postgresql://", "postgresql+psycopg2://", 1)
    storage = PostgresRunStorage(url, should_autocreate_tables=False)
    storage.optimize_for_webserver(statement_timeout=60_000, pool_recycle=pool_recycle_s, max_overflow=20)

    def ask() -> int:
        with storage.connect() as connection:
            return int(connection.execute(text("SELECT 7")).scalar_one())

    assert ask() == 7
    with database.owner() as owner:
        owner.execute(END_ALL)
    time.sleep(CONNECTION_AGE_S + 0.5)
    return ask()


def test_the_first_question_after_a_restart_is_answered(module_database: Database) -> None:
    assert asked_after_a_restart(module_database, int(webserver_option(module_database, "--db-pool-recycle"))) == 7


def test_the_default_would_meet_a_connection_that_is_gone(module_database: Database) -> None:
    with pytest.raises(OperationalError):
        asked_after_a_restart(module_database, 3600)
