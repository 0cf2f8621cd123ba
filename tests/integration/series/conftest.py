"""A house with meters: a database, a worker's connection, and frames made from plain tuples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import polars as pl
import pytest

from luna_rules.series.frames import PRICE_SCHEMA, READING_SCHEMA
from resources.database import DEFAULT_TENANT, Connection, worker_connection
from resources.series.model import WriteReport
from resources.series.writer import write_prices, write_readings
from tests.conftest import Database

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)


def readings(
    meter: str,
    values: Sequence[float | None],
    *,
    begin: datetime = BEGIN,
    interval_s: int = 900,
    quality: int = 0,
    production: Sequence[float | None] | None = None,
    voltage: float | None = None,
) -> pl.DataFrame:
    """Values of one meter one after the other; None as a value is a gap: no row."""
    made = production or [None] * len(values)
    rows = [
        (meter, begin + timedelta(seconds=interval_s * place), interval_s, used, made[place], voltage, quality)
        for place, used in enumerate(values)
        if used is not None or made[place] is not None
    ]
    return pl.DataFrame(rows, schema=dict(READING_SCHEMA), orient="row")


def prices(
    market: str, product: str, values: Sequence[float | None], *, begin: datetime = BEGIN, interval_s: int = 3600
) -> pl.DataFrame:
    """Prices of one product one after the other; None is a gap."""
    rows = [
        (market, product, begin + timedelta(seconds=interval_s * place), value, None)
        for place, value in enumerate(values)
        if value is not None
    ]
    return pl.DataFrame(rows, schema=dict(PRICE_SCHEMA), orient="row")


class SeriesHouse:
    """One database, and shortcuts for what the tests do."""

    def __init__(self, database: Database, worker: Connection) -> None:
        self.database = database
        self.worker = worker

    def add_meter(self, *meters: str, tenant: UUID = DEFAULT_TENANT) -> None:
        for meter in meters:
            self.worker.execute(
                "INSERT INTO meters (tenant_id, meter_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", (tenant, meter)
            )

    def add_import(self, target: str = "smart_meter_readings", tenant: UUID | None = DEFAULT_TENANT) -> UUID:
        import_id = uuid4()
        self.worker.execute(
            "INSERT INTO imports (id, tenant_id, target, status, run_id) VALUES (%s, %s, %s, 'processing', 'test')",
            (import_id, None if target == "market_prices" else tenant, target),
        )
        return import_id

    def write(
        self, frame: pl.DataFrame, import_id: UUID | None = None, *, tenant: UUID = DEFAULT_TENANT
    ) -> WriteReport:
        """Write and end the import, as a run does."""
        report = write_readings(self.worker, tenant, import_id, frame)
        if import_id is not None:
            self._end(import_id, sorted(set(frame["meter_id"])), frame)
        return report

    def write_prices(self, frame: pl.DataFrame, import_id: UUID | None = None) -> WriteReport:
        report = write_prices(self.worker, import_id, frame)
        if import_id is not None:
            series = sorted({f"{market}/{product}" for market, product in frame.select("market", "product").rows()})
            self._end(import_id, series, frame)
        return report

    def _end(self, import_id: UUID, series: list[str], frame: pl.DataFrame) -> None:
        from resources.series import imports

        first, last = frame["ts"].min(), frame["ts"].max()
        assert isinstance(first, datetime)
        assert isinstance(last, datetime)
        imports.announce(self.worker, import_id, "test", series, first, last)
        assert imports.finish(self.worker, import_id, "test", {})

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with self.database.owner() as owner:
            return owner.execute(query, values).fetchall()  # type: ignore[arg-type]

    def one(self, query: str, *values: object) -> tuple[object, ...]:
        (row,) = self.rows(query, *values)
        return row

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows of readings and rollups, to compare two ways that should end alike."""
        return {
            table: self.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3, meter_id")  # noqa: S608 (a fixed list)
            for table in ("smart_meter_readings", "meter_quarter_hours", "meter_hours", "meter_days")
        }


@pytest.fixture
def house(module_database: Database) -> Iterator[SeriesHouse]:
    """An empty house: one database for the module, emptied before each test."""
    with module_database.owner() as owner:
        owner.execute(
            "TRUNCATE meters, imports, import_errors, import_layouts, smart_meter_readings, reading_revisions,"
            " meter_quarter_hours, meter_hours, meter_days, meter_quality_days, market_prices, price_observations,"
            " market_hours, market_days"
        )
        owner.execute("DELETE FROM tenants WHERE id <> %s", (DEFAULT_TENANT,))
        owner.execute("DELETE FROM market_products WHERE market <> 'EPEX'")
    with worker_connection(module_database.urls.worker) as worker:
        yield SeriesHouse(module_database, worker)
