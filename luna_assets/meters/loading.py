"""One file on its way into the database: batches of frames, flagged, written, counted.

Imports the frames library: import this module only inside functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, cast
from uuid import UUID

import polars as pl

from luna_assets.meters.guard import PricesGuard, ReadingsGuard, Refused
from luna_rules.importing import (
    ImportOptions,
    Mapping,
    MeterFound,
    ParsedBatch,
    ParsedFile,
    RowFault,
    UnreadableFileError,
    parse_batches,
)
from luna_rules.importing.batches import BatchedFile
from resources.database import Connection
from resources.objects import ObjectStore
from resources.series import imports as queue
from resources.series import judging, meters, products
from resources.series.model import WriteReport
from resources.series.writer import compare_prices, compare_readings, write_prices, write_readings

Progress = Callable[[int, WriteReport], None]
KnownMapping = Callable[[str | None], queue.Json | None]
"""The mapping that is known for the signature of a header."""


@dataclass(slots=True)
class Outcome:
    """What became of a file. `usable`: rows that were written or known already; `faults`: the listed ones."""

    summary: ParsedFile
    mapping: queue.Json | None
    report: WriteReport
    usable: int
    rejected: int
    faults: list[RowFault] = field(default_factory=list[RowFault])


def read_options(row: queue.ImportRow, mapping: queue.Json | None) -> ImportOptions:
    """How the import's file is to be read."""
    given = {name: str(value) for name, value in row.options.items() if value}
    said = Mapping(**mapping) if mapping else None  # type: ignore[arg-type]  # written by the API from the same fields
    return ImportOptions(
        target="market_prices" if row.target == "market_prices" else "smart_meter_readings",
        file_name=row.file_name or "",
        meter_id=given.get("meter_id"),
        timezone=given.get("timezone", "Europe/Berlin"),
        mapping=said,
        market=given.get("market"),
        product=given.get("product"),
    )


def load_file(
    connection: Connection,
    objects: ObjectStore,
    row: queue.ImportRow,
    run_id: str,
    known_mapping: KnownMapping,
    progress: Progress,
) -> Outcome:
    """Read the import's file and write its rows, or only compare them (`dry_run`).

    What a person once said about the header (`known_mapping`) wins over what is recognised now. Raises
    `UnreadableFileError` before anything is written, unless a streamed file breaks off half-way.
    """
    if row.mapping is not None:
        return _load(connection, objects, row, run_id, row.mapping, lambda _: None, progress)
    try:
        return _load(connection, objects, row, run_id, None, known_mapping, progress)
    except UnreadableFileError as fault:
        mapping = known_mapping(fault.header_signature)
        if mapping is None:
            raise
    except _MappedError as known:
        mapping = known.mapping
    outcome = _load(connection, objects, row, run_id, mapping, lambda _: None, progress)
    # The same header may come from elsewhere with another meaning: what is taken for granted is said each time.
    outcome.summary.warnings.insert(0, _remembered(mapping))
    return outcome


def _remembered(mapping: queue.Json) -> str:
    columns = mapping.get("columns")
    said = [f"„{name}“ = {role}" for name, role in columns.items()] if isinstance(columns, dict) else []
    names = (("unit", "Einheit"), ("zone", "Zeitzone"), ("stamp", "Zeitstempel"), ("direction", "Richtung"))
    said += [f"{word} {mapping[name]}" for name, word in names if mapping.get(name)]
    return f"Der Aufbau ist bekannt; es gilt, was für ihn angegeben wurde: {', '.join(said)}."


class _MappedError(Exception):
    """The header of a file that was read without a mapping is one that a person has mapped."""

    def __init__(self, mapping: queue.Json) -> None:
        super().__init__("mapped")
        self.mapping = mapping


def _load(
    connection: Connection,
    objects: ObjectStore,
    row: queue.ImportRow,
    run_id: str,
    mapping: queue.Json | None,
    known_mapping: KnownMapping,
    progress: Progress,
) -> Outcome:
    source = objects.open(str(row.object_key))
    with source:
        file = parse_batches(source, read_options(row, mapping))
        if row.target == "market_prices":
            loader: _Loader = _PriceLoader(connection, row, run_id)
        else:
            loader = _ReadingLoader(connection, row, run_id)
        report, usable = WriteReport(), 0
        for batch in _ahead(file):
            known = None if file.streamed else known_mapping(file.summary.header_signature)
            if known is not None:
                raise _MappedError(known)
            written, rows = loader.write(batch, file)
            report.loaded += written.loaded
            report.updated += written.updated
            report.unchanged += written.unchanged
            report.windows.extend(written.windows)
            usable += rows
            progress(batch.rows_read, report)
        loader.finish()
    summary = file.summary
    faults = [*loader.refused.reasons.values(), *summary.faults]
    return Outcome(summary, mapping, report, usable, summary.faults_total + loader.refused.rows, faults)


