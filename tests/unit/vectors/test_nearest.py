"""All passages looked at by vectors alone, as the gold check does."""

from __future__ import annotations

import numpy as np
import pytest

from resources.vectors import nearest as module
from resources.vectors.nearest import nearest


@pytest.mark.parametrize("block", [3, 1000])
def test_the_highest_cosines_come_first_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    random = np.random.default_rng(7)
    vectors = random.standard_normal((50, 8)).astype(np.float16)
    questions = random.standard_normal((4, 8)).astype(np.float32)
    allowed = np.ones(50, np.bool_)
    allowed[::7] = False
    cosines = questions @ vectors.astype(np.float32).T
    cosines[:, ~allowed] = -np.inf
    wanted = np.argsort(-cosines, axis=1, kind="stable")[:, :6]
    assert [row.tolist() for row in nearest(vectors, questions, allowed, 6)] == wanted.tolist()


def test_equal_ones_keep_their_order_and_no_vector_finds_nothing() -> None:
    same = np.ones((9, 2), np.float16)
    asked = np.array([[1, 0], [0, 0]], np.float32)
    assert [row.tolist() for row in nearest(same, asked, np.ones(9, np.bool_), 3)] == [[0, 1, 2], []]
    assert [row.tolist() for row in nearest(same, asked, np.zeros(9, np.bool_), 3)] == [[], []]
