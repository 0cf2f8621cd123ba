"""Quality reports and substitute values: what is due is reported, gaps are filled by name, nothing is silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from dagster import AssetKey, DagsterInstance, ExecuteInProcessResult, materialize

from luna_assets.meters.quality import SubstituteRun, form_substitutes, report_due_days
from luna_assets.meters.quality_assets import meters_quality, meters_substitutes
from luna_rules.series.quality import Flag, Method, Status, method_of, status_of
from resources.database import DEFAULT_TENANT
from resources.series.quality_days import is_due
from resources.series.undo import undo_import
from resources.wiring import LunaResource
from tests.integration.series.conftest import SeriesHouse, readings

DAY = datetime(2025, 3, 1, 23, tzinfo=UTC)
"""Midnight of Sunday, 2 March 2025, in Berlin."""


def report(house: SeriesHouse) -> dict[str, tuple[object, ...]]:
    rows = house.rows(
        "SELECT day, expected_values, values, missing, substituted, longest_gap_s, flags FROM meter_quality_days"
        " ORDER BY meter_id, day"
    )
    return {str(row[0]): row[1:] for row in rows}


def shape(days: int) -> list[float | None]:
    """A load that follows the hour of the day, so that history is a good guess."""
    return [round(0.2 + (place % 96) / 100, 3) for place in range(96 * days)]


def test_days_are_reported_once_and_again_only_when_they_change(house: SeriesHouse) -> None:
    house.add_meter("haus-1")
    values = shape(4)
    values[10:14] = [None] * 4
    values[96:192] = [None] * 96
    house.write(readings("haus-1", values, begin=DAY))
    assert is_due(house.worker)
    first = report_due_days(house.worker, "run-1")
    assert (first.meters, first.days, first.missing) == (1, 3, 4)
    assert report(house) == {
        "2025-03-02": (96, 92, 4, 0, 3600, {}),
        "2025-03-03": (96, 0, 96, 0, 86_400, {}),
        "2025-03-04": (96, 96, 0, 0, 0, {}),
        "2025-03-05": (96, 96, 0, 0, 0, {}),
    }
    assert not is_due(house.worker)
    assert report_due_days(house.worker, "run-2").days == 0
    house.write(readings("haus-1", [1.0] * 4, begin=DAY + timedelta(hours=2.5), quality=int(Flag.OUTLIER)))
    assert report_due_days(house.worker, "run-3").days == 1
    assert report(house)["2025-03-02"] == (96, 96, 0, 0, 0, {"outlier": 4})
    runs = house.rows("SELECT day, run_id FROM meter_quality_days WHERE values > 0 ORDER BY day")
    assert [run for _, run in runs] == ["run-3", "run-1", "run-1"]


@pytest.mark.parametrize(("day", "expected"), [("2025-03-30", 92), ("2025-10-26", 100)])
def test_days_of_the_clock_change_have_their_own_length(house: SeriesHouse, day: str, expected: int) -> None:
    house.add_meter("haus-1")
    begin = datetime.fromisoformat(f"{day}T00:00:00+01:00" if "-03-" in day else f"{day}T00:00:00+02:00")
    house.write(readings("haus-1", [1.0] * expected, begin=begin.astimezone(UTC)))
    report_due_days(house.worker, "run")
    assert report(house) == {day: (expected, expected, 0, 0, 0, {})}


def test_what_is_undone_is_no_longer_reported(house: SeriesHouse) -> None:
    house.add_meter("haus-1")
    house.write(readings("haus-1", shape(1), begin=DAY))
    second = house.add_import()
    house.write(readings("haus-1", shape(1), begin=DAY + timedelta(days=3)), second)
    report_due_days(house.worker, "run")
    assert len(report(house)) == 4
    undo_import(house.worker, second)
    assert is_due(house.worker)
    report_due_days(house.worker, "run")
    assert list(report(house)) == ["2025-03-02"]
    assert not is_due(house.worker)


def substitutes(house: SeriesHouse) -> list[tuple[int, float]]:
    rows = house.rows("SELECT quality, consumption_kw FROM smart_meter_readings WHERE quality & 7 = 1 ORDER BY ts")
    return [(int(str(quality)), float(str(value))) for quality, value in rows]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (Method.Z92_INTERPOLATION, [0.5, 0.51, 0.52]),
        (Method.Z93_HOLD, [0.49, 0.49, 0.49]),
        (Method.Z95_HISTORICAL, [0.5, 0.51, 0.52]),
        (Method.ZJ2_STATISTICAL, [0.5, 0.51, 0.52]),
        (None, [0.5, 0.51, 0.52]),
    ],
)
def test_a_gap_is_filled_by_the_named_method_and_marked(
    house: SeriesHouse, method: Method | None, expected: list[float]
) -> None:
    house.add_meter("haus-1")
    values = shape(15)
    gap = 14 * 96 + 30
    values[gap : gap + 3] = [None] * 3
    house.write(readings("haus-1", values, begin=DAY))
    measured = house.rows("SELECT ts, consumption_kw, quality, import_id FROM smart_meter_readings ORDER BY ts")
    run = form_substitutes(
        house.worker, "run", tenant=DEFAULT_TENANT, meter_ids=[], start=DAY, end=DAY + timedelta(days=15), method=method
    )
    formed = substitutes(house)
    assert [value for _, value in formed] == pytest.approx(expected)
    assert {status_of(quality) for quality, _ in formed} == {Status.ERSATZWERT}
    assert {method_of(quality) for quality, _ in formed} == {method or Method.Z92_INTERPOLATION}
    assert (run.gaps, run.left, run.written.loaded) == (1, 0, 3)
    kept = "SELECT ts, consumption_kw, quality, import_id FROM smart_meter_readings WHERE quality & 7 = 0 ORDER BY ts"
    assert house.rows(kept) == measured
    (row,) = house.rows("SELECT id, source, status, loaded FROM imports WHERE source = 'substitutes'")
    assert row[1:] == ("substitutes", "done", 3)
    undo_import(house.worker, row[0])  # type: ignore[arg-type]
    assert substitutes(house) == []


def test_a_measured_value_that_comes_later_replaces_a_substitute(house: SeriesHouse) -> None:
    house.add_meter("haus-1")
    values = shape(2)
    values[30] = None
    house.write(readings("haus-1", values, begin=DAY))
    form_substitutes(
        house.worker, "run", tenant=DEFAULT_TENANT, meter_ids=["haus-1"], start=DAY, end=DAY + timedelta(days=2)
    )
    assert len(substitutes(house)) == 1
    house.write(readings("haus-1", [7.5], begin=DAY + timedelta(hours=7.5)))
    assert substitutes(house) == []
    assert house.one("SELECT consumption_kw, quality FROM smart_meter_readings WHERE consumption_kw > 7") == (7.5, 0)
    assert house.one("SELECT quality & 7, source FROM reading_revisions") == (1, "replaced")


def test_long_gaps_and_open_ends_stay(house: SeriesHouse) -> None:
    house.add_meter("haus-1", "leer")
    values = shape(9)
    values[96 : 96 * 7] = [None] * (96 * 6)
    house.write(readings("haus-1", values, begin=DAY))

    def fill(max_gap: timedelta, *, dry_run: bool = False) -> SubstituteRun:
        return form_substitutes(
            house.worker,
            "run",
            tenant=DEFAULT_TENANT,
            meter_ids=[],
            start=DAY - timedelta(days=5),
            end=DAY + timedelta(days=30),
            max_gap=max_gap,
            dry_run=dry_run,
        )

    run = fill(timedelta(days=5))
    assert (run.gaps, run.left, run.meters) == (1, 1, 0)
    dry = fill(timedelta(days=31), dry_run=True)
    # Monday from the Monday after, the other workdays from that one; no Saturday is known.
    assert dry.by_method == {"Z95": 96, "ZJ2": 4 * 96}
    assert (dry.written.loaded, dry.left) == (5 * 96, 1)
    assert substitutes(house) == []


@pytest.fixture
def dagster_house(house: SeriesHouse, monkeypatch: pytest.MonkeyPatch) -> SeriesHouse:
    url = house.database.settings.database_url
    assert url is not None
    monkeypatch.setenv("DATABASE_URL", url.get_secret_value())
    monkeypatch.setenv("LUNA_HOME", str(house.database.settings.luna_home))
    return house


def launched(config: dict[str, object]) -> ExecuteInProcessResult:
    return materialize(
        [meters_quality, meters_substitutes],
        instance=DagsterInstance.ephemeral(),
        resources={"luna": LunaResource()},
        run_config={"ops": {meters_substitutes.op.name: {"config": config}}},
        raise_on_error=False,
    )


def test_checks_warn_of_gaps_and_block_what_is_implausible(dagster_house: SeriesHouse) -> None:
    house = dagster_house
    house.add_meter("haus-1")
    values = shape(3)
    values[100] = None
    house.write(readings("haus-1", values, begin=DAY))
    wanted: dict[str, object] = {"first_day": "2025-03-02", "last_day": "2025-03-04", "method": "Z92"}
    done = launched(wanted)
    assert done.success
    checks = {one.check_name: one.passed for one in done.get_asset_check_evaluations()}
    assert checks == {"plausible": True, "complete": False, "unsuspicious": True, "measured": True}
    assert len(substitutes(house)) == 1
    later = readings("haus-1", [200_000.0], begin=DAY + timedelta(days=3), quality=int(Flag.OUT_OF_RANGE))
    house.write(later)
    house.write(readings("haus-1", [1.0], begin=DAY + timedelta(days=3, hours=1)))
    blocked = launched(wanted | {"last_day": "2025-03-06"})
    checks = {one.check_name: one.passed for one in blocked.get_asset_check_evaluations()}
    assert checks["plausible"] is False
    assert not blocked.asset_materializations_for_node(AssetKey(["meters", "substitutes"]).to_python_identifier())
    assert len(substitutes(house)) == 1


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ({"first_day": "heute", "last_day": "2025-03-04"}, "first_day"),
        ({"first_day": "2025-03-04", "last_day": "2025-03-02"}, "before"),
        ({"first_day": "2025-03-02", "last_day": "2025-03-04", "method": "Z91"}, "Z92"),
    ],
)
def test_wrong_wishes_are_named(dagster_house: SeriesHouse, config: dict[str, object], fault: str) -> None:
    failed = launched(config)
    assert not failed.success
    told = [f"{event.message} {event.event_specific_data}" for event in failed.get_step_failure_events()]
    assert any(fault in text for text in told)
