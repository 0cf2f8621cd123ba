"""One warm extractor for the tests of this folder, and a Tika server's beside it where `LUNA_TEST_TIKA` names one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psutil
import pytest

from resources.extractor import EmbeddedExtractor
from resources.extractor.tika import TikaExtractor


@pytest.fixture(scope="session")
def extractor() -> Iterator[EmbeddedExtractor]:
    # Long enough for a machine that has much else to do; what takes for ever ends here, too.
    with EmbeddedExtractor(timeout_s=100) as running:
        yield running


def child_of(extractor: EmbeddedExtractor) -> psutil.Process:
    """The child of an extractor with one worker, started where there is none."""
    extractor.warm_up()
    (worker,) = extractor._running
    return psutil.Process(worker.pid)


@pytest.fixture(scope="session")
def tika() -> Iterator[TikaExtractor]:
    endpoint = os.environ.get("LUNA_TEST_TIKA")
    if not endpoint:
        pytest.skip("no Tika server: LUNA_TEST_TIKA names none (make test-services starts one)")
    with TikaExtractor(endpoint, timeout_s=100) as running:
        yield running
