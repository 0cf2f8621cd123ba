"""The embedding model as the administrator chooses and sees it, and what readers notice of one that fails: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from luna_assets.documents.drain import Drain, DrainRequest
from resources.database import worker_connection
from resources.objects import FolderObjectStore
from resources.vectors.embedders import Embedders
from tests.conftest import Database
from tests.fake_embedding import EMBED_MODEL, embedding_script
from tests.fake_ollama import Script, fake_ollama
from tests.integration.api.conftest import NOTE, Api, ready, serve, warm_extractor

WRITER = "schreiber:latest"


@pytest.fixture
def script() -> Script:
    made = embedding_script()
    made.models[WRITER] = 2048
    made.abilities[WRITER] = ["completion"]
    return made


@pytest.fixture
def served(database: Database, script: Script, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    monkeypatch.setattr("resources.vectors.questions.PROBE_TIMEOUT_S", 60.0)
    with (
        fake_ollama(script) as url,
        serve(
            database, database.settings.home, ollama_host=url, generate_model=WRITER, fallback_model=WRITER
        ) as running,
    ):
        running.context.questions._timeout_s = 60.0
        yield running


def rebuilt(api: Api, model: str) -> None:
    """A rebuild, as Dagster's run would do it."""
    with (
        worker_connection(api.database.urls.worker) as connection,
        Embedders(api.context.settings.ollama_host) as embedders,
    ):
        objects = FolderObjectStore(api.context.settings.home / "objects")
        drain = Drain(
            connection,
            objects,
            warm_extractor(),
            gold=(),
            run_id=str(uuid4()),
            log=lambda _: None,
            embedders=embedders,
        )
        report = drain.run(DrainRequest(linger_s=0, rebuild=True, model=model))
    assert all(built.promoted for built in report.built)


def seen(admin: Any, path: str) -> Any:
    response = admin.get(path)
    assert response.status_code == 200, response.text
    return response.json()["data"]


def test_what_readers_and_administrators_see_of_a_model(served: Api, script: Script) -> None:
    tenant = served.tenant()
    with served.admin(tenant) as admin:
        item = ready(served, admin, NOTE)
        rebuilt(served, EMBED_MODEL)
        live = next(one for one in seen(admin, "/admin/index")["versions"] if one["state"] == "live")
        assert (live["embedder"], live["dimension"], live["model_digest"]) == (EMBED_MODEL, 32, "a" * 64)
        assert seen(admin, "/admin/index")["trouble"] is None
        assert seen(admin, "/admin/health")["services"]["qdrant"]["state"] == "up"

        def hits() -> list[Any]:
            response = admin.post("/rag/search", json={"question": "Wann ist der Zählerraum geöffnet?"})
            assert response.status_code == 200, response.text
            return list(response.json()["data"]["hits"])

        assert max(hit["scores"]["dense"] for hit in hits()) > 0
        made = admin.post("/embed", json={"texts": ["Zähler", "Schlüssel"]}).json()["data"]
        assert (made["model"], made["dimension"], len(made["vectors"])) == (EMBED_MODEL, 32, 2)

        script.digests[EMBED_MODEL] = "b" * 64
        again = admin.post("/rag/search", json={"question": "Wer verwahrt den Schlüssel?"}).json()["data"]["hits"]
        assert again[0]["item_id"] == item
        assert not any(hit["scores"].get("dense") for hit in again)
        asked = {"question": "Mit welcher Frist kann der Liefervertrag gekündigt werden?"}
        answers = [admin.post("/rag/ask", json=asked).json()["data"] for _ in range(2)]
        assert [(one["answered"], one["cached"]) for one in answers] == [(True, False)] * 2, "found by words, not kept"
        health = seen(admin, "/admin/health")["services"]["qdrant"]
        assert health["state"] == "degraded"
        assert EMBED_MODEL in health["message"]
        assert "Gesucht wird nur nach Wörtern" in health["message"]
        assert "ist ein anderes" in seen(admin, "/admin/index")["trouble"]
        refused = admin.post("/embed", json={"texts": ["Zähler"]})
        assert (refused.status_code, refused.json()["data"]["part"]) == (503, "ollama")
        rebuilt(served, EMBED_MODEL)
        assert seen(admin, "/admin/health")["services"]["qdrant"]["state"] == "up"
        assert max(hit["scores"]["dense"] for hit in hits()) > 0, "the same question in the new space"
        answers = [admin.post("/rag/ask", json=asked).json()["data"] for _ in range(2)]
        assert [one["cached"] for one in answers] == [False, True]


def test_health_names_what_makes_the_vectors_also_where_only_a_tenant_has_an_index(served: Api) -> None:
    with served.admin(served.tenant()) as admin, served.admin(served.tenant()) as other:
        assert seen(admin, "/admin/health")["versions"]["embed_model"] == ""
        ready(served, admin, NOTE)
        versions = seen(admin, "/admin/health")["versions"]
        assert versions["embed_model"] == "svd-300"
        rebuilt(served, EMBED_MODEL)
        assert seen(admin, "/admin/health")["versions"]["embed_model"] == EMBED_MODEL
        assert seen(other, "/admin/health")["versions"]["embed_model"] == "", "it is nobody else's business"
        ready(served, admin, NOTE + "Öffentlich.", visibility="public")
        versions = seen(admin, "/admin/health")["versions"]
        assert versions["embed_model"] == f"svd-300, {EMBED_MODEL}", "the public one first, as with the versions' ids"
        assert len(versions["index"].split(", ")) == 2


