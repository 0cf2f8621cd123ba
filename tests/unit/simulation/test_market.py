"""The simulated market: its year against the figures of 2025, and prices that fit each other."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from luna_rules.series.calendar import day_start, quarter_hours
from luna_rules.series.frames import check_prices
from luna_rules.simulation.market import DEFAULT_SEED
from luna_rules.simulation.prices import (
    auction_frame,
    intraday_frame,
    published_until,
    year_of_berlin,
)
from luna_rules.simulation.targets import TARGETS_2025, compare, longest_run
from resources.settings import load_settings

MARKETS = ("EEX", "APX")
PRODUCTS = ("BASE", "PEAK")


@pytest.fixture(scope="module")
def year() -> pl.DataFrame:
    return auction_frame(MARKETS, PRODUCTS, date(2025, 1, 1), date(2025, 12, 31), seed=DEFAULT_SEED)


def test_the_default_seed_is_the_settings_default() -> None:
    assert load_settings({"luna_home": "/nonexistent"}).sim_seed == DEFAULT_SEED


@pytest.mark.parametrize("name", [target.name for target in TARGETS_2025])
def test_the_simulated_year_has_the_figures_of_2025(name: str) -> None:
    found = next(one for one in compare(year_of_berlin(DEFAULT_SEED, 2025)) if one.target.name == name)
    assert found.holds, f"{name}: {found.found:.3f} instead of {found.target.value}"


def test_the_comparison_can_fail() -> None:
    other = compare(year_of_berlin(1, 2025))
    assert not all(one.holds for one in other)


def test_the_frame_keeps_the_schema_and_holds_every_quarter_hour_once(year: pl.DataFrame) -> None:
    check_prices(year)
    counts = {(row[0], row[1]): row[2] for row in year.group_by("market", "product").len().iter_rows()}
    assert counts["EEX", "DE-LU-15MIN"] == counts["APX", "DE-LU-15MIN"] == 35_040
    assert counts["EEX", "BASE"] == 365
    assert counts["EEX", "PEAK"] == 261
    assert year.unique(["market", "product", "ts"]).height == year.height


def test_the_hours_mean_of_quarters_is_the_hours_price(year: pl.DataFrame) -> None:
    quarters = year.filter(pl.col("market") == "EEX", pl.col("product") == "DE-LU-15MIN")["price_eur_mwh"].to_numpy()
    assert np.allclose(quarters.reshape(-1, 4).mean(axis=1), year_of_berlin(DEFAULT_SEED, 2025).price, atol=1e-9)


def test_base_and_peak_are_means_of_berlins_day(year: pl.DataFrame) -> None:
    eex = year.filter(pl.col("market") == "EEX")
    quarters = eex.filter(pl.col("product") == "DE-LU-15MIN").with_columns(
        local=pl.col("ts").dt.convert_time_zone("Europe/Berlin")
    )
    for day in (date(2025, 3, 30), date(2025, 10, 26), date(2025, 12, 25), date(2025, 6, 18)):
        mine = quarters.filter(pl.col("local").dt.date() == day)
        assert mine.height == quarter_hours(day)
        base = eex.filter(pl.col("product") == "BASE", pl.col("ts") == day_start(day))["price_eur_mwh"][0]
        assert base == pytest.approx(mine["price_eur_mwh"].mean(), abs=0.0051)
        peak = eex.filter(pl.col("product") == "PEAK", pl.col("ts") == day_start(day))["price_eur_mwh"]
        within = mine.filter(pl.col("local").dt.hour().is_between(8, 19))["price_eur_mwh"]
        assert peak.to_list() == ([pytest.approx(within.mean(), abs=0.0051)] if day.weekday() < 5 else [])


def test_a_part_equals_the_same_part_of_the_whole(year: pl.DataFrame) -> None:
    part = auction_frame(MARKETS, PRODUCTS, date(2025, 10, 25), date(2025, 10, 27), seed=DEFAULT_SEED)
    span = pl.col("ts").is_between(day_start(date(2025, 10, 25)), day_start(date(2025, 10, 28)), closed="left")
    assert part.equals(year.filter(span))
    start = datetime(2025, 12, 31, 20, tzinfo=UTC)
    whole = intraday_frame(MARKETS, start, start + timedelta(hours=8), 300, seed=DEFAULT_SEED)
    some = intraday_frame(MARKETS, start + timedelta(hours=2), start + timedelta(hours=5), 300, seed=DEFAULT_SEED)
    inside = pl.col("ts").is_between(start + timedelta(hours=2), start + timedelta(hours=5), closed="left")
    assert some.height == 2 * 36
    assert some.equals(whole.filter(inside))


def test_coupled_markets_are_near_each_other_but_not_equal(year: pl.DataFrame) -> None:
    one, other = (
        year.filter(pl.col("market") == market, pl.col("product") == "DE-LU-15MIN")["price_eur_mwh"]
        for market in MARKETS
    )
    assert pl.select(pl.corr(one, other)).item() > 0.98
    assert not one.equals(other)
    assert year["volume"].min() > 0  # type: ignore[operator]


def test_the_next_day_is_known_from_12_55_on() -> None:
    assert published_until(datetime(2025, 7, 1, 10, 54, tzinfo=UTC)) == date(2025, 7, 1)
    assert published_until(datetime(2025, 7, 1, 10, 55, tzinfo=UTC)) == date(2025, 7, 2)
    assert published_until(datetime(2025, 1, 1, 11, 55, tzinfo=UTC)) == date(2025, 1, 2)


def test_longest_run() -> None:
    assert longest_run(np.array([True, True, False, True])) == 2
    assert longest_run(np.array([False, False])) == 0
