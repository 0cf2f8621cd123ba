"""Electricity and gas: which of the two a question, a law or a sentence speaks of, and which ordinances are twins.

Only telling the two apart belongs here. The twins are ordinances with the same sections, one for each energy.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from luna_rules.answers.model import Passage

Energy = Literal["strom", "gas"]

_TWINS = (("StromGVV", "GasGVV"), ("NAV", "NDAV"), ("StromNEV", "GasNEV"))
_TWIN_OF = {one: other for pair in _TWINS for one, other in (pair, pair[::-1])}
_ENERGY_OF: dict[str, Energy] = {
    **{strom: "strom" for strom, _ in _TWINS},
    **{gas: "gas" for _, gas in _TWINS},
}
_STROM = re.compile(
    r"\b(?:\w*strom\w*|elektrizit\w*|elektrisch\w*|photovoltaik\w*|solar\w*|pv|kilowattstunden?|wallbox\w*"
    r"|ladepunkt\w*|wechselrichter\w*|niederspannung\w*|electric\w*|wärmepumpe\w*)\b",
    re.I,
)
_IN_STROM = (
    "strom", "elektri", "photovoltaik", "solar", "pv", "kilowattstunde", "wallbox", "ladepunkt", "wechselrichter",
    "niederspannung", "electric", "wärmepumpe",
)  # fmt: skip
_GAS = re.compile(r"\b(?:(?:erd|flüssig)?gas(?!t)(?!ometer)\w*|niederdruck\w*|gas|natural gas)\b", re.I)
_IN_GAS = ("gas", "niederdruck")
_KEPT_TEXTS = 16_384
"""Texts of which the energies are kept: the statements of passages that many questions find."""
LABEL: dict[Energy, str] = {"strom": "Strom", "gas": "Gas"}


@lru_cache(maxsize=_KEPT_TEXTS)
def energies_of(text: str) -> frozenset[Energy]:
    """The energies that a text speaks of."""
    found: set[Energy] = set()
    lower = text.lower()
    # Looking for what every match has in it is ten times as fast, and most texts have none of it.
    if any(part in lower for part in _IN_STROM) and _STROM.search(text):
        found.add("strom")
    if any(part in lower for part in _IN_GAS) and _GAS.search(text):
        found.add("gas")
    return frozenset(found)


def law_energy(passage: Passage) -> Energy | None:
    """The energy that a passage's law is about; None for laws about both and other documents."""
    return _ENERGY_OF.get(passage.law or "")


def is_twin(one: Passage, other: Passage) -> bool:
    """Whether two passages belong to the same section of twin ordinances."""
    return _TWIN_OF.get(one.law or "") == other.law and one.section == other.section and other.law is not None


def has_twin(passage: Passage) -> bool:
    """Whether the passage's law has a twin for the other energy."""
    return (passage.law or "") in _TWIN_OF
