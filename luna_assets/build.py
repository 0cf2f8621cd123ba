"""Puts assets, jobs, schedules, sensors and resources together; a test replaces any resource by name."""

from dagster import Definitions, in_process_executor

from luna_assets.documents.assets import documents
from luna_assets.evaluation.assets import documents_evaluation, evaluation, index_promoted
from luna_assets.jobs import documents_drain, documents_maintenance, documents_reindex
from luna_assets.schedules import nightly_maintenance
from luna_assets.sensors import documents_waiting, orphaned_runs
from luna_assets.simulators.assets import (
    market_live,
    meters_simulated,
    prices_simulated,
    simulate_meters,
    simulate_prices,
    smartmeter_live,
)
from resources.wiring import LunaResource


def build_defs(**overrides: object) -> Definitions:
    """All definitions; `overrides` replace resources by their key."""
    return Definitions(
        assets=[documents, evaluation, meters_simulated, prices_simulated],
        jobs=[
            documents_drain,
            documents_reindex,
            documents_maintenance,
            documents_evaluation,
            simulate_meters,
            simulate_prices,
        ],
        schedules=[nightly_maintenance],
        sensors=[documents_waiting, orphaned_runs, index_promoted, smartmeter_live, market_live],
        # A run is one process: a second one for its only step would cost more than the step.
        executor=in_process_executor,
        resources={"luna": LunaResource(), **overrides},
    )
