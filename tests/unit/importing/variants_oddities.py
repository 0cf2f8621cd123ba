"""What tables of any origin get up to: counters that begin anew, dates left out, signs, JSON lines and more."""

from __future__ import annotations

import io
import json
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
    iso,
    load,
    local,
    taken,
    till,
    utc,
    variant,
    write,
)


@variant("a counter that begins anew each day")
def daily_counter(first: date) -> Variant:
    one = load(first)
    lines, total, last = ["Zeit;Tagesertrag (kWh)"], 0.0, first
    for start, value in zip(one.starts, one.kwh, strict=True):
        there = start.astimezone(BERLIN).date()
        total, last = (0.0 if there != last else total), there
        lines.append(f"{local(start)};{german(round(total, 3))}")
        total += value
    # What is added in the last quarter of a day is lost with the reset: the first standing of the next day is 0.
    wanted = one.kw[:-1]
    for number, start in enumerate(one.starts[:-1]):
        if (start + QUARTER).astimezone(BERLIN).date() != start.astimezone(BERLIN).date():
            wanted[number] = 0.0
    return Variant("\n".join(lines).encode(), one.starts[:-1], None, wanted, said="Tageszähler")


@variant("the date only in the first row of its day")
def date_once(first: date) -> Variant:
    one = load(first)

    def cells(start: datetime, number: int) -> list[str]:
        return [day(start) if clock(start) == "00:00" else "", clock(start), german(one.kwh[number])]

    return taken(write(["Datum", "Zeit", "Verbrauch kWh"], one, cells), one)


@variant("midnight behind the date, the clock beside")
def date_with_midnight(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Datum", "Uhrzeit", "Verbrauch kWh"],
        one,
        lambda s, n: [day(s) + " 00:00:00", clock(s, "%H:%M:%S"), german(one.kwh[n])],
    )
    return taken(content, one)


@variant("clocks with the first day of the spreadsheet")
def clock_of_1899(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Datum", "Uhrzeit", "Verbrauch kWh"],
        one,
        lambda s, n: [day(s), "30.12.1899 " + clock(s, "%H:%M:%S"), german(one.kwh[n])],
    )
    return taken(content, one)


@variant("workbook with dates and clocks as cells of two kinds")
def date_and_clock_cells(first: date) -> Variant:
    one = load(first)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    forms = [book.add_format({"num_format": form}) for form in ("dd.mm.yyyy", "hh:mm")]
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Datum", "Uhrzeit", "Wirkarbeit Bezug kWh"])
    for number, start in enumerate(one.starts, start=1):
        there = start.astimezone(BERLIN).replace(tzinfo=None)
        sheet.write_datetime(number, 0, datetime(there.year, there.month, there.day), forms[0])  # noqa: DTZ001
        sheet.write_number(number, 1, (there.hour * 60 + there.minute) / 1440, forms[1])
        sheet.write_number(number, 2, one.kwh[number - 1])
    book.close()
    return taken(buffer.getvalue(), one)


@variant("feed-in written below zero")
def feed_in_below_zero(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeit von", "Zeit bis", "Bezug [kWh]", "Einspeisung [kWh]"],
        one,
        lambda s, n: [local(s), local(s + QUARTER), german(one.kwh[n]), "-" + german(one.fed_kwh[n])],
    )
    return Variant(content, one.starts, one.kw, one.fed_kw, said="unter null")


@variant("a balance of both directions in one column")
def balance(first: date) -> Variant:
    one = load(first)
    signed = [kw if n % 2 else -kw for n, kw in enumerate(one.kw)]
    content = write(
        ["Zeit von", "Zeit bis", "Netzleistung [kW]"],
        one,
        lambda s, n: [local(s), local(s + QUARTER), german(round(signed[n], 3))],
    )
    return Variant(content, one.starts, signed, said="negativ")


@variant("states at any second are no profile")
def states(first: date) -> Variant:
    begin = load(first).starts[0]
    lines = ["last_changed,Leistung (W)"]
    moment = begin
    for number in range(200):
        moment += timedelta(seconds=3 + number * number % 997)
        lines.append(f"{utc(moment)},{100 + number}")
    return Variant("\n".join(lines).encode(), refused="uneven")


@variant("JSON lines")
def json_lines(first: date) -> Variant:
    one = load(first)
    lines = [
        json.dumps({"meter": MELO, "start": iso(s), "end": iso(s + QUARTER), "consumption_kwh": v})
        for s, v in zip(one.starts, one.kwh, strict=True)
    ]
    return taken("\n".join(lines).encode(), one, meter=None, meters=(MELO,))


@variant("JSON of arrays under other names")
def json_arrays(first: date) -> Variant:
    one = load(first)
    document = {"unit": "kWh", "data": {"time": [iso(s) for s in one.starts], "consumption_kwh": one.kwh}}
    return taken(json.dumps(document).encode(), one)


