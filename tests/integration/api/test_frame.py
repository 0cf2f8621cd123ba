"""What holds for every request: envelope, trace id, limits, Host, headers, who may do what."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from tests.conftest import Database
from tests.integration.api.conftest import Api, serve

NOBODY = "5f0a1c3e-7b42-4d19-8e6a-2c9d4b7f1a03"
"""The id of nothing; a fixed one, for it stands in names of tests, which parallel workers compare."""


def test_every_answer_is_an_envelope_with_the_header_of_its_trace(api: Api) -> None:
    for path in ("/api/v1/system/info", "/health", "/api/v1/nirgends", "/api/v1/items"):
        response = httpx.get(api.url + path)
        body = response.json()
        assert set(body) == {"status", "message", "data", "trace_id"}
        assert body["trace_id"] == response.headers["X-Trace-Id"]
        assert body["status"] == ("ok" if response.status_code == 200 else "error")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
            "4bf92f3577b34da6a3ce929d0e0e4736",
        ),
        ({"X-Trace-Id": "abc-12345678"}, "abc-12345678"),
        ({"X-Trace-Id": "x"}, None),
        ({"X-Trace-Id": "bad id <script>"}, None),
        ({"traceparent": "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}, None),
    ],
)
def test_a_well_formed_trace_id_is_kept(api: Api, given: dict[str, str], kept: str | None) -> None:
    found = httpx.get(f"{api.url}/health", headers=given).headers["X-Trace-Id"]
    assert found == kept if kept else found not in given.values()
    assert len(found) >= 8


def test_the_log_names_the_trace_id(api: Api) -> None:
    handler = next(one for one in logging.getLogger().handlers if getattr(one, "luna_api", False))
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    try:
        httpx.get(f"{api.url}/api/v1/items", headers={"X-Trace-Id": "trace-in-log-1", "X-Admin-Key": "wrong"})
    finally:
        handler.setStream(before)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert any(line["trace_id"] == "trace-in-log-1" and line["event"] == "admin_key_refused" for line in lines)
    assert "wrong" not in written.getvalue()


def test_security_headers_and_no_foreign_origin(api: Api) -> None:
    response = httpx.get(f"{api.url}/api/v1/system/info", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "http" not in response.headers["Content-Security-Policy"]
    preflight = httpx.options(
        f"{api.url}/api/v1/items",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "DELETE"},
    )
    assert "access-control-allow-origin" not in preflight.headers


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "[::2]", "localhost:80:80", "", "127.0.0.1@x"]
)
def test_a_foreign_host_is_refused(api: Api, host: str) -> None:
    response = httpx.get(f"{api.url}/api/v1/system/info", headers={"Host": host})
    assert response.status_code == 400
    if response.headers["content-type"].startswith("application/json"):
        assert response.json()["data"]["field"] == "Host"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9999", "LOCALHOST", "[::1]:8000"])
def test_loopback_names_are_welcome(api: Api, host: str) -> None:
    assert httpx.get(f"{api.url}/api/v1/system/info", headers={"Host": host}).status_code == 200


def test_unknown_routes_and_methods(api: Api) -> None:
    with api.admin() as admin:
        assert admin.get("/nirgends").status_code == 404
        wrong = admin.put("/items")
        assert wrong.status_code == 405
        assert wrong.json()["status"] == "error"
        assert admin.get("/items/keine-uuid").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"question": "x" * 100_000}, "question"),
        ({"question": "   "}, "question"),
        ({"question": "\u200b\u200b"}, "question"),
        ({}, "question"),
        ({"question": 5}, "question"),
        ({"question": "Netz?", "top_k": 0}, "top_k"),
        ({"question": "Netz?", "top_k": 51}, "top_k"),
        ({"question": "Netz?", "top_k": "viele"}, "top_k"),
        ({"question": "Netz?", "topk": 3}, "topk"),
        ({"question": "Netz?", "filters": {"farbe": "rot"}}, "filters.farbe"),
        ({"question": "Netz?", "filters": {"kind": "roman"}}, "filters.kind"),
        ({"question": "Netz?", "filters": []}, "filters"),
        ({"question": "Netz?", "as_of": "gestern"}, "as_of"),
        ({"question": "Netz?", "conversation_id": "eins"}, "conversation_id"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_bad_field_is_named_with_an_example(api: Api, body: dict[str, object], field: str, stream: bool) -> None:
    with api.admin() as admin:
        response = admin.post("/rag/ask", json={**body, "stream": stream})
    assert response.status_code == 400, response.text
    answer = response.json()
    assert answer["data"]["field"] == field
    assert field.split(".")[-1] in answer["message"]


def test_an_unknown_filter_lists_the_valid_ones(api: Api) -> None:
    with api.admin() as admin:
        message = admin.post("/rag/search", json={"question": "Netz?", "filters": {"farbe": "rot"}}).json()["message"]
    for key in ("item_id", "document_id", "kind", "source", "tags", "version", "metadata."):
        assert key in message


@pytest.mark.parametrize(
    "body", [b"{", b'{"question": "Netz?"', b"\xff\xfe", b"[]", b"null", b'"Netz"', b'{"question":"\\ud800"}']
)
def test_broken_json_is_400(api: Api, body: bytes) -> None:
    with api.admin() as admin:
        response = admin.post("/rag/ask", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400, response.text
    assert response.json()["message"]


def test_a_zero_character_does_no_harm(api: Api) -> None:
    with api.admin() as admin:
        assert admin.post("/rag/ask", json={"question": "Netz\u0000entgelt?"}).status_code == 200
        assert admin.get("/items", params={"query": "a\x00b"}).status_code in {200, 400}
        assert admin.post("/events", json={"type": "view", "meta": {"a": "\u0000"}}).status_code in {200, 400}


def test_json_bodies_are_limited_also_when_they_come_in_pieces(api: Api) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(400):
            yield b"x" * 1024
        yield b'"}'

    with api.admin() as admin:
        for content in (b'{"question": "' + b"x" * 400_000 + b'"}', pieces()):
            response = admin.post("/rag/ask", content=content, headers={"Content-Type": "application/json"})
            assert response.status_code == 413, response.text
            assert "256 kB" in response.json()["message"]


def test_large_heads_are_refused(api: Api) -> None:
    many = {f"X-Kopf-{number}": "x" * 300 for number in range(120)}
    assert httpx.get(f"{api.url}/health", headers=many).status_code == 431
    assert httpx.get(f"{api.url}/health?x={'y' * 9000}").status_code == 414


def test_a_body_that_stalls_does_not_hold_its_connection(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luna_api.edge.BODY_STALL_S", 0.3)
    with socket.create_connection(("127.0.0.1", api.port), timeout=10) as raw:
        head = (
            f"POST /api/v1/rag/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Admin-Key: {api.admin_key}\r\n"
            "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        raw.sendall(head.encode())
        assert raw.recv(65536).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    ("path", "field", "hint"),
    [
        ("/items?staus=ready", "staus", "status"),
        ("/items?status=ready&seite=2", "seite", "cursor"),
        ("/items?Query=netz", "Query", "query"),
        (f"/items/{NOBODY}?item_id=1", "item_id", ""),
        ("/system/info?x=1", "x", ""),
        ("/admin/items?title=netz", "title", "query"),
        ("/metrics/events?day=3", "day", "days"),
    ],
)
def test_a_query_parameter_that_nobody_reads_is_named(api: Api, path: str, field: str, hint: str) -> None:
    with api.admin() as admin:
        response = admin.get(path)
    assert response.status_code == 400, response.text
    assert response.json()["data"]["field"] == field
    assert hint in response.json()["message"]


def test_a_form_field_in_the_address_is_named(api: Api) -> None:
    with api.admin() as admin:
        response = admin.post("/ingest/doc?kind=note", files={"file": ("a.md", b"# A")})
    assert (response.status_code, response.json()["data"]["field"]) == (400, "kind")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/events", {"type": "view", "itemid": NOBODY}, "itemid"),
        ("/feedback/rag", {"question": "?", "answer": "!", "useful": True, "note": "gut"}, "note"),
        ("/ingest/url", {"url": "https://example.org/", "tag": "netz"}, "tag"),
        ("/rag/search", {"question": "Netz?", "limit": 3}, "limit"),
        ("/admin/reindex", {"items": []}, "items"),
        ("/embed", {"text": "Netz"}, "text"),
    ],
)
def test_a_body_field_that_nobody_reads_is_named(api: Api, path: str, body: dict[str, object], field: str) -> None:
    with api.admin() as admin:
        response = admin.post(path, json=body)
    assert response.status_code == 400, response.text
    assert response.json()["data"]["field"] in {field, "texts"}


def test_addresses_of_views_and_probes_may_carry_what_they_like(api: Api) -> None:
    assert httpx.get(f"{api.url}/?frage=netz").status_code in {200, 503}
    assert httpx.get(f"{api.url}/health?von=proxy").status_code == 200


def test_a_type_names_its_characters_once(api: Api) -> None:
    for path in ("/", "/dokumente"):
        assert httpx.get(api.url + path).headers["Content-Type"].count("charset") == 1


def test_the_installed_commit_is_told(api: Api) -> None:
    told = httpx.get(f"{api.url}/api/v1/system/info").json()["data"]["git_sha"]
    assert told == "unknown" or len(told) == 40


ADMIN_ONLY = [
    ("GET", "/admin/health"),
    ("GET", "/admin/items"),
    ("DELETE", f"/admin/item/{NOBODY}"),
    ("GET", f"/admin/item/{NOBODY}/chunks"),
    ("POST", "/admin/reindex"),
    ("GET", "/admin/index"),
    ("POST", "/admin/index/rollback"),
    ("POST", "/admin/index/switch"),
    ("GET", "/admin/jobs"),
    ("POST", "/embed"),
    ("GET", "/metrics/system"),
]
SIGNED_IN = [
    ("GET", "/items"),
    ("GET", "/conversations"),
    ("POST", "/rag/ask"),
    ("POST", "/rag/search"),
    ("POST", "/events"),
    ("POST", "/ingest/doc"),
    ("POST", "/ingest/url"),
    ("GET", "/help/context"),
    ("GET", "/metrics/overview"),
    ("GET", "/auth/me"),
]


@pytest.mark.parametrize(("method", "path"), ADMIN_ONLY + SIGNED_IN)
def test_nobody_comes_in_without_a_name(api: Api, method: str, path: str) -> None:
    with api.client() as nobody:
        assert nobody.request(method, path).status_code == 401
    with api.client({"X-Admin-Key": "wrong"}) as wrong:
        assert wrong.request(method, path).status_code == 401
    with api.client({"X-Admin-Key": "wrong", "X-Dev-User": str(uuid4())}) as both:
        assert both.request(method, path).status_code == 401


@pytest.mark.parametrize(("method", "path"), ADMIN_ONLY)
def test_customers_are_no_administrators(api: Api, method: str, path: str) -> None:
    with api.user() as user:
        assert user.request(method, path, json={}).status_code == 403


def test_who_am_i(api: Api) -> None:
    me = uuid4()
    with api.user(me) as user:
        assert user.get("/auth/me").json()["data"] == {
            "user_id": str(me),
            "tenant_id": "00000000-0000-4000-8000-000000000001",
            "role": "user",
            "is_admin": False,
        }
    with api.database.owner() as owner:
        row = owner.execute("SELECT external_id, role FROM users WHERE id = %s", (me,)).fetchone()
    assert row == (f"dev:{me}", "user")


def test_an_unknown_tenant_is_named(api: Api) -> None:
    for tenant in ("gibt-es-nicht", str(uuid4()), "'; --"):
        with api.admin(tenant) as admin:
            response = admin.get("/items")
        assert response.status_code == 400
        assert response.json()["data"]["field"] == "X-Tenant-Id"
    with api.client({"X-Dev-User": "ich"}) as nobody:
        assert nobody.get("/items").json()["data"]["field"] == "X-Dev-User"


def test_development_users_exist_in_development_only(module_database: Database) -> None:
    with serve(module_database, module_database.settings.home, luna_env="prod") as api, api.user() as user:
        assert user.get("/items").status_code == 401
        assert httpx.get(f"{api.url}/api/v1/system/info").json()["data"]["env"] == "prod"


def test_prometheus_is_local(api: Api) -> None:
    httpx.get(f"{api.url}/health")
    local = httpx.get(f"{api.url}/metrics")
    assert local.status_code == 200
    assert 'luna_http_requests_total{method="GET",route="/health",status="200"}' in local.text
    proxied = {"X-Forwarded-For": "203.0.113.7"}
    assert httpx.get(f"{api.url}/metrics", headers=proxied).status_code == 403
    assert httpx.get(f"{api.url}/metrics", headers=proxied | {"X-Admin-Key": api.admin_key}).status_code == 200


def test_help_speaks_for_every_view(api: Api) -> None:
    with api.user() as user:
        for route in ("/", "/dokumente", "/dokumente/abc", "/suche?x=1", "/system", "/impressum", "/gibtesnicht"):
            data = user.get("/help/context", params={"route": route}).json()["data"]
            assert data["title"]
            assert data["text"]
