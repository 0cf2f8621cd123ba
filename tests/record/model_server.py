"""A models' server with one embedding model that is worth nothing: what a wrong choice looks like.

Where a real Ollama was built (`tests.services.ollama`), it is that, with a tiny model of random weights. Else a
stand-in speaks its protocol, with a model that turns meaning upside down: passages and questions of the same words lie
as far apart as can be.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fake_embedding import inverted
from tests.fake_ollama import Script, fake_ollama
from tests.services import ollama, tiny_model

_STAND_IN = "verdreht:latest"
_DIMENSION = 256
_WINDOW = 2048
_REAL_WINDOW = 256
"""Tokens that the real one reads of a passage; eleven thousand whole ones would take it an hour."""


@dataclass(frozen=True, slots=True)
class ModelServer:
    """Where it is, what the model is called, and whether it is a real one."""

    address: str
    model: str
    real: bool


@contextmanager
def serve(folder: Path, *, real: bool = True) -> Generator[ModelServer]:
    """The server, which ends with the context; a real one, where wanted and there, keeps its model in `folder`."""
    if real and ollama.BINARY.exists():
        with ollama.started(folder) as address:
            if address is not None:
                yield ModelServer(address, tiny_model.put(address, window=_REAL_WINDOW, embeds=True), real=True)
                return
    script = Script(models={_STAND_IN: _WINDOW}, abilities={_STAND_IN: ["embedding"]}, embed=inverted(_DIMENSION))
    with fake_ollama(script) as address:
        yield ModelServer(address, _STAND_IN, real=False)
