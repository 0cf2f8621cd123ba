"""The vectors of a segment in memory, at a quarter of what floats take. Pure; no SQL belongs here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Matrix:
    """Vectors of a segment as whole numbers −127…127, with a scale for each row: a quarter of float32's memory."""

    values: NDArray[np.int8]
    scales: NDArray[np.float32]

    @staticmethod
    def of(vectors: NDArray[np.float16]) -> Matrix:
        """Rounds vectors (n × dimension) to 255 steps of each row's largest number."""
        values = np.empty(vectors.shape, np.int8)
        scales = np.empty(len(vectors), np.float32)
        for start in range(0, len(vectors), 4096):
            part = vectors[start : start + 4096].astype(np.float32)
            scale = np.maximum(np.abs(part).max(axis=1, initial=0.0), 1e-9) / 127
            scales[start : start + 4096] = scale
            values[start : start + 4096] = np.rint(part / scale[:, None])
        return Matrix(values, scales)

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return self.values.nbytes + self.scales.nbytes
