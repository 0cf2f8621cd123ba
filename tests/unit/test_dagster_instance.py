"""The instance's configuration: Dagster takes it, and what runs one at a time does so in a way that the page shows."""

from __future__ import annotations

from dagster._core.instance.config import dagster_instance_config

from luna_assets.build import build_defs
from luna_assets.simulators.assets import POOL
from tests.places import ROOT


def test_dagster_takes_the_configuration_and_each_pool_has_one_place() -> None:
    told, _ = dagster_instance_config(str(ROOT))
    assert told["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}
    assert 0 < told["run_monitoring"]["free_slots_after_run_end_seconds"] <= 60, "a dead run would block the pool"


def test_backfills_of_the_simulators_share_a_pool_and_queues_have_none() -> None:
    pools = {
        node.name: node.pool
        for job in build_defs().resolve_all_job_defs()
        for node in job.all_node_defs
        if getattr(node, "pool", None)
    }
    assert set(pools.values()) == {POOL}
    assert set(pools) == {"meters__simulated", "prices__simulated"}
