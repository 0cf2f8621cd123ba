"""Exports as other operators write them: every way of writing gives the same readings."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
import xlsxwriter

from luna_rules.importing import ImportOptions, Mapping, UnreadableFileError, parse
from luna_rules.series.quality import Flag, Status
from tests.unit.importing.quirks import BERLIN, QUARTER, german, instants, kwh, local, rows_of, table

MELO = "DE0007913123400000000000000054321"
MALO = "41373559241"
DAYS = [(date(2025, 3, 29), 3), (date(2025, 10, 25), 3), (date(2025, 6, 1), 2)]


def _expect(
    content: bytes, starts: list[datetime], options: ImportOptions | None = None, series: str = "consumption_kw"
) -> None:
    parsed = parse(content, options or ImportOptions(meter_id="Z"))
    assert parsed.faults == []
    assert parsed.readings["ts"].to_list() == starts
    assert parsed.readings[series].to_list() == pytest.approx([kwh(number) * 4 for number in range(len(starts))])
    assert parsed.readings["interval_s"].unique().to_list() == [900]


@pytest.mark.parametrize(("first", "days"), DAYS)
class TestStampsThroughBothClockChanges:
    def test_start(self, first: date, days: int) -> None:
        starts = instants(first, days)
        _expect(table(["Datum", "Verbrauch [kWh]"], rows_of(starts, lambda s, n: [local(s), german(kwh(n))])), starts)

    def test_end(self, first: date, days: int) -> None:
        starts = instants(first, days)
        rows = rows_of(starts, lambda s, n: [local(s + QUARTER), german(kwh(n))])
        _expect(table(["Zeitstempel", "Verbrauch [kWh]"], rows), starts)

    def test_end_written_as_start_plus_a_quarter(self, first: date, days: int) -> None:
        starts = instants(first, days)

        def label(start: datetime) -> str:
            return (start.astimezone(BERLIN).replace(tzinfo=None) + QUARTER).strftime("%d.%m.%Y %H:%M")

        _expect(table(["Zeitstempel", "kWh"], rows_of(starts, lambda s, n: [label(s), german(kwh(n))])), starts)

    def test_start_and_end(self, first: date, days: int) -> None:
        starts = instants(first, days)
        rows = rows_of(starts, lambda s, n: [local(s), local(s + QUARTER), german(kwh(n))])
        _expect(table(["Von", "Bis", "Wert (kWh)"], rows), starts)

    def test_last_second(self, first: date, days: int) -> None:
        starts = instants(first, days)
        end = timedelta(minutes=14, seconds=59)
        rows = rows_of(
            starts, lambda s, n: [local(s, "%d.%m.%Y %H:%M:%S"), local(s + end, "%d.%m.%Y %H:%M:%S"), german(kwh(n))]
        )
        _expect(table(["Beginn", "Ende", "kWh"], rows), starts)

    def test_date_and_clock_with_24_00(self, first: date, days: int) -> None:
        starts = instants(first, days)

        def cells(start: datetime, number: int) -> list[str]:
            end = start + QUARTER
            if local(end, "%H:%M") == "00:00":
                return [local(start, "%d.%m.%Y"), "24:00", german(kwh(number))]
            return [local(end, "%d.%m.%Y"), local(end, "%H:%M"), german(kwh(number))]

        _expect(table(["Datum", "Uhrzeit", "kWh"], rows_of(starts, cells)), starts)

    def test_midnight_bears_the_date_of_the_day_it_ends(self, first: date, days: int) -> None:
        starts = instants(first, days)
        rows = rows_of(starts, lambda s, n: [local(s, "%d.%m.%Y"), local(s + QUARTER, "%H:%M"), german(kwh(n))])
        _expect(table(["Datum", "Zeit", "kWh"], rows), starts)

    def test_day_with_from_and_to(self, first: date, days: int) -> None:
        starts = instants(first, days)
        rows = rows_of(
            starts, lambda s, n: [local(s, "%d.%m.%Y"), local(s, "%H:%M"), local(s + QUARTER, "%H:%M"), german(kwh(n))]
        )
        _expect(table(["Datum", "von", "bis", "kWh"], rows), starts)

    def test_offset(self, first: date, days: int) -> None:
        starts = instants(first, days)
        rows = rows_of(starts, lambda s, n: [s.astimezone(BERLIN).isoformat(), str(kwh(n))])
        _expect(table(["start", "consumption (kWh)"], rows, ","), starts)

    def test_utc(self, first: date, days: int) -> None:
        starts = instants(first, days)
        rows = rows_of(starts, lambda s, n: [s.strftime("%Y-%m-%dT%H:%M:%SZ"), str(kwh(n))])
        _expect(table(["timestamp start", "energy [kWh]"], rows, ","), starts)

    def test_summer_and_winter_time_named(self, first: date, days: int) -> None:
        starts = instants(first, days)

        def named(start: datetime) -> str:
            summer = start.astimezone(BERLIN).utcoffset() == timedelta(hours=2)
            return local(start) + (" MESZ" if summer else " MEZ")

        _expect(table(["Startzeit", "Verbrauch kWh"], rows_of(starts, lambda s, n: [named(s), german(kwh(n))])), starts)

    def test_newest_first(self, first: date, days: int) -> None:
        starts = instants(first, days)
        rows = rows_of(starts, lambda s, n: [local(s), german(kwh(n))])
        _expect(table(["Startzeit", "kWh"], rows[::-1]), starts)

    def test_range_in_one_cell(self, first: date, days: int) -> None:
        starts = instants(first, days)
        rows = rows_of(starts, lambda s, n: [f"{local(s)} - {local(s + QUARTER)}", german(kwh(n))])
        _expect(table(["Zeitraum", "kWh"], rows), starts)

    def test_epoch(self, first: date, days: int) -> None:
        starts = instants(first, days)
        rows = rows_of(starts, lambda s, n: [str(int(s.timestamp() * 1000)), str(kwh(n))])
        _expect(table(["start", "kWh"], rows), starts)

    def test_one_row_a_day(self, first: date, days: int) -> None:
        if days == 3:
            pytest.skip("an even matrix of 96 columns has no room for the hour that comes twice")
        starts = instants(first, days)
        clocks = [local(start, "%H:%M") for start in starts[:96]]
        rows = [
            [local(starts[day * 96], "%d.%m.%Y"), *[german(kwh(day * 96 + place)) for place in range(96)]]
            for day in range(days)
        ]
        _expect(b"Lastgang in kWh\n" + table(["Datum", *clocks], rows), starts)


STARTS = instants(date(2025, 6, 1), 2)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "cp850", "utf-16", "utf-16-le", "utf-16-be", "mac_roman"]
)
def test_encodings(encoding: str) -> None:
    text = table(
        ["Startzeit", "Zählerwert größer (kWh)", "Qualität"],
        rows_of(STARTS, lambda s, n: [local(s), german(kwh(n)), "gültig"]),
    )
    _expect(text.decode().encode(encoding), STARTS)


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
def test_separators(separator: str) -> None:
    rows = rows_of(STARTS, lambda s, n: [local(s), f'"{german(kwh(n))}"' if separator == "," else german(kwh(n))])
    _expect(table(["Startzeit", "kWh"], rows, separator), STARTS)


@pytest.mark.parametrize(
    ("header", "factor"),
    [
        ("Wirkleistung [kW]", 4.0),
        ("Leistung (W)", 4000.0),
        ("Energie (Wh)", 1000.0),
        ("Arbeit in MWh", 0.001),
        ("kWh", 1.0),
    ],
)
def test_units(header: str, factor: float) -> None:
    _expect(
        table(["Beginn", header], rows_of(STARTS, lambda s, n: [local(s), german(round(kwh(n) * factor, 9))])), STARTS
    )


@pytest.mark.parametrize(
    ("header", "series"),
    [
        ("Einspeisung (kWh)", "production_kw"),
        ("Erzeugung kWh", "production_kw"),
        ("1-1:2.29.0 [kWh]", "production_kw"),
        ("Netzbezug kWh", "consumption_kw"),
        ("1-1:1.29.0 [kWh]", "consumption_kw"),
        ("Export kWh", "production_kw"),
        ("Import kWh", "consumption_kw"),
    ],
)
def test_direction(header: str, series: str) -> None:
    _expect(table(["Beginn", header], rows_of(STARTS, lambda s, n: [local(s), german(kwh(n))])), STARTS, series=series)


def test_both_directions_side_by_side() -> None:
    rows = rows_of(STARTS, lambda s, n: [local(s), german(kwh(n)), german(round(2 * kwh(n), 3))])
    readings = parse(table(["Beginn", "Bezug [kWh]", "Einspeisung [kWh]"], rows), ImportOptions(meter_id="Z")).readings
    assert readings["consumption_kw"].to_list() == pytest.approx([4 * kwh(n) for n in range(len(STARTS))])
    assert readings["production_kw"].to_list() == pytest.approx([8 * kwh(n) for n in range(len(STARTS))])


def test_long_form_with_obis_meter_and_unit() -> None:
    rows: list[list[str]] = []
    for number, start in enumerate(STARTS):
        for meter, code, factor in ((MALO, "1-1:1.29.0", 1), (MALO, "1-1:2.29.0", 2), (MELO, "1-1:1.29.0", 3)):
            rows.append([meter, code, local(start), german(round(factor * kwh(number), 3)), "kWh", "W"])
    parsed = parse(table(["Lokation", "OBIS-Kennzahl", "Beginn", "Wert", "Einheit", "Status"], rows))
    assert [(m.meter_id, m.market_location, m.metering_location) for m in parsed.meters] == [
        (MALO, MALO, None), (MELO, None, MELO),
    ]  # fmt: skip
    first = parsed.readings.filter(pl.col("meter_id") == MALO)
    assert first["production_kw"].to_list() == pytest.approx([8 * kwh(n) for n in range(len(STARTS))])
    second = parsed.readings.filter(pl.col("meter_id") == MELO)
    assert second["consumption_kw"].to_list() == pytest.approx([12 * kwh(n) for n in range(len(STARTS))])
    assert second["production_kw"].null_count() == len(STARTS)


def test_a_column_for_each_meter() -> None:
    rows = rows_of(STARTS, lambda s, n: [local(s), german(kwh(n)), german(round(2 * kwh(n), 3))])
    parsed = parse(table(["Beginn", f"{MELO} [kWh]", f"{MELO[:-1]}2 [kWh]"], rows))
    assert [(meter.meter_id, meter.rows) for meter in parsed.meters] == [(MELO, 192), (MELO[:-1] + "2", 192)]


def test_register_only() -> None:
    stand = 1000.0
    rows: list[list[str]] = []
    for number, start in enumerate([*STARTS, STARTS[-1] + QUARTER]):
        rows.append([local(start), german(round(stand, 3))])
        stand += kwh(number)
    parsed = parse(table(["Zeitpunkt", "Zählerstand 1.8.0 [kWh]"], rows), ImportOptions(meter_id="Z"))
    assert parsed.register_readings.height == 193
    assert parsed.readings["consumption_kw"].to_list() == pytest.approx([4 * kwh(n) for n in range(192)], abs=1e-6)
    assert any("Zählerstände" in warning for warning in parsed.warnings)


def test_statuses() -> None:
    words = ["gemessen", "Ersatzwert", "vorläufig", "ungültig", "fehlt", "geschätzt"]
    rows = rows_of(STARTS[:6], lambda s, n: [local(s), german(kwh(n)), words[n]])
    parsed = parse(table(["Beginn", "kWh", "Status"], rows), ImportOptions(meter_id="Z"))
    assert parsed.readings["quality"].to_list() == [
        Status.ABGELESEN, Status.ERSATZWERT, Status.VORLAEUFIGERWERT, int(Flag.UNUSABLE), Status.ERSATZWERT,
    ]  # fmt: skip
    assert STARTS[4] not in parsed.readings["ts"].to_list()


def test_preamble_footer_and_thousands() -> None:
    rows = rows_of(STARTS, lambda s, n: [local(s), f"1.{100 + n},{n % 10}5"])
    content = f"Kunde;Muster GmbH\nMarktlokation;{MALO}\nObis;1-1:1.29.0\n\n".encode() + table(
        ["Beginn", "Arbeit [kWh]"], rows
    )
    content += b"\r\nSumme;219.648,00\r\n\r\nErstellt am 01.07.2025;;"
    parsed = parse(content)
    assert parsed.faults == []
    assert parsed.meters[0].market_location == MALO
    assert parsed.readings["consumption_kw"][0] == pytest.approx(4 * 1100.05)


def test_workbook_with_dates_and_a_sheet_for_each_meter() -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    form = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
    for place, meter in enumerate((MALO, MELO), start=1):
        sheet = book.add_worksheet(f"Zähler {place}")
        sheet.write_row(0, 0, ["Marktlokation", meter])
        sheet.write_row(2, 0, ["Zeitpunkt von", "Verbrauch (kWh)"])
        for number, start in enumerate(STARTS):
            sheet.write_datetime(3 + number, 0, start.astimezone(BERLIN).replace(tzinfo=None), form)
            sheet.write_number(3 + number, 1, place * kwh(number))
    book.close()
    parsed = parse(buffer.getvalue())
    assert [(meter.meter_id, meter.rows) for meter in parsed.meters] == [(MALO, 192), (MELO, 192)]
    assert parsed.readings.filter(pl.col("meter_id") == MELO)["consumption_kw"].to_list() == pytest.approx(
        [8 * kwh(n) for n in range(192)]
    )


def test_half_past_noon() -> None:
    rows = rows_of(STARTS, lambda s, n: [local(s, "%m/%d/%Y %I:%M %p"), str(kwh(n))])
    starts = instants(date(2025, 6, 14), 2)
    rows = rows_of(starts, lambda s, n: [local(s, "%m/%d/%Y %I:%M %p"), str(kwh(n))])
    _expect(table(["start time", "usage (kWh)"], rows, ","), starts)


def test_mapping_of_an_unknown_layout_is_known_again() -> None:
    rows = rows_of(STARTS, lambda s, n: [local(s), german(kwh(n)), german(2 * kwh(n))])
    content = table(["Q", "A", "B"], rows)
    with pytest.raises(UnreadableFileError) as refused:
        parse(content, ImportOptions(meter_id="Z"))
    assert refused.value.header == ("Q", "A", "B")
    mapping = Mapping(columns={"Q": "ts", "#2": "consumption", "B": "ignore"}, unit="kWh", stamp="start")
    parsed = parse(content, ImportOptions(meter_id="Z", mapping=mapping))
    assert parsed.readings["consumption_kw"].to_list() == pytest.approx([4 * kwh(n) for n in range(192)])
    assert parsed.header_signature == refused.value.header_signature


def test_mapping_of_unit_alone() -> None:
    content = table(["Beginn", "Wert"], rows_of(STARTS, lambda s, n: [local(s), german(kwh(n))]))
    with pytest.raises(UnreadableFileError, match="Einheit"):
        parse(content, ImportOptions(meter_id="Z"))
    readings = parse(content, ImportOptions(meter_id="Z", mapping=Mapping(unit="kW"))).readings
    assert readings["consumption_kw"].to_list() == pytest.approx([kwh(n) for n in range(192)])


def test_daily_values() -> None:
    days = [date(2025, 3, 28) + timedelta(days=number) for number in range(4)]
    content = table(["Tag", "Verbrauch (kWh)"], [[day.strftime("%d.%m.%Y"), "12,0"] for day in days])
    readings = parse(content, ImportOptions(meter_id="Z")).readings
    assert readings["interval_s"].to_list() == [86400, 86400, 82800, 86400]
    assert (readings["consumption_kw"] * readings["interval_s"] / 3600).to_list() == pytest.approx([12.0] * 4)
    assert readings["ts"][0] == datetime(2025, 3, 27, 23, tzinfo=UTC)


def test_hour_that_does_not_exist_is_a_fault() -> None:
    rows = [
        ["30.03.2025 01:45", "0,1"],
        ["30.03.2025 02:15", "0,2"],
        ["30.03.2025 03:00", "0,3"],
        ["30.03.2025 03:15", "0,4"],
    ]
    parsed = parse(table(["Beginn", "kWh"], rows), ImportOptions(meter_id="Z"))
    assert [(fault.line, fault.value) for fault in parsed.faults] == [(3, "30.03.2025 02:15")]
    assert "gibt es nicht" in parsed.faults[0].reason
    assert parsed.readings.height == 3


def test_duplicate_last_wins_and_is_said() -> None:
    rows = rows_of(STARTS[:8], lambda s, n: [local(s), german(kwh(n))])
    rows += [[local(STARTS[2]), "9,5"], rows[3]]
    parsed = parse(table(["Beginn", "kWh"], rows), ImportOptions(meter_id="Z"))
    assert parsed.readings.height == 8
    assert parsed.readings["consumption_kw"][2] == pytest.approx(38.0)
    assert parsed.readings["quality"].to_list() == [0, 0, int(Flag.DUPLICATE), 0, 0, 0, 0, 0]
    assert [(fault.line, "Zeile 10" in fault.reason) for fault in parsed.faults] == [(4, True)]


def test_a_counter_without_a_unit_is_no_consumption() -> None:
    rows = [
        f"sensor.energie,{1000 + hour * 0.25},2025-01-{15 + hour // 24}T{hour % 24:02d}:00:00Z" for hour in range(48)
    ]
    parsed = parse("\n".join(["entity_id,state,last_changed", *rows]).encode(), ImportOptions(meter_id="Z"))
    assert parsed.readings["consumption_kw"].to_list() == pytest.approx([0.25] * 47)
    assert parsed.register_readings.height == 48
    assert any("Zählerstände" in note for note in parsed.warnings)


def test_what_only_rises_in_a_column_with_a_unit_is_loaded_with_a_note() -> None:
    starts = instants(date(2025, 1, 15), 2)
    rows = rows_of(starts, lambda s, n: [local(s), german(500 + n / 10)])
    parsed = parse(table(["Zeit", "Energie [kWh]"], rows), ImportOptions(meter_id="Z"))
    assert parsed.readings["consumption_kw"][0] == pytest.approx(2000)
    assert any("register" in note for note in parsed.warnings)


@pytest.mark.parametrize(("first", "days"), DAYS)
def test_a_matrix_with_numbered_intervals(first: date, days: int) -> None:
    starts = instants(first, days)
    by_day: dict[date, list[str]] = {}
    for number, start in enumerate(starts):
        by_day.setdefault(start.astimezone(BERLIN).date(), []).append(german(kwh(number)))
    most = max(96, *(len(cells) for cells in by_day.values()))
    rows = [[day.strftime("%d.%m.%Y"), *cells, *[""] * (most - len(cells))] for day, cells in by_day.items()]
    head = ["Datum", *[str(number) for number in range(1, most + 1)]]
    _expect(b"Lastgang in kWh\n" + table(head, rows), starts)
