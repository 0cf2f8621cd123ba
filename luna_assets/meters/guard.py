"""What of a frame may be written: meters and products that are known, real, and not computed from others.

Imports the frames library: import this module only inside functions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import polars as pl

from luna_rules.importing.model import RowFault
from luna_rules.series.validation import Limits, validate
from resources.database import Connection
from resources.series import products
from resources.series.meters import Registered, registered_among

MAX_ID_LENGTH = 100


@dataclass(slots=True)
class Refused:
    """Rows that are not written because of the series that they belong to."""

    rows: int = 0
    reasons: dict[str, RowFault] = field(default_factory=dict[str, RowFault])

    def take(self, frame: pl.DataFrame, column: str, bad: dict[str, str]) -> pl.DataFrame:
        """The frame without the rows whose `column` is among `bad` (value → German reason)."""
        if not bad:
            return frame
        kept = frame.filter(~pl.col(column).is_in(list(bad)))
        self.rows += frame.height - kept.height
        for value, reason in bad.items():
            self.reasons.setdefault(value, RowFault(0, column, value[:120], reason))
        return kept


class ReadingsGuard:
    """Filters and flags the readings of one import; what it learnt of the meters holds for all its batches."""

    def __init__(self, connection: Connection, tenant: UUID, *, create_meters: bool) -> None:
        self.refused = Refused()
        self._connection = connection
        self._tenant = tenant
        self._create = create_meters
        self._known: dict[str, Registered] = {}
        self._asked: set[str] = set()

    def pass_on(
        self, frame: pl.DataFrame, registers: pl.DataFrame | None = None, control_sums: pl.DataFrame | None = None
    ) -> pl.DataFrame:
        """The rows that may be written, with the flags of validation."""
        meters: list[str] = frame["meter_id"].unique(maintain_order=True).to_list()
        fresh = [one for one in meters if one not in self._asked]
        self._known |= registered_among(self._connection, self._tenant, fresh)
        self._asked |= set(fresh)
        kept = self.refused.take(frame, "meter_id", {one: why for one in meters if (why := self._why_not(one))})
        if kept.is_empty():
            return kept
        now = datetime.now(UTC)
        capacities = {name: one.capacity_kw for name, one in self._known.items() if one.capacity_kw is not None}
        limited = [name for name in meters if name in capacities]
        rest = kept.filter(~pl.col("meter_id").is_in(limited)) if limited else kept
        parts = [validate(rest, now=now, registers=registers, control_sums=control_sums)] if rest.height else []
        for name in limited:
            one = kept.filter(pl.col("meter_id") == name)
            if one.height:
                limits = Limits(capacity_kw=capacities[name])
                parts.append(validate(one, now=now, limits=limits, registers=registers, control_sums=control_sums))
        return pl.concat(parts) if len(parts) > 1 else parts[0]

    def _why_not(self, meter: str) -> str | None:
        known = self._known.get(meter)
        if known is None:
            if len(meter) > MAX_ID_LENGTH or not meter.strip():
                return f"Die Kennung des Zählers hat {len(meter)} Zeichen; erlaubt sind 1 bis {MAX_ID_LENGTH}."
            return None if self._create else "Der Zähler ist nicht angelegt, und neue sollten nicht angelegt werden."
        if known.simulated:
            return "Der Zähler ist simuliert und nimmt keine echten Werte auf."
        if known.virtual:
            return "Der Zähler ist virtuell: Seine Werte werden aus anderen Zählern berechnet."
        return None


class PricesGuard:
    """Filters the prices of one import, and knows how long a delivery of a new product is."""

    def __init__(self, connection: Connection) -> None:
        self.refused = Refused()
        self._connection = connection
        self._simulated: dict[products.Key, bool] = {}
        self._asked: set[products.Key] = set()

    def pass_on(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows that may be written."""
        keys = [(str(market), str(product)) for market, product in frame.select("market", "product").unique().rows()]
        fresh = [key for key in keys if key not in self._asked]
        self._simulated |= products.simulated_among(self._connection, fresh)
        self._asked |= set(fresh)
        bad: dict[str, str] = {}
        for market, product in keys:
            if self._simulated.get((market, product)):
                bad[f"{market}/{product}"] = "Die Preise dieses Produkts sind simuliert; es nimmt keine echten auf."
        if not bad:
            return frame
        keyed = frame.with_columns(_series=pl.format("{}/{}", "market", "product"))
        return self.refused.take(keyed, "_series", bad).drop("_series")

    def new_products(self, frame: pl.DataFrame) -> dict[products.Key, int]:
        """Products of the frame that are not registered, with the length of a delivery in seconds."""
        found: dict[products.Key, int] = {}
        for (market, product), part in frame.group_by("market", "product", maintain_order=True):
            key = (str(market), str(product))
            if key not in self._simulated:
                found[key] = delivery_s(part["ts"])
        return found


def delivery_s(ts: pl.Series) -> int:
    """Seconds of the deliveries that begin at `ts`: the commonest step, at most a day; an hour for a single one."""
    steps = ts.sort().diff().drop_nulls().dt.total_seconds()
    steps = steps.filter(steps > 0)
    if steps.is_empty():
        return 3600
    common = int(steps.mode().min())  # type: ignore[arg-type]  # never empty here
    # The days of the clock changes have 23 and 25 hours.
    return 86_400 if common >= 82_800 else common
