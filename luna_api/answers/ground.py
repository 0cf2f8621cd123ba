"""What an answer was taken from, in a form that can be compared later: passages by the hash of their text."""

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec


class GroundPassage(msgspec.Struct, kw_only=True):
    """A passage that an answer was taken from, as it was then. `run_id` is the Dagster run that materialised it."""

    chunk_id: UUID
    cited: bool
    sha256: str
    item_id: UUID
    document_id: UUID
    version: int
    item_sha256: str
    run_id: str | None


def text_hash(text: str) -> str:
    """The hash by which a passage's text is known again (hex)."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def ground_of(rows: Iterable[Mapping[str, Any]], cited: Collection[str]) -> tuple[GroundPassage, ...]:
    """The passages of `payload.passages_by_id` as a receipt keeps them; `cited` are the ids that the answer names."""
    return tuple(
        GroundPassage(
            chunk_id=row["chunk_id"],
            cited=str(row["chunk_id"]) in cited,
            sha256=text_hash(row["text"]),
            item_id=row["item_id"],
            document_id=row["document_id"],
            version=row["version"],
            item_sha256=row["sha256"],
            run_id=row["run_id"],
        )
        for row in rows
    )
