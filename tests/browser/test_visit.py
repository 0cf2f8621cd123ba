"""A visit as people make it: several questions, the browser's own buttons, a cut line, a page for the printer."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import FilePayload, Route, expect

from .conftest import Session

FIELD = "Ihre Frage an Luna"
SHORT = "Wer war bei der Mondlandung dabei?"


def ask_short(session: Session, question: str = SHORT) -> None:
    """Ask what the stand-in declines in a line, and wait for it."""
    before = session.page.get_by_test_id("not-answered").count()
    session.page.get_by_label(FIELD).fill(question)
    session.page.keyboard.press("Enter")
    expect(session.page.get_by_test_id("not-answered")).to_have_count(before + 1)


@pytest.mark.parametrize("screen", ["desk", "phone"])
def test_the_newest_question_stands_at_the_top_however_short_its_answer(
    request: pytest.FixtureRequest, screen: str, question: str
) -> None:
    session: Session = request.getfixturevalue(screen)
    page = session.goto("/")
    session.ask(f"Bitte ausführlich: {question}")
    ask_short(session)
    page.wait_for_function(
        """() => {
          const last = [...document.querySelectorAll('article')].at(-1).getBoundingClientRect();
          const pane = document.querySelector('article').closest('.overflow-y-auto').getBoundingClientRect();
          return Math.abs(last.top - pane.top) < 40;
        }"""
    )
    expect(page.get_by_test_id("not-answered")).to_be_in_viewport(ratio=1)


def test_one_short_answer_needs_no_scrolling(desk: Session) -> None:
    page = desk.goto("/")
    ask_short(desk)
    pane = page.locator("article").locator("xpath=ancestor::*[contains(@class, 'overflow-y-auto')]")
    assert pane.evaluate("pane => pane.scrollHeight <= pane.clientHeight")


def test_every_view_has_a_title_of_its_own(desk: Session, question: str) -> None:
    titles = {
        "/": "Fragen – Luna",
        "/dokumente": "Dokumente – Luna",
        "/suche": "Suche – Luna",
        "/zaehler": "Zähler – Luna",
        "/zaehler/haus-1": "Haus am See – Luna",
        "/markt": "Markt – Luna",
        "/system": "System – Luna",
        "/impressum": "Impressum – Luna",
        "/gibtsnicht": "Seite nicht gefunden – Luna",
    }
    for path, title in titles.items():
        desk.goto(path)
        expect(desk.page).to_have_title(title)
    desk.goto("/")
    desk.ask(question)
    expect(desk.page).to_have_title(re.compile(re.escape(question[:30]) + ".* – Luna$"))


def test_forward_leads_to_the_empty_page_again(desk: Session) -> None:
    page = desk.goto("/")
    ask_short(desk)
    page.wait_for_url(re.compile(r"[?&]c="))
    conversation = page.url
    page.get_by_role("button", name="Neues Gespräch").click()
    expect(page.get_by_role("article")).to_have_count(0)
    page.go_back()
    expect(page).to_have_url(conversation)
    expect(page.get_by_role("article")).to_have_count(1)
    page.go_forward()
    expect(page.get_by_role("article")).to_have_count(0)
    expect(page.get_by_role("heading", name="Ich bin Luna.")).to_be_visible()


def test_the_way_back_to_questions_keeps_the_conversation_in_the_address(desk: Session) -> None:
    page = desk.goto("/")
    ask_short(desk)
    page.wait_for_url(re.compile(r"[?&]c="))
    conversation = page.url
    bar = page.get_by_role("navigation", name="Hauptnavigation")
    bar.get_by_role("link", name="Fragen").click()
    expect(page).to_have_url(conversation)
    bar.get_by_role("link", name="Dokumente").click()
    expect(page.get_by_role("heading", name="Dokumente", exact=True)).to_be_visible()
    bar.get_by_role("link", name="Fragen").click()
    expect(page).to_have_url(conversation)
    expect(page.get_by_role("article")).to_have_count(1)


def test_a_text_that_is_too_long_is_kept_and_told_instead_of_cut(desk: Session) -> None:
    page = desk.goto("/")
    field = page.get_by_label(FIELD)
    field.fill("Was gilt? " * 450)
    assert len(field.input_value()) == 4500
    told = page.get_by_role("status").filter(has_text="höchstens 4.000")
    expect(told).to_contain_text("4.499 Zeichen")
    expect(told).to_contain_text("um 499")
    expect(page.get_by_role("button", name="Frage senden")).to_be_disabled()
    field.press("Enter")
    expect(page.get_by_role("article")).to_have_count(0)
    field.fill("Was gilt?")
    expect(told).to_have_count(0)
    expect(page.get_by_role("button", name="Frage senden")).to_be_enabled()


def test_a_pasted_page_is_no_headline(desk: Session) -> None:
    page = desk.goto("/")
    ask_short(desk, SHORT + " Ich frage nur." * 100)
    heading = page.locator("article h2")
    low = heading.evaluate("e => e.getBoundingClientRect().height")
    heading.get_by_role("button", name="Ganze Frage zeigen").click()
    assert low < 200 < heading.evaluate("e => e.getBoundingClientRect().height")


def test_a_view_that_cannot_be_fetched_does_not_lose_the_page(desk: Session) -> None:
    page = desk.goto("/")
    ask_short(desk)
    page.route("**/assets/**", lambda route: route.abort())
    page.route("**/api/**", lambda route: route.abort())
    bar = page.get_by_role("navigation", name="Hauptnavigation")
    bar.get_by_role("link", name="Markt").click()
    alert = page.get_by_role("main").get_by_role("alert").filter(has=page.get_by_role("button", name="Noch einmal"))
    expect(alert).to_contain_text("nicht zu erreichen")
    alert.get_by_role("button", name="Noch einmal versuchen").click()
    expect(alert).to_contain_text("erreiche meinen eigenen Server nicht")
    page.unroute("**/assets/**")
    page.unroute("**/api/**")
    alert.get_by_role("button", name="Noch einmal versuchen").click()
    expect(page.get_by_role("heading", name="Markt", exact=True)).to_be_visible()


def test_a_conversation_deleted_elsewhere_is_followed_by_a_new_one(
    desk: Session, question: str, real_server: bool
) -> None:
    if real_server:
        pytest.skip("the stand-in's refusal is played")
    page = desk.goto("/")
    desk.ask(question)
    expect(page).to_have_url(re.compile(r"[?&]c="))
    old = parse_qs(urlsplit(page.url).query)["c"][0]

    def refuse(route: Route) -> None:
        if old not in (route.request.post_data or ""):
            route.continue_()
            return
        body = {"status": "error", "message": "Dieses Gespräch gibt es nicht.", "trace_id": "0" * 32, "data": None}
        route.fulfill(status=404, content_type="application/json", body=json.dumps(body))

    page.route("**/api/v1/rag/ask", refuse)
    page.get_by_label(FIELD).fill(question)
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="beginne ich ein neues")
    alert.get_by_role("button", name="Noch einmal versuchen").click()
    expect(page.get_by_role("region", name="Quellen")).to_have_count(2)
    expect(page).not_to_have_url(re.compile(re.escape(old)))
    expect(page).to_have_url(re.compile(r"[?&]c="))


def test_on_paper_stands_the_whole_answer_and_nothing_to_click(desk: Session, question: str) -> None:
    page = desk.goto("/")
    desk.ask(f"Bitte ausführlich: {question}")
    desk.ask(question)
    page.emulate_media(media="print")
    for gone in (page.get_by_role("navigation"), page.get_by_label(FIELD), page.get_by_label("Hilfe zu dieser Seite")):
        expect(gone.first).to_be_hidden()
    expect(page.get_by_role("button", name="Hilfreich", exact=True).first).to_be_hidden()
    heights = page.locator("article").evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert page.evaluate("document.documentElement.scrollHeight") >= sum(heights) > 900
    ink = page.locator("article h2").first.evaluate("e => getComputedStyle(e).color")
    assert ink == "rgb(0, 0, 0)"


def test_times_tell_their_zone(desk: Session) -> None:
    page = desk.goto("/zaehler/haus-1?span=tag&tag=2024-12-12")
    expect(page.get_by_test_id("series-note")).to_contain_text(re.compile(r"Stand \d\d\.\d\d\.\d{4}, \d\d:\d\d MES?Z"))


def test_a_power_that_is_no_number_is_told_instead_of_dropped(desk: Session) -> None:
    page = desk.goto("/zaehler")
    page.get_by_role("button", name="Zähler anlegen").click()
    dialog = page.get_by_role("dialog", name="Zähler anlegen")
    dialog.get_by_label("Kennung").fill("halle-7")
    dialog.get_by_label("Anschluss in kW").fill("viel")
    dialog.get_by_role("button", name="Anlegen").click()
    expect(dialog.get_by_role("alert")).to_contain_text("„viel“ ist keine Leistung")
    dialog.get_by_label("Anschluss in kW").fill("1.234,5")
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/meters")) as sent:
        dialog.get_by_role("button", name="Anlegen").click()
    body = sent.value.post_data_json
    assert body is not None
    assert body["capacity_kw"] == 1234.5
    expect(dialog).to_be_hidden()


def test_who_leaves_the_documents_while_typing_is_not_called_back(desk: Session) -> None:
    desk.page.clock.install()
    page = desk.goto("/dokumente")
    expect(page.get_by_test_id("item").first).to_be_visible()
    held: list[Route] = []
    holding = True

    def hold(route: Route) -> None:
        if holding:
            held.append(route)
        else:
            route.continue_()

    page.route(re.compile(r"/assets/.*\.js$"), hold)
    page.get_by_label("Dokumente durchsuchen").fill("Netz")
    with page.expect_request(re.compile(r"/assets/view-.*\.js$")):
        page.get_by_role("navigation", name="Hauptnavigation").get_by_role("link", name="Suche").click()
    page.clock.fast_forward(1000)
    holding = False
    for route in held:
        route.continue_()
    expect(page).to_have_url(re.compile(r"/suche$"))
    expect(page.get_by_role("heading", name="Suche", exact=True)).to_be_visible()


def test_an_import_goes_on_while_the_server_starts_again(desk: Session) -> None:
    page = desk.goto("/zaehler")
    failures = 0

    def down(route: Route) -> None:
        nonlocal failures
        failures += 1
        if failures <= 3:
            route.fulfill(status=503, json={})
        else:
            route.fallback()

    page.route(re.compile(r"/api/v1/data/load/[^/?]+$"), down)
    file: FilePayload = {"name": "werte.csv", "mimeType": "text/csv", "buffer": b"ts;consumption_kw\n"}
    page.get_by_label("Dateien mit Messwerten wählen").set_input_files([file])
    expect(page.get_by_test_id("import").first).to_contain_text("So würde es: 94 neu")
    assert failures > 3


def test_what_was_loaded_earlier_can_be_taken_back_after_a_reload(desk: Session, real_server: bool) -> None:
    if real_server:
        pytest.skip("a real server has the imports of its people")
    page = desk.goto("/zaehler")
    file: FilePayload = {"name": "gestern.csv", "mimeType": "text/csv", "buffer": b"ts;consumption_kw\n"}
    page.get_by_label("Dateien mit Messwerten wählen").set_input_files([file])
    page.get_by_role("button", name="Einlesen", exact=True).click()
    expect(page.get_by_test_id("import").first).to_contain_text("Eingelesen: 94 neu")
    page.reload()
    row = page.get_by_test_id("earlier-import").filter(has_text="gestern.csv")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("94 neu")
    row.get_by_role("button", name="„gestern.csv“ zurücknehmen").click()
    page.get_by_role("dialog").get_by_role("button", name="Zurücknehmen").click()
    expect(row).to_have_attribute("data-status", "undone")
    expect(row).to_contain_text("zurückgenommen")
    expect(row.get_by_role("button")).to_have_count(0)


def test_the_field_for_a_remark_opens_where_it_is_seen(phone: Session, question: str) -> None:
    page = phone.goto("/")
    phone.ask(question)
    page.get_by_role("button", name="Nicht hilfreich").click()
    expect(page.get_by_role("button", name="Anmerkung senden")).to_be_in_viewport(ratio=1)
