"""The assets `meters/simulated` and `prices/simulated`, their jobs, the check of the year, the live sensors."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetMaterialization,
    AssetSelection,
    Config,
    DefaultSensorStatus,
    Failure,
    MaterializeResult,
    MetadataValue,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    asset,
    define_asset_job,
    sensor,
)
from psycopg import OperationalError
from pydantic import Field

from luna_assets.simulators.partitions import BERLIN_DAYS, IN_ONE_RUN, until_now
from luna_assets.simulators.register import ensure_demonstration, ensure_products, simulated_meters
from resources.settings import Settings
from resources.wiring import LunaResource

METERS = AssetKey(["meters", "simulated"])
PRICES = AssetKey(["prices", "simulated"])
CHECK = "year_as_in_reality"
MAX_RUNTIME_S = 7200


class MetersConfig(Config):
    """What a backfill of simulated meters is to do."""

    step_s: int = Field(default=900, ge=1, le=3600, description="Length of the intervals in seconds.")
    meter_ids: list[str] = Field(default_factory=list, description="Only these meters; empty: all simulated ones.")


@asset(
    key=METERS,
    group_name="meters",
    kinds={"postgres"},
    partitions_def=BERLIN_DAYS,
    backfill_policy=IN_ONE_RUN,
    description="Readings of the simulated meters in smart_meter_readings, for any range of Berlin days in one run.",
)
def meters_simulated(context: AssetExecutionContext, config: MetersConfig, luna: LunaResource) -> Iterator[object]:
    """Simulate the days asked for and write them; days in the future are left out."""
    from luna_assets.simulators.write import write_meters

    window = context.partition_time_window
    now = datetime.fromtimestamp(int(datetime.now(UTC).timestamp()) // config.step_s * config.step_s, UTC)
    start, end = until_now(window.start, window.end, now)
    begun = time.monotonic()
    with luna.connection() as connection:
        ensure_demonstration(connection)
        registered, faults = simulated_meters(connection, meter_ids=config.meter_ids)
        for fault in faults:
            context.log.warning(f"Not simulated: {fault}")
        if not registered:
            raise Failure(
                description="No simulated meter is registered (or none of those named).", metadata={"faults": faults}
            )
        rows = new = meters = 0
        for one in registered:
            written = write_meters(
                connection,
                one.tenant,
                one.meters,
                start,
                end,
                config.step_s,
                seed=luna.settings.sim_seed,
                progress=context.log.info,
            )
            rows, new, meters = rows + written.rows, new + written.report.loaded, meters + written.meters
    spent = time.monotonic() - begun
    yield MaterializeResult(
        asset_key=METERS,
        metadata={
            "meters": meters,
            "rows": rows,
            "new_rows": new,
            "step_s": config.step_s,
            "from": start.isoformat(),
            "to": end.isoformat(),
            "seconds": round(spent, 3),
            "faults": MetadataValue.json(faults),
        },
    )


@asset(
    key=PRICES,
    group_name="prices",
    kinds={"postgres"},
    partitions_def=BERLIN_DAYS,
    backfill_policy=IN_ONE_RUN,
    check_specs=[
        AssetCheckSpec(
            CHECK,
            asset=PRICES,
            description="A complete simulated year has the statistics of DE-LU 2025 within 15 %.",
        )
    ],
    description="Prices of the simulated markets in market_prices: quarter-hours, Base and Peak of the auction.",
)
def prices_simulated(context: AssetExecutionContext, luna: LunaResource) -> Iterator[object]:
    """Simulate the auctions of the days asked for, as far as they are known by now."""
    from luna_assets.simulators.check import year_check
    from luna_assets.simulators.write import write_auction
    from luna_rules.series.calendar import DAY, berlin_day
    from luna_rules.simulation.prices import products, published_until

    window = context.partition_time_window
    first = berlin_day(window.start)
    last = min(berlin_day(window.end) - DAY, published_until(datetime.now(UTC)))
    settings = luna.settings
    markets, day_products = market_names(settings), product_names(settings)
    begun = time.monotonic()
    with luna.connection() as connection:
        ensure_products(connection, markets, products(day_products, settings.sim_market_interval_sec))
        report = write_auction(connection, markets, day_products, first, last, seed=settings.sim_seed)
        compared = year_check(connection, markets[0], settings.sim_seed, last.year)
    yield MaterializeResult(
        asset_key=PRICES,
        metadata={
            "rows": report.loaded + report.updated + report.unchanged,
            "new_rows": report.loaded,
            "first_day": first.isoformat(),
            "last_day": last.isoformat(),
            "seconds": round(time.monotonic() - begun, 3),
        },
    )
    yield AssetCheckResult(
        asset_key=PRICES,
        check_name=CHECK,
        passed=compared.passed,
        severity=AssetCheckSeverity.WARN,
        metadata={"figures": MetadataValue.md(compared.table), "basis": compared.basis},
    )


simulate_meters = define_asset_job(
    "simulate_meters",
    selection=AssetSelection.assets(METERS),
    description="Simulated readings of a range of days.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)
simulate_prices = define_asset_job(
    "simulate_prices",
    selection=AssetSelection.assets(PRICES),
    description="Simulated prices of a range of days.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)


@sensor(
    name="smartmeter_live",
    minimum_interval_seconds=5,
    default_status=DefaultSensorStatus.RUNNING,
    description="Writes the steps of the simulated meters that are due, while the simulator „smartmeter“ runs.",
)
def smartmeter_live(context: SensorEvaluationContext, luna: LunaResource) -> SensorResult | SkipReason:
    """One tick of the meters."""
    return _live(context, luna, "smartmeter")


@sensor(
    name="market_live",
    minimum_interval_seconds=5,
    default_status=DefaultSensorStatus.RUNNING,
    description="Writes the prices of the simulated markets that are due, while the simulator „market“ runs.",
)
def market_live(context: SensorEvaluationContext, luna: LunaResource) -> SensorResult | SkipReason:
    """One tick of the markets."""
    return _live(context, luna, "market")


def market_names(settings: Settings) -> tuple[str, ...]:
    """`SIM_MARKETS` as a list."""
    return tuple(name.strip() for name in settings.sim_markets.split(","))


def product_names(settings: Settings) -> tuple[str, ...]:
    """`SIM_PRODUCTS` as a list."""
    return tuple(name.strip() for name in settings.sim_products.split(",") if name.strip())


def _live(_: SensorEvaluationContext, luna: LunaResource, name: str) -> SensorResult | SkipReason:
    with luna.connection() as connection:
        row = connection.execute("SELECT state FROM simulators WHERE name = %s", (name,)).fetchone()
        if row is None or row[0] != "running":
            return SkipReason("Not started.")
        # A backfill may hold a meter for a while; the next tick comes anyway.
        connection.execute("SET lock_timeout = '10s'")
        connection.execute("SET statement_timeout = '30s'")
        # Only now are the libraries of the simulation loaded into this long-lived process.
        from luna_assets.simulators.live import Setup, tick_market, tick_meters

        settings = luna.settings
        setup = Setup(
            seed=settings.sim_seed,
            meter_step_s=settings.sim_smartmeter_interval_sec,
            market_step_s=settings.sim_market_interval_sec,
            markets=market_names(settings),
            day_products=product_names(settings),
        )
        try:
            if name == "smartmeter":
                ensure_demonstration(connection)
                tick = tick_meters(connection, setup)
            else:
                tick = tick_market(connection, setup)
        except OperationalError as fault:
            connection.execute("UPDATE simulators SET error = %s WHERE name = %s", (str(fault)[:500], name))
            return SkipReason(f"Postponed: {fault}")
    if not tick.quarters or tick.cursor is None or tick.first is None:
        return SkipReason(f"{tick.rows} rows up to {tick.cursor}, lag {tick.lag_s:.0f} s.")
    return SensorResult(
        asset_events=[
            AssetMaterialization(
                METERS if name == "smartmeter" else PRICES,
                description="live",
                metadata={
                    "rows": tick.rows,
                    "quarter_hours": tick.quarters,
                    "from": tick.first.isoformat(),
                    "to": tick.cursor.isoformat(),
                    "lag_s": round(tick.lag_s, 1),
                },
            )
        ]
    )
