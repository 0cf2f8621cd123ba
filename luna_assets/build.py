"""Puts assets, jobs, schedules, sensors and resources together; a test replaces any resource by name."""

from dagster import Definitions, in_process_executor

from luna_assets.documents.assets import documents
from luna_assets.evaluation.assets import documents_evaluation, evaluation, index_promoted
from luna_assets.jobs import (
    documents_drain,
    documents_maintenance,
    documents_reindex,
    index_rollback,
    index_snapshot,
    index_switch,
)
from luna_assets.meters.assets import series_import, series_imports
from luna_assets.meters.quality_assets import (
    meters_quality,
    meters_substitutes,
    quality_due,
    series_quality,
    series_substitutes,
)
from luna_assets.meters.retention import nightly_retention, series_retention
from luna_assets.meters.sensors import imports_waiting, inbox_files
from luna_assets.schedules import nightly_maintenance
from luna_assets.sensors import documents_waiting, orphaned_runs
from luna_assets.simulators.assets import (
    meters_simulated,
    prices_simulated,
    simulate_meters,
    simulate_prices,
)
from luna_assets.simulators.sensors import simulators_live, simulators_watch
from resources.wiring import LunaResource


def build_defs(**overrides: object) -> Definitions:
    """All definitions; `overrides` replace resources by their key."""
    return Definitions(
        assets=[
            documents,
            evaluation,
            series_imports,
            meters_quality,
            meters_substitutes,
            meters_simulated,
            prices_simulated,
        ],
        jobs=[
            documents_drain,
            documents_reindex,
            documents_maintenance,
            index_rollback,
            index_switch,
            index_snapshot,
            documents_evaluation,
            simulate_meters,
            simulate_prices,
            series_import,
            series_retention,
            series_quality,
            series_substitutes,
        ],
        schedules=[nightly_maintenance, nightly_retention],
        sensors=[
            documents_waiting,
            orphaned_runs,
            index_promoted,
            imports_waiting,
            inbox_files,
            quality_due,
            simulators_live,
            simulators_watch,
        ],
        # A run is one process: a second one for its only step would cost more than the step.
        executor=in_process_executor,
        resources={"luna": LunaResource(), **overrides},
    )
