"""Remembers that a part failed a moment ago, so that not everybody waits for it again.

Only remembering belongs here; what counts as a failure is the caller's to say.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

FIRST_PAUSE_S: Final = 10.0
LONGEST_PAUSE_S: Final = 300.0


class Breaker:
    """Closed while a part works. After a failure it is open for a pause that doubles with each further failure.

    When the pause is over one caller may try; the others go on without the part until that one has reported.
    """

    def __init__(
        self,
        *,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    @property
    def pause_s(self) -> float:
        """How long the part is left alone from now on; 0 where it may be tried."""
        return max(0.0, self._until - self._clock()) if self._failures else 0.0

    def may_try(self) -> bool:
        """Whether the caller may try now. Where failures are remembered, this also sends the next callers away."""
        if not self._failures:
            return True
        if self.pause_s > 0:
            return False
        self._until = self._clock() + self._pause()
        return True

    def worked(self) -> None:
        """The part did what it should."""
        self._failures = 0
        self._until = 0.0

    def failed(self, *, at_least_s: float = 0.0) -> None:
        """The part failed; `at_least_s` is what trying it cost."""
        self._failures += 1
        self._until = self._clock() + max(self._pause(), min(at_least_s, self._longest_pause_s))

    def _pause(self) -> float:
        return min(self._longest_pause_s, self._first_pause_s * 2 ** min(self._failures - 1, 10))
