"""Receipts as answers carry them."""

from typing import Any

import msgspec

from luna_api.series.schemas import QueryReceipt, ReceiptQuality
from resources.series import receipts as kept
from resources.series.receipts import Receipt, StoredReceipt


def shown(receipt: Receipt) -> QueryReceipt:
    """A fresh receipt as an answer carries it."""
    result = receipt.result
    return QueryReceipt(
        receipt_id=str(receipt.receipt_id),
        label=receipt.label,
        query=receipt.query,
        parameters=dict(receipt.parameters),
        row_count=len(result.rows),
        result_sha256=receipt.sha256,
        columns=list(result.columns),
        rows=[list(row) for row in result.rows[: kept.ROWS_KEPT]],
        values=dict(receipt.figures),
        as_of=result.as_of,
        quality=_quality(kept.quality_json(result.quality)),
    )


def of_row(row: StoredReceipt) -> QueryReceipt:
    """A stored receipt as it is shown."""
    return QueryReceipt(
        receipt_id=str(row.receipt_id),
        label=row.label,
        query=row.query,
        parameters=dict(row.parameters),
        row_count=row.row_count,
        result_sha256=row.sha256,
        columns=list(row.columns),
        rows=[list(cells) for cells in row.rows],
        values=dict(row.figures),
        as_of=row.as_of,
        quality=_quality(row.quality),
    )


def _quality(told: Any) -> ReceiptQuality:
    return msgspec.convert(told, ReceiptQuality)
