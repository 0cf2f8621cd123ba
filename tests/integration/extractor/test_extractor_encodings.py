"""Texts in the encodings that people send, read in the sandboxed child, where no codec can be loaded any more."""

from __future__ import annotations

import pytest

from resources.extractor import EmbeddedExtractor

TEXT = "Der Zähler misst den Verbrauch für Öl und Gas in der Straße."


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_a_text_is_read_whatever_its_encoding(extractor: EmbeddedExtractor, codec: str) -> None:
    assert extractor.extract(TEXT.encode(codec), "a.txt").text.strip() == TEXT
