"""Statistics of a year of hourly prices, and the figures of DE-LU 2025 that a plausible simulator comes near.

Source of the figures: day-ahead prices of the zone DE-LU of 2025 (Bundesnetzagentur, SMARD.de), on the hourly basis.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from luna_rules.series.calendar import BERLIN, is_peak
from luna_rules.simulation.chance import Floats
from luna_rules.simulation.market import MarketHours
from luna_rules.simulation.weather import HOUR_S

TOLERANCE: Final = 0.15

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Target:
    """A figure to come near: within 15 % of it, or within `absolute` where that is wider, or equal in `hours`."""

    name: str
    value: float
    unit: str = "EUR/MWh"
    absolute: float = 0.0
    kind: Literal["number", "hour"] = "number"

    def holds(self, found: float) -> bool:
        """Whether a figure is near enough."""
        if self.kind == "hour":
            return abs(found - self.value) <= 1
        return abs(found - self.value) <= max(TOLERANCE * abs(self.value), self.absolute)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A target and what was found."""

    target: Target
    found: float

    @property
    def holds(self) -> bool:
        """Whether it is near enough."""
        return self.target.holds(self.found)


TARGETS_2025: Final = (
    Target("mean", 89.3),
    Target("standard deviation", 52.1),
    Target("minimum", -250.3),
    Target("maximum", 583.4),
    Target("quantile 1 %", -18.9),
    # 15 % of a tenth of a euro would be a matter of cents: what counts is that the quantile lies on the step at zero.
    Target("quantile 5 %", -0.1, absolute=0.5),
    Target("quantile 50 %", 92.4),
    Target("quantile 95 %", 162.4),
    Target("quantile 99 %", 242.8),
    Target("autocorrelation 1 h", 0.91, ""),
    Target("autocorrelation 24 h", 0.70, ""),
    Target("autocorrelation 168 h", 0.56, ""),
    Target("mean daily spread", 124.0),
    Target("cheapest hour", 13, "h", kind="hour"),
    Target("mean of the cheapest hour", 46.0),
    Target("dearest hour", 19, "h", kind="hour"),
    Target("mean of the dearest hour", 136.2),
    Target("mean of Wednesdays", 100.3),
    Target("mean of Sundays", 67.5),
    Target("peak / base", 1.034, ""),
    Target("correlation with residual load", 0.875, ""),
    Target("correlation with PV", -0.557, ""),
    Target("correlation with wind", -0.286, ""),
    Target("value factor of PV", 0.516, ""),
    Target("negative hours", 573, "h"),
    Target("longest negative run", 20, "h"),
)


def figures(market: MarketHours) -> dict[str, float]:
    """The statistics by the names of the targets, of whole days of Berlin and of hourly prices."""
    price = market.price
    start = datetime.fromtimestamp(market.first_hour * HOUR_S, UTC)
    local = [(start + timedelta(hours=place)).astimezone(BERLIN) for place in range(price.size)]
    hour = np.array([moment.hour for moment in local])
    weekday = np.array([moment.weekday() for moment in local])
    day = np.array([moment.toordinal() for moment in local])
    return statistics(market, hour, weekday, day, np.array([is_peak(moment) for moment in local]))


def statistics(market: MarketHours, hour: Whole, weekday: Whole, day: Whole, peak: Flags) -> dict[str, float]:
    """As `figures`, with Berlin's hour, weekday, day and peak of each hour given."""
    price = market.price
    by_hour = np.array([price[hour == one].mean() for one in range(24)])
    edges = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    spread = np.maximum.reduceat(price, edges) - np.minimum.reduceat(price, edges)
    quantiles = np.quantile(price, [0.01, 0.05, 0.5, 0.95, 0.99])
    return {
        "mean": float(price.mean()),
        "standard deviation": float(price.std()),
        "minimum": float(price.min()),
        "maximum": float(price.max()),
        **{f"quantile {share} %": float(q) for share, q in zip((1, 5, 50, 95, 99), quantiles, strict=True)},
        **{f"autocorrelation {lag} h": correlation(price[:-lag], price[lag:]) for lag in (1, 24, 168)},
        "mean daily spread": float(spread.mean()),
        "cheapest hour": float(by_hour.argmin()),
        "mean of the cheapest hour": float(by_hour.min()),
        "dearest hour": float(by_hour.argmax()),
        "mean of the dearest hour": float(by_hour.max()),
        "mean of Wednesdays": float(price[weekday == 2].mean()),
        "mean of Sundays": float(price[weekday == 6].mean()),
        "peak / base": float(price[peak].mean() / price.mean()),
        "correlation with residual load": correlation(price, market.residual),
        "correlation with PV": correlation(price, market.pv),
        "correlation with wind": correlation(price, market.wind),
        "value factor of PV": float((price * market.pv).sum() / market.pv.sum() / price.mean()),
        "negative hours": float((price < 0).sum()),
        "longest negative run": float(longest_run(price < 0)),
    }


def compare(market: MarketHours) -> list[Comparison]:
    """Hold a simulated year against the figures of 2025."""
    found = figures(market)
    return [Comparison(target, found[target.name]) for target in TARGETS_2025]


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's correlation."""
    return float(np.corrcoef(one, other)[0, 1])


def longest_run(flags: Flags) -> int:
    """Length of the longest run of true values."""
    padded = np.concatenate([[False], flags, [False]]).astype(np.int8)
    turns = np.flatnonzero(np.diff(padded))
    return int((turns[1::2] - turns[::2]).max()) if turns.size else 0
