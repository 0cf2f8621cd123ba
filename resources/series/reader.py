"""Reads series as columns, for answers and charts: one round trip, no object for each value."""

from __future__ import annotations

from datetime import datetime
from typing import Final, LiteralString

import numpy as np
from numpy.typing import NDArray

from resources.database import AsyncConnection
from resources.series.arrays import fetch_arrays
from resources.series.gaps import Filled, FilledDays
from resources.series.model import PriceColumns, Resolution, SeriesColumns

MISSING: Final = 4
"""Status FEHLT: the quality of an interval without a value."""
_STEP_S: Final[dict[Resolution, int]] = {"15m": 900, "1h": 3600, "1d": 86_400}

# Interval and quality are the same in nearly all rows of a meter, and every array that PostgreSQL puts together costs:
# so come their bounds, and where they differ the rows that are not as the lower bound says.
_RAW: LiteralString = """
SELECT array_agg(ts), array_agg(coalesce(consumption_kw, 'NaN')), array_agg(coalesce(production_kw, 'NaN')),
       array_agg(coalesce(voltage, 'NaN')), min(interval_s), max(interval_s), min(quality), max(quality)
FROM (SELECT ts, interval_s, consumption_kw, production_kw, voltage, quality FROM smart_meter_readings
      WHERE tenant_id = (SELECT luna_tenant()) AND meter_id = %(meter)s AND ts >= %(begin)s AND ts < %(end)s
      ORDER BY tenant_id, meter_id, ts) AS r
"""
_OTHERS: LiteralString = """
SELECT array_agg(ts), array_agg(interval_s), array_agg(quality)
FROM (SELECT ts, interval_s, quality FROM smart_meter_readings
      WHERE tenant_id = (SELECT luna_tenant()) AND meter_id = %(meter)s AND ts >= %(begin)s AND ts < %(end)s
        AND (interval_s <> %(interval_s)s OR quality <> %(quality)s)
      ORDER BY tenant_id, meter_id, ts) AS r
"""
_ROLLED: LiteralString = """
SELECT array_agg(ts), array_agg(coalesce(consumption_kwh, 'NaN')), array_agg(coalesce(production_kwh, 'NaN')),
       array_agg(coalesce(consumption_kw_max, 'NaN')), array_agg(coalesce(production_kw_max, 'NaN')),
       array_agg(coalesce(voltage_mean, 'NaN')), array_agg(quality), array_agg(covered_s), array_agg(expected_s)
FROM ({rows}) AS r
"""
_HOURS: LiteralString = """
SELECT * FROM meter_hours
WHERE tenant_id = (SELECT luna_tenant()) AND meter_id = %(meter)s AND ts >= %(begin)s AND ts < %(end)s ORDER BY ts
"""
# Finer readings are rolled up to quarter-hours; those of a quarter-hour or longer stand for themselves.
_QUARTER_HOURS: LiteralString = """
SELECT ts, consumption_kwh, production_kwh, consumption_kw_max, production_kw_max, voltage_mean, quality, covered_s,
       expected_s FROM meter_quarter_hours
WHERE tenant_id = (SELECT luna_tenant()) AND meter_id = %(meter)s AND ts >= %(begin)s AND ts < %(end)s
UNION ALL
SELECT ts, consumption_kw * interval_s / 3600, production_kw * interval_s / 3600, consumption_kw, production_kw,
       voltage, quality, interval_s, interval_s FROM smart_meter_readings
WHERE tenant_id = (SELECT luna_tenant()) AND meter_id = %(meter)s AND ts >= %(begin)s AND ts < %(end)s
  AND interval_s >= 900
ORDER BY ts
"""
# A day begins at midnight in Europe/Berlin; asked for is what begins in the range, as with every other resolution.
_DAYS: LiteralString = """
SELECT day::timestamp AT TIME ZONE 'Europe/Berlin' AS ts, * FROM meter_days
WHERE tenant_id = (SELECT luna_tenant()) AND meter_id = %(meter)s
  AND day::timestamp >= %(begin)s AT TIME ZONE 'Europe/Berlin' AND day::timestamp < %(end)s AT TIME ZONE 'Europe/Berlin'
ORDER BY day
"""
_HAS_FINE: LiteralString = """
SELECT EXISTS (SELECT FROM meter_quarter_hours WHERE tenant_id = (SELECT luna_tenant()) AND meter_id = %(meter)s
               AND ts >= %(begin)s AND ts < %(end)s)
"""
_READINGS: Final[dict[Resolution, bytes]] = {
    "raw": _RAW.encode(),
    "15m": _ROLLED.replace("{rows}", _QUARTER_HOURS).encode(),
    "1h": _ROLLED.replace("{rows}", _HOURS).encode(),
    "1d": _ROLLED.replace("{rows}", _DAYS).encode(),
}

