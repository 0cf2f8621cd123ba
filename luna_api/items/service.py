"""The corpus as one asker sees it. Row-level security decides what that is; here is only how it is shown."""

import asyncio
import base64
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from psycopg import sql as pg
from psycopg.rows import dict_row

from luna_api.accounts.principal import Principal
from luna_api.answers.payload import COLUMNS, payload
from luna_api.answers.schemas import Citation
from luna_api.audit import audit
from luna_api.context import AppContext
from luna_api.errors import ApiError, invalid, missing
from luna_api.items.schemas import (
    ChunkSpan,
    ChunkWindow,
    Item,
    ItemPage,
    ItemSummary,
    ItemText,
    ItemVersion,
    ItemVersions,
)
from luna_rules.documents.sentences import split_sentences
from resources.extractor.errors import FINAL_CODES
from resources.objects import ObjectDamagedError, ObjectMissingError

_SUMMARY_CHUNKS = 8
_SUMMARY_SENTENCES = 4
_SUMMARY_CHARS = 700
_VERSIONS = """
SELECT v.* FROM items AS i JOIN items AS v ON v.document_id = i.document_id
    AND v.tenant_id IS NOT DISTINCT FROM i.tenant_id AND v.deleted_at IS NULL
WHERE i.id = %s ORDER BY v.version DESC
"""
_LEADING = f"SELECT {COLUMNS} FROM item_chunks AS c JOIN items AS i ON i.id = c.item_id WHERE c.item_id = %s ORDER BY c.chunk_idx LIMIT {_SUMMARY_CHUNKS}"  # noqa: S608, E501
_WORD = re.compile(r"[^\W_]{2,}")


def owns(principal: Principal, row: Mapping[str, Any]) -> bool:
    """Whether the asker may change a document: their own, or any as the administrator."""
    return principal.is_admin or (row["tenant_id"] is not None and row["uploaded_by"] == principal.user_id)


def is_retryable(row: Mapping[str, Any]) -> bool:
    """Whether a failed document may succeed when it is tried again: its bytes are not what was wrong."""
    return row["status"] == "failed" and row["error_code"] not in FINAL_CODES


class Query(msgspec.Struct, kw_only=True):
    """What a list of documents is narrowed to."""

    query: str | None = None
    tag: str | None = None
    kind: str | None = None
    status: str | None = None
    cursor: str | None = None
    limit: int = 50


