"""Splitting German compounds by a vocabulary: which words a corpus knows, and how a long word falls into them.

The vocabulary is learnt in `lexicon.py`; here is only what follows from it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping

from luna_rules.search.words import FUNCTION_WORDS

_LINKS = ("", "s", "es", "n", "en", "er", "ens")
_LINKS_BY_LETTER = {letter: tuple(link for link in _LINKS if link.startswith(letter)) for letter in "sen"}
# Prefixes of verbs stand before many words, yet are no parts of compounds.
_PREFIX_WORDS = """
    ab an auf aus be bei da dar durch ein ent er fehl fort frei ge hin her herab heraus hinaus hinter hinzu in los miss
    mit nach neben ober um un unter ur ver vor voraus vorher weg weiter wider wieder zer zu zurück zusammen zwischen
    über voll all zug stell
"""
_PREFIXES = frozenset(_PREFIX_WORDS.split())
_VERB_PREFIXES = tuple("be ver er ge ent ein an auf aus ab zu vor bei über um".split())  # noqa: SIM905
_MIN_PART = 3
_MIN_HEAD = 4
_MIN_WORD = 7
_MAX_PARTS = 6
_MAX_KEPT = 300_000
_SHORT_COUNT = 8  # words of three letters are often abbreviations


def learn_words(counts: Mapping[str, int], *, minimum: int) -> dict[str, int]:
    """Chooses from words (in their spelling) and their counts those that may be parts of compounds.

    Besides the words themselves these are bound forms that stand before many known words and never alone
    (`heiz`, `mess`, `elektro`). Returns part → count.
    """
    known = {
        word: count
        for word, count in counts.items()
        if count >= minimum
        and _MIN_PART <= len(word) <= 20
        and word.isalpha()
        and word not in _PREFIXES
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
        if len(followers) < 5 or bound in known or bound in _PREFIXES or bound in FUNCTION_WORDS:
            continue
        linked = any(bound.endswith(link) and bound[: -len(link)] in known for link in _LINKS[1:])
        prefixed = any(bound.endswith(prefix) and bound[: -len(prefix)] in known for prefix in _VERB_PREFIXES)
        if not linked and not prefixed:
            known[bound] = strength[bound]
    return known


class Splitter:
    """Splits words by a vocabulary of parts. Results are kept, for a corpus asks for the same words again and again."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._total = math.log(sum(words.values()) + 1.0)
        self._costs = {word: self._total - math.log(count) + 3.0 for word, count in words.items()}
        self._split: dict[str, tuple[str, ...]] = {}
        # What a part may look like before another one: cost and names. „Erdkabel“ drops the e of „Erde“.
        self._inner: dict[str, tuple[float, tuple[str, ...]]] = {
            word: (cost, (word,)) for word, cost in self._costs.items()
        }
        for word, cost in self._costs.items():
            if word.endswith("e") and word[:-1] not in self._costs:
                self._inner[word[:-1]] = (cost + 0.5, (word,))
        # Sizes of parts by how they begin: most places of a word begin none.
        sizes: defaultdict[str, set[int]] = defaultdict(set)
        for part in self._inner:
            sizes[part[:_MIN_PART]].add(len(part))
        self._sizes = {begin: tuple(sorted(found)) for begin, found in sizes.items()}
        # Short words decide first, so that a known word which is itself a compound does not hide its parts.
        for word in sorted(self._costs, key=len):
            if len(word) >= _MIN_WORD:
                parts = self._segment(word)
                if len(parts) > 1:
                    self._split[word] = parts
                    self._inner[word] = (self._costs[word], parts)
                    if word.endswith("e") and word[:-1] not in self._costs:
                        self._inner[word[:-1]] = (self._costs[word] + 0.5, parts)

    def split(self, word: str) -> tuple[str, ...]:
        """The parts of a compound in its spelling, without linking letters; empty where it is none."""
        if len(word) < _MIN_WORD:
            return ()
        parts = self._split.get(word)
        if parts is None:
            parts = self._segment(word)
            if len(self._split) < _MAX_KEPT:
                self._split[word] = parts
        return parts

    def _segment(self, word: str) -> tuple[str, ...]:
        """The cheapest way through the word: frequent parts cost little, each part and each linking letter costs."""
        length, inner, sizes = len(word), self._inner, self._sizes
        # Behind a part that is not the last one there must be room for a head.
        latest = length - _MIN_HEAD
        best: list[tuple[float, tuple[str, ...]] | None] = [None] * (length + 1)
        best[0] = (0.0, ())
        for start in range(latest + 1):
            here = best[start]
            if here is None or len(here[1]) >= _MAX_PARTS:
                continue
            for size in sizes.get(word[start : start + _MIN_PART], ()):
                end = start + size
                if end > latest:
                    break
                found = inner.get(word[start:end])
                if found is None:
                    continue
                cost, names = here[0] + found[0], here[1] + found[1]
                known = best[end]
                if known is None or cost < known[0]:
                    best[end] = (cost, names)
                for link in _LINKS_BY_LETTER.get(word[end], ()):
                    follow = end + len(link)
                    if follow > latest or not word.startswith(link, end):
                        continue
                    known = best[follow]
                    linked = cost + 0.7
                    if known is None or linked < known[0]:
                        best[follow] = (linked, names)
            cost = self._costs.get(word[start:]) if start else None
            if cost is not None:
                known = best[length]
                cost += here[0]
                if known is None or cost < known[0]:
                    best[length] = (cost, here[1] + (self._split.get(word[start:]) or (word[start:],)))
        final = best[length]
        return final[1] if final is not None and len(final[1]) > 1 else ()
