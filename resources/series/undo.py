"""Takes an import back: what it added goes, what it replaced returns."""

from __future__ import annotations

from uuid import UUID

from resources.database import Connection


def undo_import(connection: Connection, import_id: UUID) -> int:
    """Undo an import that is `done`; returns how many rows were removed or given back.

    A value that a later import replaced stays as that one left it. May be repeated after a crash.
    """
    raise NotImplementedError
