"""Two threads that work while documents are cut and analysed: one reads ahead, one owns the database connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Self, TypeVar
from uuid import UUID

from luna_assets.documents.queue import Claim
from luna_rules.documents.model import ExtractedText
from resources.extractor import Extractor
from resources.objects import ObjectStore

AHEAD = 2
"""Documents read before their turn; with them in memory, one is read while another is cut."""
AHEAD_BYTES = 16_000_000
_T = TypeVar("_T")


class Scribe:
    """All work on one connection, in order and in a thread of its own. Close it to wait for what is under way."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="documents-database")

    def begin(self, work: Callable[[], _T]) -> Future[_T]:
        """Have work done after all that was begun before."""
        return self._pool.submit(work)

    def now(self, work: Callable[[], _T]) -> _T:
        """The same, and wait for it. Raises what the work raises."""
        return self._pool.submit(work).result()

    def close(self) -> None:
        """Wait for the work under way; what has not begun is left out."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class ReadText:
    """A document's text and the seconds that reading it took."""

    text: ExtractedText
    seconds: float


class ReadAhead:
    """Fetches and extracts documents in their order, in a thread of its own and a few ahead of those who take them."""

    def __init__(self, objects: ObjectStore, extractor: Extractor) -> None:
        self._objects = objects
        self._extractor = extractor
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="documents-reading")
        self._begun: dict[UUID, tuple[Future[ReadText], int]] = {}

    def expect(self, claims: Iterable[Claim]) -> None:
        """Say which documents come next; as many are begun as may lie ready."""
        for claim in claims:
            if claim.item_id in self._begun:
                continue
            waiting = sum(size for _, size in self._begun.values())
            if self._begun and (len(self._begun) > AHEAD or waiting + claim.size_bytes > AHEAD_BYTES):
                return
            self._begun[claim.item_id] = (self._pool.submit(self._read, claim), claim.size_bytes)

    def is_ready(self, claim: Claim, within_s: float) -> bool:
        """Whether a document is read, or cannot be, within some time; begins it where nobody has."""
        return bool(wait([self._future(claim)], within_s).done)

    def take(self, claim: Claim) -> ReadText:
        """A document's text. Raises what the store or the extractor raises."""
        future = self._future(claim)
        try:
            return future.result()
        finally:
            del self._begun[claim.item_id]

    def close(self) -> None:
        """Begin nothing more. Not waited for: whoever owns the extractor ends what it reads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _future(self, claim: Claim) -> Future[ReadText]:
        if claim.item_id not in self._begun:
            self._begun[claim.item_id] = (self._pool.submit(self._read, claim), claim.size_bytes)
        return self._begun[claim.item_id][0]

    def _read(self, claim: Claim) -> ReadText:
        begun = time.perf_counter()
        text = self._extractor.extract(self._objects.get(claim.object_key), claim.file_name, claim.media_type)
        return ReadText(text, time.perf_counter() - begun)
