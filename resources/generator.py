"""A language model on an Ollama server: asked with a bounded context, answered in pieces, never waited for without end.

Only talking to the server belongs here. What is asked, and what of the answer may leave, is decided elsewhere.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, Literal, TypeVar

import httpx
import msgspec

CONNECT_TIMEOUT_S: Final = 3.0
FIRST_PIECE_S: Final = 120.0
"""Loading a model from disk takes long on a small machine."""
NEXT_PIECE_S: Final = 30.0
WHOLE_ANSWER_S: Final = 300.0
ANSWER_CHARS: Final = 20_000
ANSWER_TOKENS: Final = 700
LARGEST_WINDOW: Final = 8_192
"""A larger window costs memory for every token of it; six sentences do not need one."""
CHARACTERS_PER_TOKEN: Final = 2.5
"""Fewer than German has by any common vocabulary (3 to 4), so that what is cut by this count fits for certain."""
AT_ONCE: Final = 4
"""So many answers are written at the same time; a model on one machine gains nothing by more."""
QUEUE_S: Final = 10.0
"""So long a question waits for its turn; then it is answered without a model."""
_LINE_BYTES: Final = 1_000_000
_REST: Final = re.compile(r"[^\w\s]|[\d_]")

Fault = Literal["down", "missing", "timeout", "nonsense", "too_long", "busy", "other_model"]


class GeneratorError(RuntimeError):
    """The model gave no usable answer. `fault` says why, `model` which; the text is German, for the administrator."""

    def __init__(self, fault: Fault, model: str, text: str) -> None:
        super().__init__(text)
        self.fault: Fault = fault
        self.model = model


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model on the server: name, digest of its weights, window in tokens as used here, size in bytes.

    `abilities` is what the server says it can do (`completion`, `embedding`, …); empty where it says nothing.
    """

    name: str
    digest: str
    window: int
    size_bytes: int = 0
    abilities: frozenset[str] = frozenset()


class _Piece(msgspec.Struct):
    """One line of a streamed answer."""

    model: str = ""
    message: dict[str, Any] = {}
    done: bool = False
    error: str | None = None
    prompt_eval_count: int | None = None


class _Tag(msgspec.Struct):
    name: str = ""
    model: str = ""
    digest: str = ""
    size: int = 0


class _Version(msgspec.Struct):
    version: str


class _Tags(msgspec.Struct):
    models: list[_Tag] = []


class _Show(msgspec.Struct):
    model_info: dict[str, Any] = {}
    capabilities: list[str] = []


_Shape = TypeVar("_Shape", bound=msgspec.Struct)


def estimate_tokens(text: str) -> int:
    """No fewer tokens than any common model makes of a German text; each digit and sign may be one of its own."""
    single = len(_REST.findall(text))
    return math.ceil((len(text) - single) / CHARACTERS_PER_TOKEN) + single


