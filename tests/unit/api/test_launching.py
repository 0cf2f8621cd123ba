"""What is told of a job that Dagster did not confirm."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from luna_api.admin.launching import not_launched
from resources.orchestrator import Orchestrator, OrchestratorError


def late(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("", request=request)


def broken(_: httpx.Request) -> httpx.Response:
    return httpx.Response(500)


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


def refusing(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"data": {"launchRun": {"__typename": "PipelineNotFoundError"}}})


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (late, "vielleicht läuft der Auftrag trotzdem"),
        (broken, "vielleicht läuft der Auftrag trotzdem"),
        (away, "der Auftrag läuft nicht"),
        (refusing, "nicht angenommen"),
    ],
)
async def test_who_asked_for_a_job_is_told_whether_it_may_run(
    answers: Callable[[httpx.Request], httpx.Response], told: str
) -> None:
    client = httpx.AsyncClient(base_url="http://dagster", transport=httpx.MockTransport(answers))
    dagster = Orchestrator("http://dagster", client=client)
    with pytest.raises(OrchestratorError) as caught:
        await dagster.launch("documents_reindex")
    await dagster.close()
    fault = not_launched(caught.value)
    assert (fault.status_code, fault.data) == (503, {"part": "dagster"})
    assert told in fault.message
