"""Splitting German compounds by a vocabulary: which words a corpus knows, and how a long word falls into them.

The vocabulary is learnt in `lexicon.py`; here is only what follows from it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping

from luna_rules.search.words import FUNCTION_WORDS

_LINKS = ("", "s", "es", "n", "en", "er", "ens")
# Prefixes of verbs stand before many words, yet are no parts of compounds.
_PREFIXES = frozenset(
    ["ab", "an", "auf", "aus", "be", "bei", "da", "dar", "durch", "ein", "ent", "er", "fehl", "fort", "frei", "ge", "gegen", "hin", "her", "herab", "heraus", "hinaus", "hinter", "hinzu", "in", "los", "miss", "mit", "nach", "neben", "nieder", "ober", "rück", "um", "un", "unter", "ur", "ver", "vor", "voraus", "vorher", "weg", "weiter", "wider", "wieder", "zer", "zu", "zurück", "zusammen", "zwischen", "über", "haupt", "gesamt", "sonder", "teil", "grund", "voll", "all", "be-", "zug", "stell"]
) - frozenset(("haupt", "gesamt", "sonder", "teil", "grund", "nieder", "rück", "gegen"))
_MIN_PART = 3
_MIN_HEAD = 4
_MIN_WORD = 7
_MAX_PARTS = 6
_SHORT_COUNT = 8  # words of three letters are often abbreviations


def learn_words(counts: Mapping[str, int], *, minimum: int) -> dict[str, int]:
    """Chooses from words (in their spelling) and their counts those that may be parts of compounds.

    Besides the words themselves these are bound forms that stand before many known words and never alone
    (`heiz`, `mess`, `elektro`). Returns part → count.
    """
    known = {
        word: count
        for word, count in counts.items()
        if count >= minimum and _MIN_PART <= len(word) <= 20 and word.isalpha() and word not in _PREFIXES
        and (len(word) > _MIN_PART or count >= _SHORT_COUNT)
    }
    heads: defaultdict[str, set[str]] = defaultdict(set)
    strength: Counter[str] = Counter()
    for word, count in counts.items():
        if len(word) < 8 or not word.isalpha():
            continue
        for cut in range(_MIN_PART, min(9, len(word) - 4)):
            head = word[cut:]
            if known.get(head, 0) > 2:
                heads[word[:cut]].add(head)
                strength[word[:cut]] += count
    for bound, followers in heads.items():
        if len(followers) >= 5 and bound not in known and bound not in _PREFIXES and bound not in FUNCTION_WORDS:
            stripped = next((bound[: -len(link)] for link in _LINKS[1:] if bound.endswith(link)), bound)
            if stripped not in known and not any(
                bound.endswith(prefix) and bound[: -len(prefix)] in known
                for prefix in (
                    "be",
                    "ver",
                    "er",
                    "ge",
                    "ent",
                    "ein",
                    "an",
                    "auf",
                    "aus",
                    "ab",
                    "zu",
                    "vor",
                    "bei",
                    "über",
                    "um",
                )
            ):
                known[bound] = strength[bound]
    return known


class Splitter:
    """Splits words by a vocabulary of parts. Results are kept, for a corpus asks for the same words again and again."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._total = math.log(sum(words.values()) + 1.0)
        self._costs = {word: self._total - math.log(count) + 3.0 for word, count in words.items()}
        self._split: dict[str, tuple[str, ...]] = {}
        # Short words decide first, so that a known word which is itself a compound does not hide its parts.
        for word in sorted(self._costs, key=len):
            if len(word) >= _MIN_WORD:
                parts = self._segment(word)
                if len(parts) > 1:
                    self._split[word] = parts

    def split(self, word: str) -> tuple[str, ...]:
        """The parts of a word in its spelling, without linking letters; empty where it is no compound of known words."""
        if len(word) < _MIN_WORD:
            return ()
        parts = self._split.get(word)
        if parts is None:
            if len(self._split) > 300_000:
                self._split.clear()
            parts = self._segment(word)
            self._split[word] = parts if len(parts) > 1 else ()
        return self._split[word]

    def _segment(self, word: str) -> tuple[str, ...]:
        costs, split = self._costs, self._split
        length = len(word)
        best: list[tuple[float, tuple[str, ...]] | None] = [None] * (length + 1)
        best[0] = (0.0, ())
        for start in range(length - _MIN_HEAD + 1):
            here = best[start]
            if here is None or len(here[1]) >= _MAX_PARTS:
                continue
            for end in range(start + _MIN_PART, length + 1):
                part = word[start:end]
                cost = costs.get(part)
                if cost is None and part + "e" in costs and end < length:
                    cost = costs[part + "e"] + 0.5
                    part_name = part + "e"
                else:
                    part_name = part
                if cost is None or (start == 0 and end == length):
                    continue
                inner = split.get(part_name)
                names = here[1] + (inner if inner else (part_name,))
                total = here[0] + cost
                if end == length:
                    if end - start >= _MIN_HEAD and (best[end] is None or total < best[end][0]):  # type: ignore[index]
                        best[end] = (total, names)
                    continue
                for link in _LINKS:
                    follow = end + len(link)
                    if follow > length - _MIN_HEAD or not word.startswith(link, end):
                        continue
                    penalty = total if not link else total + 0.7
                    known = best[follow]
                    if known is None or penalty < known[0]:
                        best[follow] = (penalty, names)
        final = best[length]
        return final[1] if final is not None and len(final[1]) > 1 else ()
