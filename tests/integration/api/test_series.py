"""Series through the real API over a real database: reading, files, aggregates, answers and their receipts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID

import httpx
import numpy as np
import polars as pl
import psycopg
import pytest
from python_calamine import CalamineWorkbook

from resources.database import DEFAULT_TENANT, worker_connection
from resources.series.writer import write_prices, write_readings
from tests.conftest import SHARED, Database
from tests.integration.api.conftest import Api, serve

YEAR_BEGIN = datetime(2024, 12, 31, 23, tzinfo=UTC)
"""1 January 2025, 0 o'clock in Berlin."""


def done_import(connection: psycopg.Connection[tuple[object, ...]], target: str, tenant: UUID | None) -> UUID:
    """A finished import, as the queue leaves one."""
    row = connection.execute(
        "INSERT INTO imports (tenant_id, target, status, stage, finished_at) VALUES (%s, %s, 'done', 'done', now())"
        " RETURNING id",
        (tenant, target),
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def readings(meter: str, begin: datetime, values: list[float | None], *, interval_s: int = 900) -> pl.DataFrame:
    """A frame of consumption; None leaves the interval out."""
    kept = [(at, value) for at, value in enumerate(values) if value is not None]
    return pl.DataFrame(
        {
            "meter_id": [meter] * len(kept),
            "ts": [begin + timedelta(seconds=interval_s * at) for at, _ in kept],
            "interval_s": [interval_s] * len(kept),
            "consumption_kw": [value for _, value in kept],
            "production_kw": [None] * len(kept),
            "voltage": [230.0] * len(kept),
            "quality": [0] * len(kept),
        },
        schema={
            "meter_id": pl.String(), "ts": pl.Datetime("us", "UTC"), "interval_s": pl.Int32(),
            "consumption_kw": pl.Float64(), "production_kw": pl.Float64(), "voltage": pl.Float64(),
            "quality": pl.Int32(),
        },
    )  # fmt: skip


def write(database: Database, frame: pl.DataFrame, tenant: UUID = DEFAULT_TENANT) -> UUID:
    """Register the meters of a frame and write it as a finished import."""
    with database.owner() as owner:
        for meter in frame["meter_id"].unique().sort():
            owner.execute(
                "INSERT INTO meters (tenant_id, meter_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", (tenant, meter)
            )
        import_id = done_import(owner, "smart_meter_readings", tenant)
    with worker_connection(database.urls.worker) as worker:
        write_readings(worker, tenant, import_id, frame)
    with database.owner() as owner:
        owner.execute("UPDATE imports SET finished_at = now() WHERE id = %s", (import_id,))
    return import_id


@pytest.fixture(scope="module")
def world(module_database: Database) -> Iterator[Api]:
    """The API over a year of one meter, and the real prices where this machine has them."""
    generator = np.random.default_rng(7)
    values: list[float | None] = [round(float(v), 3) for v in generator.uniform(0.2, 2.0, 35_040)]
    values[1_000] = 11.25
    for gap in range(5_000, 5_012):
        values[gap] = None
    write(module_database, readings("haus-1", YEAR_BEGIN, values))
    prices = SHARED / "data" / "prices" / "de_lu_day_ahead_2020-2024.parquet"
    if prices.is_file():
        frame = pl.read_parquet(prices).select(
            pl.lit("EPEX").alias("market"),
            pl.lit("DE-LU-60MIN").alias("product"),
            pl.col("ts_utc").cast(pl.Datetime("us", "UTC")).alias("ts"),
            pl.col("price_eur_mwh").cast(pl.Float64()),
            pl.lit(None, dtype=pl.Float64()).alias("volume"),
        )
        with module_database.owner() as owner:
            import_id = done_import(owner, "market_prices", None)
        with worker_connection(module_database.urls.worker) as worker:
            write_prices(worker, import_id, frame)
        with module_database.owner() as owner:
            owner.execute("UPDATE imports SET finished_at = now() WHERE id = %s", (import_id,))
    with serve(module_database, module_database.settings.home) as running:
        yield running


@pytest.fixture
def user(world: Api) -> httpx.Client:
    return world.user()


def get(client: httpx.Client, path: str, **params: object) -> httpx.Response:
    return client.get(path, params={name: str(value) for name, value in params.items()})


def data(response: httpx.Response) -> dict[str, object]:
    assert response.status_code == 200, response.text[:500]
    found = response.json()["data"]
    assert isinstance(found, dict)
    return found


DAY = {"from": "2025-03-30", "to": "2025-03-31"}
YEAR = {"from": "2025-01-01", "to": "2026-01-01"}
JUNE_1 = {"from": "2025-06-01", "to": "2025-06-02"}


def test_a_year_comes_as_columns_of_equal_length_with_the_gap_as_null(user: httpx.Client) -> None:
    found = data(get(user, "/data/smartmeter", meter_id="haus-1", **YEAR))
    assert found["resolution"] == "raw"
    assert found["rows"] == 35_040
    assert found["interval_s"] == 900
    assert found["timezone"] == "Europe/Berlin"
    assert found["units"] == {"ts": "ms", "consumption_kw": "kW", "production_kw": "kW", "voltage": "V"}
    ts, power, quality = found["ts"], found["consumption_kw"], found["quality"]
    assert isinstance(ts, list)
    assert isinstance(power, list)
    assert isinstance(quality, list)
    assert {len(found[name]) for name in ("ts", "consumption_kw", "production_kw", "voltage", "quality")} == {35_040}  # type: ignore[arg-type]
    assert ts[0] == int(YEAR_BEGIN.timestamp() * 1000)
    assert power[1_000] == 11.25
    assert power[5_000:5_012] == [None] * 12
    assert quality[5_000] == 4
    assert found["quality_summary"]["missing"] == 12  # type: ignore[index]


def test_the_short_day_has_92_quarter_hours_and_a_day_is_cut_in_berlin(user: httpx.Client) -> None:
    assert data(get(user, "/data/smartmeter", meter_id="haus-1", **DAY))["rows"] == 92
    days = data(get(user, "/data/smartmeter", meter_id="haus-1", resolution="1d", **YEAR))
    assert days["rows"] == 365
    assert days["expected_s"][88] == 23 * 3600  # type: ignore[index]


def test_months_add_up_to_the_days(user: httpx.Client) -> None:
    days = data(get(user, "/data/smartmeter", meter_id="haus-1", resolution="1d", **YEAR))
    months = data(get(user, "/data/smartmeter", meter_id="haus-1", resolution="1mo", **YEAR))
    assert months["rows"] == 12
    assert sum(months["consumption_kwh"]) == pytest.approx(sum(days["consumption_kwh"]))  # type: ignore[arg-type]
    assert max(months["consumption_kw_max"]) == 11.25  # type: ignore[arg-type]


def test_fewer_points_keep_the_peak_and_the_gap(user: httpx.Client) -> None:
    found = data(get(user, "/data/smartmeter", meter_id="haus-1", points=400, **YEAR))
    power = found["consumption_kw"]
    assert isinstance(power, list)
    assert len(power) <= 400
    assert found["reduced"] is True
    assert found["rows"] == 35_040
    assert max(value for value in power if value is not None) == 11.25
    assert None in power
    # Told of all values, not of those that are left.
    assert found["quality_summary"]["missing"] == 12  # type: ignore[index]
    assert found["quality_summary"]["values"] == 35_028  # type: ignore[index]


def test_what_has_not_changed_is_not_sent_again(world: Api, user: httpx.Client) -> None:
    first = get(user, "/data/smartmeter", meter_id="haus-1", **DAY)
    etag = first.headers["etag"]
    again = user.get("/data/smartmeter", params={"meter_id": "haus-1", **DAY}, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.content == b""
    write(world.database, readings("haus-1", datetime(2025, 3, 30, 10, tzinfo=UTC), [1.5]))
    changed = user.get("/data/smartmeter", params={"meter_id": "haus-1", **DAY}, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_a_file_of_simulated_values_is_named_so(world: Api, user: httpx.Client) -> None:
    with world.database.owner() as owner:
        owner.execute(
            "INSERT INTO market_products (market, product, interval_s, description, simulated)"
            " VALUES ('EEX', 'PROBE', 3600, 'Probe', true)"
        )
    response = get(user, "/data/market", market="EEX", product="PROBE", format="csv", **DAY)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="EEX_PROBE_simuliert_2025-03-30_2025-03-31.csv"' in response.headers["content-disposition"]
    assert data(get(user, "/data/market", market="EEX", product="PROBE", **DAY))["simulated"] is True


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet", "arrow"])
def test_files_hold_the_same_values(user: httpx.Client, kind: str) -> None:
    response = get(user, "/data/smartmeter", meter_id="haus-1", format=kind, resolution="raw", **DAY)
    assert response.status_code == 200, response.text[:300]
    assert f'filename="haus-1_2025-03-30_2025-03-31.{kind}"' in response.headers["content-disposition"]
    body = BytesIO(response.content)
    if kind == "xlsx":
        head, *rows = CalamineWorkbook.from_filelike(body).get_sheet_by_index(0).to_python()
        frame = pl.DataFrame(rows, schema=[str(name) for name in head], orient="row")
    else:
        frame = {"csv": pl.read_csv, "parquet": pl.read_parquet, "arrow": pl.read_ipc}[kind](body)
    assert frame.height == 92
    told = data(get(user, "/data/smartmeter", meter_id="haus-1", **DAY))["consumption_kw"]
    assert frame["consumption_kw"].to_list() == told
    assert frame["meter_id"].unique().to_list() == ["haus-1"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"from": "2025-02-01", "to": "2025-01-01"}, "from"),
        ({"from": "1990-01-01", "to": "2090-01-01"}, "to"),
        ({"from": "gestern", "to": "2025-01-01"}, "from"),
        ({"from": "2025-01-01", "to": "2025-13-01"}, "to"),
        ({"resolution": "5m"}, "resolution"),
        ({"format": "pdf"}, "format"),
        ({"points": "3"}, "points"),
    ],
)
def test_what_cannot_be_used_is_named_with_an_example(user: httpx.Client, wrong: dict[str, str], field: str) -> None:
    response = user.get("/data/smartmeter", params={"meter_id": "haus-1", **YEAR, **wrong})
    assert response.status_code == 400, response.text
    assert response.json()["data"]["field"] == field
    assert response.json()["data"]["example"]


