"""Settings of Python's interpreter for work of several threads that makes very many objects which live on."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

_OBJECTS = 50_000
_SWITCH_S = 0.0005
_lock = threading.Lock()
_at_work: list[Callable[[], None]] = []
"""What puts everything back, once for each that is at work: they may overlap, so the last one to end does it."""


@contextmanager
def at_work() -> Generator[None]:
    """Look for cyclic garbage seldom, and let threads that wait for a process or the database go on soon.

    By default the collector looks at all young objects after each 700 more, and again and again at all that a process
    has loaded; a tenth of a drain's time went there. Passages and words hold no cycles; what holds none is freed at
    once as ever. And a thread that has an answer to fetch waits 5 ms for one that computes, at each step: the processes
    that work for us stood still meanwhile.
    """
    with _lock:
        _at_work.append(_at_work[0] if _at_work else _begin())
    try:
        yield
    finally:
        with _lock:
            end = _at_work.pop()
            if not _at_work:
                end()


def _begin() -> Callable[[], None]:
    """Change the settings; returns what puts them back."""
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *thresholds[1:])
    sys.setswitchinterval(min(interval, _SWITCH_S))

    def end() -> None:
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)
        gc.unfreeze()

    return end
