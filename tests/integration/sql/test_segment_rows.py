"""Postings and vectors go with their segment, whoever deletes it and why: no foreign key sees to that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from resources.database import worker_connection
from resources.secrets import DatabaseUrls
from resources.vectors.index import IndexVersionError
from resources.vectors.transfer import transfer
from tests.contract.index_world import World

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def world(migrated_database: DatabaseUrls) -> AsyncIterator[World]:
    made = World(migrated_database)
    await made.open()
    yield made
    await made.close()


def rows(world: World) -> tuple[int, int]:
    """How many postings and vectors there are. Raises AssertionError for one whose segment is not there."""
    for table in ("index_postings", "index_vectors"):
        orphans = world.owner.execute(
            f"SELECT count(*) FROM {table} AS r WHERE NOT EXISTS "  # noqa: S608
            "(SELECT FROM index_segments AS s WHERE s.id = r.segment_id)"
        ).fetchone()
        assert orphans == (0,), table
    return world.count("index_postings"), world.count("index_vectors")


def filled(world: World, tenant: UUID, segments: int = 3) -> int:
    version = world.live(tenant)
    for _ in range(segments):
        world.add(version, tenant, world.document(tenant, ["Netz", "Gas"]))
    return version


@pytest.mark.parametrize(
    "delete",
    [
        "DELETE FROM index_segments WHERE version_id = {version}",
        "DELETE FROM index_versions WHERE id = {version}",
    ],
)
async def test_the_worker_deletes_them_with_their_segments(world: World, delete: str) -> None:
    kept, gone = world.tenant(), world.tenant()
    filled(world, kept)
    before = rows(world)
    version = filled(world, gone)
    assert rows(world) > before
    world.worker.execute(delete.format(version=version).encode())
    assert rows(world) == before


async def test_a_tenant_takes_them_along(world: World) -> None:
    tenant = world.tenant()
    filled(world, tenant)
    assert rows(world)[1] == 6
    world.owner.execute("DELETE FROM items WHERE tenant_id = %s", (tenant,))
    world.owner.execute("DELETE FROM tenants WHERE id = %s", (tenant,))
    assert rows(world) == (0, 0)


async def test_joined_segments_leave_nothing_behind(world: World) -> None:
    tenant = world.tenant()
    version = filled(world, tenant, segments=4)
    assert world.writer.merge_segments(version, max_segments=2) == 1
    assert rows(world)[1] == 8
    assert await world.found(tenant, "Netz")


async def test_a_transfer_adds_nothing_to_a_segment_that_is_gone(world: World) -> None:
    tenant = world.tenant()
    version = filled(world, tenant)
    world.owner.execute("DELETE FROM index_vectors")
    writer = world.writer
    segments = writer.segments(version)

    def joined_meanwhile(done: int, _: int) -> None:
        if done == segments[0].live_chunks:
            with worker_connection(world.urls.worker) as other:
                other.execute("DELETE FROM index_segments WHERE id = %s", (segments[1].id,))

    with pytest.raises(IndexVersionError, match="begin the transfer again"):
        transfer(world.worker, writer, version, "postgres", joined_meanwhile)
    assert rows(world)[1] == segments[0].live_chunks
    assert transfer(world.worker, writer, version, "postgres", lambda *_: None).written == segments[2].live_chunks
    assert writer.version(version).engines == ("postgres",)
