"""Builds an index version of one scope beside the live one, checks it and switches. Knows no Dagster.

Call it with the drain lock held: then no document enters the live version while the new one is built.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from luna_assets.documents import passages, queue
from luna_assets.documents.gold import GoldQuestion, GoldReport, evaluate, laws_in
from luna_rules.documents.chunking import CHUNKER_VERSION
from luna_rules.search.analyser import Analyser
from luna_rules.search.lexicon import Lexicon
from resources.database import Connection
from resources.vectors.index import IndexedItem
from resources.vectors.points import PointsError
from resources.vectors.postgres_writer import IndexWriter

SEGMENT_CHUNKS = 20_000
GOLD_TOLERANCE = 0.02
"""How much of hit@5 a new version may lose against the live one and still be promoted."""

Log = Callable[[str], None]


@dataclass(slots=True)
class BuildReport:
    """What became of an index version. `gold` and `gold_live` are None where no gold question fits the scope."""

    tenant_id: UUID | None
    version_id: int = 0
    items: int = 0
    chunks: int = 0
    vectors: int = 0
    dimension: int = 0
    lexicon_digest: str = ""
    made_ready: int = 0
    gold: GoldReport | None = None
    gold_live: GoldReport | None = None
    counts_agree: bool = False
    gold_holds: bool = True
    promoted: bool = False
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def checks(self) -> dict[str, object]:
        """What stays with the version: what it was built from and how its checks ended, for who asks why it is live."""
        return {
            "documents": self.items,
            "chunks": self.chunks,
            "counts_agree": self.counts_agree,
            "gold_holds": self.gold_holds,
            "gold": self.gold.summary() if self.gold else None,
            "gold_live": self.gold_live.summary() if self.gold_live else None,
        }


def build_version(
    connection: Connection,
    tenant_id: UUID | None,
    *,
    writer: IndexWriter,
    run_id: str,
    gold: Sequence[GoldQuestion],
    log: Log,
) -> BuildReport:
    """Learn a lexicon from all of the scope's documents, index them in a new version, check it and promote it.

    A version whose counts disagree, or that answers fewer gold questions than the live one, is refused and the live
    one stays. A crash leaves a version in state `building`, which the next build removes.
    """
    report = BuildReport(tenant_id)
    # Nobody else builds while the drain lock is held: what is still in state `building` belongs to a dead run.
    connection.execute(
        "DELETE FROM index_versions WHERE state = 'building' AND tenant_id IS NOT DISTINCT FROM %s", (tenant_id,)
    )

    begun = time.perf_counter()
    items = list(passages.read_items(connection, tenant_id, run_id))
    report.items = len(items)
    report.seconds["read"] = time.perf_counter() - begun

    begun = time.perf_counter()
    learnt = sum(len(item.chunks) for item in items)
    base = None
    if tenant_id is not None:
        public = writer.live_version(None)
        # A base lends its vector space, so it must know more than what is to be learnt.
        base = writer.lexicon(public.id) if public and public.learnt_chunks >= learnt else None
    lexicon = Lexicon.learn((fields for item in items for _, fields, _ in item.chunks), base=base)
    report.lexicon_digest, report.dimension = lexicon.digest, lexicon.dimension
    report.seconds["learn"] = time.perf_counter() - begun
    log(f"learnt a lexicon from {learnt} chunks in {report.seconds['learn']:.1f} s")

    begun = time.perf_counter()
    version_id = writer.create_version(
        tenant_id, lexicon, chunker_version=CHUNKER_VERSION, run_id=run_id, learnt_chunks=learnt
    )
    report.version_id = version_id
    analyser = Analyser(lexicon)
    for group in groups_of(items):
        segment = writer.add_segment(version_id, tenant_id, group, analyser, run_id)
        report.chunks += segment.chunks
        report.vectors += segment.vectors
        log(f"version {version_id}: {report.chunks} chunks indexed")
    report.seconds["index"] = time.perf_counter() - begun

    begun = time.perf_counter()
    verification = writer.verify(version_id)
    report.counts_agree = verification.ok
    live = writer.live_version(tenant_id)
    laws = laws_in(items)
    fitting = [question for question in gold if question.fits(laws)]
    if fitting:
        report.gold = evaluate(connection, writer, version_id, fitting)
        if live is not None:
            report.gold_live = evaluate(connection, writer, live.id, fitting)
            report.gold_holds = report.gold.hit_at_5 >= report.gold_live.hit_at_5 - GOLD_TOLERANCE
    report.seconds["check"] = time.perf_counter() - begun

    if not (report.counts_agree and report.gold_holds):
        writer.refuse(version_id, report.checks())
        log(f"version {version_id} is refused: counts agree {report.counts_agree}, gold holds {report.gold_holds}")
        return report
    with connection.transaction():
        writer.report(version_id, report.checks())
        writer.promote(version_id)
        done = queue.mark_ready(connection, [item.item_id for item in items], run_id)
        for item_id in done:
            queue.notify(connection, item_id)
    report.made_ready, report.promoted = len(done), True
    tidy_up(writer, log)
    log(f"version {version_id} is live: {report.items} documents, {report.chunks} chunks, dimension {report.dimension}")
    return report


def tidy_up(writer: IndexWriter, log: Log) -> None:
    """What follows a promotion: old versions go, the outside engine's alias follows. Harmless where it is left out."""
    try:
        writer.retire_old(keep=1)
        writer.show_live()
    except PointsError as fault:
        log(f"Qdrant could not be tidied up ({fault}); the next promotion or the job index_switch does it")


def groups_of(items: Sequence[IndexedItem]) -> list[list[IndexedItem]]:
    """Items in groups of about `SEGMENT_CHUNKS` passages, for one segment each."""
    groups: list[list[IndexedItem]] = [[]]
    size = 0
    for item in items:
        if size and size + len(item.chunks) > SEGMENT_CHUNKS:
            groups.append([])
            size = 0
        groups[-1].append(item)
        size += len(item.chunks)
    return [group for group in groups if group]
