"""The quality of a value: one integer of status, method of a substitute value, and flags.

Status codes and substitution codes are those of the German market's metered values (EDI@Energy, MSCONS).
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

STATUS_MASK = 0b111
METHOD_SHIFT = 3
METHOD_MASK = 0b1111 << METHOD_SHIFT


class Status(IntEnum):
    """What kind of value it is; FEHLT names a gap in answers and is never stored, for a gap is no row."""

    ABGELESEN = 0
    ERSATZWERT = 1
    VORLAEUFIGERWERT = 2
    PROGNOSEWERT = 3
    FEHLT = 4


class Method(IntEnum):
    """How a substitute value was formed."""

    NONE = 0
    Z92_INTERPOLATION = 1
    Z93_HOLD = 2
    Z95_HISTORICAL = 3
    ZJ2_STATISTICAL = 4


class Flag(IntFlag):
    """What validation found about a value; several may hold at once."""

    OUTLIER = 1 << 8
    OUT_OF_RANGE = 1 << 9
    FLAT_LINE = 1 << 10
    SUM_DIFFERS = 1 << 11
    UNUSABLE = 1 << 12
    """The sender calls it not usable (MSCONS QTY 20)."""
    NEGATIVE = 1 << 13
    FUTURE = 1 << 14
    DUPLICATE = 1 << 15
    """The source held this time twice with different values; the last one was taken."""
    INTERVAL_GUESSED = 1 << 16
    SIMULATED = 1 << 17
    VOLTAGE = 1 << 18
    """Outside of 195.5-253 V (EN 50160)."""
    PARTIAL = 1 << 19
    """An aggregate whose period is not fully covered by values."""


JUDGED = Flag.OUTLIER | Flag.FLAT_LINE
"""Flags that follow from the values around (`luna_rules.series.neighbours`), so no file or sender states them."""


def encode(status: Status = Status.ABGELESEN, method: Method = Method.NONE, flags: Flag | int = 0) -> int:
    """The stored integer."""
    return int(status) | int(method) << METHOD_SHIFT | int(flags)


def status_of(quality: int) -> Status:
    """The status in a stored integer. Raises ValueError for a status that does not exist."""
    return Status(quality & STATUS_MASK)


def method_of(quality: int) -> Method:
    """The substitution method in a stored integer. Raises ValueError for one that does not exist."""
    return Method((quality & METHOD_MASK) >> METHOD_SHIFT)


def flags_of(quality: int) -> Flag:
    """The flags in a stored integer."""
    return Flag(quality & ~(STATUS_MASK | METHOD_MASK))
