"""Exports as portals, inverters and operators of other habits write them; made-up values, read to the right totals."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
import xlsxwriter

from luna_rules.importing import ImportOptions, UnreadableFileError, parse
from tests.unit.importing.quirks import BERLIN, QUARTER, german, instants, kwh, local, table

MELO = "DE0007913123400000000000000054321"
HOUR = timedelta(hours=1)
STARTS = instants(date(2025, 6, 1), 2)
KWH = [kwh(number) for number in range(len(STARTS))]
KW = [4 * value for value in KWH]
MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
    "November", "Dezember",
)  # fmt: skip
CHANGES = [date(2025, 3, 29), date(2025, 10, 25)]


@dataclass(frozen=True)
class Case:
    """A file and what it says."""

    content: bytes
    kw: Sequence[float] = field(default_factory=lambda: KW)
    starts: Sequence[datetime] = field(default_factory=lambda: STARTS)
    series: str = "consumption_kw"
    interval_s: int = 900


def each(
    header: list[str],
    cells: Callable[[datetime, float], list[str]],
    *,
    starts: Sequence[datetime] = STARTS,
    separator: str = ";",
) -> bytes:
    """A CSV with one row an interval."""
    return table(header, [cells(start, kwh(number)) for number, start in enumerate(starts)], separator)


def watts(start: datetime, value: float) -> list[str]:
    return [local(start, "%d.%m.%Y"), local(start, "%H:%M"), str(round(4000 * value))]


def ends_at_24(start: datetime, value: float) -> list[str]:
    end = (start + QUARTER).astimezone(BERLIN)
    if (end.hour, end.minute) == (0, 0):
        return [(end - timedelta(days=1)).strftime("%d.%m.%Y"), "24:00", german(value)]
    return [end.strftime("%d.%m.%Y"), end.strftime("%H:%M"), german(value)]


def month_named(start: datetime, value: float) -> list[str]:
    day = start.astimezone(BERLIN)
    return [f"{day.day}. {MONTHS[day.month - 1]} {day.year} {day:%H:%M}", german(value)]


def month_short(start: datetime, value: float) -> list[str]:
    day = start.astimezone(BERLIN)
    return [f"{day:%d}-{MONTHS[day.month - 1][:3]}-{day.year} {day:%H:%M}", german(value)]


def thousands(mark: str) -> Case:
    values = [1000 + 10 * number + 0.25 for number in range(len(STARTS))]
    written = [f"{value:,.2f}".replace(",", "T").replace(".", ",").replace("T", mark) for value in values]
    rows = [[local(start), text] for start, text in zip(STARTS, written, strict=True)]
    return Case(table(["Beginn", "Leistung [kW]"], rows), values)


def merged_workbook() -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    form = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
    sheet = book.add_worksheet("Lastgang")
    sheet.merge_range(0, 0, 0, 2, "Lastgang der Musterwerke 2025")
    sheet.merge_range(1, 0, 2, 0, "Zeitstempel")
    sheet.merge_range(1, 1, 1, 2, "Wirkarbeit [kWh]")
    sheet.write_row(2, 1, ["Bezug", "Einspeisung"])
    for number, start in enumerate(STARTS):
        sheet.write_datetime(3 + number, 0, start.astimezone(BERLIN).replace(tzinfo=None), form)
        sheet.write_row(3 + number, 1, [KWH[number], 0])
    book.close()
    return buffer.getvalue()


def clock_workbook() -> bytes:
    """A sheet of remarks, then one with date, begin and end as cells of their own."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    day_form, clock_form = (book.add_format({"num_format": form}) for form in ("dd.mm.yyyy", "hh:mm"))
    book.add_worksheet("Hinweise").write(0, 0, "Alle Zeiten in Ortszeit")
    sheet = book.add_worksheet("Werte")
    sheet.write_row(0, 0, ["Datum", "von", "bis", "Verbrauch kWh"])
    for number, start in enumerate(STARTS, start=1):
        begin = start.astimezone(BERLIN).replace(tzinfo=None)
        end = (start + QUARTER).astimezone(BERLIN).replace(tzinfo=None)
        sheet.write_datetime(number, 0, datetime(begin.year, begin.month, begin.day), day_form)  # noqa: DTZ001
        for column, moment in ((1, begin), (2, end)):
            sheet.write_datetime(number, column, datetime(1899, 12, 31, moment.hour, moment.minute), clock_form)  # noqa: DTZ001
        sheet.write_number(number, 3, KWH[number - 1])
    book.close()
    return buffer.getvalue()


