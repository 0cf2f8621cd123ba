"""Two engines of one index: alike in what they find, moved from one to the other, emptied, away, and mended again."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from psycopg import Rollback
from psycopg.pq import TransactionStatus

from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.model import ExtractedText
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields
from luna_rules.search.tables import SearchTables
from resources.search_tables import load_search_tables
from resources.secrets import DatabaseUrls
from resources.vectors import transfer as transfers
from resources.vectors.index import NO_FILTERS, IndexVersionError, SearchResult, parse_filters
from resources.vectors.points import (
    MOST_TERMS,
    FoundPoints,
    IncompleteError,
    PassagePoints,
    PointsError,
    PointsMismatchError,
    PointsQuestion,
    PointsUnavailableError,
    VersionRef,
    sparse_rows,
    term_place,
)
from resources.vectors.postgres import PostgresIndex
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.qdrant_index import QdrantIndex
from resources.vectors.transfer import release, transfer
from resources.vectors.trial import ask_version, try_version
from tests.contract.index_world import ENGINES, TODAY, Doc, World, synthetic_chunks, words
from tests.places import SHARED

pytestmark = pytest.mark.timeout(300)

SAME_FIRST, SAME_FIVE = 0.95, 0.95
"""Stated tolerance: so many questions must have the same best passage, so many of the best five must be the same."""


@pytest.fixture(params=[engine for engine in ENGINES if engine != "postgres"])
async def world(migrated_database: DatabaseUrls, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made = World(migrated_database, request.param)
    await made.open()
    yield made
    await made.close()


class Faulty:
    """Points that fail as a test wants: `before` is called with the name of each method."""

    def __init__(self, points: PassagePoints, before: Callable[[str], None]) -> None:
        self._points = points
        self._before = before

    def __getattr__(self, name: str) -> Any:
        self._before(name)
        return getattr(self._points, name)


class Hanging(Faulty):
    """Points that never answer while `hangs`; `given_up` counts the calls that nobody waits for any more."""

    def __init__(self, points: PassagePoints) -> None:
        super().__init__(points, lambda _: None)
        self.hangs = False
        self.given_up = 0

    async def find(self, question: PointsQuestion) -> FoundPoints:
        if self.hangs:
            self.hangs = False
            try:
                await asyncio.Event().wait()
            finally:
                self.given_up += 1
        return await self._points.find(question)


def away(_: str) -> None:
    raise PointsUnavailableError("Qdrant antwortet nicht (ConnectError)")


def trouble(world: World) -> str | None:
    assert isinstance(world.index, QdrantIndex)
    return world.index.trouble


def store(world: World) -> Any:
    assert world.points is not None
    return world.points


def ref(world: World, version: int) -> VersionRef:
    return VersionRef.of(world.writer.version(version))


async def filled(world: World, passages: int = 120) -> tuple[UUID, int, list[Doc]]:
    tenant = world.tenant()
    fields = synthetic_chunks(passages)
    docs = [world.document(tenant, fields[i : i + 10]) for i in range(0, passages, 10)]
    version = world.begin(tenant)
    for start in range(0, len(docs), 3):
        world.add(version, tenant, *docs[start : start + 3])
    world.writer.promote(version)
    return tenant, version, docs


def ids(result: SearchResult) -> list[UUID]:
    return [hit.chunk_id for hit in result.hits]


def alike(found: list[UUID], before: list[UUID]) -> bool:
    """Whether two engines found the same, but for what lies so close together that rounding decides."""
    return found[:1] == before[:1] and len(set(found) & set(before)) >= 0.9 * len(before)


# Alike


def test_sparse_vectors_weigh_as_the_ranker_does() -> None:
    from luna_rules.search.analyser import Analyser

    analyser = Analyser(Lexicon.empty())
    block = analyser.analyse([ChunkFields("", "Netz", "Strom Strom Gas", "§ 3"), ChunkFields("", "", "Gas")])
    rows = sparse_rows(block)
    first = dict(zip(*rows.row(0), strict=True))
    stems = {term: term_place(term) for term in block.terms}
    strom, gas, netz = (stems[word] for word in ("strom", "gas", "netz"))
    assert 1 > first[strom] > first[gas] > 0, "a word said twice counts more than one said once"
    assert 1 > first[netz] > 0
    assert first[stems["@sec/3"]] == 1.0
    assert set(rows.row(1)[0]) == {gas}
    taken = rows.take(np.array([1, 0]))
    assert taken.row(1) == rows.row(0)


async def test_dev_questions_come_out_as_on_postgres(world: World) -> None:
    folder = SHARED / "data" / "law" / "current"
    questions = SHARED / "eval" / "law_questions_dev.jsonl"
    if not folder.is_dir() or not questions.is_file():
        pytest.skip("the laws and questions are not on this machine (expected in ../shared)")
    asked = [json.loads(line)["question"] for line in questions.read_text("utf-8").splitlines()]
    # The client's own engine compares every passage in Python: some laws are enough for it.
    small = world.engine == "qdrant-in-memory"
    docs: list[Doc] = []
    chunks: list[ChunkFields] = []
    for path in sorted(folder.glob("*.md")):
        text = path.read_text("utf-8")
        if small and (len(text) > 120_000 or len(chunks) > 1200):
            continue
        document = chunk_document(ExtractedText(text=text, media_type="text/markdown", markup="markdown"))
        fields = [
            ChunkFields(
                document.title or "", " / ".join(c.heading_path), c.text, c.section, c.paragraph, document.law_names
            )
            for c in document.chunks
        ]
        chunks += fields
        docs.append(world.document(None, fields))
    world.live(None, *docs, lexicon=Lexicon.learn(chunks, dimension=100))
    tenant = world.tenant()
    tables = load_search_tables()
    ours, theirs = PostgresIndex(tables), QdrantIndex(tables, store(world))
    first, five, compared = 0, 0.0, 0
    for question in asked[:: 3 if small else 1]:
        wanted = ids(await world.search(tenant, question, index=ours, limit=5))
        found = ids(await world.search(tenant, question, index=theirs, limit=5))
        assert theirs.trouble is None
        if wanted:
            compared += 1
            first += wanted[0] == found[0]
            five += len(set(wanted) & set(found)) / len(wanted)
    assert compared >= 15
    # A few questions cannot differ by less than a whole one.
    assert compared - first <= math.ceil((1 - SAME_FIRST) * compared), (first, compared)
    assert five / compared >= SAME_FIVE, (five, compared)


async def test_the_gold_check_asks_the_engine_that_askers_would_use(world: World) -> None:
    _, version, docs = await filled(world, 60)
    questions = [docs[2].indexed.chunks[4][1].body[:60], "Satzung 0 § 3", "netz", "Xyzzy"]
    calls: list[str] = []
    ours = ask_version(world.worker, version, questions, SearchTables(), limit=10)
    theirs = ask_version(
        world.worker, version, questions, SearchTables(), limit=10, points=Faulty(store(world), calls.append)
    )
    assert calls == ["search"] * len(questions)
    assert ours[0][0] == theirs[0][0] == docs[2].chunk_ids[4]
    assert all(alike(found, before) for found, before in zip(theirs, ours, strict=True))


async def test_the_nearest_by_vectors_alone_are_the_same(world: World) -> None:
    tenant, version, docs = await filled(world, 60)
    world.add(version, tenant, docs[0])  # what a later segment replaced is not found twice
    questions = [docs[2].indexed.chunks[4][1].body[:60], "Xyzzy"]

    def tried(points: PassagePoints | None) -> list[tuple[UUID, ...] | None]:
        found = try_version(world.worker, version, questions, SearchTables(), limit=10, points=points, by_vectors=True)
        return [one.nearest for one in found]

    ours, theirs = tried(None), tried(store(world))
    assert ours[0]
    assert theirs[0]
    assert len(set(ours[0])) == len(ours[0]) == 10
    assert docs[2].chunk_ids[4] in ours[0]
    assert alike(list(theirs[0]), list(ours[0]))
    assert ours[1] == theirs[1] == (), "of words that nobody wrote there is no vector"
    (unasked,) = try_version(world.worker, version, questions[:1], SearchTables(), limit=10)
    assert unasked.nearest is None


async def test_one_call_asks_terms_and_vectors_at_once(world: World) -> None:
    tenant, _, _ = await filled(world)
    calls: list[str] = []
    index = QdrantIndex(SearchTables(), Faulty(store(world), calls.append))
    assert (await world.search(tenant, "netz strom", index=index)).hits
    assert calls == ["find"]


async def test_the_candidates_are_the_best_by_words_and_few_terms_find_more(world: World) -> None:
    tenant, _, _ = await filled(world)
    asked: list[PointsQuestion] = []

    class Seen(Faulty):
        async def find(self, question: PointsQuestion) -> FoundPoints:
            asked.append(question)
            return await self._points.find(question)

    text = " ".join(dict.fromkeys(words(60)))
    index = QdrantIndex(SearchTables(), Seen(store(world), lambda _: None), candidates=30)
    found = await world.search(tenant, text, index=index, limit=10)
    assert len(found.hits) == 10
    (one,) = asked
    assert len(one.candidates) == 30
    assert 0 < len(one.terms) <= MOST_TERMS
    assert index.trouble is None
    asked.clear()
    more = await world.search(tenant, text, index=index, limit=50)
    assert len(asked[0].candidates) == len(more.hits) == 50, "never fewer than are wanted"


async def test_a_search_given_up_while_its_view_is_checked_leaves_the_connection_in_order(world: World) -> None:
    tenant, version, _ = await filled(world)
    for _ in range(2):
        await world.search(tenant, "netz strom")
    async with world.app.transaction(tenant) as connection:
        searching = asyncio.create_task(
            world.index.search(connection, tenant, "netz strom", filters=NO_FILTERS, as_of=TODAY, limit=5)
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        searching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await searching
        assert connection.pgconn.transaction_status != TransactionStatus.ACTIVE, "nothing of it is under way any more"
    assert (await world.search(tenant, "netz strom")).index_versions == (version,)


async def test_what_was_asked_for_an_outdated_view_is_given_up(world: World) -> None:
    tenant, version, _ = await filled(world)
    points = Hanging(store(world))
    index = QdrantIndex(SearchTables(), points)
    for _ in range(2):
        await world.search(tenant, "netz strom quargel", index=index)
    doc = world.document(tenant, ["Quargel Quargel Quargel"])
    world.add(version, tenant, doc)
    points.hangs = True
    result = await world.search(tenant, "netz strom quargel", index=index)
    assert points.given_up == 1, "it was asked before the view was checked"
    assert doc.item_id in {hit.item_id for hit in result.hits}
    assert index.trouble is None


async def test_facts_that_changed_are_asked_for_until_they_are_renewed(world: World) -> None:
    tenant, version, docs = await filled(world)
    world.worker.execute("UPDATE items SET tags = '{neu}', valid_from = '2020-01-01' WHERE id = %s", (docs[3].item_id,))
    asked = parse_filters({"tags": "neu"})
    assert world.count("index_outdated") == 1
    assert await world.found(tenant, "netz strom vertrag", filters=asked) == {docs[3].item_id}
    assert world.writer.mirror.renew_facts() == 1
    assert world.count("index_outdated") == 0
    world.index.forget()
    assert await world.found(tenant, "netz strom vertrag", filters=asked) == {docs[3].item_id}
    assert trouble(world) is None
    assert store(world).count(ref(world, version)) == 120


# Emptied, away, partly lost


async def test_an_engine_emptied_behind_our_back_is_noticed_and_mended(world: World) -> None:
    tenant, version, _ = await filled(world)
    before = ids(await world.search(tenant, "netz strom vertrag"))
    assert trouble(world) is None
    store(world).retain([])
    found = ids(await world.search(tenant, "netz strom vertrag"))
    assert alike(found, before), "PostgreSQL still has the version and answers"
    said = trouble(world)
    assert said is not None
    assert "PostgreSQL" in said
    assert world.writer.verify(version).points == 0
    assert not world.writer.verify(version).ok
    done = transfer(world.worker, world.writer, version, "qdrant", lambda *_: None)
    assert (done.total, done.written) == (120, 120)
    world.index.forget()
    fresh = world.new_index()
    assert isinstance(fresh, QdrantIndex)
    assert alike(ids(await world.search(tenant, "netz strom vertrag", index=fresh)), before)
    assert fresh.trouble is None
    assert world.writer.verify(version).ok


async def test_passages_lost_one_by_one_are_noticed(world: World) -> None:
    tenant, version, docs = await filled(world)
    before = ids(await world.search(tenant, "netz strom vertrag"))
    store(world).remove(ref(world, version), list(docs[2].chunk_ids))
    assert alike(ids(await world.search(tenant, "netz strom vertrag")), before)
    said = trouble(world)
    assert said is not None
    assert "index_switch" in said
    done = transfer(world.worker, world.writer, version, "qdrant", lambda *_: None)
    assert done.written == 10, "only what is missing is written"
    await world.search(tenant, "netz strom vertrag")
    assert trouble(world) is None


async def test_the_gold_check_refuses_an_engine_that_lost_passages(world: World) -> None:
    _, version, docs = await filled(world)
    question = docs[2].indexed.chunks[4][1].body[:60]

    def tried() -> list[list[UUID]]:
        return ask_version(world.worker, version, [question], SearchTables(), limit=10, points=store(world))

    assert tried()[0][0] == docs[2].chunk_ids[4]
    store(world).remove(ref(world, version), list(docs[2].chunk_ids))
    with pytest.raises(IncompleteError, match=f"Indexversion {version}.*index_switch"):
        tried()
    for one in docs:
        store(world).remove(ref(world, version), list(one.chunk_ids))
    with pytest.raises(IncompleteError):
        tried()
    assert transfer(world.worker, world.writer, version, "qdrant", lambda *_: None).written == 120
    assert tried()[0][0] == docs[2].chunk_ids[4]


async def test_without_an_answer_postgres_answers_and_the_server_is_left_alone_for_a_while(world: World) -> None:
    tenant, _, _ = await filled(world)
    before = ids(await world.search(tenant, "netz strom"))
    calls: list[str] = []

    def fail(name: str) -> None:
        calls.append(name)
        away(name)

    index = QdrantIndex(SearchTables(), Faulty(store(world), fail))
    for _ in range(3):
        assert alike(ids(await world.search(tenant, "netz strom", index=index)), before)
    assert index.trouble is not None
    assert "antwortet nicht" in index.trouble
    assert calls == ["find"], "not asked again with every question"


async def test_after_a_while_one_question_tries_the_server_and_the_others_do_not_wait_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.vectors.qdrant_index.REST_S", 0.0)
    tenant, _, _ = await filled(world)
    before = ids(await world.search(tenant, "netz strom"))
    calls: list[str] = []
    asked: asyncio.Queue[asyncio.Event] = asyncio.Queue()

    class Silent(Faulty):
        async def find(self, question: PointsQuestion) -> FoundPoints:
            calls.append("find")
            if len(calls) == 1:
                away("find")
            answering = asyncio.Event()
            asked.put_nowait(answering)
            await answering.wait()
            return await self._points.find(question)

    index = QdrantIndex(SearchTables(), Silent(store(world), lambda _: None))
    await world.search(tenant, "netz strom", index=index)
    monkeypatch.setattr(index._breaker, "_first_pause_s", 600.0)
    monkeypatch.setattr(index._breaker, "_longest_pause_s", 600.0)
    trying = asyncio.create_task(world.search(tenant, "netz strom", index=index))
    answering = await asked.get()
    try:
        for _ in range(3):
            assert alike(ids(await asyncio.wait_for(world.search(tenant, "netz strom", index=index), 60)), before)
        assert len(calls) == 2, "one tries"
        assert index.trouble is not None
    finally:
        answering.set()
        assert alike(ids(await trying), before)
    assert index.trouble is None
    index._breaker.failed()
    monkeypatch.setattr(index._breaker, "_until", 0.0)
    await world.search(tenant, "Quargelbumm", index=index)
    assert index._breaker.pause_s > 0, "who asks the server nothing does not learn that it answers"
    index._breaker.worked()
    after = asyncio.create_task(world.search(tenant, "netz strom", index=index))
    (await asked.get()).set()
    assert alike(ids(await after), before)


def refusing(name: str) -> None:
    if name == "write":
        raise PointsError("Qdrant verlangt einen anderen Schlüssel; bitte QDRANT_API_KEY prüfen")


@pytest.mark.parametrize("fails", [away, refusing])
async def test_writing_goes_on_while_the_engine_is_away(world: World, fails: Callable[[str], None]) -> None:
    tenant, version, _ = await filled(world)
    doc = world.document(tenant, ["Quargelwort im Netz"])
    writer = IndexWriter(world.worker, Faulty(store(world), fails))
    world.add(version, tenant, doc, writer=writer)
    assert world.writer.version(version).engines == ("postgres",)
    assert await world.found(tenant, "Quargelwort") == {doc.item_id}
    assert "noch nicht in Qdrant" in str(trouble(world))
    assert transfer(world.worker, world.writer, version, "qdrant", lambda *_: None).written == 1
    assert world.writer.version(version).engines == ("postgres", "qdrant")
    assert await world.found(tenant, "Quargelwort") == {doc.item_id}
    assert trouble(world) is None


async def test_a_collection_that_goes_amid_writing_costs_no_document(world: World) -> None:
    tenant, version, _ = await filled(world)
    first, second = world.document(tenant, ["Erster im Netz"]), world.document(tenant, ["Quargelwort im Netz"])
    world.add(version, tenant, first)
    store(world).retain([])
    store(world)._ready.add(store(world).collection(ref(world, version)))  # as the process knows that has just written
    world.add(version, tenant, second)
    assert await world.found(tenant, "Quargelwort") == {second.item_id}
    assert transfer(world.worker, world.writer, version, "qdrant", lambda *_: None).written > 1
    assert world.writer.version(version).engines == ("postgres", "qdrant")


async def test_what_is_in_qdrant_only_is_not_written_without_it(world: World) -> None:
    tenant, version, _ = await filled(world)
    release(world.writer, version, "postgres")
    doc = world.document(tenant, ["Netz"])
    with pytest.raises(PointsUnavailableError):
        world.add(version, tenant, doc, writer=IndexWriter(world.worker, Faulty(store(world), away)))
    with pytest.raises(IndexVersionError, match="QDRANT_URL"):
        world.add(version, tenant, doc, writer=IndexWriter(world.worker))
    assert world.writer.version(version).engines == ("qdrant",)
    assert world.writer.verify(version).missing_items == (doc.item_id,)
    index = QdrantIndex(SearchTables(), Faulty(store(world), away))
    result = await world.search(tenant, "netz strom", index=index)
    assert result.hits, "words alone still find"
    assert all(hit.scores["dense"] == 0 for hit in result.hits)
    assert result.without_vectors == (version,)
    assert "nur nach Wörtern" in str(index.trouble)
    assert (await world.search(tenant, "netz strom")).without_vectors == ()
    alone = await world.search(tenant, "netz strom", index=PostgresIndex(SearchTables()))
    assert alone.without_vectors == (version,), "without a server configured, too"


# From one engine to the other


async def test_there_and_back(world: World) -> None:
    tenant, version, _ = await filled(world)
    before = ids(await world.search(tenant, "netz strom vertrag"))
    release(world.writer, version, "postgres")
    with pytest.raises(IndexVersionError, match="No other engine"):
        release(world.writer, version, "qdrant")
    assert world.writer.version(version).engines == ("qdrant",)
    assert world.count("index_vectors") == 0
    assert alike(ids(await world.search(tenant, "netz strom vertrag")), before)
    assert trouble(world) is None

    steps: list[tuple[int, int]] = []
    done = transfer(world.worker, world.writer, version, "postgres", lambda *step: steps.append(step))
    assert (done.total, done.written) == (120, 120)
    assert steps[-1] == (120, 120)
    release(world.writer, version, "qdrant")
    assert world.count("index_vectors") == 120
    assert store(world).count(ref(world, version)) == 0
    assert alike(ids(await world.search(tenant, "netz strom vertrag", index=PostgresIndex(SearchTables()))), before)
    again = transfer(world.worker, world.writer, version, "postgres", lambda *_: None)
    assert again.written == 0, "what is there is not written again"


async def test_a_transfer_killed_half_way_goes_on_where_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, version, _ = await filled(world)
    release(world.writer, version, "qdrant")
    assert store(world).count(ref(world, version)) == 0
    monkeypatch.setattr(transfers, "SLICE", 15)
    writes = 0

    def fail_later(name: str) -> None:
        nonlocal writes
        writes += name == "write"
        if writes > 3:
            raise KeyboardInterrupt

    dying = IndexWriter(world.worker, Faulty(store(world), fail_later))
    with pytest.raises(KeyboardInterrupt):
        transfer(world.worker, dying, version, "qdrant", lambda *_: None)
    there = store(world).count(ref(world, version))
    assert 0 < there < 120
    assert world.writer.version(version).engines == ("postgres",), "half an engine is not asked"
    await world.search(tenant, "netz strom")
    assert "noch nicht in Qdrant" in str(trouble(world))
    done = transfer(world.worker, world.writer, version, "qdrant", lambda *_: None)
    assert done.written == 120 - there
    assert world.writer.verify(version).ok
    await world.search(tenant, "netz strom")
    assert trouble(world) is None


async def test_points_that_no_segment_names_go(world: World) -> None:
    tenant, version, docs = await filled(world)
    with world.worker.transaction():
        world.add(version, tenant, world.document(tenant, ["Netz"] * 4))
        raise Rollback
    assert store(world).count(ref(world, version)) == 124
    assert transfer(world.worker, world.writer, version, "qdrant", lambda *_: None).removed == 4
    again = world.chunks(tenant, docs[0].item_id, docs[0].document_id, [ChunkFields("", "", "Netz")])
    world.add(version, tenant, again)
    world.writer.merge_segments(version, max_segments=2)
    assert store(world).count(ref(world, version)) == 111


# Versions


async def test_the_alias_follows_the_live_public_version(world: World) -> None:
    doc = world.document(None, ["Netz"])
    first = world.live(None, doc)
    world.writer.show_live()
    assert store(world).state().alias == store(world).collection(ref(world, first))
    second = world.begin(None)
    world.add(second, None, doc)
    assert store(world).state().alias == store(world).collection(ref(world, first)), "not before it is promoted"
    world.writer.promote(second)
    world.writer.show_live()
    assert store(world).state().alias == store(world).collection(ref(world, second))
    world.writer.promote(first)
    world.writer.show_live()
    assert store(world).state().alias == store(world).collection(ref(world, first))
    assert world.writer.retire_old(keep=0) == 1
    assert store(world).state().collections == (store(world).collection(ref(world, first)),)


async def test_versions_of_tenants_share_a_collection_and_stay_apart(world: World) -> None:
    one, other = world.tenant(), world.tenant()
    docs = {tenant: world.document(tenant, ["Netz und Strom"]) for tenant in (one, other)}
    versions = {tenant: world.live(tenant, docs[tenant]) for tenant in (one, other)}
    newer = world.begin(one)
    world.add(newer, one, docs[one])
    assert len(store(world).state().collections) == 1
    assert [store(world).count(ref(world, version)) for version in (*versions.values(), newer)] == [1, 1, 1]
    assert await world.found(one, "Netz") == {docs[one].item_id}
    world.writer.promote(newer)
    world.writer.retire_old(keep=0)
    assert [store(world).count(ref(world, version)) for version in (versions[other], newer)] == [1, 1]
    assert await world.found(other, "Netz") == {docs[other].item_id}


async def test_a_collection_of_another_dimension_is_refused_with_a_remedy(world: World) -> None:
    _, version, _ = await filled(world, 30)
    points, own = store(world), ref(world, version)
    other = VersionRef(own.id, None, own.dimension + 5)
    points.begin(other)
    points._ready.clear()  # as another process would see it
    with pytest.raises(PointsMismatchError, match="QDRANT_ALIAS"):
        points.set_facts(VersionRef(own.id, None, own.dimension), [])
