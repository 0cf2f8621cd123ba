"""Each sign counts in the direction that it is said to count in, and enough of them make an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from luna_rules.answers.verdict import LEAST, Signs, answers, weighed

SURE = Signs(passages=1.0, words=1.1, lead=0.2, score=1.1, sum_asked=0.0, one_law=1.0)
VAGUE = Signs(passages=0.4, words=1.1, lead=0.0, score=0.4, sum_asked=1.0, one_law=0.4)


def test_what_is_covered_is_answered_and_what_is_not_is_declined() -> None:
    assert answers(SURE)
    assert not answers(VAGUE)
    assert weighed(SURE) >= LEAST > weighed(VAGUE)


@pytest.mark.parametrize("sign", ["passages", "words", "lead", "score", "one_law"])
def test_more_of_a_sign_speaks_for_an_answer(sign: str) -> None:
    assert weighed(replace(SURE, **{sign: getattr(SURE, sign) + 0.1})) > weighed(SURE)


def test_a_sum_that_is_asked_for_needs_more() -> None:
    assert weighed(replace(SURE, sum_asked=1.0)) < weighed(SURE)
