"""The samples in the repository: made by their maker, and read without a fault."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import polars as pl
import pytest

from luna_rules.importing import ImportOptions, parse
from luna_rules.series.quality import Status
from tests.places import ROOT

SAMPLES = ROOT / "data" / "samples"
NAMES = ("smart_meter_readings.csv", "market_prices.csv", "lastgang_netzbetreiber.csv")


def test_samples_are_what_their_maker_writes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_sample_series", ROOT / "data" / "make_sample_series.py")
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    maker.main(tmp_path)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (SAMPLES / name).read_bytes()


def test_readings_and_the_operators_export_agree() -> None:
    own = parse((SAMPLES / "smart_meter_readings.csv").read_bytes())
    export = parse((SAMPLES / "lastgang_netzbetreiber.csv").read_bytes())
    assert own.faults == export.faults == []
    assert (own.readings.height, export.readings.height) == (674, 676)
    assert own.readings.filter(pl.col("quality") == int(Status.ERSATZWERT)).height == 1
    both = own.readings.join(export.readings, on="ts", suffix="_export")
    assert both.height == 674
    assert both["consumption_kw"].to_list() == pytest.approx(both["consumption_kw_export"].to_list(), abs=3e-4)


def test_prices() -> None:
    parsed = parse((SAMPLES / "market_prices.csv").read_bytes(), ImportOptions(target="market_prices"))
    assert parsed.faults == []
    assert parsed.prices.height == 169
    assert parsed.prices.filter(pl.col("price_eur_mwh") < 0).height > 0
