"""Puts missing intervals between the present ones, so that a column is as regular as its meter."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from resources.series.rollups import BERLIN

MAX_FILLED: Final = 2_000_000
"""So many missing intervals at most in one answer; beyond, one of them marks each gap."""


class Filled:
    """Fills gaps with as many intervals as fit, each as long as the value before them.

    `ts` epoch milliseconds ascending, `interval_s` the length of each.
    """

    def __init__(self, ts: NDArray[np.int64], interval_s: NDArray[np.int32]) -> None:
        self.ts, self.interval_s = ts, interval_s
        self._present: NDArray[np.bool_] | None = None
        if len(ts) < 2:
            return
        step_ms = np.maximum(interval_s.astype(np.int64) * 1000, 1)
        room = ts[1:] - ts[:-1] - step_ms[:-1]
        missing = np.zeros(len(ts), dtype=np.int64)
        # Rounded: the day without a value may be the one of 23 or 25 hours.
        missing[:-1] = np.where(room > 0, np.maximum(np.rint(room / step_ms[:-1]), 1), 0)
        total = int(missing.sum())
        if not total:
            return
        if total > MAX_FILLED:
            missing = np.minimum(missing, 1)
        counts = missing + 1
        place = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        self._present = place == 0
        self.ts = np.repeat(ts, counts) + place * np.repeat(step_ms, counts)
        self.interval_s = np.repeat(interval_s, counts)

    def floats(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The column with NaN for missing intervals."""
        if self._present is None:
            return values
        filled = np.full(len(self.ts), np.nan)
        filled[self._present] = values
        return filled

    def ints(self, values: NDArray[np.int32], absent: int) -> NDArray[np.int32]:
        """The column with `absent` for missing intervals."""
        if self._present is None:
            return values
        filled = np.full(len(self.ts), absent, dtype=np.int32)
        filled[self._present] = values
        return filled


class FilledDays(Filled):
    """Fills gaps between days of Europe/Berlin, which have 23, 24 or 25 hours; `ts` are their midnights."""

    def __init__(self, ts: NDArray[np.int64]) -> None:
        super().__init__(ts[:0], np.empty(0, dtype=np.int32))
        if not len(ts):
            return
        first, last = (dt.datetime.fromtimestamp(int(one) / 1000, BERLIN).year for one in (ts[0], ts[-1]))
        calendar = np.concatenate([_midnights(year) for year in range(first, last + 2)])
        begin, end = np.searchsorted(calendar, (ts[0], ts[-1]))
        self.ts = calendar[begin : end + 1]
        self.interval_s = (np.diff(calendar[begin : end + 2]) // 1000).astype(np.int32)
        if len(self.ts) != len(ts):
            self._present = np.isin(self.ts, ts)


@lru_cache(maxsize=256)
def _midnights(year: int) -> NDArray[np.int64]:
    days = (dt.date(year + 1, 1, 1) - dt.date(year, 1, 1)).days
    first = dt.datetime(year, 1, 1, tzinfo=BERLIN)
    # Adding days to a local time keeps the wall clock, so each is a midnight.
    return np.array([round((first + dt.timedelta(days=n)).timestamp() * 1000) for n in range(days)], dtype=np.int64)
