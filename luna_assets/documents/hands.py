"""Threads that work while documents are analysed: one or two read ahead, one owns the database connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Self, TypeVar
from uuid import UUID

from luna_assets.documents.queue import Claim
from luna_rules.documents.model import ChunkedDocument, ExtractedText
from luna_rules.search.found_words import FoundWords
from resources.extractor import Extractor
from resources.objects import ObjectStore

AHEAD = 24
"""Documents begun before their turn: as many as are read while a group is analysed, so that the extractor never waits.
"""
AHEAD_BYTES = 16_000_000
AHEAD_CHARACTERS = 4_000_000
"""Text that lies ready, beyond which nothing more is read until some is taken. What is under way then is read."""
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
    """A document's text, its passages and their words where the extractor has cut it, and the seconds of both."""

    text: ExtractedText
    cut: ChunkedDocument | None
    words: FoundWords | None
    seconds: float
    cut_seconds: float


class ReadAhead:
    """Fetches and extracts documents, in threads of its own and some ahead of those who take them.

    One after the other; two at once where the extractor can and as many wait as may be begun: a second process that
    reads takes as long to start as a few documents take to be read.
    """

    def __init__(self, objects: ObjectStore, extractor: Extractor) -> None:
        self._objects = objects
        self._extractor = extractor
        self._pool = ThreadPoolExecutor(min(extractor.workers, 2), thread_name_prefix="documents-reading")
        self._places = threading.Semaphore(1)
        self._reserve = extractor.workers > 1
        self._begun: dict[UUID, tuple[Future[ReadText], int]] = {}
        self._room = threading.Condition()
        self._characters = 0
        self._wanted = False
        self._closed = False

    def expect(self, claims: Iterable[Claim]) -> None:
        """Say which documents come next; as many are begun as may lie ready."""
        waiting = sum(size for _, size in self._begun.values())
        for claim in claims:
            if claim.item_id in self._begun:
                continue
            if self._begun and (len(self._begun) > AHEAD or waiting + claim.size_bytes > AHEAD_BYTES):
                if self._reserve:
                    self._reserve = False
                    self._places.release()
                return
            self._future(claim)
            waiting += claim.size_bytes

    def is_ready(self, claim: Claim, within_s: float) -> bool:
        """Whether a document is read, or cannot be, within some time; begins it where nobody has."""
        future = self._future(claim)
        self._want(True)
        try:
            return bool(wait([future], within_s).done)
        finally:
            self._want(False)

    def take(self, claim: Claim) -> ReadText:
        """A document's text. Raises what the store or the extractor raises."""
        future = self._future(claim)
        self._want(True)
        try:
            read = future.result()
            with self._room:
                self._characters -= len(read.text.text)
            return read
        finally:
            del self._begun[claim.item_id]
            self._want(False)

    def close(self) -> None:
        """Begin nothing more. Not waited for: whoever owns the extractor ends what it reads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._room:
            self._closed = True
            self._room.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _future(self, claim: Claim) -> Future[ReadText]:
        if claim.item_id not in self._begun:
            self._begun[claim.item_id] = (self._pool.submit(self._read, claim), claim.size_bytes)
        return self._begun[claim.item_id][0]

    def _want(self, wanted: bool) -> None:
        """Note whether somebody waits for a document: then the next is read however much lies ready."""
        with self._room:
            self._wanted = wanted
            self._room.notify_all()

    def _read(self, claim: Claim) -> ReadText:
        with self._room:
            self._room.wait_for(lambda: self._closed or self._wanted or self._characters < AHEAD_CHARACTERS)
        with self._places:
            if self._closed:
                raise CancelledError
            begun = time.perf_counter()
            found = self._extractor.read(self._objects.get(claim.object_key), claim.file_name, claim.media_type)
            spent = time.perf_counter() - begun
        cutting = min(found.cut_s, spent)
        with self._room:
            self._characters += len(found.text.text)
        return ReadText(found.text, found.cut, found.words, spent - cutting, cutting)
