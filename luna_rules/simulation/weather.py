"""Weather of the simulation: clouds, temperature and wind of Germany's regions, hour by hour.

Made a year at a time from a fixed point before it, so that every part of a year is the same whoever asks for it. Sites
of a region share its weather, and regions share the large weather systems.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from luna_rules.simulation.chance import Floats, coloured, key_of

HOUR_S: Final = 3600


@dataclass(frozen=True, slots=True)
class Region:
    """A place that stands for its surroundings; degrees north and east, metres, °C against the country's mean."""

    name: str
    latitude: float
    longitude: float
    altitude_m: float
    warmer_k: float = 0.0


REGIONS: Final = (
    Region("Berlin", 52.52, 13.41, 40),
    Region("Hamburg", 53.55, 9.99, 10),
    Region("München", 48.14, 11.58, 520, -0.8),
    Region("Köln", 50.94, 6.96, 50, 0.8),
    Region("Frankfurt", 50.11, 8.68, 110, 0.8),
    Region("Leipzig", 51.34, 12.37, 110),
    Region("Stuttgart", 48.78, 9.18, 250, 0.5),
    Region("Rostock", 54.09, 12.14, 10, -0.3),
)
REGION_NAMES: Final = tuple(region.name for region in REGIONS)


@dataclass(frozen=True, slots=True)
class Weather:
    """Hours of weather; `clouds` and `temperature_c` have the shape (regions, hours), `wind` (hours,).

    `clouds` is a latent normal value: the higher, the clearer. `wind` likewise, for the whole country.
    """

    start_hour: int
    """Hours since 1970 (UTC)."""
    clouds: Floats
    temperature_c: Floats
    wind: Floats


def region_index(name: str | None) -> int:
    """Place of a region in `REGIONS`; one that is not among them has the weather of Berlin."""
    return REGION_NAMES.index(name) if name in REGION_NAMES else 0


def weather(seed: int, start_hour: int, end_hour: int) -> Weather:
    """The weather of [start_hour, end_hour), in hours since 1970 (UTC)."""
    parts: list[Weather] = []
    hour = start_hour
    while hour < end_hour:
        year = datetime.fromtimestamp(hour * HOUR_S, UTC).year
        whole = _year(seed, year)
        first, last = hour - whole.start_hour, min(end_hour - whole.start_hour, whole.wind.size)
        parts.append(
            Weather(hour, whole.clouds[:, first:last], whole.temperature_c[:, first:last], whole.wind[first:last])
        )
        hour = whole.start_hour + last
    if len(parts) == 1:
        return parts[0]
    return Weather(
        start_hour,
        np.concatenate([part.clouds for part in parts], axis=1),
        np.concatenate([part.temperature_c for part in parts], axis=1),
        np.concatenate([part.wind for part in parts]),
    )


def clearness(latent: Floats, summer: Floats | float) -> Floats:
    """Share of the clear sky's energy that arrives, of the latent clouds and a season of -1 (winter) to 1 (summer)."""
    from scipy.special import ndtr

    shifted = -0.14 + 0.30 * np.asarray(summer) + 1.10 * latent
    return 0.09 + 0.94 * ndtr(shifted)


def season(hours: NDArray[np.integer] | Floats) -> Floats:
    """-1 at the winter solstice, 1 at the summer solstice; `hours` since 1970."""
    day = np.asarray(hours, dtype=np.float64) / 24.0
    return -np.cos(2 * np.pi * (day + 10.0) / 365.2425)


@lru_cache(maxsize=6)
def _year(seed: int, year: int) -> Weather:
    first = _hours_of(year)
    hours = np.arange(first, _hours_of(year + 1))
    summer = season(hours)

    def process(stream: str, memory_h: float) -> Floats:
        return coloured(key_of(seed, stream), first, hours.size, memory_h)

    country = 0.85 * process("clouds", 34.0) + 0.53 * process("fronts", 7.0)
    own = np.stack([process(f"clouds {region.name}", 11.0) for region in REGIONS])
    wind = 0.90 * process("wind", 30.0) + 0.43 * process("gusts", 6.0) - 0.10 * country
    local_hour = (hours + 1) % 24
    by_day = (
        (4.2 + 1.8 * summer) * -np.cos(2 * np.pi * (local_hour - 3.5) / 24.0) * np.clip(0.7 + 0.3 * country, 0, 1.4)
    )
    lagging = season(hours - 26 * 24)
    base = 10.4 + 9.2 * lagging + 3.6 * process("temperature", 80.0) + by_day
    temperature = base + np.array([region.warmer_k for region in REGIONS])[:, None]
    temperature = temperature + 0.7 * np.stack([process(f"temperature {region.name}", 20.0) for region in REGIONS])
    made = Weather(first, 0.80 * country + 0.60 * own, temperature, wind)
    for array in (made.clouds, made.temperature_c, made.wind):
        array.flags.writeable = False
    return made


def _hours_of(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) // HOUR_S
