"""Sensors: the backstop that starts a drain when documents wait, and the one that ends runs whose process is gone."""

import time

import psutil
from dagster import (
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from luna_assets.documents import queue
from luna_assets.jobs import documents_drain
from resources.wiring import LunaResource

ALIVE = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
GRACE_S = 20.0
"""A run younger than this may not have reported its process yet."""
SILENT_S = 60.0
"""A run that has not reported its process after this time never will."""


BACKSTOP_S = 10
"""The API launches what works off a queue itself; a sensor is there for when it could not, and each tick costs."""


@sensor(
    job=documents_drain,
    minimum_interval_seconds=BACKSTOP_S,
    default_status=DefaultSensorStatus.RUNNING,
    description="Starts a drain when documents wait and none is at work: the API launches one itself, if it can.",
)
def documents_waiting(context: SensorEvaluationContext, luna: LunaResource) -> RunRequest | SkipReason:
    """One run at a time; a run that died is seen by its lock being free and no run being alive."""
    with luna.connection() as connection:
        waiting, draining = queue.count_waiting_or_orphaned(connection), queue.is_drain_locked(connection)
    if not waiting:
        return SkipReason("No document waits.")
    if draining:
        return SkipReason(f"{waiting} documents wait; a drain is at work.")
    alive = context.instance.get_runs(RunsFilter(job_name=documents_drain.name, statuses=ALIVE), limit=5)
    starting = [run for run in alive if process_may_live(context.instance, run)]
    if starting:
        return SkipReason(f"{waiting} documents wait; run {starting[0].run_id} is starting.")
    return RunRequest(tags={"luna/reason": f"{waiting} documents waiting"})


@sensor(
    minimum_interval_seconds=10,
    default_status=DefaultSensorStatus.RUNNING,
    description="Fails runs whose process is gone, so that none hangs after a crash.",
)
def orphaned_runs(context: SensorEvaluationContext) -> SkipReason:
    """Compare runs that say they are alive with the processes of this machine."""
    ended: list[str] = []
    for run in context.instance.get_runs(RunsFilter(statuses=ALIVE), limit=50):
        if not process_may_live(context.instance, run):
            context.instance.report_run_failed(
                run, "The process of this run is gone: it was killed, or the machine went down."
            )
            ended.append(run.run_id)
    return SkipReason(f"Ended {len(ended)} orphaned runs: {', '.join(ended)}" if ended else "No run is orphaned.")


def process_may_live(instance: DagsterInstance, run: DagsterRun) -> bool:
    """Whether the process that the run reported is alive, or has yet to report itself."""
    record = instance.get_run_record_by_id(run.run_id)
    if record is None:
        return False
    age_s = time.time() - record.create_timestamp.timestamp()
    reported = _reported_process(instance, run.run_id)
    if reported is None:
        return age_s < SILENT_S
    pid, reported_at_s = reported
    try:
        process = psutil.Process(pid)
        # A process that began after the report is another one that was given the same id.
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= reported_at_s + 1.0
    except psutil.NoSuchProcess:
        return age_s < GRACE_S and run.status != DagsterRunStatus.STARTED


def _reported_process(instance: DagsterInstance, run_id: str) -> tuple[int, float] | None:
    """The process id that the run last reported, and when (seconds since the epoch)."""
    found: tuple[int, float] | None = None
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        pid = event.engine_event_data.metadata.get("pid") if event else None
        if pid is not None and str(pid.value).isdigit():
            found = int(str(pid.value)), entry.timestamp
    return found
