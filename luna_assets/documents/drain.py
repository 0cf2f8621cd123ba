"""Takes documents from the queue and leads each through text → chunks → vectors. Knows no Dagster.

New documents enter the live index at once, those that wait together as one segment (`line`). Where more waits than the
live lexicon was learnt from, text and chunks are written first and the documents become searchable with the next index
version (`index_build`), which is learnt from all of them: one pass of analysis instead of two.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from uuid import UUID

from luna_assets.documents import queue
from luna_assets.documents.faults import Log
from luna_assets.documents.gold import GoldQuestion
from luna_assets.documents.index_build import build_version
from luna_assets.documents.line import Line
from luna_assets.documents.orders import DrainReport, DrainRequest
from luna_assets.documents.work import Taken, Task
from luna_assets.interpreter import at_work
from luna_assets.turn import take_turn, turn
from resources.database import Connection
from resources.extractor import Extractor
from resources.objects import ObjectStore
from resources.vectors.embedders import Embedders
from resources.vectors.points import PassagePoints, PointsError
from resources.vectors.postgres_writer import IndexWriter

__all__ = ["Drain", "DrainReport", "DrainRequest"]

BYTES_PER_CHUNK = 700
"""Rough size of a chunk in the original file; only used to guess whether learning anew is worth it."""
LEARN_FROM_CHUNKS = 300
"""A scope smaller than this is learnt anew whenever it doubles; below it, learning costs less than it saves."""
POLL_S = 0.25
SETTLED_S = 2.0
"""How long the queue must be empty before a scope that has outgrown its lexicon is learnt anew."""
REBUILD_PATIENCE_S = 540


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
        self._to_build: dict[UUID | None, int] = {}
        self._refused: set[UUID | None] = set()
        self._rebuilding = False
        self._model: str | None = None

    def run(self, request: DrainRequest) -> DrainReport:
        """Work until nothing waits any more and the lingering time has passed.

        Raises what `faults.OUTAGES` names when the database or another part goes away; what was not ended is then taken
        over by the next run.
        """
        with at_work():
            return self._run(request)

    def _run(self, request: DrainRequest) -> DrainReport:
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
        with self._turn(), self._line(report) as line:
            report.requeued = queue.requeue_orphans(self._connection, self._run_id)
            self._work(line, request, report)
            if request.rebuild:
                self._note_all(report)
                self._build(report)
        # Whoever added a document while the lock was still held relied on this run: look once more.
        while queue.count_pending(self._connection) and queue.try_lock_drain(self._connection):
            with self._turn(), self._line(report) as line:
                self._work(line, DrainRequest(linger_s=0.0, batch=request.batch), report)
        return report

    def _line(self, report: DrainReport) -> Line:
        return Line(
            self._connection,
            self._writer,
            self._objects,
            self._extractor,
            run_id=self._run_id,
            log=self._log,
            report=report,
            deferred=self._note_deferred,
        )

    def _note_deferred(self, tenant_id: UUID | None) -> None:
        self._to_build[tenant_id] = self._to_build.get(tenant_id, 0) + 1

    def _turn(self) -> AbstractContextManager[None]:
        return turn(
            queue.unlock_drain, lambda: queue.release(self._connection, self._run_id), self._connection, self._log
        )

    def _work(self, line: Line, request: DrainRequest, report: DrainReport) -> None:
        begun, idle_since = time.monotonic(), time.monotonic()
        while True:
            if line.run(lambda: self._take(request), request.batch):
                idle_since = time.monotonic()
                rate = report.documents / max(time.monotonic() - begun, 1e-6)
                waiting = queue.count_pending(self._connection)
                self._log(
                    f"{report.documents} documents done ({sum(report.failed.values())} failed), "
                    f"{waiting} waiting, {rate:.1f} documents/s"
                )
                continue
            if self._to_build:
                if request.rebuild:
                    self._note_all(report)
                self._build(report)
                idle_since = time.monotonic()
                continue
            idle_s = time.monotonic() - idle_since
            if idle_s >= min(SETTLED_S, request.linger_s) and self._plan_outgrown():
                continue
            if idle_s >= request.linger_s or queue.is_drain_wanted(self._connection):
                self._merge(report)
                return
            time.sleep(POLL_S)

    def _take(self, request: DrainRequest) -> Taken:
        """Claim documents and say where each begins and where it goes."""
        bulk = self._scopes_to_learn()
        claims = queue.claim(self._connection, self._run_id, request.batch)
        if claims:
            queue.notify(self._connection, *(claim.item_id for claim in claims))
        live = {tenant: self._writer.live_version(tenant) for tenant in {claim.tenant_id for claim in claims}}
        tasks: list[Task] = []
        for claim in claims:
            asked = claim.item_id in request.item_ids or (request.all_items and claim.was_ready)
            # What can be found now is replaced in one transaction, never taken away until the next version is live.
            # A scope's first document may have come since its scopes were looked at.
            version = live[claim.tenant_id]
            defer = version is None or (claim.tenant_id in bulk and not claim.was_ready)
            version = None if defer else version
            tasks.append(Task(claim, request.stage if asked else "text", defer, version))
        return Taken(tasks, more=len(claims) >= request.batch)

    def _note_all(self, report: DrainReport) -> None:
        """Have every scope with documents built that this run has not built yet."""
        done = {built.tenant_id for built in report.built}
        rows = self._connection.execute("SELECT DISTINCT tenant_id FROM items WHERE status = 'ready'").fetchall()
        for (tenant_id,) in rows:
            if tenant_id not in done:
                self._to_build.setdefault(tenant_id, 0)

    def _build(self, report: DrainReport) -> None:
        # The public scope first: what its gold questions refuse is refused for own documents, which have none.
        for tenant_id in sorted(self._to_build, key=lambda scope: scope is not None):
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
        """Every group of documents made a segment of its own; many of them make each search slower."""
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
