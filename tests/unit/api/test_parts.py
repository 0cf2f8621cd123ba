"""Small parts of the API: names, traces, faults, streams, limits, the OpenAPI document."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import msgspec
import pytest
from litestar.routes import HTTPRoute

from luna_api.accounts.principal import Principal
from luna_api.answers import stream
from luna_api.answers.ratelimit import AskLimiter
from luna_api.answers.schemas import AskRequest
from luna_api.app import create_app
from luna_api.edge import host_name
from luna_api.envelope import choose_trace_id
from luna_api.errors import ApiError, _of_msgspec
from luna_api.guards import admin_only, known_query, local_or_admin_key, signed_in
from luna_api.ingest.names import clean_tags, safe_file_name, visible
from luna_api.openapi_export import DEFAULT_PATH, document
from luna_api.series.formats import MEDIA_TYPES
from resources.database import DEFAULT_TENANT
from resources.settings import load_settings


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, "dokument"),
        ("", "dokument"),
        ("..", "dokument"),
        ("/", "dokument"),
        ("/etc/passwd", "passwd"),
        ("a\x00b\x1b[31m.pdf", "ab[31m.pdf"),
        ("a\r\nb.pdf", "a b.pdf"),
        (".versteckt", "versteckt"),
        ("CON:1.txt", "CON_1.txt"),
        ("u\u0308ber.pdf", "über.pdf"),
        ("\ud800.pdf", "pdf"),
    ],
)
def test_file_names_are_safe(given: str | None, kept: str) -> None:
    assert safe_file_name(given) == kept


def test_tags_are_each_named_once() -> None:
    assert clean_tags(["netz, haus", "netz", " ", "Strom\u200b"]) == ["netz", "haus", "Strom"]
    assert visible("\u202ea\tb\n") == "a b"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"127.0.0.1:8000", "127.0.0.1"),
        (b"LOCALHOST", "localhost"),
        (b"[::1]:80", "::1"),
        (b"[0:0:0:0:0:0:0:1]", "::1"),
        (b"[::1", None),
        (b"[::1]x", None),
        (b"a:b", None),
        (b"", None),
    ],
)
def test_the_name_in_a_host_header(value: bytes, name: str | None) -> None:
    assert host_name(value) == name


def test_new_trace_ids_differ() -> None:
    assert choose_trace_id(None, None) != choose_trace_id("quatsch", "\n")


@pytest.mark.parametrize(
    ("body", "field", "word"),
    [
        ('{"question": "x", "top_k": 99}', "top_k", "höchstens 50"),
        ('{"question": "x", "top_k": 0}', "top_k", "mindestens 1"),
        ('{"question": 1}', "question", "ein Text"),
        ("{}", "question", "fehlt"),
        ('{"question": "x", "stream": "ja"}', "stream", "true oder false"),
        ('{"question": "x", "conversation_id": "x"}', "conversation_id", "UUID"),
        ('{"question": "x", "as_of": "x"}', "as_of", "Datum"),
    ],
)
def test_faults_of_decoding_are_told_in_german(body: str, field: str, word: str) -> None:
    with pytest.raises(msgspec.ValidationError) as fault:
        msgspec.json.decode(body, type=AskRequest)
    told = _of_msgspec(str(fault.value))
    assert told.data["field"] == field
    assert word in told.message
    assert "Richtig wäre" in told.message


async def test_a_long_answer_is_kept_alive_and_its_work_ends_with_the_reader() -> None:
    ended = asyncio.Event()

    async def answering() -> object:
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        raise AssertionError

    pieces = stream.events(lambda _: answering(), heartbeat_s=0.02)  # type: ignore[arg-type]
    assert (await anext(pieces)).startswith(b":")
    assert (await anext(pieces)).startswith(b":")
    await pieces.aclose()
    await asyncio.wait_for(ended.wait(), 100)


async def test_an_unforeseen_fault_ends_the_stream_with_an_event_that_betrays_nothing() -> None:
    async def answering() -> object:
        raise RuntimeError("Kennwort: geheim")

    pieces = [piece async for piece in stream.events(lambda _: answering())]  # type: ignore[arg-type]
    assert len(pieces) == 1
    assert pieces[0].startswith(b"event: error\n")
    assert b"geheim" not in pieces[0]


def test_the_limit_counts_each_person_alone() -> None:
    limiter = AskLimiter(2)
    one, other = (Principal(uuid4(), DEFAULT_TENANT, "user", "dev") for _ in range(2))
    free = Principal(uuid4(), DEFAULT_TENANT, "admin", "admin-key", rate_limited=False)
    for _ in range(2):
        limiter.check(one)
        limiter.check(other)
    with pytest.raises(ApiError) as fault:
        limiter.check(one)
    assert fault.value.status_code == 429
    assert 1 <= int(fault.value.headers["Retry-After"]) <= 60
    for _ in range(20):
        limiter.check(free)


@pytest.mark.parametrize("second", [0.0, 29.5, 59.9])
def test_the_limit_holds_for_any_sixty_seconds(second: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the first question comes: a minute of the clock that begins between two questions changes nothing."""
    begin = 1_800_000_000.0 + second

    def at(moment: float) -> None:
        monkeypatch.setattr("time.time", lambda: begin + moment)

    limiter = AskLimiter(2)
    person = Principal(uuid4(), DEFAULT_TENANT, "user", "dev")
    for moment in (0.0, 0.1):
        at(moment)
        limiter.check(person)
    for moment, wait_s in ((0.2, "60"), (30.0, "30"), (59.5, "1")):
        at(moment)
        with pytest.raises(ApiError) as fault:
            limiter.check(person)
        assert fault.value.headers["Retry-After"] == wait_s
    at(60.05)
    limiter.check(person)
    with pytest.raises(ApiError):
        limiter.check(person)


