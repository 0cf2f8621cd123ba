"""Shapes of uploads and of what becomes of them."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from msgspec import Meta

from luna_api.items.schemas import Kind, Source, Stage, Status

Wait = Annotated[float, Meta(ge=0, le=120, description="Sekunden, die auf das Ergebnis gewartet wird.")]
Tag = Annotated[str, Meta(max_length=100)]


class IngestForm(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields of an upload. `tags` may be repeated or separated by commas; empty fields count as not given."""

    file: UploadFile
    kind: Kind = "document"
    source: Source = "upload"
    tags: list[str] = []
    tags_list: list[str] = msgspec.field(name="tags[]", default_factory=list)
    title: str = ""
    valid_from: str = ""
    valid_to: str = ""
    document_id: str = ""
    external_ref: str = ""
    url: str = ""
    visibility: Literal["", "tenant", "public"] = ""
    wait: Wait = 30


class UrlRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An address on the public internet whose document shall be fetched."""

    url: Annotated[str, Meta(min_length=1, max_length=2_000)]
    kind: Kind = "document"
    tags: Annotated[list[Tag], Meta(max_length=50)] = []
    title: Annotated[str, Meta(max_length=500)] | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    visibility: Literal["tenant", "public"] | None = None
    wait: Wait = 30


class IngestResult(msgspec.Struct, kw_only=True):
    """A document that was accepted: `ready` (200), or on its way (202) under `GET ingest/{item_id}`."""

    item_id: UUID
    chunks: int
    sha256: str
    run_id: str | None
    status: Status
    version: int
    document_id: UUID


class IngestState(msgspec.Struct, kw_only=True):
    """How far a document has come. `position` counts the waiting documents before it, null when it waits no more.

    `retryable`: a failed document may succeed when it is tried again; false where its bytes are the reason.
    """

    item_id: UUID
    status: Status
    stage: Stage
    chunks: int
    error: str | None
    error_code: str | None
    retryable: bool
    warnings: list[str]
    run_id: str | None
    attempts: int
    timings: dict[str, float]
    position: int | None
    sha256: str
    file_name: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