def test_a_missing_field_is_named(user: httpx.Client) -> None:
    response = user.get("/data/smartmeter", params={"meter_id": "haus-1", "to": "2025-01-01"})
    assert response.status_code == 400
    assert response.json()["data"]["field"] == "from"


def test_another_tenants_meter_does_not_exist(world: Api, user: httpx.Client) -> None:
    stranger = world.user(tenant=world.tenant())
    theirs = get(stranger, "/data/smartmeter", meter_id="haus-1", **DAY)
    nobodys = get(user, "/data/smartmeter", meter_id="haus-99", **DAY)
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.json()["data"]["field"] == "meter_id"
    assert stranger.get("/meters/haus-1").status_code == 404
    assert stranger.get("/meters").json()["data"]["meters"] == []
    asked = stranger.post("/rag/ask", json={"question": "Wie viel Strom habe ich im Januar 2025 verbraucht?"})
    assert asked.json()["data"]["answered"] is False


def test_meters_are_registered_changed_and_deleted(user: httpx.Client) -> None:
    made = user.post("/meters", json={"meter_id": "lager", "name": "Lager", "market_location": "41373559241"})
    assert made.status_code == 201, made.text
    assert user.post("/meters", json={"meter_id": "lager"}).status_code == 409
    wrong = user.post("/meters", json={"meter_id": "lager-2", "market_location": "41373559242"})
    assert wrong.status_code == 400
    assert wrong.json()["data"]["field"] == "market_location"
    changed = user.patch("/meters/lager", json={"name": "Lager Süd", "market_location": None})
    assert changed.json()["data"]["name"] == "Lager Süd"
    assert changed.json()["data"]["market_location"] is None
    assert user.patch("/meters/lager", json={"timezone": "Mars/Olympus"}).json()["data"]["field"] == "timezone"
    assert user.delete("/meters/lager").status_code == 200
    assert user.get("/meters/lager").status_code == 404


