"""A cache whose bytes are bounded. Knows nothing of what it keeps."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

_ENTRY_OVERHEAD = 400


@dataclass(slots=True, eq=False)
class _Entry:
    """What is kept, its bytes and the search that used it last."""

    value: object
    size: int
    round: int


class ByteCache:
    """Least recently used entries go first once the bytes exceed the budget, but for those used since `begin`.

    One search must be able to hold all it needs, so the budget is soft by what a single search touches.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.used = 0
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._round = 0

    def begin(self) -> None:
        """Marks the start of a search."""
        self._round += 1

    def get(self, key: Hashable) -> object | None:
        """The entry, or None."""
        found = self._entries.get(key)
        if found is None:
            return None
        found.round = self._round
        self._entries.move_to_end(key)
        return found.value

    def put(self, key: Hashable, value: object, size: int) -> None:
        """Keeps an entry of `size` bytes, and lets others go for it."""
        self.drop(key)
        size += _ENTRY_OVERHEAD
        self._entries[key] = _Entry(value, size, self._round)
        self.used += size
        while self.used > self.budget:
            oldest = next(iter(self._entries))
            if self._entries[oldest].round == self._round:
                break
            self.drop(oldest)

    def drop(self, key: Hashable) -> None:
        """Lets an entry go."""
        found = self._entries.pop(key, None)
        if found is not None:
            self.used -= found.size

    def clear(self) -> None:
        """Lets everything go."""
        self._entries.clear()
        self.used = 0
