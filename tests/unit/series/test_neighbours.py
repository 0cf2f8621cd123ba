"""Outliers and flat lines follow from a bounded neighbourhood, however the values are cut into files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from luna_rules.series import neighbours
from luna_rules.series.frames import READING_SCHEMA
from luna_rules.series.neighbours import reach
from luna_rules.series.quality import JUDGED, Flag, Method, Status, encode
from luna_rules.series.validation import judge_again, validate

BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def noisy(days: int, seed: int, *, interval_s: int = 900, meters: int = 1, gaps: float = 0.02) -> pl.DataFrame:
    """Meters with a rhythm, spikes and dips, and gaps."""
    rng = np.random.default_rng(seed)
    parts: list[pl.DataFrame] = []
    for meter in range(meters):
        rows = days * 86_400 // interval_s
        place = np.arange(rows)
        used = np.round((1 + 0.5 * np.sin(place * interval_s / 86_400 * 2 * np.pi)) * rng.gamma(8, 1 / 8, rows), 3)
        for factor in (4.0, 9.0, 40.0, 0.01):
            used[rng.choice(rows, max(1, rows // 900), replace=False)] *= factor
        frame = pl.DataFrame(
            {
                "meter_id": [f"m{meter}"] * rows,
                "ts": [BEGIN + int(one) * timedelta(seconds=interval_s) for one in place],
                "interval_s": [interval_s] * rows,
                "consumption_kw": used,
                "production_kw": [None] * rows,
                "voltage": [None] * rows,
                "quality": [0] * rows,
            },
            schema=dict(READING_SCHEMA),
        )
        parts.append(frame.filter(pl.Series(rng.random(rows) > gaps)))
    return pl.concat(parts)


@pytest.mark.parametrize(("days", "interval_s", "meters"), [(100, 900, 2), (9, 900, 2), (120, 3600, 1), (3, 30, 1)])
def test_no_outlier_is_lost_by_looking_at_extremes_first(
    days: int, interval_s: int, meters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = noisy(days, 1, interval_s=interval_s, meters=meters)
    quick = judge_again(frame, within=ALWAYS)

    def every(held: pl.DataFrame, within: tuple[datetime, datetime] | None) -> pl.DataFrame:
        assert within == ALWAYS
        own = held.select("_meter", _own="_block").unique()
        return own.with_row_index("_window").with_columns(pl.col("_window").cast(pl.Int64))

    monkeypatch.setattr(neighbours, "_suspicious", every)
    assert quick.equals(judge_again(frame, within=ALWAYS))
    assert 0 < quick.filter(pl.col("quality") != 0).height < frame.height / 50


@pytest.mark.parametrize("interval_s", [900, 30])
def test_what_lies_out_of_reach_says_nothing(interval_s: int) -> None:
    frame = noisy(130 if interval_s == 900 else 8, 2, interval_s=interval_s, gaps=0)
    half = frame.height // 2
    hung = pl.int_range(pl.len()).is_between(half - 90_000 // interval_s, half)
    frame = frame.with_columns(consumption_kw=pl.when(hung).then(0.7).otherwise("consumption_kw"))
    whole = judge_again(frame, within=ALWAYS)
    middle = frame["ts"][half]
    begin, first, last, end = reach(middle, middle + timedelta(hours=3), fine=interval_s < 60)
    part = frame.filter(pl.col("ts").is_between(begin, end, closed="left"))
    assert part.height < frame.height
    inside = pl.col("ts").is_between(first, last, closed="left")
    judged = judge_again(part, within=(first, last))
    assert judged.filter(inside).equals(whole.filter(inside))
    assert judged.filter(~inside).equals(part.filter(~inside))
    assert {int(Flag.OUTLIER), int(Flag.FLAT_LINE)} <= set(judged.filter(inside)["quality"])


def test_a_change_reaches_no_further_than_told() -> None:
    frame = noisy(130, 3)
    place = frame.height // 2
    moment = frame["ts"][place]
    _, first, last, _ = reach(moment, moment, fine=False)
    row = pl.int_range(pl.len())
    other = frame.with_columns(
        consumption_kw=pl.when(row.is_between(place, place + 900)).then(30.0).otherwise("consumption_kw")
    )
    moved = reach(moment, frame["ts"][place + 900], fine=False)[2]
    outside = ~pl.col("ts").is_between(first, moved, closed="left")
    before, after = (judge_again(one, within=ALWAYS) for one in (frame, other))
    assert last <= moved
    assert before.filter(outside)["quality"].equals(after.filter(outside)["quality"])
    assert not before["quality"].equals(after["quality"])


def test_a_value_held_as_a_substitute_is_no_flat_line() -> None:
    frame = noisy(20, 4)
    held = encode(Status.ERSATZWERT, Method.Z93_HOLD)
    row = pl.int_range(pl.len())
    flat = frame.with_columns(consumption_kw=pl.when(row.is_between(300, 700)).then(0.7).otherwise("consumption_kw"))
    marked = flat.with_columns(quality=pl.when(row.is_between(300, 700)).then(pl.lit(held, pl.Int32)).otherwise(0))

    def count(one: pl.DataFrame) -> int:
        return validate(one, now=NOW).filter(pl.col("quality") & int(Flag.FLAT_LINE) != 0).height

    assert count(flat) > 96
    assert count(marked) == 0


def test_only_the_judged_flags_are_decided_anew() -> None:
    others = int(~JUDGED & (Flag.SUM_DIFFERS | Flag.FUTURE | Flag.DUPLICATE)) | int(Status.VORLAEUFIGERWERT)
    frame = noisy(20, 5).with_columns(quality=pl.lit(others | int(JUDGED), pl.Int32))
    quality = judge_again(frame, within=ALWAYS)["quality"]
    assert set(quality & others) == {others}
    assert (quality & int(JUDGED) == 0).any()
