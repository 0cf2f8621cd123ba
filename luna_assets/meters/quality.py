"""Quality reports of the days that are due, and substitute values for gaps. Knows no Dagster.

Imports the frames library: import this module only inside functions.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import polars as pl

from luna_rules.series.quality import Method, Status, encode
from luna_rules.series.reports import quality_days
from luna_rules.series.substitutes import Gap, find_gaps, substitute
from resources.database import Connection
from resources.series import imports as queue
from resources.series import quality_days as store
from resources.series.model import WriteReport
from resources.series.substitutes import begin_substitutes, meters_with_readings
from resources.series.writer import write_readings

Log = Callable[[str], None]
HARD = ("out_of_range", "future", "sum_differs")
"""Flags of values that nothing may be derived from before somebody has looked."""
SOFT = ("outlier", "flat_line", "negative", "duplicate", "unusable", "voltage")
LISTED = 20
HISTORY = timedelta(days=35)
"""Readings before and after a gap that substitute values are formed from."""


@dataclass(slots=True)
class QualityRun:
    """What a run reported: sums over the days that were due."""

    meters: int = 0
    days: int = 0
    values: int = 0
    missing: int = 0
    substituted: int = 0
    preliminary: int = 0
    forecast: int = 0
    flags: Counter[str] = field(default_factory=Counter[str])
    listed: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What was found → the first days with it, as „meter, day: count"."""

    def count(self, names: Sequence[str]) -> int:
        """Values that bear one of the flags."""
        return sum(self.flags[name] for name in names)

    def examples(self, names: Sequence[str]) -> str:
        """Markdown list of days with one of them."""
        lines = [line for name in names for line in self.listed.get(name, [])]
        return "\n".join(f"- {line}" for line in lines[:LISTED]) or "–"

    def _note(self, name: str, meter: str, day: date, count: int) -> None:
        lines = self.listed.setdefault(name, [])
        if count and len(lines) < LISTED:
            lines.append(f"{meter}, {day:%d.%m.%Y}: {count} × {name}")

    def take(self, meter: str, report: pl.DataFrame) -> None:
        """Count the reported days of a meter."""
        self.days += report.height
        for row in report.iter_rows(named=True):
            self.values += row["values"]
            for name in ("missing", "substituted", "preliminary", "forecast"):
                setattr(self, name, getattr(self, name) + row[name])
                self._note(name, meter, row["day"], row[name])
            if row["flags"] != "{}":
                flags: dict[str, int] = json.loads(row["flags"])
                self.flags.update(flags)
                for name, count in flags.items():
                    self._note(name, meter, row["day"], count)


def report_due_days(
    connection: Connection, run_id: str, *, meter_ids: Sequence[str] = (), log: Log | None = None
) -> QualityRun:
    """Report every day that is due, meter by meter; what was done before a crash stays done."""
    run = QualityRun()
    due = store.due_meters(connection, meter_ids)
    for one in due:
        for first, last in one.spans() if one.days else ():
            frame = store.read_frame(
                connection,
                one.tenant,
                one.meter_id,
                store.berlin_midnight(first),
                store.berlin_midnight(store.after(last)),
            )
            report = quality_days(frame).filter(pl.col("day").is_in(one.days))
            store.write_days(connection, one, report, run_id)
            run.take(one.meter_id, report)
        store.tidy_up(connection, one, run_id)
        run.meters += 1
        if log and run.meters % 100 == 0:
            log(f"{run.meters} of {len(due)} meters")
    return run


@dataclass(slots=True)
class SubstituteRun:
    """What a run formed: values by method, and the gaps that stay."""

    meters: int = 0
    gaps: int = 0
    left: int = 0
    """Gaps that stay, or a part of them: the method found nothing to rest on, or they are longer than wanted."""
    by_method: Counter[str] = field(default_factory=Counter[str])
    imports: list[str] = field(default_factory=list[str])
    written: WriteReport = field(default_factory=WriteReport)


def form_substitutes(
    connection: Connection,
    run_id: str,
    *,
    tenant: UUID,
    meter_ids: Sequence[str],
    start: datetime,
    end: datetime,
    method: Method | None = None,
    max_gap: timedelta = timedelta(days=31),
    dry_run: bool = False,
) -> SubstituteRun:
    """Fill gaps of meters that begin in [start, end) by `method` (None: the usual one for each gap).

    Only gaps between two values: before the first and after the last there is nothing to stand in for. Each meter's
    values are an import of their own, which can be undone; a measured value that comes later replaces them.
    """
    run = SubstituteRun()
    for meter in meters_with_readings(connection, tenant, meter_ids, start, end):
        frame = store.read_frame(connection, tenant, meter, start - HISTORY, end + HISTORY)
        if frame.is_empty():
            continue
        found = [gap for gap in find_gaps(frame) if start <= gap.start < end]
        gaps = [gap for gap in found if gap.end - gap.start <= max_gap]
        run.gaps += len(found)
        if not found:
            continue
        formed = substitute(frame, gaps, method)
        filled = sum(_is_filled(gap, formed) for gap in gaps)
        run.left += len(found) - filled
        if formed.is_empty():
            continue
        run.meters += 1
        counts = {str(name): int(number) for name, number in _by_method(formed)}
        run.by_method.update(counts)
        if dry_run:
            run.written.loaded += formed.height
            continue
        first, last = formed["ts"][0], formed["ts"][-1] + timedelta(seconds=int(formed["interval_s"][-1]))
        # One transaction: nobody sees an import that a dead run left half-way.
        with connection.transaction():
            import_id = begin_substitutes(connection, tenant, run_id, meter, first, last, counts)
            report = write_readings(connection, tenant, import_id, formed)
            queue.finish(
                connection,
                import_id,
                run_id,
                {
                    "layout": "substitutes",
                    "rows_read": formed.height,
                    "rows_total": formed.height,
                    "loaded": report.loaded,
                    "updated": report.updated,
                    "unchanged": report.unchanged,
                    "rejected": 0,
                    "facts": {"methods": counts, "gaps": filled},
                },
            )
        run.imports.append(str(import_id))
        run.written.add(report)
    return run


def _is_filled(gap: Gap, formed: pl.DataFrame) -> bool:
    slots = formed.filter(pl.col("ts").is_between(gap.start, gap.end, closed="left")).height
    return slots == (gap.end - gap.start) // timedelta(seconds=gap.interval_s)


def _by_method(formed: pl.DataFrame) -> list[tuple[str, int]]:
    names = {encode(Status.ERSATZWERT, one): one.name.split("_")[0] for one in Method if one is not Method.NONE}
    counts = formed.group_by(code=pl.col("quality") & 127).agg(count=pl.len())
    return [(names.get(int(code), str(code)), int(count)) for code, count in counts.rows()]


def method_named(name: str) -> Method | None:
    """`Z92`, `Z93`, `Z95`, `ZJ2`; None for `auto`. Raises ValueError."""
    if name == "auto":
        return None
    for one in Method:
        if one is not Method.NONE and one.name.split("_")[0] == name:
            return one
    raise ValueError(f"method {name!r} is none of auto, Z92, Z93, Z95, ZJ2, for example Z92")
