"""Whatever is sent: a clear reason in German, no crash, good rows kept, bad rows named."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from luna_rules.importing import ImportOptions, Mapping, UnreadableFileError, parse, workbooks
from tests.places import SHARED
from tests.unit.importing.quirks import german, instants, kwh, local, rows_of, table

HEAD = b"meter_id,ts,consumption_kw,production_kw,voltage,quality\n"
GOOD = b"M1,2025-01-01T00:00:00Z,1.5,0,230.1,0\nM1,2025-01-01T00:15:00Z,2.5,0,229.9,0\n"
STARTS = instants(date(2025, 6, 1), 1)


def _refused(content: bytes, options: ImportOptions | None = None) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as refused:
        parse(content, options)
    assert refused.value.reason.endswith((".", ")"))
    return refused.value


def _reason_or_none(content: bytes, options: ImportOptions) -> str | None:
    """Why `content` is refused; None when it is read. Anything but a refusal surfaces."""
    try:
        parse(content, options)
    except UnreadableFileError as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (HEAD, "header_only"),
        (HEAD.rstrip(), "header_only"),
        (b"Datum;Verbrauch (kWh)\n", "header_only"),
        (b"%PDF-1.7 ...", "foreign"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "foreign"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "foreign"),
        (b"nur ein Text ohne Tabelle\nund noch eine Zeile\n", "time_missing"),
        (b"{", "broken"),
        (b"[]", "header_only"),
        (b"{}", "no_table"),
        (b"42", "time_missing"),
        (b'{"a": [1, 2]}', "no_table"),
        (b"[[1,2],[3,4]]", "no_table"),
        (b"PAR1" + bytes(50), "broken"),
        (b"ARROW1" + bytes(50), "broken"),
        (b"\x1f\x8b\x08\x00abc", "broken"),
        (b"PK\x03\x04" + bytes(60), "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "broken"),
        (b"<?xml version='1.0'?><a><b></a>", "broken"),
        (b"<?xml version='1.0'?><a/>", "foreign"),
        (b"UNA:+.? 'UNB+UNOC:3+A+B+210601:1315+R'UNZ+0+R'", "no_table"),
    ],
)
def test_refused_with_a_reason(content: bytes, code: str) -> None:
    assert _refused(content).code == code


def test_random_bytes_never_crash() -> None:
    source = random.Random(7)  # noqa: S311
    for size in (1, 10, 1000, 100_000):
        for _ in range(20):
            _refused(source.randbytes(size))


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_random_text_never_crashes(text: str) -> None:
    for content in (text.encode("utf-8", errors="ignore"), HEAD + text.encode("utf-8", errors="ignore")):
        assert _reason_or_none(content, ImportOptions(meter_id="Z")) != ""


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(
            st.sampled_from(
                [
                    "01.01.2025 00:15",
                    "0,5",
                    "",
                    "kWh",
                    "-",
                    "NaN",
                    "24:00",
                    "99.99.9999",
                    '"',
                    "x;y",
                    "1e400",
                    "9" * 400,
                ]
            ),
            max_size=5,
        ),
        max_size=12,
    )
)
def test_random_tables_never_crash(cells: list[list[str]]) -> None:
    content = "\n".join(";".join(row) for row in cells).encode()
    assert _reason_or_none(content, ImportOptions(meter_id="Z", mapping=Mapping(unit="kWh"))) != ""


def test_plain_rows_are_judged_one_by_one() -> None:
    bad = [
        (b"M1,gestern,1,0,230,0", "ts"),
        (b"M1,2025-01-01T01:00:00Z,NaN,0,230,0", "consumption_kw"),
        (b"M1,2025-01-01T01:15:00Z,1,inf,230,0", "production_kw"),
        (b"M1,2025-01-01T01:30:00Z,eins,0,230,0", "consumption_kw"),
        (b"M1,2025-01-01T01:45:00Z,1,0,230,99999999999", "quality"),
        (b"M1,2025-01-01T01:45:00Z,1,0,230,halb gut", "quality"),
        (b",2025-01-01T01:45:00Z,1,0,230,0", "meter_id"),
        (b"M1,2025-01-01T01:45:00Z,1", ""),
        (b"M1,2025-01-01T01:45:00Z,1,2,3,4,5,6", ""),
        (b"M1,20250-01-01T01:45:00Z,1,0,230,0", "ts"),
        (b"M1,1850-01-01T01:45:00Z,1,0,230,0", "ts"),
        (b"M1,2025-03-30 02:30:00,1,0,230,0", "ts"),
        (b"M1,2025-01-01T02:00:00Z,1\x00,0,230,0", ""),
        (b"M1,2025-01-01T02:00:00Z," + b"1" * 1_000_000 + b",0,230,0", ""),
        (b"M1,2025-01-01T02:00:00Z,1" + b"0" * 400 + b",0,230,0", "consumption_kw"),
    ]
    content = HEAD + GOOD + b"\n".join(line for line, _ in bad) + b"\nM1,2025-01-01T00:30:00Z,3.5,0,230,0\n"
    parsed = parse(content)
    assert parsed.readings["consumption_kw"].to_list() == [1.5, 2.5, 3.5]
    assert [(fault.line, fault.column) for fault in parsed.faults] == [
        (place, column) for place, (_, column) in enumerate(bad, start=4)
    ]
    assert all(fault.reason and len(fault.value) <= 121 for fault in parsed.faults)


def test_many_faults_are_counted_and_the_first_listed() -> None:
    parsed = parse(HEAD + GOOD + b"M1,x,1,,,\n" * 5000)
    assert (parsed.faults_total, len(parsed.faults)) == (5000, 1000)


def test_mixed_zones_are_each_read_as_written_and_said() -> None:
    rows = b"M1,2025-07-01T00:00:00Z,1,,,\n"
    rows += b"M1,2025-07-01T02:15:00+02:00,2,,,\nM1,2025-07-01 02:30:00,3,,,\nM1,1751330700,4,,,\n"
    parsed = parse(HEAD + rows)
    assert [moment.strftime("%H:%M") for moment in parsed.readings["ts"]] == ["00:00", "00:15", "00:30", "00:45"]
    assert any("ohne Zeitzone" in warning for warning in parsed.warnings)


def test_empty_values_are_gaps() -> None:
    parsed = parse(HEAD + GOOD + b"M1,2025-01-01T00:30:00Z,,,,\nM1,2025-01-01T00:45:00Z,4,,,FEHLT\n")
    assert parsed.readings.height == 2
    assert parsed.facts["rows_without_value"] == 2


def test_negative_and_future_values_stay_for_the_validation() -> None:
    assert parse(HEAD + b"M1,2090-01-01T00:00:00Z,-5,0,230,0\n").readings["consumption_kw"].to_list() == [-5.0]


def test_local_times_of_plain_rows_through_the_long_day() -> None:
    clocks = ["01:45", "02:00", "02:15", "02:30", "02:45", "02:00", "02:15", "02:30", "02:45", "03:00"]
    rows = "".join(f"M1,2025-10-26 {clock}:00,{number},,,\n" for number, clock in enumerate(clocks))
    readings = parse(HEAD + rows.encode()).readings
    assert readings["consumption_kw"].to_list() == [float(number) for number in range(10)]
    assert readings["ts"].diff().drop_nulls().n_unique() == 1


def test_table_rows_are_judged_one_by_one() -> None:
    rows = rows_of(STARTS, lambda s, n: [local(s), german(kwh(n))])
    rows[3][1], rows[5][1], rows[7][0], rows[9][1], rows[11][1] = "NaN", "abc", "99.99.2025 00:00", "1.5", "-"
    parsed = parse(table(["Beginn", "kWh"], rows), ImportOptions(meter_id="Z"))
    assert [(fault.line, fault.value) for fault in parsed.faults] == [
        (5, "NaN"), (7, "abc"), (9, "99.99.2025 00:00"), (11, "1.5"),
    ]  # fmt: skip
    assert parsed.readings.height == 96 - 5
    assert parsed.facts["rows_without_value"] == 1 + 3


def test_a_line_of_a_megabyte_and_a_stray_quote() -> None:
    rows = rows_of(STARTS, lambda s, n: [local(s), german(kwh(n))])
    lines = table(["Beginn", "kWh"], rows).split(b"\r\n")
    lines.insert(70, b"x" * 1_000_000)
    lines.insert(80, b'01.06.2025 "05:00;0,5')
    parsed = parse(b"\r\n".join(lines), ImportOptions(meter_id="Z"))
    assert [fault.line for fault in parsed.faults] == [71, 81]
    assert parsed.readings.height == 96


def test_wrong_target() -> None:
    assert _refused(HEAD + GOOD, ImportOptions(target="market_prices")).code == "wrong_target"
    prices = b"market,product,ts,price_eur_mwh,volume\nEPEX,DE-LU-60MIN,2025-01-01T00:00:00Z,10,\n"
    assert _refused(prices).code == "wrong_target"


def test_unknown_zone_and_role() -> None:
    assert _refused(HEAD + GOOD, ImportOptions(timezone="Mitteleuropa")).code == "timezone"
    mapped = ImportOptions(meter_id="Z", mapping=Mapping(columns={"Beginn": "beginn"}))
    assert _refused(table(["Beginn", "kWh"], [["01.01.2025 00:00", "1"]] * 3), mapped).code == "mapping"
    missing = ImportOptions(meter_id="Z", mapping=Mapping(columns={"Gibt es nicht": "ts"}))
    assert "Gibt es nicht" in _refused(table(["Beginn", "kWh"], [["01.01.2025 00:00", "1"]] * 3), missing).reason


def test_meter_not_in_the_file() -> None:
    both = HEAD + GOOD + b"M2,2025-01-01T00:00:00Z,1,0,230,0\n"
    assert _refused(both, ImportOptions(meter_id="M3")).code == "several_meters"
    assert parse(both, ImportOptions(meter_id="M2")).readings.height == 1


def test_too_many_rows() -> None:
    assert _refused(HEAD + GOOD * 10, ImportOptions(max_rows=5)).code == "too_many_rows"


def test_gzip_bomb() -> None:
    assert _refused(gzip.compress(bytes(50_000_000)), ImportOptions(max_bytes=10_000_000)).code == "too_large"


def _zip(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_zip_of_one_is_read_and_of_two_refused() -> None:
    assert parse(_zip({"werte.csv": HEAD + GOOD})).readings.height == 2
    assert _refused(_zip({"a.csv": HEAD + GOOD, "b.csv": HEAD + GOOD})).code == "archive"
    assert _refused(_zip({"a.csv": bytes(30_000_000)}), ImportOptions(max_bytes=1_000_000)).code == "too_large"


def test_workbook_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    far = _zip({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": sheet})
    assert _refused(far).code == "bomb"
    monkeypatch.setattr(workbooks, "WORKBOOK_BYTES", 10_000_000)
    fat = {"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<a/>", "xl/sharedStrings.xml": bytes(20_000_000)}
    assert _refused(_zip(fat)).code == "bomb"


def test_workbook_without_values_and_one_cut_off() -> None:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    book.add_worksheet("leer")
    book.close()
    assert _refused(buffer.getvalue()).code == "empty"
    assert _refused(buffer.getvalue()[:-200]).code == "broken"


def test_xml_with_entities() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y"><!ENTITY z "&x;&x;&x;">]><a>&z;</a>'
    assert _refused(bomb).code == "bomb"
    file = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
    assert _refused(file).code == "bomb"
    assert _refused(b"<a>" * 5000).code == "bomb"


def test_deep_and_unequal_json() -> None:
    assert _refused(b"[" * 100_000).code == "broken"
    unequal = json.dumps({"meter_id": "M", "ts": [1, 2, 3], "consumption_kw": [1.0]}).encode()
    assert "verschieden lang" in _refused(unequal).reason


def test_json_with_nan() -> None:
    rows = b'[{"meter_id":"M1","ts":"2025-01-01T00:00:00Z","consumption_kw":NaN},'
    rows += b'{"meter_id":"M1","ts":"2025-01-01T00:15:00Z","consumption_kw":2}]'
    parsed = parse(rows)
    assert parsed.readings.height == 1
    assert [(fault.line, fault.column) for fault in parsed.faults] == [(1, "consumption_kw")]


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not there")
def test_hostile_and_encrypted_files() -> None:
    for folder in ("hostile", "encrypted", "office"):
        for path in sorted((SHARED / "data" / "documents" / folder).iterdir()):
            assert _reason_or_none(path.read_bytes(), ImportOptions()), f"{path.name} was taken for readings"


def test_a_carriage_return_inside_a_quoted_line_is_no_crash() -> None:
    assert _reason_or_none(b'0"\r0', ImportOptions(meter_id="Z")) != ""
