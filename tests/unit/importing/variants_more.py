"""More exports as German portals, devices and price services write them; every value made up here."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date, datetime, timedelta

import xlsxwriter

from tests.unit.importing.variant_kit import (
    BERLIN,
    HOUR,
    MELO,
    QUARTER,
    VARIANTS,
    Variant,
    clock,
    day,
    german,
    iso,
    load,
    local,
    taken,
    utc,
    variant,
    write,
)
from tests.unit.importing.variants_prices import Prices, prices, series

FIVE = timedelta(minutes=5)
MONTHS = ("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez")


def book(sheets: dict[str, list[list[object]]]) -> bytes:
    """A workbook; times as cells of dates, whole days without a clock."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"remove_timezone": True}) as made:
        stamp, bare = (made.add_format({"num_format": form}) for form in ("dd.mm.yyyy hh:mm", "dd.mm.yyyy"))
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(number, place, cell, stamp)
                    elif isinstance(cell, date):
                        sheet.write_datetime(number, place, datetime(cell.year, cell.month, cell.day), bare)  # noqa: DTZ001
                    elif cell is not None:
                        sheet.write(number, place, cell)
    return buffer.getvalue()


def wall(moment: datetime) -> datetime:
    """The local time as a cell holds it."""
    return moment.astimezone(BERLIN).replace(tzinfo=None)


@variant("workbook: three lines of titles, names and units in two rows of the head")
def titled_book(first: date) -> Variant:
    one = load(first)
    rows: list[list[object]] = [
        ["Lastgangdaten Strom", None, None, None],
        ["Kunde", "Musterwerk GmbH", None, None],
        ["Zeitraum", f"{first:%d.%m.%Y} bis {first + timedelta(days=2):%d.%m.%Y}", None, None],
        [],
        ["Zeitstempel Beginn", "Wirkarbeit Bezug", "Wirkarbeit Lieferung", "Blindarbeit Bezug"],
        [None, "kWh", "kWh", "kvarh"],
    ]
    for number, start in enumerate(one.starts):
        rows.append([wall(start), one.kwh[number], one.fed_kwh[number], 0.75])
    return Variant(book({"Lastgang": rows}), one.starts, one.kw, one.fed_kw)


@variant("workbook: a sheet a month after a cover, days in rows and quarter-hours along the head")
def month_sheets(first: date) -> Variant:
    one = load(first)
    heads = [f"{number // 4:02d}:{number % 4 * 15:02d}" for number in range(96)]
    sheets: dict[str, list[list[object]]] = {"Deckblatt": [["Lastgang", "2025"], ["Ansprechpartner", "Vertrieb"]]}
    kept: list[datetime] = []
    power: list[float] = []
    for offset in range(3):
        that = first + timedelta(days=offset)
        cells: list[object] = [None] * 96
        for number, start in enumerate(one.starts):
            if start.astimezone(BERLIN).date() == that:
                place = heads.index(clock(start))
                if cells[place] is None:
                    cells[place] = one.kwh[number]
                    kept.append(start)
                    power.append(one.kw[number])
        name = MONTHS[that.month - 1]
        sheets.setdefault(name, [["Verbrauch in kWh", *[None] * 96], ["Datum", *heads]]).append([that, *cells])
    return Variant(book(sheets), kept, power)


@variant("smart-meter portal: date, from, to with 'Uhr', value with its unit, status")
def smart_meter_portal(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Datum", "von", "bis", "Verbrauch", "Status"],
        one,
        lambda s, n: [day(s), f"{clock(s)} Uhr", f"{clock(s + QUARTER)} Uhr", f"{german(one.kwh[n])} kWh", "gültig"],
        above="Zählernummer;1ESY1160012345\r\n\r\n",
    )
    return taken(content, one, meter="1ESY1160012345", meters=("1ESY1160012345",))


@variant("smart-meter portal: offset behind the clock, 1-1:1.8.0 beside the consumption")
def smart_meter_register(first: date) -> Variant:
    one = load(first)
    stands = [round(4_211.5 + sum(one.kwh[: n + 1]), 3) for n in range(len(one.kwh))]
    content = write(
        ["Messzeitpunkt", "Zählerstand 1-1:1.8.0 [kWh]", "Verbrauch [kWh]"],
        one,
        lambda s, n: [iso(s + QUARTER), german(stands[n]), german(one.kwh[n])],
        below="Export erstellt am 01.11.2025 07:30\r\n",
    )
    return taken(content, one)


