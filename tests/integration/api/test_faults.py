"""Parts that are down are named; the page and the docs need nothing but this server."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from resources.embedded.postgres import EmbeddedPostgres
from resources.migrate import migrate
from resources.objects import StoreUnavailableError
from resources.objects_s3 import S3ObjectStore, S3Place
from resources.secrets import database_urls, load_secrets
from resources.settings import load_settings
from tests.conftest import Database, free_port
from tests.fake_ollama import Script, fake_ollama
from tests.integration.api.conftest import NOTE, Api, ready, serve, upload


class Breakable:
    """An API over a database of its own, which a test may stop."""

    def __init__(self, api: Api, server: EmbeddedPostgres) -> None:
        self.api = api
        self.server = server


@pytest.fixture
def breakable(tmp_path: Path) -> Iterator[Breakable]:
    port = free_port()
    with EmbeddedPostgres(home=tmp_path, port=port, owner_password="owner-of-the-tests") as server:
        settings = load_settings({"luna_home": tmp_path, "database_url": server.url})
        secrets = load_secrets(settings)
        urls = database_urls(settings, secrets)
        migrate(urls, secrets)
        with serve(Database(settings, secrets, urls), tmp_path, patient=False) as api:
            yield Breakable(api, server)


@pytest.fixture
def patience() -> None:
    """Here what is down is looked for as long as the API itself looks, not longer as in the other tests."""


@pytest.mark.drill
def test_a_database_that_stops_and_comes_back(breakable: Breakable) -> None:
    api = breakable.api
    me = uuid4()
    with api.user(me) as user, api.admin() as admin:
        assert user.get("/items").status_code == 200
        assert httpx.get(f"{api.url}/health?ready=1", timeout=60).json()["data"]["ready"] is True
        breakable.server.stop()
        began = time.monotonic()
        for response in (
            user.get("/items"),
            user.post("/rag/ask", json={"question": "Netz?"}),
            upload(user, NOTE),
            user.post("/events", json={"type": "view"}),
        ):
            assert response.status_code == 503, response.text
            assert response.json()["data"]["part"] == "db"
            assert "db" in response.json()["message"]
            assert int(response.headers["Retry-After"]) > 0
        assert time.monotonic() - began < 150
        stream = user.post("/rag/ask", json={"question": "Netz?", "stream": True})
        assert "event: error" in stream.text
        assert '"part":"db"' in stream.text
        assert httpx.get(f"{api.url}/health").status_code == 200
        down = httpx.get(f"{api.url}/health?ready=1", timeout=60)
        assert down.status_code == 503
        assert down.json()["data"]["part"] == "db"
        info = httpx.get(f"{api.url}/api/v1/system/info", timeout=60).json()["data"]
        assert (info["status"], info["corpus"]) == ("degraded", None)
        services = admin.get("/admin/health").json()["data"]["services"]
        assert services["db"]["state"] == "down"
        assert services["minio"]["state"] == "up"
        breakable.server.start()
        assert user.get("/items").status_code == 200, "the first request after the restart met a dead connection"
        assert httpx.get(f"{api.url}/health?ready=1", timeout=60).status_code == 200
        ready(api, user, NOTE)


def test_connections_that_died_unseen_are_replaced_without_a_fault(api: Api) -> None:
    with api.user() as user:
        assert user.get("/items").status_code == 200
        for _ in range(3):
            with api.database.owner() as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'luna_app'"
                    " AND datname = current_database()"
                )
            time.sleep(0.2)
            assert [user.get("/items").status_code for _ in range(4)] == [200] * 4


def test_the_listener_comes_back(api: Api, eventually: Callable[[Callable[[], bool]], None]) -> None:
    eventually(lambda: api.context.watcher.listening)
    with api.database.owner() as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'luna_api_listener'"
            " AND datname = current_database()"
        )
    eventually(lambda: not api.context.watcher.listening)
    eventually(lambda: api.context.watcher.listening)


def test_dagster_down_is_named_where_it_is_needed(api: Api) -> None:
    with api.admin() as admin:
        for response in (admin.get("/admin/jobs"), admin.post("/admin/reindex", json={})):
            assert response.status_code == 503
            assert response.json()["data"]["part"] == "dagster"
        health = admin.get("/admin/health").json()["data"]
        assert list(health["services"]) == ["api", "db", "qdrant", "ollama", "tika", "minio", "redis", "dagster"]
        assert health["services"]["dagster"]["state"] == "down"
        assert health["services"]["db"]["state"] == "up"
        assert health["services"]["db"]["latency_ms"] > 0
        assert set(health["versions"]) == {"luna", "schema", "index", "embed_model", "generate_model"}
        for body, field in (
            ({"item_ids": [str(uuid4())]}, "item_ids"),
            ({"filter": {"tags": "gibt-es-nicht"}}, "filter"),
            ({"filter": {"farbe": "rot"}}, "filters.farbe"),
        ):
            response = admin.post("/admin/reindex", json=body)
            assert response.status_code == 400, response.text
            assert response.json()["data"]["field"] == field


def test_a_file_that_vanished_is_told(api: Api) -> None:
    with api.user() as user:
        item_id = upload(user, NOTE + uuid4().hex).json()["data"]["item_id"]
        with api.database.owner() as owner:
            row = owner.execute("SELECT object_key FROM items WHERE id = %s", (item_id,)).fetchone()
        assert row is not None
        path = api.context.settings.home / "objects" / str(row[0])
        path.write_bytes(b"anders")
        assert user.get(f"/items/{item_id}/file").status_code == 500
        path.unlink()
        assert user.get(f"/items/{item_id}/file").status_code == 404


def test_without_a_page_there_is_a_hint(api: Api) -> None:
    response = httpx.get(f"{api.url}/")
    assert response.status_code == 503
    assert "make build" in response.text


def test_the_page_and_its_views(module_database: Database, tmp_path: Path) -> None:
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<!doctype html><title>Luna</title>")
    (tmp_path / "dist" / "assets" / "app-abc123.js").write_text("1")
    (tmp_path / "geheim.txt").write_text("geheim")
    with serve(module_database, tmp_path) as api:
        for path in ("/", "/dokumente", "/dokumente/abc", "/system"):
            response = httpx.get(api.url + path)
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/html")
            assert response.headers["cache-control"] == "no-cache"
            assert "default-src 'self'" in response.headers["content-security-policy"]
        asset = httpx.get(f"{api.url}/assets/app-abc123.js")
        assert "immutable" in asset.headers["cache-control"]
        assert "javascript" in asset.headers["content-type"]
        for path in ("/assets/fehlt.js", "/bild.png", "/api/v1/nichts", "/api/nichts"):
            assert httpx.get(api.url + path).status_code == 404
        for path in (
            "/../geheim.txt",
            "/..%2fgeheim.txt",
            "/%2e%2e/geheim.txt",
            "/assets/..%2f..%2fgeheim.txt",
            "/a%00b",
        ):
            assert "geheim" not in httpx.get(api.url + path).text.replace("/geheim", "")


def test_the_docs_load_nothing_from_elsewhere(api: Api) -> None:
    page = httpx.get(f"{api.url}/api/v1/docs")
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert link.startswith("/api/v1/docs/")
        response = httpx.get(api.url + link)
        assert response.status_code == 200
        if not link.endswith(".json"):
            assert "http://" not in response.text
            assert "https://" not in response.text
    document = httpx.get(f"{api.url}/api/v1/docs/openapi.json").json()
    assert "/api/v1/rag/ask" in document["paths"]


def test_the_owner_is_reachable_in_tests_only_to_arrange_things(api: Api) -> None:
    """The API itself speaks as luna_app, whom policies bind."""
    with psycopg.connect(api.database.urls.app) as connection:
        assert connection.execute("SELECT count(*) FROM items WHERE tenant_id IS NOT NULL").fetchone() == (0,)


def test_a_store_that_is_away_refuses_the_upload_and_keeps_nothing(module_database: Database, tmp_path: Path) -> None:
    with serve(module_database, tmp_path) as api, api.user(uuid4()) as user:
        api.context.objects = S3ObjectStore(S3Place(f"http://127.0.0.1:{free_port()}", "luna", "key", "secret"))
        refused = upload(user, NOTE)
        assert refused.status_code == 503, refused.text
        assert refused.json()["data"]["part"] == "minio"
        assert int(refused.headers["Retry-After"]) > 0
        assert NOTE.splitlines()[0] not in user.get("/items").text
        with api.admin() as admin:
            store = admin.get("/admin/health").json()["data"]["services"]["minio"]
        assert store["state"] == "down"
        assert store["message"].startswith("Der Dateispeicher (S3) nimmt nichts an")


def test_a_store_that_is_full_is_called_full(
    module_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreUnavailableError("no room", "InsufficientStorage")

    with serve(module_database, tmp_path) as api, api.user(uuid4()) as user:
        monkeypatch.setattr(type(api.context.objects), "put", full)
        monkeypatch.setattr(type(api.context.objects), "put_stream", full)
        refused = upload(user, NOTE)
        assert refused.status_code == 503, refused.text
        assert refused.json()["data"]["part"] == "minio"
        assert "ist voll" in refused.json()["message"]
        assert NOTE.splitlines()[0] not in user.get("/items").text


def test_an_extractor_that_is_away_is_told_of_in_german(module_database: Database, tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with serve(module_database, tmp_path, tika_endpoint=away) as api, api.admin() as admin:
        told = admin.get("/admin/health").json()["data"]["services"]["tika"]
    assert (told["state"], told["implementation"]) == ("down", "server")
    assert told["message"].startswith("Tika antwortet nicht")


def test_a_database_that_hangs_is_no_fault_of_the_models_server(
    module_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_: object) -> dict[str, str]:
        await asyncio.sleep(60)
        return {}

    script = Script(models={"llama3.1:8b-instruct-q4_K_M": 4096, "phi3:mini": 4096})
    with (
        fake_ollama(script) as models,
        serve(module_database, tmp_path, ollama_host=models) as api,
        api.admin() as admin,
    ):
        monkeypatch.setattr(type(api.context.models.choice), "names", hangs)
        health = admin.get("/admin/health").json()["data"]
    assert health["services"]["ollama"]["state"] == "up"
    assert health["versions"]["generate_model"] == "llama3.1:8b-instruct-q4_K_M"
