"""Accepting documents: check, store, note in `items`, ask Dagster, wait. What follows from them is Dagster's."""

import asyncio
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from luna_api.accounts.principal import Principal
from luna_api.audit import audit
from luna_api.context import AppContext
from luna_api.errors import ApiError, invalid, missing, too_large
from luna_api.ingest.names import clean_tags, optional_date, optional_text, optional_uuid, safe_file_name
from luna_api.ingest.schemas import IngestForm, IngestResult, IngestState, UrlRequest
from luna_api.items.service import is_retryable, owns
from resources.database import AsyncConnection
from resources.extractor.detection import detect

_ATTEMPTS = 5

_INSERT = """
WITH known AS (
    SELECT document_id FROM items
    WHERE tenant_id IS NOT DISTINCT FROM %(tenant)s AND CASE
        WHEN %(document_id)s::uuid IS NOT NULL THEN document_id = %(document_id)s
        WHEN %(external_ref)s::text IS NOT NULL THEN external_ref = %(external_ref)s
        ELSE url = %(url)s END
    ORDER BY version DESC LIMIT 1
), identity AS (
    SELECT coalesce(%(document_id)s::uuid, (SELECT document_id FROM known), gen_random_uuid()) AS document_id
)
INSERT INTO items (tenant_id, document_id, version, kind, source, title, file_name, media_type, size_bytes, object_key,
                   tags, url, sha256, external_ref, metadata, warnings, valid_from, valid_to, uploaded_by)
SELECT %(tenant)s, identity.document_id,
       1 + coalesce((SELECT max(version) FROM items AS i
                     WHERE i.tenant_id IS NOT DISTINCT FROM %(tenant)s AND i.document_id = identity.document_id), 0),
       %(kind)s, %(source)s, %(title)s, %(file_name)s, %(media_type)s, %(size_bytes)s, %(object_key)s,
       %(tags)s, %(url)s, %(sha256)s, %(external_ref)s, %(metadata)s, %(warnings)s, %(valid_from)s, %(valid_to)s,
       %(user_id)s
FROM identity
ON CONFLICT DO NOTHING
RETURNING id
"""
# Two first versions of one document wait for each other, or each would become a document of its own.
_LOCK_IDENTITY = """
SELECT pg_advisory_xact_lock(hashtextextended('document:' || coalesce(%(tenant)s::text, '') || identity, 0))
FROM (SELECT coalesce(%(document_id)s::text, %(external_ref)s, %(url)s) AS identity) AS named WHERE identity IS NOT NULL
"""
_LIVE = """
SELECT id, document_id, version, status FROM items
WHERE tenant_id IS NOT DISTINCT FROM %s AND sha256 = %s AND deleted_at IS NULL
  AND status IN ('received', 'processing', 'ready')
"""
_FAILED = """
SELECT id FROM items
WHERE tenant_id IS NOT DISTINCT FROM %(tenant)s AND sha256 = %(sha256)s AND deleted_at IS NULL AND status = 'failed'
  AND (%(document_id)s::uuid IS NULL OR document_id = %(document_id)s)
  AND (%(external_ref)s::text IS NULL OR external_ref = %(external_ref)s)
ORDER BY created_at DESC LIMIT 1 FOR UPDATE
"""
_REQUEUE = """
UPDATE items SET status = 'received', stage = 'received', error = NULL, error_code = NULL, attempts = 0,
                 lease_until = NULL
WHERE id = %s AND status = 'failed' AND deleted_at IS NULL
"""
_STATE = """
SELECT i.*, CASE WHEN status = 'received' THEN (
    SELECT count(*) FROM items AS before
    WHERE before.status = 'received' AND before.deleted_at IS NULL AND before.created_at < i.created_at
) END AS position
FROM items AS i WHERE id = %s AND deleted_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Document:
    """A document about to be accepted."""

    data: bytes
    file_name: str
    claimed_type: str | None
    kind: str
    source: str
    tags: list[str]
    title: str | None
    valid_from: date | None
    valid_to: date | None
    document_id: UUID | None
    external_ref: str | None
    url: str | None
    visibility: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to tell the caller."""

    result: IngestResult
    done: bool
    message: str


