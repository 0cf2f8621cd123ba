"""What a question about series asks for, as data: of what, which measure, when. No behaviour belongs here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from luna_rules.series_answers.spans import Span

Quantity = Literal["price", "consumption", "production", "voltage"]
Measure = Literal[
    "value", "max", "min", "mean", "sum", "course", "negative", "above", "below", "base", "peak", "spread", "autarky",
    "self_use", "gaps", "median", "deviation", "run", "base_peak", "cost", "by_meter",
]  # fmt: skip
Per = Literal["interval", "1h", "1d", "1w", "1mo", "1y", "hour_of_day", "weekday", "month_of_year"]


@dataclass(frozen=True, slots=True)
class MeterName:
    """A meter as people may call it."""

    meter_id: str
    name: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A question about series, read.

    `spans` are the stretches asked about, in the order named; none means all there is, or with `now` the latest value.
    `compare` asks for the difference of two. `per` says among what the largest or smallest is sought. `threshold` is in
    EUR/MWh, kW or V. `meters` are the ids of meters that were named. `market` is the market named, else EPEX.
    `clock` and `weekdays` narrow the days, `narrowed` says how. `impossible` is a date or an hour that does not exist.
    `count` largest or smallest are wanted, or the best `together` hours in a row.
    """

    quantity: Quantity
    measure: Measure
    spans: tuple[Span, ...] = ()
    compare: bool = False
    now: bool = False
    per: Per = "interval"
    threshold: float | None = None
    market: str = "EPEX"
    product: str = ""
    meters: tuple[str, ...] = ()
    clock: tuple[int, int] | None = None
    weekdays: tuple[int, ...] | None = None
    narrowed: str = ""
    impossible: str = ""
    count: int = 0
    together: int = 0
    words: tuple[str, ...] = field(default=())

    @property
    def of_market(self) -> bool:
        """Whether it is about prices."""
        return self.quantity == "price"
