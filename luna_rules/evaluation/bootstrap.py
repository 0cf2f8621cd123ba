"""How sure a mean over questions is: percentile bootstrap, the same for the same numbers on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean of `n` values with the interval that holds it with the confidence of 95 %."""

    value: float
    low: float
    high: float
    n: int

    def rounded(self) -> dict[str, float]:
        """For JSON, three decimals."""
        return {"value": round(self.value, 3), "low": round(self.low, 3), "high": round(self.high, 3), "n": self.n}


def estimate(values: Sequence[float], *, seed: int = 20260101) -> Estimate:
    """Mean with its interval, drawing the questions again with replacement. Raises ValueError without values.

    Where all values are equal the bootstrap says nothing of the uncertainty; the interval is then that of the rule of
    three (Hanley & Lippman-Hand 1983) for shares: with n equal outcomes the other one has at most 3/n with 95 %.
    """
    n = len(values)
    if not n:
        raise ValueError("values is empty; a mean needs at least one value, for instance [1.0]")
    data = np.asarray(values, np.float64)
    mean = float(data.mean())
    if float(data.min()) == float(data.max()):
        margin = min(1.0, 3.0 / n)
        return Estimate(mean, max(0.0, mean - margin), min(1.0, mean + margin), n)
    random = np.random.default_rng(seed)
    means = data[random.integers(0, n, (RESAMPLES, n))].mean(axis=1)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Estimate(mean, float(low), float(high), n)
