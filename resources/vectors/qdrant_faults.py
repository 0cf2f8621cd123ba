"""What the client of Qdrant raises, as our own faults with German texts; and when a call is worth another attempt."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, TypeVar

import httpx
import stamina
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from resources.vectors.points import PointsError, PointsUnavailableError

ATTEMPTS: Final = 5
RETRY_S: Final = 30.0
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
_FULL: Final = b"No space left on device"
NONSENSE: Final = "Qdrant hat unverständlich geantwortet; ist QDRANT_URL richtig?"
T = TypeVar("T")


class NotThereError(PointsError):
    """A collection, or what was asked of one, is not there (any more)."""


class TooLargeError(PointsError):
    """The server takes no request as large as this one."""


@contextmanager
def translated() -> Generator[None]:
    """Raises `PointsError`s instead of what the client, its connections and the engine within the process raise."""
    try:
        yield
    except UnexpectedResponse as fault:
        raise _refused(fault.status_code or 0, fault.content) from fault
    except (ResponseHandlingException, httpx.HTTPError, ResourceExhaustedResponse, OSError) as fault:
        source = fault.source if isinstance(fault, ResponseHandlingException) else fault
        if isinstance(source, ValueError):
            raise PointsError(NONSENSE) from fault
        raise PointsUnavailableError(f"Qdrant antwortet nicht ({type(source).__name__})") from fault
    except ApiException as fault:
        raise PointsError(f"Qdrant hat die Anfrage abgelehnt: {fault}") from fault
    except ValueError as fault:
        # The engine within the process says so of a collection that is not there.
        if "not found" in str(fault):
            raise NotThereError(f"Qdrant hat die Anfrage abgelehnt: {fault}") from fault
        if isinstance(fault, json.JSONDecodeError | UnicodeDecodeError):
            raise PointsError(NONSENSE) from fault
        raise


def _refused(status: int, content: bytes) -> PointsError:
    if status in _BUSY:
        if _FULL in content:
            return PointsUnavailableError(f"Auf dem Datenträger von Qdrant ist kein Platz mehr frei ({status})")
        return PointsUnavailableError(f"Qdrant ist überlastet oder gestört ({status})")
    if status in (401, 403):
        return PointsError("Qdrant verlangt einen anderen Schlüssel; bitte QDRANT_API_KEY prüfen")
    said = f"Qdrant hat die Anfrage abgelehnt: {content.decode('utf-8', 'replace')[:300]}"
    return {404: NotThereError, 413: TooLargeError}.get(status, PointsError)(said)


def patiently(call: Callable[[], T], attempts: int = ATTEMPTS) -> T:
    """The call's result; tried again where the server is busy or away for a moment. Raises `PointsError`s."""
    for attempt in stamina.retry_context(
        on=PointsUnavailableError, attempts=attempts, timeout=RETRY_S, wait_initial=0.1, wait_max=5.0
    ):
        with attempt:
            return call()
    raise AssertionError("the last attempt returns or raises")
