"""What writer, rollups and reader hand to each other. Loads neither the frames library nor a driver."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Resolution = Literal["raw", "15m", "1h", "1d"]


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time of one series that was touched: whole UTC hours, `end` exclusive.

    `key` is the meter's id, or (market, product).
    """

    key: tuple[str, ...]
    begin: datetime
    end: datetime


@dataclass(slots=True)
class WriteReport:
    """What writing did: new rows, rows whose value was replaced, rows known already, and the windows it touched."""

    loaded: int = 0
    updated: int = 0
    unchanged: int = 0
    windows: list[Window] = field(default_factory=list["Window"])

    def add(self, other: WriteReport) -> None:
        """Count another part of the same import to this one."""
        self.loaded += other.loaded
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.windows.extend(other.windows)


@dataclass(frozen=True, slots=True)
class SeriesColumns:
    """A meter's series as columns of equal length; NaN is a gap, and there `quality` is 4 (FEHLT).

    `ts`: epoch milliseconds UTC, start of the interval. Powers are means over the interval (kW). For `1h` and `1d`
    (and `15m` of finer meters) the energies (kWh), maxima (kW) and covered seconds stand beside; for raw values None.
    """

    resolution: Resolution
    ts: NDArray[np.int64]
    interval_s: NDArray[np.int32]
    consumption_kw: NDArray[np.float64]
    production_kw: NDArray[np.float64]
    voltage: NDArray[np.float64]
    quality: NDArray[np.int32]
    consumption_kwh: NDArray[np.float64] | None = None
    production_kwh: NDArray[np.float64] | None = None
    consumption_kw_max: NDArray[np.float64] | None = None
    production_kw_max: NDArray[np.float64] | None = None
    covered_s: NDArray[np.int32] | None = None
    expected_s: NDArray[np.int32] | None = None


@dataclass(frozen=True, slots=True)
class PriceColumns:
    """A product's prices as columns of equal length; NaN is a gap.

    `ts`: epoch milliseconds UTC, start of delivery. `price_eur_mwh` is the mean (a day's: base). `peak` and the counts
    of negative prices only for `1d` (NaN: none that day, or the product is not that fine).
    """

    resolution: Resolution
    ts: NDArray[np.int64]
    interval_s: NDArray[np.int32]
    price_eur_mwh: NDArray[np.float64]
    volume: NDArray[np.float64]
    price_min: NDArray[np.float64] | None = None
    price_max: NDArray[np.float64] | None = None
    peak: NDArray[np.float64] | None = None
    negative_quarter_hours: NDArray[np.float64] | None = None
    negative_hours: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import has come, for those who watch."""

    rows_read: int
    rows_total: int | None
    loaded: int
    updated: int
    unchanged: int
