"""What every passage index must hold, tried on a real database under row security. Engines are parameters."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from resources.secrets import DatabaseUrls
from resources.vectors.qdrant_index import QdrantIndex
from tests.contract.index_world import (
    ENGINES,
    World,
)


@pytest.fixture(params=ENGINES)
async def world(migrated_database: DatabaseUrls, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made = World(migrated_database, request.param)
    await made.open()
    yield made
    trouble = made.index.trouble if isinstance(made.index, QdrantIndex) else None
    await made.close()
    assert trouble is None, "the engine under test did not answer itself"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here asks a database and may have to start it."""
    for item in items:
        if "/passage_index/" in item.nodeid:
            item.add_marker(pytest.mark.timeout(180))
