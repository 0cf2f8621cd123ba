"""Documents on their way from claimed to written: each is read and cut by itself, many are written together.

Three things happen at once: the next documents are read and cut (`ReadAhead`, in the extractor's processes), those that
are cut are analysed here as they come, and what is analysed is written (`Scribe`). Documents of one scope that wait
together make a group: one transaction and one segment of the index. A group never waits for more documents than have
been claimed, nor for one that is slow to read; a document alone is a group of its own, at once. Where a group cannot be
written, each of its documents is written by itself, so that the one at fault fails alone.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Self
from uuid import UUID

import psycopg

from luna_assets.documents import passages, queue
from luna_assets.documents.faults import OUTAGES, Judge, Log
from luna_assets.documents.hands import ReadAhead, Scribe
from luna_assets.documents.orders import DrainReport
from luna_assets.documents.passages import CutDocument
from luna_assets.documents.work import Group, Ready, Taken, Task, Written
from luna_rules.documents.chunking import CHUNKER_VERSION, chunk_document
from luna_rules.documents.model import ChunkedDocument
from luna_rules.search.analyser import Analyser
from luna_rules.search.found_words import FoundWords
from resources.database import Connection
from resources.extractor import ExtractionError, Extractor
from resources.objects import ObjectStore
from resources.vectors.index import VersionInfo
from resources.vectors.postgres_writer import IndexWriter

GROUP_CHUNKS = 1_500
"""Passages written together: enough that a group's own costs no longer count, few enough to be found soon."""
FIRST_CHUNKS = 400
"""Passages of the first group: nothing else is at work while it comes together."""
GROUP_CHARACTERS = 8_000_000
SLOW_S = 0.25
"""A document that takes longer to read is not waited for by those that are ready to be written."""


