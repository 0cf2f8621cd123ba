"""Exports in the manner of German grid operators' portals, written here; no row of anyone's file."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta

import xlsxwriter

from tests.unit.importing.variant_kit import (
    BERLIN,
    HOUR,
    MELO,
    QUARTER,
    Variant,
    clock,
    day,
    german,
    load,
    local,
    taken,
    till,
    variant,
    write,
)


@variant("SAP portal: Ab-Datum, Ab-Zeit, Bis-Datum, Bis-Zeit, energy and power")
def sap(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Ab-Datum", "Ab-Zeit", "Bis-Datum", "Bis-Zeit", "Profilwert kWh", "Profilwert kW", "Status"],
        one,
        lambda s, n: [
            day(s), clock(s, "%H:%M:%S"), day(s + QUARTER), clock(s + QUARTER, "%H:%M:%S"),
            german(one.kwh[n]), german(round(one.kw[n], 3)), "W",
        ],
    )  # fmt: skip
    return taken(content, one)


@variant("SAP portal: ends up to 24:00:00 and a status W/E")
def sap_ends(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Bis-Datum", "Bis-Zeit", "Profilwert kWh", "Status"],
        one,
        lambda s, n: [till(s)[0], till(s)[1] + ":00", german(one.kwh[n]), "E" if n == 7 else "W"],
    )
    return taken(content, one, substitutes=(7,))


@variant("preamble with a maximum in kW and a sum in kWh, column in kW")
def preamble_of_both(first: date) -> Variant:
    one = load(first)
    above = f"Netzbetreiber;Musternetz GmbH\r\nMeLo-ID;{MELO}\r\nMaximalleistung;2,24 kW\r\n"
    above += "Gesamtarbeit;154,321 kWh\r\n\r\n"
    content = write(
        ["Datum", "Uhrzeit von", "Uhrzeit bis", "Wert [kW]", "Status"],
        one,
        lambda s, n: [day(s), clock(s), clock(s + QUARTER), german(round(one.kw[n], 3)), "gemessen"],
        above=above,
    )
    return taken(content, one, meter=None, meters=(MELO,))


@variant("preamble with a maximum in kW and a sum in kWh, column without a unit")
def preamble_undecided(first: date) -> Variant:
    one = load(first)
    above = "Maximalleistung;2,24 kW\r\nGesamtarbeit;154,321 kWh\r\n\r\n"
    content = write(
        ["Datum", "Uhrzeit von", "Uhrzeit bis", "Wert"],
        one,
        lambda s, n: [day(s), clock(s), clock(s + QUARTER), german(one.kwh[n])],
        above=above,
    )
    return Variant(content, refused="unit_missing")


@variant("four quantities with + and -, reactive ones among them")
def four_quantities(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeitpunkt", "+A [kWh]", "-A [kWh]", "+R [kvarh]", "-R [kvarh]"],
        one,
        lambda s, n: [local(s), german(one.kwh[n]), german(one.fed_kwh[n]), "7,5", "8,5"],
    )
    return Variant(content, one.starts, one.kw, one.fed_kw)


@variant("P+ and P- in kW, Q+ and Q- in kvar")
def p_and_q(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Datum/Uhrzeit", "P+ [kW]", "P- [kW]", "Q+ [kvar]", "Q- [kvar]"],
        one,
        lambda s, n: [local(s), german(round(one.kw[n], 3)), german(round(one.fed_kw[n], 3)), "7,5", "8,5"],
    )
    return Variant(content, one.starts, one.kw, one.fed_kw)


@variant("OBIS codes as headers with units beside, status columns between")
def obis_headers(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeitstempel", "1-1:1.29.0 [kWh]", "Status", "1-1:2.29.0 [kWh]", "Status"],
        one,
        lambda s, n: [local(s), german(one.kwh[n]), "W", german(one.fed_kwh[n]), "W"],
    )
    return Variant(content, one.starts, one.kw, one.fed_kw)


@variant("OBIS codes of power as headers, no unit")
def obis_power_headers(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeitstempel", "1-1:1.5.0", "1-1:2.5.0"],
        one,
        lambda s, n: [local(s), german(round(one.kw[n], 3)), german(round(one.fed_kw[n], 3))],
    )
    return Variant(content, one.starts, one.kw, one.fed_kw)


@variant("long list by OBIS code, two directions")
def long_by_obis(first: date) -> Variant:
    one = load(first)
    rows: list[str] = ["Messlokation;OBIS;Von;Bis;Wert;Einheit;Status"]
    for code, values in (("1-1:1.29.0", one.kwh), ("1-1:2.29.0", one.fed_kwh)):
        for start, value in zip(one.starts, values, strict=True):
            rows.append(f"{MELO};{code};{local(start)};{local(start + QUARTER)};{german(value)};kWh;W")
    return Variant("\n".join(rows).encode(), one.starts, one.kw, one.fed_kw, meter=None, meters=(MELO,))


@variant("long list by a column of directions in words")
def long_by_direction(first: date) -> Variant:
    one = load(first)
    rows: list[str] = ["Zählpunkt;Richtung;Beginn;Ende;Menge (kWh)"]
    for start, drawn, fed in zip(one.starts, one.kwh, one.fed_kwh, strict=True):
        for word, value in (("Bezug", drawn), ("Einspeisung", fed)):
            rows.append(f"{MELO};{word};{local(start)};{local(start + QUARTER)};{german(value)}")
    return Variant("\n".join(rows).encode(), one.starts, one.kw, one.fed_kw, meter=None, meters=(MELO,))


@variant("a column that says J or N to substitute values")
def substitute_letters(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Messdatum", "Messzeit", "Menge [kWh]", "Ersatzwertkennzeichen"],
        one,
        lambda s, n: [day(s), clock(s), german(one.kwh[n]), "J" if n == 3 else "N"],
    )
    return taken(content, one, substitutes=(3,))


@variant("winter and summer in a column of their own")
def season_column(first: date) -> Variant:
    one = load(first)

    def cells(start: datetime, number: int) -> list[str]:
        summer = start.astimezone(BERLIN).utcoffset() == timedelta(hours=2)
        return [day(start), clock(start), "S" if summer else "W", german(one.kwh[number])]

    # Rows of both passes side by side: only the letter tells them apart.
    rows = sorted(
        ([start, cells(start, number)] for number, start in enumerate(one.starts)),
        key=lambda row: row[0].astimezone(BERLIN).replace(tzinfo=None),  # type: ignore[union-attr]
    )
    lines = ["Datum;Uhrzeit;S/W;Verbrauch kWh", *(";".join(row[1]) for row in rows)]  # type: ignore[arg-type]
    return taken("\n".join(lines).encode(), one)


@variant("zone in a column of its own")
def zone_column(first: date) -> Variant:
    one = load(first)

    def cells(start: datetime, number: int) -> list[str]:
        name = "MESZ" if start.astimezone(BERLIN).utcoffset() == timedelta(hours=2) else "MEZ"
        return [local(start), name, german(one.kwh[number])]

    return taken(write(["Zeitstempel", "Zeitzone", "Wert (kWh)"], one, cells), one)


@variant("zone UTC in a column of its own")
def zone_column_utc(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Datum", "von", "Zeitzone von", "bis", "Zeitzone bis", "Verbrauch (kWh)"],
        one,
        lambda s, n: [f"{s:%d.%m.%Y}", f"{s:%H:%M}", "UTC", f"{s + QUARTER:%H:%M}", "UTC", german(one.kwh[n])],
    )
    return taken(content, one)


@variant("offset in the header")
def offset_in_header(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeitpunkt (UTC+1)", "Verbrauch [kWh]"], one, lambda s, n: [f"{s + HOUR:%d.%m.%Y %H:%M}", german(one.kwh[n])]
    )
    return taken(content, one)


@variant("offset of two hours in the header")
def offset_of_two(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeitpunkt (UTC+02:00)", "Verbrauch [kWh]"],
        one,
        lambda s, n: [f"{s + 2 * HOUR:%d.%m.%Y %H:%M}", german(one.kwh[n])],
    )
    return taken(content, one)


@variant("newest first")
def newest_first(first: date) -> Variant:
    one = load(first)
    rows = [[local(s), local(s + QUARTER), german(v)] for s, v in zip(one.starts, one.kwh, strict=True)][::-1]
    content = "\n".join(["Beginn;Ende;Verbrauch (kWh)", *map(";".join, rows)]).encode()
    return taken(content, one)


@variant("newest first, one stamp at the end")
def newest_first_ends(first: date) -> Variant:
    one = load(first)
    rows = [[local(s + QUARTER), german(v)] for s, v in zip(one.starts, one.kwh, strict=True)][::-1]
    return taken("\n".join(["Zeitstempel;Verbrauch (kWh)", *map(";".join, rows)]).encode(), one)


@variant("stamps at the last second of the interval")
def last_seconds(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeitstempel", "Verbrauch (kWh)"],
        one,
        lambda s, n: [local(s + QUARTER - timedelta(seconds=1), "%d.%m.%Y %H:%M:%S"), german(one.kwh[n])],
    )
    return taken(content, one)


@variant("a running number without a header in front")
def running_number(first: date) -> Variant:
    one = load(first)
    content = write(
        ["", "timestamp", "value_kwh"],
        one,
        lambda s, n: [str(n), iso_like(s), str(one.kwh[n])],
        separator=",",
    )
    return taken(content, one)


def iso_like(start: datetime) -> str:
    return start.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M:%S%z")


@variant("Lfd. Nr. and temperature beside")
def numbered_with_temperature(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Lfd. Nr.", "Datum", "Zeit", "Temperatur (°C)", "Verbrauch (kWh)"],
        one,
        lambda s, n: [str(n + 1), day(s), clock(s), "12,5", german(one.kwh[n])],
    )
    return taken(content, one)


@variant("year, month, day, hour and minute as columns")
def split_stamp(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Jahr", "Monat", "Tag", "Stunde", "Minute", "Verbrauch (kWh)"],
        one,
        lambda s, n: [*local(s, "%Y %m %d %H %M").split(), german(one.kwh[n])],
    )
    return taken(content, one)


@variant("thousands by points, some without decimals")
def thousands_without_decimals(first: date) -> Variant:
    one = load(first)
    values = [1234.0 if number % 3 == 0 else 1000.5 + number for number in range(len(one.starts))]
    written = [f"{v:,.1f}".replace(",", "T").replace(".", ",").replace("T", ".").removesuffix(",0") for v in values]
    content = write(["Beginn", "Leistung [kW]"], one, lambda s, n: [local(s), written[n]])
    return Variant(content, one.starts, values)


@variant("workbook whose numbers are German text")
def text_workbook(first: date) -> Variant:
    one = load(first)
    values = [1234.0 if number % 3 == 0 else 1000.5 + number for number in range(len(one.starts))]
    written = [f"{v:,.1f}".replace(",", "T").replace(".", ",").replace("T", ".").removesuffix(",0") for v in values]
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Beginn", "Leistung [kW]"])
    for number, start in enumerate(one.starts, start=1):
        sheet.write_row(number, 0, [local(start), written[number - 1]])
    book.close()
    return Variant(buffer.getvalue(), one.starts, values)


@variant("workbook counting from 1904")
def workbook_1904(first: date) -> Variant:
    one = load(first)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "date_1904": True})
    form = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["von", "bis", "Verbrauch [kWh]"])
    for number, start in enumerate(one.starts, start=1):
        for column, moment in enumerate((start, start + QUARTER)):
            sheet.write_datetime(number, column, moment.astimezone(BERLIN).replace(tzinfo=None), form)
        sheet.write_number(number, 2, one.kwh[number - 1])
    book.close()
    return taken(buffer.getvalue(), one)


@variant("a sheet for each month, the last day of one and the first of the next")
def sheets(first: date) -> Variant:
    one = load(first)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    form = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
    for part in range(3):
        sheet = book.add_worksheet(f"Teil {part + 1}")
        sheet.write(0, 0, "Zählpunkt")
        sheet.write(0, 1, MELO)
        sheet.write_row(2, 0, ["Datum von", "Datum bis", "Wirkarbeit Bezug [kWh]"])
        kept = [n for n, s in enumerate(one.starts) if (s.astimezone(BERLIN).date() - first).days == part]
        for row, number in enumerate(kept, start=3):
            for column, moment in enumerate((one.starts[number], one.starts[number] + QUARTER)):
                sheet.write_datetime(row, column, moment.astimezone(BERLIN).replace(tzinfo=None), form)
            sheet.write_number(row, 2, one.kwh[number])
    book.close()
    return taken(buffer.getvalue(), one, meter=None, meters=(MELO,))


@variant("header repeated for every day, sums between")
def header_again(first: date) -> Variant:
    one = load(first)
    lines: list[str] = []
    for part in range(3):
        kept = [n for n, s in enumerate(one.starts) if (s.astimezone(BERLIN).date() - first).days == part]
        lines.append("Datum;Zeit;Verbrauch kWh")
        lines += [f"{day(one.starts[n])};{clock(one.starts[n])};{german(one.kwh[n])}" for n in kept]
        lines.append(f"Summe;;{german(round(sum(one.kwh[n] for n in kept), 3))}")
        lines.append("")
    return taken("\n".join(lines).encode(), one)


@variant("kWh per hour as the unit")
def kwh_per_hour(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Beginn", "Ende", "Lastgang [kWh/h]"],
        one,
        lambda s, n: [local(s), local(s + QUARTER), german(round(one.kw[n], 3))],
    )
    return taken(content, one)


@variant("kWh per quarter-hour as the unit")
def kwh_per_quarter(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Beginn", "Ende", "Verbrauch [kWh/15min]"],
        one,
        lambda s, n: [local(s), local(s + QUARTER), german(one.kwh[n])],
    )
    return taken(content, one)


@variant("Lastgang without a unit")
def unit_nowhere(first: date) -> Variant:
    one = load(first)
    content = write(["Datum", "Zeit", "Lastgang"], one, lambda s, n: [day(s), clock(s), german(one.kwh[n])])
    return Variant(content, refused="unit_missing")


@variant("mean power in the words of the header")
def mean_power(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeitpunkt", "Mittlere Leistung im 15-min-Intervall in kW"],
        one,
        lambda s, n: [local(s), german(round(one.kw[n], 3))],
    )
    return taken(content, one)


@variant("cells with mixed units under a header without one")
def mixed_cells(first: date) -> Variant:
    one = load(first)

    def cell(number: int) -> str:
        kw = one.kw[number]
        return f"{kw:.3f} kW" if kw >= 1 else f"{1000 * kw:.0f} W"

    content = write(["Time", "Leistung"], one, lambda s, n: [local(s, "%Y-%m-%d %H:%M:%S"), cell(n)], separator=",")
    return taken(content, one)


@variant("cells in another unit than the header's")
def contradicting_cells(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Time", "Leistung (kW)"],
        one,
        lambda s, n: [local(s, "%Y-%m-%d %H:%M:%S"), f"{1000 * one.kw[n]:.0f} W"],
        separator=",",
    )
    return taken(content, one)


@variant("registers of both directions, hourly, newest first")
def register_pair(first: date) -> Variant:
    one = load(first, HOUR)
    drawn, fed, rows = 5000.0, 100.0, list[list[str]]()
    for number, start in enumerate([*one.starts, one.starts[-1] + HOUR]):
        rows.append([local(start), german(round(drawn, 3)), german(round(fed, 3))])
        if number < len(one.starts):
            drawn, fed = drawn + one.kwh[number], fed + one.fed_kwh[number]
    lines = ["Zeitpunkt;Zählerstand 1.8.0 [kWh];Zählerstand 2.8.0 [kWh]", *map(";".join, rows[::-1])]
    return Variant("\n".join(lines).encode(), one.starts, one.kw, one.fed_kw, interval_s=3600)


@variant("zone identifier of Java behind the stamp")
def java_stamp(first: date) -> Variant:
    one = load(first)
    content = write(
        ["start", "end", "kWh"],
        one,
        lambda s, n: [
            s.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M") + offset(s) + "[Europe/Berlin]",
            (s + QUARTER).astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M") + offset(s + QUARTER) + "[Europe/Berlin]",
            str(one.kwh[n]),
        ],
        separator=",",
    )
    return taken(content, one)


def offset(moment: datetime) -> str:
    return moment.astimezone(BERLIN).isoformat()[-6:]


@variant("years of two digits in front")
def two_digit_years_first(first: date) -> Variant:
    one = load(first)
    content = write(["Zeit", "Verbrauch kWh"], one, lambda s, n: [local(s, "%y-%m-%d %H:%M:%S"), german(one.kwh[n])])
    return taken(content, one)


@variant("American dates, twelve-hour clock")
def american(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Date/Time", "Consumption (kWh)"],
        one,
        lambda s, n: [local(s, "%m/%d/%Y %I:%M %p"), str(one.kwh[n])],
        separator=",",
    )
    return taken(content, one)


@variant("American dates of days below thirteen")
def american_ambiguous(first: date) -> Variant:
    one = load(first.replace(day=5))
    content = write(
        ["Date", "Time", "Consumption (kWh)"],
        one,
        lambda s, n: [local(s, "%m/%d/%Y"), clock(s), str(one.kwh[n])],
        separator=",",
    )
    return taken(content, one)


@variant("German dates with slashes of days below thirteen")
def slashes_ambiguous(first: date) -> Variant:
    one = load(first.replace(day=5))
    content = write(
        ["Datum", "Zeit", "Verbrauch (kWh)"], one, lambda s, n: [local(s, "%d/%m/%Y"), clock(s), german(one.kwh[n])]
    )
    return taken(content, one)


@variant("a column for each meter, MaLo above")
def columns_of_meters(first: date) -> Variant:
    one = load(first)
    above = "Marktlokation;41373559241;48662918097\r\nEinheit;kWh;kWh\r\n"
    content = write(
        ["Zeitstempel", "Wert", "Wert"],
        one,
        lambda s, n: [local(s), german(one.kwh[n]), german(one.fed_kwh[n])],
        above=above,
    )
    return Variant(content, one.starts, one.kw, meter="41373559241")


@variant("everything in quotes, numbers escaped for the spreadsheet")
def escaped(first: date) -> Variant:
    one = load(first)
    content = write(
        ['"Zähler"', '"Von"', '"Bis"', '"Verbrauch kWh"'],
        one,
        lambda s, n: [f'"=""{MELO}"""', f'"{local(s)}"', f'"{local(s + QUARTER)}"', f'"=""{german(one.kwh[n])}"""'],
    )
    return taken(content, one, meter=None, meters=(MELO,))


@variant("quarter-hours by words, day by day")
def quarter_range_words(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Tag", "Zeitraum", "Verbrauch in kWh"],
        one,
        lambda s, n: [day(s), f"{clock(s)} - {clock(s + QUARTER)}", german(one.kwh[n])],
    )
    return taken(content, one)
