"""Takes an import back: what it added goes, what it replaced returns.

A revision is never removed: what was known when stays, and the undone values become revisions themselves. Given back
is the newest value of before whose import still stands, whatever the order in which imports are undone.
"""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString, cast
from uuid import UUID

from resources.database import Connection
from resources.series import rollups
from resources.series.model import Window

ROWS_AT_ONCE = 200_000
_Span = tuple[int, datetime, datetime]

# The values of one series that the import brought and that still stand, oldest first.
_TAKE_READINGS: LiteralString = """
CREATE TEMPORARY TABLE undone_readings ON COMMIT DROP AS
SELECT r.*, b.interval_s AS back_interval_s, b.consumption_kw AS back_consumption_kw,
       b.production_kw AS back_production_kw, b.voltage AS back_voltage, b.quality AS back_quality,
       b.import_id AS back_import_id, b.id IS NOT NULL AS is_back
FROM (SELECT * FROM smart_meter_readings
      WHERE tenant_id = %(tenant)s AND meter_id = %(meter)s AND import_id = %(import)s
        AND ts >= %(first)s AND ts <= %(last)s ORDER BY ts LIMIT %(limit)s) AS r
LEFT JOIN LATERAL (
    SELECT v.* FROM reading_revisions AS v LEFT JOIN imports AS i ON i.id = v.import_id
    WHERE v.tenant_id = r.tenant_id AND v.meter_id = r.meter_id AND v.ts = r.ts AND v.source = 'replaced'
      AND v.import_id IS DISTINCT FROM %(import)s AND (i.id IS NULL OR i.status <> 'undone')
    ORDER BY v.id DESC LIMIT 1) AS b ON true
"""
_KEEP_READINGS: LiteralString = """
INSERT INTO reading_revisions (tenant_id, meter_id, ts, interval_s, consumption_kw, production_kw, voltage, quality,
                               import_id, source, recorded_at, valid_until)
SELECT u.tenant_id, u.meter_id, u.ts, u.interval_s, u.consumption_kw, u.production_kw, u.voltage, u.quality,
       u.import_id, 'undone', coalesce(i.finished_at, now()), now()
FROM undone_readings AS u LEFT JOIN imports AS i ON i.id = u.import_id
"""
_GIVE_READINGS_BACK: LiteralString = """
UPDATE smart_meter_readings AS r
SET interval_s = u.back_interval_s, consumption_kw = u.back_consumption_kw, production_kw = u.back_production_kw,
    voltage = u.back_voltage, quality = u.back_quality, import_id = u.back_import_id
FROM undone_readings AS u
WHERE u.is_back AND r.tenant_id = %(tenant)s AND r.meter_id = %(meter)s AND r.ts = u.ts
"""
_REMOVE_READINGS: LiteralString = """
DELETE FROM smart_meter_readings AS r USING undone_readings AS u
WHERE NOT u.is_back AND r.tenant_id = %(tenant)s AND r.meter_id = %(meter)s AND r.ts = u.ts
"""
_UNDONE_SPAN: LiteralString = """
SELECT count(*), date_trunc('hour', min(ts)),
       date_trunc('hour', max(ts + make_interval(secs => greatest(interval_s, back_interval_s)))) + interval '1 hour'
FROM undone_readings
"""
_TAKE_PRICES: LiteralString = """
CREATE TEMPORARY TABLE undone_prices ON COMMIT DROP AS
SELECT p.*, b.price_eur_mwh AS back_price, b.volume AS back_volume, b.import_id AS back_import_id,
       b.id IS NOT NULL AS is_back
FROM (SELECT * FROM market_prices
      WHERE market = %(market)s AND product = %(product)s AND import_id = %(import)s
        AND ts >= %(first)s AND ts <= %(last)s ORDER BY ts LIMIT %(limit)s) AS p
LEFT JOIN LATERAL (
    SELECT v.* FROM price_observations AS v LEFT JOIN imports AS i ON i.id = v.import_id
    WHERE v.market = p.market AND v.product = p.product AND v.ts = p.ts AND v.source = 'replaced'
      AND v.import_id IS DISTINCT FROM %(import)s AND (i.id IS NULL OR i.status <> 'undone')
    ORDER BY v.id DESC LIMIT 1) AS b ON true
"""
_KEEP_PRICES: LiteralString = """
INSERT INTO price_observations (market, product, ts, price_eur_mwh, volume, import_id, source, recorded_at, valid_until)
SELECT u.market, u.product, u.ts, u.price_eur_mwh, u.volume, u.import_id, 'undone', coalesce(i.finished_at, now()),
       now()
FROM undone_prices AS u LEFT JOIN imports AS i ON i.id = u.import_id
"""
_GIVE_PRICES_BACK: LiteralString = """
UPDATE market_prices AS p SET price_eur_mwh = u.back_price, volume = u.back_volume, import_id = u.back_import_id
FROM undone_prices AS u
WHERE u.is_back AND p.market = %(market)s AND p.product = %(product)s AND p.ts = u.ts
"""
_REMOVE_PRICES: LiteralString = """
DELETE FROM market_prices AS p USING undone_prices AS u
WHERE NOT u.is_back AND p.market = %(market)s AND p.product = %(product)s AND p.ts = u.ts
"""
_UNDONE_PRICE_SPAN: LiteralString = """
SELECT count(*), date_trunc('hour', min(ts)), date_trunc('hour', max(ts)) + interval '1 hour' FROM undone_prices
"""


