"""Search, answers, receipts, conversations, events: each claim cited, each citation true, nothing from next door."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest

from luna_rules.answers.compose import answer_question
from luna_rules.answers.model import Answer
from tests.conftest import Database
from tests.integration.api.conftest import NOTE, Api, ready, serve, upload

QUESTION = "Mit welcher Frist kann der Liefervertrag gekündigt werden?"
LAW = """# Gesetz über Musteranschlüsse (Musteranschlussgesetz - MuAG)

## § 1 – Anschlussfrist

(1) Der Netzbetreiber hat einen Musteranschluss innerhalb von vier Wochen nach Eingang des Antrags herzustellen.

(2) Für Gas gilt eine Frist von zehn Wochen.

## § 2 – Entgelt

(1) Das Entgelt für den Musteranschluss beträgt höchstens 80 Euro.
"""


@pytest.fixture(scope="module")
def tenant(api: Api) -> str:
    """A tenant with one note, beside a public law."""
    name = api.tenant()
    with api.admin(name) as admin:
        ready(api, admin, LAW, name="muag.md", kind="regulation")
        ready(api, admin, NOTE, name="haus.md", tags="haus", title="Hausordnung")
    return name


def ask(client: httpx.Client, question: str = QUESTION, **fields: object) -> dict[str, object]:
    response = client.post("/rag/ask", json={"question": question, **fields})
    assert response.status_code == 200, response.text
    return response.json()["data"]


def events_of(text: str) -> list[tuple[str, dict[str, object]]]:
    found: list[tuple[str, dict[str, object]]] = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_every_claim_is_cited_and_stands_where_it_says(api: Api, tenant: str) -> None:
    with api.admin(tenant) as admin:
        answer = ask(admin)
        assert answer["answered"], answer
        assert "sechs Wochen zum Monatsende" in str(answer["answer"])
        by_id = {one["chunk_id"]: one["payload"] for one in answer["citations"]}
        for block in str(answer["answer"]).split("\n\n"):
            assert re.search(r"\[chunk [0-9a-f-]{36}\]", block), f"uncited: {block}"
        cited = set(re.findall(r"\[chunk ([0-9a-f-]{36})\]", f"{answer['answer']} {answer['summary']}"))
        assert cited == set(by_id)
        assert set(answer["chunks_used"]) == cited
        for chunk_id, payload in by_id.items():
            text = admin.get(f"/items/{payload['item_id']}/text").json()["data"]["text"]
            assert text[payload["char_start"] : payload["char_end"]] == payload["text"]
            assert payload["run_id"]
            assert payload["item_sha256"]
            for sentence in re.findall(rf"(.+?) \[chunk {chunk_id}\]", str(answer["answer"])):
                assert sentence in payload["text"]
        assert answer["next_question"]
        assert answer["mode"] == "extractive"


def test_the_payload_has_every_key_of_the_contract(api: Api, tenant: str) -> None:
    keys = {
        "item_id", "title", "file_name", "url", "kind", "tags", "version", "valid_from", "valid_to", "heading_path",
        "section", "paragraph", "page", "char_start", "char_end", "text", "item_sha256", "run_id", "metadata",
    }  # fmt: skip
    with api.user(tenant=tenant) as user:
        hits = user.post("/rag/search", json={"question": "§ 1 MuAG"}).json()["data"]["hits"]
        assert hits
        assert set(hits[0]) == {"chunk_id", "item_id", "score", "payload", "scores"}
        assert set(hits[0]["payload"]) == keys
        assert hits[0]["payload"]["section"] == "§ 1"
        assert hits[0]["scores"]
        assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)


def test_filters_and_the_day_narrow_the_search(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user:

        def found(**fields: object) -> set[str]:
            response = user.post("/rag/search", json={"question": "Frist Anschluss Liefervertrag", **fields})
            assert response.status_code == 200, response.text
            return {hit["payload"]["kind"] for hit in response.json()["data"]["hits"]}

        assert found() == {"document", "regulation"}
        assert found(filters={"kind": "regulation"}) == {"regulation"}
        assert found(filters={"tags": ["haus", "garten"]}) == {"document"}
        assert found(filters={"tags": "garten"}) == set()
        assert len(user.post("/rag/search", json={"question": "Frist", "top_k": 1}).json()["data"]["hits"]) == 1


def test_the_answer_is_on_record_with_what_it_stands_on(api: Api, tenant: str) -> None:
    me = uuid4()
    with api.user(me, tenant) as user, api.user(tenant=tenant) as neighbour, api.admin(tenant) as admin:
        answer = ask(user)
        receipt = user.get(f"/answers/{answer['answer_id']}").json()["data"]
        assert receipt["answer"] == answer
        assert set(receipt["chunk_runs"]) == set(answer["chunks_used"])
        assert all(receipt["chunk_runs"].values())
        assert len(receipt["prompt_hash"]) == 64
        assert neighbour.get(f"/answers/{answer['answer_id']}").status_code == 404
        assert admin.get(f"/answers/{answer['answer_id']}").status_code == 200
    with api.user(me) as stranger:
        assert stranger.get(f"/answers/{answer['answer_id']}").status_code == 404
    with api.database.owner() as owner:
        row = owner.execute(
            "SELECT user_id, latency_ms ? 'total', index_versions <> '{}', trace_id <> '' "
            "FROM answer_log WHERE id = %s",
            (answer["answer_id"],),
        ).fetchone()
    assert row == (me, True, True, True)


@pytest.mark.parametrize("question", ["Wie hoch ist der Kölner Dom?", "😀😀😀", "???", "…", "Hallo!"])
def test_where_nothing_is_found_nothing_is_claimed(api: Api, tenant: str, question: str) -> None:
    with api.user(tenant=tenant) as user:
        answer = ask(user, question)
    assert answer["answered"] is False
    assert answer["citations"] == []
    assert answer["chunks_used"] == []
    assert "[chunk" not in str(answer["answer"])
    assert answer["answer"]
    assert answer["next_question"]


def test_an_empty_corpus_says_so(database: Database) -> None:
    with serve(database, database.settings.home) as api, api.user() as user:
        answer = ask(user)
        assert answer["answered"] is False
        assert user.post("/rag/search", json={"question": QUESTION}).json()["data"]["hits"] == []
        with api.admin() as admin:
            assert admin.post("/embed", json={"texts": ["Netz"]}).status_code == 503
            assert admin.get("/admin/health").json()["data"]["services"]["qdrant"]["state"] == "degraded"


def test_nothing_from_next_door(api: Api, tenant: str) -> None:
    with api.user(tenant=api.tenant()) as stranger:
        answer = ask(stranger)
        assert "sechs Wochen" not in json.dumps(answer, ensure_ascii=False)
        hits = stranger.post("/rag/search", json={"question": QUESTION, "top_k": 50}).json()["data"]["hits"]
        assert all("sechs Wochen" not in hit["payload"]["text"] for hit in hits)
        assert any(hit["payload"]["kind"] == "regulation" for hit in hits), "the public law is everyone's"


def test_a_deleted_document_is_answered_from_no_more(api: Api) -> None:
    with api.admin(api.tenant()) as admin:
        item_id = ready(api, admin, NOTE.replace("sechs", "sieben"))
        assert "sieben Wochen" in str(ask(admin)["answer"])
        admin.delete(f"/items/{item_id}")
        assert "sieben Wochen" not in str(ask(admin)), "an old answer was served from the cache"
        admin.post(f"/items/{item_id}/restore")
        assert "sieben Wochen" in str(ask(admin)["answer"])


def test_the_stream_tells_the_same_as_the_answer(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user:
        plain = ask(user)
        response = user.post("/rag/ask", json={"question": QUESTION, "stream": True})
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["X-Trace-Id"]
        events = events_of(response.text)
    names = [name for name, _ in events]
    assert names == ["meta", *["sentence"] * (len(names) - 2), "done"]
    assert len(names) > 2
    done = events[-1][1]
    assert done["answer"] == plain["answer"]
    assert "\n\n".join(str(data["text"]) for name, data in events if name == "sentence") == done["answer"]
    assert events[0][1]["answer_id"] == done["answer_id"]
    assert events[0][1]["trace_id"] == response.headers["X-Trace-Id"]


def test_a_fault_on_the_way_is_an_event(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user:
        response = user.post("/rag/ask", json={"question": QUESTION, "stream": True, "conversation_id": str(uuid4())})
    events = events_of(response.text)
    assert [name for name, _ in events] == ["error"]
    assert events[0][1]["status_code"] == 404
    assert events[0][1]["trace_id"] == response.headers["X-Trace-Id"]


def test_a_conversation_carries_on(api: Api, tenant: str) -> None:
    me = uuid4()
    with api.user(me, tenant) as user, api.user(tenant=tenant) as neighbour:
        first = ask(user, "Wie lange darf die Herstellung eines Musteranschlusses dauern?")
        conversation = first["conversation_id"]
        second = ask(user, "Und für Gas?", conversation_id=conversation)
        assert second["conversation_id"] == conversation
        assert second["condensed_question"] != second["question"]
        stored = user.get(f"/conversations/{conversation}").json()["data"]
        assert [turn["question"] for turn in stored["turns"]] == [first["question"], "Und für Gas?"]
        assert stored["turns"][0]["answer"]["answer"] == first["answer"]
        listed = user.get("/conversations").json()["data"]["conversations"]
        assert [(row["conversation_id"], row["turns"]) for row in listed] == [(conversation, 2)]
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/restore")):
            assert neighbour.request(method, f"/conversations/{conversation}{path}").status_code == 404
        body = {"question": "Und für Gas?", "conversation_id": conversation}
        assert neighbour.post("/rag/ask", json=body).status_code == 404
        assert user.delete(f"/conversations/{conversation}").status_code == 200
        assert user.get("/conversations").json()["data"]["conversations"] == []
        assert user.post("/rag/ask", json=body).status_code == 404
        assert user.post(f"/conversations/{conversation}/restore").status_code == 200
        assert user.get(f"/conversations/{conversation}").status_code == 200
        assert neighbour.delete("/conversations").status_code == 200
        assert len(user.get("/conversations").json()["data"]["conversations"]) == 1
        assert user.delete("/conversations").status_code == 200
        assert user.get("/conversations").json()["data"]["conversations"] == []


def test_questions_of_one_conversation_at_once_keep_their_order(api: Api, tenant: str) -> None:
    with api.admin(tenant) as admin:
        conversation = ask(admin)["conversation_id"]
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda n: ask(admin, f"{QUESTION} {n}", conversation_id=conversation), range(6)))
        turns = admin.get(f"/conversations/{conversation}").json()["data"]["turns"]
    assert len(turns) == 7


def test_too_many_questions_are_429_and_the_key_is_exempt(module_database: Database) -> None:
    with (
        serve(module_database, module_database.settings.home, rate_limit_ask_per_minute=3) as api,
        api.user() as user,
        api.user() as neighbour,
        api.admin() as admin,
    ):
        codes = [user.post("/rag/ask", json={"question": "Netz?"}).status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
        refused = user.post("/rag/ask", json={"question": "Netz?", "stream": True})
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert user.post("/rag/search", json={"question": "Netz?"}).status_code == 200
        assert neighbour.post("/rag/ask", json={"question": "Netz?"}).status_code == 200
        for _ in range(6):
            assert admin.post("/rag/ask", json={"question": "Netz?"}).status_code == 200


def test_vectors_lie_in_the_space_of_the_index(api: Api, tenant: str) -> None:
    with api.admin(tenant) as admin:
        data = admin.post("/embed", json={"texts": ["Anschlussfrist für Netzbetreiber", ""]}).json()["data"]
        assert len(data["vectors"]) == 2
        assert all(len(vector) == data["dimension"] for vector in data["vectors"])
        for texts, field in (([], "texts"), (["x"] * 257, "texts"), ([7], "texts[0]")):
            response = admin.post("/embed", json={"texts": texts})
            assert response.status_code == 400
            assert response.json()["data"]["field"].startswith(field.split("[")[0])
        big = admin.post("/embed", json={"texts": ["x" * 19_000] * 120})
        assert big.status_code == 413
        assert admin.post("/embed", json={"texts": ["x" * 19_000] * 20}).status_code == 200


def test_events_are_stored_once_and_for_oneself(api: Api, tenant: str) -> None:
    me = uuid4()
    with api.user(me, tenant) as user, api.admin(tenant) as admin:
        hit = user.post("/rag/search", json={"question": QUESTION}).json()["data"]["hits"][0]
        seen = {"item_id": hit["item_id"], "chunk_id": hit["chunk_id"]}
        one = {"type": "view", "user_id": str(me), **seen, "meta": {"dismissed": True}, "client_key": "k-1"}
        assert user.post("/events", json=one).json()["data"] == {"saved": True, "stored": 1, "known": 0}
        assert user.post("/events", json=one).json()["data"] == {"saved": True, "stored": 0, "known": 1}
        many = [{"type": "click", "ts": "2025-05-01T12:00:00Z"}] * 999 + [one]
        assert user.post("/events", json=many).json()["data"] == {"saved": True, "stored": 999, "known": 1}
        assert user.post("/events", json=[{"type": "click"}] * 1001).status_code == 400
        assert user.post("/events", json=[]).status_code == 400
        assert user.post("/events", json={"type": "view", "user_id": str(uuid4())}).status_code == 403
        assert admin.post("/events", json={"type": "view", "user_id": str(uuid4())}).status_code == 200
        for bad, field in (
            ({"type": "schauen"}, "type"),
            ({}, "type"),
            ({"type": "view", "ts": "2025-05-01T12:00:00"}, "ts"),
            ({"type": "view", "item_id": str(uuid4())}, "item_id"),
            ({"type": "view", "chunk_id": str(uuid4())}, "chunk_id"),
            ({"type": "view", "meta": {"a": "x" * 20_000}}, "meta"),
        ):
            response = user.post("/events", json=bad)
            assert response.status_code == 400, (bad, response.text)
            assert response.json()["data"]["field"].endswith(field), response.text
        figures = user.get("/metrics/events").json()["data"]["events"]
        assert {row["type"]: row["total"] for row in figures} == {"view": 1}, "only the last 30 days, only one's own"


def test_the_same_event_delivered_twice_at_once_is_stored_once(api: Api, tenant: str) -> None:
    batch = [{"type": "click", "client_key": f"c-{n}"} for n in range(50)]
    with api.user(tenant=tenant) as user, ThreadPoolExecutor(4) as pool:
        stored = [r.json()["data"]["stored"] for r in pool.map(lambda _: user.post("/events", json=batch), range(4))]
    assert sorted(stored) == [0, 0, 0, 50]


def test_events_cannot_probe_another_tenants_documents(api: Api, tenant: str) -> None:
    with api.admin(tenant) as admin:
        page = admin.get("/items", params={"kind": "document"}).json()["data"]["items"]
    with api.user(tenant=api.tenant()) as stranger:
        hidden = stranger.post("/events", json={"type": "view", "item_id": page[0]["item_id"]})
        absent = stranger.post("/events", json={"type": "view", "item_id": str(uuid4())})
    assert hidden.status_code == absent.status_code == 400
    strip = re.compile(r"[0-9a-f-]{36}")
    assert strip.sub("", hidden.json()["message"]) == strip.sub("", absent.json()["message"])


def test_feedback_is_kept_with_what_it_is_about(api: Api, tenant: str) -> None:
    me = uuid4()
    with api.user(me, tenant) as user:
        answer = ask(user)
        body = {
            "question": QUESTION,
            "answer": answer["answer"],
            "useful": True,
            "chunks_used": answer["chunks_used"],
            "answer_id": answer["answer_id"],
        }
        assert user.post("/feedback/rag", json=body).json()["data"] == {"saved": True}
        assert user.post("/feedback/rag", json={**body, "user_id": str(uuid4())}).status_code == 403
        assert user.post("/feedback/rag", json={**body, "answer_id": str(uuid4())}).status_code == 400
        assert user.post("/feedback/rag", json={"question": "?"}).status_code == 400
    with api.database.owner() as owner:
        row = owner.execute(
            "SELECT type, (meta ->> 'useful')::boolean, meta -> 'chunks_used' FROM events WHERE user_id = %s", (me,)
        ).fetchone()
    assert row == ("feedback", True, answer["chunks_used"])


def test_a_false_claim_does_not_leave(api: Api, tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that invents a number is caught at the door: the sentence is dropped, and with none left it declines."""

    def invent(*args: object, **more: object) -> Answer:
        answer = answer_question(*args, **more)  # type: ignore[arg-type]
        first = answer.body_sentences[0]
        false = replace(first, text="Die Frist beträgt 99 Jahre.", slices=("Die Frist beträgt 99 Jahre.",))
        return replace(answer, body_sentences=(false, *(answer.body_sentences if keep_true else ())))

    monkeypatch.setattr("luna_api.answers.pipeline.answer_question", invent)
    with api.user(tenant=tenant) as user:
        for keep_true in (True, False):
            answer = ask(user, f"{QUESTION} Bitte{'!' if keep_true else '.'}")
            assert "99 Jahre" not in json.dumps(answer, ensure_ascii=False)
            assert answer["answered"] is keep_true
            assert bool(answer["citations"]) is keep_true
    assert "luna_unsupported_sentences_total 2.0" in httpx.get(f"{api.url}/metrics").text