class Line:
    """The line of one drain. While it is open the connection is its scribe's alone: ask by `now`."""

    def __init__(
        self,
        connection: Connection,
        writer: IndexWriter,
        objects: ObjectStore,
        extractor: Extractor,
        *,
        run_id: str,
        log: Log,
        report: DrainReport,
        deferred: Callable[[UUID | None], None],
    ) -> None:
        self._connection = connection
        self._writer = writer
        self._run_id = run_id
        self._log = log
        self._report = report
        self._deferred = deferred
        self._scribe = Scribe()
        self._reader = ReadAhead(objects, extractor)
        self._judge = Judge(connection, writer, self._scribe, run_id=run_id, log=log, report=report)
        self._analysers: dict[str, Analyser] = {}
        self._open: dict[tuple[UUID | None, bool, int], Group] = {}
        self._writing: tuple[Group, Future[Written]] | None = None
        self._entered: deque[UUID] = deque()
        self._telling = False
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._scribe.close()

    def run(self, take: Callable[[], Taken], batch: int) -> int:
        """Work until `take` gives no more; returns how many documents that were. `take` may use the connection.

        Raises what `OUTAGES` names; what is ready to be written is written before, where that can be.
        """
        tasks: deque[Task] = deque()
        taking: Future[Taken] | None = self._scribe.begin(take)
        count, more = 0, False
        self._begun = False
        try:
            while True:
                if taking is not None and (not tasks or taking.done()):
                    taken, taking = taking.result(), None
                    tasks.extend(taken.tasks)
                    more = taken.more
                    count += len(taken.tasks)
                if not tasks:
                    break
                if more and taking is None and len(tasks) <= batch:
                    # Long before they are needed: who claims may have to wait until a group is written.
                    taking = self._scribe.begin(take)
                self._reader.expect(task.claim for task in tasks if task.stage == "text")
                self._one(tasks.popleft())
            self._flush()
            self._collect()
        except OUTAGES as fault:
            self._save(fault)
            raise
        # Whoever asks for work next may use the connection by himself.
        self._scribe.now(lambda: None)
        return count

    # One document

    def _one(self, task: Task) -> None:
        self._report.documents += 1
        if task.claim.attempts > 1:
            # It was begun before and did not end. If it ends this process, the others must be written by then.
            self._flush()
            self._collect()
        try:
            if task.version is not None and not self._analysers:
                # Loaded while the first document is read.
                self._analyser(task.version)
            self._add(self._cut(task))
        except Exception as fault:
            self._judge.judge(task.claim, fault)

    def _cut(self, task: Task) -> Ready:
        claim, item_id = task.claim, task.claim.item_id
        timings: dict[str, float] = {}
        begun = time.perf_counter()
        text = None
        if task.stage != "text":
            text = self._scribe.now(lambda: passages.read_text(self._connection, item_id, claim.media_type))
        fresh = text is None
        found: ChunkedDocument | None = None
        words: FoundWords | None = None
        if text is None:
            if not self._reader.is_ready(claim, SLOW_S):
                self._flush()
            read = self._reader.take(claim)
            text, found, words = read.text, read.cut, read.words
            timings["text"], timings["chunks"] = read.seconds, read.cut_seconds
        else:
            timings["text"] = time.perf_counter() - begun
        self._report.characters += len(text.text)

        self._enter(item_id)
        begun = time.perf_counter()
        if found is None:
            found = chunk_document(text, file_name=claim.file_name)
        if not found.chunks:
            raise ExtractionError(
                "no_text", "Das Dokument enthält keinen Text, der sich zitieren ließe.", permanent=True
            )
        title = claim.title or found.title or claim.file_name
        ids = passages.chunk_ids(item_id, CHUNKER_VERSION, len(found.chunks))
        item = passages.indexed_item(item_id, title, found.law_names, ids, found.chunks)
        timings["chunks"] = timings.get("chunks", 0.0) + time.perf_counter() - begun
        for part, spent in timings.items():
            self._report.spend(part, spent)
        return Ready(
            task,
            fresh,
            CutDocument(item_id, claim.tenant_id, text, ids, found.chunks),
            queue.Description(item_id, title, found.law_names, text.warnings, len(found.chunks), timings),
            item,
            words,
        )

    def _enter(self, item_id: UUID) -> None:
        """Tell those who watch that a document is being cut; several at once where the database is at work."""
        self._entered.append(item_id)
        if not self._telling:
            self._telling = True
            self._scribe.begin(self._tell)

    def _tell(self) -> None:
        self._telling = False
        entered: list[UUID] = []
        while self._entered:
            entered.append(self._entered.popleft())
        if entered:
            queue.advance(self._connection, entered, self._run_id, "chunks")

    # Groups

    def _add(self, cut: Ready) -> None:
        task = cut.task
        if task.claim.attempts > 1 or (task.version is not None and task.version.space is not None):
            # A model takes its time with each document, and may not take every one.
            self._write(Group([cut], task.version))
            self._collect()
            return
        scope = (task.claim.tenant_id, task.defer, task.version.id if task.version else 0)
        group = self._open.setdefault(scope, Group([], task.version))
        group.cuts.append(cut)
        self._gather(group, cut)
        cuts = [one for opened in self._open.values() for one in opened.cuts]
        if (
            sum(len(one.document.ids) for one in cuts)
            >= (GROUP_CHUNKS if self._begun else min(FIRST_CHUNKS, GROUP_CHUNKS))
            or sum(len(one.document.text.text) for one in cuts) >= GROUP_CHARACTERS
        ):
            self._flush()

    def _gather(self, group: Group, cut: Ready) -> None:
        """Analyse a document as it comes, while the next is read. What cannot be is analysed with its whole group.

        So are groups of other scopes than the one whose lexicon is at hand: each lexicon is tens of megabytes.
        """
        analyser = self._analysers.get(group.version.lexicon_digest) if group.version is not None else None
        if analyser is None or cut.task.defer:
            return
        begun = time.perf_counter()
        try:
            if len(group.cuts) == 1:
                group.gathered = analyser.gather()
            if group.gathered is not None:
                group.gathered.add((chunk[1] for chunk in cut.item.chunks), cut.words)
        except Exception as fault:
            self._log(f"{cut.task.claim.item_id} could not be analysed as it came: {type(fault).__name__}: {fault}")
            group.gathered = None
        cut.words = None
        self._report.add_seconds("vectors", begun)

    def _flush(self) -> None:
        """Have all open groups written, one after the other."""
        groups, self._open = list(self._open.values()), {}
        self._begun = self._begun or bool(groups)
        for group in groups:
            self._write(group)

    def _write(self, group: Group) -> None:
        """Analyse a group while the one before is written, then have it written, too.

        Where nothing is being written, its texts and passages are while it is analysed.
        """
        if self._writing is not None and self._writing[1].done():
            self._collect()
        analysed: Future[None] = Future()
        at_once = self._writing is None and self._is_known(group)
        if at_once:
            self._begin(group, analysed)
        try:
            self._analyse(group)
        except Exception as fault:
            if at_once:
                analysed.set_exception(fault)
            elif isinstance(fault, OUTAGES):
                raise
            else:
                self._apart(group, fault)
            return
        except BaseException as fault:
            analysed.set_exception(fault)  # or the scribe would wait for ever
            raise
        analysed.set_result(None)
        if not at_once:
            self._collect()
            self._begin(group, analysed)

    def _is_known(self, group: Group) -> bool:
        """Whether a group can be analysed without the connection."""
        version = group.version
        return version is not None and version.space is None and version.lexicon_digest in self._analysers

    def _begin(self, group: Group, analysed: Future[None]) -> None:
        self._writing = (group, self._scribe.begin(lambda: self._store(group, analysed)))

    def _collect(self) -> None:
        """Wait for the group that is being written."""
        if self._writing is None:
            return
        (group, future), self._writing = self._writing, None
        try:
            self._count(group, future.result())
        except OUTAGES:
            raise
        except Exception as fault:
            self._apart(group, fault)

    def _apart(self, group: Group, fault: Exception) -> None:
        """Write each document of a group by itself, into the version that is live now: one is at fault, or none."""
        self._log(f"{len(group.cuts)} documents could not be written together: {type(fault).__name__}: {fault}")
        for cut in group.cuts:
            tenant = cut.task.claim.tenant_id
            try:
                version = None
                if not cut.task.defer:
                    version = self._scribe.now(lambda tenant=tenant: self._writer.live_version(tenant))
                alone = Group([cut], version)
                self._analyse(alone)
                self._count(alone, self._scribe.now(lambda alone=alone: self._store(alone)))
            except Exception as own:
                self._judge.judge(cut.task.claim, own)

    def _analyse(self, group: Group) -> None:
        if group.cuts[0].task.defer:
            return
        version = group.version
        if version is None:
            tenant = group.cuts[0].task.claim.tenant_id
            raise LookupError(f"scope {tenant or 'public'} has no live index version")
        items = [cut.item for cut in group.cuts]
        embedded = None
        if version.space is not None:
            begun = time.perf_counter()
            embedded = self._writer.embed(version, items)
            spent = self._report.add_seconds("embed", begun)
            for cut in group.cuts:
                cut.description.timings["embed"] = spent
        begun = time.perf_counter()
        group.draft = self._writer.draft(items, self._analyser(version), embedded, group.gathered)
        self._report.add_seconds("vectors", begun)

    def _analyser(self, version: VersionInfo) -> Analyser:
        if version.lexicon_digest not in self._analysers:
            lexicon = self._scribe.now(lambda: self._writer.lexicon(version.id))
            self._analysers = {version.lexicon_digest: Analyser(lexicon)}
        return self._analysers[version.lexicon_digest]

    def _store(self, group: Group, analysed: Future[None] | None = None) -> Written:
        """Write a group in one transaction: all of its documents are ready with it, or none.

        `analysed` is waited for where the index comes; what it raises is raised, and nothing of the group stays.
        """
        connection, run_id, written = self._connection, self._run_id, Written()
        documents = [cut.document for cut in group.cuts]
        item_ids = [one.item_id for one in documents]
        with connection.transaction():
            begun = time.perf_counter()
            passages.write_texts(connection, [cut.document for cut in group.cuts if cut.fresh], run_id)
            passages.write_chunks(connection, documents, chunker_version=CHUNKER_VERSION, run_id=run_id)
            queue.describe(connection, [cut.description for cut in group.cuts])
            written.seconds["store"] = time.perf_counter() - begun
            if analysed is not None:
                analysed.result()
            if group.draft is None or group.version is None:
                queue.advance(connection, item_ids, run_id, "vectors")
                return written
            begun = time.perf_counter()
            tenant = group.cuts[0].task.claim.tenant_id
            segment = self._writer.add_draft(group.version.id, tenant, group.draft, run_id)
            written.seconds["vectors"] = time.perf_counter() - begun
            written.vectors = segment.vectors
            written.ready = len(queue.mark_ready(connection, item_ids, run_id))
            queue.notify(connection, *item_ids)
        return written

    def _count(self, group: Group, written: Written) -> None:
        report = self._report
        report.chunks += sum(len(cut.document.ids) for cut in group.cuts)
        report.vectors += written.vectors
        report.ready += written.ready
        for part, spent in written.seconds.items():
            report.spend(part, spent)
        if group.draft is None:
            report.deferred += len(group.cuts)
            for cut in group.cuts:
                self._deferred(cut.task.claim.tenant_id)

    def _save(self, fault: Exception) -> None:
        """Something is away: write what needs nothing of it, so that it is not done twice."""
        if isinstance(fault, psycopg.Error):
            return
        try:
            self._flush()
            self._collect()
        except Exception as another:
            self._log(f"what was ready could not be written: {type(another).__name__}: {another}")
