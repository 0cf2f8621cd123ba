"""Documents that are written together: what the index holds, and what a fault in the group costs the others."""

from __future__ import annotations

import gc
import itertools
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from luna_assets.documents import passages, queue
from luna_assets.documents.drain import Drain, DrainReport, DrainRequest
from luna_assets.documents.faults import OUTAGES
from luna_assets.documents.line import Line
from luna_assets.documents.passages import CutDocument
from luna_assets.documents.work import Taken, Task
from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.model import ExtractedText
from luna_rules.search.analyser import Gathering
from luna_rules.search.found_words import FoundWords
from luna_rules.search.model import ChunkFields
from resources.database import DEFAULT_TENANT, Connection, worker_connection
from resources.extractor import EmbeddedExtractor, ExtractorLostError, ReadDocument
from resources.vectors import arrays
from resources.vectors.postgres_writer import IndexWriter
from tests.conftest import Database
from tests.integration.documents.test_drain import House, eventually, text

TOPICS = ("Wallbox", "Messstelle", "Netzanschluss", "Abschlag", "Zählerstand", "Einspeisung")


@pytest.fixture
def house(database: Database, tmp_path: Path, extractor: EmbeddedExtractor) -> Iterator[House]:
    with worker_connection(database.urls.worker) as worker:
        made = House(database, tmp_path, extractor, worker)
        # A live version takes what follows: as large a corpus that nothing is learnt anew.
        made.add("grund.md", text("Netzentgelt", 400))
        made.drain()
        yield made


def postings(house: House, items: Sequence[UUID]) -> dict[tuple[bytes, str], bytes]:
    """Frequencies by passage and term, of the segments that hold these documents."""
    writer = IndexWriter(house.worker)
    live = writer.live_version(DEFAULT_TENANT)
    assert live is not None
    found: dict[tuple[bytes, str], bytes] = {}
    wanted = set(items)
    for stored in writer.segments(live.id):
        held = stored.layout.item_ids
        if not wanted & {arrays.uuid_at(held, place) for place in range(len(held))}:
            continue
        rows = house.worker.execute(
            "SELECT term, numbers, frequencies FROM index_postings WHERE segment_id = %s", (stored.id,), binary=True
        ).fetchall()
        vectors = writer.read_vectors(stored.id, live.dimension)
        for term, numbers, frequencies in rows:
            places, counts = arrays.read_posting(numbers, frequencies, stored.layout.size)
            for place, count in zip(places.tolist(), counts, strict=True):
                found[bytes(stored.layout.chunk_ids[place]), str(term)] = count.tobytes()
        for place in range(stored.layout.size):
            found[bytes(stored.layout.chunk_ids[place]), "(vector)"] = vectors[place].tobytes()
            found[bytes(stored.layout.chunk_ids[place]), "(lengths)"] = stored.layout.lengths[place].tobytes()
    return found


def segments(house: House) -> int:
    (count,) = house.one("SELECT count(*) FROM index_segments WHERE sequence > 0")
    return int(str(count))


def test_a_group_gives_the_same_index_as_one_by_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # However busy the machine is, no document counts as slow to read.
    monkeypatch.setattr("luna_assets.documents.line.SLOW_S", 60)
    before = segments(house)
    items = [house.add(f"{topic}.md", text(topic, 5)) for topic in TOPICS]
    report = house.drain()
    assert (report.ready, report.merged, segments(house)) == (len(items), 0, before + 1)
    together = postings(house, items)
    assert len({chunk for chunk, _ in together}) >= len(items)
    assert any(term == "wallbox" for _, term in together)

    monkeypatch.setattr("luna_assets.documents.line.GROUP_CHUNKS", 1)
    report = house.drain(DrainRequest(item_ids=tuple(items), linger_s=0))
    assert report.ready == len(items)
    assert segments(house) > before + 1
    assert postings(house, items) == together
    live = IndexWriter(house.worker).live_version(DEFAULT_TENANT)
    assert live is not None
    assert IndexWriter(house.worker).verify(live.id).ok


