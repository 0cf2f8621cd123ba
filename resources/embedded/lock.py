"""One at a time among processes: a lock on a file, which the kernel drops when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Generator
from pathlib import Path

from resources.embedded.errors import EmbeddedError

_PAUSE_S = 0.1


@contextlib.contextmanager
def held(path: Path, timeout_s: float, otherwise: str) -> Generator[None]:
    """Hold the lock `path`, made where it is missing; its folder must be there.

    Raises `EmbeddedError` with the sentence `otherwise` when another process holds it for longer than `timeout_s`, and
    `OSError` when the file cannot be opened.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + timeout_s
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedError(otherwise) from None
                time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(handle)
