"""The assets of documents. Thin: what happens is in `drain` and `index_build`; here it gets its place in lineage."""

from collections.abc import Generator, Iterator, Set
from contextlib import contextmanager
from threading import Thread
from uuid import UUID

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    Backoff,
    Config,
    Failure,
    MaterializeResult,
    MetadataValue,
    RetryPolicy,
    multi_asset,
)
from pydantic import Field

from luna_assets.documents.drain import Drain, DrainReport, DrainRequest
from luna_assets.documents.embed_model import wanted_model
from luna_assets.documents.gold import load_gold
from luna_assets.documents.index_build import BuildReport
from luna_rules.documents.chunking import CHUNKER_VERSION
from luna_rules.search.analyser import ANALYSER_VERSION
from resources.embedder import EmbedderError
from resources.wiring import LunaResource

TEXT = AssetKey(["documents", "text"])
CHUNKS = AssetKey(["documents", "chunks"])
VECTORS = AssetKey(["documents", "vectors"])
INDEX = AssetKey(["documents", "index"])

GROUP = "documents"


class DocumentsConfig(Config):
    """What a run of the documents' assets is to do. Empty: work off whatever waits in the queue."""

    item_ids: list[str] = Field(
        default_factory=list,
        description="Only these documents, queued again whatever their state. Empty: everything that waits.",
    )
    all_items: bool = Field(
        default=False,
        description="Every document that is ready: a backfill, for instance after a change of the chunker.",
    )
    linger_s: float = Field(
        default=45.0, ge=0, le=600, description="Seconds to wait for further arrivals before the run ends."
    )
    batch: int = Field(default=32, ge=1, le=1000, description="Documents claimed at a time.")
    rebuild: bool = Field(
        default=False, description="Learn a new index version of every scope, even where the live one would do."
    )
    embed_model: str = Field(
        default="",
        description="What makes the vectors of the rebuilt index: a model on the Ollama server (nomic-embed-text), or "
        "`local` for the index's own. Empty: what was chosen in admin/models, else EMBED_MODEL.",
    )


@multi_asset(
    name="documents",
    specs=[
        AssetSpec(
            TEXT,
            group_name=GROUP,
            skippable=True,
            description="The text of each document as extracted once, in item_texts. Every citation points into it.",
            kinds={"postgres"},
        ),
        AssetSpec(
            CHUNKS,
            deps=[TEXT],
            group_name=GROUP,
            skippable=True,
            description="Passages that can be cited, in item_chunks: § and Absatz of laws, else headings.",
            code_version=CHUNKER_VERSION,
            kinds={"postgres"},
        ),
        AssetSpec(
            VECTORS,
            deps=[CHUNKS],
            group_name=GROUP,
            skippable=True,
            description="Terms and vectors of the passages, in index_segments, index_postings and index_vectors.",
            code_version=ANALYSER_VERSION,
            kinds={"postgres"},
        ),
        AssetSpec(
            INDEX,
            deps=[VECTORS],
            group_name=GROUP,
            skippable=True,
            description="The promoted index version of each scope. Switched only when its checks hold.",
            kinds={"postgres"},
        ),
    ],
    check_specs=[
        AssetCheckSpec(
            "documents_readable",
            asset=TEXT,
            description="Warns when documents ended as failed, with the counts for each reason.",
        ),
        AssetCheckSpec(
            "vector_count_equals_chunk_count",
            asset=INDEX,
            blocking=True,
            description="Every passage of every ready document has its vector. A version that fails is not promoted.",
        ),
        AssetCheckSpec(
            "gold_questions",
            asset=INDEX,
            blocking=True,
            description="A new version finds the gold questions' passages as well as the live one, or is not promoted.",
        ),
    ],
    can_subset=True,
    retry_policy=RetryPolicy(max_retries=2, delay=2, backoff=Backoff.EXPONENTIAL),
)
def documents(context: AssetExecutionContext, config: DocumentsConfig, luna: LunaResource) -> Iterator[object]:
    """Lead documents through text → chunks → vectors, and promote a new index version where one is due.

    Selecting only later assets begins later: without `documents/text` the kept text is cut again, with
    `documents/vectors` or `documents/index` alone a new index version is learnt from the kept passages.
    """
    selected = context.selected_asset_keys
    rebuild = config.rebuild or bool(config.embed_model) or not ({TEXT, CHUNKS} & selected)
    with _told_of_models(), luna.connection() as connection, luna.extractor() as extractor:
        request = DrainRequest(
            item_ids=tuple(UUID(one) for one in config.item_ids),
            stage=_stage(selected),
            linger_s=config.linger_s,
            batch=config.batch,
            all_items=config.all_items,
            rebuild=rebuild,
            model=wanted_model(connection, luna.settings, config.embed_model) if rebuild else None,
        )
        # The child starts while the queue is being read.
        Thread(target=extractor.warm_up, name="extractor-warm-up", daemon=True).start()
        drain = Drain(
            connection,
            luna.objects,
            extractor,
            gold=load_gold(),
            run_id=context.run.run_id,
            log=context.log.info,
            points=luna.points,
            embedders=luna.embedders,
        )
        report = drain.run(request)
    if report.already_draining and request.rebuild:
        raise Failure(description="Another run has been at work for nine minutes; please try again later.")
    if report.already_draining:
        context.log.info("Another run is taking documents from the queue; it will take these, too.")
        return
    yield from _results(report, selected)
    refused = [built for built in report.built if not built.promoted]
    if refused and request.rebuild:
        raise Failure(
            description=" ".join(
                [
                    "The new index version was refused by its checks; the live one stays.",
                    *(one.by_vectors.said for one in refused if one.by_vectors is not None and not one.vectors_hold),
                ]
            ),
            metadata={"versions": [built.version_id for built in refused]},
            allow_retries=False,
        )