AWKWARD = """# Pfade "C:\\Daten\\neu" und {Klammern, Kommas}

Ein Satz mit Tabulator\tund Rückstrich \\n, der keiner ist, und \\N und \\.

## \\N

\\.

Noch ein Satz, der lang genug ist: 'Hochkomma', "Anführung", 100 % und ein Emoji 🔌.

| Feld | Wert |
| --- | --- |
"""


def test_awkward_characters_are_stored_as_they_are(house: House) -> None:
    words = AWKWARD + "".join(f"| Zeile {row} | \\{row}\t{{x}} |\n" for row in range(300))
    item = house.add("seltsam.md", words.encode())
    assert house.drain().ready == 1
    (stored,) = house.one("SELECT text FROM item_texts WHERE item_id = %s", item)
    expected = chunk_document(
        ExtractedText(text=str(stored), media_type="text/markdown", markup="markdown"), file_name="seltsam.md"
    )
    assert any(chunk.metadata for chunk in expected.chunks)
    rows = house.worker.execute(
        """SELECT chunk_idx, text, heading_path, section, paragraph, page, char_start, char_end, metadata
           FROM item_chunks WHERE item_id = %s ORDER BY chunk_idx""",
        (item,),
    ).fetchall()
    assert [list(row) for row in rows] == [
        [
            chunk.chunk_idx,
            chunk.text,
            list(chunk.heading_path),
            chunk.section,
            chunk.paragraph,
            chunk.page,
            chunk.char_start,
            chunk.char_end,
            chunk.metadata,
        ]
        for chunk in expected.chunks
    ]


