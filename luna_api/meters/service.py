"""Meters of one asker's tenant: kept by people, added to by imports and simulators."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import UNSET
from psycopg.rows import dict_row

from luna_api.accounts.principal import Principal
from luna_api.audit import audit
from luna_api.context import AppContext
from luna_api.errors import ApiError, invalid
from luna_api.meters.schemas import (
    FormulaPart,
    MeterChange,
    MeterData,
    MeterPage,
    NewMeter,
    QualityDay,
    QualityReport,
)
from luna_api.series.bounds import BERLIN, read_bounds
from luna_api.series.service import meters_by_id, unknown_meter
from luna_rules.series.ids import malo_fault, melo_fault
from resources.database import AsyncConnection
from resources.series.meters import Meter, MeterExistsError, delete, get, list_meters, register, update

_EXTENT = """
SELECT m.meter_id, first.ts AS first_ts, last.ts AS last_ts, last.interval_s
FROM meters AS m
CROSS JOIN LATERAL (SELECT min(ts) AS ts FROM smart_meter_readings AS r
    WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id) AS first
LEFT JOIN LATERAL (SELECT ts, interval_s FROM smart_meter_readings AS r
    WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id ORDER BY ts DESC LIMIT 1) AS last ON true
WHERE m.meter_id = ANY(%s)
"""
_USED_BY = """
SELECT m.meter_id FROM meters AS m
WHERE EXISTS (SELECT 1 FROM jsonb_array_elements(m.formula) AS term WHERE term ->> 'meter_id' = %s) LIMIT 1
"""
_QUALITY = """
SELECT day, expected_values, "values", missing, substituted, preliminary, forecast, longest_gap_s, flags
FROM meter_quality_days WHERE meter_id = %s AND day >= %s AND day < %s ORDER BY day
"""
_HAS_READINGS = "SELECT EXISTS (SELECT 1 FROM smart_meter_readings WHERE meter_id = %s)"
_FORMULA_EXAMPLE = '"formula": [{"meter_id": "haus-1", "factor": 1}, {"meter_id": "pv-1", "factor": -1}]'


class MeterService:
    """Meters of one asker's tenant."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def page(self, cursor: str, limit: int) -> MeterPage:
        """Meters by id, those behind `cursor`."""
        async with self._transaction() as sql:
            meters = await list_meters(sql, after=cursor, limit=limit + 1)
            more, meters = len(meters) > limit, meters[:limit]
            extents = await self._extents(sql, [meter.meter_id for meter in meters])
        shown = [_shown(meter, extents.get(meter.meter_id)) for meter in meters]
        return MeterPage(shown, shown[-1].meter_id if more else None)

    async def meter(self, meter_id: str) -> MeterData:
        """One meter. Raises 404."""
        async with self._transaction() as sql:
            return await self._one(sql, meter_id)

    async def create(self, new: NewMeter) -> MeterData:
        """Register a meter. Raises 400 for a wrong id or formula, 409 where there is one of that id."""
        fields = {
            "name": new.name,
            "kind": new.kind or ("virtual" if new.formula else "consumption"),
            "market_location": _malo(new.market_location),
            "metering_location": _melo(new.metering_location),
            "timezone": known_zone(new.timezone),
            "capacity_kw": new.capacity_kw,
            "region": new.region,
            "formula": None if new.formula is None else msgspec.to_builtins(new.formula),
            "source": "api",
        }
        async with self._transaction() as sql:
            if new.formula is not None:
                await self._check_formula(sql, new.meter_id, new.formula)
            try:
                await register(sql, self._principal.tenant_id, new.meter_id, fields)
            except MeterExistsError:
                raise ApiError(
                    409,
                    f"Den Zähler „{new.meter_id}“ gibt es schon.",
                    data={"field": "meter_id", "meter_id": new.meter_id},
                ) from None
            await audit(sql, self._principal, "meter.create", {"meter_id": new.meter_id})
            return await self._one(sql, new.meter_id)

    async def change(self, meter_id: str, change: MeterChange) -> MeterData:
        """Change what is given. Raises 404, 400, 409."""
        fields: dict[str, object] = {
            name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET
        }
        if "market_location" in fields:
            fields["market_location"] = _malo(change.market_location or None)
        if "metering_location" in fields:
            fields["metering_location"] = _melo(change.metering_location or None)
        if isinstance(change.timezone, str):
            fields["timezone"] = known_zone(change.timezone)
        async with self._transaction() as sql:
            if await get(sql, meter_id) is None:
                raise unknown_meter(meter_id)
            if isinstance(change.formula, list):
                await self._check_formula(sql, meter_id, change.formula)
                has_readings = await (await sql.execute(_HAS_READINGS, (meter_id,))).fetchone()
                if has_readings and has_readings[0]:
                    raise ApiError(
                        409,
                        f"Der Zähler „{meter_id}“ hat eigene Werte und kann deshalb nicht virtuell werden.",
                        data={"field": "formula"},
                    )
                fields["formula"] = msgspec.to_builtins(change.formula)
            if fields:
                await update(sql, meter_id, fields)
                await audit(sql, self._principal, "meter.change", {"meter_id": meter_id, "fields": sorted(fields)})
            return await self._one(sql, meter_id)

    async def remove(self, meter_id: str) -> None:
        """Delete a meter with its series. Raises 404, and 409 where a virtual meter is made of it."""
        async with self._transaction() as sql:
            user = await (await sql.execute(_USED_BY, (meter_id,))).fetchone()
            if user is not None:
                raise ApiError(
                    409,
                    f"Der virtuelle Zähler „{user[0]}“ rechnet mit „{meter_id}“; bitte zuerst diesen löschen.",
                    data={"field": "meter_id", "used_by": user[0]},
                )
            if not await delete(sql, meter_id):
                raise unknown_meter(meter_id)
            await audit(sql, self._principal, "meter.delete", {"meter_id": meter_id})

    async def quality(self, meter_id: str, begin: str, end: str) -> QualityReport:
        """The reports of the days in `[begin, end)`."""
        bounds = read_bounds(begin, end)
        days = (bounds.begin.astimezone(BERLIN).date(), bounds.end.astimezone(BERLIN).date())
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            if await get(sql, meter_id) is None:
                raise unknown_meter(meter_id)
            await cursor.execute(_QUALITY, (meter_id, *days))
            rows = await cursor.fetchall()
        return QualityReport(
            meter_id,
            [msgspec.convert({**row, "day": row["day"].isoformat()}, QualityDay) for row in rows],
        )

    def _transaction(self) -> Any:
        return self._context.database.transaction(self._principal.tenant_id, admin=self._principal.is_admin)

    async def _one(self, sql: AsyncConnection, meter_id: str) -> MeterData:
        meter = await get(sql, meter_id)
        if meter is None:
            raise unknown_meter(meter_id)
        return _shown(meter, (await self._extents(sql, [meter_id])).get(meter_id))

    async def _extents(self, sql: AsyncConnection, meter_ids: list[str]) -> dict[str, dict[str, Any]]:
        async with sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_EXTENT, (meter_ids,))
            return {row["meter_id"]: row for row in await cursor.fetchall()}

    async def _check_formula(self, sql: AsyncConnection, meter_id: str, formula: list[FormulaPart]) -> None:
        terms = await meters_by_id(sql, [term.meter_id for term in formula])
        for term in formula:
            known = terms.get(term.meter_id)
            if term.meter_id == meter_id:
                raise invalid("formula", "enthält den Zähler selbst", _FORMULA_EXAMPLE)
            if known is None:
                raise invalid("formula", f"nennt „{term.meter_id}“, und diesen Zähler gibt es nicht", _FORMULA_EXAMPLE)
            if known["formula"] is not None:
                fault = f"nennt „{term.meter_id}“, der selbst virtuell ist; bitte dessen Zähler einzeln nennen"
                raise invalid("formula", fault, _FORMULA_EXAMPLE)
        if len({(term.meter_id, term.series) for term in formula}) < len(formula):
            raise invalid("formula", "nennt dieselbe Reihe zweimal", _FORMULA_EXAMPLE)


