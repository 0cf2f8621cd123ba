"""Rows of `item_texts` and `item_chunks`: written whole for one document, read back as what the index needs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha1
from itertools import groupby
from operator import itemgetter
from typing import LiteralString, cast
from uuid import UUID

from psycopg.types.json import Jsonb

from luna_rules.documents.blocks import searched_text
from luna_rules.documents.model import Chunk, ExtractedText, Metadata, PageSpan
from luna_rules.search.model import ChunkFields
from resources.database import Connection
from resources.vectors.index import IndexedItem

_STAGE: LiteralString = """
CREATE TEMPORARY TABLE IF NOT EXISTS luna_stage_chunks (
    tenant_id uuid, item_id uuid, id uuid, chunk_idx integer, text text, heading_path text[], section text,
    paragraph text, page integer, char_start integer, char_end integer, metadata jsonb)
"""
_INSERT: LiteralString = """
INSERT INTO item_chunks (tenant_id, item_id, chunker_version, run_id, id, chunk_idx, text, heading_path, section,
                         paragraph, page, char_start, char_end, metadata)
SELECT tenant_id, item_id, %s, %s, id, chunk_idx, text, heading_path, section,
       paragraph, page, char_start, char_end, metadata
FROM pg_temp.luna_stage_chunks
"""
_NULL = "\\N"
_NAMESPACE = UUID("6d0c7f0e-5b43-4b3e-9f0c-1d6a2f6f7a11")


def chunk_ids(item_id: UUID, chunker_version: str, count: int) -> list[UUID]:
    """The same document cut by the same chunker has the same chunk ids, so that a repeated run changes nothing.

    They are UUIDs of version 5 (RFC 9562), named by document, chunker and the chunk's number.
    """
    begun = sha1(_NAMESPACE.bytes + f"{item_id}:{chunker_version}:".encode(), usedforsecurity=False)
    found: list[UUID] = []
    for number in range(count):
        named = begun.copy()
        named.update(str(number).encode())
        found.append(UUID(bytes=named.digest()[:16], version=5))
    return found


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A document's text and the chunks that it was cut to, with their ids."""

    item_id: UUID
    tenant_id: UUID | None
    text: ExtractedText
    ids: Sequence[UUID]
    chunks: Sequence[Chunk]


def write_texts(connection: Connection, documents: Sequence[CutDocument], run_id: str) -> None:
    """Keep extracted texts, replacing earlier ones."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO item_texts (item_id, tenant_id, text, markup, pages, extractor, run_id)
               VALUES (%s, %s, %s, %s, %s, %s, %s)
               ON CONFLICT (item_id) DO UPDATE SET text = excluded.text, markup = excluded.markup,
                   pages = excluded.pages, extractor = excluded.extractor, run_id = excluded.run_id,
                   created_at = now()""",
            [
                (
                    one.item_id,
                    one.tenant_id,
                    one.text.text,
                    one.text.markup,
                    Jsonb([[page.number, page.char_start, page.char_end] for page in one.text.pages]),
                    one.text.extractor,
                    run_id,
                )
                for one in documents
            ],
        )


def read_text(connection: Connection, item_id: UUID, media_type: str) -> ExtractedText | None:
    """The text as it was extracted, or None where there is none yet."""
    row = connection.execute(
        "SELECT text, markup, pages, extractor FROM item_texts WHERE item_id = %s", (item_id,)
    ).fetchone()
    if row is None:
        return None
    pages = cast("list[list[int]]", row[2])
    return ExtractedText(
        text=row[0],
        media_type=media_type,
        markup=row[1],
        pages=tuple(PageSpan(*page) for page in pages),
        extractor=row[3],
    )


def write_chunks(
    connection: Connection, documents: Sequence[CutDocument], *, chunker_version: str, run_id: str
) -> None:
    """Keep the documents' chunks, replacing earlier ones; call it inside a transaction."""
    connection.execute("DELETE FROM item_chunks WHERE item_id = ANY (%s)", ([one.item_id for one in documents],))
    with connection.cursor() as cursor:
        # COPY is refused on tables with row security: copy to the side, then insert in one statement.
        cursor.execute(_STAGE)
        cursor.execute("TRUNCATE pg_temp.luna_stage_chunks")
        with cursor.copy("COPY pg_temp.luna_stage_chunks FROM STDIN") as copy:
            for one in documents:
                copy.write(_copied(one))
        cursor.execute(_INSERT, (chunker_version, run_id))
        cursor.execute("TRUNCATE pg_temp.luna_stage_chunks")


