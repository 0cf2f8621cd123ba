"""The extractor by Tika against a real server: the shared documents through both ways, and what must be refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.extractor import EmbeddedExtractor, ExtractionError, Extractor
from resources.extractor.tika import TikaExtractor
from tests.places import ROOT, SHARED

DOCUMENTS = SHARED / "data" / "documents"
FILES = sorted(path.relative_to(DOCUMENTS).as_posix() for path in DOCUMENTS.rglob("*") if path.is_file())
pytestmark = pytest.mark.skipif("LUNA_TEST_TIKA" not in os.environ, reason="LUNA_TEST_TIKA names no Tika server")

LESS_BY_TIKA = {
    "hostile/testAltChunkHTML.docx": ("ok", "no_text"),
}
"""Documents that lose by Tika; all other differences are texts that only Tika finds."""


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Extractor, Extractor]]:
    with EmbeddedExtractor(timeout_s=30) as own, TikaExtractor(os.environ["LUNA_TEST_TIKA"], timeout_s=30) as tika:
        yield own, tika


def outcome(extractor: Extractor, name: str, data: bytes) -> str:
    try:
        extractor.extract(data, name)
    except ExtractionError as error:
        return error.code if error.permanent else "again"
    return "ok"


@pytest.mark.skipif(not FILES, reason=f"the shared documents are missing: {DOCUMENTS}")
@pytest.mark.parametrize("name", FILES)
def test_both_ways_end_alike_or_tika_finds_more(both: tuple[Extractor, Extractor], name: str) -> None:
    data = (DOCUMENTS / name).read_bytes()
    own, tika = (outcome(extractor, name, data) for extractor in both)
    if name in LESS_BY_TIKA:
        assert (own, tika) == LESS_BY_TIKA[name]
    elif own in {"no_text", "damaged"}:
        assert tika in {own, "ok"}
    else:
        assert tika == own


@pytest.mark.parametrize("name", ["sample.pdf", "sample.docx"])
def test_our_samples_come_out_the_same(both: tuple[Extractor, Extractor], name: str) -> None:
    data = (ROOT / "data" / "samples" / name).read_bytes()
    own, tika = (extractor.extract(data, name) for extractor in both)
    words = [set(found.text.split()) for found in (own, tika)]
    assert len(words[0] & words[1]) / len(words[0]) > 0.9
    assert len(own.pages) == len(tika.pages)
    assert tika.extractor.startswith("Apache Tika")


def test_pages_keep_their_spans(both: tuple[Extractor, Extractor]) -> None:
    name = Path("sample.pdf")
    found = both[1].extract((ROOT / "data" / "samples" / name).read_bytes(), str(name))
    assert found.pages
    for page in found.pages:
        assert 0 <= page.char_start <= page.char_end <= len(found.text)
    assert found.pages[-1].char_end == len(found.text)