def matrix_by_clock() -> bytes:
    rows = [[local(STARTS[n], "%H:%M"), german(KWH[n]), german(KWH[n + 96])] for n in range(96)]
    return b"Verbrauch in kWh\r\n" + table(["Uhrzeit", "01.06.2025", "02.06.2025"], rows)


def with_sums() -> bytes:
    rows: list[list[str]] = []
    for day in range(2):
        part = range(96 * day, 96 * day + 96)
        rows += [[local(STARTS[n]), german(KWH[n])] for n in part]
        rows += [["Tagessumme", german(round(sum(KWH[n] for n in part), 3))], ["", ""]]
    return table(["Beginn", "kWh"], [*rows, ["Gesamt", german(round(sum(KWH), 3))], ["Maximum", german(max(KWH))]])


def tariffs(start: datetime, value: float) -> list[str]:
    high = 6 <= start.astimezone(BERLIN).hour < 22
    return [local(start), german(value) if high else "0,000", "0,000" if high else german(value)]


def rising() -> bytes:
    stand, rows = 5000.0, list[list[str]]()
    for number, start in enumerate([*STARTS, STARTS[-1] + QUARTER]):
        rows.append([local(start), german(round(stand, 3))])
        stand += kwh(number)
    return table(["Zeitstempel", "Zählerstand Bezug [kWh]"], rows)


