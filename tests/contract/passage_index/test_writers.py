"""Writers at once, killed or failed; versions of a scope."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from multiprocessing.connection import Connection as Pipe
from uuid import UUID

import pytest

from luna_rules.search.analyser import Analyser
from resources.database import worker_connection
from resources.vectors.index import (
    IndexVersionError,
)
from resources.vectors.postgres_writer import IndexWriter
from tests.contract.index_world import (
    Doc,
    World,
    learnt,
)


async def test_writers_of_different_tenants_do_not_wait_for_each_other(world: World) -> None:
    one, other = world.tenant(), world.tenant()
    versions = {tenant: world.live(tenant) for tenant in (one, other)}
    first, second = world.document(one, ["Netz"]), world.document(other, ["Netz"])
    with worker_connection(world.urls.worker) as held, held.transaction():
        world.add(versions[one], one, first, writer=world.new_writer(held))
        world.worker.execute("SET lock_timeout = '20s'")
        world.add(versions[other], other, second)
        assert await world.found(other, "Netz") == {second.item_id}
        assert await world.found(one, "Netz") == set()
    assert await world.found(one, "Netz") == {first.item_id}


async def test_writers_of_one_tenant_at_once_leave_one_copy(world: World) -> None:
    tenant = world.tenant()
    version = world.live(tenant)
    doc = world.document(tenant, ["Netz"] * 3)
    faults: list[Exception] = []

    def add() -> None:
        try:
            with worker_connection(world.urls.worker) as connection:
                for _ in range(5):
                    world.add(version, tenant, doc, writer=world.new_writer(connection))
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert world.count("index_segments") == 1
    assert len((await world.search(tenant, "Netz")).hits) == 3


async def test_promotion_waits_for_a_writer_and_then_sees_what_is_missing(world: World) -> None:
    tenant = world.tenant()
    old = world.live(tenant)
    newer = world.begin(tenant)
    doc = world.document(tenant, ["Netz"], status="processing")
    outcome: list[BaseException | None] = []

    def promote() -> None:
        with worker_connection(world.urls.worker) as connection:
            try:
                world.new_writer(connection).promote(newer)
                outcome.append(None)
            except IndexVersionError as fault:
                outcome.append(fault)

    thread = threading.Thread(target=promote)
    with world.worker.transaction():
        world.add(old, tenant, doc)
        world.worker.execute("UPDATE items SET status = 'ready' WHERE id = %s", (doc.item_id,))
        thread.start()
        await asyncio.sleep(0.3)
        assert not outcome
    thread.join()
    assert isinstance(outcome[0], IndexVersionError)
    assert await world.found(tenant, "Netz") == {doc.item_id}


def _add_and_wait(urls: tuple[str, str], tenant: UUID, version: int, doc: Doc, ready: Pipe) -> None:
    with worker_connection(urls[1]) as connection, connection.transaction():
        writer = IndexWriter(connection)
        writer.add_segment(version, tenant, [doc.indexed], Analyser(writer.lexicon(version)), "run")
        ready.send("written")
        time.sleep(600)


async def test_a_writer_killed_before_its_commit_leaves_nothing(world: World) -> None:
    tenant = world.tenant()
    kept = world.document(tenant, ["Netz Wind"])
    version = world.live(tenant, kept)
    lost = world.document(tenant, ["Netz Gas"])
    counts = {table: world.count(table) for table in ("index_segments", "index_postings", "index_vectors")}
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_add_and_wait, args=((world.urls.app, world.urls.worker), tenant, version, lost, there)
    )
    process.start()
    assert here.poll(150)
    assert here.recv() == "written"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    world.worker.execute("SET lock_timeout = '100s'")
    world.add(version, tenant, kept)  # waits until the server noticed, then works
    assert {table: world.count(table) for table in counts} == counts
    assert await world.found(tenant, "Netz") == {kept.item_id}
    assert world.writer.verify(version).missing_items == (lost.item_id,)
    world.add(version, tenant, lost)
    assert world.writer.verify(version).ok


async def test_a_failed_transaction_of_the_caller_takes_the_segment_with_it(world: World) -> None:
    tenant = world.tenant()
    version = world.live(tenant)
    doc = world.document(tenant, ["Netz"])

    class Stop(Exception):  # noqa: N818
        pass

    def fail_after_adding() -> None:
        with world.worker.transaction():
            world.add(version, tenant, doc)
            raise Stop

    with pytest.raises(Stop):
        fail_after_adding()
    assert world.count("index_segments") == 0
    assert await world.found(tenant, "Netz") == set()


async def test_a_version_of_another_scope_is_not_written_to(world: World) -> None:
    one, other = world.tenant(), world.tenant()
    version = world.live(one)
    with pytest.raises(IndexVersionError, match="another scope"):
        world.writer.add_segment(version, other, [], Analyser(learnt()), None)


async def test_refused_and_old_versions_go(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Netz"])
    versions = [world.live(tenant, doc) for _ in range(4)]
    refused = world.begin(tenant)
    world.add(refused, tenant, doc)
    world.writer.refuse(refused, {"hit@5": 0.1})
    assert world.writer.version(refused).state == "refused"
    with pytest.raises(IndexVersionError, match="refused"):
        world.writer.promote(refused)
    assert world.writer.retire_old(keep=1) == 2
    assert [world.writer.version(v).state for v in versions[2:]] == ["retired", "live"]
    with pytest.raises(IndexVersionError, match="no index version"):
        world.writer.version(versions[0])
    assert await world.found(tenant, "Netz") == {doc.item_id}
    assert world.count("index_segments") == 2
    world.writer.promote(versions[2])
    assert (await world.search(tenant, "Netz")).index_versions == (versions[2],)


async def test_verification_counts_and_names_what_is_wrong(world: World) -> None:
    tenant = world.tenant()
    docs = [world.document(tenant, ["Netz", "Gas"]) for _ in range(3)]
    version = world.begin(tenant)
    world.add(version, tenant, *docs[:2])
    checked = world.writer.verify(version)
    assert (checked.items, checked.chunks, checked.vectors, checked.expected_vectors) == (2, 4, 4, 4)
    assert checked.missing_items == (docs[2].item_id,)
    assert not checked.ok
    world.add(version, tenant, docs[2])
    assert world.writer.verify(version).ok
    world.owner.execute("DELETE FROM index_vectors WHERE number = 1")
    checked = world.writer.verify(version)
    assert checked.vectors < checked.expected_vectors
    assert not checked.ok
