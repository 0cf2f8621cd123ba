"""Files of readings and prices: taken in, handed to Dagster, waited for, undone."""

import asyncio
import base64
import os
from datetime import datetime
from time import monotonic
from typing import IO, Any, BinaryIO, Final, cast
from uuid import UUID

import msgspec
import structlog

from luna_api.accounts.principal import Principal
from luna_api.audit import audit
from luna_api.context import AppContext
from luna_api.errors import ApiError, invalid, missing, too_large
from luna_api.ingest.names import optional_text, safe_file_name
from luna_api.meters.service import known_zone
from luna_api.series.imports_schemas import ImportData, ImportMapping, ImportPage, ImportRowFault, LoadForm
from resources.orchestrator import ALIVE, OrchestratorError
from resources.series import imports as queue

_POLL_S: Final = 0.25
_ENDED: Final = frozenset({"done", "failed", "undone"})
_REFUSALS: Final = {"unsupported": 415, "too_large": 413}


class ImportService:
    """Imports of one asker."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def load(self, form: LoadForm) -> tuple[ImportData, bool]:
        """Take a file in and wait for its import; the flag tells whether it has ended."""
        if form.target == "market_prices" and not self._principal.is_admin:
            raise ApiError(403, "Marktpreise lädt nur die Verwaltung.", data={"field": "target"})
        options = self._options(form)
        mapping = _mapping(form.mapping)
        limit = self._context.settings.max_import_bytes
        async with self._context.upload_slots:
            # The form holds a large file on disk; from there it goes to the store piece by piece.
            size = await asyncio.to_thread(_size_of, form.file.file)
            if size > limit:
                raise too_large(limit)
            if not size:
                raise ApiError(422, "Die Datei ist leer.", data={"field": "file", "error_code": "empty"})
            tenant = None if form.target == "market_prices" else self._principal.tenant_id
            stored = await asyncio.to_thread(self._context.objects.put_stream, tenant, cast("BinaryIO", form.file.file))
            new = queue.NewImport(
                tenant=tenant,
                target=form.target,
                mode=form.mode,
                source="upload",
                file_name=safe_file_name(form.file.filename),
                sha256=stored.sha256,
                size_bytes=stored.size_bytes,
                object_key=stored.key,
                options=options,
                mapping=mapping,
                created_by=self._principal.user_id,
            )
            async with self._transaction() as sql:
                import_id = await queue.receive(sql, new)
                details: dict[str, object] = {"import_id": str(import_id), "sha256": stored.sha256, "mode": form.mode}
                await audit(sql, self._principal, "import.receive", details)
        launched = await self._launch()
        return await self._wait(import_id, form.wait if launched else 0.0)

    async def state(self, import_id: UUID) -> ImportData:
        """An import and the rows that could not be used."""
        async with self._transaction() as sql:
            row = await queue.find(sql, import_id)
            if row is None:
                raise missing("Diesen Import")
            faults = await queue.errors(sql, import_id)
        return _shown(row, [ImportRowFault(f.line, f.column, f.value, f.reason) for f in faults])

    async def page(self, cursor: str | None, limit: int) -> ImportPage:
        """Imports, newest first."""
        before = _read_cursor(cursor) if cursor else None
        async with self._transaction() as sql:
            rows = await queue.list_imports(sql, before=before, limit=limit + 1)
        more, rows = len(rows) > limit, rows[:limit]
        following = f"{rows[-1].created_at.isoformat()} {rows[-1].id}" if more else None
        coded = base64.urlsafe_b64encode(following.encode()).decode() if following else None
        return ImportPage([_shown(row, []) for row in rows], coded)

    async def undo(self, import_id: UUID, wait_s: float) -> tuple[ImportData, bool]:
        """Take an import back. Raises 404, and 409 where there is nothing to take back."""
        async with self._transaction() as sql:
            row = await queue.find(sql, import_id)
            if row is None:
                raise missing("Diesen Import")
            if row.tenant_id is None and not self._principal.is_admin:
                raise ApiError(403, "Marktpreise nimmt nur die Verwaltung zurück.")
            if row.status == "undone":
                return _shown(row, []), True
            if not await queue.request_undo(sql, import_id):
                raise ApiError(
                    409, "Zurücknehmen lässt sich nur ein abgeschlossener Import.", data={"status": row.status}
                )
            await audit(sql, self._principal, "import.undo", {"import_id": str(import_id)})
        launched = await self._launch()
        return await self._wait(import_id, wait_s if launched else 0.0, undoing=True)

    def _transaction(self) -> Any:
        return self._context.database.transaction(self._principal.tenant_id, admin=self._principal.is_admin)

    def _options(self, form: LoadForm) -> queue.Json:
        options: queue.Json = {"create_meters": form.create_meters}
        meter_id = optional_text("meter_id", form.meter_id, 100)
        if meter_id and "/" in meter_id:
            raise invalid("meter_id", "enthält einen Schrägstrich", "meter_id=haus-1")
        named = {
            "meter_id": meter_id,
            "timezone": known_zone(form.timezone) if form.timezone.strip() else None,
            "market": optional_text("market", form.market, 40),
            "product": optional_text("product", form.product, 40),
        }
        return options | {name: value for name, value in named.items() if value}

    async def _launch(self) -> bool:
        """See to it that a run works the queue off; Dagster's own sensor does where it cannot be reached now."""
        try:
            alive = await self._context.orchestrator.runs(
                job_name=queue.JOB, statuses=tuple(s for s in ALIVE if s in ("NOT_STARTED", "QUEUED")), limit=1
            )
            if not alive:
                await self._context.orchestrator.launch(queue.JOB)
        except OrchestratorError as fault:
            structlog.get_logger("luna_api.series").warning("import_not_launched", fault=str(fault))
            return False
        return True

    async def _wait(self, import_id: UUID, wait_s: float, *, undoing: bool = False) -> tuple[ImportData, bool]:
        deadline = monotonic() + wait_s
        while True:
            state = await self.state(import_id)
            ended = state.status == "undone" if undoing else state.status in _ENDED
            if ended or (state.status == "failed"):
                return state, True
            left = deadline - monotonic()
            if left <= 0:
                return state, False
            await asyncio.sleep(min(_POLL_S, left))