@variant("our own header with energy instead of power")
def own_header_kwh(first: date) -> Variant:
    one = load(first)
    content = write(
        ["meter_id", "ts", "consumption_kwh"], one, lambda s, n: [MELO, utc(s), str(one.kwh[n])], separator=","
    )
    return taken(content, one, meter=None, meters=(MELO,))


@variant("a row a day with the ends of the quarters along the head")
def matrix_of_ends(first: date) -> Variant:
    one = load(date(2025, 6, 11))
    del first
    clocks = [till(s)[1] for s in one.starts[:96]]
    lines = ["Lastgang [kW]", ";".join(["Datum", *clocks])]
    for part in range(3):
        values = one.kw[96 * part : 96 * part + 96]
        lines.append(";".join([day(one.starts[96 * part]), *[german(round(v, 3)) for v in values]]))
    return taken("\n".join(lines).encode(), one)


@variant("small numbers with an exponent and a comma")
def exponents(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Beginn", "Ende", "Verbrauch kWh"],
        one,
        lambda s, n: [
            local(s), local(s + QUARTER),
            german(one.kwh[n]) if n % 2 else f"{one.kwh[n]:.3E}".replace(".", ","),
        ],
    )  # fmt: skip
    return taken(content, one)


@variant("register with its unit in a column: Wh")
def register_in_wh(first: date) -> Variant:
    one = load(first)
    stand, lines = 5_000_000, ["Zeitpunkt;Zählerstand;Einheit"]
    for number, start in enumerate([*one.starts, one.starts[-1] + QUARTER]):
        lines.append(f"{local(start)};{stand};Wh")
        stand += round(1000 * one.kwh[number]) if number < len(one.starts) else 0
    return taken("\n".join(lines).encode(), one)


@variant("every interval twice, the same value")
def twice(first: date) -> Variant:
    one = load(first, HOUR)
    rows = [f"{iso(s)};{iso(s + HOUR)};{german(v)}" for s, v in zip(one.starts, one.kwh, strict=True) for _ in range(2)]
    return taken("\n".join(["von;bis;Verbrauch (kWh)", *rows]).encode(), one, said="mehrfach gleich")


@variant("half the times once more with another value")
def contradicting_rows(first: date) -> Variant:
    one = load(first, HOUR)
    rows = [f"{iso(s)};{iso(s + HOUR)};{german(v)}" for s, v in zip(one.starts, one.kwh, strict=True)]
    rows += [f"{iso(s)};{iso(s + HOUR)};{german(v + 1)}" for s, v in zip(one.starts[:50], one.kwh[:50], strict=True)]
    return Variant("\n".join(["von;bis;Verbrauch (kWh)", *rows]).encode(), refused="time_missing")


@variant("dates in English words")
def english_dates(first: date) -> Variant:
    one = load(first)

    def written(moment: datetime) -> str:
        there = moment.astimezone(BERLIN)
        return f'"{there:%A}, {there:%B} {there.day}, {there.year} {there:%I:%M %p}"'

    content = write(["Period start", "Usage (kWh)"], one, lambda s, n: [written(s), str(one.kwh[n])], separator=",")
    return taken(content, one)


@variant("mail date with offset")
def mail_date(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Start", "kWh"],
        one,
        lambda s, n: [s.astimezone(BERLIN).strftime("%a, %d %b %Y %H:%M:%S %z"), german(one.kwh[n])],
    )
    return taken(content, one)


@variant("packed stamps of fourteen digits")
def packed(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Beginn", "Ende", "kWh"],
        one,
        lambda s, n: [local(s, "%Y%m%d%H%M%S"), local(s + QUARTER, "%Y%m%d%H%M%S"), german(one.kwh[n])],
    )
    return taken(content, one)


@variant("meter number with letters in a column, two meters")
def two_meters(first: date) -> Variant:
    one = load(first)
    rows = [
        f"{meter};{local(s)};{local(s + QUARTER)};{german(v)}"
        for meter, values in (("1EMH0012345678", one.kwh), ("1EMH0087654321", one.fed_kwh))
        for s, v in zip(one.starts, values, strict=True)
    ]
    content = "\n".join(["Zählernummer;Von;Bis;Verbrauch (kWh)", *rows]).encode()
    return taken(content, one, meter="1EMH0012345678", meters=("1EMH0012345678",))


@variant("totals of the month in front of the rows")
def totals_in_front(first: date) -> Variant:
    one = load(first)
    above = "Auswertung;Juni\r\nSumme (kWh);83,661\r\nMinimum (kW);0,2\r\nMaximum (kW);2,1\r\n\r\n"
    content = write(
        ["Zeitstempel", "Verbrauch (kWh)", "Leistung (kW)"],
        one,
        lambda s, n: [local(s), german(one.kwh[n]), german(round(one.kw[n], 3))],
        above=above,
    )
    return taken(content, one)


