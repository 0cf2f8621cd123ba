"""Readings in an ODS: read as any other workbook, and refused where its repeated cells would become too many."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from luna_rules.importing import ImportOptions, ParsedFile, UnreadableFileError, parse, workbooks

_NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
)
_REST_OF_ROW = '<table:table-cell table:number-columns-repeated="16382"/>'
_REST_OF_SHEET = (
    '<table:table-row table:number-rows-repeated="1048000">'
    '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
)


def ods(*tables: str, manifest: str = "<manifest/>") -> bytes:
    """An ODS as office programs write it, its tables given as XML."""
    sheets = "".join(f'<table:table table:name="Blatt{at}">{rows}</table:table>' for at, rows in enumerate(tables, 1))
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMES}><office:body><office:spreadsheet>'
        f"{sheets}</office:spreadsheet></office:body></office:document-content>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


def text(value: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'


def row(*cells: str) -> str:
    return f"<table:table-row>{''.join(cells)}{_REST_OF_ROW}</table:table-row>"


def day(count: int = 96) -> str:
    """Quarter-hours of 1 June 2025 in Berlin: a typed time and a typed number a row, as LibreOffice keeps them."""
    first = datetime(2025, 6, 1)  # noqa: DTZ001 - cells hold local times
    rows = [row(text("Zeitstempel"), text("Verbrauch [kWh]"))]
    for at in range(count):
        written = (first + timedelta(minutes=15 * at)).isoformat()
        shown = written[8:10] + ".06.2025 " + written[11:16]
        rows.append(
            row(
                f'<table:table-cell office:value-type="date" office:date-value="{written}"><text:p>{shown}</text:p>'
                "</table:table-cell>",
                '<table:table-cell office:value-type="float" office:value="0.25"><text:p>0,25</text:p>'
                "</table:table-cell>",
            )
        )
    return "".join(rows) + _REST_OF_SHEET


def read(content: bytes) -> ParsedFile:
    return parse(content, ImportOptions(meter_id="M1"))


def refused(content: bytes) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        read(content)
    return caught.value


def test_a_day_of_quarter_hours() -> None:
    parsed = read(ods(day()))
    assert parsed.facts["kind"] == "ods"
    assert parsed.readings.height == 96
    assert parsed.readings["ts"][0] == datetime(2025, 5, 31, 22, 0, tzinfo=UTC)
    assert parsed.readings["consumption_kw"].unique().to_list() == [1.0]
    assert not parsed.faults


def test_a_repeated_value_counts_for_each_row() -> None:
    head = row(text("Zeitstempel"), text("Verbrauch [kWh]"))
    first, *rest = (datetime(2025, 6, 1, hour) for hour in range(24))  # noqa: DTZ001
    number = '<table:table-cell office:value-type="float" office:value="2"/>'
    rows = [row(text(f"{at:%d.%m.%Y %H:%M}"), number) for at in (first, *rest)]
    assert read(ods(head + "".join(rows))).readings["consumption_kw"].sum() == 48.0


@pytest.mark.parametrize(
    "rows",
    [
        # Written out: 16 billion values from two tags.
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="float" '
        'office:value="1" table:number-columns-repeated="16384"/></table:table-row>',
        # A value in the far corner: all that is empty before it becomes cells.
        row(text("a"))
        + '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
        + '<table:table-row><table:table-cell table:number-columns-repeated="16000"/>'
        + text("b")
        + "</table:table-row>",
        # The number stands behind a value that looks like the end of the tag.
        '<table:table-row><table:table-cell office:value-type="string" office:string-value="a>b" '
        "table:number-columns-repeated='90000000'/></table:table-row>",
    ],
)
def test_what_stands_for_too_many_cells_is_refused(rows: str) -> None:
    assert refused(ods(day(4), rows)).code == "bomb"


def test_tags_that_lie_across_two_parts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "STEP_BYTES", 700)
    assert read(ods(day())).readings.height == 96
    repeated = (
        '<table:table-row><table:table-cell office:value-type="float" office:value="1" '
        'table:number-columns-repeated="90000000"/></table:table-row>'
    )
    # Wherever the parts are cut, one of these lies across two.
    for before in range(0, 700, 97):
        assert refused(ods(row(text("x" * before)) + repeated)).code == "bomb"


def test_a_cell_of_megabytes_is_refused() -> None:
    assert refused(ods(row(text("x" * 9_000_000)))).code == "bomb"


def test_a_password_and_a_damaged_archive() -> None:
    encrypted = '<manifest:manifest><manifest:encryption-data manifest:checksum="x"/></manifest:manifest>'
    assert refused(ods(day(), manifest=encrypted)).code == "encrypted"
    assert refused(ods(day())[:-300]).code == "broken"


def test_a_password_is_noticed_wherever_the_parts_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "STEP_BYTES", 700)
    for before in range(680, 705):
        manifest = "<!--" + "x" * (before - 4) + "--><manifest:encryption-data/>"
        assert refused(ods(day(), manifest=manifest)).code == "encrypted"


def test_another_office_document_is_named() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", "<a/>")
    error = refused(buffer.getvalue())
    assert error.code == "foreign"
    assert "ODS" in error.reason
