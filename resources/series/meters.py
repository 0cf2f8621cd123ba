"""The register of meters: what the API edits and an import adds to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, LiteralString, cast
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from resources.database import AsyncConnection, Connection

if TYPE_CHECKING:
    from luna_rules.importing.model import MeterFound

Json = dict[str, object]

_EDITABLE: Final = (
    "market_location",
    "metering_location",
    "name",
    "kind",
    "timezone",
    "capacity_kw",
    "region",
    "simulation",
    "formula",
)
_COLUMNS: LiteralString = (
    "meter_id, market_location, metering_location, name, kind, timezone, capacity_kw, region, simulated, simulation,"
    " formula, source, created_at"
)


_SELECT: LiteralString = "SELECT {columns} FROM meters WHERE tenant_id = (SELECT luna_tenant()) AND ".replace(
    "{columns}", _COLUMNS
)


class MeterExistsError(ValueError):
    """A meter of that id is registered already."""


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
    """First and last day with values (Europe/Berlin); None without any."""

    first_day: date | None
    last_day: date | None


async def register(connection: AsyncConnection, tenant: UUID, meter_id: str, fields: Mapping[str, object]) -> Meter:
    """Add a meter. `fields` are columns of `meters`, also `simulated` and `source`. Raises `MeterExistsError`."""
    given = {name: _value(fields[name]) for name in (*_EDITABLE, "simulated", "source") if name in fields}
    statement = sql.SQL("INSERT INTO meters (tenant_id, meter_id{}) VALUES (%s, %s{}) RETURNING {}").format(
        sql.SQL("").join(sql.SQL(", ") + sql.Identifier(name) for name in given),
        sql.SQL("").join(sql.SQL(", %s") for _ in given),
        sql.SQL(_COLUMNS),
    )
    try:
        row = await (await connection.execute(statement, (tenant, meter_id, *given.values()))).fetchone()
    except psycopg.errors.UniqueViolation as fault:
        raise MeterExistsError(f"meter {meter_id!r} is registered already") from fault
    return Meter(*cast("tuple[object, ...]", row))  # type: ignore[arg-type]


async def get(connection: AsyncConnection, meter_id: str) -> Meter | None:
    """One meter of the transaction's tenant."""
    query = _SELECT + "meter_id = %s"
    row = await (await connection.execute(query, (meter_id,))).fetchone()
    return Meter(*row) if row else None


async def list_meters(connection: AsyncConnection, *, after: str = "", limit: int = 500) -> list[Meter]:
    """Meters of the transaction's tenant by id, those behind `after`."""
    query = _SELECT + "meter_id > %s ORDER BY meter_id LIMIT %s"
    return [Meter(*row) for row in await (await connection.execute(query, (after, limit))).fetchall()]


async def extents(connection: AsyncConnection, meter_ids: Sequence[str]) -> dict[str, MeterExtent]:
    """First and last day with values of each meter, from the index of days."""
    rows = await connection.execute(
        """SELECT m.meter_id, f.day, l.day FROM unnest(%s::text[]) AS m (meter_id)
           LEFT JOIN LATERAL (SELECT day FROM meter_days AS d WHERE d.tenant_id = (SELECT luna_tenant())
                              AND d.meter_id = m.meter_id ORDER BY day LIMIT 1) AS f ON true
           LEFT JOIN LATERAL (SELECT day FROM meter_days AS d WHERE d.tenant_id = (SELECT luna_tenant())
                              AND d.meter_id = m.meter_id ORDER BY day DESC LIMIT 1) AS l ON true""",
        (list(meter_ids),),
    )
    return {row[0]: MeterExtent(row[1], row[2]) for row in await rows.fetchall()}


async def update(connection: AsyncConnection, meter_id: str, fields: Mapping[str, object]) -> Meter | None:
    """Change columns of a meter; None when there is no such meter. Unknown fields are left out."""
    given = {name: _value(fields[name]) for name in _EDITABLE if name in fields}
    if not given:
        return await get(connection, meter_id)
    statement = sql.SQL(
        "UPDATE meters SET {} WHERE tenant_id = (SELECT luna_tenant()) AND meter_id = %s RETURNING {}"
    ).format(
        sql.SQL(", ").join(sql.Identifier(name) + sql.SQL(" = %s") for name in given),
        sql.SQL(_COLUMNS),
    )
    row = await (await connection.execute(statement, (*given.values(), meter_id))).fetchone()
    return Meter(*row) if row else None


async def delete(connection: AsyncConnection, meter_id: str) -> bool:
    """Remove a meter with all its series; False when there is no such meter."""
    cursor = await connection.execute(
        "DELETE FROM meters WHERE tenant_id = (SELECT luna_tenant()) AND meter_id = %s", (meter_id,)
    )
    return cursor.rowcount > 0


def register_found(connection: Connection, tenant: UUID, found: Sequence[MeterFound], *, source: str) -> list[str]:
    """Add the meters of a file or a simulator that are not registered yet. Returns the ids that were added.

    What a person entered stays; ids of the market (MaLo, MeLo) that the file knows fill empty fields.
    """
    values: dict[str, object] = {
        "tenant": tenant,
        "ids": [one.meter_id for one in found],
        "market": [one.market_location for one in found],
        "metering": [one.metering_location for one in found],
        "source": source,
    }
    with connection.transaction():
        added = connection.execute(
            """INSERT INTO meters (tenant_id, meter_id, market_location, metering_location, source, simulated)
               SELECT %(tenant)s, u.id, CASE WHEN u.market ~ '^[0-9]{11}$' THEN u.market END,
                      CASE WHEN u.metering ~ '^[A-Z]{2}[0-9A-Z]{31}$' THEN u.metering END, %(source)s::text,
                      %(source)s::text = 'simulator'
               FROM unnest(%(ids)s::text[], %(market)s::text[], %(metering)s::text[]) AS u (id, market, metering)
               ORDER BY u.id COLLATE "C"
               ON CONFLICT DO NOTHING RETURNING meter_id""",
            values,
        ).fetchall()
        connection.execute(
            """UPDATE meters AS m SET market_location = coalesce(m.market_location, u.market),
                                      metering_location = coalesce(m.metering_location, u.metering)
               FROM unnest(%(ids)s::text[], %(market)s::text[], %(metering)s::text[]) AS u (id, market, metering)
               WHERE m.tenant_id = %(tenant)s AND m.meter_id = u.id
                 AND ((m.market_location IS NULL AND u.market ~ '^[0-9]{11}$')
                      OR (m.metering_location IS NULL AND u.metering ~ '^[A-Z]{2}[0-9A-Z]{31}$'))
                 AND coalesce(u.market ~ '^[0-9]{11}$', true)
                 AND coalesce(u.metering ~ '^[A-Z]{2}[0-9A-Z]{31}$', true)""",
            values,
        )
    return [str(row[0]) for row in added]


@dataclass(frozen=True, slots=True)
class Registered:
    """What an import must know of a meter that is registered."""

    simulated: bool
    virtual: bool
    capacity_kw: float | None


def registered_among(connection: Connection, tenant: UUID, meter_ids: Sequence[str]) -> dict[str, Registered]:
    """Those of `meter_ids` that are registered."""
    rows = connection.execute(
        "SELECT meter_id, simulated, formula IS NOT NULL, capacity_kw FROM meters"
        " WHERE tenant_id = %s AND meter_id = ANY (%s)",
        (tenant, list(meter_ids)),
    ).fetchall()
    return {str(row[0]): Registered(*row[1:]) for row in rows}


def _value(value: object) -> object:
    return Jsonb(value) if isinstance(value, dict | list) else value
