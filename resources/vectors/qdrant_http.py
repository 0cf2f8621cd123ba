"""Posting to one server over connections that are kept: HTTP/1.1 within an event loop; the parsing is httptools'.

A general client takes 1 to 2 ms of processor time for a call, most of it before anything is sent. Here a request goes
out at once, and its answer is read while the loop has nothing else to do.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

import httptools
import httpx

MOST_CONNECTIONS: Final = 8
"""So many calls are under way at once; others wait within their time."""
LARGEST_ANSWER: Final = 16 * 1024 * 1024


class NotHttpError(ValueError):
    """What came is no HTTP, or more than any answer can be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    status: int
    content: bytes


class KeptConnections:
    """Posts to the server at `url`. Each call has `timeout_s` for everything: waiting, connecting, sending, reading.

    One event loop uses it at a time; another loop begins with connections of its own.
    """

    def __init__(self, url: str, headers: Mapping[str, str], timeout_s: float) -> None:
        parts = httpx.URL(url)
        self._secure = parts.scheme == "https"
        self._tls: ssl.SSLContext | None = None
        self._host, self._port = parts.host, parts.port or (443 if self._secure else 80)
        self._prefix = parts.raw_path.split(b"?")[0].decode("ascii").rstrip("/")
        fixed = {"Host": parts.netloc.decode("ascii"), "Content-Type": "application/json", **headers}
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in fixed.items())
        self._timeout_s = timeout_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()

    def close(self) -> None:
        """Lets connections go, also those in use."""
        self._idle = []
        left, self._open = self._open, set()
        if self._loop is None or self._loop.is_closed():
            return
        for one in left:
            self._loop.call_soon_threadsafe(one.abort)

    async def post(self, path: str, body: bytes) -> Answer:
        """The answer to a POST of `body` (JSON).

        Raises `NotHttpError`, and `OSError` where there is no answer in time (`TimeoutError` is one). A kept connection
        that the server has let go meanwhile is replaced; nothing else is tried again.
        """
        self._enter()
        head = f"POST {self._prefix}{path} HTTP/1.1\r\n{self._headers}Content-Length: {len(body)}\r\n\r\n"
        request = head.encode("ascii") + body
        async with asyncio.timeout(self._timeout_s), self._places:
            while self._idle:
                kept = self._idle.pop()
                try:
                    return await self._through(kept, request)
                except ConnectionError:
                    if kept.heard:
                        raise
            return await self._through(await self._connect(), request)

    async def _through(self, connection: _Connection, request: bytes) -> Answer:
        try:
            answer = await connection.exchange(request)
        except BaseException:
            # Whatever is still under way on it would be taken for the next answer.
            connection.abort()
            raise
        if connection.reusable:
            self._idle.append(connection)
        else:
            connection.abort()
        return answer

    async def _connect(self) -> _Connection:
        if self._secure and self._tls is None:
            # Reading the certificates takes long.
            self._tls = await asyncio.to_thread(httpx.create_ssl_context, trust_env=False)
        _, made = await asyncio.get_running_loop().create_connection(
            lambda: _Connection(self._gone), self._host, self._port, ssl=self._tls if self._secure else None
        )
        self._open.add(made)
        return made

    def _gone(self, connection: _Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def _enter(self) -> None:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._places = loop, asyncio.Semaphore(MOST_CONNECTIONS)
            self._idle, self._open = [], set()


class _Connection(asyncio.Protocol):
    """One connection: an exchange at a time. `heard`: part of the present answer has come."""

    def __init__(self, gone: Callable[[_Connection], None]) -> None:
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[Answer] | None = None
        self._body: list[bytes] = []
        self._size = 0
        self._sized = self._open_ended = False
        self.heard = self.reusable = False

    async def exchange(self, request: bytes) -> Answer:
        """Sends a request and reads the answer. Raises `ConnectionError`, `NotHttpError`."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("The connection is closed")
        self._parser = httptools.HttpResponseParser(self)
        self._body, self._size = [], 0
        self._sized = self._open_ended = self.heard = self.reusable = False
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            self._answer = None

    def abort(self) -> None:
        """Closes at once."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self._end()  # nobody asked
            return
        self.heard = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as fault:
            self._fail(NotHttpError(str(fault)))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._open_ended:
            self.on_message_complete()
        self._fail(ConnectionResetError(str(exc or "The server closed the connection")))
        self._gone(self)

    def _fail(self, fault: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(fault)

    def _end(self) -> None:
        self.reusable = False
        self.abort()

    # httptools' side

    def on_message_begin(self) -> None:
        if self._answer is None or self._answer.done():
            self._end()  # a second answer behind the first

    def on_header(self, name: bytes, value: bytes) -> None:
        del value
        self._sized = self._sized or name.lower() in (b"content-length", b"transfer-encoding")

    def on_headers_complete(self) -> None:
        self._open_ended = not self._sized

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > LARGEST_ANSWER:
            self._body = []
            self._fail(NotHttpError(f"The answer has more than {LARGEST_ANSWER} bytes"))
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self.reusable = self._transport is not None and self._parser.should_keep_alive()
            self._answer.set_result(Answer(self._parser.get_status_code(), b"".join(self._body)))
