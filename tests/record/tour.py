"""A tour in pictures: a stack with the laws, driven in headless Chromium, a numbered screenshot of every step.

`python -m tests.record.tour FOLDER` starts a stack of its own (five minutes with a stand-in for Ollama, a quarter of an
hour with a real one) and writes `01-….png` and so on into FOLDER: ask, open a citation, ask as of 2022, compare two
versions, an answer whose source was replaced, its receipt and a replay, another embedding model that the gold questions
refuse, a rebuild, the way back. `--only-index` begins with the model, `--stand-in` is the faster server.
`--home HOME` keeps the stack's data there for the next time. It needs Chromium, the built page (`make ui`) and the laws
in `../shared/data/law`. Exit code 0, 1 where a step did not come about, 2 where a part is missing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright

from tests.places import ROOT
from tests.record import corpus, model_server
from tests.stack import Stack

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
GERMAN = "--lang=de-DE"
"""How the browser itself writes a date."""
STEP_MS, JOB_MS = 30_000, 1_800_000
QUESTION = "Was sind steuerbare Verbrauchseinrichtungen nach § 14a EnWG?"
REPLACED = "Welche Anforderungen stellt § 71 GEG an eine Heizungsanlage?"
COMPARED = "Was hat sich an § 14a EnWG zwischen 2022 und 2026 geändert?"
REPEALED = "Was regelte 2024 § 4 StromNZV zu Bilanzkreisen?"


@dataclass
class Album:
    """Where pictures go, and which number comes next."""

    folder: Path
    taken: int = 0
    names: list[str] = field(default_factory=list[str])

    def take(self, page: Page, name: str) -> None:
        """One picture of what is on the screen, once nothing moves any more."""
        page.wait_for_timeout(400)
        self.taken += 1
        path = self.folder / f"{self.taken:02d}-{name}.png"
        page.screenshot(path=path)
        self.names.append(path.name)
        sys.stdout.write(f"{path.name}\n")
        sys.stdout.flush()


@dataclass
class Screen:
    """One browser window on the stack, signed in as administrator where it has the key."""

    page: Page
    base: str
    album: Album

    def goto(self, path: str) -> Page:
        """Open a view and wait until it is filled."""
        self.page.goto(self.base + path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def ask(self, question: str) -> None:
        """Ask in a conversation of its own and wait for the finished answer."""
        page = self.goto("/")
        self.send(page, question)

    def send(self, page: Page, question: str) -> None:
        """Ask in the conversation on the screen."""
        page.get_by_label("Ihre Frage an Luna").fill(question)
        page.keyboard.press("Control+Enter")
        page.get_by_role("button", name="Beleg", exact=True).last.wait_for()
        page.locator("article").last.evaluate("one => one.scrollIntoView({ block: 'start', behavior: 'instant' })")

    def take(self, name: str) -> None:
        """A picture of what is there now."""
        self.album.take(self.page, name)


def screen(browser: Browser, stack: Stack, album: Album, viewport: dict[str, int]) -> Screen:
    """A new window: its own visitor, the administrator's key at hand."""
    context = browser.new_context(
        viewport={"width": viewport["width"], "height": viewport["height"]},
        locale="de-DE",
        timezone_id="Europe/Berlin",
        reduced_motion="reduce",
    )
    context.set_default_timeout(STEP_MS)
    context.add_init_script(f"sessionStorage.setItem('luna.admin-key', '{stack.admin_key}')")
    return Screen(context.new_page(), stack.base, album)


def asking(desk: Screen) -> None:
    """Ask, open a citation, ask for the law of 2022."""
    desk.goto("/")
    desk.take("willkommen")
    desk.ask(QUESTION)
    desk.take("antwort")
    desk.page.locator("sup button").first.click()
    desk.page.get_by_test_id("drawer").locator("mark").first.wait_for()
    desk.take("fundstelle")
    desk.page.keyboard.press("Escape")
    page = desk.goto("/")
    page.get_by_role("button", name="Eingrenzen").click()
    page.get_by_label("Rechtsstand").fill("2022-06-30")
    desk.take("rechtsstand-waehlen")
    desk.send(page, QUESTION)
    desk.take("antwort-nach-dem-recht-von-2022")
    desk.ask(REPEALED)
    desk.take("antwort-aus-aufgehobener-verordnung")
    desk.ask("Wie viele Monde hat der Jupiter?")
    desk.take("keine-antwort")


