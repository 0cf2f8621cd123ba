"""Arrays of numbers from PostgreSQL's binary format straight into numpy, without a Python object for each value."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

from resources.database import AsyncConnection, Connection

_HEADER_BYTES: Final = 20
_EPOCH_2000_MS: Final = 946_684_800_000
_EPOCH_2000_US: Final = 946_684_800_000_000
INT4_ARRAY, FLOAT8_ARRAY, TIMESTAMPTZ_ARRAY = 1007, 1022, 1185


class _ArrayLoader(Loader):
    """One-dimensional arrays without nulls: a header, then length and value of each element."""

    format = Format.BINARY
    wire = np.dtype([("length", ">i4"), ("value", ">f8")])
    native: np.dtype[np.generic] = np.dtype(np.float64)

    def load(self, data: Buffer) -> NDArray[np.generic]:
        """The values in the machine's own order. Raises ValueError for an array with nulls or more dimensions."""
        if int.from_bytes(data[:4], "big") == 0:
            return np.empty(0, dtype=self.native)
        if int.from_bytes(data[:4], "big") != 1 or int.from_bytes(data[4:8], "big"):
            raise ValueError("expected an array of one dimension without nulls")
        return np.frombuffer(data, dtype=self.wire, offset=_HEADER_BYTES)["value"].astype(self.native)


class _Int4ArrayLoader(_ArrayLoader):
    wire = np.dtype([("length", ">i4"), ("value", ">i4")])
    native = np.dtype(np.int32)


class _TimeArrayLoader(_ArrayLoader):
    """Epoch milliseconds, UTC."""

    wire = np.dtype([("length", ">i4"), ("value", ">i8")])
    native = np.dtype(np.int64)

    def load(self, data: Buffer) -> NDArray[np.generic]:
        """Microseconds since 2000 become milliseconds since 1970."""
        return super().load(data).astype(np.int64) // 1000 + _EPOCH_2000_MS


class _ExactTimeArrayLoader(_ArrayLoader):
    """Epoch microseconds, UTC."""

    wire = np.dtype([("length", ">i4"), ("value", ">i8")])
    native = np.dtype(np.int64)

    def load(self, data: Buffer) -> NDArray[np.generic]:
        """Microseconds since 2000 become microseconds since 1970."""
        return super().load(data).astype(np.int64) + _EPOCH_2000_US


_LOADERS: Final = {
    FLOAT8_ARRAY: _ArrayLoader,
    INT4_ARRAY: _Int4ArrayLoader,
    TIMESTAMPTZ_ARRAY: _TimeArrayLoader,
}


async def fetch_arrays(connection: AsyncConnection, query: bytes, values: dict[str, object]) -> list[object]:
    """The one row of `query`, its arrays as numpy arrays (NULL: no rows were aggregated)."""
    async with connection.cursor(binary=True) as cursor:
        for oid, loader in _LOADERS.items():
            cursor.adapters.register_loader(oid, loader)
        await cursor.execute(query, values)
        row = await cursor.fetchone()
    return list(row or ())


def fetch_array_rows(connection: Connection, query: bytes, values: dict[str, object]) -> list[tuple[object, ...]]:
    """All rows of `query`, their arrays as numpy arrays; times as microseconds since 1970."""
    with connection.cursor(binary=True) as cursor:
        for oid, loader in (_LOADERS | {TIMESTAMPTZ_ARRAY: _ExactTimeArrayLoader}).items():
            cursor.adapters.register_loader(oid, loader)
        return cursor.execute(query, values).fetchall()
