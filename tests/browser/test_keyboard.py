"""Dialogs and what is done in them, by keyboard alone: in, through, out, and back to where one was."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import Session
from .test_page import VIEWS, found_by, settle

IMPORTED = "meter_id;ts;consumption_kw\nhaus-1;2024-12-03T00:00:00+01:00;0,4\n"

# Where a dialog is opened, what by, what it is called, and whether that needs the administrator's key.
DIALOGS = [
    ("/system", "Verwaltungsschlüssel", "Verwaltungsschlüssel", False),
    ("/system", "Schlüssel eingeben", "Verwaltungsschlüssel", False),
    ("/system", "Neu bauen", "Den Index neu bauen?", True),
    ("/system", "Speicherort", "Wo die Vektoren liegen", True),
    ("/system", re.compile("^Zu Fassung .* zurückrollen$"), re.compile("zurückrollen"), True),
    ("/system", "Hilfe zu dieser Seite", "Hilfe zu dieser Seite", True),
    ("/zaehler", "Zähler anlegen", "Zähler anlegen", False),
    ("/zaehler/haus-1", "Löschen", re.compile("löschen")),
]


def opened(session: Session, path: str, *, admin: bool = False) -> Page:
    """A view, with the stand-in's key where one is needed."""
    return session.system_as_administrator() if admin else session.goto(path)


def holds_focus(dialog: Locator) -> bool:
    """Whether the focus is in it."""
    return bool(dialog.evaluate("dialog => dialog.contains(document.activeElement)"))


def ring(page: Page) -> str:
    """How the focused element is outlined, once the outline has faded in."""
    page.wait_for_timeout(30)
    return str(page.evaluate("(s => `${s.outlineStyle} ${s.outlineWidth}`)(getComputedStyle(document.activeElement))"))


def focused(page: Page) -> Any:
    """The region or control that has the focus, by its label."""
    return page.evaluate("(e => e.getAttribute('aria-label') ?? e.textContent.trim())(document.activeElement)")


