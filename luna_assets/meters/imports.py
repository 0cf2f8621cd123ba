"""Works off the queue of imports: bytes → frames → flags → rows and rollups. Knows no Dagster.

One import after the other; what is partly wrong loads its good rows and lists the bad ones. A run that dies leaves an
import in `processing`: the next one begins it anew, and because writing is idempotent it ends in the same rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import psycopg

from luna_assets.turn import take_turn, turn
from luna_rules.importing import UnreadableFileError
from resources.database import Connection
from resources.objects import ObjectDamagedError, ObjectMissingError, ObjectStore, StoreUnavailableError
from resources.series import imports as queue
from resources.series import layouts
from resources.series.model import WriteReport
from resources.series.undo import NotUndoableError, mark_undone, take_rows_back

if TYPE_CHECKING:
    from luna_assets.meters.inbox import Inbox
    from luna_assets.meters.loading import Outcome

_OUTAGES = (psycopg.OperationalError, psycopg.InterfaceError, StoreUnavailableError)
"""Something else is away, which is no fault of any file: the run ends, what it held waits for the next one."""

Log = Callable[[str], None]
POLL_S = 0.25
INBOX_S = 2.0
LISTED = 50


@dataclass(slots=True)
class ImportsReport:
    """What a run did."""

    already_working: bool = False
    requeued: int = 0
    files: int = 0
    undone: int = 0
    undone_rows: int = 0
    failed: dict[str, int] = field(default_factory=dict[str, int])
    failures: list[str] = field(default_factory=list[str])
    rejected: dict[str, int] = field(default_factory=dict[str, int])
    """Rejected rows by target."""
    rejections: list[str] = field(default_factory=list[str])
    readings: WriteReport = field(default_factory=WriteReport)
    prices: WriteReport = field(default_factory=WriteReport)
    seconds: float = 0.0


class _RefusedError(Exception):
    """The import fails for a reason that a person understands."""

    def __init__(self, code: str, message: str, facts: queue.Json | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.facts = code, message, facts


class ImportRun:
    """One run's work on the queue, over one connection of the worker's role."""

    def __init__(
        self, connection: Connection, objects: ObjectStore, *, run_id: str, log: Log, inbox: Inbox | None = None
    ) -> None:
        self._connection = connection
        self._objects = objects
        self._run_id = run_id
        self._log = log
        self._inbox = inbox
        self._report = ImportsReport()

    def work(self, *, linger_s: float = 0.0) -> ImportsReport:
        """Work until nothing waits any more and the lingering time has passed.

        Raises what `_OUTAGES` names when the database or the store goes away; what was not ended is then taken over by
        the next run.
        """
        report, begun = self._report, time.monotonic()
        if not take_turn(queue.try_lock, self._connection):
            report.already_working = True
            return report
        with self._turn():
            report.requeued = queue.requeue_orphans(self._connection, self._run_id)
            self._drain(linger_s)
        # Whoever added an import while the lock was still held relied on this run: look once more.
        while queue.count_waiting(self._connection) and queue.try_lock(self._connection):
            with self._turn():
                self._drain(0.0)
        report.seconds = time.monotonic() - begun
        return report

    def _turn(self) -> AbstractContextManager[None]:
        return turn(queue.unlock, lambda: queue.release(self._connection, self._run_id), self._connection, self._log)

    def _drain(self, linger_s: float) -> None:
        self._collect()
        idle_since = collected = time.monotonic()
        while True:
            row = queue.claim(self._connection, self._run_id)
            if row is not None:
                self._one(row)
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since >= linger_s:
                # What ended in this run is cleared away; what came meanwhile is worked on.
                if not self._collect():
                    return
            else:
                if time.monotonic() - collected >= INBOX_S:
                    self._collect()
                    collected = time.monotonic()
                time.sleep(POLL_S)

    def _collect(self) -> int:
        return self._inbox.collect() if self._inbox is not None else 0

    def _one(self, row: queue.ImportRow) -> None:
        if row.stage == "undoing":
            self._undo(row)
            return
        self._report.files += 1
        try:
            self._load(row)
        except _RefusedError as fault:
            self._fail(row, fault.code, fault.message, fault.facts)
        except UnreadableFileError as fault:
            self._fail(row, fault.code, fault.reason, _facts_of(fault))
        except (ObjectMissingError, ObjectDamagedError):
            self._fail(row, "lost", "Die Datei ist nicht mehr im Speicher. Bitte noch einmal hochladen.")
        except _OUTAGES:
            raise
        except Exception as fault:
            # One bad file never stops the others; the reason stands in the run's log with its type.
            self._log(f"{row.id} {row.file_name}: {type(fault).__name__}: {fault}")
            reason = f"Unerwarteter Fehler ({type(fault).__name__}) beim Einlesen, siehe Lauf {self._run_id}."
            self._fail(row, "internal", reason)

    def _load(self, row: queue.ImportRow) -> None:
        if row.object_key is None:
            raise _RefusedError("lost", "Zu diesem Import gehört keine Datei.")
        outcome = self._read(row)
        queue.write_errors(self._connection, row.id, row.tenant_id, outcome.faults)
        if not outcome.usable:
            raise _nothing_usable(outcome)
        self._end(row, outcome)

    def _read(self, row: queue.ImportRow) -> Outcome:
        from polars.exceptions import PanicException

        from luna_assets.meters.loading import load_file

        total = self._report.prices if row.target == "market_prices" else self._report.readings

        def progress(rows_read: int, report: WriteReport) -> None:
            queue.describe(
                self._connection, row.id, self._run_id, stage="writing", rows_read=rows_read, rows_total=None,
                report=report,
            )  # fmt: skip

        try:
            outcome = load_file(
                self._connection, self._objects, row, self._run_id, lambda one: self._known_mapping(row, one), progress
            )
        except PanicException as fault:
            # No `Exception`: it would end the run instead of this file.
            raise RuntimeError(f"panic: {fault}") from fault
        if row.attempts > 1 and row.mode == "load":
            windows = outcome.report.windows
            outcome.report = queue.true_counts(self._connection, row, outcome.usable)
            outcome.report.windows = windows
        if row.mode == "load":
            total.add(outcome.report)
        return outcome

    def _end(self, row: queue.ImportRow, outcome: Outcome) -> None:
        summary, result = outcome.summary, outcome.report
        signature = summary.header_signature
        if row.mapping is not None and row.tenant_id and signature and row.mode == "load":
            layouts.keep_mapping(
                self._connection,
                row.tenant_id,
                signature,
                row.mapping,
                name=row.file_name or "",
                created_by=row.created_by,
            )
        queue.finish(
            self._connection,
            row.id,
            self._run_id,
            {
                "layout": summary.layout,
                "rows_read": summary.rows_read,
                "rows_total": summary.rows_read,
                "loaded": result.loaded,
                "updated": result.updated,
                "unchanged": result.unchanged,
                "rejected": outcome.rejected,
                "warnings": list(summary.warnings),
                "facts": {**summary.facts, "header_signature": signature},
                "mapping": outcome.mapping,
            },
        )
        if outcome.rejected:
            self._report.rejected[row.target] = self._report.rejected.get(row.target, 0) + outcome.rejected
            if len(self._report.rejections) < LISTED:
                self._report.rejections.append(f"{row.file_name}: {outcome.rejected}")
        self._log(
            f"{row.file_name}: {result.loaded} new, {result.updated} replaced, {result.unchanged} known,"
            f" {outcome.rejected} rejected"
        )

    def _known_mapping(self, row: queue.ImportRow, signature: str | None) -> queue.Json | None:
        if row.tenant_id is None or signature is None:
            return None
        return layouts.find_mapping(self._connection, row.tenant_id, signature)

    def _undo(self, row: queue.ImportRow) -> None:
        try:
            self._report.undone_rows += take_rows_back(self._connection, row.id)
        except NotUndoableError as fault:
            queue.fail_undo(self._connection, row.id, f"Das Zurücknehmen ging nicht: {fault}")
        except _OUTAGES:
            raise
        except Exception as fault:
            self._log(f"undo of {row.id}: {type(fault).__name__}: {fault}")
            reason = f"Unerwarteter Fehler ({type(fault).__name__}), siehe Lauf {self._run_id}."
            queue.fail_undo(self._connection, row.id, f"Das Zurücknehmen ging nicht: {reason}")
        else:
            # Undone only now: a run that ends in between leaves the import where the next one judges, too.
            mark_undone(self._connection, row.id, self._judge_around(row))
            self._report.undone += 1
            self._log(f"{row.file_name}: undone")

    def _judge_around(self, row: queue.ImportRow) -> str | None:
        """What lost its neighbours, or got other ones back, may be suspicious now, or no longer; a warning if it fails.

        The rows are taken back by then, whatever becomes of the flags around them.
        """
        if row.tenant_id is None or row.ts_from is None or row.ts_to is None:
            return None
        from resources.series.judging import judge_stored, stretches_around

        try:
            around = stretches_around(self._connection, row.tenant_id, row.meter_ids, row.ts_from, row.ts_to)
            judge_stored(self._connection, row.tenant_id, around)
        except _OUTAGES:
            raise
        except Exception as fault:
            self._log(f"judging around {row.id}: {type(fault).__name__}: {fault}")
            return (
                "Zurückgenommen; die Auffälligkeiten der Werte daneben ließen sich nicht neu bestimmen"
                f" ({type(fault).__name__}, siehe Lauf {self._run_id})."
            )
        return None

    def _fail(self, row: queue.ImportRow, code: str, message: str, facts: queue.Json | None = None) -> None:
        queue.fail(self._connection, row.id, self._run_id, code, message, {"facts": facts} if facts else None)
        self._report.failed[code] = self._report.failed.get(code, 0) + 1
        if len(self._report.failures) < LISTED:
            self._report.failures.append(f"{row.file_name}: {message}")


def _nothing_usable(outcome: Outcome) -> _RefusedError:
    facts: queue.Json = dict(outcome.summary.facts)
    if not outcome.faults:
        return _RefusedError("empty", "Die Datei enthält keine Werte.", facts)
    first = min(outcome.faults, key=lambda one: one.line or 1 << 60)
    where = f"Zeile {first.line}, {first.column}" if first.line else first.value
    return _RefusedError("no_rows", f"Keine Zeile ließ sich verwenden. Die erste ({where}): {first.reason}", facts)


def _facts_of(fault: UnreadableFileError) -> queue.Json | None:
    """What a person must say so that the file can be read."""
    if not fault.header and not fault.missing:
        return None
    return {
        "missing": list(fault.missing),
        "header": list(fault.header),
        "header_signature": fault.header_signature,
        "proposal": asdict(fault.proposal) if fault.proposal else None,
    }
