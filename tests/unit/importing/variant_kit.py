"""What a variant of an export is, and small writers that most of them share. All values are made up here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from luna_rules.importing import Mapping
from tests.unit.importing.quirks import BERLIN, QUARTER, german, instants, kwh, local, table

HOUR = timedelta(hours=1)
HALF = timedelta(minutes=30)
MELO = "DE0007913123400000000000000054321"
SPANS = {
    "ordinary days": date(2025, 6, 11),
    "into summer time": date(2025, 3, 29),
    "out of summer time": date(2025, 10, 25),
}
DAYS = 3


@dataclass(frozen=True)
class Variant:
    """A file and what it truly says: mean power of each interval, its starts in UTC, or why it must be refused.

    `said` has to occur in a warning. `taken` and `fed` are in kW.
    """

    content: bytes
    starts: Sequence[datetime] = ()
    taken: Sequence[float] | None = None
    fed: Sequence[float] | None = None
    interval_s: int = 900
    meter: str | None = "Z"
    meters: tuple[str, ...] | None = None
    refused: str | None = None
    said: str = ""
    faults: int = 0
    mapping: Mapping | None = None
    substitutes: tuple[int, ...] | None = None
    """Places of the values that are marked as substitutes."""


Maker = Callable[[date], Variant]
VARIANTS: dict[str, Maker] = {}


def variant(name: str) -> Callable[[Maker], Maker]:
    """Register a maker that writes its file for the days from a date on."""

    def register(maker: Maker) -> Maker:
        assert name not in VARIANTS, name
        VARIANTS[name] = maker
        return maker

    return register


@dataclass(frozen=True)
class Load:
    """Three local days: starts, energy of each interval in kWh, and what is fed in."""

    starts: list[datetime]
    step: timedelta = QUARTER
    kwh: list[float] = field(default_factory=list[float])

    @property
    def kw(self) -> list[float]:
        """Mean power."""
        return [value * (HOUR / self.step) for value in self.kwh]

    @property
    def fed_kwh(self) -> list[float]:
        """Another series, so that mixing up is seen."""
        return [round(0.5 + number % 5 / 10, 3) for number in range(len(self.starts))]

    @property
    def fed_kw(self) -> list[float]:
        """Its mean power."""
        return [value * (HOUR / self.step) for value in self.fed_kwh]

    @property
    def seconds(self) -> int:
        """Length of an interval."""
        return int(self.step.total_seconds())


def load(first: date, step: timedelta = QUARTER, days: int = DAYS) -> Load:
    """The made-up load from a date on."""
    starts = instants(first, days, step)
    return Load(starts, step, [kwh(number) for number in range(len(starts))])


Cells = Callable[[datetime, int], list[str]]


def write(
    header: list[str], one: Load, cells: Cells, *, separator: str = ";", above: str = "", below: str = ""
) -> bytes:
    """A CSV of the load, with lines above and below."""
    body = table(header, [cells(start, number) for number, start in enumerate(one.starts)], separator)
    return above.encode() + body + b"\r\n" + below.encode()


def taken(content: bytes, one: Load, **more: object) -> Variant:
    """A variant that holds the load as energy taken from the network."""
    return Variant(content, one.starts, one.kw, interval_s=one.seconds, **more)  # type: ignore[arg-type]


def day(moment: datetime, form: str = "%d.%m.%Y") -> str:
    """The local date."""
    return local(moment, form)


def clock(moment: datetime, form: str = "%H:%M") -> str:
    """The local time of day."""
    return local(moment, form)


def till(moment: datetime, step: timedelta = QUARTER) -> tuple[str, str]:
    """Date and time of an interval's end, midnight as 24:00 of the day before."""
    end = (moment + step).astimezone(BERLIN)
    if (end.hour, end.minute) == (0, 0):
        return (end - timedelta(days=1)).strftime("%d.%m.%Y"), "24:00"
    return end.strftime("%d.%m.%Y"), end.strftime("%H:%M")


def utc(moment: datetime, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """Written in UTC."""
    return moment.astimezone(UTC).strftime(form)


def iso(moment: datetime) -> str:
    """Written with the local offset."""
    return moment.astimezone(BERLIN).isoformat()


__all__ = [
    "BERLIN", "HALF", "HOUR", "MELO", "QUARTER", "SPANS", "VARIANTS", "Load", "Variant", "clock", "day", "german",
    "iso", "kwh", "load", "local", "table", "taken", "till", "utc", "variant", "write",
]  # fmt: skip
