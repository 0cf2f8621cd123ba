"""Voltage against EN 50160."""

from __future__ import annotations

import math

import pytest

from luna_rules.series.voltage import is_outside, judge_week

WEEK = 1008


def test_limits_count_as_kept() -> None:
    report = judge_week([253.0] * 500 + [207.0] * 508, 600)
    assert report.kept
    assert report.conclusive
    assert report.within_usual == report.within_all == 1.0


def test_five_per_cent_may_be_low_but_none_very_low() -> None:
    low = 50
    assert judge_week([206.9] * low + [230.0] * (WEEK - low), 600).kept
    assert not judge_week([206.9] * 51 + [230.0] * (WEEK - 51), 600).kept
    assert not judge_week([195.4] + [230.0] * (WEEK - 1), 600).kept
    assert not judge_week([253.1] + [230.0] * (WEEK - 1), 600).kept


def test_quarter_hours_are_a_hint_only() -> None:
    report = judge_week([230.0] * 672, 900)
    assert report.kept
    assert not report.conclusive


def test_gaps_are_left_out_and_nothing_is_refused() -> None:
    assert judge_week([230.0, None, math.nan, 240.0], 600).values == 2
    with pytest.raises(ValueError, match="no voltage"):
        judge_week([None, math.nan], 600)
    with pytest.raises(ValueError, match="right is for example 600"):
        judge_week([230.0], 0)


def test_outside() -> None:
    assert is_outside(195.4)
    assert is_outside(253.01)
    assert not is_outside(195.5)
    assert not is_outside(None)
    assert not is_outside(math.nan)