def versions(desk: Screen) -> None:
    """Two versions of a law: compared in an answer, listed with the document."""
    desk.ask(COMPARED)
    desk.take("fassungen-verglichen")
    page = desk.page
    page.locator("sup button").first.click()
    page.get_by_test_id("drawer").get_by_role("link", name="Dokument", exact=True).click()
    page.get_by_role("region", name="Fassungen").wait_for()
    page.wait_for_load_state("networkidle")
    page.get_by_role("region", name="Fassungen").evaluate("one => one.scrollIntoView({ block: 'center' })")
    desk.take("dokument-mit-fassungen")


def replaced(desk: Screen, address: str) -> None:
    """What was answered before a newer version came: marked, its receipt, asked again."""
    page = desk.page
    page.goto(address)
    page.get_by_test_id("replaced").wait_for()
    desk.take("fruehere-antwort-ueberholt")
    page.get_by_role("button", name="Beleg", exact=True).last.click()
    drawer = page.get_by_test_id("receipt")
    drawer.get_by_role("heading", name="Beleg der Antwort").wait_for()
    desk.take("beleg")
    drawer.get_by_role("button", name="Nachvollziehen").click()
    drawer.get_by_test_id("replayed").wait_for()
    desk.take("beleg-nachvollzogen")
    page.keyboard.press("Escape")


def opened_index(desk: Screen) -> Locator:
    """The panel of the index, at rest."""
    panel = desk.goto("/system").get_by_test_id("index")
    expect(panel).to_have_attribute("data-busy", "false", timeout=JOB_MS)
    panel.scroll_into_view_if_needed()
    panel.evaluate("one => one.parentElement.scrollIntoView({ block: 'start' })")
    return panel


def rebuild(desk: Screen, model: str, name: str) -> None:
    """Order a rebuild, by a model or by the index itself, and see how it ends."""
    panel = opened_index(desk)
    page = desk.page
    panel.get_by_role("button", name="Neu bauen").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Vektoren bildet").select_option(model)
    desk.take(f"neu-bauen-{name}")
    dialog.get_by_role("button", name="Neu bauen").click()
    job = panel.locator("[data-testid=index-job][data-status=STARTED]")
    job.first.wait_for()
    desk.take(f"bau-laeuft-{name}")
    expect(panel).to_have_attribute("data-busy", "false", timeout=JOB_MS)
    page.wait_for_load_state("networkidle")


def index(desk: Screen, phone: Screen, model: str) -> bool:
    """Another embedding model is refused, a rebuild goes live, and the way back. Whether it was refused."""
    opened_index(desk)
    desk.take("index-vorher")
    rebuild(desk, model, "anderes-modell")
    row = desk.page.locator("[data-testid=index-version][data-state=refused]")
    refused = row.count() > 0
    desk.take("befoerderung-abgelehnt" if refused else "befoerderung-nicht-abgelehnt")
    if refused:
        note(row.first.inner_text().replace("\n", " | "))
        desk.ask(QUESTION)
        desk.take("die-bisherige-antwortet-weiter")
    rebuild(desk, "local", "eigene-vektoren")
    desk.take("neue-fassung-live")
    panel = opened_index(desk)
    button = panel.get_by_role("button", name=re.compile("Zu Fassung .* zurückrollen")).first
    button.click()
    dialog = desk.page.get_by_role("dialog")
    desk.take("zurueckrollen-bestaetigen")
    dialog.get_by_role("button", name=re.compile("zurückrollen")).click()
    panel.locator("[data-testid=index-job][data-status=SUCCESS]", has_text="Zurückrollen").first.wait_for(
        timeout=JOB_MS
    )
    expect(panel).to_have_attribute("data-busy", "false", timeout=JOB_MS)
    desk.page.wait_for_load_state("networkidle")
    desk.take("zurueckgerollt")
    opened_index(phone)
    phone.take("telefon-index")
    phone.page.mouse.wheel(0, 700)
    phone.take("telefon-index-unten")
    phone.page.get_by_role("button", name=re.compile("Zu Fassung .* zurückrollen")).first.click()
    phone.page.get_by_role("dialog").wait_for()
    phone.take("telefon-zurueckrollen")
    return refused