class IngestService:
    """Uploads of one asker."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def upload(self, form: IngestForm) -> Outcome:
        """Accept a file that came with the request."""
        limit = self._context.settings.max_upload_bytes
        async with self._context.upload_slots:
            data = await form.file.read(limit + 1)
            if len(data) > limit:
                raise too_large(limit)
            item_id = await self._accept(
                Document(
                    data=data,
                    file_name=safe_file_name(form.file.filename),
                    claimed_type=form.file.content_type,
                    kind=form.kind,
                    source=form.source,
                    tags=clean_tags([*form.tags, *form.tags_list]),
                    title=optional_text("title", form.title, 500),
                    valid_from=optional_date("valid_from", form.valid_from),
                    valid_to=optional_date("valid_to", form.valid_to),
                    document_id=optional_uuid("document_id", form.document_id),
                    external_ref=optional_text("external_ref", form.external_ref, 1_000),
                    url=optional_text("url", form.url, 2_000),
                    visibility=form.visibility or None,
                )
            )
        return await self._outcome(item_id, form.wait)

    async def fetch(self, request: UrlRequest) -> Outcome:
        """Fetch a document from the public internet, then accept it."""
        self._scope(request.visibility, request.kind)
        async with self._context.upload_slots:
            fetched = await self._context.fetcher.fetch(request.url)
            item_id = await self._accept(
                Document(
                    data=fetched.data,
                    file_name=safe_file_name(fetched.file_name),
                    claimed_type=fetched.media_type,
                    kind=request.kind,
                    source="api",
                    tags=clean_tags(request.tags),
                    title=optional_text("title", request.title or "", 500),
                    valid_from=request.valid_from,
                    valid_to=request.valid_to,
                    document_id=None,
                    external_ref=None,
                    url=request.url,
                    visibility=request.visibility,
                )
            )
        return await self._outcome(item_id, request.wait)

    async def state(self, item_id: UUID) -> IngestState:
        """How far a document has come."""
        row = await self._row(item_id)
        return IngestState(
            item_id=row["id"],
            status=row["status"],
            stage="failed" if row["status"] == "failed" else row["stage"],
            chunks=row["chunk_count"],
            error=row["error"],
            error_code=row["error_code"],
            retryable=is_retryable(row),
            warnings=row["warnings"],
            run_id=row["run_id"],
            attempts=row["attempts"],
            timings={name: value for name, value in row["timings"].items() if isinstance(value, int | float)},
            position=row["position"],
            sha256=row["sha256"],
            file_name=row["file_name"],
            created_at=row["created_at"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
        )

    async def retry(self, item_id: UUID) -> IngestState:
        """Queue a failed document again."""
        self._may_change(await self._row(item_id))
        async with self._transaction() as sql:
            changed = await sql.execute(_REQUEUE, (item_id,))
            if changed.rowcount == 0:
                raise ApiError(409, "Nur ein fehlgeschlagenes Dokument kann erneut verarbeitet werden.")
            await audit(sql, self._principal, "ingest.retry", {"item_id": str(item_id)})
        self._context.drain.start()
        return await self.state(item_id)

    async def cancel(self, item_id: UUID) -> None:
        """Take a document back that nobody has begun to work on."""
        self._may_change(await self._row(item_id))
        async with self._transaction() as sql:
            changed = await sql.execute(
                "UPDATE items SET deleted_at = now() WHERE id = %s AND status = 'received' AND deleted_at IS NULL",
                (item_id,),
            )
            if changed.rowcount == 0:
                raise ApiError(
                    409, "Die Verarbeitung hat schon begonnen; das fertige Dokument lässt sich dann löschen."
                )
            await audit(sql, self._principal, "ingest.cancel", {"item_id": str(item_id)})

    def _transaction(self) -> Any:
        return self._context.database.transaction(self._principal.tenant_id, admin=self._principal.is_admin)

    def _scope(self, visibility: str | None, kind: str) -> UUID | None:
        if visibility == "public" and not self._principal.is_admin:
            raise ApiError(403, "Öffentliche Dokumente legt nur die Verwaltung an.", data={"field": "visibility"})
        public = visibility == "public" or (visibility is None and self._principal.is_admin and kind == "regulation")
        return None if public else self._principal.tenant_id

    async def _accept(self, document: Document) -> UUID:
        tenant = self._scope(document.visibility, document.kind)
        if document.valid_from and document.valid_to and document.valid_from > document.valid_to:
            raise invalid("valid_to", "liegt vor valid_from")
        if not document.data:
            raise ApiError(422, "Die Datei ist leer.", data={"field": "file", "error_code": "empty"})
        kind = await asyncio.to_thread(detect, document.data, document.file_name, document.claimed_type)
        if not kind.supported:
            self._context.registry.uploads.labels("unsupported").inc()
            raise ApiError(
                415,
                kind.refusal or "Dieses Dateiformat wird nicht unterstützt.",
                data={"field": "file", "media_type": kind.media_type, "error_code": "unsupported"},
            )
        stored = await asyncio.to_thread(self._context.objects.put, tenant, document.data)
        values: dict[str, object] = {
            "tenant": tenant,
            "document_id": document.document_id,
            "external_ref": document.external_ref,
            "url": document.url,
            "kind": document.kind,
            "source": document.source,
            "title": document.title,
            "file_name": document.file_name,
            "media_type": kind.media_type,
            "size_bytes": stored.size_bytes,
            "object_key": stored.key,
            "tags": document.tags,
            "sha256": stored.sha256,
            "metadata": Jsonb({}),
            "warnings": [kind.warning] if kind.warning else [],
            "valid_from": document.valid_from,
            "valid_to": document.valid_to,
            "user_id": self._principal.user_id,
        }
        item_id = await self._note(values)
        self._context.registry.uploads.labels("accepted").inc()
        self._context.drain.start()
        return item_id

    async def _note(self, values: dict[str, object]) -> UUID:
        for _ in range(_ATTEMPTS):
            async with self._transaction() as sql:
                await sql.execute(_LOCK_IDENTITY, values)
                item_id = await self._queued_again(sql, values)
                if item_id is None:
                    row = await (await sql.execute(_INSERT, values)).fetchone()
                    item_id = row[0] if row else None
                if item_id is not None:
                    details = {"item_id": str(item_id), "sha256": values["sha256"], "file_name": values["file_name"]}
                    await audit(sql, self._principal, "ingest.accept", details)
                    return item_id
            # Either the same bytes are live already, or another upload took the version's number: then once more.
            async with self._transaction() as sql:
                live = await (await sql.execute(_LIVE, (values["tenant"], values["sha256"]))).fetchone()
            if live is not None:
                self._context.registry.uploads.labels("duplicate").inc()
                raise ApiError(
                    409,
                    "Dieses Dokument ist schon da.",
                    data={"item_id": str(live[0]), "document_id": str(live[1]), "version": live[2], "status": live[3]},
                )
        raise ApiError(409, "Dasselbe Dokument wird gerade mehrfach hochgeladen. Bitte gleich noch einmal.")

    async def _queued_again(self, sql: AsyncConnection, values: dict[str, object]) -> UUID | None:
        live = await (await sql.execute(_LIVE, (values["tenant"], values["sha256"]))).fetchone()
        if live is not None:
            return None
        failed = await (await sql.execute(_FAILED, values)).fetchone()
        if failed is None:
            return None
        await sql.execute(_REQUEUE, failed)
        return failed[0]

    async def _outcome(self, item_id: UUID, wait_s: float) -> Outcome:
        drain, watcher = self._context.drain, self._context.watcher
        deadline = monotonic() + wait_s
        told_down = False
        with watcher.watch(item_id) as event:
            while True:
                row = await self._row(item_id)
                if row["status"] in {"ready", "failed", "archived"}:
                    return self._finished(row)
                left = deadline - monotonic()
                if left <= 0:
                    break
                if not told_down:
                    await drain.settled(min(left, 3.0))
                    told_down = True
                if drain.down:
                    break
                await watcher.changed(event, left)
        message = "Das Dokument ist angenommen und wird verarbeitet."
        if drain.down:
            message = (
                "Das Dokument ist angenommen. Die Verarbeitung (dagster) ist gerade nicht erreichbar; "
                "sobald sie wieder läuft, geht es von selbst weiter."
            )
        return Outcome(_result(row), done=False, message=message)

    def _finished(self, row: dict[str, Any]) -> Outcome:
        if row["status"] == "failed":
            code = row["error_code"]
            status = {"unsupported": 415, "too_large": 413}.get(code, 422)
            data = {"item_id": str(row["id"]), "error_code": code, "run_id": row["run_id"]}
            raise ApiError(status, row["error"] or "Das Dokument ließ sich nicht verarbeiten.", data=data)
        return Outcome(_result(row), done=True, message="Das Dokument ist aufgenommen.")

    async def _row(self, item_id: UUID) -> dict[str, Any]:
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_STATE, (item_id,))
            row = await cursor.fetchone()
        if row is None:
            raise missing("Dieses Dokument")
        return row

    def _may_change(self, row: dict[str, Any]) -> None:
        if not owns(self._principal, row):
            raise ApiError(403, "Das darf nur, wer das Dokument hochgeladen hat.")


def _result(row: dict[str, Any]) -> IngestResult:
    return IngestResult(
        item_id=row["id"],
        chunks=row["chunk_count"],
        sha256=row["sha256"],
        run_id=row["run_id"],
        status=row["status"],
        version=row["version"],
        document_id=row["document_id"],
    )
