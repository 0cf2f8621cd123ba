"""What a reader keeps in memory, and that nothing is lost by candidates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from luna_rules.search.analyser import Analyser
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields
from luna_rules.search.tables import SearchTables
from resources.vectors.index import (
    NO_FILTERS,
    Filters,
)
from resources.vectors.postgres import PostgresIndex
from resources.vectors.postgres_reader import exact_dense
from tests.contract.index_world import (
    DIMENSION,
    Doc,
    World,
    as_found,
    learnt,
    shape,
    synthetic_chunks,
)


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
