"""Terms that are spelled alike: for typos and for forms that stems and compounds do not bring together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_GRAM = 3
_MINIMUM = 0.62
_MOST = 4


class SimilarTerms:
    """Finds vocabulary terms by shared character trigrams. The index is built at the first question."""

    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = terms
        self._grams: dict[str, NDArray[np.int32]] | None = None
        self._sizes: NDArray[np.float32] = np.zeros(0, np.float32)

    def find(self, term: str) -> list[tuple[str, float]]:
        """The most similar terms with their similarity (Dice, above 0.6 … 1), best first."""
        if not self._terms:
            return []
        index = self._index()
        asked = _grams(term)
        hits = [index[gram] for gram in asked if gram in index]
        if not hits:
            return []
        shared = np.bincount(np.concatenate(hits), minlength=len(self._terms))
        # No term has fewer than one trigram, so that so many must be shared whatever its size.
        near: NDArray[np.intp] = np.flatnonzero(shared >= math.ceil(_MINIMUM * (len(asked) + 1) / 2))
        dice = 2.0 * shared[near] / (self._sizes[near] + len(asked))
        best = [place for place in np.argsort(-dice, kind="stable")[:_MOST].tolist() if dice[place] >= _MINIMUM]
        return [(self._terms[int(near[place])], float(dice[place])) for place in best]

    def _index(self) -> dict[str, NDArray[np.int32]]:
        if self._grams is None:
            lists: dict[str, list[int]] = {}
            sizes: list[int] = []
            for row, term in enumerate(self._terms):
                grams = _grams(term)
                sizes.append(len(grams))
                for gram in grams:
                    lists.setdefault(gram, []).append(row)
            self._sizes = np.array(sizes, np.float32)
            self._grams = {gram: np.array(rows, np.int32) for gram, rows in lists.items()}
        return self._grams


def _grams(term: str) -> set[str]:
    padded = f"^{term}$"
    return {padded[i : i + _GRAM] for i in range(len(padded) - _GRAM + 1)}
