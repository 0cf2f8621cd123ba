"""How much memory this process takes at most while something runs."""

from __future__ import annotations

import threading

import psutil

_EVERY_S = 0.05


class Peak:
    """Greatest resident memory of this process while it is open (`bytes`)."""

    def __init__(self) -> None:
        self.bytes = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._ended.wait(_EVERY_S):
            self.bytes = max(self.bytes, process.memory_info().rss)
