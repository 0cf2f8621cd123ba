"""Prices from services and files, our own answers read back, and large CSVs in parts."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from luna_rules.importing import ImportOptions, UnreadableFileError, parse, parse_batches
from luna_rules.importing.plain import PlainReader, recognise
from luna_rules.series.frames import check_prices, check_readings
from tests.places import SHARED
from tests.unit.importing.quirks import german, instants, kwh, local, rows_of, table

PRICES = SHARED / "data" / "prices"
SAMPLES = PRICES / "api_samples"
shared = pytest.mark.skipif(not PRICES.is_dir(), reason="../shared/data/prices is not there")
TARGET = ImportOptions(target="market_prices")


@shared
def test_parquet_of_five_years() -> None:
    prices = check_prices(parse((PRICES / "de_lu_day_ahead_2020-2024.parquet").read_bytes(), TARGET).prices)
    assert prices.height == 43_848
    year = prices.filter(pl.col("ts").dt.convert_time_zone("Europe/Berlin").dt.year() == 2024)
    assert year.filter(pl.col("price_eur_mwh") < 0).height == 457
    evening = datetime(2024, 12, 12, 16, tzinfo=UTC)
    assert prices.filter(pl.col("ts") == evening)["price_eur_mwh"].to_list() == [936.28]
    assert prices["product"].unique().to_list() == ["DE-LU-60MIN"]


@shared
def test_every_answer_of_energy_charts_and_awattar() -> None:
    paths = [*sorted((SAMPLES / "energy-charts").iterdir()), *sorted((SAMPLES / "awattar").iterdir())]
    assert len(paths) == 10
    for path in paths:
        document = json.loads(path.read_bytes())
        prices = check_prices(parse(path.read_bytes(), TARGET).prices)
        if "data" in document:
            rows = [(row["start_timestamp"] // 1000, row["marketprice"]) for row in document["data"]]
        else:
            rows = list(zip(document["unix_seconds"], document["price"], strict=True))
        assert prices["ts"].dt.epoch("s").to_list() == [second for second, _ in rows]
        assert prices["price_eur_mwh"].to_list() == [float(price) for _, price in rows]
    quarter = parse((SAMPLES / "energy-charts" / "price_DE-LU_2025-10-01.json").read_bytes(), TARGET).prices
    assert (quarter.height, quarter["product"][0]) == (96, "DE-LU-15MIN")


@shared
def test_entsoe_takes_the_first_auction_and_fills_what_was_left_out() -> None:
    content = (SAMPLES / "entsoe" / "A44_DE-LU_2026-02-02_03.xml").read_bytes()
    parsed = parse(content, TARGET)
    prices = check_prices(parsed.prices)
    assert prices.height == 192
    assert prices["ts"].diff().drop_nulls().unique().to_list() == [timedelta(minutes=15)]
    assert prices["ts"][0] == datetime(2026, 2, 1, 23, tzinfo=UTC)
    assert content.count(b"<Point>") < 4 * 96  # points were left out
    assert any("Sequenz" in warning for warning in parsed.warnings)


def test_entsoe_rules_on_a_document_of_our_own() -> None:
    def series(sequence: int, points: str) -> str:
        return (
            f"<TimeSeries><classificationSequence_AttributeInstanceComponent.position>{sequence}"
            "</classificationSequence_AttributeInstanceComponent.position><in_Domain.mRID>10Y1001A1001A82H</in_Domain.mRID>"
            "<currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
            "<curveType>A03</curveType><Period><timeInterval><start>2026-01-01T00:00Z</start><end>2026-01-01T01:00Z</end>"
            f"</timeInterval><resolution>PT15M</resolution>{points}</Period></TimeSeries>"
        )

    def point(position: int, price: str) -> str:
        return f"<Point><position>{position}</position><price.amount>{price}</price.amount></Point>"

    body = series(1, point(1, "10.5") + point(3, "-2")) + series(2, point(1, "99"))
    document = f"<Publication_MarketDocument xmlns='urn:x'><type>A44</type>{body}</Publication_MarketDocument>"
    prices = parse(document.encode(), TARGET).prices
    assert prices["price_eur_mwh"].to_list() == [10.5, 10.5, -2.0, -2.0]
    assert prices["product"].unique().to_list() == ["DE-LU-15MIN"]
    refusal = b"<Acknowledgement_MarketDocument><Reason><code>999</code><text>No matching data found</text></Reason></Acknowledgement_MarketDocument>"  # noqa: E501
    with pytest.raises(UnreadableFileError, match="No matching data found"):
        parse(refusal, TARGET)


@shared
def test_smard_is_read_once_it_is_said_what_it_is() -> None:
    content = (SAMPLES / "smard" / "doc_example_chart_data_series.json").read_bytes()
    with pytest.raises(UnreadableFileError, match="Produkt"):
        parse(content, TARGET)
    prices = parse(content, ImportOptions(target="market_prices", product="DE-LU-60MIN")).prices
    assert prices["price_eur_mwh"].to_list() == [7866.0, 7881.0]
    with pytest.raises(UnreadableFileError, match="Verzeichnis"):
        parse((SAMPLES / "smard" / "doc_example_index.json").read_bytes(), TARGET)


def test_price_table_as_the_regulator_offers_it() -> None:
    hours = instants(date(2025, 10, 26), 1, timedelta(hours=1))
    assert len(hours) == 25
    header = [
        "Datum von",
        "Datum bis",
        "Deutschland/Luxemburg [€/MWh] Originalauflösungen",
        "Frankreich [€/MWh] Originalauflösungen",
    ]
    rows = rows_of(hours, lambda s, n: [local(s), local(s + timedelta(hours=1)), german(n - 3.25), "-"])
    prices = parse(table(header, rows), TARGET).prices
    assert prices["ts"].to_list() == hours
    assert prices["price_eur_mwh"].to_list() == [n - 3.25 for n in range(25)]


def test_cents_for_a_kilowatt_hour() -> None:
    hours = instants(date(2025, 6, 1), 1, timedelta(hours=1))
    rows = rows_of(hours, lambda s, n: [local(s), german(n / 10)])
    prices = parse(table(["Beginn", "Preis (ct/kWh)"], rows), TARGET).prices
    assert prices["price_eur_mwh"].to_list() == pytest.approx([float(n) for n in range(24)])


def test_plain_prices() -> None:
    content = b"market,product,ts,price_eur_mwh,volume\nEEX,BASE,2025-01-01T00:00:00Z,-5.25,100\n"
    content += b"EEX,BASE,2025-01-01T01:00:00Z,,\n"
    parsed = parse(content, TARGET)
    assert parsed.prices.rows() == [("EEX", "BASE", datetime(2025, 1, 1, tzinfo=UTC), -5.25, 100.0)]
    assert [(fault.line, fault.column) for fault in parsed.faults] == [(3, "price_eur_mwh")]


STARTS = instants(date(2025, 3, 30), 1)


def test_our_own_answer_is_read_back() -> None:
    answer = {
        "meter_id": "M1",
        "resolution": "15m",
        "timezone": "Europe/Berlin",
        "units": {"consumption_kw": "kW"},
        "ts": [int(start.timestamp() * 1000) for start in STARTS],
        "consumption_kw": [None if n == 5 else kwh(n) for n in range(92)],
        "production_kw": [None] * 92,
        "voltage": [230.0 if n != 5 else None for n in range(92)],
        "quality": [0 if n != 5 else None for n in range(92)],
    }
    readings = check_readings(parse(json.dumps(answer).encode()).readings)
    assert readings.height == 91
    assert readings["interval_s"].unique().to_list() == [900]
    assert readings["consumption_kw"][6] == pytest.approx(kwh(7))  # the fifth is a gap


@pytest.mark.parametrize("kind", ["csv", "csv-semicolon", "json", "parquet", "arrow", "xlsx"])
def test_one_table_in_every_wrapping(kind: str) -> None:
    frame = pl.DataFrame(
        {
            "meter_id": "M1",
            "ts": pl.Series(STARTS, dtype=pl.Datetime("us", "UTC")),
            "consumption_kw": [kwh(n) for n in range(92)],
            "production_kw": [0.0] * 92,
            "voltage": [230.0] * 92,
            "quality": [0] * 92,
        }
    )
    buffer = io.BytesIO()
    text = frame.with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    if kind == "csv":
        text.write_csv(buffer)
    elif kind == "csv-semicolon":
        text.write_csv(buffer, separator=";", decimal_comma=True)
    elif kind == "json":
        buffer.write(json.dumps(text.to_dicts()).encode())
    elif kind == "parquet":
        frame.write_parquet(buffer)
    elif kind == "arrow":
        frame.write_ipc(buffer)
    else:
        text.write_excel(buffer)
    parsed = parse(buffer.getvalue())
    assert parsed.faults == []
    assert parsed.readings["consumption_kw"].to_list() == pytest.approx([kwh(n) for n in range(92)])
    assert parsed.readings["ts"].to_list() == STARTS


def _plain(meters: int, days: int) -> bytes:
    starts = instants(date(2025, 10, 20), days)
    lines = ["meter_id,ts,consumption_kw,production_kw,voltage,quality"]
    for meter in range(meters):
        lines += [f"M{meter},{start:%Y-%m-%dT%H:%M:%SZ},{kwh(n)},0,230,0" for n, start in enumerate(starts)]
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize("size", [300, 5_000, 1_000_000])
def test_parts_add_up_to_the_whole(size: int) -> None:
    content = _plain(3, 8)
    shape = recognise(content)
    assert shape is not None
    reader = PlainReader(io.BytesIO(content), shape, ImportOptions(), size)
    assert pl.concat(list(reader)).equals(parse(content).readings)
    assert reader.rows_read == 3 * (8 * 96 + 4)


def test_doubled_hour_across_two_parts() -> None:
    clocks = ["01:45", "02:00", "02:15", "02:30", "02:45", "02:00", "02:15", "02:30", "02:45", "03:00"]
    rows = "".join(f"M1,2025-10-26 {clock}:00,{number}\n" for number, clock in enumerate(clocks))
    content = b"meter_id,ts,consumption_kw\n" + rows.encode()
    shape = recognise(content)
    assert shape is not None
    for size in range(20, 260, 7):
        frame = pl.concat(list(PlainReader(io.BytesIO(content), shape, ImportOptions(), size))).sort("ts")
        assert frame["consumption_kw"].to_list() == [float(number) for number in range(10)]


def test_batches_of_a_stream_and_their_summary() -> None:
    batched = parse_batches(io.BytesIO(_plain(2, 2) + b"M1,x,1,,,\n"))
    rows = sum(batch.readings.height for batch in batched)
    assert batched.streamed
    assert rows == 384
    assert batched.summary.faults_total == 1
    assert [meter.rows for meter in batched.summary.meters] == [192, 192]


def test_other_layouts_come_as_one_batch() -> None:
    content = table(["Beginn", "kWh"], rows_of(STARTS, lambda s, n: [local(s), german(kwh(n))]))
    batched = parse_batches(io.BytesIO(content), ImportOptions(meter_id="Z"))
    with pytest.raises(RuntimeError):
        _ = batched.summary
    assert [batch.readings.height for batch in batched] == [92]
    assert batched.summary.facts["unit"] == "kWh"


def test_a_matrix_of_hours_with_the_halves_of_the_doubled_one() -> None:
    hours = ["1", "2", "3A", "3B", *[str(hour) for hour in range(4, 25)]]
    lines = ["EPEX Day-Ahead Price [EUR/MWh]", "Delivery day;" + ";".join(f"Hour {hour}" for hour in hours)]
    for day in ("2025-10-25", "2025-10-26", "2025-10-27"):
        cells = ["" if hour == "3B" and day != "2025-10-26" else f"{50.5 + n}" for n, hour in enumerate(hours)]
        lines.append(f"{day};{';'.join(cells)}")
    prices = parse("\n".join(lines).encode(), ImportOptions(target="market_prices")).prices
    assert prices.height == 24 + 25 + 24
    assert prices["ts"][0] == datetime(2025, 10, 24, 22, tzinfo=UTC)
    assert prices["ts"].diff().drop_nulls().unique().to_list() == [timedelta(hours=1)]
    assert prices["price_eur_mwh"].to_list()[24 + 2 : 24 + 4] == [52.5, 53.5]


def test_a_column_of_prices_without_any_is_not_in_the_way() -> None:
    head = '"MTU (UTC)","Day-ahead Price (EUR/MWh)","Intraday Price (EUR/MWh)"\n'
    rows = "\n".join(f'"15/01/2025 {h:02d}:00:00 - 15/01/2025 {h + 1:02d}:00:00","{50 + h}.12",""' for h in range(8))
    prices = parse((head + rows).encode(), ImportOptions(target="market_prices")).prices
    assert prices["price_eur_mwh"].to_list() == [50.12 + h for h in range(8)]


def test_rows_are_found_wherever_they_stand_in_a_json() -> None:
    def hours(day: int) -> list[dict[str, object]]:
        return [{"startsAt": f"2025-01-{day}T{h:02d}:00:00.000+01:00", "price_ct_kwh": 10 + h} for h in range(24)]

    info = {"today": hours(15), "tomorrow": hours(16)}
    document = {"data": {"viewer": {"homes": [{"currentSubscription": {"priceInfo": info}}]}}}
    prices = parse(json.dumps(document).encode(), ImportOptions(target="market_prices")).prices
    assert prices.height == 48
    assert prices["ts"][0] == datetime(2025, 1, 14, 23, tzinfo=UTC)
    assert prices["price_eur_mwh"][0] == pytest.approx(100)
    with pytest.raises(UnreadableFileError):
        parse(json.dumps({"a": {"b": [{"name": "x"}]}}).encode(), ImportOptions(target="market_prices"))