@pytest.fixture
def slow_search(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A database that takes its time: the search waits in it, as long as nobody cancels."""
    seen: list[str] = []
    pipeline = api.context.pipeline
    real = pipeline._compose

    async def slow(sql: object, *rest: object) -> object:
        seen.append("began")
        try:
            await sql.execute("SELECT pg_sleep(600)")  # type: ignore[attr-defined]
        except BaseException as fault:
            seen.append(type(fault).__name__)
            raise
        return await real(sql, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "_compose", slow)
    return seen


def test_work_stops_when_the_reader_leaves(
    api: Api, tenant: str, slow_search: list[str], eventually: Callable[[Callable[[], bool]], None]
) -> None:
    with api.user(tenant=tenant) as user:
        with user.stream("POST", "/rag/ask", json={"question": QUESTION, "stream": True}):
            eventually(lambda: slow_search == ["began"])
        eventually(lambda: slow_search == ["began", "CancelledError"])
        with api.database.owner() as owner:
            at_work = (
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active'"
                " AND application_name = 'luna_api'"
            )
            eventually(lambda: owner.execute(at_work).fetchone() == (0,))
    with api.user(tenant=tenant) as user:
        assert upload(user, "# Noch da\n\nDer Pool gibt weiter Verbindungen her.").status_code in {202, 409}
