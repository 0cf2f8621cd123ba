"""Words of texts as numbers: what remains of texts for those who count words, small enough to be handed on.

Finding words needs no lexicon, so whoever cuts a document can do it. Terms are made of them in `analyser.py`.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

from luna_rules.search import words

ANALYSER_VERSION = "1"
"""Changes whenever the same text and lexicon would give other terms or vectors."""

NUMBER = "I"
"""Type code of all numbers here, as `array` and numpy know it: 4 bytes, without sign."""


@dataclass(frozen=True, slots=True)
class FoundWords:
    """The raw tokens of several texts (see `words.tokens`), one behind the other.

    `numbers`: the place of each token among those that differ. `sizes`: how many tokens each text has. Both are bytes
    of this machine's `NUMBER`s.
    """

    version: str
    distinct: tuple[str, ...]
    numbers: bytes
    sizes: bytes


def find_words(texts: Iterable[str]) -> FoundWords:
    """The raw tokens of texts as they are written."""
    number_of: defaultdict[str, int] = defaultdict(count().__next__)
    numbers, sizes = array(NUMBER), array(NUMBER)
    for text in texts:
        raw = words.tokens(words.clean(text))
        numbers.extend(map(number_of.__getitem__, raw))
        sizes.append(len(raw))
    return FoundWords(ANALYSER_VERSION, tuple(number_of), numbers.tobytes(), sizes.tobytes())


def are_words(raw: Sequence[str]) -> bool:
    """Whether each of these is what `words.tokens` finds, and not anything else."""
    # A hyphen at the end counts where white space follows; a reference to a § may take one blank before its letter.
    return words.TOKEN.findall("".join(f"{token}\n\n" for token in raw)) == list(raw)
