"""What is simulated, as the database has it: meters, products, and the demonstration meters made at first use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from luna_rules.simulation.meters import SimulatedMeter, SimulationError, read_meter
from luna_rules.simulation.prices import Product
from resources.database import DEFAULT_TENANT, Connection

_METERS: LiteralString = """
SELECT tenant_id, meter_id, region, simulation FROM meters
WHERE simulated AND formula IS NULL AND (%(ids)s::text[] IS NULL OR meter_id = ANY (%(ids)s))
  AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
ORDER BY tenant_id, meter_id
"""
_ADD: LiteralString = """
INSERT INTO meters (tenant_id, meter_id, name, kind, capacity_kw, region, simulated, simulation, formula, source)
VALUES (%s, %s, %s, %s, %s, %s, true, %s, %s, 'simulator') ON CONFLICT DO NOTHING
"""
_PRODUCT: LiteralString = """
INSERT INTO market_products AS p (market, product, interval_s, description, simulated, source)
VALUES (%s, %s, %s, %s, true, 'Simulation')
ON CONFLICT (market, product) DO UPDATE SET interval_s = EXCLUDED.interval_s
WHERE p.simulated AND p.interval_s <> EXCLUDED.interval_s
"""


@dataclass(frozen=True, slots=True)
class Registered:
    """The simulated meters of a tenant, and what is wrong with those that cannot be simulated."""

    tenant: UUID
    meters: list[SimulatedMeter]


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A meter to show the platform with."""

    meter_id: str
    name: str
    kind: str
    capacity_kw: float | None
    simulation: dict[str, object] | None
    formula: list[dict[str, object]] | None = None


def _formula(*parts: tuple[str, int, str]) -> list[dict[str, object]]:
    return [{"meter_id": meter, "factor": factor, "series": series} for meter, factor, series in parts]


_HOUSE: dict[str, object] = {"site": "DEMO-HAUS", "annual_kwh": 4200.0, "kwp": 9.8, "tilt": 30.0, "azimuth": 170.0}
DEMONSTRATION = (
    Demonstration(
        "DEMO-HAUS-NETZ",
        "Musterhaus, Netzanschluss (Bezug und Einspeisung)",
        "prosumer",
        30.0,
        {"kind": "household_pv", **_HOUSE},
    ),
    Demonstration(
        "DEMO-HAUS-PV",
        "Musterhaus, Erzeugung der Solaranlage",
        "production",
        9.8,
        {"kind": "pv", **{name: _HOUSE[name] for name in ("site", "kwp", "tilt", "azimuth")}},
    ),
    Demonstration(
        "DEMO-WAERMEPUMPE", "Wärmepumpe im Musterhaus", "consumption", 11.0, {"kind": "heat_pump", "annual_kwh": 4600.0}
    ),
    Demonstration(
        "DEMO-GEWERBE", "Mustergewerbe (Lastprofil G25)", "consumption", 60.0, {"kind": "trade", "annual_kwh": 48_000.0}
    ),
    Demonstration(
        "DEMO-SOLARPARK",
        "Muster-Solaranlage auf dem Feld",
        "production",
        99.0,
        {"kind": "pv", "kwp": 99.0, "tilt": 20.0},
    ),
    Demonstration(
        "DEMO-HAUS-VERBRAUCH",
        "Musterhaus, Verbrauch = Bezug + Erzeugung − Einspeisung",
        "virtual",
        None,
        None,
        _formula(
            ("DEMO-HAUS-NETZ", 1, "consumption_kw"),
            ("DEMO-HAUS-PV", 1, "production_kw"),
            ("DEMO-HAUS-NETZ", -1, "production_kw"),
        ),
    ),
)


def simulated_meters(
    connection: Connection, *, tenant: UUID | None = None, meter_ids: Sequence[str] | None = None
) -> tuple[list[Registered], list[str]]:
    """The meters to simulate by tenant, and the faults of those whose description cannot be used."""
    found: dict[UUID, list[SimulatedMeter]] = {}
    faults: list[str] = []
    values = {"ids": list(meter_ids) if meter_ids else None, "tenant": tenant}
    for owner, meter_id, region, simulation in connection.execute(_METERS, values):
        try:
            found.setdefault(owner, []).append(read_meter(meter_id, region, simulation))
        except SimulationError as fault:
            faults.append(str(fault))
    return [Registered(owner, meters) for owner, meters in found.items()], faults


def ensure_demonstration(connection: Connection) -> int:
    """Register the demonstration meters unless that was done before; returns how many were added.

    They are made once: what an administrator removed stays removed.
    """
    with connection.transaction():
        row = connection.execute(
            "SELECT settings ? 'demonstration' FROM simulators WHERE name = 'smartmeter' FOR UPDATE"
        ).fetchone()
        if row is None or row[0]:
            return 0
        added = 0
        for one in DEMONSTRATION:
            added += connection.execute(
                _ADD,
                (
                    DEFAULT_TENANT,
                    one.meter_id,
                    one.name,
                    one.kind,
                    one.capacity_kw,
                    "Berlin",
                    Jsonb(one.simulation) if one.simulation else None,
                    Jsonb(one.formula) if one.formula else None,
                ),
            ).rowcount
        connection.execute(
            "UPDATE simulators SET settings = settings || '{\"demonstration\": true}' WHERE name = 'smartmeter'"
        )
    return added


def ensure_products(connection: Connection, markets: Sequence[str], offered: Sequence[Product]) -> None:
    """Register the simulated products; one of the same name that is not simulated is left alone."""
    with connection.transaction():
        for market in markets:
            for product in offered:
                connection.execute(_PRODUCT, (market, product.name, product.interval_s, product.description))
