"""Shapes of questions, answers, hits and receipts."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from luna_api.series.schemas import QueryReceipt

MAX_QUESTION_CHARS = 4_000

Question = Annotated[
    str,
    Meta(
        max_length=MAX_QUESTION_CHARS,
        description="Die Frage in eigenen Worten, höchstens 4.000 Zeichen.",
        examples=["Wie lange dauert ein Lieferantenwechsel?"],
    ),
]
TopK = Annotated[int, Meta(ge=1, le=50, description="Wie viele Fundstellen betrachtet werden.")]
Filters = Annotated[
    dict[str, Any],
    Meta(
        description="Schlüssel: item_id, document_id, kind, source, tags, version, metadata.<key>; "
        "je ein Wert oder eine Liste (einer davon).",
        examples=[{"kind": "regulation", "tags": ["netz"]}],
    ),
]


class SearchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A question to retrieval alone."""

    question: Question
    top_k: TopK = 10
    filters: Filters | None = None
    as_of: date | None = None


class AskRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A question to Luna. `stream` answers with server-sent events."""

    question: Question
    top_k: TopK = 6
    filters: Filters | None = None
    stream: bool = False
    conversation_id: UUID | None = None
    as_of: date | None = None


class Payload(msgspec.Struct, kw_only=True):
    """Where a passage comes from. `text` is `item text[char_start:char_end]`, character by character."""

    item_id: UUID
    title: str
    file_name: str
    url: str | None
    kind: str
    tags: list[str]
    version: int
    valid_from: date | None
    valid_to: date | None
    heading_path: list[str]
    section: str | None
    paragraph: str | None
    page: int | None
    char_start: int
    char_end: int
    text: str
    item_sha256: str
    run_id: str | None
    metadata: dict[str, Any]


class Citation(msgspec.Struct, kw_only=True):
    """A passage that the answer rests on; `scores` says why it was found."""

    chunk_id: UUID
    score: float
    payload: Payload
    scores: dict[str, float] = {}


class Hit(msgspec.Struct, kw_only=True):
    """A passage that was found, and why."""

    chunk_id: UUID
    item_id: UUID
    score: float
    payload: Payload
    scores: dict[str, float]


class SearchData(msgspec.Struct, kw_only=True):
    """Passages, best first."""

    hits: list[Hit]
    index_versions: list[int] = []
    latency_ms: dict[str, float] = {}


class AnswerSentenceData(msgspec.Struct):
    """One statement of the answer with the passages or receipts it rests on; also the data of the event `sentence`."""

    text: str
    citations: list[Citation]
    receipts: list[QueryReceipt] = []


class AnswerData(msgspec.Struct, kw_only=True):
    """An answer: cited body, summary, suggestion, one next question. `answered` is false when nothing bore it.

    `mode` is `extractive`, or `conversation` for a reply to a remark such as „Danke“, which rests on no document.
    `cached` tells that the same question was answered before over the very same ground.
    """

    answer_id: UUID
    conversation_id: UUID | None
    answered: bool
    answer: str
    summary: str
    suggestion: str
    next_question: str
    steps: list[str]
    chunks_used: list[UUID]
    citations: list[Citation]
    receipts: list[QueryReceipt]
    model: str
    mode: str
    question: str
    condensed_question: str
    as_of: date | None
    index_versions: list[int]
    prompt_version: str
    latency_ms: dict[str, float]
    cached: bool = False


class AskMeta(msgspec.Struct, kw_only=True):
    """Data of the event `meta`, which comes first."""

    answer_id: UUID
    conversation_id: UUID | None
    mode: str
    model: str
    condensed_question: str
    trace_id: str


class AnswerReceipt(msgspec.Struct, kw_only=True):
    """What was answered then, with the ground it stood on: passages, the runs that made them, index versions."""

    answer: AnswerData
    chunk_runs: dict[str, str | None]
    prompt_hash: str
    filters: dict[str, Any]
    trace_id: str
    created_at: datetime


class EmbedRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Texts to be turned into vectors."""

    texts: Annotated[list[Annotated[str, Meta(max_length=20_000)]], Meta(min_length=1, max_length=256)]


class EmbedData(msgspec.Struct):
    """One vector for each text, in the space of the live index."""

    vectors: list[list[float]]
    model: str
    dimension: int
