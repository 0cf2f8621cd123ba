"""What is right and wrong about readings: flags into `quality`, and a report per meter and Berlin day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl


@dataclass(frozen=True)
class Limits:
    """What counts as wrong; every field has a default that holds for a low-voltage connection."""

    capacity_kw: float | None = None
    """Connection or generator power; ten per cent over it is out of range."""
    consumption_max_kw: float = 100_000.0
    production_max_kw: float = 100_000.0
    outlier_scale: float = 8.0
    flat_hours: float = 24.0
    register_tolerance: float = 0.005


def validate(
    readings: pl.DataFrame,
    *,
    now: datetime,
    limits: Limits | None = None,
    registers: pl.DataFrame | None = None,
    control_sums: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """The same frame with flags set in `quality`. `now` decides what lies in the future."""
    raise NotImplementedError


def quality_days(readings: pl.DataFrame, *, zone: str = "Europe/Berlin") -> pl.DataFrame:
    """The report per meter and local day: expected and present values, gaps, counts per status and flag."""
    raise NotImplementedError
