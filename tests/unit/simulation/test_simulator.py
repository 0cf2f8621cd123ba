"""Simulated meters: reproducible for any part and step, energies kept, plants and voltage as in reality."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from luna_rules.series.calendar import day_start, quarter_hours
from luna_rules.series.frames import check_readings
from luna_rules.series.quality import Flag, Method, Status, flags_of, method_of, status_of
from luna_rules.simulation.chance import keys_of
from luna_rules.simulation.meters import SimulatedMeter, SimulationError, read_meter
from luna_rules.simulation.profiles import profile_days_of_year
from luna_rules.simulation.simulator import MeterSimulator, simulate
from luna_rules.simulation.sun import Plants, plants_power

SEED = 11
KINDS: dict[str, dict[str, Any]] = {
    "battery": {"kind": "household_pv", "battery_kwh": 8.0},
    "farm": {"kind": "farm"},
    "grid": {"kind": "household_pv", "site": "house", "kwp": 9.8},
    "heat": {"kind": "heat_pump"},
    "home": {"kind": "household"},
    "p25": {"kind": "household_pv", "profile": "P25"},
    "plant": {"kind": "pv", "site": "house", "kwp": 9.8},
    "shop": {"kind": "trade"},
}


def meters(*names: str, gap_share: float = 0.015) -> list[SimulatedMeter]:
    return [read_meter(name, "Berlin", KINDS[name] | {"gap_share": gap_share}) for name in names or sorted(KINDS)]


@pytest.fixture(scope="module")
def year() -> pl.DataFrame:
    return simulate(meters(), day_start(date(2025, 1, 1)), day_start(date(2026, 1, 1)), 900, seed=SEED)


def test_the_frame_keeps_the_schema_and_order(year: pl.DataFrame) -> None:
    check_readings(year)
    assert year.equals(year.sort("meter_id", "ts"))
    assert year.unique(["meter_id", "ts"]).height == year.height
    assert 0.99 * 35_040 * len(KINDS) < year.height < 35_040 * len(KINDS)


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        (datetime(2025, 3, 29, 21, 15, tzinfo=UTC), 31),
        (datetime(2025, 10, 25, 20, 45, tzinfo=UTC), 30),
        (datetime(2025, 12, 31, 5, tzinfo=UTC), 17),
        (datetime(2025, 6, 14, 11, 30, tzinfo=UTC), 1),
    ],
)
def test_a_part_of_time_and_meters_equals_the_same_part_of_the_whole(
    year: pl.DataFrame, start: datetime, hours: int
) -> None:
    end = start + timedelta(hours=hours)
    some = ["battery", "grid", "heat", "plant", "shop"]
    part = simulate(meters(*some), start, end, 900, seed=SEED)
    whole = year.filter(pl.col("ts").is_between(start, end, closed="left"), pl.col("meter_id").is_in(some))
    assert part.equals(whole)


def test_another_seed_gives_other_values() -> None:
    start = day_start(date(2025, 5, 5))
    one, other = (simulate(meters("home"), start, start + timedelta(days=1), 900, seed=seed) for seed in (1, 2))
    assert not one["consumption_kw"].equals(other["consumption_kw"])


@pytest.mark.parametrize("step", [1, 7, 60, 225, 300, 1800, 3600])
def test_any_step_has_the_energy_of_the_quarter_hours(step: int) -> None:
    start = datetime(2025, 3, 30, 0, 30, tzinfo=UTC)
    start -= timedelta(seconds=int(start.timestamp()) % (step * 900))
    length = timedelta(seconds=step * 900 if step in (1, 7) else 7200)
    chosen = [one for one in meters(gap_share=0.0) if one.meter_id not in ("grid", "battery")]
    fine = MeterSimulator(chosen, SEED).readings(start, start + length, step)
    coarse = MeterSimulator(chosen, SEED).readings(start, start + length, 900)
    for name in ("consumption_kw", "production_kw", "voltage"):
        one, other = getattr(fine, name).mean(axis=1), getattr(coarse, name).mean(axis=1)
        assert np.allclose(one, other, atol=0.011, equal_nan=True), name


def test_the_net_of_a_house_does_not_depend_on_the_step() -> None:
    start = datetime(2025, 6, 1, tzinfo=UTC)
    fine, coarse = (
        MeterSimulator(meters("grid", gap_share=0.0), SEED).readings(start, start + timedelta(days=1), step)
        for step in (60, 900)
    )
    net = [(one.consumption_kw - one.production_kw).mean() for one in (fine, coarse)]
    assert net[0] == pytest.approx(net[1], abs=1e-4)


@pytest.mark.parametrize("name", ["home", "shop", "farm", "heat"])
def test_the_year_keeps_its_energy(name: str) -> None:
    made = MeterSimulator(meters(name, gap_share=0.0), SEED).readings(
        day_start(date(2025, 1, 1)), day_start(date(2026, 1, 1)), 900
    )
    meter = meters(name)[0]
    share = 1.0 if name == "heat" else profile_days_of_year(meter.profile, 2025).sum() / 1e6
    assert made.consumption_kw.sum() / 4 == pytest.approx(meter.annual_kwh * share, rel=1e-3)


def test_days_have_as_many_quarter_hours_as_berlin() -> None:
    for day in (date(2025, 3, 30), date(2025, 10, 26)):
        made = MeterSimulator(meters("home", gap_share=0.0), SEED).readings(
            day_start(day), day_start(day + timedelta(days=1)), 900
        )
        assert made.quality.shape == (1, quarter_hours(day))


def test_a_clear_year_in_berlin_and_a_usual_one() -> None:
    plants = Plants(
        np.ones(1), np.full(1, 30.0), np.full(1, 180.0), np.zeros(1, dtype=np.int64), keys_of("plant", ["a"], SEED)
    )
    days = [date(2025, 1, 1) + timedelta(days=place) for place in range(365)]
    clear = sum(plants_power(plants, day, SEED, clear=True).sum() / 12 for day in days)
    usual = sum(plants_power(plants, day, SEED).sum() / 12 for day in days)
    assert clear == pytest.approx(1806, rel=0.01)
    assert usual == pytest.approx(1000, rel=0.1)


def test_clouds_are_shared_within_a_region() -> None:
    def days_of(region: str, site: str) -> list[float]:
        meter = read_meter(site, region, {"kind": "pv", "gap_share": 0.0})
        made = MeterSimulator([meter], SEED).readings(day_start(date(2025, 6, 1)), day_start(date(2025, 7, 1)), 3600)
        return list(made.production_kw.reshape(-1, 24).sum(axis=1))

    here, beside, far = days_of("Berlin", "a"), days_of("Berlin", "b"), days_of("München", "c")
    assert np.corrcoef(here, beside)[0, 1] > 0.97
    assert 0.2 < np.corrcoef(here, far)[0, 1] < 0.9


def test_house_plant_and_grid_of_a_site_fit_each_other() -> None:
    span = day_start(date(2025, 6, 1)), day_start(date(2025, 6, 8))
    both = MeterSimulator(meters("grid", "plant", gap_share=0.0), SEED).readings(*span, 900)
    grid, plant = both.meter_ids.index("grid"), both.meter_ids.index("plant")
    used = both.consumption_kw[grid] + both.production_kw[plant] - both.production_kw[grid]
    alone = read_meter("alone", "Berlin", {"kind": "household", "site": "house", "gap_share": 0.0})
    house = MeterSimulator([alone], SEED).readings(*span, 900)
    assert np.allclose(used, house.consumption_kw[0], atol=2e-4)


def test_a_battery_stores_what_would_be_fed_in(year: pl.DataFrame) -> None:
    plain = simulate(
        [read_meter("battery", "Berlin", {"kind": "household_pv"})],
        day_start(date(2025, 1, 1)),
        day_start(date(2026, 1, 1)),
        900,
        seed=SEED,
    )
    with_one = year.filter(pl.col("meter_id") == "battery")
    assert float(with_one["consumption_kw"].sum()) < 0.5 * float(plain["consumption_kw"].sum())
    assert float(with_one["production_kw"].sum()) < float(plain["production_kw"].sum())


def test_voltage_keeps_the_norm_mostly_falls_with_load_and_rises_with_sun(year: pl.DataFrame) -> None:
    volts = year["voltage"].drop_nulls()
    assert ((volts >= 207) & (volts <= 253)).mean() > 0.99
    shop = year.filter(pl.col("meter_id") == "shop").drop_nulls("voltage")
    assert pl.select(pl.corr(shop["consumption_kw"], shop["voltage"])).item() < -0.3
    plant = year.filter(pl.col("meter_id") == "plant", pl.col("production_kw") > 0.05).drop_nulls("voltage")
    assert pl.select(pl.corr(plant["production_kw"], plant["voltage"])).item() > 0.3


def test_every_value_is_marked_and_substitutes_tell_their_method(year: pl.DataFrame) -> None:
    codes = year["quality"].unique().to_list()
    assert all(Flag.SIMULATED in flags_of(code) for code in codes)
    found = {(status_of(code), method_of(code)) for code in codes}
    assert (Status.ABGELESEN, Method.NONE) in found
    assert (Status.ERSATZWERT, Method.Z92_INTERPOLATION) in found
    assert (Status.ERSATZWERT, Method.Z93_HOLD) in found
    assert all(method != Method.NONE for status, method in found if status is Status.ERSATZWERT)


def test_what_is_not_measured_is_null(year: pl.DataFrame) -> None:
    nulls = {
        (str(name), column): part[column].null_count() / part.height
        for (name,), part in year.group_by("meter_id")
        for column in ("consumption_kw", "production_kw")
    }
    assert nulls["plant", "consumption_kw"] == nulls["home", "production_kw"] == 1.0
    assert nulls["home", "consumption_kw"] == nulls["grid", "production_kw"] == nulls["grid", "consumption_kw"] == 0.0


@pytest.mark.parametrize(
    ("simulation", "told"),
    [
        ({"kind": "windmill"}, '"kind": "household"'),
        ({"kind": "trade", "profile": "H25"}, '"profile": "G25"'),
        ({"annual_kwh": -1}, '"annual_kwh": 3500'),
        ({"annual_kwh": "viel"}, "annual_kwh is 'viel'"),
        ({"tilt": float("nan")}, '"tilt": 30'),
        ({"anual_kwh": 1}, "'anual_kwh' is not a field"),
    ],
)
def test_a_wrong_description_is_named(simulation: dict[str, object], told: str) -> None:
    with pytest.raises(SimulationError, match=r"^m1: ") as fault:
        read_meter("m1", "Berlin", simulation)
    assert told in str(fault.value)


@pytest.mark.parametrize("step", [0, 3601, True])
def test_a_step_outside_of_an_hour_is_refused(step: int) -> None:
    with pytest.raises(SimulationError, match="right is for example 900"):
        simulate(meters("home"), datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 2, tzinfo=UTC), step, seed=SEED)
