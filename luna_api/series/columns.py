"""From what the database's reader gives to what an answer shows: months, virtual meters, fewer points, JSON.

Works on numpy columns only; no database here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from luna_api.series.schemas import QualitySummary
from luna_rules.series.envelope import envelope
from luna_rules.series.quality import STATUS_MASK, Flag, Status
from resources.series.model import PriceColumns, SeriesColumns

UNITS: Final = {
    "ts": "ms",
    "consumption_kw": "kW",
    "production_kw": "kW",
    "voltage": "V",
    "consumption_kwh": "kWh",
    "production_kwh": "kWh",
    "consumption_kw_max": "kW",
    "production_kw_max": "kW",
    "covered_s": "s",
    "expected_s": "s",
}
PRICE_UNITS: Final = {
    "ts": "ms",
    "price_eur_mwh": "EUR/MWh",
    "volume": "MWh",
    "price_min": "EUR/MWh",
    "price_max": "EUR/MWh",
    "peak": "EUR/MWh",
    "negative_quarter_hours": "1",
    "negative_hours": "1",
}
_NOT_A_FAULT: Final = int(Flag.SIMULATED | Flag.INTERVAL_GUESSED | Flag.PARTIAL)
_HALF_DAY_MS: Final = 12 * 3_600_000

Floats = NDArray[np.float64]
Columns = TypeVar("Columns", SeriesColumns, PriceColumns)


@dataclass(frozen=True, slots=True)
class Part:
    """One term of a virtual meter, read: its column and the sign."""

    columns: SeriesColumns
    series: str
    factor: int


def arrays(columns: SeriesColumns | PriceColumns) -> dict[str, NDArray[np.int64] | Floats]:
    """The columns that there are, by name."""
    named = {field.name: getattr(columns, field.name) for field in fields(columns)}
    return {name: value for name, value in named.items() if isinstance(value, np.ndarray)}


def taken(columns: Columns, index: NDArray[np.int64]) -> Columns:
    """Only the rows of `index`."""
    return replace(columns, **{name: values[index] for name, values in arrays(columns).items()})


def reduced(columns: Columns, points: int | None) -> tuple[Columns, bool]:
    """At most `points` rows that keep every peak, and whether rows were left out."""
    rows = len(columns.ts)
    if points is None or rows <= points:
        return columns, False
    if isinstance(columns, SeriesColumns):
        drawn = [columns.consumption_kw, columns.production_kw, columns.voltage]
        status = columns.quality & STATUS_MASK
        marks = np.where(status == Status.FEHLT, 0, columns.quality & ~_NOT_A_FAULT)
        index = envelope(drawn, points, marks=marks.astype(np.int32))
    else:
        index = envelope([columns.price_eur_mwh], points)
    return taken(columns, index), len(index) < rows


def quality_summary(quality: NDArray[np.int32]) -> QualitySummary:
    """How good the values are; each row counts once by its status, and once more where it is flagged."""
    status = quality & STATUS_MASK
    missing = int((status == Status.FEHLT).sum())
    return QualitySummary(
        values=len(quality) - missing,
        missing=missing,
        substituted=int((status == Status.ERSATZWERT).sum()),
        preliminary=int((status == Status.VORLAEUFIGERWERT).sum()),
        forecast=int((status == Status.PROGNOSEWERT).sum()),
        flagged=int(((quality & ~(_NOT_A_FAULT | 0x7F)) != 0).sum()),
    )


def price_quality(prices: Floats) -> NDArray[np.int32]:
    """A price is there as published, or missing."""
    return np.where(np.isnan(prices), int(Status.FEHLT), int(Status.ABGELESEN)).astype(np.int32)


def common_interval(intervals: NDArray[np.int32]) -> int | None:
    """The length of all intervals in seconds, where they have one in common."""
    if not len(intervals):
        return None
    first = int(intervals[0])
    return first if bool((intervals == first).all()) else None


def combined(parts: Sequence[Part]) -> SeriesColumns:
    """A virtual meter: the sum of its terms at each time; a gap where any of them has none.

    The result stands in `consumption_kw` (and `consumption_kwh`), whatever series it was made of.
    """
    ts = np.unique(np.concatenate([part.columns.ts for part in parts]))
    total, energy = np.zeros(len(ts)), np.zeros(len(ts))
    quality = np.zeros(len(ts), dtype=np.int32)
    intervals = np.zeros(len(ts), dtype=np.int32)
    covered = np.full(len(ts), np.iinfo(np.int32).max, dtype=np.int32)
    expected = np.zeros(len(ts), dtype=np.int32)
    rolled = all(part.columns.consumption_kwh is not None for part in parts)
    for part in parts:
        at = np.searchsorted(ts, part.columns.ts)
        there = np.zeros(len(ts), dtype=bool)
        there[at] = True
        values = np.full(len(ts), np.nan)
        values[at] = getattr(part.columns, part.series)
        total += part.factor * values
        mine = np.full(len(ts), int(Status.FEHLT), dtype=np.int32)
        mine[at] = part.columns.quality
        quality = worst(quality, mine)
        intervals[at] = np.maximum(intervals[at], part.columns.interval_s)
        if rolled:
            kwh = np.full(len(ts), np.nan)
            kwh[at] = getattr(part.columns, f"{part.series}h")
            energy += part.factor * kwh
        if part.columns.covered_s is not None and part.columns.expected_s is not None:
            mine_covered = np.zeros(len(ts), dtype=np.int32)
            mine_covered[at] = part.columns.covered_s
            covered = np.minimum(covered, mine_covered)
            expected[at] = np.maximum(expected[at], part.columns.expected_s)
    quality = np.where(
        np.isnan(total), int(Status.FEHLT), quality & ~STATUS_MASK | np.minimum(quality & STATUS_MASK, 3)
    )
    nothing = np.full(len(ts), np.nan)
    return SeriesColumns(
        resolution=parts[0].columns.resolution,
        ts=ts,
        interval_s=intervals,
        consumption_kw=total,
        production_kw=nothing,
        voltage=nothing.copy(),
        quality=quality.astype(np.int32),
        consumption_kwh=energy if rolled else None,
        covered_s=covered if rolled else None,
        expected_s=expected if rolled else None,
    )


def worst(one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.int32]:
    """Both qualities together: the worse status with its method, all flags."""
    worse = np.where((one & STATUS_MASK) >= (other & STATUS_MASK), one, other)
    return ((worse & 0x7F) | ((one | other) & ~0x7F)).astype(np.int32)


def months(columns: SeriesColumns) -> SeriesColumns:
    """Days to months of Europe/Berlin: energies and seconds summed, powers and voltage meaned, maxima kept."""
    starts, ts = _month_starts(columns.ts)
    if not len(ts):
        return columns
    covered = columns.covered_s if columns.covered_s is not None else columns.interval_s
    quality = columns.quality
    status = quality & STATUS_MASK
    present = np.where(status == Status.FEHLT, 0, quality)
    flags = np.bitwise_or.reduceat(present & ~0x7F, starts)
    merged = flags | np.maximum.reduceat(present & 0x7F, starts)
    empty = np.minimum.reduceat(status, starts) == Status.FEHLT
    expected = columns.expected_s if columns.expected_s is not None else columns.interval_s
    return replace(
        columns,
        ts=ts,
        interval_s=np.add.reduceat(columns.interval_s, starts).astype(np.int32),
        consumption_kw=_mean(columns.consumption_kw, covered, starts),
        production_kw=_mean(columns.production_kw, covered, starts),
        voltage=_mean(columns.voltage, covered, starts),
        quality=np.where(empty, int(Status.FEHLT), merged).astype(np.int32),
        consumption_kwh=_sum(columns.consumption_kwh, starts),
        production_kwh=_sum(columns.production_kwh, starts),
        consumption_kw_max=_most(columns.consumption_kw_max, starts),
        production_kw_max=_most(columns.production_kw_max, starts),
        covered_s=np.add.reduceat(covered, starts).astype(np.int32),
        expected_s=np.add.reduceat(expected, starts).astype(np.int32),
    )


def price_months(columns: PriceColumns) -> PriceColumns:
    """Days to months: means weighted by the length of the day, extremes and counts kept."""
    starts, ts = _month_starts(columns.ts)
    if not len(ts):
        return columns
    least = _most(None if columns.price_min is None else -columns.price_min, starts)
    ones = np.ones(len(columns.ts), dtype=np.int32)
    return replace(
        columns,
        ts=ts,
        interval_s=np.add.reduceat(columns.interval_s, starts).astype(np.int32),
        price_eur_mwh=_mean(columns.price_eur_mwh, columns.interval_s, starts),
        volume=_sum(columns.volume, starts),
        price_min=None if least is None else -least,
        price_max=_most(columns.price_max, starts),
        peak=None if columns.peak is None else _mean(columns.peak, ones, starts),
        negative_quarter_hours=_sum(columns.negative_quarter_hours, starts),
        negative_hours=_sum(columns.negative_hours, starts),
    )


def _month_starts(ts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not len(ts):
        return np.zeros(0, dtype=np.int64), ts
    month = (ts + _HALF_DAY_MS).astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    starts = np.flatnonzero(np.concatenate(([True], month[1:] != month[:-1])))
    return starts, ts[starts]


def _mean(values: Floats, weights: NDArray[np.int32], starts: NDArray[np.int64]) -> Floats:
    holes = np.isnan(values)
    weight = np.where(holes, 0.0, weights.astype(np.float64))
    total = np.add.reduceat(np.where(holes, 0.0, values) * weight, starts)
    count = np.add.reduceat(weight, starts)
    return np.divide(total, count, out=np.full(len(starts), np.nan), where=count > 0)


def _sum(values: Floats | None, starts: NDArray[np.int64]) -> Floats | None:
    if values is None:
        return None
    holes = np.isnan(values)
    total = np.add.reduceat(np.where(holes, 0.0, values), starts)
    return np.where(np.logical_and.reduceat(holes, starts), np.nan, total)


def _most(values: Floats | None, starts: NDArray[np.int64]) -> Floats | None:
    if values is None:
        return None
    most = np.maximum.reduceat(np.where(np.isnan(values), -np.inf, values), starts)
    return np.where(np.isneginf(most), np.nan, most)


def units_of(columns: Mapping[str, object], units: Mapping[str, str]) -> dict[str, str]:
    """The units of the columns that an answer has."""
    return {name: unit for name, unit in units.items() if name in columns}
