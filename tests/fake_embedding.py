"""What a test's models' server embeds with: deterministic, and texts of the same words lie close together."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

from tests.fake_ollama import DIGEST, Script

EMBED_MODEL = "vektoren:latest"


def bag_of_words(dimension: int) -> Callable[[list[str]], list[list[float]]]:
    """Each word counts at a place of its own, as far as there is room."""

    def vector_of(text: str) -> list[float]:
        vector = [0.01] * dimension
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(word.encode()) % dimension] += 1.0
        return vector

    return lambda texts: [vector_of(text) for text in texts]


def nonsense(dimension: int) -> Callable[[list[str]], list[list[float]]]:
    """Vectors that have nothing to do with what a text says."""

    def vector_of(text: str) -> list[float]:
        return [zlib.crc32(f"{place} {text}".encode()) / 2**31 - 1.0 for place in range(dimension)]

    return lambda texts: [vector_of(text) for text in texts]


def inverted(dimension: int) -> Callable[[list[str]], list[list[float]]]:
    """A bag of words for a passage, its opposite for a question: the same words lie as far apart as can be."""
    words = bag_of_words(dimension)
    return lambda texts: [
        [-part for part in vector] if text.rstrip().endswith("?") else vector
        for text, vector in zip(texts, words(texts), strict=True)
    ]


def constant(dimension: int) -> Callable[[list[str]], list[list[float]]]:
    """The same vector whatever a text says."""
    return lambda texts: [[1.0] * dimension for _ in texts]


def embedding_script(dimension: int = 32, *, digest: str = DIGEST) -> Script:
    """A server with one model that embeds."""
    return Script(
        models={EMBED_MODEL: 2048},
        digests={EMBED_MODEL: digest},
        abilities={EMBED_MODEL: ["embedding"]},
        embed=bag_of_words(dimension),
    )
