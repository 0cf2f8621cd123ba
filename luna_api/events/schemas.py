"""Shapes of events and feedback."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

EventType = Literal["view", "click", "like", "solve", "ask", "feedback"]
MAX_EVENTS = 1_000


class Event(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Something a person did. With `client_key` the same event sent twice is kept once."""

    type: EventType
    user_id: UUID | None = None
    ts: Annotated[datetime, Meta(tz=True)] | None = None
    item_id: UUID | None = None
    chunk_id: UUID | None = None
    meta: dict[str, Any] = {}
    client_key: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class EventsSaved(msgspec.Struct):
    """How many were new, and how many had been sent before."""

    saved: bool
    stored: int
    known: int


class RagFeedback(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whether an answer helped."""

    question: Annotated[str, Meta(max_length=4_000)]
    answer: Annotated[str, Meta(max_length=50_000)]
    useful: bool
    user_id: UUID | None = None
    notes: Annotated[str, Meta(max_length=4_000)] | None = None
    chunks_used: Annotated[list[UUID], Meta(max_length=50)] = []
    answer_id: UUID | None = None
    client_key: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
