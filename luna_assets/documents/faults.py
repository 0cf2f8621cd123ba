"""What becomes of a document that cannot be worked on: it fails for a reason, waits, or something else is away."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from luna_assets.documents import queue
from luna_assets.documents.hands import Scribe
from luna_assets.documents.orders import DrainReport
from resources.database import Connection
from resources.embedder import EmbedderError
from resources.extractor import ExtractionError, ExtractorLostError, ExtractorUnavailableError
from resources.objects import ObjectDamagedError, ObjectMissingError, StoreUnavailableError
from resources.vectors.points import PointsError
from resources.vectors.postgres_writer import IndexWriter

_PLAIN_TEXT = "Netz"

OUTAGES = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PointsError,
    StoreUnavailableError,
    ExtractorUnavailableError,
    EmbedderError,
)
"""Something else is away, which is no fault of any document: the run ends, what it held waits for the next one."""

Log = Callable[[str], None]


class Judge:
    """Ends documents of one drain that cannot be worked on; the connection is the scribe's."""

    def __init__(
        self,
        connection: Connection,
        writer: IndexWriter,
        scribe: Scribe,
        *,
        run_id: str,
        log: Log,
        report: DrainReport,
    ) -> None:
        self._connection = connection
        self._writer = writer
        self._scribe = scribe
        self._run_id = run_id
        self._log = log
        self._report = report

    def judge(self, claim: queue.Claim, fault: Exception) -> None:
        """End a document that cannot be worked on. Raises the fault where it is not the document's."""
        if isinstance(fault, ExtractorLostError | EmbedderError):
            # It may be the document that brings the extractor or the model down: it waits like all others, but not for
            # ever.
            if isinstance(fault, EmbedderError) and not self._embeds_otherwise(claim, fault):
                raise fault
            if claim.attempts < queue.MAX_ATTEMPTS:
                self._scribe.now(lambda: queue.count_attempt(self._connection, claim.item_id, self._run_id))
                raise fault
            self._fail(claim, "unavailable", f"{fault}." if isinstance(fault, EmbedderError) else fault.message)
        elif isinstance(fault, OUTAGES):
            raise fault
        elif isinstance(fault, ExtractionError):
            self._fail(claim, fault.code, fault.message)
        elif isinstance(fault, ObjectMissingError | ObjectDamagedError):
            self._fail(claim, "lost", "Die Originaldatei ist nicht mehr im Speicher. Bitte noch einmal hochladen.")
        else:
            # One bad document never stops the others; the reason stands in the run's log with its type.
            self._log(f"{claim.item_id} {claim.file_name}: {type(fault).__name__}: {fault}")
            self._fail(
                claim,
                "internal",
                f"Unerwarteter Fehler ({type(fault).__name__}) bei der Verarbeitung, siehe Lauf {self._run_id}.",
            )

    def _embeds_otherwise(self, claim: queue.Claim, fault: EmbedderError) -> bool:
        """Whether the model gives a vector for other texts, so that it is this document's that it cannot take."""
        version = self._scribe.now(lambda: self._writer.live_version(claim.tenant_id))
        if fault.fault in ("missing", "other_model") or version is None or version.space is None:
            return False
        try:
            self._writer.embedders.questions(version.space, [_PLAIN_TEXT])
        except EmbedderError:
            return False
        return True

    def _fail(self, claim: queue.Claim, code: str, message: str) -> None:
        self._scribe.now(lambda: queue.fail(self._connection, claim.item_id, self._run_id, code, message))
        self._report.failed[code] = self._report.failed.get(code, 0) + 1
        if len(self._report.failures) < 50:
            self._report.failures.append(f"{claim.file_name}: {message}")
