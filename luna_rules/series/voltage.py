"""Voltage against EN 50160: limits at a low-voltage connection, and what a series of means can say about them.

The norm speaks of 10-minute means over a week. Means over a quarter-hour smooth more than that: they can hint at a
breach, never prove conformity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from typing import Final

NOMINAL_V: Final = 230.0
USUAL_LOW_V: Final = 207.0
"""EN 50160: 95 % of the week's 10-minute means lie between 207 and 253 V."""
LOWEST_V: Final = 195.5
"""EN 50160: all of them lie between 195.5 and 253 V."""
HIGHEST_V: Final = 253.0
SHARE_USUAL: Final = 0.95
NORM_INTERVAL_S: Final = 600
WEEK_S: Final = 604_800


@dataclass(frozen=True, slots=True)
class VoltageReport:
    """What the values of a week say."""

    values: int
    within_usual: float
    """Share of the values within 207 to 253 V (0 to 1)."""
    within_all: float
    """Share within 195.5 to 253 V."""
    lowest_v: float
    highest_v: float
    kept: bool
    """Both limits are kept by the values at hand."""
    conclusive: bool
    """The values are 10-minute means or finer and cover the week; otherwise `kept` is a hint only."""


def is_outside(voltage: float | None) -> bool:
    """Whether a value lies outside 195.5 to 253 V; a missing one does not."""
    return voltage is not None and not isnan(voltage) and not LOWEST_V <= voltage <= HIGHEST_V


def judge_week(voltages: Sequence[float | None], interval_s: int) -> VoltageReport:
    """Hold the means of one week against EN 50160.

    Args:
        voltages: means over `interval_s` in V; None and NaN are gaps.
        interval_s: length of each interval in seconds.

    Raises:
        ValueError: `interval_s` is not positive, or no value is there.
    """
    if interval_s <= 0:
        raise ValueError(f"interval_s is {interval_s}; right is for example 600")
    known = [value for value in voltages if value is not None and not isnan(value)]
    if not known:
        raise ValueError("there is no voltage to judge")
    usual = sum(USUAL_LOW_V <= value <= HIGHEST_V for value in known) / len(known)
    everything = sum(LOWEST_V <= value <= HIGHEST_V for value in known) / len(known)
    return VoltageReport(
        values=len(known),
        within_usual=usual,
        within_all=everything,
        lowest_v=min(known),
        highest_v=max(known),
        kept=usual >= SHARE_USUAL and everything == 1.0,
        conclusive=interval_s <= NORM_INTERVAL_S and len(known) * interval_s >= WEEK_S * SHARE_USUAL,
    )
