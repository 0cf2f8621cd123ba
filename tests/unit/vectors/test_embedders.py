"""Vectors of many passages from a models' server: told of as they come, in the order of the passages."""

from __future__ import annotations

from uuid import UUID

import numpy as np

from luna_rules.search.model import ChunkFields
from resources.embedder import BATCH_TEXTS
from resources.vectors.embedders import Embedders
from resources.vectors.index import IndexedItem
from tests.fake_ollama import Script, fake_ollama

NAME = "nomic-embed-text"
COUNT = 2 * BATCH_TEXTS + 1


def by_length(texts: list[str]) -> list[list[float]]:
    return [[3.0, float(len(text))] for text in texts]


def test_progress_is_told_after_each_batch() -> None:
    chunks = [(UUID(int=number), ChunkFields("", "", "x" * (number + 1)), "") for number in range(COUNT)]
    told: list[tuple[int, int]] = []
    script = Script(models={f"{NAME}:latest": 2048}, embed=by_length)
    with fake_ollama(script) as url, Embedders(url) as embedders:
        space = embedders.space(NAME)
        embedded = embedders.passages(
            space, [IndexedItem(UUID(int=1), chunks)], lambda done, total: told.append((done, total))
        )
    assert told == [(BATCH_TEXTS, COUNT), (2 * BATCH_TEXTS, COUNT), (COUNT, COUNT)]
    assert np.all(np.diff(embedded.vectors[:, 0]) < 0), "one row for each passage, in their order"
