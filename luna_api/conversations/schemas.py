"""Shapes of a person's conversations."""

from datetime import datetime
from uuid import UUID

import msgspec

from luna_api.answers.schemas import AnswerData


class ConversationSummary(msgspec.Struct, kw_only=True):
    """A conversation in the list."""

    conversation_id: UUID
    title: str
    turns: int
    created_at: datetime
    updated_at: datetime


class ConversationList(msgspec.Struct):
    """Own conversations, the latest first."""

    conversations: list[ConversationSummary]


class ConversationTurn(msgspec.Struct):
    """A question and its answer; null when the answer is no longer kept."""

    question: str
    answer: AnswerData | None
    created_at: datetime


class Conversation(msgspec.Struct, kw_only=True):
    """A conversation with its turns in order."""

    conversation_id: UUID
    title: str
    created_at: datetime
    updated_at: datetime
    turns: list[ConversationTurn]