class ItemService:
    """Documents for one asker."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def page(self, wanted: Query, *, all_versions: bool) -> ItemPage:
        """Documents, newest first; superseded versions only where asked."""
        conditions, values = self._conditions(wanted, all_versions=all_versions)
        where = pg.SQL(" AND ").join(conditions)
        count = pg.SQL("SELECT count(*) FROM items WHERE {}").format(where)
        after = pg.SQL("TRUE")
        paging: dict[str, object] = {"limit": wanted.limit + 1}
        if wanted.cursor:
            after = pg.SQL("(created_at, id) < (%(after_ts)s, %(after_id)s)")
            paging["after_ts"], paging["after_id"] = _read_cursor(wanted.cursor)
        rows_query = pg.SQL(
            "SELECT * FROM items WHERE {} AND {} ORDER BY created_at DESC, id DESC LIMIT %(limit)s"
        ).format(where, after)
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(count, values)
            total = (await cursor.fetchone() or {"count": 0})["count"]
            await cursor.execute(rows_query, {**values, **paging})
            rows = await cursor.fetchall()
        more = len(rows) > wanted.limit
        rows = rows[: wanted.limit]
        return ItemPage([self.shown(row) for row in rows], _cursor(rows[-1]) if more else None, total)

    async def item(self, item_id: UUID) -> Item:
        """One version of a document."""
        return self.shown(await self.row(item_id))

    async def text(self, item_id: UUID, version: int | None) -> ItemText:
        """The extracted text, of another version of the same document where asked."""
        row = await self._version(item_id, version)
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(
                "SELECT text, markup, pages, extractor FROM item_texts WHERE item_id = %s", (row["id"],)
            )
            text = await cursor.fetchone()
        if text is None:
            raise ApiError(404, "Der Text dieses Dokuments ist noch nicht ausgelesen.", data={"status": row["status"]})
        return ItemText(row["id"], row["version"], text["text"], text["markup"], text["pages"], text["extractor"])

    async def chunks(self, item_id: UUID, around: UUID | None, limit: int) -> ChunkWindow:
        """Passages in reading order, those around one where asked."""
        await self.row(item_id)
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(
                "SELECT count(*) AS total, max(chunk_idx) FILTER (WHERE id = %s) AS middle "
                "FROM item_chunks WHERE item_id = %s",
                (around, item_id),
            )
            found: dict[str, Any] = await cursor.fetchone() or {"total": 0, "middle": None}
            if around is not None and found["middle"] is None:
                raise missing("Diese Textstelle")
            first = max(0, (found["middle"] or 0) - limit // 2) if around is not None else 0
            await cursor.execute(
                "SELECT * FROM item_chunks WHERE item_id = %s AND chunk_idx >= %s ORDER BY chunk_idx LIMIT %s",
                (item_id, first, limit),
            )
            rows = await cursor.fetchall()
        return ChunkWindow(item_id, [_span(row) for row in rows], found["total"])

    async def file(self, item_id: UUID) -> tuple[Item, bytes]:
        """The bytes as they were uploaded."""
        row = await self.row(item_id)
        try:
            data = await asyncio.to_thread(self._context.objects.get, row["object_key"])
        except ObjectMissingError:
            raise ApiError(404, "Die Datei zu diesem Dokument ist nicht mehr vorhanden.") from None
        except ObjectDamagedError:
            raise ApiError(500, "Die Datei zu diesem Dokument ist auf dem Datenträger beschädigt.") from None
        return self.shown(row), data

    async def summary(self, item_id: UUID) -> ItemSummary:
        """The first telling sentences, verbatim."""
        await self.row(item_id)
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_LEADING, (item_id,))
            rows = await cursor.fetchall()
        chosen: list[str] = []
        cited: list[dict[str, Any]] = []
        for row in rows:
            for sentence in _telling(row["text"]):
                if len(chosen) >= _SUMMARY_SENTENCES or sum(map(len, chosen)) + len(sentence) > _SUMMARY_CHARS:
                    break
                chosen.append(sentence)
                if row not in cited:
                    cited.append(row)
        citations = [Citation(chunk_id=row["chunk_id"], score=1.0, payload=payload(row)) for row in cited]
        return ItemSummary(item_id, " ".join(chosen), "extractive", citations)

    async def versions(self, item_id: UUID) -> ItemVersions:
        """All versions of the same document."""
        rows = await self._versions(item_id)
        current = next((row["id"] for row in rows if row["superseded_at"] is None), None)
        return ItemVersions(
            rows[0]["document_id"],
            [
                ItemVersion(
                    item_id=row["id"],
                    version=row["version"],
                    status=row["status"],
                    title=row["title"],
                    sha256=row["sha256"],
                    valid_from=row["valid_from"],
                    valid_to=row["valid_to"],
                    created_at=row["created_at"],
                    superseded_at=row["superseded_at"],
                    current=row["id"] == current,
                )
                for row in rows
            ],
        )

    async def remove(self, item_id: UUID, *, action: str = "item.delete") -> None:
        """Take a document out of sight; it can be restored."""
        self._may_change(await self.row(item_id))
        async with self._transaction() as sql:
            await sql.execute("UPDATE items SET deleted_at = now() WHERE id = %s AND deleted_at IS NULL", (item_id,))
            await audit(sql, self._principal, action, {"item_id": str(item_id)})

    async def restore(self, item_id: UUID) -> Item:
        """Bring a deleted document back."""
        row = await self.row(item_id, deleted=True)
        self._may_change(row)
        try:
            async with self._transaction() as sql:
                await sql.execute("UPDATE items SET deleted_at = NULL WHERE id = %s", (item_id,))
                await audit(sql, self._principal, "item.restore", {"item_id": str(item_id)})
        except psycopg.errors.UniqueViolation:
            raise ApiError(409, "Dieselbe Datei wurde inzwischen erneut hochgeladen.") from None
        if row["status"] in {"received", "processing"}:
            self._context.drain.start()
        return await self.item(item_id)

    async def row(self, item_id: UUID, *, deleted: bool = False) -> dict[str, Any]:
        """The row of a visible document. Raises 404."""
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute("SELECT * FROM items WHERE id = %s AND (deleted_at IS NULL OR %s)", (item_id, deleted))
            row = await cursor.fetchone()
        if row is None:
            raise missing("Dieses Dokument")
        return row

    def shown(self, row: dict[str, Any]) -> Item:
        """A row as readers see it."""
        return Item(
            item_id=row["id"],
            document_id=row["document_id"],
            version=row["version"],
            kind=row["kind"],
            source=row["source"],
            title=row["title"],
            file_name=row["file_name"],
            media_type=row["media_type"],
            size_bytes=row["size_bytes"],
            tags=row["tags"],
            url=row["url"],
            sha256=row["sha256"],
            external_ref=row["external_ref"],
            summary=row["summary"],
            status=row["status"],
            stage="failed" if row["status"] == "failed" else row["stage"],
            error=row["error"],
            error_code=row["error_code"],
            retryable=is_retryable(row),
            warnings=row["warnings"],
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
            chunks=row["chunk_count"],
            law_names=row["law_names"],
            metadata=row["metadata"],
            public=row["tenant_id"] is None,
            own=owns(self._principal, row),
            current=row["superseded_at"] is None,
            created_at=row["created_at"],
            finished_at=row["finished_at"],
            deleted_at=row["deleted_at"],
        )

    def _transaction(self) -> Any:
        return self._context.database.transaction(self._principal.tenant_id, admin=self._principal.is_admin)

    def _may_change(self, row: dict[str, Any]) -> None:
        if not owns(self._principal, row):
            raise ApiError(403, "Das darf nur, wer das Dokument hochgeladen hat.")

    async def _versions(self, item_id: UUID) -> list[dict[str, Any]]:
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_VERSIONS, (item_id,))
            rows = await cursor.fetchall()
        if not rows:
            raise missing("Dieses Dokument")
        return rows

    async def _version(self, item_id: UUID, version: int | None) -> dict[str, Any]:
        if version is None:
            return await self.row(item_id)
        found = next((row for row in await self._versions(item_id) if row["version"] == version), None)
        if found is None:
            raise missing(f"Version {version} dieses Dokuments")
        return found

    def _conditions(self, wanted: Query, *, all_versions: bool) -> tuple[list[pg.Composable], dict[str, object]]:
        conditions: list[pg.Composable] = [pg.SQL("deleted_at IS NULL")]
        values: dict[str, object] = {}
        if wanted.status:
            conditions.append(pg.SQL("status = %(status)s"))
            values["status"] = wanted.status
        else:
            conditions.append(pg.SQL("status <> 'archived'"))
        if not all_versions:
            conditions.append(pg.SQL("superseded_at IS NULL"))
        if wanted.kind:
            conditions.append(pg.SQL("kind = %(kind)s"))
            values["kind"] = wanted.kind
        if wanted.tag:
            conditions.append(pg.SQL("tags @> ARRAY[%(tag)s::text]"))
            values["tag"] = wanted.tag
        for number, word in enumerate((wanted.query or "").split()[:8]):
            name = f"word{number}"
            text = "concat_ws(' ', title, file_name, array_to_string(tags, ' '), array_to_string(law_names, ' '))"
            conditions.append(pg.SQL(f"{text} ILIKE {{}}").format(pg.Placeholder(name)))
            values[name] = "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"
        return conditions, values


def _telling(text: str) -> list[str]:
    """Sentences that say something: no headings, no table rows, no numbers alone."""
    return [
        text[start:end].strip()
        for start, end in split_sentences(text)
        if len(_WORD.findall(text[start:end])) >= 5 and not text[start:end].lstrip().startswith(("#", "|"))
    ]


def _span(row: dict[str, Any]) -> ChunkSpan:
    return ChunkSpan(
        chunk_id=row["id"],
        chunk_idx=row["chunk_idx"],
        char_start=row["char_start"],
        char_end=row["char_end"],
        section=row["section"],
        paragraph=row["paragraph"],
        page=row["page"],
        heading_path=row["heading_path"],
        text=row["text"],
        metadata=row["metadata"],
        run_id=row["run_id"],
    )


def _cursor(row: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(f"{row['created_at'].isoformat()}|{row['id']}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        moment, _, item_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition("|")
        when = datetime.fromisoformat(moment)
        if when.tzinfo is None:
            raise ValueError(cursor)
        return when, UUID(item_id)
    except ValueError:
        raise invalid("cursor", "ist nicht der next_cursor einer vorigen Seite") from None
