"""Sensors of imports: the backstop that starts a run when imports wait, and the one that watches the inbox."""

import json
from typing import cast

from dagster import (
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from luna_assets.meters.assets import series_import
from luna_assets.meters.inbox import FILES_AT_ONCE, STILL_S, BucketPlace, FolderPlace, drop_places
from luna_assets.sensors import ALIVE, BACKSTOP_S, process_may_live
from resources.series import imports as queue
from resources.wiring import LunaResource


@sensor(
    job=series_import,
    minimum_interval_seconds=BACKSTOP_S,
    default_status=DefaultSensorStatus.RUNNING,
    description="Starts a run when imports wait and none is at work: the API launches one itself, if it can.",
)
def imports_waiting(context: SensorEvaluationContext, luna: LunaResource) -> RunRequest | SkipReason:
    """One run at a time; a run that died is seen by its lock being free and no run being alive."""
    with luna.connection() as connection:
        waiting, working = queue.count_waiting(connection), queue.is_locked(connection)
    if not waiting:
        return SkipReason("No import waits.")
    return _request(context, f"{waiting} imports waiting", working=working)


@sensor(
    job=series_import,
    minimum_interval_seconds=10,
    default_status=DefaultSensorStatus.RUNNING,
    description="Watches LUNA_HOME/inbox and the bucket's inbox/: a file that lies still is imported.",
)
def inbox_files(context: SensorEvaluationContext, luna: LunaResource) -> RunRequest | SkipReason:
    """The cursor holds size and version of each file as last seen."""
    FolderPlace(luna.settings.home).make()
    seen = cast("dict[str, str]", json.loads(context.cursor or "{}"))
    now: dict[str, str] = {}
    still = 0
    for place in drop_places(luna.settings):
        try:
            for file, _ in zip(place.files(), range(FILES_AT_ONCE * 4), strict=False):
                known = f"{file.size} {file.version}"
                name = f"{type(place).__name__}:{file.reference}"
                now[name] = known
                still += file.still_s >= STILL_S and (seen.get(name) == known or isinstance(place, BucketPlace))
        except OSError as fault:
            context.log.warning(f"A drop place cannot be looked at: {fault}")
    context.update_cursor(json.dumps(now))
    if not still:
        return SkipReason(f"{len(now)} files are still changing." if now else "The inbox is empty.")
    with luna.connection() as connection:
        working = queue.is_locked(connection)
    return _request(context, f"{still} files in the inbox", working=working)


def _request(context: SensorEvaluationContext, reason: str, *, working: bool) -> RunRequest | SkipReason:
    if working:
        return SkipReason(f"{reason}; a run is at work.")
    alive = context.instance.get_runs(RunsFilter(job_name=series_import.name, statuses=ALIVE), limit=5)
    starting = [run for run in alive if process_may_live(context.instance, run)]
    if starting:
        return SkipReason(f"{reason}; run {starting[0].run_id} is starting.")
    return RunRequest(tags={"luna/reason": reason})
