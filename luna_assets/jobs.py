"""Jobs: what an administrator, the API or a sensor launches."""

from dagster import AssetSelection, define_asset_job, job

from luna_assets.documents.assets import CHUNKS, INDEX, TEXT, VECTORS
from luna_assets.documents.engine_ops import roll_index_back, snapshot_index_points, switch_index_engine
from luna_assets.documents.maintenance import maintain_documents

MAX_RUNTIME_S = 3600

documents_drain = define_asset_job(
    "documents_drain",
    selection=AssetSelection.assets(TEXT, CHUNKS, VECTORS, INDEX),
    description="Work off the queue of documents: text, chunks, vectors, and a new index version where one is due.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)

documents_reindex = define_asset_job(
    "documents_reindex",
    selection=AssetSelection.assets(CHUNKS, VECTORS, INDEX),
    description="Cut kept texts again where asked, learn a new index version of every scope, check it and promote it.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)


@job(
    description="Merge small segments, remove what was deleted more than a week ago, sweep objects nobody refers to.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)
def documents_maintenance() -> None:
    """One op; kept out of the assets, because it derives nothing."""
    maintain_documents()


@job(
    description="Make an earlier index version live again; what came since is added to it first.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)
def index_rollback() -> None:
    """One op; the version was derived by the assets, here it is only chosen."""
    roll_index_back()


@job(
    description="Bring the index to PostgreSQL or Qdrant, and mend what an engine lost. Goes on where it was stopped.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)
def index_switch() -> None:
    """One op."""
    switch_index_engine()


@job(
    description="Snapshots of the index in Qdrant: take them, or put them back and add what they lack.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)
def index_snapshot() -> None:
    """One op."""
    snapshot_index_points()
