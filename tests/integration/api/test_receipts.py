"""Receipts of answers over HTTP: what they show, what a replay finds, what breaks the chain, what may be forgotten."""

from __future__ import annotations

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import httpx
import pytest

from tests.integration.api.conftest import NOTE, Api, ready
from tests.integration.api.test_answers import LAW, QUESTION, ask


@pytest.fixture
def tenant(api: Api) -> str:
    """A tenant of its own for each test, with a note and a chain that begins here."""
    name = api.tenant()
    with api.admin(name) as admin:
        ready(api, admin, NOTE, name="haus.md", title="Hausordnung", document_id=str(uuid4()), visibility="tenant")
    return name


def data_of(response: httpx.Response) -> dict[str, object]:
    assert response.status_code == 200, response.text
    return response.json()["data"]


def verify(api: Api, tenant: str, **noted: object) -> dict[str, object]:
    with api.admin(tenant) as admin:
        return data_of(admin.get("/admin/answers/verify", params=noted))


def replayed(client: httpx.Client, answer: dict[str, object]) -> dict[str, object]:
    return data_of(client.post(f"/answers/{answer['answer_id']}/replay"))


def document_of(answer: dict[str, object], client: httpx.Client) -> str:
    item = answer["citations"][0]["payload"]["item_id"]
    return str(data_of(client.get(f"/items/{item}"))["document_id"])


