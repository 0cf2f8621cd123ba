"""The chain of answers' receipts: what breaks it, what does not, and who may touch it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from itertools import pairwise
from uuid import UUID, uuid4

import psycopg
import pytest

from resources.database import DEFAULT_TENANT
from resources.migrate import MIGRATIONS
from tests.conftest import Database
from tests.integration.sql.test_row_security import act_for

FAULTS = "SELECT sequence, luna_answer_fault(a) FROM answer_log AS a ORDER BY sequence"
INSERT = """
INSERT INTO answer_log (id, tenant_id, user_id, question, condensed_question, answered, answer, mode, model,
                        prompt_version, prompt_hash, latency_ms, trace_id)
VALUES (%s, %s, %s, %s, %s, true, %s, 'extractive', 'none', '1', 'ab', '{"total": 12.5}', 't')
"""


def give(connection: psycopg.Connection[tuple[object, ...]], user: UUID, question: str = "Wie spät ist es?") -> UUID:
    answer_id = uuid4()
    answer = json.dumps({"answer": f"Zu: {question}", "ü": [1, 2.50]})
    connection.execute(INSERT, (answer_id, DEFAULT_TENANT, user, question, question, answer))
    return answer_id


def given(database: Database, count: int = 4) -> list[UUID]:
    """Answers to one person each, given by the application."""
    people = [uuid4() for _ in range(count)]
    with psycopg.connect(database.urls.app) as app:
        act_for(app, DEFAULT_TENANT)
        for person in people:
            give(app, person)
    return people


def faults(database: Database) -> dict[int, str]:
    with database.owner() as owner:
        return {int(str(row[0])): str(row[1]) for row in owner.execute(FAULTS) if row[1] is not None}


def test_each_receipt_holds_the_hash_of_the_one_before(database: Database) -> None:
    given(database)
    with database.owner() as owner:
        rows = owner.execute("SELECT sequence, previous_hash, hash FROM answer_log ORDER BY sequence").fetchall()
        head = owner.execute("SELECT sequence, hash FROM answer_chains").fetchone()
    assert [row[0] for row in rows] == [1, 2, 3, 4]
    assert [row[1] for row in rows] == ["0" * 64, *(row[2] for row in rows[:-1])]
    assert head == (4, rows[-1][2])
    assert faults(database) == {}


def test_a_receipt_of_before_and_one_that_names_the_models_hold_side_by_side(database: Database) -> None:
    runs = {"run_id": "r", "embedder": "bge-m3:latest", "lexicon": "c0"}
    newer = {**runs, "model_digest": "a" * 64, "question_vector": True}
    with psycopg.connect(database.urls.app) as app:
        act_for(app, DEFAULT_TENANT)
        for noted in (runs, newer, runs):
            app.execute(
                INSERT.replace("latency_ms,", "index_runs, latency_ms,").replace("'ab',", "'ab', %s,"),
                (uuid4(), DEFAULT_TENANT, uuid4(), "Was?", "Was?", "{}", json.dumps({"3": noted})),
            )
    assert faults(database) == {}
    with database.owner() as owner:
        owner.execute("UPDATE answer_log SET index_runs = jsonb_set(index_runs, '{3,model_digest}', '\"b\"')")
    assert faults(database) == {1: "changed", 2: "changed", 3: "changed"}


def test_others_can_compute_the_hashes_from_the_description(database: Database) -> None:
    given(database, 1)
    with database.owner() as owner:
        row = owner.execute(
            "SELECT to_jsonb(a)::text, encode(salt, 'hex'), answer::text, previous_hash, hash,"
            """ to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM answer_log AS a"""
        ).fetchone()
    assert row is not None
    kept, salt = json.loads(str(row[0])), bytes.fromhex(str(row[1]))

    def salted(name: str, written: str) -> str:
        return hashlib.sha256(salt + f"{name}\n{written}".encode()).hexdigest()

    assert kept["text_hashes"] == {
        "question": salted("question", kept["question"]),
        "condensed_question": salted("condensed_question", kept["condensed_question"]),
        "filters": salted("filters", "{}"),
        "answer": salted("answer", str(row[2])),
        "user_id": salted("user_id", kept["user_id"]),
    }
    names = [
        "id", "tenant_id", "sequence", "as_of", "top_k", "answered", "mode", "model", "model_digest", "prompt_version",
        "prompt_hash", "chunk_ids", "chunk_runs", "ground", "index_versions", "index_generation", "index_runs",
        "latency_ms", "trace_id",
    ]  # fmt: skip
    content = {name: kept[name] for name in names}
    content["created_at"] = row[5]
    content["texts"] = kept["text_hashes"]
    ordered = dict(sorted(content.items(), key=lambda pair: (len(pair[0].encode()), pair[0].encode())))
    ordered["texts"] = dict(sorted(content["texts"].items(), key=lambda pair: (len(pair[0]), pair[0])))
    written = json.dumps(ordered, ensure_ascii=False, separators=(", ", ": "))
    assert hashlib.sha256(f"{row[3]}\n{written}".encode()).hexdigest() == row[4]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("answered = false", "changed"),
        ("model = 'other'", "changed"),
        ("""ground = '[{"chunk_id": "x"}]'""", "changed"),
        ("latency_ms = '{}'", "changed"),
        ("created_at = created_at - interval '1 day'", "changed"),
        ("question = 'anders'", "text"),
        ("answer = '{}'", "text"),
        ("user_id = gen_random_uuid()", "text"),
        ("salt = sha256('x')", "text"),
        ("salt = NULL", "text"),
        ("erased_at = now()", "text"),
    ],
)
def test_a_change_by_the_owner_is_found(database: Database, change: str, fault: str) -> None:
    given(database)
    with database.owner() as owner:
        owner.execute(f"UPDATE answer_log SET {change} WHERE sequence = 2".encode())  # noqa: S608 (the cases above)
    assert faults(database) == {2: fault}


def test_a_conversation_that_is_gone_breaks_nothing(database: Database) -> None:
    with psycopg.connect(database.urls.app, autocommit=True) as app, app.transaction():
        act_for(app, DEFAULT_TENANT)
        person, conversation = uuid4(), uuid4()
        app.execute(
            "INSERT INTO conversations (id, tenant_id, user_id, title) VALUES (%s, %s, %s, 'x')",
            (conversation, DEFAULT_TENANT, person),
        )
        app.execute(
            INSERT.replace("(id, ", "(conversation_id, id, ").replace("(%s, ", "(%s, %s, ", 1),
            (conversation, uuid4(), DEFAULT_TENANT, person, "a", "a", "{}"),
        )
        app.execute("DELETE FROM conversations WHERE id = %s", (conversation,))
    with database.owner() as owner:
        assert owner.execute("SELECT conversation_id, text_hashes ? 'conversation_id' FROM answer_log").fetchone() == (
            None,
            True,
        )
    assert faults(database) == {}


def test_the_application_neither_changes_nor_removes_a_receipt(database: Database) -> None:
    given(database, 1)
    for statement in (
        "UPDATE answer_log SET question = 'x'",
        "DELETE FROM answer_log",
        "UPDATE answer_chains SET sequence = 0",
        "INSERT INTO answer_chains (tenant_id, sequence, hash) VALUES (gen_random_uuid(), 0, '')",
    ):
        with psycopg.connect(database.urls.app) as app:
            act_for(app, DEFAULT_TENANT)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


def test_a_receipt_is_sealed_by_the_database_whatever_is_written(database: Database) -> None:
    with psycopg.connect(database.urls.app) as app:
        act_for(app, DEFAULT_TENANT)
        app.execute(
            INSERT.replace("trace_id)", "trace_id, sequence, previous_hash, hash, text_hashes, salt)").replace(
                "'t')", "'t', 77, 'x', 'y', '{}', 'z')"
            ),
            (uuid4(), DEFAULT_TENANT, uuid4(), "a", "a", "{}"),
        )
    with database.owner() as owner:
        assert owner.execute("SELECT sequence, length(hash), length(salt) FROM answer_log").fetchone() == (1, 64, 32)
    assert faults(database) == {}


def test_erasing_a_person_leaves_no_word_and_a_valid_chain(database: Database) -> None:
    people = given(database)
    with psycopg.connect(database.urls.app) as app:
        act_for(app, DEFAULT_TENANT)
        app.execute(
            "INSERT INTO conversations (tenant_id, user_id, title) VALUES (%s, %s, 'Wie spät')",
            (DEFAULT_TENANT, people[1]),
        )
        app.execute(
            "INSERT INTO events (tenant_id, user_id, type, meta) VALUES (%s, %s, 'feedback', %s)",
            (DEFAULT_TENANT, people[1], json.dumps({"question": "Wie spät", "useful": True})),
        )
        assert app.execute("SELECT luna_erase_answers(%s)", (people[1],)).fetchone() == (1,)
        assert app.execute("SELECT luna_erase_answers(%s)", (people[1],)).fetchone() == (0,)
    with database.owner() as owner:
        row = owner.execute(
            "SELECT question, condensed_question, filters, answer, user_id, conversation_id, salt FROM answer_log"
            " WHERE sequence = 2"
        ).fetchone()
        assert row == (None,) * 7
        assert owner.execute("SELECT count(*) FROM answer_log WHERE question IS NOT NULL").fetchone() == (3,)
        assert owner.execute("SELECT count(*) FROM conversations").fetchone() == (0,)
        assert owner.execute("SELECT meta FROM events").fetchone() == ({"useful": True},)
    assert faults(database) == {}


def test_erasure_reaches_no_other_tenant(database: Database) -> None:
    people = given(database, 1)
    with psycopg.connect(database.urls.app) as app:
        act_for(app, uuid4())
        assert app.execute("SELECT luna_erase_answers(%s)", (people[0],)).fetchone() == (0,)
        act_for(app, None)
        assert app.execute("SELECT luna_erase_answers(%s)", (people[0],)).fetchone() == (0,)
    with psycopg.connect(database.urls.worker) as worker, pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.execute("SELECT luna_erase_answers(%s)", (people[0],))


def test_two_writers_at_once_make_one_chain(database: Database) -> None:
    each, errors = 40, list[Exception]()

    def write() -> None:
        try:
            for _ in range(each):
                with psycopg.connect(database.urls.app) as app:
                    act_for(app, DEFAULT_TENANT)
                    give(app, uuid4())
        except Exception as fault:
            errors.append(fault)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.owner() as owner:
        rows = owner.execute("SELECT sequence, previous_hash, hash FROM answer_log ORDER BY sequence").fetchall()
    assert [row[0] for row in rows] == list(range(1, 3 * each + 1))
    assert all(after[1] == before[2] for before, after in pairwise(rows))
    assert faults(database) == {}


def test_a_writer_that_gives_up_leaves_no_gap(database: Database) -> None:
    given(database, 1)
    with psycopg.connect(database.urls.app) as app:
        act_for(app, DEFAULT_TENANT)
        give(app, uuid4())
        app.rollback()
    given(database, 1)
    with database.owner() as owner:
        assert owner.execute("SELECT array_agg(sequence ORDER BY sequence) FROM answer_log").fetchone() == ([1, 2],)
    assert faults(database) == {}


def test_answers_from_before_the_chain_are_its_first_links(new_database: Callable[[], Database]) -> None:
    database = new_database()
    earlier = [path for path in sorted(MIGRATIONS.glob("*.sql")) if path.stem < "0009"]
    this = next(path for path in MIGRATIONS.glob("0009_*.sql"))
    with database.owner() as owner:
        owner.execute("DROP SCHEMA IF EXISTS analytics CASCADE")
        owner.execute("DROP SCHEMA public CASCADE")
        owner.execute("CREATE SCHEMA public")
        for path in earlier:
            owner.execute(path.read_bytes())
        for moment in ("2026-01-02", "2026-01-01"):
            owner.execute(
                INSERT.replace("trace_id)", "trace_id, created_at)").replace("'t')", "'t', %s)"),
                (uuid4(), DEFAULT_TENANT, uuid4(), moment, moment, "{}", moment),
            )
        owner.execute(this.read_bytes())
        assert owner.execute("SELECT question FROM answer_log ORDER BY sequence").fetchall() == [
            ("2026-01-01",),
            ("2026-01-02",),
        ]
        assert owner.execute("SELECT sequence FROM answer_chains").fetchone() == (2,)
    assert faults(database) == {}
