"""Meters and prices: charts that zoom, gaps that are told, imports that ask first, simulators under control."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from .conftest import Session
from .test_page import found_by

DAY_MS = 86_400_000
BROKEN_WORDS = """element => {
  const text = element.firstChild;
  return [...text.data.matchAll(/\\S+/g)].filter(word => {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return word[0].length < 25 && range.getClientRects().length > 1;
  }).map(word => word[0]);
}"""
"""Words of an element's text that go over two lines though a line has room for them."""
GOOD = "meter_id;ts;consumption_kw\nhaus-1;2024-12-01T00:00:00+01:00;0,4\n"


@pytest.fixture(autouse=True)
def stand_in_only(real_server: bool) -> None:
    """The meters and prices asked for here are the stand-in's."""
    if real_server:
        pytest.skip("these meters and prices exist in the stand-in only")


def readings(name: str) -> FilePayload:
    """A file for the import."""
    return {"name": name, "mimeType": "text/csv", "buffer": GOOD.encode()}


def shown_ms(page: Page) -> int:
    """How long the stretch is that the chart shows."""
    chart = page.get_by_test_id("chart").first
    return int(chart.get_attribute("data-to") or 0) - int(chart.get_attribute("data-from") or 0)


def test_a_day_of_prices_is_told_and_drawn(desk: Session) -> None:
    page = desk.goto("/markt?span=tag&tag=2024-12-12")
    expect(page.get_by_role("img", name="Preise EPEX DE-LU-60MIN in EUR/MWh")).to_be_visible()
    assert shown_ms(page) == DAY_MS
    expect(page.get_by_text("Negative Stunden").locator("xpath=..")).to_contain_text("457")
    expect(page.get_by_text("169,80 EUR/MWh")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("12. Dezember 2024"))).to_be_visible()


def test_the_day_of_a_clock_change_has_23_hours(desk: Session) -> None:
    page = desk.goto("/markt?span=tag&tag=2024-03-31")
    page.get_by_test_id("chart").wait_for()
    assert shown_ms(page) == 23 * 3_600_000


