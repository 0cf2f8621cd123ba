"""The register of meters: what the API edits and an import adds to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from resources.database import AsyncConnection, Connection

if TYPE_CHECKING:
    from luna_rules.importing.model import MeterFound

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Meter:
    """A row of `meters`."""

    meter_id: str
    market_location: str | None
    metering_location: str | None
    name: str | None
    kind: str
    timezone: str
    capacity_kw: float | None
    region: str | None
    simulated: bool
    simulation: Json | None
    formula: list[Json] | None
    source: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MeterExtent:
    """What there is of a meter: first and last day with values (Europe/Berlin), None without any."""

    first_day: str | None
    last_day: str | None


async def register(connection: AsyncConnection, tenant: UUID, meter_id: str, fields: Mapping[str, object]) -> Meter:
    """Add a meter. `fields` are columns of `meters`. Raises `MeterExistsError`."""
    raise NotImplementedError


async def get(connection: AsyncConnection, meter_id: str) -> Meter | None:
    """One meter of the transaction's tenant."""
    raise NotImplementedError


async def list_meters(connection: AsyncConnection, *, after: str = "", limit: int = 500) -> list[Meter]:
    """Meters of the transaction's tenant by id, those behind `after`."""
    raise NotImplementedError


async def update(connection: AsyncConnection, meter_id: str, fields: Mapping[str, object]) -> Meter | None:
    """Change columns of a meter; None when there is no such meter."""
    raise NotImplementedError


async def delete(connection: AsyncConnection, meter_id: str) -> bool:
    """Remove a meter with all its series; False when there is no such meter."""
    raise NotImplementedError


def register_found(connection: Connection, tenant: UUID, found: Sequence[MeterFound], *, source: str) -> list[str]:
    """Add the meters of a file or a simulator that are not registered yet. Returns the ids that were added."""
    raise NotImplementedError


class MeterExistsError(ValueError):
    """A meter of that id is registered already."""