def on_a_phone(phone: Screen) -> None:
    """The same path at 390 pixels."""
    phone.goto("/")
    phone.take("telefon-willkommen")
    phone.ask(QUESTION)
    phone.take("telefon-antwort")
    phone.page.locator("sup button").first.click()
    phone.page.get_by_test_id("drawer").locator("mark").first.wait_for()
    phone.take("telefon-fundstelle")
    phone.page.keyboard.press("Escape")
    phone.page.get_by_role("button", name="Beleg", exact=True).last.click()
    phone.page.get_by_test_id("receipt").get_by_role("heading", name="Beleg der Antwort").wait_for()
    phone.take("telefon-beleg")
    phone.page.keyboard.press("Escape")
    phone.ask(COMPARED)
    phone.take("telefon-fassungen-verglichen")


def answers(desk: Screen, phone: Screen, stack: Stack) -> None:
    """Asking, versions of a law, an answer whose source was replaced; the same on a phone."""
    fresh = corpus.take_in(stack.api, note, hold_back=("GModG.md",))
    address = ""
    if fresh:
        desk.ask(REPLACED)
        desk.page.wait_for_url(re.compile(r"[?&]c="))
        desk.take("antwort-nach-dem-GEG")
        address = desk.page.url
    corpus.take_in(stack.api, note)
    asking(desk)
    versions(desk)
    if address:
        replaced(desk, address)
    on_a_phone(phone)


def record(stack: Stack, folder: Path, chromium: str, model: str, only_index: bool) -> None:
    """All steps in turn. Raises what a step raises that does not come about."""
    album = Album(folder)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, GERMAN])
        try:
            desk = screen(browser, stack, album, DESKTOP)
            phone = screen(browser, stack, album, PHONE)
            if not only_index:
                answers(desk, phone, stack)
            corpus.take_in(stack.api, note)
            if not index(desk, phone, model):
                raise RuntimeError(f"The gold check did not refuse {model}")
        finally:
            browser.close()


def note(text: str) -> None:
    """A line for whoever waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--home", type=Path, help="where the stack keeps its data for the next time")
    parser.add_argument("--only-index", action="store_true", help="leave out what is asked before: the index alone")
    parser.add_argument("--stand-in", action="store_true", help="a stand-in for Ollama even where a real one was built")
    chosen = parser.parse_args(arguments)
    chromium = os.environ.get("LUNA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    missing = [
        said
        for there, said in (
            (chromium is not None, "chromium: apt-get install chromium, or set LUNA_CHROMIUM"),
            ((ROOT / "luna_ui" / "dist" / "index.html").exists(), "the built page: make ui"),
            (corpus.present(), f"the laws: {corpus.LAWS}"),
        )
        if not there
    ]
    if missing or chromium is None:
        sys.stderr.write("Missing:\n" + "".join(f"- {said}\n" for said in missing))
        return 2
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as open_parts:
        temporary = Path(open_parts.enter_context(tempfile.TemporaryDirectory()))
        server = open_parts.enter_context(model_server.serve(temporary, real=not chosen.stand_in))
        note(f"The model {server.model} lies on {'a real Ollama' if server.real else 'a stand-in for Ollama'}")
        home = (chosen.home or temporary / "luna").resolve()
        stack = open_parts.enter_context(Stack(home, OLLAMA_HOST=server.address))
        try:
            record(stack, chosen.folder, chromium, server.model, chosen.only_index)
        except (Error, AssertionError, RuntimeError) as fault:
            sys.stderr.write(f"{fault}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
