"""What an import is asked for and what it gives back. Loads no frames library: importing it is cheap."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import polars as pl

Target = Literal["smart_meter_readings", "market_prices"]
Stamp = Literal["start", "end"]
Unit = Literal["kWh", "Wh", "MWh", "kW", "W", "MW"]

FAULTS_KEPT: Final = 1000
"""So many row faults are listed; the others are only counted."""
VALUE_SHOWN: Final = 120
"""A faulty value is shown up to this length."""


@dataclass(frozen=True)
class Mapping:
    """What a person said about a layout: everything given here overrides what was recognised.

    `columns` maps a header (as written in the file, or `#3` for the third column) to its role: `ts` (one stamp),
    `start`, `end`, `date`, `time`, `meter_id`, `obis`, `consumption`, `production`, `register`, `voltage`,
    `quality`, `unit`, `interval_s`, `ignore`; for prices `market`, `product`, `price_eur_mwh`, `volume`. Columns that
    it does not name are recognised. `unit` is the unit of `consumption` and `production`, `stamp` says
    whether a single stamp marks the start or the end of the interval, `zone` the zone of local times.
    """

    columns: MappingOf[str, str] = field(default_factory=dict[str, str])
    unit: Unit | None = None
    zone: str | None = None
    stamp: Stamp | None = None
    direction: Literal["consumption", "production"] | None = None


@dataclass(frozen=True)
class ImportOptions:
    """How to read a file.

    `file_name` is for messages only and never used to recognise anything. `meter_id` names the meter where the file
    names none, and picks one where it names several. `timezone` holds for stamps without an offset.
    """

    target: Target = "smart_meter_readings"
    file_name: str = ""
    meter_id: str | None = None
    timezone: str = "Europe/Berlin"
    mapping: Mapping | None = None
    max_rows: int = 20_000_000
    max_bytes: int = 2 * 1024**3
    """Unpacked size that is read at most."""
    market: str | None = None
    product: str | None = None


@dataclass(frozen=True)
class RowFault:
    """One bad value: `line` counts from 1 in the file (for EDIFACT: the segment), `column` as its header says."""

    line: int
    column: str
    value: str
    reason: str


class Faults:
    """Row faults: the first are kept, all are counted."""

    def __init__(self, limit: int = FAULTS_KEPT) -> None:
        self._limit = limit
        self._kept: list[RowFault] = []
        self.total = 0

    def add(self, line: int, column: str, value: object, reason: str) -> None:
        """Count a fault and keep it while there is room."""
        self.total += 1
        if len(self._kept) < self._limit:
            shown = "" if value is None else str(value)
            if len(shown) > VALUE_SHOWN:
                shown = shown[:VALUE_SHOWN] + "…"
            self._kept.append(RowFault(line, column, shown.replace("\x00", "\\0"), reason))

    def count_only(self, number: int) -> None:
        """Count faults that need not be listed because the list is full."""
        self.total += number

    @property
    def room(self) -> int:
        """How many more would be listed."""
        return self._limit - len(self._kept)

    @property
    def listed(self) -> list[RowFault]:
        """The kept ones, by line."""
        return sorted(self._kept, key=lambda fault: fault.line)


@dataclass(frozen=True)
class MeterFound:
    """A meter that the file speaks of."""

    meter_id: str
    market_location: str | None = None
    """MaLo-ID, if the file holds one whose check digit is right."""
    metering_location: str | None = None
    """MeLo-ID of 33 characters, if the file holds one."""
    obis: tuple[str, ...] = ()
    rows: int = 0


FactValue = str | int | float | bool | None | Sequence[str]


@dataclass
class ParsedFile:
    """A file as typed frames.

    `readings` and `prices` keep the schemas of `luna_rules.series.frames`, sorted, keys unique.
    `register_readings`: meter_id, obis, ts (UTC instant), value_kwh. `control_sums`: sums that the file itself states
    for days beside its finer rows: meter_id, series, ts (start), interval_s, kwh. `facts` are what was recognised:
    encoding, separator, decimal, zone, stamp, unit, interval_s, meter_source, … and what was counted.
    """

    layout: str
    readings: pl.DataFrame
    prices: pl.DataFrame
    register_readings: pl.DataFrame
    control_sums: pl.DataFrame
    meters: list[MeterFound]
    faults: list[RowFault]
    faults_total: int
    facts: dict[str, FactValue]
    warnings: list[str]
    rows_read: int
    header_signature: str | None = None


@dataclass(frozen=True)
class ParsedBatch:
    """A part of a large file; `rows_read` and `bytes_read` count from its beginning, for progress."""

    readings: pl.DataFrame
    prices: pl.DataFrame
    rows_read: int
    bytes_read: int


class UnreadableFileError(Exception):
    """The file is refused whole. `reason` is German, for the reader; `code` is stable, for programs.

    Where a mapping would help, `header` holds the columns found, `header_signature` the key under which the mapping
    is known again, `missing` what has to be said (`unit`, `meter_id`, `ts`, `value`, `direction`) and `proposal`
    what was recognised so far.
    """

    def __init__(
        self,
        code: str,
        reason: str,
        *,
        missing: Sequence[str] = (),
        header: Sequence[str] = (),
        header_signature: str | None = None,
        proposal: Mapping | None = None,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.missing = tuple(missing)
        self.header = tuple(header)
        self.header_signature = header_signature
        self.proposal = proposal
