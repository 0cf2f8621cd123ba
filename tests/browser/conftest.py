"""Drives the built page in headless Chromium: against the stand-in for the API, or a real one by LUNA_BROWSER_BASE_URL.

Wants `chromium` (LUNA_CHROMIUM names another), and for the stand-in `node` and a built page (`npm run build`).
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

UI = Path(__file__).resolve().parents[2] / "luna_ui"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Session:
    """A page under watch: what it asked for outside, and what it complained about."""

    page: Page
    base_url: str
    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def goto(self, path: str) -> Page:
        """Open a view."""
        self.page.goto(self.base_url + path)
        return self.page

    def system_as_administrator(self) -> Page:
        """Open the view of the system with the stand-in's key."""
        page = self.goto("/system")
        page.evaluate("sessionStorage.setItem('luna.admin-key', 'verwaltung')")
        page.reload()
        return page

    def ask(self, question: str) -> None:
        """Ask, and wait for the finished answer with its sources."""
        self.page.get_by_label("Ihre Frage an Luna").fill(question)
        self.page.keyboard.press("Control+Enter")
        self.page.get_by_role("region", name="Quellen").last.wait_for()


@pytest.fixture(scope="session")
def real_server() -> bool:
    """Whether the tests run against a real server."""
    return bool(os.environ.get("LUNA_BROWSER_BASE_URL"))


@pytest.fixture(scope="session")
def base_url(real_server: bool) -> Iterator[str]:
    """Where the page is served: the given server, else the stand-in on a free port."""
    if real_server:
        yield os.environ["LUNA_BROWSER_BASE_URL"].rstrip("/")
        return
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed, and LUNA_BROWSER_BASE_URL names no server")
    if not (UI / "dist" / "index.html").exists():
        pytest.skip("the page is not built: npm --prefix luna_ui ci && npm --prefix luna_ui run build")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"PATH": os.environ.get("PATH", ""), "PORT": str(port), "MOCK_PACE_MS": "120"}
    server = subprocess.Popen([node, str(UI / "mock" / "server.mjs")], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=100)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            pytest.fail(f"the stand-in for the API ended with {server.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the stand-in for the API did not start within a minute")


@pytest.fixture(scope="session")
def question() -> str:
    """A question that the corpus answers."""
    return os.environ.get("LUNA_BROWSER_QUESTION", "Was sind steuerbare Verbrauchseinrichtungen nach § 14a EnWG?")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium for all tests."""
    path = os.environ.get("LUNA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("chromium is not installed: apt-get install chromium, or set LUNA_CHROMIUM")
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


def _session(browser: Browser, base_url: str, viewport: dict[str, int]) -> tuple[BrowserContext, Session]:
    context = browser.new_context(viewport=viewport, locale="de-DE", reduced_motion="reduce")
    context.set_default_timeout(60_000)
    session = Session(context.new_page(), base_url)
    host = urlsplit(base_url).netloc

    def note(request: Request) -> None:
        if request.url.startswith(("http:", "https:", "ws:", "wss:")) and urlsplit(request.url).netloc != host:
            session.outside.append(request.url)

    def complain(text: str) -> None:
        # Refused requests are told by the browser too; that is what some tests are about.
        if not text.startswith("Failed to load resource"):
            session.complaints.append(text)

    context.on("request", note)
    session.page.on("console", lambda message: complain(message.text) if message.type == "error" else None)
    session.page.on("pageerror", lambda error: session.complaints.append(str(error)))
    return context, session


@pytest.fixture
def desk(browser: Browser, base_url: str) -> Iterator[Session]:
    """The page on a desktop screen. Ends by asking whether anything left the machine or went wrong."""
    context, session = _session(browser, base_url, DESKTOP)
    yield session
    context.close()
    assert session.outside == []
    assert session.complaints == []


@pytest.fixture
def phone(browser: Browser, base_url: str) -> Iterator[Session]:
    """The page on a phone."""
    context, session = _session(browser, base_url, PHONE)
    yield session
    context.close()
    assert session.outside == []
    assert session.complaints == []