@pytest.mark.parametrize("key", ["Enter", "Space"])
@pytest.mark.parametrize("case", DIALOGS, ids=[f"{one[0]} {getattr(one[1], 'pattern', one[1])}" for one in DIALOGS])
def test_a_dialog_takes_the_focus_keeps_it_and_gives_it_back(
    desk: Session, real_server: bool, case: tuple[Any, ...], key: str
) -> None:
    if real_server:
        pytest.skip("the meter, the versions of the index and the key are the stand-in's")
    path, by, name, admin = (*case, False)[:4]
    page = opened(desk, path, admin=admin)
    button = page.get_by_role("button", name=by, exact=isinstance(by, str)).locator("visible=true").first
    expect(button).to_be_enabled()
    button.press(key)
    dialog = page.get_by_role("dialog", name=name)
    expect(dialog).to_be_visible()
    page.wait_for_function("document.querySelector('[role=dialog]').contains(document.activeElement)")
    for step in ("Tab",) * 9 + ("Shift+Tab",) * 10:
        page.keyboard.press(step)
        assert holds_focus(dialog), step
        assert ring(page) == "solid 2px", focused(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()


def test_a_form_begins_in_its_first_field_and_a_question_with_its_way_out(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("the meter is the stand-in's")
    page = desk.goto("/zaehler")
    page.get_by_role("button", name="Zähler anlegen").press("Enter")
    expect(page.get_by_label("Kennung")).to_be_focused()
    page = desk.goto("/zaehler/haus-1")
    page.get_by_role("button", name="Löschen", exact=True).press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Schließen")).to_be_focused()


def test_on_a_phone_the_list_of_conversations_gives_the_focus_back(phone: Session) -> None:
    page = phone.goto("/")
    button = page.get_by_role("button", name="Gespräche")
    button.press("Enter")
    dialog = page.get_by_role("dialog", name="Gespräche")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    button.press("Enter")
    dialog.get_by_role("button", name="Neues Gespräch").press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("Ihre Frage an Luna")).to_be_focused()


def test_where_a_button_went_with_its_order_the_focus_stays_in_its_section(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("the key is the stand-in's")
    page = desk.goto("/system")
    page.get_by_role("button", name="Schlüssel eingeben").press("Enter")
    page.keyboard.type("verwaltung")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("region", name="Bestandteile")).to_be_focused()


def test_a_button_at_work_keeps_the_focus_and_does_nothing_twice(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("the index is the stand-in's")
    page = desk.system_as_administrator()
    panel = page.get_by_test_id("index")
    expect(panel).to_have_attribute("data-busy", "false")
    button = panel.get_by_role("button", name="Neu bauen")
    button.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Neu bauen").press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    expect(button).to_be_disabled()
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(panel).to_have_attribute("data-busy", "false")
    expect(button).to_be_focused()


def test_after_a_roll_back_the_focus_stays_with_the_versions(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("a real index is not to be rolled back by a test")
    page = desk.system_as_administrator()
    panel = page.get_by_test_id("index")
    expect(panel).to_have_attribute("data-busy", "false")
    versions = panel.get_by_role("region", name="Öffentlicher Bestand")
    button = versions.get_by_role("button", name=re.compile("zurückrollen$")).first
    label = button.get_attribute("aria-label") or ""
    button.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name=label).press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(versions.get_by_role("button", name=label)).to_have_count(0)
    expect(versions).to_be_focused()


def test_an_import_is_taken_back_only_after_a_question(desk: Session, real_server: bool, tmp_path: Path) -> None:
    if real_server:
        pytest.skip("the meter is the stand-in's")
    page = desk.goto("/zaehler")
    file = tmp_path / "werte.csv"
    file.write_text(IMPORTED, encoding="utf-8")
    page.get_by_label("Dateien mit Messwerten wählen").set_input_files(file)
    row = page.get_by_test_id("import").first
    row.get_by_role("button", name="Einlesen").press("Enter")
    back = page.get_by_test_id("import").first.get_by_role("button", name="„werte.csv“ zurücknehmen")
    back.press("Enter")
    question = page.get_by_role("dialog", name="Zurücknehmen?")
    question.get_by_role("button", name="Behalten").press("Enter")
    expect(question).to_have_count(0)
    expect(back).to_be_focused()
    back.press("Enter")
    question.get_by_role("button", name="Zurücknehmen").press("Enter")
    expect(page.get_by_test_id("import").first).to_have_attribute("data-status", "undone")
    expect(page.get_by_role("region", name="Messwerte einlesen")).to_be_focused()


def test_a_deleted_document_is_brought_back_by_keyboard(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("a real server's documents are not to be deleted by a test")
    page = desk.goto("/dokumente?suche=Beschaffungsnotiz")
    links = page.get_by_test_id("item").locator("[data-item]")
    expect(links.nth(2)).to_be_visible()
    first, second = links.nth(0).get_attribute("data-item"), links.nth(1).get_attribute("data-item")
    page.get_by_test_id("item").first.get_by_role("button", name=re.compile("löschen$")).press("Enter")
    expect(page.locator(f"[data-item='{first}']")).to_have_count(0)
    expect(page.locator(f"[data-item='{second}']")).to_be_focused()
    expect(page.get_by_role("button", name="Rückgängig").locator("kbd")).to_have_text("F8")
    page.keyboard.press("F8")
    expect(page.get_by_role("button", name="Rückgängig")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-item='{first}']")).to_be_visible()


def test_a_deleted_document_leaves_the_focus_in_the_list(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("a real server's documents are not to be deleted by a test")
    page = desk.goto("/dokumente?suche=Beschaffungsnotiz")
    page.get_by_test_id("item").first.locator("[data-item]").press("Enter")
    page.get_by_role("button", name="Löschen", exact=True).press("Enter")
    page.wait_for_url(re.compile("/dokumente$"))
    expect(page.get_by_role("main")).to_be_focused()
    page.get_by_role("button", name="Rückgängig").press("Enter")


@pytest.mark.parametrize("way", ["hover", "focus"])
def test_the_whole_title_of_a_conversation_is_shown_where_it_is_cut(desk: Session, real_server: bool, way: str) -> None:
    if real_server:
        pytest.skip("the titles are the stand-in's")
    whole = "Welche Pflichten hat ein Netzbetreiber, wenn er eine steuerbare Verbrauchseinrichtung dimmen will?"

    def titles(route: Any) -> None:
        body = route.fetch().json()
        for at, one in enumerate(body["data"]["conversations"]):
            one["title"] = whole if at == 0 else "Kurz"
        route.fulfill(json=body)

    desk.page.route("**/api/v1/conversations*", titles)
    page = desk.goto("/")
    links = page.get_by_role("region", name="Gespräche").get_by_role("link")
    expect(links.first).to_contain_text(whole)

    def reach(link: Locator) -> None:
        if way == "hover":
            link.hover()
        else:
            # By a key: a focus that a script gives is no sign that somebody goes by keyboard.
            link.evaluate("link => link.parentElement.previousElementSibling?.querySelector('a')?.focus()")
            link.focus()

    reach(links.first)
    expect(page.get_by_role("tooltip")).to_have_text(whole)
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_have_count(0)
    reach(links.nth(1))
    page.wait_for_timeout(1000)
    expect(page.get_by_role("tooltip")).to_have_count(0)


@pytest.mark.parametrize("path", VIEWS)
def test_no_ring_of_focus_is_cut_off(desk: Session, path: str) -> None:
    page = desk.goto(path)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        settle(page)
        assert found_by(page, "cutRings") == [], width


def test_no_ring_of_focus_is_cut_off_around_an_answer(desk: Session, question: str) -> None:
    page = desk.goto("/")
    desk.ask(question)
    assert found_by(page, "cutRings") == []
    page.get_by_role("button", name="Beleg", exact=True).press("Enter")
    page.get_by_test_id("receipt").get_by_text("Kette der Belege").wait_for()
    assert found_by(page, "cutRings") == []
