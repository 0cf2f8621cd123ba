"""Substitute values as imports that no file brought, so that they can be listed and undone like any other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from resources.database import Connection

_METERS: LiteralString = """
SELECT m.meter_id FROM meters AS m
WHERE m.tenant_id = %(tenant)s AND m.formula IS NULL
  AND (%(meters)s::text[] IS NULL OR m.meter_id = ANY (%(meters)s))
  AND EXISTS (SELECT FROM smart_meter_readings AS r
              WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id AND r.ts < %(end)s)
  AND EXISTS (SELECT FROM smart_meter_readings AS r
              WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id AND r.ts >= %(start)s)
ORDER BY m.meter_id
"""
_BEGIN: LiteralString = """
INSERT INTO imports (tenant_id, target, source, file_name, layout, options, status, stage, ts_from, ts_to, meter_ids,
                     run_id, started_at, attempts)
VALUES (%s, 'smart_meter_readings', 'substitutes', %s, 'substitutes', %s, 'processing', 'writing', %s, %s, %s, %s,
        now(), 1)
RETURNING id
"""


def meters_with_readings(
    connection: Connection, tenant: UUID, meter_ids: Sequence[str], start: datetime, end: datetime
) -> list[str]:
    """Meters (of `meter_ids`, where named) that have values before `end` and after `start`; no virtual ones."""
    values = {"tenant": tenant, "meters": list(meter_ids) or None, "start": start, "end": end}
    return [str(row[0]) for row in connection.execute(_METERS, values).fetchall()]


def begin_substitutes(
    connection: Connection,
    tenant: UUID,
    run_id: str,
    meter_id: str,
    first: datetime,
    last: datetime,
    counts: dict[str, int],
) -> UUID:
    """Announce the substitute values of a meter. A run that dies leaves an import that fails and can be undone."""
    row = connection.execute(
        _BEGIN, (tenant, f"Ersatzwerte {meter_id}", Jsonb({"methods": counts}), first, last, [meter_id], run_id)
    ).fetchone()
    return UUID(str(row[0] if row else None))
