"""Forgetting by the clock: what a tenant said it does not want to keep, and details that nobody reads any more.

Values themselves are kept unless the tenant's settings say otherwise: `tenants.settings -> 'retention'` with the days
`readings_days`, `fine_readings_days` (finer than a quarter-hour; their rollups stay), `revisions_days`.
"""

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from dagster import (
    Backoff,
    DefaultScheduleStatus,
    OpExecutionContext,
    RetryPolicy,
    ScheduleDefinition,
    job,
    op,
)

from resources.database import Connection
from resources.wiring import LunaResource

IMPORT_ERRORS_DAYS = 400
SIMULATED_FINE_DAYS = 400
"""Simulated minutes can be made again at any time."""
ROWS_AT_ONCE = 200_000

# Deleted by key in portions: one statement over years of rows would hold its locks and its snapshot for minutes.
_READINGS: LiteralString = """
DELETE FROM smart_meter_readings AS r USING (
    SELECT meter_id, ts FROM smart_meter_readings
    WHERE tenant_id = %(tenant)s AND ts < now() - make_interval(days => %(days)s) LIMIT %(limit)s) AS old
WHERE r.tenant_id = %(tenant)s AND r.meter_id = old.meter_id AND r.ts = old.ts
"""
_FINE_READINGS: LiteralString = """
DELETE FROM smart_meter_readings AS r USING (
    SELECT s.meter_id, s.ts FROM smart_meter_readings AS s
    JOIN meters AS m ON m.tenant_id = s.tenant_id AND m.meter_id = s.meter_id
    WHERE s.tenant_id = %(tenant)s AND s.interval_s < 900 AND s.ts < now() - make_interval(days => %(days)s)
      AND (m.simulated OR NOT %(simulated)s) LIMIT %(limit)s) AS old
WHERE r.tenant_id = %(tenant)s AND r.meter_id = old.meter_id AND r.ts = old.ts
"""
_REVISIONS: LiteralString = """
DELETE FROM reading_revisions WHERE id IN (
    SELECT id FROM reading_revisions
    WHERE tenant_id = %(tenant)s AND (
        valid_until < now() - make_interval(days => %(days)s)
        OR valid_until IS NULL AND replaced_by IN (
            SELECT i.id FROM imports AS i
            WHERE i.tenant_id = %(tenant)s AND i.finished_at < now() - make_interval(days => %(days)s)))
    LIMIT %(limit)s)
"""
_ERRORS: LiteralString = """
DELETE FROM import_errors WHERE id IN (
    SELECT e.id FROM import_errors AS e JOIN imports AS i ON i.id = e.import_id
    WHERE i.created_at < now() - make_interval(days => %(days)s) LIMIT %(limit)s)
"""


@dataclass(slots=True)
class Forgotten:
    """Rows that were removed."""

    readings: int = 0
    fine_readings: int = 0
    revisions: int = 0
    import_errors: int = 0


def forget(connection: Connection) -> Forgotten:
    """Remove what is older than each tenant wants to keep."""
    gone = Forgotten()
    for tenant, settings in connection.execute("SELECT id, settings -> 'retention' FROM tenants").fetchall():
        kept: dict[str, object] = settings if isinstance(settings, dict) else {}
        if days := _days(kept, "readings_days"):
            gone.readings += _remove(connection, _READINGS, tenant, days)
        fine = _days(kept, "fine_readings_days")
        gone.fine_readings += _remove(
            connection, _FINE_READINGS, tenant, fine or SIMULATED_FINE_DAYS, simulated=fine is None
        )
        if days := _days(kept, "revisions_days"):
            gone.revisions += _remove(connection, _REVISIONS, tenant, days)
    gone.import_errors += _remove(connection, _ERRORS, None, IMPORT_ERRORS_DAYS)
    return gone


def _days(settings: dict[str, object], name: str) -> int | None:
    value = settings.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None


def _remove(
    connection: Connection, statement: LiteralString, tenant: UUID | None, days: int, *, simulated: bool = False
) -> int:
    removed = 0
    values = {"tenant": tenant, "days": days, "limit": ROWS_AT_ONCE, "simulated": simulated}
    while True:
        count = connection.execute(statement, values).rowcount
        removed += count
        if count < ROWS_AT_ONCE:
            return removed


@op(retry_policy=RetryPolicy(max_retries=1, delay=30, backoff=Backoff.LINEAR))
def forget_series(context: OpExecutionContext, luna: LunaResource) -> None:
    """Do the nightly forgetting."""
    with luna.connection() as connection:
        gone = forget(connection)
    context.add_output_metadata(
        {
            "readings": gone.readings,
            "fine_readings": gone.fine_readings,
            "revisions": gone.revisions,
            "import_errors": gone.import_errors,
        }
    )


@job(
    description="Remove readings, revisions and import errors that are older than their tenant wants to keep.",
    tags={"dagster/max_runtime": "3600"},
)
def series_retention() -> None:
    """One op; kept out of the assets, because it derives nothing."""
    forget_series()


nightly_retention = ScheduleDefinition(
    name="nightly_retention",
    job=series_retention,
    cron_schedule="45 3 * * *",
    execution_timezone="Europe/Berlin",
    default_status=DefaultScheduleStatus.RUNNING,
)
