"""From passages' ids to what readers are told about them, in one round trip."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from luna_api.answers.schemas import Payload
from luna_rules.answers.above import MOST_ABOVE, begins_amid
from luna_rules.answers.model import Passage
from resources.database import AsyncConnection
from resources.passages_before import PASSAGES_BEFORE

COLUMNS = """
c.id AS chunk_id, c.item_id, i.document_id, i.title, i.file_name, i.url, i.kind, i.tags, i.version, i.valid_from,
i.valid_to, i.law_names, i.sha256, c.heading_path, c.section, c.paragraph, c.page, c.char_start, c.char_end, c.text,
c.run_id, i.metadata || c.metadata AS metadata, c.chunk_idx
"""
_BY_ID = f"SELECT {COLUMNS} FROM item_chunks AS c JOIN items AS i ON i.id = c.item_id WHERE c.id = ANY(%s)"  # noqa: S608

_BEFORE = f"SELECT {COLUMNS} FROM {PASSAGES_BEFORE} ORDER BY c.chunk_idx"  # noqa: S608


async def passages_by_id(sql: AsyncConnection, chunk_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Rows of the passages that the asker may see, by id."""
    if not chunk_ids:
        return {}
    async with sql.cursor(row_factory=dict_row, binary=True) as cursor:
        await cursor.execute(_BY_ID, (list(chunk_ids),))
        return {row["chunk_id"]: row for row in await cursor.fetchall()}


async def passages_above(sql: AsyncConnection, passages: Sequence[Passage]) -> dict[UUID, dict[str, Any]]:
    """By their ids, in the documents' order, the rows of what stands before those that may begin amid a table or list.

    No statement is made where none does.
    """
    cut = [UUID(one.chunk_id) for one in passages if begins_amid(one.text)]
    if not cut:
        return {}
    async with sql.cursor(row_factory=dict_row, binary=True) as cursor:
        await cursor.execute(_BEFORE, {"most": MOST_ABOVE, "cut": cut})
        return {row["chunk_id"]: row for row in await cursor.fetchall()}


def payload(row: Mapping[str, Any]) -> Payload:
    """A passage as a citation or hit carries it."""
    return Payload(
        item_id=row["item_id"],
        title=row["title"] or row["file_name"],
        file_name=row["file_name"],
        url=row["url"],
        kind=row["kind"],
        tags=row["tags"],
        version=row["version"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        heading_path=row["heading_path"],
        section=row["section"],
        paragraph=row["paragraph"],
        page=row["page"],
        char_start=row["char_start"],
        char_end=row["char_end"],
        text=row["text"],
        item_sha256=row["sha256"],
        run_id=row["run_id"],
        metadata=row["metadata"],
    )


def passage(row: Mapping[str, Any], score: float, scores: Mapping[str, float]) -> Passage:
    """A passage as the rules of answering want it."""
    return Passage(
        chunk_id=str(row["chunk_id"]),
        text=row["text"],
        title=row["title"] or row["file_name"],
        heading_path=tuple(row["heading_path"]),
        section=row["section"],
        paragraph=row["paragraph"],
        law=row["law_names"][0] if row["law_names"] else None,
        score=score,
        scores=scores,
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        item_id=str(row["item_id"]),
    )
