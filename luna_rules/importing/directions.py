"""A column of words that says of each row whether it is taken or fed in: `Bezug`/`Einspeisung`, `Afname Dag`, …"""

from __future__ import annotations

import re
from typing import Final

from luna_rules.importing.grid import Grid
from luna_rules.importing.model import UnreadableFileError
from luna_rules.importing.vocabulary import find_direction, is_aside, is_net, part_of_total
from luna_rules.series.obis import Direction

_MOST: Final = 24
_SERIES: Final[dict[Direction, str]] = {"consumption": "consumption_kw", "production": "production_kw"}
_NAMED: Final = re.compile(r"(?i)richtung|direction|flow|sens\b")
_BAND: Final = re.compile(r"(?i)\b(dag|nacht|tag|day|night|jour|nuit)\b")


def words_column(grid: Grid, first: int, places: list[int], header: list[str]) -> int | None:
    """The column among `places` whose words name both directions, or one of them under a header that says so."""
    for place in places:
        words = grid.column(place).slice(first).drop_nulls().unique()
        if not 1 <= len(words) <= _MOST:
            continue
        texts = words.to_list()
        known = [direction for text in texts if (direction := find_direction(text)) is not None]
        bands = {_part(text) for text in texts}
        if len(texts) > 1 and None not in bands and len(bands) == len(texts) and not known:
            return place  # HT and NT below one another
        if len(set(known)) == 2 or (len(known) == len(texts) and _NAMED.search(header[place] if header else "")):
            return place
    return None


def series_of_words(texts: list[str], otherwise: Direction = "consumption") -> dict[str, str]:
    """Each word's series; `#` and a tariff where shares are to be added up; empty for what is not read.

    Words that name tariffs alone are of the direction `otherwise`.

    Of several words of one direction the network's comes before the plant's, a total before its tariffs.
    Raises `UnreadableFileError` where more than one word could be meant.
    """
    if texts and not any(find_direction(text) for text in texts) and all(_part(text) for text in texts):
        return {text: f"{_SERIES[otherwise]}#{_part(text)}" for text in texts}
    table = dict.fromkeys(texts, "")
    for direction, series in _SERIES.items():
        mine = [text for text in texts if find_direction(text) == direction]
        mine = [text for text in mine if not is_aside(text)] or mine
        mine = [text for text in mine if is_net(text)] or mine
        totals = [text for text in mine if _part(text) is None]
        if len(totals) > 1:
            raise UnreadableFileError(
                "value_ambiguous",
                "Mehrere Reihen einer Richtung stehen in der Datei ("
                + ", ".join(f"„{text}“" for text in sorted(totals)[:5])
                + "). Bitte nur eine davon liefern oder die Spalten zuordnen.",
                missing=["value"],
            )
        for text in totals or mine:
            part = _part(text)
            table[text] = series if part is None else f"{series}#{part}"
    return table


def _part(text: str) -> str | None:
    band = _BAND.search(text)
    return band[1].lower() if band else part_of_total(text)
