"""Series through the real API over a real database: reading, files, aggregates, answers and their receipts."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import numpy as np
import polars as pl
import psycopg
import pytest

from resources.database import DEFAULT_TENANT, worker_connection
from resources.series.writer import write_prices, write_readings
from tests.conftest import SHARED, Database
from tests.integration.api.conftest import Api, serve

YEAR_BEGIN = datetime(2024, 12, 31, 23, tzinfo=UTC)
"""1 January 2025, 0 o'clock in Berlin."""


def done_import(connection: psycopg.Connection[tuple[object, ...]], target: str, tenant: UUID | None) -> UUID:
    """A finished import, as the queue leaves one."""
    row = connection.execute(
        "INSERT INTO imports (tenant_id, target, status, stage, finished_at) VALUES (%s, %s, 'done', 'done', now())"
        " RETURNING id",
        (tenant, target),
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def readings(meter: str, begin: datetime, values: list[float | None], *, interval_s: int = 900) -> pl.DataFrame:
    """A frame of consumption; None leaves the interval out."""
    kept = [(at, value) for at, value in enumerate(values) if value is not None]
    return pl.DataFrame(
        {
            "meter_id": [meter] * len(kept),
            "ts": [begin + timedelta(seconds=interval_s * at) for at, _ in kept],
            "interval_s": [interval_s] * len(kept),
            "consumption_kw": [value for _, value in kept],
            "production_kw": [None] * len(kept),
            "voltage": [230.0] * len(kept),
            "quality": [0] * len(kept),
        },
        schema={
            "meter_id": pl.String(), "ts": pl.Datetime("us", "UTC"), "interval_s": pl.Int32(),
            "consumption_kw": pl.Float64(), "production_kw": pl.Float64(), "voltage": pl.Float64(),
            "quality": pl.Int32(),
        },
    )  # fmt: skip


def write(database: Database, frame: pl.DataFrame, tenant: UUID = DEFAULT_TENANT) -> UUID:
    """Register the meters of a frame and write it as a finished import."""
    with database.owner() as owner:
        for meter in frame["meter_id"].unique().sort():
            owner.execute(
                "INSERT INTO meters (tenant_id, meter_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", (tenant, meter)
            )
        import_id = done_import(owner, "smart_meter_readings", tenant)
    with worker_connection(database.urls.worker) as worker:
        write_readings(worker, tenant, import_id, frame)
    with database.owner() as owner:
        owner.execute("UPDATE imports SET finished_at = now() WHERE id = %s", (import_id,))
        owner.execute(
            "UPDATE reading_revisions SET valid_until = now() WHERE replaced_by = %s AND valid_until IS NULL",
            (import_id,),
        )
    return import_id


@pytest.fixture(scope="module")
def world(module_database: Database) -> Iterator[Api]:
    """The API over a year of one meter, and the real prices where this machine has them."""
    generator = np.random.default_rng(7)
    values: list[float | None] = [round(float(v), 3) for v in generator.uniform(0.2, 2.0, 35_040)]
    values[1_000] = 11.25
    for gap in range(5_000, 5_012):
        values[gap] = None
    write(module_database, readings("haus-1", YEAR_BEGIN, values))
    prices = SHARED / "data" / "prices" / "de_lu_day_ahead_2020-2024.parquet"
    if prices.is_file():
        frame = pl.read_parquet(prices).select(
            pl.lit("EPEX").alias("market"),
            pl.lit("DE-LU-60MIN").alias("product"),
            pl.col("ts_utc").cast(pl.Datetime("us", "UTC")).alias("ts"),
            pl.col("price_eur_mwh").cast(pl.Float64()),
            pl.lit(None, dtype=pl.Float64()).alias("volume"),
        )
        with module_database.owner() as owner:
            import_id = done_import(owner, "market_prices", None)
        with worker_connection(module_database.urls.worker) as worker:
            write_prices(worker, import_id, frame)
        with module_database.owner() as owner:
            owner.execute("UPDATE imports SET finished_at = now() WHERE id = %s", (import_id,))
    with serve(module_database, module_database.settings.home) as running:
        yield running


@pytest.fixture
def user(world: Api) -> httpx.Client:
    return world.user()


def get(client: httpx.Client, path: str, **params: object) -> httpx.Response:
    return client.get(path, params={name: str(value) for name, value in params.items()})


def data(response: httpx.Response) -> dict[str, object]:
    assert response.status_code == 200, response.text[:500]
    found = response.json()["data"]
    assert isinstance(found, dict)
    return found
