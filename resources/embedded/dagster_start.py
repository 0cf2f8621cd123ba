"""What Dagster needs of a start: its tables, made by one process before the others, and no runs of an earlier start."""

from __future__ import annotations

import time

import httpx
import psycopg

_TABLES = ["runs", "event_logs", "instigators", "daemon_heartbeats"]
_TABLES_TIMEOUT_S = 30.0
_PATIENCE = "-c statement_timeout=5000"


def has_dagster_tables(url: str) -> bool:
    """Whether the last of Dagster's three storages has its tables in the database at `url`."""
    try:
        with psycopg.connect(url, connect_timeout=5, application_name="luna_wait", options=_PATIENCE) as connection:
            row = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = ANY(%s)", (_TABLES,)).fetchone()
    except psycopg.OperationalError:
        return False
    return row is not None and row[0] == len(_TABLES)


def await_dagster_tables(url: str) -> None:
    """Wait for the tables, at most `_TABLES_TIMEOUT_S`: who comes after makes what is still missing."""
    deadline = time.monotonic() + _TABLES_TIMEOUT_S
    while time.monotonic() < deadline and not has_dagster_tables(url):
        time.sleep(0.1)


def end_orphaned_runs(dagster_url: str, before: float) -> str | None:
    """No run of an earlier start can be alive; left alone it would stay „started“ and block the next one.

    `before` is the time of this start in seconds since 1970 (UTC). Returns what kept it from it (German).
    """
    ask = (
        "query Alive($before: Float) { runsOrError(filter: {statuses: [STARTED, STARTING, CANCELING, NOT_STARTED], "
        "createdBefore: $before}) { ... on Runs { results { runId } } } }"
    )
    end = (
        "mutation End($runId: String!) { terminateRun(runId: $runId, "
        "terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename } }"
    )
    url = f"{dagster_url}/graphql"
    try:
        answer = httpx.post(
            url, json={"query": ask, "variables": {"before": before}}, timeout=10, trust_env=False
        ).json()
        for run in answer["data"]["runsOrError"]["results"]:
            variables = {"runId": run["runId"]}
            httpx.post(url, json={"query": end, "variables": variables}, timeout=10, trust_env=False).raise_for_status()
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as fault:
        return f"Läufe von früher ließen sich nicht beenden ({type(fault).__name__}); sie können neue aufhalten"
    return None