@variant("inverter portal: yield of five minutes in kWh, grid and battery beside")
def inverter_five(first: date) -> Variant:
    one = load(first, FIVE)
    content = write(
        ["Datum und Uhrzeit", "Netzbezug [Wh]", "Netzeinspeisung [Wh]", "Batterieladung [Wh]", "Ladezustand [%]"],
        one,
        lambda s, n: [
            local(s), f"{one.kwh[n] * 1000:.0f}", f"{one.fed_kwh[n] * 1000:.0f}", "12", "55",
        ],
    )  # fmt: skip
    return Variant(content, one.starts, one.kw, one.fed_kw, interval_s=300)


@variant("inverter: mean power of five minutes in W with a clock of seconds")
def inverter_power(first: date) -> Variant:
    one = load(first, FIVE)
    content = write(
        ["Zeit", "PV-Leistung Wechselrichter 1 (W)"],
        one,
        lambda s, n: [iso(s), f"{one.fed_kw[n] * 1000:.1f}"],
        separator=",",
    )
    return Variant(content, one.starts, None, one.fed_kw, interval_s=300)


@variant("heat pump: temperatures, operation and electrical power in kW")
def heat_pump(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeitstempel", "Außentemperatur [°C]", "Vorlauf [°C]", "Leistungsaufnahme elektrisch [kW]", "Betriebsart"],
        one,
        lambda s, n: [iso(s), "7,5", "35,0", german(round(one.kw[n], 3)), "Heizen"],
    )
    return taken(content, one)


@variant("heat pump: heat beside electricity")
def heat_beside(first: date) -> Variant:
    one = load(first, HOUR)
    content = write(
        ["Zeit", "Stromverbrauch Wärmepumpe kWh", "Wärmemenge kWh", "COP"],
        one,
        lambda s, n: [iso(s), german(one.kwh[n]), german(round(one.kwh[n] * 3.5, 3)), "3,5"],
    )
    return taken(content, one)


@variant("supplier: profile in kW with 'Werktag', hours of the day above a DST day of 92 or 100 rows")
def with_weekday(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Wochentag", "Datum", "Zeit von", "Zeit bis", "Leistung [kW]"],
        one,
        lambda s, n: [
            ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")[s.astimezone(BERLIN).weekday()],
            day(s), clock(s), clock(s + QUARTER), german(round(one.kw[n], 3)),
        ],
    )  # fmt: skip
    return taken(content, one)


@variant("profile numbered through the day of 92, 96 or 100 quarter-hours")
def numbered(first: date) -> Variant:
    one = load(first)
    places: dict[str, int] = {}

    def cells(start: datetime, number: int) -> list[str]:
        places[day(start)] = places.get(day(start), 0) + 1
        return [day(start), str(places[day(start)]), german(one.kwh[number])]

    return taken(write(["Datum", "Viertelstunde", "Verbrauch in kWh"], one, cells), one)


@variant("several meters below one another, each with its own head")
def blocks_below(first: date) -> Variant:
    one = load(first)
    rows = [f"{MELO};{local(s)};{german(one.kwh[n])};kWh;W" for n, s in enumerate(one.starts)]
    head = "Messlokation;Zeitpunkt Beginn;Wert;Einheit;Status"
    return taken("\r\n".join([head, *rows[:50], head, *rows[50:]]).encode(), one, meter=None, meters=(MELO,))


@variant("a counter that begins anew each day, newest first")
def daily_newest_first(first: date) -> Variant:
    forward = VARIANTS["a counter that begins anew each day"](first)
    head, *rows = forward.content.decode().split("\n")
    content = "\n".join([head, *reversed(rows)]).encode()
    return replace(forward, content=content)


@variant("standings under a name that says nothing, newest first")
def standings_newest_first(first: date) -> Variant:
    one = load(first)
    stands = [round(4_211.5 + sum(one.kwh[:n]), 3) for n in range(len(one.kwh) + 1)]
    times = [*one.starts, one.starts[-1] + QUARTER]
    lines = [f"{iso(s)};{german(v)}" for s, v in zip(times, stands, strict=True)]
    return taken("\n".join(["Zeit;Wert", *reversed(lines)]).encode(), one, said="Zählerstände")


@variant("status letters W under no header are no unit")
def letters_without_a_head(first: date) -> Variant:
    one = load(first)
    return Variant(
        "\n".join(f"{local(s)};{german(one.kwh[n])};W" for n, s in enumerate(one.starts)).encode(),
        refused="unit_missing",
    )


@variant("three phases, one of them written twice")
def phase_twice(first: date) -> Variant:
    one = load(first)
    rows = [";".join([iso(s), *[german(round(one.kwh[n] / 3, 6))] * 4]) for n, s in enumerate(one.starts)]
    head = "Zeit;Bezug L1 [kWh];Bezug L2 [kWh];Bezug L3 [kWh];Bezug L3 [kWh]"
    return taken("\n".join([head, *rows]).encode(), one, said="zusammengezählt")


