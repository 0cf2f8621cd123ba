"""Wordings of the tables, found in a question by the stems of their words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from luna_rules.search import words
from luna_rules.search.tables import Entries

_APART = 4
_MOST_WITHIN = 8


class Phrases:
    """Entries of a table by the stems of their wordings."""

    def __init__(self, entries: Entries, key_of: Callable[[str], tuple[str, ...]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
        within: dict[str, list[tuple[str, ...]]] = {}
        for asked, meant in entries:
            for wording in asked:
                key = key_of(wording)
                if key:
                    self._by_first.setdefault(key[0], []).append((key, meant))
                    for stem in key if 1 < len(key) < 4 else ():
                        within.setdefault(stem, []).append(meant)
        # What stands in many wordings tells nothing of any of them.
        self._within = {stem: meant for stem, meant in within.items() if len(meant) <= _MOST_WITHIN}

    def at(self, keys: Sequence[str], start: int) -> list[tuple[int, tuple[str, ...]]]:
        """Wordings that begin at a position: how many keys they cover, and what is meant."""
        return [
            (len(key), meant)
            for key, meant in self._by_first.get(keys[start], ())
            if tuple(keys[start : start + len(key)]) == key
        ]

    def near(self, keys: Sequence[str]) -> list[tuple[tuple[int, ...], tuple[str, ...]]]:
        """Wordings of several words that stand close together in any order, though not one behind the other."""
        places: dict[str, list[int]] = {}
        for place, key in enumerate(keys):
            places.setdefault(key, []).append(place)
        found: list[tuple[tuple[int, ...], tuple[str, ...]]] = []
        for first in places:
            for wording, meant in self._by_first.get(first, ()):
                if len(wording) < 2 or not all(key in places for key in wording):
                    continue
                for start in places[first]:
                    span = [min(places[key], key=lambda place: abs(place - start)) for key in wording]
                    apart = max(span) - min(span)
                    if len(set(span)) == len(wording) and apart < len(wording) + _APART:
                        if span != list(range(start, start + len(wording))):
                            found.append((tuple(sorted(span)), meant))
                        break
        return found

    def partly(self, key: str) -> list[tuple[str, ...]]:
        """What wordings of several words mean that hold this one, as far as it tells them from others."""
        return self._within.get(key, [])

    def meant(self, key: str) -> list[tuple[str, ...]]:
        """What a single word means."""
        return [meant for wording, meant in self._by_first.get(key, ()) if len(wording) == 1]


def phrase_key(text: str) -> tuple[str, ...]:
    """The stems of a wording without function words (unless there is nothing else), as tables are compared."""
    raw = words.tokens(words.clean(text))
    stems = [(words.spelling(token), words.stem(words.spelling(words.joined(token)))) for token in raw]
    content = tuple(stem for spelled, stem in stems if spelled not in words.FUNCTION_WORDS)
    return content or tuple(stem for _, stem in stems)


def english_key(text: str, ignored: Collection[str] = ()) -> tuple[str, ...]:
    """The stems of an English wording without the ignored words (unless there is nothing else)."""
    raw = words.tokens(words.clean(text))
    content = [token for token in raw if token.lower() not in ignored] or raw
    return tuple(words.english_stem(words.joined(token)) for token in content)