def test_a_receipt_shows_what_the_answer_stood_on(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user:
        answer = ask(user)
        receipt = data_of(user.get(f"/answers/{answer['answer_id']}"))
    assert receipt["answer"] == answer
    assert receipt["intact"] is True
    assert receipt["sequence"] == 1
    assert receipt["previous_hash"] == "0" * 64
    assert receipt["mode"] == "extractive"
    assert receipt["model"] == "none"
    assert not receipt["model_digest"]
    assert len(str(receipt["prompt_hash"])) == 64
    assert set(receipt["latency_ms"]) >= {"retrieval", "compose", "total"}
    assert receipt["index"]["versions"] == answer["index_versions"]
    assert set(receipt["index"]["runs"]) == {str(version) for version in answer["index_versions"]}
    assert isinstance(receipt["index"]["generation"], int)
    cited = {one["chunk_id"]: one for one in receipt["ground"] if one["cited"]}
    assert set(cited) == set(answer["chunks_used"])
    for citation in answer["citations"]:
        kept, payload = cited[citation["chunk_id"]], citation["payload"]
        assert kept["sha256"] == hashlib.sha256(payload["text"].encode()).hexdigest()
        assert (kept["item_id"], kept["version"]) == (payload["item_id"], payload["version"])
        assert (kept["item_sha256"], kept["run_id"]) == (payload["item_sha256"], payload["run_id"])
        assert "Hausordnung" in kept["label"]
    runs = {one["run_id"] for one in receipt["materialisations"] if one["asset"] == "documents/chunks"}
    assert {one["run_id"] for one in receipt["ground"]} == runs


def test_others_see_no_receipt_and_replay_none(api: Api, tenant: str) -> None:
    me = uuid4()
    with api.user(me, tenant) as user:
        answer = ask(user)
    path = f"/answers/{answer['answer_id']}"
    elsewhere = api.tenant()
    with (
        api.user(tenant=tenant) as neighbour,
        api.user(me, elsewhere) as stranger,
        api.admin(elsewhere) as foreign,
        api.admin(tenant) as admin,
        api.user(me, tenant) as user,
    ):
        for other in (neighbour, stranger, foreign):
            assert other.get(path).status_code == 404
            assert other.post(f"{path}/replay").status_code == 404
        assert admin.post(f"{path}/replay").status_code == 200
        assert user.get("/admin/answers/verify").status_code == 403
        assert user.delete("/admin/answers", params={"user_id": str(me)}).status_code == 403
        assert data_of(foreign.get("/admin/answers/verify"))["receipts"] == 0


def test_the_same_documents_give_the_same_answer_again(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user:
        for question in (QUESTION, "Wie hoch ist der Kölner Dom?", "Danke!"):
            result = replayed(user, ask(user, question))
            assert result["same"] is True, result
            assert result["text_same"] is True
            assert result["changes"] == []
            assert all(one["fate"] == "same" for one in result["passages"])
    assert verify(api, tenant)["receipts"] == 3, "a replay leaves no receipt"


def test_a_follow_up_is_replayed_without_its_conversation(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user:
        first = ask(user)
        second = ask(user, "Und welche Form braucht sie?", conversation_id=first["conversation_id"], top_k=3)
        user.delete(f"/conversations/{first['conversation_id']}")
        assert replayed(user, second)["same"] is True


def test_filters_and_day_are_replayed_too(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user:
        limited = ask(user, filters={"tags": "gibt-es-nicht"})
        assert limited["answered"] is False
        assert replayed(user, limited)["same"] is True
        dated = ask(user, as_of="2024-05-01")
        assert replayed(user, dated)["same"] is True


def test_a_new_version_of_the_document_is_told(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user, api.admin(tenant) as admin:
        answer = ask(user)
        document = document_of(answer, user)
        ready(api, admin, NOTE.replace("sechs Wochen", "acht Wochen"), name="haus.md", document_id=document)
        result = replayed(user, answer)
        receipt = data_of(user.get(f"/answers/{answer['answer_id']}"))
    assert result["same"] is False
    assert result["text_same"] is False
    kinds = {change["kind"] for change in result["changes"]}
    assert {"text", "added", "dropped", "passage", "index"} <= kinds, result["changes"]
    assert any("Fassung 2" in change["said"] for change in result["changes"])
    cited = [one for one in result["passages"] if one["cited"]]
    assert [one["fate"] for one in cited] == ["replaced"] * len(cited)
    assert all((one["version"], one["newest_version"]) == (1, 2) for one in cited)
    assert "acht Wochen" in result["now"]["answer"]
    assert "sechs Wochen" in receipt["answer"]["answer"], "the receipt tells what was answered then"
    assert verify(api, tenant)["valid"] is True


def test_a_new_document_beside_it_changes_the_index_and_not_the_answer(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user, api.admin(tenant) as admin:
        answer = ask(user)
        ready(api, admin, "# Kantine\n\nDie Kantine öffnet um elf Uhr.\n", name="kantine.md")
        result = replayed(user, answer)
    assert result["same"] is True, result
    assert [change["kind"] for change in result["changes"]] == ["index"]
    assert result["said"].endswith("obwohl sich ringsum etwas verändert hat.")


def test_a_withdrawn_document_is_told(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user, api.admin(tenant) as admin:
        answer = ask(user)
        admin.delete(f"/items/{answer['citations'][0]['payload']['item_id']}")
        result = replayed(user, answer)
    assert result["same"] is False
    assert {"answered", "passage"} <= {change["kind"] for change in result["changes"]}
    assert {one["fate"] for one in result["passages"] if one["cited"]} == {"removed"}


@pytest.mark.parametrize(
    ("statement", "at", "fault"),
    [
        ("UPDATE answer_log SET answered = NOT answered WHERE tenant_id = %s AND sequence = 2", 2, "changed"),
        ("UPDATE answer_log SET question = 'anders' WHERE tenant_id = %s AND sequence = 3", 3, "text"),
        ("DELETE FROM answer_log WHERE tenant_id = %s AND sequence = 2", 3, "missing"),
        ("DELETE FROM answer_log WHERE tenant_id = %s AND sequence = 4", 3, "head"),
        ("DELETE FROM answer_log WHERE tenant_id = %s AND sequence = 1", 2, "missing"),
    ],
)
def test_tampering_by_the_owner_is_named(api: Api, tenant: str, statement: str, at: int, fault: str) -> None:
    with api.user(tenant=tenant) as user:
        for number in range(4):
            ask(user, f"Frage {number}: {QUESTION}")
    assert verify(api, tenant)["valid"] is True
    with api.database.owner() as owner:
        tenant_id = owner.execute("SELECT id FROM tenants WHERE name = %s", (tenant,)).fetchone()
        owner.execute(statement.encode(), tenant_id)
    report = verify(api, tenant)
    assert report["valid"] is False
    assert (report["broken"]["sequence"], report["broken"]["fault"]) == (at, fault)
    assert report["broken"]["said"]


def test_a_link_made_anew_no_longer_fits_the_next(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user:
        answers = [ask(user, f"Frage {number}: {QUESTION}") for number in range(3)]
        receipt = data_of(user.get(f"/answers/{answers[2]['answer_id']}"))
    with api.database.owner() as owner:
        owner.execute("UPDATE answer_log SET model = 'x' WHERE id = %s", (answers[1]["answer_id"],))
        owner.execute("UPDATE answer_log AS a SET hash = luna_answer_hash(a) WHERE id = %s", (answers[1]["answer_id"],))
    report = verify(api, tenant)
    assert (report["broken"]["sequence"], report["broken"]["fault"]) == (3, "previous")
    # Whoever writes the whole rest anew, head and all, is found out by a hash that was noted elsewhere.
    with api.database.owner() as owner:
        owner.execute(
            "UPDATE answer_log AS a SET previous_hash = (SELECT hash FROM answer_log WHERE id = %s) WHERE id = %s",
            (answers[1]["answer_id"], answers[2]["answer_id"]),
        )
        owner.execute("UPDATE answer_log AS a SET hash = luna_answer_hash(a) WHERE id = %s", (answers[2]["answer_id"],))
        owner.execute(
            "UPDATE answer_chains AS c SET hash = a.hash FROM answer_log AS a"
            " WHERE a.id = %s AND c.tenant_id = a.tenant_id",
            (answers[2]["answer_id"],),
        )
    assert verify(api, tenant)["valid"] is True
    report = verify(api, tenant, sequence=receipt["sequence"], hash=receipt["hash"])
    assert report["valid"] is False
    assert report["broken"]["fault"] == "noted"


def test_a_noted_receipt_must_be_whole(api: Api, tenant: str) -> None:
    with api.admin(tenant) as admin:
        assert admin.get("/admin/answers/verify", params={"sequence": 1}).status_code == 400
        assert admin.get("/admin/answers/verify", params={"sequence": 1, "hash": "x"}).status_code == 400
    assert verify(api, tenant) | {"checked_ms": 0} == {
        "valid": True, "receipts": 0, "erased": 0, "head": None, "broken": None, "checked_ms": 0,
    }  # fmt: skip


def test_a_person_is_forgotten_and_the_chain_holds(api: Api, tenant: str) -> None:
    me, other = uuid4(), uuid4()
    word = f"Zauberwort{uuid4().hex[:8]}"
    with api.user(me, tenant) as user, api.user(other, tenant) as neighbour, api.admin(tenant) as admin:
        answer = ask(user, f"{word}: {QUESTION}")
        kept = ask(neighbour)
        user.post(
            "/feedback/rag",
            json={"question": word, "answer": str(answer["answer"]), "useful": True, "answer_id": answer["answer_id"]},
        )
        response = user.delete("/answers")
        assert data_of(response) == {"erased": 1}
        assert data_of(user.delete("/answers")) == {"erased": 0}
        assert user.get(f"/answers/{answer['answer_id']}").status_code == 404, "nobody's any more"
        receipt = data_of(admin.get(f"/answers/{answer['answer_id']}"))
        assert receipt["answer"] is None
        assert receipt["filters"] is None
        assert receipt["erased_at"]
        assert receipt["intact"] is True
        assert receipt["ground"]
        assert admin.post(f"/answers/{answer['answer_id']}/replay").status_code == 409
        assert data_of(user.get("/conversations"))["conversations"] == []
        assert data_of(neighbour.get(f"/answers/{kept['answer_id']}"))["answer"] == kept
    report = verify(api, tenant)
    assert (report["valid"], report["receipts"], report["erased"]) == (True, 2, 1)
    with api.database.owner() as owner:
        for table in ("answer_log", "conversations", "conversation_turns", "events", "audit_log", "query_receipts"):
            found = owner.execute(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE %s", (f"%{word}%",)).fetchone()  # noqa: S608
            assert found == (0,), table
        assert str(me) not in str(owner.execute("SELECT answer_log::text FROM answer_log").fetchall())


def test_an_administrator_forgets_a_person(api: Api, tenant: str) -> None:
    me = uuid4()
    with api.user(me, tenant) as user, api.admin(tenant) as admin, api.admin(api.tenant()) as foreign:
        ask(user)
        assert data_of(foreign.delete("/admin/answers", params={"user_id": str(me)})) == {"erased": 0}
        assert data_of(admin.delete("/admin/answers", params={"user_id": str(me)})) == {"erased": 1}
        assert admin.delete("/admin/answers").status_code == 400
    assert verify(api, tenant)["erased"] == 1


def test_many_at_once_make_one_chain(api: Api, tenant: str) -> None:
    done = threading.Event()
    reports: list[dict[str, object]] = []

    def watch() -> None:
        while not done.is_set():
            reports.append(verify(api, tenant))

    def give(number: int) -> None:
        with api.user(UUID(int=number + 1), tenant) as user:
            ask(user, f"Frage {number}: {QUESTION}")

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(give, range(24)))
    done.set()
    watcher.join()
    assert all(report["valid"] for report in reports), [r["broken"] for r in reports if not r["valid"]][:1]
    assert verify(api, tenant)["receipts"] == 24


def test_an_answer_that_cannot_be_noted_is_not_given(api: Api, tenant: str) -> None:
    with api.database.owner() as owner, api.user(tenant=tenant) as user:
        owner.execute("ALTER TABLE answer_chains RENAME TO answer_chains_away")
        try:
            response = user.post("/rag/ask", json={"question": QUESTION})
            streamed = user.post("/rag/ask", json={"question": QUESTION, "stream": True})
        finally:
            owner.execute("ALTER TABLE answer_chains_away RENAME TO answer_chains")
        assert response.status_code == 500
        assert "sechs Wochen" not in response.text + streamed.text
        ask(user)
    assert verify(api, tenant)["receipts"] == 1


def test_numbers_of_series_are_replayed_by_their_receipts(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user:
        answer = ask(user, "Wie hoch war mein Verbrauch gestern?")
        assert answer["mode"] == "series"
        result = replayed(user, answer)
    assert result["same"] is True
    assert result["now"] is None
    assert len(result["reruns"]) == len(answer["receipts"])


def test_the_law_of_everyone_is_replayed_like_ones_own(api: Api, tenant: str) -> None:
    with api.admin(tenant) as admin:
        ready(api, admin, LAW, name="muag.md", kind="regulation")
    with api.user(tenant=tenant) as user:
        answer = ask(user, "Wie hoch ist das Entgelt für den Musteranschluss?")
        assert answer["answered"], json.dumps(answer, ensure_ascii=False)[:400]
        receipt = data_of(user.get(f"/answers/{answer['answer_id']}"))
        assert any(one["label"] == "§ 2 Abs. 1 MuAG" for one in receipt["ground"]), receipt["ground"]
        assert replayed(user, answer)["same"] is True
