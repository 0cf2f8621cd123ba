"""The one call of a Qdrant search, over HTTP and decoded at once into ids and scores.

The client would make an object of every candidate, and of each of its fields: that takes longer than finding them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

Body = Mapping[str, Any]


class _Point(msgspec.Struct):
    id: str
    score: float


class _Points(msgspec.Struct):
    points: list[_Point]


class _Answer(msgspec.Struct):
    result: _Points


class QueryCalls:
    """Queries of one server. Thread-safe."""

    def __init__(self, url: str, api_key: str | None, timeout_s: float) -> None:
        # Packing costs more than it saves on the way to a server next door.
        headers = {"content-type": "application/json", "accept-encoding": "identity"}
        self._client = httpx.Client(
            base_url=url,
            headers=headers | ({"api-key": api_key} if api_key else {}),
            timeout=timeout_s,
            trust_env=False,
        )
        self._decoder = msgspec.json.Decoder(_Answer)

    def close(self) -> None:
        """Lets connections go."""
        self._client.close()

    def ask(self, collection: str, body: Body) -> tuple[list[str], list[float]]:
        """Ids and scores of the points that answer `body` (Qdrant's `points/query`), best first.

        Raises what the client does: `UnexpectedResponse`, `ResponseHandlingException` for an answer that is none of
        Qdrant's; and `httpx.HTTPError` without one in time.
        """
        answer = self._client.post(f"/collections/{collection}/points/query", content=msgspec.json.encode(body))
        if answer.status_code != 200:
            raise UnexpectedResponse(answer.status_code, answer.reason_phrase, answer.content, answer.headers)
        try:
            points = self._decoder.decode(answer.content).result.points
        except msgspec.DecodeError as fault:
            raise ResponseHandlingException(ValueError(str(fault))) from fault
        return [one.id for one in points], [one.score for one in points]
