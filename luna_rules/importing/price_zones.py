"""Whose price a column holds: bidding zones as headers and area columns name them."""

from __future__ import annotations

import re
from typing import Final

_ZONES: Final = (
    ("DE-LU", r"deutschland\s*/\s*luxemburg|germany\s*/\s*luxembourg|\bde[-_/ ]?lu\b"),
    ("DE-AT-LU", r"deutschland\s*/\s*österreich|germany\s*/\s*austria|\bde[-_/ ]?at([-_/ ]?lu)?\b"),
    ("AT", r"österreich|\baustria\b|\bat\b"),
    ("BE", r"belgien|belgium|\bbe\b"),
    ("CH", r"schweiz|switzerland|\bch\b"),
    ("CZ", r"tschechien|czech|\bcz\b"),
    ("DK1", r"(dänemark|denmark)\s*1|\bdk[-_ ]?1\b"),
    ("DK2", r"(dänemark|denmark)\s*2|\bdk[-_ ]?2\b"),
    ("FR", r"frankreich|\bfrance\b|\bfr\b"),
    ("HU", r"ungarn|hungary|\bhu\b"),
    ("IT-NORTH", r"italien\s*\(?nord|italy\s*north|\bit[-_ ]?north?\b"),
    ("NL", r"niederlande|netherlands|\bnl\b"),
    ("NO2", r"(norwegen|norway)\s*2|\bno[-_ ]?2\b"),
    ("PL", r"polen|\bpoland\b|\bpl\b"),
    ("SE4", r"(schweden|sweden)\s*4|\bse[-_ ]?4\b"),
    ("SI", r"slowenien|slovenia|\bsi\b"),
)
_OWN: Final = "DE-LU"
_NEIGHBOURS: Final = re.compile(r"(?i)∅|ø|anrainer|nachbar|neighbou?r|durchschnitt|average")
_AREA: Final = re.compile(r"(?i)^(BZN|SCA|BZA|CTA)\s*\|\s*(.+)$")


def is_mean_of_neighbours(text: str) -> bool:
    """Whether a header names the mean of the zones around, not a zone."""
    return _NEIGHBOURS.search(text) is not None


def zone_in(text: str) -> str | None:
    """The bidding zone that a text names; None where it names none or several."""
    area = _AREA.match(text.strip())
    if area:
        return next((name for name, pattern in _ZONES if re.fullmatch(pattern, area[2].strip(), re.I)), area[2].strip())
    found: list[str] = []
    low = text.lower()
    for name, pattern in _ZONES:
        if re.search(pattern, low):
            found.append(name)
            low = re.sub(pattern, " ", low)
    return found[0] if len(found) == 1 else None


def is_own(zone: str | None) -> bool:
    """Whether a zone is Germany and Luxembourg, or none was named."""
    return zone in {None, _OWN}
