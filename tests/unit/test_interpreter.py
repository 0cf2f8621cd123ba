"""Settings of the interpreter while something is at work, also where several are that begin and end crosswise."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from luna_assets.interpreter import at_work


def settings() -> tuple[tuple[int, int, int], float, int]:
    return gc.get_threshold(), sys.getswitchinterval(), gc.get_freeze_count()


@pytest.fixture(autouse=True)
def as_a_process_begins() -> Iterator[None]:
    """Settings that nobody has touched, whatever other tests of this process have left."""
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    sys.setswitchinterval(0.005)
    yield
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


def test_the_settings_are_as_before_when_the_last_has_ended() -> None:
    before = settings()
    first, second = at_work(), at_work()
    first.__enter__()
    during = settings()
    assert during[0][0] > before[0][0]
    assert during[1] < before[1]
    assert during[2] > 0
    second.__enter__()
    first.__exit__(None, None, None)
    assert settings()[:2] == during[:2]
    second.__exit__(None, None, None)
    assert settings() == before


def test_a_fault_puts_the_settings_back() -> None:
    before = settings()
    with pytest.raises(ValueError, match="amid"), at_work():
        raise ValueError("amid")
    assert settings() == before
