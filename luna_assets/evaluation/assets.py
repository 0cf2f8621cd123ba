"""The asset `documents/evaluation`, its job, and the sensor that runs it after a promotion when nothing waits."""

import os
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetSelection,
    Config,
    DefaultSensorStatus,
    Failure,
    MaterializeResult,
    MetadataValue,
    RunRequest,
    SensorEvaluationContext,
    SkipReason,
    TableColumn,
    TableRecord,
    TableSchema,
    asset,
    define_asset_job,
    sensor,
)
from pydantic import Field

from luna_assets.documents import queue
from luna_assets.documents.assets import GROUP, INDEX
from luna_assets.evaluation.measure import fitting, gold_questions, measure
from luna_rules.evaluation.bootstrap import Estimate
from luna_rules.evaluation.metrics import Figures, by_split, figures
from resources.wiring import LunaResource

EVALUATION = AssetKey(["documents", "evaluation"])
MAX_RUNTIME_S = 900
WORTH_MEASURING = 100
"""With fewer questions that fit the corpus, a promotion is not followed by a measurement of its own."""
_SCHEMA = TableSchema(
    columns=[
        TableColumn("half"),
        TableColumn("kind"),
        TableColumn("n", "int"),
        TableColumn("hit@5"),
        TableColumn("MRR@10"),
        TableColumn("all in 5"),
    ]
)
_REFUSALS = TableSchema(
    columns=[
        TableColumn("half"),
        TableColumn("without an answer", "int"),
        TableColumn("declined rightly", "int"),
        TableColumn("with an answer", "int"),
        TableColumn("declined wrongly", "int"),
        TableColumn("evidence in the answer"),
    ]
)


class EvaluationConfig(Config):
    """Which questions are asked."""

    split: str | None = Field(default=None, description="Only the questions of this half: tune or hold. Empty: both.")


@asset(
    key=EVALUATION,
    deps=[INDEX],
    group_name=GROUP,
    kinds={"postgres"},
    description="How well the live public index finds and answers the gold questions, by kind with 95 % intervals.",
)
def evaluation(context: AssetExecutionContext, config: EvaluationConfig, luna: LunaResource) -> MaterializeResult[Any]:
    """Ask every gold question that fits the corpus; the same figures as `luna eval`, without the API."""
    if "dagster/sensor_name" in context.run.tags:
        # Nobody waits for it, and the process is the run's own: a drain that begins meanwhile comes first.
        os.nice(10)
    questions = [one for one in gold_questions() if config.split in (None, one.split)]
    if not questions:
        raise Failure(f"No gold question belongs to split {config.split!r}; right are 'tune' and 'hold'.")
    with luna.connection() as connection:
        measured = measure(connection, questions, luna.embedders)
    if measured is None:
        raise Failure("No live public index holds a law that the gold questions ask about; ingest the laws first.")
    whole = figures(measured.outcomes)
    halves = {name or "whole": figures(part) for name, part in sorted(by_split(measured.outcomes).items())}
    overall = whole.kind()
    context.log.info(f"asked {len(measured.outcomes)} questions in {measured.seconds:.1f} s")
    return MaterializeResult(
        metadata={
            "version": measured.version_id,
            "questions": len(measured.outcomes),
            "left_out": measured.left_out,
            "hit_at_5": overall.hit.value if overall else 0.0,
            "mrr_at_10": overall.reciprocal.value if overall else 0.0,
            "by_kind": MetadataValue.table(_records({**halves, "both": whole}), schema=_SCHEMA),
            "refusals": MetadataValue.table(_declined({**halves, "both": whole}), schema=_REFUSALS),
            "figures": MetadataValue.json({name: one.summary() for name, one in halves.items()}),
            "seconds": round(measured.seconds, 3),
        }
    )


def _records(parts: dict[str, Figures]) -> list[TableRecord]:
    return [
        TableRecord(
            {
                "half": half,
                "kind": kind.kind,
                "n": kind.n,
                "hit@5": _interval(kind.hit),
                "MRR@10": _interval(kind.reciprocal),
                "all in 5": _interval(kind.complete) if kind.complete else "",
            }
        )
        for half, told in parts.items()
        for kind in told.kinds
    ]


def _declined(parts: dict[str, Figures]) -> list[TableRecord]:
    return [
        TableRecord(
            {
                "half": half,
                "without an answer": told.refusals.absent,
                "declined rightly": told.refusals.refused_rightly,
                "with an answer": told.refusals.answerable,
                "declined wrongly": told.refusals.refused_wrongly,
                "evidence in the answer": _interval(told.refusals.evidence) if told.refusals.evidence else "",
            }
        )
        for half, told in parts.items()
        if told.refusals is not None
    ]


def _interval(one: Estimate) -> str:
    return f"{one.value:.3f} ({one.low:.3f}-{one.high:.3f})"


documents_evaluation = define_asset_job(
    "documents_evaluation",
    selection=AssetSelection.assets(EVALUATION),
    description="Ask the live index the gold questions and keep the figures.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S), "dagster/priority": "-1"},
)


@sensor(
    job=documents_evaluation,
    minimum_interval_seconds=60,
    default_status=DefaultSensorStatus.RUNNING,
    description="Measures a newly promoted index, once, when no document waits and no drain is at work.",
)
def index_promoted(context: SensorEvaluationContext, luna: LunaResource) -> RunRequest | SkipReason:
    """Compare the last materialisation of the index with the one that was measured; a busy queue comes first."""
    latest = context.instance.get_latest_materialization_event(INDEX)
    if latest is None:
        return SkipReason("No index has been promoted yet.")
    promotion = f"{latest.run_id}:{latest.timestamp}"
    if context.cursor == promotion:
        return SkipReason("The live index has been measured.")
    with luna.connection() as connection:
        if queue.count_waiting_or_orphaned(connection) or queue.is_drain_locked(connection):
            return SkipReason("Documents wait or are being worked off; measuring comes later.")
        fit = len([one for one in fitting(connection, gold_questions()) if one.gold])
    context.update_cursor(promotion)
    if fit < WORTH_MEASURING:
        return SkipReason(f"Only {fit} gold questions fit the corpus; documents_evaluation measures all the same.")
    return RunRequest(run_key=promotion, tags={"luna/reason": "a new index was promoted"})
