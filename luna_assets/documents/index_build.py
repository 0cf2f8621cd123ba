"""Builds an index version of one scope beside the live one, checks it and switches. Knows no Dagster.

Call it with the drain lock held: then no document enters the live version while the new one is built.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from luna_assets.documents import passages, queue
from luna_assets.documents.gold import GoldQuestion, GoldReport, evaluate, laws_in, likely_by_luck
from luna_rules.documents.chunking import CHUNKER_VERSION
from luna_rules.evaluation.by_vectors import ByVectors, as_judged_elsewhere, judge
from luna_rules.search.analyser import Analyser
from luna_rules.search.lexicon import Lexicon
from resources.database import Connection
from resources.settings import LOCAL
from resources.vectors.embedders import Progress
from resources.vectors.index import IndexedItem, VersionInfo
from resources.vectors.points import PointsError
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.space import Space

SEGMENT_CHUNKS = 20_000
SEGMENT_NUMBERS = 300 * SEGMENT_CHUNKS
"""Numbers of all vectors of a segment: a model with long ones gets smaller segments, so that memory stays the same."""
GOLD_TOLERANCE = 0.02
"""How much of hit@5 a new version may lose against the live one and still be promoted."""

Log = Callable[[str], None]


@dataclass(slots=True)
class BuildReport:
    """What became of an index version. `gold` and `gold_live` are None where no gold question fits the scope,
    `by_vectors` likewise, and where the version has no vectors."""

    tenant_id: UUID | None
    version_id: int = 0
    items: int = 0
    chunks: int = 0
    vectors: int = 0
    dimension: int = 0
    embedder: str = ""
    model_digest: str | None = None
    lexicon_digest: str = ""
    made_ready: int = 0
    gold: GoldReport | None = None
    gold_live: GoldReport | None = None
    counts_agree: bool = False
    gold_holds: bool = True
    by_vectors: ByVectors | None = None
    promoted: bool = False
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def vectors_hold(self) -> bool:
        """Whether the vectors alone find what may be expected of them, as far as that can be told."""
        return self.by_vectors is None or self.by_vectors.holds

    def checks(self) -> dict[str, object]:
        """What stays with the version: what it was built from and how its checks ended, for who asks why it is live."""
        return {
            "documents": self.items,
            "chunks": self.chunks,
            "counts_agree": self.counts_agree,
            "gold_holds": self.gold_holds,
            "gold": self.gold.summary() if self.gold else None,
            "gold_live": self.gold_live.summary() if self.gold_live else None,
            "by_vectors": self.by_vectors.summary() if self.by_vectors else None,
        }


def build_version(
    connection: Connection,
    tenant_id: UUID | None,
    *,
    writer: IndexWriter,
    run_id: str,
    gold: Sequence[GoldQuestion],
    log: Log,
    model: str | None = None,
) -> BuildReport:
    """Learn a lexicon from all of the scope's documents, index them in a new version, check it and promote it.

    `model`: what is to make the vectors, a model's name or `local` for the lexicon; None keeps to what the scope has.
    A version whose counts disagree, that answers fewer gold questions than the live one, or whose vectors alone find
    clearly fewer (see `luna_rules.evaluation.by_vectors`), is refused and the live one stays. Where there is no live
    one yet, a model whose vectors are refused gives way to the lexicon: documents are found that way at least.
    A crash leaves a version in state `building`, which the next build removes.
    Raises `EmbedderError` where the model is not to be had from the first passage to the last question.
    """
    report = BuildReport(tenant_id)
    space = _space(writer, tenant_id, model)
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
    report.lexicon_digest = lexicon.digest
    report.seconds["learn"] = time.perf_counter() - begun
    log(f"learnt a lexicon from {learnt} chunks in {report.seconds['learn']:.1f} s")

    begun = time.perf_counter()
    version_id = writer.create_version(
        tenant_id, lexicon, chunker_version=CHUNKER_VERSION, run_id=run_id, learnt_chunks=learnt, space=space
    )
    info = writer.version(version_id)
    report.version_id, report.dimension, report.embedder = version_id, info.dimension, info.embedder
    report.model_digest = space.digest if space else None
    analyser = Analyser(lexicon)
    for group in groups_of(items, info.dimension):
        waited = time.perf_counter()
        embedded = writer.embed(info, group, _told(log, info, report.chunks, learnt))
        if embedded is not None:
            report.seconds["embed"] = report.seconds.get("embed", 0.0) + time.perf_counter() - waited
        segment = writer.add_segment(version_id, tenant_id, group, analyser, run_id, embedded=embedded)
        report.chunks += segment.chunks
        report.vectors += segment.vectors
        log(f"version {version_id}: {report.chunks} chunks indexed")
    report.seconds["index"] = time.perf_counter() - begun - report.seconds.get("embed", 0.0)

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
        if report.gold.by_vectors is not None:
            report.by_vectors = judge(
                report.gold.by_vectors,
                report.gold_live.by_vectors if report.gold_live else None,
                likely_by_luck(items, fitting),
                # Back to the index's own vectors, or to any at all, one must get from whatever model there is.
                spared=space is None and (live is None or live.space is not None),
            )
    if tenant_id is not None and space is not None and (live is None or live.space != space):
        own = report.by_vectors or judge(0, None, [])
        judged = as_judged_elsewhere(own, _judged_in_public(connection, space))
        report.by_vectors = judged if judged.judged else report.by_vectors
    if report.by_vectors is not None:
        log(f"version {version_id}: {report.by_vectors.said}")
    report.seconds["check"] = time.perf_counter() - begun

    if not (report.counts_agree and report.gold_holds and report.vectors_hold):
        writer.refuse(version_id, report.checks())
        log(
            f"version {version_id} is refused: counts agree {report.counts_agree}, gold holds {report.gold_holds}, "
            f"vectors hold {report.vectors_hold}"
        )
        if live is None and not report.vectors_hold and space is not None:
            return build_version(connection, tenant_id, writer=writer, run_id=run_id, gold=gold, log=log, model=LOCAL)
        return report
    with connection.transaction():
        writer.report(version_id, report.checks())
        writer.promote(version_id)
        done = queue.mark_ready(connection, [item.item_id for item in items], run_id)
        for item_id in done:
            queue.notify(connection, item_id)
    report.made_ready, report.promoted = len(done), True
    tidy_up(writer, log)
    log(f"version {version_id} is live: {report.items} documents, {report.chunks} chunks, vectors by {info.embedder}")
    return report


def _judged_in_public(connection: Connection, space: Space) -> dict[str, object] | None:
    """What the public scope last found of the vectors of these very weights; None where it never had any."""
    row = connection.execute(
        """SELECT report -> 'by_vectors' FROM index_versions
           WHERE tenant_id IS NULL AND embedder = %s AND model_digest = %s ORDER BY id DESC LIMIT 1""",
        (space.model, space.digest),
    ).fetchone()
    return row[0] if row else None


def _space(writer: IndexWriter, tenant_id: UUID | None, model: str | None) -> Space | None:
    """The space of the model that is to make the vectors, as the server has it now; None: the lexicon makes them."""
    if model is None:
        # Whoever did not ask for a change gets none; a scope that has no index yet does as the public one does.
        live = writer.live_version(tenant_id) or writer.live_version(None)
        model = live.space.model if live is not None and live.space is not None else LOCAL
    return None if model == LOCAL else writer.embedders.space(model)


def _told(log: Log, info: VersionInfo, before: int, total: int) -> Progress:
    told = -1

    def tell(done: int, _: int) -> None:
        nonlocal told
        tenth = (before + done) * 10 // max(total, 1)
        if tenth != told:
            told = tenth
            log(f"version {info.id}: {before + done} of {total} passages embedded by {info.embedder}")

    return tell


def tidy_up(writer: IndexWriter, log: Log) -> None:
    """What follows a promotion: old versions go, the outside engine's alias follows. Harmless where it is left out."""
    try:
        writer.retire_old(keep=1)
        writer.show_live()
    except PointsError as fault:
        log(f"Qdrant could not be tidied up ({fault}); the next promotion or the job index_switch does it")


def groups_of(items: Sequence[IndexedItem], dimension: int) -> list[list[IndexedItem]]:
    """Items in groups of about `SEGMENT_CHUNKS` passages (fewer where vectors are long), for one segment each."""
    most = min(SEGMENT_CHUNKS, SEGMENT_NUMBERS // max(dimension, 1))
    groups: list[list[IndexedItem]] = [[]]
    size = 0
    for item in items:
        if size and size + len(item.chunks) > most:
            groups.append([])
            size = 0
        groups[-1].append(item)
        size += len(item.chunks)
    return [group for group in groups if group]
