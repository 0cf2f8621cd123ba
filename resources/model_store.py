"""Brings models onto an Ollama server: the server fetches them, here its progress is read, never without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

import httpx

from resources.generator import CONNECT_TIMEOUT_S, GeneratorError

SILENCE_S: Final = 120.0
"""So long a server may say nothing while it fetches: checking the digest of a large file takes a while."""
_NO_SUCH = ("file does not exist", "not found", "manifest")


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of a pull: what the server does, and how many bytes of the present file are there (0 of 0: unknown)."""

    status: str
    digest: str = ""
    completed: int = 0
    total: int = 0


async def pull(host: str, model: str, *, silence_s: float = SILENCE_S) -> AsyncGenerator[Progress]:
    """Let the server fetch a model; the last line's status is `success`. Raises `GeneratorError`.

    Closing the generator ends the transfer; what has come is kept by the server, which goes on from there next time.
    """
    import ollama  # half a second and some megabytes that only the one who pulls should pay

    client = ollama.AsyncClient(host=host, timeout=httpx.Timeout(silence_s, connect=CONNECT_TIMEOUT_S), trust_env=False)
    done = False
    try:
        lines = await asyncio.wait_for(client.pull(model, stream=True), silence_s)
        async for line in lines:
            done = line.status == "success"
            yield Progress(line.status or "", line.digest or "", line.completed or 0, line.total or 0)
    except ollama.ResponseError as fault:
        told = fault.error.lower()
        if any(sign in told for sign in _NO_SUCH):
            raise GeneratorError("missing", model, f"Ein Modell {model} ist nirgends zu finden") from None
        raise GeneratorError("nonsense", model, f"Der Modellserver meldet: {fault.error[:200]}") from None
    except (TimeoutError, httpx.TimeoutException):
        raise GeneratorError("timeout", model, "Der Modellserver hat zu lange nichts mehr gemeldet") from None
    except (ConnectionError, httpx.HTTPError):
        raise GeneratorError("down", model, "Der Modellserver antwortet nicht") from None
    except ValueError:
        # Broken JSON, or JSON of another shape: the library raises errors of both kinds as they come.
        raise GeneratorError("nonsense", model, "Der Modellserver antwortet Unverständliches") from None
    finally:
        await client._client.aclose()  # type: ignore[reportPrivateUsage]  # the library offers no other way
    if not done:
        raise GeneratorError("nonsense", model, "Der Modellserver brach ab, bevor das Modell da war")
