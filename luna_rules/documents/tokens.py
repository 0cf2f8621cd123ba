"""Counts tokens cheaply and in one pass, so that spans of a text can be measured as often as the packing wants.

A stand-in for the tokenizers of embedding models, close enough to keep a chunk within their window.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left

TOKEN = re.compile(r"<[A-Za-z/!][^<>]*>|\w{1,12}|[^\w\s]{1,12}|\s{64}")
"""One token: an HTML tag, up to 12 word characters in a row (a German compound counts as several, as it does in a
model's vocabulary), up to 12 punctuation marks in a row, or 64 blanks in a row (so that no span of bounded tokens is
unbounded in characters)."""


def count_tokens(text: str) -> int:
    """How many tokens (see `TOKEN`) `text` has."""
    return len(TOKEN.findall(text))


class TokenIndex:
    """The places of all tokens of a text, to measure and to cut spans in logarithmic time."""

    def __init__(self, text: str) -> None:
        self._starts = array("L", (match.start() for match in TOKEN.finditer(text)))
        self._length = len(text)

    def count(self, start: int, end: int) -> int:
        """Tokens that begin in `text[start:end]`."""
        return bisect_left(self._starts, end) - bisect_left(self._starts, start)

    def fits(self, start: int, end: int, most: int) -> bool:
        """Whether at most so many tokens begin in `text[start:end]`."""
        # A token has at least one character, so most spans need not be counted.
        return end - start <= most or self.count(start, end) <= most

    def advance(self, start: int, tokens: int) -> int:
        """The place where the token after `tokens` tokens from `start` begins; the text's end if there is none."""
        place = bisect_left(self._starts, start) + tokens
        return self._starts[place] if place < len(self._starts) else self._length
