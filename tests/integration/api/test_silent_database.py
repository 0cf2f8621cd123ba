"""A database that hangs (stopped, not ended) holds nobody beyond the limit; as it goes on, it is used again."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest

from resources.bounded_connection import BoundedConnection, DatabaseSilentError
from resources.database import AppDatabase
from resources.embedded.postgres import EmbeddedPostgres
from resources.migrate import migrate
from resources.secrets import database_urls, load_secrets
from resources.settings import load_settings
from tests.conftest import Database, free_port
from tests.integration.api.conftest import NOTE, Api, ready, serve, upload

LIMIT_S = 1.0
SILENCE_S = LIMIT_S + 2.0


class Hangable:
    """An API over a database of its own, which a test may make hang."""

    def __init__(self, api: Api, server: EmbeddedPostgres) -> None:
        self.api = api
        self.server = server

    @contextmanager
    def hanging(self) -> Generator[None]:
        """Stop the server and all its backends, as a machine without memory or disk does; let them go on in the end."""
        lines = (self.server.data / "postmaster.pid").read_text("utf-8").splitlines()
        postmaster = psutil.Process(int(lines[0]))
        stopped: list[psutil.Process] = []
        try:
            for process in (postmaster, *postmaster.children()):
                process.send_signal(signal.SIGSTOP)
                stopped.append(process)
            yield
        finally:
            for process in reversed(stopped):
                process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="module")
def hangable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hangable]:
    home: Path = tmp_path_factory.mktemp("hangable")
    with EmbeddedPostgres(home=home, port=free_port(), owner_password="owner-of-the-tests") as server:
        settings = load_settings({"luna_home": home, "database_url": server.url})
        secrets = load_secrets(settings)
        urls = database_urls(settings, secrets)
        migrate(urls, secrets)
        with serve(Database(settings, secrets, urls), home, patient=False, db_query_sec=LIMIT_S) as api:
            yield Hangable(api, server)


@pytest.fixture
def patience() -> None:
    """Here what hangs is looked for as long as the API itself looks, not longer as in the other tests."""


def told(response: httpx.Response) -> str:
    """The sentence of a refusal for the database's sake."""
    assert response.status_code == 503, response.text
    assert response.json()["data"]["part"] == "db"
    assert int(response.headers["Retry-After"]) > 0
    return str(response.json()["message"])


async def run(database: AppDatabase, *statements: LiteralString) -> None:
    """Execute these statements in one transaction."""
    async with database.transaction(None) as sql:
        for statement in statements:
            await sql.execute(statement)


@pytest.mark.drill
def test_a_database_that_hangs_is_given_up_and_used_again(hangable: Hangable) -> None:
    api = hangable.api
    with api.user(uuid4()) as user, api.admin() as admin:
        ready(api, user, NOTE)
        assert user.post("/rag/ask", json={"question": "Netz?"}).status_code == 200
        assert user.get("/items").status_code == 200
        with hangable.hanging(), ThreadPoolExecutor(4) as threads:
            began = time.monotonic()
            asked = [
                threads.submit(user.post, "/rag/ask", json={"question": "Wer betreibt das Netz?"}),
                threads.submit(user.post, "/rag/ask", json={"question": "Netz?", "stream": True}),
                threads.submit(user.get, "/items"),
                threads.submit(admin.get, "/admin/health"),
            ]
            answers = [one.result() for one in asked]
            assert time.monotonic() - began < 4 * SILENCE_S + 5
            sentences = [told(answers[0]), told(answers[2])]
            assert any("Sekunden lang nicht geantwortet" in sentence for sentence in sentences), sentences
            assert "event: error" in answers[1].text
            assert '"part":"db"' in answers[1].text
            assert answers[3].json()["data"]["services"]["db"]["state"] == "down"
            assert httpx.get(f"{api.url}/health").status_code == 200
            began = time.monotonic()
            told(user.post("/events", json={"type": "view"}))
            assert time.monotonic() - began < SILENCE_S + 8, "the hanging connections are tried one after the other"
        assert user.get("/items").status_code == 200, "the first request after the pause met a connection that is gone"
        answer = user.post("/rag/ask", json={"question": "Netz?"})
        assert answer.status_code == 200, answer.text
        ready(api, user, NOTE + uuid4().hex)
        assert upload(user, NOTE + uuid4().hex).status_code == 202


def test_only_silence_counts_and_the_connection_is_not_given_back(module_database: Database) -> None:
    """A result that comes bit by bit for longer than the limit is read to its end; after silence nothing is."""

    async def go() -> None:
        async with await BoundedConnection.connect(module_database.urls.app, autocommit=True) as connection:
            connection.silence_s = 0.6
            assert await (await connection.execute("SELECT pg_sleep(0.3)")).fetchone() == ("",)
            slowly = "SELECT pg_sleep(0.2), repeat('x', 10000) FROM generate_series(1, 8)"
            assert len([row async for row in connection.cursor().stream(slowly)]) == 8
            with pytest.raises(DatabaseSilentError):
                await connection.execute("SELECT pg_sleep(5)")
            assert connection.closed
        database = AppDatabase(module_database.urls.app, min_size=1, max_size=1, query_limit_s=0.5)
        await database.open()
        try:
            with pytest.raises(psycopg.errors.QueryCanceled):
                await run(database, "SELECT pg_sleep(30)")
            async with database.transaction(None) as sql:
                assert not sql.closed
                before = sql.info.backend_pid
            with pytest.raises(DatabaseSilentError):
                await run(database, "SET LOCAL statement_timeout = 0", "SELECT pg_sleep(30)")
            async with database.transaction(None) as sql:
                assert sql.info.backend_pid != before
        finally:
            await database.close()

    asyncio.run(go())
