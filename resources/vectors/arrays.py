"""How the arrays of an index segment are written as bytes, and how segments are joined. Pure; no SQL belongs here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

ID = np.dtype("S16")
"""A UUID's 16 bytes. numpy pads and compares them as fixed width, so order and equality are those of the bytes."""

_SMALL = 65_536
_INT4 = 23
Posting = tuple[NDArray[np.uint16 | np.uint32], NDArray[np.uint8]]
EMPTY_POSTING: Posting = (np.zeros(0, np.uint32), np.zeros((0, 4), np.uint8))


def ids_of(values: Iterable[UUID]) -> NDArray[np.bytes_]:
    """UUIDs as an array of their bytes."""
    return np.frombuffer(b"".join(value.bytes for value in values), ID)


def uuid_at(ids: NDArray[np.bytes_], index: int) -> UUID:
    """One UUID of such an array (numpy strips trailing zero bytes, which are put back)."""
    return UUID(bytes=bytes(ids[index]).ljust(16, b"\0"))


def number_type(chunk_count: int) -> np.dtype[np.uint16 | np.uint32]:
    """Type of the chunk numbers in a segment's postings."""
    return np.dtype("<u2") if chunk_count <= _SMALL else np.dtype("<u4")


def section_numbers(items: Sequence[int], keys: Sequence[str | None]) -> NDArray[np.uint32]:
    """Numbers of sections: consecutive chunks of an item with the same key share one, one without key has its own."""
    numbers = np.zeros(len(keys), np.uint32)
    number = 0
    for i in range(1, len(keys)):
        if keys[i] is None or keys[i] != keys[i - 1] or items[i] != items[i - 1]:
            number += 1
        numbers[i] = number
    return numbers


@dataclass(frozen=True, slots=True)
class Layout:
    """Items and chunks of a segment. `starts` has one entry more than `item_ids`."""

    item_ids: NDArray[np.bytes_]
    starts: NDArray[np.int64]
    sections: NDArray[np.uint32]
    lengths: NDArray[np.uint16]
    chunk_ids: NDArray[np.bytes_]

    @property
    def size(self) -> int:
        """Number of chunks."""
        return len(self.sections)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        arrays = (self.item_ids, self.starts, self.sections, self.lengths, self.chunk_ids)
        return sum(array.nbytes for array in arrays)

    def chunks_of(self, items: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Numbers of the chunks of the marked items, ascending."""
        return np.flatnonzero(np.repeat(items, np.diff(self.starts)))

    def without(self, dropped: NDArray[np.bytes_]) -> NDArray[np.bool_]:
        """Which items stay when some are dropped."""
        return ~np.isin(self.item_ids, dropped)


@dataclass(frozen=True, slots=True)
class PostingColumns:
    """Postings of several terms on end: those of `terms[i]` are `offsets[i]:offsets[i + 1]` of the other arrays."""

    terms: Sequence[str]
    offsets: NDArray[np.int64]
    numbers: NDArray[np.uint16 | np.uint32]
    frequencies: NDArray[np.uint8]


def read_layout(item_ids: bytes, starts: bytes, sections: bytes, lengths: bytes, chunk_ids: bytes) -> Layout:
    """A layout from its stored bytes; `item_ids` and `starts` (big-endian int4) as PostgreSQL sends them."""
    return Layout(
        np.frombuffer(item_ids, ID),
        np.frombuffer(starts, ">i4").astype(np.int64),
        np.frombuffer(sections, "<u4").astype(np.uint32, copy=False),
        np.frombuffer(lengths, "<u2").astype(np.uint16, copy=False).reshape(-1, 3),
        np.frombuffer(chunk_ids, ID),
    )


def read_posting(numbers: bytes, frequencies: bytes, chunk_count: int) -> Posting:
    """One term's posting from its stored bytes."""
    return (
        np.frombuffer(numbers, number_type(chunk_count)),
        np.frombuffer(frequencies, np.uint8).reshape(-1, 4),
    )


def join_layouts(parts: Sequence[tuple[Layout, NDArray[np.bool_]]]) -> tuple[Layout, list[NDArray[np.int32]]]:
    """Joins layouts, keeping only the marked items of each. Also returns old → new chunk numbers (−1: gone)."""
    item_ids: list[NDArray[np.bytes_]] = []
    counts: list[NDArray[np.int64]] = []
    sections: list[NDArray[np.uint32]] = []
    lengths: list[NDArray[np.uint16]] = []
    chunk_ids: list[NDArray[np.bytes_]] = []
    maps: list[NDArray[np.int32]] = []
    chunks = section = 0
    for layout, kept in parts:
        numbers = layout.chunks_of(kept)
        moved = np.full(layout.size, -1, np.int32)
        moved[numbers] = np.arange(chunks, chunks + len(numbers), dtype=np.int32)
        maps.append(moved)
        item_ids.append(layout.item_ids[kept])
        counts.append(np.diff(layout.starts)[kept])
        lengths.append(layout.lengths[numbers])
        chunk_ids.append(layout.chunk_ids[numbers])
        sections.append(layout.sections[numbers] + np.uint32(section))
        section += int(layout.sections[-1]) + 1 if layout.size else 0
        chunks += len(numbers)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(counts))])
    return (
        Layout(
            np.concatenate(item_ids),
            starts,
            np.concatenate(sections),
            np.concatenate(lengths),
            np.concatenate(chunk_ids),
        ),
        maps,
    )


