"""Housekeeping of documents: merging segments, removing what was deleted for good, sweeping orphaned objects."""

from datetime import timedelta

from dagster import Backoff, OpExecutionContext, RetryPolicy, op

from luna_assets.documents import queue
from resources.database import Connection
from resources.objects import ObjectStore
from resources.vectors.points import PointsError
from resources.vectors.postgres_writer import IndexWriter
from resources.wiring import LunaResource

UNDO_FOR = timedelta(days=7)
"""How long a deleted document can be restored."""


@op(retry_policy=RetryPolicy(max_retries=1, delay=30, backoff=Backoff.LINEAR))
def maintain_documents(context: OpExecutionContext, luna: LunaResource) -> None:
    """Do the nightly housekeeping, unless a drain is at work."""
    with luna.connection() as connection:
        if not queue.try_lock_drain(connection):
            context.log.info("A drain is at work; housekeeping waits for the next night.")
            return
        writer = luna.index_writer(connection)
        removed = purge_deleted(connection, writer)
        merged = 0
        for version_id in live_versions(connection):
            merged += writer.merge_segments(version_id)
        try:
            writer.mirror.renew_facts()
        except PointsError as fault:
            context.log.warning(f"the facts copied to Qdrant could not be renewed: {fault}")
        swept = sweep_objects(connection, luna.objects)
        context.add_output_metadata({"documents_removed": removed, "segments_merged": merged, "objects_swept": swept})


def purge_deleted(connection: Connection, writer: IndexWriter) -> int:
    """Remove documents that were deleted longer ago than `UNDO_FOR`, with their passages. Returns how many."""
    rows = connection.execute(
        "SELECT tenant_id, array_agg(id) FROM items WHERE deleted_at < now() - %s GROUP BY tenant_id", (UNDO_FOR,)
    ).fetchall()
    removed = 0
    for tenant_id, item_ids in rows:
        with connection.transaction():
            writer.remove_items(tenant_id, item_ids)
            removed += connection.execute("DELETE FROM items WHERE id = ANY (%s)", (item_ids,)).rowcount
    return removed


def live_versions(connection: Connection) -> list[int]:
    """Ids of the live index versions of all scopes."""
    return [row[0] for row in connection.execute("SELECT id FROM index_versions WHERE state = 'live' ORDER BY id")]


def sweep_objects(connection: Connection, objects: ObjectStore) -> int:
    """Remove objects that no document refers to. Returns how many.

    An object is put before its row is written, so only what is also old enough not to be such a one is removed:
    the store is listed first, the rows are read afterwards, and an upload in between has its row within minutes.
    """
    candidates = set(objects.keys())
    known = {row[0] for row in connection.execute("SELECT object_key FROM items UNION SELECT object_key FROM imports")}
    orphans = [key for key in candidates - known if objects.age(key) > timedelta(hours=1)]
    for key in orphans:
        objects.delete(key)
    return len(orphans)
