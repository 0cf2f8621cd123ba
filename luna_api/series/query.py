"""Aggregates of series: what a request names becomes `SeriesQuery`s, each result a receipt."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.errors import invalid
from luna_api.series.bounds import Bounds, read_bounds
from luna_api.series.schemas import (
    QueryFilter,
    SelfUseData,
    SeriesQueryData,
    SeriesQueryPart,
    SeriesQueryRequest,
    SeriesRef,
)
from luna_api.series.service import meters_by_id, unknown_meter, unknown_product
from luna_api.series.terms import common_step, formula_terms, site_terms
from luna_rules.series_answers.query import SELF_USE, Basis, Result, SeriesQuery, Term
from resources.database import AsyncConnection
from resources.series import receipts as kept
from resources.series.receipts import Receipt

_PRODUCT = "SELECT interval_s FROM market_products WHERE market = %s AND product = %s"
_PRODUCTS = "SELECT market || '/' || product FROM market_products ORDER BY 1"
_EXPORTS = """
SELECT EXISTS (SELECT 1 FROM meter_days WHERE meter_id = %s AND production_kwh IS NOT NULL)
"""
_SERIES_EXAMPLE = (
    '"series": [{"meter_id": "haus-1", "series": "consumption_kw"}] oder [{"market": "EPEX", "product": "DE-LU-60MIN"}]'
)
_UNITS = {"consumption_kw": "kW", "production_kw": "kW", "voltage": "V"}
_TIMED = frozenset({"15m", "1h", "1d", "1w", "1mo", "1y"})


class QueryService:
    """Aggregates for one asker."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def query(self, request: SeriesQueryRequest) -> SeriesQueryData:
        """Every series over every stretch asked for. Raises 400 and 404."""
        stretches = [(read_bounds(request.from_, request.to), False)]
        if request.compare is not None:
            stretches.append((read_bounds(request.compare.from_, request.compare.to), True))
        _check(request)
        parts: list[SeriesQueryPart] = []
        receipts: list[Receipt] = []
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            as_of = await kept.now(sql)
            for ref in request.series:
                for bounds, compared in stretches:
                    query = await self._built(sql, request, ref, bounds)
                    result = await kept.run(sql, query, as_of)
                    receipts.append(kept.receipt(result, _label(ref), {}))
                    parts.append(_part(ref, bounds, compared, result, receipts[-1]))
            await kept.store(sql, receipts, tenant=self._principal.tenant_id, user_id=self._principal.user_id)
        return SeriesQueryData(parts, "Europe/Berlin", as_of)

    async def self_use(self, meter_id: str, pv_meter_id: str | None, begin: str, end: str) -> SelfUseData:
        """Own consumption and autarky of a site. Raises 400, 404, 422."""
        bounds = read_bounds(begin, end)
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            query, basis, simulated = await self._site(sql, meter_id, pv_meter_id, bounds)
            as_of = await kept.now(sql)
            result = await kept.run(sql, query, as_of)
            receipt = kept.receipt(result, f"Eigenverbrauch und Autarkie, Zähler {meter_id}", {})
            await kept.store(sql, [receipt], tenant=self._principal.tenant_id, user_id=self._principal.user_id)
        energies = {name: float(result.value(name) or 0.0) for name in SELF_USE}
        load, generation, own = energies["load_kwh"], energies["generation_kwh"], energies["self_kwh"]
        return SelfUseData(
            basis=basis,  # type: ignore[arg-type]
            meter_ids=list(dict.fromkeys(term.meter_id for term in query.terms)),
            resolution="15m",
            from_=bounds.begin,
            to=bounds.end,
            as_of=as_of,
            units=dict.fromkeys(("load_kwh", "generation_kwh", "self_used_kwh", "import_kwh", "export_kwh"), "kWh"),
            load_kwh=load,
            generation_kwh=generation,
            self_used_kwh=own,
            import_kwh=energies["import_kwh"],
            export_kwh=energies["export_kwh"],
            autarky=own / load if load > 0 else None,
            self_use=own / generation if generation > 0 else None,
            covered_s=result.quality.covered_s,
            expected_s=result.quality.expected_s,
            simulated=simulated or result.quality.simulated,
            receipt_id=str(receipt.receipt_id),
        )

    async def _site(
        self, sql: AsyncConnection, meter_id: str, pv_meter_id: str | None, bounds: Bounds
    ) -> tuple[SeriesQuery, Basis, bool]:
        wanted = [meter_id, *([pv_meter_id] if pv_meter_id else [])]
        meters = await meters_by_id(sql, wanted)
        for name in wanted:
            if name not in meters:
                raise unknown_meter(name)
            if meters[name]["formula"] is not None:
                field = "meter_id" if name == meter_id else "pv_meter_id"
                raise invalid(field, "ist ein virtueller Zähler; gefragt ist der echte", f"{field}=haus-1")
        exports = await (await sql.execute(_EXPORTS, (meter_id,))).fetchone()
        terms, basis = site_terms(meter_id, pv_meter_id, exports=bool(exports and exports[0]))
        interval = max((meters[name]["interval_s"] or 900 for name in wanted), default=900)
        query = SeriesQuery(
            "readings", bounds.begin, bounds.end, terms, align_s=max(900, interval), aggregates=SELF_USE, self_use=basis
        )
        return query, basis, any(meters[name]["simulated"] for name in wanted)

    async def _built(
        self, sql: AsyncConnection, request: SeriesQueryRequest, ref: SeriesRef, bounds: Bounds
    ) -> SeriesQuery:
        wanted = _narrowed(
            SeriesQuery(
                "prices" if ref.meter_id is None else "readings",
                bounds.begin,
                bounds.end,
                bucket=request.bucket,
                group=request.group,
                aggregates=tuple(request.aggregates),
                threshold=request.threshold,
                order=request.order,
                limit=request.limit,
            ),
            request.filter,
        )
        if ref.meter_id is not None:
            terms, align_s = await meter_terms(sql, ref.meter_id, ref.series)
            return replace(wanted, terms=terms, align_s=align_s)
        market, product = ref.market or "EPEX", ref.product or "DE-LU-60MIN"
        row = await (await sql.execute(_PRODUCT, (market, product))).fetchone()
        if row is None:
            known = await (await sql.execute(_PRODUCTS)).fetchall()
            raise unknown_product(market, product, [name[0] for name in known])
        return replace(wanted, market=market, product=product, interval_s=row[0])


