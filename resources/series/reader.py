"""Reads series as columns, for answers and charts. One round trip for each call."""

from __future__ import annotations

from datetime import datetime

from resources.database import AsyncConnection
from resources.series.model import PriceColumns, Resolution, SeriesColumns


async def read_readings(
    connection: AsyncConnection, meter_id: str, begin: datetime, end: datetime, resolution: Resolution
) -> SeriesColumns:
    """A meter's series with start in [begin, end); the tenant is the transaction's. No row: gaps, outside: nothing.

    `15m` of a meter that is read every quarter-hour or less often gives its raw values.
    """
    raise NotImplementedError


async def read_prices(
    connection: AsyncConnection, market: str, product: str, begin: datetime, end: datetime, resolution: Resolution
) -> PriceColumns:
    """A product's prices with start in [begin, end)."""
    raise NotImplementedError
