"""Shapes of meters."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

MeterId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        pattern=r"^[^\s/\x00-\x1f][^/\x00-\x1f]*$",
        description="Kennung des Zählers, wie sie in Dateien steht; ohne Schrägstrich.",
        examples=["haus-1"],
    ),
]
Kind = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="Art, zum Beispiel household, business, heat_pump, pv, grid, consumption, production, virtual.",
    ),
]
Name = Annotated[str, Meta(max_length=200)]
Zone = Annotated[str, Meta(max_length=64)]
Capacity = Annotated[float, Meta(ge=0, le=10_000_000, description="PV: kWp; sonst Anschlussleistung in kW.")]
Region = Annotated[str, Meta(max_length=100)]
SeriesName = Literal["consumption_kw", "production_kw"]


class FormulaPart(msgspec.Struct, forbid_unknown_fields=True):
    """One term of a virtual meter: `factor` times a series of another meter."""

    meter_id: MeterId
    factor: Literal[1, -1] = 1
    series: SeriesName = "consumption_kw"


Formula = Annotated[list[FormulaPart], Meta(min_length=1, max_length=50)]


class MeterData(msgspec.Struct, kw_only=True):
    """A meter. `virtual` ones are sums and differences of others (`formula`); their result is `consumption_kw`."""

    meter_id: str
    name: str | None
    kind: str
    market_location: str | None
    metering_location: str | None
    timezone: str
    capacity_kw: float | None
    region: str | None
    simulated: bool
    simulation: dict[str, Any] | None
    virtual: bool
    formula: list[FormulaPart] | None
    source: str
    created_at: datetime
    interval_s: int | None = None
    first_ts: datetime | None = None
    last_ts: datetime | None = None


class MeterPage(msgspec.Struct):
    """Meters by id; `next_cursor` leads to the next page."""

    meters: list[MeterData]
    next_cursor: str | None


class NewMeter(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A meter to be registered. With `formula` it is a virtual one."""

    meter_id: MeterId
    name: Name | None = None
    kind: Kind | None = None
    market_location: str | None = None
    metering_location: str | None = None
    timezone: Zone = "Europe/Berlin"
    capacity_kw: Capacity | None = None
    region: Region | None = None
    formula: Formula | None = None


class MeterChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What shall be different; fields that are left out stay as they are."""

    name: Name | UnsetType | None = UNSET
    kind: Kind | UnsetType = UNSET
    market_location: str | UnsetType | None = UNSET
    metering_location: str | UnsetType | None = UNSET
    timezone: Zone | UnsetType = UNSET
    capacity_kw: Capacity | UnsetType | None = UNSET
    region: Region | UnsetType | None = UNSET
    formula: Formula | UnsetType | None = UNSET


class QualityDay(msgspec.Struct, kw_only=True):
    """The quality report of one local day: how many values there are, missing ones, substitutes, flags by name."""

    day: str
    expected_values: int
    values: int
    missing: int
    substituted: int
    preliminary: int
    forecast: int
    longest_gap_s: int
    flags: dict[str, int]


class QualityReport(msgspec.Struct):
    """The quality reports of a meter, by day."""

    meter_id: str
    days: list[QualityDay]