_PRICES: LiteralString = """
SELECT array_agg(ts), array_agg(price_eur_mwh), array_agg(coalesce(volume, 'NaN'))
FROM (SELECT ts, price_eur_mwh, volume FROM market_prices
      WHERE market = %(market)s AND product = %(product)s AND ts >= %(begin)s AND ts < %(end)s ORDER BY ts) AS p
"""
_PRICE_QUARTERS: LiteralString = """
SELECT array_agg(ts), array_agg(price_eur_mwh), array_agg(coalesce(volume, 'NaN'))
FROM (SELECT date_bin(interval '15 minutes', ts, timestamptz '2000-01-01 00:00Z') AS ts,
             avg(price_eur_mwh::numeric)::float8 AS price_eur_mwh, sum(volume) AS volume FROM market_prices
      WHERE market = %(market)s AND product = %(product)s AND ts >= %(begin)s AND ts < %(end)s
      GROUP BY 1 ORDER BY 1) AS p
"""
_PRICE_HOURS: LiteralString = """
SELECT array_agg(ts), array_agg(price_eur_mwh), array_agg(coalesce(volume, 'NaN')), array_agg(price_min),
       array_agg(price_max)
FROM (SELECT * FROM market_hours
      WHERE market = %(market)s AND product = %(product)s AND ts >= %(begin)s AND ts < %(end)s ORDER BY ts) AS p
"""
_PRICE_DAYS: LiteralString = """
SELECT array_agg(day::timestamp AT TIME ZONE 'Europe/Berlin'), array_agg(base), array_agg(coalesce(volume, 'NaN')),
       array_agg(price_min), array_agg(price_max), array_agg(coalesce(peak, 'NaN')),
       array_agg(coalesce(negative_quarter_hours::float8, 'NaN')), array_agg(coalesce(negative_hours::float8, 'NaN'))
FROM (SELECT * FROM market_days
      WHERE market = %(market)s AND product = %(product)s
        AND day::timestamp >= %(begin)s AT TIME ZONE 'Europe/Berlin'
        AND day::timestamp < %(end)s AT TIME ZONE 'Europe/Berlin' ORDER BY day) AS p
"""
_INTERVAL: LiteralString = "SELECT interval_s FROM market_products WHERE market = %(market)s AND product = %(product)s"


