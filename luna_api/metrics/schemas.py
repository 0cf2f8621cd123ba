"""Shapes of the figures on dashboards."""

from datetime import date, datetime

import msgspec


class DayCount(msgspec.Struct):
    """A number for a day (UTC)."""

    day: date
    count: int


class HourCount(msgspec.Struct):
    """A number for an hour; `ts` is its start (UTC)."""

    ts: datetime
    count: int


class Overview(msgspec.Struct, kw_only=True):
    """Counts of what the asker may see."""

    items: int
    items_by_status: dict[str, int]
    items_by_kind: dict[str, int]
    chunks: int
    answers: int
    answered_share: float | None
    events_per_day: list[DayCount]


class IngestMetrics(msgspec.Struct, kw_only=True):
    """Throughput and failures of the last days; `queue_age_s` is the age of the oldest waiting document."""

    throughput: list[HourCount]
    ready: int
    failed: int
    queued: int
    processing: int
    queue_age_s: float | None
    duration_s_p50: float | None
    duration_s_p95: float | None
    failures_by_code: dict[str, int]


class TypeDays(msgspec.Struct):
    """Events of one type by day."""

    type: str
    total: int
    per_day: list[DayCount]


class EventMetrics(msgspec.Struct):
    """What people do; a customer sees their own."""

    events: list[TypeDays]


class RouteLatency(msgspec.Struct, kw_only=True):
    """Latency of one route since the start; percentiles are the bucket's upper bound."""

    route: str
    method: str
    count: int
    errors: int
    mean_ms: float
    p50_ms: float
    p95_ms: float


class TableSize(msgspec.Struct):
    """Bytes of a table with its indexes, and the planner's estimate of its rows."""

    table: str
    bytes: int
    rows: int


class ProcessUsage(msgspec.Struct, kw_only=True):
    """One process of the platform."""

    pid: int
    name: str
    memory_bytes: int
    cpu_percent: float


class SystemMetrics(msgspec.Struct, kw_only=True):
    """Latency, sizes and processes."""

    routes: list[RouteLatency]
    tables: list[TableSize]
    database_bytes: int
    index_bytes: int
    objects: int
    objects_bytes: int
    processes: list[ProcessUsage]
    uptime_s: float
