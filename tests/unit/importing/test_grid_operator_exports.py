"""The 22 real exports: recognised by content, and their totals recomputed here with nothing but csv and calamine."""

from __future__ import annotations

import csv
import gzip
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from luna_rules.importing import ImportOptions, Mapping, UnreadableFileError, parse
from luna_rules.series.quality import Status
from tests.places import SHARED

EXPORTS = SHARED / "data" / "meters" / "grid_operator_exports"
pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="../shared/data/meters is not there")


@dataclass(frozen=True)
class Expected:
    """What a file holds: `columns` are summed by the test itself; `meter` None: the file names none."""

    name: str
    meter: str | None
    rows: int
    first: datetime
    last: datetime
    consumption: int | None
    production: int | None = None
    interval_s: int = 900
    stamp: str = "start"
    only: str | None = None
    """Rows that count carry this difference of begin and end in the file (daily sums do not)."""
    unit: str | None = None


def _t(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)


FILES = [
    Expected("ClamStrom.csv", None, 96, _t("2024-03-31 22:00"), _t("2024-04-01 21:45"), 2),
    Expected(
        "EnergienetzeSteiermarkLeistung.csv.gz",
        "AT0080123456789012345678901234567",
        2880,
        _t("2023-06-30 22:00"),
        _t("2023-07-30 21:45"),
        5,
    ),
    Expected(
        "IKB1.csv",
        "AT0051000602000000000000000000000",
        863,
        _t("2024-02-20 23:15"),
        _t("2024-02-29 22:45"),
        1,
        stamp="end",
        unit="kWh",
    ),
    Expected(
        "KaerntenNetzV2.csv",
        "AT0070000XXXX10000000000000XXXXXX",
        3452,
        _t("2024-03-26 23:00"),
        _t("2024-05-01 21:45"),
        2,
    ),
    Expected(
        "KaerntenNetz_with_values_missing.csv",
        "AAASDASFSASSFASSSASFFSASA",
        96,
        _t("2023-11-15 23:00"),
        _t("2023-11-16 22:45"),
        2,
    ),
    Expected(
        "NetzNOE-Jahreseinspeisung.csv",
        None,
        7584,
        _t("2023-12-31 23:00"),
        _t("2024-03-19 22:45"),
        None,
        1,
        stamp="end",
    ),
    Expected("NetzNOEv2.csv", None, 1248, _t("2023-12-31 23:00"), _t("2024-01-13 22:45"), 1, stamp="end"),
    Expected("NetzNOEv3.csv", None, 1344, _t("2023-12-31 23:00"), _t("2024-01-14 22:45"), 1, stamp="end"),
    Expected("SalzburgNetz2.csv.gz", None, 21502, _t("2022-04-24 22:00"), _t("2023-07-30 21:45"), 1),
    Expected("SalzburgNetz4.csv", None, 2975, _t("2024-04-30 22:00"), _t("2024-05-31 21:30"), 1),
    Expected(
        "VorarlbergNetz.csv",
        "ATXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        192,
        _t("2023-08-14 22:00"),
        _t("2023-08-16 21:45"),
        2,
    ),
    Expected("eww-wels.xlsx", None, 12764, _t("2023-12-31 23:00"), _t("2024-05-12 21:45"), 2, 6, only="quarter"),
    Expected("kwg-at.xlsx", None, 744, _t("2025-11-30 23:00"), _t("2025-12-31 22:00"), 1, interval_s=3600, stamp="end"),
    Expected(
        "netzburgenland-v3.csv",
        "AT00900000000000000000000000XXXXX",
        2884,
        _t("2023-09-30 22:00"),
        _t("2023-10-30 22:45"),
        4,
    ),
    Expected("netzooe.xls", None, 2972, _t("2023-02-28 23:00"), _t("2023-03-31 21:45"), 1),
    Expected(
        "stadtwerke_kufstein.xlsx",
        "AT0051400000000000000000000000000",
        673,
        _t("2024-09-30 22:00"),
        _t("2024-10-28 23:00"),
        1,
        interval_s=3600,
    ),
    Expected(
        "stromnetz.graz.issue78-202603.csv", None, 2518, _t("2026-02-28 23:00"), _t("2026-03-31 21:45"), 2, stamp="end"
    ),
    Expected("stromnetz.graz.v2.csv", None, 4, _t("2024-03-31 22:00"), _t("2024-03-31 22:45"), 2, stamp="end"),
    Expected("tinetz_v2_Rohdaten_2023.csv.gz", None, 22468, _t("2023-04-12 22:00"), _t("2023-12-02 22:45"), 5),
    Expected("tiwag.csv", "AT0051200000000000000000XXXXXXXXX", 2881, _t("2026-03-31 22:00"), _t("2026-04-30 22:00"), 2),
    Expected(
        "wienernetze-einspeisung.csv",
        "AT00100000000000000010000XXXXXXXX",
        2976,
        _t("2024-04-30 22:00"),
        _t("2024-05-31 21:45"),
        None,
        3,
    ),
    Expected(
        "wienernetze2.csv.gz",
        "AT0010000000000000001000012345678",
        5380,
        _t("2023-10-05 22:00"),
        _t("2023-11-30 22:45"),
        3,
    ),
]
ENERGY_ONLY = {"eww-wels.xlsx"}


