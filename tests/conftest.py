"""Fixtures shared by all tests: a real PostgreSQL, once for the session, and fresh databases in it.

It is the embedded one, or the server that `LUNA_TEST_POSTGRES_URL` names (its owner must be a superuser).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from resources.embedded.lock import held
from resources.embedded.postgres import EmbeddedPostgres
from resources.migrate import admit_roles, migrate
from resources.secrets import DatabaseUrls, Secrets, database_urls, load_secrets
from resources.settings import Settings, load_settings
from tests.places import ROOT, SHARED, free_port
from tests.postgres import HastyPostgres

__all__ = ["ROOT", "SHARED", "Database", "free_port"]


POSTGRES_URL_VARIABLE = "LUNA_TEST_POSTGRES_URL"

# The same examples each time, and no verdict by the clock: a run says something about the code, not about the machine.
# HYPOTHESIS_PROFILE=search looks for new ones.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("house", _UNTIMED, derandomize=True)
settings.register_profile("search", _UNTIMED, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


@dataclass(frozen=True, slots=True)
class GivenPostgres:
    """A server that somebody else started and stops."""

    url: str


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres | GivenPostgres]:
    """The server that the environment names, or else the embedded one, started for this session of tests.

    Each worker of a parallel run has its own.
    """
    given = os.environ.get(POSTGRES_URL_VARIABLE)
    if given:
        yield GivenPostgres(given)
        return
    home = tmp_path_factory.mktemp("postgres")
    with HastyPostgres(home=home, port=free_port(), owner_password="owner-of-the-tests") as server:
        yield server


@pytest.fixture(scope="session")
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One LUNA_HOME for the session, so that all databases of the server share the roles' passwords.

    Parallel workers have one each, with the same passwords: they share a server that the environment names.
    """
    home = tmp_path_factory.mktemp("luna home")
    run = _of_the_run(tmp_path_factory)
    with held(run / "secrets.lock", 250, "another worker makes passwords for too long"):
        load_secrets(load_settings({"luna_home": run}))
    shutil.copy2(run / "secrets.json", home)
    return home


def _of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


class Database:
    """A migrated database: settings, secrets and addresses for each role."""

    def __init__(self, settings: Settings, secrets: Secrets, urls: DatabaseUrls) -> None:
        self.settings = settings
        self.secrets = secrets
        self.urls = urls

    def owner(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection that no policy binds, to arrange what a test needs."""
        return psycopg.connect(self.urls.owner, autocommit=True)


class Databases:
    """Migrated databases on one server: the first is migrated, all others are copies of it.

    A copy has no database for Dagster's own state; tests of that start a whole stack.
    """

    def __init__(self, url: str, home: Path, lock: Path) -> None:
        self._url = url
        self._home = home
        self._lock = lock
        self._template: str | None = None
        with psycopg.connect(url) as connection:
            # Copying files is quick only where nobody waits until they are on the disk.
            row = connection.execute("SELECT current_setting('fsync')").fetchone()
        self._strategy = sql.SQL("FILE_COPY" if row == ("off",) else "WAL_LOG")

    def make(self) -> Database:
        """A fresh one."""
        template = self._template or self._migrated()
        name = self._name()
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(
                    sql.Identifier(name), sql.Identifier(template), self._strategy
                )
            )
            admit_roles(connection, name)
        return self._database(name)

    def drop(self, database: Database) -> None:
        """Take it away, whoever is still connected: what is not on the disk yet need not be written."""
        name = database.urls.owner.rsplit("/", 1)[1]
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _migrated(self) -> str:
        name = self._name()
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        # One at a time: the roles belong to the whole server, and each worker of a parallel run migrates a database.
        with held(self._lock, 250, "another worker migrates for too long"):
            first = self._database(name)
            migrate(first.urls, first.secrets)
        self._template = name
        return name

    def _name(self) -> str:
        return f"test_{uuid4().hex[:12]}"

    def _database(self, name: str) -> Database:
        url = self._url.rsplit("/", 1)[0] + f"/{name}"
        settings = load_settings({"luna_home": self._home, "database_url": url, "luna_env": "dev"})
        secrets = load_secrets(settings)
        return Database(settings, secrets, database_urls(settings, secrets))


@pytest.fixture(scope="session")
def databases(
    postgres: EmbeddedPostgres | GivenPostgres, session_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Databases:
    """Where databases come from; what is left goes at the end of the session with the server."""
    return Databases(postgres.url, session_home, _of_the_run(tmp_path_factory) / "migrate.lock")


@pytest.fixture(scope="session")
def new_database(databases: Databases) -> Callable[[], Database]:
    """Makes fresh, migrated databases."""
    return databases.make


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """A fresh, migrated database for one test."""
    made = databases.make()
    yield made
    databases.drop(made)


@pytest.fixture(scope="module")
def module_database(databases: Databases) -> Iterator[Database]:
    """A migrated database shared by the tests of one module."""
    made = databases.make()
    yield made
    databases.drop(made)


@pytest.fixture
def migrated_database(database: Database) -> DatabaseUrls:
    """Addresses of a fresh, migrated database."""
    return database.urls


@pytest.fixture
def shared_data() -> Path:
    """The folder of real public data, where this machine has it."""
    if not (SHARED / "data").is_dir():
        pytest.skip("the real data is not on this machine (expected in ../shared/data)")
    return SHARED / "data"
