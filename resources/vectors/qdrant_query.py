"""Searches on a Qdrant server, each one call: over kept connections within an event loop, or waited for in a thread."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import msgspec
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from resources.vectors.qdrant_http import KeptConnections, NotHttpError
from resources.vectors.qdrant_json import Json, Scored, decoded, encoded


class QueryCalls:
    """Queries of one server.

    `ask` and `find` raise what the client does: `UnexpectedResponse`, `ResponseHandlingException` for an answer that is
    none of Qdrant's; and `OSError` (`find`) or `httpx.HTTPError` (`ask`) without one in time.
    """

    def __init__(self, url: str, api_key: str | None, timeout_s: float) -> None:
        # Packing costs more than it saves on the way to a server next door.
        headers = {"Accept-Encoding": "identity"} | ({"api-key": api_key} if api_key else {})
        self._kept = KeptConnections(url, headers, timeout_s)
        self._client = httpx.Client(
            base_url=url,
            headers={"Content-Type": "application/json", **headers},
            timeout=timeout_s,
            trust_env=False,
        )

    def close(self) -> None:
        """Lets connections go."""
        self._client.close()
        self._kept.close()

    def ask(self, collection: str, asked: Sequence[Json]) -> Scored:
        """The points that answer each search (Qdrant's `points/query/batch`)."""
        answer = self._client.post(_path(collection), content=encoded(asked))
        return _read(answer.status_code, answer.content)

    async def find(self, collection: str, asked: Sequence[Json]) -> Scored:
        """The same within an event loop; one loop at a time."""
        try:
            answer = await self._kept.post(_path(collection), encoded(asked))
        except NotHttpError as fault:
            raise ResponseHandlingException(fault) from fault
        return _read(answer.status, answer.content)


def _path(collection: str) -> str:
    return f"/collections/{collection}/points/query/batch"


def _read(status: int, content: bytes) -> Scored:
    if status != 200:
        raise UnexpectedResponse(status, "", content, httpx.Headers())
    try:
        return decoded(content)
    except msgspec.DecodeError as fault:
        raise ResponseHandlingException(ValueError(str(fault))) from fault
