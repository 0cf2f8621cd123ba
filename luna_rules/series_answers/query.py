"""One aggregation over a series, as data: it can be stored in a receipt and run again.

What SQL it becomes is the database's side (`resources.series.receipts_sql`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

from luna_rules.series_answers.spans import BERLIN

Source = Literal["readings", "prices"]
SeriesColumn = Literal["consumption_kw", "production_kw", "voltage"]
Bucket = Literal["raw", "15m", "1h", "1d", "1w", "1mo", "1y"]
Group = Literal["total", "15m", "1h", "1d", "1w", "1mo", "1y", "hour_of_day", "weekday", "month_of_year"]
Aggregate = Literal[
    "mean", "min", "max", "min_ts", "max_ts", "sum_kwh", "count", "negative", "above", "below", "seconds",
    "substituted", "first_ts", "last_ts", "median", "sd", "negative_run", "negative_run_ts", "cost_eur", "priced_kwh",
]  # fmt: skip
SelfUse = Literal["load_kwh", "generation_kwh", "self_kwh", "import_kwh", "export_kwh"]
Order = Literal["group", "asc", "desc"]
Basis = Literal["", "load_and_generation", "grid_and_generation"]
SELF_USE: Final[tuple[SelfUse, ...]] = ("load_kwh", "generation_kwh", "self_kwh", "import_kwh", "export_kwh")
AGGREGATES: Final[frozenset[str]] = frozenset(Aggregate.__args__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Term:
    """One series that goes into the queried one, with its sign."""

    meter_id: str
    series: SeriesColumn = "consumption_kw"
    factor: int = 1


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """Intervals of `[begin, end)` are filtered, meaned to `bucket`, and the buckets aggregated for each `group`.

    Readings: `terms` are added at each time; with `complete` only where all have a value. Prices: `market`, `product`.
    `align_s` brings terms of different interval to a common one first. `clock` (minutes of the local day) and
    `weekdays` (0 is Monday) narrow the intervals, `at_least` and `at_most` their values; `threshold` is for the
    aggregates `above` and `below`. `order` sorts the groups, or them by their first aggregate.

    With `window` the mean of so many buckets in a row takes each bucket's place, where none of them is missing.
    `negative_run` is the longest row of negative buckets. Readings with a `market` and `product` (whose prices last
    `price_s` each) have `cost_eur` and `priced_kwh`, the energy for which there is a price.

    With `self_use` the terms are not added: they are load and generation, or grid import, export and generation, and
    the result is the five energies of a site (`SELF_USE`).
    """

    source: Source
    begin: datetime
    end: datetime
    terms: tuple[Term, ...] = ()
    market: str = ""
    product: str = ""
    interval_s: int = 3600
    complete: bool = True
    align_s: int = 0
    clock: tuple[int, int] | None = None
    weekdays: tuple[int, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None
    bucket: Bucket = "raw"
    window: int = 1
    price_s: int = 0
    group: Group = "total"
    aggregates: tuple[Aggregate | SelfUse, ...] = ("mean",)
    self_use: Basis = ""
    threshold: float | None = None
    order: Order = "group"
    limit: int = 1_000

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        data: dict[str, Any] = {}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, datetime):
                value = value.astimezone(UTC).isoformat()
            elif name == "terms":
                value = [[term.meter_id, term.series, term.factor] for term in self.terms]
            elif isinstance(value, tuple):
                value = list(value)
            data[name] = value
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SeriesQuery:
        """As it was stored. Raises ValueError or TypeError for what is no query."""
        fields = dict(data)
        for name in ("begin", "end"):
            fields[name] = datetime.fromisoformat(fields[name])
        fields["terms"] = tuple(Term(*term) for term in fields["terms"])
        for name in ("clock", "weekdays", "aggregates"):
            if fields.get(name) is not None:
                fields[name] = tuple(fields[name])
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the values of a result are. Seconds are those of intervals; expected ones until the as-of time."""

    values: int = 0
    covered_s: int = 0
    expected_s: int = 0
    substituted: int = 0
    preliminary: int = 0
    flagged: int = 0
    simulated: bool = False
    first: datetime | None = None
    last: datetime | None = None

    @property
    def complete(self) -> bool:
        """Whether hardly anything is missing (a thousandth is borne)."""
        return self.covered_s >= 0.999 * self.expected_s


@dataclass(frozen=True, slots=True)
class Result:
    """What a query gave: one row for each group, its columns being `group` and the aggregates."""

    query: SeriesQuery
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    as_of: datetime
    quality: Quality = field(default_factory=Quality)

    def value(self, name: str, row: int = 0) -> Any:
        """One figure; None where there is none."""
        if row >= len(self.rows):
            return None
        return self.rows[row][self.columns.index(name)]

    def moment(self, name: str, row: int = 0) -> datetime | None:
        """One figure that is a time."""
        value = self.value(name, row)
        return datetime.fromisoformat(value) if isinstance(value, str) else value


def expected_seconds(query: SeriesQuery, known_until: datetime) -> int:
    """How many seconds of the query's stretch could have values, until `known_until`.

    With a clock or weekdays it is counted by days; the hour of a clock change is then not seen.
    """
    end = min(query.end, known_until)
    if end <= query.begin:
        return 0
    if query.clock is None and query.weekdays is None:
        return int((end - query.begin).total_seconds())
    first, last = query.clock or (0, 1440)
    minutes = last - first if last > first else 1440 - first + last
    day, last_day = query.begin.astimezone(BERLIN).date(), (end - timedelta(microseconds=1)).astimezone(BERLIN).date()
    days = _matching_days(day, last_day, query.weekdays)
    return days * minutes * 60


def _matching_days(first: date, last: date, weekdays: tuple[int, ...] | None) -> int:
    count = (last - first).days + 1
    if weekdays is None:
        return count
    weeks, rest = divmod(count, 7)
    return weeks * len(weekdays) + sum((first.weekday() + offset) % 7 in weekdays for offset in range(rest))
