"""Rows of index versions and lexicons: read, checked and locked. The locks are taken in the order scope, version."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast
from uuid import UUID

from psycopg import sql

from luna_rules.search.lexicon import Lexicon
from resources.database import PUBLIC_SCOPE, Connection
from resources.vectors.index import IndexVersionError, VersionInfo
from resources.vectors.space import Space

_VERSION_COLUMNS = sql.SQL(
    "id, tenant_id, state, lexicon_digest, analyser_version, chunker_version, embedder, dimension, learnt_chunks, "
    "created_at, promoted_at, engines, model_digest, passage_prefix, question_prefix"
)


class VersionRows:
    """Versions of all scopes over one worker connection. `tenant` None is the public scope."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def live_version(self, tenant: UUID | None) -> VersionInfo | None:
        """The scope's live version, if it has one."""
        return self._one(
            sql.SQL("SELECT {} FROM index_versions WHERE state = 'live' AND scope = %s").format(_VERSION_COLUMNS),
            scope_of(tenant),
        )

    def retired_version(self, tenant: UUID | None) -> VersionInfo | None:
        """The scope's version that was live before, if it is still there."""
        return self._one(
            sql.SQL(
                "SELECT {} FROM index_versions WHERE state = 'retired' AND scope = %s "
                "ORDER BY promoted_at DESC NULLS LAST, id DESC LIMIT 1"
            ).format(_VERSION_COLUMNS),
            scope_of(tenant),
        )

    def kept_versions(self) -> list[int]:
        """Live versions of all scopes first, then retired ones that can be gone back to."""
        rows = self._connection.execute(
            "SELECT id FROM index_versions WHERE state IN ('live', 'retired') ORDER BY state, id"
        ).fetchall()
        return [cast(int, row[0]) for row in rows]

    def version(self, version_id: int) -> VersionInfo:
        """One version. Raises `IndexVersionError` where there is none."""
        found = self._one(sql.SQL("SELECT {} FROM index_versions WHERE id = %s").format(_VERSION_COLUMNS), version_id)
        if found is None:
            raise IndexVersionError(f"There is no index version {version_id}")
        return found

    def lexicon(self, version_id: int) -> Lexicon:
        """The lexicon that text must pass through to enter a version."""
        row = self._connection.execute(
            "SELECT l.data FROM index_versions v JOIN index_lexicons l ON l.id = v.lexicon_id WHERE v.id = %s",
            (version_id,),
            binary=True,
        ).fetchone()
        if row is None:
            raise IndexVersionError(f"There is no index version {version_id}")
        return Lexicon.from_bytes(bytes(row[0]))

    def store_lexicon(self, tenant: UUID | None, lexicon: Lexicon) -> int:
        """The number of the stored lexicon. A tenant whose lexicon is the public one refers to that."""
        find = (
            "SELECT id FROM index_lexicons WHERE digest = %s AND (tenant_id IS NULL OR tenant_id = %s) "
            "ORDER BY tenant_id NULLS FIRST LIMIT 1 FOR KEY SHARE"
        )
        wanted = (lexicon.digest, tenant)
        row = self._connection.execute(find, wanted).fetchone()
        if row is None:
            self._connection.execute(
                "INSERT INTO index_lexicons (tenant_id, digest, data) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (tenant, lexicon.digest, lexicon.to_bytes()),
            )
            row = self._connection.execute(find, wanted).fetchone()
        return only(row)

    def writable(self, version_id: int, tenant: UUID | None, *, retired: bool) -> VersionInfo:
        """A version of this scope that takes more items. Raises `IndexVersionError` where it does not."""
        info = self.version(version_id)
        if info.tenant != tenant:
            raise IndexVersionError(f"Index version {version_id} belongs to another scope")
        if info.state not in ("building", "live") and not (retired and info.state == "retired"):
            raise IndexVersionError(f"Index version {version_id} is {info.state} and takes nothing more")
        return info

    def lock(self, info: VersionInfo) -> None:
        """Locks a version, and first its scope where it is live; the state must still be that of `info`."""
        if info.state == "live":
            self.lock_scope(info.tenant)
        row = self._connection.execute(
            "SELECT state FROM index_versions WHERE id = %s FOR NO KEY UPDATE", (info.id,)
        ).fetchone()
        if row is None or row[0] != info.state:
            raise IndexVersionError(f"Index version {info.id} was {info.state} and is {row[0] if row else 'gone'} now")

    def lock_scope(self, tenant: UUID | None) -> None:
        """Locks a scope until the transaction ends."""
        self._connection.execute(
            "INSERT INTO index_scopes (scope, tenant_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (scope_of(tenant), tenant),
        )
        self._connection.execute("SELECT FROM index_scopes WHERE scope = %s FOR UPDATE", (scope_of(tenant),))

    def touch(self, tenant: UUID | None) -> None:
        """Tells askers that what the scope's live version holds is another now."""
        self._connection.execute(
            "INSERT INTO index_scopes AS s (scope, tenant_id, generation) VALUES (%s, %s, 1) "
            "ON CONFLICT (scope) DO UPDATE SET generation = s.generation + 1",
            (scope_of(tenant), tenant),
        )

    def _one(self, query: sql.Composed, value: object) -> VersionInfo | None:
        row = self._connection.execute(query, (value,)).fetchone()
        if row is None:
            return None
        *columns, engines, digest, passage_prefix, question_prefix = row
        info = VersionInfo(*columns, engines=tuple(engines))
        space = Space.stored(info.embedder, digest, info.dimension, passage_prefix, question_prefix)
        return info if space is None else replace(info, space=space)


def only(row: tuple[Any, ...] | None) -> Any:
    """The one column of a row that must be there. Raises `IndexVersionError` where it is not."""
    if row is None:
        raise IndexVersionError("The row just written is gone")
    return row[0]


def scope_of(tenant: UUID | None) -> UUID:
    """The key of a scope."""
    return PUBLIC_SCOPE if tenant is None else tenant
