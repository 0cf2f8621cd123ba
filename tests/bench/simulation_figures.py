"""Draws docs/simulated_year.svg and prints the simulated year's figures: `python -m tests.bench.simulation_figures`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from luna_assets.simulators.check import as_table
from luna_rules.series.calendar import BERLIN
from luna_rules.simulation.market import DEFAULT_SEED, MarketHours
from luna_rules.simulation.prices import year_of_berlin
from luna_rules.simulation.targets import compare
from luna_rules.simulation.weather import HOUR_S
from tests.places import ROOT

WIDTH, HEIGHT, MARGIN = 900, 240, 44
Values = NDArray[np.float64]


def panel(top: int, title: str, lines: list[tuple[str, Values, Values]], low: int, high: int, step: int) -> list[str]:
    """Lines over each other in a frame of their own; x from 0 to 1."""
    inner_w, inner_h = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    out = [
        f'<text x="{MARGIN}" y="{top + 26}" class="t">{title}</text>',
        f'<rect x="{MARGIN}" y="{top + MARGIN}" width="{inner_w}" height="{inner_h}" class="f"/>',
    ]
    for value in range(low, high + 1, step):
        y = top + MARGIN + inner_h * (1 - (value - low) / (high - low))
        out.append(f'<text x="{MARGIN - 6}" y="{y + 4:.0f}" class="a">{value}</text>')
        out.append(f'<line x1="{MARGIN}" x2="{WIDTH - MARGIN}" y1="{y:.1f}" y2="{y:.1f}" class="g"/>')
    for colour, x, y in lines:
        places = MARGIN + inner_w * x
        heights = top + MARGIN + inner_h * (1 - (np.clip(y, low, high) - low) / (high - low))
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(places, heights, strict=True))
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.3"/>')
    return out


def drawing(year: MarketHours) -> str:
    """The year as SVG: prices, their duration, the mean day."""
    price = year.price
    start = datetime.fromtimestamp(year.first_hour * HOUR_S, UTC)
    hour = np.array([(start + timedelta(hours=place)).astimezone(BERLIN).hour for place in range(price.size)])
    by_hour = np.array([price[hour == one].mean() for one in range(24)])
    days = price[: price.size // 24 * 24].reshape(-1, 24)
    x = np.linspace(0, 1, len(days))
    parts = [
        *panel(
            0,
            "Tagesmittel, Tagestief und Tageshoch (EUR/MWh), ein Jahr",
            [("#c9a227", x, days.max(axis=1)), ("#4f7cac", x, days.min(axis=1)), ("#d9d9e3", x, days.mean(axis=1))],
            -300,
            600,
            150,
        ),
        *panel(
            HEIGHT,
            "Dauerlinie: alle Stunden, die teuerste zuerst (EUR/MWh)",
            [("#c9a227", np.linspace(0, 1, 500), np.quantile(price, np.linspace(1, 0, 500)))],
            -300,
            600,
            150,
        ),
        *panel(
            2 * HEIGHT,
            "Mittel je Stunde des Tages, 0 bis 23 Uhr Berliner Zeit (EUR/MWh)",
            [("#c9a227", np.linspace(0, 1, 24), by_hour)],
            0,
            160,
            40,
        ),
    ]
    style = (
        ".t{fill:#d9d9e3;font:15px sans-serif}.a{fill:#9a9ab0;font:11px sans-serif;text-anchor:end}"
        ".f{fill:none;stroke:#44445a}.g{stroke:#2c2c40}"
    )
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {3 * HEIGHT}"><style>{style}</style>'
        f'<rect width="{WIDTH}" height="{3 * HEIGHT}" fill="#12121c"/>\n{body}\n</svg>\n'
    )


def main() -> None:
    """Write the drawing, print the table."""
    year = year_of_berlin(DEFAULT_SEED, 2025)
    (ROOT / "docs" / "simulated_year.svg").write_text(drawing(year), "utf-8")
    print(as_table(compare(year)))


if __name__ == "__main__":
    main()
