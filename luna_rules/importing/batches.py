"""Large files in parts: the plain CSV layouts are streamed, everything else comes as one batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from luna_rules.importing.model import ImportOptions, ParsedBatch, ParsedFile


class BatchedFile:
    """Iterate once; afterwards `summary` holds faults, facts, meters and warnings (its frames are empty)."""

    layout: str

    def __iter__(self) -> Iterator[ParsedBatch]:
        raise NotImplementedError

    @property
    def summary(self) -> ParsedFile:
        """All but the rows. Raises RuntimeError before the iteration has ended."""
        raise NotImplementedError


def open_batches(source: bytes | BinaryIO, options: ImportOptions) -> BatchedFile:
    """Recognise the layout from the first bytes and give the iterable."""
    raise NotImplementedError