def test_a_virtual_meter_is_the_difference_of_its_terms(world: Api, user: httpx.Client) -> None:
    begin = datetime(2025, 5, 1, tzinfo=UTC)
    write(world.database, readings("halle", begin, [4.0, 5.0, None, 7.0]))
    write(world.database, readings("halle-pv", begin, [1.0, 2.0, 3.0, 7.5]))
    formula = [{"meter_id": "halle"}, {"meter_id": "halle-pv", "factor": -1}]
    made = user.post("/meters", json={"meter_id": "halle-netto", "formula": formula})
    assert made.status_code == 201, made.text
    assert made.json()["data"]["virtual"] is True
    bounds = {"from": begin.isoformat(), "to": (begin + timedelta(hours=1)).isoformat()}
    found = data(get(user, "/data/smartmeter", meter_id="halle-netto", **bounds))
    assert found["consumption_kw"] == [3.0, 3.0, None, -0.5]
    assert found["virtual"] is True
    nested = user.post("/meters", json={"meter_id": "doppelt", "formula": [{"meter_id": "halle-netto"}]})
    assert nested.json()["data"]["field"] == "formula"
    assert user.delete("/meters/halle").status_code == 409
    for meter in ("halle-netto", "halle", "halle-pv"):
        assert user.delete(f"/meters/{meter}").status_code == 200


