"""Exports in the manner of suppliers, inverters, home meters and neighbouring countries; every value made up here."""

from __future__ import annotations

import io
import json
from datetime import date, datetime, timedelta

import xlsxwriter

from luna_rules.importing import Mapping
from tests.unit.importing.variant_kit import (
    BERLIN,
    HALF,
    HOUR,
    MELO,
    QUARTER,
    Load,
    Variant,
    clock,
    day,
    german,
    iso,
    load,
    local,
    taken,
    till,
    utc,
    variant,
    write,
)

FIVE = timedelta(minutes=5)


@variant("Octopus: blanks behind commas, cost columns, half-hours")
def octopus(first: date) -> Variant:
    one = load(first, HALF)
    content = write(
        ["Consumption (kwh)", " Estimated Cost Inc. Tax (p)", " Standing Charge Inc. Tax (p)", " Start", " End"],
        one,
        lambda s, n: [str(one.kwh[n]), " 12.5", " 0.99", " " + iso(s), " " + iso(s + HALF)],
        separator=",",
    )
    return taken(content, one)


@variant("Octopus: the service's answer without a unit")
def octopus_json(first: date) -> Variant:
    one = load(first, HALF)
    rows = [
        {"consumption": v, "interval_start": iso(s), "interval_end": iso(s + HALF)}
        for s, v in zip(one.starts, one.kwh, strict=True)
    ]
    content = json.dumps({"count": len(rows), "next": None, "previous": None, "results": rows}).encode()
    return Variant(content, refused="unit_missing")


@variant("Tibber: nodes of consumption")
def tibber(first: date) -> Variant:
    one = load(first, HOUR)
    nodes = [
        {
            "from": iso(s), "to": iso(s + HOUR), "cost": 0.31, "unitPrice": 0.29, "unitPriceVAT": 0.05,
            "consumption": v, "consumptionUnit": "kWh",
        }
        for s, v in zip(one.starts, one.kwh, strict=True)
    ]  # fmt: skip
    document = {"data": {"viewer": {"homes": [{"consumption": {"nodes": nodes}}]}}}
    return taken(json.dumps(document).encode(), one)


@variant("inexogy: registers in 1e-10 kWh with power in mW")
def inexogy(first: date) -> Variant:
    one = load(first)
    drawn, fed, rows = 12_345.0, 678.0, list[dict[str, object]]()
    for number, start in enumerate([*one.starts, one.starts[-1] + QUARTER]):
        rows.append(
            {
                "time": int(start.timestamp() * 1000),
                "values": {"energy": round(drawn * 1e10), "energyOut": round(fed * 1e10), "power": 123_456},
            }
        )
        if number < len(one.starts):
            drawn, fed = drawn + one.kwh[number], fed + one.fed_kwh[number]
    return Variant(json.dumps(rows).encode(), one.starts, one.kw, one.fed_kw)


@variant("volkszaehler: pairs without a unit")
def volkszaehler(first: date) -> Variant:
    one = load(first)
    tuples = [[int(s.timestamp() * 1000), round(1000 * kw, 1), 1] for s, kw in zip(one.starts, one.kw, strict=True)]
    document = {"version": "0.3", "data": {"uuid": "a1", "from": 0, "to": 1, "tuples": tuples, "rows": len(tuples)}}
    return Variant(json.dumps(document).encode(), refused="unit_missing")


@variant("volkszaehler: pairs, once it is said that they are watts")
def volkszaehler_mapped(first: date) -> Variant:
    one = load(first)
    content = volkszaehler(first).content
    return Variant(content, one.starts, one.kw, mapping=Mapping(unit="W", stamp="start"))


@variant("Home Assistant: statistics with state and sum")
def home_assistant(first: date) -> Variant:
    one = load(first, HOUR)
    rows, total = ["statistic_id,unit,start,state,sum"], 800.0
    for number, start in enumerate([*one.starts, one.starts[-1] + HOUR]):
        rows.append(f"sensor.netzbezug,kWh,{local(start)},{round(4000 + total, 3)},{round(total, 3)}")
        total += one.kwh[number] if number < len(one.starts) else 0
    return Variant("\n".join(rows).encode(), one.starts, one.kw, interval_s=3600, meter="Z")


