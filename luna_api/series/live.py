"""Live values as server-sent events: what has come since the last look, once a second, until the reader goes away."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime
from time import monotonic
from typing import Any, Final

import msgspec
import psycopg
import structlog
from litestar.response import Stream
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout

from luna_api.accounts.principal import Principal
from luna_api.answers.stream import HEADERS, MEDIA_TYPE, event
from luna_api.context import AppContext
from luna_api.errors import ApiError, invalid
from luna_api.series.service import meters_by_id, unknown_meter, unknown_product

LOOK_S: Final = 1.0
HEARTBEAT_S: Final = 10.0
MOST_STREAMS: Final = 200
_AT_ONCE: Final = 1_000
_FAULTS_BORNE: Final = 30
_HEARTBEAT: Final = b": noch nichts Neues\n\n"
_READINGS = """
SELECT meter_id, ts, interval_s, consumption_kw, production_kw, voltage, quality FROM smart_meter_readings
WHERE meter_id = %s AND ts > %s ORDER BY ts LIMIT %s
"""
_LAST_READINGS = """
SELECT * FROM (SELECT meter_id, ts, interval_s, consumption_kw, production_kw, voltage, quality
    FROM smart_meter_readings WHERE meter_id = %s ORDER BY ts DESC LIMIT %s) AS latest ORDER BY ts
"""
_PRICES = """
SELECT market, product, ts, price_eur_mwh, volume FROM market_prices
WHERE market = %s AND product = %s AND ts > %s ORDER BY ts LIMIT %s
"""
_LAST_PRICES = """
SELECT * FROM (SELECT market, product, ts, price_eur_mwh, volume FROM market_prices
    WHERE market = %s AND product = %s ORDER BY ts DESC LIMIT %s) AS latest ORDER BY ts
"""


class LiveReading(msgspec.Struct, kw_only=True):
    """Data of the event `reading`; `ts` in milliseconds UTC, start of the interval."""

    meter_id: str
    ts: int
    interval_s: int
    consumption_kw: float | None
    production_kw: float | None
    voltage: float | None
    quality: int


class LivePrice(msgspec.Struct, kw_only=True):
    """Data of the event `price`; `ts` in milliseconds UTC, start of delivery."""

    market: str
    product: str
    ts: int
    price_eur_mwh: float
    volume: float | None


Row = dict[str, Any]
_open_streams = 0


async def readings(context: AppContext, principal: Principal, meter_id: str, last: int) -> Any:
    """The stream of a meter's values, beginning with the latest `last` ones. Raises 404, and 400 for a virtual one."""
    async with context.database.transaction(principal.tenant_id) as sql:
        meter = (await meters_by_id(sql, [meter_id])).get(meter_id)
    if meter is None:
        raise unknown_meter(meter_id)
    if meter["formula"] is not None:
        raise invalid("meter_id", "ist ein virtueller Zähler; live gibt es nur die Zähler, aus denen er besteht")
    return _stream(
        context,
        principal,
        "reading",
        _live_reading,
        (_LAST_READINGS, (meter_id,)),
        (_READINGS, (meter_id,)),
        last,
    )


async def prices(context: AppContext, principal: Principal, market: str, product: str, last: int) -> Any:
    """The stream of a product's prices, likewise. Raises 404."""
    async with context.database.transaction(principal.tenant_id) as sql:
        rows = await (await sql.execute("SELECT market, product FROM market_products ORDER BY 1, 2")).fetchall()
    if (market, product) not in rows:
        raise unknown_product(market, product, [f"{row[0]}/{row[1]}" for row in rows])
    return _stream(
        context,
        principal,
        "price",
        _live_price,
        (_LAST_PRICES, (market, product)),
        (_PRICES, (market, product)),
        last,
    )


def _live_reading(row: Row) -> LiveReading:
    return msgspec.convert(row | {"ts": _milliseconds(row["ts"])}, LiveReading)


def _live_price(row: Row) -> LivePrice:
    return msgspec.convert(row | {"ts": _milliseconds(row["ts"])}, LivePrice)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


Query = tuple[Any, tuple[object, ...]]


def _stream(
    context: AppContext,
    principal: Principal,
    name: str,
    shown: Callable[[Row], msgspec.Struct],
    first: Query,
    following: Query,
    last: int,
) -> Any:
    if _open_streams >= MOST_STREAMS:
        message = "Gerade lesen schon sehr viele live mit. Bitte in einer Minute noch einmal."
        raise ApiError(503, message, data={"part": "api"}, headers={"Retry-After": "60"})
    return Stream(
        _events(context, principal, name, shown, first, following, last), media_type=MEDIA_TYPE, headers=HEADERS
    )


async def _events(
    context: AppContext,
    principal: Principal,
    name: str,
    shown: Callable[[Row], msgspec.Struct],
    first: Query,
    following: Query,
    last: int,
) -> AsyncGenerator[bytes]:
    global _open_streams
    _open_streams += 1
    try:
        seen: datetime | None = None
        said, faults = monotonic(), 0
        yield _HEARTBEAT
        while faults < _FAULTS_BORNE:
            query, values = following if seen is not None else first
            bound = (*values, seen, _AT_ONCE) if seen is not None else (*values, last)
            try:
                rows = await _rows(context, principal, query, bound)
                faults = 0
            except (psycopg.Error, PoolTimeout) as fault:
                faults += 1
                structlog.get_logger("luna_api.series").warning("live_not_read", fault=type(fault).__name__)
                rows = []
            for row in rows:
                seen = row["ts"]
                said = monotonic()
                yield event(name, shown(row))
            if monotonic() - said >= HEARTBEAT_S:
                said = monotonic()
                yield _HEARTBEAT
            if len(rows) < _AT_ONCE:
                await asyncio.sleep(LOOK_S)
    finally:
        _open_streams -= 1


async def _rows(context: AppContext, principal: Principal, query: Any, values: Sequence[object]) -> list[Row]:
    transaction = context.database.transaction(principal.tenant_id)
    async with transaction as sql, sql.cursor(row_factory=dict_row, binary=True) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()