def test_own_consumption_and_autarky_of_a_site(world: Api, user: httpx.Client) -> None:
    begin = datetime(2025, 6, 1, 10, tzinfo=UTC)
    load = readings("hof", begin, [4.0, 4.0, 4.0, 4.0])
    frame = load.with_columns(pl.Series("production_kw", [1.0, 4.0, 8.0, 0.0]))
    write(world.database, frame)
    bounds = {"from": "2025-06-01", "to": "2025-06-02"}
    found = data(get(user, "/data/self-use", meter_id="hof", **bounds))
    assert found["load_kwh"] == 4.0
    assert found["generation_kwh"] == 3.25
    assert found["self_used_kwh"] == 2.25
    assert found["autarky"] == pytest.approx(0.5625)
    assert found["self_use"] == pytest.approx(2.25 / 3.25)
    grid = readings("anschluss", begin, [3.0, 0.0]).with_columns(pl.Series("production_kw", [0.0, 2.0]))
    pv = readings("dach", begin, [0.0, 0.0]).with_columns(
        pl.lit(None, dtype=pl.Float64()).alias("consumption_kw"), pl.Series("production_kw", [1.0, 6.0])
    )
    write(world.database, grid)
    write(world.database, pv)
    site = data(get(user, "/data/self-use", meter_id="anschluss", pv_meter_id="dach", **bounds))
    assert site["basis"] == "grid_and_generation"
    assert (site["load_kwh"], site["self_used_kwh"], site["export_kwh"]) == (2.0, 1.25, 0.5)
    receipt = user.get(f"/receipts/{site['receipt_id']}").json()["data"]
    assert receipt["row_count"] == 1
    for meter in ("hof", "anschluss", "dach"):
        user.delete(f"/meters/{meter}")


def test_aggregates_are_filtered_grouped_and_compared(user: httpx.Client) -> None:
    body = {
        "series": [{"meter_id": "haus-1"}],
        "from": "2025-01-01",
        "to": "2025-02-01",
        "group": "weekday",
        "aggregates": ["sum_kwh", "count"],
        "filter": {"from_minute": 480, "to_minute": 1200, "weekdays": [0, 6]},
        "compare": {"from": "2025-02-01", "to": "2025-03-01"},
    }
    found = data(user.post("/data/query", json=body))
    parts = found["parts"]
    assert isinstance(parts, list)
    assert [part["compared"] for part in parts] == [False, True]
    assert parts[0]["columns"]["group"] == [0, 6]
    assert parts[0]["columns"]["count"] == [4 * 48, 4 * 48]
    for wrong, field in (
        ({"series": [{"meter_id": "haus-1", "market": "EPEX"}]}, "series[0]"),
        ({"aggregates": ["above"]}, "threshold"),
        ({"filter": {"from_minute": 480}}, "filter.to_minute"),
        ({"aggregates": ["median"]}, "aggregates[0]"),
    ):
        response = user.post("/data/query", json=body | wrong)
        assert response.status_code == 400, response.text
        assert response.json()["data"]["field"] == field
    assert user.post("/data/query", json=body | {"series": [{"meter_id": "nichts"}]}).status_code == 404


def ask(client: httpx.Client, question: str) -> dict[str, object]:
    return data(client.post("/rag/ask", json={"question": question}))