@variant("Home Assistant: the energy page's own download, hours along the head")
def home_assistant_energy(first: date) -> Variant:
    one = load(first, HOUR)
    head = ",".join(["entity_id", "type", "unit", *[utc(s, "%Y-%m-%dT%H:%M:%S.000Z") for s in one.starts]])
    lines = [
        head,
        ",".join(["sensor.netzbezug", "grid_consumption", "kWh", *map(str, one.kwh)]),
        ",".join(["sensor.einspeisung", "grid_return", "kWh", *map(str, one.fed_kwh)]),
    ]
    return Variant("\n".join(lines).encode(), one.starts, one.kw, one.fed_kw, interval_s=3600)


@variant("Shelly: three phases with what is returned")
def shelly_phases(first: date) -> Variant:
    one = load(first)
    names = ["total_act_energy", "fund_act_energy", "total_act_ret_energy", "max_act_power", "min_voltage"]
    header = ["timestamp", *[f"{phase}_{name}" for phase in "abc" for name in names]]

    def cells(start: datetime, number: int) -> list[str]:
        phase = [str(250 * one.kw[number] / 3), "1", str(250 * one.fed_kw[number] / 3), "900", "229.1"]
        return [f"{start.timestamp():.0f}", *phase, *phase, *phase]

    return Variant(write(header, one, cells, separator=","), one.starts, one.kw, one.fed_kw)


@variant("Shelly: one channel, UTC by its header")
def shelly(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Date/time UTC", "Active energy Wh", "Returned energy Wh", "Min V", "Max V"],
        one,
        lambda s, n: [f"{s:%Y-%m-%d %H:%M}", f"{1000 * one.kwh[n]:.1f}", f"{1000 * one.fed_kwh[n]:.1f}", "228", "231"],
        separator=",",
    )
    return Variant(content, one.starts, one.kw, one.fed_kw)


@variant("Solar.web: five series in Wh, units in the second line")
def solarweb(first: date) -> Variant:
    one = load(first, FIVE)
    content = write(
        [
            "Datum und Uhrzeit", "Energie ins Netz eingespeist", "Energie vom Netz bezogen", "Direkt verbraucht",
            "PV Produktion", "Verbrauch",
        ],
        one,
        lambda s, n: [
            local(s), german(round(1000 * one.fed_kwh[n], 2)), german(round(1000 * one.kwh[n], 2)), "11", "700", "900",
        ],
    ).replace(b"Verbrauch\r\n", b"Verbrauch\r\n[dd.MM.yyyy HH:mm];[Wh];[Wh];[Wh];[Wh];[Wh]\r\n")  # fmt: skip
    return Variant(content, one.starts, one.kw, one.fed_kw, interval_s=300)


@variant("Sunny Portal: clock times only, the day above")
def sunny_portal_day(first: date) -> Variant:
    one = load(first, QUARTER, 1)
    above = f"sep=;\r\nAnlage Musterdach\r\nTag;{first:%d.%m.%Y}\r\n\r\n"
    content = write(
        ["Zeitpunkt", "Leistung [kW]"], one, lambda s, n: [clock(s), german(round(one.kw[n], 3))], above=above
    )
    return Variant(content, refused="time_missing")


@variant("Sunny Portal: mean power of the plant")
def sunny_portal(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeitraum", "Gesamtanlage / Leistung / Mittelwerte  [kW]"],
        one,
        lambda s, n: [local(s), german(round(one.kw[n], 3))],
    )
    return Variant(content, one.starts, None, one.kw)


@variant("SolarEdge: power in W, days first in English")
def solaredge(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Time", "System Production (W)"],
        one,
        lambda s, n: [local(s, "%d/%m/%Y %H:%M"), f"{1000 * one.kw[n]:.1f}"],
        separator=",",
    )
    return Variant(content, one.starts, None, one.kw)


