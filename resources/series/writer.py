"""Writes typed frames to readings and prices: validated elsewhere, idempotent here.

A batch goes by binary COPY to a temporary table; rows of series that hold nothing in that span are inserted as they
are, the others are compared first: new ones inserted, differing ones replaced and the old value kept as a revision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from uuid import UUID

from resources.database import Connection
from resources.series import rollups
from resources.series.batches import Batch, UnknownSeriesError
from resources.series.model import WriteReport
from resources.series.windows import merged

if TYPE_CHECKING:
    import polars as pl

__all__ = ["UnknownSeriesError", "write_prices", "write_readings"]

BATCH_ROWS = 500_000
BATCH_SERIES = 500
"""A lock for each series is held until the batch ends, and the server has room for some thousands."""


def write_readings(
    connection: Connection,
    tenant: UUID,
    import_id: UUID | None,
    frame: pl.DataFrame,
    *,
    progress: Callable[[WriteReport], None] | None = None,
    roll_up: bool = True,
) -> WriteReport:
    """Write a readings frame (`luna_rules.series.frames`): new rows inserted, differing ones replaced.

    The meters must be registered. A column that is null in the frame keeps what is stored. Replaced values go to
    `reading_revisions`. Bounded batches, each a transaction with its rollups (unless `roll_up` is false: then the
    caller rolls up `windows`), so a repeated call after a crash ends in the same rows. `import_id` None: live values.

    Raises `UnknownSeriesError`, `FrameError`.
    """
    from luna_rules.series.frames import READING_KEY, check_readings
    from resources.series.reading_batches import write_batch

    report = WriteReport()
    for batch in _batches(_sorted(check_readings(frame), READING_KEY), ("meter_id",)):
        with connection.transaction():
            written = write_batch(connection, tenant, import_id, batch)
            if roll_up:
                rollups.roll_up(connection, tenant, written.windows)
            else:
                rollups.seal_chunks(connection)
        report.add(written)
        if progress:
            progress(report)
    report.windows = merged(report.windows)
    return report


def write_prices(
    connection: Connection,
    import_id: UUID | None,
    frame: pl.DataFrame,
    *,
    progress: Callable[[WriteReport], None] | None = None,
    roll_up: bool = True,
) -> WriteReport:
    """Write a price frame likewise; replaced prices go to `price_observations`. The product must be registered."""
    from luna_rules.series.frames import PRICE_KEY, check_prices
    from resources.series.price_batches import write_batch

    report = WriteReport()
    for batch in _batches(_sorted(check_prices(frame), PRICE_KEY), ("market", "product")):
        with connection.transaction():
            written = write_batch(connection, import_id, batch)
            if roll_up:
                rollups.roll_up_prices(connection, written.windows)
        report.add(written)
        if progress:
            progress(report)
    report.windows = merged(report.windows)
    return report


def compare_readings(connection: Connection, tenant: UUID, frame: pl.DataFrame) -> WriteReport:
    """What `write_readings` would do; nothing is written, and the meters need not be registered."""
    from luna_rules.series.frames import READING_KEY, check_readings
    from resources.series.reading_batches import write_batch

    report = WriteReport()
    for batch in _batches(_sorted(check_readings(frame), READING_KEY), ("meter_id",)):
        with connection.transaction():
            report.add(write_batch(connection, tenant, None, batch, only_compare=True))
    return report


def compare_prices(connection: Connection, frame: pl.DataFrame) -> WriteReport:
    """What `write_prices` would do; nothing is written, and the product need not be registered."""
    from luna_rules.series.frames import PRICE_KEY, check_prices
    from resources.series.price_batches import write_batch

    report = WriteReport()
    for batch in _batches(_sorted(check_prices(frame), PRICE_KEY), ("market", "product")):
        with connection.transaction():
            report.add(write_batch(connection, None, batch, only_compare=True))
    return report


def _sorted(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    import polars as pl

    ordered = frame.sort(key) if not _is_sorted(frame, key) else frame
    if ordered.height > 1:
        again = ordered.select(pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in key).any()).item()
        if again:
            from luna_rules.series.frames import FrameError

            raise FrameError(f"a key ({', '.join(key)}) occurs twice")
    return ordered


def _is_sorted(frame: pl.DataFrame, key: tuple[str, ...]) -> bool:
    import polars as pl

    later = pl.lit(False)
    for name in reversed(key):
        before = pl.col(name).shift(1)
        later = (before > pl.col(name)) | ((before == pl.col(name)) & later)
    return not bool(frame.select(later.any()).item())


def _batches(frame: pl.DataFrame, series: tuple[str, ...]) -> Iterator[Batch]:
    import numpy as np

    if frame.is_empty():
        return
    rows = frame.height
    change = np.ones(rows, dtype=bool)
    if rows > 1:
        import polars as pl

        change[1:] = (
            frame.select(pl.any_horizontal(pl.col(name) != pl.col(name).shift(1) for name in series))
            .to_series()
            .to_numpy()[1:]
        )
    begin = 0
    while begin < rows:
        end = min(begin + BATCH_ROWS, rows)
        starts = np.flatnonzero(change[begin + 1 : end]) + begin + 1
        if len(starts) >= BATCH_SERIES:
            end = int(starts[BATCH_SERIES - 1])
        part = frame.slice(begin, end - begin)
        firsts = np.concatenate(([0], np.flatnonzero(change[begin + 1 : end]) + 1))
        keys = [tuple(map(str, key)) for key in part.select(series)[firsts].rows()]
        codes = np.repeat(np.arange(len(keys)), np.diff(np.append(firsts, end - begin)))
        yield Batch(part, keys, codes, part["ts"].to_physical().to_numpy())
        begin = end
