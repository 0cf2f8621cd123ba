"""Dagster's side of the index's engines: roll back, switch, snapshots of the outside engine. Thin; see `engines`."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal
from uuid import UUID

from dagster import Backoff, Config, Failure, MetadataValue, OpExecutionContext, RetryPolicy, op
from pydantic import Field

from luna_assets.documents import queue
from luna_assets.documents.engines import roll_back, switch_engine
from luna_assets.documents.gold import GoldReport, load_gold
from resources.database import Connection
from resources.embedder import EmbedderError
from resources.vectors.index import IndexVersionError
from resources.vectors.points import PointsError, PointsUnavailableError, VersionRef
from resources.wiring import LunaResource

PATIENCE_S = 540


class RollBackConfig(Config):
    """Which scope goes back to which version."""

    tenant_id: str | None = Field(default=None, description="Tenant whose index goes back. Empty: the public one.")
    version_id: int | None = Field(default=None, description="Retired version. Empty: the one that was live before.")


class SwitchConfig(Config):
    """Which engine is to hold the vectors."""

    engine: Literal["postgres", "qdrant"] = Field(description="Engine to be completed: postgres or qdrant.")
    drop_other: bool = Field(
        default=False,
        description="Free what the other engine has afterwards. Without it both are kept in step, and searches go on "
        "in PostgreSQL when Qdrant is away.",
    )


class SnapshotConfig(Config):
    """What to do with snapshots of the live versions in Qdrant."""

    action: Literal["create", "restore"] = "create"
    snapshots: dict[str, str] = Field(
        default_factory=dict, description="For `restore`: version → name of its snapshot, as `create` reported it."
    )


@contextmanager
def _alone(luna: LunaResource) -> Generator[Connection]:
    """A connection that nobody else writes the index beside. A drain at work ends its work first."""
    with luna.connection() as connection:
        if not queue.lock_drain(connection, PATIENCE_S):
            raise Failure(description="Another run has been at work for nine minutes; please try again later.")
        try:
            yield connection
        except PointsUnavailableError as fault:
            raise RuntimeError(str(fault)) from fault
        except (IndexVersionError, PointsError, EmbedderError) as fault:
            raise Failure(description=str(fault), allow_retries=False) from fault
        finally:
            if not connection.closed:
                queue.unlock_drain(connection)


@op
def roll_index_back(context: OpExecutionContext, config: RollBackConfig, luna: LunaResource) -> None:
    """Make an earlier index version live again, after what came since has been added to it."""
    tenant = UUID(config.tenant_id) if config.tenant_id else None
    with _alone(luna) as connection:
        report = roll_back(
            connection,
            luna.index_writer(connection),
            tenant,
            config.version_id,
            run_id=context.run_id,
            gold=load_gold(),
            log=context.log.info,
        )
    context.add_output_metadata(
        {
            "scope": config.tenant_id or "public",
            "from_version": report.from_version,
            "to_version": report.to_version,
            "documents_caught_up": report.caught_up,
            "gold": MetadataValue.json(_summary(report.gold)),
            "gold_before": MetadataValue.json(_summary(report.gold_before)),
        }
    )


@op(retry_policy=RetryPolicy(max_retries=2, delay=5, backoff=Backoff.EXPONENTIAL))
def switch_index_engine(context: OpExecutionContext, config: SwitchConfig, luna: LunaResource) -> None:
    """Complete every version in an engine; a run that was killed is simply started again."""
    with _alone(luna) as connection:
        report = switch_engine(
            connection,
            luna.index_writer(connection),
            config.engine,
            drop_other=config.drop_other,
            log=context.log.info,
        )
    context.add_output_metadata(
        {
            "engine": report.engine,
            "versions": [one.version_id for one in report.transfers],
            "passages": sum(one.total for one in report.transfers),
            "passages_written": sum(one.written for one in report.transfers),
            "points_removed": sum(one.removed for one in report.transfers),
            "versions_released": report.released,
        }
    )


@op
def snapshot_index_points(context: OpExecutionContext, config: SnapshotConfig, luna: LunaResource) -> None:
    """Take snapshots of the live versions in Qdrant, or put them back and add what they lack."""
    from resources.vectors.qdrant import QdrantPoints

    points = luna.points
    if not isinstance(points, QdrantPoints):
        raise Failure(description="QDRANT_URL is not set, so there is nothing to take a snapshot of.")
    with _alone(luna) as connection:
        writer = luna.index_writer(connection)
        kept = {version_id: VersionRef.of(writer.version(version_id)) for version_id in writer.kept_versions()}
        taken: dict[str, str] = {}
        if config.action == "create":
            # Tenants share collections: one snapshot is enough for all versions in it.
            by_collection: dict[str, str] = {}
            for version_id, version in kept.items():
                if "qdrant" not in writer.version(version_id).engines:
                    continue
                name = points.collection(version)
                if name not in by_collection:
                    by_collection[name] = points.create_snapshot(version)
                    context.log.info(f"{name}: {by_collection[name]}")
                taken[str(version_id)] = by_collection[name]
        else:
            for version_id, snapshot in config.snapshots.items():
                version = kept.get(int(version_id))
                if version is None:
                    raise IndexVersionError(f"Index version {version_id} is neither live nor retired")
                points.restore_snapshot(version, snapshot)
                context.log.info(f"{points.collection(version)} is back at {snapshot}")
            switch_engine(connection, writer, "qdrant", drop_other=False, log=context.log.info)
    context.add_output_metadata({"action": config.action, "snapshots": MetadataValue.json(taken)})


def _summary(report: GoldReport | None) -> dict[str, object]:
    return report.summary() if report else {}
