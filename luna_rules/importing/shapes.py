"""Brings a table into the one shape that is recognised: a row for each time, written as `stamps` knows it."""

from __future__ import annotations

from luna_rules.importing.grid import Grid
from luna_rules.importing.matrix import unfold
from luna_rules.importing.spellings import respelled
from luna_rules.importing.tidying import tidied


def respelled_long(grid: Grid, zone: str) -> Grid:
    """Day matrices unfolded and times respelled; what the unfolding numbered is counted in `zone`."""
    spelled = respelled(tidied(grid), zone)
    long = unfold(spelled)
    return long if long is spelled else respelled(long, zone)
