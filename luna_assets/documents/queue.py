"""The queue of documents: rows of `items` that wait, are worked on, and end `ready` or `failed`.

Only SQL on `items` belongs here. A document that is `ready` and is to be worked on again stays `ready`, so that it can
be found meanwhile; only its `stage` tells. One drain is alive at a time (a session lock of the database); a claim
carries the run's id, and every later write names it, so that a worker believed dead cannot finish what another took
over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from resources.database import DRAIN_LOCK, DRAIN_LOCK_HELD, DRAIN_LOCK_WANTED, Connection

MAX_ATTEMPTS = 3
LEASE_S = 300
# Versions follow each other by the day from which they are valid where all of them name one, else by their number: an
# older text that is added later does not replace the one in force. The last one stands.
_SUPERSEDE: LiteralString = """
WITH touched AS (
    SELECT DISTINCT tenant_id, document_id FROM items WHERE id = ANY (%s)
), versions AS (
    SELECT i.id, i.tenant_id, i.document_id, i.version, i.valid_from,
           bool_or(i.valid_from IS NULL) OVER (PARTITION BY i.tenant_id, i.document_id) AS undated
    FROM items AS i JOIN touched AS t
    ON t.document_id = i.document_id AND t.tenant_id IS NOT DISTINCT FROM i.tenant_id
    WHERE i.status = 'ready' AND i.deleted_at IS NULL
), ordered AS (
    SELECT id, lead(id) OVER chain AS next_id, lead(valid_from) OVER chain AS next_from
    FROM versions WINDOW chain AS (
        PARTITION BY tenant_id, document_id ORDER BY CASE WHEN NOT undated THEN valid_from END NULLS FIRST, version)
)
UPDATE items AS i
SET superseded_at = CASE WHEN o.next_id IS NULL THEN NULL
                         ELSE coalesce(o.next_from::timestamp AT TIME ZONE 'UTC', i.superseded_at, now()) END
FROM ordered AS o
WHERE o.id = i.id AND i.superseded_at IS DISTINCT FROM
      CASE WHEN o.next_id IS NULL THEN NULL
           ELSE coalesce(o.next_from::timestamp AT TIME ZONE 'UTC', i.superseded_at, now()) END
