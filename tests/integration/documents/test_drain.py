"""The way of documents through the queue, on the real database, extractor and index."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from luna_assets.documents import queue
from luna_assets.documents.drain import Drain, DrainReport, DrainRequest
from luna_assets.documents.gold import GoldQuestion
from luna_assets.documents.maintenance import purge_deleted, sweep_objects
from resources.database import DEFAULT_TENANT, Connection, worker_connection
from resources.extractor import EmbeddedExtractor, ExtractorLostError, ExtractorUnavailableError, ReadDocument
from resources.extractor.tika import TikaExtractor
from resources.objects import FolderObjectStore, StoreUnavailableError
from resources.objects_s3 import S3ObjectStore, S3Place
from resources.vectors.postgres_writer import IndexWriter
from tests.conftest import Database
from tests.places import ROOT, free_port


class House:
    """One database with its objects, and shortcuts for what the tests do."""

    def __init__(self, database: Database, root: Path, extractor: EmbeddedExtractor, worker: Connection) -> None:
        self.database = database
        self.objects = FolderObjectStore(root)
        self.extractor = extractor
        self.worker = worker

    def add(
        self,
        name: str,
        data: bytes,
        *,
        tenant: UUID | None = DEFAULT_TENANT,
        document_id: UUID | None = None,
        version: int = 1,
    ) -> UUID:
        stored = self.objects.put(tenant, data)
        with self.database.owner() as owner:
            row = owner.execute(
                """INSERT INTO items (tenant_id, file_name, media_type, size_bytes, object_key, sha256, document_id,
                                      version)
                   VALUES (%s, %s, 'text/markdown', %s, %s, %s, %s, %s) RETURNING id""",
                (tenant, name, stored.size_bytes, stored.key, stored.sha256, document_id or uuid4(), version),
            ).fetchone()
        assert row is not None
        return UUID(str(row[0]))

    def drain(self, request: DrainRequest | None = None, *, gold: list[GoldQuestion] | None = None) -> DrainReport:
        drain = Drain(
            self.worker, self.objects, self.extractor, gold=gold or [], run_id=f"run-{uuid4()}", log=lambda _: None
        )
        return drain.run(request or DrainRequest(linger_s=0))

    def one(self, query: str, *values: object) -> tuple[object, ...]:
        with self.database.owner() as owner:
            row = owner.execute(query, values).fetchone()  # type: ignore[arg-type]
        assert row is not None
        return row

    def status(self, item_id: UUID) -> tuple[object, ...]:
        return self.one("SELECT status, stage, error_code FROM items WHERE id = %s", item_id)


@pytest.fixture
def house(database: Database, tmp_path: Path, extractor: EmbeddedExtractor) -> Iterator[House]:
    with worker_connection(database.urls.worker) as worker:
        yield House(database, tmp_path, extractor, worker)


def text(topic: str, parts: int = 3) -> bytes:
    body = "\n\n".join(
        f"## Teil {part}\n\nDer Abschnitt {part} über {topic} nennt die Frist von {part + 2} Wochen für den Antrag."
        for part in range(parts)
    )
    return f"# {topic}\n\n{body}\n".encode()


def test_a_document_becomes_ready_with_text_chunks_and_vectors(house: House) -> None:
    item = house.add("wallbox.md", text("Wallbox"))
    report = house.drain()
    assert house.status(item) == ("ready", "ready", None)
    assert report.ready == 1
    assert report.built[0].promoted
    (chunks,) = house.one("SELECT count(*) FROM item_chunks WHERE item_id = %s", item)
    (vectors,) = house.one("SELECT count(*) FROM index_vectors")
    assert chunks == report.chunks > 0
    assert vectors == chunks
    (agree,) = house.one(
        """SELECT bool_and(substr(t.text, c.char_start + 1, c.char_end - c.char_start) = c.text)
           FROM item_chunks AS c JOIN item_texts AS t USING (item_id)"""
    )
    assert agree is True


def test_a_later_document_enters_the_live_version(house: House) -> None:
    house.add("a.md", text("Netzanschluss", 40))
    first = house.drain()
    later = house.add("b.md", text("Messstelle"))
    second = house.drain()
    assert first.built
    assert not second.built
    assert house.status(later)[0] == "ready"
    assert house.one("SELECT count(*) FROM index_versions WHERE state = 'live'") == (1,)


def test_a_scope_that_grew_document_by_document_is_learnt_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luna_assets.documents.drain.LEARN_FROM_CHUNKS", 12)
    house.add("a.md", text("Netzanschluss"))
    first = house.drain()
    for number in range(4):
        house.add(f"{number}.md", text(f"Messstelle {number}", 100))
        house.drain(DrainRequest(linger_s=0, batch=1))
    live = IndexWriter(house.worker).live_version(DEFAULT_TENANT)
    assert live is not None
    assert live.id > first.built[0].version_id
    assert live.learnt_chunks >= 12
    assert IndexWriter(house.worker).verify(live.id).ok


def test_one_bad_document_never_stops_the_others(house: House) -> None:
    bad = house.add("kaputt.pdf", b"%PDF-1.7\nthis is not a PDF at all")
    good = [house.add(f"{number}.md", text(f"Thema {number}")) for number in range(5)]
    report = house.drain()
    assert house.status(bad)[0] == "failed"
    assert all(house.status(item)[0] == "ready" for item in good)
    assert sum(report.failed.values()) == 1
    (error,) = house.one("SELECT error FROM items WHERE id = %s", bad)
    assert len(str(error)) > 20


def test_a_lost_original_fails_with_a_reason(house: House) -> None:
    item = house.add("weg.md", text("Weg"))
    for key in list(house.objects.keys()):
        house.objects.delete(key)
    house.drain()
    assert house.status(item) == ("failed", "text", "lost")


def test_tenants_take_turns(house: House) -> None:
    other = uuid4()
    with house.database.owner() as owner:
        owner.execute("INSERT INTO tenants (id, name) VALUES (%s, 'zweite')", (other,))
    for number in range(6):
        house.add(f"a{number}.md", text(f"A {number}"))
    late = house.add("b.md", text("B"), tenant=other)
    first = queue.claim(house.worker, "run-x", 2)
    assert late in {claim.item_id for claim in first}


def test_two_drains_do_not_work_at_once(house: House, database: Database) -> None:
    item = house.add("a.md", text("A"))
    with worker_connection(database.urls.worker) as other:
        assert queue.try_lock_drain(other)
        assert house.drain().already_draining
        assert house.status(item)[0] == "received"
    assert house.drain().ready == 1


def test_what_a_dead_run_left_is_taken_over(house: House, database: Database) -> None:
    items = [house.add(f"{number}.md", text(f"Thema {number}")) for number in range(3)]
    with worker_connection(database.urls.worker) as dead:
        assert queue.try_lock_drain(dead)
        assert len(queue.claim(dead, "dead-run", 2)) == 2
    report = house.drain()
    assert report.requeued == 2
    assert all(house.status(item)[0] == "ready" for item in items)


def test_a_document_that_kills_its_workers_is_given_up(house: House, database: Database) -> None:
    item = house.add("gift.md", text("Gift"))
    for _ in range(queue.MAX_ATTEMPTS):
        with worker_connection(database.urls.worker) as dead:
            queue.requeue_orphans(dead, "next")
            queue.claim(dead, f"dead-{uuid4()}", 1)
    house.drain()
    assert house.status(item) == ("failed", "text", "aborted")


def test_a_worker_believed_dead_cannot_finish_what_another_took_over(house: House, database: Database) -> None:
    item = house.add("a.md", text("A"))
    queue.claim(house.worker, "slow-run", 1)
    with worker_connection(database.urls.worker) as other:
        queue.requeue_orphans(other, "new-run")
        queue.claim(other, "new-run", 1)
    assert queue.mark_ready(house.worker, [item], "slow-run") == []
    queue.fail(house.worker, item, "slow-run", "internal", "zu spät")
    assert house.status(item)[0] == "processing"


def test_a_new_version_supersedes_the_old_one_when_it_is_ready(house: House) -> None:
    document = uuid4()
    old = house.add("a.md", text("Alt"), document_id=document)
    house.drain()
    new = house.add("a.md", text("Neu"), document_id=document, version=2)
    assert house.one("SELECT superseded_at IS NULL FROM items WHERE id = %s", old) == (True,)
    house.drain()
    assert house.one("SELECT superseded_at IS NULL FROM items WHERE id = %s", old) == (False,)
    assert house.one("SELECT superseded_at IS NULL FROM items WHERE id = %s", new) == (True,)


def test_an_older_text_that_is_added_later_does_not_replace_the_one_in_force(house: House) -> None:
    document = uuid4()
    items = {}
    for version, day in ((1, "2023-01-01"), (2, "2021-12-31"), (3, "2025-01-31")):
        items[day] = house.add("eeg.md", text(f"Stand {day}"), document_id=document, version=version)
        with house.database.owner() as owner:
            owner.execute("UPDATE items SET valid_from = %s WHERE id = %s", (day, items[day]))
        house.drain()
    ends = {
        day: house.one("SELECT (superseded_at AT TIME ZONE 'UTC')::date::text FROM items WHERE id = %s", item)[0]
        for day, item in items.items()
    }
    assert ends == {"2021-12-31": "2023-01-01", "2023-01-01": "2025-01-31", "2025-01-31": None}


def test_running_again_changes_no_chunk_id(house: House) -> None:
    item = house.add("a.md", text("A"))
    house.drain()
    query = "SELECT array_agg(id ORDER BY chunk_idx), count(*) FROM item_chunks WHERE item_id = %s"
    before = house.one(query, item)
    report = house.drain(DrainRequest(item_ids=(item,), stage="text", linger_s=0))
    assert report.documents == 1
    assert house.one(query, item) == before
    assert house.status(item)[0] == "ready"


def test_a_document_stays_findable_while_it_is_worked_on_again(house: House) -> None:
    item = house.add("a.md", text("A"))
    house.drain()
    queue.queue_again(house.worker, [item])
    assert house.status(item) == ("ready", "received", None)
    claimed = queue.claim(house.worker, "run-x", 5)
    assert [claim.was_ready for claim in claimed] == [True]
    assert house.status(item) == ("ready", "text", None)
    queue.fail(house.worker, item, "run-x", "damaged", "kaputt")
    assert house.status(item) == ("ready", "ready", "damaged")
    (chunks,) = house.one("SELECT count(*) FROM item_chunks WHERE item_id = %s", item)
    assert chunks


def test_everything_is_cut_again_in_one_run(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [house.add(f"{number}.md", text(f"Thema {number}")) for number in range(3)]
    failed = house.add("kaputt.pdf", b"%PDF-1.7 broken")
    house.drain()
    monkeypatch.setattr("luna_assets.documents.line.CHUNKER_VERSION", "next")
    report = house.drain(DrainRequest(all_items=True, stage="chunks", linger_s=0))
    assert report.documents == report.ready == 3
    assert all(house.status(item)[0] == "ready" for item in items)
    assert house.status(failed)[0] == "failed"
    assert house.one("SELECT count(*) FROM item_chunks WHERE chunker_version <> 'next'") == (0,)
    live = IndexWriter(house.worker).live_version(DEFAULT_TENANT)
    assert live is not None
    assert IndexWriter(house.worker).verify(live.id).ok


def test_a_dead_run_s_second_work_is_taken_over_too(house: House, database: Database) -> None:
    item = house.add("a.md", text("A"))
    house.drain()
    with worker_connection(database.urls.worker) as dead:
        queue.queue_again(dead, [item])
        queue.claim(dead, "dead-run", 1)
    report = house.drain()
    assert report.requeued == 1
    assert house.status(item) == ("ready", "ready", None)


def test_a_failed_document_is_run_again_from_its_kept_text(house: House) -> None:
    item = house.add("a.md", text("A"))
    house.drain()
    for key in list(house.objects.keys()):
        house.objects.delete(key)
    report = house.drain(DrainRequest(item_ids=(item,), stage="chunks", linger_s=0))
    assert report.ready == 1
    assert house.status(item)[0] == "ready"


def test_a_lingering_drain_takes_what_arrives_meanwhile(house: House) -> None:
    with lingering(house) as reports:
        for name in ("a.md", "b.md"):
            item = house.add(name, text(name))
            eventually(lambda item=item: house.status(item)[0] == "ready")
        # It would wait for ten minutes; a rebuild ends that.
        house.drain(DrainRequest(linger_s=0, rebuild=True))
    assert [report.ready for report in reports] == [2]


def test_the_first_document_of_a_scope_may_come_amid_the_taking(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It arrives between the look at the scopes and the claim, when no version was known to be needed."""
    looked = Drain._scopes_to_learn  # pyright: ignore[reportPrivateUsage]
    arrived: list[UUID] = []

    def amid(drain: Drain) -> set[UUID | None]:
        scopes = looked(drain)
        if not arrived:
            arrived.append(house.add("a.md", text("A")))
        return scopes

    monkeypatch.setattr(Drain, "_scopes_to_learn", amid)
    report = house.drain()
    assert report.ready == 1
    assert house.status(arrived[0]) == ("ready", "ready", None)