def test_an_answer_rests_on_receipts_that_can_be_run_again(world: Api) -> None:
    user = world.user()
    answer = ask(user, "Wann war mein Verbrauch im Januar 2025 am höchsten?")
    assert answer["answered"] is True
    assert "11,25 kW" in str(answer["answer"])
    assert "11. Januar 2025 von 10 bis 10:15 Uhr" in str(answer["answer"])
    receipts = answer["receipts"]
    assert isinstance(receipts, list)
    receipt = receipts[0]
    assert f"[receipt {receipt['receipt_id']}]" in str(answer["answer"])
    assert receipt["values"]["max"] == 11.25
    assert receipt["quality"]["values"] == 31 * 96
    again = data(user.post(f"/receipts/{receipt['receipt_id']}/rerun"))
    assert (again["same"], again["changed_since"], again["query_changed"]) == (True, False, False)
    # A corrected value changes what is known today, and nothing of what was known then.
    write(world.database, readings("haus-1", YEAR_BEGIN + timedelta(seconds=900 * 1_000), [99.5]))
    after = data(user.post(f"/receipts/{receipt['receipt_id']}/rerun"))
    assert (after["same"], after["changed_since"]) == (True, True)
    assert "99,5" in str(ask(user, "Wann war mein Verbrauch im Januar 2025 am höchsten?")["answer"])
    write(world.database, readings("haus-1", YEAR_BEGIN + timedelta(seconds=900 * 1_000), [11.25]))
    assert world.user().post(f"/receipts/{receipt['receipt_id']}/rerun").status_code == 404
    kept = user.get(f"/answers/{answer['answer_id']}").json()["data"]
    assert kept["answer"]["receipts"][0]["receipt_id"] == receipt["receipt_id"]


def test_the_stream_carries_the_receipts(world: Api) -> None:
    with world.user().stream(
        "POST", "/rag/ask", json={"question": "Wie hoch war mein Verbrauch im März 2025?", "stream": True}
    ) as response:
        text = "".join(response.iter_text())
    events = [block.split("\n") for block in text.strip().split("\n\n") if block.startswith("event: ")]
    sentences = [json.loads(block[1][6:]) for block in events if block[0] == "event: sentence"]
    assert sentences
    assert sentences[0]["receipts"][0]["receipt_id"] in sentences[0]["text"]
    done = json.loads(events[-1][1][6:])
    assert done["mode"] == "series"


def test_missing_values_are_said(world: Api) -> None:
    user = world.user()
    partial = ask(user, "Wie viel Strom habe ich im Februar 2025 verbraucht?")
    assert "99,6 %" in str(partial["answer"])
    nothing = ask(user, "Wie viel Strom habe ich im Februar 2019 verbraucht?")
    assert nothing["answered"] is False
    assert "keine Werte" in str(nothing["answer"])
    impossible = ask(user, "Wie hoch war mein Verbrauch am 30. Februar 2025?")
    assert impossible["answered"] is False
    assert "30. Februar 2025" in str(impossible["answer"])


def test_a_follow_up_asks_the_same_of_another_time(world: Api) -> None:
    user = world.user()
    first = ask(user, "Wie viel Strom habe ich im März 2025 verbraucht?")
    body = {"question": "Und im April 2025?", "conversation_id": first["conversation_id"]}
    second = data(user.post("/rag/ask", json=body))
    assert second["mode"] == "series"
    assert "im April 2025" in str(second["answer"])


REAL = pytest.mark.skipif(
    not (SHARED / "data" / "prices").is_dir(), reason="the real prices are not on this machine (../shared/data)"
)


@REAL
@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Erkläre den Preisverlauf vom 12. Dezember 2024", "936,28 EUR/MWh (von 17 bis 18 Uhr)"),
        ("Wie hoch war der Strompreis am 12. Dezember 2024 um 17 Uhr?", "936,28 EUR/MWh (93,63 ct/kWh)"),
        ("Wie viele Stunden waren die Preise 2024 negativ?", "457 Stunden"),
        ("Wie viele Stunden waren die Preise 2023 negativ?", "301 Stunden"),
        ("Wie viele Stunden waren die Preise 2022 negativ?", "69 Stunden"),
        ("Was war der teuerste Tag 2022?", "26. August 2022: im Mittel 699,44 EUR/MWh"),
        ("Wie hoch war der Base-Preis im August 2022?", "465,18 EUR/MWh"),
        ("Vergleiche den Preis 2023 mit 2024", "im Jahr 2024 bei 78,51 EUR/MWh"),
    ],
)
def test_prices_of_the_exchange(world: Api, question: str, said: str) -> None:
    answer = ask(world.user(), question)
    assert said in str(answer["answer"])
    assert answer["receipts"]


@REAL
def test_negative_hours_are_said_with_their_basis(world: Api) -> None:
    assert "gezählt nach Stundenpreisen" in str(
        ask(world.user(), "Wie viele Stunden waren die Preise 2024 negativ?")["answer"]
    )


