"""A models' server with one embedding model that turns meaning upside down: what a wrong choice looks like.

Passages and questions of the same words lie as far apart as can be, so a rebuild with it is what the gold questions are
there to refuse. It speaks Ollama's protocol; a real model is slower on eleven thousand passages than anybody wants to
watch.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from tests.fake_embedding import bag_of_words
from tests.fake_ollama import Script, fake_ollama

NAME = "verdreht:latest"
DIMENSION = 256
WINDOW = 2048


def upside_down(texts: list[str]) -> list[list[float]]:
    """A bag of words for a passage, its opposite for a question."""
    vectors = bag_of_words(DIMENSION)(texts)
    return [
        [-part for part in vector] if text.rstrip().endswith("?") else vector
        for text, vector in zip(texts, vectors, strict=True)
    ]


@contextmanager
def serve() -> Generator[str]:
    """The address of the server, which ends with the context."""
    script = Script(models={NAME: WINDOW}, abilities={NAME: ["embedding"]}, embed=upside_down)
    with fake_ollama(script) as address:
        yield address
