"""How long a year at one minute takes from the click to the drawn chart, and zooming down to every minute.

`python -m tests.bench.page_speed` starts a stack of its own with a meter-year of 525,600 rows and drives the built page
in headless Chromium; `--base URL --meter ID --year 2025` measures a running one. Every round is a browser context of
its own, so nothing comes from its cache. Figures are milliseconds, of the browser's own clock.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from playwright.sync_api import Browser, Page, sync_playwright

from resources.database import DEFAULT_TENANT, worker_connection
from resources.secrets import database_urls, load_secrets
from resources.series.writer import write_readings
from resources.settings import load_settings
from tests.bench.series_reads import frame
from tests.stack import Stack

METER, YEAR = "minute", 2025
ROUNDS = 15
TARGET_MS = 500.0
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PARTS = ("until asked", "API", "transfer", "parse", "draw", "total")
# Notes when the last click or key came, when each answer was parsed, and when the chart said which stretch it shows.
_WATCH = """
(() => {
  const seen = { acted: 0, parsed: {}, drawn: {} };
  window.__seen = seen;
  for (const kind of ['click', 'keydown']) addEventListener(kind, () => { seen.acted = performance.now(); }, true);
  const parse = Response.prototype.json;
  Response.prototype.json = async function () {
    const value = await parse.call(this);
    seen.parsed[this.url] = performance.now();
    return value;
  };
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const drawn = target.dataset.drawn;
      requestAnimationFrame(() => setTimeout(() => { seen.drawn[drawn] ??= performance.now(); }));
    }
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-drawn'] });
  performance.setResourceTimingBufferSize(2000);
})();
"""
_TOLD = """
([path, drawn]) => {
  const seen = window.__seen;
  const found = performance.getEntriesByType('resource').filter((one) => one.name.includes(path)).at(-1);
  return { acted: seen.acted, asked: found.requestStart, first: found.responseStart, last: found.responseEnd,
           parsed: seen.parsed[found.name], drawn: seen.drawn[drawn], bytes: found.encodedBodySize,
           status: found.responseStatus };
}
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """One change of the chart, taken apart. Times in milliseconds; `size` in bytes as sent."""

    times: tuple[float, ...]
    size: int
    points: int


def told(page: Page, drawn: str) -> Shown:
    """Wait until the chart shows a stretch, and take apart how it came there."""
    page.wait_for_function("(drawn) => window.__seen.drawn[drawn] !== undefined", arg=drawn, timeout=30_000)
    found = cast("dict[str, float]", page.evaluate(_TOLD, ["data/smartmeter?", drawn]))
    if found["status"] != 200:
        raise RuntimeError(f"the answer was {found['status']:.0f}, not fresh")
    steps = [found[name] for name in ("acted", "asked", "first", "last", "parsed", "drawn")]
    parts = [later - earlier for earlier, later in itertools.pairwise(steps)]
    points = int(page.get_by_test_id("chart").get_attribute("data-points") or 0)
    return Shown((*parts, found["drawn"] - found["acted"]), int(found["bytes"]), points)


def stretch(page: Page) -> str:
    """The stretch that the chart is to show, once the click has arrived."""
    chart = page.get_by_test_id("chart")
    return f"{chart.get_attribute('data-from')}/{chart.get_attribute('data-to')}"


def year_shown(browser: Browser, base: str, meter: str, year: int) -> tuple[Shown, Shown]:
    """From a week to the year, then by keys down to where every minute is a point of its own."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="de-DE")
    context.add_init_script(_WATCH)
    page = context.new_page()
    page.goto(f"{base}/zaehler/{meter}?span=woche&tag={year}-06-15")
    page.locator("[data-testid=chart][data-drawn]").wait_for()
    page.wait_for_load_state("networkidle")
    before = stretch(page)
    page.get_by_role("button", name="Jahr", exact=True).click()
    page.wait_for_function(_CHANGED, arg=before)
    whole = told(page, stretch(page))
    page.wait_for_load_state("networkidle")
    zoomed = whole
    page.get_by_test_id("chart").focus()
    for _ in range(8):
        before = stretch(page)
        page.keyboard.press("+")
        page.wait_for_function(_CHANGED, arg=before)
        zoomed = told(page, stretch(page))
        page.wait_for_load_state("networkidle")
    context.close()
    return whole, zoomed


_CHANGED = """
(before) => {
  const chart = document.querySelector('[data-testid=chart]');
  return chart !== null && `${chart.dataset.from}/${chart.dataset.to}` !== before;
}
"""


def print_table(name: str, rounds: list[Shown]) -> float:
    """One line for each part, median and 95th percentile; the median of the total."""
    sys.stdout.write(f"{name}: {rounds[-1].points} points, {rounds[-1].size / 1e3:.0f} kB, {len(rounds)} rounds\n")
    for index, part in enumerate(PARTS):
        times = [one.times[index] for one in rounds]
        p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        sys.stdout.write(f"  {part:12s} p50 {statistics.median(times):7.1f}  p95 {p95:7.1f} ms\n")
    return statistics.median(one.times[-1] for one in rounds)


def measure(base: str, meter: str, year: int, rounds: int) -> int:
    """Drive the page, print; 1 where the year comes too late."""
    path = os.environ.get("LUNA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        sys.stderr.write("chromium is not installed: apt-get install chromium, or set LUNA_CHROMIUM\n")
        return 2
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        year_shown(browser, base, meter, year)
        shown = [year_shown(browser, base, meter, year) for _ in range(rounds)]
        browser.close()
    median = print_table("a year, from the click", [whole for whole, _ in shown])
    print_table("zoomed to every minute, from the key", [zoomed for _, zoomed in shown])
    sys.stdout.write(f"target: drawn in under {TARGET_MS:.0f} ms: {'met' if median < TARGET_MS else 'missed'}\n")
    return 0 if median < TARGET_MS else 1


def fill(stack: Stack) -> None:
    """A year of one meter at one minute, every value another one."""
    settings = load_settings({"luna_home": stack.home, "db_port": stack.ports["DB_PORT"], "luna_env": "dev"})
    with worker_connection(database_urls(settings, load_secrets(settings)).worker) as worker:
        worker.execute("INSERT INTO meters (tenant_id, meter_id) VALUES (%s, %s)", (DEFAULT_TENANT, METER))
        write_readings(worker, DEFAULT_TENANT, None, frame(METER, 60))


def main(arguments: list[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", help="address of a running page; without it a stack is started")
    parser.add_argument("--meter", default=METER)
    parser.add_argument("--year", type=int, default=YEAR)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(arguments)
    if chosen.base:
        return measure(chosen.base.rstrip("/"), chosen.meter, chosen.year, chosen.rounds)
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder) / "luna") as stack:
        fill(stack)
        return measure(stack.base, METER, YEAR, chosen.rounds)


if __name__ == "__main__":
    sys.exit(main())
