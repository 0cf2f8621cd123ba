"""Client of the Dagster webserver's GraphQL API: launch runs and read their state.

Written with httpx, because the published client package imports all of Dagster into the API's process.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import httpx

from resources.run_failures import FAILURE_EVENTS, RunFailure, read_failure

REPOSITORY = "__repository__"
LOCATION = "luna_assets"
ALIVE = ("NOT_STARTED", "QUEUED", "STARTING", "STARTED", "CANCELING")
_TIMEOUT = httpx.Timeout(10.0, connect=2.0)

Json = dict[str, object]

_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId status } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PipelineNotFoundError { message }
    ... on InvalidSubsetError { message }
    ... on UnauthorizedError { message }
  }
}"""

_RUNS = """
query Runs($filter: RunsFilter, $limit: Int) {
  runsOrError(filter: $filter, limit: $limit) {
    __typename
    ... on Runs { results { runId status jobName startTime endTime tags { key value } } }
    ... on PythonError { message }
  }
}"""

_FAILURES = f"""
query Failures($runIds: [String!], $after: String, $limit: Int) {{
  runsOrError(filter: {{ runIds: $runIds }}) {{
    __typename
    ... on Runs {{ results {{ runId eventConnection(afterCursor: $after, limit: $limit) {{
      hasMore cursor events {{ {FAILURE_EVENTS} }}
    }} }} }}
    ... on PythonError {{ message }}
  }}
}}"""
_RUNS_AT_ONCE = 50
_EVENTS_AT_ONCE = 1_000
_MOST_PAGES = 20
_KEPT_FAILURES = 1_000

_TERMINATE = """
mutation Terminate($runId: String!) {
  terminateRun(runId: $runId, terminatePolicy: SAFE_TERMINATE) { __typename }
}"""


_SENSOR = """
query Sensor($selector: SensorSelector!) {
  sensorOrError(sensorSelector: $selector) { __typename ... on Sensor { sensorState { id status } } }
}"""

_START_SENSOR = """
mutation StartSensor($selector: SensorSelector!) {
  startSensor(sensorSelector: $selector) { __typename }
}"""

_STOP_SENSOR = """
mutation StopSensor($id: String!) {
  stopSensor(id: $id) { __typename }
}"""


_MATERIALIZED = """
query Materialized($key: AssetKeyInput!) {
  assetOrError(assetKey: $key) {
    __typename
    ... on Asset {
      assetMaterializations(limit: 1) {
        runId
        timestamp
        metadataEntries {
          label
          ... on IntMetadataEntry { intValue }
          ... on FloatMetadataEntry { floatValue }
          ... on TextMetadataEntry { text }
          ... on JsonMetadataEntry { jsonString }
        }
      }
    }
  }
}"""


class OrchestratorError(RuntimeError):
    """Dagster cannot be reached, or refused what was asked."""


@dataclass(frozen=True, slots=True)
class Run:
    """A Dagster run as the webserver tells it; times are seconds since the epoch, UTC."""

    run_id: str
    status: str
    job_name: str
    start_time_s: float | None
    end_time_s: float | None
    tags: dict[str, str]

    @property
    def alive(self) -> bool:
        """Whether it may still do something."""
        return self.status in ALIVE


@dataclass(frozen=True, slots=True)
class Materialization:
    """What a run made of an asset, and what it noted about it; `at_s` is seconds since the epoch, UTC.

    `metadata` has numbers, texts and parsed JSON by label; entries of other kinds (tables, links) are left out.
    """

    run_id: str
    at_s: float
    metadata: Json


