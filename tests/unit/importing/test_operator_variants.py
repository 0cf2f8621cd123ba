"""Every variant is read to what it truly says, or refused for the right reason, through both clock changes."""

from __future__ import annotations

from datetime import date

import pytest

from luna_rules.importing import ImportOptions, UnreadableFileError, parse
from luna_rules.series.quality import STATUS_MASK
from tests.unit.importing import variants_more, variants_oddities, variants_operators, variants_portals
from tests.unit.importing.variant_kit import SPANS, VARIANTS, Variant
from tests.unit.importing.variants_prices import PRICES, Prices

MODULES = (variants_more, variants_oddities, variants_operators, variants_portals)


def check(one: Variant) -> None:
    options = ImportOptions(meter_id=one.meter, mapping=one.mapping)
    if one.refused is not None:
        with pytest.raises(UnreadableFileError) as refused:
            parse(one.content, options)
        assert refused.value.code == one.refused
        return
    parsed = parse(one.content, options)
    assert parsed.faults_total == one.faults, parsed.faults[:3]
    readings = parsed.readings
    assert readings.height == len(one.starts), parsed.warnings
    assert readings["ts"].to_list() == list(one.starts), parsed.warnings
    for name, values in (("consumption_kw", one.taken), ("production_kw", one.fed)):
        found = readings[name].to_list()
        assert found == ([None] * len(found) if values is None else pytest.approx(list(values), abs=2.1e-3))
    assert readings["interval_s"].unique().to_list() == [one.interval_s]
    if one.meters is not None:
        assert tuple(meter.meter_id for meter in parsed.meters) == one.meters
    assert one.said in " ".join(parsed.warnings)
    if one.substitutes is not None:
        marked = [place for place, quality in enumerate(readings["quality"].to_list()) if quality & STATUS_MASK]
        assert tuple(marked) == one.substitutes


@pytest.mark.parametrize("first", SPANS.values(), ids=list(SPANS))
@pytest.mark.parametrize("name", VARIANTS)
def test_variant(name: str, first: date) -> None:
    check(VARIANTS[name](first))


def check_prices(one: Prices) -> None:
    options = ImportOptions(target="market_prices", mapping=one.mapping, product=one.given)
    if one.refused is not None:
        with pytest.raises(UnreadableFileError) as refused:
            parse(one.content, options)
        assert refused.value.code == one.refused
        return
    parsed = parse(one.content, options)
    assert parsed.faults_total == 0, parsed.faults[:3]
    found = parsed.prices.sort("ts")
    assert found["ts"].to_list() == list(one.starts), parsed.warnings
    assert found["price_eur_mwh"].to_list() == pytest.approx(list(one.prices), abs=1e-6)
    assert " ".join(sorted(found["product"].unique())) == one.product


@pytest.mark.parametrize("first", SPANS.values(), ids=list(SPANS))
@pytest.mark.parametrize("name", PRICES)
def test_prices(name: str, first: date) -> None:
    check_prices(PRICES[name](first))
