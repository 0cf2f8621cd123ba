"""The models' server as those use it who write an index: vectors of passages, in the space of the version they enter.

Nothing here waits for readers; what they ask of a model is in `questions.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import numpy as np

from luna_rules.search.model import ChunkFields
from resources.embedder import BATCH_TEXTS, EmbedderError, OllamaEmbedder
from resources.vectors.index import IndexedItem
from resources.vectors.space import F32, LARGEST_DIMENSION, Embedded, Prefixes, Space, passage_text

Progress = Callable[[int, int], None]


class Embedders:
    """Models on the server at `host`; None where no server is configured, and then every model is missing."""

    def __init__(self, host: str | None) -> None:
        self._host = host
        self._open: dict[tuple[str, Prefixes | None], OllamaEmbedder] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for one in self._open.values():
            one.close()
        self._open.clear()

    def space(self, model: str) -> Space:
        """The space that a model makes as it is on the server now. Raises `EmbedderError`."""
        self._forget(model)
        space = self._client(model, None).space
        if not space.digest:
            raise EmbedderError("nonsense", space.model, f"Der Modellserver nennt keine Prüfsumme von {space.model}")
        if space.dimension > LARGEST_DIMENSION:
            raise EmbedderError(
                "nonsense",
                space.model,
                f"{space.model} gibt Vektoren von {space.dimension} Zahlen; der Index nimmt höchstens "
                f"{LARGEST_DIMENSION}",
            )
        return space

    def passages(self, space: Space, items: Sequence[IndexedItem], progress: Progress | None = None) -> Embedded:
        """Vectors of all passages of the items, in their order. `progress` is told passages done and in all.

        Raises `EmbedderError` where the server does not give vectors of just this space, from the first to the last.
        """
        fields: list[ChunkFields] = [chunk[1] for item in items for chunk in item.chunks]
        vectors = np.empty((len(fields), space.dimension), np.float32)
        if not fields:
            return Embedded(space, vectors)
        client = self._required(space)
        # Told of after each batch: on a slow processor one may take minutes.
        for start in range(0, len(fields), BATCH_TEXTS):
            part = fields[start : start + BATCH_TEXTS]
            vectors[start : start + len(part)] = client.passages([passage_text(one) for one in part])
            if progress is not None:
                progress(start + len(part), len(fields))
        client.check_unchanged()
        return Embedded(space, vectors)

    def questions(self, space: Space, texts: Sequence[str]) -> F32:
        """Vectors of questions, one row for each. Raises `EmbedderError` as `passages`."""
        client = self._required(space)
        vectors = client.questions(texts)
        client.check_unchanged()
        return vectors

    def _required(self, space: Space) -> OllamaEmbedder:
        client = self._client(space.model, space.prefixes)
        try:
            client.require(space)
        except EmbedderError as fault:
            if fault.fault == "other_model":
                self._forget(space.model)  # it may be put right while this process lives
            raise
        return client

    def _client(self, model: str, prefixes: Prefixes | None) -> OllamaEmbedder:
        if self._host is None:
            raise EmbedderError(
                "missing", model, f"OLLAMA_HOST ist nicht gesetzt, also bildet niemand Vektoren mit {model}"
            )
        key = (model, prefixes)
        if key not in self._open:
            self._open[key] = OllamaEmbedder(self._host, model, prefixes=prefixes)
        return self._open[key]

    def _forget(self, model: str) -> None:
        for key in [key for key in self._open if key[0] == model]:
            self._open.pop(key).close()
