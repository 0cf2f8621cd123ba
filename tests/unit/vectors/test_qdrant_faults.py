"""A server that misbehaves: each fault becomes one of ours within its time, and what can be tried again is."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from uuid import uuid4

import numpy as np
import pytest
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from resources.vectors import arrays, qdrant
from resources.vectors.index import NO_FILTERS
from resources.vectors.points import (
    FoundPoints,
    ItemFacts,
    Points,
    PointsError,
    PointsMismatchError,
    PointsQuestion,
    PointsUnavailableError,
    SparseRows,
    VersionRef,
)
from resources.vectors.qdrant import QdrantPoints
from tests.local_server import LocalServer
from tests.places import free_port

VERSION = VersionRef(7, None, 3)
Answer = Callable[[BaseHTTPRequestHandler, bytes], None]
Ask = Callable[[QdrantPoints], FoundPoints]


class Misbehaving:
    """Answers as `answer` does, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self.answer: Answer = healthy
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append((self.command, self.path.split("?")[0], len(body)))
                outer.answer(self, body)

            do_GET = do_PUT = do_POST = do_DELETE = _any  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        self.server = LocalServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


def send(handler: BaseHTTPRequestHandler, status: int, body: object, kind: str = "application/json") -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def healthy(handler: BaseHTTPRequestHandler, _: bytes) -> None:
    result: object = {"operation_id": 1, "status": "completed"}
    path = handler.path.split("?")[0]
    if path.endswith("/exists"):
        result = {"exists": True}
    elif path.endswith("/query/batch"):
        result = [{"points": []}]
    elif path.endswith("/count"):
        result = {"count": 0}
    elif handler.command == "GET" and "/collections/" in path:
        vectors = {"dense": {"size": 3, "distance": "Cosine"}}
        result = {
            "status": "green",
            "optimizer_status": "ok",
            "segments_count": 1,
            "config": {
                "params": {"vectors": vectors},
                "hnsw_config": {"m": 0, "ef_construct": 100, "full_scan_threshold": 10},
                "optimizer_config": {
                    "deleted_threshold": 0.2,
                    "vacuum_min_vector_number": 1,
                    "default_segment_number": 0,
                    "flush_interval_sec": 5,
                },
            },
            "payload_schema": {},
        }
    send(handler, 200, {"result": result, "status": "ok", "time": 0.1})


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    made = Misbehaving()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def points(server: Misbehaving, monkeypatch: pytest.MonkeyPatch) -> Iterator[QdrantPoints]:
    monkeypatch.setattr(qdrant, "SEARCH_TIMEOUT_S", 60)
    with QdrantPoints.connect(server.url, None, "luna") as made:
        yield made


def passages(count: int) -> Points:
    return Points(
        chunk_ids=arrays.ids_of(uuid4() for _ in range(count)),
        owners=np.zeros(count, np.int64),
        facts=[ItemFacts(uuid4(), uuid4(), 1, "document", "upload", ())],
        vectors=np.ones((count, 3), np.float32),
        terms=SparseRows(np.arange(count + 1), np.ones(count, np.uint32), np.ones(count, np.float32)),
    )


QUESTION = PointsQuestion(VERSION, {"netz": 1.0}, np.ones(3, np.float32), NO_FILTERS, None)


def in_a_loop(points: QdrantPoints) -> FoundPoints:
    return asyncio.run(points.find(QUESTION))


def in_a_thread(points: QdrantPoints) -> FoundPoints:
    return points.search(QUESTION)


both_ways = pytest.mark.parametrize("ask", [in_a_thread, in_a_loop])


@pytest.fixture
def again() -> Iterator[list[RetryDetails]]:
    """What was tried once more."""
    told: list[RetryDetails] = []
    set_on_retry_hooks([told.append])
    yield told
    set_on_retry_hooks(None)


@both_ways
def test_nobody_there_is_told_at_once(again: list[RetryDetails], ask: Ask) -> None:
    with (
        QdrantPoints.connect(f"http://127.0.0.1:{free_port()}", None, "luna") as points,
        pytest.raises(PointsUnavailableError, match="antwortet nicht"),
    ):
        ask(points)
    assert again == [], "a search that somebody waits for is not repeated"


