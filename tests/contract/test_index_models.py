"""Versions whose vectors are a model's: built, searched, moved, and what a server that fails or changed does."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from uuid import UUID

import numpy as np
import pytest

from luna_assets.documents.engines import roll_back
from luna_rules.search.analyser import Analyser
from luna_rules.search.tables import SearchTables
from resources.breaker import Breaker
from resources.embedder import EmbedderError
from resources.secrets import DatabaseUrls
from resources.vectors.embedders import Embedders
from resources.vectors.index import IndexVersionError, SearchResult
from resources.vectors.points import PointsMismatchError, VersionRef
from resources.vectors.postgres import PostgresIndex
from resources.vectors.questions import QuestionEmbedder
from resources.vectors.space import Space, leveled
from resources.vectors.transfer import release, transfer
from resources.vectors.trial import try_version
from tests.contract.index_world import DIMENSION, ENGINES, Doc, World, learnt, synthetic_chunks
from tests.fake_embedding import EMBED_MODEL, bag_of_words, embedding_script
from tests.fake_ollama import Script, fake_ollama

pytestmark = pytest.mark.timeout(300)

SIZE = 32
NETZ, GAS, ZAEHLER = "Das Netz liefert Strom", "Das Netz liefert Gas in den Speicher", "Der Zähler misst den Verbrauch"


@pytest.fixture
def script() -> Script:
    return embedding_script(SIZE)


@pytest.fixture(params=ENGINES)
async def world(
    migrated_database: DatabaseUrls, script: Script, request: pytest.FixtureRequest
) -> AsyncIterator[World]:
    with fake_ollama(script) as url:
        made = World(migrated_database, request.param, models=url)
        await made.open()
        yield made
        await made.close()


def dense(result: SearchResult) -> list[float]:
    return [round(hit.scores.get("dense", 0.0), 4) for hit in result.hits]


def space_of(world: World, version: int) -> Space:
    space = world.writer.version(version).space
    assert space is not None
    return space


def embedded_questions(script: Script) -> int:
    return sum(1 for path, _ in script.asked if path == "/api/embed")


def filled(world: World) -> tuple[UUID, int, list[Doc]]:
    tenant = world.tenant()
    docs = [world.document(tenant, [text]) for text in (NETZ, GAS, ZAEHLER)]
    return tenant, world.live(tenant, *docs, model=EMBED_MODEL), docs


# As it should be


async def test_a_version_keeps_its_space_and_has_the_models_vectors(world: World) -> None:
    _, version, _ = filled(world)
    info = world.writer.version(version)
    assert (info.embedder, info.dimension) == (EMBED_MODEL, SIZE)
    assert space_of(world, version).digest == "a" * 64
    assert world.writer.verify(version).ok
    (stored,) = world.writer.segments(version)
    made = np.array(bag_of_words(SIZE)([NETZ, GAS, ZAEHLER]), np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    assert np.allclose(world.writer.read_vectors(stored.id, SIZE).astype(np.float32), made, atol=2e-3)
    if world.points is not None:
        kept = world.points.vectors(VersionRef.of(info), stored.layout.chunk_ids)
        assert kept is not None
        assert np.allclose(kept, made, atol=2e-3)


async def test_a_search_compares_with_the_models_vectors(world: World, script: Script) -> None:
    tenant, version, docs = filled(world)
    result = await world.search(tenant, NETZ)
    assert result.without_vectors == ()
    assert result.index_versions == (version,)
    assert result.hits[0].item_id == docs[0].item_id
    assert max(dense(result)) > 0
    asked = embedded_questions(script)
    assert dense(await world.search(tenant, NETZ)) == dense(result)
    assert embedded_questions(script) == asked, "the vector of a question is kept"


async def test_without_a_model_nothing_is_asked_of_any_server(world: World, script: Script) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, [NETZ, GAS])
    version = world.live(tenant, doc)
    info = world.writer.version(version)
    assert (info.embedder, info.dimension, info.space) == (f"svd-{DIMENSION}", DIMENSION, None)
    result = await world.search(tenant, "Netz und Strom")
    assert result.hits
    assert "embed" not in result.timings_ms
    assert script.asked == []


async def test_merging_and_replacing_keep_the_models_vectors(world: World) -> None:
    tenant, version, docs = filled(world)
    before = await world.search(tenant, NETZ)
    for number in range(4):
        world.add(version, tenant, world.document(tenant, [f"Der Vertrag {number} endet"]))
    world.add(version, tenant, docs[0])
    assert world.writer.merge_segments(version, max_segments=2) > 0
    assert world.writer.verify(version).ok
    after = await world.search(tenant, NETZ)
    assert after.hits[0].item_id == before.hits[0].item_id
    assert after.without_vectors == ()
    assert max(dense(after)) > 0


async def test_the_trial_before_promotion_asks_the_model(world: World, script: Script) -> None:
    tenant = world.tenant()
    version = world.begin(tenant, model=EMBED_MODEL)
    world.add(version, tenant, world.document(tenant, [NETZ, GAS]))
    points = world.points

    def tried(embedders: Embedders | None) -> list[float]:
        (one,) = try_version(world.worker, version, [NETZ], SearchTables(), limit=5, points=points, embedders=embedders)
        return [scores.get("dense", 0.0) for _, _, scores in one.hits]

    assert max(tried(world.embedders)) > 0
    with pytest.raises(EmbedderError):
        tried(None)
    world.writer.promote(version)
    assert max(tried(None), default=0.0) == 0.0, "what is live is tried as askers find it"


async def test_there_and_back_the_vectors_come_along(world: World) -> None:
    if world.points is None:
        pytest.skip("needs a second engine")
    tenant, version, _ = filled(world)
    before = await world.search(tenant, NETZ)
    release(world.writer, version, "postgres")
    assert world.writer.version(version).engines == ("qdrant",)
    transfer(world.worker, world.writer, version, "postgres", lambda *_: None)
    assert world.writer.verify(version).ok
    world.points.retain([])
    result = await world.search(tenant, NETZ, index=PostgresIndex(SearchTables(), questions=world.new_questions()))
    assert np.allclose(dense(result), dense(before), atol=0.02)
    transfer(world.worker, world.writer, version, "qdrant", lambda *_: None)
    assert np.allclose(dense(await world.search(tenant, NETZ)), dense(before), atol=0.02)


async def test_vectors_of_a_model_that_are_lost_everywhere_are_not_made_up(world: World) -> None:
    if world.points is None:
        pytest.skip("needs a second engine")
    tenant, version, _ = filled(world)
    release(world.writer, version, "postgres")
    world.points.retain([])
    with pytest.raises(PointsMismatchError, match="neu bauen"):
        transfer(world.worker, world.writer, version, "postgres", lambda *_: None)
    assert (await world.search(tenant, NETZ)).hits, "words still find"


async def test_back_to_the_lexicons_vectors_and_forward_again(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, [NETZ, GAS])
    first = world.live(tenant, doc)
    second = world.live(tenant, doc, model=EMBED_MODEL)
    late = world.document(tenant, ["Quargelwort im Netz"])
    world.add(second, tenant, late)
    for target in (first, second):
        roll_back(world.worker, world.writer, tenant, None, run_id="run", gold=(), log=lambda _: None)
        found = await world.search(tenant, "Quargelwort im Netz")
        assert found.index_versions == (target,)
        assert found.hits[0].item_id == late.item_id
        assert found.without_vectors == ()
        assert world.writer.verify(target).ok
    assert space_of(world, second).model == EMBED_MODEL


# Another space


async def test_vectors_of_another_space_do_not_enter(world: World, script: Script) -> None:
    tenant, version, _ = filled(world)
    doc, analyser = world.document(tenant, ["Neues vom Netz"]), Analyser(learnt())
    with pytest.raises(IndexVersionError, match="another space"):
        world.writer.add_segment(version, tenant, [doc.indexed], analyser, "run")
    embedded = world.writer.embed(world.writer.version(version), [doc.indexed])
    svd = world.begin(tenant)
    with pytest.raises(IndexVersionError, match="another space"):
        world.writer.add_segment(svd, tenant, [doc.indexed], analyser, "run", embedded=embedded)
    script.digests[EMBED_MODEL] = "b" * 64
    other = world.begin(tenant, model=EMBED_MODEL)
    with pytest.raises(IndexVersionError, match="another space"):
        world.writer.add_segment(other, tenant, [doc.indexed], analyser, "run", embedded=embedded)


@pytest.mark.parametrize("change", ["digest", "dimension", "missing"])
async def test_a_model_that_is_another_one_now_is_not_compared_with(world: World, script: Script, change: str) -> None:
    tenant, version, docs = filled(world)
    if change == "digest":
        script.digests[EMBED_MODEL] = "b" * 64
    elif change == "dimension":
        script.embed = bag_of_words(SIZE // 2)
    else:
        script.models = {}
    result = await world.search(tenant, NETZ)
    assert result.without_vectors == (version,)
    assert result.hits[0].item_id == docs[0].item_id, "words still find"
    assert not any(dense(result))
    assert world.index.questions.told(space_of(world, version))
    late = world.document(tenant, ["Neues vom Netz"])
    with pytest.raises(EmbedderError):
        world.add(version, tenant, late)
    script.models, script.digests[EMBED_MODEL], script.embed = {EMBED_MODEL: 2048}, "a" * 64, bag_of_words(SIZE)
    assert (await world.search(tenant, NETZ)).without_vectors == ()
    assert world.index.questions.told(space_of(world, version)) is None
    world.add(version, tenant, late)
    assert world.writer.verify(version).ok


async def test_a_model_replaced_after_the_first_question_is_noticed_with_the_next(world: World, script: Script) -> None:
    tenant, version, _ = filled(world)
    assert (await world.search(tenant, NETZ)).without_vectors == ()
    script.digests[EMBED_MODEL] = "b" * 64
    assert (await world.search(tenant, GAS)).without_vectors == (version,)
    assert (await world.search(tenant, NETZ)).without_vectors == (), "what is kept was made by the right weights"


async def test_scopes_in_different_spaces_are_not_mixed(world: World) -> None:
    tenant = world.tenant()
    passage = synthetic_chunks(1)[0].body
    public = world.live(None, world.document(None, [passage, ZAEHLER]), model=EMBED_MODEL)
    own = world.live(tenant, world.document(tenant, [passage, "Der Vertrag endet"]))
    result = await world.search(tenant, " ".join(passage.split()[:6]))
    assert (result.index_versions, result.without_vectors) == ((public, own), ())
    best = {hit.item_id: hit.scores["dense"] for hit in reversed(result.hits)}
    assert len(best) == 2
    assert np.isclose(*best.values(), atol=0.01), "each scope's best counts alike"
    assert min(best.values()) > 0


def test_cosines_of_several_spaces_are_leveled() -> None:
    cosines = np.array([0.9, 0.72, 0.4, -0.1, 0.2], np.float32)
    spaces = [np.array([True, True, False, False, False]), np.array([False, False, True, True, True])]
    assert np.allclose(leveled(cosines, spaces), [1.0, 0.8, 1.0, 0.0, 0.5])


# Faults


async def test_down_while_searching(world: World) -> None:
    tenant, version, docs = filled(world)
    away = QuestionEmbedder("http://127.0.0.1:9", breaker=lambda: Breaker(first_pause_s=3600.0))
    world.index.questions = away
    for _ in range(2):
        result = await world.search(tenant, NETZ)
        assert result.without_vectors == (version,)
        assert result.hits[0].item_id == docs[0].item_id
    assert "antwortet nicht" in (away.told(space_of(world, version)) or "")
    away.close()


async def test_a_server_that_fails_is_left_alone_for_a_while(world: World, script: Script) -> None:
    tenant, version, _ = filled(world)
    patient = QuestionEmbedder(world.models, timeout_s=30.0, breaker=lambda: Breaker(first_pause_s=3600.0))
    world.index.questions = patient
    script.tags_raw = b"<html>"
    assert (await world.search(tenant, NETZ)).without_vectors == (version,)
    asked = len(script.asked)
    assert (await world.search(tenant, GAS)).without_vectors == (version,)
    assert len(script.asked) == asked, "nobody asks it again"
    assert await patient.probe(space_of(world, version)), "health asks all the same"
    script.tags_raw = None
    assert await patient.probe(space_of(world, version)) is None
    assert (await world.search(tenant, GAS)).without_vectors == (), "and what health saw counts for all"
    patient.close()


async def test_slow_costs_a_search_no_more_than_its_time(world: World, script: Script) -> None:
    tenant, version, docs = filled(world)
    go_on = threading.Event()

    def slow(texts: list[str]) -> list[list[float]]:
        go_on.wait(60)
        return bag_of_words(SIZE)(texts)

    script.embed = slow
    hasty = QuestionEmbedder(world.models, timeout_s=0.2)
    world.index.questions = hasty
    try:
        result = await world.search(tenant, NETZ)
        assert result.without_vectors == (version,)
        assert result.hits[0].item_id == docs[0].item_id
        assert "rechtzeitig" in (hasty.told(space_of(world, version)) or "")
    finally:
        go_on.set()
        hasty.close()


async def test_down_while_writing_nothing_is_half_written(world: World, script: Script) -> None:
    tenant, version, _ = filled(world)
    before = len(world.writer.segments(version))
    late = world.document(tenant, ["Neues vom Netz"])
    with Embedders("http://127.0.0.1:9") as away:
        writer = world.new_writer(world.worker)
        writer.embedders = away
        with pytest.raises(EmbedderError) as caught:
            world.add(version, tenant, late, writer=writer)
    assert caught.value.fault == "down"
    with Embedders(None) as none:
        writer.embedders = none
        with pytest.raises(EmbedderError, match="OLLAMA_HOST"):
            world.add(version, tenant, late, writer=writer)
    assert len(world.writer.segments(version)) == before
    world.add(version, tenant, late)
    assert world.writer.verify(version).ok


async def test_without_a_server_configured_words_find(world: World) -> None:
    tenant, version, docs = filled(world)
    world.index.questions = QuestionEmbedder(None)
    result = await world.search(tenant, NETZ)
    assert result.without_vectors == (version,)
    assert result.hits[0].item_id == docs[0].item_id
    assert "OLLAMA_HOST" in (world.index.questions.told(space_of(world, version)) or "")
