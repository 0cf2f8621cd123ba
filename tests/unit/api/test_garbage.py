"""The collector of cyclic garbage while the API serves: seldom at work, and not through what is kept."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from luna_api.garbage import keep_loaded, seldom_collected


class Ring:
    """Holds itself, so that only the collector can free it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_a_process_begins() -> Iterator[None]:
    """Settings that nobody has touched, whatever other tests of this process have left; given back afterwards."""
    thresholds = gc.get_threshold()
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_the_collector_works_as_before_when_the_api_has_ended() -> None:
    before = gc.get_threshold()

    def serve_and_fail() -> None:
        with seldom_collected():
            assert gc.get_threshold()[0] > 10 * before[0]
            keep_loaded()
            assert gc.get_freeze_count() > 1_000
            raise ConnectionError

    with pytest.raises(ConnectionError):
        serve_and_fail()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_what_is_kept_is_looked_through_only_when_something_took_its_place() -> None:
    ring = Ring()
    gone = weakref.ref(ring)
    keep_loaded()
    del ring
    gc.collect()
    assert gone() is not None
    keep_loaded(again=True)
    assert gone() is None
    assert gc.get_freeze_count() > 1_000
