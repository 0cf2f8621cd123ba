"""Layouts that a person mapped once: kept for each tenant under the signature of their header."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from psycopg.types.json import Jsonb

from resources.database import Connection

Json = dict[str, object]


def find_mapping(connection: Connection, tenant: UUID, signature: str) -> Json | None:
    """The mapping that is known for a header; None for a new one."""
    row = connection.execute(
        "SELECT mapping FROM import_layouts WHERE tenant_id = %s AND signature = %s", (tenant, signature)
    ).fetchone()
    return cast("Json", row[0]) if row else None


def keep_mapping(
    connection: Connection, tenant: UUID, signature: str, mapping: Json, *, name: str, created_by: UUID | None
) -> None:
    """Know a header from now on by this mapping; a later one replaces it."""
    connection.execute(
        "INSERT INTO import_layouts (tenant_id, signature, name, mapping, created_by) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (tenant_id, signature) DO UPDATE SET mapping = excluded.mapping, name = excluded.name,"
        " created_by = excluded.created_by, created_at = now()",
        (tenant, signature, name, Jsonb(mapping), created_by),
    )