async def read_readings(
    connection: AsyncConnection, meter_id: str, begin: datetime, end: datetime, resolution: Resolution
) -> SeriesColumns:
    """A meter's series with start in [begin, end); the tenant is the transaction's. A gap between values is NaN.

    `15m` of a meter that is read every quarter-hour or less often gives its raw values.
    """
    values: dict[str, object] = {"meter": meter_id, "begin": begin, "end": end}
    if resolution == "15m" and not (await fetch_arrays(connection, _HAS_FINE.encode(), values))[0]:
        resolution = "raw"
    columns = await fetch_arrays(connection, _READINGS[resolution], values)
    if resolution == "raw":
        ts = _int64(columns[0])
        consumption, production, voltage = (_float64(one) for one in columns[1:4])
        interval_s, quality = await _intervals_and_quality(connection, values, ts, columns[4:8])
        fill = Filled(ts, interval_s)
        return SeriesColumns(
            resolution, fill.ts, fill.interval_s, fill.floats(consumption), fill.floats(production),
            fill.floats(voltage), fill.ints(quality, MISSING),
        )  # fmt: skip
    ts, quality, covered, expected = _int64(columns[0]), *(_int32(one) for one in columns[6:9])
    energies = [_float64(one) for one in columns[1:6]]
    fill = FilledDays(ts) if resolution == "1d" else Filled(ts, expected)
    used, made, used_max, made_max, voltage = (fill.floats(one) for one in energies)
    covered_s = fill.ints(covered, 0)
    # The mean power is one over the time for which there are values; the uncovered time is told beside.
    hours = np.where(covered_s > 0, covered_s, np.nan) / 3600
    return SeriesColumns(
        resolution, fill.ts, fill.interval_s, used / hours, made / hours, voltage, fill.ints(quality, MISSING),
        consumption_kwh=used, production_kwh=made, consumption_kw_max=used_max, production_kw_max=made_max,
        covered_s=covered_s, expected_s=fill.interval_s,
    )  # fmt: skip


async def read_prices(
    connection: AsyncConnection, market: str, product: str, begin: datetime, end: datetime, resolution: Resolution
) -> PriceColumns:
    """A product's prices with start in [begin, end); a gap between prices is NaN.

    A resolution finer than the product gives the product's own.
    """
    values: dict[str, object] = {"market": market, "product": product, "begin": begin, "end": end}
    found = await fetch_arrays(connection, _INTERVAL.encode(), values)
    own_s = int(str(found[0])) if found else 900
    if resolution != "raw" and own_s >= _STEP_S[resolution] and resolution != "1d":
        resolution = "raw"
    query = {"raw": _PRICES, "15m": _PRICE_QUARTERS, "1h": _PRICE_HOURS, "1d": _PRICE_DAYS}[resolution]
    columns = await fetch_arrays(connection, query.encode(), values)
    ts = _int64(columns[0])
    day_long = resolution == "1d" or own_s >= 86_400
    if day_long:
        fill: Filled = FilledDays(ts)
    else:
        fill = Filled(ts, np.full(len(ts), _STEP_S.get(resolution, own_s), dtype=np.int32))
    floats = [fill.floats(_float64(one)) for one in columns[1:]]
    price, volume = floats[:2]
    low, high, peak, negative_quarters, negative_hours = [*floats[2:], *[None] * (7 - len(floats))]
    return PriceColumns(
        resolution, fill.ts, fill.interval_s, price, volume, low, high, peak, negative_quarters, negative_hours
    )


async def _intervals_and_quality(
    connection: AsyncConnection, values: dict[str, object], ts: NDArray[np.int64], bounds: list[object]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Both columns, from the least and greatest of each and the rows that have not the least."""
    if not len(ts):
        return _int32(None), _int32(None)
    least_s, most_s, least, most = (int(str(bound)) for bound in bounds)
    interval_s, quality = np.full(len(ts), least_s, dtype=np.int32), np.full(len(ts), least, dtype=np.int32)
    if (least_s, least) != (most_s, most):
        usual: dict[str, object] = {"interval_s": least_s, "quality": least}
        others = await fetch_arrays(connection, _OTHERS.encode(), values | usual)
        times = _int64(others[0])
        places = np.minimum(np.searchsorted(ts, times), len(ts) - 1)
        # A row that came between the two looks has no place in what the first one saw.
        seen = ts[places] == times
        interval_s[places[seen]] = _int32(others[1])[seen]
        quality[places[seen]] = _int32(others[2])[seen]
    return interval_s, quality


def _int64(column: object) -> NDArray[np.int64]:
    return column if isinstance(column, np.ndarray) else np.empty(0, dtype=np.int64)


def _int32(column: object) -> NDArray[np.int32]:
    return column if isinstance(column, np.ndarray) else np.empty(0, dtype=np.int32)


def _float64(column: object) -> NDArray[np.float64]:
    return column if isinstance(column, np.ndarray) else np.empty(0)
