"""Rollups of touched windows: quarter-hours, hours (UTC), days (Europe/Berlin).

Set-based: what lies in the windows is removed and computed anew, in the transaction that is open or one of its own.
Energies are mean power times the length of the interval; what the sender calls unusable counts as a gap.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID
from zoneinfo import ZoneInfo

from resources.database import Connection
from resources.series.model import Window
from resources.series.windows import merged

BERLIN = ZoneInfo("Europe/Berlin")
WINDOWS_AT_ONCE = 2000

# Of the quality, bit 12 is UNUSABLE, bit 19 PARTIAL, bits 0-2 are the status (luna_rules.series.quality); the worst
# status wins in the order read, preliminary, substitute, forecast.
_EMPTY: LiteralString = """
DELETE FROM {table} AS t
USING unnest(%(keys)s::text[], %(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS w (meter_id, first, last)
WHERE t.tenant_id = %(tenant)s AND t.meter_id = w.meter_id AND t.ts >= w.first AND t.ts < w.last
"""
# Window by window and in the order of time, so that nothing is hashed and the rows reach their index in its order.
# Sorting in the inner select also lets what is computed there be computed once.
_FILL: LiteralString = """
INSERT INTO {table} (ts, consumption_kwh, production_kwh, consumption_kw_max, production_kw_max, voltage_min,
                     voltage_max, voltage_mean, tenant_id, covered_s, expected_s, quality, values, meter_id)
SELECT bucket, consumption_kwh / 3600, production_kwh / 3600, consumption_kw_max, production_kw_max, voltage_min,
       voltage_max, voltage_mean, %(tenant)s, covered_s, {seconds},
       flags | (ARRAY[0, 2, 1, 3])[worst] | CASE WHEN covered_s < {seconds} THEN 524288 ELSE 0 END, values, meter_id
FROM unnest(%(keys)s::text[], %(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS w (meter_id, first, last)
CROSS JOIN LATERAL (
    SELECT bucket,
           sum(consumption_kw * seconds) AS consumption_kwh, sum(production_kw * seconds) AS production_kwh,
           max(consumption_kw) AS consumption_kw_max, max(production_kw) AS production_kw_max,
           min(voltage) AS voltage_min, max(voltage) AS voltage_max, avg(voltage) AS voltage_mean,
           coalesce(sum(CASE WHEN consumption_kw IS NOT NULL OR production_kw IS NOT NULL THEN seconds END), 0)
           AS covered_s,
           bit_or(quality & ~127) AS flags,
           max(CASE quality & 7 WHEN 0 THEN 1 WHEN 2 THEN 2 WHEN 1 THEN 3 ELSE 4 END) AS worst, count(*) AS values
    FROM (
        SELECT date_bin(interval '{length}', r.ts, timestamptz '2000-01-01 00:00Z') AS bucket,
               r.interval_s AS seconds, CASE WHEN r.quality & 4096 = 0 THEN r.consumption_kw END AS consumption_kw,
               CASE WHEN r.quality & 4096 = 0 THEN r.production_kw END AS production_kw, r.voltage, r.quality
        FROM smart_meter_readings AS r
        WHERE r.tenant_id = %(tenant)s AND r.meter_id = w.meter_id AND r.ts >= w.first AND r.ts < w.last
          AND r.interval_s {fit}
        ORDER BY bucket
    ) AS readings
    GROUP BY bucket
) AS rolled
"""
# A reading longer than an hour is a mean over every hour that it reaches into. It may begin before the window; its own
# small index finds it.
_LONG: LiteralString = """
        UNION ALL
        SELECT h.bucket,
               extract(epoch FROM least(h.bucket + interval '1 hour', r.ts + make_interval(secs => r.interval_s))
                                  - greatest(h.bucket, r.ts))::integer,
               CASE WHEN r.quality & 4096 = 0 THEN r.consumption_kw END,
               CASE WHEN r.quality & 4096 = 0 THEN r.production_kw END, r.voltage, r.quality
        FROM smart_meter_readings AS r
        CROSS JOIN LATERAL generate_series(
            greatest(w.first, date_bin(interval '1 hour', r.ts, timestamptz '2000-01-01 00:00Z')),
            least(w.last, r.ts + make_interval(secs => r.interval_s)) - interval '1 microsecond', interval '1 hour'
        ) AS h (bucket)
        WHERE r.tenant_id = %(tenant)s AND r.meter_id = w.meter_id AND r.interval_s > 3600 AND r.ts < w.last
          AND r.ts > w.first - interval '400 days' AND r.ts + make_interval(secs => r.interval_s) > w.first
        ORDER BY bucket
"""
_HAS_LONG: LiteralString = """
SELECT EXISTS (SELECT FROM smart_meter_readings
               WHERE tenant_id = %(tenant)s AND meter_id = ANY (%(keys)s::text[]) AND interval_s > 3600)
"""


def _of(statement: LiteralString, table: LiteralString, length: LiteralString, seconds: LiteralString) -> LiteralString:
    fit: LiteralString = "< 900" if seconds == "900" else "<= 3600"
    return (statement.replace("{table}", table).replace("{length}", length).replace("{seconds}", seconds)).replace(
        "{fit}", fit
    )


_QUARTER_HOURS = _of(_FILL, "meter_quarter_hours", "15 minutes", "900")
_HOURS = _of(_FILL, "meter_hours", "1 hour", "3600")
_HOURS_WITH_LONG = _HOURS.replace("        ORDER BY bucket\n", _LONG.removeprefix("\n"))
_EMPTIES = (_of(_EMPTY, "meter_quarter_hours", "", "900"), _of(_EMPTY, "meter_hours", "", "3600"))

_EMPTY_DAYS: LiteralString = """
DELETE FROM meter_days AS t
USING unnest(%(keys)s::text[], %(first_days)s::date[], %(last_days)s::date[]) AS w (meter_id, first, last)
WHERE t.tenant_id = %(tenant)s AND t.meter_id = w.meter_id AND t.day >= w.first AND t.day <= w.last
"""
_DAYS: LiteralString = """
INSERT INTO meter_days (day, covered_s, consumption_kwh, production_kwh, consumption_kw_max, production_kw_max,
                        voltage_min, voltage_max, voltage_mean, tenant_id, expected_s, quality, values, meter_id)
SELECT day, covered_s, consumption_kwh, production_kwh, consumption_kw_max, production_kw_max, voltage_min, voltage_max,
       voltage_mean, %(tenant)s, expected_s,
       flags | (ARRAY[0, 2, 1, 3])[worst] | CASE WHEN covered_s < expected_s THEN 524288 ELSE 0 END, values, meter_id
FROM (
    SELECT meter_id, day, sum(covered_s) AS covered_s, sum(consumption_kwh) AS consumption_kwh,
           sum(production_kwh) AS production_kwh, max(consumption_kw_max) AS consumption_kw_max,
           max(production_kw_max) AS production_kw_max, min(voltage_min) AS voltage_min,
           max(voltage_max) AS voltage_max,
           sum(voltage_mean * values) / sum(CASE WHEN voltage_mean IS NOT NULL THEN values END) AS voltage_mean,
           bit_or(quality & ~(127 | 524288)) AS flags,
           max(CASE quality & 7 WHEN 0 THEN 1 WHEN 2 THEN 2 WHEN 1 THEN 3 ELSE 4 END) AS worst, sum(values) AS values,
           extract(epoch FROM (day + 1)::timestamp AT TIME ZONE 'Europe/Berlin'
                              - day::timestamp AT TIME ZONE 'Europe/Berlin')::integer AS expected_s
    FROM (
        SELECT h.*, (h.ts AT TIME ZONE 'Europe/Berlin')::date AS day
        FROM unnest(%(keys)s::text[], %(first_days)s::date[], %(last_days)s::date[]) AS w (meter_id, first, last)
        JOIN meter_hours AS h
        ON h.tenant_id = %(tenant)s AND h.meter_id = w.meter_id
           AND h.ts >= w.first::timestamp AT TIME ZONE 'Europe/Berlin'
           AND h.ts < (w.last + 1)::timestamp AT TIME ZONE 'Europe/Berlin'
    ) AS hours
    GROUP BY meter_id, day
) AS rolled
"""


def roll_up(connection: Connection, tenant: UUID, windows: Sequence[Window]) -> None:
    """Compute the rollups of the meters' windows anew, in one transaction."""
    spans = merged(windows)
    with connection.transaction():
        for begin in range(0, len(spans), WINDOWS_AT_ONCE):
            part = spans[begin : begin + WINDOWS_AT_ONCE]
            values: dict[str, object] = {
                "tenant": tenant,
                "keys": [one.key[0] for one in part],
                "begins": [one.begin for one in part],
                "ends": [one.end for one in part],
            }
            for statement in _EMPTIES:
                connection.execute(statement, values)
            connection.execute(_QUARTER_HOURS, values)
            row = connection.execute(_HAS_LONG, values).fetchone()
            connection.execute(_HOURS_WITH_LONG if row and row[0] else _HOURS, values)
        days = berlin_days(spans)
        for begin in range(0, len(days), WINDOWS_AT_ONCE):
            part = days[begin : begin + WINDOWS_AT_ONCE]
            values = {
                "tenant": tenant,
                "keys": [key[0] for key, _, _ in part],
                "first_days": [first for _, first, _ in part],
                "last_days": [last for _, _, last in part],
            }
            connection.execute(_EMPTY_DAYS, values)
            connection.execute(_DAYS, values)
        seal_chunks(connection)


def seal_chunks(connection: Connection) -> None:
    """Take from new chunks of hypertables the rights that they copied; in the transaction that made them."""
    connection.execute("SELECT luna_seal_chunks()")


def berlin_days(windows: Sequence[Window]) -> list[tuple[tuple[str, ...], dt.date, dt.date]]:
    """First and last local day of each span of `windows` (sorted by key and time), spans that share a day joined."""
    days: list[tuple[tuple[str, ...], dt.date, dt.date]] = []
    for one in windows:
        first = one.begin.astimezone(BERLIN).date()
        last = (one.end - dt.timedelta(seconds=1)).astimezone(BERLIN).date()
        if days and days[-1][0] == one.key and days[-1][2] >= first:
            days[-1] = (one.key, days[-1][1], max(last, days[-1][2]))
        else:
            days.append((one.key, first, last))
    return days


# -- prices ------------------------------------------------------------------------------------------------------------

_EMPTY_PRICES: LiteralString = """
WITH gone AS (
    DELETE FROM market_days AS t
    USING unnest(%(markets)s::text[], %(products)s::text[], %(first_days)s::date[], %(last_days)s::date[])
          AS w (market, product, first, last)
    WHERE t.market = w.market AND t.product = w.product AND t.day >= w.first AND t.day <= w.last
)
DELETE FROM market_hours AS t
USING unnest(%(markets)s::text[], %(products)s::text[], %(first_days)s::date[], %(last_days)s::date[])
      AS w (market, product, first, last)
WHERE t.market = w.market AND t.product = w.product AND t.ts >= w.first::timestamp AT TIME ZONE 'Europe/Berlin'
      AND t.ts < (w.last + 1)::timestamp AT TIME ZONE 'Europe/Berlin'
"""
# Means are taken in decimal: binary ones leave 1e-17 where four quarters cancel out, which would count as negative.
_MARKET_HOURS: LiteralString = """
INSERT INTO market_hours (market, product, ts, price_eur_mwh, price_min, price_max, volume, values, expected_values)
SELECT p.market, p.product, date_bin(interval '1 hour', p.ts, timestamptz '2000-01-01 00:00Z'),
       avg(p.price_eur_mwh::numeric)::float8, min(p.price_eur_mwh), max(p.price_eur_mwh), sum(p.volume), count(*),
       3600 / m.interval_s
FROM unnest(%(markets)s::text[], %(products)s::text[], %(first_days)s::date[], %(last_days)s::date[])
     AS w (market, product, first, last)
JOIN market_products AS m ON m.market = w.market AND m.product = w.product AND m.interval_s <= 3600
JOIN market_prices AS p
ON p.market = w.market AND p.product = w.product AND p.ts >= w.first::timestamp AT TIME ZONE 'Europe/Berlin'
   AND p.ts < (w.last + 1)::timestamp AT TIME ZONE 'Europe/Berlin'
GROUP BY 1, 2, 3, m.interval_s
"""
_MARKET_DAYS: LiteralString = """
INSERT INTO market_days (market, product, day, base, peak, price_min, price_max, negative_quarter_hours, negative_hours,
                         volume, values, expected_values)
SELECT q.market, q.product, q.day, avg(q.price)::float8,
       avg(q.price) FILTER (
           WHERE extract(isodow FROM q.day) <= 5 AND q.local >= time '08:00' AND q.local < time '20:00')::float8,
       min(q.least), max(q.greatest),
       CASE WHEN q.interval_s <= 900 THEN count(*) FILTER (WHERE q.price < 0) END,
       CASE WHEN q.interval_s <= 3600 THEN (
           SELECT count(*) FROM market_hours AS h
           WHERE h.market = q.market AND h.product = q.product AND h.price_eur_mwh < 0
             AND h.ts >= q.day::timestamp AT TIME ZONE 'Europe/Berlin'
             AND h.ts < (q.day + 1)::timestamp AT TIME ZONE 'Europe/Berlin') END,
       sum(q.volume), sum(q.values),
       greatest(1, extract(epoch FROM (q.day + 1)::timestamp AT TIME ZONE 'Europe/Berlin'
                                      - q.day::timestamp AT TIME ZONE 'Europe/Berlin')::integer / q.interval_s)
FROM (
    SELECT p.market, p.product, m.interval_s, (b.bucket AT TIME ZONE 'Europe/Berlin')::date AS day,
           (b.bucket AT TIME ZONE 'Europe/Berlin')::time AS local, avg(p.price_eur_mwh::numeric) AS price,
           min(p.price_eur_mwh) AS least, max(p.price_eur_mwh) AS greatest, sum(p.volume) AS volume, count(*) AS values
    FROM unnest(%(markets)s::text[], %(products)s::text[], %(first_days)s::date[], %(last_days)s::date[])
         AS w (market, product, first, last)
    JOIN market_products AS m ON m.market = w.market AND m.product = w.product
    JOIN market_prices AS p
    ON p.market = w.market AND p.product = w.product AND p.ts >= w.first::timestamp AT TIME ZONE 'Europe/Berlin'
       AND p.ts < (w.last + 1)::timestamp AT TIME ZONE 'Europe/Berlin'
    CROSS JOIN LATERAL (SELECT date_bin(interval '15 minutes', p.ts, timestamptz '2000-01-01 00:00Z') AS bucket) AS b
    GROUP BY p.market, p.product, m.interval_s, b.bucket
) AS q
GROUP BY q.market, q.product, q.day, q.interval_s
"""


def roll_up_prices(connection: Connection, windows: Sequence[Window]) -> None:
    """Compute market hours and days of the products' windows anew, in one transaction."""
    days = berlin_days(merged(windows))
    with connection.transaction():
        for begin in range(0, len(days), WINDOWS_AT_ONCE):
            part = days[begin : begin + WINDOWS_AT_ONCE]
            values: dict[str, object] = {
                "markets": [key[0] for key, _, _ in part],
                "products": [key[1] for key, _, _ in part],
                "first_days": [first for _, first, _ in part],
                "last_days": [last for _, _, last in part],
            }
            for statement in (_EMPTY_PRICES, _MARKET_HOURS, _MARKET_DAYS):
                connection.execute(statement, values)
