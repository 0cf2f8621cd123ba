"""Price frames of simulated markets: quarter-hours, Base and Peak of the auction, and a running intraday price.

The first market of the list has the modelled price, the others follow it at a distance, as coupled zones do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from luna_rules.series.calendar import (
    BERLIN,
    DAY,
    PEAK_FROM_HOUR,
    PEAK_TO_HOUR,
    QUARTER_HOUR_S,
    day_start,
    is_peak_day,
    local_quarters,
    quarter_hours,
)
from luna_rules.simulation.chance import Floats, coloured, key_of, normal
from luna_rules.simulation.market import MarketHours, hours_since_1970, market_hours, quarter_prices
from luna_rules.simulation.simulator import steps_of

if TYPE_CHECKING:
    import polars as pl

QUARTERS: Final = "DE-LU-15MIN"
BASE: Final = "BASE"
PEAK: Final = "PEAK"
INTRADAY: Final = "INTRADAY"
DAY_PRODUCTS: Final = (BASE, PEAK)
PUBLISHED_AT: Final = (12, 55)
"""Hour and minute of Berlin at which the prices of the next day are known."""
_MEMORY_STEPS: Final = 36


@dataclass(frozen=True, slots=True)
class Product:
    """A product as it is registered in `market_products`."""

    name: str
    interval_s: int
    description: str


def products(day_products: Sequence[str], intraday_step_s: int) -> list[Product]:
    """What each simulated market offers."""
    told = {
        BASE: "Simulierte Day-ahead-Auktion, Tagesmittel über alle Viertelstunden",
        PEAK: "Simulierte Day-ahead-Auktion, Mittel von 8 bis 20 Uhr, Montag bis Freitag",
    }
    return [
        Product(QUARTERS, QUARTER_HOUR_S, "Simulierte Day-ahead-Auktion, Viertelstunden"),
        *(Product(name, 86_400, told[name]) for name in day_products),
        Product(INTRADAY, intraday_step_s, "Simulierter laufender Handel der angebrochenen Viertelstunde"),
    ]


def published_until(moment: datetime) -> date:
    """The last Berlin day whose auction is known at a moment."""
    local = moment.astimezone(BERLIN)
    return local.date() + DAY if (local.hour, local.minute) >= PUBLISHED_AT else local.date()


def auction_frame(
    markets: Sequence[str], day_products: Sequence[str], first_day: date, last_day: date, *, seed: int
) -> pl.DataFrame:
    """The auction's prices for delivery on the Berlin days from `first_day` to `last_day`, both included."""
    rows: list[tuple[str, str, Floats, Floats, Floats]] = []
    for market in markets:
        times: list[Floats] = []
        price: list[Floats] = []
        volume: list[Floats] = []
        days: dict[str, list[tuple[float, float, float]]] = {name: [] for name in day_products}
        day = first_day
        while day <= last_day:
            start = int(day_start(day).timestamp())
            count = quarter_hours(day)
            one, traded = _quarters(market, markets[0], seed, start, count)
            times.append(start + np.arange(count, dtype=np.float64) * QUARTER_HOUR_S)
            price.append(one)
            volume.append(traded)
            if BASE in days:
                days[BASE].append((start, round(float(one.mean()), 2), round(float(traded.sum()), 1)))
            if PEAK in days and is_peak_day(day):
                clock = np.array(local_quarters(day))
                within = (clock >= 4 * PEAK_FROM_HOUR) & (clock < 4 * PEAK_TO_HOUR)
                days[PEAK].append((start, round(float(one[within].mean()), 2), round(float(traded[within].sum()), 1)))
            day += DAY
        if times:
            rows.append((market, QUARTERS, np.concatenate(times), np.concatenate(price), np.concatenate(volume)))
        for name, found in days.items():
            if found:
                table = np.array(found)
                rows.append((market, name, table[:, 0], table[:, 1], table[:, 2]))
    return _frame(rows)


