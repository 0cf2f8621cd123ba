"""What was measured of search, in the administrator's view."""

import json

import pytest
from playwright.sync_api import Route, expect

from .conftest import Session
from .test_page import CHECKS, settle, too_wide


@pytest.fixture(autouse=True)
def stand_in_only(real_server: bool) -> None:
    """The figures looked for here are the stand-in's."""
    if real_server:
        pytest.skip("these figures exist in the stand-in only")


def test_the_figures_stand_by_kind_with_where_they_come_from(desk: Session) -> None:
    panel = desk.system_as_administrator().get_by_role("region", name="Güte der Suche")
    table = panel.get_by_role("table", name="Zurückgehaltene Fragen")
    rows = table.locator("tbody tr")
    expect(rows.last).to_contain_text("Zusammen")
    expect(rows.last).to_contain_text("89 %")
    expect(rows.last).to_contain_text("0,79")
    expect(panel.get_by_role("link", name="Lauf 03fe8fd2")).to_have_attribute(
        "href", "http://127.0.0.1:3000/runs/03fe8fd2-b15d-43d1-9610-e7ac7f43b559"
    )
    expect(panel).to_contain_text("an Fassung 1 des öffentlichen Bestands mit 186 Probefragen; 220 blieben aus")
    expect(panel).to_contain_text("Live ist inzwischen Fassung")
    other = panel.get_by_role("table", name="Fragen, an denen gearbeitet wird")
    expect(other).to_be_hidden()
    panel.locator("summary").click()
    expect(other).to_be_visible()


def test_where_nothing_was_measured_it_says_how_to(desk: Session) -> None:
    def nothing(route: Route) -> None:
        body = {"status": "ok", "message": "", "trace_id": "0" * 32, "data": {"measured": None, "live_version": 4}}
        route.fulfill(content_type="application/json", body=json.dumps(body))

    desk.page.route("**/api/v1/admin/evaluation", nothing)
    panel = desk.system_as_administrator().get_by_role("region", name="Güte der Suche")
    expect(panel).to_contain_text("luna eval")
    expect(panel).to_contain_text("documents/evaluation")
    expect(panel.get_by_role("table")).to_have_count(0)


def test_without_the_key_it_is_not_asked_for(desk: Session) -> None:
    page = desk.goto("/system")
    settle(page)
    expect(page.get_by_role("region", name="Güte der Suche")).to_have_count(0)


@pytest.mark.parametrize("width", [390, 320])
def test_it_fits_on_a_phone(phone: Session, width: int) -> None:
    page = phone.system_as_administrator()
    page.get_by_role("region", name="Güte der Suche").locator("summary").click()
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_timeout(100)
    found = too_wide(page)
    assert (found["page"] <= width, found["elements"], found["panes"]) == (True, [], [])
    for check in ("nameless", "lowContrast", "doubledIds"):
        assert page.evaluate(f"({CHECKS}).{check}()") == [], check
