"""The cells of a table's row, parted by strokes: „Grundpreis | 142,80“. One that belongs to a cell is written `\\|`."""

from __future__ import annotations

import re

_STROKE = re.compile(r"(?<!\\)\|")


def cells_of(row: str) -> list[str]:
    """The cells of a row as they are written, blanks included; strokes at its ends part empty cells off."""
    return _STROKE.split(row)
