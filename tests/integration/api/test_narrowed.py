"""Limits that leave no document are named; limits that leave one are not blamed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.api.conftest import NOTE, Api, ready
from tests.integration.api.test_answers import QUESTION, ask


@pytest.fixture(scope="module")
def tenant(api: Api) -> str:
    """A tenant with one tagged document that is valid from 2020 on; no test adds another."""
    return with_house(api)


def with_house(api: Api) -> str:
    """A new tenant with that document."""
    name = api.tenant()
    with api.admin(name) as admin:
        ready(api, admin, NOTE, name="haus.md", tags="haus", title="Hausordnung", valid_from="2020-01-01")
    return name


@pytest.mark.parametrize(
    ("limits", "named", "innocent"),
    [
        ({"filters": {"tags": "garten"}}, ["Schlagwort „garten“"], []),
        ({"filters": {"tags": ["garten", "hof"]}}, ["Schlagwort „garten“ oder „hof“"], []),
        ({"filters": {"kind": "note"}}, ["Art Notizen"], []),
        ({"filters": {"kind": "note", "tags": "haus"}}, ["Art Notizen"], ["Schlagwort"]),
        ({"filters": {"source": "crawler"}}, ["Herkunft aus dem Netz geholt"], []),
        ({"filters": {"version": 7}}, ["Fassung 7"], []),
        ({"filters": {"document_id": str(uuid4())}}, ["das gewählte Dokument"], []),
        ({"filters": {"metadata.projekt": "Nord"}}, ["Merkmal projekt „Nord“"], []),
        ({"as_of": "1999-05-01"}, ["Stand 01.05.1999"], []),
        ({"as_of": "1999-05-01", "filters": {"tags": "haus"}}, ["Stand 01.05.1999"], ["Schlagwort"]),
    ],
)
def test_the_limits_that_leave_nothing_are_named(
    api: Api, tenant: str, limits: dict[str, Any], named: list[str], innocent: list[str]
) -> None:
    with api.user(tenant=tenant) as user:
        answer = ask(user, **limits)
    assert answer["answered"] is False
    assert answer["citations"] == []
    said = str(answer["answer"])
    assert all(name in said for name in named), said
    assert not any(name in said for name in innocent), said
    assert "Eingrenzung" in str(answer["suggestion"])
    assert answer["next_question"]


def test_a_combination_is_named_as_a_whole(api: Api) -> None:
    tenant = with_house(api)
    with api.admin(tenant) as admin, api.user(tenant=tenant) as user:
        ready(
            api,
            admin,
            "# Garten\n\nDer Garten ist offen.\n",
            name="garten.md",
            kind="note",
            tags="garten",
            valid_from="2020-01-01",
        )
        said = str(ask(user, filters={"kind": "note", "tags": "haus"})["answer"])
    assert "Art Notizen" in said
    assert "Schlagwort „haus“" in said


@pytest.mark.parametrize("limits", [{"filters": {"tags": "haus"}}, {"as_of": "2021-01-01"}, {}])
def test_limits_that_leave_a_document_are_not_blamed(api: Api, tenant: str, limits: dict[str, Any]) -> None:
    with api.user(tenant=tenant) as user:
        answer = ask(user, "Wie hoch ist der Kölner Dom?", **limits)
        assert "Eingrenzung" not in str(answer["answer"]) + str(answer["suggestion"])
        assert ask(user, **limits)["answered"] is True


def test_the_day_in_a_question_is_named_too(api: Api, tenant: str) -> None:
    with api.user(tenant=tenant) as user:
        answer = ask(user, "Welche Kündigungsfrist galt am 1. Mai 1999 für den Liefervertrag?")
    assert "Stand 01.05.1999" in str(answer["answer"]), answer["answer"]


def test_where_there_is_no_document_no_limit_is_to_blame(api: Api) -> None:
    with api.user(tenant=api.tenant()) as user:
        response: httpx.Response = user.post("/rag/ask", json={"question": QUESTION, "filters": {"tags": "x"}})
    assert "Eingrenzung" not in response.text
