"""Takes documents from the queue and leads each through text → chunks → vectors. Knows no Dagster.

A few new documents enter the live index at once, each in its own transaction. Where more waits than the live lexicon
was learnt from, text and chunks are written first and the documents become searchable with the next index version
(`index_build`), which is learnt from all of them: one pass of analysis instead of two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from luna_assets.documents import passages, queue
from luna_assets.documents.gold import GoldQuestion
from luna_assets.documents.index_build import BuildReport, build_version
from luna_assets.turn import take_turn, turn
from luna_rules.documents.chunking import CHUNKER_VERSION, chunk_document
from luna_rules.search.analyser import Analyser
from resources.database import Connection
from resources.embedder import EmbedderError
from resources.extractor import ExtractionError, Extractor, ExtractorLostError, ExtractorUnavailableError
from resources.objects import ObjectDamagedError, ObjectMissingError, ObjectStore, StoreUnavailableError
from resources.vectors.embedders import Embedders
from resources.vectors.index import VersionInfo
from resources.vectors.points import PassagePoints, PointsError, PointsUnavailableError
from resources.vectors.postgres_writer import IndexWriter

BATCH = 32
BYTES_PER_CHUNK = 700
"""Rough size of a chunk in the original file; only used to guess whether learning anew is worth it."""
LEARN_FROM_CHUNKS = 300
"""A scope smaller than this is learnt anew whenever it doubles; below it, learning costs less than it saves."""
POLL_S = 0.25
SETTLED_S = 2.0
"""How long the queue must be empty before a scope that has outgrown its lexicon is learnt anew."""
REBUILD_PATIENCE_S = 540
_PLAIN_TEXT = "Netz"

_OUTAGES = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PointsUnavailableError,
    StoreUnavailableError,
    ExtractorUnavailableError,
    EmbedderError,
)
"""Something else is away, which is no fault of any document: the run ends, what it held waits for the next one."""

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DrainRequest:
    """What a run is asked to do.

    `item_ids`: only these documents (they are queued again first, whatever their state).
    `all_items`: every document that is ready, for instance to cut all with a new chunker.
    `stage`: where to begin with them: `text` (extract again), `chunks` (cut the kept text again), `vectors`.
    `linger_s`: how long to wait for further arrivals before the run ends, in seconds.
    `rebuild`: learn a new index version of every scope that has documents, even where the live one would do.
    `model`: what makes the vectors of rebuilt versions, a model's name or `local`; None: what each scope has.
    """

    item_ids: tuple[UUID, ...] = ()
    stage: str = "text"
    linger_s: float = 15.0
    batch: int = BATCH
    rebuild: bool = False
    all_items: bool = False
    model: str | None = None


@dataclass(slots=True)
class DrainReport:
    """What a drain did. Times are seconds of wall clock, summed over documents."""

    already_draining: bool = False
    requeued: int = 0
    documents: int = 0
    ready: int = 0
    deferred: int = 0
    failed: dict[str, int] = field(default_factory=dict[str, int])
    failures: list[str] = field(default_factory=list[str])
    chunks: int = 0
    vectors: int = 0
    merged: int = 0
    characters: int = 0
    built: list[BuildReport] = field(default_factory=list["BuildReport"])
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def add_seconds(self, part: str, begun: float) -> float:
        """Add the time since `begun` (of `time.perf_counter`) to a part; returns it."""
        spent = time.perf_counter() - begun
        self.seconds[part] = self.seconds.get(part, 0.0) + spent
        return spent


class Drain:
    """One run's work on the queue, over one connection of the worker's role."""

    def __init__(
        self,
        connection: Connection,
        objects: ObjectStore,
        extractor: Extractor,
        *,
        gold: Sequence[GoldQuestion],
        run_id: str,
        log: Log,
        points: PassagePoints | None = None,
        embedders: Embedders | None = None,
    ) -> None:
        self._connection = connection
        self._writer = IndexWriter(connection, points, embedders)
        self._gold = gold
        self._objects = objects
        self._extractor = extractor
        self._run_id = run_id
        self._log = log
        self._analysers: dict[str, Analyser] = {}
        self._to_build: dict[UUID | None, int] = {}
        self._refused: set[UUID | None] = set()
        self._rebuilding = False
        self._model: str | None = None

    def run(self, request: DrainRequest) -> DrainReport:
        """Work until nothing waits any more and the lingering time has passed.

        Raises what `_OUTAGES` names when the database or another part goes away; what was not ended is then taken over
        by the next run.
        """
        report = DrainReport()
        self._rebuilding, self._model = request.rebuild, request.model
        if request.item_ids or request.all_items:
            queue.queue_again(self._connection, None if request.all_items else request.item_ids)
        # What waits in the queue any drain takes; a rebuild is this run's own errand, so it waits for its turn.
        if not (
            queue.lock_drain(self._connection, REBUILD_PATIENCE_S)
            if request.rebuild
            else take_turn(queue.try_lock_drain, self._connection)
        ):
            report.already_draining = True
            return report
        with self._turn():
            report.requeued = queue.requeue_orphans(self._connection, self._run_id)
            self._work(request, report)
            if request.rebuild:
                self._rebuild(report)
        # Whoever added a document while the lock was still held relied on this run: look once more.
        while queue.count_pending(self._connection) and queue.try_lock_drain(self._connection):
            with self._turn():
                self._work(DrainRequest(linger_s=0.0, batch=request.batch), report)
        return report

    def _turn(self) -> AbstractContextManager[None]:
        return turn(
            queue.unlock_drain, lambda: queue.release(self._connection, self._run_id), self._connection, self._log
        )

    def _work(self, request: DrainRequest, report: DrainReport) -> None:
        begun, idle_since = time.monotonic(), time.monotonic()
        while True:
            bulk = self._scopes_to_learn()
            claims = queue.claim(self._connection, self._run_id, request.batch)
            if not claims and self._to_build:
                self._build(report)
                idle_since = time.monotonic()
                continue
            if not claims:
                idle_s = time.monotonic() - idle_since
                if idle_s >= min(SETTLED_S, request.linger_s) and self._plan_outgrown():
                    continue
                if idle_s >= request.linger_s or queue.is_drain_wanted(self._connection):
                    self._merge(report)
                    return
                time.sleep(POLL_S)
                continue
            for claim in claims:
                asked = claim.item_id in request.item_ids or (request.all_items and claim.was_ready)
                # What can be found now is replaced in one transaction, never taken away until the next version is live.
                defer = claim.tenant_id in bulk and not claim.was_ready
                self._one(claim, request.stage if asked else "text", defer, report)
            idle_since = time.monotonic()
            rate = report.documents / max(time.monotonic() - begun, 1e-6)
            waiting = queue.count_pending(self._connection)
            self._log(
                f"{report.documents} documents done ({sum(report.failed.values())} failed), "
                f"{waiting} waiting, {rate:.1f} documents/s"
            )

    def _one(self, claim: queue.Claim, stage: str, defer: bool, report: DrainReport) -> None:
        report.documents += 1
        try:
            self._process(claim, stage, defer, report)
        except (ExtractorLostError, EmbedderError) as fault:
            # It may be the document that brings the extractor or the model down: it waits like all others, but not for
            # ever.
            if isinstance(fault, EmbedderError) and not self._embeds_otherwise(claim, fault):
                raise
            if claim.attempts < queue.MAX_ATTEMPTS:
                queue.count_attempt(self._connection, claim.item_id, self._run_id)
                raise
            self._fail(claim, "unavailable", f"{fault}." if isinstance(fault, EmbedderError) else fault.message, report)
        except _OUTAGES:
            raise
        except ExtractionError as fault:
            self._fail(claim, fault.code, fault.message, report)
        except (ObjectMissingError, ObjectDamagedError):
            self._fail(
                claim, "lost", "Die Originaldatei ist nicht mehr im Speicher. Bitte noch einmal hochladen.", report
            )
        except Exception as fault:
            # One bad document never stops the others; the reason stands in the run's log with its type.
            self._log(f"{claim.item_id} {claim.file_name}: {type(fault).__name__}: {fault}")
            self._fail(
                claim,
                "internal",
                f"Unerwarteter Fehler ({type(fault).__name__}) bei der Verarbeitung, siehe Lauf {self._run_id}.",
                report,
            )

    def _embeds_otherwise(self, claim: queue.Claim, fault: EmbedderError) -> bool:
        """Whether the model gives a vector for other texts, so that it is this document's that it cannot take."""
        version = self._writer.live_version(claim.tenant_id)
        if fault.fault in ("missing", "other_model") or version is None or version.space is None:
            return False
        try:
            self._writer.embedders.questions(version.space, [_PLAIN_TEXT])
        except EmbedderError:
            return False
        return True

    def _process(self, claim: queue.Claim, stage: str, defer: bool, report: DrainReport) -> None:
        timings: dict[str, float] = {}
        connection, item_id = self._connection, claim.item_id
        queue.notify(connection, item_id)

        begun = time.perf_counter()
        text = passages.read_text(connection, item_id, claim.media_type) if stage != "text" else None
        fresh = text is None
        if text is None:
            text = self._extractor.extract(self._objects.get(claim.object_key), claim.file_name, claim.media_type)
        timings["text"] = report.add_seconds("text", begun)
        report.characters += len(text.text)

        queue.advance(connection, item_id, self._run_id, "chunks")
        begun = time.perf_counter()
        document = chunk_document(text, file_name=claim.file_name)
        if not document.chunks:
            raise ExtractionError(
                "no_text", "Das Dokument enthält keinen Text, der sich zitieren ließe.", permanent=True
            )
        timings["chunks"] = report.add_seconds("chunks", begun)

        title = claim.title or document.title or claim.file_name
        version = None if defer else self._writer.live_version(claim.tenant_id)
        embedded = None
        if version is not None and version.space is not None:
            # Before the transaction: a model takes its time.
            begun = time.perf_counter()
            named = [passages.chunk_id(item_id, CHUNKER_VERSION, chunk.chunk_idx) for chunk in document.chunks]
            item = passages.indexed_item(item_id, title, document.law_names, named, document.chunks)
            embedded = self._writer.embed(version, [item])
            timings["embed"] = report.add_seconds("embed", begun)
        with connection.transaction():
            begun = time.perf_counter()
            if fresh:
                passages.write_text(connection, item_id, claim.tenant_id, text, self._run_id)
            ids = passages.write_chunks(
                connection,
                item_id,
                claim.tenant_id,
                document.chunks,
                chunker_version=CHUNKER_VERSION,
                run_id=self._run_id,
            )
            queue.describe(
                connection,
                item_id,
                title=title,
                law_names=document.law_names,
                warnings=text.warnings,
                chunk_count=len(document.chunks),
                timings=timings,
            )
            timings["store"] = report.add_seconds("store", begun)
            report.chunks += len(ids)
            if defer:
                queue.advance(connection, item_id, self._run_id, "vectors")
                self._to_build.setdefault(claim.tenant_id, 0)
                self._to_build[claim.tenant_id] += 1
                report.deferred += 1
                return
            begun = time.perf_counter()
            if version is None:
                raise LookupError(f"scope {claim.tenant_id or 'public'} has no live index version")
            stored = passages.indexed_item(item_id, title, document.law_names, ids, document.chunks)
            segment = self._writer.add_segment(
                version.id, claim.tenant_id, [stored], self._analyser(version), self._run_id, embedded=embedded
            )
            timings["vectors"] = report.add_seconds("vectors", begun)
            report.vectors += segment.vectors
            report.ready += len(queue.mark_ready(connection, [item_id], self._run_id))
            queue.notify(connection, item_id)

    def _rebuild(self, report: DrainReport) -> None:
        done = {built.tenant_id for built in report.built}
        rows = self._connection.execute("SELECT DISTINCT tenant_id FROM items WHERE status = 'ready'").fetchall()
        for (tenant_id,) in sorted(rows, key=lambda row: row[0] is not None):
            if tenant_id not in done:
                self._to_build.setdefault(tenant_id, 0)
        self._build(report)

    def _build(self, report: DrainReport) -> None:
        for tenant_id in list(self._to_build):
            begun = time.perf_counter()
            built = build_version(
                self._connection,
                tenant_id,
                writer=self._writer,
                run_id=self._run_id,
                gold=self._gold,
                log=self._log,
                model=self._model,
            )
            report.built.append(built)
            deferred = self._to_build.pop(tenant_id)
            if built.promoted:
                report.vectors += built.chunks
                report.ready += built.made_ready
            else:
                # The live version still stands, so the new documents enter it one by one.
                queue.release(self._connection, self._run_id)
                self._refused.add(tenant_id)
                report.deferred -= deferred
            report.add_seconds("index", begun)

    def _scopes_to_learn(self) -> set[UUID | None]:
        """Scopes whose lexicon no longer fits what they hold: no live version, or as much waits as was learnt from.

        Also those that this run rebuilds anyway and whose model may be why: what waits need not enter the live version.
        """
        writer = self._writer
        scopes: set[UUID | None] = set()
        for tenant_id, waiting in queue.pending_bytes_by_scope(self._connection).items():
            live = writer.live_version(tenant_id)
            outgrown = live is not None and waiting / BYTES_PER_CHUNK > max(LEARN_FROM_CHUNKS, live.learnt_chunks)
            leaving = live is not None and live.space is not None and self._rebuilding
            if live is None or ((outgrown or leaving) and tenant_id not in self._refused):
                scopes.add(tenant_id)
        return scopes

    def _plan_outgrown(self) -> bool:
        """Note scopes that have doubled since their lexicon was learnt; returns whether any has."""
        rows = self._connection.execute(
            """SELECT v.tenant_id FROM index_versions AS v
               WHERE v.state = 'live' AND greatest(2 * v.learnt_chunks, %s) <= (
                   SELECT sum(i.chunk_count) FROM items AS i WHERE i.status = 'ready' AND i.deleted_at IS NULL
                   AND i.tenant_id IS NOT DISTINCT FROM v.tenant_id)""",
            (LEARN_FROM_CHUNKS,),
        ).fetchall()
        outgrown = [row[0] for row in rows if row[0] not in self._refused]
        for tenant_id in outgrown:
            self._to_build.setdefault(tenant_id, 0)
        return bool(outgrown)

    def _merge(self, report: DrainReport) -> None:
        """Every document made a segment of its own; many of them make each search slower."""
        if not report.ready:
            return
        writer = self._writer
        rows = self._connection.execute("SELECT id FROM index_versions WHERE state = 'live' ORDER BY id").fetchall()
        for (version_id,) in rows:
            report.merged += writer.merge_segments(version_id)
        try:
            writer.mirror.renew_facts()
        except PointsError as fault:
            self._log(f"the facts copied to Qdrant could not be renewed ({fault}); the next run does it")

    def _analyser(self, version: VersionInfo) -> Analyser:
        if version.lexicon_digest not in self._analysers:
            lexicon = self._writer.lexicon(version.id)
            self._analysers = {version.lexicon_digest: Analyser(lexicon)}
        return self._analysers[version.lexicon_digest]

    def _fail(self, claim: queue.Claim, code: str, message: str, report: DrainReport) -> None:
        queue.fail(self._connection, claim.item_id, self._run_id, code, message)
        report.failed[code] = report.failed.get(code, 0) + 1
        if len(report.failures) < 50:
            report.failures.append(f"{claim.file_name}: {message}")