FIVE = instants(date(2025, 6, 1), 1, timedelta(minutes=5))
MINUTES = instants(date(2025, 6, 1), 1, timedelta(minutes=1))
WEEK = instants(date(2025, 6, 1), 7, HOUR)
WATTS = [round(4000 * value) / 1000 for value in KWH]
DAYS_NAMED = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
CASES: dict[str, Case] = {
    "power in watts": Case(each(["Datum", "Uhrzeit", "Leistung [W]"], watts), WATTS),
    "watt-hours": Case(each(["Zeitstempel Beginn", "Energie (Wh)"], lambda s, v: [local(s), str(round(1000 * v))])),
    "megawatt-hours": Case(
        each(
            ["von", "bis", "Menge [MWh]"], lambda s, v: [local(s), local(s + QUARTER), german(float(f"{v / 1000:.6f}"))]
        )
    ),
    "unit written out": Case(each(["Zeitpunkt", "Verbrauch in Kilowattstunden"], lambda s, v: [local(s), german(v)])),
    "unit in each cell": Case(each(["Beginn", "Verbrauch"], lambda s, v: [local(s), f"{german(v)} kWh"])),
    "unit as a suffix, epoch in milliseconds": Case(
        each(["time", "power_w"], lambda s, v: [f"{s.timestamp() * 1000:.0f}", f"{4000 * v:.1f}"], separator=",")
    ),
    "header of two lines": Case(
        each(["Datum/Zeit", "Bezug", "Lieferung"], lambda s, v: [local(s), german(v), "0,000"]).replace(
            b"Lieferung\r\n", b"Lieferung\r\n;kWh;kWh\r\n"
        )
    ),
    "ISO with offset": Case(
        each(["timestamp", "value_kwh"], lambda s, v: [s.astimezone(BERLIN).isoformat(), str(v)], separator=",")
    ),
    "decimals in quotes": Case(
        each(["Zeit", "Verbrauch kWh"], lambda s, v: [local(s), f'"{german(v)}"'], separator=",")
    ),
    "24:00": Case(each(["Datum", "Zeit bis", "kWh"], ends_at_24)),
    "months by name": Case(each(["Zeitpunkt", "Verbrauch in kWh"], month_named)),
    "months in short": Case(each(["Zeitpunkt", "Verbrauch in kWh"], month_short)),
    "thousands by points": thousands("."),
    "thousands by narrow spaces": thousands("\u202f"),
    "thousands by apostrophes": thousands("'"),
    "sums of days, a total and a peak": Case(with_sums()),
    "register only": Case(rising()),
    "separator named in the first line": Case(
        b"sep=;\r\n"
        + each(["Zeit", "Wechselrichter / Mittelwerte [kW]"], lambda s, v: [local(s), german(round(4 * v, 3))]),
        series="production_kw",
    ),
    "inverter, five minutes, units below": Case(
        each(
            ["Datum und Uhrzeit", "Energie | Symo 10.0"],
            lambda s, v: [local(s), german(round(1000 * v, 2))],
            starts=FIVE,
        ).replace(b"10.0\r\n", b"10.0\r\n[dd.MM.yyyy HH:mm];[Wh]\r\n"),
        [12 * kwh(number) for number in range(len(FIVE))],
        FIVE,
        "production_kw",
        300,
    ),
    "micro-inverters": Case(
        each(
            ['"Date/Time"', '"Energy Produced (Wh)"'],
            lambda s, v: [f'"{s.astimezone(BERLIN):%Y-%m-%d %H:%M:%S %z}"', f'"{round(1000 * v)}"'],
            separator=",",
        ),
        series="production_kw",
    ),
    "energy meter at home, minutes": Case(
        each(
            ["timestamp", "a_total_act_energy", "a_total_act_ret_energy"],
            lambda s, v: [f"{s.timestamp():.0f}", str(round(1000 * v)), "0"],
            starts=MINUTES,
            separator=",",
        ),
        [60 * kwh(number) for number in range(len(MINUTES))],
        MINUTES,
        interval_s=60,
    ),
    "workbook with merged headers": Case(merged_workbook()),
    "workbook with clocks of their own": Case(clock_workbook()),
    "seconds here and there": Case(
        each(["Beginn", "kWh"], lambda s, v: [local(s, "%d.%m.%Y %H:%M" + (":%S" if s.minute else "")), german(v)])
    ),
    "years of two digits": Case(
        each(["Datum", "Uhrzeit", "Wert [kWh]"], lambda s, v: [local(s, "%d.%m.%y"), local(s, "%H:%M Uhr"), german(v)])
    ),
    "weekdays before the date": Case(
        each(
            ["Zeitpunkt", "Verbrauch [kWh]"],
            lambda s, v: [f"{DAYS_NAMED[s.astimezone(BERLIN).weekday()]}, {local(s)}", german(v)],
        )
    ),
    "date and clock without marks": Case(
        each(["Datum", "Zeit", "Verbrauch [kWh]"], lambda s, v: [local(s, "%Y%m%d"), local(s, "%H%M"), german(v)])
    ),
    "a column for each day": Case(matrix_by_clock()),
    "power and energy": Case(
        each(["Zeit", "Leistung [kW]", "Arbeit [kWh]"], lambda s, v: [local(s), german(round(4 * v, 3)), german(v)])
    ),
    "two tariffs, no total": Case(each(["Zeitstempel", "Bezug HT [kWh]", "Bezug NT [kWh]"], tariffs)),
    "three phases, no total": Case(
        each(
            ["Zeitstempel", "L1 [W]", "L2 [W]", "L3 [W]"],
            lambda s, v: [local(s), str(round(1000 * v)), str(round(2000 * v)), str(round(1000 * v))],
        )
    ),
    "three phases and their total": Case(
        each(
            ["Zeitstempel", "Leistung L1 [W]", "Leistung L2 [W]", "Leistung L3 [W]", "Leistung gesamt [W]"],
            lambda s, v: [local(s), "1", "2", "3", str(round(4000 * v))],
        )
    ),
    "plant, house and network": Case(
        each(
            ["Datum und Uhrzeit", "PV-Erzeugung [W]", "Hausverbrauch [W]", "Netzbezug [W]", "Netzeinspeisung [W]"],
            lambda s, v: [local(s), "700", "900", str(round(4000 * v)), "50"],
        ),
        WATTS,
    ),
    "hours with a register beside": Case(
        each(
            ["Datum", "Uhrzeit", "Zählerstand (kWh)", "Verbrauch (kWh)"],
            lambda s, v: [local(s, "%d.%m.%Y"), local(s, "%H:%M"), "1000,0", german(v)],
            starts=WEEK,
        ),
        [kwh(number) for number in range(len(WEEK))],
        WEEK,
        interval_s=3600,
    ),
    "times in UTC by the header": Case(
        each(["Zeitpunkt (UTC)", "Verbrauch in kWh"], lambda s, v: [f"{s:%Y-%m-%d %H:%M:%S}", german(v)])
    ),
    "winter time all year by the header": Case(
        each(["Zeitpunkt (MEZ)", "Verbrauch in kWh"], lambda s, v: [f"{s + HOUR:%Y-%m-%d %H:%M:%S}", german(v)])
    ),
    "stamps some seconds late": Case(
        each(
            ["Zeitpunkt", "kWh"],
            lambda s, v: [local(s + timedelta(seconds=s.minute % 4), "%d.%m.%Y %H:%M:%S"), german(v)],
        )
    ),
    "remarks before and behind": Case(
        b"\xef\xbb\xbf# erstellt am 01.07.2025\r\n\r\n"
        + each(["Beginn", "kWh"], lambda s, v: [local(s), german(v)])
        + "\r\n\r\nAlle Angaben ohne Gewähr;\r\n* vorläufig;\r\n".encode()
    ),
}


