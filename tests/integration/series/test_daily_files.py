"""The same series in one file and in a file for each day: the same rows, flags, rollups and reports."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import polars as pl
import psycopg
import pytest

from luna_assets.meters.quality import report_due_days
from luna_rules.series.quality import JUDGED, Flag
from resources.series import judging
from tests.integration.series.conftest import SeriesHouse
from tests.integration.series.test_imports import ImportHouse

DAYS = 46
BEGIN = datetime(2025, 3, 10, tzinfo=UTC)
"""The spring change of the clock lies within."""
HUNG = range(20 * 96 + 60, 21 * 96 + 70)
"""The meter hangs for 26.5 hours across a midnight."""
SPIKE = 2 * 96 + 50
"""Too much, when two days of the meter are known."""
HABIT = [day * 96 + 72 + quarter for day in range(30, DAYS) for quarter in range(4)]
"""From the 31st day on a car is charged every evening: unusual at first."""
GAP = range(25 * 96 - 6, 25 * 96 + 9)


@pytest.fixture
def imports(house: SeriesHouse, tmp_path: Path) -> ImportHouse:
    return ImportHouse(house, tmp_path)


def _series() -> pl.DataFrame:
    rows = DAYS * 96
    place = np.arange(rows)
    rng = np.random.default_rng(7)
    used = np.round((0.4 + 0.2 * np.sin(place % 96 / 96 * 2 * np.pi)) * rng.gamma(20, 1 / 20, rows), 3)
    used[HUNG.start : HUNG.stop] = 0.444
    used[SPIKE] = 9.0
    used[HABIT] = 4.0
    moments = [BEGIN + int(one) * timedelta(minutes=15) for one in place]
    frame = pl.DataFrame({"place": place, "ts": moments, "consumption_kw": used})
    return frame.filter(~pl.col("place").is_in(list(GAP)))


def _file(meter: str, rows: pl.DataFrame) -> str:
    lines = [f"{meter},{ts:%Y-%m-%dT%H:%M:%SZ},{used}" for ts, used in rows.select("ts", "consumption_kw").rows()]
    return "meter_id,ts,consumption_kw\n" + "\n".join(lines) + "\n"


def _daily(imports: ImportHouse, meter: str, rows: pl.DataFrame, *, order: int | None = None) -> list[UUID]:
    days = rows.with_columns(day=pl.col("ts").dt.date()).partition_by("day", maintain_order=True)
    if order is not None:
        random.Random(order).shuffle(days)  # noqa: S311
    received = [imports.receive(_file(meter, day)) for day in days]
    imports.run()
    return received


def _flags(imports: ImportHouse, meter: str) -> list[tuple[object, ...]]:
    return imports.rows(
        "SELECT ts, quality FROM smart_meter_readings WHERE meter_id = %s AND quality <> 0 ORDER BY ts", meter
    )


def _whole(imports: ImportHouse, meter: str) -> list[list[tuple[object, ...]]]:
    # A sum of floats depends on the order of rows in the table by its last bit.
    days = "day, values, covered_s, quality, round(consumption_kwh::numeric, 9), consumption_kw_max"
    return [
        imports.rows(f"SELECT {columns} FROM {table} WHERE meter_id = %s ORDER BY 1", meter)  # noqa: S608 (fixed)
        for table, columns in (
            ("smart_meter_readings", "ts, consumption_kw, interval_s, quality"),
            ("meter_hours", days.replace("day", "ts")),
            ("meter_days", days),
            ("meter_quality_days", "day, expected_values, values, missing, longest_gap_s, flags"),
        )
    ]


def test_a_file_for_each_day_gives_what_one_file_gives_in_whatever_order(imports: ImportHouse) -> None:
    rows = _series()
    imports.receive(_file("one", rows))
    imports.run()
    _daily(imports, "daily", rows)
    _daily(imports, "mixed", rows, order=3)
    report_due_days(imports.worker, "test")
    put = [(SPIKE, int(Flag.OUTLIER)), *((place, int(Flag.FLAT_LINE)) for place in HUNG)]
    assert _flags(imports, "one") == [(BEGIN + place * timedelta(minutes=15), flag) for place, flag in put]
    expected = _whole(imports, "one")
    assert len(expected[0]) == rows.height
    for meter in ("daily", "mixed"):
        assert _whole(imports, meter) == expected
    assert imports.one("SELECT count(*) FROM reading_revisions") == (0,)


def test_what_is_unusual_at_first_is_no_longer_once_it_is_a_habit(imports: ImportHouse) -> None:
    rows = _series()
    first = BEGIN + HABIT[0] * timedelta(minutes=15)
    _daily(imports, "daily", rows.filter(pl.col("place") < 31 * 96))
    assert (first, int(Flag.OUTLIER)) in _flags(imports, "daily")
    _daily(imports, "daily", rows.filter(pl.col("place") >= 31 * 96))
    assert first not in [ts for ts, _ in _flags(imports, "daily")]


def test_a_known_file_changes_nothing_whatever_stands_around_it(imports: ImportHouse) -> None:
    rows = _series()
    received = _daily(imports, "daily", rows)
    before = imports.everything()
    again = imports.receive(_file("daily", rows.filter(pl.col("place") // 96 == 20)))
    dry = imports.receive(_file("daily", rows.filter(pl.col("place") // 96 == 21)), mode="dry_run")
    whole = imports.receive(_file("daily", rows))
    imports.run()
    assert imports.counts(again) == ("done", 0, 0, 96, 0)
    assert imports.counts(dry) == ("done", 0, 0, 96, 0)
    assert imports.counts(whole) == ("done", 0, 0, rows.height, 0)
    assert imports.everything() == before
    assert imports.one("SELECT count(DISTINCT import_id) FROM smart_meter_readings") == (len(received),)


def test_with_a_day_that_is_undone_goes_what_only_it_made_suspicious(imports: ImportHouse) -> None:
    rows = _series()
    received = _daily(imports, "daily", rows)
    hung = {BEGIN + place * timedelta(minutes=15) for place in HUNG}
    assert hung <= {ts for ts, quality in _flags(imports, "daily") if quality == int(Flag.FLAT_LINE)}
    imports.rows("UPDATE imports SET stage = 'undo' WHERE id = %s RETURNING id", received[21])
    imports.run()
    left = imports.rows("SELECT ts, quality FROM smart_meter_readings WHERE ts = ANY (%s)", sorted(hung))
    assert len(left) == 36
    assert {int(str(quality)) & int(JUDGED) for _, quality in left} == {0}
    assert imports.one(
        "SELECT bit_or(quality) & %s FROM meter_hours WHERE ts = ANY (%s)", int(JUDGED), sorted(hung)
    ) == (0,)


@pytest.mark.parametrize("fault", [psycopg.OperationalError("gone"), ValueError("odd")], ids=["outage", "fault"])
def test_an_undo_whose_judging_fails_stays_undone(
    imports: ImportHouse, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    """After an outage the next run judges; a fault of ours is told beside the undo, which holds."""
    days = _daily(imports, "daily", _series().filter(pl.col("place") < 24 * 96))
    hung = sorted(BEGIN + place * timedelta(minutes=15) for place in HUNG)
    imports.rows("UPDATE imports SET stage = 'undo' WHERE id = %s RETURNING id", days[21])

    def broken(*_: object) -> int:
        raise fault

    outage = isinstance(fault, psycopg.OperationalError)
    with monkeypatch.context() as patch:
        patch.setattr(judging, "judge_stored", broken)
        if outage:
            with pytest.raises(psycopg.OperationalError):
                imports.run()
        else:
            imports.run()
    state = imports.state(days[21])
    assert imports.one("SELECT count(*) FROM smart_meter_readings WHERE import_id = %s", days[21]) == (0,)
    assert (state["status"], state["stage"]) == (("done", "undo") if outage else ("undone", "undone"))
    imports.run()
    state = imports.state(days[21])
    assert state["status"] == "undone"
    warnings = " ".join(str(one) for one in state["warnings"])  # type: ignore[attr-defined]
    assert ("ließen sich nicht neu bestimmen (ValueError" in warnings) == (not outage)
    flagged = imports.one(
        "SELECT count(*) FROM smart_meter_readings WHERE ts = ANY (%s) AND quality & %s <> 0", hung, int(JUDGED)
    )
    assert flagged == (0 if outage else 36,)
