"""A server that says nothing: the page gives up in its time, says so, and tries again when it is told to."""

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import Session

FIELD = "Ihre Frage an Luna"


@pytest.fixture(autouse=True)
def stand_in_only(real_server: bool) -> None:
    """What is held back here is what the stand-in answers."""
    if real_server:
        pytest.skip("held back between the page and the stand-in only")


def held(page: Page, path: str) -> None:
    """Calls of a path are neither answered nor refused."""
    page.route(re.compile(path), lambda _: None)


def test_a_list_that_does_not_come_is_given_up_and_asked_for_again(desk: Session) -> None:
    page = desk.page
    page.clock.install()
    held(page, r"/api/v1/items\?")
    with page.expect_request(re.compile(r"/api/v1/items\?")):
        desk.goto("/dokumente")
    expect(page.get_by_role("status").first).to_be_visible()
    page.clock.fast_forward(31_000)
    alert = page.get_by_role("alert").filter(has_text="Seit 30 Sekunden höre ich nichts von meinem Server")
    expect(alert).to_be_visible()
    page.unroute_all()
    alert.get_by_role("button", name="Noch einmal versuchen").click()
    expect(page.get_by_role("link", name=re.compile("Energiewirtschaftsgesetz|EnWG")).first).to_be_visible()
    expect(alert).to_have_count(0)


def test_a_change_that_is_not_answered_is_not_said_to_have_failed(desk: Session) -> None:
    page = desk.page
    page.clock.install()
    desk.goto("/")
    desk.ask("Was sind steuerbare Verbrauchseinrichtungen nach § 14a EnWG?")
    held(page, "/api/v1/feedback/rag")
    with page.expect_request(re.compile("/api/v1/feedback/rag")):
        page.get_by_role("button", name="Hilfreich", exact=True).click()
    page.clock.fast_forward(61_000)
    messages = page.get_by_role("region", name="Meldungen")
    expect(messages.get_by_text("Ob Ihr Auftrag noch ankam, weiß ich nicht")).to_be_visible()


def test_an_answer_that_falls_silent_ends_with_a_word_and_can_be_asked_again(desk: Session) -> None:
    page = desk.page
    page.clock.install()
    desk.goto("/")
    held(page, "/api/v1/rag/ask")
    page.get_by_label(FIELD).fill("Was sind steuerbare Verbrauchseinrichtungen nach § 14a EnWG?")
    with page.expect_request(re.compile("/api/v1/rag/ask")):
        page.keyboard.press("Enter")
    expect(page.get_by_text("Ich lese nach …")).to_be_visible()
    page.clock.fast_forward(46_000)
    alert = page.get_by_role("alert").filter(has_text="Seit 45 Sekunden höre ich nichts")
    expect(alert).to_be_visible()
    expect(page.get_by_text("Ich lese nach …")).to_have_count(0)
    page.unroute_all()
    alert.get_by_role("button", name="Noch einmal versuchen").click()
    expect(page.get_by_role("region", name="Quellen")).to_be_visible()
