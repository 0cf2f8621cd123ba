"""Power of photovoltaic plants: pvlib's sun and clear sky, and clouds shared by the sites of a region.

Importing this module is cheap; pvlib and pandas load when the first plant is simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from luna_rules.series.calendar import day_seconds, day_start
from luna_rules.simulation.chance import Floats, Words, normal
from luna_rules.simulation.weather import HOUR_S, REGIONS, clearness, season, weather

GRID_S: Final = 300
"""Sun and clouds are made for every five minutes; within them the power is even."""
ALBEDO: Final = 0.2
LOSSES: Final = 0.9173
"""Wiring, soiling, reflection and inverter together; with it a clear year brings 1,806 kWh for each kWp in Berlin."""
PER_KELVIN: Final = -0.0038
WARM_UP_K: Final = 0.027
"""Cells are warmer than the air by this for each W/m²."""


@dataclass(frozen=True, slots=True)
class Sky:
    """The clear sky over a region on the grid of a Berlin day, each of shape (steps,); W/m² and radians."""

    zenith: Floats
    azimuth: Floats
    beam: Floats
    horizontal: Floats
    diffuse: Floats
    extra: Floats


@dataclass(frozen=True, slots=True)
class Plants:
    """Plants side by side, each field of shape (plants,): peak power in kW, degrees, place in `REGIONS`."""

    kwp: Floats
    tilt: Floats
    azimuth: Floats
    region: NDArray[np.int64]
    keys: Words


def plants_power(plants: Plants, day: date, seed: int, *, clear: bool = False) -> Floats:
    """Mean power (kW) on the five-minute grid of a Berlin day, shape (plants, steps); `clear` leaves the clouds out."""
    out = np.zeros((plants.kwp.size, day_seconds(day) // GRID_S))
    hour = int(day_start(day).timestamp()) // HOUR_S
    air = weather(seed, hour - 1, hour + day_seconds(day) // HOUR_S + 2)
    for region in np.unique(plants.region):
        chosen = np.flatnonzero(plants.region == region)
        sky = _sky(int(region), day)
        light = sky.zenith < np.pi / 2
        if not light.any():
            continue
        steps = np.flatnonzero(light)
        poa = _on_plane(sky, steps, plants.tilt[chosen], plants.azimuth[chosen])
        if not clear:
            poa = poa * _through_clouds(
                air.clouds[region], air.start_hour, hour, steps, plants.keys[chosen], day.toordinal()
            )
        at = (hour - air.start_hour) + steps * (GRID_S / HOUR_S)
        warm = np.interp(at, np.arange(air.wind.size), air.temperature_c[region]) + WARM_UP_K * poa
        power = poa / 1000.0 * LOSSES * (1.0 + PER_KELVIN * (warm - 25.0))
        out[np.ix_(chosen, steps)] = plants.kwp[chosen, None] * np.clip(power, 0.0, 1.0)
    return out


def country_power(seed: int, first_hour: int, hours: int) -> Floats:
    """Mean power of all of Germany's plants for each peak kW, for each hour from `first_hour` (since 1970, UTC)."""
    air = weather(seed, first_hour, first_hour + hours + 1)
    total = np.zeros(hours)
    moments = np.arange(first_hour, first_hour + hours)
    for place in range(len(REGIONS)):
        clear = _country_clear(place, first_hour, hours)
        middle = (air.clouds[place, :-1] + air.clouds[place, 1:]) / 2
        total += clear * clearness(middle, season(moments))
    return total / len(REGIONS)


def _country_clear(place: int, first_hour: int, hours: int) -> Floats:
    """Clear-sky power of a mixture of orientations for each hour."""
    years = range(
        datetime.fromtimestamp(first_hour * HOUR_S, UTC).year,
        datetime.fromtimestamp((first_hour + hours - 1) * HOUR_S, UTC).year + 1,
    )
    parts = [_country_clear_year(place, year) for year in years]
    begin = int(datetime(years[0], 1, 1, tzinfo=UTC).timestamp()) // HOUR_S
    return np.concatenate(parts)[first_hour - begin : first_hour - begin + hours]


