"""How Python's collector of cyclic garbage works here: seldom, and not through what the process keeps for good.

By default it looks at all young objects after each 700 more, and now and then at everything. What is imported and what
searches read are two hundred thousand objects: a question that met such a look waited a tenth of a second for it.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

_OBJECTS = 50_000


@contextmanager
def seldom_collected() -> Generator[None]:
    """While the API serves: collect after each 50,000 more objects that live on. What holds no cycle goes at once."""
    thresholds = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()


def keep_loaded(*, again: bool = False) -> None:
    """Look no more through what is loaded now. `again`: something took its place, so look through all once more first.

    That takes a tenth of a second or two; nothing else runs meanwhile.
    """
    if again:
        gc.unfreeze()
        gc.collect()
    gc.freeze()
