"""A batch of rows on its way to the database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class UnknownSeriesError(LookupError):
    """Rows of a meter or product that is not registered; the text names it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of some series, sorted by series and time: `codes` point into `keys`, `ts_us` is microseconds since 1970."""

    frame: pl.DataFrame
    keys: list[tuple[str, ...]]
    codes: NDArray[np.int64]
    ts_us: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Readings as columns of equal length, NaN for null; `codes` as in `Batch`."""

    codes: NDArray[np.int64]
    ts_us: NDArray[np.int64]
    consumption_kw: NDArray[np.float64]
    production_kw: NDArray[np.float64]
    voltage: NDArray[np.float64]
    interval_s: NDArray[np.int32]
    quality: NDArray[np.int32]

    def of(self, chosen: NDArray[np.bool_] | slice) -> Rows:
        """Some of the rows, in their order."""
        return Rows(
            self.codes[chosen],
            self.ts_us[chosen],
            self.consumption_kw[chosen],
            self.production_kw[chosen],
            self.voltage[chosen],
            self.interval_s[chosen],
            self.quality[chosen],
        )


def reading_rows(batch: Batch) -> Rows:
    """The columns of a batch of readings. Raises `FrameError` for an infinite value."""
    frame = batch.frame
    return Rows(
        batch.codes,
        batch.ts_us,
        float_column(frame, "consumption_kw"),
        float_column(frame, "production_kw"),
        float_column(frame, "voltage"),
        frame["interval_s"].to_numpy(),
        frame["quality"].fill_null(0).to_numpy(),
    )


def spans(batch: Batch) -> tuple[list[dt.datetime], list[dt.datetime]]:
    """First and last time of each series."""
    firsts = np.flatnonzero(np.diff(batch.codes, prepend=-1))
    lasts = np.append(firsts[1:], len(batch.codes)) - 1
    return [_time(int(batch.ts_us[one])) for one in firsts], [_time(int(batch.ts_us[one])) for one in lasts]


def float_column(frame: pl.DataFrame, name: str) -> NDArray[np.float64]:
    """A column with NaN for null. Raises `FrameError` for an infinite value."""
    values = frame[name].fill_null(float("nan")).to_numpy()
    if np.isinf(values).any():
        from luna_rules.series.frames import FrameError

        raise FrameError(f"{name} holds an infinite value")
    return values


def _time(us: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=us)
