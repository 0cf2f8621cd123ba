"""The pool in daily use: many threads, children replaced after their share of documents, a forked parent."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import psutil
import pytest

from luna_rules.documents.blocks import searched_text
from luna_rules.documents.chunking import chunk_document
from luna_rules.search.found_words import find_words
from resources.extractor import EmbeddedExtractor, ExtractionError, Extractor
from resources.extractor.cutting import cut_of
from resources.extractor.protocol import Response
from tests.integration.extractor.conftest import child_of
from tests.places import ROOT


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


@pytest.mark.parametrize("path", sorted((ROOT / "data" / "samples").glob("*.*")), ids=lambda path: path.name)
def test_the_child_cuts_as_the_parent_would(extractor: EmbeddedExtractor, path: Path) -> None:
    text = extractor.extract(path.read_bytes(), path.name)
    read = extractor.read(path.read_bytes(), path.name)
    assert read.text == text
    assert read.cut == chunk_document(text, file_name=path.name)
    assert read.cut is not None
    assert read.words == find_words(searched_text(chunk.text, chunk.metadata) for chunk in read.cut.chunks)


def test_a_child_that_tells_of_passages_beyond_the_text_is_not_asked_again() -> None:
    with EmbeddedExtractor() as extractor:
        first = child_of(extractor)
        read = extractor.read("# Muster\n\nEin Satz über Muster.".encode(), "a.md")
        assert read.cut is not None
        cut = cut_of(read.cut, len(read.text.text), 0.0)
        assert cut is not None
        beyond = msgspec.structs.replace(cut.passages[0], end=1_000_000)
        lie = Response(result=read.text, cut=msgspec.structs.replace(cut, passages=(beyond,)))
        with extractor._lease() as worker, pytest.raises(ExtractionError) as refused:
            extractor._judge(worker, lie)
        assert (refused.value.code, refused.value.permanent) == ("damaged", False)
        assert child_of(extractor) != first
