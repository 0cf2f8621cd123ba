"""Whether a column of numbers holds a counter's standings although nothing says so."""

from __future__ import annotations

from typing import Final

import polars as pl

_LEAST: Final = 12
"""So many rises at least; fewer could be a morning."""
_LEVEL: Final = 20
"""A load that never falls is a counter if it begins so far above its mean rise, or …"""
_SURE: Final = 95
"""… wherever it begins, if it rises through a whole day of quarter-hours."""
_SEGMENT: Final = 20
"""A counter that begins anew does so at most once in so many rows."""


def _steps(numbers: pl.Series, groups: pl.Series) -> pl.DataFrame:
    """The filled numbers in the order in which they rise, with the step to each."""
    frame = pl.DataFrame({"n": numbers, "g": groups}).with_row_index("row").drop_nulls("n")
    return frame.with_columns(step=pl.col("n").diff().over("g"), before=pl.col("n").shift().over("g"))


def only_rises(numbers: pl.Series, groups: pl.Series) -> bool:
    """Whether a column only rises, by little against its height or for long."""
    steps = _steps(numbers, groups)
    rises = steps["step"].drop_nulls()
    lowest, mean = steps["n"].min(), float(rises.sum()) / max(len(rises), 1)
    if len(rises) < _LEAST or mean <= 0 or int((rises < 0).sum()) > len(rises) // 1000:
        return False
    often = len(rises) >= _SURE and int((rises > 0).sum()) >= len(rises) // 4
    return often or (isinstance(lowest, float) and lowest > _LEVEL * mean)


def begins_daily(numbers: pl.Series, groups: pl.Series, days: int) -> bool:
    """Whether a column only rises, except where it falls back to nearly nothing, once for each of `days` days."""
    steps = _steps(numbers, groups).drop_nulls("step")
    falls = steps.filter(pl.col("step") < 0)
    rises = int((steps["step"] > 0).sum())
    if not falls.height or steps.height < _SURE or falls.height * _SEGMENT > steps.height or rises < steps.height // 4:
        return False
    if not days - 2 <= falls.height / max(groups.n_unique(), 1) <= days + 1:
        return False
    return bool((falls["n"] <= 0.1 * falls["before"]).all())


def running_on(numbers: pl.Series, groups: pl.Series) -> pl.Series:
    """The same counter without its fresh starts: what it had reached before each is carried on."""
    steps = _steps(numbers, groups).with_columns(
        carried=pl.when(pl.col("step") < 0).then("before").otherwise(0.0).cum_sum().over("g")
    )
    whole = pl.DataFrame({"row": pl.int_range(len(numbers), eager=True, dtype=pl.UInt32)})
    joined = whole.join(steps.select("row", total=pl.col("n") + pl.col("carried")), on="row", how="left")
    return joined.sort("row")["total"]
