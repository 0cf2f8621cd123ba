"""The database side of the quality report per meter and local day: which days are due, their readings, their rows.

A report names the transaction that wrote the day's rollup. Where that is another one now, the day was written again
since and its report is due, whoever wrote it: an import, an undo, a simulator, a substitute value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, LiteralString, cast
from uuid import UUID

from resources.database import Connection
from resources.series.rollups import BERLIN

if TYPE_CHECKING:
    import polars as pl

BRIDGED_DAYS = 14
"""Days between due ones that are read along rather than asked for apart."""
VALUES_AT_ONCE = 300_000
"""Values of one meter in memory at a time, as far as one day does not hold more."""

# The current day is reported once it is over: until then a part of it is missing in any case.
_DUE: LiteralString = """
SELECT d.tenant_id, d.meter_id, array_agg(d.day ORDER BY d.day), array_agg(d.xmin::text::bigint ORDER BY d.day),
       array_agg(d.values ORDER BY d.day)
FROM meter_days AS d
LEFT JOIN meter_quality_days AS q ON q.tenant_id = d.tenant_id AND q.meter_id = d.meter_id AND q.day = d.day
WHERE d.day <> %(today)s AND q.based_on IS DISTINCT FROM d.xmin::text::bigint
  AND (%(meters)s::text[] IS NULL OR d.meter_id = ANY (%(meters)s))
GROUP BY d.tenant_id, d.meter_id ORDER BY d.tenant_id, d.meter_id
"""
_IS_DUE: LiteralString = """
SELECT EXISTS (
    SELECT FROM meter_days AS d
    LEFT JOIN meter_quality_days AS q ON q.tenant_id = d.tenant_id AND q.meter_id = d.meter_id AND q.day = d.day
    WHERE d.day <> %(today)s AND q.based_on IS DISTINCT FROM d.xmin::text::bigint)
OR EXISTS (
    SELECT FROM meter_quality_days AS q
    WHERE q.based_on IS NOT NULL AND NOT EXISTS (
        SELECT FROM meter_days AS d WHERE d.tenant_id = q.tenant_id AND d.meter_id = q.meter_id AND d.day = q.day))
"""
_LEFT_BEHIND: LiteralString = """
SELECT q.tenant_id, q.meter_id FROM meter_quality_days AS q
WHERE q.based_on IS NOT NULL AND (%(meters)s::text[] IS NULL OR q.meter_id = ANY (%(meters)s))
  AND NOT EXISTS (
    SELECT FROM meter_days AS d WHERE d.tenant_id = q.tenant_id AND d.meter_id = q.meter_id AND d.day = q.day)
GROUP BY q.tenant_id, q.meter_id
"""
_READINGS: LiteralString = """
SELECT meter_id, ts, interval_s, consumption_kw, production_kw, voltage, quality FROM smart_meter_readings
WHERE tenant_id = %s AND meter_id = %s AND ts >= %s AND ts < %s ORDER BY ts
"""
_REMOVE: LiteralString = """
DELETE FROM meter_quality_days WHERE tenant_id = %s AND meter_id = %s AND day = ANY (%s)
"""
_INSERT: LiteralString = """
INSERT INTO meter_quality_days (tenant_id, meter_id, day, expected_values, values, missing, substituted, preliminary,
                                forecast, longest_gap_s, flags, run_id, based_on)
SELECT %s, %s, u.day, u.expected_values, u.values, u.missing, u.substituted, u.preliminary, u.forecast,
       u.longest_gap_s, u.flags::jsonb, %s, u.based_on
