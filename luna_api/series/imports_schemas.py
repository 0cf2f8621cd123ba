"""Shapes of imports of readings and prices."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from msgspec import Meta

from luna_api.ingest.schemas import Wait

Target = Literal["smart_meter_readings", "market_prices"]
ImportStatus = Literal["received", "processing", "done", "failed", "undone"]


class LoadForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields of an import. Empty fields count as not given; `mapping` is JSON (columns, unit, zone, stamp)."""

    file: UploadFile
    target: Target = "smart_meter_readings"
    mode: Literal["load", "dry_run"] = "load"
    meter_id: str = ""
    timezone: str = ""
    market: str = ""
    product: str = ""
    create_meters: bool = True
    mapping: str = ""
    wait: Wait = 30


class ImportMapping(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a person says about a layout that was not understood; it is known from then on.

    `columns` maps a header (as written, or `#3`) to its role: ts, start, end, date, time, meter_id, obis, consumption,
    production, register, voltage, quality, unit, interval_s, ignore; for prices market, product, price_eur_mwh, volume.
    """

    columns: Annotated[dict[str, str], Meta(max_length=200)] = {}
    unit: Literal["kWh", "Wh", "MWh", "kW", "W", "MW"] | None = None
    zone: Annotated[str, Meta(max_length=64)] | None = None
    stamp: Literal["start", "end"] | None = None
    direction: Literal["consumption", "production"] | None = None


class ImportRowFault(msgspec.Struct):
    """A row that could not be used."""

    line: int
    column: str
    value: str
    reason: str


class ImportData(msgspec.Struct, kw_only=True):
    """An import and what became of it; a dry run tells what would happen.

    `errors` lists the first 1,000 rows that could not be used, `rejected` counts all. `facts` says what was recognised;
    of a file that was not understood it holds `header`, `missing` and `proposal`, with which it can be mapped.
    """

    import_id: UUID
    status: ImportStatus
    stage: str
    target: str
    mode: str
    source: str
    file_name: str | None
    sha256: str | None
    size_bytes: int | None
    layout: str | None
    rows_read: int
    rows_total: int | None
    loaded: int
    updated: int
    unchanged: int
    rejected: int
    ts_from: datetime | None
    ts_to: datetime | None
    meter_ids: list[str]
    warnings: list[str]
    facts: dict[str, Any]
    errors: list[ImportRowFault]
    error: str | None
    error_code: str | None
    run_id: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    undone_at: datetime | None


class ImportPage(msgspec.Struct):
    """Imports, newest first."""

    imports: list[ImportData]
    next_cursor: str | None