def join_postings(parts: Sequence[tuple[Posting, NDArray[np.int32] | None, int]]) -> Posting:
    """Joins one term's postings of several segments: each renumbered by a map (−1: gone) or shifted by an offset."""
    numbers: list[NDArray[np.uint32]] = []
    frequencies: list[NDArray[np.uint8]] = []
    for (old, counts), moved, offset in parts:
        if not len(old):
            continue
        if moved is None:
            shifted = old.astype(np.uint32)
            shifted += np.uint32(offset)
            numbers.append(shifted)
            frequencies.append(counts)
        else:
            new = moved[old]
            kept = new >= 0
            numbers.append(new[kept].astype(np.uint32))
            frequencies.append(counts[kept])
    if not numbers:
        return EMPTY_POSTING
    if len(numbers) == 1:
        return numbers[0], frequencies[0]
    return np.concatenate(numbers), np.concatenate(frequencies)


def halfvec_array(vectors: NDArray[np.float32], element_oid: int) -> bytes:
    """Vectors as PostgreSQL's binary `halfvec[]`: made here at once, for row by row it would cost seconds."""
    n, dimension = vectors.shape
    element = np.dtype(
        [("size", ">i4"), ("dimension", ">i2"), ("unused", ">i2"), ("values", ">f2", (dimension,))],
    )
    elements = np.zeros(n, element)
    elements["size"] = 4 + 2 * dimension
    elements["dimension"] = dimension
    elements["values"] = vectors
    head = np.array([1, 0, element_oid, n, 1], ">i4")  # dimensions, nulls, type of the elements, length, first index
    return head.tobytes() + elements.tobytes()


def int4_array(values: NDArray[np.int64]) -> bytes:
    """Whole numbers as PostgreSQL's binary `int4[]`."""
    elements = np.empty(len(values), np.dtype([("size", ">i4"), ("value", ">i4")]))
    elements["size"] = 4
    elements["value"] = values
    return np.array([1, 0, _INT4, len(values), 1], ">i4").tobytes() + elements.tobytes()


def read_halfvecs(data: bytes, dimension: int) -> NDArray[np.float16]:
    """Vectors from the concatenated results of `halfvec_send`."""
    row = np.dtype([("head", ">i2", (2,)), ("values", ">f2", (dimension,))])
    return np.frombuffer(data, row)["values"].astype(np.float16)