class Orchestrator:
    """Asks one Dagster webserver; safe to share between tasks."""

    def __init__(self, base_url: str, *, client: httpx.AsyncClient | None = None) -> None:
        self._client = client or httpx.AsyncClient(base_url=base_url, timeout=_TIMEOUT)
        self._failures: dict[str, RunFailure] = {}

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def launch(self, job_name: str, *, run_config: Json | None = None, tags: dict[str, str] | None = None) -> str:
        """Launch a job and return its run id. Raises `OrchestratorError`."""
        params: Json = {
            "selector": {
                "jobName": job_name,
                "repositoryName": REPOSITORY,
                "repositoryLocationName": LOCATION,
            },
            "runConfigData": run_config or {},
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]},
        }
        result = _object((await self._ask(_LAUNCH, {"params": params})).get("launchRun"))
        if result.get("__typename") != "LaunchRunSuccess":
            raise OrchestratorError(f"Dagster did not launch {job_name}: {result}")
        return str(_object(result.get("run")).get("runId"))

    async def runs(
        self,
        *,
        job_name: str | None = None,
        statuses: tuple[str, ...] = (),
        run_ids: tuple[str, ...] = (),
        limit: int = 25,
    ) -> list[Run]:
        """Runs, newest first. Raises `OrchestratorError`."""
        wanted: Json = {}
        if job_name:
            wanted["pipelineName"] = job_name
        if statuses:
            wanted["statuses"] = list(statuses)
        if run_ids:
            wanted["runIds"] = list(run_ids)
        result = _object((await self._ask(_RUNS, {"filter": wanted, "limit": limit})).get("runsOrError"))
        if result.get("__typename") != "Runs":
            raise OrchestratorError(f"Dagster did not list its runs: {result.get('message')}")
        return [_run(_object(row)) for row in cast("list[object]", result.get("results") or [])]

    async def failures(self, run_ids: Sequence[str]) -> dict[str, RunFailure]:
        """Why runs that ended in failure did, by run id, of those whose log says so. Raises `OrchestratorError`.

        Runs are asked for together, and each only once: a run that has ended stays as it is.
        """
        unknown = [run_id for run_id in run_ids if run_id not in self._failures]
        for start in range(0, len(unknown), _RUNS_AT_ONCE):
            await self._read_failures(unknown[start : start + _RUNS_AT_ONCE])
        found = {run_id: self._failures[run_id] for run_id in run_ids if run_id in self._failures}
        for oldest in list(self._failures)[:-_KEPT_FAILURES]:
            del self._failures[oldest]
        return found

    async def _read_failures(self, run_ids: Sequence[str], after: str | None = None, page: int = 1) -> None:
        wanted: Json = {"runIds": list(run_ids), "after": after, "limit": _EVENTS_AT_ONCE}
        result = _object((await self._ask(_FAILURES, wanted)).get("runsOrError"))
        if result.get("__typename") != "Runs":
            raise OrchestratorError(f"Dagster did not tell why runs failed: {result.get('message')}")
        for row in map(_object, cast("list[object]", result.get("results") or [])):
            run_id, log = str(row.get("runId")), _object(row.get("eventConnection"))
            failure = read_failure(map(_object, cast("list[object]", log.get("events") or [])))
            if failure is not None:
                self._failures[run_id] = failure
            elif log.get("hasMore") and page < _MOST_PAGES:
                # A log so long is rare, and what failed stands at its end.
                await self._read_failures([run_id], str(log.get("cursor")), page + 1)

    async def materialized(self, asset: tuple[str, ...]) -> Materialization | None:
        """The newest materialisation of an asset; None where there is none yet. Raises `OrchestratorError`."""
        found = _object((await self._ask(_MATERIALIZED, {"key": {"path": list(asset)}})).get("assetOrError"))
        # Dagster knows an asset from its first materialisation on.
        if found.get("__typename") not in ("Asset", "AssetNotFoundError"):
            raise OrchestratorError(f"Dagster did not tell of {'/'.join(asset)}: {found.get('__typename')}")
        rows = cast("list[object]", found.get("assetMaterializations") or [])
        return _materialization(_object(rows[0])) if rows else None

    async def terminate(self, run_id: str) -> None:
        """Ask a run to stop. Raises `OrchestratorError` when Dagster cannot be reached."""
        await self._ask(_TERMINATE, {"runId": run_id})

    async def turn_sensor(self, name: str, *, on: bool) -> None:
        """Start or stop a sensor; one that is so already stays so. Raises `OrchestratorError`."""
        selector: Json = {"repositoryName": REPOSITORY, "repositoryLocationName": LOCATION, "sensorName": name}
        found = _object((await self._ask(_SENSOR, {"selector": selector})).get("sensorOrError"))
        state = _object(found.get("sensorState"))
        if not state:
            raise OrchestratorError(f"Dagster does not know the sensor {name}: {found.get('__typename')}")
        if (state.get("status") == "RUNNING") == on:
            return
        if on:
            answer = _object((await self._ask(_START_SENSOR, {"selector": selector})).get("startSensor"))
        else:
            answer = _object((await self._ask(_STOP_SENSOR, {"id": state.get("id")})).get("stopSensor"))
        if answer.get("__typename") not in ("Sensor", "StopSensorMutationResult"):
            raise OrchestratorError(f"Dagster did not turn the sensor {name}: {answer.get('__typename')}")

    async def version(self) -> str:
        """Version of the webserver; also the health check. Raises `OrchestratorError`."""
        return str((await self._ask("query { version }", {})).get("version"))

    async def _ask(self, query: str, variables: Json) -> Json:
        try:
            response = await self._client.post("/graphql", json={"query": query, "variables": variables})
            response.raise_for_status()
            body = _object(response.json())
        except (httpx.HTTPError, ValueError) as fault:
            raise OrchestratorError(f"Dagster cannot be reached: {type(fault).__name__}: {fault}") from fault
        if body.get("errors"):
            raise OrchestratorError(f"Dagster refused the question: {body['errors']}")
        return _object(body.get("data"))


def _object(value: object) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}


def _run(row: Json) -> Run:
    start, end = row.get("startTime"), row.get("endTime")
    tags = [_object(tag) for tag in cast("list[object]", row.get("tags") or [])]
    return Run(
        run_id=str(row.get("runId")),
        status=str(row.get("status")),
        job_name=str(row.get("jobName")),
        start_time_s=float(start) if isinstance(start, int | float) else None,
        end_time_s=float(end) if isinstance(end, int | float) else None,
        tags={str(tag.get("key")): str(tag.get("value")) for tag in tags},
    )


def _materialization(row: Json) -> Materialization:
    """Raises `OrchestratorError` where what Dagster tells is not what it says it is."""
    metadata: Json = {}
    try:
        for entry in map(_object, cast("list[object]", row.get("metadataEntries") or [])):
            value = next((entry[key] for key in ("intValue", "floatValue", "text") if key in entry), None)
            if isinstance(told := entry.get("jsonString"), str):
                value = json.loads(told)
            if value is not None:
                metadata[str(entry.get("label"))] = value
        # Dagster sends milliseconds, as text.
        return Materialization(str(row.get("runId")), float(str(row.get("timestamp"))) / 1e3, metadata)
    except ValueError as fault:
        raise OrchestratorError(f"Dagster's materialisation cannot be read: {fault}") from fault
