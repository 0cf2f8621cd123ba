"""What every passage index must hold, tried on a real database under row security. Engines are parameters."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest

from luna_rules.search.analyser import Analyser
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields
from luna_rules.search.tables import SearchTables
from resources.database import worker_connection
from resources.search_tables import load_search_tables
from resources.secrets import DatabaseUrls
from resources.vectors.index import (
    NO_FILTERS,
    FilterError,
    Filters,
    IndexVersionError,
    SearchResult,
    parse_filters,
)
from resources.vectors.postgres import PostgresIndex
from resources.vectors.postgres_reader import exact_dense
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.qdrant_index import QdrantIndex
from tests.contract.index_world import DIMENSION, ENGINES, TODAY, Doc, World, learnt, synthetic_chunks

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(params=ENGINES)
async def world(migrated_database: DatabaseUrls, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made = World(migrated_database, request.param)
    await made.open()
    yield made
    trouble = made.index.trouble if isinstance(made.index, QdrantIndex) else None
    await made.close()
    assert trouble is None, "the engine under test did not answer itself"


SearchShape = list[tuple[UUID, object]]


def shape(result: SearchResult) -> SearchShape:
    """Hits to be compared: the same passages in the same order for the same reasons.

    The last digits of a cosine depend on how an engine cuts its sums.
    """
    return [
        (hit.chunk_id, pytest.approx({"total": hit.score, **hit.scores}, abs=2e-5))  # pyright: ignore[reportUnknownMemberType]
        for hit in result.hits
    ]


def as_found(result: SearchResult) -> SearchShape:
    """What is compared with a `shape`."""
    return [(hit.chunk_id, {"total": hit.score, **hit.scores}) for hit in result.hits]


# Finding


async def test_an_empty_index_finds_nothing(world: World) -> None:
    tenant = world.tenant()
    result = await world.search(tenant, "Netzanschluss")
    assert (result.hits, result.query, result.index_versions) == ((), None, ())
    world.live(tenant)
    result = await world.search(tenant, "Netzanschluss")
    assert result.hits == ()
    assert len(result.index_versions) == 1


async def test_an_empty_version_finds_nothing_by_the_wording_of_sections(world: World) -> None:
    """What is left when the last document is gone and the index is rebuilt; the tables still point at sections."""
    tenant = world.tenant()
    version = world.live(tenant)
    index = world.new_index(tables=load_search_tables())
    result = await world.search(tenant, "Wie kündige ich den Liefervertrag?", index=index)
    assert result.query is not None
    assert result.query.hints
    assert (result.hits, result.index_versions) == ((), (version,))


async def test_added_passages_are_found_with_their_ids_and_reasons(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Die Grundversorgung mit Strom", "Der Netzanschluss kostet Geld", "Sonstiges"])
    version = world.live(tenant, doc)
    result = await world.search(tenant, "Was kostet der Netzanschluss?")
    assert result.hits[0].chunk_id == doc.chunk_ids[1]
    assert result.hits[0].item_id == doc.item_id
    assert result.hits[0].score > 0
    assert result.hits[0].scores["lexical"] > 0
    assert result.index_versions == (version,)
    assert result.timings_ms["total"] > 0


async def test_what_enters_the_live_version_is_found_at_once(world: World) -> None:
    tenant = world.tenant()
    version = world.live(tenant, world.document(tenant, ["Stromsteuer"]))
    before = await world.search(tenant, "Gasumlage")
    late = world.document(tenant, ["Die Gasumlage steigt"])
    world.add(version, tenant, late)
    after = await world.search(tenant, "Gasumlage")
    assert before.hits == ()
    assert {hit.item_id for hit in after.hits} == {late.item_id}
    assert after.generation > before.generation


async def test_a_version_is_hidden_before_promotion_and_replaces_the_old_one_whole(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Netzentgelt der Anlage"])
    version = world.begin(tenant)
    world.add(version, tenant, doc)
    assert await world.found(tenant, "Netzentgelt") == set()
    world.writer.promote(version)
    assert await world.found(tenant, "Netzentgelt") == {doc.item_id}

    newer = world.begin(tenant)
    assert (await world.search(tenant, "Netzentgelt")).index_versions == (version,)
    with pytest.raises(IndexVersionError, match="1 items are missing"):
        world.writer.promote(newer)
    assert (await world.search(tenant, "Netzentgelt")).index_versions == (version,)
    world.add(newer, tenant, doc)
    world.writer.promote(newer)
    result = await world.search(tenant, "Netzentgelt")
    assert result.index_versions == (newer,)
    assert {hit.item_id for hit in result.hits} == {doc.item_id}
    assert world.writer.version(version).state == "retired"
    with pytest.raises(IndexVersionError, match="retired"):
        world.add(version, tenant, doc)


async def test_odd_questions_break_nothing(world: World) -> None:
    tenant = world.tenant()
    world.live(tenant, world.document(tenant, ["Netzanschluss", "Gas"]))
    odd = ["", "   ", "?!", "und oder aber", "Xyzzyqwertz", "§", "§ 99999", "a" * 5000, "%s %b {} '; DROP", "😀"]
    for question in (*odd, "\x00Netz", "\ud800Netz", "Netzanschluss " * 2000):
        assert len((await world.search(tenant, question)).hits) <= 2, question[:20]
    assert (await world.search(tenant, "Netzanschluss", limit=0)).hits == ()


async def test_without_learnt_vectors_words_still_find(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Zählerablesung im Keller", "Wind"])
    version = world.live(tenant, doc, lexicon=Lexicon.empty())
    assert world.writer.version(version).dimension == 0
    assert world.count("index_vectors") == 0
    assert world.writer.verify(version).ok
    result = await world.search(tenant, "Zählerablesung")
    assert [hit.chunk_id for hit in result.hits] == [doc.chunk_ids[0]]


async def test_an_analyser_of_another_space_is_refused(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Zählerablesung"])
    version = world.begin(tenant)
    with pytest.raises(IndexVersionError, match="another lexicon"):
        world.writer.add_segment(version, tenant, [doc.indexed], Analyser(Lexicon.empty()), None)
    assert world.count("index_segments") == 0


# Who sees what


async def test_tenants_never_see_each_other_and_both_see_the_public(world: World) -> None:
    one, other = world.tenant(), world.tenant()
    text = ["Die Stromumlage der Anlage"]
    docs = {scope: world.document(scope, text) for scope in (None, one, other)}
    for scope, doc in docs.items():
        world.live(scope, doc)
    for _ in range(2):
        assert await world.found(one, "Stromumlage") == {docs[None].item_id, docs[one].item_id}
        assert await world.found(other, "Stromumlage") == {docs[None].item_id, docs[other].item_id}


async def test_a_search_for_another_tenant_than_the_transactions_is_refused(world: World) -> None:
    one, other = world.tenant(), world.tenant()
    world.live(one, world.document(one, ["Geheime Stromumlage"]))
    await world.found(one, "Stromumlage")
    async with world.app.transaction(other) as connection:
        with pytest.raises(PermissionError):
            await world.index.search(connection, one, "Stromumlage", filters=NO_FILTERS, as_of=TODAY, limit=5)


async def test_row_security_holds_on_every_table_of_the_index(world: World) -> None:
    one, other = world.tenant(), world.tenant()
    world.live(one, world.document(one, ["Stromumlage"]))
    async with world.app.transaction(other) as connection:
        for table in ("index_lexicons", "index_versions", "index_segments", "index_postings", "index_vectors"):
            cursor = await connection.execute(f"SELECT count(*) FROM {table}".encode())  # noqa: S608
            assert await cursor.fetchone() == (0,), table
            assert world.count(table) > 0


async def test_document_frequencies_span_public_and_own_passages(world: World) -> None:
    tenant = world.tenant()
    common = world.document(None, ["Strom"] * 60)
    own = world.document(tenant, ["Strom", "Wasserstoff"])
    world.live(None, common)
    world.live(tenant, own)
    result = await world.search(tenant, "Strom Wasserstoff")
    assert result.hits[0].chunk_id == own.chunk_ids[1], "the word that is rare over both scopes counts more"
    assert len(result.index_versions) == 2


async def test_each_scope_is_asked_in_its_own_words(world: World) -> None:
    tenant = world.tenant()
    public = Lexicon.learn([ChunkFields("", "", "Strom Zähler Stromzähler")] * 3, dimension=4)
    # Only the tenant's lexicon can split this compound, for only the tenant's text knows its parts.
    own = Lexicon.learn([ChunkFields("", "", "Quargel Flansch Quargelflansch")] * 5, base=public, dimension=4)
    public_doc = world.document(None, ["Der Flansch am Stromzähler"])
    own_doc = world.document(tenant, ["Ein Quargel mit Flansch"])
    world.live(None, public_doc, lexicon=public)
    world.live(tenant, own_doc, lexicon=own)
    assert await world.found(tenant, "Quargelflansch") == {own_doc.item_id, public_doc.item_id}
    stranger = world.tenant()
    assert await world.found(stranger, "Quargelflansch") == set(), "what was learnt from a tenant stays with it"


async def test_the_same_lexicon_is_stored_once(world: World) -> None:
    tenant = world.tenant()
    world.live(None, world.document(None, ["Strom"]))
    version = world.live(tenant, world.document(tenant, ["Gas"]))
    assert world.count("index_lexicons") == 1
    assert world.writer.lexicon(version).digest == learnt().digest
    assert len(await world.found(tenant, "Strom Gas")) == 2


# Filters


@pytest.fixture
async def filtered(world: World) -> tuple[World, UUID, dict[str, Doc]]:
    tenant = world.tenant()
    docs = {
        "law": world.document(
            None, ["Netz"], kind="regulation", source="crawler", tags=["recht"], metadata={"jahr": 2024}
        ),
        "note": world.document(tenant, ["Netz"], kind="note", source="api", tags=["a", "b"], metadata={"jahr": "2024"}),
        "pdf": world.document(tenant, ["Netz"], tags=["b"], version=3, metadata={"orte": ["Köln", "Bonn"], "ok": True}),
        "bare": world.document(tenant, ["Netz"]),
    }
    world.live(None, docs["law"])
    world.live(tenant, docs["note"], docs["pdf"], docs["bare"])
    return world, tenant, docs


FILTERED: list[tuple[dict[str, object], str]] = [
    ({}, "law note pdf bare"),
    ({"kind": "regulation"}, "law"),
    ({"kind": ["note", "regulation"]}, "law note"),
    ({"source": "api"}, "note"),
    ({"tags": "b"}, "note pdf"),
    ({"tags": ["a", "recht"]}, "law note"),
    ({"tags": "unbekannt"}, ""),
    ({"version": 3}, "pdf"),
    ({"version": [1, 3]}, "law note pdf bare"),
    ({"metadata.jahr": 2024}, "law note"),
    ({"metadata.jahr": "2024"}, "law note"),
    ({"metadata.jahr": [2023, 2022]}, ""),
    ({"metadata.orte": ["Bonn"]}, "pdf"),
    ({"metadata.ok": True}, "pdf"),
    ({"metadata.ok": "x' OR '1'='1"}, ""),
    ({"tags": "b", "kind": "document"}, "pdf"),
    ({"tags": "b", "metadata.jahr": 2024, "version": 1}, "note"),
    ({"kind": "regulation", "source": "upload"}, ""),
]


async def test_filters(filtered: tuple[World, UUID, dict[str, Doc]]) -> None:
    world, tenant, docs = filtered
    for raw, expected in FILTERED * 2:  # the second time the kept masks answer
        wanted = {docs[name].item_id for name in expected.split()}
        assert await world.found(tenant, "Netz", filters=parse_filters(raw)) == wanted, raw


async def test_filters_by_id(filtered: tuple[World, UUID, dict[str, Doc]]) -> None:
    world, tenant, docs = filtered
    one, two = docs["law"], docs["pdf"]
    ids = parse_filters({"item_id": [str(one.item_id), str(two.item_id), str(uuid4())]})
    assert await world.found(tenant, "Netz", filters=ids) == {one.item_id, two.item_id}
    document = parse_filters({"document_id": str(two.document_id)})
    assert await world.found(tenant, "Netz", filters=document) == {two.item_id}
    both = Filters(item_id=(one.item_id,), document_id=(two.document_id,))
    assert await world.found(tenant, "Netz", filters=both) == set()


async def test_a_changed_tag_counts_at_once(filtered: tuple[World, UUID, dict[str, Doc]]) -> None:
    world, tenant, docs = filtered
    asked = parse_filters({"tags": "neu", "metadata.jahr": 2024})
    assert await world.found(tenant, "Netz", filters=asked) == set()
    world.worker.execute("UPDATE items SET tags = '{neu}' WHERE id = %s", (docs["note"].item_id,))
    assert await world.found(tenant, "Netz", filters=asked) == {docs["note"].item_id}


async def test_ids_that_end_with_zero_bytes_are_told_apart(world: World) -> None:
    tenant = world.tenant()
    ids = [UUID(int=0xAB << 120), UUID(int=(0xAB << 120) | 1), UUID(int=0xABCD << 112)]
    docs = [
        world.document(tenant, [f"Netz {word}"], item_id=i) for word, i in zip(("Wind", "Gas", "Öl"), ids, strict=True)
    ]
    world.live(tenant, *docs)
    assert await world.found(tenant, "Netz") == set(ids)
    assert await world.found(tenant, "Netz", filters=Filters(item_id=(ids[0],))) == {ids[0]}
    assert await world.found(tenant, "Gas") == {ids[1]}


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ({"kindd": "note"}, "kindd.*unbekannt.*item_id.*metadata"),
        ({"metadata": "x"}, "metadata.*unbekannt"),
        ({"metadata.": "x"}, "unbekannt"),
        ({"kind.x": "note"}, "unbekannt"),
        ({"kind": "law"}, "law.*document, regulation, note"),
        ({"source": 3}, "kein Text"),
        ({"tags": []}, "leere Liste"),
        ({"tags": None}, "kein Text"),
        ({"tags": [""]}, "kein Text"),
        ({"version": True}, "ganze Zahl"),
        ({"version": 0}, "ganze Zahl"),
        ({"version": "2"}, "ganze Zahl"),
        ({"item_id": "abc"}, "abc.*UUID"),
        ({"document_id": 7}, "7.*UUID"),
        ({"metadata.jahr": {"a": 1}}, "weder Text noch Zahl"),
        ({"tags": ["x"] * 1001}, "mehr als 1000"),
    ],
)
def test_a_wrong_filter_is_named_with_a_right_example(raw: dict[str, object], fault: str) -> None:
    with pytest.raises(FilterError, match=fault) as caught:
        parse_filters(raw)
    assert caught.value.key == next(iter(raw))
    assert "zum Beispiel {" in str(caught.value)


def test_filters_are_read_into_any_of() -> None:
    item = uuid4()
    read = parse_filters({"item_id": str(item), "tags": ["a", "b", "a"], "version": 2, "metadata.x": [1, "y"]})
    assert read == Filters(item_id=(item,), tags=("a", "b"), version=(2,), metadata=(("x", (1, "y")),))
    assert parse_filters(None) == NO_FILTERS
    assert hash(read) is not None


# Time, withdrawal


async def test_dates_of_validity(world: World) -> None:
    tenant = world.tenant()
    docs = {
        "dated": world.document(tenant, ["Netz"], valid_from=date(2024, 1, 1), valid_to=date(2024, 12, 31)),
        "since": world.document(tenant, ["Netz"], valid_from=date(2024, 1, 1)),
        "until": world.document(tenant, ["Netz"], valid_to=date(2024, 12, 31)),
    }
    world.live(tenant, *docs.values())
    days = {
        "2023-12-31": "until",
        "2024-01-01": "dated since until",
        "2024-12-31": "dated since until",
        "2025-01-01": "since",
    }
    for day, expected in days.items():
        found = await world.found(tenant, "Netz", as_of=date.fromisoformat(day))
        assert found == {docs[name].item_id for name in expected.split()}, day


SUPERSEDED = datetime(2026, 3, 10, 12, tzinfo=UTC)


Span = tuple[date | None, date | None]
VERSIONS: list[tuple[Span, Span, dict[str, str]]] = [
    # Neither has dates: the day on which the second replaced the first decides.
    ((None, None), (None, None), {"2026-03-09": "1", "2026-03-10": "2", "2026-06-15": "2", "2020-01-01": "1"}),
    # The second says since when: it does, even for days before it was known.
    ((None, None), (date(2025, 1, 1), None), {"2024-12-31": "1", "2025-01-01": "2", "2026-06-15": "2"}),
    # A version of the future does not hide today's.
    ((None, None), (date(2027, 1, 1), None), {"2026-06-15": "1", "2026-12-31": "1", "2027-01-01": "2"}),
    # Both have dates, with a gap between.
    (
        (date(2020, 1, 1), date(2022, 12, 31)),
        (date(2024, 1, 1), None),
        {"2019-06-01": "", "2021-06-01": "1", "2023-06-01": "", "2026-06-15": "2"},
    ),
    # A correction with the same dates leaves nothing of the first.
    ((date(2020, 1, 1), None), (date(2020, 1, 1), None), {"2019-12-31": "", "2021-01-01": "2", "2026-06-15": "2"}),
    # The first would still be valid, but was replaced.
    ((date(2020, 1, 1), date(2030, 1, 1)), (None, None), {"2021-01-01": "1", "2026-06-15": "2"}),
]


async def test_of_superseded_versions_one_counts_each_day(world: World) -> None:
    tenant = world.tenant()
    names: dict[UUID, str] = {}
    docs: list[Doc] = []
    for case, (first, second, _) in enumerate(VERSIONS):
        document = uuid4()
        for version, (since, until) in enumerate((first, second), 1):
            doc = world.document(
                tenant,
                ["Netz"],
                document_id=document,
                version=version,
                valid_from=since,
                valid_to=until,
                superseded_at=SUPERSEDED if version == 1 else None,
            )
            names[doc.item_id] = f"{case}/{version}"
            docs.append(doc)
    world.live(tenant, *docs)
    for case, (_, _, days) in enumerate(VERSIONS):
        for day, expected in days.items():
            found = {names[item] for item in await world.found(tenant, "Netz", as_of=date.fromisoformat(day))}
            mine = {name for name in found if name.startswith(f"{case}/")}
            assert mine == ({f"{case}/{expected}"} if expected else set()), (case, day)


async def test_superseding_takes_effect_at_once(world: World) -> None:
    tenant = world.tenant()
    old, new = world.document(tenant, ["Netz alt"]), world.document(tenant, ["Netz neu"], status="processing")
    version = world.live(tenant, old)
    with world.worker.transaction():
        world.add(version, tenant, new)
        world.worker.execute("UPDATE items SET status = 'ready' WHERE id = %s", (new.item_id,))
        world.worker.execute("UPDATE items SET superseded_at = now() WHERE id = %s", (old.item_id,))
    row = world.owner.execute(
        "SELECT (superseded_at AT TIME ZONE 'UTC')::date FROM items WHERE id = %s", (old.item_id,)
    ).fetchone()
    assert row is not None
    day = date.fromisoformat(str(row[0]))
    assert await world.found(tenant, "Netz", as_of=day) == {new.item_id}
    assert old.item_id in await world.found(tenant, "Netz", as_of=day - timedelta(days=1))


async def test_withdrawal_and_its_undoing(world: World) -> None:
    tenant = world.tenant()
    kept, doc = world.document(tenant, ["Netz"]), world.document(tenant, ["Netz"])
    world.live(tenant, kept, doc)
    for change, visible in (
        (b"deleted_at = now()", False),
        (b"deleted_at = NULL", True),
        (b"status = 'archived'", False),
        (b"status = 'ready'", True),
        (b"status = 'failed'", False),
    ):
        world.worker.execute(b"UPDATE items SET " + change + b" WHERE id = %s", (doc.item_id,))
        found = await world.found(tenant, "Netz")
        assert found == ({kept.item_id, doc.item_id} if visible else {kept.item_id}), change


async def test_an_item_not_yet_ready_is_hidden(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Netz"], status="processing")
    world.live(tenant, doc)
    assert await world.found(tenant, "Netz") == set()
    world.worker.execute("UPDATE items SET status = 'ready' WHERE id = %s", (doc.item_id,))
    assert await world.found(tenant, "Netz") == {doc.item_id}


# Replacing, removing, merging


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


# Writers


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


# Memory, state


async def test_a_tiny_cache_gives_the_same_results(world: World) -> None:
    tenant = world.tenant()
    fields = synthetic_chunks(900)
    version = world.begin(tenant)
    for start in range(0, 900, 300):
        world.add(version, tenant, *[world.document(tenant, fields[i : i + 30]) for i in range(start, start + 300, 30)])
    world.writer.promote(version)
    tiny = world.new_index(0)
    for field in fields[::100]:
        question = field.body[:80]
        assert as_found(await world.search(tenant, question)) == shape(await world.search(tenant, question, index=tiny))
    small = world.new_index(1)
    for field in fields[:: 3 if world.points is None else 30]:  # the client's own engine takes its time
        await world.search(tenant, field.body[:80], index=small)
    held = small.cached_bytes
    assert 0 < held < 3 * 1024 * 1024


async def test_a_question_asked_again_sees_what_was_added_since(world: World) -> None:
    tenant = world.tenant()
    fields = synthetic_chunks(60)
    version = world.begin(tenant)
    world.add(version, tenant, world.document(tenant, fields[:30]))
    world.writer.promote(version)
    question = fields[40].body[:80]
    before = shape(await world.search(tenant, question))
    assert as_found(await world.search(tenant, question)) == before
    world.add(version, tenant, world.document(tenant, fields[30:]))
    after = as_found(await world.search(tenant, question))
    assert after != before
    assert after == shape(await world.search(tenant, question, index=world.new_index()))


async def test_state_tells_whether_the_corpus_changed(world: World) -> None:
    tenant, other = world.tenant(), world.tenant()

    async def state() -> tuple[tuple[int, ...], int]:
        async with world.app.transaction(tenant) as connection:
            now = await world.index.state(connection, tenant)
        return now.index_versions, now.generation

    empty = await state()
    doc = world.document(tenant, ["Netz"])
    version = world.live(tenant, doc)
    first = await state()
    assert empty[0] == ()
    assert first[0] == (version,)
    assert await state() == first
    world.live(other, world.document(other, ["Netz"]))
    assert await state() == first, "another tenant's changes are none of ours"
    world.worker.execute("UPDATE items SET tags = '{x}' WHERE id = %s", (doc.item_id,))
    assert (await state())[1] > first[1]
    result = await world.search(tenant, "Netz")
    assert (result.index_versions, result.generation) == await state()


async def test_stored_vectors_are_those_of_the_analyser(world: World) -> None:
    tenant = world.tenant()
    fields = synthetic_chunks(200, seed=9)
    doc = world.document(tenant, fields)
    version = world.live(tenant, doc)
    analyser = Analyser(learnt())
    vectors = analyser.embed(analyser.analyse(fields))
    assert vectors.shape == (200, DIMENSION)
    async with world.app.transaction(tenant) as connection:
        for i in (0, 77, 199):
            nearest = await exact_dense(connection, version, vectors[i], 5)
            cosines = np.sort(vectors @ vectors[i])[::-1][:5]
            assert nearest[0][0] == doc.chunk_ids[i]
            np.testing.assert_allclose([cosine for _, cosine in nearest], cosines, atol=2e-3)


# Recall


@pytest.mark.parametrize("share", [1.0, 0.1, 0.01])
async def test_recall_against_ranking_every_passage(world: World, shared_data: Path, share: float) -> None:
    from luna_rules.documents.chunking import chunk_document
    from luna_rules.documents.model import ExtractedText

    rng = np.random.default_rng(5)
    laws: list[list[ChunkFields]] = []
    for path in sorted((shared_data / "law" / "current").glob("*.md"))[:14]:
        text = path.read_text("utf-8")
        document = chunk_document(ExtractedText(text=text, media_type="text/markdown", markup="markdown"))
        laws.append(
            [
                ChunkFields(
                    document.title or "", " / ".join(c.heading_path), c.text, c.section, c.paragraph, document.law_names
                )
                for c in document.chunks
            ]
        )
    tenant = world.tenant()
    lexicon = Lexicon.learn([chunk for law in laws for chunk in law], dimension=64)
    docs = [
        world.document(scope, law[start : start + 5], tags=["ja"] if rng.random() < share else [])
        for number, law in enumerate(laws)
        for scope in [None if number % 2 else tenant]
        for start in range(0, len(law), 5)
    ]
    scopes = {doc.item_id: None if number % 2 else tenant for doc, number in _numbered(docs, laws)}
    for scope in (None, tenant):
        world.live(scope, *[doc for doc in docs if scopes[doc.item_id] == scope], lexicon=lexicon)
    filters = NO_FILTERS if share == 1.0 else Filters(tags=("ja",))
    index = world.new_index(candidates=400)  # fewer than by default, for the corpus is small
    exact = PostgresIndex(SearchTables(), candidates=10**9)
    questions = [
        "Wie lange ist die Kündigungsfrist beim Stromvertrag?",
        "Wann darf der Netzbetreiber die Anlage abschalten?",
        "Wer zahlt die Kosten des Netzanschlusses?",
        "Welche Pflichten hat der Messstellenbetreiber?",
        "Wie wird das Entgelt berechnet?",
        "Welche Angaben muss die Rechnung enthalten?",
        "Was ist eine Kundenanlage?",
        "Wie hoch ist das Bußgeld?",
    ]
    recalls: list[float] = []
    for question in questions:
        wanted = [h.chunk_id for h in (await world.search(tenant, question, filters=filters, index=exact)).hits]
        found = [h.chunk_id for h in (await world.search(tenant, question, filters=filters, index=index)).hits]
        if wanted:
            recalls.append(len(set(wanted) & set(found)) / len(wanted))
    assert len(recalls) >= len(questions) // 2
    assert float(np.mean(recalls)) >= 0.95, recalls


def _numbered(docs: list[Doc], laws: list[list[ChunkFields]]) -> list[tuple[Doc, int]]:
    numbers = [number for number, law in enumerate(laws) for _ in range(0, len(law), 5)]
    return list(zip(docs, numbers, strict=True))
