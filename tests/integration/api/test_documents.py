"""Uploads and the corpus: accepted once, watched, shown to those who may see them, never lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from uuid import UUID, uuid4

import httpx
import pytest

from luna_api.ingest import watch
from luna_api.ingest.fetch import Fetcher
from resources.database import DRAIN_LOCK, worker_connection
from tests.conftest import ROOT
from tests.integration.api.conftest import NOTE, Api, ready, upload
from tests.local_server import LocalServer

LONG = NOTE + "".join(
    f"\n## Abschnitt {word}\n\n"
    + " ".join(f"Die Regelung {word} gilt im Fall {n} nur für Abnehmer mit eigenem Anschluss." for n in "abcdefghijklm")
    + "\n"
    for word in ("Zufahrt", "Lager", "Werkstatt", "Trafo", "Schaltraum", "Leitwarte")
)


def unique(text: str = NOTE) -> str:
    return f"{text}\n\nDas Aktenzeichen dieser Fassung lautet {uuid4().hex}.\n"


def test_an_upload_is_accepted_while_dagster_is_down_and_says_so(api: Api) -> None:
    with api.user() as user:
        response = upload(user, unique(), wait="20", tags=["netz", "haus"], title=" Haus\u200bordnung ")
        assert response.status_code == 202
        body = response.json()
        assert "dagster" in body["message"]
        assert body["data"]["status"] == "received"
        assert response.headers["Location"] == f"/api/v1/ingest/{body['data']['item_id']}"
        state = user.get(f"/ingest/{body['data']['item_id']}").json()["data"]
        assert (state["stage"], state["position"] is not None, state["attempts"]) == ("received", True, 0)
        item = user.get(f"/items/{body['data']['item_id']}").json()["data"]
        assert (item["tags"], item["title"], item["own"], item["public"]) == (
            ["netz", "haus"],
            "Hausordnung",
            True,
            False,
        )


def test_the_upload_waits_for_the_worker_and_is_told_at_once(
    api: Api, monkeypatch: pytest.MonkeyPatch, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    # Who is not told would look for himself only after the waiting is over.
    monkeypatch.setattr(watch, "POLL_WHILE_LISTENING_S", 600.0)
    eventually(lambda: api.context.watcher.listening)
    # Dagster is played by a thread that works the queue off; that the launch failed must not end the waiting here.
    monkeypatch.setattr(type(api.context.drain), "down", property(lambda _: False, lambda *_: None), raising=False)
    worker = threading.Timer(0.5, api.work)
    with api.user() as user:
        worker.start()
        response = upload(user, unique(), wait="60")
        worker.join()
        assert response.status_code == 200, response.text
        data = response.json()["data"]
        assert data["status"] == "ready"
        assert data["chunks"] > 0
        assert data["run_id"]


def test_the_same_bytes_twice_are_409_with_the_first_ones_id(api: Api) -> None:
    content = unique()
    with api.user() as user, api.user() as neighbour:
        first = upload(user, content).json()["data"]["item_id"]
        for client in (user, neighbour):
            again = upload(client, content, name="anders.md")
            assert again.status_code == 409
            assert again.json()["data"]["item_id"] == first
    with api.user(tenant=api.tenant()) as stranger:
        assert upload(stranger, content).status_code == 202, "another tenant's bytes are no duplicate"


def test_of_many_at_once_exactly_one_is_accepted(api: Api) -> None:
    content = unique()
    with api.user() as user, ThreadPoolExecutor(8) as pool:
        codes = sorted(response.status_code for response in pool.map(lambda _: upload(user, content), range(8)))
    assert codes == [202] + [409] * 7


def test_versions_made_at_once_all_get_a_number_of_their_own(api: Api) -> None:
    ref = f"vertrag/{uuid4()}"
    with api.user() as user, ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: upload(user, unique(), external_ref=ref), range(6)))
    assert {answer.status_code for answer in answers} == {202}, [answer.text for answer in answers]
    assert sorted(answer.json()["data"]["version"] for answer in answers) == [1, 2, 3, 4, 5, 6]
    assert len({answer.json()["data"]["document_id"] for answer in answers}) == 1


def test_a_document_is_known_again_by_id_ref_or_url_but_not_by_its_name(api: Api) -> None:
    own = str(uuid4())
    with api.user() as user:
        for fields in ({"document_id": own}, {"external_ref": f"ref-{own}"}, {"url": f"https://example.org/{own}"}):
            one, two = (upload(user, unique(), **fields).json()["data"] for _ in range(2))
            assert (one["version"], two["version"]) == (1, 2)
            assert one["document_id"] == two["document_id"]
        one, two = (upload(user, unique(), name="gleich.md").json()["data"] for _ in range(2))
        assert (one["version"], two["version"]) == (1, 1)
        assert one["document_id"] != two["document_id"]


def test_a_new_version_takes_the_place_of_the_old_one(api: Api) -> None:
    ref = f"haus/{uuid4()}"
    with api.user() as user:
        old = ready(api, user, unique(), external_ref=ref)
        new = ready(api, user, unique(), external_ref=ref)
        versions = user.get(f"/items/{old}/versions").json()["data"]["versions"]
        assert [(row["version"], row["item_id"]) for row in versions] == [(2, new), (1, old)]
        assert [row["current"] for row in versions] == [True, False]
        assert user.get(f"/items/{new}/text", params={"version": 1}).json()["data"]["item_id"] == old
        assert user.get(f"/items/{new}/text", params={"version": 7}).status_code == 404


def test_a_failed_document_is_queued_again_by_the_same_bytes_and_by_retry(api: Api) -> None:
    broken = b"%PDF-1.7\n" + uuid4().bytes + b"kein PDF"
    with api.user() as user, api.user() as neighbour:
        item_id = upload(user, broken, name="kaputt.pdf").json()["data"]["item_id"]
        api.work()
        state = user.get(f"/ingest/{item_id}").json()["data"]
        assert (state["status"], state["stage"]) == ("failed", "failed")
        assert state["error"]
        assert state["retryable"] is False
        assert user.get(f"/items/{item_id}").json()["data"]["retryable"] is False
        with api.database.owner() as owner:
            owner.execute("UPDATE items SET error_code = 'timeout' WHERE id = %s", (item_id,))
        assert user.get(f"/ingest/{item_id}").json()["data"]["retryable"] is True
        assert user.get(f"/items/{item_id}").json()["data"]["retryable"] is True
        told = upload(user, broken, name="kaputt.pdf", wait="30")
        assert told.status_code == 202, told.text
        assert told.json()["data"]["item_id"] == item_id
        assert user.post(f"/ingest/{item_id}/retry").status_code == 409, "it waits already"
        api.work()
        assert neighbour.post(f"/ingest/{item_id}/retry").status_code == 403
        again = user.post(f"/ingest/{item_id}/retry")
        assert again.status_code == 200
        assert again.json()["data"]["status"] == "received"
        api.work()


def test_waiting_for_a_document_that_fails_tells_why(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(api.context.drain), "down", property(lambda _: False, lambda *_: None), raising=False)
    worker = threading.Timer(0.3, api.work)
    with api.user() as user:
        worker.start()
        response = upload(user, b"%PDF-1.7\n" + uuid4().bytes, name="kaputt.pdf", wait="60")
        worker.join()
    assert response.status_code == 422, response.text
    body = response.json()
    assert body["data"]["error_code"] == "damaged"
    assert body["data"]["item_id"]
    assert body["message"]


def test_a_waiting_upload_can_be_taken_back(api: Api) -> None:
    content = unique()
    with api.user() as user, api.user() as neighbour:
        item_id = upload(user, content).json()["data"]["item_id"]
        assert neighbour.delete(f"/ingest/{item_id}").status_code == 403
        assert user.delete(f"/ingest/{item_id}").status_code == 200
        assert user.get(f"/ingest/{item_id}").status_code == 404
        assert upload(user, content).status_code == 202, "what was taken back may come again"
        done = ready(api, user, unique())
        assert user.delete(f"/ingest/{done}").status_code == 409


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "leer.pdf", 422, "empty"),
        (b"MZ" + b"\x00" * 200, "programm.exe", 415, "unsupported"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, "bild.pdf", 415, "unsupported"),
        (b"PK\x05\x06" + b"\x00" * 18, "archiv.zip", 415, "unsupported"),
    ],
)
def test_what_is_no_document_is_refused_at_the_door(
    api: Api, content: bytes, name: str, status: int, code: str
) -> None:
    with api.user() as user:
        response = upload(user, content, name=name)
    assert response.status_code == status
    assert response.json()["data"]["error_code"] == code


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.md", "passwd.md"),
        ("C:\\Windows\\system32\\vertrag.md", "vertrag.md"),
        ("ver\u202etrag.md", "vertrag.md"),
        ("…/Übersicht 2024.md", "Übersicht 2024.md"),
        ('<script>"x".md', "_script__x_.md"),
        ("." * 300 + "md", "md"),
        ("a" * 400 + ".md", "a" * 177 + ".md"),
    ],
)
def test_file_names_are_cleaned(api: Api, given: str, kept: str) -> None:
    with api.user() as user:
        response = upload(user, unique(), name=given)
        assert response.status_code == 202, response.text
        assert user.get(f"/items/{response.json()['data']['item_id']}").json()["data"]["file_name"] == kept


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "roman"}, "kind"),
        ({"source": "post"}, "source"),
        ({"wait": "999"}, "wait"),
        ({"wait": "bald"}, "wait"),
        ({"valid_from": "gestern"}, "valid_from"),
        ({"valid_from": "2025-02-01", "valid_to": "2025-01-01"}, "valid_to"),
        ({"document_id": "7"}, "document_id"),
        ({"title": "x" * 501}, "title"),
        ({"tags": ["x" * 101]}, "tags"),
        ({"tags": [str(n) for n in range(51)]}, "tags"),
        ({"visibility": "geheim"}, "visibility"),
        ({"kid": "note"}, "kid"),
        ({"valid-from": "2025-01-01"}, "valid-from"),
    ],
)
def test_bad_fields_of_a_form_are_named(api: Api, fields: dict[str, str], field: str) -> None:
    with api.user() as user:
        response = upload(user, unique(), **fields)
    assert response.status_code == 400, response.text
    assert response.json()["data"]["field"] == field


def test_a_form_without_a_file_or_with_damage_is_400(api: Api) -> None:
    with api.user() as user:
        assert user.post("/ingest/doc", data={"kind": "note"}, files={"x": ("a", b"b")}).status_code == 400
        assert user.post("/ingest/doc", data={"file": "kein Anhang"}).status_code in {400, 415}
        for content, kind in (
            (b"--grenze\r\nContent-Disp", "multipart/form-data; boundary=grenze"),
            (b"gar nichts", "multipart/form-data; boundary=grenze"),
            (b"gar nichts", "multipart/form-data"),
            (b"{}", "application/json"),
        ):
            response = user.post("/ingest/doc", content=content, headers={"Content-Type": kind})
            assert response.status_code in {400, 415}, response.text


def test_uploads_are_limited_while_they_come_in(api: Api) -> None:
    sent = 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        yield b'--g\r\nContent-Disposition: form-data; name="file"; filename="gross.md"\r\n\r\n'
        for _ in range(64):
            sent += 1
            yield b"x" * 1_048_576
        yield b"\r\n--g--\r\n"

    with api.user() as user:
        big = upload(user, b"x" * (2 * 1_048_576 + 1))
        assert big.status_code == 413
        assert "2 MB" in big.json()["message"]
        # far enough above the limit that the frame around the form is no excuse any more
        bigger = upload(user, b"x" * (3 * 1_048_576 + 200_000))
        assert bigger.status_code == 413
        assert "höchstens 2 MB" in bigger.json()["message"]
        try:
            response = user.post(
                "/ingest/doc", content=pieces(), headers={"Content-Type": "multipart/form-data; boundary=g"}
            )
            assert response.status_code == 413
        except httpx.TransportError:
            pass  # the server hangs up on a sender that does not stop
    assert sent < 40, "the whole body was read"


def test_public_documents_are_the_administrators(api: Api) -> None:
    tenant = api.tenant()
    with api.user() as user, api.admin() as admin, api.user(tenant=tenant) as stranger:
        assert upload(user, unique(), visibility="public").status_code == 403
        plain = upload(user, unique(), kind="regulation").json()["data"]["item_id"]
        law = ready(api, admin, unique(), kind="regulation")
        note = ready(api, admin, unique(), kind="regulation", visibility="tenant")
        assert user.get(f"/items/{plain}").json()["data"]["public"] is False
        assert stranger.get(f"/items/{law}").json()["data"]["public"] is True
        for hidden in (plain, note):
            for path in ("", "/text", "/file", "/chunks", "/summary", "/versions"):
                assert stranger.get(f"/items/{hidden}{path}").status_code == 404
            assert stranger.get(f"/ingest/{hidden}").status_code == 404
            assert stranger.delete(f"/items/{hidden}").status_code == 404
        assert user.delete(f"/items/{law}").status_code == 403
        assert user.post(f"/ingest/{law}/retry").status_code == 403


def test_the_corpus_is_listed_filtered_and_turned_over(api: Api) -> None:
    tenant = api.tenant()
    with api.user(tenant=tenant) as user:
        ids = [
            upload(user, unique(), name=f"blatt-{n}.md", tags=[f"t{n % 2}"], kind="note").json()["data"]["item_id"]
            for n in range(5)
        ]
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = user.get(
                "/items", params={"limit": 2, "kind": "note", **({"cursor": cursor} if cursor else {})}
            ).json()["data"]
            assert page["total"] == 5
            seen += [item["item_id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == ids[::-1]

        def found(**params: str) -> list[str]:
            return [item["item_id"] for item in user.get("/items", params=params).json()["data"]["items"]]

        assert found(tag="t1") == [ids[3], ids[1]]
        assert found(query="BLATT-4") == [ids[4]]
        assert found(query="blatt t0", kind="note") == [ids[4], ids[2], ids[0]]
        assert found(query="100%", kind="note") == []
        assert found(status="failed") == []
        assert found(kind="regulation", query="blatt") == []
        for bad in ({"cursor": "quatsch"}, {"limit": "0"}, {"limit": "999"}, {"kind": "roman"}, {"status": "neu"}):
            response = user.get("/items", params=bad)
            assert response.status_code == 400
            assert response.json()["data"]["field"] == next(iter(bad))


def test_every_passage_stands_where_it_says(api: Api) -> None:
    with api.user() as user:
        item_id = ready(api, user, unique(LONG))
        text = user.get(f"/items/{item_id}/text").json()["data"]["text"]
        window = user.get(f"/items/{item_id}/chunks", params={"limit": 200}).json()["data"]
        assert window["total"] == len(window["chunks"]) > 3
        for chunk in window["chunks"]:
            assert text[chunk["char_start"] : chunk["char_end"]] == chunk["text"]
        middle = window["chunks"][3]
        around = user.get(f"/items/{item_id}/chunks", params={"around": middle["chunk_id"], "limit": 3}).json()["data"]
        assert [chunk["chunk_idx"] for chunk in around["chunks"]] == [2, 3, 4]
        assert user.get(f"/items/{item_id}/chunks", params={"around": str(uuid4())}).status_code == 404
        summary = user.get(f"/items/{item_id}/summary").json()["data"]
        assert summary["summary"]
        assert summary["citations"]
        assert "Der Zählerraum ist werktags" in summary["summary"]


def test_the_file_comes_back_as_it_went_and_as_an_attachment(api: Api) -> None:
    content = (ROOT / "data" / "samples" / "sample.pdf").read_bytes()
    with api.admin(api.tenant()) as admin:
        item_id = ready(api, admin, content, name="Prüfbericht „A“.pdf")
        response = admin.get(f"/items/{item_id}/file")
        assert response.content == content
        assert response.headers["content-type"] == "application/pdf"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert response.headers["Content-Disposition"] == (
            "attachment; filename=\"Prufbericht A.pdf\"; filename*=UTF-8''Pr%C3%BCfbericht%20%E2%80%9EA%E2%80%9C.pdf"
        )


def test_deleting_hides_and_restoring_brings_back(api: Api) -> None:
    content = unique()
    owner_id = uuid4()
    with api.user(owner_id) as user, api.user() as neighbour, api.admin() as admin:
        item_id = ready(api, user, content)
        assert neighbour.delete(f"/items/{item_id}").status_code == 403
        assert user.delete(f"/items/{item_id}").status_code == 200
        assert user.get(f"/items/{item_id}").status_code == 404
        assert item_id not in [item["item_id"] for item in user.get("/items").json()["data"]["items"]]
        assert neighbour.post(f"/items/{item_id}/restore").status_code == 403
        assert user.post(f"/items/{item_id}/restore").json()["data"]["item_id"] == item_id
        assert user.get(f"/items/{item_id}").json()["data"]["status"] == "ready"
        assert admin.delete(f"/admin/item/{item_id}").status_code == 200
        assert upload(user, content).status_code == 202
        assert user.post(f"/items/{item_id}/restore").status_code == 409, "the same bytes came again meanwhile"
    with api.database.owner() as owner:
        actions = [
            row[0]
            for row in owner.execute(
                "SELECT action FROM audit_log WHERE details ->> 'item_id' = %s ORDER BY ts", (item_id,)
            )
        ]
    assert actions == ["ingest.accept", "item.delete", "item.restore", "admin.item.delete"]


def test_the_queue_is_shown_in_figures(api: Api) -> None:
    tenant = api.tenant()
    with api.admin(tenant) as admin:
        upload(admin, unique())
        data = admin.get("/metrics/ingest").json()["data"]
        assert data["queued"] == 1
        assert data["queue_age_s"] >= 0
        api.work()
        data = admin.get("/metrics/ingest").json()["data"]
        assert (data["queued"], data["queue_age_s"]) == (0, None)
        assert data["ready"] >= 1
        assert data["throughput"]
        assert data["duration_s_p95"] > 0
        overview = admin.get("/metrics/overview").json()["data"]
        assert overview["chunks"] > 0
        system = admin.get("/metrics/system").json()["data"]
        assert {table["table"] for table in system["tables"]} >= {"items", "item_chunks", "answer_log"}
        assert any(route["route"] == "/api/v1/ingest/doc" for route in system["routes"])
        assert system["processes"][0]["memory_bytes"] > 0
        chunks = admin.get("/admin/items").json()["data"]
        assert chunks["total"] >= 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://127.0.0.1/"}, "url"),
        ({"url": "http://2130706433/"}, "url"),
        ({"url": "http://localhost./geheim"}, "url"),
        ({"url": "file:///etc/passwd"}, "url"),
        ({"url": ""}, "url"),
        ({}, "url"),
        ({"url": "https://example.org/", "kind": "roman"}, "kind"),
        ({"url": "https://example.org/", "tags": "netz"}, "tags"),
        ({"url": "https://example.org/", "wait": 121}, "wait"),
    ],
)
def test_addresses_inside_are_not_fetched(api: Api, body: dict[str, object], field: str) -> None:
    with api.user() as user:
        response = user.post("/ingest/url", json=body)
        assert response.status_code == 400, response.text
        assert response.json()["data"]["field"] == field
        public = user.post("/ingest/url", json={"url": "https://example.org/", "visibility": "public"})
        assert public.status_code == 403


def test_a_fetched_document_is_taken_in_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    content = unique().encode()

    class Internet(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/markdown; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = LocalServer(("127.0.0.1", 0), Internet)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    allowed = Fetcher(
        max_bytes=2 * 1_048_576,
        allowed_networks=(ip_network("127.0.0.1/32"),),
        allowed_ports=frozenset({server.server_port}),
    )
    monkeypatch.setattr(api.context, "fetcher", allowed)
    url = f"http://127.0.0.1:{server.server_port}/ordner/seite.md?v={uuid4().hex}"
    try:
        with api.user() as user:
            first = user.post("/ingest/url", json={"url": url, "tags": ["netz"], "wait": 0})
            assert first.status_code == 202, first.text
            item = user.get(f"/items/{first.json()['data']['item_id']}").json()["data"]
            assert (item["url"], item["file_name"], item["source"], item["tags"]) == (url, "seite.md", "api", ["netz"])
            assert user.post("/ingest/url", json={"url": url, "wait": 0}).status_code == 409
            content = unique().encode()
            second = user.post("/ingest/url", json={"url": url, "wait": 0}).json()["data"]
            assert (second["document_id"], second["version"]) == (item["document_id"], 2)
    finally:
        server.shutdown()
        server.server_close()


def test_ten_uploads_are_one_launch(api: Api, eventually: Callable[[Callable[[], bool]], None]) -> None:
    asked: list[str] = []
    running: list[UUID] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        question = request.content.decode()
        if "launchRun" in question:
            asked.append("launch")
            running.append(uuid4())
            run = {"runId": str(running[-1]), "status": "QUEUED"}
            return httpx.Response(200, json={"data": {"launchRun": {"__typename": "LaunchRunSuccess", "run": run}}})
        asked.append("runs")
        rows = [{"runId": str(run), "status": "STARTED", "jobName": "documents_drain"} for run in running]
        return httpx.Response(200, json={"data": {"runsOrError": {"__typename": "Runs", "results": rows}}})

    # The webserver is played here, because what counts is how often it is asked, not what it does.
    real = api.context.orchestrator._client
    api.context.orchestrator._client = httpx.AsyncClient(
        transport=httpx.MockTransport(answer), base_url="http://dagster.test"
    )
    try:
        with api.user() as user, ThreadPoolExecutor(5) as pool:
            codes = {r.status_code for r in pool.map(lambda _: upload(user, unique()), range(10))}
            assert codes == {202}
            eventually(lambda: not api.context.drain.down and len(asked) > 1)
            assert asked.count("launch") == 1
    finally:
        api.context.orchestrator._client = real
        api.work()


@pytest.mark.parametrize(("held", "launches"), [(True, 0), (False, 1)])
def test_a_run_that_no_longer_takes_documents_is_not_relied_on(
    api: Api, eventually: Callable[[Callable[[], bool]], None], held: bool, launches: int
) -> None:
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        if "launchRun" in request.content.decode():
            asked.append("launch")
            run = {"runId": str(uuid4()), "status": "QUEUED"}
            return httpx.Response(200, json={"data": {"launchRun": {"__typename": "LaunchRunSuccess", "run": run}}})
        asked.append("runs")
        row = {"runId": str(uuid4()), "status": "STARTED", "jobName": "documents_drain", "startTime": time.time() - 60}
        return httpx.Response(200, json={"data": {"runsOrError": {"__typename": "Runs", "results": [row]}}})

    real = api.context.orchestrator._client
    api.context.orchestrator._client = httpx.AsyncClient(
        transport=httpx.MockTransport(answer), base_url="http://dagster.test"
    )
    try:
        with api.user() as user, worker_connection(api.database.urls.worker) as worker:
            if held:
                worker.execute("SELECT pg_advisory_lock(%s)", (DRAIN_LOCK,))
            assert upload(user, unique()).status_code == 202
            eventually(lambda: asked.count("runs") >= 1 and asked.count("launch") == launches)
            time.sleep(0.3)
            assert asked.count("launch") == launches
    finally:
        api.context.orchestrator._client = real
        api.work()