@variant("FusionSolar: title, then import and export in a workbook")
def fusionsolar(first: date) -> Variant:
    one = load(first, HOUR)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Plant Report")
    sheet.write(0, 0, "Plant report - hourly")
    sheet.write_row(
        1, 0,
        ["Statistical Period", "PV Yield (kWh)", "Inverter Yield (kWh)", "Export (kWh)", "Import (kWh)",
         "Consumption (kWh)", "Self-consumption (kWh)"],
    )  # fmt: skip
    for number, start in enumerate(one.starts, start=2):
        sheet.write(number, 0, local(start, "%Y-%m-%d %H:%M:%S"))
        sheet.write_row(number, 1, [9.0, 8.5, one.fed_kwh[number - 2], one.kwh[number - 2], 7.5, 3.5])
    book.close()
    return Variant(buffer.getvalue(), one.starts, one.kw, one.fed_kw, interval_s=3600)


@variant("plant and house without the network: production and consumption")
def plant_and_house(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeit", "Erzeugung (kWh)", "Verbrauch (kWh)", "Batterieladung (kWh)", "Batterieentladung (kWh)", "SOC (%)"],
        one,
        lambda s, n: [local(s), german(one.fed_kwh[n]), german(one.kwh[n]), "0,3", "0,4", "55"],
    )
    return Variant(content, one.starts, one.kw, one.fed_kw)


@variant("Fluvius: registers by day and night and direction in words")
def fluvius(first: date) -> Variant:
    one = load(first)
    lines = [
        "Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);EAN-code;Meter;Metertype;Register;Volume;Eenheid;"
        "Validatiestatus"
    ]
    for start, drawn, fed in zip(one.starts, one.kwh, one.fed_kwh, strict=True):
        band = "Dag" if 7 <= start.astimezone(BERLIN).hour < 22 else "Nacht"
        end = start + QUARTER
        span = (
            f"{local(start, '%d-%m-%Y')};{local(start, '%H:%M:%S')};{local(end, '%d-%m-%Y')};{local(end, '%H:%M:%S')}"
        )
        for word, value in (("Afname", drawn), ("Injectie", fed)):
            meter = '="541448820000000001";1SAG0000000001;Digitale meter'
            lines.append(f"{span};{meter};{word} {band};{german(value)};kWh;Uitgelezen")
    return Variant("\n".join(lines).encode(), one.starts, one.kw, one.fed_kw)


@variant("E-REDES: ends up to 24:00, Portuguese headers, kW")
def eredes(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Data", "Hora", "Consumo registado, Ativa (kW)", "Injeção na rede registada, Ativa (kW)"],
        one,
        lambda s, n: [
            "/".join(till(s)[0].split(".")[::-1]), till(s)[1], f"{one.kw[n]:.3f}", f"{one.fed_kw[n]:.3f}",
        ],
    )  # fmt: skip
    return Variant(content, one.starts, one.kw, one.fed_kw)


@variant("Datadis: hours by their end up to 24:00")
def datadis(first: date) -> Variant:
    one = load(first, HOUR)
    content = write(
        ["cups", "fecha", "hora", "consumo_kWh", "metodoObtencion"],
        one,
        lambda s, n: [
            "ES0031400000000000XX0F", "/".join(till(s, HOUR)[0].split(".")[::-1]), till(s, HOUR)[1],
            german(one.kwh[n]), "Real",
        ],
    )  # fmt: skip
    return taken(content, one, meter="Z")


@variant("Enedis: preamble names watts, half-hours with offset")
def enedis(first: date) -> Variant:
    one = load(first, HALF)
    above = (
        "Identifiant PRM;Type de donnees;Date de debut;Date de fin;Grandeur physique;Unite\r\n"
        f"01234567890123;Courbe de charge;{first:%d/%m/%Y};{first:%d/%m/%Y};Puissance active;W\r\n"
    )
    content = write(["Horodate", "Valeur"], one, lambda s, n: [iso(s + HALF), f"{1000 * one.kw[n]:.0f}"], above=above)
    return Variant(content, one.starts, one.kw, interval_s=1800, mapping=Mapping(stamp="end"))


@variant("Austria: Bezug aus dem Netz and from the community")
def energy_community(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeit von", "Zeit bis", "Verbrauch gesamt (kWh)", "Eigendeckung gemeinschaftliche Erzeugung (kWh)",
         "Restnetzbezug (kWh)"],
        one,
        lambda s, n: [local(s), local(s + QUARTER), german(one.kwh[n]), "0,01", "0,02"],
    )  # fmt: skip
    return taken(content, one)