def check(case: Case) -> None:
    parsed = parse(case.content, ImportOptions(meter_id="Z"))
    assert parsed.faults == []
    assert parsed.readings["ts"].to_list() == list(case.starts)
    assert parsed.readings[case.series].to_list() == pytest.approx(list(case.kw), abs=4e-6)
    assert parsed.readings["interval_s"].unique().to_list() == [case.interval_s]


@pytest.mark.parametrize("name", CASES)
def test_export(name: str) -> None:
    check(CASES[name])


def doubled_as_letters(start: datetime, value: float) -> list[str]:
    clock = start.astimezone(BERLIN)
    again = clock.hour == 2 and (clock + HOUR).utcoffset() != (clock - HOUR).utcoffset()
    written = f"2{'B' if clock.fold else 'A'}:{clock:%M}" if again else f"{clock:%H:%M}"
    return [local(start, "%d.%m.%Y"), written, german(value)]


@pytest.mark.parametrize("first", CHANGES, ids=str)
class TestBothClockChanges:
    def test_watts(self, first: date) -> None:
        starts = instants(first, 3)
        kw = [round(4000 * kwh(number)) / 1000 for number in range(len(starts))]
        check(Case(each(["Datum", "Uhrzeit", "Leistung [W]"], watts, starts=starts), kw, starts))

    def test_24_00(self, first: date) -> None:
        starts = instants(first, 3)
        kw = [4 * kwh(number) for number in range(len(starts))]
        check(Case(each(["Datum", "Zeit bis", "kWh"], ends_at_24, starts=starts), kw, starts))

    def test_doubled_hour_as_2a_and_2b(self, first: date) -> None:
        starts = instants(first, 3, HOUR)
        content = each(["Datum", "Uhrzeit", "kWh"], doubled_as_letters, starts=starts)
        assert (b"2B:00" in content) == (first == CHANGES[1])
        check(Case(content, [kwh(number) for number in range(len(starts))], starts, interval_s=3600))

    @pytest.mark.parametrize(("word", "step"), [("Stunde", HOUR), ("Viertelstunde", QUARTER)])
    def test_numbered_intervals(self, first: date, word: str, step: timedelta) -> None:
        starts, counted = instants(first, 3, step), dict[str, int]()
        rows: list[list[str]] = []
        for number, start in enumerate(starts):
            day = local(start, "%d.%m.%Y")
            counted[day] = counted.get(day, 0) + 1
            rows.append([day, str(counted[day]), german(kwh(number))])
        kw = [kwh(number) * (HOUR / step) for number in range(len(starts))]
        content = table(["Datum", word, "Verbrauch (kWh)"], rows)
        check(Case(content, kw, starts, interval_s=int(step.total_seconds())))

    def test_hours_by_their_end(self, first: date) -> None:
        starts = instants(first, 3, HOUR)
        content = each(
            ["Datum", "Zeit", "Verbrauch (kWh)"],
            lambda s, v: [local(s + HOUR, "%d.%m.%Y"), local(s + HOUR, "%H:%M"), german(v)],
            starts=starts,
        )
        check(Case(content, [kwh(number) for number in range(len(starts))], starts, interval_s=3600))

    def test_local_minutes(self, first: date) -> None:
        starts = instants(first, 3, timedelta(minutes=1))
        content = each(
            ["timestamp", "power (W)"],
            lambda s, v: [local(s, "%Y-%m-%d %H:%M:%S"), str(round(4000 * v))],
            starts=starts, separator=",",
        )  # fmt: skip
        kw = [round(4000 * kwh(number)) / 1000 for number in range(len(starts))]
        check(Case(content, kw, starts, interval_s=60))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (
            each(["entity_id", "state", "last_changed"], lambda s, v: ["sensor.strom", str(v), f"{s:%FT%TZ}"]),
            "unit_missing",
        ),
        (each(["Datum", "Wert (kWh)"], lambda s, v: [local(s, "%d.%m.%Y"), german(v)]), "time_missing"),
        (table(["Monat", "kWh"], [[f"{month:02d}/2025", "300,0"] for month in range(1, 13)]), "time_missing"),
        (
            table(["Ablesedatum", "Zählerstand (kWh)"], [[f"01.{month:02d}.2025", "300,0"] for month in range(1, 13)]),
            "too_coarse",
        ),
    ],
)
def test_what_cannot_be_known_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        parse(content, ImportOptions(meter_id="Z"))
    assert refused.value.code == code


