"""`luna import`: what is said on the command line becomes the upload's fields."""

from __future__ import annotations

import json

import pytest

from luna_cli.import_ import mapping_of
from luna_cli.ingest import UnusableError


def test_columns_and_unit_become_a_mapping() -> None:
    told = mapping_of(["Wann=ts", "a=b=consumption"], unit="kWh", stamp=None, direction=None)
    assert json.loads(told or "") == {"unit": "kWh", "columns": {"Wann": "ts", "a=b": "consumption"}}
    assert mapping_of([], unit=None, stamp=None, direction=None) is None


@pytest.mark.parametrize("wrong", ["Wann", "=ts", "Wann="])
def test_a_column_without_a_role_is_refused_with_a_right_example(wrong: str) -> None:
    with pytest.raises(UnusableError, match="Datum=ts"):
        mapping_of([wrong], unit=None, stamp=None, direction=None)
