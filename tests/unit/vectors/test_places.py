"""Ids are found whatever their form: made at random, one after another, or with equal fingerprints."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import pytest

from resources.vectors import arrays
from resources.vectors.places import Places

_MIX = 0x9E3779B97F4A7C15


def ids(numbers: list[int]) -> np.ndarray:
    return arrays.ids_of(UUID(int=number) for number in numbers)


@pytest.mark.parametrize("step", [1, 1 << 64, 0x1234_5678_9ABC_DEF0_1234_5678_9ABC_DEF1], ids=["low", "high", "both"])
def test_each_id_is_found_and_no_other(step: int) -> None:
    known = [(number * step) % (1 << 128) for number in range(1, 2001)]
    places = Places.of(ids(known))
    asked = [7, 0, 1999, 1000, 3]
    assert places.find(ids([known[i] for i in asked])).tolist() == asked
    assert places.find(ids([known[5] ^ (1 << 100), (5000 * step) % (1 << 128)])).tolist() == [-1, -1]


def test_ids_of_one_fingerprint_are_told_apart() -> None:
    def alike(first: int) -> int:
        """Both halves are as in memory: the second undoes what the first adds to the fingerprint."""
        second = (first * _MIX) % (1 << 64)
        return int.from_bytes(first.to_bytes(8, "little") + second.to_bytes(8, "little"), "big")

    known = [alike(number) for number in (5, 1, 9, 2)]
    places = Places.of(ids(known))
    assert len(set(places.fingerprints.tolist())) == 1, "else this tries nothing"
    assert places.find(ids(known)).tolist() == [0, 1, 2, 3]
    assert places.find(ids([alike(3), known[2]])).tolist() == [-1, 2]


def test_nothing_is_nowhere() -> None:
    assert Places.of(ids([])).find(ids([1])).tolist() == [-1]
    assert Places.of(ids([1])).find(ids([])).tolist() == []