@both_ways
def test_a_search_does_not_wait_longer_than_its_time(
    server: Misbehaving, monkeypatch: pytest.MonkeyPatch, again: list[RetryDetails], ask: Ask
) -> None:
    monkeypatch.setattr(qdrant, "SEARCH_TIMEOUT_S", 1)
    heard, over = threading.Event(), threading.Event()

    def asleep(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        heard.set()
        over.wait(100)
        healthy(handler, body)

    server.answer = asleep
    with (
        QdrantPoints.connect(server.url, None, "luna") as points,
        pytest.raises(PointsUnavailableError, match="antwortet nicht"),
    ):
        ask(points)
    assert heard.wait(100), "else nobody was waited for"
    over.set()
    assert again == []
    assert len(server.asked) == 1, "a search that somebody waits for is not repeated"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>nginx</html>",
        b'{"result": [{"points": [{"id"',
        b'{"result": 7, "status": "ok", "time": 1}',
        b'{"result": [], "status": "ok", "time": 1}',
        b'{"result": [{"points": [{"id": "7", "score": 0.5}]}], "status": "ok", "time": 1}',
        b"",
    ],
)
@both_ways
def test_nonsense_and_half_an_answer(server: Misbehaving, points: QdrantPoints, body: bytes, ask: Ask) -> None:
    server.answer = lambda handler, _: send(handler, 200, body)
    with pytest.raises(PointsError):
        ask(points)


@both_ways
def test_a_wrong_key_names_the_variable(server: Misbehaving, points: QdrantPoints, ask: Ask) -> None:
    server.answer = lambda handler, _: send(handler, 401, b"Must provide an API key", "text/plain")
    with pytest.raises(PointsError, match="QDRANT_API_KEY"):
        ask(points)


def test_writing_waits_for_a_server_that_is_busy_for_a_moment(server: Misbehaving, points: QdrantPoints) -> None:
    refused = 0

    def busy(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        nonlocal refused
        if handler.command == "PUT" and handler.path.split("?")[0].endswith("/points") and refused < 2:
            refused += 1
            send(handler, 503, {"status": {"error": "overloaded"}, "time": 0})
            return
        healthy(handler, body)

    server.answer = busy
    assert points.write(VERSION, passages(10)) == 10
    assert refused == 2


def test_writing_ends_when_the_disk_is_full(server: Misbehaving, points: QdrantPoints) -> None:
    def full(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if handler.command == "PUT" and handler.path.split("?")[0].endswith("/points"):
            said = "Service internal error: No space left on device: WAL buffer size exceeds available disk space"
            send(handler, 500, {"status": {"error": said}, "time": 0})
            return
        healthy(handler, body)

    server.answer = full
    with pytest.raises(PointsUnavailableError, match="kein Platz mehr frei"):
        points.write(VERSION, passages(3))
    tries = [one for one in server.asked if one[1].endswith("/points")]
    assert len(tries) == qdrant.ATTEMPTS, "every repetition has an end"


def test_batches_are_bounded_and_halved_where_they_are_too_large(server: Misbehaving, points: QdrantPoints) -> None:
    def strict(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        if handler.path.split("?")[0].endswith("/points") and len(json.loads(body)["points"]) > 100:
            send(handler, 413, {"status": {"error": "Payload error: JSON payload is too large"}, "time": 0})
            return
        healthy(handler, body)

    points.write(VERSION, passages(qdrant.BATCH_POINTS * 2 + 1))
    assert sum(one[1].endswith("/points") for one in server.asked) == 3
    server.asked.clear()
    server.answer = strict
    assert points.write(VERSION, passages(qdrant.BATCH_POINTS)) == qdrant.BATCH_POINTS
    assert sum(one[1].endswith("/points") for one in server.asked) == 1 + 2 + 4


def test_vectors_of_another_model_are_refused(points: QdrantPoints) -> None:
    with pytest.raises(PointsMismatchError, match="Lexikon oder Modell"):
        points.write(VersionRef(7, None, 300), passages(1))
    with pytest.raises(PointsMismatchError, match="QDRANT_ALIAS=luna_knowledge_2"):
        points.set_facts(VersionRef(8, None, 300), [])