class OllamaGenerator:
    """Generates with models of the Ollama server at `host`."""

    def __init__(
        self,
        host: str,
        *,
        first_piece_s: float = FIRST_PIECE_S,
        next_piece_s: float = NEXT_PIECE_S,
        whole_s: float = WHOLE_ANSWER_S,
    ) -> None:
        self.host = host.rstrip("/")
        self._first_piece_s = first_piece_s
        self._next_piece_s = next_piece_s
        self._whole_s = whole_s
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._http: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def version(self) -> str:
        """The server's version. Raises `GeneratorError`."""
        return _decoded("", await self._get("", "/api/version"), _Version).version[:40]

    async def models(self) -> list[ModelInfo]:
        """What is on the server; windows are not asked for. Raises `GeneratorError`."""
        tags = _decoded("", await self._get("", "/api/tags"), _Tags)
        return [ModelInfo(tag.name or tag.model, tag.digest, LARGEST_WINDOW, tag.size) for tag in tags.models]

    async def describe(self, model: str) -> ModelInfo:
        """One model. Raises `GeneratorError`: `missing` where the server does not have it."""
        wanted = {model, f"{model}:latest"}
        found = next((info for info in await self.models() if info.name in wanted), None)
        if found is None:
            raise GeneratorError("missing", model, f"Das Modell {model} liegt nicht auf dem Modellserver")
        shown = _decoded(model, await self._post(model, "/api/show", {"model": found.name}), _Show)
        lengths = [
            value for key, value in shown.model_info.items() if key.endswith(".context_length") and type(value) is int
        ]
        window = min([LARGEST_WINDOW, *(length for length in lengths if length > 0)])
        return ModelInfo(found.name, found.digest, window, found.size_bytes, frozenset(shown.capabilities))

    async def stream(self, model: ModelInfo, system: str, prompt: str) -> AsyncGenerator[str]:
        """The answer in pieces, as they come. The window is named, and what does not fit into it is refused here.

        Raises `GeneratorError`: also in the middle, when the server falls silent, ends too early or talks nonsense.
        """
        needed = estimate_tokens(system) + estimate_tokens(prompt) + ANSWER_TOKENS
        if needed > model.window:
            raise GeneratorError(
                "too_long", model.name, f"Der Kontext braucht {needed} Token, das Fenster hat {model.window}"
            )
        body: dict[str, object] = {
            "model": model.name,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": prompt}],
            "stream": True,
            "think": False,
            "options": {"temperature": 0.0, "seed": 7, "num_ctx": model.window, "num_predict": ANSWER_TOKENS},
        }
        said, ended = 0, False
        try:
            async with self._turn(model.name):
                until = monotonic() + self._whole_s
                async with self._opened(body, min(self._first_piece_s, self._whole_s)) as response:
                    await _require(model.name, response)
                    lines = _lines(response).__aiter__()
                    patience = self._first_piece_s
                    while True:
                        left = min(patience, until - monotonic())
                        if left <= 0:
                            raise TimeoutError
                        try:
                            line = await asyncio.wait_for(anext(lines), left)
                        except StopAsyncIteration:
                            break
                        patience = self._next_piece_s
                        piece = _decoded(model.name, line, _Piece)
                        content = _content(model, piece)
                        said += len(content)
                        if said > ANSWER_CHARS:
                            raise GeneratorError("too_long", model.name, "Das Modell hörte nicht auf zu schreiben")
                        if content:
                            yield content
                        if piece.done:
                            ended = True
                            break
        except (TimeoutError, httpx.TimeoutException) as fault:
            raise GeneratorError("timeout", model.name, "Das Modell hat nicht rechtzeitig geantwortet") from fault
        except httpx.HTTPError as fault:
            raise GeneratorError("down", model.name, "Der Modellserver antwortet nicht") from fault
        if not ended:
            raise GeneratorError("nonsense", model.name, "Der Modellserver brach die Antwort ab")

    @asynccontextmanager
    async def _turn(self, model: str) -> AsyncGenerator[None]:
        try:
            await asyncio.wait_for(self._turns.acquire(), QUEUE_S)
        except TimeoutError:
            raise GeneratorError("busy", model, "Der Modellserver ist mit anderen Fragen ausgelastet") from None
        try:
            yield
        finally:
            self._turns.release()

    @asynccontextmanager
    async def _opened(self, body: dict[str, object], patience_s: float) -> AsyncGenerator[httpx.Response]:
        """The answer to a chat. Not even its head comes before the first piece, so that is waited for too."""
        client = self._client()
        response = await asyncio.wait_for(
            client.send(client.build_request("POST", "/api/chat", json=body), stream=True), patience_s
        )
        try:
            yield response
        finally:
            await response.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(
                base_url=self.host,
                timeout=httpx.Timeout(self._whole_s, connect=CONNECT_TIMEOUT_S),
                limits=httpx.Limits(max_connections=AT_ONCE + 8),
                trust_env=False,
            )
        return self._http

    async def _get(self, model: str, path: str) -> bytes:
        return await self._asked(model, self._client().get(path, timeout=CONNECT_TIMEOUT_S))

    async def _post(self, model: str, path: str, body: dict[str, object]) -> bytes:
        return await self._asked(model, self._client().post(path, json=body, timeout=CONNECT_TIMEOUT_S * 3))

    async def _asked(self, model: str, asking: Coroutine[Any, Any, httpx.Response]) -> bytes:
        try:
            response = await asking
        except httpx.TimeoutException as fault:
            raise GeneratorError("timeout", model, "Der Modellserver antwortet nicht rechtzeitig") from fault
        except httpx.HTTPError as fault:
            raise GeneratorError("down", model, "Der Modellserver antwortet nicht") from fault
        await _require(model, response)
        return response.content


def _content(model: ModelInfo, piece: _Piece) -> str:
    """What a piece says. Raises `GeneratorError` where it is no piece of this model's answer."""
    if piece.error is not None:
        raise GeneratorError("nonsense", model.name, f"Der Modellserver meldet: {piece.error[:200]}")
    if piece.model and piece.model.removesuffix(":latest") != model.name.removesuffix(":latest"):
        raise GeneratorError("other_model", model.name, f"Statt {model.name} antwortet {piece.model[:80]}")
    content = piece.message.get("content", "")
    if not isinstance(content, str):
        raise _nonsense(model.name)
    return content


async def _require(model: str, response: httpx.Response) -> None:
    if response.status_code == 404:
        raise GeneratorError("missing", model, f"Das Modell {model} liegt nicht auf dem Modellserver")
    if response.status_code >= 500:
        raise GeneratorError("down", model, f"Der Modellserver antwortet mit {response.status_code}")
    if response.status_code != 200:
        raise GeneratorError("nonsense", model, f"Der Modellserver lehnt ab ({response.status_code})")


async def _lines(response: httpx.Response) -> AsyncGenerator[bytes]:
    """The lines of a stream, each bounded."""
    rest = b""
    async for part in response.aiter_bytes():
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
        if len(rest) > _LINE_BYTES:
            raise httpx.DecodingError("a line without end")
    if rest.strip():
        yield rest


def _decoded(model: str, data: bytes, kind: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as fault:
        raise _nonsense(model) from fault


def _nonsense(model: str) -> GeneratorError:
    return GeneratorError("nonsense", model, "Der Modellserver antwortet Unverständliches")
