"""What a drain is asked to do, and what it tells afterwards."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from uuid import UUID

from luna_assets.documents.index_build import BuildReport

BATCH = 32


@dataclass(frozen=True, slots=True)
class DrainRequest:
    """What a run is asked to do.

    `item_ids`: only these documents (they are queued again first, whatever their state).
    `all_items`: every document that is ready, for instance to cut all with a new chunker.
    `stage`: where to begin with them: `text` (extract again), `chunks` (cut the kept text again), `vectors`.
    `linger_s`: how long to wait for further arrivals before the run ends, in seconds.
    `batch`: documents claimed at a time.
    `rebuild`: learn a new index version of every scope that has documents, even where the live one would do.
    `model`: what makes the vectors of rebuilt versions, a model's name or `local`; None: what each scope has.
    """

    item_ids: tuple[UUID, ...] = ()
    stage: str = "text"
    linger_s: float = 15.0
    batch: int = BATCH
    rebuild: bool = False
    all_items: bool = False
    model: str | None = None


@dataclass(slots=True)
class DrainReport:
    """What a drain did. `seconds` by part, summed over documents; parts overlap, so the sum may exceed the time taken.

    `text`: extraction; `chunks`: cutting; `embed`: vectors by a model; `store`: writing text and chunks; `vectors`:
    analysing and writing the index; `index`: learning and building versions.
    """

    already_draining: bool = False
    requeued: int = 0
    documents: int = 0
    ready: int = 0
    deferred: int = 0
    failed: dict[str, int] = field(default_factory=dict[str, int])
    failures: list[str] = field(default_factory=list[str])
    chunks: int = 0
    vectors: int = 0
    merged: int = 0
    characters: int = 0
    built: list[BuildReport] = field(default_factory=list["BuildReport"])
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def add_seconds(self, part: str, begun: float) -> float:
        """Add the time since `begun` (of `time.perf_counter`) to a part; returns it."""
        spent = time.perf_counter() - begun
        self.spend(part, spent)
        return spent

    def spend(self, part: str, seconds: float) -> None:
        """Add seconds to a part."""
        self.seconds[part] = self.seconds.get(part, 0.0) + seconds
