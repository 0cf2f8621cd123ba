"""A day-ahead market: load, wind and sun make the residual load, and the residual load makes the price.

Hours are whole UTC hours. The parameters were fitted so that the year 2025 with the default seed has the statistics of
the zone DE-LU; `luna_rules.simulation.targets` holds the figures and the comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from luna_rules.series.calendar import BERLIN, is_holiday
from luna_rules.simulation.chance import Floats, coloured, key_of, normal, uniform
from luna_rules.simulation.sun import country_power
from luna_rules.simulation.weather import HOUR_S, season, weather

DEFAULT_SEED: Final = 2025

# fmt: off
_WORKDAY: Final = np.array([
    44.0, 42.5, 42.0, 42.2, 43.5, 47.0, 53.5, 58.5, 60.8, 61.5, 62.0, 62.5,
    61.8, 61.0, 59.8, 58.5, 58.2, 59.8, 61.0, 60.5, 58.0, 55.0, 51.5, 47.5,
])
_WEEKEND: Final = np.array([
    43.5, 41.8, 40.8, 40.2, 40.2, 40.4, 41.5, 43.5, 46.5, 48.8, 50.2, 51.0,
    50.8, 49.6, 48.4, 47.8, 48.2, 50.4, 52.4, 52.6, 51.0, 49.5, 47.2, 44.5,
])
# fmt: on
"""GW by hour of Berlin."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the market is made of: capacities in GW, prices in EUR/MWh, memories in hours."""

    pv_gwp: float = 80.724
    wind_gw: float = 57.653
    wind_middle: float = -2.4305
    wind_spread: float = 1.0368
    load_scale: float = 0.96978
    load_noise: float = 3.7933
    zero_gw: float = 11.628
    """Residual load at which the price is zero: what runs whatever the price is."""
    steep: float = 25.97
    steep_gw: float = 0.051978
    slope: float = 1.0976
    scarce_gw: float = 0.14881
    scarce: float = 0.037438
    below: float = 0.14338
    below_power: float = 1.794
    flat: float = 11.032
    """Prices nearer to zero than this are all about zero: plants without fuel stop there."""
    fuel: float = 0.20619
    fuel_memory: float = 523.57
    noise: float = 3.0
    noise_memory: float = 27.0
    jump_share: float = 0.0033917
    jump: float = 84.861


@dataclass(frozen=True, slots=True)
class MarketHours:
    """Hours of the market, all of shape (hours,): GW, and EUR/MWh."""

    first_hour: int
    """Hours since 1970 (UTC)."""
    load: Floats
    wind: Floats
    pv: Floats
    price: Floats

    @property
    def residual(self) -> Floats:
        """Load that wind and sun leave to others (GW)."""
        return self.load - self.wind - self.pv


@dataclass(frozen=True, slots=True)
class Nature:
    """What the price follows from, before any parameter: fixed for seed and year."""

    first_hour: int
    shape: Floats
    summer: Floats
    pv: Floats
    wind: Floats
    load_noise: Floats
    fuel_key: np.uint64
    noise_key: np.uint64
    jump_key: np.uint64


def market_hours(seed: int, first_hour: int, hours: int, parameters: Parameters | None = None) -> MarketHours:
    """The market from `first_hour` (hours since 1970, UTC) on."""
    chosen = parameters or Parameters()
    years = range(_year_of(first_hour), _year_of(first_hour + max(hours, 1) - 1) + 1)
    blocks = [_year(seed, year, chosen) for year in years]
    begin = first_hour - blocks[0].first_hour

    def part(name: str) -> Floats:
        return np.concatenate([getattr(block, name) for block in blocks])[begin : begin + hours]

    return MarketHours(first_hour, part("load"), part("wind"), part("pv"), part("price"))


@lru_cache(maxsize=4)
def nature_of_year(seed: int, year: int) -> Nature:
    """Load shape, sun and wind of a calendar year (UTC)."""
    first = hours_since_1970(datetime(year, 1, 1, tzinfo=UTC))
    count = hours_since_1970(datetime(year + 1, 1, 1, tzinfo=UTC)) - first
    moments = np.arange(first, first + count)
    return Nature(
        first_hour=first,
        shape=_load_shape(first, count),
        summer=season(moments),
        pv=country_power(seed, first, count),
        wind=weather(seed, first, first + count).wind,
        load_noise=coloured(key_of(seed, "load"), first, count, 60.0),
        fuel_key=key_of(seed, "fuel"),
        noise_key=key_of(seed, "price"),
        jump_key=key_of(seed, "jumps"),
    )


