"""What was measured of search, as the administrator reads it."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager

import httpx
import pytest

from luna_assets.evaluation.assets import EVALUATION
from luna_rules.evaluation.metrics import Outcome, figures
from luna_rules.evaluation.questions import GoldQuestion, Provision
from tests.integration.api.conftest import Api

RUN = "7626d803-8359-43e0-9694-e6328bdcbb21"


def summary() -> dict[str, object]:
    """What the asset notes about three questions, one of them without an answer."""
    asked = [
        Outcome(GoldQuestion("a", "Wer?", "keyword", (Provision("latg", "§ 2"),), "hold"), (1,), True, 1.0),
        Outcome(GoldQuestion("b", "Wie?", "paraphrase", (Provision("latg", "§ 3"),), "hold"), (4,), True, 0.5),
        Outcome(GoldQuestion("c", "Wer schrieb den Faust?", "offtopic", (), "hold"), (), False),
    ]
    return figures(asked).summary()


def noted(**changed: object) -> list[dict[str, object]]:
    """The entries of a materialisation as Dagster sends them; a table has only its name here."""
    told: dict[str, object] = {"figures": {"hold": summary()}, **changed}
    return [
        {"label": "version", "intValue": 4},
        {"label": "questions", "intValue": 3},
        {"label": "left_out", "intValue": 220},
        {"label": "hit_at_5", "floatValue": 1.0},
        {"label": "by_kind"},
        *({"label": label, "jsonString": json.dumps(value)} for label, value in told.items()),
    ]


@contextmanager
def dagster(api: Api, answer: dict[str, object]) -> Generator[list[dict[str, object]]]:
    """The webserver is played: it tells of one asset. Gives what it was asked."""
    asked: list[dict[str, object]] = []

    async def tell(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["variables"])
        return httpx.Response(200, json={"data": {"assetOrError": answer}})

    real = api.context.orchestrator._client
    api.context.orchestrator._client = httpx.AsyncClient(
        transport=httpx.MockTransport(tell), base_url="http://dagster.test"
    )
    try:
        yield asked
    finally:
        api.context.orchestrator._client = real


def asset(entries: list[dict[str, object]]) -> dict[str, object]:
    row = {"runId": RUN, "timestamp": "1795366407954", "metadataEntries": entries}
    return {"__typename": "Asset", "assetMaterializations": [row]}


def test_the_last_measurement_is_told_by_half_and_kind(api: Api) -> None:
    with api.admin() as admin, dagster(api, asset(noted())) as asked:
        shown = admin.get("/admin/evaluation").json()["data"]
    assert asked == [{"key": {"path": EVALUATION.path}}]
    measured = shown["measured"]
    assert (measured["run_id"], measured["measured_at_s"]) == (RUN, 1795366407.954)
    assert (measured["index_version"], measured["questions"], measured["left_out"]) == (4, 3, 220)
    hold = measured["halves"]["hold"]
    assert sorted(hold["kinds"]) == ["all", "keyword", "paraphrase"]
    assert (hold["kinds"]["all"]["n"], hold["kinds"]["all"]["mrr_at_10"]["value"]) == (2, 0.625)
    assert hold["kinds"]["paraphrase"]["hit_at_5"]["value"] == 1.0
    assert (hold["refusals"]["refused_rightly"], hold["refusals"]["unanswerable"]) == (1, 1)


def test_the_version_that_answers_now_stands_beside_it(api: Api) -> None:
    with api.database.owner() as owner:
        row = owner.execute("SELECT id FROM index_versions WHERE state = 'live' AND tenant_id IS NULL").fetchone()
    with api.admin() as admin, dagster(api, asset(noted())):
        shown = admin.get("/admin/evaluation").json()["data"]
    assert shown["live_version"] == (None if row is None else row[0])


@pytest.mark.parametrize(
    "answer",
    [
        {"__typename": "AssetNotFoundError"},
        {"__typename": "Asset", "assetMaterializations": []},
        asset(noted(figures={"hold": {"kinds": {"all": 0.93}}})),
        asset([]),
    ],
)
def test_nothing_measured_or_nothing_known_is_told_as_such(api: Api, answer: dict[str, object]) -> None:
    with api.admin() as admin, dagster(api, answer):
        shown = admin.get("/admin/evaluation")
    assert (shown.status_code, shown.json()["data"]["measured"]) == (200, None)


@pytest.mark.parametrize(
    "answer",
    [{"__typename": "PythonError"}, asset([{"label": "figures", "jsonString": "{"}])],
)
def test_a_dagster_that_cannot_tell_is_a_part_that_is_down(api: Api, answer: dict[str, object]) -> None:
    with api.admin() as admin, dagster(api, answer):
        told = admin.get("/admin/evaluation")
    assert (told.status_code, told.json()["data"]["part"]) == (503, "dagster")


def test_only_the_administrator_reads_it(api: Api) -> None:
    with api.admin() as admin:
        down = admin.get("/admin/evaluation")
        assert (down.status_code, down.json()["data"]["part"]) == (503, "dagster")
    with api.user() as user:
        assert user.get("/admin/evaluation").status_code == 403
