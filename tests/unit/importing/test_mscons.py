"""MSCONS: what is written is read, whatever the service characters; wrong counts cost their message only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luna_rules.importing import ImportOptions, UnreadableFileError, parse
from luna_rules.series.quality import Flag, Method, Status, encode
from tests.unit.importing.edifact_writer import Location, Marks, Message, Series, Value, interchange

MALO = "41373559241"
MELO = "DE0007913123400000000000000054321"
BEGIN = datetime(2021, 5, 31, 22, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
MARKS = [Marks(), Marks(decimal=","), Marks(";", "|", ",", "\\", "~"), Marks(release=" ")]


def _quarters(amounts: list[str], begin: datetime = BEGIN, **fields: str) -> list[Value]:
    return [Value(begin + number * QUARTER, amount, **fields) for number, amount in enumerate(amounts)]  # type: ignore[arg-type]


def _one(values: list[Value], obis: str = "1-1:1.29.0", location: str = MALO, document: str = "D1") -> Message:
    return Message(document, [Location(location, [Series(obis, values)])])


amounts = st.lists(st.decimals(0, 99_999, places=3).map(str), min_size=1, max_size=30)
qualifiers = st.sampled_from(["220", "67", "201", "20", "187", "Z18"])


@settings(max_examples=60, deadline=None)
@given(
    data=st.lists(
        st.tuples(st.sampled_from(["1-1:1.29.0", "1-1:2.29.0"]), amounts, qualifiers), min_size=1, max_size=4
    ),
    marks=st.sampled_from(MARKS[:3]),
    breaks=st.booleans(),
    offset=st.integers(-2, 2),
)
def test_written_and_read_is_the_same(
    data: list[tuple[str, list[str], str]], marks: Marks, breaks: bool, offset: int
) -> None:
    begin = BEGIN.astimezone(timezone(timedelta(hours=offset)))
    locations = [
        Location(f"DE00079131234{place:020d}", [Series(obis, _quarters(values, begin, qualifier=qualifier))])
        for place, (obis, values, qualifier) in enumerate(data)
    ]
    parsed = parse(interchange([Message("D1", locations)], marks, line_breaks=breaks))
    assert parsed.faults == []
    statuses = {"220": 0, "67": 1, "201": 2, "20": int(Flag.UNUSABLE), "187": 3, "Z18": 2}
    for location, (obis, values, qualifier) in zip(locations, data, strict=True):
        rows = parsed.readings.filter(pl.col("meter_id") == location.location)
        series = "consumption_kw" if ":1." in obis else "production_kw"
        assert rows["ts"].to_list() == [BEGIN + number * QUARTER for number in range(len(values))]
        assert rows[series].to_list() == pytest.approx([4 * float(value) for value in values])
        assert rows["quality"].unique().to_list() == [statuses[qualifier]]
        assert rows["interval_s"].unique().to_list() == [900]


@pytest.mark.parametrize("marks", MARKS[:2])
@pytest.mark.parametrize("una", [True, False])
def test_una_may_be_absent_where_it_says_nothing_new(marks: Marks, una: bool) -> None:
    if not una and marks.decimal != ".":
        pytest.skip("without UNA the decimal sign is the point")
    parsed = parse(interchange([_one(_quarters(["0.25"]))], marks, una=una))
    assert parsed.readings["consumption_kw"].to_list() == [1.0]
    assert parsed.meters[0].market_location == MALO
    assert parsed.meters[0].obis == ("1-1:1.29.0",)


def test_substitutes_carry_their_method() -> None:
    values = [
        Value(BEGIN + place * QUARTER, "1", "67", method=method)
        for place, method in enumerate(["Z92", "Z93", "Z95", "ZJ2"])
    ]
    assert parse(interchange([_one(values)])).readings["quality"].to_list() == [
        encode(Status.ERSATZWERT, method)
        for method in (Method.Z92_INTERPOLATION, Method.Z93_HOLD, Method.Z95_HISTORICAL, Method.ZJ2_STATISTICAL)
    ]


def test_missing_is_a_gap_and_a_sum_is_a_check() -> None:
    values = [
        *_quarters(["1", "2"]),
        Value(BEGIN + 2 * QUARTER, "0", "Z30"),
        Value(BEGIN, "3.5", "79", timedelta(days=1)),
    ]
    parsed = parse(interchange([_one(values)]))
    assert parsed.readings.height == 2
    assert parsed.facts["rows_without_value"] == 1
    assert parsed.control_sums.select("series", "interval_s", "kwh").rows() == [("consumption_kw", 86400, 3.5)]


def test_register_readings() -> None:
    values = [Value(BEGIN, "1234.5", reading=True), Value(BEGIN + timedelta(days=1), "1240.25", reading=True)]
    parsed = parse(interchange([_one(values, "1-1:1.8.0", MELO)]))
    assert parsed.readings.is_empty()
    assert parsed.register_readings["value_kwh"].to_list() == [1234.5, 1240.25]
    assert parsed.meters[0].metering_location == MELO


def test_power_is_not_multiplied() -> None:
    parsed = parse(interchange([_one(_quarters(["2.5"], unit="KWT"))]))
    assert parsed.readings["consumption_kw"].to_list() == [2.5]


def test_several_messages_and_series() -> None:
    first = Message(
        "D1", [Location(MALO, [Series("1-1:1.29.0", _quarters(["1"])), Series("1-1:2.29.0", _quarters(["2"]))])]
    )
    second = _one(_quarters(["3"]), location=MELO, document="D2")
    readings = parse(interchange([first, second])).readings
    assert readings.select("meter_id", "consumption_kw", "production_kw").rows() == [
        (MALO, 4.0, 8.0),
        (MELO, 12.0, None),
    ]


def test_wrong_count_costs_its_message_only() -> None:
    parsed = parse(interchange([_one(_quarters(["1"])), _one(_quarters(["2"]), location=MELO)], wrong=0))
    assert parsed.readings["meter_id"].to_list() == [MELO]
    assert [fault.column for fault in parsed.faults] == ["UNT"]
    assert "UNT zählt" in parsed.faults[0].reason


def test_truncated_interchange() -> None:
    content = interchange([_one(_quarters(["1"])), _one(_quarters(["2", "3"]), location=MELO)])
    parsed = parse(content[: content.rindex(b"UNT")])
    assert parsed.readings["meter_id"].to_list() == [MALO]
    assert {fault.column for fault in parsed.faults} == {"UNT", "UNZ"}


def test_cancellation_takes_back_within_the_file_and_names_others() -> None:
    gone = Message("D2", [], "1", "D1")
    parsed = parse(interchange([_one(_quarters(["1"])), gone, _one(_quarters(["7"]), document="D3")]))
    assert parsed.readings["consumption_kw"].to_list() == [28.0]
    elsewhere = parse(interchange([Message("D9", [], "1", "D-OLD")]))
    assert elsewhere.facts["cancels"] == ["D-OLD"]
    assert elsewhere.readings.is_empty()


def test_correction_wins_and_is_flagged() -> None:
    parsed = parse(interchange([_one(_quarters(["1"])), _one(_quarters(["2"]), document="D2")]))
    assert parsed.readings.select("consumption_kw", "quality").rows() == [(8.0, int(Flag.DUPLICATE))]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"QTY+220:1'", b"QTY+999:1'", "Mengenqualifier"),
        (b"QTY+220:1'", b"QTY+220:1,5'", "Dezimalzeichen"),
        (b"QTY+220:1'", b"QTY+220:NaN'", "Keine Zahl"),
        (b"+00:303'DTM+164", b"+00:999'DTM+164", "Format 303"),
        (b"DTM+163:20210531", b"DTM+163:20219931", "Format 303"),
        (b"DTM+164:202105312215", b"DTM+164:202105312100", "liegt nicht nach"),
        (b"LOC+172+41373559241'", b"LOC+999+41373559241'", "Lokation"),
        (b"1-1?:1.29.0", b"Strom", "OBIS"),
    ],
)
def test_a_bad_value_is_named_and_the_others_stay(old: bytes, new: bytes, reason: str) -> None:
    good = _one(_quarters(["5"]), location=MELO)
    content = interchange([_one(_quarters(["1"])), good])
    begin = content.index(b"UNH+2")
    broken = content[:begin].replace(old, new, 1) + content[begin:]
    assert broken != content
    parsed = parse(broken)
    assert parsed.readings["meter_id"].to_list() == [MELO]
    assert reason in parsed.faults[0].reason
    assert parsed.faults[0].line > 1


def test_other_messages_are_refused() -> None:
    with pytest.raises(UnreadableFileError, match="UTILMD"):
        parse(interchange([_one(_quarters(["1"]))]).replace(b"MSCONS", b"UTILMD"))


def test_reactive_energy_is_said_and_left() -> None:
    both = Message(
        "D", [Location(MALO, [Series("1-1:1.29.0", _quarters(["1"])), Series("1-1:3.29.0", _quarters(["9"]))])]
    )
    parsed = parse(interchange([both]))
    assert parsed.readings.height == 1
    assert any("3.29.0" in warning for warning in parsed.warnings)


def test_meter_is_renamed_on_request() -> None:
    parsed = parse(interchange([_one(_quarters(["1"]))]), ImportOptions(meter_id="haus-1"))
    assert parsed.readings["meter_id"].to_list() == ["haus-1"]
