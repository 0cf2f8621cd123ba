"""Binary COPY from numpy columns to a temporary table: COPY is refused on tables with row security.

Records have one width, so that a batch is filled by columns: a missing number travels as NaN, texts by their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

import numpy as np
from numpy.typing import NDArray

from resources.database import Connection

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH_2000_US = 946_684_800_000_000
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Column:
    """A column of one width: `kind` is int4, int8, float8 or timestamptz (microseconds since 1970, UTC)."""

    kind: str
    values: NDArray[np.int32] | NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A text column with few distinct values: `codes` point into `values`."""

    values: Sequence[str]
    codes: NDArray[np.int64]


_WIRE = {"int4": ">i4", "int8": ">i8", "float8": ">f8", "timestamptz": ">i8"}


def copy_columns(connection: Connection, statement: LiteralString, columns: Sequence[Column | TextColumn]) -> int:
    """Run a `COPY … FROM STDIN (FORMAT binary)` with these columns; returns how many rows.

    Rows whose texts have other lengths than those of their neighbours are sent length by length, so within one length
    the order is kept.
    """
    encoded = [_encoded(one) if isinstance(one, TextColumn) else None for one in columns]
    count = _count(columns[0])
    widths = np.zeros(count, dtype=np.int64)
    for one, texts in zip(columns, encoded, strict=True):
        if isinstance(one, TextColumn) and texts is not None:
            widths = widths * 65_536 + np.array([len(text) for text in texts], dtype=np.int64)[one.codes]
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_HEADER)
        for width in np.unique(widths):
            chosen = np.flatnonzero(widths == width)
            rows: NDArray[np.int64] | slice = slice(None) if len(chosen) == count else chosen
            data = _records(columns, encoded, rows, len(chosen)).view(np.uint8).data
            for begin in range(0, len(data), _PIECE_BYTES):
                copy.write(data[begin : begin + _PIECE_BYTES])
        copy.write(_TRAILER)
    return count


def _records(
    columns: Sequence[Column | TextColumn],
    encoded: Sequence[list[bytes] | None],
    rows: NDArray[np.int64] | slice,
    count: int,
) -> NDArray[np.void]:
    parts: list[tuple[str, str]] = [("fields", ">i2")]
    values: list[tuple[int, NDArray[np.generic]]] = []
    for number, (one, texts) in enumerate(zip(columns, encoded, strict=True)):
        if isinstance(one, TextColumn) and texts is not None:
            codes = one.codes[rows]
            length = len(texts[int(codes[0])]) if count else 0
            table = np.array([text[:length] for text in texts], dtype=f"V{length}")
            parts += [(f"l{number}", ">i4"), (f"v{number}", f"V{length}")]
            values.append((length, table[codes]))
        elif isinstance(one, Column):
            wire = np.dtype(_WIRE[one.kind])
            parts += [(f"l{number}", ">i4"), (f"v{number}", _WIRE[one.kind])]
            chosen = one.values[rows]
            values.append((wire.itemsize, chosen - _EPOCH_2000_US if one.kind == "timestamptz" else chosen))
    records = np.empty(count, dtype=np.dtype(parts))
    records["fields"] = len(columns)
    for number, (length, filled) in enumerate(values):
        records[f"l{number}"] = length
        records[f"v{number}"] = filled
    return records


def _encoded(column: TextColumn) -> list[bytes]:
    return [text.encode() for text in column.values]


def _count(column: Column | TextColumn) -> int:
    return len(column.codes) if isinstance(column, TextColumn) else len(column.values)
