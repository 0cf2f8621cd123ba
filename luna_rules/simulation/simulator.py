"""Readings of simulated meters for any range and step: consumption, plants, batteries, voltage, gaps.

Each Berlin day is made from its own numbers alone, so a part of a range equals the same part of the whole. Values are
energies since the day began, read at the steps' edges: every step that divides a longer one adds up to it. (Only
drawing and feeding in of a house with a plant are netted within each step.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from luna_rules.series.calendar import (
    DAY,
    QUARTER_HOUR_S,
    day_seconds,
    day_start,
    days_between,
    local_quarters,
    quarter_hours,
)
from luna_rules.series.quality import Flag, Method, Status, encode
from luna_rules.simulation.chance import Floats, exponential, keys_of, normal, uniform
from luna_rules.simulation.consumption import Consumers, ConsumptionDay, interpolate_rows
from luna_rules.simulation.meters import SimulatedMeter, SimulationError
from luna_rules.simulation.sun import GRID_S, Plants, plants_power
from luna_rules.simulation.weather import region_index

if TYPE_CHECKING:
    import polars as pl

MAX_STEP_S: Final = 3600
GOOD: Final = encode(Status.ABGELESEN, flags=Flag.SIMULATED)
INTERPOLATED: Final = encode(Status.ERSATZWERT, Method.Z92_INTERPOLATION, Flag.SIMULATED)
HELD: Final = encode(Status.ERSATZWERT, Method.Z93_HOLD, Flag.SIMULATED)
_MISSING: Final = -1
_HELD_FROM_QUARTERS: Final = 8
_DAYS_KEPT: Final = 3
_OWN_USE: Final = {"P25": 0.30, "S25": 0.55}
"""Share of the plant's energy that stays in the house, for the profiles that tell only what the house draws."""
_FEEDER_BY_CLOCK: Final = 1.6 * np.cos(2 * np.pi * (np.arange(96) / 4.0 - 4.0) / 24.0)
"""Volts by quarter of the clock: the feeder stands highest at four in the morning."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Values, each of shape (meters, steps); NaN where not measured, quality -1 where missing."""

    meter_ids: list[str]
    start_s: int
    step_s: int
    consumption_kw: Floats
    production_kw: Floats
    voltage: Floats
    quality: NDArray[np.int32]

    def frame(self) -> pl.DataFrame:
        """The readings frame (`luna_rules.series.frames`): sorted, and a gap is no row."""
        import polars as pl

        from luna_rules.series.frames import READING_SCHEMA

        meters, steps = self.quality.shape
        keep = (self.quality >= 0).ravel()
        times = (self.start_s + np.arange(steps, dtype=np.int64) * self.step_s) * 1_000_000
        number = np.repeat(np.arange(meters, dtype=np.uint32), steps)[keep]
        names = pl.Series(self.meter_ids, dtype=pl.String).gather(pl.Series(number))
        columns = {
            "meter_id": names,
            "ts": pl.Series(np.tile(times, meters)[keep]),
            "interval_s": pl.Series(np.full(number.size, self.step_s, dtype=np.int32)),
            **{
                name: pl.Series(getattr(self, name).ravel()[keep], nan_to_null=True)
                for name in ("consumption_kw", "production_kw", "voltage")
            },
            "quality": pl.Series(self.quality.ravel()[keep]),
        }
        return pl.DataFrame(columns).with_columns(pl.col("ts").cast(READING_SCHEMA["ts"]))


