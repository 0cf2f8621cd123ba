"""The platform's own CSV layouts, read in parts of bounded size: readings and prices.

A part without a fault goes through the frame library's reader in one go; a part that holds one is read again line by
line to name it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import polars as pl

from luna_rules.importing import rows as rows_module
from luna_rules.importing.assemble import infer_intervals, prices_of, readings_of, unique_rows
from luna_rules.importing.model import Faults, ImportOptions, MeterFound, UnreadableFileError
from luna_rules.importing.rows import Part, Shape
from luna_rules.importing.text import LINE_LIMIT, split_line

PART_BYTES: Final = 24 * 1024 * 1024
READING_COLUMNS: Final = ("meter_id", "ts", "interval_s", "consumption_kw", "production_kw", "voltage", "quality")
PRICE_COLUMNS: Final = ("market", "product", "ts", "price_eur_mwh", "volume")
_NUMBERS: Final = ("consumption_kw", "production_kw", "voltage", "price_eur_mwh", "volume")


def recognise(head: bytes) -> Shape | None:
    """The shape of a plain CSV whose first line names our columns; None for any other file."""
    if head.startswith(b"\xef\xbb\xbf"):
        head, mark = head[3:], 3
    else:
        mark = 0
    line, _, rest = head.partition(b"\n")
    if len(line) > LINE_LIMIT or b"\x00" in line:
        return None
    try:
        text = line.decode("utf-8").strip("\r")
    except UnicodeDecodeError:
        return None
    for separator in ",;\t|":
        names = [name.strip().strip('"').lower() for name in split_line(text, separator)]
        while names and not names[-1]:
            names.pop()
        for target, known, needed in (
            ("smart_meter_readings", READING_COLUMNS, {"meter_id", "ts"}),
            ("market_prices", PRICE_COLUMNS, {"market", "product", "ts", "price_eur_mwh"}),
        ):
            values = set(names) & set(_NUMBERS)
            if needed <= set(names) and values and len(set(names)) == len(names) and set(names) <= set(known):
                sample = rest[:LINE_LIMIT].decode("utf-8", errors="replace").split("\n")[:200]
                comma = separator != "," and rows_module.uses_decimal_comma(sample, separator, names, _NUMBERS)
                return Shape(target, separator, tuple(names), mark + len(line) + 1, comma)
    return None


@dataclass
class PlainReader:
    """Reads a plain CSV part by part; counts and faults grow while it is iterated."""

    source: BinaryIO
    shape: Shape
    options: ImportOptions
    part_bytes: int = PART_BYTES
    faults: Faults = field(default_factory=Faults)
    rows_read: int = 0
    bytes_read: int = 0
    without_value: int = 0
    exact: int = 0
    conflicts: int = 0
    local_times: int = 0
    ambiguous_once: int = 0
    meters: dict[str, int] = field(default_factory=dict[str, int])
    products: dict[str, int] = field(default_factory=dict[str, int])
    intervals: dict[str, int] = field(default_factory=dict[str, int])

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Frames of readings or prices, each sorted with unique keys. Raises `UnreadableFileError`."""
        state = rows_module.State()
        for first_line, part in self._parts():
            if not part.strip():
                continue
            parsed = rows_module.read_part(Part(part, first_line), self.shape, self.options, self.faults, state)
            self.rows_read += parsed.rows
            if self.rows_read > self.options.max_rows:
                raise UnreadableFileError(
                    "too_many_rows", f"Die Datei hat mehr als {self.options.max_rows} Zeilen. Bitte teilen."
                )
            self.without_value += parsed.without_value
            self.local_times += parsed.local_times
            self.ambiguous_once += parsed.ambiguous_once
            frame = self._readings(parsed.frame) if self.shape.is_readings else self._prices(parsed.frame)
            yield frame
        if not self.rows_read:
            raise UnreadableFileError("header_only", "Die Datei enthält nur die Kopfzeile und keine Werte.")

    def _readings(self, frame: pl.DataFrame) -> pl.DataFrame:
        frame, exact, conflicts = unique_rows(
            frame, ("meter_id", "ts"), ("consumption_kw", "production_kw", "voltage"), self.faults
        )
        self.exact += exact
        self.conflicts += conflicts
        for meter, number in frame.group_by("meter_id").len().iter_rows():
            self.meters[meter] = self.meters.get(meter, 0) + number
        return readings_of(infer_intervals(frame, self.intervals))

    def _prices(self, frame: pl.DataFrame) -> pl.DataFrame:
        frame, exact, conflicts = unique_rows(
            frame, ("market", "product", "ts"), ("price_eur_mwh", "volume"), self.faults, flagged=False
        )
        self.exact += exact
        self.conflicts += conflicts
        for market, product, number in frame.group_by("market", "product").len().iter_rows():
            name = f"{market}/{product}"
            self.products[name] = self.products.get(name, 0) + number
        return prices_of(frame)

    def _parts(self) -> Iterator[tuple[int, bytes]]:
        """Whole lines with the number of the first, about `part_bytes` at a time."""
        skipped = self.source.read(self.shape.body_at)
        self.bytes_read = len(skipped)
        line = 2
        rest = b""
        while True:
            block = self.source.read(self.part_bytes)
            self.bytes_read += len(block)
            if self.bytes_read > self.options.max_bytes:
                raise UnreadableFileError(
                    "too_large", f"Die Datei ist größer als {self.options.max_bytes // 1024**2} MiB. Bitte teilen."
                )
            if not block:
                if rest:
                    yield line, rest
                return
            cut = block.rfind(b"\n")
            if cut < 0:
                rest += block
                if len(rest) > 4 * self.part_bytes:
                    raise UnreadableFileError("binary", "Die Datei hat keine Zeilen: sie ist kein CSV.")
                continue
            part = rest + block[: cut + 1]
            rest = block[cut + 1 :]
            yield line, part
            line += part.count(b"\n")

    def found(self) -> list[MeterFound]:
        """The meters read so far."""
        return [rows_module.meter_found(meter, number) for meter, number in sorted(self.meters.items())]

    def warnings(self) -> list[str]:
        """What the reader of the report should know."""
        said: list[str] = []
        if self.exact:
            said.append(f"{self.exact} Zeilen kommen mehrfach gleich vor und zählen einmal.")
        if self.conflicts:
            said.append(f"{self.conflicts} Zeiten kommen mehrfach mit anderem Wert vor; es gilt die letzte Zeile.")
        if self.local_times and self.local_times < self.rows_read:
            said.append(
                f"{self.local_times} Zeitstempel ohne Zeitzone stehen neben solchen mit; sie gelten in "
                f"{self.options.timezone}."
            )
        if self.ambiguous_once:
            said.append(
                f"{self.ambiguous_once} Zeitstempel der doppelten Stunde kommen nur einmal vor; "
                "sie gelten als Sommerzeit."
            )
        return said


def reader_of(content: bytes, shape: Shape, options: ImportOptions) -> PlainReader:
    """A reader over bytes in memory."""
    return PlainReader(io.BytesIO(content), shape, options)
