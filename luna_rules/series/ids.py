"""Identification of market and metering locations (MaLo, MeLo), with their check digit.

MaLo-ID: eleven digits, the last one a check digit (BDEW, Identifikatoren in der Marktkommunikation).
MeLo-ID (Zählpunktbezeichnung, also the Austrian one): 33 characters: country, network operator, postcode, free part.
"""

from __future__ import annotations

import re
from typing import Final, Literal

_MALO: Final = re.compile(r"[1-9]\d{10}")
_MELO: Final = re.compile(r"[A-Z]{2}\d{11}[0-9A-Z]{20}")
_MELO_LENGTH: Final = 33


def malo_check_digit(first_ten: str) -> int:
    """The eleventh digit of a MaLo-ID. Raises ValueError unless given ten digits."""
    if not re.fullmatch(r"\d{10}", first_ten, re.ASCII):
        raise ValueError(f"needs ten digits such as 4137355924, got {first_ten!r}")
    digits = [int(digit) for digit in first_ten]
    return (10 - (sum(digits[0::2]) + 2 * sum(digits[1::2])) % 10) % 10


def is_malo(text: str) -> bool:
    """Whether it is a MaLo-ID with the right check digit."""
    return bool(_MALO.fullmatch(text)) and text.isascii() and malo_check_digit(text[:10]) == int(text[10])


def malo_fault(text: str) -> str | None:
    """Why it is no MaLo-ID, in German; None if it is one."""
    if not re.fullmatch(r"\d{11}", text, re.ASCII):
        return f"Eine MaLo-ID hat elf Ziffern, etwa 41373559241; „{text[:40]}“ hat {len(text)} Zeichen."
    if text[0] == "0":
        return "Eine MaLo-ID beginnt nicht mit 0, richtig ist etwa 41373559241."
    right = malo_check_digit(text[:10])
    if right != int(text[10]):
        return f"Die Prüfziffer von {text} stimmt nicht: zu {text[:10]} gehört {right}."
    return None


def is_melo(text: str) -> bool:
    """Whether it has the form of a MeLo-ID (33 characters; it carries no check digit)."""
    return bool(_MELO.fullmatch(text)) and text.isascii()


def melo_fault(text: str) -> str | None:
    """Why it is no MeLo-ID, in German; None if it is one."""
    if len(text) != _MELO_LENGTH:
        return (
            f"Eine MeLo-ID hat {_MELO_LENGTH} Zeichen, etwa DE0007913123400000000000000054321; diese hat {len(text)}."
        )
    if not is_melo(text):
        return (
            "Eine MeLo-ID besteht aus Land (zwei Buchstaben), elf Ziffern und 20 Ziffern oder Großbuchstaben, "
            "etwa DE0007913123400000000000000054321."
        )
    return None


def location_kind(text: str) -> Literal["malo", "melo"] | None:
    """Which kind of location the id names, if any."""
    if is_malo(text):
        return "malo"
    return "melo" if is_melo(text) else None