@variant("JSON of a portal: meter above, values with from, to and unit")
def portal_json(first: date) -> Variant:
    one = load(first)
    values = [
        {"von": iso(s), "bis": iso(s + QUARTER), "wert": v, "einheit": "kWh", "qualitaet": "VALIDIERT"}
        for s, v in zip(one.starts, one.kwh, strict=True)
    ]
    document = {"zaehlpunkt": MELO, "obis": "1-1:1.29.0", "messwerte": values}
    return taken(json.dumps(document).encode(), one)


@variant("data logger: tab, comment lines with #, seconds, a point as decimal")
def logger(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Timestamp (UTC)", "P_Netzbezug_kW"],
        one,
        lambda s, n: [utc(s, "%Y-%m-%d %H:%M:%S"), f"{one.kw[n]:.3f}"],
        separator="\t",
        above="# Logger LX-200\r\n# Firmware 1.4.2\r\n# Intervall 15 min\r\n",
    )
    return taken(content, one)


@prices("day-ahead, hours numbered H01 to H24, a row a day, in cents")
def hour_columns(first: date) -> Prices:
    starts, values = series(first)
    heads = [f"H{number:02d}" for number in range(1, 25)]
    lines = ["Day-Ahead Preise DE-LU in ct/kWh", ";".join(["Datum", *heads])]
    kept: list[datetime] = []
    found: list[float] = []
    for offset in range(3):
        that = first + timedelta(days=offset)
        mine = [(s, v) for s, v in zip(starts, values, strict=True) if s.astimezone(BERLIN).date() == that]
        if len(mine) != 24:
            continue
        lines.append(";".join([f"{that:%d.%m.%Y}", *[german(round(v / 10, 3)) for _, v in mine]]))
        kept += [s for s, _ in mine]
        found += [v for _, v in mine]
    return Prices("\r\n".join(lines).encode(), kept, found)


@prices("exchange: delivery day, start and end hour, price and volume, quoted")
def exchange_list(first: date) -> Prices:
    starts, values = series(first)
    rows = [
        f'"{day(s, "%Y-%m-%d")}","{clock(s)}","{clock(s + HOUR)}","{v}","12345.6"'
        for s, v in zip(starts, values, strict=True)
        if s.astimezone(BERLIN).fold == 0
    ]
    kept = [(s, v) for s, v in zip(starts, values, strict=True) if s.astimezone(BERLIN).fold == 0]
    head = '"Delivery day","Start","End","Price (EUR/MWh)","Volume (MWh)"'
    return Prices("\n".join([head, *rows]).encode(), [s for s, _ in kept], [v for _, v in kept])


@prices("Energy-Charts: time with offset, several columns of generation beside the price")
def energy_charts_mixed(first: date) -> Prices:
    starts, values = series(first)
    rows = [f"{iso(s)},{30_000 + n},{v}" for n, (s, v) in enumerate(zip(starts, values, strict=True))]
    head = 'Datum (MEZ/MESZ),"Last (MW)","Day Ahead Auktion (DE-LU) (EUR/MWh)"'
    return Prices("\n".join([head, *rows]).encode(), starts, values)


@prices("Netztransparenz: date, from, to, zone of each row, spot price in ct/kWh")
def netztransparenz_day(first: date) -> Prices:
    starts, values = series(first)
    rows = [
        ";".join(
            [day(s), clock(s), "CEST" if s.astimezone(BERLIN).dst() else "CET", clock(s + HOUR),
             "CEST" if (s + HOUR).astimezone(BERLIN).dst() else "CET", german(round(v / 10, 3))]
        )
        for s, v in zip(starts, values, strict=True)
    ]  # fmt: skip
    head = "Datum;von;Zeitzone von;bis;Zeitzone bis;Spotmarktpreis in ct/kWh"
    return Prices("\r\n".join([head, *rows]).encode(), starts, values)


@prices("workbook of a trader: title, unit in the second row of the head, quarter-hours")
def trader_book(first: date) -> Prices:
    starts, values = series(first, QUARTER)
    rows: list[list[object]] = [["Spotpreise Day-Ahead DE-LU"], [], ["Lieferbeginn", "Preis"], [None, "EUR/MWh"]]
    for start, value in zip(starts, values, strict=True):
        rows.append([wall(start), value])
    return Prices(book({"Preise": rows}), starts, values, "DE-LU-15MIN")


@prices("JSON of a price service: rows with start, end and price in ct/kWh")
def price_json(first: date) -> Prices:
    starts, values = series(first)
    rows = [
        {"start": iso(s), "end": iso(s + HOUR), "preis_ct_kwh": round(v / 10, 3)}
        for s, v in zip(starts, values, strict=True)
    ]
    return Prices(json.dumps({"gebotszone": "DE-LU", "daten": rows}).encode(), starts, values)
