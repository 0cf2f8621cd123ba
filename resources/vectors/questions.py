"""Vectors of questions for searches: by the model that made a version's vectors, soon or not at all.

A search never fails and never waits long for a model: where the server is away, slow, talks nonsense or has other
weights than the version was built with, the search goes on by words alone, and `told` says why.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Final, cast

from resources.breaker import Breaker
from resources.embedder import EmbedderError, OllamaEmbedder
from resources.vectors.byte_cache import ByteCache
from resources.vectors.space import F32, Space

TIMEOUT_S: Final = 2.0
"""So long a search waits for the vector of its question, digest and all."""
PROBE_TIMEOUT_S: Final = 1.5
AT_ONCE: Final = 4
CACHE_BYTES: Final = 4 * 1024 * 1024
"""About a thousand questions with a thousand numbers each."""
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 30.0
_PROBE: Final = "Netz"
_SPACES: Final = 8
_LOG = logging.getLogger(__name__)


class QuestionEmbedder:
    """Embeds questions with models on the server at `host` (None: there is none). One for a process and event loop."""

    def __init__(
        self,
        host: str | None,
        *,
        timeout_s: float = TIMEOUT_S,
        breaker: Callable[[], Breaker] = lambda: Breaker(first_pause_s=FIRST_PAUSE_S, longest_pause_s=LONGEST_PAUSE_S),
    ) -> None:
        self._host = host
        self._timeout_s = timeout_s
        self._new_breaker = breaker
        self._breakers: dict[str, Breaker] = {}
        self._told: dict[str, str] = {}
        self._clients: dict[str, OllamaEmbedder] = {}
        self._kept = ByteCache(CACHE_BYTES)
        self._threads: ThreadPoolExecutor | None = None

    def close(self) -> None:
        """Let connections go; what is under way is not waited for."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None
        for one in list(self._clients.values()):
            one.close()
        self._clients.clear()

    async def vector(self, space: Space, question: str) -> F32 | None:
        """The unit vector of a question in a space; None where it is not to be had now."""
        key = (space.key, question)
        kept = cast("F32 | None", self._kept.get(key))
        if kept is not None:
            return kept
        if self._host is None:
            self._told[space.key] = _no_host(space)
            return None
        if not self._breaker(space).may_try():
            return None
        vector = await self._tried(space, question, self._timeout_s)
        if vector is not None:
            self._kept.begin()
            self._kept.put(key, vector, vector.nbytes + 4 * len(question))
        return vector

    def told(self, space: Space) -> str | None:
        """Why the last question had no vector in a space (German); None where it had one."""
        return self._told.get(space.key)

    async def probe(self, space: Space) -> str | None:
        """Ask the model now, whatever happened a moment ago: what is wrong with it (German), or None.

        That it works is good news for the next search, too.
        """
        if self._host is None:
            return _no_host(space)
        await self._tried(space, _PROBE, min(PROBE_TIMEOUT_S, self._timeout_s))
        return self.told(space)

    async def passages(self, space: Space, texts: list[str], timeout_s: float) -> F32:
        """Vectors of texts as if they were passages. Raises `EmbedderError`; for people who ask for vectors."""
        if self._host is None:
            raise EmbedderError("missing", space.model, _no_host(space))
        host = self._host

        def work() -> F32:
            client = OllamaEmbedder(host, space.model, prefixes=space.prefixes, timeout_s=timeout_s, attempts=1)
            try:
                client.require(space)
                vectors = client.passages(texts)
                client.check_unchanged()
                return vectors
            finally:
                client.close()

        try:
            return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(self._pool(), work), timeout_s)
        except TimeoutError:
            raise EmbedderError("timeout", space.model, "Der Modellserver antwortet nicht rechtzeitig") from None

    async def _tried(self, space: Space, text: str, timeout_s: float) -> F32 | None:
        begun = monotonic()
        breaker = self._breaker(space)
        work = asyncio.get_running_loop().run_in_executor(self._pool(), self._ask, space, text)
        try:
            vector = await asyncio.wait_for(work, timeout_s)
        except TimeoutError:
            fault = "Der Modellserver antwortet nicht rechtzeitig"
        except EmbedderError as error:
            fault = str(error)
        else:
            breaker.worked()
            self._told.pop(space.key, None)
            return vector
        breaker.failed(at_least_s=monotonic() - begun)
        self._told[space.key] = fault
        _LOG.warning("the search goes on without the vectors of %s: %s", space.model, fault)
        return None

    def _ask(self, space: Space, text: str) -> F32:
        """In a thread: the vector, and the digest looked at again afterwards, so that it is surely of these weights."""
        client = self._client(space)
        try:
            client.require(space)
            vector = client.question(text)
            client.check_unchanged()
        except EmbedderError:
            # What it remembers of the server may be what is wrong.
            if self._clients.get(space.key) is client:
                del self._clients[space.key]
            raise
        return vector

    def _client(self, space: Space) -> OllamaEmbedder:
        client = self._clients.get(space.key)
        if client is None:
            while len(self._clients) >= _SPACES:
                self._clients.pop(next(iter(self._clients)), None)
            client = OllamaEmbedder(
                self._host or "", space.model, prefixes=space.prefixes, timeout_s=self._timeout_s, attempts=1
            )
            client = self._clients.setdefault(space.key, client)
        return client

    def _breaker(self, space: Space) -> Breaker:
        if space.key not in self._breakers and len(self._breakers) >= _SPACES:
            self._breakers.clear()
            self._told.clear()
        return self._breakers.setdefault(space.key, self._new_breaker())

    def _pool(self) -> ThreadPoolExecutor:
        """Threads of their own: a server that is slow must not hold up those who wait for other things."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="question-vectors")
        return self._threads


def _no_host(space: Space) -> str:
    return f"OLLAMA_HOST ist nicht gesetzt, also bildet niemand den Vektor einer Frage mit {space.model}"
