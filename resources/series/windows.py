"""Which hours of which series were touched, as few spans as possible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from resources.series.model import Window

HOUR_US = 3_600_000_000
BRIDGED_HOURS = 6
"""Untouched hours between touched ones that are computed along rather than split the span."""


def find_windows(
    keys: Sequence[tuple[str, ...]], codes: NDArray[np.int64], ts_us: NDArray[np.int64], interval_s: NDArray[np.int64]
) -> list[Window]:
    """Spans of whole hours over rows sorted by `codes` (pointing into `keys`) and time (microseconds since 1970)."""
    if not len(ts_us):
        return []
    begin = ts_us // HOUR_US
    end = (ts_us + np.maximum(interval_s, 1) * 1_000_000 - 1) // HOUR_US + 1
    fresh = np.empty(len(ts_us), dtype=bool)
    fresh[0] = True
    fresh[1:] = (codes[1:] != codes[:-1]) | (begin[1:] > end[:-1] + BRIDGED_HOURS)
    starts = np.flatnonzero(fresh)
    last_ends = np.maximum.reduceat(end, starts)
    return [
        Window(keys[int(codes[start])], _time(int(begin[start])), _time(int(stop)))
        for start, stop in zip(starts, last_ends, strict=True)
    ]


def merged(windows: Iterable[Window]) -> list[Window]:
    """The same spans, sorted, those that touch or overlap joined."""
    joined: list[Window] = []
    for window in sorted(windows, key=lambda one: (one.key, one.begin)):
        if joined and joined[-1].key == window.key and joined[-1].end >= window.begin:
            joined[-1] = Window(window.key, joined[-1].begin, max(joined[-1].end, window.end))
        else:
            joined.append(window)
    return joined


def _time(hour: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=hour)