async def meter_terms(sql: AsyncConnection, meter_id: str, series: Any) -> tuple[tuple[Term, ...], int]:
    """The terms of a meter's series, and the common interval in seconds that they need (0: none). Raises 404."""
    meter = (await meters_by_id(sql, [meter_id])).get(meter_id)
    if meter is None:
        raise unknown_meter(meter_id)
    if meter["formula"] is None:
        return (Term(meter_id, series),), 0
    if series != "consumption_kw":
        raise invalid("series", "gibt es bei einem virtuellen Zähler nicht", '"series": "consumption_kw"')
    parts = await meters_by_id(sql, [term["meter_id"] for term in meter["formula"]])
    return formula_terms(meter["formula"]), common_step([part["interval_s"] for part in parts.values()])


def _check(request: SeriesQueryRequest) -> None:
    for at, ref in enumerate(request.series):
        if (ref.meter_id is None) == (ref.market is None and ref.product is None):
            raise invalid(f"series[{at}]", "nennt nicht genau eines: Zähler oder Markt", _SERIES_EXAMPLE)
        if ref.meter_id is None and {"sum_kwh", "substituted"} & set(request.aggregates):
            raise invalid("aggregates", "enthält sum_kwh oder substituted, die es bei Preisen nicht gibt", '["mean"]')
        if ref.series == "voltage" and "sum_kwh" in request.aggregates:
            raise invalid("aggregates", "enthält sum_kwh, das es bei der Spannung nicht gibt", '["mean", "max"]')
    if len(set(request.aggregates)) < len(request.aggregates):
        raise invalid("aggregates", "nennt etwas zweimal", '"aggregates": ["mean", "max"]')
    if {"above", "below"} & set(request.aggregates) and request.threshold is None:
        raise invalid("threshold", "fehlt; above und below brauchen eine Schwelle", '"threshold": 200')
    narrowed = request.filter
    if narrowed is not None and (narrowed.from_minute is None) != (narrowed.to_minute is None):
        raise invalid("filter.to_minute", "und from_minute gehören zusammen", '"from_minute": 480, "to_minute": 1200')
    if narrowed is not None and narrowed.from_minute is not None and narrowed.from_minute == narrowed.to_minute:
        raise invalid("filter.to_minute", "ist gleich from_minute", '"from_minute": 480, "to_minute": 1200')


def _narrowed(query: SeriesQuery, given: QueryFilter | None) -> SeriesQuery:
    if given is None:
        return query
    timed = given.from_minute is not None and given.to_minute is not None
    return replace(
        query,
        clock=(given.from_minute, given.to_minute) if timed else None,
        weekdays=tuple(sorted(set(given.weekdays))) if given.weekdays else None,
        at_least=given.at_least,
        at_most=given.at_most,
    )


def _label(ref: SeriesRef) -> str:
    if ref.meter_id is not None:
        return f"Abfrage: Zähler {ref.meter_id}, {ref.series}"
    return f"Abfrage: {ref.market or 'EPEX'} {ref.product or 'DE-LU-60MIN'}"


def _part(ref: SeriesRef, bounds: Bounds, compared: bool, result: Result, receipt: Receipt) -> SeriesQueryPart:
    columns: dict[str, list[Any]] = {}
    for at, name in enumerate(result.columns):
        cells = [row[at] for row in result.rows]
        timed = name.endswith("_ts") or (name == "group" and result.query.group in _TIMED)
        columns[name] = [_milliseconds(cell) for cell in cells] if timed else cells
    return SeriesQueryPart(
        series=ref,
        from_=bounds.begin,
        to=bounds.end,
        compared=compared,
        rows=len(result.rows),
        unit=_UNITS[ref.series] if ref.meter_id is not None else "EUR/MWh",
        columns=columns,
        receipt_id=str(receipt.receipt_id),
    )


def _milliseconds(cell: str | None) -> int | None:
    return None if cell is None else round(datetime.fromisoformat(cell).timestamp() * 1000)
