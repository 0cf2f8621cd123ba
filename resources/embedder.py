"""Vectors of texts by a model on an Ollama server: in batches, with the words that the model wants before each text.

Without a model the index's vectors are made by `luna_rules.search.lexicon`. What a space is stands in
`resources.vectors.space`; who uses which model for what, in `resources.vectors.embedders` and `.questions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Any, Final

import httpx
import numpy as np
import stamina
from numpy.typing import NDArray

from resources.generator import CHARACTERS_PER_TOKEN, CONNECT_TIMEOUT_S, GeneratorError
from resources.vectors.space import Prefixes, Space

__all__ = ["EmbedderError", "OllamaEmbedder", "Prefixes", "Space", "prefixes_of"]

BATCH_TEXTS: Final = 32
BATCH_CHARS: Final = 60_000
BATCH_TIMEOUT_S: Final = 180.0
"""A batch on a slow processor; loading the model counts with the first. One that takes longer is halved."""
SLOW_S: Final = BATCH_TIMEOUT_S / 3
"""Batches that take longer than this are halved before they take too long."""
ANSWER_TIMEOUT_S: Final = 5.0
"""Within this time a server that is only slow tells its version."""
ATTEMPTS: Final = 3
_RETRY_WAIT_S: Final = 0.5
_WINDOW: Final = 512
"""Tokens that any such model reads, where the server does not tell."""
_LARGEST_DIMENSION: Final = 8_192
_LEAST_CHARS: Final = 64
"""A text that is too long for a model although it is no longer than this is not what the server objects to."""
KEPT_LOADED: Final = "30m"
"""So long the server keeps the model in memory: loading it takes longer than a reader waits."""

F32 = NDArray[np.float32]


_SEARCHING: Final = "Represent this sentence for searching relevant passages: "
KNOWN_PREFIXES: Final[tuple[tuple[str, Prefixes], ...]] = (
    ("nomic-embed-text", Prefixes("search_document: ", "search_query: ")),
    ("multilingual-e5", Prefixes("passage: ", "query: ")),
    ("e5-", Prefixes("passage: ", "query: ")),
    ("bge-m3", Prefixes()),
    ("bge-", Prefixes("", _SEARCHING)),
    ("mxbai-embed-large", Prefixes("", _SEARCHING)),
    ("snowflake-arctic-embed2", Prefixes("", "query: ")),
    ("snowflake-arctic-embed", Prefixes("", _SEARCHING)),
    ("embeddinggemma", Prefixes("title: none | text: ", "task: search result | query: ")),
)
"""By the beginning of the model's name, from the models' own cards. A model that is not here gets the bare text."""


def prefixes_of(model: str) -> Prefixes:
    """What the model wants before a text, as far as it is known."""
    name = model.rsplit("/", 1)[-1].lower()
    return next((known for start, known in KNOWN_PREFIXES if name.startswith(start)), Prefixes())


class EmbedderError(GeneratorError):
    """The model gave no usable vectors."""


class OllamaEmbedder:
    """Makes vectors with one model of the Ollama server at `host`; the first call finds out its space."""

    def __init__(
        self,
        host: str,
        model: str,
        *,
        prefixes: Prefixes | None = None,
        timeout_s: float = BATCH_TIMEOUT_S,
        attempts: int = ATTEMPTS,
    ) -> None:
        import ollama  # half a second and some megabytes that only the one who embeds should pay

        self._ollama = ollama
        self._model = model
        self._prefixes = prefixes if prefixes is not None else prefixes_of(model)
        self._attempts = attempts
        timeout = httpx.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
        self._client = ollama.Client(host=host, timeout=timeout, trust_env=False)
        self._space: Space | None = None
        self._most_chars = int(_WINDOW * CHARACTERS_PER_TOKEN)
        self._batch_texts = BATCH_TEXTS

    def close(self) -> None:
        """Close the connections."""
        self._client._client.close()  # type: ignore[reportPrivateUsage]  # the library offers no other way

    @property
    def space(self) -> Space:
        """The space of the vectors. Raises `EmbedderError` where the server or the model is not there."""
        if self._space is None:
            name, digest = self._find()
            shown = self._asked(lambda: self._client.show(name))
            info: dict[str, Any] = dict(shown.modelinfo or {})
            lengths = [value for key, value in info.items() if key.endswith(".context_length") and type(value) is int]
            self._most_chars = int(max(16, min(lengths, default=_WINDOW) - 16) * CHARACTERS_PER_TOKEN)
            dimension = self._embed([f"{self._prefixes.passage}Netz"]).shape[1]
            self._space = Space(name, digest, dimension, self._prefixes)
        return self._space

    def passages(self, texts: Sequence[str]) -> F32:
        """Unit vectors of passages, one row for each text. Raises `EmbedderError`."""
        return self._vectors(texts, self.space.prefixes.passage)

    def question(self, text: str) -> F32:
        """The unit vector of a question. Raises `EmbedderError`."""
        return self.questions([text])[0]

    def questions(self, texts: Sequence[str]) -> F32:
        """Unit vectors of questions, one row for each. Raises `EmbedderError`."""
        return self._vectors(texts, self.space.prefixes.question)

    def check_unchanged(self) -> None:
        """Raises `EmbedderError` where the model was replaced since the first call: its vectors are then of no use."""
        name, digest = self._find()
        if digest != self.space.digest:
            raise EmbedderError("other_model", name, f"Das Modell {name} wurde ausgetauscht, während es rechnete")

    def require(self, wanted: Space) -> None:
        """Raises `EmbedderError` where this model's vectors lie in another space than `wanted`."""
        space = self.space
        if space.digest != wanted.digest:
            raise EmbedderError(
                "other_model",
                space.model,
                f"Das Modell {space.model} auf dem Modellserver ist ein anderes ({space.digest[:12]}) als das, mit dem "
                f"der Index gebaut wurde ({wanted.digest[:12]})",
            )
        if space.dimension != wanted.dimension:
            raise EmbedderError("other_model", space.model, _other_size(space.model, space.dimension, wanted.dimension))

    def _vectors(self, texts: Sequence[str], prefix: str) -> F32:
        space = self.space
        found = np.empty((len(texts), space.dimension), np.float32)
        done = 0
        for batch in self._batches([f"{prefix}{text}"[: self._most_chars] for text in texts]):
            vectors = self._fitting(batch)
            if vectors.shape[1] != space.dimension:
                raise EmbedderError(
                    "other_model", space.model, _other_size(space.model, vectors.shape[1], space.dimension)
                )
            found[done : done + len(batch)] = vectors
            done += len(batch)
        return found

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        size = 0
        for text in texts:
            if batch and (len(batch) >= self._batch_texts or size + len(text) > BATCH_CHARS):
                yield batch
                batch, size = [], 0
            batch.append(text)
            size += len(text)
        if batch:
            yield batch

    def _fitting(self, texts: Sequence[str]) -> F32:
        """Vectors of one batch. A text that has more tokens than its length lets expect loses its end, it only.

        Where a batch takes too long for this server and model, it is halved, and so are those to come.
        """
        begun = monotonic()
        try:
            vectors = self._embed(texts)
        except EmbedderError as fault:
            if fault.fault == "timeout" and len(texts) > 1 and self._answers():
                self._batch_texts = len(texts) // 2
                return self._in_parts(texts)
            if fault.fault != "too_long" or (len(texts) == 1 and len(texts[0]) <= _LEAST_CHARS):
                raise
        else:
            if monotonic() - begun > SLOW_S:
                self._batch_texts = max(1, len(texts) // 2)
            return vectors
        if len(texts) == 1:
            return self._fitting([texts[0][: max(_LEAST_CHARS, len(texts[0]) // 2)]])
        half = len(texts) // 2
        return np.concatenate([self._fitting(texts[:half]), self._fitting(texts[half:])])

    def _in_parts(self, texts: Sequence[str]) -> F32:
        """Vectors of texts in batches of what the server has been found to bear, which the first of them may tell."""
        parts: list[F32] = []
        while texts:
            size = self._batch_texts
            parts.append(self._fitting(texts[:size]))
            texts = texts[size:]
        return np.concatenate(parts)

    def _answers(self) -> bool:
        """Whether the server is there, so that what takes long is its work."""
        try:
            library = self._client._client  # type: ignore[reportPrivateUsage]  # the library sets one time for all calls
            return library.get("/api/version", timeout=ANSWER_TIMEOUT_S).is_success
        except httpx.HTTPError:
            return False

    def _embed(self, texts: Sequence[str]) -> F32:
        # What is too long was cut here; the server would cut in silence.
        answer = self._asked(
            lambda: self._client.embed(self._model, input=list(texts), truncate=False, keep_alive=KEPT_LOADED)
        )
        if (answer.model or self._model).removesuffix(":latest") != self._model.removesuffix(":latest"):
            raise EmbedderError("other_model", self._model, f"Statt {self._model} antwortet {answer.model}")
        rows = [list(row) for row in answer.embeddings]
        lengths = {len(row) for row in rows}
        if len(rows) != len(texts) or len(lengths) != 1 or not 0 < min(lengths) <= _LARGEST_DIMENSION:
            raise EmbedderError("nonsense", self._model, "Der Modellserver gibt nicht zu jedem Text einen Vektor")
        vectors = np.asarray(rows, np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(vectors).all() or not (norms > 0).all():
            raise EmbedderError("nonsense", self._model, "Der Modellserver gibt Vektoren ohne Richtung")
        return vectors / norms

    def _find(self) -> tuple[str, str]:
        """The model's full name and digest."""
        wanted = {self._model, f"{self._model}:latest"}
        for one in self._asked(self._client.list).models:
            if one.model in wanted:
                return one.model or self._model, one.digest or ""
        raise EmbedderError("missing", self._model, f"Das Modell {self._model} liegt nicht auf dem Modellserver")

    def _asked(self, ask: Callable[[], Any]) -> Any:
        """Ask, again after a fault that passes. The library's answers have types of its own, hence `Any`."""

        def passes(fault: Exception) -> bool:
            return isinstance(fault, EmbedderError) and fault.fault == "down"

        for attempt in stamina.retry_context(
            on=passes, attempts=self._attempts, wait_initial=_RETRY_WAIT_S, wait_max=4.0, timeout=None
        ):
            with attempt:
                return self._once(ask)
        raise AssertionError

    def _once(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except self._ollama.ResponseError as fault:
            if fault.status_code == 404:
                raise EmbedderError("missing", self._model, f"Das Modell {self._model} fehlt") from None
            if "context length" in fault.error:
                raise EmbedderError("too_long", self._model, f"Ein Text ist zu lang für {self._model}") from None
            kind = "down" if fault.status_code >= 500 else "nonsense"
            raise EmbedderError(kind, self._model, f"Der Modellserver meldet: {fault.error[:200]}") from None
        except httpx.TimeoutException:
            raise EmbedderError("timeout", self._model, "Der Modellserver antwortet nicht rechtzeitig") from None
        except (ConnectionError, httpx.HTTPError):
            raise EmbedderError("down", self._model, "Der Modellserver antwortet nicht") from None
        except ValueError:
            raise EmbedderError("nonsense", self._model, "Der Modellserver antwortet Unverständliches") from None


def _other_size(model: str, found: int, wanted: int) -> str:
    return f"{model} gibt Vektoren von {found} statt {wanted} Zahlen"
