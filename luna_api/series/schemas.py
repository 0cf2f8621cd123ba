"""Shapes of series, aggregates and receipts. Columns of one answer have equal length; null is a gap."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from luna_api.meters.schemas import MeterId

Resolution = Literal["auto", "raw", "15m", "1h", "1d", "1mo"]
Format = Literal["json", "csv", "xlsx", "parquet", "arrow"]
Milliseconds = Annotated[int, Meta(description="Millisekunden seit 1970 in UTC, Beginn des Intervalls")]
Column = list[float | None]


class QualitySummary(msgspec.Struct, kw_only=True):
    """How good the values of an answer are: how many there are, are missing, substituted, preliminary or flagged."""

    values: int
    missing: int
    substituted: int
    preliminary: int
    forecast: int
    flagged: int


class SmartMeterData(msgspec.Struct, kw_only=True):
    """A meter's series. Powers are means over the interval; `quality` holds status, method and flags of each value.

    Energies, maxima and seconds stand beside where the resolution is an hour or coarser (null for raw values).
    With `points` fewer rows come (`reduced`), among them the smallest and largest value of each stretch.
    """

    meter_id: str
    name: str | None
    resolution: Literal["raw", "15m", "1h", "1d", "1mo"]
    interval_s: int | None
    timezone: str
    units: dict[str, str]
    simulated: bool
    virtual: bool
    from_: datetime = msgspec.field(name="from")
    to: datetime
    as_of: datetime
    rows: int
    reduced: bool
    quality_summary: QualitySummary
    ts: list[Milliseconds]
    consumption_kw: Column
    production_kw: Column
    voltage: Column
    quality: list[int]
    consumption_kwh: Column | None = None
    production_kwh: Column | None = None
    consumption_kw_max: Column | None = None
    production_kw_max: Column | None = None
    covered_s: list[int] | None = None
    expected_s: list[int] | None = None


class MarketData(msgspec.Struct, kw_only=True):
    """Prices of a product: mean over the interval in EUR/MWh. `negative_hours` counts hourly means below zero."""

    market: str
    product: str
    description: str | None
    source: str | None
    licence: str | None
    resolution: Literal["raw", "15m", "1h", "1d", "1mo"]
    interval_s: int | None
    timezone: str
    units: dict[str, str]
    simulated: bool
    from_: datetime = msgspec.field(name="from")
    to: datetime
    as_of: datetime
    rows: int
    reduced: bool
    quality_summary: QualitySummary
    ts: list[Milliseconds]
    price_eur_mwh: Column
    volume: Column
    quality: list[int]
    price_min: Column | None = None
    price_max: Column | None = None
    peak: Column | None = None
    negative_quarter_hours: Column | None = None
    negative_hours: Column | None = None


class ProductData(msgspec.Struct, kw_only=True):
    """A product of a market and how far its prices reach."""

    market: str
    product: str
    interval_s: int
    description: str | None
    simulated: bool
    source: str | None
    licence: str | None
    first_ts: datetime | None
    last_ts: datetime | None


class Products(msgspec.Struct):
    """All products."""

    products: list[ProductData]


class SelfUseData(msgspec.Struct, kw_only=True):
    """Own consumption and autarky of a site with PV.

    `load_kwh` is all that the site used, `generation_kwh` what its PV made, `self_used_kwh` what of that was used on
    the spot; `autarky` = self_used / load, `self_use` = self_used / generation (0 to 1, null without a divisor). Only
    intervals in which every series has a value count; `covered_s` says how long they are together.
    """

    basis: Literal["load_and_generation", "grid_and_generation"]
    meter_ids: list[str]
    resolution: Literal["15m"]
    from_: datetime = msgspec.field(name="from")
    to: datetime
    as_of: datetime
    units: dict[str, str]
    load_kwh: float
    generation_kwh: float
    self_used_kwh: float
    import_kwh: float
    export_kwh: float
    autarky: float | None
    self_use: float | None
    covered_s: int
    expected_s: int
    simulated: bool
    receipt_id: str | None = None


class SeriesRef(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One series: a meter's column, or a product's price."""

    meter_id: MeterId | None = None
    series: Literal["consumption_kw", "production_kw", "voltage"] = "consumption_kw"
    market: Annotated[str, Meta(max_length=40)] | None = None
    product: Annotated[str, Meta(max_length=40)] | None = None


