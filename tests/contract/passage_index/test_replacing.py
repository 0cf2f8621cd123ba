"""Passages replaced and removed, segments merged."""

from __future__ import annotations

import asyncio
import threading
import time
from uuid import uuid4

from luna_rules.search.model import ChunkFields
from resources.database import worker_connection
from tests.contract.index_world import (
    World,
    as_found,
    shape,
    synthetic_chunks,
)


async def test_adding_again_replaces(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Netz Wind", "Netz Sonne"])
    other = world.document(tenant, ["Netz Gas"])
    version = world.live(tenant, doc, other)
    again = world.chunks(tenant, doc.item_id, doc.document_id, [ChunkFields("", "", "Netz Kohle")])
    assert world.writer.verify(version).stale_items == (doc.item_id,)
    report = world.add(version, tenant, again)
    assert report.replaced_items == 1
    result = await world.search(tenant, "Netz")
    assert sorted(hit.chunk_id for hit in result.hits) == sorted([*again.chunk_ids, *other.chunk_ids])
    assert await world.found(tenant, "Sonne") == set()
    for _ in range(3):
        world.add(version, tenant, again)
    assert len((await world.search(tenant, "Netz")).hits) == 2
    checked = world.writer.verify(version)
    assert (checked.items, checked.chunks, checked.vectors, checked.ok) == (2, 2, 2, True)
    assert world.count("index_segments") == 2, "segments whose items were all replaced are gone"


async def test_an_item_that_lost_its_passages_leaves_the_index(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Netz"])
    version = world.live(tenant, doc)
    report = world.add(version, tenant, world.chunks(tenant, doc.item_id, doc.document_id, []))
    assert (report.segment_id, report.replaced_items) == (None, 1)
    assert await world.found(tenant, "Netz") == set()
    assert world.writer.verify(version).ok


async def test_removed_items_leave_no_trace(world: World) -> None:
    tenant = world.tenant()
    docs = [world.document(tenant, [f"Netz {word}"]) for word in ("Quargelwort", "Wind", "Gas")]
    version = world.live(tenant, *docs)
    assert world.writer.remove_items(tenant, [docs[0].item_id, uuid4()]) == 1
    assert await world.found(tenant, "Netz") == {docs[1].item_id, docs[2].item_id}
    assert world.owner.execute("SELECT count(*) FROM index_postings WHERE term LIKE 'quargel%'").fetchone() == (0,)
    assert world.count("index_vectors") == 2
    assert world.writer.verify(version).missing_items == (docs[0].item_id,)
    world.writer.remove_items(tenant, [doc.item_id for doc in docs])
    for table in ("index_segments", "index_postings", "index_vectors"):
        assert world.count(table) == 0
    assert await world.found(tenant, "Netz") == set()


async def test_merging_changes_no_result(world: World) -> None:
    tenant = world.tenant()
    fields = synthetic_chunks(600)
    docs = [world.document(tenant, fields[i : i + 20]) for i in range(0, 600, 20)]
    version = world.begin(tenant)
    for start in range(0, len(docs), 2):
        world.add(version, tenant, *docs[start : start + 2])
    world.writer.promote(version)
    changed = world.chunks(tenant, docs[4].item_id, docs[4].document_id, fields[80:85])
    world.add(version, tenant, changed)
    world.writer.remove_items(tenant, [docs[9].item_id], compact=False)
    questions = [field.body[:60] for field in fields[::40]] + ["Satzung 3 § 4", "netz strom"]
    before = [shape(await world.search(tenant, question)) for question in questions]
    assert all(before)
    written = world.writer.merge_segments(version, max_segments=8)
    assert written > 0
    assert world.count("index_segments") == 4
    assert world.writer.verify(version).chunks == 600 - 20 - 15
    fresh = world.new_index()
    for question, expected in zip(questions, before, strict=True):
        assert as_found(await world.search(tenant, question)) == expected
        assert as_found(await world.search(tenant, question, index=fresh)) == expected
    assert world.writer.merge_segments(version, max_segments=8) == 0
    physical = world.owner.execute("SELECT sum(chunk_count), sum(cardinality(dropped)) FROM index_segments").fetchone()
    assert physical == (565, 0)


async def test_askers_see_every_passage_while_segments_are_merged(world: World) -> None:
    tenant = world.tenant()
    docs = [world.document(tenant, [f"Netz Nummer{i}"]) for i in range(24)]
    version = world.begin(tenant)
    for doc in docs:
        world.add(version, tenant, doc)
    world.writer.promote(version)
    expected = {doc.item_id for doc in docs}
    stop = threading.Event()
    faults: list[Exception] = []
    rounds: list[int] = []

    def churn() -> None:
        try:
            with worker_connection(world.urls.worker) as connection:
                writer = world.new_writer(connection)
                while not stop.is_set():
                    for doc in docs[::5]:
                        world.add(version, tenant, doc, writer=writer)
                    rounds.append(writer.merge_segments(version, max_segments=2))
        except Exception as fault:
            faults.append(fault)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        begun = time.monotonic()
        asked = 0
        while (asked <= 20 or len(rounds) < 4) and time.monotonic() - begun < 100:
            index = world.new_index() if asked % 3 == 0 else None
            assert await world.found(tenant, "Netz", index=index) == expected
            asked += 1
            await asyncio.sleep(0)
    finally:
        stop.set()
        thread.join()
    assert not faults
    assert asked > 20
    assert len(rounds) >= 4