def test_daily_registers_without_a_clock_say_how_they_are_taken() -> None:
    days = [date(2025, 6, 1) + timedelta(days=number) for number in range(10)]
    content = table(
        ["Datum", "Zählerstand (kWh)"], [[f"{day:%d.%m.%Y}", f"{1000 + 12 * n},0"] for n, day in enumerate(days)]
    )
    parsed = parse(content, ImportOptions(meter_id="Z"))
    assert parsed.readings["consumption_kw"].to_list() == pytest.approx([0.5] * 9)
    assert parsed.readings["ts"][0] == datetime(2025, 6, 1, 22, tzinfo=UTC)
    assert any("Ende ihres Tages" in warning for warning in parsed.warnings)


def test_a_total_made_of_tariffs_is_said() -> None:
    parsed = parse(CASES["two tariffs, no total"].content, ImportOptions(meter_id="Z"))
    assert any("Bezug HT" in warning and "Bezug NT" in warning for warning in parsed.warnings)


def test_a_meter_that_is_named_is_kept() -> None:
    content = each(
        ["Zählpunkt", "Beginn", "Wert", "Einheit"], lambda s, v: [MELO, local(s), str(round(1000 * v)), "Wh"]
    )
    parsed = parse(content)
    assert [meter.metering_location for meter in parsed.meters] == [MELO]
    assert parsed.readings["consumption_kw"].to_list() == pytest.approx(KW)
