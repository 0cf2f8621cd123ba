"""Models: listed, fetched with progress, chosen for good, and everything that can be wrong about it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import Database, free_port
from tests.fake_ollama import Script, fake_ollama, passage_with
from tests.integration.api.conftest import NOTE, Api, ready, serve
from tests.integration.api.test_answers import ask

NEW = "neu:1b"
PAUSE = 2.0
PULL: list[dict[str, Any] | float] = [
    {"status": "pulling manifest"},
    {"status": "pulling a", "digest": "sha256:a", "total": 1000, "completed": 250},
    {"status": "pulling b", "digest": "sha256:b", "total": 3000, "completed": 0},
    PAUSE,
    {"status": "pulling a", "digest": "sha256:a", "total": 1000, "completed": 1000},
    {"status": "pulling b", "digest": "sha256:b", "total": 3000, "completed": 3000},
    {"status": "success"},
]
Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture
def settings(port: int) -> dict[str, object]:
    return {
        "ollama_host": f"http://127.0.0.1:{port}",
        "generate_model": "gross",
        "fallback_model": "ersatz",
        "generate_first_token_sec": 100,
    }


@pytest.fixture
def served(database: Database, settings: dict[str, object]) -> Iterator[Api]:
    with serve(database, database.settings.home, **settings) as running:
        yield running


@pytest.fixture
def model(port: int) -> Iterator[Script]:
    def says(prompt: str) -> list[str]:
        return [f"Der Liefervertrag kann mit einer Frist von sechs Wochen {passage_with(prompt, 'sechs Wochen')}."]

    script = Script(
        pieces=says,
        models={"gross:latest": 8192, "ersatz:latest": 4096, "zahlen:latest": 512},
        abilities={"zahlen:latest": ["embedding"]},
        pulls={NEW: PULL},
    )
    with fake_ollama(script, port):
        yield script


def listed(api: Api) -> dict[str, Any]:
    with api.admin() as admin:
        return admin.get("/admin/models").json()["data"]


def act(api: Api, **body: object) -> Any:
    with api.admin() as admin:
        return admin.post("/admin/models", json=body)


def test_what_is_there_and_what_it_is_for(served: Api, model: Script) -> None:
    seen = listed(served)
    assert (seen["state"], seen["version"]) == ("up", "0.17.4")
    assert {one["name"]: one["roles"] for one in seen["models"]} == {
        "gross:latest": ["generate"],
        "ersatz:latest": ["fallback"],
        "zahlen:latest": [],
    }
    roles = {one["role"]: one for one in seen["roles"]}
    assert (roles["generate"]["model"], roles["generate"]["chosen"], roles["generate"]["present"]) == (
        "gross",
        False,
        True,
    )
    assert (roles["embed"]["model"], roles["embed"]["chosen"], roles["embed"]["present"]) == ("local", False, True)


def test_a_choice_counts_at_once_and_outlives_a_restart(
    database: Database, settings: dict[str, object], model: Script
) -> None:
    with serve(database, database.settings.home, **settings) as first:
        tenant = first.tenant()
        with first.admin(tenant) as admin:
            ready(first, admin, NOTE)
            assert ask(admin)["model"] == "gross:latest"
            told = act(first, action="select", role="generate", model="ersatz")
            assert (told.status_code, told.json()["message"]) == (200, "Ab der nächsten Frage gilt ersatz:latest.")
            assert ask(admin)["model"] == "ersatz:latest"
            assert admin.get("/system/info").json()["data"]["models"]["generate"] == "ersatz:latest"
    with serve(database, database.settings.home, **settings) as second:
        with second.admin(tenant) as admin:
            assert ask(admin)["model"] == "ersatz:latest"
            info = admin.get("/system/info").json()["data"]
            assert (info["mode"], info["models"]["generate"]) == ("generative", "ersatz:latest")
        assert listed(second)["roles"][0]["chosen"] is True
        back = act(second, action="select", role="generate").json()
        assert back["message"] == "Es gilt wieder die Einstellung: gross."
        with second.admin(tenant) as admin:
            assert ask(admin)["model"] == "gross:latest"
    with database.owner() as owner:
        rows = owner.execute(
            "SELECT details ->> 'model' FROM audit_log WHERE action = 'admin.models.select'"
        ).fetchall()
    assert [row[0] for row in rows] == ["ersatz:latest", None]


def test_a_model_is_fetched_with_progress(served: Api, model: Script, eventually: Eventually) -> None:
    go_on = threading.Event()
    model.pulls = {NEW: [go_on if step == PAUSE else step for step in PULL]}
    told = act(served, action="pull", model=NEW)
    assert (told.status_code, told.json()["message"]) == (202, f"{NEW} wird geladen.")
    eventually(lambda: listed(served)["pulls"][0]["total_bytes"] == 4000)
    running = listed(served)["pulls"][0]
    assert (running["state"], running["completed_bytes"]) == ("running", 250)
    again = act(served, action="pull", model=NEW)
    assert (again.status_code, again.json()["message"]) == (409, f"{NEW} wird bereits geladen.")
    go_on.set()
    eventually(lambda: listed(served)["pulls"][0]["state"] == "done")
    seen = listed(served)
    assert seen["pulls"][0]["completed_bytes"] == 4000
    assert NEW in {one["name"] for one in seen["models"]}
    assert act(served, action="select", role="fallback", model=NEW).status_code == 200


def test_a_fetch_is_cancelled(served: Api, model: Script, eventually: Eventually) -> None:
    model.pulls = {
        NEW: [{"status": "pulling", "digest": "d", "total": 9, "completed": n} for n in range(1)] + [0.2] * 3000
    }
    assert act(served, action="cancel", model=NEW).status_code == 404
    act(served, action="pull", model=NEW)
    eventually(lambda: listed(served)["pulls"][0]["total_bytes"] == 9)
    assert act(served, action="cancel", model=NEW).status_code == 200
    eventually(lambda: listed(served)["pulls"][0]["state"] == "cancelled")


def test_no_more_than_two_at_once(served: Api, model: Script) -> None:
    model.pulls = {name: [0.3] * 2000 for name in ("a:1", "b:1", "c:1")}
    codes = [act(served, action="pull", model=name).status_code for name in model.pulls]
    assert codes == [202, 202, 429]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (None, "nirgends zu finden"),
        ([{"error": "no space left on device"}], "no space left on device"),
        ([{"status": "pulling manifest"}], "brach ab"),
        ([{"status": 5}], "Unverständliches"),
    ],
    ids=["unknown", "disk full", "breaks off", "nonsense"],
)
def test_a_fetch_that_fails_says_why(
    served: Api, model: Script, eventually: Eventually, lines: list[dict[str, Any]] | None, told: str
) -> None:
    model.pulls = {} if lines is None else {NEW: lines}
    act(served, action="pull", model=NEW)
    eventually(lambda: listed(served)["pulls"][0]["state"] == "failed")
    assert told in listed(served)["pulls"][0]["error"]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        ({"action": "pull"}, 400, "„model“ fehlt"),
        ({"action": "pull", "model": "../../etc/passwd"}, 400, "kein Name eines Modells"),
        ({"action": "pull", "model": "a b"}, 400, "kein Name eines Modells"),
        ({"action": "pull", "model": "a", "role": "embed"}, 400, "„role“ gehört nicht"),
        ({"action": "select", "model": "gross"}, 400, "„role“ fehlt"),
        ({"action": "select", "model": "gross", "role": "reden"}, 400, "„role“"),
        ({"action": "loeschen", "model": "gross"}, 400, "„action“"),
        ({"action": "select", "role": "generate", "model": "fehlt"}, 404, "Laden Sie es zuerst"),
        ({"action": "select", "role": "generate", "model": "zahlen"}, 422, "Antworten schreiben"),
        ({"action": "select", "role": "embed", "model": "gross"}, 422, "Vektoren bilden"),
        ({"action": "select", "role": "embed", "model": "fehlt"}, 404, "Laden Sie es zuerst"),
    ],
)
def test_bad_input_is_named(served: Api, model: Script, body: dict[str, str], status: int, told: str) -> None:
    response = act(served, **body)
    assert response.status_code == status, response.text
    assert told in response.json()["message"]


def test_only_the_administrator(served: Api, model: Script) -> None:
    with served.user() as user:
        assert user.get("/admin/models").status_code == 403
        assert user.post("/admin/models", json={"action": "pull", "model": NEW}).status_code == 403


def test_a_server_that_is_down_is_told_of(served: Api) -> None:
    seen = listed(served)
    assert (seen["state"], seen["message"]) == ("down", "Der Modellserver antwortet nicht.")
    response = act(served, action="pull", model=NEW)
    assert (response.status_code, response.json()["data"]["part"]) == (503, "ollama")
    assert act(served, action="select", role="generate", model="gross").status_code == 503
    with served.admin() as admin:
        health = admin.get("/admin/health").json()["data"]
    assert (health["services"]["ollama"]["state"], health["services"]["ollama"]["implementation"]) == ("down", "server")


def test_health_knows_the_server_and_what_it_lacks(served: Api, model: Script) -> None:
    with served.admin() as admin:
        health = admin.get("/admin/health").json()["data"]
        assert health["services"]["ollama"]["state"] == "up"
        assert health["services"]["ollama"]["version"] == "0.17.4"
        assert health["versions"]["generate_model"] == "gross"
        del model.models["ersatz:latest"]
        health = admin.get("/admin/health").json()["data"]
    assert health["services"]["ollama"]["state"] == "degraded"
    assert "ersatz" in health["services"]["ollama"]["message"]


def test_without_a_server_the_passages_speak(database: Database) -> None:
    with serve(database, database.settings.home) as api:
        seen = listed(api)
        assert (seen["state"], seen["host"], seen["models"]) == ("off", None, [])
        response = act(api, action="pull", model=NEW)
        assert response.status_code == 409
        assert "OLLAMA_HOST=" in response.json()["message"]
        with api.admin() as admin:
            assert admin.get("/system/info").json()["data"]["mode"] == "extractive"


def test_a_fetch_does_not_outlive_the_api(database: Database, settings: dict[str, object], model: Script) -> None:
    model.pulls = {NEW: [{"status": "pulling manifest"}, *[0.1] * 6000]}
    with serve(database, database.settings.home, **settings) as api:
        act(api, action="pull", model=NEW)
