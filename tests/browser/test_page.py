"""What holds for every view: names, contrast, width, no request to outside; search and system views."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import Session

CHECKS = Path(__file__).with_name("checks.js").read_text(encoding="utf-8")
VIEWS = (
    "/",
    "/dokumente",
    "/suche",
    "/suche?q=Netzentgelt",
    "/markt",
    "/zaehler",
    "/zaehler/haus-1",
    "/system",
    "/impressum",
    "/datenschutz",
    "/kontakt",
    "/gibtsnicht",
)

INGEST: dict[str, Any] = {
    "ready": 6,
    "failed": 0,
    "queued": 0,
    "processing": 0,
    "queue_age_s": None,
    "duration_s_p50": 1.0,
    "duration_s_p95": 2.0,
    "failures_by_code": {},
}


def found_by(page: Page, check: str) -> Any:
    """What one of the checks in checks.js finds on the page as it is."""
    return page.evaluate(f"({CHECKS}).{check}()")


def settle(page: Page) -> None:
    """Wait until nothing is being fetched any more."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(150)


def too_wide(page: Page) -> dict[str, Any]:
    """What sticks out to the right, once the page has had time to follow its width.

    Charts and the drawer follow a moment later, on a busy machine a long one; what stays too wide is returned.
    """
    found: dict[str, Any] = {}
    for _ in range(100):
        found = found_by(page, "tooWide")
        if found["page"] <= page.evaluate("window.innerWidth") and not found["elements"] and not found["panes"]:
            break
        page.wait_for_timeout(100)
    return found


@pytest.mark.parametrize("path", VIEWS)
def test_every_control_has_a_name_and_ids_are_unique(desk: Session, path: str) -> None:
    page = desk.goto(path)
    settle(page)
    assert found_by(page, "nameless") == []
    assert page.evaluate("document.documentElement.lang") == "de"
    assert found_by(page, "doubledIds") == []
    expect(page.locator("main h1, main p").first).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_has_enough_contrast(desk: Session, question: str, theme: str) -> None:
    page = desk.page
    page.add_init_script(f"localStorage.setItem('luna.theme', '{theme}')")
    for path in VIEWS:
        desk.goto(path)
        settle(page)
        assert found_by(page, "lowContrast") == [], path
    desk.goto("/")
    desk.ask(question)
    page.get_by_text("Warum diese Quellen?").click()
    page.locator("sup button").first.click()
    page.get_by_test_id("drawer").locator("mark").first.wait_for()
    assert found_by(page, "lowContrast") == []
    assert found_by(page, "nameless") == []


