"""The queue of imports: rows that wait, are worked on, and end `done` or `failed`.

`receive`, `find`, `errors` and `request_undo` are the application's (async), the rest is the worker's. One drain is
alive at a time (a session lock of the database); a claim carries the run's id and every later write names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal, LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from resources.database import IMPORT_LOCK, AsyncConnection, Connection
from resources.series.model import WriteReport

if TYPE_CHECKING:
    from luna_rules.importing.model import RowFault

Json = dict[str, object]
Target = Literal["smart_meter_readings", "market_prices"]
Mode = Literal["load", "dry_run"]
Source = Literal["upload", "folder", "simulator", "feed", "cli", "substitutes"]
JOB = "series_import"
CHANNEL = "luna_imports"
"""NOTIFY channel: the import's id, whenever its state changes."""
MAX_ATTEMPTS: Final = 3
LEASE_S: Final = 300
ERRORS_KEPT: Final = 1000

_COLUMNS: LiteralString = (
    "id, tenant_id, target, mode, source, file_name, sha256, size_bytes, object_key, layout, options, mapping, status,"
    " stage, rows_read, rows_total, loaded, updated, unchanged, rejected, ts_from, ts_to, meter_ids, warnings, facts,"
    " error, error_code, run_id, created_by, created_at, started_at, finished_at, undone_at, attempts"
)
_WAITS: LiteralString = "(status = 'received' OR (status IN ('done', 'failed') AND stage = 'undo'))"
_IN_WORK: LiteralString = "(status = 'processing' OR (status IN ('done', 'failed') AND stage = 'undoing'))"


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
    row = await (await connection.execute(_RECEIVE, _received(new))).fetchone()
    return UUID(str(row[0] if row else None))


def receive_from_worker(connection: Connection, new: NewImport) -> UUID:
    """The same for what arrives without a person: the folder, a feed."""
    row = connection.execute(_RECEIVE, _received(new)).fetchone()
    return UUID(str(row[0] if row else None))


async def find(connection: AsyncConnection, import_id: UUID) -> ImportRow | None:
    """One import that the transaction's tenant may see."""
    query = _with_parts("SELECT {columns} FROM imports WHERE id = %s")
    row = await (await connection.execute(query, (import_id,))).fetchone()
    return ImportRow(*row) if row else None