def _content(name: str) -> bytes:
    return (EXPORTS / name).read_bytes()


def _rows(name: str) -> list[list[str]]:
    """Cells of a file, found without the code under test."""
    content = _content(name)
    if name.endswith((".xls", ".xlsx")):
        import python_calamine

        sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        return [[str(cell) for cell in row] for row in sheet.to_python()]
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    if content[1:2] == b"\x00":
        text = content.decode("utf-16-le")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252")
    return list(csv.reader(text.splitlines(), delimiter="," if name == "IKB1.csv" else ";"))


def _own_sum(name: str, column: int, only: str | None) -> float:
    total = 0.0
    for row in _rows(name):
        if only and (len(row) < 2 or (row[0][:10] != row[1][:10] and row[1][11:] == row[0][11:])):
            continue
        if len(row) <= column or not re.search(r"\d{4}[-.]\d\d|\d\d[-.]\d{4}", " ".join(row[:4])):
            continue
        cell = row[column].strip()
        if re.fullmatch(r"-?\d+([.,]\d+)?(e-?\d+)?", cell):
            total += float(cell.replace(",", "."))
    return total


def _options(expected: Expected) -> ImportOptions:
    mapping = Mapping(unit=expected.unit) if expected.unit else None  # type: ignore[arg-type]
    return ImportOptions(meter_id=None if expected.meter else "Z-1", mapping=mapping)


@pytest.mark.parametrize("expected", FILES, ids=lambda expected: expected.name)
def test_export(expected: Expected) -> None:
    parsed = parse(_content(expected.name), _options(expected))
    readings = parsed.readings
    assert [meter.meter_id for meter in parsed.meters] == [expected.meter or "Z-1"]
    assert parsed.faults_total == 0
    assert readings.height == expected.rows
    assert readings["interval_s"].unique().to_list() == [expected.interval_s]
    assert (readings["ts"].min(), readings["ts"].max()) == (expected.first, expected.last)
    assert parsed.facts["stamp"] == expected.stamp
    assert readings.select(["meter_id", "ts"]).is_unique().all()
    for name, column in (("consumption_kw", expected.consumption), ("production_kw", expected.production)):
        if column is None:
            assert readings[name].null_count() == readings.height
            continue
        kwh = float(readings.select((pl.col(name) * pl.col("interval_s") / 3600).sum()).item())
        assert kwh == pytest.approx(_own_sum(expected.name, column, expected.only), abs=1e-6)
        assert kwh > 0


