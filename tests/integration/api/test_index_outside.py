"""What the administrator sees of an engine outside PostgreSQL that lost passages, and once they are back."""

from __future__ import annotations

import asyncio
import time
from typing import NoReturn

import pytest

from resources.database import worker_connection
from resources.vectors.points import PointsState, PointsUnavailableError, VersionRef
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.qdrant import QdrantPoints
from resources.vectors.transfer import release, transfer
from tests.conftest import Database, free_port
from tests.integration.api.conftest import NOTE, ready, serve


def test_what_is_mended_is_seen_before_anybody_asks_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    points = QdrantPoints.in_memory("luna_test_mended")
    monkeypatch.setattr("luna_api.app.open_points", lambda _: points)
    with (
        serve(database, database.settings.home) as api,
        worker_connection(database.urls.worker) as worker,
        api.admin(api.tenant()) as admin,
    ):
        ready(api, admin, NOTE)
        version = admin.get("/admin/index").json()["data"]["versions"][0]["id"]

        def complete() -> None:
            transfer(worker, IndexWriter(worker, points), version, "qdrant", lambda *_: None)

        def told() -> tuple[str, str | None]:
            health = admin.get("/admin/health").json()["data"]["services"]["qdrant"]
            return health["state"], admin.get("/admin/index").json()["data"]["trouble"]

        def search() -> None:
            asked = {"question": "Wann ist der Zählerraum geöffnet?"}
            assert admin.post("/rag/search", json=asked).json()["data"]["hits"]

        complete()
        search()
        assert told() == ("up", None)
        points.retain([])
        search()
        state, trouble = told()
        assert state == "degraded"
        assert "index_switch" in str(trouble)
        complete()
        assert told() == ("up", None)


def test_a_server_that_is_away_is_told_of_before_there_is_an_index(database: Database) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with serve(database, database.settings.home, qdrant_url=away) as api, api.admin(api.tenant()) as admin:
        told = admin.get("/admin/health").json()["data"]["services"]["qdrant"]
    assert (told["state"], told["implementation"]) == ("down", "server")
    assert told["message"].startswith("Qdrant antwortet nicht")


def test_an_alias_that_names_another_collection_is_told_of(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    points = QdrantPoints.in_memory("luna_test_alias")
    monkeypatch.setattr("luna_api.app.open_points", lambda _: points)
    with (
        serve(database, database.settings.home) as api,
        worker_connection(database.urls.worker) as worker,
        api.admin(api.tenant()) as admin,
    ):
        ready(api, admin, NOTE)
        writer = IndexWriter(worker, points)
        (own,) = [row[0] for row in worker.execute("SELECT id FROM index_versions")]
        transfer(worker, writer, own, "qdrant", lambda *_: None)

        def told() -> tuple[str, str | None, str | None]:
            health = admin.get("/admin/health").json()["data"]["services"]["qdrant"]
            return health["state"], health["message"], admin.get("/admin/index").json()["data"]["trouble"]

        assert told() == ("up", None, None), "without a public version there is nothing to name"
        points.show_live(VersionRef.of(writer.version(own)))
        state, message, trouble = told()
        assert (state, message) == ("degraded", trouble)
        assert "luna_test_alias_tenants" in str(trouble)
        assert "index_switch" in str(trouble)
        writer.show_live()
        assert told() == ("up", None, None)


def test_what_words_alone_found_is_noted_and_not_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    points = QdrantPoints.in_memory("luna_test_alone")
    find = points.find
    monkeypatch.setattr("luna_api.app.open_points", lambda _: points)
    monkeypatch.setattr("resources.vectors.qdrant_index.REST_S", 0.0)

    async def away(_: object) -> NoReturn:
        raise PointsUnavailableError("Qdrant antwortet nicht (ConnectError)")

    with (
        serve(database, database.settings.home) as api,
        worker_connection(database.urls.worker) as worker,
        api.admin(api.tenant()) as admin,
    ):
        ready(api, admin, NOTE)
        version = admin.get("/admin/index").json()["data"]["versions"][0]["id"]
        writer = IndexWriter(worker, points)
        transfer(worker, writer, version, "qdrant", lambda *_: None)
        release(writer, version, "postgres")

        def asked() -> tuple[bool, bool, object, float]:
            question = {"question": "Wer verwahrt den Schlüssel zum Zählerraum?"}
            answer = admin.post("/rag/ask", json=question).json()["data"]
            receipt = admin.get(f"/answers/{answer['answer_id']}").json()["data"]
            dense = max(one["scores"]["dense"] for one in answer["citations"])
            noted = receipt["index"]["runs"][str(version)].get("words_alone")
            return answer["cached"], receipt["intact"], noted, dense

        monkeypatch.setattr(points, "find", away)
        assert [asked(), asked()] == [(False, True, True, 0.0)] * 2
        health = admin.get("/admin/health").json()["data"]["services"]["qdrant"]
        assert health["state"] == "degraded"
        assert "nur nach Wörtern" in health["message"]
        monkeypatch.setattr(points, "find", find)
        first, second = asked(), asked()
        assert (first[:3], second[:3]) == ((False, True, None), (True, True, None))
        assert first[3] > 0
        points.retain([])
        lost = admin.get("/admin/index").json()["data"]["trouble"]
        assert "nur nach Wörtern" in lost


def test_a_slow_model_does_not_make_the_index_look_down(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    points = QdrantPoints.in_memory("luna_test_slow")
    state = points.state

    def late() -> PointsState:
        time.sleep(1.1)
        return state()

    async def told(*_: object) -> str:
        await asyncio.sleep(1.1)
        return "Der Modellserver antwortet nicht rechtzeitig"

    monkeypatch.setattr("luna_api.app.open_points", lambda _: points)
    with serve(database, database.settings.home) as api, api.admin(api.tenant()) as admin:
        ready(api, admin, NOTE)
        with api.database.owner() as owner:
            owner.execute("UPDATE index_versions SET engines = '{postgres,qdrant}'")
        monkeypatch.setattr(points, "state", late)
        monkeypatch.setattr(points, "count", lambda _: 1_000)
        monkeypatch.setattr("luna_api.admin.index._model_trouble", told)
        health = admin.get("/admin/health").json()["data"]["services"]["qdrant"]
    assert (health["state"], health["message"]) == ("degraded", "Der Modellserver antwortet nicht rechtzeitig")
