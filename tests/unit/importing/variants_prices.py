"""Price files in the manner of exchanges, transparency platforms and portals; every price made up here."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from luna_rules.importing import Mapping
from tests.unit.importing.variant_kit import (
    BERLIN,
    HOUR,
    QUARTER,
    clock,
    day,
    german,
    instants,
    iso,
    local,
    table,
    utc,
)


@dataclass(frozen=True)
class Prices:
    """A file and what it truly says, in EUR/MWh, or why it must be refused."""

    content: bytes
    starts: Sequence[datetime] = ()
    prices: Sequence[float] = ()
    product: str = "DE-LU-60MIN"
    refused: str | None = None
    mapping: Mapping | None = None
    given: str | None = None


Maker = Callable[[date], Prices]
PRICES: dict[str, Maker] = {}


def prices(name: str) -> Callable[[Maker], Maker]:
    """Register a maker that writes its file for the days from a date on."""

    def register(maker: Maker) -> Maker:
        PRICES[name] = maker
        return maker

    return register


def series(first: date, step: timedelta = HOUR) -> tuple[list[datetime], list[float]]:
    """Three days of prices, some of them negative, some beyond a thousand."""
    starts = instants(first, 3, step)
    return starts, [round(90 + (number * 37 % 113) - number % 7 * 21.7, 2) for number in range(len(starts))]


def comma(value: float) -> str:
    """1.234,56"""
    return f"{value:,.2f}".replace(",", "T").replace(".", ",").replace("T", ".")


NEIGHBOURS = ["Belgien", "Dänemark 1", "Frankreich", "Österreich", "Schweiz"]


@prices("SMARD, German, all neighbours")
def smard(first: date) -> Prices:
    starts, values = series(first)
    header = [
        "Datum von", "Datum bis", "Deutschland/Luxemburg [€/MWh] Originalauflösungen",
        "∅ Anrainer DE/LU [€/MWh] Originalauflösungen", *[f"{n} [€/MWh] Originalauflösungen" for n in NEIGHBOURS],
    ]  # fmt: skip
    rows = [[local(s), local(s + HOUR), comma(v), "55,55", *["66,66"] * 5] for s, v in zip(starts, values, strict=True)]
    return Prices(b"\xef\xbb\xbf" + table(header, rows), starts, values)


@prices("SMARD, English, month names and twelve-hour clock")
def smard_english(first: date) -> Prices:
    starts, values = series(first)
    header = [
        "Start date", "End date", "Germany/Luxembourg [€/MWh] Original resolutions",
        "∅ DE/LU neighbours [€/MWh] Original resolutions", "France [€/MWh] Original resolutions",
    ]  # fmt: skip

    def written(moment: datetime) -> str:
        there = moment.astimezone(BERLIN)
        return f"{there:%b} {there.day}, {there.year} {there.hour % 12 or 12}:{there:%M %p}"

    rows = [[written(s), written(s + HOUR), f"{v:,.2f}", "-", "66.66"] for s, v in zip(starts, values, strict=True)]
    return Prices(table(header, rows), starts, values)


@prices("SMARD, quarter-hours")
def smard_quarters(first: date) -> Prices:
    starts, values = series(first, QUARTER)
    header = ["Datum von", "Datum bis", "Deutschland/Luxemburg [€/MWh] Berechnete Auflösungen"]
    rows = [[local(s), local(s + QUARTER), comma(v)] for s, v in zip(starts, values, strict=True)]
    return Prices(table(header, rows), starts, values, "DE-LU-15MIN")


@prices("SMARD, only the neighbour Austria")
def smard_austria(first: date) -> Prices:
    starts, values = series(first)
    header = ["Datum von", "Datum bis", "Österreich [€/MWh] Originalauflösungen"]
    rows = [[local(s), local(s + HOUR), comma(v)] for s, v in zip(starts, values, strict=True)]
    return Prices(table(header, rows), starts, values, "AT-60MIN")


def marked(moment: datetime, form: str) -> str:
    """With (CET) or (CEST) in the doubled hour and the day around it."""
    there = moment.astimezone(BERLIN)
    return f"{there.strftime(form)} ({'CEST' if there.dst() else 'CET'})"


@prices("ENTSO-E, old layout")
def entsoe_old(first: date) -> Prices:
    starts, values = series(first)
    header = ["MTU (CET/CEST)", "Day-ahead Price [EUR/MWh]", "Currency", "BZN|DE-LU"]
    rows = [[f'"{local(s)} - {local(s + HOUR)}"', f'"{v}"', '"EUR"', '""'] for s, v in zip(starts, values, strict=True)]
    return Prices(table(header, rows, ","), starts, values)


@prices("ENTSO-E, old layout in UTC")
def entsoe_utc(first: date) -> Prices:
    starts, values = series(first)
    header = ["MTU (UTC)", "Day-ahead Price [EUR/MWh]", "Currency", "BZN|DE-LU"]
    rows = [
        [f'"{s:%d.%m.%Y %H:%M} - {s + HOUR:%d.%m.%Y %H:%M}"', f'"{v}"', '"EUR"', '""']
        for s, v in zip(starts, values, strict=True)
    ]
    return Prices(table(header, rows, ","), starts, values)


@prices("ENTSO-E, new layout: two auctions, marks of the zone")
def entsoe_new(first: date) -> Prices:
    starts, values = series(first, QUARTER)
    header = [
        '"MTU (CET/CEST)"', '"Area"', '"Sequence"', '"Day-ahead Price (EUR/MWh)"', '"Intraday Period (CET/CEST)"',
        '"Intraday Price (EUR/MWh)"',
    ]  # fmt: skip
    form = "%d/%m/%Y %H:%M:%S"
    rows: list[list[str]] = []
    for start, value in zip(starts, values, strict=True):
        span = f'"{marked(start, form)} - {marked(start + QUARTER, form)}"'
        for sequence, price in (("Sequence 2", value + 3.5), ("Sequence 1", value), ("Sequence 3", value - 9)):
            rows.append([span, '"BZN|DE-LU"', f'"{sequence}"', f'"{price:.2f}"', '""', '""'])
    return Prices(table(header, rows, ","), starts, values, "DE-LU-15MIN")


@prices("ENTSO-E, new layout of another zone")
def entsoe_france(first: date) -> Prices:
    starts, values = series(first)
    header = ["MTU (CET/CEST)", "Area", "Sequence", "Day-ahead Price (EUR/MWh)"]
    rows = [
        [f"{local(s, '%d/%m/%Y %H:%M:%S')} - {local(s + HOUR, '%d/%m/%Y %H:%M:%S')}", "BZN|FR", "Without Sequence",
         str(v)]
        for s, v in zip(starts, values, strict=True)
    ]  # fmt: skip
    return Prices(table(header, rows, ","), starts, values, "FR-60MIN")


@prices("Netztransparenz: ct/kWh in UTC")
def netztransparenz(first: date) -> Prices:
    starts, values = series(first)
    header = ["Datum", "von", "Zeitzone von", "bis", "Zeitzone bis", "Spotmarktpreis in ct/kWh"]
    rows = [
        [f"{s:%d.%m.%Y}", f"{s:%H:%M}", "UTC", f"{s + HOUR:%H:%M}", "UTC", german(round(v / 10, 3))]
        for s, v in zip(starts, values, strict=True)
    ]
    return Prices(table(header, rows), starts, values)


@prices("Netztransparenz: ct/kWh with CET and CEST")
def netztransparenz_local(first: date) -> Prices:
    starts, values = series(first)
    header = ["Datum", "von", "Zeitzone von", "bis", "Zeitzone bis", "Spotmarktpreis in ct/kWh"]

    def name(moment: datetime) -> str:
        return "CEST" if moment.astimezone(BERLIN).dst() else "CET"

    rows = [
        [day(s), clock(s), name(s), clock(s + HOUR), name(s + HOUR), german(round(v / 10, 3))]
        for s, v in zip(starts, values, strict=True)
    ]
    return Prices(table(header, rows), starts, values)


@prices("balancing price of two columns")
def rebap(first: date) -> Prices:
    starts, values = series(first, QUARTER)
    header = ["Datum", "Zeitzone", "von", "bis", "Datenkategorie", "Datentyp", "Einheit", "reBAP unterdeckt",
              "reBAP ueberdeckt"]  # fmt: skip
    rows = [
        [day(s), "CEST" if s.astimezone(BERLIN).dst() else "CET", clock(s), clock(s + QUARTER), "reBAP",
         "Qualitätsgesichert", "EUR/MWh", comma(v), comma(v)]
        for s, v in zip(starts, values, strict=True)
    ]  # fmt: skip
    return Prices(table(header, rows), refused="value_missing")


@prices("energy-charts: CSV with the unit in the second line")
def energy_charts(first: date) -> Prices:
    starts, values = series(first)
    rows = [["", "Preis (EUR/MWh, EUR/tCO2)"], *[[iso(s), str(v)] for s, v in zip(starts, values, strict=True)]]
    return Prices(table(['"Datum (MEZ)"', '"Day Ahead Auktion (DE-LU)"'], rows, ","), starts, values)


@prices("exchange: a row a day, hours along the head")
def matrix(first: date) -> Prices:
    starts, values = series(first)
    names = [f"Hour {hour}" for hour in range(1, 25)]
    names = [*names[:2], "Hour 3A", "Hour 3B", *names[3:]]
    lines: list[list[str]] = []
    for number in range(3):
        when = first + timedelta(days=number)
        cells: dict[str, str] = {}
        for start, value in zip(starts, values, strict=True):
            there = start.astimezone(BERLIN)
            if there.date() == when:
                label = f"Hour {there.hour + 1}"
                if there.hour == 2:
                    label = "Hour 3B" if there.fold else "Hour 3A"
                cells[label] = str(value)
        lines.append([f"{when:%d/%m/%Y}", *[cells.get(name, "") for name in names]])
    return Prices(table(["Price (EUR/MWh)", *names], lines, ","), starts, values)


@prices("OTE: day and hour numbered")
def ote(first: date) -> Prices:
    starts, values = series(first)
    counted: dict[str, int] = {}
    rows: list[list[str]] = []
    for start, value in zip(starts, values, strict=True):
        counted[day(start)] = counted.get(day(start), 0) + 1
        rows.append([day(start), str(counted[day(start)]), german(value), "1234,5", "12,3"])
    header = ["Day", "Hour", "Price (EUR/MWh)", "Demand (MWh)", "Saldo DM (MWh)"]
    return Prices(table(header, rows), starts, values)


@prices("APG: begin and end with the zones in brackets")
def apg(first: date) -> Prices:
    starts, values = series(first)
    header = ["Zeit von [CET/CEST]", "Zeit bis [CET/CEST]", "Preis DE-LU [EUR/MWh]", "Preis AT [EUR/MWh]"]
    rows = [
        [local(s, "%d.%m.%Y %H:%M:%S"), local(s + HOUR, "%d.%m.%Y %H:%M:%S"), german(v), "1,1"]
        for s, v in zip(starts, values, strict=True)
    ]
    return Prices(table(header, rows), starts, values)


@prices("price without a unit")
def no_unit(first: date) -> Prices:
    starts, values = series(first)
    rows = [[iso(s), str(round(v / 1000, 5))] for s, v in zip(starts, values, strict=True)]
    return Prices(table(["start", "price"], rows, ","), refused="unit_missing")


@prices("price without a unit, mapped as EUR/MWh")
def no_unit_mapped(first: date) -> Prices:
    starts, values = series(first)
    rows = [[iso(s), str(v)] for s, v in zip(starts, values, strict=True)]
    return Prices(
        table(["start", "Preis"], rows, ","), starts, values, mapping=Mapping(columns={"Preis": "price_eur_mwh"})
    )


@prices("EUR/kWh with net and gross")
def gross(first: date) -> Prices:
    starts, values = series(first)
    header = ["Zeitpunkt", "Preis netto [EUR/kWh]", "Preis brutto [EUR/kWh]"]
    rows = [
        [local(s), german(round(v / 1000, 5)), german(round(1.19 * v / 1000, 6))]
        for s, v in zip(starts, values, strict=True)
    ]
    return Prices(table(header, rows), refused="value_ambiguous")


@prices("cents spelled out")
def cents(first: date) -> Prices:
    starts, values = series(first)
    rows = [[local(s), german(round(v / 10, 3))] for s, v in zip(starts, values, strict=True)]
    return Prices(table(["Beginn", "Börsenpreis (Cent je Kilowattstunde)"], rows), starts, values)


@prices("true minus signs")
def minus(first: date) -> Prices:
    starts, values = series(first)
    rows = [[local(s), german(v).replace("-", "\u2212")] for s, v in zip(starts, values, strict=True)]
    return Prices(table(["Lieferbeginn", "Preis (Euro/MWh)"], rows), starts, values)


@prices("price and volume")
def with_volume(first: date) -> Prices:
    starts, values = series(first)
    rows = [[utc(s), str(v), "23456.7", "111.1"] for s, v in zip(starts, values, strict=True)]
    header = ["Delivery start (UTC)", "Price (EUR/MWh)", "Buy volume (MWh)", "Sell volume (MWh)"]
    return Prices(table(header, rows, ","), starts, values)


@prices("tariff service: today and tomorrow with taxes")
def tariff_service(first: date) -> Prices:
    starts, values = series(first)
    nodes = [
        {"total": round(v / 1000 + 0.2, 4), "energy": round(v / 1000, 5), "tax": 0.2, "startsAt": iso(s),
         "currency": "EUR"}
        for s, v in zip(starts, values, strict=True)
    ]  # fmt: skip
    return Prices(
        json.dumps({"data": {"viewer": {"homes": [{"priceInfo": {"today": nodes}}]}}}).encode(), refused="value_missing"
    )


@prices("hourly before, quarter-hours after the change of the product")
def both_products(first: date) -> Prices:
    del first
    hours = instants(date(2025, 9, 29), 2, HOUR)
    quarters = instants(date(2025, 10, 1), 2, QUARTER)
    starts = [*hours, *quarters]
    ends = [*[s + HOUR for s in hours], *[s + QUARTER for s in quarters]]
    values = [round(50 + number % 40 / 3, 2) for number in range(len(starts))]
    header = ["Datum von", "Datum bis", "Deutschland/Luxemburg [€/MWh] Originalauflösungen"]
    rows = [[local(s), local(e), comma(v)] for s, e, v in zip(starts, ends, values, strict=True)]
    return Prices(table(header, rows), starts, values, product="DE-LU-15MIN DE-LU-60MIN")


@prices("our own names with an ISO stamp in winter time")
def own_names(first: date) -> Prices:
    starts, values = series(first)
    rows = [
        [(s + HOUR).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+01:00"), str(v)]
        for s, v in zip(starts, values, strict=True)
    ]
    return Prices(table(["timestamp", "price_eur_mwh"], rows, ","), starts, values)
