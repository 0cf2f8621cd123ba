"""A site with known values and the real prices, for questions whose answers are computed beside, over the same frames.

Two years of a house with gaps, substitutes and high voltage in places, one of an hourly meter, two of a plant.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from resources.database import DEFAULT_TENANT, worker_connection
from resources.series.writer import write_prices, write_readings
from tests.conftest import SHARED, Database
from tests.integration.api.conftest import Api, serve

PRICES = SHARED / "data" / "prices" / "de_lu_day_ahead_2020-2024.parquet"
BERLIN = ZoneInfo("Europe/Berlin")
SUBSTITUTED = 1 | 1 << 3


@dataclass(frozen=True, slots=True)
class World:
    """The API and the frames that it was filled from; `local` is the wall clock of Berlin."""

    api: Api
    prices: pl.DataFrame
    meters: dict[str, pl.DataFrame]


def _frame(meter: str, first: date, last: date, interval_s: int, seed: int, *, plant: bool) -> pl.DataFrame:
    begin, end = (datetime.combine(day, time(), BERLIN).astimezone(UTC) for day in (first, last))
    rows = int((end - begin).total_seconds()) // interval_s
    generator = np.random.default_rng(seed)
    step = np.timedelta64(interval_s, "s")
    ts = pl.Series("ts", np.datetime64(begin.replace(tzinfo=None), "us") + np.arange(rows) * step)
    frame = pl.DataFrame({"meter_id": pl.Series([meter] * rows), "ts": ts.dt.replace_time_zone("UTC")}).with_columns(
        pl.lit(interval_s, pl.Int32).alias("interval_s"),
        pl.Series("power", generator.uniform(0.1, 3, rows).round(3)),
        pl.Series("voltage", generator.uniform(224, 238, rows).round(1)),
        pl.lit(0, pl.Int32).alias("quality"),
    )
    local = pl.col("ts").dt.convert_time_zone("Europe/Berlin")
    frame = frame.with_columns(local.alias("local"))
    power = pl.col("power")
    if plant:
        hour = pl.col("local").dt.hour() + pl.col("local").dt.minute() / 60
        sun = (((hour - 6) / 14) * np.pi).sin().clip(0, 1)
        power = pl.when(hour.is_between(6, 20)).then((sun * power * 2).round(3)).otherwise(0.0)
    return frame.with_columns(power.alias("power"))


def meter_frames() -> dict[str, pl.DataFrame]:
    """The values of all meters, by id."""
    day = pl.col("local").dt.date()
    house = _frame("haus-1", date(2023, 1, 1), date(2025, 1, 1), 900, 1, plant=False)
    gap = (day == date(2024, 3, 10)) & pl.col("local").dt.hour().is_in([6, 7])
    replaced = (day == date(2024, 5, 5)) & pl.col("local").dt.hour().is_in([10, 11, 12])
    peak = (day == date(2024, 12, 12)) & (pl.col("local").dt.hour() == 17)
    house = house.filter(~gap).with_columns(
        pl.when(replaced).then(pl.lit(SUBSTITUTED, pl.Int32)).otherwise(pl.col("quality")).alias("quality"),
        pl.when(peak).then(pl.lit(9.75)).otherwise(pl.col("power")).alias("power"),
        pl.when(pl.col("local").dt.strftime("%Y-%m-%d %H:%M").is_in(["2024-06-09 12:00", "2024-06-09 12:15"]))
        .then(pl.lit(254.2))
        .otherwise(pl.col("voltage"))
        .alias("voltage"),
    )
    return {
        "haus-1": house,
        "haus-2": _frame("haus-2", date(2024, 1, 1), date(2025, 1, 1), 3600, 2, plant=False),
        "pv-1": _frame("pv-1", date(2023, 1, 1), date(2025, 1, 1), 900, 3, plant=True),
    }


def _written(meter: str, frame: pl.DataFrame) -> pl.DataFrame:
    none = pl.lit(None, pl.Float64)
    plant = meter.startswith("pv")
    return frame.select(
        "meter_id", "ts", "interval_s",
        (none if plant else pl.col("power")).alias("consumption_kw"),
        (pl.col("power") if plant else none).alias("production_kw"),
        (none if plant else pl.col("voltage")).alias("voltage"),
        "quality",
    )  # fmt: skip


@contextmanager
def filled(database: Database) -> Generator[World]:
    """The API over the site and the real prices."""
    prices = pl.read_parquet(PRICES).select(
        pl.col("ts_utc").cast(pl.Datetime("us", "UTC")).alias("ts"), pl.col("price_eur_mwh").alias("price")
    )
    frame = prices.select(
        pl.lit("EPEX").alias("market"),
        pl.lit("DE-LU-60MIN").alias("product"),
        "ts",
        pl.col("price").alias("price_eur_mwh"),
        pl.lit(None, pl.Float64).alias("volume"),
    )
    meters = meter_frames()
    with database.owner() as owner:
        for meter in meters:
            kind = "production" if meter.startswith("pv") else "consumption"
            owner.execute(
                "INSERT INTO meters (tenant_id, meter_id, kind) VALUES (%s, %s, %s)", (DEFAULT_TENANT, meter, kind)
            )
    with worker_connection(database.urls.worker) as worker:
        write_prices(worker, None, frame)
        for meter, values in meters.items():
            write_readings(worker, DEFAULT_TENANT, None, _written(meter, values))
    prices = prices.with_columns(pl.col("ts").dt.convert_time_zone("Europe/Berlin").alias("local"))
    with serve(database, database.settings.home) as running:
        yield World(running, prices, meters)


def add_meter(world: World, meter: str, frame: pl.DataFrame, tenant: str) -> None:
    """A meter of another tenant with the values of `frame`."""
    database = world.api.database
    found = _tenant(database, tenant)
    with database.owner() as owner:
        owner.execute("INSERT INTO meters (tenant_id, meter_id) VALUES (%s, %s)", (found, meter))
    with worker_connection(database.urls.worker) as worker:
        write_readings(worker, found, None, _written(meter, frame))


def write_correction(world: World, frame: pl.DataFrame, tenant: str) -> None:
    """Other values for intervals that are there, as a finished import of that tenant."""
    database = world.api.database
    found = _tenant(database, tenant)
    with database.owner() as owner:
        row = owner.execute(
            "INSERT INTO imports (tenant_id, target, status, stage) VALUES (%s, 'smart_meter_readings', 'processing',"
            " 'loading') RETURNING id",
            (found,),
        ).fetchone()
    assert row is not None
    with worker_connection(database.urls.worker) as worker:
        write_readings(worker, found, UUID(str(row[0])), _written(frame["meter_id"][0], frame))
    with database.owner() as owner:
        owner.execute("UPDATE imports SET status = 'done', stage = 'done', finished_at = now() WHERE id = %s", row)


def _tenant(database: Database, name: str) -> UUID:
    with database.owner() as owner:
        row = owner.execute("SELECT id FROM tenants WHERE name = %s", (name,)).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def write_market(world: World, product: str, prices: list[tuple[datetime, float]]) -> None:
    """Real prices of another product."""
    frame = pl.DataFrame(
        {
            "market": ["EPEX"] * len(prices),
            "product": [product] * len(prices),
            "ts": [moment for moment, _ in prices],
            "price_eur_mwh": [price for _, price in prices],
            "volume": [None] * len(prices),
        },
        schema={
            "market": pl.String(), "product": pl.String(), "ts": pl.Datetime("us", "UTC"),
            "price_eur_mwh": pl.Float64(), "volume": pl.Float64(),
        },
    )  # fmt: skip
    with worker_connection(world.api.database.urls.worker) as worker:
        write_prices(worker, None, frame)