def test_the_chart_zooms_by_keys_and_the_address_keeps_it(desk: Session) -> None:
    page = desk.goto("/markt?span=woche&tag=2024-12-12")
    chart = page.get_by_test_id("chart")
    chart.wait_for()
    assert shown_ms(page) == 7 * DAY_MS
    chart.focus()
    page.keyboard.press("+")
    page.wait_for_url(re.compile("von=.*bis="))
    expect(chart).to_have_attribute("aria-busy", "false")
    assert abs(shown_ms(page) - 7 * DAY_MS // 2) <= 2
    page.reload()
    page.get_by_test_id("chart").wait_for()
    assert abs(shown_ms(page) - 7 * DAY_MS // 2) <= 2
    page.get_by_role("button", name=re.compile("^Zurück zu")).click()
    expect(page.get_by_role("button", name="Woche", exact=True)).to_have_attribute("aria-pressed", "true")
    assert shown_ms(page) == 7 * DAY_MS


def test_figures_can_be_computed_again(desk: Session) -> None:
    page = desk.goto("/markt?span=tag&tag=2024-12-12")
    page.get_by_role("button", name="Nachrechnen").click()
    expect(page.get_by_text("Nachgerechnet: dasselbe Ergebnis.", exact=True)).to_be_visible()


def test_a_file_of_prices_can_be_saved(desk: Session) -> None:
    page = desk.goto("/markt?span=tag&tag=2024-12-12")
    with page.expect_download() as saving:
        page.get_by_role("button", name="CSV").click()
    assert saving.value.suggested_filename == "EPEX-DE-LU-60MIN.csv"


def test_a_number_in_an_answer_shows_how_it_was_computed(desk: Session) -> None:
    page = desk.goto("/")
    page.get_by_label("Ihre Frage an Luna").fill("Wie viele Stunden waren die Preise 2024 negativ?")
    page.keyboard.press("Control+Enter")
    proofs = page.get_by_role("region", name="Rechenwege")
    expect(proofs).to_contain_text("nur 99,9 % der Zeit mit Werten")
    expect(page.get_by_text("Im Jahr 2024 war der Preis in 457 Stunden negativ.")).to_have_count(1)
    expect(page.get_by_text("[receipt")).to_have_count(0)
    page.get_by_role("button", name="Rechenweg 1: EPEX DE-LU-60MIN, Jahr 2024: negative Stunden").first.click()
    expect(proofs).to_contain_text("price_eur_mwh < 0")
    proofs.get_by_role("button", name="Nachrechnen").click()
    expect(page.get_by_text("Nachgerechnet: dasselbe Ergebnis.", exact=True)).to_be_visible()


def test_an_empty_stretch_says_so(desk: Session) -> None:
    page = desk.goto("/markt?span=tag&tag=2019-05-01")
    expect(page.get_by_text("In diesem Zeitraum gibt es keine Preise.")).to_be_visible()


def test_gaps_and_substitutes_of_a_meter_are_told(desk: Session) -> None:
    page = desk.goto("/zaehler")
    expect(page.get_by_test_id("meter")).not_to_have_count(0)
    expect(page.get_by_test_id("meter").filter(has_text="Dach")).to_contain_text("simuliert")
    page.get_by_role("link", name=re.compile("Haus am See")).click()
    page.wait_for_url(re.compile("/zaehler/haus-1"))
    desk.goto("/zaehler/haus-1?span=tag&tag=2024-12-12")
    note = page.get_by_test_id("series-note")
    expect(note).to_contain_text("8 Werte fehlen")
    expect(note).to_contain_text("4 Ersatzwerte")


def test_own_use_and_autarky_of_a_site(desk: Session) -> None:
    page = desk.goto("/zaehler/haus-1?span=tag&tag=2024-12-12")
    site = page.get_by_role("region", name="Eigenverbrauch")
    expect(site.get_by_text("Autarkie", exact=True).locator("xpath=..")).to_contain_text("40")
    expect(site).to_contain_text("Nur")


def test_live_values_arrive(desk: Session) -> None:
    page = desk.goto("/zaehler/haus-1?span=tag&tag=2024-12-12")
    page.get_by_role("button", name="Live").click()
    live = page.get_by_role("region", name="Live")
    chart = live.get_by_test_id("chart")
    expect(chart).to_have_attribute("data-points", re.compile(r"^([6-9]|\d\d+)$"))


def test_an_unknown_meter_is_said_plainly(desk: Session) -> None:
    page = desk.goto("/zaehler/gibts.nicht")
    expect(page.get_by_role("alert")).to_contain_text("kenne ich nicht")


def test_an_import_asks_before_it_loads_and_can_be_undone(desk: Session) -> None:
    page = desk.goto("/zaehler")
    page.get_by_label("Dateien mit Messwerten wählen").set_input_files([readings("werte.csv")])
    tried = page.get_by_test_id("import")
    expect(tried).to_contain_text("So würde es: 94 neu")
    expect(tried).to_contain_text("2 Zeilen nicht brauchbar")
    tried.get_by_text("Die nicht brauchbaren Zeilen").click()
    expect(tried).to_contain_text("diese Uhrzeit gab es nicht")
    tried.get_by_role("button", name="Einlesen").click()
    loaded = page.get_by_test_id("import").first
    expect(loaded).to_contain_text("Eingelesen: 94 neu")
    loaded.get_by_role("button", name="zurücknehmen").click()
    page.get_by_role("dialog").get_by_role("button", name="Zurücknehmen").click()
    expect(loaded).to_have_attribute("data-status", "undone")
    expect(loaded).to_contain_text("was vorher galt, gilt wieder")


def test_a_file_that_is_not_understood_says_why(desk: Session) -> None:
    page = desk.goto("/zaehler")
    page.get_by_label("Dateien mit Messwerten wählen").set_input_files([readings("kaputt.csv")])
    row = page.get_by_test_id("import")
    expect(row.get_by_role("alert")).to_contain_text("wie Messwerte aussieht")
    expect(row.get_by_role("button", name="Einlesen")).to_have_count(0)


def test_what_a_file_leaves_open_can_be_told(desk: Session) -> None:
    page = desk.goto("/zaehler")
    page.get_by_label("Dateien mit Messwerten wählen").set_input_files([readings("ohne-einheit.csv")])
    row = page.get_by_test_id("import")
    expect(row.get_by_role("alert")).to_contain_text("In welcher Einheit")
    explain = row.get_by_role("form", name="Datei erklären")
    expect(explain.get_by_label("Spalte Wert", exact=True)).to_have_value("consumption")
    explain.get_by_label("Einheit der Werte").select_option("kWh")
    explain.get_by_role("button", name="Nochmals durchsehen").click()
    tried = page.get_by_test_id("import").first
    expect(tried).to_contain_text("So würde es: 94 neu")
    tried.get_by_role("button", name="Einlesen").click()
    expect(page.get_by_test_id("import").first).to_contain_text("Eingelesen: 94 neu")


def test_a_new_meter_and_one_computed_from_it(desk: Session) -> None:
    page = desk.goto("/zaehler")
    page.get_by_role("button", name="Zähler anlegen").click()
    dialog = page.get_by_role("dialog", name="Zähler anlegen")
    dialog.get_by_label("Kennung").fill("laden-1")
    dialog.get_by_label("Marktlokation").fill("123")
    dialog.get_by_role("button", name="Anlegen").click()
    expect(dialog.get_by_role("alert")).to_contain_text("elf Ziffern")
    dialog.get_by_label("Marktlokation").fill("41373559241")
    dialog.get_by_role("button", name="Anlegen").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_test_id("meter").filter(has_text="laden-1")).to_be_visible()

    page.get_by_role("button", name="Zähler anlegen").click()
    dialog.get_by_label("Kennung").fill("bezug-1")
    dialog.get_by_label("Art").select_option("virtual")
    expect(dialog.get_by_role("button", name="Anlegen")).to_be_disabled()
    dialog.get_by_role("button", name="Glied", exact=True).click()
    dialog.get_by_label("Vorzeichen").select_option("-1")
    dialog.get_by_role("button", name="Anlegen").click()
    expect(page.get_by_test_id("meter").filter(has_text="bezug-1")).to_contain_text("virtuell")


def test_the_administrator_starts_and_stops_a_simulator(desk: Session) -> None:
    page = desk.goto("/system")
    page.get_by_role("button", name="Schlüssel eingeben").click()
    page.get_by_label("Schlüssel", exact=False).last.fill("verwaltung")
    page.keyboard.press("Enter")
    simulator = page.get_by_test_id("simulator").filter(has_text="Zähler").first
    expect(simulator).to_have_attribute("data-state", "stopped")
    simulator.get_by_role("button", name="Starten").click()
    expect(simulator).to_have_attribute("data-state", "running")
    expect(simulator).to_contain_text("hinter der Uhr")
    simulator.get_by_role("button", name="Anhalten").click()
    expect(simulator).to_have_attribute("data-state", "stopped")


@pytest.mark.parametrize("name", ["Haus mit einem recht langen Namen am See", "Zaehlpunkt_" * 12])
def test_the_name_of_a_meter_breaks_between_words_and_stays_in_its_card(phone: Session, name: str) -> None:
    def named(route: Route) -> None:
        body = route.fetch().json()
        body["data"]["meters"][0]["name"] = name
        route.fulfill(json=body)

    phone.page.route("**/api/v1/meters*", named)
    page = phone.goto("/zaehler")
    shown = page.get_by_test_id("meter").get_by_text(name)
    expect(shown).to_be_visible()
    for width in (390, 360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert found_by(page, "tooWide")["elements"] == []
        assert shown.evaluate(BROKEN_WORDS) == []
