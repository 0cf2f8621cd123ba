"""OBIS codes of electricity meters: what is measured, and in which direction (IEC 62056-61, EDI@Energy code list).

`A-B:C.D.E` – C 1 is active energy taken from the network, 2 fed into it; D 8 a register, 9 an advance over a period,
29 the value of one quarter-hour; E the tariff, 0 the total. Austrian exports add a series (`P.01`, `G.01`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Direction = Literal["consumption", "production"]

_CODE: Final = re.compile(
    r"(?<![\d.])(?:(?P<a>\d{1,3})-(?P<b>\d{1,3}):)?(?P<c>\d{1,2})\.(?P<d>\d{1,2})\.(?P<e>\d{1,2})(?![\d.]*\d)"
    r"(?:\s+(?P<series>[A-Z]\.\d{2}))?"
)
_REGISTER_KINDS: Final = frozenset({8})
_PERIOD_KINDS: Final = frozenset({6, 9, 29})
_DIRECTIONS: Final[dict[int, Direction]] = {1: "consumption", 2: "production"}
_VOLTAGES: Final = frozenset({12, 32, 52, 72})


@dataclass(frozen=True)
class Obis:
    """A code taken apart; `medium` and `channel` are None where only `C.D.E` was written."""

    medium: int | None
    channel: int | None
    quantity: int
    kind: int
    tariff: int
    series: str | None = None

    @property
    def text(self) -> str:
        """As it is written: `1-1:1.29.0`."""
        head = "" if self.medium is None or self.channel is None else f"{self.medium}-{self.channel}:"
        tail = f" {self.series}" if self.series else ""
        return f"{head}{self.quantity}.{self.kind}.{self.tariff}{tail}"

    @property
    def direction(self) -> Direction | None:
        """Taken from the network or fed into it; None for anything but active energy and power."""
        return _DIRECTIONS.get(self.quantity)

    @property
    def is_register(self) -> bool:
        """A meter's standing, not the amount of a period."""
        return self.kind in _REGISTER_KINDS and self.direction is not None

    @property
    def is_period(self) -> bool:
        """The amount of a period (quarter-hour)."""
        return self.kind in _PERIOD_KINDS and self.direction is not None

    @property
    def is_power(self) -> bool:
        """Momentary, mean or maximal power in kW."""
        return self.direction is not None and self.kind in {4, 5, 7, 25}

    @property
    def is_voltage(self) -> bool:
        """A voltage in V."""
        return self.quantity in _VOLTAGES

    @property
    def is_electricity(self) -> bool:
        """Electricity, or nothing said about the medium."""
        return self.medium in {None, 1}


def parse_obis(text: str) -> Obis | None:
    """The code that the text is, or None."""
    found = _CODE.fullmatch(text.strip())
    return _built(found) if found else None


def find_obis(text: str) -> Obis | None:
    """The first code within a text such as a header; a date is none."""
    for found in _CODE.finditer(text):
        built = _built(found)
        if built.medium is not None or built.direction is not None or built.is_voltage:
            return built
    return None


def _built(found: re.Match[str]) -> Obis:
    medium, channel = found["a"], found["b"]
    return Obis(
        int(medium) if medium else None,
        int(channel) if channel else None,
        int(found["c"]),
        int(found["d"]),
        int(found["e"]),
        found["series"],
    )
