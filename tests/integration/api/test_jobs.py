"""Why a run failed, as `admin/jobs` tells it: real runs of Dagster, read through its webserver."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from dagster import (
    AssetsDefinition,
    DagsterInstance,
    ExecuteInProcessResult,
    Failure,
    JobDefinition,
    RetryPolicy,
    asset,
    job,
    materialize,
    op,
)
from dagster._core.test_utils import create_run_for_test
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster_webserver.app import create_app_from_workspace_process_context

from luna_assets.jobs import index_rollback
from resources.orchestrator import Orchestrator
from resources.run_failures import LONGEST
from resources.wiring import LunaResource
from tests.integration.api.conftest import Api

KEY = "der-schluessel-von-qdrant-4711"


class Webserver:
    """Dagster's webserver within this process. `asked` counts the questions that it was asked."""

    def __init__(self, instance: DagsterInstance, process: WorkspaceProcessContext) -> None:
        self.instance = instance
        self.asked = 0
        self._inner = httpx.ASGITransport(create_app_from_workspace_process_context(process))

    def client(self) -> httpx.AsyncClient:
        """A client that counts."""

        async def pass_on(request: httpx.Request) -> httpx.Response:
            self.asked += 1
            answer = await self._inner.handle_async_request(request)
            return httpx.Response(answer.status_code, content=await answer.aread())

        return httpx.AsyncClient(transport=httpx.MockTransport(pass_on), base_url="http://dagster.test", timeout=60)


@pytest.fixture
def webserver(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Webserver]:
    with (
        DagsterInstance.local_temp(str(tmp_path)) as instance,
        WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as process,
    ):
        made = Webserver(instance, process)
        monkeypatch.setattr(api.context, "orchestrator", Orchestrator("", client=made.client()))
        yield made


def failing(fault: Exception, *, retries: int = 0) -> JobDefinition:
    """A job whose one step raises."""

    @op(name="switch_index_engine", retry_policy=RetryPolicy(max_retries=retries) if retries else None)
    def step() -> None:
        raise fault

    @job(name="index_switch")
    def made() -> None:
        step()

    return made


def run(webserver: Webserver, made: JobDefinition) -> str:
    done = made.execute_in_process(instance=webserver.instance, raise_on_error=False)
    assert not done.success
    return done.run_id


def said(api: Api, run_id: str) -> tuple[str | None, str]:
    with api.admin() as admin:
        response = admin.get("/admin/jobs")
    assert response.status_code == 200, response.text
    shown = next(one for one in response.json()["data"]["jobs"] if one["run_id"] == run_id)
    assert shown["status"] == "FAILURE"
    return shown["failure"]["step"], shown["failure"]["said"]


def test_a_failed_run_names_its_step_and_its_reason(api: Api, webserver: Webserver) -> None:
    fault = RuntimeError("Qdrant antwortet nicht (ConnectError)")
    fault.__cause__ = OSError("[Errno 111] Connection refused")
    once, again = run(webserver, failing(fault)), run(webserver, failing(fault, retries=2))
    for run_id in (once, again):
        told = said(api, run_id)
        assert told == (
            "switch_index_engine",
            "Schritt „switch_index_engine“: Qdrant antwortet nicht (ConnectError).",
        )


def test_a_failure_that_was_meant_says_what_it_says(api: Api, webserver: Webserver) -> None:
    run_id = run(webserver, failing(Failure("Das Lexikon gibt Vektoren mit 3 statt 4 Zahlen; bitte neu bauen")))
    assert said(api, run_id)[1].endswith("“: Das Lexikon gibt Vektoren mit 3 statt 4 Zahlen; bitte neu bauen.")


