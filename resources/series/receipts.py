"""Runs aggregations, keeps what they gave as receipts, and runs a receipt again as of its time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from luna_rules.series_answers.query import Quality, Result, SeriesQuery, expected_seconds
from luna_rules.series_answers.spans import BERLIN, midnight
from resources.database import AsyncConnection
from resources.series.receipts_sql import build

ROWS_KEPT: Final = 400
"""A receipt shows so many rows of its result; the hash is over all."""
_INSERT = """
INSERT INTO query_receipts (id, tenant_id, user_id, answer_id, label, spec, query, parameters, columns, rows, row_count,
                            result_sha256, figures, quality, as_of)
VALUES (%(id)s, %(tenant)s, %(user_id)s, %(answer_id)s, %(label)s, %(spec)s, %(query)s, %(parameters)s, %(columns)s,
        %(rows)s, %(row_count)s, %(sha256)s, %(figures)s, %(quality)s, %(as_of)s)
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A result and all that is kept of it. `figures` are the values that sentences may name."""

    receipt_id: UUID
    label: str
    result: Result
    query: str
    parameters: Mapping[str, Any]
    sha256: str
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """A row of `query_receipts`."""

    receipt_id: UUID
    label: str
    spec: Mapping[str, Any]
    query: str
    parameters: Mapping[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    row_count: int
    sha256: str
    figures: Mapping[str, Any]
    quality: Mapping[str, Any]
    as_of: datetime


async def now(connection: AsyncConnection) -> datetime:
    """The moment of the transaction, by the database's clock."""
    row = await (await connection.execute("SELECT now()")).fetchone()
    return row[0] if row else datetime.now(UTC)


async def run(connection: AsyncConnection, query: SeriesQuery, as_of: datetime) -> Result:
    """The result of an aggregation over what was known at `as_of`; the tenant is the transaction's."""
    sql, parameters = build(query, as_of)
    row = await (await connection.execute(sql, parameters)).fetchone()
    rows, quality = row if row else ([], {})
    return Result(
        query=query,
        columns=("group", *query.aggregates),
        rows=tuple(tuple(cells) for cells in rows),
        as_of=as_of,
        quality=_quality(query, quality, as_of),
    )


def receipt(result: Result, label: str, figures: Mapping[str, Any]) -> Receipt:
    """A receipt of a result, not yet stored."""
    sql, parameters = build(result.query, result.as_of)
    return Receipt(uuid4(), label, result, sql, _plain(parameters), digest(result), figures)


async def store(
    connection: AsyncConnection,
    receipts: Sequence[Receipt],
    *,
    tenant: UUID,
    user_id: UUID,
    answer_id: UUID | None = None,
) -> None:
    """Keep receipts, those of an answer under its id."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            _INSERT,
            [
                {
                    "id": one.receipt_id,
                    "tenant": tenant,
                    "user_id": user_id,
                    "answer_id": answer_id,
                    "label": one.label,
                    "spec": Jsonb(one.result.query.to_json()),
                    "query": one.query,
                    "parameters": Jsonb(one.parameters),
                    "columns": list(one.result.columns),
                    "rows": Jsonb([list(row) for row in one.result.rows[:ROWS_KEPT]]),
                    "row_count": len(one.result.rows),
                    "sha256": one.sha256,
                    "figures": Jsonb(_plain(one.figures)),
                    "quality": Jsonb(quality_json(one.result.quality)),
                    "as_of": one.result.as_of,
                }
                for one in receipts
            ],
        )


async def find(connection: AsyncConnection, receipt_id: UUID, user_id: UUID | None) -> StoredReceipt | None:
    """A receipt of the transaction's tenant; with `user_id` only that person's."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT * FROM query_receipts WHERE id = %s AND (%s::uuid IS NULL OR user_id = %s)",
            (receipt_id, user_id, user_id),
        )
        row = await cursor.fetchone()
    if row is None:
        return None
    return StoredReceipt(
        receipt_id=row["id"],
        label=row["label"],
        spec=row["spec"],
        query=row["query"],
        parameters=row["parameters"],
        columns=tuple(row["columns"]),
        rows=tuple(tuple(cells) for cells in row["rows"]),
        row_count=row["row_count"],
        sha256=row["result_sha256"],
        figures=row["figures"],
        quality=row["quality"],
        as_of=row["as_of"],
    )


def digest(result: Result) -> str:
    """sha256 over columns and rows of a result, in one canonical form."""
    told = json.dumps([result.columns, result.rows], ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def quality_json(quality: Quality) -> dict[str, Any]:
    """As it is stored and shown."""
    return {
        "values": quality.values,
        "covered_s": quality.covered_s,
        "expected_s": quality.expected_s,
        "substituted": quality.substituted,
        "preliminary": quality.preliminary,
        "flagged": quality.flagged,
        "simulated": quality.simulated,
    }


def _quality(query: SeriesQuery, told: Mapping[str, Any], as_of: datetime) -> Quality:
    first, last = told.get("first"), told.get("last")
    # Prices of a day are known on the day before.
    tomorrow = as_of.astimezone(BERLIN).date() + timedelta(days=1)
    until = midnight(tomorrow) if query.source == "prices" else as_of
    return Quality(
        values=int(told.get("values") or 0),
        covered_s=int(told.get("covered_s") or 0),
        expected_s=expected_seconds(query, until),
        substituted=int(told.get("substituted") or 0),
        preliminary=int(told.get("preliminary") or 0),
        flagged=int(told.get("flagged") or 0),
        simulated=bool(told.get("simulated")),
        first=datetime.fromisoformat(first) if first else None,
        last=datetime.fromisoformat(last) if last else None,
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON can hold it."""
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
