"""From bytes to typed frames: recognises a file by its content, reads it, and says what was wrong with it. Pure.

Importing this package is cheap; the frames library is loaded by the first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from luna_rules.importing.model import (
    ImportOptions,
    Mapping,
    MeterFound,
    ParsedBatch,
    ParsedFile,
    RowFault,
    UnreadableFileError,
)

if TYPE_CHECKING:
    from luna_rules.importing.batches import BatchedFile

__all__ = [
    "ImportOptions",
    "Mapping",
    "MeterFound",
    "ParsedBatch",
    "ParsedFile",
    "RowFault",
    "UnreadableFileError",
    "parse",
    "parse_batches",
]


def parse(content: bytes, options: ImportOptions | None = None) -> ParsedFile:
    """Read a whole file: CSV, JSON, XML, XLSX, XLS, Parquet, MSCONS, each also packed with gzip or as a zip of one.

    Good rows are in the frames, bad ones in `faults`. Raises `UnreadableFileError` when the file cannot be read at
    all, or not without being told something (unit, meter).
    """
    from luna_rules.importing.dispatch import parse_content

    return parse_content(content, options or ImportOptions())


def parse_batches(source: bytes | BinaryIO, options: ImportOptions | None = None) -> BatchedFile:
    """Read a file of any size in parts: iterate over the result for `ParsedBatch`es, then read its `summary`.

    The two plain CSV layouts are streamed in bounded memory; a time that occurs in two batches is in both (the later
    one wins when written in order). Every other layout comes as one batch. Raises `UnreadableFileError`, also while
    iterating.
    """
    from luna_rules.importing.batches import open_batches

    return open_batches(source, options or ImportOptions())