Minute = Annotated[int, Meta(ge=0, le=1440)]


class QueryFilter(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which intervals count: local clock (minutes of the day), weekdays (0 is Monday), bounds of the value."""

    from_minute: Minute | None = None
    to_minute: Minute | None = None
    weekdays: Annotated[list[Annotated[int, Meta(ge=0, le=6)]], Meta(max_length=7)] | None = None
    at_least: float | None = None
    at_most: float | None = None


Bucket = Literal["raw", "15m", "1h", "1d", "1w", "1mo", "1y"]
Group = Literal["total", "15m", "1h", "1d", "1w", "1mo", "1y", "hour_of_day", "weekday", "month_of_year"]
Aggregate = Literal[
    "mean", "min", "max", "min_ts", "max_ts", "sum_kwh", "count", "negative", "above", "below", "seconds",
    "substituted", "first_ts", "last_ts",
]  # fmt: skip


class Compare(msgspec.Struct, forbid_unknown_fields=True):
    """A second stretch that is asked the same."""

    from_: str = msgspec.field(name="from")
    to: str


class SeriesQueryRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An aggregation: intervals are filtered, meaned to `bucket`, and the buckets aggregated for each `group`."""

    series: Annotated[list[SeriesRef], Meta(min_length=1, max_length=20)]
    from_: str = msgspec.field(name="from")
    to: str
    filter: QueryFilter | None = None
    bucket: Bucket = "raw"
    group: Group = "total"
    aggregates: Annotated[list[Aggregate], Meta(min_length=1, max_length=14)] = msgspec.field(
        default_factory=lambda: list[Aggregate](("mean",))
    )
    threshold: float | None = None
    order: Literal["group", "asc", "desc"] = "group"
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1_000
    compare: Compare | None = None


class SeriesQueryPart(msgspec.Struct, kw_only=True):
    """The aggregates of one series over one stretch, as columns; `group` holds times (ms) or numbers of groups."""

    series: SeriesRef
    from_: datetime = msgspec.field(name="from")
    to: datetime
    compared: bool
    rows: int
    unit: str
    columns: dict[str, list[Any]]
    receipt_id: str


class SeriesQueryData(msgspec.Struct):
    """The aggregates of every series asked for, and the moment for which they hold."""

    parts: list[SeriesQueryPart]
    timezone: str
    as_of: datetime


class ReceiptQuality(msgspec.Struct, kw_only=True):
    """How good the values are that a receipt rests on."""

    values: int
    covered_s: int
    expected_s: int
    substituted: int
    preliminary: int
    flagged: int
    simulated: bool


class QueryReceipt(msgspec.Struct, kw_only=True):
    """What a number of an answer rests on: the query, its parameters, its result and how good the values are.

    `label` says in German what was asked; `values` are the figures of the result that the answer may name.
    """

    receipt_id: str
    label: str
    query: str
    parameters: dict[str, Any]
    row_count: int
    result_sha256: str
    columns: list[str]
    rows: list[list[Any]]
    values: dict[str, Any]
    as_of: datetime
    quality: ReceiptQuality


class RerunData(msgspec.Struct, kw_only=True):
    """A receipt run again as of its time (`same`), and what the same question gives today (`changed_since`)."""

    receipt_id: str
    same: bool
    result_sha256: str
    row_count: int
    rows: list[list[Any]]
    as_of: datetime
    rerun_at: datetime
    changed_since: bool
    rows_now: list[list[Any]]
    query_changed: bool
