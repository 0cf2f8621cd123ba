"""Rolls the index back, and brings it from one engine to another. Knows no Dagster; call it with the drain lock held.

Both end in the same `promote` and the same checks as a build: a version is live only when it is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from luna_assets.documents import passages
from luna_assets.documents.gold import GoldQuestion, GoldReport, evaluate, laws_in
from luna_assets.documents.index_build import Log, groups_of, tidy_up
from luna_rules.search.analyser import Analyser
from resources.database import Connection
from resources.vectors.index import IndexVersionError, VersionInfo
from resources.vectors.points import PointsError
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.transfer import ENGINES, Engine, Progress, Transfer, release, transfer


@dataclass(slots=True)
class RollBack:
    """What became of a roll-back. `caught_up`: documents added since the version was retired, now in it again."""

    tenant_id: UUID | None
    from_version: int
    to_version: int
    caught_up: int = 0
    gold: GoldReport | None = None
    gold_before: GoldReport | None = None


@dataclass(slots=True)
class Switch:
    """What a switch of engines did, version by version."""

    engine: Engine
    transfers: list[Transfer] = field(default_factory=list[Transfer])
    released: list[int] = field(default_factory=list[int])


def roll_back(
    connection: Connection,
    writer: IndexWriter,
    tenant_id: UUID | None,
    version_id: int | None,
    *,
    run_id: str,
    gold: Sequence[GoldQuestion],
    log: Log,
) -> RollBack:
    """Make an earlier version of a scope live again: the given one, or the newest that was retired.

    Documents that came or changed since enter it first, through its own lexicon, so that nothing is lost. The gold
    questions are asked and reported but do not hold it up: whoever rolls back has seen what the live one does.
    Raises `IndexVersionError` where there is nothing to go back to; the live version stays then.
    """
    live = writer.live_version(tenant_id)
    target = writer.retired_version(tenant_id) if version_id is None else writer.version(version_id)
    scope = tenant_id or "public"
    if live is None or target is None:
        raise IndexVersionError(f"Scope {scope} has no earlier index version to go back to")
    if target.tenant != tenant_id or target.state != "retired":
        raise IndexVersionError(f"Index version {target.id} is not a retired one of scope {scope} ({target.state})")
    report = RollBack(tenant_id, live.id, target.id)
    _bring_along(connection, writer, live, target, log)
    target = writer.version(target.id)

    items = list(passages.read_items(connection, tenant_id, run_id))
    checked = writer.verify(target.id)
    behind = {*checked.missing_items, *checked.stale_items}
    analyser = Analyser(writer.lexicon(target.id))
    for group in groups_of([item for item in items if item.item_id in behind], target.dimension):
        embedded = writer.embed(target, group)
        writer.add_segment(target.id, tenant_id, group, analyser, run_id, retired=True, embedded=embedded)
        report.caught_up += len(group)
        log(f"version {target.id}: {report.caught_up} of {len(behind)} documents caught up")

    laws = laws_in(items)
    fitting = [question for question in gold if question.fits(laws)]
    if fitting:
        report.gold = evaluate(connection, writer, target.id, fitting)
        report.gold_before = evaluate(connection, writer, live.id, fitting)
    writer.promote(target.id)
    tidy_up(writer, log)
    log(f"version {target.id} is live again, {live.id} is retired")
    return report


def _bring_along(connection: Connection, writer: IndexWriter, live: VersionInfo, target: VersionInfo, log: Log) -> None:
    """Have the version that one goes back to whole in the engines of the live one.

    Where Qdrant is away or refuses it, the version no longer names it, as with writing: PostgreSQL answers until the
    job `index_switch` completes it. Raises `PointsError` or `IndexVersionError` where PostgreSQL has no vectors of it.
    """
    for engine in ENGINES:
        if engine not in writer.mirror.engines or engine not in {*live.engines, *target.engines}:
            continue
        if engine == "postgres" and engine in target.engines:
            continue
        try:
            # What is there is not written again, so this also mends what Qdrant has lost of the version.
            transfer(connection, writer, target.id, engine, _progress(log, target.id, engine))
        except PointsError as fault:
            if engine == "postgres" or "postgres" not in writer.version(target.id).engines:
                raise
            log(f"version {target.id} goes without Qdrant until the job index_switch completes it: {fault}")
            writer.mirror.forsake(writer.version(target.id))


def switch_engine(connection: Connection, writer: IndexWriter, engine: Engine, *, drop_other: bool, log: Log) -> Switch:
    """Complete all live and retired versions in an engine; what is already there is not written again.

    `drop_other` then frees what the other engine has of them; otherwise both are kept in step from now on.
    Raises `PointsError` or `IndexVersionError`; a second run goes on where this one stopped.
    """
    report = Switch(engine)
    for version_id in writer.kept_versions():
        done = transfer(connection, writer, version_id, engine, _progress(log, version_id, engine))
        report.transfers.append(done)
        log(f"version {version_id} is whole in {engine}: {done.written} of {done.total} passages were written")
    if engine == "qdrant":
        writer.mirror.renew_facts()
    if drop_other:
        other: Engine = "postgres" if engine == "qdrant" else "qdrant"
        for version_id in writer.kept_versions():
            if other in writer.version(version_id).engines:
                release(writer, version_id, other)
                report.released.append(version_id)
    tidy_up(writer, log)
    return report


def _progress(log: Log, version_id: int, engine: str) -> Progress:
    told = -1

    def tell(done: int, total: int) -> None:
        nonlocal told
        tenth = done * 10 // max(total, 1)
        if tenth != told:
            told = tenth
            log(f"version {version_id} → {engine}: {done} of {total} passages ({100 * done // max(total, 1)} %)")

    return tell