"""
_WAITS: LiteralString = "(status = 'received' OR (status = 'ready' AND stage = 'received'))"
_IN_WORK: LiteralString = "(status IN ('processing', 'ready') AND stage IN ('text', 'chunks', 'vectors'))"
CHANNEL = "luna_items"


@dataclass(frozen=True, slots=True)
class Claim:
    """A document taken from the queue."""

    item_id: UUID
    tenant_id: UUID | None
    document_id: UUID
    version: int
    file_name: str
    media_type: str
    object_key: str
    size_bytes: int
    title: str | None
    attempts: int
    created_at: datetime
    was_ready: bool
    """It can be found now, and must stay so until its new passages replace the old ones."""


def try_lock_drain(connection: Connection) -> bool:
    """Become the one drain that is alive; kept until `unlock_drain` or the end of the connection."""
    return _flag(connection, "SELECT pg_try_advisory_lock(%s)", DRAIN_LOCK)


def lock_drain(connection: Connection, patience_s: int) -> bool:
    """Wait to become the one drain. A lingering one sees that and makes way; one at work ends its work first."""
    connection.execute("SELECT set_config('lock_timeout', %s, false)", (f"{patience_s}s",))
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", (DRAIN_LOCK,))
    except psycopg.errors.LockNotAvailable:
        return False
    finally:
        if not connection.closed:
            connection.execute("SELECT set_config('lock_timeout', '0', false)")
    return True


def is_drain_wanted(connection: Connection) -> bool:
    """Whether another run waits for the lock."""
    row = connection.execute(DRAIN_LOCK_WANTED).fetchone()
    return bool(row and row[0])


def unlock_drain(connection: Connection) -> None:
    """Let another drain begin."""
    connection.execute("SELECT pg_advisory_unlock(%s)", (DRAIN_LOCK,))


def requeue_orphans(connection: Connection, run_id: str) -> int:
    """Put back what a dead drain left in `processing`; call it with the drain lock held. Returns how many rows.

    A document that was begun `MAX_ATTEMPTS` times and never ended is what kills the workers: it fails for good.
    """
    connection.execute(
        """UPDATE items SET status = 'failed', finished_at = now(), error_code = 'aborted',
               error = 'Die Verarbeitung wurde mehrfach abgebrochen. Das Dokument wird nicht noch einmal versucht; '
                    || '„Erneut versuchen“ stellt es wieder in die Warteschlange.'
           WHERE status = 'processing' AND stage <> 'received' AND attempts >= %s AND run_id IS DISTINCT FROM %s""",
        (MAX_ATTEMPTS, run_id),
    )
    cursor = connection.execute(
        "UPDATE items SET status = CASE status WHEN 'ready' THEN 'ready' ELSE 'received' END, stage = 'received',"
        " lease_until = NULL WHERE " + _IN_WORK + " AND run_id IS DISTINCT FROM %s",
        (run_id,),
    )
    return cursor.rowcount


def claim(connection: Connection, run_id: str, limit: int, item_ids: Sequence[UUID] | None = None) -> list[Claim]:
    """Take up to `limit` waiting documents, turn by turn over the tenants, oldest first within each."""
    rows = connection.execute(
        """
        WITH pending AS (
            SELECT id, row_number() OVER (PARTITION BY tenant_id ORDER BY created_at, id) AS turn
            FROM items
            WHERE """
        + _WAITS
        + """ AND deleted_at IS NULL AND (%(ids)s::uuid[] IS NULL OR id = ANY (%(ids)s))
        ), chosen AS (
            SELECT i.id FROM items AS i JOIN pending AS p ON p.id = i.id
            ORDER BY p.turn, i.created_at LIMIT %(limit)s FOR UPDATE OF i SKIP LOCKED
        )
        UPDATE items AS i
        SET status = CASE i.status WHEN 'ready' THEN 'ready' ELSE 'processing' END, stage = 'text',
            run_id = %(run)s, attempts = attempts + 1, error = NULL,
            error_code = NULL, started_at = now(), finished_at = NULL,
            lease_until = now() + make_interval(secs => %(lease)s)
        FROM chosen WHERE i.id = chosen.id
        RETURNING i.id, i.tenant_id, i.document_id, i.version, i.file_name, i.media_type, i.object_key,
                  i.size_bytes, i.title, i.attempts, i.created_at, i.status = 'ready'
        """,
        {
            "ids": list(item_ids) if item_ids is not None else None,
            "limit": limit,
            "run": run_id,
            "lease": LEASE_S,
        },
    ).fetchall()
    claims = [Claim(*row) for row in rows]
    return sorted(claims, key=lambda one: one.created_at)


def pending_bytes_by_scope(connection: Connection) -> dict[UUID | None, int]:
    """Bytes that wait or are being worked on, for each tenant (None: public)."""
    rows = connection.execute(
        "SELECT tenant_id, sum(size_bytes)::bigint FROM items"
        " WHERE status IN ('received', 'processing') AND deleted_at IS NULL GROUP BY tenant_id"
    ).fetchall()
    return {row[0]: int(row[1]) for row in rows}


def advance(connection: Connection, item_ids: Sequence[UUID], run_id: str, stage: str) -> None:
    """Say that documents have entered `stage`, for those who watch."""
    connection.execute(
        "UPDATE items SET stage = %s, lease_until = now() + make_interval(secs => %s)"
        " WHERE id = ANY (%s) AND run_id = %s AND " + _IN_WORK,
        (stage, LEASE_S, list(item_ids), run_id),
    )
    notify(connection, *item_ids)


def fail(connection: Connection, item_id: UUID, run_id: str, code: str, message: str) -> None:
    """End the document as `failed`, with a reason that a person understands.

    One that was `ready` before stays so with its old passages; the reason then says why it could not be renewed.
    """
    connection.execute(
        "UPDATE items SET status = CASE status WHEN 'ready' THEN 'ready' ELSE 'failed' END,"
        " stage = CASE status WHEN 'ready' THEN 'ready' ELSE stage END,"
        " error = %s, error_code = %s, finished_at = now(), lease_until = NULL"
        " WHERE id = %s AND run_id = %s AND " + _IN_WORK,
        (message[:2000], code, item_id, run_id),
    )
    notify(connection, item_id)


def release(connection: Connection, run_id: str) -> int:
    """Put back everything that the run still holds, for instance when it is told to stop."""
    cursor = connection.execute(
        "UPDATE items SET status = CASE status WHEN 'ready' THEN 'ready' ELSE 'received' END, stage = 'received',"
        " lease_until = NULL, attempts = greatest(attempts - 1, 0) WHERE run_id = %s AND " + _IN_WORK,
        (run_id,),
    )
    return cursor.rowcount


def count_attempt(connection: Connection, item_id: UUID, run_id: str) -> None:
    """Have `release` leave the attempt counted: what went wrong may be the document's fault."""
    connection.execute("UPDATE items SET attempts = attempts + 1 WHERE id = %s AND run_id = %s", (item_id, run_id))


