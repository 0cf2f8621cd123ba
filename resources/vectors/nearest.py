"""The nearest passages by vectors alone, all looked at: for checks, never for askers. Pure; no SQL belongs here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BLOCK = 8192
"""Passages looked at together: their vectors as floats are what is in memory besides."""


def nearest(
    vectors: NDArray[np.float16], questions: NDArray[np.float32], allowed: NDArray[np.bool_], limit: int
) -> list[NDArray[np.int64]]:
    """Numbers of the `limit` allowed passages with the highest cosines for each question, best first.

    `vectors` n × dimension and `questions` m × dimension, unit vectors; of equal cosines the lower number comes first.
    A question without a vector (zeros) finds nothing.
    """
    numbers = np.flatnonzero(allowed)
    best = np.zeros((len(questions), 0), np.int64)
    cosines = np.zeros((len(questions), 0), np.float32)
    for start in range(0, len(numbers), _BLOCK):
        part = numbers[start : start + _BLOCK]
        near = questions @ vectors[part].astype(np.float32).T
        cosines = np.concatenate([cosines, near], axis=1)
        best = np.concatenate([best, np.broadcast_to(part, near.shape)], axis=1)
        kept = np.argsort(-cosines, axis=1, kind="stable")[:, :limit]
        cosines, best = np.take_along_axis(cosines, kept, axis=1), np.take_along_axis(best, kept, axis=1)
    return [row if question.any() else row[:0] for row, question in zip(best, questions, strict=True)]