def _copied(document: CutDocument) -> str:
    """Rows of the stage as COPY reads them.

    Put together a column at a time: value by value it takes as long as all else that is written of a document. Raises
    ValueError for a text with a NUL, which no text of the database can hold.
    """
    chunks = document.chunks
    paths = {path: _array(path) for path in {chunk.heading_path for chunk in chunks}}
    columns = (
        map(str, document.ids),
        _escaped([chunk.text for chunk in chunks]),
        _escaped([paths[chunk.heading_path] for chunk in chunks]),
        _escaped([chunk.section for chunk in chunks]),
        _escaped([chunk.paragraph for chunk in chunks]),
        _escaped([json.dumps(chunk.metadata) if chunk.metadata else "{}" for chunk in chunks]),
    )
    document_of = f"{document.tenant_id or _NULL}\t{document.item_id}"
    return "".join(
        f"{document_of}\t{key}\t{chunk.chunk_idx}\t{text}\t{path}\t{section}\t{paragraph}\t"
        f"{_NULL if chunk.page is None else chunk.page}\t{chunk.char_start}\t{chunk.char_end}\t{metadata}\n"
        for chunk, key, text, path, section, paragraph, metadata in zip(chunks, *columns, strict=True)
    )


def _escaped(column: Sequence[str | None]) -> list[str]:
    """The values of a column as COPY reads them, escaped all at once."""
    present = [value for value in column if value is not None]
    whole = "\0".join(present)
    if whole.count("\0") >= max(1, len(present)):
        raise ValueError("a text with a NUL (0x00) cannot be stored")
    for mark, written in (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        whole = whole.replace(mark, written)
    values = iter(whole.split("\0"))
    return [_NULL if value is None else next(values) for value in column]


def _array(names: Sequence[str]) -> str:
    """A `text[]` as it is written in SQL."""
    return "{" + ",".join('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in names) + "}"


def indexed_item(
    item_id: UUID, title: str, law_names: Sequence[str], ids: Sequence[UUID], chunks: Sequence[Chunk]
) -> IndexedItem:
    """What the index needs of a document whose chunks are at hand."""
    return IndexedItem(
        item_id,
        [
            (
                key,
                _fields(
                    title, law_names, chunk.heading_path, chunk.section, chunk.paragraph, chunk.text, chunk.metadata
                ),
                _section_key(chunk.heading_path, chunk.section),
            )
            for key, chunk in zip(ids, chunks, strict=True)
        ],
    )


def read_items(connection: Connection, tenant_id: UUID | None, run_id: str) -> Iterator[IndexedItem]:
    """All documents of a scope that are ready, and those that this run has just cut, with their chunks.

    Rows are streamed, so a large corpus does not have to fit into memory twice.
    """
    with connection.transaction(), connection.cursor(name="scope_chunks") as cursor:
        cursor.itersize = 2000
        cursor.execute(
            """SELECT c.item_id, coalesce(i.title, i.file_name), i.law_names, c.id, c.heading_path, c.section,
                      c.paragraph, c.text, c.metadata
               FROM item_chunks AS c JOIN items AS i ON i.id = c.item_id
               WHERE i.tenant_id IS NOT DISTINCT FROM %s AND i.deleted_at IS NULL
                 AND (i.status = 'ready' OR (i.status = 'processing' AND i.stage = 'vectors' AND i.run_id = %s))
               ORDER BY i.created_at, c.item_id, c.chunk_idx""",
            (tenant_id, run_id),
        )
        for item_id, rows in groupby(cursor, key=itemgetter(0)):
            yield IndexedItem(
                item_id,
                [
                    (
                        key,
                        _fields(title, law_names, heading_path, section, paragraph, text, metadata),
                        _section_key(heading_path, section),
                    )
                    for _, title, law_names, key, heading_path, section, paragraph, text, metadata in rows
                ],
            )


def _fields(
    title: str,
    law_names: Sequence[str],
    heading_path: Sequence[str],
    section: str | None,
    paragraph: str | None,
    text: str,
    metadata: Metadata,
) -> ChunkFields:
    return ChunkFields(
        title=title,
        heading=" / ".join(heading_path),
        body=searched_text(text, metadata),
        section=section,
        paragraph=paragraph,
        law_names=tuple(law_names),
    )


def _section_key(heading_path: Sequence[str], section: str | None) -> str:
    return section if section is not None else "\x1f".join(heading_path)
