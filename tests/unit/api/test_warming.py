"""The index is read before anybody asks, also where the database comes after the API."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncGenerator, Iterator
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from structlog.testing import capture_logs

from luna_api.answers import warming
from luna_api.garbage import seldom_collected


class Database:
    """It is away for the first transactions."""

    def __init__(self, away: int) -> None:
        self.away = away

    @contextlib.asynccontextmanager
    async def transaction(self, _: object) -> AsyncGenerator[object]:
        if self.away > 0:
            self.away -= 1
            raise psycopg.OperationalError
        yield object()


class Index:
    """One live version, which is searched; after `looks` looks at it another is."""

    def __init__(self, *, wanted: int, looks: int = 0) -> None:
        self.searches = 0
        self.enough = asyncio.Event()
        self._wanted = wanted
        self._looks = looks
        self._looked = 0

    async def state(self, *_: object) -> SimpleNamespace:
        self._looked += 1
        return SimpleNamespace(index_versions=(2,) if 0 < self._looks < self._looked else (1,))

    async def search(self, *_: object, **__: object) -> object:
        self.searches += 1
        if self.searches == self._wanted:
            self.enough.set()
        return object()


class Retrieval:
    async def matcher(self, *_: object) -> None: ...


async def _warmed(database: Database, index: Index) -> None:
    task = asyncio.create_task(warming.keep_warm(cast("Any", database), cast("Any", index), cast("Any", Retrieval())))
    try:
        await asyncio.wait_for(index.enough.wait(), 30)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def collector_as_before() -> Iterator[None]:
    """What is warm is kept from the collector: of the whole process, so as long as the API serves and no longer."""
    with seldom_collected():
        yield
    assert gc.get_freeze_count() == 0


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "_LOOK_S", 0.01)


def test_a_database_that_comes_later_is_read_all_the_same() -> None:
    with capture_logs() as logs:
        asyncio.run(_warmed(Database(away=4), Index(wanted=1)))
    told = [one["event"] for one in logs if one["log_level"] == "warning"]
    assert told == ["index_not_warmed"], "it is told once, not at every look"


def test_a_version_that_goes_live_is_read() -> None:
    asyncio.run(_warmed(Database(away=0), Index(wanted=2, looks=2)))