@pytest.fixture(scope="module")
def described() -> dict[str, dict[str, dict[str, dict[str, object]]]]:
    return json.loads(document())


def test_the_exported_document_is_the_present_one(described: dict[str, object]) -> None:
    kept = json.loads(DEFAULT_PATH.read_text("utf-8"))
    assert kept == described, "run `python -m luna_api.openapi_export`"


def test_every_body_is_closed(described: dict[str, dict[str, dict[str, dict[str, object]]]]) -> None:
    """What the API refuses as unknown, the document does not allow."""

    def structs(schema: dict[str, object]) -> Iterator[str]:
        if "$ref" in schema:
            yield str(schema["$ref"]).rsplit("/", 1)[-1]
        parts = [*cast("list[dict[str, object]]", schema.get("oneOf", [])), schema.get("items")]
        for part in parts:
            if part:
                yield from structs(cast("dict[str, object]", part))

    bodies: set[str] = set()
    for methods in described["paths"].values():
        for operation in methods.values():
            body = cast("dict[str, dict[str, dict[str, dict[str, object]]]]", operation.get("requestBody", {}))
            for content in body.get("content", {}).values():
                bodies.update(structs(content["schema"]))
    assert {"IngestForm", "UrlRequest", "AskRequest", "Event", "RagFeedback"} <= bodies
    for name in bodies:
        assert described["components"]["schemas"][name].get("additionalProperties") is False, name
        assert _struct(name).__struct_config__.forbid_unknown_fields, f"{name} takes fields that it does not know"


def _struct(name: str) -> type[msgspec.Struct]:
    below: list[type[msgspec.Struct]] = [*msgspec.Struct.__subclasses__()]
    return next(one for one in below if one.__name__ == name and one.__module__.startswith("luna_api."))


def test_every_call_has_a_name_a_description_and_its_faults(
    described: dict[str, dict[str, dict[str, dict[str, object]]]],
) -> None:
    names: list[object] = []
    for path, methods in described["paths"].items():
        for operation in methods.values():
            names.append(operation["operationId"])
            assert operation["description"], path
            assert {"500", "503"} <= set(operation["responses"])  # type: ignore[call-overload]
    assert len(names) == len(set(names)) > 30
    assert not [name for name in described["components"]["schemas"] if "." in name]


@pytest.mark.parametrize(
    ("operation", "codes"),
    [
        ("runSimulator", {"400", "403", "409", "413"}),
        ("changeModels", {"202", "400", "403", "404", "409", "413", "422", "429"}),
        ("rollBackIndex", {"400", "403", "409", "413"}),
        ("switchIndex", {"400", "403", "413"}),
        ("reindex", {"400", "403", "404", "409", "413", "422"}),
        ("replayAnswer", {"404", "409", "429"}),
        ("ingestDocument", {"202", "403", "409", "413", "415", "422"}),
        ("deleteItem", {"403", "404"}),
        ("undoImport", {"202", "403", "404", "409"}),
        ("getPrometheus", {"403"}),
    ],
)
def test_the_document_names_what_a_call_may_answer(
    described: dict[str, dict[str, dict[str, dict[str, object]]]], operation: str, codes: set[str]
) -> None:
    assert codes <= _operation(described, operation)["responses"].keys()


def test_every_guard_and_every_limit_shows_in_the_document(
    described: dict[str, dict[str, dict[str, dict[str, object]]]], tmp_path: Path
) -> None:
    app = create_app(load_settings({"luna_home": str(tmp_path), "git_sha": ""}))
    seen = 0
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            if not handler.operation_id or not handler.resolve_include_in_schema():
                continue
            operation = _operation(described, str(handler.operation_id))
            codes = set(operation["responses"])
            # The framework wraps those that are no coroutines.
            guards = {getattr(guard, "func", guard) for guard in handler.resolve_guards()}
            assert not {admin_only, local_or_admin_key} & guards or "403" in codes, handler.operation_id
            assert signed_in not in guards or "401" in codes, handler.operation_id
            assert known_query not in guards or "400" in codes, handler.operation_id
            assert "requestBody" not in operation or "413" in codes, handler.operation_id
            seen += admin_only in guards
    assert seen > 15


@pytest.mark.parametrize(
    ("operation", "media_types"),
    [
        ("getItemFile", {"*/*"}),
        ("getMarket", {"application/json", *MEDIA_TYPES.values()}),
        ("getSmartMeter", {"application/json", *MEDIA_TYPES.values()}),
    ],
)
def test_the_document_names_the_formats_of_files(
    described: dict[str, dict[str, dict[str, dict[str, object]]]], operation: str, media_types: set[str]
) -> None:
    assert _operation(described, operation)["responses"]["200"]["content"].keys() == media_types


def _operation(described: dict[str, dict[str, dict[str, dict[str, object]]]], name: str) -> dict[str, Any]:
    return next(
        operation
        for methods in described["paths"].values()
        for operation in methods.values()
        if operation["operationId"] == name
    )