@pytest.mark.parametrize("path", VIEWS)
def test_a_phone_never_scrolls_sideways(phone: Session, path: str) -> None:
    page = phone.goto(path)
    settle(page)
    for width in (390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_timeout(100)
        found = too_wide(page)
        assert found["page"] <= width, (path, width)
        assert found["elements"] == [], (path, width)
        assert found["panes"] == [], (path, width)


def test_a_long_answer_and_its_document_fit_on_a_phone(phone: Session, question: str) -> None:
    page = phone.goto("/")
    phone.ask(f"Bitte ausführlich: {question}")
    page.get_by_text("Warum diese Quellen?").click()
    assert too_wide(page)["elements"] == []
    page.locator("sup button").first.click()
    drawer = page.get_by_test_id("drawer")
    drawer.locator("mark").first.wait_for()
    assert too_wide(page)["elements"] == []
    drawer.get_by_role("link", name="Dokument", exact=True).click()
    page.get_by_test_id("passage-text").wait_for()
    assert too_wide(page)["elements"] == []


def test_the_phone_has_a_tab_bar_that_leads_everywhere(phone: Session) -> None:
    page = phone.goto("/")
    bar = page.get_by_role("navigation", name="Hauptnavigation")
    for name, path in (("Dokumente", "/dokumente"), ("Suche", "/suche"), ("System", "/system"), ("Fragen", "/")):
        bar.get_by_role("link", name=name).click()
        expect(page).to_have_url(re.compile(rf"{path}(\?.*)?$"), timeout=60_000)
        expect(bar.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")
        # Somebody who taps on has seen the view: its code comes with it, the next tap must not overtake that.
        expect(page.get_by_role("heading", level=1).first).to_be_visible()


def test_the_theme_is_remembered(desk: Session) -> None:
    page = desk.goto("/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="Helle Ansicht").click()
    page.reload()
    page.get_by_role("button", name="Dunkle Ansicht").wait_for()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_search_tells_why_each_passage_was_found(desk: Session) -> None:
    page = desk.goto("/suche")
    page.get_by_label("Suchfrage").fill("Netzentgelt steuerbare Verbrauchseinrichtung")
    page.keyboard.press("Enter")
    hit = page.get_by_test_id("hit").first
    hit.wait_for()
    expect(hit.locator("dl dt").first).to_be_visible()
    hit.get_by_role("button", name=re.compile("aufschlagen")).click()
    page.get_by_test_id("drawer").locator("mark").first.wait_for()


def test_help_speaks_and_closes_by_escape(desk: Session) -> None:
    page = desk.goto("/suche")
    button = page.get_by_role("button", name="Hilfe zu dieser Seite")
    button.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()


def test_help_goes_with_what_is_scrolled_and_lies_on_nothing(desk: Session) -> None:
    page = desk.system_as_administrator()
    settle(page)
    button = page.get_by_role("button", name="Hilfe zu dieser Seite").locator("visible=true")
    expect(button).to_be_in_viewport()
    assert found_by(page, "underHelp") == []
    page.get_by_role("heading", name="Stand", exact=True).scroll_into_view_if_needed()
    expect(button).not_to_be_in_viewport()
    for path in VIEWS:
        for width in (1440, 1024):
            page.set_viewport_size({"width": width, "height": 900})
            desk.goto(path)
            settle(page)
            assert found_by(page, "underHelp") == [], (path, width)


def test_two_columns_of_a_chart_are_no_slabs(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("the figures are played")
    points = [{"ts": f"2026-05-01T{hour}:00:00Z", "count": 3} for hour in (10, 11)]
    desk.page.route(
        "**/api/v1/metrics/ingest",
        lambda route: route.fulfill(json=route.fetch().json() | {"data": {**INGEST, "throughput": points}}),
    )
    page = desk.goto("/system")
    chart = page.get_by_role("figure").filter(has_text="Dokumente je Stunde")
    expect(chart).to_be_visible()
    box = chart.bounding_box()
    assert box is not None
    assert box["width"] < 300


def test_the_administrators_key_stays_in_the_tab(desk: Session, real_server: bool) -> None:
    page = desk.goto("/system")
    page.get_by_role("button", name="Schlüssel eingeben").click()
    page.get_by_label("Schlüssel", exact=False).last.fill("falsch")
    page.keyboard.press("Enter")
    # One place says it: the other sections have nothing to add.
    expect(page.get_by_role("button", name="Anderen Schlüssel eingeben")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(1)
    assert page.evaluate("Object.keys(localStorage).some(key => key.includes('admin'))") is False
    if real_server:
        return
    page.get_by_role("button", name="Anderen Schlüssel eingeben").click()
    page.get_by_label("Schlüssel", exact=False).last.fill("verwaltung")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Vektorindex")).to_be_visible()
    page.get_by_role("button", name="Schlüssel vergessen").click()
    expect(page.get_by_text("Vektorindex")).to_have_count(0)


def test_the_page_keeps_its_own_content_security_policy(desk: Session) -> None:
    page = desk.goto("/")
    settle(page)
    assert page.locator("script:not([src])").count() == 0
    assert page.locator("[onclick], [onload]").count() == 0
    assert all("/assets/" in src for src in page.locator("script[src]").evaluate_all("all => all.map(e => e.src)"))
