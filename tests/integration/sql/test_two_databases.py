"""Two databases of one server are migrated at once: the roles are the server's, the lock is a database's."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg import sql

from resources.migrate import migrate
from tests.conftest import Database

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE 'ALTER ROLE%'"
)


def test_a_role_that_another_migration_changes_just_now_is_changed_after_it(database: Database) -> None:
    password = sql.Literal(database.secrets.db_app_password)
    with (
        ThreadPoolExecutor(1) as pool,
        psycopg.connect(database.urls.owner) as other,
        psycopg.connect(database.urls.owner, autocommit=True) as watcher,
    ):
        other.execute(sql.SQL("ALTER ROLE luna_app LOGIN PASSWORD {}").format(password))
        migration = pool.submit(migrate, database.urls, database.secrets)
        deadline = time.monotonic() + 150
        while watcher.execute(_WAITING).fetchone() == (0,):
            assert not migration.done(), "it was to wait for the other one"
            assert time.monotonic() < deadline
            time.sleep(0.02)
        other.commit()
        assert migration.result(150).applied == ()
    with psycopg.connect(database.urls.app) as app:
        assert app.execute("SELECT current_user").fetchone() == ("luna_app",)
