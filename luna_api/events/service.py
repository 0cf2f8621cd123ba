"""Writing what people do and think. Rows are only ever added; learning from them is Dagster's."""

from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.errors import ApiError, invalid
from luna_api.events.schemas import MAX_EVENTS, Event, EventsSaved, RagFeedback

_KNOWN = "SELECT client_key FROM events WHERE tenant_id = %s AND user_id = %s AND client_key = ANY(%s)"
_INSERT = """
INSERT INTO events (tenant_id, user_id, ts, type, item_id, chunk_id, client_key, meta)
VALUES (%s, %s, coalesce(%s, now()), %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""
_VISIBLE = """
SELECT ARRAY(SELECT id FROM items WHERE id = ANY(%s)), ARRAY(SELECT id FROM item_chunks WHERE id = ANY(%s))
"""
MAX_META_BYTES = 16_384


class EventService:
    """Events of one asker."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def save(self, events: list[Event]) -> EventsSaved:
        """Store events; those with a `client_key` that is known already are passed over."""
        if not 1 <= len(events) <= MAX_EVENTS:
            raise invalid("events", f"muss zwischen 1 und {MAX_EVENTS} Ereignisse enthalten", '[{"type": "view"}]')
        for event in events:
            self._check(event)
        by_user: dict[UUID, list[Event]] = {}
        for event in events:
            by_user.setdefault(event.user_id or self._principal.user_id, []).append(event)
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            await self._check_references(sql, events)
            stored = 0
            for user_id, own in sorted(by_user.items()):
                stored += await self._store(sql, user_id, own)
        return EventsSaved(saved=True, stored=stored, known=len(events) - stored)

    async def feedback(self, feedback: RagFeedback) -> None:
        """Whether an answer helped, as an event that learning will read."""
        meta = {
            "question": feedback.question,
            "answer": feedback.answer[:4_000],
            "useful": feedback.useful,
            "notes": feedback.notes,
            "chunks_used": [str(chunk) for chunk in feedback.chunks_used],
            "answer_id": str(feedback.answer_id) if feedback.answer_id else None,
        }
        if feedback.answer_id is not None:
            await self._check_answer(feedback.answer_id)
        await self.save([Event(type="feedback", user_id=feedback.user_id, meta=meta, client_key=feedback.client_key)])

    def _check(self, event: Event) -> None:
        if event.user_id not in {None, self._principal.user_id} and not self._principal.is_admin:
            raise ApiError(403, "Ereignisse lassen sich nur für sich selbst melden.", data={"field": "user_id"})
        if len(str(event.meta)) > MAX_META_BYTES:
            raise invalid("meta", f"ist größer als {MAX_META_BYTES // 1024} kB", '"meta": {"dismissed": true}')

    async def _check_answer(self, answer_id: UUID) -> None:
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            row = await (await sql.execute("SELECT 1 FROM answer_log WHERE id = %s", (answer_id,))).fetchone()
        if row is None:
            raise invalid(
                "answer_id", "nennt eine Antwort, die es nicht gibt", '"answer_id": "<answer_id der Antwort>"'
            )

    async def _check_references(self, sql: Any, events: list[Event]) -> None:
        """A foreign key would tell that another tenant's document exists; so both are said to be unknown."""
        items = {event.item_id for event in events if event.item_id}
        chunks = {event.chunk_id for event in events if event.chunk_id}
        if not items and not chunks:
            return
        row = await (await sql.execute(_VISIBLE, (list(items), list(chunks)))).fetchone()
        for field, wanted, seen in (("item_id", items, row[0]), ("chunk_id", chunks, row[1])):
            if wanted - set(seen):
                raise invalid(field, f"nennt etwas, das es nicht gibt: {min(map(str, wanted - set(seen)))}")

    async def _store(self, sql: Any, user_id: UUID, events: list[Event]) -> int:
        tenant = self._principal.tenant_id
        keys = sorted({event.client_key for event in events if event.client_key})
        known: set[str] = set()
        if keys:
            # Two deliveries of the same events wait for each other; without it both would find nothing known.
            await sql.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"events:{tenant}:{user_id}",))
            known = {row[0] async for row in await sql.execute(_KNOWN, (tenant, user_id, keys))}
        rows: list[tuple[object, ...]] = []
        for event in events:
            if event.client_key is not None:
                if event.client_key in known:
                    continue
                known.add(event.client_key)
            rows.append(
                (
                    tenant,
                    user_id,
                    event.ts,
                    event.type,
                    event.item_id,
                    event.chunk_id,
                    event.client_key,
                    Jsonb(event.meta),
                )
            )
        if rows:
            async with sql.cursor() as cursor:
                try:
                    await cursor.executemany(_INSERT, rows)
                except psycopg.errors.ForeignKeyViolation:
                    raise invalid("item_id", "nennt etwas, das gerade gelöscht wurde") from None
        return len(rows)
