"""One batch of readings: what is known already left out, the rest staged, compared, inserted, replaced.

Everything happens in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from luna_rules.series.quality import JUDGED
from resources.database import Connection
from resources.series.arrays import fetch_array_rows
from resources.series.batches import Batch, Rows, UnknownSeriesError, reading_rows, spans
from resources.series.known import find_known
from resources.series.model import WriteReport
from resources.series.staging import Column, TextColumn, copy_columns
from resources.series.windows import find_windows, merged

_STAGE_READINGS: LiteralString = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_readings (
    ts timestamptz NOT NULL, consumption_kw float8, production_kw float8, voltage float8, interval_s int4 NOT NULL,
    quality int4 NOT NULL, meter_id text COLLATE "C" NOT NULL)
"""
_COPY_READINGS: LiteralString = """
COPY staged_readings (ts, consumption_kw, production_kw, voltage, interval_s, quality, meter_id)
FROM STDIN (FORMAT binary)
"""
# Texts are compared bytewise, so "in order" means the same for all writers, whatever the server's language.
_LOCK_METERS: LiteralString = """
SELECT pg_advisory_xact_lock(hashtextextended(%s::text || '/' || m.meter_id, 0))
FROM (SELECT meter_id FROM unnest(%s::text[]) AS u (meter_id) ORDER BY meter_id COLLATE "C") AS m
"""
_KNOWN_METERS: LiteralString = """
SELECT meter_id FROM meters WHERE tenant_id = %s AND meter_id = ANY (%s::text[]) ORDER BY meter_id FOR KEY SHARE
"""
_INSERT_UNSEEN: LiteralString = """
INSERT INTO smart_meter_readings (ts, consumption_kw, production_kw, voltage, tenant_id, import_id, interval_s, quality,
                                  meter_id)
SELECT ts, nullif(consumption_kw, 'NaN'), nullif(production_kw, 'NaN'), nullif(voltage, 'NaN'), %(tenant)s,
       %(import)s, interval_s, quality, meter_id
FROM staged_readings WHERE NOT meter_id = ANY (%(seen)s::text[])
"""
_CHANGES_READINGS: LiteralString = """
CREATE TEMPORARY TABLE IF NOT EXISTS changed_readings (
    ts timestamptz NOT NULL, consumption_kw float8, production_kw float8, voltage float8, interval_s int4 NOT NULL,
    quality int4 NOT NULL, meter_id text COLLATE "C" NOT NULL, is_new boolean NOT NULL,
    old_consumption_kw float8, old_production_kw float8, old_voltage float8, old_interval_s int4, old_quality int4,
    old_import_id uuid)
"""
# A null in the file is a column that it does not know: the stored value stays, and with it the worse of the two
# qualities. The rank of a status: read, preliminary, substitute, forecast. Flags that follow from the values around
# are no statement of the file, so a row is not another one because of them.
_COMPARE_READINGS: LiteralString = """
INSERT INTO changed_readings
SELECT s.ts, merged.consumption_kw, merged.production_kw, merged.voltage, s.interval_s, merged.quality, s.meter_id,
       r.ts IS NULL, r.consumption_kw, r.production_kw, r.voltage, r.interval_s, r.quality, r.import_id
FROM staged_readings AS s
LEFT JOIN smart_meter_readings AS r
ON r.tenant_id = %(tenant)s AND r.meter_id = s.meter_id AND r.ts = s.ts
   AND r.meter_id = ANY (%(seen)s::text[]) AND r.ts >= %(first)s AND r.ts <= %(last)s
CROSS JOIN LATERAL (
    SELECT coalesce(nullif(s.consumption_kw, 'NaN'), r.consumption_kw) AS consumption_kw,
           coalesce(nullif(s.production_kw, 'NaN'), r.production_kw) AS production_kw,
           coalesce(nullif(s.voltage, 'NaN'), r.voltage) AS voltage,
           CASE WHEN (s.consumption_kw <> 'NaN' OR r.consumption_kw IS NULL)
                     AND (s.production_kw <> 'NaN' OR r.production_kw IS NULL) THEN s.quality
                ELSE ((s.quality | r.quality) & ~127)
                     | (CASE WHEN (ARRAY[0, 2, 1, 3, 4, 4, 4, 4])[(r.quality & 7) + 1]
                                  > (ARRAY[0, 2, 1, 3, 4, 4, 4, 4])[(s.quality & 7) + 1]
                             THEN r.quality ELSE s.quality END & 127) END AS quality
) AS merged
WHERE s.meter_id = ANY (%(seen)s::text[])
  AND (r.ts IS NULL OR r.interval_s <> s.interval_s OR (r.quality # merged.quality) & ~%(judged)s <> 0
       OR r.consumption_kw IS DISTINCT FROM merged.consumption_kw
       OR r.production_kw IS DISTINCT FROM merged.production_kw
       OR r.voltage IS DISTINCT FROM merged.voltage)
"""
# Recorded when the import that brought the value had ended; a live value at the end of its interval.
_KEEP_READINGS: LiteralString = """
INSERT INTO reading_revisions (tenant_id, meter_id, ts, interval_s, consumption_kw, production_kw, voltage, quality,
                               import_id, recorded_at, valid_until, replaced_by)
SELECT %(tenant)s, c.meter_id, c.ts, c.old_interval_s, c.old_consumption_kw, c.old_production_kw, c.old_voltage,
       c.old_quality, c.old_import_id,
       coalesce(i.finished_at,
                CASE WHEN c.old_import_id IS NULL THEN c.ts + make_interval(secs => c.old_interval_s) END, now()),
       CASE WHEN %(import)s::uuid IS NULL THEN now() END, %(import)s
FROM changed_readings AS c LEFT JOIN imports AS i ON i.id = c.old_import_id
WHERE NOT c.is_new AND c.old_import_id IS DISTINCT FROM %(import)s
"""
_UPDATE_READINGS: LiteralString = """
UPDATE smart_meter_readings AS r
SET interval_s = c.interval_s, consumption_kw = c.consumption_kw, production_kw = c.production_kw,
    voltage = c.voltage, quality = c.quality, import_id = %(import)s
FROM changed_readings AS c
WHERE NOT c.is_new AND r.tenant_id = %(tenant)s AND r.meter_id = c.meter_id AND r.ts = c.ts
  AND r.meter_id = ANY (%(seen)s::text[]) AND r.ts >= %(first)s AND r.ts <= %(last)s
"""
_INSERT_NEW_READINGS: LiteralString = """
INSERT INTO smart_meter_readings (ts, consumption_kw, production_kw, voltage, tenant_id, import_id, interval_s, quality,
                                  meter_id)
SELECT ts, consumption_kw, production_kw, voltage, %(tenant)s, %(import)s, interval_s, quality, meter_id
FROM changed_readings WHERE is_new
"""
_COUNT_CHANGES: LiteralString = "SELECT count(*) FROM changed_readings WHERE is_new"
_CHANGED_HOURS: LiteralString = """
SELECT meter_id, array_agg(ts), array_agg(longest)
FROM (SELECT meter_id, ts, greatest(interval_s, coalesce(old_interval_s, 0)) AS longest FROM changed_readings
      ORDER BY meter_id, ts) AS c
GROUP BY meter_id ORDER BY meter_id
"""