def test_a_rebuild_does_not_wait_for_a_drain_that_only_lingers(house: House) -> None:
    item = house.add("a.md", text("A"))
    with lingering(house) as reports:
        eventually(lambda: house.status(item)[0] == "ready")
        report = house.drain(DrainRequest(linger_s=0, rebuild=True))
    assert not report.already_draining
    assert [built.promoted for built in report.built] == [True]
    assert reports[0].ready == 1


@contextmanager
def lingering(house: House) -> Iterator[list[DrainReport]]:
    """A drain beside the house's own that waits for ten minutes for more documents; its report, once it ended."""
    reports: list[DrainReport] = []

    def linger() -> None:
        with worker_connection(house.database.urls.worker) as other:
            drain = Drain(other, house.objects, house.extractor, gold=[], run_id="lingering", log=lambda _: None)
            reports.append(drain.run(DrainRequest(linger_s=600)))

    thread = threading.Thread(target=linger, daemon=True)
    thread.start()
    yield reports
    thread.join(timeout=100)
    assert not thread.is_alive(), "it lingers on"


def eventually(holds: Callable[[], bool], timeout_s: float = 100) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def test_a_worse_index_version_is_refused_and_the_live_one_stays(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.add("a.md", text("Netzanschluss"))
    house.drain()
    live = IndexWriter(house.worker).live_version(DEFAULT_TENANT)
    assert live is not None

    def evaluate(_: Connection, __: IndexWriter, version_id: int, questions: list[GoldQuestion]) -> object:
        from luna_assets.documents.gold import GoldReport

        return GoldReport(len(questions), len(questions) if version_id == live.id else 0, ())

    monkeypatch.setattr("luna_assets.documents.index_build.evaluate", evaluate)
    gold = [GoldQuestion("Was?", frozenset())]
    report = house.drain(DrainRequest(linger_s=0, rebuild=True), gold=gold)
    assert [built.promoted for built in report.built] == [False]
    after = IndexWriter(house.worker).live_version(DEFAULT_TENANT)
    assert after is not None
    assert after.id == live.id
    kept = (
        "SELECT report->>'gold_holds', report#>>'{gold,hit_at_5}', report#>>'{gold_live,hit_at_5}' FROM index_versions"
    )
    assert house.one(f"{kept} WHERE state = 'refused'") == ("false", "0.0", "1.0")


def test_documents_of_a_refused_version_enter_the_live_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.add("a.md", text("Netzanschluss"))
    house.drain()
    monkeypatch.setattr("luna_assets.documents.drain.LEARN_FROM_CHUNKS", 0)
    monkeypatch.setattr("luna_assets.documents.drain.BYTES_PER_CHUNK", 1)

    def fails(*_: object) -> object:
        from luna_assets.documents.gold import GoldReport

        fails.calls += 1  # type: ignore[attr-defined]
        return GoldReport(1, fails.calls % 2 == 0, ())  # type: ignore[attr-defined]

    fails.calls = 0  # type: ignore[attr-defined]
    monkeypatch.setattr("luna_assets.documents.index_build.evaluate", fails)
    item = house.add("b.md", text("Messstelle"))
    report = house.drain(gold=[GoldQuestion("Was?", frozenset())])
    assert [built.promoted for built in report.built] == [False]
    assert house.status(item)[0] == "ready"


def test_deleted_documents_go_after_a_week_with_their_objects(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, kept = house.add("a.md", text("A")), house.add("b.md", text("B"))
    house.drain()
    with house.database.owner() as owner:
        owner.execute("UPDATE items SET deleted_at = now() - interval '8 days' WHERE id = %s", (gone,))
        owner.execute("UPDATE items SET deleted_at = now() - interval '2 days' WHERE id = %s", (kept,))
    assert purge_deleted(house.worker, IndexWriter(house.worker)) == 1
    assert sweep_objects(house.worker, house.objects) == 0, "a young object may belong to an upload in progress"
    monkeypatch.setattr(house.objects, "age", lambda _: __import__("datetime").timedelta(hours=2))
    assert sweep_objects(house.worker, house.objects) == 1
    assert house.one("SELECT count(*) FROM items WHERE id = %s", kept) == (1,)


def test_losing_the_database_ends_the_drain_and_the_next_one_goes_on(house: House, database: Database) -> None:
    items = [house.add(f"{number}.md", text(f"Thema {number}", 20)) for number in range(4)]
    (pid,) = house.worker.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    original = house.extractor.read
    calls: list[str] = []

    def cut(data: bytes, file_name: str, media_type: str | None) -> object:
        calls.append(file_name)
        if len(calls) == 2:
            with database.owner() as owner:
                owner.execute("SELECT pg_terminate_backend(%s)", (pid,))
        return original(data, file_name, media_type)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house.extractor, "read", cut)
        with pytest.raises(psycopg.OperationalError):
            house.drain()
    with worker_connection(database.urls.worker) as fresh:
        house.worker = fresh
        house.drain()
    assert all(house.status(item)[0] == "ready" for item in items)
    assert house.one("SELECT count(*) = count(DISTINCT (item_id, chunk_idx)) FROM item_chunks") == (True,)


def nothing_listens() -> str:
    return f"http://127.0.0.1:{free_port()}"


def test_a_store_that_is_away_fails_no_document(house: House) -> None:
    items = [house.add(f"{topic}.md", text(topic)) for topic in ("Wallbox", "Abschlag")]
    away = S3ObjectStore(S3Place(nothing_listens(), "luna", "key", "secret"))
    with pytest.raises(StoreUnavailableError):
        Drain(house.worker, away, house.extractor, gold=[], run_id="run-away", log=lambda _: None).run(
            DrainRequest(linger_s=0)
        )
    assert [house.status(item)[0] for item in items] == ["received", "received"]
    assert house.drain().ready == 2


class Falling(EmbeddedExtractor):
    """An extractor that goes away over one document, time and again."""

    def read(self, data: bytes, file_name: str, media_type: str | None = None) -> ReadDocument:
        if file_name == "schwer.md":
            raise ExtractorLostError
        return super().read(data, file_name, media_type)


def test_a_document_that_brings_the_extractor_down_is_given_up_and_the_others_are_not(house: House) -> None:
    heavy = house.add("schwer.md", text("Netzanschluss"))
    light = house.add("leicht.md", text("Messstelle"))
    seen: list[tuple[object, ...]] = []
    with Falling() as falling:

        def drain() -> DrainReport:
            return Drain(
                house.worker, house.objects, falling, gold=[], run_id=f"run-{uuid4()}", log=lambda _: None
            ).run(DrainRequest(linger_s=0))

        for _ in range(queue.MAX_ATTEMPTS - 1):
            with pytest.raises(ExtractorLostError):
                drain()
            seen += [house.status(heavy), house.status(light)]
        assert drain().ready == 1
    assert {state[0] for state in seen} == {"received"}
    assert house.status(heavy)[::2] == ("failed", "unavailable")
    assert house.status(light)[0] == "ready"


def test_an_extractor_that_is_away_fails_no_document(house: House) -> None:
    pdf = (ROOT / "data" / "samples" / "sample.pdf").read_bytes()
    items = [house.add(f"{number}.pdf", pdf + b"\n" * number) for number in range(2)]
    with TikaExtractor(nothing_listens()) as away, pytest.raises(ExtractorUnavailableError):
        Drain(house.worker, house.objects, away, gold=[], run_id="run-away", log=lambda _: None).run(
            DrainRequest(linger_s=0)
        )
    assert [house.status(item)[0] for item in items] == ["received", "received"]
    assert house.drain().ready == 2
