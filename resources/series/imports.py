"""The queue of imports: rows that wait, are worked on, and end `done` or `failed`.

`receive`, `find`, `errors` and `request_undo` are the application's (async), the rest is the worker's. One drain is
alive at a time (a session lock of the database); a claim carries the run's id and every later write names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from resources.database import AsyncConnection, Connection
from resources.series.model import WriteReport

if TYPE_CHECKING:
    from luna_rules.importing.model import RowFault

Json = dict[str, object]
Target = Literal["smart_meter_readings", "market_prices"]
Mode = Literal["load", "dry_run"]
Source = Literal["upload", "folder", "simulator", "feed", "cli"]
JOB = "series_import"
CHANNEL = "luna_imports"
"""NOTIFY channel: the import's id, whenever its state changes."""


@dataclass(frozen=True, slots=True)
class NewImport:
    """What arrives; `tenant` None: market prices. `options` are keys of `luna_rules.importing.ImportOptions`
    (`meter_id`, `timezone`, `market`, `product`) and `create_meters`; `mapping` the fields of its `Mapping`."""

    tenant: UUID | None
    target: Target
    mode: Mode
    source: Source
    file_name: str
    sha256: str
    size_bytes: int
    object_key: str
    options: Json
    mapping: Json | None = None
    created_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row of `imports`."""

    id: UUID
    tenant_id: UUID | None
    target: str
    mode: str
    source: str
    file_name: str | None
    sha256: str | None
    size_bytes: int | None
    object_key: str | None
    layout: str | None
    options: Json
    mapping: Json | None
    status: str
    stage: str
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
    facts: Json
    error: str | None
    error_code: str | None
    run_id: str | None
    created_by: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    undone_at: datetime | None
    attempts: int


async def receive(connection: AsyncConnection, new: NewImport) -> UUID:
    """Add an import that waits; returns its id."""
    raise NotImplementedError


async def find(connection: AsyncConnection, import_id: UUID) -> ImportRow | None:
    """One import that the transaction's tenant may see."""
    raise NotImplementedError


async def list_imports(
    connection: AsyncConnection, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[ImportRow]:
    """Imports, newest first; `before`: those behind (created_at, id)."""
    raise NotImplementedError


async def errors(connection: AsyncConnection, import_id: UUID, *, limit: int = 1000) -> list[RowFault]:
    """Rows that could not be used, by line."""
    raise NotImplementedError


async def request_undo(connection: AsyncConnection, import_id: UUID) -> bool:
    """Ask for an import to be undone; False when it is not `done` or only was a dry run."""
    raise NotImplementedError


def claim(connection: Connection, run_id: str) -> ImportRow | None:
    """Take the oldest import that waits (turn by turn over the tenants), or one to be undone."""
    raise NotImplementedError


def describe(
    connection: Connection,
    import_id: UUID,
    run_id: str,
    *,
    stage: str,
    rows_read: int,
    rows_total: int | None,
    report: WriteReport,
) -> None:
    """Tell how far an import is, and keep its lease."""
    raise NotImplementedError


def finish(connection: Connection, import_id: UUID, run_id: str, fields: Mapping[str, object]) -> bool:
    """End as `done` with the given columns; from now on its values count as known."""
    raise NotImplementedError


def fail(connection: Connection, import_id: UUID, run_id: str, code: str, message: str) -> bool:
    """End as `failed` with a German sentence."""
    raise NotImplementedError


def write_errors(connection: Connection, import_id: UUID, tenant: UUID | None, faults: Sequence[RowFault]) -> None:
    """Keep the faulty rows of an import, in place of those of an earlier attempt."""
    raise NotImplementedError