def test_a_receipt_names_the_weights_that_the_question_was_compared_by(served: Api, script: Script) -> None:
    with served.admin(served.tenant()) as admin:
        ready(served, admin, NOTE)
        rebuilt(served, EMBED_MODEL)

        def given(question: str) -> tuple[str, Any]:
            answer = admin.post("/rag/ask", json={"question": question}).json()["data"]
            return f"/answers/{answer['answer_id']}", seen(admin, f"/answers/{answer['answer_id']}")

        def told(path: str) -> list[str]:
            served.context.models.forget()
            changes = admin.post(f"{path}/replay").json()["data"]["changes"]
            return [one["said"] for one in changes if one["kind"] == "model"]

        path, receipt = given("Wann ist der Zählerraum geöffnet?")
        (embedder,) = receipt["embedders"]
        assert embedder == {
            "index_version": receipt["index"]["versions"][0],
            "model": EMBED_MODEL,
            "model_digest": "a" * 64,
            "question_vector": True,
        }
        assert receipt["intact"]
        assert told(path) == []
        script.digests[EMBED_MODEL] = "b" * 64
        assert told(path) == [f"Unter dem Namen {EMBED_MODEL} liegt heute ein anderes Modell als damals."]
        by_words, receipt = given("Mit welcher Frist kann der Liefervertrag gekündigt werden?")
        assert [one["question_vector"] for one in receipt["embedders"]] == [False]
        assert told(by_words) == [], "a model that had no part in it is none of its business"
        with served.database.owner() as owner:
            # As receipts were before the models of the index were noted.
            owner.execute(
                "UPDATE answer_log SET index_runs = "
                "(SELECT jsonb_object_agg(key, value - 'model_digest' - 'question_vector') FROM jsonb_each(index_runs))"
            )
            owner.execute("UPDATE answer_log AS a SET hash = luna_answer_hash(a) WHERE sequence = 1")
        old = seen(admin, path)
        assert (old["intact"], old["embedders"]) == (True, [])
        assert told(path) == []
        assert not seen(admin, by_words)["intact"], "what was noted is within the hash"


def test_a_model_is_chosen_for_the_next_rebuild(served: Api, script: Script) -> None:
    with served.admin() as admin:

        def act(**body: str) -> Any:
            return admin.post("/admin/models", json={"action": "select", "role": "embed", **body})

        def role() -> tuple[str, bool, bool]:
            found = next(one for one in seen(admin, "/admin/models")["roles"] if one["role"] == "embed")
            return found["model"], found["chosen"], found["present"]

        def reindex(**body: str) -> Any:
            return admin.post("/admin/reindex", json=body)

        assert role() == ("local", False, True)
        assert reindex().json()["data"]["part"] == "dagster", "nothing is wrong but that Dagster is down"
        told = act(model="vektoren").json()["message"]
        assert told == f"Ab dem nächsten Neubau des Index bildet {EMBED_MODEL} die Vektoren."
        assert role() == (EMBED_MODEL, True, True)
        assert reindex().json()["data"]["part"] == "dagster"
        assert act(model="local").json()["message"].endswith("bildet der Index seine Vektoren selbst.")
        assert role() == ("local", True, True)
        assert act().status_code == 200
        assert role() == ("local", False, True)
        for body, status in (
            ({"embed_model": "fehlt"}, 404),
            ({"embed_model": WRITER}, 422),
            ({"embed_model": "a b"}, 400),
        ):
            assert reindex(**body).status_code == status
        assert reindex(embed_model="local").json()["data"]["part"] == "dagster"
        assert act(model=EMBED_MODEL).status_code == 200
        del script.models[EMBED_MODEL]
        gone = reindex()
        assert (gone.status_code, gone.json()["data"]["action"]) == (404, "pull")


def test_the_setting_is_what_a_rebuild_takes_without_a_choice(database: Database, script: Script) -> None:
    with (
        fake_ollama(script) as url,
        serve(database, database.settings.home, ollama_host=url, embed_model="vektoren") as api,
        api.admin() as admin,
    ):
        role = next(one for one in seen(admin, "/admin/models")["roles"] if one["role"] == "embed")
        assert (role["model"], role["configured"], role["present"]) == ("vektoren", "vektoren", True)


def test_without_a_models_server_there_is_nothing_to_choose(database: Database) -> None:
    with serve(database, database.settings.home) as api, api.admin() as admin:
        refused = admin.post("/admin/reindex", json={"embed_model": "vektoren"})
        assert refused.status_code == 409
        assert "OLLAMA_HOST=" in refused.json()["message"]
        assert admin.post("/admin/reindex", json={"embed_model": "local"}).json()["data"]["part"] == "dagster"
