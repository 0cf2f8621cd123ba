"""Standard load profiles of the BDEW: the figures that demandlib brings, with the rules of days that it leaves out.

Unit everywhere: kWh in a quarter-hour for a consumption of 1,000,000 kWh a year.
"""

from __future__ import annotations

import csv
from datetime import date
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np

from luna_rules.series.calendar import local_quarters, profile_day_type
from luna_rules.simulation.chance import Floats

PROFILES_2025: Final = ("H25", "G25", "L25", "P25", "S25")
PROFILES_1999: Final = ("H0", "G0", "G1", "G2", "G3", "G4", "G5", "G6", "L0", "L1", "L2")
PROFILES: Final = (*PROFILES_1999, *PROFILES_2025)
DYNAMIC: Final = frozenset({"H0", "H25", "P25", "S25"})
"""Profiles of households follow the season by a factor of the day; trade and farms do not."""
NORM_KWH: Final = 1_000_000.0
_DAY_TYPES: Final = {"SA": 0, "FT": 1, "WT": 2}
_KW_PER_MWH_TO_KWH: Final = 250.0
"""The old set is in kW for 1,000 kWh a year: a quarter of an hour of it, for 1,000,000."""
_WEEKDAY_OF_TYPE: Final = {"SA": 6, "FT": 7}


def dynamisation(day_of_year: int) -> float:
    """BDEW's factor of the day for households; `day_of_year` from 1. F(1) = 1.2420, F(182) = 0.7959."""
    t = float(day_of_year)
    return -3.92e-10 * t**4 + 3.2e-7 * t**3 - 7.02e-5 * t**2 + 2.1e-3 * t + 1.24


def static_day(profile: str, day: date) -> Floats:
    """The table's values for a day, without the factor of the day: one for each quarter-hour, shape (92, 96 or 100,).

    Raises:
        ValueError: there is no such profile.
    """
    kind = profile_day_type(day)
    if profile in PROFILES_2025:
        clock = _table_2025(profile)[day.month - 1, _DAY_TYPES[kind]]
    elif profile in PROFILES_1999:
        weekday = _WEEKDAY_OF_TYPE.get(kind, 1)
        clock = _table_1999()[PROFILES_1999.index(profile), _season(day), weekday - 1]
    else:
        raise ValueError(f"profile {profile!r} is unknown; right is one of {', '.join(PROFILES)}")
    return clock[np.array(local_quarters(day))]


@lru_cache(maxsize=8192)
def profile_day(profile: str, day: date) -> Floats:
    """The profile of a Berlin day as it is to be used, with the factor of the day where the profile has one.

    Raises:
        ValueError: there is no such profile.
    """
    values = static_day(profile, day)
    if profile in DYNAMIC:
        values = values * dynamisation(day.timetuple().tm_yday)
    values.flags.writeable = False
    return values


@lru_cache(maxsize=128)
def profile_days_of_year(profile: str, year: int) -> Floats:
    """Energy of each day of a year, in kWh for 1,000,000 kWh a year; shape (365 or 366,)."""
    first = date(year, 1, 1).toordinal()
    days = date(year + 1, 1, 1).toordinal() - first
    sums = np.array([profile_day(profile, date.fromordinal(first + place)).sum() for place in range(days)])
    sums.flags.writeable = False
    return sums


def _season(day: date) -> int:
    """0 winter, 1 summer, 2 transition, as the old set cuts the year."""
    place = (day.month, day.day)
    if place < (3, 21) or place >= (11, 1):
        return 0
    return 1 if (5, 15) <= place < (9, 15) else 2


def _data() -> Path:
    """Where demandlib keeps its tables; the package itself is not imported, because it brings pandas along."""
    spec = find_spec("demandlib")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("demandlib is not installed, but its profile tables are needed: pip install demandlib")
    return Path(spec.submodule_search_locations[0]) / "bdew" / "bdew_data"


@lru_cache(maxsize=8)
def _table_2025(profile: str) -> Floats:
    """Shape (12 months, 3 types of day SA FT WT, 96)."""
    with (_data() / f"{profile.lower()}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    if [name.strip() for name in rows[1][1:4]] != ["SA", "FT", "WT"] or len(rows) < 98:
        raise RuntimeError(f"demandlib's table of {profile} has another shape than expected")
    cells = np.array([[float(cell) for cell in row[1:37]] for row in rows[2:98]])
    return cells.T.reshape(12, 3, 96)


@lru_cache(maxsize=1)
def _table_1999() -> Floats:
    """Shape (11 profiles, 3 seasons, 7 weekdays from Monday, 96)."""
    table = np.full((len(PROFILES_1999), 3, 7, 96), np.nan)
    seen: dict[tuple[int, int], int] = {}
    with (_data() / "selp_series.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            season = ("winter", "summer", "transition").index(row["period"].rstrip("0123456789"))
            weekday = int(row["weekday"]) - 1
            quarter = seen.get((season, weekday), 0)
            seen[season, weekday] = quarter + 1
            for place, profile in enumerate(PROFILES_1999):
                table[place, season, weekday, quarter] = float(row[profile.lower()]) * _KW_PER_MWH_TO_KWH
    if np.isnan(table).any():
        raise RuntimeError("demandlib's table of the old profiles is not complete")
    return table
