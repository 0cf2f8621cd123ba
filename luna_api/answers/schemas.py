"""Shapes of questions, answers, hits and receipts."""

from datetime import date
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


class Attempt(msgspec.Struct, kw_only=True):
    """What one language model made of a question.

    `outcome`: `written` (its sentences are the answer), `interrupted` (they are its beginning, verbatim ones follow),
    `unproven` (nothing it wrote held), `failed` (`fault` says how), `skipped` (it failed a moment ago), in receipts
    also `abandoned` (its reader left meanwhile).
    `dropped` counts sentences that did not hold, `reasons` says why, in German, each once. `prompt_sha256` is the hash
    of all that the model was given: rules, passages and question.
    """

    role: str
    model: str
    digest: str
    outcome: str
    fault: str
    kept: int
    dropped: int
    reasons: list[str]
    prompt_sha256: str
    latency_ms: float


class Writing(msgspec.Struct, kw_only=True):
    """Who was asked to write the answer. `note` says in German what a reader should know of it; often empty.

    `verbatim_from` is the place in `answer` (code points) from which on the verbatim sentences stand, where a model
    broke off before; None where they are all, or none, of the answer.
    """

    attempts: list[Attempt]
    dropped: int
    note: str
    verbatim_from: int | None = None


class AnswerData(msgspec.Struct, kw_only=True):
    """An answer: cited body, summary, suggestion, one next question. `answered` is false when nothing bore it.

    `mode` is `extractive` (verbatim sentences), `generative` (written by `model`, each sentence checked), `series`, or
    `conversation` for a reply to a remark such as „Danke“, which rests on no document. `writing` tells of the language
    models that were asked.
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
    model_digest: str = ""
    prompt_hash: str = ""
    writing: Writing | None = None


class AskMeta(msgspec.Struct, kw_only=True):
    """Data of the event `meta`, which comes first: when it is known who writes the answer."""

    answer_id: UUID
    conversation_id: UUID | None
    mode: str
    model: str
    condensed_question: str
    trace_id: str
    model_digest: str = ""


class EmbedRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Texts to be turned into vectors."""

    texts: Annotated[list[Annotated[str, Meta(max_length=20_000)]], Meta(min_length=1, max_length=256)]


class EmbedData(msgspec.Struct):
    """One vector for each text, in the space of the live index."""

    vectors: list[list[float]]
    model: str
    dimension: int
