"""Writes simulated series over any range: bounded batches, each repeatable, so a run that died is simply run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, LiteralString
from uuid import UUID

from luna_rules.simulation.meters import SimulatedMeter
from resources.database import Connection
from resources.series import rollups
from resources.series.model import Window, WriteReport
from resources.series.writer import write_prices, write_readings

if TYPE_CHECKING:
    import polars as pl

ROWS_AT_ONCE = 2_000_000
"""A batch holds about 60 bytes a row, and while one is written the next one is made."""

# Rows of another interval length would count twice beside the new ones: a backfill of quarter-hours, and live minutes.
_OTHER_STEPS: LiteralString = """
DELETE FROM smart_meter_readings
WHERE tenant_id = %(tenant)s AND meter_id = ANY (%(ids)s) AND ts >= %(start)s AND ts < %(end)s
  AND interval_s <> %(step)s
"""
_ANY_OTHER_STEP: LiteralString = """
SELECT EXISTS (
    SELECT 1 FROM smart_meter_readings
    WHERE tenant_id = %(tenant)s AND meter_id = ANY (%(ids)s) AND ts >= %(start)s AND ts < %(end)s
      AND interval_s <> %(step)s)
"""


@dataclass(slots=True)
class Written:
    """What a range brought into the database."""

    meters: int = 0
    report: WriteReport = field(default_factory=WriteReport)

    @property
    def rows(self) -> int:
        """Rows of the range, whether they were new or known."""
        return self.report.loaded + self.report.updated + self.report.unchanged


def write_meters(
    connection: Connection,
    tenant: UUID,
    meters: Sequence[SimulatedMeter],
    start: datetime,
    end: datetime,
    step_s: int,
    *,
    seed: int,
    progress: Callable[[str], None] | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Written:
    """Simulate meters over [start, end) and write them; the same again changes nothing."""
    done = Written(meters=len(meters))
    for place, (ids, first, last, frame) in enumerate(_ahead(meters, start, end, step_s, seed, rows_at_once)):
        done.report.add(write_step(connection, tenant, ids, frame, first, last, step_s))
        done.report.windows.clear()
        if progress:
            progress(f"batch {place + 1}: {len(ids)} meters, {done.rows} rows so far")
    return done


def write_step(
    connection: Connection,
    tenant: UUID,
    meter_ids: Sequence[str],
    frame: pl.DataFrame,
    start: datetime,
    end: datetime,
    step_s: int,
) -> WriteReport:
    """Write a frame of [start, end) in place of rows of other interval lengths."""
    values = {"tenant": tenant, "ids": list(meter_ids), "start": start, "end": end, "step": step_s}
    row = connection.execute(_ANY_OTHER_STEP, values).fetchone()
    if not (row and row[0]):
        return write_readings(connection, tenant, None, frame)
    with connection.transaction():
        connection.execute(_OTHER_STEPS, values)
        report = write_readings(connection, tenant, None, frame)
        first, last = _whole_hours(start, end)
        rollups.roll_up(connection, tenant, [Window((meter_id,), first, last) for meter_id in meter_ids])
    return report


def write_auction(
    connection: Connection,
    markets: Sequence[str],
    day_products: Sequence[str],
    first_day: date,
    last_day: date,
    *,
    seed: int,
) -> WriteReport:
    """Write the auction's prices of the Berlin days from `first_day` to `last_day`, a quarter of a year at a time."""
    from luna_rules.simulation.prices import auction_frame

    report = WriteReport()
    day = first_day
    while day <= last_day:
        until = min(day + timedelta(days=91), last_day)
        report.add(write_prices(connection, None, auction_frame(markets, day_products, day, until, seed=seed)))
        report.windows.clear()
        day = until + timedelta(days=1)
    return report


def _ahead(
    meters: Sequence[SimulatedMeter], start: datetime, end: datetime, step_s: int, seed: int, rows_at_once: int
) -> Iterator[tuple[list[str], datetime, datetime, pl.DataFrame]]:
    """Batches in order; the next one is made while the one before it is written."""
    from luna_rules.simulation.simulator import MeterSimulator

    simulators: dict[int, MeterSimulator] = {}
    parts = list(_parts(meters, start, end, step_s, rows_at_once))

    def make(number: int) -> pl.DataFrame:
        group, first, last = parts[number]
        if id(group) not in simulators:
            simulators.clear()
            simulators[id(group)] = MeterSimulator(group, seed)
        return simulators[id(group)].readings(first, last, step_s).frame()

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="simulate") as pool:
        coming: list[Future[pl.DataFrame]] = [pool.submit(make, 0)] if parts else []
        for number, (group, first, last) in enumerate(parts):
            frame = coming.pop().result()
            if number + 1 < len(parts):
                coming.append(pool.submit(make, number + 1))
            yield [meter.meter_id for meter in group], first, last, frame


def _parts(
    meters: Sequence[SimulatedMeter], start: datetime, end: datetime, step_s: int, rows_at_once: int
) -> Iterator[tuple[list[SimulatedMeter], datetime, datetime]]:
    """Some meters over the whole range, or one meter over a part of it: rows then arrive in the order of the key."""
    steps = max(int((end - start).total_seconds()) // step_s, 1)
    count = max(rows_at_once // steps, 1)
    ordered = sorted(meters, key=lambda meter: meter.meter_id.encode())
    # Whole hours, so that each part's rollups are its own.
    span = timedelta(seconds=max(rows_at_once * step_s // 3600, 1) * 3600)
    for place in range(0, len(ordered), count):
        group = ordered[place : place + count]
        first = start
        while first < end:
            last = min(first + span, end) if count == 1 else end
            yield group, first, last
            first = last


def _whole_hours(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    last = (end + timedelta(hours=1) - timedelta(microseconds=1)).astimezone(UTC)
    return first, last.replace(minute=0, second=0, microsecond=0)
