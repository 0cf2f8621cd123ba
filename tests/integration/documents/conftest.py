"""What the tests of documents on their way share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resources.extractor import EmbeddedExtractor


@pytest.fixture(scope="module")
def extractor() -> Iterator[EmbeddedExtractor]:
    with EmbeddedExtractor() as running:
        yield running
