"""One warm extractor for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resources.extractor import EmbeddedExtractor


@pytest.fixture(scope="session")
def extractor() -> Iterator[EmbeddedExtractor]:
    with EmbeddedExtractor(timeout_s=30) as running:
        yield running
