"""`luna import`: what is said on the command line becomes the upload's fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from luna_cli.client import ApiFaultError, LunaClient
from luna_cli.import_ import Import, Imported, mapping_of
from luna_cli.ingest import Source, UnusableError


def test_columns_and_unit_become_a_mapping() -> None:
    told = mapping_of(["Wann=ts", "a=b=consumption"], unit="kWh", stamp=None, direction=None)
    assert json.loads(told or "") == {"unit": "kWh", "columns": {"Wann": "ts", "a=b": "consumption"}}
    assert mapping_of([], unit=None, stamp=None, direction=None) is None


@pytest.mark.parametrize("wrong", ["Wann", "=ts", "Wann="])
def test_a_column_without_a_role_is_refused_with_a_right_example(wrong: str) -> None:
    with pytest.raises(UnusableError, match="Datum=ts"):
        mapping_of([wrong], unit=None, stamp=None, direction=None)


class Refusing:
    """A client whose uploads are refused before they are answered, as those of small files may be."""

    def __init__(self, *, with_import: bool) -> None:
        self.targets: list[object] = []
        self._with_import = with_import

    def upload(self, path: str, fields: dict[str, object], file_name: str, content: object) -> dict[str, object]:
        self.targets.append(fields["target"])
        if fields["target"] == "market_prices":
            return {"import_id": "prices"}
        raise ApiFaultError(422, "Die Datei enthält Preise.", {"import_id": "readings"} if self._with_import else {})

    def get(self, path: str) -> dict[str, object]:
        done = path.endswith("prices")
        return {"status": "done" if done else "failed", "error_code": None if done else "wrong_target", "loaded": 3}


def load(client: Refusing, file: Path) -> list[Imported]:
    return Import(cast("LunaClient", client), {}, None).run([Source(file, file.name)], Console(quiet=True))


@pytest.mark.parametrize(
    ("with_import", "targets"), [(True, ["smart_meter_readings", "market_prices"]), (False, ["smart_meter_readings"])]
)
def test_a_file_refused_at_once_is_still_tried_as_prices(
    tmp_path: Path, *, with_import: bool, targets: list[str]
) -> None:
    file = tmp_path / "preise.csv"
    file.write_text("x")
    client = Refusing(with_import=with_import)
    (result,) = load(client, file)
    assert client.targets == targets
    assert result.ok == with_import
