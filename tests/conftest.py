"""Fixtures shared by all tests: a real PostgreSQL, once for the session, and fresh databases in it.

It is the embedded one, or the server that `LUNA_TEST_POSTGRES_URL` names (its owner must be a superuser).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from resources.embedded.postgres import EmbeddedPostgres
from resources.migrate import migrate
from resources.secrets import DatabaseUrls, Secrets, database_urls, load_secrets
from resources.settings import Settings, load_settings
from tests.places import ROOT, SHARED, free_port

__all__ = ["ROOT", "SHARED", "Database", "free_port"]


POSTGRES_URL_VARIABLE = "LUNA_TEST_POSTGRES_URL"


@dataclass(frozen=True, slots=True)
class GivenPostgres:
    """A server that somebody else started and stops."""

    url: str


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres | GivenPostgres]:
    """The server that the environment names, or else the embedded one, started for this session of tests."""
    given = os.environ.get(POSTGRES_URL_VARIABLE)
    if given:
        yield GivenPostgres(given)
        return
    home = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(home=home, port=free_port(), owner_password="owner-of-the-tests") as server:
        yield server


@pytest.fixture(scope="session")
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One LUNA_HOME for the session, so that all databases of the server share the roles' passwords."""
    return tmp_path_factory.mktemp("luna home")


class Database:
    """A migrated database: settings, secrets and addresses for each role."""

    def __init__(self, settings: Settings, secrets: Secrets, urls: DatabaseUrls) -> None:
        self.settings = settings
        self.secrets = secrets
        self.urls = urls

    def owner(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection that no policy binds, to arrange what a test needs."""
        return psycopg.connect(self.urls.owner, autocommit=True)


@pytest.fixture(scope="session")
def new_database(postgres: EmbeddedPostgres | GivenPostgres, session_home: Path) -> Callable[[], Database]:
    """Makes fresh, migrated databases; they go at the end of the session with the server."""
    template: list[str] = []

    def settings_for(name: str) -> Settings:
        url = postgres.url.rsplit("/", 1)[0] + f"/{name}"
        return load_settings({"luna_home": session_home, "database_url": url, "luna_env": "dev"})

    def make() -> Database:
        name = f"test_{uuid4().hex[:12]}"
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            if template:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template[0]))
                )
            else:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        settings = settings_for(name)
        secrets = load_secrets(settings)
        urls = database_urls(settings, secrets)
        migrate(urls, secrets)
        if not template:
            template.append(name)
            return make()
        return Database(settings, secrets, urls)

    return make


@pytest.fixture
def database(new_database: Callable[[], Database]) -> Database:
    """A fresh, migrated database for one test."""
    return new_database()


@pytest.fixture(scope="module")
def module_database(new_database: Callable[[], Database]) -> Database:
    """A migrated database shared by the tests of one module."""
    return new_database()


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