FROM unnest(%s::date[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::int[], %s::text[],
            %s::bigint[])
     AS u (day, expected_values, values, missing, substituted, preliminary, forecast, longest_gap_s, flags, based_on)
"""
# Days that lost their values, and those outside of the meter's first and last day.
_FORGET: LiteralString = """
DELETE FROM meter_quality_days AS q
WHERE q.tenant_id = %(tenant)s AND q.meter_id = %(meter)s AND NOT EXISTS (
    SELECT FROM meter_days AS d WHERE d.tenant_id = q.tenant_id AND d.meter_id = q.meter_id AND d.day = q.day)
"""
_FILL_EMPTY_DAYS: LiteralString = """
INSERT INTO meter_quality_days (tenant_id, meter_id, day, expected_values, values, missing, longest_gap_s, run_id)
SELECT %(tenant)s, %(meter)s, e.day, e.length / e.step, 0, e.length / e.step, e.length, %(run)s
FROM (
    SELECT g.day::date AS day,
           extract(epoch FROM (g.day::date + 1)::timestamp AT TIME ZONE 'Europe/Berlin'
                              - g.day::date::timestamp AT TIME ZONE 'Europe/Berlin')::integer AS length,
           coalesce((SELECT r.interval_s FROM smart_meter_readings AS r
                     WHERE r.tenant_id = %(tenant)s AND r.meter_id = %(meter)s AND r.ts < g.day::timestamptz
                     ORDER BY r.ts DESC LIMIT 1), 900) AS step
    FROM (SELECT min(day) AS first, max(day) AS last FROM meter_days
          WHERE tenant_id = %(tenant)s AND meter_id = %(meter)s AND day < %(today)s) AS span
    CROSS JOIN generate_series(span.first::timestamp, span.last::timestamp, interval '1 day') AS g (day)
    WHERE NOT EXISTS (SELECT FROM meter_days AS d
                      WHERE d.tenant_id = %(tenant)s AND d.meter_id = %(meter)s AND d.day = g.day::date)
) AS e
ON CONFLICT DO NOTHING
"""
_COLUMNS = (
    "day", "expected_values", "values", "missing", "substituted", "preliminary", "forecast", "longest_gap_s", "flags",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DueMeter:
    """Days of a meter whose report is due, ascending, the transaction that wrote each, and how many values it has."""

    tenant: UUID
    meter_id: str
    days: list[date]
    based_on: list[int]
    values: list[int]

    def spans(self) -> Iterator[tuple[date, date]]:
        """First and last day of what is read together."""
        first = last = self.days[0]
        held = self.values[0]
        for day, values in zip(self.days[1:], self.values[1:], strict=True):
            if (day - last).days > BRIDGED_DAYS or held + values > VALUES_AT_ONCE:
                yield first, last
                first, held = day, 0
            last = day
            held += values
        yield first, last


def is_due(connection: Connection) -> bool:
    """Whether the report of any day is due."""
    row = connection.execute(_IS_DUE, {"today": _today()}).fetchone()
    return bool(row and row[0])


def due_meters(connection: Connection, meter_ids: Sequence[str] = ()) -> list[DueMeter]:
    """Meters with days that are due (only of `meter_ids`, where named); also those whose values are all gone."""
    asked = {"today": _today(), "meters": list(meter_ids) or None}
    due = [
        DueMeter(UUID(str(tenant)), str(meter), list(days), list(based_on), list(values))
        for tenant, meter, days, based_on, values in connection.execute(_DUE, asked).fetchall()
    ]
    known = {(one.tenant, one.meter_id) for one in due}
    for tenant, meter in connection.execute(_LEFT_BEHIND, asked).fetchall():
        if (UUID(str(tenant)), str(meter)) not in known:
            due.append(DueMeter(UUID(str(tenant)), str(meter), [], [], []))
    return due


def read_frame(connection: Connection, tenant: UUID, meter_id: str, begin: datetime, end: datetime) -> pl.DataFrame:
    """Readings of a meter that begin in [begin, end), as a frame of `luna_rules.series.frames`."""
    import polars as pl

    from luna_rules.series.frames import READING_SCHEMA

    rows = connection.execute(_READINGS, (tenant, meter_id, begin, end)).fetchall()
    return pl.DataFrame(rows, schema=dict(READING_SCHEMA), orient="row")


def write_days(connection: Connection, due: DueMeter, report: pl.DataFrame, run_id: str) -> None:
    """Put the reported days in place of what was known of them. `report`: see `luna_rules.series.reports`."""
    based_on = dict(zip(due.days, due.based_on, strict=True))
    mine = report.filter(report["day"].is_in(list(based_on)))
    days = cast("list[date]", mine["day"].to_list())
    columns = [mine[name].to_list() for name in _COLUMNS]
    with connection.transaction():
        connection.execute(_REMOVE, (due.tenant, due.meter_id, days))
        connection.execute(_INSERT, (due.tenant, due.meter_id, run_id, *columns, [based_on[day] for day in days]))


def tidy_up(connection: Connection, due: DueMeter, run_id: str) -> None:
    """Days between values that have none, and no others, stand in the report as days where everything is missing."""
    values = {"tenant": due.tenant, "meter": due.meter_id, "run": run_id, "today": _today()}
    with connection.transaction():
        connection.execute(_FORGET, values)
        connection.execute(_FILL_EMPTY_DAYS, values)


def berlin_midnight(day: date) -> datetime:
    """Where the local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=BERLIN)


def after(day: date) -> date:
    """The day after."""
    return day + timedelta(days=1)


def _today() -> date:
    return datetime.now(BERLIN).date()