@REAL
def test_market_data(world: Api, user: httpx.Client) -> None:
    bounds = {"from": "2024-01-01", "to": "2025-01-01"}
    found = data(get(user, "/data/market", market="EPEX", product="DE-LU-60MIN", resolution="raw", **bounds))
    assert found["rows"] == 8_784
    assert found["units"]["price_eur_mwh"] == "EUR/MWh"  # type: ignore[index]
    assert max(found["price_eur_mwh"]) == 936.28  # type: ignore[arg-type]
    days = data(get(user, "/data/market", resolution="1d", **bounds))
    assert sum(days["negative_hours"]) == 457  # type: ignore[arg-type]
    unknown = get(user, "/data/market", market="EPEX", product="MOND", **bounds)
    assert unknown.status_code == 404
    assert "EPEX/DE-LU-60MIN" in unknown.json()["data"]["known"]
    listed = data(get(user, "/data/market/products"))["products"]
    assert isinstance(listed, list)
    assert [one["product"] for one in listed if one["last_ts"]] == ["DE-LU-60MIN"]


def test_live_values_come_as_they_are_written(world: Api) -> None:
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    write(world.database, readings("live-1", begin, [1.0, 2.0], interval_s=60))
    with world.user().stream("GET", "/data/smartmeter/live", params={"meter_id": "live-1", "last": 1}) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        first = next(line for line in lines if line.startswith("data: "))
        assert json.loads(first[6:])["consumption_kw"] == 2.0
        write(world.database, readings("live-1", begin + timedelta(minutes=2), [3.0], interval_s=60))
        second = next(line for line in lines if line.startswith("data: "))
        assert json.loads(second[6:])["consumption_kw"] == 3.0
    world.user().delete("/meters/live-1")


def test_an_import_waits_for_its_run_and_can_be_asked_for(world: Api, user: httpx.Client) -> None:
    content = "meter_id,ts,consumption_kw,production_kw,voltage,quality\nneu-1,2025-01-01T00:00:00Z,1.0,,,0\n"
    fields = {"target": "smart_meter_readings", "mode": "dry_run", "wait": "0"}
    response = user.post("/data/load", files={"file": ("werte.csv", content.encode())}, data=fields)
    assert response.status_code == 202, response.text
    state = response.json()["data"]
    assert state["status"] == "received"
    assert response.headers["location"].endswith(state["import_id"])
    assert user.get(f"/data/load/{state['import_id']}").json()["data"]["mode"] == "dry_run"
    assert state["import_id"] in [one["import_id"] for one in user.get("/data/load").json()["data"]["imports"]]
    assert user.delete(f"/data/load/{state['import_id']}", params={"wait": "0"}).status_code == 409
    stranger = world.user(tenant=world.tenant())
    assert stranger.get(f"/data/load/{state['import_id']}").status_code == 404
    empty = user.post("/data/load", files={"file": ("leer.csv", b"")}, data=fields)
    assert empty.status_code == 422
    assert (
        user.post("/data/load", files={"file": ("p.csv", b"x")}, data=fields | {"target": "market_prices"}).status_code
        == 403
    )
    bad = user.post("/data/load", files={"file": ("w.csv", content.encode())}, data=fields | {"mapping": "{"})
    assert bad.json()["data"]["field"] == "mapping"


def test_intervals_and_qualities_that_change_within_a_range_stand_at_their_rows(world: Api, user: httpx.Client) -> None:
    begin = datetime(2025, 6, 1, tzinfo=UTC)
    quarters = readings("mixed-1", begin, [1.0, 2.0, 3.0, 4.0]).with_columns(
        pl.Series("quality", [0, 1 | 1 << 3, 0, 2], dtype=pl.Int32)
    )
    hour = readings("mixed-1", begin + timedelta(hours=1), [5.0], interval_s=3_600).with_columns(
        pl.lit(256, pl.Int32).alias("quality")
    )
    write(world.database, pl.concat([quarters, hour]))
    found = data(get(user, "/data/smartmeter", meter_id="mixed-1", resolution="raw", **JUNE_1))
    assert found["consumption_kw"] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert found["quality"] == [0, 9, 0, 2, 256]
    assert found["interval_s"] is None
    file = get(user, "/data/smartmeter", meter_id="mixed-1", format="parquet", resolution="raw", **JUNE_1)
    assert pl.read_parquet(BytesIO(file.content))["interval_s"].to_list() == [900, 900, 900, 900, 3_600]
    user.delete("/meters/mixed-1")