@lru_cache(maxsize=64)
def _country_clear_year(place: int, year: int) -> Floats:
    sky = _sky_year(place, year)
    steps = np.flatnonzero(sky.zenith < np.pi / 2)
    mixture = _on_plane(sky, steps, np.array([30.0, 20.0, 20.0]), np.array([180.0, 110.0, 250.0]))
    power = np.zeros(sky.zenith.size)
    power[steps] = (np.array([0.6, 0.2, 0.2]) @ mixture) / 1000.0 * LOSSES * 0.97
    return power.reshape(-1, HOUR_S // GRID_S).mean(axis=1)


def _through_clouds(
    latent: Floats, latent_hour: int, first_hour: int, steps: NDArray[np.int64], keys: Words, day: int
) -> Floats:
    """Share of the clear sky's energy for each plant and step: the region's clouds, reaching each site at its time."""
    reach_h = normal(keys, 0)[:, None] * 0.12
    at = (first_hour - latent_hour) + (steps + 0.5)[None, :] * (GRID_S / HOUR_S) + reach_h
    # The latent value of an hour stands at its beginning.
    base = np.interp(at, np.arange(latent.size), latent)
    small = normal(keys[:, None], day * 512 + steps[None, :] + 1) * 0.45
    return np.clip(clearness(base + small, float(season(np.array([first_hour]))[0])), 0.03, 1.1)


def _on_plane(sky: Sky, steps: NDArray[np.int64], tilt: Floats, azimuth: Floats) -> Floats:
    """Irradiance on tilted planes by Hay and Davies, shape (planes, steps), W/m²."""
    zenith, beam, extra = sky.zenith[steps], sky.beam[steps], sky.extra[steps]
    tilted = np.radians(tilt)[:, None]
    turned = sky.azimuth[steps][None, :] - np.radians(azimuth)[:, None]
    incidence = np.clip(np.cos(zenith) * np.cos(tilted) + np.sin(zenith) * np.sin(tilted) * np.cos(turned), 0.0, None)
    circumsolar = beam / extra
    ratio = incidence / np.maximum(np.cos(zenith), 0.0175)
    diffuse = sky.diffuse[steps] * (circumsolar * ratio + (1 - circumsolar) * (1 + np.cos(tilted)) / 2)
    ground = sky.horizontal[steps] * ALBEDO * (1 - np.cos(tilted)) / 2
    return beam * incidence + diffuse + ground


def _sky(place: int, day: date) -> Sky:
    """The part of a year's sky that a Berlin day covers, over the turn of the year where need be."""
    start = int(day_start(day).timestamp())
    count = day_seconds(day) // GRID_S
    year = datetime.fromtimestamp(start, UTC).year
    begin = (start - int(datetime(year, 1, 1, tzinfo=UTC).timestamp())) // GRID_S
    whole = _sky_year(place, year)
    missing = begin + count - whole.zenith.size
    fields: list[Floats] = []
    for name in ("zenith", "azimuth", "beam", "horizontal", "diffuse", "extra"):
        part: Floats = getattr(whole, name)[begin : begin + count]
        if missing > 0:
            part = np.concatenate([part, getattr(_sky_year(place, year + 1), name)[:missing]])
        fields.append(part)
    return Sky(*fields)


@lru_cache(maxsize=20)
def _sky_year(place: int, year: int) -> Sky:
    import pandas as pd
    from pvlib import clearsky, irradiance, solarposition
    from pvlib.atmosphere import alt2pres, get_absolute_airmass, get_relative_airmass

    region = REGIONS[place]
    middle = pd.date_range(f"{year}-01-01", f"{year + 1}-01-01", freq=f"{GRID_S}s", tz="UTC", inclusive="left")
    middle = middle + pd.Timedelta(seconds=GRID_S / 2)
    sun = solarposition.get_solarposition(
        middle, region.latitude, region.longitude, altitude=region.altitude_m, method="ephemeris"
    )
    zenith = np.asarray(sun["apparent_zenith"])
    pressure = alt2pres(region.altitude_m)
    turbidity = np.asarray(clearsky.lookup_linke_turbidity(middle, region.latitude, region.longitude))
    extra = np.asarray(irradiance.get_extra_radiation(middle), dtype=np.float64)
    airmass = get_absolute_airmass(get_relative_airmass(zenith), pressure)
    # With the sun below the horizon the formula divides by zero, and the result is set to zero.
    with np.errstate(divide="ignore", invalid="ignore"):
        clear = clearsky.ineichen(zenith, airmass, turbidity, altitude=region.altitude_m, dni_extra=extra)  # pyright: ignore[reportArgumentType] (its hints are guessed from defaults)
    beam, horizontal, diffuse = (np.nan_to_num(np.asarray(clear[name])) for name in ("dni", "ghi", "dhi"))
    return Sky(np.radians(zenith), np.radians(np.asarray(sun["azimuth"])), beam, horizontal, diffuse, extra)