async def list_imports(
    connection: AsyncConnection, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[ImportRow]:
    """Imports, newest first; `before`: those behind (created_at, id)."""
    query = _with_parts(
        "SELECT {columns} FROM imports WHERE %(at)s::timestamptz IS NULL OR created_at < %(at)s"
        " OR (created_at = %(at)s AND id > %(id)s) ORDER BY created_at DESC, id LIMIT %(limit)s"
    )
    at, import_id = before or (None, None)
    rows = await connection.execute(query, {"at": at, "id": import_id, "limit": limit})
    return [ImportRow(*row) for row in await rows.fetchall()]


async def errors(connection: AsyncConnection, import_id: UUID, *, limit: int = ERRORS_KEPT) -> list[RowFault]:
    """Rows that could not be used, by line."""
    from luna_rules.importing.model import RowFault

    rows = await connection.execute(
        "SELECT coalesce(line, 0), coalesce(column_name, ''), coalesce(value, ''), reason FROM import_errors"
        " WHERE import_id = %s ORDER BY line NULLS FIRST, id LIMIT %s",
        (import_id, limit),
    )
    return [RowFault(*row) for row in await rows.fetchall()]


async def request_undo(connection: AsyncConnection, import_id: UUID) -> bool:
    """Ask for an import to be undone; False when it has not ended, or was a dry run, or is undone already."""
    cursor = await connection.execute(
        "UPDATE imports SET stage = 'undo', attempts = 0 WHERE id = %s AND mode = 'load'"
        " AND status IN ('done', 'failed') AND stage NOT IN ('undo', 'undoing')",
        (import_id,),
    )
    if not cursor.rowcount:
        row = await (await connection.execute("SELECT stage FROM imports WHERE id = %s", (import_id,))).fetchone()
        return bool(row and row[0] in ("undo", "undoing"))
    return True


def try_lock(connection: Connection) -> bool:
    """Become the one run that works on imports; kept until `unlock` or the end of the connection."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (IMPORT_LOCK,)).fetchone()
    return bool(row and row[0])


def unlock(connection: Connection) -> None:
    """Let another run begin."""
    connection.execute("SELECT pg_advisory_unlock(%s)", (IMPORT_LOCK,))


def is_locked(connection: Connection) -> bool:
    """Whether a living run holds the lock. Only looks."""
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = %s"
        " AND objsubid = 1 AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        (IMPORT_LOCK,),
    ).fetchone()
    return bool(row and row[0])


def count_waiting(connection: Connection) -> int:
    """Imports that wait, or that a run holds which may be dead."""
    query = _with_parts("SELECT count(*) FROM imports WHERE {waits} OR {in_work}")
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def requeue_orphans(connection: Connection, run_id: str) -> int:
    """Put back what a dead run left behind; call it with the lock held. Returns how many.

    An import that was begun `MAX_ATTEMPTS` times and never ended is what kills the runs: it fails for good.
    """
    for row in connection.execute(
        "SELECT id, run_id FROM imports WHERE status = 'processing' AND attempts >= %s AND run_id <> %s",
        (MAX_ATTEMPTS, run_id),
    ).fetchall():
        fail(
            connection, row[0], row[1], "aborted",
            "Das Einlesen wurde mehrfach abgebrochen und wird nicht noch einmal versucht. Was schon geladen war, lässt "
            "sich zurücknehmen.",
        )  # fmt: skip
    for row in connection.execute(
        "SELECT id FROM imports WHERE stage = 'undoing' AND attempts >= %s AND run_id <> %s", (MAX_ATTEMPTS, run_id)
    ).fetchall():
        fail_undo(
            connection, row[0], "Das Zurücknehmen wurde mehrfach abgebrochen; es lässt sich noch einmal verlangen."
        )
    query = _with_parts(
        "UPDATE imports SET stage = CASE status WHEN 'processing' THEN 'received' ELSE 'undo' END,"
        " status = CASE status WHEN 'processing' THEN 'received' ELSE status END, lease_until = NULL"
        " WHERE {in_work} AND run_id <> %s"
    )
    return connection.execute(query, (run_id,)).rowcount


def claim(connection: Connection, run_id: str) -> ImportRow | None:
    """Take the oldest import that waits (turn by turn over the tenants), or one to be undone."""
    query = _with_parts(
        "WITH pending AS (SELECT id, row_number() OVER (PARTITION BY tenant_id ORDER BY created_at, id) AS turn"
        " FROM imports WHERE {waits}),"
        " chosen AS (SELECT i.id FROM imports AS i JOIN pending AS p ON p.id = i.id"
        " ORDER BY p.turn, i.created_at, i.id LIMIT 1 FOR UPDATE OF i SKIP LOCKED)"
        " UPDATE imports SET stage = CASE status WHEN 'received' THEN 'reading' ELSE 'undoing' END,"
        " status = CASE status WHEN 'received' THEN 'processing' ELSE status END, run_id = %(run)s,"
        " attempts = attempts + 1, started_at = coalesce(started_at, now()),"
        " lease_until = now() + make_interval(secs => %(lease)s)"
        " WHERE id IN (SELECT id FROM chosen) RETURNING {columns}"
    )
    row = connection.execute(query, {"run": run_id, "lease": LEASE_S}).fetchone()
    return ImportRow(*row) if row else None


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
    connection.execute(
        "UPDATE imports SET stage = %s, rows_read = %s, rows_total = %s, loaded = %s, updated = %s, unchanged = %s,"
        " lease_until = now() + make_interval(secs => %s) WHERE id = %s AND run_id = %s AND status = 'processing'",
        (stage, rows_read, rows_total, report.loaded, report.updated, report.unchanged, LEASE_S, import_id, run_id),
    )
    _notify(connection, import_id)


def announce(
    connection: Connection, import_id: UUID, run_id: str, series: Sequence[str], first: datetime, last: datetime
) -> None:
    """Say what is about to be written, so that an undo finds it even if this run dies in the next moment."""
    connection.execute(
        "UPDATE imports SET ts_from = least(ts_from, %s), ts_to = greatest(ts_to, %s), meter_ids = ARRAY("
        ' SELECT u COLLATE "C" FROM unnest(meter_ids || %s::text[]) AS u GROUP BY 1 ORDER BY 1)'
        " WHERE id = %s AND run_id = %s AND status = 'processing'",
        (first, last, list(series), import_id, run_id),
    )


def finish(connection: Connection, import_id: UUID, run_id: str, fields: Mapping[str, object]) -> bool:
    """End as `done` with the given columns; from now on its values count as known, and what they replaced no longer.

    False: it was taken over.
    """
    given = {name: fields[name] for name in _RESULTS if name in fields}
    values = [Jsonb(value) if isinstance(value, dict) else value for value in given.values()]
    assignments = sql.SQL("").join(sql.SQL(", ") + sql.Identifier(name) + sql.SQL(" = %s") for name in given)
    statement = sql.SQL(
        "UPDATE imports SET status = 'done', stage = 'done', finished_at = clock_timestamp(), lease_until = NULL,"
        " error = NULL, error_code = NULL{} WHERE id = %s AND run_id = %s AND status = 'processing'"
    ).format(assignments)
    with connection.transaction():
        ended = connection.execute(statement, (*values, import_id, run_id)).rowcount > 0
        if ended:
            _notify(connection, import_id)
    return ended


def fail(
    connection: Connection,
    import_id: UUID,
    run_id: str,
    code: str,
    message: str,
    fields: Mapping[str, object] | None = None,
) -> bool:
    """End as `failed` with a German sentence. False: it was taken over."""
    with connection.transaction():
        facts = (fields or {}).get("facts")
        ended = (
            connection.execute(
                "UPDATE imports SET status = 'failed', stage = 'failed', finished_at = clock_timestamp(),"
                " lease_until = NULL, error = %s, error_code = %s, facts = coalesce(%s, facts)"
                " WHERE id = %s AND run_id = %s AND status = 'processing'",
                (message[:2000], code, Jsonb(facts) if facts is not None else None, import_id, run_id),
            ).rowcount
            > 0
        )
        if ended:
            _notify(connection, import_id)
    return ended


def fail_undo(connection: Connection, import_id: UUID, message: str) -> None:
    """Give up on an undo: the import stays, with a warning that says why."""
    connection.execute(
        "UPDATE imports SET stage = status, warnings = warnings || %s::text, lease_until = NULL"
        " WHERE id = %s AND stage = 'undoing'",
        (message[:500], import_id),
    )
    _notify(connection, import_id)


def release(connection: Connection, run_id: str) -> int:
    """Put back everything that the run still holds, for instance when it is told to stop."""
    query = _with_parts(
        "UPDATE imports SET stage = CASE status WHEN 'processing' THEN 'received' ELSE 'undo' END,"
        " status = CASE status WHEN 'processing' THEN 'received' ELSE status END, lease_until = NULL,"
        " attempts = greatest(attempts - 1, 0) WHERE run_id = %s AND {in_work}"
    )
    return connection.execute(query, (run_id,)).rowcount


def write_errors(connection: Connection, import_id: UUID, tenant: UUID | None, faults: Sequence[RowFault]) -> None:
    """Keep the faulty rows of an import, in place of those of an earlier attempt."""
    kept = faults[:ERRORS_KEPT]
    with connection.transaction():
        connection.execute("DELETE FROM import_errors WHERE import_id = %s", (import_id,))
        connection.execute(
            "INSERT INTO import_errors (import_id, tenant_id, line, column_name, value, reason)"
            " SELECT %s, %s, nullif(u.line, 0), nullif(u.name, ''), u.value, u.reason"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS u (line, name, value, reason)",
            (
                import_id,
                tenant,
                [one.line for one in kept],
                [_clean(one.column) for one in kept],
                [_clean(one.value) for one in kept],
                [_clean(one.reason) for one in kept],
            ),
        )


def true_counts(connection: Connection, row: ImportRow, rows: int) -> WriteReport:
    """What an import that was begun more than once did in all, read from what it left (`rows` usable rows in it)."""
    if row.target == "smart_meter_readings":
        query: LiteralString = (
            "SELECT (SELECT count(*) FROM smart_meter_readings AS r JOIN imports AS i ON i.id = r.import_id"
            " WHERE r.tenant_id = i.tenant_id AND r.meter_id = ANY (i.meter_ids) AND r.ts >= i.ts_from"
            " AND r.ts <= i.ts_to AND i.id = %(id)s),"
            " (SELECT count(DISTINCT (meter_id, ts)) FROM reading_revisions"
            " WHERE replaced_by = %(id)s AND valid_until IS NULL)"
        )
    else:
        query = (
            "SELECT (SELECT count(*) FROM market_prices AS p JOIN imports AS i ON i.id = p.import_id"
            " WHERE p.ts >= i.ts_from AND p.ts <= i.ts_to AND i.id = %(id)s),"
            " (SELECT count(DISTINCT (market, product, ts)) FROM price_observations"
            " WHERE replaced_by = %(id)s AND valid_until IS NULL)"
        )
    written, updated = connection.execute(query, {"id": row.id}).fetchone() or (0, 0)
    return WriteReport(loaded=written - updated, updated=updated, unchanged=max(rows - written, 0))


_RECEIVE: LiteralString = (
    "INSERT INTO imports (tenant_id, target, mode, source, file_name, sha256, size_bytes, object_key, options, mapping,"
    " created_by) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id"
)
_RESULTS: Final = (
    "layout", "rows_read", "rows_total", "loaded", "updated", "unchanged", "rejected", "warnings", "facts", "mapping",
)  # fmt: skip


def _with_parts(query: LiteralString) -> LiteralString:
    return query.replace("{columns}", _COLUMNS).replace("{waits}", _WAITS).replace("{in_work}", _IN_WORK)


def _received(new: NewImport) -> tuple[object, ...]:
    mapping = Jsonb(new.mapping) if new.mapping is not None else None
    return (
        new.tenant, new.target, new.mode, new.source, new.file_name, new.sha256, new.size_bytes, new.object_key,
        Jsonb(new.options), mapping, new.created_by,
    )  # fmt: skip


def _notify(connection: Connection, import_id: UUID) -> None:
    connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(import_id)))


def _clean(text: str) -> str:
    return text.replace("\x00", "\\0")
