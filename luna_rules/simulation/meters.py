"""What a simulated meter is: its kind and figures, as kept in `meters.simulation`, and the demonstration meters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final, Literal, cast, get_args

Kind = Literal["household", "trade", "farm", "heat_pump", "pv", "household_pv"]
KINDS: Final = get_args(Kind)

_PROFILES: Final[Mapping[str, tuple[str, ...]]] = {
    "household": ("H25", "H0"),
    "trade": ("G25", "G0", "G1", "G2", "G3", "G4", "G5", "G6"),
    "farm": ("L25", "L0", "L1", "L2"),
    "household_pv": ("H25", "H0", "P25", "S25"),
}
_USUAL_KWH: Final[Mapping[str, float]] = {
    "household": 3500.0,
    "trade": 30_000.0,
    "farm": 18_000.0,
    "heat_pump": 4500.0,
    "household_pv": 3500.0,
    "pv": 0.0,
}
_NUMBERS: Final[Mapping[str, tuple[float, float, float]]] = {
    "annual_kwh": (0.0, 1e9, 3500.0),
    "kwp": (0.0, 1e6, 9.8),
    "tilt": (0.0, 90.0, 30.0),
    "azimuth": (0.0, 360.0, 180.0),
    "battery_kwh": (0.0, 1e6, 8.0),
    "gap_share": (0.0, 1.0, 0.015),
}
"""Smallest, largest, and an example."""


class SimulationError(ValueError):
    """A simulated meter is described wrongly; the text names meter, field, fault and an example."""


@dataclass(frozen=True, slots=True)
class SimulatedMeter:
    """A meter to simulate. Its values follow from the seed, `site` and `meter_id`, whichever meters stand beside it."""

    meter_id: str
    kind: Kind
    annual_kwh: float
    """Gross consumption in a calendar year of Berlin (with P25 and S25: what is drawn from the grid)."""
    profile: str
    region: str | None
    kwp: float
    tilt: float
    azimuth: float
    """Degrees clockwise from north."""
    battery_kwh: float
    gap_share: float
    """Chance that a day has a gap."""
    site: str
    """Meters of one site share house and plant: a grid meter and the plant's own meter then fit each other."""


def read_meter(meter_id: str, region: str | None, simulation: Mapping[str, object] | None) -> SimulatedMeter:
    """The meter that a row of `meters` describes; what is left out has a usual value.

    Raises:
        SimulationError: a field is unknown or has a value that cannot be simulated.
    """
    given = dict(simulation or {})
    kind = given.pop("kind", "household")
    if kind not in KINDS:
        raise SimulationError(f'{meter_id}: kind is {kind!r}; right is for example "kind": "household" ({_all(KINDS)})')
    profiles = _PROFILES.get(str(kind), ("",))
    profile = given.pop("profile", None) or profiles[0]
    if profile not in profiles:
        raise SimulationError(
            f'{meter_id}: profile is {profile!r}; right for {kind} is for example "profile": "{profiles[0]}"'
        )
    site = given.pop("site", None) or meter_id
    has_plant = kind in ("pv", "household_pv")
    numbers = {
        "annual_kwh": _USUAL_KWH[str(kind)],
        "kwp": 8.0 if has_plant else 0.0,
        "tilt": 30.0,
        "azimuth": 180.0,
        "battery_kwh": 0.0,
        "gap_share": 0.015,
    }
    for name in numbers:
        if given.get(name) is not None:
            numbers[name] = _number(meter_id, name, given.pop(name))
        given.pop(name, None)
    if given:
        raise SimulationError(
            f"{meter_id}: {sorted(given)[0]!r} is not a field of a simulated meter;"
            f" there are kind, profile, site, {_all(tuple(numbers))}"
        )
    return SimulatedMeter(
        meter_id=meter_id,
        kind=cast("Kind", kind),
        profile=str(profile),
        region=region,
        site=str(site),
        **numbers,
    )


def _number(meter_id: str, name: str, value: object) -> float:
    low, high, example = _NUMBERS[name]
    good = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if not good or not low <= float(cast("float", value)) <= high:
        raise SimulationError(
            f"{meter_id}: {name} is {value!r}, but must be a number from {low:g} to {high:g};"
            f' right is for example "{name}": {example:g}'
        )
    return float(cast("float", value))


def _all(names: tuple[str, ...]) -> str:
    return ", ".join(names)
