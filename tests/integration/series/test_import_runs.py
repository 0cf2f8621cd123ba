"""Runs of the imports in Dagster that have nothing to say: another one works, or nothing lies in the queue."""

from __future__ import annotations

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, materialize

from luna_assets.meters.assets import series_imports
from resources.series.imports import try_lock
from resources.wiring import LunaResource
from tests.integration.series.conftest import SeriesHouse


@pytest.fixture
def launched(house: SeriesHouse, monkeypatch: pytest.MonkeyPatch) -> SeriesHouse:
    url = house.database.settings.database_url
    assert url is not None
    monkeypatch.setenv("DATABASE_URL", url.get_secret_value())
    monkeypatch.setenv("LUNA_HOME", str(house.database.settings.luna_home))
    return house


def launch() -> ExecuteInProcessResult:
    return materialize(
        [series_imports],
        instance=DagsterInstance.ephemeral(),
        resources={"luna": LunaResource()},
        run_config={"ops": {series_imports.op.name: {"config": {"linger_s": 0}}}},
        raise_on_error=False,
    )


@pytest.mark.usefixtures("launched")
def test_an_empty_queue_is_no_failure() -> None:
    done = launch()
    assert done.success
    assert done.asset_materializations_for_node("series_imports") == []


def test_a_run_beside_another_one_ends_well(launched: SeriesHouse) -> None:
    assert try_lock(launched.worker)
    done = launch()
    assert done.success
    assert done.get_asset_check_evaluations() == []
