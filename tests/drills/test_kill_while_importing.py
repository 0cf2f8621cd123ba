"""Drill: run worker and database are killed with -9 amid an import; the rows are those of an undisturbed one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import LiteralString

import httpx
import pytest

from tests.bench.series_import import YEAR, frames
from tests.drills.test_kill_while_ingesting import kill_run_worker, owner, parts
from tests.stack import Stack

pytestmark = pytest.mark.drill

METERS = 15
ROWS = METERS * YEAR
ENDED_WITHIN_S = 240.0
DIGESTS: tuple[LiteralString, ...] = (
    "SELECT count(*), md5(string_agg(md5(r::text), '' ORDER BY meter_id, ts)) FROM (SELECT meter_id, ts, interval_s,"
    " consumption_kw, production_kw, voltage, quality FROM smart_meter_readings) AS r",
    "SELECT count(*), md5(string_agg(md5(r::text), '' ORDER BY meter_id, ts)) FROM (SELECT meter_id, ts, covered_s,"
    " consumption_kwh::numeric(14, 6), production_kwh::numeric(14, 6), quality, values FROM meter_hours) AS r",
    "SELECT count(*), md5(string_agg(md5(r::text), '' ORDER BY meter_id, day)) FROM (SELECT meter_id, day, covered_s,"
    " consumption_kwh::numeric(14, 6), production_kwh::numeric(14, 6), quality, values FROM meter_days) AS r",
)
"""Readings and what was rolled up; a sum's last digits depend on the order in which its parts are found."""
HELD: LiteralString = "SELECT count(*) FROM smart_meter_readings"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("importing") / "home") as running:
        running.wait_healthy()
        yield running


@pytest.fixture(scope="module")
def content() -> bytes:
    columns = ("meter_id", "ts", "consumption_kw", "production_kw", "voltage", "quality")
    return "".join(
        frame.select(columns).write_csv(include_header=number == 0, datetime_format="%Y-%m-%dT%H:%M:%SZ")
        for number, frame in enumerate(frames(METERS))
    ).encode()


@pytest.fixture(scope="module")
def undisturbed(stack: Stack, content: bytes) -> list[tuple[object, ...] | None]:
    """What the file becomes when nothing is killed."""
    state = wait_until_done(stack, begin(stack, content))
    assert (state["loaded"], state["updated"], state["rejected"]) == (ROWS, 0, 0)
    return digests(stack)


def begin(stack: Stack, content: bytes) -> str:
    files = {"file": ("jahr.csv", content)}
    state = stack.data(stack.api.post("/data/load", files=files, data={"wait": "0"}))
    return str(state["import_id"])


def wait_until_done(stack: Stack, import_id: str) -> dict[str, object]:
    deadline = time.monotonic() + ENDED_WITHIN_S
    state: dict[str, object] = {}
    while time.monotonic() < deadline:
        try:
            response = stack.api.get(f"/data/load/{import_id}", timeout=10)
        except httpx.HTTPError:
            time.sleep(0.5)
            continue
        if response.status_code < 500:
            state = stack.data(response)
            if state["status"] in ("done", "failed"):
                assert state["status"] == "done", state
                return state
        time.sleep(0.2)
    raise AssertionError(f"not done: {state}")


def digests(stack: Stack) -> list[tuple[object, ...] | None]:
    with owner(stack) as connection:
        return [connection.execute(query).fetchone() for query in DIGESTS]


def rows_held(stack: Stack) -> int:
    with owner(stack) as connection:
        row = connection.execute(HELD).fetchone()
    return int(str(row[0])) if row else 0


def kill_database(stack: Stack) -> None:
    os.kill(parts(stack)["postgres"], signal.SIGKILL)


@pytest.mark.parametrize("kill", [kill_run_worker, kill_database], ids=["run worker", "database"])
def test_a_killed_import_ends_in_the_same_rows(
    stack: Stack, content: bytes, undisturbed: list[tuple[object, ...] | None], kill: Callable[[Stack], None]
) -> None:
    with owner(stack) as connection:
        connection.execute("TRUNCATE smart_meter_readings, meter_hours, meter_days, reading_revisions")
    import_id = begin(stack, content)
    deadline = time.monotonic() + 120
    while not (held := rows_held(stack)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert 0 < held < ROWS, "killed too late to show anything"
    kill(stack)
    begun = time.monotonic()
    state = wait_until_done(stack, import_id)
    print(f"killed at {held} of {ROWS} rows, done {time.monotonic() - begun:.0f} s later")
    assert (state["loaded"], state["updated"], state["unchanged"], state["rejected"]) == (ROWS, 0, 0, 0)
    assert digests(stack) == undisturbed
    with owner(stack) as connection:
        assert connection.execute("SELECT count(*) FROM reading_revisions").fetchone() == (0,)
