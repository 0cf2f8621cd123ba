"""Takes the time of the parts of a search."""

from __future__ import annotations

import time


class Clock:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._began = self._last = time.perf_counter()
        self._parts: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """Ends a part: what has passed since the part before."""
        now = time.perf_counter()
        self._parts[name] = round((now - self._last) * 1000, 3)
        self._last = now

    def done(self) -> dict[str, float]:
        """Milliseconds by part, and in `total`."""
        return {**self._parts, "total": round((time.perf_counter() - self._began) * 1000, 3)}
