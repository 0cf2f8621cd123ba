"""Python's collector of cyclic garbage, for work that makes very many objects which live on."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

_OBJECTS = 50_000


@contextmanager
def rare_collections() -> Generator[None]:
    """Have the collector look seldom, and not at what was there before: passages and words hold no cycles.

    By default it looks at all young objects after each 700 more, and again and again at all that a process has loaded;
    a tenth of a drain's time went there. What is no cycle is freed at once as ever.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