def price_year(nature: Nature, p: Parameters) -> MarketHours:
    """The market of a year, given its nature."""
    from scipy.special import ndtr

    count = nature.shape.size
    load = p.load_scale * nature.shape * (1.0 - 0.075 * nature.summer) + p.load_noise * nature.load_noise
    wind = p.wind_gw * ndtr(p.wind_middle - 0.22 * nature.summer + p.wind_spread * nature.wind)
    pv = p.pv_gwp * nature.pv
    surplus = load - wind - pv - p.zero_gw
    up = np.maximum(surplus, 0.0)
    down = np.maximum(-surplus, 0.0)
    rising = p.steep * -np.expm1(-up / p.steep_gw) + p.slope * up + p.scarce * np.maximum(up - p.scarce_gw, 0.0) ** 2
    fuel = np.exp(p.fuel * coloured(nature.fuel_key, nature.first_hour, count, p.fuel_memory))
    price = fuel * rising - p.below * down**p.below_power
    price += p.noise * coloured(nature.noise_key, nature.first_hour, count, p.noise_memory)
    price += _jumps(nature, p, up)
    outside = np.sign(price) * np.maximum(np.abs(price) - p.flat, 0.0)
    price = outside + 0.05 * np.clip(price, -p.flat, p.flat)
    return MarketHours(nature.first_hour, load, wind, pv, np.round(price, 2))


def quarter_prices(hours: MarketHours, seed: int) -> Floats:
    """Prices of the quarter-hours, shape (4 · hours,): around the hour's, whose mean they keep to the cent.

    Within an hour the price follows the residual load's slope: in the evening the last quarter is the dearest.
    """
    residual = hours.residual
    before, after = np.roll(residual, 1), np.roll(residual, -1)
    before[0], after[-1] = residual[0], residual[-1]
    slope = (after - before) / 2.0
    place = np.array([-0.375, -0.125, 0.125, 0.375])
    index = (hours.first_hour + np.arange(residual.size))[:, None] * 4 + np.arange(4)[None, :]
    moved = 3.4 * slope[:, None] * place[None, :] + 1.8 * normal(key_of(seed, "quarters"), index)
    cents = np.rint(100.0 * (moved - moved.mean(axis=1, keepdims=True)))
    # What rounding left over goes to the last quarter, so that the four have the hour's mean exactly.
    cents[:, 3] -= cents.sum(axis=1)
    return (np.rint(100.0 * hours.price)[:, None] + cents).ravel() / 100.0


def hours_since_1970(moment: datetime) -> int:
    """Whole hours since 1970 of a moment."""
    return int(moment.timestamp()) // HOUR_S


def _jumps(nature: Nature, p: Parameters, up: Floats) -> Floats:
    """Rare dear hours, rather when much is needed; they fade within a few hours."""
    hours = nature.first_hour + np.arange(up.size)
    likely = p.jump_share * (0.3 + 2.2 * (up > 0.8 * p.scarce_gw))
    struck = uniform(nature.jump_key, 2 * hours) < likely
    size = np.where(struck, p.jump * (0.3 - np.log(uniform(nature.jump_key, 2 * hours + 1))), 0.0)
    total = size.copy()
    for late, share in ((1, 0.55), (2, 0.25)):
        total[late:] += share * size[:-late]
    return total


@lru_cache(maxsize=4)
def _year(seed: int, year: int, parameters: Parameters) -> MarketHours:
    made = price_year(nature_of_year(seed, year), parameters)
    for array in (made.load, made.wind, made.pv, made.price):
        array.flags.writeable = False
    return made


def _load_shape(first_hour: int, count: int) -> Floats:
    start = datetime.fromtimestamp(first_hour * HOUR_S, UTC)
    shape = np.empty(count)
    for place in range(count):
        local = (start + timedelta(hours=place)).astimezone(BERLIN)
        shape[place] = _day_shape(local.date())[local.hour]
    return shape


@lru_cache(maxsize=800)
def _day_shape(day: date) -> NDArray[np.float64]:
    """Load by hour of a Berlin day, without season and noise."""
    if day.weekday() == 6 or is_holiday(day):
        return 0.955 * _WEEKEND
    if day.weekday() == 5:
        return _WEEKEND
    if (day.month == 12 and day.day >= 24) or (day.month == 1 and day.day <= 3):
        return 0.93 * (_WORKDAY + _WEEKEND) / 2
    return _WORKDAY * (0.985 if day.weekday() in (0, 4) else 1.0)


def _year_of(hour: int) -> int:
    return datetime.fromtimestamp(hour * HOUR_S, UTC).year
