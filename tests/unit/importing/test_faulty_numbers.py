"""Numbers that are none, and counts without an end: each is a refusal or a fault of its row, never an accident."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import polars as pl
import pytest

from luna_rules.importing import ImportOptions, UnreadableFileError, parse
from luna_rules.importing.model import ParsedFile
from luna_rules.importing.numbers import whole_number
from tests.unit.importing import test_mscons_variants as mscons
from tests.unit.importing.variant_kit import HOUR, load

PRICES = ImportOptions(target="market_prices")
METER = ImportOptions(meter_id="Z")
DIGITS = ("²", "٣", "9" * 400, "9" * 5_000, "1_000", " 1", "-1", "")


@pytest.mark.parametrize("text", DIGITS)
def test_a_whole_number_has_a_few_plain_digits(text: str) -> None:
    assert whole_number(text) is None
    assert whole_number("000900") == 900


def refused(content: bytes, options: ImportOptions = METER) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as error:
        parse(content, options)
    return error.value


# ENTSO-E


def entsoe(
    points: list[tuple[str, str]],
    *,
    resolution: str = "PT60M",
    begin: str = "2025-06-10T22:00Z",
    end: str = "2025-06-11T02:00Z",
    curve: str = "A03",
    head: str = "<?xml version='1.0'?>",
) -> bytes:
    rows = "".join(f"<Point><position>{p}</position><price.amount>{v}</price.amount></Point>" for p, v in points)
    return (
        f"{head}<Publication_MarketDocument><type>A44</type><TimeSeries>"
        "<in_Domain.mRID>10Y1001A1001A82H</in_Domain.mRID><currency_Unit.name>EUR</currency_Unit.name>"
        f"<price_Measure_Unit.name>MWH</price_Measure_Unit.name><curveType>{curve}</curveType><Period><timeInterval>"
        f"<start>{begin}</start><end>{end}</end></timeInterval><resolution>{resolution}</resolution>{rows}</Period>"
        "</TimeSeries></Publication_MarketDocument>"
    ).encode()


@pytest.mark.parametrize("resolution", ["PT0M", "PT²M", "PT" + "9" * 400 + "M", "PT9999H", "P1Y", ""])
def test_a_resolution_that_is_none_refuses_the_document(resolution: str) -> None:
    error = refused(entsoe([("1", "5")], resolution=resolution), PRICES)
    assert error.code == "broken"
    assert "PT15M" in error.reason


@pytest.mark.parametrize(
    ("begin", "end"), [("0001-01-01T00:00Z", "0001-01-02T00:00Z"), ("2025-06-10T22:00Z", "9999-12-31T00:00Z")]
)
def test_a_period_beyond_all_years_refuses_the_document(begin: str, end: str) -> None:
    assert refused(entsoe([("1", "5")], begin=begin, end=end), PRICES).code == "broken"


@pytest.mark.parametrize("position", [*DIGITS[:4], "-1", "", "0", "5"])
def test_a_point_without_a_place_leaves_a_repeating_period_out(position: str) -> None:
    whole = entsoe([("1", "5"), ("3", "7")]).replace(b"</TimeSeries>", b"", 1)
    second = entsoe([("1", "5"), (position, "7")], begin="2025-06-11T22:00Z", end="2025-06-12T02:00Z")
    both = whole.replace(b"</Publication_MarketDocument>", b"") + b"</TimeSeries>" + second.partition(b"</type>")[2]
    parsed = parse(both, PRICES)
    assert parsed.prices["price_eur_mwh"].to_list() == [5, 5, 7, 7]
    assert [fault.column for fault in parsed.faults] == ["position", "position"]


def test_a_price_that_is_none_is_not_filled_from_its_neighbour() -> None:
    parsed = parse(entsoe([("1", "5"), ("2", "NaN"), ("4", "7")]), PRICES)
    assert parsed.prices["ts"].dt.hour().to_list() == [22, 1]
    assert [(fault.line, fault.value) for fault in parsed.faults] == [(2, "NaN")]


def test_a_place_that_stands_twice_is_named() -> None:
    parsed = parse(entsoe([("1", "5"), ("1", "6")], end="2025-06-10T23:00Z"), PRICES)
    assert parsed.prices["price_eur_mwh"].to_list() == [6]
    assert [fault.line for fault in parsed.faults] == [1]


@pytest.mark.parametrize("encoding", ["inf", "utf-7", "shift_jis", "x" * 300])
def test_an_encoding_that_no_one_knows(encoding: str) -> None:
    content = entsoe([("1", "5")], head=f"<?xml version='1.0' encoding='{encoding}'?>")
    assert refused(content, PRICES).code == "broken"


# Green Button


def espi(value: str = "1250", start: str = "1735689600", duration: str = "900", exponent: str = "0") -> bytes:
    def reading(begin: str, length: str, number: str) -> str:
        return (
            f"<IntervalReading><timePeriod><duration>{length}</duration><start>{begin}</start></timePeriod>"
            f"<value>{number}</value></IntervalReading>"
        )

    good = "".join(reading(str(1735776000 + 900 * place), "900", "250") for place in range(8))
    return (
        f"<feed><ReadingType><powerOfTenMultiplier>{exponent}</powerOfTenMultiplier><uom>72</uom></ReadingType>"
        f"<IntervalBlock>{good}{reading(start, duration, value)}</IntervalBlock></feed>"
    ).encode()


def check_espi(parsed: ParsedFile, column: str) -> None:
    assert parsed.readings["consumption_kw"].to_list() == pytest.approx([1.0] * 8)
    assert [fault.column for fault in parsed.faults] == [column]
    assert "richtig ist etwa" in parsed.faults[0].reason


@pytest.mark.parametrize("duration", [*DIGITS[:4], "-900", "0", "90001", "1e3"])
def test_a_length_that_is_none(duration: str) -> None:
    check_espi(parse(espi(duration=duration), METER), "duration")


@pytest.mark.parametrize("value", ["²", "1E+999999", "1e400", "NaN", "sNaN", "Infinity", "9" * 5_000, ""])
def test_a_value_that_is_none(value: str) -> None:
    check_espi(parse(espi(value=value), METER), "value")


@pytest.mark.parametrize(
    "start", ["²", "9" * 10, "9" * 400, "-1", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1e9", ""]
)
def test_a_start_that_is_none(start: str) -> None:
    check_espi(parse(espi(start=start), METER), "start")


@pytest.mark.parametrize("exponent", ["²", "99", "-99", "1e1", "9" * 400])
def test_an_exponent_that_is_none_refuses_the_document(exponent: str) -> None:
    error = refused(espi(exponent=exponent))
    assert error.code == "broken"
    assert "-3" in error.reason


# MSCONS


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("0001" + "01010000?+14", "richtig ist etwa"),
        ("999912312345?-14", "richtig ist etwa"),
        ("202506110000?+99", "richtig ist etwa"),
        ("198001010000?+00", "1990"),
    ],
)
def test_a_time_of_no_calendar_is_a_fault(written: str, shown: str) -> None:
    one = load(date(2025, 6, 11), HOUR)
    text = mscons.interchange(mscons.message(one))
    first = f"DTM+163:{one.starts[0]:%Y%m%d%H%M}?+00"
    assert first in text
    parsed = parse(text.replace(first, f"DTM+163:{written}").encode())
    assert parsed.readings.height == len(one.starts) - 1
    assert [shown in fault.reason for fault in parsed.faults] == [True]


@pytest.mark.parametrize("end", ["209912310000?+00", "203506110000?+00", "999912310000?+00"])
def test_an_interval_of_many_years_is_a_fault(end: str) -> None:
    one = load(date(2025, 6, 11), HOUR)
    last = f"DTM+164:{one.starts[-1] + HOUR:%Y%m%d%H%M}?+00"
    parsed = parse(mscons.interchange(mscons.message(one)).replace(last, f"DTM+164:{end}").encode())
    assert parsed.readings.height == len(one.starts) - 1
    assert len(parsed.faults) == 1


@pytest.mark.parametrize("number", ["9" * 400, "1.2.3", "1e5", "NaN"])
def test_an_amount_that_is_none_is_a_fault(number: str) -> None:
    one = load(date(2025, 6, 11), HOUR)
    text = mscons.interchange(mscons.message(one)).replace(f"QTY+220:{one.kwh[0]}:", f"QTY+220:{number}:", 1)
    parsed = parse(text.encode())
    assert parsed.readings.height == len(one.starts) - 1
    assert [fault.value[:5] for fault in parsed.faults] == [number[:5]]


@pytest.mark.parametrize("count", ["²", "9" * 5_000, "-1", ""])
def test_a_count_of_messages_that_is_none_is_a_fault(count: str) -> None:
    one = load(date(2025, 6, 11), HOUR)
    text = mscons.interchange(mscons.message(one)).replace("UNZ+1+", f"UNZ+{count}+")
    parsed = parse(text.encode())
    assert parsed.readings.height == len(one.starts)
    assert [fault.column for fault in parsed.faults] == ["UNZ"]


def test_values_that_are_years_apart_have_no_end() -> None:
    one = load(date(2025, 6, 11), HOUR)
    text = mscons.interchange(mscons.message(one, ends=False))
    head, _, tail = text.partition("QTY+")
    kept = "QTY+220:5:KWH'DTM+163:199001010000?+00:303'QTY+220:6:KWH'DTM+163:209901010000?+00:303'"
    count = head[head.index("UNH") :].count("'") + 4 + 1
    parsed_text = f"{head}{kept}UNT+{count}+1'{tail[tail.index('UNZ') :]}"
    error = refused(parsed_text.encode(), ImportOptions())
    assert error.code == "no_values"
    assert "DTM+164" in error.reason


# tables


def test_digits_of_other_scripts_are_no_times() -> None:
    rows = [f"01.06.2025 {hour:02d}:00;0,5" for hour in range(24)]
    rows[3], rows[5], rows[7] = "٠١.٠٦.٢٠٢٥ ٠٣:٠٠;0,5", "01.06.2025 05:00 +٠٢;0,5", "01.06.2025 07:00 +99:00;0,5"
    parsed = parse(("Beginn;kWh\n" + "\n".join(rows)).encode(), METER)
    assert [fault.line for fault in parsed.faults] == [5, 7, 9]
    assert parsed.readings.height == 21


def test_rows_a_century_apart_tell_no_interval() -> None:
    parsed = parse(b"meter_id,ts,consumption_kw\nM,1990-01-01T00:00:00Z,1\nM,2099-12-31T00:00:00Z,2\n")
    assert parsed.readings["interval_s"].to_list() == [900, 900]


def test_a_quote_before_a_line_of_megabytes() -> None:
    rows = "\n".join(f"01.06.2025 {hour:02d}:00;0,5" for hour in range(12))
    parsed = parse(f'"Bericht\n{"x;" * 2_000_000}"\nBeginn;kWh\n{rows}'.encode(), METER)
    assert parsed.readings.height == 12
    assert any("Zeichen" in fault.reason for fault in parsed.faults)


@pytest.mark.parametrize("mark", ['"', "1", "x"])
def test_a_separator_line_that_names_none(mark: str) -> None:
    rows = "\n".join(f"01.06.2025 {hour:02d}:00;0,5" for hour in range(12))
    assert parse(f"sep={mark}\nBeginn;kWh\n{rows}".encode(), METER).readings.height == 12


def test_a_zone_whose_clocks_change_at_midnight() -> None:
    rows = "\n".join(f"{day:02d}.10.2025 {hour:02d}:00;0,5" for day in (5, 6) for hour in range(24))
    options = ImportOptions(meter_id="Z", timezone="America/Asuncion")
    assert parse(f"Ende;kWh\n{rows}".encode(), options).readings.height >= 46


def test_a_far_cell_makes_no_table_of_billions() -> None:
    assert refused((";" * 1_999 + "\n" + "1\n" * 60_000).encode()).code == "bomb"


def test_a_far_corner_in_single_quotes_is_seen() -> None:
    sheet = "<worksheet><sheetData><row r='1'><c r='A1'><v>1</v></c></row><row r='1048576'><c r='XFD1048576'/></row>"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    assert refused(buffer.getvalue()).code == "bomb"


# columns of other types


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize("name", ["list", "bytes", "length", "voltage"])
def test_columns_that_hold_no_single_cells(kind: str, name: str) -> None:
    odd: dict[str, pl.Series] = {
        "list": pl.Series([[1, 2]] * 12),
        "bytes": pl.Series([b"\xff\xfe"] * 12),
        "length": pl.Series([timedelta(minutes=15)] * 12),
        "voltage": pl.Series([[230.0]] * 12),
    }
    times = [datetime(2025, 6, 1, hour, tzinfo=UTC) for hour in range(12)]
    frame = pl.DataFrame({"ts": times, "consumption_kw": [0.5] * 12, name: odd[name]})
    buffer = io.BytesIO()
    if kind == "parquet":
        frame.write_parquet(buffer)
    else:
        frame.write_ipc(buffer)
    if name == "voltage":
        assert "voltage" in refused(buffer.getvalue()).reason
        return
    assert parse(buffer.getvalue(), METER).readings.height == 12


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("name", ["ts", "Beginn"])
def test_times_beyond_the_calendar_of_a_column(unit: Literal["ms", "us", "ns"], name: str) -> None:
    times = pl.Series([datetime(2025, 6, 1, hour) for hour in range(24)]).dt.cast_time_unit(unit)  # noqa: DTZ001
    numbers = times.to_physical().to_list()
    numbers[3], numbers[5] = 2**63 - 1, -(2**63) + 1
    frame = pl.DataFrame({name: pl.Series(numbers).cast(pl.Datetime(unit)), "Verbrauch kWh": [0.5] * 24})
    if name == "ts":
        frame = frame.rename({"Verbrauch kWh": "consumption_kw"})
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    parsed = parse(buffer.getvalue(), METER)
    assert parsed.readings.height == 22
    assert len(parsed.faults) == 2


# which line


def test_faults_of_a_table_of_prices_name_the_lines_of_the_file() -> None:
    rows = [f"01.06.2025 {hour:02d}:00;{hour}" for hour in range(24)]
    rows[5], rows[9], rows[12] = "01.06.1850 05:00;5", "01.06.2025 09:00;x", "01.06.2025 11:00;99"
    parsed = parse(("Titel\n\nBeginn;Preis (EUR/MWh)\n" + "\n".join(rows)).encode(), PRICES)
    assert [(fault.line, fault.column) for fault in parsed.faults] == [
        (9, "ts"), (13, "Preis (EUR/MWh)"), (15, "ts"),
    ]  # fmt: skip
    assert parsed.faults[2].reason.endswith("es gilt Zeile 16.")
    assert parsed.faults_total == 3


def test_rows_of_json_that_contradict_name_each_other() -> None:
    rows = [f'{{"meter_id":"M","ts":"2025-06-01T{hour:02d}:00:00Z","consumption_kw":{hour}}}' for hour in (0, 1, 2, 3)]
    rows[3] = rows[1].replace(":1}", ":9}")
    parsed = parse(f"[{','.join(rows)}]".encode())
    assert [(fault.line, fault.reason[-16:]) for fault in parsed.faults] == [(2, "es gilt Zeile 4.")]


# pages


def page(rows: str) -> bytes:
    good = "".join(f"<tr><td>01.06.2025 {hour:02d}:00</td><td>0,5&nbsp;</td></tr>" for hour in range(12))
    return f"<html><table><tr><th>Beginn</th><th>kWh</th></tr>{rows}{good}</table></html>".encode()


@pytest.mark.parametrize("span", ["²", "9" * 5_000, "-1", "0", "x"])
def test_a_span_that_is_none_counts_once(span: str) -> None:
    row = f"<tr><td colspan='{span}'>01.06.2025 12:00</td><td>0,5</td></tr>"
    assert parse(page(row), METER).readings.height == 13


def test_comments_scripts_and_marks_in_attributes() -> None:
    row = "<!-- <tr><td>--><SCRIPT>if (a<b) x('<td>')</SCRIPT ><tr title=\"a > b\"><td>01.06.2025 12:00<td>0,5<br></tr>"
    assert parse(page(row), METER).readings.height == 13


@pytest.mark.parametrize("part", ["<!--", "<table ", "<![ ", "<td title='", "&", "<script>"])
def test_marks_that_are_never_closed_take_no_minutes(part: str) -> None:
    assert refused(f"<table>{part * 300_000}".encode()).code == "foreign"


def test_spans_make_no_table_of_billions() -> None:
    assert refused(b"<table>" + b"<tr><td colspan=2000>1</td></tr>" * 40_000).code == "too_wide"


@pytest.mark.parametrize("index", ["²", "9" * 5_000])
def test_a_row_number_that_is_none(index: str) -> None:
    def row(day: str, value: str, more: str = "") -> str:
        return f"<Row{more}><Cell><Data>{day}</Data></Cell><Cell><Data>{value}</Data></Cell></Row>"

    rows = "".join(row(f"2025-06-01 {hour:02d}:00", "0.5") for hour in range(12))
    head = row("Beginn", "kWh", f' Index="{index}"')
    content = f"<?xml version='1.0'?><Workbook><Worksheet><Table>{head}{rows}</Table></Worksheet></Workbook>"
    parsed = parse(content.encode(), METER)
    assert parsed.readings.height == 12
    assert parsed.readings["ts"][0] == datetime(2025, 5, 31, 22, tzinfo=UTC)