def test_the_first_group_is_small_so_that_work_begins_soon(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luna_assets.documents.line.SLOW_S", 60)
    monkeypatch.setattr("luna_assets.documents.line.FIRST_CHUNKS", 1)
    before = segments(house)
    for topic in TOPICS:
        house.add(f"{topic}.md", text(topic, 5))
    assert house.drain().ready == len(TOPICS)
    assert segments(house) == before + 2


def test_the_next_documents_are_claimed_before_those_at_hand_run_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed, seen = threading.Event(), list[bool]()
    take, one = Drain._take, Line._one
    calls = itertools.count(1)

    def taken(drain: Drain, request: DrainRequest) -> Taken:
        found = take(drain, request)
        if next(calls) == 2:
            claimed.set()
        return found

    def worked(line: Line, task: Task) -> None:
        seen.append(claimed.wait(10))
        one(line, task)

    monkeypatch.setattr(Drain, "_take", taken)
    monkeypatch.setattr(Line, "_one", worked)
    for topic in TOPICS:
        house.add(f"{topic}.md", text(topic))
    assert house.drain(DrainRequest(batch=4, linger_s=0)).ready == len(TOPICS)
    assert all(seen)


class WithoutCutting(EmbeddedExtractor):
    """An extractor that leaves cutting to others, as a Tika server does."""

    def read(self, data: bytes, file_name: str, media_type: str | None = None) -> ReadDocument:
        return ReadDocument(self.extract(data, file_name, media_type))


def test_who_cuts_a_document_makes_no_difference(house: House) -> None:
    items = [house.add(f"{topic}.md", text(topic, 5)) for topic in TOPICS]
    assert house.drain().ready == len(items)
    rows = "SELECT * FROM item_chunks WHERE item_id = ANY (%s) ORDER BY item_id, chunk_idx"
    columns = [name.name for name in house.worker.execute(rows, (items,)).description or ()]
    kept = [place for place, name in enumerate(columns) if name not in ("run_id", "created_at")]
    assert len(kept) == len(columns) - 2

    def cut() -> tuple[list[list[object]], dict[tuple[bytes, str], bytes]]:
        found = house.worker.execute(rows, (items,)).fetchall()
        return [[row[place] for place in kept] for row in found], postings(house, items)

    by_the_child = cut()
    assert by_the_child[0]
    with WithoutCutting() as extractor:
        house.extractor = extractor
        assert house.drain(DrainRequest(item_ids=tuple(items), linger_s=0)).ready == len(items)
    assert cut() == by_the_child


def test_what_a_group_cannot_take_fails_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    good = [house.add(f"{topic}.md", text(topic)) for topic in TOPICS[:4]]
    bad = house.add("schlecht.md", text("Schlechtes"))
    write = passages.write_chunks

    def refuse(connection: Connection, documents: Sequence[CutDocument], **named: str) -> None:
        write(connection, documents, **named)
        if any(one.item_id == bad for one in documents):
            connection.execute("SELECT 1 / 0")

    monkeypatch.setattr(passages, "write_chunks", refuse)
    report = house.drain()
    assert report.ready == len(good)
    assert report.failed == {"internal": 1}
    assert [house.status(item)[0] for item in good] == ["ready"] * len(good)
    assert house.status(bad)[::2] == ("failed", "internal")
    assert house.one("SELECT count(*) FROM item_chunks WHERE item_id = %s", bad) == (0,)
    doubled = "SELECT count(*) = count(DISTINCT (item_id, chunk_idx)) FROM item_chunks"
    assert house.one(doubled) == (True,)


def test_what_cannot_be_analysed_fails_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luna_assets.documents.line.SLOW_S", 60)
    good = [house.add(f"{topic}.md", text(topic)) for topic in TOPICS[:2]]
    bad = house.add("schlecht.md", text("Schlechtes"))
    good += [house.add(f"{topic}.md", text(topic)) for topic in TOPICS[2:4]]
    add = Gathering.add

    def refuse(gathering: Gathering, chunks: Iterable[ChunkFields], _: FoundWords | None = None) -> None:
        given = list(chunks)
        # Half of it is taken before the fault shows.
        add(gathering, given[: len(given) // 2])
        if any("Schlechtes" in chunk.body for chunk in given):
            raise ValueError("no word")
        add(gathering, given[len(given) // 2 :])

    monkeypatch.setattr(Gathering, "add", refuse)
    report = house.drain()
    assert report.ready == len(good)
    assert report.failed == {"internal": 1}
    assert [house.status(item)[0] for item in good] == ["ready"] * len(good)
    assert house.status(bad)[::2] == ("failed", "internal")
    alone = postings(house, good)
    monkeypatch.undo()
    assert house.drain(DrainRequest(item_ids=tuple(good), linger_s=0)).ready == len(good)
    assert postings(house, good) == alone


def test_passages_are_written_while_the_index_of_them_is_worked_out(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = threading.Event()
    draft, write = IndexWriter.draft, passages.write_chunks

    def waiting(*given: object, **named: object) -> object:
        assert written.wait(5)
        return draft(*given, **named)  # type: ignore[arg-type]

    def telling(*given: object, **named: object) -> None:
        write(*given, **named)  # type: ignore[arg-type]
        written.set()

    monkeypatch.setattr(IndexWriter, "draft", staticmethod(waiting))
    monkeypatch.setattr(passages, "write_chunks", telling)
    item = house.add("einzeln.md", text("Einzelnes"))
    assert house.drain().ready == 1
    assert house.status(item)[0] == "ready"


def test_a_drain_has_the_interpreter_at_work(house: House) -> None:
    seen: list[tuple[int, float]] = []
    house.add("einzeln.md", text("Einzelnes"))
    drain = Drain(
        house.worker,
        house.objects,
        house.extractor,
        gold=[],
        run_id=f"run-{uuid4()}",
        log=lambda _: seen.append((gc.get_threshold()[0], sys.getswitchinterval())),
    )
    assert drain.run(DrainRequest(linger_s=0)).ready == 1
    assert seen
    assert min(objects for objects, _ in seen) >= 50_000
    assert max(interval for _, interval in seen) < 0.001


def test_a_database_lost_amid_a_group_loses_and_doubles_nothing(
    house: House, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [house.add(f"{topic}.md", text(topic, 10)) for topic in TOPICS]
    (pid,) = house.worker.execute("SELECT pg_backend_pid()").fetchone() or (0,)
    write = IndexWriter.add_draft

    def cut(*given: object, **named: object) -> object:
        written = write(*given, **named)  # type: ignore[arg-type]
        with database.owner() as owner:
            owner.execute("SELECT pg_terminate_backend(%s)", (pid,))
        return written

    with monkeypatch.context() as patch:
        patch.setattr(IndexWriter, "add_draft", cut)
        with pytest.raises(psycopg.OperationalError):
            house.drain()
    assert {house.status(item)[0] for item in items} == {"processing"}
    with worker_connection(database.urls.worker) as fresh:
        house.worker = fresh
        # They were begun before, so each goes by itself now.
        before = segments(house)
        assert house.drain(DrainRequest(linger_s=0)).ready == len(items)
        assert segments(house) == before + len(items)
    assert {house.status(item)[0] for item in items} == {"ready"}
    assert house.one("SELECT count(*) = count(DISTINCT (item_id, chunk_idx)) FROM item_chunks") == (True,)


class Slow(EmbeddedExtractor):
    """An extractor that keeps one document until it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def read(self, data: bytes, file_name: str, media_type: str | None = None) -> ReadDocument:
        if file_name == "langsam.md":
            assert self.go_on.wait(100)
        return super().read(data, file_name, media_type)


def run(house: House, database: Database, extractor: EmbeddedExtractor, reports: list[DrainReport]) -> None:
    with worker_connection(database.urls.worker) as worker:
        drain = Drain(worker, house.objects, extractor, gold=[], run_id=f"run-{uuid4()}", log=lambda _: None)
        try:
            reports.append(drain.run(DrainRequest(linger_s=0)))
        except OUTAGES:
            return


def test_a_slow_document_holds_up_no_other(house: House, database: Database) -> None:
    quick = [house.add(f"{topic}.md", text(topic)) for topic in TOPICS[:3]]
    slow = house.add("langsam.md", text("Langsames"))
    reports: list[DrainReport] = []
    with Slow() as extractor:
        thread = threading.Thread(target=run, args=(house, database, extractor, reports), daemon=True)
        thread.start()
        try:
            eventually(lambda: all(house.status(item)[0] == "ready" for item in quick))
            assert house.status(slow)[0] == "processing"
        finally:
            extractor.go_on.set()
            thread.join(100)
    assert [report.ready for report in reports] == [4]


class Lost(EmbeddedExtractor):
    """An extractor that goes away over one document."""

    def read(self, data: bytes, file_name: str, media_type: str | None = None) -> ReadDocument:
        if file_name == "schwer.md":
            raise ExtractorLostError
        return super().read(data, file_name, media_type)


def test_what_was_ready_is_written_before_an_outage_ends_the_run(house: House, database: Database) -> None:
    first = [house.add(f"{topic}.md", text(topic)) for topic in TOPICS[:3]]
    heavy = house.add("schwer.md", text("Schweres"))
    last = house.add("danach.md", text("Späteres"))
    with Lost() as extractor:
        run(house, database, extractor, [])
    assert [house.status(item)[0] for item in first] == ["ready"] * 3
    assert [house.status(item)[0] for item in (heavy, last)] == ["received"] * 2
    (attempts,) = house.one("SELECT attempts FROM items WHERE id = %s", heavy)
    assert attempts == 1


def test_scopes_in_one_batch_stay_apart(house: House) -> None:
    other = uuid4()
    with house.database.owner() as owner:
        owner.execute("INSERT INTO tenants (id, name) VALUES (%s, 'zweite')", (other,))
    house.add("grund.md", text("Netzentgelt", 400), tenant=other)
    house.drain()
    items = {
        house.add(f"{topic}-{number}.md", text(f"{topic} {number}"), tenant=tenant): tenant
        for topic in TOPICS[:3]
        for number, tenant in enumerate((DEFAULT_TENANT, other))
    }
    assert house.drain().ready == len(items)
    rows = house.worker.execute(
        "SELECT DISTINCT s.tenant_id, i.tenant_id FROM index_segments AS s JOIN items AS i ON i.id = ANY (s.item_ids)"
    ).fetchall()
    assert sorted(rows, key=str) == sorted([(DEFAULT_TENANT, DEFAULT_TENANT), (other, other)], key=str)


def test_more_than_a_batch_is_claimed_while_the_first_is_worked_on(house: House) -> None:
    items = [house.add(f"{topic}.md", text(topic)) for topic in TOPICS]
    report = house.drain(DrainRequest(linger_s=0, batch=2))
    assert (report.documents, report.ready) == (len(items), len(items))
    assert queue.count_pending(house.worker) == 0