def _malo(given: str | None) -> str | None:
    text = (given or "").replace(" ", "")
    fault = malo_fault(text) if text else None
    if fault:
        raise ApiError(
            400,
            f"Das Feld „market_location“ ist keine MaLo-ID: {fault}",
            data={"field": "market_location", "fault": fault, "example": '"market_location": "41373559241"'},
        )
    return text or None


def _melo(given: str | None) -> str | None:
    text = (given or "").replace(" ", "").upper()
    fault = melo_fault(text) if text else None
    if fault:
        example = '"metering_location": "DE0007913123400000000000000054321"'
        raise ApiError(
            400,
            f"Das Feld „metering_location“ ist keine MeLo-ID: {fault}",
            data={"field": "metering_location", "fault": fault, "example": example},
        )
    return text or None


def known_zone(name: str) -> str:
    """The name itself, of a zone that there is. Raises 400."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid("timezone", f"ist keine Zeitzone („{name[:40]}“)", '"timezone": "Europe/Berlin"') from None
    return name


def _shown(meter: Meter, extent: Mapping[str, Any] | None) -> MeterData:
    formula = None if meter.formula is None else [msgspec.convert(term, FormulaPart) for term in meter.formula]
    return MeterData(
        meter_id=meter.meter_id,
        name=meter.name,
        kind=meter.kind,
        market_location=meter.market_location,
        metering_location=meter.metering_location,
        timezone=meter.timezone,
        capacity_kw=meter.capacity_kw,
        region=meter.region,
        simulated=meter.simulated,
        simulation=dict(meter.simulation) if meter.simulation is not None else None,
        virtual=meter.formula is not None,
        formula=formula,
        source=meter.source,
        created_at=meter.created_at,
        interval_s=extent["interval_s"] if extent else None,
        first_ts=extent["first_ts"] if extent else None,
        last_ts=extent["last_ts"] if extent else None,
    )
