"""Keeps the points of an engine outside PostgreSQL in step with the versions in it. For the worker's role only.

The rows in PostgreSQL are the truth. Points are written before the transaction that makes them count commits: a reader
ignores points that no segment names, but must never miss one that a segment does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.model import TermBlock
from resources.database import Connection
from resources.vectors import arrays
from resources.vectors.arrays import Layout
from resources.vectors.index import IndexVersionError, VersionInfo
from resources.vectors.points import (
    FIRST_DAY,
    LAST_DAY,
    ItemFacts,
    PassagePoints,
    Points,
    PointsError,
    VersionRef,
    sparse_rows,
)

ENGINE = "qdrant"
_LOG = logging.getLogger(__name__)
_FACTS = """
SELECT id, document_id, version, kind, source, tags,
       CASE WHEN isfinite(valid_from) THEN valid_from - DATE '1970-01-01' END,
       CASE WHEN isfinite(valid_to) THEN valid_to - DATE '1970-01-01' END
FROM items WHERE id = ANY(%s)
"""
_OUTDATED = "SELECT item_id, changed_at FROM index_outdated WHERE tenant_id IS NOT DISTINCT FROM %s ORDER BY changed_at"
_HELD = """
SELECT id, tenant_id, dimension FROM index_versions WHERE 'qdrant' = ANY (engines)
AND (%(all)s OR tenant_id IS NOT DISTINCT FROM %(tenant)s) ORDER BY id
"""


class PointsMirror:
    """The outside copy of the versions that name it among their engines. `points` None: there is no such engine."""

    def __init__(self, connection: Connection, points: PassagePoints | None) -> None:
        self._connection = connection
        self._points = points

    @property
    def engines(self) -> list[str]:
        """What a new version is written to."""
        return ["postgres"] if self._points is None else ["postgres", ENGINE]

    @property
    def points(self) -> PassagePoints:
        """The engine. Raises `IndexVersionError` where there is none."""
        if self._points is None:
            raise IndexVersionError("QDRANT_URL is not set, so there is no engine outside PostgreSQL")
        return self._points

    def begin(self, info: VersionInfo) -> None:
        """Makes room for a version."""
        self._try(info, lambda points: points.begin(VersionRef.of(info)))

    def write(self, info: VersionInfo, layout: Layout, block: TermBlock, vectors: NDArray[np.float32]) -> None:
        """Writes the points of a segment."""
        if ENGINE in info.engines:
            self._try(info, lambda points: points.write(VersionRef.of(info), self.made(layout, block, vectors)))

    def made(self, layout: Layout, block: TermBlock, vectors: NDArray[np.float32]) -> Points:
        """The points of a segment, with their items' facts as they are now."""
        item_ids = [arrays.uuid_at(layout.item_ids, i) for i in range(len(layout.item_ids))]
        known = {facts.item_id: facts for facts in self.facts(item_ids)}
        nowhere = UUID(int=0)
        return Points(
            chunk_ids=layout.chunk_ids,
            owners=np.repeat(np.arange(len(item_ids)), np.diff(layout.starts)),
            facts=[known.get(one) or ItemFacts(one, nowhere, 0, "", "", ()) for one in item_ids],
            vectors=vectors,
            terms=sparse_rows(block),
        )

    def facts(self, item_ids: Sequence[UUID]) -> list[ItemFacts]:
        """What filters ask of items."""
        rows = self._connection.execute(_FACTS, (list(item_ids),)).fetchall()
        return [
            ItemFacts(
                item_id=row[0],
                document_id=row[1],
                version=row[2],
                kind=row[3],
                source=row[4],
                tags=tuple(row[5]),
                valid_from=FIRST_DAY if row[6] is None else row[6],
                valid_to=LAST_DAY if row[7] is None else row[7],
            )
            for row in rows
        ]

    def remove_items(self, info: VersionInfo, item_ids: Sequence[UUID]) -> None:
        """Removes the points of items that were taken out of a version."""
        if ENGINE in info.engines:
            self._try(info, lambda points: points.remove_items(VersionRef.of(info), item_ids))

    def remove(self, info: VersionInfo, chunk_ids: Sequence[UUID]) -> None:
        """Removes points that no segment names any more."""
        if ENGINE in info.engines and chunk_ids:
            self._try(info, lambda points: points.remove(VersionRef.of(info), chunk_ids))

    def present(self, info: VersionInfo, wanted: NDArray[np.bytes_], *, asking: bool = False) -> int | None:
        """How many of the wanted passages have a point; None where the version is not in the engine.

        `asking`: look even where the version does not name the engine.
        """
        if self._points is None or not (asking or ENGINE in info.engines):
            return None
        return int(np.count_nonzero(np.isin(wanted, self._points.chunk_ids(VersionRef.of(info)))))

    def renew_facts(self) -> int:
        """Copies the facts of items that changed since they were copied. Returns how many items."""
        if self._points is None:
            return 0
        renewed = 0
        tenants = self._connection.execute("SELECT DISTINCT tenant_id FROM index_outdated").fetchall()
        for (tenant,) in cast("list[tuple[UUID | None]]", tenants):
            seen = self._connection.execute(_OUTDATED, (tenant,)).fetchall()
            facts = self.facts([cast("UUID", row[0]) for row in seen])
            for version in self.held(tenant):
                self._points.set_facts(version, facts)
            for item_id, changed_at in seen:
                # What changed again meanwhile stays noted.
                self._connection.execute(
                    "DELETE FROM index_outdated WHERE item_id = %s AND changed_at = %s", (item_id, changed_at)
                )
            renewed += len(facts)
        return renewed

    def held(self, tenant: UUID | None, *, all_scopes: bool = False) -> list[VersionRef]:
        """The versions in the engine: of one scope, or of all."""
        rows = self._connection.execute(_HELD, {"all": all_scopes, "tenant": tenant}).fetchall()
        return [VersionRef(row[0], row[1], row[2]) for row in cast("list[tuple[int, UUID | None, int]]", rows)]

    def retain(self) -> None:
        """Removes the points of versions that are gone."""
        if self._points is not None:
            self._points.retain(self.held(None, all_scopes=True))

    def show_live(self, live: VersionInfo | None) -> None:
        """Lets the alias name the live public version."""
        if self._points is not None:
            self._points.show_live(VersionRef.of(live) if live is not None and ENGINE in live.engines else None)

    def forsake(self, info: VersionInfo) -> None:
        """Notes that the engine no longer holds all of a version, which PostgreSQL must hold then.

        Raises `IndexVersionError` where it does not.
        """
        if "postgres" not in info.engines:
            raise IndexVersionError(
                f"The vectors of index version {info.id} are in Qdrant only, and it cannot be written to: "
                "set QDRANT_URL to the server that has them, or run the job index_switch with engine postgres"
            )
        self._connection.execute(
            "UPDATE index_versions SET engines = array_remove(engines, 'qdrant') WHERE id = %s", (info.id,)
        )

    def _try(self, info: VersionInfo, work: Callable[[PassagePoints], object]) -> None:
        if self._points is None:
            self.forsake(info)
            return
        try:
            work(self._points)
        except PointsError as fault:
            # Away, full, another key, a collection that is gone or is another one: no document is to blame for it.
            if "postgres" not in info.engines:
                raise
            _LOG.warning("index version %s is no longer kept in step in Qdrant: %s", info.id, fault)
            self.forsake(info)