@variant("column of the day's type between")
def day_type(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Datum", "Wochentag", "Zeit", "Tarif", "Verbrauch in Wh", "Kosten in EUR"],
        one,
        lambda s, n: [day(s), "Mittwoch", clock(s), "HT", str(round(1000 * one.kwh[n])), "0,05"],
    )
    return taken(content, one)


@variant("names of an interface: zeitpunktVon, zeitpunktBis")
def camel_case(first: date) -> Variant:
    one = load(first)
    rows = [
        {"wert_kwh": v, "zeitpunktVon": utc(s), "zeitpunktBis": utc(s + QUARTER), "geschaetzt": n == 5}
        for n, (s, v) in enumerate(zip(one.starts, one.kwh, strict=True))
    ]
    return taken(json.dumps({"zaehlwerke": [{"einheit": "KWH", "messwerte": rows}]}).encode(), one, substitutes=(5,))


@variant("names of a data base: zeit_von, grid_import_kwh")
def snake_case(first: date) -> Variant:
    one = load(first)
    content = write(
        ["zeit_von", "zeit_bis", "grid_import_kwh", "grid_export_kwh", "pv_yield_kwh"],
        one,
        lambda s, n: [utc(s), utc(s + QUARTER), str(one.kwh[n]), str(one.fed_kwh[n]), "9.5"],
        separator=",",
    )
    return Variant(content, one.starts, one.kw, one.fed_kw)


@variant("clocks with a point")
def dotted_clock(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Datum", "Uhrzeit", "Verbrauch kWh"], one, lambda s, n: [day(s), clock(s, "%H.%M"), german(one.kwh[n])]
    )
    return taken(content, one)


@variant("units alone as headers")
def unit_headers(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Datum", "kWh", "kW", "Status"],
        one,
        lambda s, n: [local(s, "%d.%m.%Y %H:%M:%S"), german(one.kwh[n]), german(round(one.kw[n], 3)), "gemessen"],
    )
    return taken(content, one)


@variant("stamps without leading zeros")
def unpadded(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeit", "Verbrauch kWh"],
        one,
        lambda s, n: [local(s, "%-d.%-m.%Y %-H:%M"), german(one.kwh[n])],
    )
    return taken(content, one)


@variant("amount, and a column of substitute marks in words")
def substitute_words(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Datum von", "Datum bis", "Energiemenge in kWh", "Ersatzwert"],
        one,
        lambda s, n: [local(s), local(s + QUARTER), german(one.kwh[n]), "Ersatzwert" if n == 9 else ""],
    )
    return taken(content, one, substitutes=(9,))


@variant("short dates with slashes and two digits of the year")
def short_slashes(first: date) -> Variant:
    one = load(first)
    content = write(["Zeit", "Verbrauch kWh"], one, lambda s, n: [local(s, "%d/%m/%y %H:%M"), german(one.kwh[n])])
    return taken(content, one)


@variant("tariffs below one another")
def tariffs_in_rows(first: date) -> Variant:
    one = load(first)
    rows = [
        f"{iso(s)};{iso(s + QUARTER)};{tariff};{german(round(v / 2, 4))}"
        for s, v in zip(one.starts, one.kwh, strict=True)
        for tariff in ("HT", "NT")
    ]
    return taken("\n".join(["Zeit von;Zeit bis;Tarif;Verbrauch kWh", *rows]).encode(), one)


@variant("a running total beside the values")
def running_total(first: date) -> Variant:
    one = load(first)
    content = write(
        ["Zeit", "Verbrauch (kWh)", "kumuliert (kWh)"],
        one,
        lambda s, n: [local(s), german(one.kwh[n]), german(round(sum(one.kwh[: n + 1]), 3))],
    )
    return taken(content, one)


@variant("watts with points in the thousands")
def watts_with_points(first: date) -> Variant:
    one = load(first)
    values = [1200 + 7 * number for number in range(len(one.starts))]
    content = write(["Beginn", "Last (W)"], one, lambda s, n: [local(s), f"{values[n]:,}".replace(",", ".")])
    return Variant(content, one.starts, [value / 1000 for value in values])


@variant("kilowatts on both sides of a thousand, points in the thousands")
def kilowatts_with_points(first: date) -> Variant:
    one = load(first)
    values = [800 + 7 * number for number in range(len(one.starts))]
    content = write(["Beginn", "Last (kW)"], one, lambda s, n: [local(s), f"{values[n]:,}".replace(",", ".")])
    return Variant(content, one.starts, values)


@variant("a load that rises and falls back, but not with the days")
def saw(first: date) -> Variant:
    one = load(first)
    values = [number % 41 / 100 for number in range(len(one.starts))]
    content = write(["Beginn", "Verbrauch (kWh)"], one, lambda s, n: [local(s), german(values[n])])
    return Variant(content, one.starts, [4 * value for value in values])
