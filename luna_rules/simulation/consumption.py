"""Consumption of simulated meters: a standard profile made individual, day by day.

A day's energy is the profile's times a factor of the meter and day, scaled so that the year keeps its sum. Of it a part
becomes appliances (rectangles of power), the rest follows the profile with noise and a compressor's rhythm. All of
that is kept as energy since the day began, so any step gives the same energy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from luna_rules.series.calendar import QUARTER_HOUR_S, day_seconds, day_start, local_quarters
from luna_rules.simulation.chance import Floats, exponential, keys_of, normal, uniform
from luna_rules.simulation.meters import SimulatedMeter
from luna_rules.simulation.profiles import NORM_KWH, profile_day, profile_days_of_year
from luna_rules.simulation.weather import HOUR_S, region_index, weather

APPLIANCES: Final = 12
"""Switched on so often a day."""
_POWERS_KW: Final = np.array([0.6, 0.9, 1.2, 1.8, 2.0, 2.2, 2.8, 3.6])
"""For a consumption of 4,000 kWh a year; larger ones have larger machines."""
_LONGEST_S: Final = 4 * 3600.0
_HEAT_BELOW_C: Final = 15.0


@dataclass(frozen=True, slots=True)
class Temper:
    """How uneven a kind of consumer is: shares from 0 to 1, standard deviations of logarithms."""

    appliances: float
    quarter_noise: float
    day_noise: float
    rhythm: float


_TEMPERS: Final = {
    "household": Temper(0.38, 0.28, 0.18, 0.3),
    "household_pv": Temper(0.38, 0.28, 0.18, 0.3),
    "trade": Temper(0.12, 0.10, 0.08, 0.08),
    "farm": Temper(0.22, 0.22, 0.12, 0.15),
    "heat_pump": Temper(0.0, 0.08, 0.05, 0.85),
    "pv": Temper(0.0, 0.0, 0.0, 0.0),
}


class Consumers:
    """Consumers side by side; every array has one row for each."""

    def __init__(self, meters: list[SimulatedMeter], seed: int) -> None:
        self.meters = meters
        self._seed = seed
        sites = [meter.site for meter in meters]
        tempers = [_TEMPERS[meter.kind] for meter in meters]
        self.keys = {name: keys_of(name, sites, seed) for name in ("day", "quarter", "rhythm", "when", "size", "power")}
        self.annual = np.array([meter.annual_kwh for meter in meters], dtype=np.float64)
        self.appliances = np.array([temper.appliances for temper in tempers])
        self.quarter_noise = np.array([temper.quarter_noise for temper in tempers])
        self.day_noise = np.array([temper.day_noise for temper in tempers])
        self.rhythm = np.array([temper.rhythm for temper in tempers])
        self.regions = np.array([region_index(meter.region) for meter in meters])
        self.heats = np.array([meter.kind == "heat_pump" for meter in meters], dtype=bool)
        names = ["H25" if not meter.profile else meter.profile for meter in meters]
        self.profiles = sorted(set(names))
        self.profile = np.array([self.profiles.index(name) for name in names], dtype=np.int64)
        self._days: dict[int, Floats] = {}

    def day(self, day: date) -> ConsumptionDay:
        """The consumption of a Berlin day."""
        seconds = day_seconds(day)
        shape = self._shape(day)
        energy = self._day_energy(day)
        quarters = shape.shape[1]
        place = day.toordinal() * 128 + np.arange(quarters)
        rest = shape * np.exp(self.quarter_noise[:, None] * normal(self.keys["quarter"][:, None], place[None, :]))
        rest *= ((1.0 - self.appliances) * energy / rest.sum(axis=1))[:, None]
        base = np.zeros((energy.size, quarters + 1))
        np.cumsum(rest, axis=1, out=base[:, 1:])
        begin, length, power = self._appliances_of(day, energy, float(seconds))
        cycles = 28.0 + np.floor(12.0 * uniform(self.keys["rhythm"], day.toordinal()))
        return ConsumptionDay(
            float(seconds), base, seconds / cycles, self.rhythm, begin, length, power, self.appliances > 0
        )

    def _appliances_of(self, day: date, energy: Floats, seconds: float) -> tuple[Floats, Floats, Floats]:
        """Begin (s), length (s) and power (kW) of each appliance, shape (meters, appliances)."""
        place = day.toordinal() * 16 + np.arange(APPLIANCES)[None, :]
        weight = exponential(self.keys["size"][:, None], place)
        each = weight * (self.appliances * energy / weight.sum(axis=1))[:, None]
        larger = np.maximum(self.annual / 4000.0, 0.25)[:, None]
        usual = _POWERS_KW[(uniform(self.keys["power"][:, None], place) * _POWERS_KW.size).astype(np.int64)] * larger
        length = np.clip(each / usual * 3600.0, 60.0, _LONGEST_S)
        power = each / (length / 3600.0)
        chance = uniform(self.keys["when"][:, None], place)
        begin = np.empty_like(chance)
        for number in range(len(self.profiles)):
            rows = np.flatnonzero(self.profile == number)
            if rows.size:
                share = np.concatenate([[0.0], np.cumsum(profile_day(self.profiles[number], day))])
                begin[rows] = np.interp(chance[rows], share / share[-1], np.arange(share.size) * QUARTER_HOUR_S)
        return np.minimum(begin, seconds - length), length, power

    def _shape(self, day: date) -> Floats:
        """Relative energy of the quarter-hours, shape (meters, quarters)."""
        table = np.stack([profile_day(name, day) for name in self.profiles])
        shape = table[self.profile]
        if self.heats.any():
            for region in np.unique(self.regions[self.heats]):
                shape[self.heats & (self.regions == region)] = _heat_shape(self._seed, int(region), day)
        return shape

    def _day_energy(self, day: date) -> Floats:
        """Energy of a day in kWh, shape (meters,)."""
        if day.year not in self._days:
            if len(self._days) > 2:
                self._days.clear()
            self._days[day.year] = self._days_of_year(day.year)
        return self._days[day.year][:, day.timetuple().tm_yday - 1]

    def _days_of_year(self, year: int) -> Floats:
        usual = np.stack([profile_days_of_year(name, year) / NORM_KWH for name in self.profiles])[self.profile]
        for row in np.flatnonzero(self.heats):
            heat = _heat_of_year(self._seed, int(self.regions[row]), year)
            usual[row] = heat / heat.sum()
        days = date(year, 1, 1).toordinal() + np.arange(usual.shape[1])
        uneven = usual * np.exp(self.day_noise[:, None] * normal(self.keys["day"][:, None], days[None, :]))
        uneven *= (usual.sum(axis=1) / uneven.sum(axis=1))[:, None]
        return self.annual[:, None] * uneven


@dataclass(frozen=True, slots=True)
class ConsumptionDay:
    """A day of consumers as energy since its beginning."""

    seconds: float
    base: Floats
    cycle_s: Floats
    rhythm: Floats
    begin: Floats
    length: Floats
    power: Floats
    has_appliances: NDArray[np.bool_]

    def energy(self, edges: Floats, rows: NDArray[np.int64] | slice = slice(None)) -> Floats:
        """kWh since the day began at each edge (seconds since then), shape (rows, edges)."""
        base, cycle = self.base[rows], self.cycle_s[rows][:, None]
        # Time runs faster in the first half of a cycle and slower in the second, and is right again at its end.
        turn = np.mod(edges[None, :], cycle)
        warped = edges[None, :] + self.rhythm[rows][:, None] * np.minimum(turn, cycle - turn)
        total = interpolate_rows(base, np.clip(warped, 0.0, self.seconds), QUARTER_HOUR_S)
        if self.has_appliances[rows].any():
            begin, length, kw = self.begin[rows], self.length[rows], self.power[rows] / 3600.0
            for number in range(APPLIANCES):
                on = edges[None, :] - begin[:, number, None]
                np.clip(on, 0.0, length[:, number, None], out=on)
                total += kw[:, number, None] * on
        return total


def interpolate_rows(table: Floats, at: Floats, grid_s: int) -> Floats:
    """Each row of a table on an even grid, read between its points; `at` in seconds, a row for each or one for all."""
    place = at / grid_s
    left = np.minimum(place.astype(np.int64), table.shape[1] - 2)
    share = place - left
    if at.ndim == 1 or at.shape[0] == 1:
        left, share = np.atleast_2d(left)[0], np.atleast_2d(share)
        low = table[:, left]
        return low + (table[:, left + 1] - low) * share
    low = np.take_along_axis(table, left, axis=1)
    return low + (np.take_along_axis(table, left + 1, axis=1) - low) * share


@lru_cache(maxsize=4096)
def _heat_shape(seed: int, region: int, day: date) -> Floats:
    """A heat pump's day: more when it is cold outside, less at night, warm water in the morning and evening."""
    hour = int(day_start(day).timestamp()) // HOUR_S
    air = weather(seed, hour, hour + day_seconds(day) // HOUR_S).temperature_c[region]
    clock = np.array(local_quarters(day))
    heat = _electricity_for_heat(np.repeat(air, 4))
    heat = heat * np.where((clock < 20) | (clock >= 88), 0.75, np.where(clock < 32, 1.25, 1.0))
    water = np.where(((clock >= 20) & (clock < 28)) | ((clock >= 72) & (clock < 80)), 0.35, 0.03)
    shape = heat + water
    shape.flags.writeable = False
    return shape


@lru_cache(maxsize=64)
def _heat_of_year(seed: int, region: int, year: int) -> Floats:
    """Relative electricity for heat and warm water of each day of a year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    begin = int(day_start(first).timestamp()) // HOUR_S
    count = last.toordinal() - first.toordinal() + 1
    # A day is taken from its first hour on for 24 hours, also when the clocks change: the difference is an hour's.
    air = weather(seed, begin, begin + 24 * count).temperature_c[region]
    return _electricity_for_heat(air.reshape(count, 24).mean(axis=1)) + 0.083


def _electricity_for_heat(air_c: Floats) -> Floats:
    """Relative electric power: what the house loses, by a coefficient of performance that falls with the cold."""
    return np.maximum(_HEAT_BELOW_C - air_c, 0.0) / 10.0 / np.clip(3.6 + 0.07 * air_c, 1.8, 5.0)
