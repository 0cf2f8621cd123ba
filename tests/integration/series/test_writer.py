"""Writing is idempotent, keeps what was replaced, and two writers of one meter wait for each other."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import uuid4

import polars as pl
import psycopg
import pytest

from luna_rules.series.frames import FrameError
from luna_rules.series.quality import Flag, Status, encode
from resources.database import DEFAULT_TENANT, worker_connection
from resources.series import reading_batches
from resources.series import writer as writer_module
from resources.series.writer import UnknownSeriesError, compare_readings, write_readings
from tests.integration.series.conftest import BEGIN, SeriesHouse, prices, readings


def counts(report: object) -> tuple[object, ...]:
    return tuple(getattr(report, name) for name in ("loaded", "updated", "unchanged"))


def test_the_same_rows_twice_change_nothing(house: SeriesHouse) -> None:
    house.add_meter("a", "b")
    frame = pl.concat([readings("a", [1.0, 2.0, None, 4.0]), readings("b", [0.1] * 10, voltage=231.5)])
    assert counts(house.write(frame)) == (13, 0, 0)
    before = house.everything()
    again = house.write(frame)
    assert counts(again) == (0, 0, 13)
    assert again.windows == []
    assert house.everything() == before
    assert house.one("SELECT count(*) FROM reading_revisions") == (0,)


def test_new_known_and_corrected_rows_in_one_file(house: SeriesHouse) -> None:
    house.add_meter("a", "new")
    first, second = house.add_import(), house.add_import()
    house.write(readings("a", [1.0, 2.0, 3.0]), first)
    report = house.write(pl.concat([readings("a", [1.0, 2.5, 3.0, 4.0]), readings("new", [9.0])]), second)
    assert counts(report) == (2, 1, 2)
    stored = house.rows("SELECT consumption_kw, import_id FROM smart_meter_readings WHERE meter_id = 'a' ORDER BY ts")
    assert stored == [
        (1.0, first), (2.5, second), (3.0, first), (4.0, second),
    ]  # fmt: skip
    (kept,) = house.rows(
        "SELECT v.consumption_kw, v.import_id, v.replaced_by, v.recorded_at = i.finished_at,"
        " v.valid_until, j.finished_at IS NOT NULL"
        " FROM reading_revisions AS v JOIN imports AS i ON i.id = v.import_id JOIN imports AS j ON j.id = v.replaced_by"
    )
    assert kept == (2.0, first, second, True, None, True)


def test_a_column_that_the_file_does_not_know_stays(house: SeriesHouse) -> None:
    house.add_meter("a")
    house.write(readings("a", [1.0, 2.0], quality=encode(Status.ERSATZWERT)))
    used_only = readings("a", [None, None], production=[0.5, 0.6])
    assert counts(house.write(used_only)) == (0, 2, 0)
    rows = house.rows("SELECT consumption_kw, production_kw, quality FROM smart_meter_readings ORDER BY ts")
    assert rows == [(1.0, 0.5, 1), (2.0, 0.6, 1)]
    assert counts(house.write(used_only)) == (0, 0, 2)


def test_a_better_status_replaces_a_worse_one_when_the_whole_value_comes_anew(house: SeriesHouse) -> None:
    house.add_meter("a")
    house.write(readings("a", [1.0], quality=encode(Status.VORLAEUFIGERWERT, flags=Flag.OUTLIER)))
    house.write(readings("a", [1.0], quality=0))
    assert house.one("SELECT quality FROM smart_meter_readings") == (0,)


def test_rows_in_any_order_and_of_other_lengths_of_ids(house: SeriesHouse) -> None:
    house.add_meter("z", "längere-id", "DE0001")
    frame = pl.concat([readings(meter, [1.0, 2.0, 3.0]) for meter in ("z", "längere-id", "DE0001")]).reverse()
    assert counts(house.write(frame)) == (9, 0, 0)
    assert house.rows("SELECT DISTINCT meter_id FROM smart_meter_readings ORDER BY 1") == [
        ("DE0001",), ("längere-id",), ("z",),
    ]  # fmt: skip


def test_rows_known_already_are_not_sent_again(house: SeriesHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house.add_meter("a", "längere-id", "unseen")
    frame = pl.concat([readings(meter, [1.0, None, 3.0] * 100, voltage=230.5) for meter in ("a", "längere-id")])
    house.write(frame)

    def refuse(*_: object) -> int:
        raise AssertionError("rows were staged")

    monkeypatch.setattr(reading_batches, "copy_columns", refuse)
    assert counts(house.write(frame)) == (0, 0, 400)
    # What the file does not know is not compared, and what a dry run finds to be new needs no comparing either.
    assert counts(house.write(frame.with_columns(voltage=pl.lit(None, dtype=pl.Float64)))) == (0, 0, 400)
    with_new = pl.concat([frame, readings("unseen", [1.0] * 5)])
    assert counts(compare_readings(house.worker, DEFAULT_TENANT, with_new)) == (5, 0, 400)
    with pytest.raises(AssertionError, match="staged"):
        house.write(with_new)


def test_rows_far_apart_between_known_ones_are_found(house: SeriesHouse) -> None:
    """So many lie between them that not all are read beforehand."""
    house.add_meter("a")
    frame = readings("a", [float(n % 7) for n in range(2000)], interval_s=60)
    house.write(frame)
    before = house.everything()
    few = frame.gather_every(250)
    assert counts(house.write(few)) == (0, 0, 8)
    assert house.everything() == before
    corrected = few.with_columns(
        consumption_kw=pl.when(pl.int_range(pl.len()) >= 6).then(99.0).otherwise("consumption_kw")
    )
    assert counts(house.write(corrected, house.add_import())) == (0, 2, 6)
    assert house.one("SELECT count(*) FROM reading_revisions") == (2,)


@pytest.mark.parametrize(
    ("change", "updated"),
    [
        ({"quality": pl.lit(encode(Status.ERSATZWERT), dtype=pl.Int32)}, 4),
        ({"interval_s": pl.lit(60, dtype=pl.Int32)}, 4),
        ({"voltage": pl.lit(231.0)}, 4),
        ({"production_kw": pl.lit(0.0)}, 4),
        ({"production_kw": pl.lit(None, dtype=pl.Float64)}, 0),
        ({"consumption_kw": pl.lit(None, dtype=pl.Float64)}, 0),
        ({"ts": pl.col("ts") + pl.duration(microseconds=1)}, None),
    ],
)
def test_each_column_counts_when_rows_are_compared(
    house: SeriesHouse, change: dict[str, pl.Expr], updated: int | None
) -> None:
    house.add_meter("a")
    frame = readings("a", [1.0, 2.0, 3.0, 4.0], voltage=230.5)
    house.write(frame)
    report = house.write(frame.with_columns(**change))
    assert counts(report) == ((4, 0, 0) if updated is None else (0, updated, 4 - updated))


def test_batches_end_in_the_same_rows(house: SeriesHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house.add_meter("a", "b", "c")
    frame = pl.concat([readings(meter, [float(n) for n in range(300)]) for meter in "abc"])
    house.write(frame)
    whole = house.everything()
    house.worker.execute("DELETE FROM smart_meter_readings")
    for table in ("meter_hours", "meter_days"):
        house.worker.execute(f"DELETE FROM {table}")  # noqa: S608 (a fixed list)
    monkeypatch.setattr(writer_module, "BATCH_ROWS", 77)
    seen: list[int] = []
    write_readings(house.worker, DEFAULT_TENANT, None, frame, progress=lambda report: seen.append(report.loaded))
    assert seen[0] == 77
    assert seen[-1] == 900
    assert house.everything() == whole


def test_an_unregistered_meter_is_refused_and_nothing_is_written(house: SeriesHouse) -> None:
    house.add_meter("a")
    with pytest.raises(UnknownSeriesError, match="'b'"):
        house.write(pl.concat([readings("a", [1.0]), readings("b", [1.0])]))
    assert house.one("SELECT count(*) FROM smart_meter_readings") == (0,)


@pytest.mark.parametrize("fault", ["twice", "infinite", "schema"])
def test_a_frame_that_is_none_is_refused(house: SeriesHouse, fault: str) -> None:
    house.add_meter("a")
    frame = readings("a", [1.0])
    bad = {
        "twice": pl.concat([frame, frame]),
        "infinite": readings("a", [float("inf")]),
        "schema": frame.drop("voltage"),
    }[fault]
    with pytest.raises(FrameError):
        house.write(bad)


def test_another_tenants_meter_of_the_same_name_is_another(house: SeriesHouse) -> None:
    other = uuid4()
    with house.database.owner() as owner:
        owner.execute("INSERT INTO tenants (id, name) VALUES (%s, 'stadtwerke')", (other,))
    house.add_meter("a")
    house.add_meter("a", tenant=other)
    house.write(readings("a", [1.0]))
    house.write(readings("a", [2.0]), tenant=other)
    assert house.rows("SELECT tenant_id, consumption_kw FROM smart_meter_readings ORDER BY consumption_kw") == [
        (DEFAULT_TENANT, 1.0), (other, 2.0),
    ]  # fmt: skip


def test_two_writers_of_one_meter_wait_for_each_other(house: SeriesHouse) -> None:
    """Both bring the same rows in opposite order of meters; without the locks one of them would fail."""
    meters = [f"m{number:02d}" for number in range(20)]
    house.add_meter(*meters)
    frame = pl.concat([readings(meter, [1.0] * 200) for meter in meters])
    reports: list[tuple[object, ...]] = []
    faults: list[BaseException] = []

    def work(part: pl.DataFrame) -> None:
        try:
            with worker_connection(house.database.urls.worker) as connection:
                reports.append(counts(write_readings(connection, DEFAULT_TENANT, None, part)))
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(part,)) for part in (frame, frame.reverse(), frame, frame.reverse())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert sorted(reports) == [(0, 0, 4000)] * 3 + [(4000, 0, 0)]


def test_prices_are_written_likewise(house: SeriesHouse) -> None:
    first, second = house.add_import("market_prices"), house.add_import("market_prices")
    frame = prices("EPEX", "DE-LU-60MIN", [10.0, -5.0, 20.0])
    assert counts(house.write_prices(frame, first)) == (3, 0, 0)
    assert counts(house.write_prices(frame)) == (0, 0, 3)
    assert counts(house.write_prices(prices("EPEX", "DE-LU-60MIN", [10.0, -5.5]), second)) == (0, 1, 1)
    assert house.rows("SELECT price_eur_mwh, import_id, replaced_by FROM price_observations") == [(-5.0, first, second)]
    with pytest.raises(UnknownSeriesError):
        house.write_prices(prices("EPEX", "GIBT-ES-NICHT", [1.0]))


def test_deleting_a_meter_takes_its_series_along(house: SeriesHouse) -> None:
    house.add_meter("a", "b")
    house.write(pl.concat([readings("a", [1.0] * 8, interval_s=60), readings("b", [1.0])]))
    with psycopg.connect(house.database.urls.app) as app:
        app.execute("SELECT set_config('luna.tenant', %s, true)", (str(DEFAULT_TENANT),))
        assert app.execute("DELETE FROM meters WHERE meter_id = 'a'").rowcount == 1
    for table in ("smart_meter_readings", "meter_quarter_hours", "meter_hours", "meter_days"):
        assert house.one(f"SELECT count(*) FROM {table} WHERE meter_id = 'a'") == (0,)  # noqa: S608
    assert house.one("SELECT count(*) FROM meter_days WHERE meter_id = 'b'") == (1,)


def test_windows_name_only_the_hours_that_were_touched(house: SeriesHouse) -> None:
    house.add_meter("a")
    frame = pl.concat([readings("a", [1.0]), readings("a", [1.0], begin=BEGIN + timedelta(days=40, minutes=15))])
    report = house.write(frame)
    assert [(one.begin, one.end) for one in report.windows] == [
        (BEGIN, BEGIN + timedelta(hours=1)),
        (BEGIN + timedelta(days=40), BEGIN + timedelta(days=40, hours=1)),
    ]
    assert isinstance(report.windows[0].key, tuple)
    assert house.one("SELECT count(*) FROM meter_days") == (2,)
