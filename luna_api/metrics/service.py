"""Figures for dashboards, each set in one transaction."""

import asyncio
from pathlib import Path
from time import time
from typing import Any

import psutil
from psycopg.rows import dict_row

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.metrics.schemas import (
    DayCount,
    EventMetrics,
    HourCount,
    IngestMetrics,
    Overview,
    ProcessUsage,
    SystemMetrics,
    TableSize,
    TypeDays,
)

_COUNTS = """
SELECT status, kind, count(*) AS items, coalesce(sum(chunk_count), 0) AS chunks FROM items
WHERE deleted_at IS NULL AND superseded_at IS NULL AND status <> 'archived' GROUP BY status, kind
"""
_ANSWERS = "SELECT count(*) AS total, count(*) FILTER (WHERE answered) AS answered FROM answer_log"
_EVENTS = """
SELECT type, (ts AT TIME ZONE 'UTC')::date AS day, count(*) AS count FROM events
WHERE ts > now() - make_interval(days => %s) AND (%s OR user_id = %s) GROUP BY type, day ORDER BY day
"""
_THROUGHPUT = """
SELECT date_trunc('hour', finished_at) AS ts, count(*) AS count FROM items
WHERE finished_at > now() - make_interval(days => %s) AND status = 'ready' GROUP BY ts ORDER BY ts
"""
_QUEUE = """
SELECT count(*) FILTER (WHERE status = 'received') AS queued,
       count(*) FILTER (WHERE status = 'processing') AS processing,
       count(*) FILTER (WHERE status = 'ready') AS ready,
       count(*) FILTER (WHERE status = 'failed') AS failed,
       extract(epoch FROM now() - min(created_at) FILTER (WHERE status = 'received'))::float8 AS queue_age_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at))
           FILTER (WHERE finished_at > now() - make_interval(days => %(days)s)) AS p50,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at))
           FILTER (WHERE finished_at > now() - make_interval(days => %(days)s)) AS p95
FROM items WHERE deleted_at IS NULL
"""
_FAILURES = """
SELECT coalesce(error_code, 'unknown') AS code, count(*) AS count FROM items
WHERE status = 'failed' AND deleted_at IS NULL GROUP BY 1 ORDER BY 2 DESC
"""
_TABLES = """
SELECT c.relname AS "table", pg_total_relation_size(c.oid) AS bytes, greatest(c.reltuples, 0)::bigint AS rows
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 2 DESC
"""


class MetricsService:
    """Figures of what one asker may see."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def overview(self, days: int) -> Overview:
        """Counts of documents, passages, answers, events."""
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            counts = await _all(cursor, _COUNTS)
            answers = (await _all(cursor, _ANSWERS))[0]
            events = await _all(cursor, _EVENTS, (days, self._sees_all(), self._principal.user_id))
        total = answers["total"]
        return Overview(
            items=sum(row["items"] for row in counts),
            items_by_status=_summed(counts, "status", "items"),
            items_by_kind=_summed(counts, "kind", "items"),
            chunks=int(sum(row["chunks"] for row in counts)),
            answers=total,
            answered_share=answers["answered"] / total if total else None,
            events_per_day=_days(events),
        )

    async def ingest(self, days: int) -> IngestMetrics:
        """Throughput, failures, the queue's age."""
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            queue = (await _all(cursor, _QUEUE, {"days": days}))[0]
            throughput = await _all(cursor, _THROUGHPUT, (days,))
            failures = await _all(cursor, _FAILURES)
        return IngestMetrics(
            throughput=[HourCount(row["ts"], row["count"]) for row in throughput],
            ready=queue["ready"],
            failed=queue["failed"],
            queued=queue["queued"],
            processing=queue["processing"],
            queue_age_s=queue["queue_age_s"],
            duration_s_p50=_float(queue["p50"]),
            duration_s_p95=_float(queue["p95"]),
            failures_by_code={row["code"]: row["count"] for row in failures},
        )

    async def events(self, days: int) -> EventMetrics:
        """What people do; a customer sees their own."""
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            rows = await _all(cursor, _EVENTS, (days, self._sees_all(), self._principal.user_id))
        types = sorted({row["type"] for row in rows})
        return EventMetrics(
            [
                TypeDays(kind, sum(row["count"] for row in of_kind), _days(of_kind))
                for kind in types
                if (of_kind := [row for row in rows if row["type"] == kind])
            ]
        )

    async def system(self) -> SystemMetrics:
        """Latency by route, bytes, processes."""
        async with self._transaction() as sql, sql.cursor(row_factory=dict_row) as cursor:
            tables = await _all(cursor, _TABLES)
            database = (await _all(cursor, "SELECT pg_database_size(current_database()) AS bytes"))[0]
        objects, objects_bytes = await asyncio.to_thread(self._context.objects.usage)
        return SystemMetrics(
            routes=self._context.registry.routes(),
            tables=[TableSize(row["table"], row["bytes"], row["rows"]) for row in tables],
            database_bytes=database["bytes"],
            index_bytes=sum(row["bytes"] for row in tables if row["table"].startswith("index_")),
            objects=objects,
            objects_bytes=objects_bytes,
            processes=await asyncio.to_thread(_processes),
            uptime_s=round(time() - self._context.started_at_s, 1),
        )

    def _sees_all(self) -> bool:
        return self._principal.role in {"admin", "analyst"}

    def _transaction(self) -> Any:
        return self._context.database.transaction(self._principal.tenant_id)


async def _all(cursor: Any, query: str, values: object = None) -> list[dict[str, Any]]:
    await cursor.execute(query, values)
    return await cursor.fetchall()


def _summed(rows: list[dict[str, Any]], key: str, value: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row[key]] = sums.get(row[key], 0) + row[value]
    return sums


def _days(rows: list[dict[str, Any]]) -> list[DayCount]:
    return [DayCount(day, count) for day, count in sorted(_summed(rows, "day", "count").items())]  # type: ignore[arg-type]


def _float(value: object) -> float | None:
    return None if value is None else round(float(str(value)), 3)


def _processes() -> list[ProcessUsage]:
    """This process and those that the same start brought up: its siblings under one supervisor."""
    own = psutil.Process()
    parent = own.parent()
    family = [own]
    if parent is not None and "supervisord" in " ".join(_command(parent)):
        family = parent.children(recursive=True)
    usage: list[ProcessUsage] = []
    for process in family:
        try:
            with process.oneshot():
                usage.append(
                    ProcessUsage(
                        pid=process.pid,
                        name=_name(process),
                        memory_bytes=process.memory_info().rss,
                        cpu_percent=_cpu(process),
                    )
                )
        except psutil.Error:
            continue
    return sorted(usage, key=lambda row: -row.memory_bytes)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _name(process: psutil.Process) -> str:
    words = [Path(word).name for word in _command(process)[:4] if not word.startswith("-")]
    return " ".join(words)[:80] or process.name()


def _cpu(process: psutil.Process) -> float:
    """Mean use of one core since the process began: needs no second look, so nobody waits."""
    times = process.cpu_times()
    lived_s = max(0.001, time() - process.create_time())
    return round((times.user + times.system) / lived_s * 100, 2)
