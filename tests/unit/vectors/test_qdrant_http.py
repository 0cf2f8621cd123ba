"""Kept connections, against a server on a socket that says byte for byte what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from resources.vectors import qdrant_http
from resources.vectors.qdrant_http import Answer, KeptConnections, NotHttpError
from tests.places import free_port

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PATIENT_S = 60.0
"""No test waits for it."""


class Server:
    """Calls `handle` with each connection; counts them and keeps the requests that `asked` read."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests: list[bytes] = []
        self.handle: Handler = self.well
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self.handle(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def asked(self, reader: asyncio.StreamReader) -> bytes:
        """The body of the next request."""
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        body = await reader.readexactly(length)
        self.requests.append(head + body)
        return body

    async def well(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Says what it is told, as often as it is asked."""
        while True:
            writer.write(reply(await self.asked(reader)))

    def saying(self, *pieces: bytes) -> Handler:
        """Says this to the first request and closes."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self.asked(reader)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()

        return handle


def reply(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = int(listening.sockets[0].getsockname()[1])
    yield made
    listening.close()


def calls(server: Server, path: str = "", timeout_s: float = PATIENT_S) -> KeptConnections:
    return KeptConnections(f"http://127.0.0.1:{server.port}{path}", {"api-key": "geheim"}, timeout_s)


async def test_one_connection_serves_one_call_after_the_other(server: Server) -> None:
    kept = calls(server, "/behind/")
    assert [(await kept.post("/query", body)).content for body in (b"1", b"22", b"")] == [b"1", b"22", b""]
    assert server.connections == 1
    first = server.requests[0]
    assert first.startswith(b"POST /behind/query HTTP/1.1\r\n")
    assert b"Host: 127.0.0.1:%d\r\n" % server.port in first
    assert b"api-key: geheim\r\n" in first
    kept.close()


async def test_calls_at_once_are_bounded_and_not_mixed_up(server: Server) -> None:
    kept = calls(server)
    bodies = [str(number).encode() * 50 for number in range(5 * qdrant_http.MOST_CONNECTIONS)]
    answers = await asyncio.gather(*(kept.post("/", body) for body in bodies))
    assert [answer.content for answer in answers] == bodies
    assert server.connections <= qdrant_http.MOST_CONNECTIONS
    kept.close()


@pytest.mark.parametrize(
    ("pieces", "content"),
    [
        ((b"HTTP/1.1 200 OK\r\nTransfer-Enc", b"oding: chunked\r\n\r\n2\r\nab\r\n", b"1\r\nc\r\n0\r\n\r\n"), b"abc"),
        ((b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",), b"abc"),
        ((b"HTTP/1.0 200 OK\r\n\r\nab", b"c"), b"abc"),
    ],
    ids=["in chunks", "closed afterwards", "until it closes"],
)
async def test_ways_to_say_how_long_an_answer_is(server: Server, pieces: tuple[bytes, ...], content: bytes) -> None:
    server.handle = server.saying(*pieces)
    kept = calls(server)
    assert await kept.post("/", b"x") == Answer(200, content)
    assert await kept.post("/", b"y") == Answer(200, content)
    assert server.connections == 2
    kept.close()


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", b"HTTP/1.1 200 OK\r\nContent-Le"]
)
async def test_half_an_answer_is_none_and_not_asked_for_again(server: Server, said: bytes) -> None:
    server.handle = server.saying(said)
    kept = calls(server)
    with pytest.raises(ConnectionError):
        await kept.post("/", b"x")
    assert len(server.requests) == 1
    kept.close()


async def test_nonsense_and_an_endless_answer(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = calls(server)
    server.handle = server.saying(b"SSH-2.0-OpenSSH_9.9\r\n")
    with pytest.raises(NotHttpError):
        await kept.post("/", b"x")
    monkeypatch.setattr(qdrant_http, "LARGEST_ANSWER", 1000)
    server.handle = server.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"x" * 1500)
    with pytest.raises(NotHttpError, match="1000"):
        await kept.post("/", b"x")
    server.handle = server.well
    assert (await kept.post("/", b"x")).content == b"x", "the next call is none the worse"
    kept.close()


async def test_a_connection_that_the_server_let_go_is_replaced(server: Server) -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(await server.asked(reader)))
        await server.asked(reader)  # and closes instead of an answer, as if the two had met on the way

    server.handle = once
    kept = calls(server)
    assert (await kept.post("/", b"1")).content == b"1"
    assert (await kept.post("/", b"2")).content == b"2"
    assert server.connections == 2
    kept.close()


async def test_an_answer_that_comes_too_late_is_nobodys(server: Server) -> None:
    late = asyncio.Event()
    heard = {body: asyncio.Event() for body in (b"first", b"second")}

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = await server.asked(reader)
        heard[body].set()
        await late.wait()
        writer.write(reply(body))

    server.handle = slow
    timeout_s = 0.05
    while not heard[b"first"].is_set():
        # On a busy machine the time may be over before the server has read anything.
        hasty = calls(server, timeout_s=timeout_s)
        with pytest.raises(TimeoutError):
            await hasty.post("/", b"first")
        hasty.close()
        timeout_s *= 2
    patient = calls(server)
    given_up = asyncio.create_task(patient.post("/", b"second"))
    await heard[b"second"].wait()
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    late.set()
    server.handle = server.well
    assert (await patient.post("/", b"third")).content == b"third"
    patient.close()


@pytest.mark.parametrize("at_once", [True, False])
async def test_an_unasked_word_ends_a_connection(server: Server, at_once: bool) -> None:
    ended = asyncio.Event()

    async def talkative(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = reply(await server.asked(reader))
        if at_once:
            writer.write(answer + reply(b"and another thing"))
        else:
            writer.write(answer)
            await answered.wait()
            writer.write(reply(b"and another thing"))
        await reader.read()
        ended.set()

    answered = asyncio.Event()
    server.handle = talkative
    kept = calls(server)
    assert (await kept.post("/", b"1")).content == b"1"
    answered.set()
    await ended.wait()
    server.handle = server.well
    assert (await kept.post("/", b"2")).content == b"2"
    kept.close()


def test_another_event_loop_has_connections_of_its_own() -> None:
    async def once(kept: KeptConnections) -> bytes:
        made = Server()
        listening = await asyncio.start_server(made.serve, "127.0.0.1", made.port or port)
        try:
            return (await kept.post("/", b"x")).content
        finally:
            kept.close()
            listening.close()

    port = free_port()
    kept = KeptConnections(f"http://127.0.0.1:{port}", {}, PATIENT_S)
    assert [asyncio.run(once(kept)) for _ in range(2)] == [b"x", b"x"]
    kept.close()
