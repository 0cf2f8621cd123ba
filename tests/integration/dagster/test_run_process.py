"""Runs that say they are alive are believed only as long as their process is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from dagster import DagsterInstance, DagsterRunStatus, MetadataValue
from dagster._core.events import EngineEventData
from dagster._core.test_utils import create_run_for_test

from luna_assets import code_server, sensors


@pytest.fixture
def instance() -> DagsterInstance:
    return DagsterInstance.ephemeral()


def run_with_process(instance: DagsterInstance, pid: int | None) -> str:
    run = create_run_for_test(instance, job_name="documents_drain", status=DagsterRunStatus.STARTED)
    if pid is not None:
        data = EngineEventData(metadata={"pid": MetadataValue.text(str(pid))})
        instance.report_engine_event("Executing steps in process", run, data)
    return run.run_id


def may_live(instance: DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return sensors.process_may_live(instance, run)


def test_a_run_whose_process_lives_is_left_alone(instance: DagsterInstance) -> None:
    assert may_live(instance, run_with_process(instance, os.getpid()))


def test_a_run_whose_process_is_gone_is_orphaned(instance: DagsterInstance) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert not may_live(instance, run_with_process(instance, process.pid))


def test_another_process_with_the_same_id_is_not_the_run(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = run_with_process(instance, os.getpid())
    later = SimpleNamespace(status=lambda: "running", create_time=lambda: time.time() + 100)
    monkeypatch.setattr(sensors.psutil, "Process", lambda _: later)
    assert not may_live(instance, run_id)


def test_a_run_that_just_began_has_time_to_report(instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = run_with_process(instance, None)
    assert may_live(instance, run_id)
    monkeypatch.setattr(sensors, "SILENT_S", -1.0)
    assert not may_live(instance, run_id)


def test_the_code_server_still_asks_where_runs_are_forked() -> None:
    """The server's way of making processes is not public: this fails when a new release changes it."""
    from dagster._grpc import server

    assert "multiprocessing" in vars(server)
    assert code_server.forking_context("spawn").get_start_method() == "forkserver"
