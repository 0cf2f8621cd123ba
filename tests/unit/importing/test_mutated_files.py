"""Damaged files of every kind: read, or refused with a reason, and never anything else."""

from __future__ import annotations

import pytest

from luna_rules.importing import ImportOptions, ParsedFile, UnreadableFileError, parse
from tests.unit.importing.mutations import MUTATIONS, Base, bases, mutated


@pytest.fixture(scope="module")
def files() -> list[Base]:
    # Workbooks hold the moment at which they were written: their bytes are not the same twice.
    return [base for base in bases(every=8) if not base.content.startswith(b"PK")]


def check(parsed: ParsedFile) -> None:
    """What the frames promise whatever was in the file."""
    readings, prices = parsed.readings, parsed.prices
    assert parsed.faults_total >= len(parsed.faults)
    assert all(fault.reason for fault in parsed.faults)
    assert not readings.select("meter_id", "ts").is_duplicated().any()
    assert not prices.select("market", "product", "ts").is_duplicated().any()
    for name in ("consumption_kw", "production_kw", "voltage"):
        assert readings[name].is_finite().all()
    assert prices["price_eur_mwh"].is_finite().all()
    for times in (readings["ts"], prices["ts"]):
        assert times.null_count() == 0
        assert times.dt.year().is_between(1990, 2099).all()
    assert readings["interval_s"].is_between(1, 31 * 86_400).all()


def refusal(content: bytes, options: ImportOptions) -> str | None:
    """Why it is refused; None where it is read and keeps what is promised."""
    try:
        parsed = parse(content, options)
    except UnreadableFileError as refused:
        return refused.reason
    check(parsed)
    return None


@pytest.mark.parametrize("kind", MUTATIONS)
def test_damaged(kind: str, files: list[Base]) -> None:
    # Half of the files each; the seed is the damage, so that every run and machine reads the same bytes.
    for base in files[len(kind) % 2 :: 2]:
        assert refusal(mutated(base, kind, 7), base.options) != "", base.name


@pytest.mark.parametrize("value", ["-1e308", "1e16", "9" * 30])
def test_numbers_that_no_meter_shows(value: str) -> None:
    rows = [f"2025-06-01T{hour:02d}:00:00Z;{hour}.5" for hour in range(24)]
    rows[3] = f"2025-06-01T03:00:00Z;{value}"
    for head, prefix in (("Beginn;Verbrauch (kWh)", ""), ("meter_id;ts;consumption_kw", "Z;")):
        parsed = parse("\n".join([head, *(prefix + row for row in rows)]).encode(), ImportOptions(meter_id="Z"))
        assert [(fault.line, fault.value) for fault in parsed.faults] == [(5, value)]
        assert parsed.readings.height == 23
