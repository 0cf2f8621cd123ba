"""Starting, stopping and watching the simulators over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import Api


def run(client: httpx.Client, **order: object) -> httpx.Response:
    return client.post("/sim/run", json=order)


def states(client: httpx.Client) -> dict[str, dict[str, Any]]:
    return {one["simulator"]: one for one in client.get("/sim/status").json()["data"]["simulators"]}


def test_start_status_stop(api: Api) -> None:
    with api.admin() as admin:
        answer = run(admin, simulator="smartmeter", action="start")
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["state"] == "running"
        assert "läuft" in answer.json()["message"]
        now = states(admin)
        assert now["smartmeter"]["interval_s"] == 60
        assert now["market"] | {"series": 0} == now["market"] | {"state": "stopped", "interval_s": 300, "series": 0}
        assert run(admin, simulator="smartmeter", action="start").status_code == 409
        assert run(admin, simulator="smartmeter", action="stop").json()["data"]["state"] == "stopped"
        assert run(admin, simulator="smartmeter", action="stop").status_code == 200, "stopping twice is no fault"
    with api.database.owner() as owner:
        noted = owner.execute(
            "SELECT action FROM audit_log WHERE action LIKE 'sim.%' ORDER BY ts DESC LIMIT 3"
        ).fetchall()
    assert [row[0] for row in noted] == ["sim.stop", "sim.stop", "sim.start"]


def test_an_accelerated_run_begins_a_day_ago_or_where_told(api: Api) -> None:
    begin = (datetime.now(UTC) - timedelta(days=30)).replace(microsecond=0)
    with api.admin() as admin:
        assert run(admin, simulator="market", action="start", speed=600).status_code == 200
        run(admin, simulator="market", action="stop")
        answer = run(admin, simulator="market", action="start", speed=600, **{"from": begin.isoformat()})
        assert answer.json()["data"]["speed"] == 600
        run(admin, simulator="market", action="stop")
    with api.database.owner() as owner:
        row = owner.execute("SELECT settings FROM simulators WHERE name = 'market'").fetchone()
    assert row is not None
    settings: Any = row[0]
    assert datetime.fromisoformat(settings["begin"]) == begin
    assert settings["fresh"] is True


def test_a_customer_may_neither_start_nor_look(api: Api) -> None:
    with api.user() as user:
        assert run(user, simulator="smartmeter", action="start").status_code == 403
        assert user.get("/sim/status").status_code == 403
    with api.client() as nobody:
        assert nobody.get("/sim/status").status_code == 401


@pytest.mark.parametrize(
    ("order", "field", "example"),
    [
        ({"simulator": "wetter", "action": "start"}, "simulator", "smartmeter"),
        ({"simulator": "market", "action": "pause"}, "action", "start"),
        ({"simulator": "market"}, "action", "start"),
        ({"simulator": "market", "action": "start", "speed": 0.5}, "speed", "60"),
        ({"simulator": "market", "action": "start", "speed": 1e9}, "speed", "60"),
        ({"simulator": "market", "action": "start", "sped": 2}, "sped", ""),
        ({"simulator": "market", "action": "start", "from": "2999-01-01T00:00:00Z"}, "from", "T00:00:00+00:00"),
        ({"simulator": "market", "action": "start", "from": "2024-01-01T00:00:00"}, "from", "T00:00:00+00:00"),
        ({"simulator": "market", "action": "start", "from": "2024-01-01T00:00:00Z"}, "from", "T00:00:00+00:00"),
        (
            {"simulator": "market", "action": "start", "from": "1999-01-01T00:00:00Z", "speed": 9},
            "from",
            "T00:00:00+00:00",
        ),
    ],
)
def test_a_wrong_order_names_field_and_example(api: Api, order: dict[str, object], field: str, example: str) -> None:
    with api.admin() as admin:
        answer = run(admin, **order)
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["data"]["field"] == field
    assert f"„{field}“" in body["message"]
    assert example in (body["data"]["example"] or "")
