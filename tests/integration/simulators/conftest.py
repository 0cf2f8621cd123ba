"""A database with simulated meters, and the environment in which Dagster's resource finds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from luna_assets.simulators.live import Setup
from resources.database import Connection, worker_connection
from tests.conftest import Database

SETUP = Setup(seed=2025, meter_step_s=60, market_step_s=300, markets=("EEX", "APX"), day_products=("BASE", "PEAK"))


@pytest.fixture
def worker(database: Database) -> Iterator[Connection]:
    with worker_connection(database.urls.worker) as connection:
        yield connection


@pytest.fixture
def environment(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    url = database.settings.database_url
    assert url is not None
    monkeypatch.setenv("LUNA_HOME", str(database.settings.luna_home))
    monkeypatch.setenv("DATABASE_URL", url.get_secret_value())
    return database