def mark_ready(connection: Connection, item_ids: Sequence[UUID], run_id: str) -> list[UUID]:
    """End documents as `ready` and date the versions that they replace.

    Call it inside the transaction that indexed them. Returns the ids that were still ours to end.
    """
    rows = connection.execute(
        "UPDATE items SET status = 'ready', stage = 'ready', finished_at = now(), lease_until = NULL, error = NULL,"
        " error_code = NULL WHERE id = ANY (%s) AND run_id = %s AND " + _IN_WORK + " RETURNING id",
        (list(item_ids), run_id),
    ).fetchall()
    done = [row[0] for row in rows]
    connection.execute(_SUPERSEDE, (done,))
    return done


@dataclass(frozen=True, slots=True)
class Description:
    """What processing found out about a document."""

    item_id: UUID
    title: str
    law_names: Sequence[str]
    warnings: Sequence[str]
    chunk_count: int
    timings: dict[str, float]


def describe(connection: Connection, found: Sequence[Description]) -> None:
    """Keep what processing found out about documents. A title that someone gave stays."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE items SET title = coalesce(title, %s), law_names = %s, warnings = %s, chunk_count = %s,"
            " timings = %s WHERE id = %s",
            [
                (one.title, list(one.law_names), list(one.warnings), one.chunk_count, Jsonb(one.timings), one.item_id)
                for one in found
            ],
        )


def queue_again(connection: Connection, item_ids: Sequence[UUID] | None) -> int:
    """Put documents into the queue once more, whatever became of them; None: every one that is ready. Returns how many.

    What is ready stays findable while it waits and is worked on.
    """
    cursor = connection.execute(
        "UPDATE items SET status = CASE status WHEN 'ready' THEN 'ready' ELSE 'received' END, stage = 'received',"
        " attempts = 0, error = NULL, error_code = NULL WHERE deleted_at IS NULL AND superseded_at IS NULL"
        " AND ((%(ids)s::uuid[] IS NULL AND status = 'ready')"
        " OR (id = ANY (%(ids)s) AND status IN ('failed', 'ready'))) AND NOT " + _IN_WORK,
        {"ids": list(item_ids) if item_ids is not None else None},
    )
    return cursor.rowcount


def notify(connection: Connection, *item_ids: UUID) -> None:
    """Wake those who wait for the documents."""
    connection.execute("SELECT pg_notify(%s, one::text) FROM unnest(%s::uuid[]) AS one", (CHANNEL, list(item_ids)))


def count_pending(connection: Connection) -> int:
    """Documents that wait."""
    row = connection.execute("SELECT count(*) FROM items WHERE " + _WAITS + " AND deleted_at IS NULL").fetchone()
    return int(row[0]) if row else 0


def count_waiting_or_orphaned(connection: Connection) -> int:
    """Documents that wait, or that a run holds which may be dead."""
    row = connection.execute(
        "SELECT count(*) FROM items WHERE (" + _WAITS + " OR " + _IN_WORK + ") AND deleted_at IS NULL"
    ).fetchone()
    return int(row[0]) if row else 0


def is_drain_locked(connection: Connection) -> bool:
    """Whether a living drain holds the lock. Only looks: taking it for a moment could turn a beginning drain away."""
    row = connection.execute(DRAIN_LOCK_HELD).fetchone()
    return bool(row and row[0])


def _flag(connection: Connection, query: LiteralString, key: int) -> bool:
    row = connection.execute(query, (key,)).fetchone()
    return bool(row and row[0])
