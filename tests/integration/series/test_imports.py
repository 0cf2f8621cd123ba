"""Files through the queue on the real database: loaded, compared, refused, undone, and cleared from the inbox."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid4

import pytest
from polars.exceptions import PanicException

from luna_assets.meters import loading
from luna_assets.meters.imports import ImportRun, ImportsReport
from luna_assets.meters.inbox import Dropped, FolderPlace, Inbox
from resources.database import DEFAULT_TENANT, AppDatabase, Connection, worker_connection
from resources.objects import FolderObjectStore, StoreUnavailableError
from resources.objects_s3 import S3ObjectStore, S3Place
from resources.series import imports as queue
from tests.conftest import Database
from tests.integration.series.conftest import SeriesHouse
from tests.places import free_port

READINGS = """meter_id,ts,consumption_kw,production_kw,voltage,quality
haus-1,2025-01-01T00:00:00Z,1.0,0,230,0
haus-1,2025-01-01T00:15:00Z,2.0,0,230,0
haus-1,2025-01-01T00:30:00Z,3.0,0,230,0
haus-1,2025-01-01T00:45:00Z,4.0,0,230,0
"""
PRICES = """market,product,ts,price_eur_mwh,volume
EPEX,DE-LU-60MIN,2025-01-01T00:00:00Z,10.5,
EPEX,DE-LU-60MIN,2025-01-01T01:00:00Z,-3.25,
"""


class ImportHouse(SeriesHouse):
    """Files in, imports out."""

    def __init__(self, series: SeriesHouse, root: Path) -> None:
        super().__init__(series.database, series.worker)
        self.home = root
        self.objects = FolderObjectStore(root / "objects")

    def receive(self, content: bytes | str, **fields: object) -> UUID:
        """As the API does; `fields` are those of `NewImport`."""
        data = content.encode() if isinstance(content, str) else content
        target = fields.get("target", "smart_meter_readings")
        tenant = None if target == "market_prices" else DEFAULT_TENANT
        stored = self.objects.put(tenant, data)
        known: dict[str, object] = {
            "tenant": tenant, "target": target, "mode": "load", "source": "upload", "file_name": "datei.csv",
            "sha256": stored.sha256, "size_bytes": stored.size_bytes, "object_key": stored.key, "options": {},
        }  # fmt: skip
        return queue.receive_from_worker(self.worker, queue.NewImport(**(known | fields)))  # type: ignore[arg-type]

    def run(self, *, inbox: bool = False) -> ImportsReport:
        taken = Inbox([FolderPlace(self.home)], self.worker, self.objects, max_bytes=10**6) if inbox else None
        return ImportRun(self.worker, self.objects, run_id=f"run-{uuid4()}", log=print, inbox=taken).work()

    def state(self, import_id: UUID) -> dict[str, object]:
        names = "status, stage, warnings, loaded, updated, unchanged, rejected, error_code, error, meter_ids, layout"
        row = self.one(f"SELECT {names} FROM imports WHERE id = %s", import_id)  # noqa: S608 (a fixed list)
        return dict(zip(names.split(", "), row, strict=True))

    def counts(self, import_id: UUID) -> tuple[object, ...]:
        state = self.state(import_id)
        return tuple(state[name] for name in ("status", "loaded", "updated", "unchanged", "rejected"))


@pytest.fixture
def imports(house: SeriesHouse, tmp_path: Path) -> ImportHouse:
    return ImportHouse(house, tmp_path)


def test_a_file_becomes_rows_rollups_and_a_registered_meter(imports: ImportHouse) -> None:
    done = imports.receive(READINGS)
    report = imports.run()
    assert (report.files, report.readings.loaded) == (1, 4)
    assert imports.counts(done) == ("done", 4, 0, 0, 0)
    assert imports.state(done)["meter_ids"] == ["haus-1"]
    assert imports.one("SELECT source, simulated FROM meters WHERE meter_id = 'haus-1'") == ("import", False)
    assert imports.one("SELECT consumption_kwh, covered_s FROM meter_hours") == (2.5, 3600)


def test_the_same_file_twice_is_known(imports: ImportHouse) -> None:
    imports.receive(READINGS)
    again = imports.receive(READINGS)
    imports.run()
    assert imports.counts(again) == ("done", 0, 0, 4, 0)


def test_prices_are_public_and_roll_up(imports: ImportHouse) -> None:
    done = imports.receive(PRICES, target="market_prices")
    imports.run()
    assert imports.counts(done) == ("done", 2, 0, 0, 0)
    assert imports.one("SELECT negative_hours, values FROM market_days") == (1, 2)


def test_a_dry_run_says_what_would_happen_and_writes_nothing(imports: ImportHouse) -> None:
    imports.receive(READINGS)
    imports.run()
    changed = READINGS.replace("2.0,0", "2.5,0") + "haus-2,2025-01-01T00:00:00Z,1,0,230,0\n"
    before = imports.everything()
    dry = imports.receive(changed, mode="dry_run")
    imports.run()
    assert imports.counts(dry) == ("done", 1, 1, 3, 0)
    assert imports.everything() == before
    assert imports.one("SELECT count(*) FROM meters") == (1,)
    assert imports.one("SELECT count(*) FROM reading_revisions") == (0,)


def test_bad_rows_are_listed_and_the_good_ones_loaded(imports: ImportHouse) -> None:
    done = imports.receive(READINGS.replace("3.0,0", "viel,0"))
    report = imports.run()
    assert imports.counts(done) == ("done", 3, 0, 0, 1)
    (row,) = imports.rows("SELECT line, value, length(reason) > 5, tenant_id FROM import_errors")
    assert row == (4, "viel", True, DEFAULT_TENANT)
    assert report.rejected == {"smart_meter_readings": 1}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (READINGS.splitlines()[0] + "\n", None),
        (bytes(range(256)) * 40, None),
        ("meter_id,ts,consumption_kw\nhaus-1,gestern,1\n", "no_rows"),
    ],
)
def test_what_cannot_be_read_fails_with_a_reason(imports: ImportHouse, content: bytes | str, code: str | None) -> None:
    failed = imports.receive(content)
    good = imports.receive(READINGS)
    report = imports.run()
    state = imports.state(failed)
    assert state["status"] == "failed"
    assert state["error_code"] not in (None, "internal")
    assert code is None or state["error_code"] == code
    assert len(str(state["error"])) > 10
    assert imports.counts(good)[0] == "done"
    assert sum(report.failed.values()) == 1


@pytest.mark.parametrize(
    ("register", "options", "reason"),
    [
        ("simulated", {}, "simuliert"),
        ("virtual", {}, "virtuell"),
        ("none", {"create_meters": False}, "nicht angelegt"),
    ],
)
def test_meters_that_take_no_rows(imports: ImportHouse, register: str, options: dict[str, object], reason: str) -> None:
    if register == "simulated":
        imports.worker.execute(
            "INSERT INTO meters (tenant_id, meter_id, simulated) VALUES (%s, 'haus-1', true)", (DEFAULT_TENANT,)
        )
    if register == "virtual":
        imports.worker.execute(
            "INSERT INTO meters (tenant_id, meter_id, formula) VALUES (%s, 'haus-1', '[]')", (DEFAULT_TENANT,)
        )
    mixed = imports.receive(READINGS, options=options)
    imports.run()
    assert imports.state(mixed)["status"] == "failed"
    assert reason in str(imports.state(mixed)["error"])
    assert imports.one("SELECT count(*) FROM smart_meter_readings") == (0,)


def test_a_mapping_given_once_is_known_from_then_on(imports: ImportHouse) -> None:
    strange = "Wann;Wieviel\n01.01.2025 00:00;1,0\n01.01.2025 00:15;2,0\n01.01.2025 00:30;2,0\n01.01.2025 00:45;2,0\n"
    unknown = imports.receive(strange, options={"meter_id": "haus-9"})
    imports.run()
    if imports.state(unknown)["status"] != "failed":
        pytest.fail("the parser understands it by itself: choose a stranger layout")
    mapping = {"columns": {"Wann": "ts", "Wieviel": "consumption"}, "unit": "kWh", "stamp": "start"}
    mapped = imports.receive(strange, options={"meter_id": "haus-9"}, mapping=mapping)
    later = imports.receive(strange.replace("2025", "2024"), options={"meter_id": "haus-9"})
    imports.run()
    assert imports.counts(mapped)[:2] == ("done", 4)
    assert imports.counts(later)[:2] == ("done", 4)
    rows = imports.rows("SELECT DISTINCT max(consumption_kw) FROM smart_meter_readings GROUP BY import_id")
    assert rows == [(8.0,)]


async def ask_for_undo(database: Database, import_id: UUID) -> bool:
    app = AppDatabase(database.urls.app, min_size=1, max_size=1)
    await app.open()
    try:
        async with app.transaction(DEFAULT_TENANT) as sql:
            return await queue.request_undo(sql, import_id)
    finally:
        await app.close()


async def test_an_undone_import_gives_back_what_it_replaced(imports: ImportHouse) -> None:
    imports.receive(READINGS)
    imports.run()
    before = imports.everything()
    second = imports.receive(READINGS.replace("2.0,0", "2.5,0") + "haus-1,2025-01-01T05:00:00Z,9,0,230,0\n")
    imports.run()
    assert imports.counts(second) == ("done", 1, 1, 3, 0)
    assert await ask_for_undo(imports.database, second)
    report = imports.run()
    assert (report.undone, report.undone_rows) == (1, 2)
    assert imports.state(second)["status"] == "undone"
    assert imports.everything() == before
    assert not await ask_for_undo(imports.database, second)
    kept = imports.rows("SELECT source, consumption_kw FROM reading_revisions ORDER BY id")
    assert sorted(kept) == [("replaced", 2.0), ("undone", 2.5), ("undone", 9.0)]


async def test_undone_in_the_other_order_ends_where_it_began(imports: ImportHouse) -> None:
    imports.receive(READINGS)
    imports.run()
    before = imports.everything()
    second = imports.receive(READINGS.replace("2.0,0", "2.5,0"))
    imports.run()
    third = imports.receive(READINGS.replace("2.0,0", "2.9,0"))
    imports.run()
    assert await ask_for_undo(imports.database, second)
    imports.run()
    assert imports.one("SELECT max(consumption_kw) FROM smart_meter_readings WHERE import_id = %s", third) == (2.9,)
    assert await ask_for_undo(imports.database, third)
    imports.run()
    assert imports.everything() == before


async def test_undone_prices_return(imports: ImportHouse) -> None:
    imports.receive(PRICES, target="market_prices")
    imports.run()
    second = imports.receive(PRICES.replace("-3.25", "3.25"), target="market_prices")
    imports.run()
    assert imports.one("SELECT negative_hours FROM market_days") == (0,)
    imports.worker.execute("UPDATE imports SET stage = 'undo' WHERE id = %s", (second,))
    imports.run()
    assert imports.one("SELECT negative_hours, price_min FROM market_days") == (1, -3.25)


def test_only_one_run_is_at_work(imports: ImportHouse) -> None:
    waiting = imports.receive(READINGS)
    with worker_connection(imports.database.urls.worker) as other:
        assert queue.try_lock(other)
        assert queue.is_locked(imports.worker)
        assert imports.run().already_working
        queue.unlock(other)
    imports.run()
    assert imports.counts(waiting)[0] == "done"


def test_what_a_dead_run_left_is_begun_again_with_true_counts(imports: ImportHouse) -> None:
    imports.receive(READINGS)
    imports.run()
    left = imports.receive(READINGS.replace("2.0,0", "2.5,0") + "haus-1,2025-01-01T05:00:00Z,9,0,230,0\n")
    row = queue.claim(imports.worker, "dead")
    assert row is not None
    assert row.id == left
    # It had written, and died before it could say so.
    from luna_assets.meters.loading import load_file

    load_file(imports.worker, imports.objects, row, "dead", lambda _: None, lambda *_: None)
    report = imports.run()
    assert report.requeued == 1
    assert imports.counts(left) == ("done", 1, 1, 3, 0)


def test_what_kills_every_run_is_given_up(imports: ImportHouse) -> None:
    left = imports.receive(READINGS)
    for number in range(queue.MAX_ATTEMPTS):
        queue.requeue_orphans(imports.worker, f"dead-{number}")
        assert queue.claim(imports.worker, f"dead-{number}") is not None
    imports.run()
    assert imports.state(left)["error_code"] == "aborted"


@pytest.fixture
def inbox(imports: ImportHouse) -> Path:
    folder = imports.home / "inbox"
    folder.mkdir()
    return folder


def drop(folder: Path, name: str, content: str, *, age_s: float = 60.0) -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


def test_files_in_the_inbox_are_imported_and_cleared_away(imports: ImportHouse, inbox: Path) -> None:
    drop(inbox, "zaehler.csv", READINGS)
    drop(inbox, "preise.csv", PRICES)
    drop(inbox, "kaputt.csv", "meter_id,ts,consumption_kw\nhaus-1,gestern,1\n")
    drop(inbox, "noch-im-fluss.csv", READINGS, age_s=0)
    drop(inbox, "halb.csv.part", READINGS)
    imports.run(inbox=True)
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["preise.csv", "zaehler.csv"]
    assert sorted(path.name for path in (inbox / "failed").iterdir()) == ["kaputt.csv", "kaputt.csv.warum.txt"]
    assert "gestern" in (inbox / "failed" / "kaputt.csv.warum.txt").read_text("utf-8")
    assert sorted(path.name for path in inbox.glob("*.*")) == ["halb.csv.part", "noch-im-fluss.csv"]
    assert imports.one("SELECT count(*) FROM market_prices") == (2,)
    assert imports.one("SELECT count(*) FROM smart_meter_readings") == (4,)


def test_a_file_that_was_imported_before_the_run_died_is_only_cleared_away(imports: ImportHouse, inbox: Path) -> None:
    drop(inbox, "zaehler.csv", READINGS)
    taken = Inbox([FolderPlace(imports.home)], imports.worker, imports.objects, max_bytes=10**6)
    assert taken.collect() == 1
    assert taken.collect() == 0
    imports.run()
    assert (inbox / "zaehler.csv").exists()
    imports.run(inbox=True)
    assert (inbox / "done" / "zaehler.csv").exists()
    assert imports.one("SELECT count(*) FROM imports") == (1,)


def test_a_file_that_changes_while_it_is_read_waits(
    imports: ImportHouse, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(inbox, "zaehler.csv", READINGS)
    opened = FolderPlace.open

    def growing(self: FolderPlace, file: Dropped) -> BinaryIO:
        content = opened(self, file)
        with path.open("a") as more:
            more.write("haus-1,2025-01-01T01:00:00Z,5,0,230,0\n")
        return content

    monkeypatch.setattr(FolderPlace, "open", growing)
    assert Inbox([FolderPlace(imports.home)], imports.worker, imports.objects, max_bytes=10**6).collect() == 0
    assert imports.one("SELECT count(*) FROM imports") == (0,)


def test_a_panic_of_the_library_fails_one_file(imports: ImportHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = imports.receive("zaehler;zeit\n"), imports.receive(READINGS)
    read = loading.load_file

    def broken(connection: Connection, objects: FolderObjectStore, row: queue.ImportRow, *rest: Any) -> loading.Outcome:
        if row.id == bad:
            raise PanicException("index out of bounds")
        return read(connection, objects, row, *rest)

    monkeypatch.setattr(loading, "load_file", broken)
    imports.run()
    assert imports.state(bad)["error_code"] == "internal"
    assert imports.state(good)["status"] == "done"


def test_a_store_that_is_away_fails_no_import(imports: ImportHouse) -> None:
    import_id = imports.receive(READINGS)
    away = S3ObjectStore(S3Place(f"http://127.0.0.1:{free_port()}", "luna", "key", "secret"))
    with pytest.raises(StoreUnavailableError):
        ImportRun(imports.worker, away, run_id="run-away", log=print).work()
    assert imports.state(import_id)["status"] == "received"
    imports.run()
    assert imports.counts(import_id) == ("done", 4, 0, 0, 0)
