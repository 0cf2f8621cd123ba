"""The clients of a models' server against a real Ollama with a tiny model of random weights."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import aclosing

import numpy as np
import pytest

from luna_rules.answers.model import Passage
from luna_rules.answers.written import WrittenChecker, under_short_ids
from resources.embedder import EmbedderError, OllamaEmbedder
from resources.generator import ANSWER_TOKENS, GeneratorError, OllamaGenerator
from resources.model_store import pull
from resources.secrets import DatabaseUrls
from resources.vectors.embedders import Embedders
from tests.contract.index_world import World
from tests.services.tiny_model import NAME, WIDTH, WINDOW, put

SOME_PIECES = 40
"""Random weights seldom stop by themselves; on a busy processor all they may say would take minutes."""
HOST = os.environ.get("LUNA_TEST_OLLAMA_HOST", "")
pytestmark = pytest.mark.skipif(not HOST, reason="LUNA_TEST_OLLAMA_HOST names no Ollama server")


@pytest.fixture(scope="module", autouse=True)
def model() -> str:
    """A model of random weights."""
    put(HOST)
    return NAME


@pytest.fixture
async def generator() -> OllamaGenerator:
    return OllamaGenerator(HOST)


async def test_it_is_listed_with_digest_and_window(generator: OllamaGenerator) -> None:
    assert (await generator.version())[0].isdigit()
    info = await generator.describe(NAME)
    assert info.name == f"{NAME}:latest"
    assert len(info.digest) == 64
    assert info.window == WINDOW
    assert "completion" in info.abilities
    with pytest.raises(GeneratorError) as caught:
        await generator.describe("unbekannt")
    assert caught.value.fault == "missing"
    await generator.close()


async def test_it_writes_in_pieces_within_the_window_and_nothing_of_it_holds(generator: OllamaGenerator) -> None:
    info = await generator.describe(NAME)
    passages, real = under_short_ids([Passage("a", "Die Frist beträgt sechs Wochen.", title="Hausordnung")])
    checker = WrittenChecker(passages, real, question="Welche Frist gilt?", instructions="Antworte kurz.")
    pieces: list[str] = []
    stream = generator.stream(info, "Antworte kurz.", "Passage [chunk 1]: …\n\nWelche Frist gilt?")
    async with aclosing(stream):
        async for piece in stream:
            pieces.append(piece)
            assert checker.feed(piece) == []
            if len(pieces) == SOME_PIECES:
                break
    assert pieces
    assert checker.finish() == []
    await generator.close()


async def test_what_the_server_would_cut_is_not_sent(generator: OllamaGenerator) -> None:
    info = await generator.describe(NAME)
    with pytest.raises(GeneratorError) as caught:
        async for _ in generator.stream(info, "System", "x" * int((WINDOW - ANSWER_TOKENS) * 2.5)):
            pass
    assert caught.value.fault == "too_long"
    await generator.close()


async def test_a_model_that_cannot_be_fetched_says_why() -> None:
    with pytest.raises(GeneratorError) as caught:
        async for _ in pull(HOST, "127.0.0.1:9/luna/gibt-es-nicht:1b", silence_s=60):
            pass
    assert caught.value.fault in {"missing", "nonsense"}
    assert str(caught.value)


def test_its_vectors_have_one_dimension() -> None:
    embedder = OllamaEmbedder(HOST, NAME)
    try:
        space = embedder.space
    except EmbedderError as fault:
        embedder.close()
        pytest.skip(f"this server makes no vectors with a model that writes: {fault}")
    assert space.dimension == WIDTH
    vectors = embedder.passages([f"Satz {number} über das Netz" for number in range(40)])
    assert vectors.shape == (40, WIDTH)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    embedder.check_unchanged()
    embedder.close()


@pytest.fixture
async def world(migrated_database: DatabaseUrls, model: str) -> AsyncIterator[World]:
    made = World(migrated_database, models=HOST)
    try:
        made.embedders.space(model)
    except EmbedderError as fault:
        made.embedders.close()
        pytest.skip(f"this server makes no vectors with a model that writes: {fault}")
    await made.open()
    yield made
    await made.close()


async def test_an_index_is_built_searched_and_guarded_with_its_vectors(world: World) -> None:
    tenant = world.tenant()
    texts = ["Das Netz liefert Strom", "Der Zähler misst den Verbrauch", "Wer kündigt, hat sechs Wochen Frist"]
    version = world.live(tenant, *(world.document(tenant, [text]) for text in texts), model=NAME)
    info = world.writer.version(version)
    assert (info.embedder, info.dimension) == (f"{NAME}:latest", WIDTH)
    assert world.writer.verify(version).ok
    (segment,) = world.writer.segments(version)
    with Embedders(HOST) as embedders:
        made = embedders.questions(embedders.space(NAME), texts)
    assert np.allclose(world.writer.read_vectors(segment.id, WIDTH), made, atol=5e-3), "this model knows no prefixes"
    found = await world.search(tenant, texts[1])
    assert found.without_vectors == ()
    assert max(hit.scores["dense"] for hit in found.hits) > 0
    put(HOST, seed=8)
    try:
        other = await world.search(tenant, texts[2])
        assert other.without_vectors == (version,)
        assert other.hits, "words find"
        with pytest.raises(EmbedderError) as caught:
            world.add(version, tenant, world.document(tenant, ["Neues vom Netz"]))
        assert caught.value.fault == "other_model"
    finally:
        put(HOST)
    assert (await world.search(tenant, texts[2])).without_vectors == ()
