"""Fewer points for a chart without losing a peak: of each stretch of rows its smallest and its largest value stay.

Takes and gives numpy arrays; a row that is kept is a row as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_POINTS = 16


def envelope(
    columns: Sequence[NDArray[np.float64]], points: int, *, marks: NDArray[np.int32] | None = None
) -> NDArray[np.int64]:
    """Indices of the rows to keep, ascending, at most `points` (at least 16 are allowed).

    The rows are cut into stretches of equal count. Of each stretch the rows of the smallest and largest value of every
    column stay, one row with a gap (NaN) where there is one, so that a gap stays visible, and one row with the
    highest of `marks` where any is set. The first and last row always stay. Columns without values cost nothing.
    Raises ValueError for columns of unequal length.
    """
    if not columns:
        raise ValueError("an envelope needs at least one column")
    rows = len(columns[0])
    if any(len(column) != rows for column in columns) or (marks is not None and len(marks) != rows):
        raise ValueError("the columns of an envelope have equal length")
    points = max(points, FEWEST_POINTS)
    if rows <= points:
        return np.arange(rows, dtype=np.int64)
    holes = [np.isnan(column) for column in columns]
    used = [(column, hole) for column, hole in zip(columns, holes, strict=True) if not hole.all()]
    gaps = np.logical_and.reduce([hole for _, hole in used]) if used else np.zeros(rows, dtype=bool)
    marked = marks is not None and bool(marks.any())
    each = 2 * len(used) + int(bool(gaps.any())) + int(marked)
    if not each:
        return np.unique(np.linspace(0, rows - 1, points).astype(np.int64))
    stretches = max(1, (points - 2) // each)
    size = -(-rows // stretches)
    keep: list[NDArray[np.int64]] = [np.array([0, rows - 1], dtype=np.int64)]
    for column, hole in used:
        keep.append(_extreme(np.where(hole, np.inf, column), hole, size, smallest=True))
        keep.append(_extreme(np.where(hole, -np.inf, column), hole, size, smallest=False))
    if gaps.any():
        keep.append(_extreme(np.where(gaps, 0.0, 1.0), ~gaps, size, smallest=True))
    if marked and marks is not None:
        keep.append(_extreme(marks.astype(np.float64), marks == 0, size, smallest=False))
    return np.unique(np.concatenate(keep))


def _extreme(
    values: NDArray[np.float64], without: NDArray[np.bool_], size: int, *, smallest: bool
) -> NDArray[np.int64]:
    """The row of the extreme value of each stretch of `size` rows; none of a stretch that is wholly `without`."""
    rows = len(values)
    whole = rows // size
    body = values[: whole * size].reshape(whole, size)
    found = (body.argmin(axis=1) if smallest else body.argmax(axis=1)) + np.arange(whole) * size
    if whole * size < rows:
        tail = values[whole * size :]
        found = np.append(found, whole * size + int(tail.argmin() if smallest else tail.argmax()))
    return found[~without[found]].astype(np.int64)
