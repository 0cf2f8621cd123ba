"""MSCONS as older versions, other separators and careless senders write it; every value made up here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from luna_rules.importing import ImportOptions, UnreadableFileError, parse
from luna_rules.importing.model import ParsedFile
from luna_rules.series.quality import Status
from tests.unit.importing.edifact_writer import Marks
from tests.unit.importing.variant_kit import HOUR, MELO, QUARTER, SPANS, Load, load, local

MALO = "41373559241"
Stamp = Callable[[datetime], tuple[str, str]]


def with_offset(moment: datetime) -> tuple[str, str]:
    return f"{moment:%Y%m%d%H%M}+00", "303"


def in_winter_time(moment: datetime) -> tuple[str, str]:
    return f"{moment + HOUR:%Y%m%d%H%M}+01", "303"


def in_seconds(moment: datetime) -> tuple[str, str]:
    return f"{moment:%Y%m%d%H%M%S}+00", "304"


def bare_utc(moment: datetime) -> tuple[str, str]:
    return f"{moment:%Y%m%d%H%M}", "203"


def bare_winter(moment: datetime) -> tuple[str, str]:
    return f"{moment + HOUR:%Y%m%d%H%M}", "203"


def message(
    one: Load,
    *,
    stamp: Stamp = with_offset,
    marks: Marks | None = None,
    header: str | None = None,
    location: str = MALO,
    place: str = "172",
    obis: str = "1-1:1.29.0",
    qualifier: str = "220",
    ends: bool = True,
    number: int = 1,
) -> str:
    """One UNH to UNT."""
    m = marks or Marks()
    parts = [
        m.segment("UNH", str(number), ["MSCONS", "D", "04B", "UN", "2.4c"]),
        m.segment("BGM", "7", f"D{number}", "9"),
    ]
    if header is not None:
        parts.append(m.segment("DTM", ["735", header, "406"]))
    parts += [
        m.segment("UNS", "D"), m.segment("NAD", "DP"), m.segment("LOC", place, location), m.segment("LIN", "1"),
        m.segment("PIA", "5", [obis, "SRW"]),
    ]  # fmt: skip
    for start, value in zip(one.starts, one.kwh, strict=True):
        parts.append(m.segment("QTY", [qualifier, str(value).replace(".", m.decimal), "KWH"]))
        parts.append(m.segment("DTM", ["163", *stamp(start)]))
        if ends:
            parts.append(m.segment("DTM", ["164", *stamp(start + one.step)]))
    parts.append(m.segment("UNT", str(len(parts) + 1), str(number)))
    return "".join(parts)


def interchange(*messages: str, marks: Marks | None = None) -> str:
    """UNB to UNZ."""
    m = marks or Marks()
    head = m.segment("UNB", ["UNOC", "3"], ["9900000000001", "500"], ["9900000000002", "500"], ["250611", "0800"], "R1")
    return m.una + head + "".join(messages) + m.segment("UNZ", str(len(messages)), "R1")


def check(parsed: ParsedFile, one: Load) -> None:
    assert parsed.faults == []
    assert parsed.readings["ts"].to_list() == one.starts
    assert parsed.readings["consumption_kw"].to_list() == pytest.approx(one.kw)
    assert parsed.readings["interval_s"].unique().to_list() == [one.seconds]


@pytest.fixture(params=SPANS.values(), ids=list(SPANS))
def first(request: pytest.FixtureRequest) -> date:
    return request.param


@pytest.mark.parametrize("stamp", [with_offset, in_winter_time, in_seconds])
def test_every_format_with_an_offset(first: date, stamp: Stamp) -> None:
    one = load(first)
    check(parse(interchange(message(one, stamp=stamp)).encode()), one)


@pytest.mark.parametrize(("stamp", "header"), [(bare_utc, "+0000"), (bare_winter, "+0100")])
def test_the_offset_of_older_versions_stands_in_the_head(first: date, stamp: Stamp, header: str) -> None:
    one = load(first)
    parsed = parse(interchange(message(one, stamp=stamp, header=header)).encode())
    check(parsed, one)
    assert not any("Ortszeit" in warning for warning in parsed.warnings)


def test_a_stamp_without_any_offset_is_local_and_said() -> None:
    one = load(date(2025, 6, 11))
    parsed = parse(interchange(message(one, stamp=lambda s: (local(s, "%Y%m%d%H%M"), "203"))).encode())
    check(parsed, one)
    assert any("Ortszeit" in warning for warning in parsed.warnings)


@pytest.mark.parametrize("step", [QUARTER, HOUR])
def test_intervals_without_an_end_last_to_the_next(first: date, step: timedelta) -> None:
    one = load(first, step)
    check(parse(interchange(message(one, ends=False)).encode()), one)


@pytest.mark.parametrize(
    "marks",
    [
        Marks(decimal=","),
        Marks(component="|", element="^", decimal=",", release="\\", terminator="~"),
        Marks(component=">", element="*", terminator="\n"),
    ],
)
@pytest.mark.parametrize("place", ["172", "Z16", "Z17"])
def test_other_separators_and_kinds_of_location(marks: Marks, place: str) -> None:
    one = load(date(2025, 6, 11))
    parsed = parse(interchange(message(one, marks=marks, location=MELO, place=place), marks=marks).encode())
    check(parsed, one)
    assert [meter.meter_id for meter in parsed.meters] == [MELO]


def test_two_interchanges_one_behind_the_other() -> None:
    one, two = load(date(2025, 6, 11)), load(date(2025, 6, 14))
    content = interchange(message(one)) + "\r\n" + interchange(message(two))
    parsed = parse(content.encode())
    assert parsed.faults == []
    assert parsed.readings["ts"].to_list() == [*one.starts, *two.starts]


@pytest.mark.parametrize(
    ("qualifier", "status"),
    [
        ("220", Status.ABGELESEN),
        ("67", Status.ERSATZWERT),
        ("201", Status.VORLAEUFIGERWERT),
        ("187", Status.PROGNOSEWERT),
    ],
)
def test_qualifiers(qualifier: str, status: Status) -> None:
    one = load(date(2025, 6, 11))
    parsed = parse(interchange(message(one, qualifier=qualifier)).encode())
    check(parsed, one)
    assert {quality & 0b111 for quality in parsed.readings["quality"].to_list()} == {int(status)}


def test_gas_alone_is_refused_by_its_name() -> None:
    one = load(date(2025, 6, 11), HOUR)
    with pytest.raises(UnreadableFileError, match=r"7-0:33\.86\.0.*Gas") as refused:
        parse(interchange(message(one, obis="7-0:33.86.0")).encode(), ImportOptions(meter_id="Z"))
    assert refused.value.code == "no_values"