class NotUndoableError(ValueError):
    """The import is not one that can be undone; the text says why."""


def undo_import(connection: Connection, import_id: UUID) -> int:
    """Take an import's rows back and mark it as undone; returns how many were removed or given back.

    Raises `NotUndoableError`.
    """
    undone = take_rows_back(connection, import_id)
    mark_undone(connection, import_id)
    return undone


def mark_undone(connection: Connection, import_id: UUID, warning: str | None = None) -> None:
    """End an undo whose rows are taken back; the warning is kept with the import."""
    connection.execute(
        "UPDATE imports SET status = 'undone', stage = 'undone', undone_at = now(), lease_until = NULL,"
        " warnings = CASE WHEN %(warning)s::text IS NULL THEN warnings ELSE warnings || %(warning)s::text END"
        " WHERE id = %(import)s AND status IN ('done', 'failed')",
        {"import": import_id, "warning": warning},
    )


def take_rows_back(connection: Connection, import_id: UUID) -> int:
    """Remove or give back the rows of an import that has ended, also one that failed half-way; returns how many.

    A value that a later import replaced stays as that one left it. Bounded transactions, and what is undone no longer
    bears the import's id, so that a repeated call after a crash goes on where it was.

    Raises `NotUndoableError`.
    """
    row = connection.execute(
        "SELECT tenant_id, target, mode, status, meter_ids, ts_from, ts_to FROM imports WHERE id = %s", (import_id,)
    ).fetchone()
    if row is None:
        raise NotUndoableError(f"there is no import {import_id}")
    tenant, target, mode, status, series, first, last = row
    if mode != "load" or status not in ("done", "failed"):
        raise NotUndoableError(f"import {import_id} is {status} ({mode}), only a load that has ended can be undone")
    undone = 0
    if first is not None:
        values: dict[str, object] = {
            "tenant": tenant, "import": import_id, "first": first, "last": last, "limit": ROWS_AT_ONCE,
        }  # fmt: skip
        for one in sorted(str(name) for name in series):
            if target == "smart_meter_readings":
                undone += _undo_meter(connection, tenant, values | {"meter": one})
            else:
                market, _, product = one.partition("/")
                undone += _undo_product(connection, values | {"market": market, "product": product})
    return undone


def _undo_meter(connection: Connection, tenant: UUID, values: dict[str, object]) -> int:
    undone = 0
    while True:
        with connection.transaction():
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%(tenant)s::text || '/' || %(meter)s, 0))", values
            )
            connection.execute(_TAKE_READINGS, values)
            count, begin, end = cast("_Span", connection.execute(_UNDONE_SPAN).fetchone())
            for statement in (_KEEP_READINGS, _GIVE_READINGS_BACK, _REMOVE_READINGS):
                connection.execute(statement, values if "%(" in statement else None)
            if count:
                rollups.roll_up(connection, tenant, [Window((str(values["meter"]),), begin, end)])
            connection.execute("DROP TABLE undone_readings")
        undone += int(count)
        if int(count) < ROWS_AT_ONCE:
            return undone


def _undo_product(connection: Connection, values: dict[str, object]) -> int:
    undone = 0
    while True:
        with connection.transaction():
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('price/' || %(market)s || '/' || %(product)s, 0))",
                values,
            )
            connection.execute(_TAKE_PRICES, values)
            count, begin, end = cast("_Span", connection.execute(_UNDONE_PRICE_SPAN).fetchone())
            for statement in (_KEEP_PRICES, _GIVE_PRICES_BACK, _REMOVE_PRICES):
                connection.execute(statement, values if "%(" in statement else None)
            if count:
                rollups.roll_up_prices(
                    connection, [Window((str(values["market"]), str(values["product"])), begin, end)]
                )
            connection.execute("DROP TABLE undone_prices")
        undone += int(count)
        if int(count) < ROWS_AT_ONCE:
            return undone
