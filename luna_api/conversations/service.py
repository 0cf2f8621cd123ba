"""A person's own conversations; nobody else's, not even within the tenant."""

from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import dict_row

from luna_api.accounts.principal import Principal
from luna_api.answers.schemas import AnswerData
from luna_api.context import AppContext
from luna_api.conversations.schemas import Conversation, ConversationList, ConversationSummary, ConversationTurn
from luna_api.errors import missing

_LIST = """
SELECT c.id, c.title, c.created_at, c.updated_at,
       (SELECT count(*) FROM conversation_turns AS t WHERE t.conversation_id = c.id) AS turns
FROM conversations AS c WHERE c.user_id = %s AND c.deleted_at IS NULL ORDER BY c.updated_at DESC LIMIT %s
"""
_TURNS = """
SELECT t.question, t.created_at, a.answer FROM conversation_turns AS t LEFT JOIN answer_log AS a ON a.id = t.answer_id
WHERE t.conversation_id = %s ORDER BY t.turn_idx
"""


class ConversationService:
    """Conversations of one asker."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def all(self, limit: int) -> ConversationList:
        """The latest first."""
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_LIST, (self._principal.user_id, limit))
            rows = await cursor.fetchall()
        return ConversationList([_summary(row) for row in rows])

    async def one(self, conversation_id: UUID) -> Conversation:
        """With all its turns."""
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(
                "SELECT * FROM conversations WHERE id = %s AND user_id = %s AND deleted_at IS NULL",
                (conversation_id, self._principal.user_id),
            )
            row = await cursor.fetchone()
            if row is None:
                raise missing("Dieses Gespräch")
            await cursor.execute(_TURNS, (conversation_id,))
            turns = await cursor.fetchall()
        return Conversation(
            conversation_id=row["id"],
            title=row["title"],
            created_at=row["created_at"],
            updated_at=row["updated_at"],
            turns=[ConversationTurn(turn["question"], _answer(turn["answer"]), turn["created_at"]) for turn in turns],
        )

    async def remove(self, conversation_id: UUID) -> None:
        """Out of sight; it can be restored."""
        await self._mark(conversation_id, "deleted_at = now()", "deleted_at IS NULL")

    async def remove_all(self) -> int:
        """All one's own; how many there were."""
        async with self._transaction() as sql:
            changed = await sql.execute(
                "UPDATE conversations SET deleted_at = now() WHERE user_id = %s AND deleted_at IS NULL",
                (self._principal.user_id,),
            )
        return changed.rowcount

    async def restore(self, conversation_id: UUID) -> None:
        """Back again."""
        await self._mark(conversation_id, "deleted_at = NULL", "deleted_at IS NOT NULL")

    async def _mark(self, conversation_id: UUID, change: str, condition: str) -> None:
        statement = f"UPDATE conversations SET {change} WHERE id = %s AND user_id = %s AND {condition}"  # noqa: S608
        async with self._transaction() as sql:
            changed = await sql.execute(statement.encode(), (conversation_id, self._principal.user_id))
        if changed.rowcount == 0:
            raise missing("Dieses Gespräch")

    def _transaction(self) -> Any:
        return self._context.database.transaction(self._principal.tenant_id)


def _summary(row: dict[str, Any]) -> ConversationSummary:
    return ConversationSummary(
        conversation_id=row["id"],
        title=row["title"],
        turns=row["turns"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _answer(stored: object) -> AnswerData | None:
    return None if stored is None else msgspec.convert(stored, AnswerData)
