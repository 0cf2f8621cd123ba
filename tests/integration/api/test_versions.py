"""Validity in time: a day named in the question or given, two versions compared, answers whose ground was replaced."""

from __future__ import annotations

import lzma
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import Api, ready
from tests.places import SHARED

HISTORY = SHARED / "data" / "law" / "history"
HEAD = "# Gesetz über Musteranschlüsse (Musteranschlussgesetz - MuAG)\n\n"
FIRST = (
    HEAD
    + """## § 1 – Anschlussfrist

(1) Der Netzbetreiber hat einen Musteranschluss innerhalb von acht Wochen nach Eingang des Antrags herzustellen. \
Die Kosten des Musteranschlusses trägt der Netzbetreiber. Er teilt dem Antragsteller den Termin in Textform mit.

## § 2 – Entgelt

(1) Das Entgelt für den Musteranschluss beträgt höchstens 80 Euro.
"""
)
SECOND = (
    FIRST.replace("acht Wochen", "vier Wochen")
    .replace("Die Kosten des Musteranschlusses trägt der Netzbetreiber. ", "")
    .replace("Textform mit.", "Textform mit. Ein Zuschlag für Eile wird nicht erhoben.")
)


@pytest.fixture(scope="module")
def world(api: Api) -> tuple[str, str]:
    """A tenant with two versions of a law, and the answer that was given while only the first was there."""
    name = api.tenant()
    with api.admin(name) as admin:
        first = ready(api, admin, FIRST, name="muag.md", kind="regulation", valid_from="2021-01-01")
        document = admin.get(f"/items/{first}").json()["data"]["document_id"]
        with api.user(tenant=name) as user:
            given = str(ask(user, "Innerhalb welcher Frist ist ein Musteranschluss herzustellen?")["answer_id"])
        ready(api, admin, SECOND, name="muag.md", kind="regulation", valid_from="2024-01-01", document_id=str(document))
    return name, given


def ask(client: httpx.Client, question: str, **fields: object) -> dict[str, Any]:
    response = client.post("/rag/ask", json={"question": question, **fields})
    assert response.status_code == 200, response.text
    return response.json()["data"]


@pytest.mark.parametrize(
    ("question", "fields", "said", "unsaid"),
    [
        ("Innerhalb welcher Frist ist ein Musteranschluss herzustellen?", {}, "vier Wochen", "acht Wochen"),
        (
            "Innerhalb welcher Frist ist ein Musteranschluss herzustellen?",
            {"as_of": "2022-06-30"},
            "acht Wochen",
            "vier Wochen",
        ),
        ("Was galt 2022 als Frist für den Musteranschluss nach § 1 MuAG?", {}, "acht Wochen", "vier Wochen"),
        ("Welche Frist galt am 1.3.2024 nach § 1 MuAG für den Musteranschluss?", {}, "vier Wochen", "acht Wochen"),
    ],
)
def test_the_version_of_the_day_answers(
    api: Api, world: tuple[str, str], question: str, fields: dict[str, str], said: str, unsaid: str
) -> None:
    with api.user(tenant=world[0]) as user:
        data = ask(user, question, **fields)
    assert data["answered"], data
    assert said in data["answer"]
    assert unsaid not in data["answer"]


def test_two_versions_are_compared_sentence_by_sentence(api: Api, world: tuple[str, str]) -> None:
    with api.user(tenant=world[0]) as user:
        data = ask(user, "Was hat sich an § 1 MuAG zwischen 2022 und 2024 geändert?")
    assert data["answered"], data
    assert data["mode"] == "extractive"
    assert "1 Satz geändert, 1 Satz neu und 1 Satz weggefallen" in data["summary"]
    before = data["answer"].index("Bisher (Stand 31.12.2022):")
    assert before < data["answer"].index("acht Wochen") < data["answer"].index("Danach (Stand 31.12.2024):")
    assert (
        "Weggefallen (Stand 31.12.2022):\nDie Kosten des Musteranschlusses trägt der Netzbetreiber." in data["answer"]
    )
    assert "Neu (Stand 31.12.2024):\nEin Zuschlag für Eile wird nicht erhoben." in data["answer"]
    assert {one["payload"]["version"] for one in data["citations"]} == {1, 2}
    assert "Textform mit" not in data["answer"]


def test_what_did_not_change_is_said_to_be_the_same(api: Api, world: tuple[str, str]) -> None:
    with api.user(tenant=world[0]) as user:
        data = ask(user, "Welche Unterschiede gibt es bei § 2 MuAG zwischen 2022 und 2024?")
    assert data["answered"], data
    assert "denselben Wortlaut" in data["summary"]


def test_a_day_before_every_version_is_no_comparison(api: Api, world: tuple[str, str]) -> None:
    with api.user(tenant=world[0]) as user:
        data = ask(user, "Was hat sich an § 1 MuAG zwischen 2015 und 2024 geändert?")
    assert not data["answered"]
    assert "keine Fassung" in data["summary"]


def test_an_answer_whose_passage_was_replaced_is_marked(api: Api, world: tuple[str, str]) -> None:
    name, given = world
    with api.admin(name) as admin:
        again = admin.post(f"/answers/{given}/replay")
    assert again.status_code in {200, 201}, again.text
    assert "inzwischen Fassung 2" in again.text


@pytest.mark.skipif(not HISTORY.is_dir(), reason="the former versions (../shared/data/law/history) are not here")
@pytest.mark.timeout(400)
def test_former_versions_of_a_real_law(api: Api) -> None:
    name = api.tenant()
    versions = ("2021-12-31", "2023-01-01", "2025-01-31")
    document: dict[str, str] = {}
    with api.admin(name) as admin:
        for day in versions:
            text = lzma.decompress((HISTORY / day / "EnWG.md.xz").read_bytes())
            item = ready(api, admin, text, name="EnWG.md", kind="regulation", valid_from=day, **document)
            document = {"document_id": str(admin.get(f"/items/{item}").json()["data"]["document_id"])}
    with api.user(tenant=name) as user:
        then = ask(user, "Was galt 2022 nach § 14a EnWG für steuerbare Verbrauchseinrichtungen?")
        changed = ask(user, "Was hat sich an § 14a EnWG zwischen 2022 und 2024 geändert?")
    assert then["answered"], then
    assert {one["payload"]["valid_from"] for one in then["citations"]} == {"2021-12-31"}
    assert changed["answered"], changed
    assert "geändert:" in changed["summary"]
    assert {one["payload"]["valid_from"] for one in changed["citations"]} == {"2021-12-31", "2023-01-01"}
