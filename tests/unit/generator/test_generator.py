"""The generator against a server that speaks the protocol, well and badly."""

from __future__ import annotations

import pytest

from resources.generator import ANSWER_TOKENS, GeneratorError, ModelInfo, OllamaGenerator, estimate_tokens
from tests.fake_ollama import DIGEST, Script, fake_ollama
from tests.places import free_port

KLEIN = ModelInfo("klein:latest", DIGEST, 4096)


async def said(url: str, *, prompt: str = "Frage", model: ModelInfo = KLEIN, **patience: float) -> str:
    generator = OllamaGenerator(url, **patience)
    try:
        return "".join([piece async for piece in generator.stream(model, "System", prompt)])
    finally:
        await generator.close()


async def fault_of(url: str, **more: float) -> str:
    with pytest.raises(GeneratorError) as caught:
        await said(url, **more)
    return caught.value.fault


async def test_pieces_come_as_they_are_said() -> None:
    script = Script(pieces=["Gu", "ten ", "Tag."])
    with fake_ollama(script) as url:
        assert await said(url) == "Guten Tag."
    (asked,) = script.prompts()
    assert asked["options"]["num_ctx"] == 4096
    assert asked["options"]["temperature"] == 0
    assert asked["messages"][1] == {"role": "user", "content": "Frage"}


async def test_a_model_is_known_by_name_with_digest_and_window() -> None:
    with fake_ollama(Script(models={"klein:latest": 2048, "gross:8b": 131_072})) as url:
        generator = OllamaGenerator(url)
        assert await generator.describe("klein") == ModelInfo(
            "klein:latest", DIGEST, 2048, 1, frozenset({"completion"})
        )
        assert (await generator.describe("gross:8b")).window == 8192
        with pytest.raises(GeneratorError) as caught:
            await generator.describe("unbekannt")
        assert caught.value.fault == "missing"
        assert await generator.version() == "0.17.4"
        await generator.close()


async def test_what_does_not_fit_the_window_is_not_sent() -> None:
    script = Script()
    fits = int((KLEIN.window - ANSWER_TOKENS - estimate_tokens("System") - 1) * 2.5)
    with fake_ollama(script) as url:
        assert await said(url, prompt="x" * fits)
        with pytest.raises(GeneratorError) as caught:
            await said(url, prompt="x" * (fits + 10))
    assert caught.value.fault == "too_long"
    assert len(script.prompts()) == 1


async def test_a_server_that_is_down() -> None:
    assert await fault_of(f"http://127.0.0.1:{free_port()}") == "down"


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", "nonsense"),
        (b"<html>", "nonsense"),
        (b'{"message": {"content": 5}}\n', "nonsense"),
        (b'{"error": "model runner has unexpectedly stopped"}\n', "nonsense"),
        (b"[1, 2]\n", "nonsense"),
        (b"{" * 2_000_000, "down"),
    ],
    ids=["nothing", "a page", "a number", "an error", "a list", "a line without end"],
)
async def test_nonsense(raw: bytes, fault: str) -> None:
    with fake_ollama(Script(raw=raw)) as url:
        assert await fault_of(url) == fault


@pytest.mark.parametrize(("status", "fault"), [(400, "nonsense"), (404, "missing"), (500, "down"), (503, "down")])
async def test_each_status_has_its_meaning(status: int, fault: str) -> None:
    with fake_ollama(Script(status=status)) as url:
        assert await fault_of(url) == fault


async def test_half_an_answer_is_no_answer() -> None:
    with fake_ollama(Script(pieces=["Halb"], breaks_off=True)) as url:
        assert await fault_of(url) == "nonsense"


async def test_silence_is_not_waited_for() -> None:
    with fake_ollama(Script(pieces=[5.0, "Zu spät."])) as url:
        assert await fault_of(url, first_piece_s=0.3) == "timeout"
    with fake_ollama(Script(pieces=["Erst ", 5.0, "dann."])) as url:
        assert await fault_of(url, next_piece_s=0.3) == "timeout"
    with fake_ollama(Script(pieces=["tropf ", 0.2] * 50)) as url:
        assert await fault_of(url, whole_s=0.8) == "timeout"


async def test_a_model_that_does_not_stop_is_stopped() -> None:
    with fake_ollama(Script(pieces=["immer weiter " * 200] * 20)) as url:
        assert await fault_of(url) == "too_long"