def write_batch(
    connection: Connection, tenant: UUID, import_id: UUID | None, batch: Batch, *, only_compare: bool = False
) -> WriteReport:
    """Write a batch of readings in the transaction that is open, or only tell what writing it would do.

    Raises `UnknownSeriesError`; comparing asks for no registered meter.
    """
    meters = [key[0] for key in batch.keys]
    if not only_compare:
        lock_meters(connection, tenant, meters)
        known = {row[0] for row in connection.execute(_KNOWN_METERS, (tenant, meters))}
        unknown = [meter for meter in meters if meter not in known]
        if unknown:
            raise UnknownSeriesError(f"meter {unknown[0]!r} is not registered")
    rows = reading_rows(batch)
    firsts, lasts = spans(batch)
    found = find_known(connection, tenant, meters, rows, firsts, lasts)
    unseen = ~np.isin(rows.codes, found.seen)
    report = WriteReport(loaded=int(unseen.sum()), unchanged=int(found.same.sum()))
    left = ~found.same
    if only_compare:
        left &= ~unseen
    if not left.any():
        return report
    values: dict[str, object] = {
        "tenant": tenant,
        "import": import_id,
        "seen": [meters[code] for code in found.seen],
        "first": min(firsts),
        "last": max(lasts),
        "judged": int(JUDGED),
    }
    _stage(connection, meters, rows if left.all() else rows.of(left))
    if report.loaded and not only_compare:
        connection.execute(_INSERT_UNSEEN, values)
        new = rows if unseen.all() else rows.of(unseen)
        report.windows = find_windows(batch.keys, new.codes, new.ts_us, new.interval_s.astype(np.int64))
    asked = int((left & ~unseen).sum())
    if asked:
        compared = _replace(connection, values, only_compare=only_compare)
        compared.unchanged = asked - compared.loaded - compared.updated
        report.add(compared)
        report.windows = merged(report.windows)
    return report


def lock_meters(connection: Connection, tenant: UUID, meters: Sequence[str]) -> None:
    """Keep other writers of these meters waiting until the transaction ends."""
    connection.execute(_LOCK_METERS, (tenant, list(meters)))


def _stage(connection: Connection, meters: Sequence[str], rows: Rows) -> None:
    connection.execute(_STAGE_READINGS)
    connection.execute("TRUNCATE staged_readings")
    copy_columns(
        connection,
        _COPY_READINGS,
        [
            Column("timestamptz", rows.ts_us),
            Column("float8", rows.consumption_kw),
            Column("float8", rows.production_kw),
            Column("float8", rows.voltage),
            Column("int4", rows.interval_s),
            Column("int4", rows.quality),
            TextColumn(meters, rows.codes),
        ],
    )


def _replace(connection: Connection, values: dict[str, object], *, only_compare: bool) -> WriteReport:
    """Insert, replace or leave alone the staged rows of meters that have values in their span."""
    connection.execute(_CHANGES_READINGS)
    connection.execute("TRUNCATE changed_readings")
    changed = connection.execute(_COMPARE_READINGS, values).rowcount
    if not changed:
        return WriteReport()
    if only_compare:
        row = connection.execute(_COUNT_CHANGES).fetchone()
        loaded = int(row[0]) if row else 0
        return WriteReport(loaded=loaded, updated=changed - loaded)
    connection.execute(_KEEP_READINGS, values)
    updated = connection.execute(_UPDATE_READINGS, values).rowcount
    loaded = connection.execute(_INSERT_NEW_READINGS, values).rowcount
    changes = fetch_array_rows(connection, _CHANGED_HOURS.encode(), {})
    times = [cast("NDArray[np.int64]", row[1]) for row in changes]
    windows = find_windows(
        [(str(row[0]),) for row in changes],
        np.repeat(np.arange(len(changes)), [len(one) for one in times]),
        np.concatenate(times),
        np.concatenate([cast("NDArray[np.int32]", row[2]) for row in changes]).astype(np.int64),
    )
    return WriteReport(loaded=loaded, updated=updated, windows=windows)
