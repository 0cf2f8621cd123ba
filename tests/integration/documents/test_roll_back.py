"""Going back to an earlier index version: nothing that came since is lost, and a fault leaves the live one live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from dagster import DagsterInstance, ExecuteInProcessResult, JobDefinition

from luna_assets.documents.engines import roll_back, switch_engine
from luna_rules.search.lexicon import Lexicon
from resources.secrets import DatabaseUrls
from resources.vectors.index import IndexVersionError
from resources.vectors.postgres_writer import IndexWriter
from tests.conftest import Database
from tests.contract.index_world import ENGINES, World, synthetic_chunks

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(params=ENGINES)
async def world(migrated_database: DatabaseUrls, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made = World(migrated_database, request.param)
    await made.open()
    yield made
    await made.close()


def back(world: World, tenant: UUID | None, version: int | None = None, writer: IndexWriter | None = None) -> object:
    return roll_back(world.worker, writer or world.writer, tenant, version, run_id="run", gold=(), log=lambda _: None)


async def two_versions(world: World) -> tuple[UUID, int, int]:
    """A scope whose second version knows other words and another dimension than its first."""
    tenant = world.tenant()
    doc = world.document(tenant, ["Netz und Strom", "Gas"])
    first = world.live(tenant, doc)
    other = Lexicon.learn(synthetic_chunks(200, seed=4), dimension=8)
    return tenant, first, world.live(tenant, doc, lexicon=other)


async def test_what_came_since_is_found_after_rolling_back(world: World) -> None:
    tenant, first, second = await two_versions(world)
    late = world.document(tenant, ["Quargelwort im Netz"])
    world.add(second, tenant, late)
    assert await world.found(tenant, "Quargelwort") == {late.item_id}
    report = back(world, tenant)
    assert (report.from_version, report.to_version, report.caught_up) == (second, first, 1)  # type: ignore[attr-defined]
    result = await world.search(tenant, "Quargelwort")
    assert result.index_versions == (first,)
    assert {hit.item_id for hit in result.hits} == {late.item_id}
    assert world.writer.verify(first).ok
    assert world.writer.version(second).state == "retired"
    back(world, tenant, second)
    assert (await world.search(tenant, "Quargelwort")).index_versions == (second,), "and forward again"


async def test_a_roll_back_killed_half_way_leaves_the_live_version_and_can_be_repeated(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, first, second = await two_versions(world)
    late = world.document(tenant, ["Quargelwort im Netz"])
    world.add(second, tenant, late)

    def die(_: IndexWriter, __: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(IndexWriter, "promote", die)
        with pytest.raises(KeyboardInterrupt):
            back(world, tenant)
    assert (await world.search(tenant, "Quargelwort")).index_versions == (second,)
    assert world.writer.version(first).state == "retired"
    back(world, tenant)
    assert (await world.search(tenant, "Quargelwort")).index_versions == (first,)
    assert await world.found(tenant, "Quargelwort") == {late.item_id}


async def test_without_an_earlier_version_nothing_happens(world: World) -> None:
    tenant = world.tenant()
    only = world.live(tenant, world.document(tenant, ["Netz"]))
    with pytest.raises(IndexVersionError, match="no earlier"):
        back(world, tenant)
    with pytest.raises(IndexVersionError, match="not a retired"):
        back(world, tenant, only)
    stranger = world.tenant()
    other = world.live(stranger, world.document(stranger, ["Netz"]))
    with pytest.raises(IndexVersionError, match="not a retired"):
        back(world, tenant, other)
    assert (await world.search(tenant, "Netz")).index_versions == (only,)


async def test_askers_see_one_whole_version_while_it_changes(world: World) -> None:
    tenant, first, second = await two_versions(world)
    expected = await world.found(tenant, "Netz")
    for _ in range(3):
        for version in (first, second):
            back(world, tenant, version)
            result = await world.search(tenant, "Netz")
            assert result.index_versions == (version,)
            assert {hit.item_id for hit in result.hits} == expected


async def test_two_at_once_end_with_one_live_version(world: World) -> None:
    tenant, first, second = await two_versions(world)
    third = world.begin(tenant)
    with pytest.raises(IndexVersionError, match="is not whole"):
        world.writer.promote(third)
    back(world, tenant)
    with pytest.raises(IndexVersionError, match="is not a retired"):
        back(world, tenant, first)
    live = world.owner.execute("SELECT array_agg(id) FROM index_versions WHERE state = 'live'").fetchone()
    assert live == ([first],)
    assert second != first


async def test_the_switch_covers_versions_that_one_can_go_back_to(world: World) -> None:
    if world.points is None:
        pytest.skip("only one engine")
    tenant, first, second = await two_versions(world)
    done = switch_engine(world.worker, world.writer, "qdrant", drop_other=True, log=lambda _: None)
    assert {one.version_id for one in done.transfers} == {first, second}
    assert world.count("index_vectors") == 0
    back(world, tenant)
    assert (await world.search(tenant, "Netz")).index_versions == (first,)
    told: list[str] = []
    switch_engine(world.worker, world.writer, "postgres", drop_other=True, log=told.append)
    assert world.count("index_vectors") == 4
    assert any("100 %" in line for line in told)
    assert world.points.state().collections == ()


def test_the_jobs_do_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same through Dagster: settings from the environment, progress in the log, a reason where it cannot be."""
    from luna_assets.jobs import index_rollback, index_snapshot, index_switch
    from resources.wiring import LunaResource

    owner = database.settings.database_url
    assert owner is not None
    monkeypatch.setenv("DATABASE_URL", owner.get_secret_value())
    monkeypatch.setenv("LUNA_HOME", str(database.settings.home))

    def run(job: JobDefinition, op: str, **config: object) -> ExecuteInProcessResult:
        with DagsterInstance.ephemeral() as instance:
            return job.execute_in_process(
                run_config={"ops": {op: {"config": config}}},
                resources={"luna": LunaResource()},
                instance=instance,
                raise_on_error=False,
            )

    nothing = run(index_rollback, "roll_index_back")
    assert not nothing.success
    assert "no earlier index version" in str(nothing.get_step_failure_events()[0].step_failure_data.error)

    world = World(database.urls)
    doc = world.document(None, ["Netz und Strom", "Gas"])
    first, second = world.live(None, doc), world.live(None, doc)
    world.owner.execute("DELETE FROM index_vectors")
    assert run(index_switch, "switch_index_engine", engine="postgres").success
    assert world.count("index_vectors") == 4
    assert run(index_rollback, "roll_index_back").success
    assert (world.writer.version(first).state, world.writer.version(second).state) == ("live", "retired")
    assert not run(index_switch, "switch_index_engine", engine="qdrant").success
    assert not run(index_snapshot, "snapshot_index_points").success
    world.owner.close()
    world.worker.close()