@variant("Influx: annotated CSV")
def influx(first: date) -> Variant:
    one = load(first)
    above = (
        "#datatype,string,long,dateTime:RFC3339,double,string,string\r\n#group,false,false,false,false,true,true\r\n"
        "#default,_result,,,,,\r\n"
    )
    content = write(
        ["", "result", "table", "_time", "_value", "_field", "unit"],
        one,
        lambda s, n: ["", "", "0", utc(s), str(one.kwh[n]), "netzbezug", "kWh"],
        separator=",",
        above=above,
    )
    return taken(content, one)


@variant("epoch in nanoseconds")
def nanoseconds(first: date) -> Variant:
    one = load(first)
    content = write(
        ["time", "energy_wh"],
        one,
        lambda s, n: [f"{int(s.timestamp())}000000000", f"{1000 * one.kwh[n]:.1f}"],
        separator=",",
    )
    return taken(content, one)


@variant("wall box: charging sessions are no load profile")
def sessions(first: date) -> Variant:
    starts = [datetime(2025, 6, number, 7, 13, tzinfo=BERLIN) for number in range(1, 20, 2)]
    del first
    lines = ["Ladebeginn;Ladeende;Energie (kWh)"]
    lines += [f"{local(s)};{local(s + timedelta(hours=3, minutes=7 * n))};12,5" for n, s in enumerate(starts)]
    return Variant("\n".join(lines).encode(), refused="uneven")


@variant("invoice data: a reading a month")
def monthly(first: date) -> Variant:
    del first
    lines = ["Von;Bis;Verbrauch (kWh)"]
    lines += [f"01.{m:02d}.2025;01.{m + 1:02d}.2025;300,5" for m in range(1, 12)]
    return Variant("\n".join(lines).encode(), refused="too_coarse")


@variant("gas: cubic metres and kWh with factors")
def gas(first: date) -> Variant:
    one = load(first, HOUR)
    content = write(
        ["Datum", "Uhrzeit", "Betriebsvolumen [m³]", "Zustandszahl", "Brennwert [kWh/m³]", "Energie [kWh]"],
        one,
        lambda s, n: [day(s), clock(s), "0,4", "0,9500", "11,200", german(one.kwh[n])],
    )
    return taken(content, one)


@variant("Swiss: apostrophes in thousands and dots as decimals")
def swiss(first: date) -> Variant:
    one = load(first)
    values = [1000.25 + number for number in range(len(one.starts))]
    content = write(["Datum/Zeit", "Bezug (kW)"], one, lambda s, n: [local(s), f"{values[n]:,.2f}".replace(",", "'")])
    return Variant(content, one.starts, values)


@variant("HTML that calls itself XLS")
def html_table(first: date) -> Variant:
    one = load(first)
    rows = "".join(
        f"<tr><td>{local(s)}</td><td>{local(s + QUARTER)}</td><td>{german(v)}</td></tr>"
        for s, v in zip(one.starts, one.kwh, strict=True)
    )
    content = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body><table>'
        f"<tr><th>Beginn</th><th>Ende</th><th>Verbrauch&nbsp;[kWh]</th></tr>{rows}</table></body></html>"
    ).encode()
    return taken(content, one)


@variant("SpreadsheetML of 2003")
def spreadsheet_ml(first: date) -> Variant:
    one = load(first)

    def row(cells: list[tuple[str, str]]) -> str:
        inner = "".join(f'<Cell><Data ss:Type="{kind}">{text}</Data></Cell>' for kind, text in cells)
        return f"<Row>{inner}</Row>"

    rows = [row([("String", "Beginn"), ("String", "Ende"), ("String", "Verbrauch [kWh]")])]
    rows += [
        row([
            ("DateTime", local(s, "%Y-%m-%dT%H:%M:%S.000")),
            ("DateTime", local(s + QUARTER, "%Y-%m-%dT%H:%M:%S.000")),
            ("Number", str(v)),
        ])
        for s, v in zip(one.starts, one.kwh, strict=True)
    ]  # fmt: skip
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    content = (
        f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="{space}" xmlns:ss="{space}">'
        f'<Worksheet ss:Name="Lastgang"><Table>{"".join(rows)}</Table></Worksheet></Workbook>'
    ).encode()
    return taken(content, one)