@pytest.mark.parametrize("expected", FILES, ids=lambda expected: expected.name)
def test_the_name_of_the_file_changes_nothing(expected: Expected) -> None:
    options = _options(expected)
    named = ImportOptions(meter_id=options.meter_id, mapping=options.mapping, file_name="SPEC_meter_id_MSCONS.xml")
    assert parse(_content(expected.name), named).readings.equals(parse(_content(expected.name), options).readings)


def test_sum_that_the_file_states() -> None:
    parsed = parse(_content("SalzburgNetz2.csv.gz"), ImportOptions(meter_id="Z-1"))
    assert parsed.facts["stated_sum_kwh"] == 2287.056
    assert parsed.facts["consumption_kwh"] == pytest.approx(2287.056, abs=1e-6)
    assert (parsed.readings["quality"] == int(Status.ERSATZWERT)).sum() == 2


def test_register_agrees_with_the_hours() -> None:
    """2 October 2024: the register advanced by 2.641 kWh, and the 24 values add up to it."""
    parsed = parse(_content("stadtwerke_kufstein.xlsx"))
    registers = parsed.register_readings.sort("ts")
    assert registers.height == 28
    advance = registers["value_kwh"][1] - registers["value_kwh"][0]
    begin, end = registers["ts"][0], registers["ts"][1]
    day = parsed.readings.filter((pl.col("ts") >= begin) & (pl.col("ts") < end))
    assert day.height == 24
    assert float(day["consumption_kw"].sum()) == pytest.approx(advance, abs=0.002)
    assert advance == pytest.approx(2.641)


def test_dropped_repeated_hour_is_said() -> None:
    parsed = parse(_content("stadtwerke_kufstein.xlsx"))
    assert any("doppelten Stunde" in warning for warning in parsed.warnings)
    missing = datetime(2024, 10, 27, 1, tzinfo=UTC)
    assert parsed.readings.filter(pl.col("ts") == missing).is_empty()


def test_long_day_by_the_order_of_rows() -> None:
    readings = parse(_content("tinetz_v2_Rohdaten_2023.csv.gz"), ImportOptions(meter_id="Z-1")).readings
    day = readings.filter(pl.col("ts").dt.convert_time_zone("Europe/Berlin").dt.date() == datetime(2023, 10, 29).date())  # noqa: DTZ001
    assert day.height == 100
    second_pass = day.filter(pl.col("ts") == datetime(2023, 10, 29, 1, 0, tzinfo=UTC))
    assert float(second_pass["consumption_kw"][0]) == pytest.approx(0.003 * 4)


def test_daily_sums_are_taken_out_and_agree() -> None:
    for name, days, checked in (("tinetz_v2_Rohdaten_2023.csv.gz", 249, 234), ("eww-wels.xlsx", 268, 197)):
        parsed = parse(_content(name), ImportOptions(meter_id="Z-1"))
        assert parsed.control_sums.height == days
        assert parsed.facts["control_days_checked"] == checked
        assert parsed.facts["control_days_differing"] == 0


def test_unit_is_never_guessed() -> None:
    with pytest.raises(UnreadableFileError) as refused:
        parse(_content("IKB1.csv"))
    assert refused.value.code == "unit_missing"
    assert refused.value.missing == ("unit",)
    assert "kWh" in refused.value.reason
    assert refused.value.header_signature


def test_meter_is_asked_for() -> None:
    with pytest.raises(UnreadableFileError) as refused:
        parse(_content("netzooe.xls"))
    assert refused.value.code == "meter_missing"
    assert "meter_id" in refused.value.reason


def test_signature_does_not_depend_on_the_meter() -> None:
    content = _content("wienernetze-einspeisung.csv")
    other = content.replace(
        b"AT00100000000000000010000XXXXXXXX (1111111111)", b"AT0010000000000000001000099999999 (2222222222)"
    )
    assert other != content
    assert parse(content).header_signature == parse(other).header_signature


def test_folder_of_exports_is_complete() -> None:
    assert {path.name for path in Path(EXPORTS).iterdir()} == {expected.name for expected in FILES}
