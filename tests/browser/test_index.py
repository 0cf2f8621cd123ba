"""The index in the administrator's view: which version answers, why one was refused, and the way back."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Session
from .test_page import CHECKS, settle, too_wide


@pytest.fixture(autouse=True)
def stand_in_only(real_server: bool) -> None:
    """The versions asked for here are the stand-in's, and a real index is not to be rolled back by a test."""
    if real_server:
        pytest.skip("these index versions exist in the stand-in only")


def opened(session: Session) -> Locator:
    """The panel of the index, at rest: a job that another test left running is over."""
    panel = session.system_as_administrator().get_by_test_id("index")
    expect(panel).to_have_attribute("data-busy", "false")
    return panel


def version(panel: Locator, state: str) -> Locator:
    """The first public version in a state."""
    rows = panel.get_by_role("region", name="Öffentlicher Bestand").get_by_test_id("index-version")
    return rows.and_(panel.page.locator(f"[data-state={state}]")).first


def number(row: Locator) -> str:
    """Which version a row is about."""
    found = re.search(r"Fassung (\d+)", row.inner_text())
    assert found is not None
    return found[1]


def test_a_refused_version_says_why(desk: Session) -> None:
    panel = opened(desk)
    row = version(panel, "refused")
    expect(row).to_contain_text("abgelehnt")
    expect(row).to_contain_text("Sie fände 30 von 60 Probefragen, die damals laufende fand 57.")
    expect(row.get_by_role("button")).to_have_count(0)
    expect(row.get_by_role("link", name=re.compile("Lauf von Fassung"))).to_have_attribute("href", re.compile("/runs/"))


def test_rolling_back_names_the_version_before_it_does_anything(desk: Session) -> None:
    panel = opened(desk)
    was, target = number(version(panel, "live")), number(version(panel, "retired"))
    ask = panel.get_by_role("button", name=f"Zu Fassung {target} zurückrollen")
    ask.click()
    dialog = panel.page.get_by_role("dialog", name=f"Zu Fassung {target} zurückrollen?")
    dialog.get_by_role("button", name=f"Bei Fassung {was} bleiben").click()
    expect(dialog).to_have_count(0)
    assert number(version(panel, "live")) == was
    ask.click()
    dialog.get_by_role("button", name=f"Zu Fassung {target} zurückrollen").click()
    expect(panel.get_by_test_id("index-job").first).to_contain_text("Zurückrollen")
    expect(panel).to_have_attribute("data-busy", "false")
    expect(version(panel, "live")).to_contain_text(f"Fassung {target}")
    expect(panel.get_by_role("button", name=f"Zu Fassung {was} zurückrollen")).to_be_enabled()


def test_a_rebuild_that_is_worse_leaves_the_live_version(desk: Session) -> None:
    panel = opened(desk)
    was, refused = number(version(panel, "live")), number(version(panel, "refused"))
    panel.get_by_role("button", name="Neu bauen").click()
    panel.page.get_by_role("dialog").get_by_role("button", name="Neu bauen").click()
    expect(panel.get_by_test_id("index-job").first).to_contain_text("gescheitert")
    expect(panel.get_by_test_id("index-job").first).to_contain_text("hat ihre Prüfung nicht bestanden")
    expect(version(panel, "refused")).not_to_contain_text(f"Fassung {refused}")
    assert number(version(panel, "live")) == was


def test_the_engine_can_be_chosen(desk: Session) -> None:
    panel = opened(desk)
    panel.get_by_role("button", name="Speicherort").click()
    dialog = panel.page.get_by_role("dialog", name="Wo die Vektoren liegen")
    dialog.get_by_label("Ziel").select_option("postgres")
    expect(dialog.get_by_text("Vektoren in Qdrant danach freigeben")).to_be_visible()
    dialog.get_by_role("button", name="Nach PostgreSQL bringen").click()
    expect(panel.get_by_test_id("index-job").first).to_contain_text("Speicherort wechseln")
    expect(panel).to_have_attribute("data-busy", "false")


@pytest.mark.parametrize("width", [390, 320])
def test_it_fits_on_a_phone(phone: Session, width: int) -> None:
    panel = opened(phone)
    page: Page = panel.page
    settle(page)
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_timeout(100)
    found = too_wide(page)
    assert (found["page"] <= width, found["elements"], found["panes"]) == (True, [], [])
    for check in ("nameless", "lowContrast", "doubledIds"):
        assert page.evaluate(f"({CHECKS}).{check}()") == [], check
