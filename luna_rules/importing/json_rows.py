"""Rows of a JSON that are no plain objects: pairs of time and value, objects within objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, cast

import orjson

from luna_rules.importing.stamps import is_stamp

_DEPTH: Final = 10
_LEAST: Final = 2
_EPOCH: Final = (3e8, 5e12)
_INEXOGY: Final = {"energy": "Bezug Zählerstand [kWh]", "energyOut": "Einspeisung Zählerstand [kWh]"}


def nested_pairs(document: object) -> list[object]:
    """The rows of a list `[[milliseconds, value, …], …]`, wherever it stands; empty where there is none or several.

    The pairs name no unit, so the table of them asks for it.
    """
    found: list[tuple[str, list[object]]] = []
    waiting: list[tuple[str, object, int]] = [("", document, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if isinstance(value, dict):
            members = cast("dict[str, object]", value)
            inner = [(f"{path}{name}.", one) for name, one in members.items()]
        elif isinstance(value, list):
            rows = cast("list[object]", value)
            if len(rows) >= _LEAST and all(_is_pair(one) for one in rows):
                found.append((path, rows))
                continue
            inner = [(path, one) for one in rows]
        else:
            continue
        if depth < _DEPTH:
            waiting += [(name, one, depth + 1) for name, one in inner if isinstance(one, dict | list)]
    if len(found) != 1:
        return []
    # The path belongs to the names: a mapping given for one source must not hold for the pairs of another.
    path, rows = found[0]
    return [{f"{path}time": cells[0], f"{path}value": cells[1]} for cells in cast("list[list[object]]", rows)]


def _is_pair(one: object) -> bool:
    if not isinstance(one, list):
        return False
    cells = cast("list[object]", one)
    if not 2 <= len(cells) <= 4 or isinstance(cells[0], bool) or not isinstance(cells[0], int | float):
        return False
    return _EPOCH[0] < cells[0] < _EPOCH[1] and (cells[1] is None or isinstance(cells[1], int | float))


def flattened(row: object) -> object:
    """The row with the members of inner objects as its own, `values.energy`; standings of inexogy in kWh.

    The interface of inexogy (formerly Discovergy) counts `energy` and `energyOut` in 1e-10 kWh and says so only in
    documentation: see its documentation of `/readings`.
    """
    if not isinstance(row, dict):
        return row
    cells = cast("dict[str, object]", row)
    inner = cells.get("values")
    if set(cells) == {"time", "values"} and isinstance(inner, dict) and isinstance(inner.get("energy"), int):
        members = cast("dict[str, object]", inner)
        standings = {
            name: str(Decimal(value).scaleb(-10))
            for key, name in _INEXOGY.items()
            if isinstance(value := members.get(key), int)
        }
        return {"time": cells["time"], **standings}
    if not any(isinstance(value, dict) for value in cells.values()):
        return row
    flat: dict[str, object] = {}
    for key, value in cells.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{name}": member for name, member in cast("dict[str, object]", value).items()}
        else:
            flat[key] = value
    return flat


def json_lines(content: bytes) -> list[object]:
    """The objects of a file with one on each line; empty where a line holds something else."""
    lines = content.split(b"\n", 2)
    if len(lines) < 2 or not all(line.strip().startswith(b"{") for line in lines[:2]):
        return []
    try:
        return [orjson.loads(line) for line in content.splitlines() if line.strip()]
    except orjson.JSONDecodeError:
        return []


def columns_as_rows(arrays: Mapping[str, Sequence[object]]) -> list[object]:
    """Rows of arrays of one length under any names, one of which holds times; empty where it is not that."""
    plain = {
        name: values
        for name, values in arrays.items()
        if len(values) >= _LEAST and not any(isinstance(value, dict | list) for value in values)
    }
    if len(plain) < 2 or len({len(values) for values in plain.values()}) != 1:
        return []
    if not any(_is_moment(values[0]) for values in plain.values()):
        return []
    return [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]


def _is_moment(value: object) -> bool:
    if isinstance(value, str):
        return is_stamp(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and _EPOCH[0] < value < _EPOCH[1]
