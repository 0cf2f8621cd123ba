"""What `luna doctor` asks of the servers that the settings name: Qdrant, the object store, Tika, Ollama.

Each is asked once, briefly, and only read from; one that is not configured is not mentioned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from luna_cli.finding import Finding
from resources.objects import StoreUnavailableError
from resources.objects_s3 import S3ObjectStore, place_of
from resources.settings import EXAMPLES, LOCAL, Settings

PATIENCE_S = 3.0
"""How long a server has to answer; a healthy one takes milliseconds."""
_NOT_LET_IN = {401, 403}
_KEY_REFUSED = {
    "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidTokenId", "Unauthorized",
    "AuthorizationHeaderMalformed",
}  # fmt: skip


_Shape = TypeVar("_Shape")


class _Title(msgspec.Struct):
    """Who answers at Qdrant's root."""

    title: str
    version: str


class _Version(msgspec.Struct):
    version: str


class _Tag(msgspec.Struct):
    name: str


class _Tags(msgspec.Struct):
    """The models on an Ollama server."""

    models: list[_Tag]


class _NotAsItShouldBeError(Exception):
    """What is wrong with a server, in German."""


def examine_servers(settings: Settings) -> Iterator[Finding]:
    """One or more findings for each server that is configured."""
    if settings.qdrant_url is not None:
        yield from _told("Qdrant", "qdrant_url", settings.qdrant_url, lambda: _qdrant(settings))
    if settings.s3_endpoint_url is not None:
        yield from _told("Dateispeicher (S3)", "s3_endpoint_url", settings.s3_endpoint_url, lambda: _objects(settings))
    if settings.tika_endpoint is not None:
        yield from _told("Tika", "tika_endpoint", settings.tika_endpoint, lambda: _tika(settings))
    if settings.ollama_host is not None:
        yield from _told("Ollama", "ollama_host", settings.ollama_host, lambda: _ollama(settings))


def _told(subject: str, variable: str, url: str, ask: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What `ask` finds, or one fault that says where the server was looked for."""
    try:
        yield from ask()
    except _NotAsItShouldBeError as fault:
        remedy = f"Den Dienst starten oder die Adresse richten: {EXAMPLES[variable]}"
        yield Finding(subject, "fault", f"{_place(url)} {fault}", remedy)


def _qdrant(settings: Settings) -> Iterator[Finding]:
    base = (settings.qdrant_url or "").rstrip("/")
    key = settings.qdrant_api_key
    headers = {"api-key": key.get_secret_value()} if key else {}
    answer = _get(f"{base}/", headers)
    if answer.status_code not in _NOT_LET_IN:
        server = _decoded(answer, _Title, "Qdrant")
        if "qdrant" not in server.title.lower():
            raise _NotAsItShouldBeError("antwortet, ist aber kein Qdrant")
        answer = _get(f"{base}/collections", headers)
        if answer.status_code == 200:
            yield Finding("Qdrant", "ok", f"{server.version[:40]} auf {_place(base)}")
            return
    if answer.status_code not in _NOT_LET_IN:
        raise _NotAsItShouldBeError(f"antwortet mit {answer.status_code}")
    told = "nimmt den Schlüssel nicht an" if key else "verlangt einen Schlüssel"
    yield Finding("Qdrant", "fault", f"{_place(base)} {told}", "QDRANT_API_KEY so setzen, wie der Server ihn kennt.")


def _objects(settings: Settings) -> Iterator[Finding]:
    subject, place = "Dateispeicher (S3)", place_of(settings)
    where = _place(place.endpoint_url)
    try:
        there = S3ObjectStore(place, read_timeout_s=PATIENCE_S, attempts=1).has_bucket()
    except StoreUnavailableError as fault:
        if fault.reason in _KEY_REFUSED:
            remedy = "S3_ACCESS_KEY_ID und S3_SECRET_ACCESS_KEY so setzen, wie der Server sie kennt."
            yield Finding(subject, "fault", f"{where} nimmt die Schlüssel nicht an ({fault.reason})", remedy)
            return
        raise _NotAsItShouldBeError(f"antwortet nicht, wie ein Dateispeicher es soll ({fault.reason})") from fault
    except ValueError as fault:
        raise _NotAsItShouldBeError("ist keine brauchbare Adresse") from fault
    state = f"Eimer „{place.bucket}“ ist da" if there else f"Eimer „{place.bucket}“ entsteht beim ersten Schreiben"
    yield Finding(subject, "ok", f"{where}, {state}")


def _tika(settings: Settings) -> Iterator[Finding]:
    base = (settings.tika_endpoint or "").rstrip("/")
    answer = _get(f"{base}/version")
    said = answer.text.strip()
    if answer.status_code != 200:
        raise _NotAsItShouldBeError(f"antwortet mit {answer.status_code}")
    if not said.startswith("Apache Tika") or len(said) > 100:
        raise _NotAsItShouldBeError("antwortet, ist aber kein Tika")
    yield Finding("Tika", "ok", f"{said} auf {_place(base)}")


def _ollama(settings: Settings) -> Iterator[Finding]:
    base = (settings.ollama_host or "").rstrip("/")
    version = _decoded(_get(f"{base}/api/version"), _Version, "Ollama").version
    there = {tag.name for tag in _decoded(_get(f"{base}/api/tags"), _Tags, "Ollama").models}
    yield Finding("Ollama", "ok", f"{version[:40]} auf {_place(base)}")
    wanted = [settings.generate_model, settings.fallback_model]
    if settings.index_model != LOCAL:
        wanted.append(settings.index_model)
    lost = [name for name in dict.fromkeys(wanted) if not there & {name, f"{name}:latest"}]
    if lost:
        remedy = "; ".join(f"ollama pull {name}" for name in lost)
        yield Finding(
            "Modelle",
            "warn",
            f"auf dem Modellserver fehlt {' und '.join(lost)}",
            f"{remedy} (oder auf der Seite holen oder andere wählen)",
        )


def _get(url: str, headers: dict[str, str] | None = None) -> httpx.Response:
    """One answer within `PATIENCE_S`. Raises `_NotAsItShouldBeError`."""
    try:
        return httpx.get(url, headers=headers, timeout=PATIENCE_S, trust_env=False)
    except httpx.TimeoutException as fault:
        raise _NotAsItShouldBeError(f"antwortet nicht innerhalb von {PATIENCE_S:g} s") from fault
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as fault:
        raise _NotAsItShouldBeError("ist keine http(s)-Adresse") from fault
    except httpx.ConnectError as fault:
        raise _NotAsItShouldBeError("antwortet nicht: Dort nimmt niemand Verbindungen an") from fault
    except httpx.HTTPError as fault:
        raise _NotAsItShouldBeError(f"antwortet nicht, wie es soll ({type(fault).__name__})") from fault


def _decoded(answer: httpx.Response, kind: type[_Shape], name: str) -> _Shape:
    if answer.status_code != 200:
        raise _NotAsItShouldBeError(f"antwortet mit {answer.status_code}")
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.MsgspecError as fault:
        raise _NotAsItShouldBeError(f"antwortet, ist aber kein {name}") from fault


def _place(url: str) -> str:
    """Host and port of an address; what else stands in it may be secret."""
    return urlsplit(url).netloc.rpartition("@")[2]