def test_a_job_of_the_house_says_it_in_german(api: Api, webserver: Webserver, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = api.database.settings
    monkeypatch.setenv("DATABASE_URL", api.database.urls.owner)
    monkeypatch.setenv("LUNA_HOME", str(settings.luna_home))
    done: ExecuteInProcessResult = index_rollback.execute_in_process(
        instance=webserver.instance,
        resources={"luna": LunaResource()},
        run_config={"ops": {"roll_index_back": {"config": {"version_id": 987654321}}}},
        raise_on_error=False,
    )
    assert said(api, done.run_id)[1] == "Schritt „roll_index_back“: Eine Indexversion 987654321 gibt es nicht."


def test_no_secret_no_traceback_no_novel(api: Api, webserver: Webserver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        api.context,
        "settings",
        api.context.settings.model_copy(update={"qdrant_api_key": type(api.context.settings.admin_api_key)(KEY)}),
    )
    faults = [
        f"Keine Verbindung zu postgresql://luna:{KEY}-x@db:5432/luna",
        f"abgelehnt: {KEY} gilt hier nicht",
        "abgelehnt, api-key: abcdef und password=geheim, sonst nichts",
        "duplicate key value violates a constraint\nDETAIL:  Key (email)=(geheim@example.org) already exists.",
        'etwas ging schief\nTraceback (most recent call last):\n  File "/home/geheim/x.py", line 3',
        "ein Wort " * 400,
        "w" * 4000,
    ]
    for fault in faults:
        text = said(api, run(webserver, failing(RuntimeError(fault))))[1]
        assert not any(word in text for word in (KEY, "geheim", "abcdef", "Traceback", "File", "DETAIL", "\n")), text
        assert len(text) <= LONGEST + 40
        assert text.removeprefix("Schritt „switch_index_engine“: ").removeprefix("RuntimeError: ")[:4] in fault
    assert said(api, run(webserver, failing(KeyError("x"))))[1] == "Schritt „switch_index_engine“: KeyError: 'x'."


def test_an_asset_that_fails_and_a_process_that_is_gone(api: Api, webserver: Webserver) -> None:
    @asset(key=["documents", "vectors"])
    def vectors() -> None:
        raise ValueError("Zu wenig Speicher für die Vektoren")

    assets: list[AssetsDefinition] = [vectors]
    done = materialize(assets, instance=webserver.instance, raise_on_error=False)
    assert said(api, done.run_id) == (
        "documents__vectors",
        "Schritt „documents__vectors“: Zu wenig Speicher für die Vektoren.",
    )
    gone = create_run_for_test(webserver.instance, job_name="documents_drain")
    webserver.instance.report_run_failed(
        gone, "The process of this run is gone: it was killed, or the machine went down."
    )
    assert said(api, gone.run_id) == (
        None,
        "Der Prozess des Laufs ist nicht mehr da: Er wurde beendet, oder der Rechner fiel aus.",
    )


def test_all_reasons_are_asked_for_at_once_and_each_only_once(api: Api, webserver: Webserver) -> None:
    failed = [run(webserver, failing(RuntimeError(f"Grund Nummer {number}"))) for number in range(3)]

    @job
    def well() -> None: ...

    fine = well.execute_in_process(instance=webserver.instance)
    with api.admin() as admin:
        for asked in (2, 3):
            jobs = {one["run_id"]: one for one in admin.get("/admin/jobs").json()["data"]["jobs"]}
            assert webserver.asked == asked, "the list, and the first time all reasons"
            assert jobs[fine.run_id]["failure"] is None
            assert [jobs[one]["failure"]["said"][-8:] for one in failed] == ["ummer 0.", "ummer 1.", "ummer 2."]


def test_a_reason_behind_a_long_log_is_found(api: Api, webserver: Webserver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resources.orchestrator._EVENTS_AT_ONCE", 3)
    run_id = run(webserver, failing(RuntimeError("Es lag am Ende")))
    assert said(api, run_id)[1].endswith("Es lag am Ende.")
    assert webserver.asked > 3


def test_the_list_is_shown_without_reasons_where_dagster_does_not_tell_them(
    api: Api, webserver: Webserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = run(webserver, failing(RuntimeError("Grund")))
    monkeypatch.setattr("resources.orchestrator._FAILURES", "query { gibtsNicht }")
    with api.admin() as admin:
        shown = admin.get("/admin/jobs")
    assert [(one["run_id"], one["failure"]) for one in shown.json()["data"]["jobs"]] == [(run_id, None)]