def _size_of(file: IO[bytes]) -> int:
    """Bytes of an uploaded file, which stands at its beginning afterwards."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


def refusal(state: ImportData) -> ApiError | None:
    """The fault to tell of an import that failed; None for any other."""
    if state.status != "failed":
        return None
    status = _REFUSALS.get(state.error_code or "", 422)
    data = {
        "import_id": str(state.import_id),
        "error_code": state.error_code,
        "run_id": state.run_id,
        "rejected": state.rejected,
        "errors": msgspec.to_builtins(state.errors[:50]),
        "facts": state.facts,
    }
    return ApiError(status, state.error or "Die Datei ließ sich nicht einlesen.", data=data)


def _mapping(text: str) -> queue.Json | None:
    if not text.strip():
        return None
    example = 'mapping={"columns": {"Datum": "ts", "Wert": "consumption"}, "unit": "kWh", "stamp": "start"}'
    try:
        mapping = msgspec.json.decode(text, type=ImportMapping)
    except msgspec.DecodeError as fault:
        raise invalid("mapping", f"ist nicht zu verstehen ({fault})", example) from None
    return {name: value for name, value in msgspec.to_builtins(mapping).items() if value is not None}


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, import_id = base64.urlsafe_b64decode(cursor.encode()).decode().split(" ")
        return datetime.fromisoformat(moment), UUID(import_id)
    except ValueError:
        raise invalid("cursor", "ist keine Stelle in der Liste") from None


def _shown(row: queue.ImportRow, faults: list[ImportRowFault]) -> ImportData:
    return ImportData(
        import_id=row.id,
        status=row.status,  # type: ignore[arg-type]
        stage=row.stage,
        target=row.target,
        mode=row.mode,
        source=row.source,
        file_name=row.file_name,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        layout=row.layout,
        rows_read=row.rows_read,
        rows_total=row.rows_total,
        loaded=row.loaded,
        updated=row.updated,
        unchanged=row.unchanged,
        rejected=row.rejected,
        ts_from=row.ts_from,
        ts_to=row.ts_to,
        meter_ids=row.meter_ids,
        warnings=row.warnings,
        facts=row.facts,
        errors=faults,
        error=row.error,
        error_code=row.error_code,
        run_id=row.run_id,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        undone_at=row.undone_at,
    )
