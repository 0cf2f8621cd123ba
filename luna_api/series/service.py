"""Reading series for one asker: which meter or product, how fine, since when unchanged; then columns to an answer."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import orjson
from litestar import Response
from psycopg.rows import dict_row

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.envelope import trace_id
from luna_api.errors import ApiError, invalid
from luna_api.items.controller import disposition
from luna_api.series import columns as shaping
from luna_api.series.bounds import BERLIN, Bounds, read_bounds
from luna_api.series.formats import MEDIA_TYPES, FileFormat, file_bytes, file_name
from luna_api.series.schemas import Format, ProductData, Products
from resources.database import AsyncConnection
from resources.series.model import PriceColumns, Resolution, SeriesColumns
from resources.series.reader import read_prices, read_readings

Finest = Literal["raw", "15m", "1h", "1d", "1mo"]
AUTO_ROWS: Final = 40_000
"""`resolution=auto` takes the finest one with at most so many rows: a year of quarter-hours comes as it is."""
AUTO_ROWS_ENVELOPED: Final = 1_100_000
"""Where `points` thins the rows out anyway, it may be two years of minutes."""
MOST_ROWS: Final = 3_200_000
_STEPS: Final[tuple[tuple[Finest, int], ...]] = (("15m", 900), ("1h", 3_600), ("1d", 86_400))
_METER = """
SELECT m.*,
    (SELECT interval_s FROM smart_meter_readings AS r WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id
     ORDER BY ts DESC LIMIT 1) AS interval_s
FROM meters AS m WHERE m.meter_id = ANY(%s)
"""
# Every write rolls its days up, and a row that is written again has another transaction's id.
_METER_STATE = """
SELECT count(*), coalesce(sum(xmin::text::bigint), 0)::text, now() FROM meter_days
WHERE meter_id = ANY(%s) AND day >= %s AND day <= %s
"""
_PRICE_STATE = """
SELECT count(*), coalesce(sum(xmin::text::bigint), 0)::text, now() FROM market_days
WHERE market = %s AND product = %s AND day >= %s AND day <= %s
"""
_PRODUCTS = """
SELECT p.*,
    (SELECT min(ts) FROM market_prices AS m WHERE m.market = p.market AND m.product = p.product) AS first_ts,
    (SELECT max(ts) FROM market_prices AS m WHERE m.market = p.market AND m.product = p.product) AS last_ts
FROM market_products AS p ORDER BY p.market, p.product
"""
METER_EXAMPLE = "meter_id=haus-1 (alle nennt GET /api/v1/meters)"
PRODUCT_EXAMPLE = "market=EPEX&product=DE-LU-60MIN (alle nennt GET /api/v1/data/market/products)"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request for a series asks for besides the series itself."""

    bounds: Bounds
    resolution: str
    format: Format
    points: int | None
    if_none_match: str

    @classmethod
    def read(
        cls, begin: str, end: str, resolution: str, kind: Format, points: int | None, if_none_match: str | None
    ) -> "Asked":
        """The request's fields, checked. Raises 400."""
        return cls(read_bounds(begin, end), resolution, kind, points, if_none_match or "")


def finest(asked: Asked, interval_s: int | None) -> Finest:
    """The resolution that is meant. Raises 400 where it would be more rows than an answer takes."""
    interval = interval_s or 900
    seconds = asked.bounds.seconds
    if asked.resolution == "auto":
        most = AUTO_ROWS_ENVELOPED if asked.points else AUTO_ROWS
        if seconds / interval <= most:
            return "raw"
        for name, step in _STEPS:
            if step >= interval and seconds / step <= most:
                return name
        return "1d"
    step = {"raw": interval, "15m": max(900, min(interval, 3600)), "1h": 3_600}.get(asked.resolution, 86_400)
    if seconds / step > MOST_ROWS:
        raise invalid(
            "resolution",
            f"ergäbe etwa {int(seconds / step):,} Werte; höchstens {MOST_ROWS:,} auf einmal".replace(",", "."),
            "resolution=auto",
        )
    wanted: dict[str, Finest] = {"raw": "raw", "15m": "15m", "1h": "1h", "1d": "1d", "1mo": "1mo"}
    return wanted[asked.resolution]