@contextmanager
def _told_of_models() -> Generator[None]:
    """A model that is missing or another one is said in one sentence; only a server that is away is tried again."""
    try:
        yield
    except EmbedderError as fault:
        if fault.fault in ("down", "timeout"):
            raise
        raise Failure(description=f"{fault}.", metadata={"model": fault.model}, allow_retries=False) from fault


def _stage(selected: Set[AssetKey]) -> str:
    if TEXT in selected:
        return "text"
    return "chunks" if CHUNKS in selected else "vectors"


def _results(report: DrainReport, selected: Set[AssetKey]) -> Iterator[object]:
    failed = sum(report.failed.values())
    worked = report.documents > 0
    if TEXT in selected and worked:
        yield MaterializeResult(
            asset_key=TEXT,
            metadata={
                "documents": report.documents,
                "failed": failed,
                "characters": report.characters,
                "requeued_after_a_crash": report.requeued,
                "seconds": round(report.seconds.get("text", 0.0), 3),
            },
        )
        yield AssetCheckResult(
            asset_key=TEXT,
            check_name="documents_readable",
            passed=failed == 0,
            severity=AssetCheckSeverity.WARN,
            metadata={
                "failed": failed,
                "reasons": MetadataValue.json(report.failed),
                "documents": MetadataValue.md("\n".join(f"- {line}" for line in report.failures) or "–"),
            },
        )
    if CHUNKS in selected and worked:
        yield MaterializeResult(
            asset_key=CHUNKS,
            metadata={
                "chunks": report.chunks,
                "chunker": CHUNKER_VERSION,
                "seconds": round(report.seconds.get("chunks", 0.0), 3),
                "seconds_writing": round(report.seconds.get("store", 0.0), 3),
            },
        )
    if VECTORS in selected and (report.vectors or report.built):
        yield MaterializeResult(
            asset_key=VECTORS,
            metadata={
                "vectors": report.vectors,
                "analyser": ANALYSER_VERSION,
                "ready": report.ready,
                "seconds": round(report.seconds.get("vectors", 0.0), 3),
                **_embedders(report.built),
            },
        )
    if INDEX in selected and report.built:
        yield from _index_results(report.built)


def _index_results(built: list[BuildReport]) -> Iterator[object]:
    if any(one.promoted for one in built):
        yield MaterializeResult(
            asset_key=INDEX,
            metadata={
                "versions": MetadataValue.json([_describe(one) for one in built]),
                "chunks": sum(one.chunks for one in built if one.promoted),
                "seconds": round(sum(sum(one.seconds.values()) for one in built), 3),
                **_embedders(built),
            },
        )
    yield AssetCheckResult(
        asset_key=INDEX,
        check_name="vector_count_equals_chunk_count",
        passed=all(one.counts_agree for one in built),
        severity=AssetCheckSeverity.ERROR,
        metadata={"chunks": sum(one.chunks for one in built), "vectors": sum(one.vectors for one in built)},
    )
    yield AssetCheckResult(
        asset_key=INDEX,
        check_name="gold_questions",
        passed=all(one.gold_holds and one.vectors_hold for one in built),
        severity=AssetCheckSeverity.ERROR,
        metadata={"versions": MetadataValue.json([_describe(one) for one in built]), **_told_by_vectors(built)},
    )


def _told_by_vectors(built: list[BuildReport]) -> dict[str, str]:
    """What the vectors alone find, in sentences, where anybody could ask."""
    told = [one.by_vectors.said for one in built if one.by_vectors is not None]
    return {"by_vectors": " ".join(told)} if told else {}


def _embedders(built: list[BuildReport]) -> dict[str, str]:
    """What made the vectors, with the digest of its weights where it is a model: a change is a change of lineage."""
    made = {one.embedder + (f"@{one.model_digest[:12]}" if one.model_digest else "") for one in built if one.promoted}
    return {"embedder": ", ".join(sorted(made))} if made else {}


def _describe(one: BuildReport) -> dict[str, object]:
    return {
        "version": one.version_id,
        "scope": str(one.tenant_id or "public"),
        "documents": one.items,
        "chunks": one.chunks,
        "dimension": one.dimension,
        "embedder": one.embedder,
        "model_digest": one.model_digest,
        "lexicon": one.lexicon_digest[:12],
        "promoted": one.promoted,
        "gold": one.gold.summary() if one.gold else None,
        "gold_live": one.gold_live.summary() if one.gold_live else None,
        "by_vectors": one.by_vectors.summary() if one.by_vectors else None,
        "seconds": {part: round(spent, 3) for part, spent in one.seconds.items()},
    }
