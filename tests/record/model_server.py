"""A models' server with one embedding model whose vectors mean nothing: what a wrong choice looks like.

A rebuild with it is what the gold questions are there to refuse. It speaks Ollama's protocol; a real model is slower on
eleven thousand passages than anybody wants to watch.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from tests.fake_embedding import nonsense
from tests.fake_ollama import Script, fake_ollama

NAME = "zufall:latest"
DIMENSION = 64
WINDOW = 2048


@contextmanager
def serve() -> Generator[str]:
    """The address of the server, which ends with the context."""
    script = Script(models={NAME: WINDOW}, abilities={NAME: ["embedding"]}, embed=nonsense(DIMENSION))
    with fake_ollama(script) as address:
        yield address