def intraday_frame(markets: Sequence[str], start: datetime, end: datetime, step_s: int, *, seed: int) -> pl.DataFrame:
    """Running prices of the steps that begin in [start, end), on the grid of multiples of `step_s` since 1970.

    Raises:
        SimulationError: the step is not a whole number of seconds from 1 to 3600.
    """
    first, count = steps_of(start, end, step_s)
    if not count:
        return _frame([])
    times = first + np.arange(count, dtype=np.int64) * step_s
    place = times // QUARTER_HOUR_S - first // QUARTER_HOUR_S
    begin = first // QUARTER_HOUR_S * QUARTER_HOUR_S
    weights: Floats = np.exp(-np.arange(_MEMORY_STEPS, dtype=np.float64) / 9.0)
    weights = weights / float(np.sqrt((weights**2).sum()))
    rows: list[tuple[str, str, Floats, Floats, Floats]] = []
    for market in markets:
        price, traded = _quarters(market, markets[0], seed, begin, int(place[-1]) + 1)
        steps = first // step_s - _MEMORY_STEPS + 1 + np.arange(count + _MEMORY_STEPS - 1)
        noise = normal(key_of(seed, "intraday", market, step_s), steps)
        apart: Floats = np.asarray(np.convolve(noise, weights, mode="valid"), dtype=np.float64)
        moved = np.round(price[place] + 6.5 * apart, 2)
        volume = np.round(traded[place] * 0.11 * step_s / QUARTER_HOUR_S * np.exp(0.2 * apart), 1)
        rows.append((market, INTRADAY, times.astype(np.float64), moved, np.asarray(volume, dtype=np.float64)))
    return _frame(rows)


def year_of_berlin(seed: int, year: int) -> MarketHours:
    """The hours of a calendar year of Berlin, for the comparison with real years."""
    first = hours_since_1970(day_start(date(year, 1, 1)))
    return market_hours(seed, first, hours_since_1970(day_start(date(year + 1, 1, 1))) - first)


def _quarters(market: str, leading: str, seed: int, start_s: int, count: int) -> tuple[Floats, Floats]:
    """Price (EUR/MWh) and traded volume (MWh) of quarter-hours from a time (seconds since 1970) on."""
    prices: list[Floats] = []
    volumes: list[Floats] = []
    begin, left = start_s, count
    while left > 0:
        year = datetime.fromtimestamp(begin, UTC).year
        origin = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
        price, volume = _quarters_of_year(market, market == leading, seed, year)
        place = (begin - origin) // QUARTER_HOUR_S
        taken = min(left, price.size - place)
        prices.append(price[place : place + taken])
        volumes.append(volume[place : place + taken])
        begin, left = begin + taken * QUARTER_HOUR_S, left - taken
    return np.concatenate(prices), np.concatenate(volumes)


@lru_cache(maxsize=12)
def _quarters_of_year(market: str, leads: bool, seed: int, year: int) -> tuple[Floats, Floats]:
    first = hours_since_1970(datetime(year, 1, 1, tzinfo=UTC))
    hours = market_hours(seed, first, hours_since_1970(datetime(year + 1, 1, 1, tzinfo=UTC)) - first)
    price = quarter_prices(hours, seed)
    places = first * 4 + np.arange(price.size)
    if not leads:
        apart = coloured(key_of(seed, "spread", market), first * 4, price.size, 600.0)
        small = normal(key_of(seed, "apart", market), places)
        price = np.round(price + 3.0 * apart + 1.2 * small + 0.02 * np.maximum(price, 0.0), 2)
    share = 0.46 if leads else 0.11
    noise = np.exp(0.06 * normal(key_of(seed, "volume", market), places))
    volume = np.round(share * 250.0 * np.repeat(hours.load, 4) * noise, 1)
    for array in (price, volume):
        array.flags.writeable = False
    return price, volume


def _frame(rows: list[tuple[str, str, Floats, Floats, Floats]]) -> pl.DataFrame:
    import polars as pl

    from luna_rules.series.frames import PRICE_SCHEMA, empty_prices

    parts = [
        pl.DataFrame(
            {
                "market": [market] * times.size,
                "product": [product] * times.size,
                "ts": pl.Series((times * 1e6).astype(np.int64)).cast(PRICE_SCHEMA["ts"]),
                "price_eur_mwh": price,
                "volume": volume,
            },
            schema=dict(PRICE_SCHEMA),
        )
        for market, product, times, price, volume in rows
    ]
    return pl.concat(parts).sort("market", "product", "ts") if parts else empty_prices()