class MeterSimulator:
    """Simulates a fixed set of meters; keeps what does not change from call to call."""

    def __init__(self, meters: Iterable[SimulatedMeter], seed: int) -> None:
        self.meters = sorted(meters, key=lambda meter: meter.meter_id.encode())
        self._seed = seed
        self._consumers = Consumers(self.meters, seed)
        kinds = np.array([meter.kind for meter in self.meters])
        self._draws = kinds != "pv"
        self._netted = kinds == "household_pv"
        self._feeds = self._netted | (kinds == "pv")
        self._own_use = np.array([_OWN_USE.get(meter.profile, 0.0) for meter in self.meters])
        self._rows = np.flatnonzero(self._feeds)
        plants = [self.meters[row] for row in self._rows]
        self._plants = Plants(
            kwp=np.array([meter.kwp for meter in plants], dtype=np.float64),
            tilt=np.array([meter.tilt for meter in plants], dtype=np.float64),
            azimuth=np.array([meter.azimuth for meter in plants], dtype=np.float64),
            region=np.array([region_index(meter.region) for meter in plants], dtype=np.int64),
            keys=keys_of("plant", [meter.site for meter in plants], seed),
        )
        self._battery_rows = np.flatnonzero(
            self._netted & (self._own_use == 0) & np.array([meter.battery_kwh > 0 for meter in self.meters], dtype=bool)
        )
        self._battery_kwh = np.array([self.meters[row].battery_kwh for row in self._battery_rows], dtype=np.float64)
        sites = [meter.site for meter in self.meters]
        self._voltage_keys = keys_of("voltage", sites, seed)
        self._gap_keys = keys_of("gap", [meter.meter_id for meter in self.meters], seed)
        self._gap_share = np.array([meter.gap_share for meter in self.meters])
        weak = np.where(uniform(self._voltage_keys, 1) < 0.03, 2.2, 1.0)
        self._base_v = 231.0 + 1.6 * normal(self._voltage_keys, 0)
        size_kw = np.array([max(meter.annual_kwh / 1000.0, 0.8 * meter.kwp, 2.0) for meter in self.meters])
        self._volts_per_kw = weak * 6.5 / size_kw
        self._days: dict[date, _Day] = {}
        self._full: dict[date, Floats] = {}

    def readings(self, start: datetime, end: datetime, step_s: int) -> Readings:
        """Readings of the steps that begin in [start, end), on the grid of multiples of `step_s` since 1970 (UTC).

        Raises:
            SimulationError: the step is not a whole number of seconds from 1 to 3600, or a time has no zone.
        """
        first, count = steps_of(start, end, step_s)
        shape = (len(self.meters), count)
        drawn, fed, volts = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        quality = np.full(shape, GOOD, dtype=np.int32)
        edges = first + np.arange(count + 1, dtype=np.int64) * step_s
        if count and self.meters:
            begin = datetime.fromtimestamp(int(edges[0]), UTC)
            for day in days_between(begin, datetime.fromtimestamp(int(edges[-1]), UTC)):
                origin = int(day_start(day).timestamp())
                left = max(int(np.searchsorted(edges, origin, side="right")) - 1, 0)
                right = min(int(np.searchsorted(edges, origin + day_seconds(day), side="left")), count)
                within = np.clip(edges[left : right + 1] - origin, 0, day_seconds(day)).astype(np.float64)
                made = self._day(day)
                now = slice(left, right)
                parts = made.flows(within)
                drawn[:, now] += parts[0]
                fed[:, now] += parts[1]
                volts[:, now] += parts[2]
                self._days_gaps(made, within, left, drawn, fed, volts, quality)
        hours = step_s / 3600.0
        drawn, fed = np.round(drawn / hours, 4), np.round(fed / hours, 4)
        volts = np.round(volts / step_s, 2)
        drawn[~self._draws], fed[~self._feeds] = np.nan, np.nan
        return Readings([meter.meter_id for meter in self.meters], first, step_s, drawn, fed, volts, quality)

    def _days_gaps(
        self,
        made: _Day,
        within: Floats,
        left: int,
        drawn: Floats,
        fed: Floats,
        volts: Floats,
        quality: NDArray[np.int32],
    ) -> None:
        """Take out what was not read that day, and put substitute values where the operator formed some."""
        for gap in made.gaps:
            touched = np.flatnonzero((within[1:] > gap.begin_s) & (within[:-1] < gap.end_s))
            if not touched.size:
                continue
            steps = left + touched
            volts[gap.row, steps] = np.nan
            if gap.quality == _MISSING:
                quality[gap.row, steps] = _MISSING
                continue
            beside = np.array([gap.begin_s - QUARTER_HOUR_S, gap.begin_s, gap.end_s, gap.end_s + QUARTER_HOUR_S])
            around = made.flows(beside, np.array([gap.row]))
            width = within[touched + 1] - within[touched]
            middle = (within[touched + 1] + within[touched]) / 2
            share = np.clip((middle - gap.begin_s) / (gap.end_s - gap.begin_s), 0.0, 1.0)
            if gap.quality == HELD:
                share = np.zeros_like(share)
            for values, flow in ((drawn, around[0][0]), (fed, around[1][0])):
                values[gap.row, steps] = (flow[0] + (flow[2] - flow[0]) * share) / QUARTER_HOUR_S * width
            quality[gap.row, steps] = gap.quality

    def _day(self, day: date) -> _Day:
        if day not in self._days:
            if len(self._days) >= _DAYS_KEPT:
                self._days.pop(next(iter(self._days)))
            self._days[day] = self._make_day(day)
        return self._days[day]

    def _make_day(self, day: date) -> _Day:
        load = self._consumers.day(day)
        sun = self._sun(day)
        battery = np.zeros((len(self.meters), quarter_hours(day) + 1))
        if self._battery_rows.size:
            battery[self._battery_rows] = self._battery(day, load, sun)
        place = day.toordinal() * 128 + np.arange(quarter_hours(day))
        feeder = _FEEDER_BY_CLOCK[np.array(local_quarters(day))]
        noise = 0.7 * normal(self._voltage_keys[:, None], place[None, :])
        drift = 1.1 * normal(self._voltage_keys, day.toordinal())
        grid = (self._base_v + drift)[:, None] + feeder[None, :] + noise
        volts = np.zeros((grid.shape[0], grid.shape[1] + 1))
        np.cumsum(grid * QUARTER_HOUR_S, axis=1, out=volts[:, 1:])
        return _Day(
            load, sun, battery, volts, self._volts_per_kw, self._draws, self._netted, self._own_use, self._gaps(day)
        )

    def _sun(self, day: date) -> Floats:
        """Energy of the plants since the day began on the five-minute grid, shape (meters, points), kWh."""
        energy = np.zeros((len(self.meters), day_seconds(day) // GRID_S + 1))
        if self._rows.size:
            power = plants_power(self._plants, day, self._seed)
            energy[self._rows, 1:] = np.cumsum(power * (GRID_S / 3600.0), axis=1)
        return energy

    def _battery(self, day: date, load: ConsumptionDay, sun: Floats) -> Floats:
        """Energy the batteries gave (or took: negative) since the day began, by quarter-hours, (batteries, points).

        How full they are at midnight follows from the day before, which begins with empty ones.
        """
        rows = self._battery_rows
        surplus = self._surplus(day, load, sun, rows)
        full = self._full_after(day - DAY)
        # The same day once more, begun empty: the next day asks for its end.
        both = np.concatenate([full, np.zeros(rows.size)])
        given, level = _charge(np.tile(surplus, (2, 1)), np.tile(self._battery_kwh, 2), both)
        self._remember(day, level[rows.size :])
        out = np.zeros((rows.size, surplus.shape[1] + 1))
        np.cumsum(given[: rows.size], axis=1, out=out[:, 1:])
        return out

    def _full_after(self, day: date) -> Floats:
        """How full (kWh) the batteries are after a day that they began empty."""
        if day not in self._full:
            surplus = self._surplus(day, self._consumers.day(day), self._sun(day), self._battery_rows)
            self._remember(day, _charge(surplus, self._battery_kwh, np.zeros(self._battery_rows.size))[1])
        return self._full[day]

    def _remember(self, day: date, full: Floats) -> None:
        if len(self._full) >= _DAYS_KEPT:
            self._full.pop(next(iter(self._full)))
        self._full[day] = full

    def _surplus(self, day: date, load: ConsumptionDay, sun: Floats, rows: NDArray[np.int64]) -> Floats:
        """Production less consumption of each quarter-hour, kWh."""
        edges = np.arange(quarter_hours(day) + 1, dtype=np.float64) * QUARTER_HOUR_S
        return np.diff(interpolate_rows(sun[rows], edges, GRID_S) - load.energy(edges, rows), axis=1)

    def _gaps(self, day: date) -> list[_Gap]:
        place = day.toordinal() * 4
        quarters = quarter_hours(day)
        gaps: list[_Gap] = []
        for row in np.flatnonzero(uniform(self._gap_keys, place) < self._gap_share):
            key = self._gap_keys[row]
            begin = 1 + int(uniform(key, place + 1) * (quarters - 3))
            length = min(1 + int(5.0 * exponential(key, place + 2)), quarters - 1 - begin)
            kind = _MISSING
            if uniform(key, place + 3) < 0.6:
                kind = HELD if length > _HELD_FROM_QUARTERS else INTERPOLATED
            gaps.append(_Gap(int(row), begin * QUARTER_HOUR_S, (begin + length) * QUARTER_HOUR_S, kind))
        return gaps


@dataclass(frozen=True, slots=True)
class _Gap:
    """Seconds of a day in which a meter was not read."""

    row: int
    begin_s: int
    end_s: int
    quality: int


@dataclass(frozen=True, slots=True)
class _Day:
    """All that is known of a day, as sums since it began."""

    load: ConsumptionDay
    sun: Floats
    battery: Floats
    volts: Floats
    volts_per_kw: Floats
    draws: NDArray[np.bool_]
    netted: NDArray[np.bool_]
    own_use: Floats
    gaps: list[_Gap]

    def flows(self, edges: Floats, rows: NDArray[np.int64] | None = None) -> tuple[Floats, Floats, Floats]:
        """Drawn and fed in (kWh) and voltage (V·s) between the edges, each of shape (rows, edges - 1)."""
        chosen = np.arange(self.draws.size) if rows is None else rows
        used = np.diff(self.load.energy(edges, chosen), axis=1) * self.draws[chosen, None]
        made = np.diff(interpolate_rows(self.sun[chosen], edges, GRID_S), axis=1)
        netted, own = self.netted[chosen], self.own_use[chosen]
        if netted.any():
            house = netted & (own == 0)
            given = np.diff(interpolate_rows(self.battery[chosen], edges, QUARTER_HOUR_S), axis=1)
            balance = (used - made - given)[house]
            made[netted] *= (1.0 - own[netted])[:, None]
            used[house], made[house] = np.maximum(balance, 0.0), np.maximum(-balance, 0.0)
        volts = np.diff(interpolate_rows(self.volts[chosen], edges, QUARTER_HOUR_S), axis=1)
        volts = volts + (made - used) * (3600.0 * self.volts_per_kw[chosen])[:, None]
        return used, made, volts


def steps_of(start: datetime, end: datetime, step_s: int) -> tuple[int, int]:
    """First step (seconds since 1970) and number of steps that begin in [start, end).

    Raises:
        SimulationError: the step is not from 1 to 3600 whole seconds, or a time has no zone.
    """
    if isinstance(step_s, bool) or not 1 <= step_s <= MAX_STEP_S:
        raise SimulationError(f"step_s is {step_s!r}, but must be 1 to 3600 whole seconds; right is for example 900")
    if start.tzinfo is None or end.tzinfo is None:
        raise SimulationError("start and end must name their zone; right is for example 2025-01-01T00:00:00+01:00")
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    first = -((epoch - start) // timedelta(seconds=1) // step_s) * step_s
    last = -((epoch - end) // timedelta(seconds=1) // step_s) * step_s
    return first, max((last - first) // step_s, 0)


def simulate(
    meters: Sequence[SimulatedMeter], start: datetime, end: datetime, step_s: int, *, seed: int
) -> pl.DataFrame:
    """The readings frame of some meters; see `MeterSimulator.readings`."""
    return MeterSimulator(meters, seed).readings(start, end, step_s).frame()


def _charge(surplus: Floats, capacity: Floats, full: Floats) -> tuple[Floats, Floats]:
    """What batteries give (kWh, negative: take) in each quarter-hour, and how full they are at the end.

    A tenth is lost between taking and giving; they take and give half their capacity an hour at most.
    """
    given = np.zeros_like(surplus)
    level = full.copy()
    most = capacity / 8.0
    for step in range(surplus.shape[1]):
        over = surplus[:, step]
        taken = np.minimum(np.minimum(np.maximum(over, 0.0), most), (capacity - level) / 0.95)
        spent = np.minimum(np.minimum(np.maximum(-over, 0.0), most), level * 0.95)
        level = level + 0.95 * taken - spent / 0.95
        given[:, step] = spent - taken
    return given, level
