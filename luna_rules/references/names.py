"""Recognises a law by any of its names, in the genitive, without umlauts and with a small slip.

Which laws there are, and what they were called before, comes from the caller.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_GENITIVE = re.compile(r"(gesetz|gesetzbuch|buch|vertrag)e?s\Z|(kodex)es\Z")
_NO_LETTER = re.compile(r"[\W_]+")
_YEAR = re.compile(r"(?:19|20)\d\d\Z")
_BEGINNING = 4
"""So many letters of a key are compared at least, fewer than an ending of the genitive leaves."""
_LONG = 8
"""Length of a key from which two slips are forgiven."""


class LawNames:
    """The names of laws that are known.

    `names` are either names that stand for themselves or a mapping from each name to the law's canonical name; former
    names map to the current one (`{"GEG": "GModG"}`). When two laws claim one name, the first keeps it.
    """

    def __init__(self, names: Iterable[str] | Mapping[str, str]) -> None:
        pairs = names.items() if isinstance(names, Mapping) else ((name, name) for name in names)
        self._keys: dict[str, str] = {}
        self.longest = 1
        for name, canonical in pairs:
            key = self.normalise(name)
            if len(key) < 2:
                continue
            self._keys.setdefault(key, canonical)
            self.longest = max(self.longest, len(name.split()))
        self._beginnings = frozenset(key[:length] for key in self._keys for length in range(1, _BEGINNING + 1))
        self._by_length: dict[int, list[str]] = {}
        for key in self._keys:
            self._by_length.setdefault(len(key), []).append(key)

    @staticmethod
    @lru_cache(maxsize=4096)  # each run of words of a question is asked for again by the next step and lexicon
    def normalise(name: str) -> str:
        """The key of a name: lower case, umlauts written out, without blanks, hyphens and the ending of a genitive."""
        folded = unicodedata.normalize("NFC", name).casefold().translate(_FOLD)
        key = _NO_LETTER.sub("", folded)
        return _GENITIVE.sub(lambda match: match.group(1) or match.group(2), key)

    def may_begin(self, word: str) -> bool:
        """Whether a name of several words may begin with this one; False is certain."""
        return self.normalise(word)[:_BEGINNING] in self._beginnings

    def exact(self, fragment: str) -> str | None:
        """The canonical name of the law that is called so, forgiving spelling but no slips; else None."""
        key = self.normalise(fragment)
        return self._keys.get(key) or self._keys.get(_YEAR.sub("", key) or key)

    def match(self, fragment: str) -> str | None:
        """As `exact`, and forgives a small slip: two turned letters from four letters on, one wrong from five on.

        None as well when two laws are equally near.
        """
        found = self.exact(fragment)
        if found is not None:
            return found
        key = self.normalise(fragment)
        if len(key) < 4 or key.isdigit():
            return None
        allowed = 2 if len(key) >= 2 * _LONG else 1
        near = [
            name
            for length in range(len(key) - allowed, len(key) + allowed + 1)
            for name in self._by_length.get(length, ())
        ]
        hits = process.extract(key, near, scorer=OSA.distance, score_cutoff=allowed, limit=8)
        if not hits:
            return None
        best = min(hit[1] for hit in hits)
        chosen = [hit[0] for hit in hits if hit[1] == best]
        if len(key) < 5:
            chosen = [name for name in chosen if sorted(name) == sorted(key)]
        if len(key) < _LONG:
            # An abbreviation's digits and first letter are what tells it from its neighbours.
            chosen = [name for name in chosen if name[0] == key[0] and not (set(name) ^ set(key)) & set("0123456789")]
        laws = {self._keys[name] for name in chosen}
        return laws.pop() if len(laws) == 1 else None
