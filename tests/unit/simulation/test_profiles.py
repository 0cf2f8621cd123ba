"""Standard load profiles: the facts of the BDEW, the tables of another source, and what demandlib omits."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from luna_rules.simulation import profiles


def test_factor_of_the_day() -> None:
    assert round(profiles.dynamisation(1), 4) == 1.2420
    assert round(profiles.dynamisation(182), 4) == 0.7959


def test_first_value_of_a_january_saturday() -> None:
    assert profiles.static_day("H25", date(2025, 1, 4))[0] == 22.152


def test_households_are_dynamic_and_trade_and_farms_are_not() -> None:
    day = date(2025, 7, 1)
    for name in ("H0", "H25", "P25", "S25"):
        assert np.allclose(profiles.profile_day(name, day), 0.7959 * profiles.static_day(name, day), rtol=1e-4)
    for name in ("G25", "L25", "G0", "L0"):
        assert np.array_equal(profiles.profile_day(name, day), profiles.static_day(name, day))


@pytest.mark.parametrize("name", profiles.PROFILES)
def test_a_year_holds_a_million_kilowatt_hours(name: str) -> None:
    total = profiles.profile_days_of_year(name, 2025).sum()
    assert total == pytest.approx(1_000_000, rel=0.012)


def test_christmas_eve_and_new_years_eve_are_saturdays_unless_sunday() -> None:
    saturday = profiles.static_day("G25", date(2025, 12, 20))
    assert np.array_equal(profiles.static_day("G25", date(2025, 12, 24)), saturday)
    assert np.array_equal(profiles.static_day("G25", date(2025, 12, 31)), saturday)
    sunday = profiles.static_day("G25", date(2023, 12, 17))
    assert np.array_equal(profiles.static_day("G25", date(2023, 12, 24)), sunday)


def test_days_of_the_clock_change_follow_the_clock() -> None:
    usual = profiles.static_day("H25", date(2025, 3, 23))
    short = profiles.static_day("H25", date(2025, 3, 30))
    assert np.array_equal(short, np.delete(usual, np.s_[8:12]))
    usual = profiles.static_day("H25", date(2025, 10, 19))
    long = profiles.static_day("H25", date(2025, 10, 26))
    assert np.array_equal(long, np.insert(usual, 12, usual[8:12]))


def test_an_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="right is one of H0"):
        profiles.static_day("X1", date(2025, 1, 1))


@pytest.mark.parametrize("name", profiles.PROFILES_2025)
def test_the_tables_of_2025_as_published_elsewhere(name: str, shared_data: Path) -> None:
    path = shared_data / "meters" / "reference_profiles" / f"bdew_{name.lower()}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[2:98]
    table = np.array([[float(cell) for cell in row[1:37]] for row in rows])
    for month in range(1, 13):
        for column, weekday in enumerate((5, 6, 2)):
            day = next(
                one
                for one in (date(2025, month, number) for number in range(1, 29))
                if one.weekday() == weekday
                and profiles.profile_day_type(one) == ("SA", "FT", "WT")[column]
                and len(profiles.static_day(name, one)) == 96
            )
            assert np.array_equal(profiles.static_day(name, day), table[:, 3 * (month - 1) + column]), (name, day)


def test_the_old_tables_as_published_elsewhere(shared_data: Path) -> None:
    path = shared_data / "meters" / "reference_profiles" / "bdew_selp_series.csv"
    days = {"winter": date(2025, 2, 3), "summer": date(2025, 7, 7), "transition": date(2025, 4, 7)}
    with path.open(encoding="utf-8", newline="") as file:
        mondays = [row for row in csv.DictReader(file) if row["weekday"] == "1"]
    for period, day in days.items():
        rows = [row for row in mondays if row["period"] == period]
        for name in profiles.PROFILES_1999:
            published = np.array([float(row[name.lower()]) for row in rows]) * 250
            assert np.allclose(profiles.static_day(name, day), published), (period, name)
