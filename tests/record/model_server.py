"""A real Ollama with one embedding model of random weights: what a wrong choice of a model looks like.

Its vectors mean nothing, so a rebuild with it is what the gold questions are there to refuse. The server's program is
the one that `LUNA_TEST_OLLAMA=1 make test-services` builds once; where it is missing, there is none.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.places import free_port
from tests.services.ollama import BINARY, START_TIMEOUT_S
from tests.services.process import serving
from tests.services.tiny_model import gguf

NAME = "zufall"
ADDRESS = "http://127.0.0.1:{port}"


@contextmanager
def serve(folder: Path) -> Generator[str | None]:
    """The address of the server, which ends with the context; None where its program was never built."""
    if not BINARY.exists():
        yield None
        return
    port = free_port()
    environment = os.environ | {
        "OLLAMA_HOST": f"127.0.0.1:{port}",
        "OLLAMA_MODELS": str(folder / "models"),
        "HOME": str(folder),
        "OLLAMA_NUM_PARALLEL": "1",
    }
    with serving([str(BINARY), "serve"], folder / "ollama.log", environment) as process:
        address = ADDRESS.format(port=port)
        _up(address, process)
        _load(address)
        yield address


def _up(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{address}/api/version", timeout=2).raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.3)
        else:
            return
    raise RuntimeError(f"Ollama gave no answer within {START_TIMEOUT_S} s")


def _load(address: str) -> None:
    data = gguf(embeds=True)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    with httpx.Client(base_url=address, timeout=120) as http:
        http.post(f"/api/blobs/{digest}", content=data).raise_for_status()
        body = {"model": NAME, "files": {f"{NAME}.gguf": digest}, "stream": False}
        http.post("/api/create", json=body).raise_for_status()
