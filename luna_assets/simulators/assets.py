"""The assets `meters/simulated` and `prices/simulated`, their jobs, the check of the year."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetSelection,
    Config,
    Failure,
    MaterializeResult,
    MetadataValue,
    asset,
    define_asset_job,
)
from pydantic import Field

from luna_assets.simulators.partitions import BERLIN_DAYS, IN_ONE_RUN, until_now
from luna_assets.simulators.register import ensure_demonstration, ensure_products, simulated_meters
from resources.settings import Settings
from resources.wiring import LunaResource

METERS = AssetKey(["meters", "simulated"])
PRICES = AssetKey(["prices", "simulated"])
CHECK = "year_as_in_reality"
MAX_RUNTIME_S = 7200
POOL = "simulation"
"""Backfills of years take hundreds of megabytes each and all of a processor: they follow each other."""


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
    pool=POOL,
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
    pool=POOL,
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


def market_names(settings: Settings) -> tuple[str, ...]:
    """`SIM_MARKETS` as a list."""
    return tuple(name.strip() for name in settings.sim_markets.split(","))


def product_names(settings: Settings) -> tuple[str, ...]:
    """`SIM_PRODUCTS` as a list."""
    return tuple(name.strip() for name in settings.sim_products.split(",") if name.strip())