def espi(one: Load, multiplier: int, uom: str = "72", cumulative: bool = False) -> str:
    readings: list[str] = []
    total = 5_000_000.0
    for start, value in zip(one.starts, one.kwh, strict=True):
        number = total if cumulative else 1000 * value / 10**multiplier
        readings.append(
            f"<IntervalReading><timePeriod><duration>{one.seconds}</duration><start>{start.timestamp():.0f}</start>"
            f"</timePeriod><value>{number:.0f}</value></IntervalReading>"
        )
        total += 1000 * value / 10**multiplier
    kind = (
        f"<ReadingType><accumulationBehaviour>{3 if cumulative else 4}</accumulationBehaviour><commodity>1</commodity>"
        f"<flowDirection>1</flowDirection><intervalLength>{one.seconds}</intervalLength>"
        f"<powerOfTenMultiplier>{multiplier}</powerOfTenMultiplier><uom>{uom}</uom></ReadingType>"
    )
    block = (
        f"<IntervalBlock><interval><duration>86400</duration><start>{one.starts[0].timestamp():.0f}</start></interval>"
        f"{''.join(readings)}</IntervalBlock>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        "<entry><title>Zähler</title><content><UsagePoint xmlns='http://naesb.org/espi'><ServiceCategory><kind>0</kind>"
        "</ServiceCategory></UsagePoint></content></entry>"
        f"<entry><content><rt:x xmlns:rt='x'/>{kind.replace('<ReadingType>', '<ReadingType xmlns=' + chr(34) + 'http://naesb.org/espi' + chr(34) + '>')}</content></entry>"  # noqa: E501
        f"<entry><content>{block.replace('<IntervalBlock>', '<IntervalBlock xmlns=' + chr(34) + 'http://naesb.org/espi' + chr(34) + '>')}</content></entry></feed>"  # noqa: E501
    )


@variant("Green Button: Wh in intervals")
def green_button(first: date) -> Variant:
    one = load(first)
    return taken(espi(one, 0).encode(), one)


@variant("Green Button: tenth of a Wh by the multiplier")
def green_button_multiplier(first: date) -> Variant:
    one = load(first, HOUR)
    return taken(espi(one, -1).encode(), one)


@variant("Green Button: a unit that is no energy")
def green_button_foreign(first: date) -> Variant:
    return Variant(espi(load(first), 0, uom="119").encode(), refused="unit_missing")


@variant("smart meter gateway: registers by OBIS in XML (TAF 7)")
def gateway(first: date) -> Variant:
    one = load(first)
    drawn, readings = 12_345_678.0, list[str]()
    for number, start in enumerate([*one.starts, one.starts[-1] + QUARTER]):
        readings.append(
            "<IntervalReading><espi:timePeriod><espi:duration>0</espi:duration>"
            f"<espi:start>{iso(start)}</espi:start></espi:timePeriod><value>{drawn * 10:.0f}</value>"
            "<statusPTB>0</statusPTB></IntervalReading>"
        )
        drawn += 1000 * one.kwh[number] if number < len(one.starts) else 0
    content = (
        '<?xml version="1.0" encoding="utf-8"?><UsagePoints xmlns="http://vde.de/AR_2418-6.xsd" '
        'xmlns:espi="http://naesb.org/espi"><UsagePoint><usagePointId>' + MELO + "</usagePointId>"
        "<MeterReading><Meter><meterId>1emh0000000001</meterId></Meter><ReadingType>"
        "<espi:powerOfTenMultiplier>-1</espi:powerOfTenMultiplier><espi:uom>72</espi:uom>"
        "<qualifiedLogicalName>0100010800FF.1emh0000000001.sm</qualifiedLogicalName></ReadingType>"
        f"<IntervalBlock><interval><espi:duration>0</espi:duration><espi:start>{iso(one.starts[0])}</espi:start>"
        f"</interval>{''.join(readings)}</IntervalBlock></MeterReading></UsagePoint></UsagePoints>"
    )
    return taken(content.encode(), one)
