"""Shapes of documents, their versions, texts and passages as a reader sees them."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from luna_api.answers.schemas import Citation

Kind = Literal["document", "regulation", "note"]
Source = Literal["upload", "crawler", "api"]
Status = Literal["received", "processing", "ready", "failed", "archived"]
Stage = Literal["received", "text", "chunks", "vectors", "ready", "failed"]


class Item(msgspec.Struct, kw_only=True):
    """One version of a document. `public` is the corpus that all may read; `own` ones may be deleted by the asker.

    `retryable`: a failed document may succeed when it is tried again; false where its bytes are the reason.
    """

    item_id: UUID
    document_id: UUID
    version: int
    kind: Kind
    source: Source
    title: str | None
    file_name: str
    media_type: str
    size_bytes: int
    tags: list[str]
    url: str | None
    sha256: str
    external_ref: str | None
    summary: str | None
    status: Status
    stage: Stage
    error: str | None
    error_code: str | None
    retryable: bool
    warnings: list[str]
    valid_from: date | None
    valid_to: date | None
    chunks: int
    law_names: list[str]
    metadata: dict[str, Any]
    public: bool
    own: bool
    current: bool
    created_at: datetime
    finished_at: datetime | None
    deleted_at: datetime | None


class ItemPage(msgspec.Struct):
    """A page of documents, newest first; `next_cursor` is null on the last page, `total` counts all that match."""

    items: list[Item]
    next_cursor: str | None
    total: int


class ItemText(msgspec.Struct):
    """The extracted text of one version. Every `char_start` and `char_end` counts its code points."""

    item_id: UUID
    version: int
    text: str
    markup: Literal["markdown", "plain"]
    pages: list[dict[str, int]]
    extractor: str


class ItemSummary(msgspec.Struct):
    """Leading sentences of a document, verbatim, each with the passage it stands in."""

    item_id: UUID
    summary: str
    mode: Literal["extractive"]
    citations: list[Citation]


class ChunkSpan(msgspec.Struct, kw_only=True):
    """A passage and where it stands in the text."""

    chunk_id: UUID
    chunk_idx: int
    char_start: int
    char_end: int
    section: str | None
    paragraph: str | None
    page: int | None
    heading_path: list[str]
    text: str
    metadata: dict[str, Any]
    run_id: str | None


class ChunkWindow(msgspec.Struct):
    """Passages of a document in reading order; `total` counts all that the document has."""

    item_id: UUID
    chunks: list[ChunkSpan]
    total: int


class ItemVersion(msgspec.Struct, kw_only=True):
    """A version among its siblings."""

    item_id: UUID
    version: int
    status: Status
    title: str | None
    sha256: str
    valid_from: date | None
    valid_to: date | None
    created_at: datetime
    superseded_at: datetime | None
    current: bool


class ItemVersions(msgspec.Struct):
    """All versions of a document, newest first."""

    document_id: UUID
    versions: list[ItemVersion]
