"""The pool in daily use: many threads, children replaced after their share of documents, a forked parent."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from resources.extractor import EmbeddedExtractor, Extractor
from tests.integration.extractor.conftest import child_of


def test_many_threads_get_each_their_own_text() -> None:
    with EmbeddedExtractor(workers=2) as extractor, ThreadPoolExecutor(8) as threads:
        texts = [f"Dokument Nummer {number}" for number in range(60)]
        found = list(threads.map(lambda text: extractor.extract(text.encode(), "a.txt").text, texts))
        assert found == texts
        assert len(extractor._running) <= 2


def test_a_child_is_replaced_after_its_share() -> None:
    with EmbeddedExtractor(documents_per_worker=2) as extractor:
        seen: list[psutil.Process] = []
        for _ in range(4):
            seen.append(child_of(extractor))
            extractor.extract(b"Text", "a.txt")
        first, again, second, once_more = seen
        assert first == again != second == once_more
        assert not psutil.pid_exists(first.pid)


def test_a_large_parent_does_not_cost_a_child_for_every_document() -> None:
    large = bytearray(os.urandom(1)) * (120 * 1024 * 1024)
    # Half of this memory is more than a child needs, and less than this process has held.
    with EmbeddedExtractor(memory_mb=2 * (psutil.Process().memory_info().rss // 1024**2 - 40)) as extractor:
        before = child_of(extractor)
        extractor.extract(b"Text", "a.txt")
        assert child_of(extractor) == before
    assert large


def test_a_large_document_passes_the_pipe_in_both_directions() -> None:
    text = "Zeile mit Text\n" * 400_000
    with EmbeddedExtractor() as extractor:
        assert extractor.extract(text.encode(), "a.txt").text == text.rstrip("\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_copy_starts_its_own_child() -> None:
    with EmbeddedExtractor() as extractor:
        extractor.warm_up()
        pid = os.fork()
        if pid == 0:
            # No test framework in here: only the exit code tells.
            code = 1
            try:
                code = 0 if extractor.extract(b"Kopie", "a.txt").text == "Kopie" else 2
                extractor.close()
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        assert extractor.extract(b"Original", "a.txt").text == "Original"


def test_it_is_an_extractor() -> None:
    with EmbeddedExtractor() as extractor:
        as_seen_by_others: Extractor = extractor
        assert as_seen_by_others.name == "embedded"
        assert as_seen_by_others.version.startswith("luna ")
