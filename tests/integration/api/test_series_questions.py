"""German questions about prices and meters through `rag/ask`; each expected number is computed over the source."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import polars as pl
import pytest

from tests.conftest import Database
from tests.integration.api.series_asked import ALL, DAY
from tests.integration.api.series_expected import Expect, de, during, energy, eur, kwh
from tests.integration.api.series_world import PRICES, World, add_meter, filled, write_correction, write_market

pytestmark = pytest.mark.skipif(not PRICES.is_file(), reason="../shared/data/prices is not here")


@pytest.fixture(scope="module")
def world(module_database: Database) -> Iterator[World]:
    with filled(module_database) as running:
        yield running


def ask(client: httpx.Client, question: str, day: str | None = DAY, **more: object) -> dict[str, object]:
    body = {"question": question, **({"as_of": day} if day else {}), **more}
    response = client.post("/rag/ask", json=body)
    assert response.status_code == 200, response.text[:400]
    found = response.json()["data"]
    assert isinstance(found, dict)
    return found


def plain(answer: object) -> str:
    """The answer without its marks."""
    return re.sub(r"\s*\[receipt [0-9a-f-]{36}\]", "", str(answer))


def test_there_are_more_than_a_hundred_questions() -> None:
    assert len({question for question, _, _ in ALL}) > 100


@pytest.mark.parametrize(("question", "day", "expect"), ALL, ids=[question for question, _, _ in ALL])
def test_each_number_is_the_one_computed_beside(world: World, question: str, day: str, expect: Expect) -> None:
    with world.api.admin() as client:
        found = ask(client, question, day)
    said = plain(found["answer"])
    assert found["mode"] == "series", said
    assert found["answered"], said
    for part in expect(world):
        assert part in said, f"„{part}“ does not stand in: {said}"
    marks = set(re.findall(r"\[receipt ([0-9a-f-]{36})\]", str(found["answer"])))
    receipts = found["receipts"]
    assert isinstance(receipts, list)
    assert marks == {receipt["receipt_id"] for receipt in receipts}
    assert all(sentence.count("[receipt ") for sentence in str(found["answer"]).split("\n\n"))


def chain(client: httpx.Client, *questions: str, day: str = DAY) -> list[str]:
    """The answers of one conversation."""
    first = ask(client, questions[0], day)
    conversation = first["conversation_id"]
    rest = [ask(client, question, day, conversation_id=conversation) for question in questions[1:]]
    return [plain(found["answer"]) for found in [first, *rest]]


def test_a_follow_up_keeps_what_was_asked_and_changes_the_time(world: World) -> None:
    def hours_below(year: str) -> str:
        frame = during(world.prices, f"{year}-01-01", f"{int(year) + 1}-01-01")
        return f"{de(float((frame['price'] < 0).sum()), 0)} Stunden"

    with world.api.user() as client:
        said = chain(
            client,
            "Wie viele Stunden waren die Preise 2024 negativ?",
            "Und im Jahr davor?",
            "Und 2020?",
            "Und im Jahr danach?",
        )
    for answer, year in zip(said, ("2024", "2023", "2020", "2021"), strict=True):
        assert hours_below(year) in answer
        assert f"Jahr {year}" in answer


def test_a_follow_up_in_the_year_of_what_was_asked_and_of_another_meter(world: World) -> None:
    house, other = world.meters["haus-1"], world.meters["haus-2"]
    with world.api.user() as client:
        said = chain(
            client,
            "Wie viel hat haus-1 im März 2023 verbraucht?",
            "Und im April?",
            "Und im Jahr danach?",
            "Und haus-2?",
        )
    assert kwh(energy(during(house, "2023-03-01", "2023-04-01"))) in said[0]
    assert kwh(energy(during(house, "2023-04-01", "2023-05-01"))) in said[1]
    assert kwh(energy(during(house, "2024-04-01", "2024-05-01"))) in said[2]
    assert kwh(energy(during(other, "2024-04-01", "2024-05-01"))) in said[3]


def test_the_question_that_an_answer_offers_can_be_accepted(world: World) -> None:
    with world.api.user() as client:
        first = ask(client, "Was war der höchste Preis am 12. Dezember 2024?")
        second = ask(client, "Ja, bitte", conversation_id=first["conversation_id"])
        alone = ask(client, str(first["next_question"]))
    assert plain(second["answer"]) == plain(alone["answer"])
    assert second["mode"] == "series"


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Wie hoch war der Preis am 31. März 2024 um 2 Uhr?", "von 2 auf 3 Uhr vorgestellt"),
        ("Wie hoch war der Preis am 30. Februar 2024?", "30. Februar"),
        ("Wie hoch war der Preis im Mai 2019?", "keine Werte"),
        ("Wie hoch war der EEX-Preis letzte Woche?", "Für den Markt EEX"),
        ("Wie hoch war der Intraday-Preis gestern?", "Intraday"),
        ("Wie hoch war der Verbrauch von haus-2 im Mai 2023?", "keine Werte"),
    ],
)
def test_what_cannot_be_said_is_said_openly(world: World, question: str, part: str) -> None:
    with world.api.admin() as client:
        found = ask(client, question)
    assert found["mode"] == "series"
    assert found["answered"] is False
    assert part in plain(found["answer"])


def test_without_any_data_luna_says_what_to_do(world: World) -> None:
    with world.api.admin(world.api.tenant()) as client:
        found = ask(client, "Wie hoch war mein Verbrauch gestern?")
    assert found["mode"] == "series"
    assert "finde ich bei Ihnen nicht" in str(found["answer"])
    assert "Lesen Sie Messwerte ein" in str(found["suggestion"])


def test_the_stream_carries_the_same_sentences_with_their_receipts(world: World) -> None:
    question = "Erkläre den Preisverlauf vom 12. Dezember 2024"
    with world.api.admin() as client:
        whole = ask(client, question)
        with client.stream("POST", "/rag/ask", json={"question": question, "stream": True, "as_of": DAY}) as response:
            assert response.status_code == 200
            text = "".join(response.iter_text())
    events = re.findall(r"event: (\w+)\r?\ndata: (.*?)\r?\n\r?\n", text)
    sentences = [json.loads(data) for name, data in events if name == "sentence"]
    assert [plain(one["text"]) for one in sentences] == plain(whole["answer"]).split("\n\n")
    assert all(one["receipts"] for one in sentences)
    assert events[0][0] == "meta"
    assert events[-1][0] == "done"


def test_every_receipt_runs_again_and_tells_when_the_data_has_changed(world: World) -> None:
    # A tenant of its own: what is corrected here must not change what the other questions expect.
    tenant = world.api.tenant()
    day = during(world.meters["haus-1"], "2023-02-01")
    add_meter(world, "haus-1", day, tenant)
    question = "Wie viel hat haus-1 am 1. Februar 2023 verbraucht?"
    with world.api.admin(tenant) as client:
        found = ask(client, question)
        assert kwh(energy(day)) in plain(found["answer"])
        receipts = found["receipts"]
        assert isinstance(receipts, list)
        assert receipts
        for receipt in receipts:
            assert receipt["query"].startswith("WITH")
            assert receipt["parameters"]["meters"] == ["haus-1"]
            assert receipt["quality"]["covered_s"] == 86_400
            again = client.post(f"/receipts/{receipt['receipt_id']}/rerun").json()["data"]
            assert again["same"] is True
            assert again["changed_since"] is False
            assert again["result_sha256"] == receipt["result_sha256"]
        more = day.with_columns(pl.col("power") + 1)
        write_correction(world, more, tenant)
        again = client.post(f"/receipts/{receipts[0]['receipt_id']}/rerun").json()["data"]
        assert again["same"] is True, "as of its time the values are those of then"
        assert again["changed_since"] is True
        assert kwh(energy(more)) in plain(ask(client, question)["answer"])


def test_since_october_2025_the_auction_is_one_of_quarter_hours_and_hours_are_their_means(world: World) -> None:
    sample = PRICES.parent / "api_samples" / "energy-charts" / "price_DE-LU_2025-10-01.json"
    raw = json.loads(sample.read_text("utf-8"))
    begin = datetime(2025, 9, 30, 22, tzinfo=UTC)
    kept = [
        (datetime.fromtimestamp(moment, UTC), price)
        for moment, price in zip(raw["unix_seconds"], raw["price"], strict=True)
        if 0 <= (datetime.fromtimestamp(moment, UTC) - begin).total_seconds() < 86_400
    ]
    assert len(kept) == 96
    write_market(world, "DE-LU-15MIN", kept)
    values = [price for _, price in kept]
    means = [sum(values[at : at + 4]) / 4 for at in range(0, 96, 4)]
    with world.api.admin() as client:
        found = client.get(
            "/data/market",
            params={"market": "EPEX", "product": "DE-LU-15MIN", "from": "2025-10-01", "to": "2025-10-02",
                    "resolution": "1h"},
        ).json()["data"]  # fmt: skip
        answer = ask(client, "Wie hoch war der Börsenpreis am 1. Oktober 2025?", "2025-11-01")
        counted = ask(client, "Wie viele Stunden waren die Preise am 1. Oktober 2025 über 100 EUR/MWh?", "2025-11-01")
    assert found["price_eur_mwh"] == pytest.approx(means, abs=0.005)
    said = plain(answer["answer"])
    assert eur(sum(values) / 96) in said
    assert eur(max(values)) in said
    assert f"{sum(mean > 100 for mean in means)} Stunden von 24 Stunden" in plain(counted["answer"])
    assert "nach Stundenmitteln" in plain(counted["answer"])