class SeriesService:
    """Series of one asker's tenant, and the market's."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def smartmeter(self, meter_id: str, asked: Asked) -> Response[Any]:
        """A meter's series as JSON or a file; 304 where it is as the asker has it already."""
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            meter, parts = await self._meter(sql, meter_id)
            ids = [part["meter_id"] for part in parts]
            resolution = finest(asked, max((part["interval_s"] or 0 for part in parts), default=0) or None)
            state = await self._state(sql, _METER_STATE, (ids, *_days(asked.bounds)))
            etag = _etag(asked, resolution, meter, state)
            if etag in asked.if_none_match:
                return _unchanged(etag)
            columns = await self._readings(sql, meter, parts, asked.bounds, resolution)
        columns = shaping.months(columns) if resolution == "1mo" else columns
        rows = len(columns.ts)
        # Of all values, not of those that are left for the picture.
        summary = shaping.quality_summary(columns.quality)
        columns, thinned = shaping.reduced(columns, asked.points)
        named = shaping.arrays(columns)
        simulated = meter["simulated"] or any(part["simulated"] for part in parts)
        if asked.format != "json":
            stem = _marked(meter_id, simulated=simulated)
            return await _file(asked, asked.format, stem, {"meter_id": meter_id}, named, etag)
        head = {
            "meter_id": meter_id,
            "name": meter["name"],
            "timezone": meter["timezone"],
            "simulated": simulated,
            "virtual": meter["formula"] is not None,
            "quality_summary": summary,
        }
        optional = ("consumption_kwh", "production_kwh", "consumption_kw_max", "production_kw_max", "covered_s",
                    "expected_s")  # fmt: skip
        return _json(asked, resolution, state[2], head, named, shaping.UNITS, rows, thinned, etag, optional)

    async def market(self, market: str, product: str, asked: Asked) -> Response[Any]:
        """A product's prices likewise."""
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            row = await self._product(sql, market, product)
            resolution = finest(asked, row["interval_s"])
            state = await self._state(sql, _PRICE_STATE, (market, product, *_days(asked.bounds)))
            etag = _etag(asked, resolution, row, state)
            if etag in asked.if_none_match:
                return _unchanged(etag)
            read: Resolution = "1d" if resolution == "1mo" else resolution
            columns: PriceColumns = await read_prices(sql, market, product, asked.bounds.begin, asked.bounds.end, read)
        columns = shaping.price_months(columns) if resolution == "1mo" else columns
        rows = len(columns.ts)
        summary = shaping.quality_summary(shaping.price_quality(columns.price_eur_mwh))
        columns, thinned = shaping.reduced(columns, asked.points)
        quality = shaping.price_quality(columns.price_eur_mwh)
        named = shaping.arrays(columns)
        if asked.format != "json":
            keys = {"market": market, "product": product}
            stem = _marked(f"{market}_{product}", simulated=row["simulated"])
            return await _file(asked, asked.format, stem, keys, named, etag)
        head = {
            "market": market,
            "product": product,
            "description": row["description"],
            "source": row["source"],
            "licence": row["licence"],
            "timezone": "Europe/Berlin",
            "simulated": row["simulated"],
            "quality_summary": summary,
            "quality": quality,
        }
        optional = ("price_min", "price_max", "peak", "negative_quarter_hours", "negative_hours")
        return _json(asked, resolution, state[2], head, named, shaping.PRICE_UNITS, rows, thinned, etag, optional)

    async def products(self) -> Products:
        """All products and how far their prices reach."""
        transaction = self._context.database.transaction(self._principal.tenant_id)
        async with transaction as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_PRODUCTS)
            rows = await cursor.fetchall()
        return Products(
            [
                ProductData(
                    market=row["market"],
                    product=row["product"],
                    interval_s=row["interval_s"],
                    description=row["description"],
                    simulated=row["simulated"],
                    source=row["source"],
                    licence=row["licence"],
                    first_ts=row["first_ts"],
                    last_ts=row["last_ts"],
                )
                for row in rows
            ]
        )

    async def _meter(self, sql: AsyncConnection, meter_id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The meter, and those that it is made of (itself where it is a real one). Raises 404."""
        meter = (await meters_by_id(sql, [meter_id])).get(meter_id)
        if meter is None:
            raise unknown_meter(meter_id)
        if meter["formula"] is None:
            return meter, [meter]
        terms = await meters_by_id(sql, [term["meter_id"] for term in meter["formula"]])
        lost = [term["meter_id"] for term in meter["formula"] if term["meter_id"] not in terms]
        if lost:
            raise ApiError(
                422,
                f"Der virtuelle Zähler „{meter_id}“ rechnet mit „{lost[0]}“, und den gibt es nicht mehr.",
                data={"field": "meter_id", "missing": lost},
            )
        return meter, list(terms.values())

    async def _readings(
        self,
        sql: AsyncConnection,
        meter: Mapping[str, Any],
        parts: Sequence[Mapping[str, Any]],
        bounds: Bounds,
        resolution: Finest,
    ) -> SeriesColumns:
        read: Resolution = "1d" if resolution == "1mo" else resolution
        if meter["formula"] is None:
            return await read_readings(sql, meter["meter_id"], bounds.begin, bounds.end, read)
        if read == "raw" and len({part["interval_s"] for part in parts if part["interval_s"]}) > 1:
            # Terms of different length have no common times finer than this.
            read = "15m" if max(part["interval_s"] or 0 for part in parts) <= 900 else "1h"
        terms = [
            shaping.Part(
                await read_readings(sql, term["meter_id"], bounds.begin, bounds.end, read),
                term.get("series", "consumption_kw"),
                int(term.get("factor", 1)),
            )
            for term in meter["formula"]
        ]
        return shaping.combined(terms)

    async def _state(self, sql: AsyncConnection, query: Any, values: tuple[object, ...]) -> tuple[int, str, datetime]:
        row = await (await sql.execute(query, values)).fetchone()
        return row or (0, "0", datetime.now(UTC))  # type: ignore[return-value]

    async def _product(self, sql: AsyncConnection, market: str, product: str) -> dict[str, Any]:
        async with sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute("SELECT * FROM market_products ORDER BY market, product")
            rows = await cursor.fetchall()
        for row in rows:
            if row["market"] == market and row["product"] == product:
                return row
        raise unknown_product(market, product, [f"{row['market']}/{row['product']}" for row in rows])


def unknown_meter(meter_id: str) -> ApiError:
    """404, whether there is no such meter or it is another tenant's."""
    return ApiError(
        404,
        f"Den Zähler „{meter_id[:100]}“ gibt es nicht.",
        data={"field": "meter_id", "fault": "ist nicht bekannt", "example": METER_EXAMPLE},
    )


def unknown_product(market: str, product: str, known: Sequence[str]) -> ApiError:
    """404 with the products that there are."""
    return ApiError(
        404,
        f"Das Produkt „{product[:40]}“ am Markt „{market[:40]}“ gibt es nicht. Bekannt sind: {', '.join(known)}.",
        data={"field": "product", "fault": "ist nicht bekannt", "example": PRODUCT_EXAMPLE, "known": list(known)},
    )


async def meters_by_id(sql: AsyncConnection, meter_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Rows of the tenant's meters with the length of their latest interval, in the order asked for."""
    async with sql.cursor(row_factory=dict_row, binary=True) as cursor:
        await cursor.execute(_METER, (list(meter_ids),))
        found = {row["meter_id"]: row for row in await cursor.fetchall()}
    return {meter_id: found[meter_id] for meter_id in meter_ids if meter_id in found}


def _days(bounds: Bounds) -> tuple[object, object]:
    first = bounds.begin.astimezone(BERLIN).date()
    last = (bounds.end - timedelta(microseconds=1)).astimezone(BERLIN).date()
    return first, last


def _etag(asked: Asked, resolution: str, row: Mapping[str, Any], state: tuple[int, str, datetime]) -> str:
    bounds = (asked.bounds.begin.isoformat(), asked.bounds.end.isoformat())
    told = json.dumps([bounds, resolution, asked.format, asked.points, state[0], state[1], row], default=str)
    return f'W/"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


def _unchanged(etag: str) -> Response[Any]:
    return Response(None, status_code=304, headers={"ETag": etag, "Cache-Control": "private, no-cache"})


def _json(
    asked: Asked,
    resolution: str,
    as_of: datetime,
    head: Mapping[str, Any],
    named: Mapping[str, Any],
    units: Mapping[str, str],
    rows: int,
    thinned: bool,
    etag: str,
    optional: Sequence[str],
) -> Response[Any]:
    shown = {name: named[name] for name in units if name in named} | {
        name: None for name in optional if name not in named
    }
    if "quality" in named:
        shown["quality"] = named["quality"]
    summary = head["quality_summary"]
    data = {
        **head,
        "resolution": resolution,
        "interval_s": shaping.common_interval(named["interval_s"]),
        "units": shaping.units_of(named, units),
        "from": asked.bounds.begin,
        "to": asked.bounds.end,
        "as_of": as_of,
        "rows": rows,
        "reduced": thinned,
        "quality_summary": {name: getattr(summary, name) for name in summary.__struct_fields__},
        **shown,
    }
    body = {"status": "ok", "message": "", "data": data, "trace_id": trace_id.get()}
    content = orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_UTC_Z)
    return Response(
        content, media_type="application/json", headers={"ETag": etag, "Cache-Control": "private, no-cache"}
    )


def _marked(stem: str, *, simulated: bool) -> str:
    """The beginning of a file's name; columns of prices say nowhere else that they are simulated."""
    return f"{stem}_simuliert" if simulated else stem


async def _file(
    asked: Asked, kind: FileFormat, stem: str, keys: Mapping[str, str], named: Mapping[str, Any], etag: str
) -> Response[Any]:
    content = await asyncio.to_thread(file_bytes, kind, keys, named)
    name = file_name(stem, asked.bounds.begin, asked.bounds.end, kind)
    return Response(
        content,
        media_type=MEDIA_TYPES[kind],
        headers={"ETag": etag, "Cache-Control": "private, no-cache", "Content-Disposition": disposition(name)},
    )
