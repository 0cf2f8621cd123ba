"""Receipts of answers, and vectors for texts. Answering itself is `pipeline.py`."""

from uuid import UUID

import msgspec
from psycopg.rows import dict_row

from luna_api.accounts.principal import Principal
from luna_api.answers.schemas import AnswerData, AnswerReceipt, EmbedData
from luna_api.context import AppContext
from luna_api.errors import missing, unavailable

_LIVE = "SELECT id, embedder FROM index_versions WHERE state = 'live' ORDER BY tenant_id NULLS FIRST LIMIT 1"


class AnswerService:
    """Answers that were given to one asker."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def receipt(self, answer_id: UUID) -> AnswerReceipt:
        """What was answered then. One's own; the administrator sees the tenant's."""
        transaction = self._context.database.transaction(self._principal.tenant_id)
        async with transaction as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(
                "SELECT * FROM answer_log WHERE id = %s AND (user_id = %s OR %s)",
                (answer_id, self._principal.user_id, self._principal.is_admin),
            )
            row = await cursor.fetchone()
        if row is None:
            raise missing("Diese Antwort")
        return AnswerReceipt(
            answer=msgspec.convert(row["answer"], AnswerData),
            chunk_runs=row["chunk_runs"],
            prompt_hash=row["prompt_hash"],
            filters=row["filters"],
            trace_id=row["trace_id"],
            created_at=row["created_at"],
        )

    async def embed(self, texts: list[str]) -> EmbedData:
        """Vectors in the space of the live public index, or the tenant's where there is no public one."""
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            live = await (await sql.execute(_LIVE)).fetchone()
            if live is None:
                raise unavailable("qdrant", "Es gibt noch keinen Index, in dessen Raum Texte liegen könnten.")
            vectors, dimension = await self._context.lexicons.vectors(sql, live[0], texts)
        return EmbedData(vectors, live[1], dimension)
