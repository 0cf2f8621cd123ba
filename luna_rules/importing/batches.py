"""Large files in parts: the plain CSV layouts are streamed, everything else comes as one batch."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

import polars as pl

from luna_rules.importing.dispatch import parse_content
from luna_rules.importing.model import ImportOptions, ParsedBatch, ParsedFile, UnreadableFileError
from luna_rules.importing.plain import PlainReader, recognise
from luna_rules.importing.typed import pick_meter, summary
from luna_rules.series.frames import empty_prices, empty_readings

_HEAD = 256 * 1024


class BatchedFile:
    """Iterate once; afterwards `summary` holds faults, facts, meters and warnings (its frames are empty).

    The summary of a file that came as one batch keeps its register readings and control sums.
    """

    def __init__(self, reader: PlainReader | None, whole: tuple[bytes, ImportOptions] | None) -> None:
        self._reader = reader
        self._whole = whole
        self._summary: ParsedFile | None = None

    @property
    def streamed(self) -> bool:
        """Whether it comes in parts of bounded size."""
        return self._reader is not None

    def __iter__(self) -> Iterator[ParsedBatch]:
        """Typed parts. Raises `UnreadableFileError`."""
        if self._reader is not None:
            reader = self._reader
            for frame in reader:
                if reader.shape.is_readings:
                    readings, prices = self._mine(frame, reader), empty_prices()
                else:
                    readings, prices = empty_readings(), frame
                yield ParsedBatch(readings, prices, reader.rows_read, reader.bytes_read)
            self._summary = summary(reader, "plain")
            return
        if self._whole is None:
            raise RuntimeError("the file was already read")
        content, options = self._whole
        self._whole = None
        parsed = parse_content(content, options)
        yield ParsedBatch(parsed.readings, parsed.prices, parsed.rows_read, len(content))
        self._summary = replace(parsed, readings=empty_readings(), prices=empty_prices())

    @staticmethod
    def _mine(frame: pl.DataFrame, reader: PlainReader) -> pl.DataFrame:
        """The rows of the meter that was asked for; whose they are is known from the first part on."""
        wanted = reader.options.meter_id
        if wanted is not None and wanted in reader.meters and len(reader.meters) > 1:
            return frame.filter(pl.col("meter_id") == wanted)
        return pick_meter(frame, reader.options)

    @property
    def summary(self) -> ParsedFile:
        """All but the rows. Raises RuntimeError before the iteration has ended."""
        if self._summary is None:
            raise RuntimeError("read all batches first")
        return self._summary


def open_batches(source: bytes | BinaryIO, options: ImportOptions) -> BatchedFile:
    """Recognise the layout from the first bytes and give the iterable. A stream must be seekable."""
    stream = io.BytesIO(source) if isinstance(source, bytes) else source
    head = stream.read(_HEAD)
    stream.seek(0)
    shape = None if options.mapping is not None or b"\x00" in head[:4] else recognise(head)
    if shape is None:
        content = source if isinstance(source, bytes) else _bounded(stream, options)
        return BatchedFile(None, (content, options))
    if shape.target != options.target:
        raise UnreadableFileError(
            "wrong_target",
            "Die Datei enthält Messwerte und keine Preise. Bitte als Ziel „smart_meter_readings“ wählen."
            if shape.is_readings
            else "Die Datei enthält Preise und keine Messwerte. Bitte als Ziel „market_prices“ wählen.",
        )
    return BatchedFile(PlainReader(stream, shape, options), None)


def _bounded(stream: BinaryIO, options: ImportOptions) -> bytes:
    content = stream.read(options.max_bytes + 1)
    if len(content) > options.max_bytes:
        raise UnreadableFileError(
            "too_large", f"Die Datei ist größer als {options.max_bytes // 1024**2} MiB. Bitte teilen."
        )
    return content