class _Loader(Protocol):
    """Writes the batches of one file."""

    refused: Refused

    def write(self, batch: ParsedBatch, file: BatchedFile) -> tuple[WriteReport, int]:
        """Write one batch; what that did, and how many of its rows were usable."""
        ...

    def finish(self) -> None:
        """What can be done once all batches are written."""
        ...


class _ReadingLoader:
    def __init__(self, connection: Connection, row: queue.ImportRow, run_id: str) -> None:
        if row.tenant_id is None:
            raise ValueError(f"import {row.id} of readings names no tenant")
        self._connection = connection
        self._row = row
        self._run_id = run_id
        self._tenant: UUID = row.tenant_id
        self._guard = ReadingsGuard(
            connection, row.tenant_id, create_meters=bool(row.options.get("create_meters", True))
        )
        self.refused = self._guard.refused
        self._touched: dict[tuple[str, bool], judging.Stretch] = {}

    def write(self, batch: ParsedBatch, file: BatchedFile) -> tuple[WriteReport, int]:
        # A file that comes as one batch is known to its end; a streamed one has neither registers nor control sums.
        whole = None if file.streamed else file.summary
        frame = batch.readings
        if frame.is_empty():
            return WriteReport(), 0
        registers = whole.register_readings if whole is not None and whole.register_readings.height else None
        sums = whole.control_sums if whole is not None and whole.control_sums.height else None
        frame = self._guard.pass_on(frame, registers, sums)
        if frame.is_empty():
            return WriteReport(), 0
        if self._row.mode == "dry_run":
            return compare_readings(self._connection, self._tenant, frame), frame.height
        here: list[str] = frame["meter_id"].unique().to_list()
        found = {one.meter_id: one for one in whole.meters} if whole is not None else {}
        meters.register_found(
            self._connection, self._tenant, [found.get(one, MeterFound(one)) for one in here], source="import"
        )
        first, last = _span(frame, timedelta(seconds=int(cast("int", frame["interval_s"].max()))))
        queue.announce(self._connection, self._row.id, self._run_id, here, first, last)
        beside = judging.with_neighbours(self._connection, self._tenant, judging.stretches(frame))
        written = write_readings(self._connection, self._tenant, self._row.id, frame)
        # An attempt that broke off may have written what nobody has judged with its neighbours yet.
        if written.loaded or written.updated or self._row.attempts > 1:
            for one in beside:
                known = self._touched.get((one.meter_id, one.fine))
                self._touched[one.meter_id, one.fine] = one if known is None else known.joined(one)
        return written, frame.height

    def finish(self) -> None:
        judging.judge_stored(self._connection, self._tenant, list(self._touched.values()))


class _PriceLoader:
    def __init__(self, connection: Connection, row: queue.ImportRow, run_id: str) -> None:
        self._connection = connection
        self._row = row
        self._run_id = run_id
        self._guard = PricesGuard(connection)
        self.refused = self._guard.refused

    def write(self, batch: ParsedBatch, file: BatchedFile) -> tuple[WriteReport, int]:
        frame = self._guard.pass_on(batch.prices) if batch.prices.height else batch.prices
        if frame.is_empty():
            return WriteReport(), 0
        if self._row.mode == "dry_run":
            return compare_prices(self._connection, frame), frame.height
        fresh = self._guard.new_products(frame)
        products.register_found(self._connection, fresh, source=self._row.source)
        series = [f"{market}/{product}" for market, product in frame.select("market", "product").unique().rows()]
        first, last = _span(frame, timedelta())
        queue.announce(self._connection, self._row.id, self._run_id, series, first, last)
        return write_prices(self._connection, self._row.id, frame), frame.height

    def finish(self) -> None:
        """Prices are judged by nothing."""


def _ahead(file: BatchedFile) -> Iterator[ParsedBatch]:
    """The batches; of a streamed file the next one is read while one is written, for both take about as long."""
    batches = iter(file)
    if not file.streamed:
        # To its end, so that the summary is there when the one batch is written.
        yield from list(batches)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="reader") as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


def _span(frame: pl.DataFrame, length: timedelta) -> tuple[datetime, datetime]:
    """First begin and last end of a frame's intervals."""
    first, last = frame["ts"].min(), frame["ts"].max()
    return cast("datetime", first), cast("datetime", last) + length
