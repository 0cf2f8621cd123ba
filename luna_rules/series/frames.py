"""The typed frames that series travel in, from parser and simulator to validation and writer.

Importing this module imports polars: do so only where frames are made or read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

UTC_TIME: Final = pl.Datetime("us", "UTC")

READING_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "meter_id": pl.String(),
    "ts": UTC_TIME,
    "interval_s": pl.Int32(),
    "consumption_kw": pl.Float64(),
    "production_kw": pl.Float64(),
    "voltage": pl.Float64(),
    "quality": pl.Int32(),
}
"""Readings: `ts` is the start of the interval, powers are means over it in kW, `voltage` in V."""

PRICE_SCHEMA: Final[Mapping[str, pl.DataType]] = {
    "market": pl.String(),
    "product": pl.String(),
    "ts": UTC_TIME,
    "price_eur_mwh": pl.Float64(),
    "volume": pl.Float64(),
}
"""Prices: `ts` is the start of delivery, price in EUR/MWh, `volume` in MWh (null where not published)."""

READING_KEY: Final = ("meter_id", "ts")
PRICE_KEY: Final = ("market", "product", "ts")


class FrameError(ValueError):
    """A frame does not keep the schema; the text names the column and what is wrong with it."""


def check_readings(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame itself if it is a readings frame: columns, types, key without nulls. Raises `FrameError`."""
    return _checked(frame, READING_SCHEMA, READING_KEY)


def check_prices(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame itself if it is a price frame: columns, types, key without nulls. Raises `FrameError`."""
    return _checked(frame, PRICE_SCHEMA, PRICE_KEY)


def empty_readings() -> pl.DataFrame:
    """A readings frame without rows."""
    return pl.DataFrame(schema=dict(READING_SCHEMA))


def empty_prices() -> pl.DataFrame:
    """A price frame without rows."""
    return pl.DataFrame(schema=dict(PRICE_SCHEMA))


def _checked(frame: pl.DataFrame, schema: Mapping[str, pl.DataType], key: tuple[str, ...]) -> pl.DataFrame:
    if list(frame.schema.items()) != list(schema.items()):
        raise FrameError(f"columns are {dict(frame.schema)}, expected {dict(schema)}")
    for column in key:
        if frame[column].null_count():
            raise FrameError(f"{column} holds nulls, but it is part of the key")
    return frame
