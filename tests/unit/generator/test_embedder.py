"""Vectors from an Ollama server: what is sent, what comes back, and what must not pass for a vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

import numpy as np
import pytest

from resources import embedder
from resources.embedder import EmbedderError, OllamaEmbedder, Prefixes, prefixes_of
from tests.fake_ollama import Script, fake_ollama
from tests.places import free_port

NAME = "nomic-embed-text"


def by_length(texts: list[str]) -> list[list[float]]:
    return [[3.0, 4.0, float(len(text))] for text in texts]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    monkeypatch.setattr(embedder, "_RETRY_WAIT_S", 0.01)
    return Script(models={f"{NAME}:latest": 2048}, embed=by_length)


@pytest.fixture
def made(script: Script) -> Iterator[OllamaEmbedder]:
    with fake_ollama(script) as url:
        one = OllamaEmbedder(url, NAME, timeout_s=100)
        yield one
        one.close()


def sent(script: Script) -> list[list[str]]:
    return [body["input"] for path, body in script.asked if path == "/api/embed"]


def test_the_space_is_found_out_once(script: Script, made: OllamaEmbedder) -> None:
    space = made.space
    assert (space.model, space.digest, space.dimension) == (f"{NAME}:latest", "a" * 64, 3)
    assert made.space is space
    assert len(sent(script)) == 1


def test_each_text_gets_the_words_that_the_model_wants(script: Script, made: OllamaEmbedder) -> None:
    vectors = made.passages(["Netz", "Zähler"])
    question = made.question("Frist?")
    assert sent(script)[1:] == [["search_document: Netz", "search_document: Zähler"], ["search_query: Frist?"]]
    assert vectors.shape == (2, 3)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)
    assert np.isclose(np.linalg.norm(question), 1)


@pytest.mark.parametrize(
    ("model", "passage", "question"),
    [
        ("nomic-embed-text:v1.5", "search_document: ", "search_query: "),
        ("jeffh/intfloat-multilingual-e5-large", "", ""),
        ("somebody/multilingual-e5-large:f16", "passage: ", "query: "),
        ("bge-m3", "", ""),
        ("mxbai-embed-large", "", "Represent this sentence for searching relevant passages: "),
        ("unbekannt", "", ""),
    ],
)
def test_known_prefixes(model: str, passage: str, question: str) -> None:
    assert prefixes_of(model) == Prefixes(passage, question)


def test_other_prefixes_are_another_space(script: Script) -> None:
    with fake_ollama(script) as url:
        own, other = OllamaEmbedder(url, NAME), OllamaEmbedder(url, NAME, prefixes=Prefixes("Text: ", "Frage: "))
        assert own.space.key != other.space.key
        assert other.passages(["Netz"]).shape == (1, 3)
        own.close()
        other.close()
    assert sent(script)[-1] == ["Text: Netz"]


def test_texts_go_in_batches_and_come_back_in_order(script: Script, made: OllamaEmbedder) -> None:
    texts = ["x" * (1 + n % 50) for n in range(100)]
    vectors = made.passages(texts)
    assert [len(batch) for batch in sent(script)[1:]] == [32, 32, 32, 4]
    lengths = vectors[:, 2] / vectors[:, 0] * 3
    assert np.allclose(lengths, [len(text) + len("search_document: ") for text in texts], atol=1e-2)
    assert made.passages([]).shape == (0, 3)


def test_what_is_too_long_is_cut_here(script: Script, made: OllamaEmbedder) -> None:
    made.passages(["x" * 50_000])
    assert len(sent(script)[-1][0]) == int((2048 - 16) * 2.5)
    assert all(body["truncate"] is False for path, body in script.asked if path == "/api/embed")


def test_a_text_of_too_many_tokens_loses_its_end_only(script: Script, made: OllamaEmbedder) -> None:
    assert made.space
    prefix = len("search_document: ")
    script.most_chars = prefix + 500
    vectors = made.passages(["a" * 100, "b" * 1500, "c" * 200])
    assert vectors.shape == (3, 3)
    lengths = vectors[:, 2] / vectors[:, 0] * 3
    assert lengths[0] == pytest.approx(prefix + 100, abs=0.1)
    assert 250 <= lengths[1] <= prefix + 500
    assert lengths[2] == pytest.approx(prefix + 200, abs=0.1)


def test_a_slow_server_gets_smaller_batches(script: Script) -> None:
    gate = Event()

    def slow(texts: list[str]) -> list[list[float]]:
        if len(texts) > 8:
            gate.wait(30)
        return by_length(texts)

    script.embed = slow
    texts = ["x" * length for length in range(1, 51)]
    with fake_ollama(script) as url:
        one = OllamaEmbedder(url, NAME, prefixes=Prefixes(), timeout_s=2)
        vectors = one.passages(texts)
        gate.set()
        one.close()
    assert np.argsort(vectors[:, 2]).tolist() == list(range(50))
    assert [len(batch) for batch in sent(script)[1:4]] == [32, 16, 8]
    assert max(len(batch) for batch in sent(script)[3:]) == 8, "what took too long is not tried again"


def test_a_batch_that_takes_long_makes_the_next_smaller(
    script: Script, made: OllamaEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made.space
    monkeypatch.setattr(embedder, "SLOW_S", 0.0)
    assert made.passages(["Netz"] * 60).shape == (60, 3)
    assert [len(batch) for batch in sent(script)[1:]] == [32, 16, 8, 4]


def test_a_server_that_hangs_is_not_asked_for_each_half(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Event()
    script.embed = lambda texts: by_length(texts) if len(texts) == 1 or gate.wait(30) else []
    monkeypatch.setattr(OllamaEmbedder, "_answers", lambda _: False)
    with fake_ollama(script) as url:
        one = OllamaEmbedder(url, NAME, timeout_s=2)
        with pytest.raises(EmbedderError) as caught:
            one.passages(["Netz"] * 4)
        gate.set()
        one.close()
    assert caught.value.fault == "timeout"
    assert len(sent(script)) == 2


def test_a_server_that_calls_every_text_too_long_is_not_asked_for_ever(script: Script, made: OllamaEmbedder) -> None:
    assert made.space
    script.most_chars = 0
    with pytest.raises(EmbedderError) as caught:
        made.passages(["a" * 2000])
    assert caught.value.fault == "too_long"
    assert len(sent(script)) < 12


NONSENSE: dict[str, Callable[[list[str]], object]] = {
    "too few": lambda texts: by_length(texts)[1:],
    "too many": lambda texts: [*by_length(texts), [1.0, 2.0, 3.0]],
    "different lengths": lambda texts: [[1.0] * (2 + n) for n, _ in enumerate(texts)] + [[1.0]],
    "zeros": lambda texts: [[0.0, 0.0, 0.0] for _ in texts],
    "not a number": lambda texts: [[float("nan"), 1.0, 1.0] for _ in texts],
    "empty": lambda texts: [[] for _ in texts],
    "words": lambda texts: [["a", "b", "c"] for _ in texts],
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE.keys())
def test_what_is_no_vector_is_refused(
    script: Script, made: OllamaEmbedder, nonsense: Callable[[list[str]], list[list[float]]]
) -> None:
    assert made.space
    script.embed = nonsense
    with pytest.raises(EmbedderError) as caught:
        made.passages(["eins", "zwei"])
    assert caught.value.fault == "nonsense"


def test_another_dimension_in_the_middle(script: Script, made: OllamaEmbedder) -> None:
    assert made.space
    script.embed = lambda texts: [[1.0, 2.0] for _ in texts]
    with pytest.raises(EmbedderError, match="2 statt 3 Zahlen"):
        made.passages(["eins"])


def test_a_model_that_is_replaced_meanwhile_is_noticed(script: Script, made: OllamaEmbedder) -> None:
    made.passages(["eins"])
    made.check_unchanged()
    script.digests = {f"{NAME}:latest": "b" * 64}
    with pytest.raises(EmbedderError, match="ausgetauscht"):
        made.check_unchanged()


def test_a_model_that_is_not_there(script: Script) -> None:
    with fake_ollama(script) as url:
        one = OllamaEmbedder(url, "fehlt")
        with pytest.raises(EmbedderError) as caught:
            assert one.space
        one.close()
    assert caught.value.fault == "missing"


def test_a_server_that_is_down_is_tried_three_times(
    script: Script, made: OllamaEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = OllamaEmbedder(f"http://127.0.0.1:{free_port()}", NAME)
    with pytest.raises(EmbedderError) as caught:
        assert one.space
    one.close()
    assert caught.value.fault == "down"
    assert made.space
    failures = iter([True, True, False])

    def shaky(texts: list[str]) -> list[list[float]]:
        if next(failures):
            raise OSError("reset")
        return by_length(texts)

    script.embed = shaky
    assert made.passages(["eins"]).shape == (1, 3)
