"""Counts tokens cheaply and in one pass, so that spans of a text can be measured as often as the packing wants.

A stand-in for the tokenizers of embedding models, close enough to keep a chunk within their window.
"""

from __future__ import annotations

import codecs
import re
from functools import cache

TOKEN = re.compile(r"<[A-Za-z/!][^<>]*>|\w{1,12}|[^\w\s]{1,12}|\s{64}")
"""One token: an HTML tag, up to 12 word characters in a row (a German compound counts as several, as it does in a
model's vocabulary), up to 12 punctuation marks in a row, or 64 blanks in a row (so that no span of bounded tokens is
unbounded in characters)."""

_TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
_LONGEST_RUN = 12
_LONGEST_BLANK = 64
_BLANK, _WORD, _MARK, _START, _WITHIN = b"\x00", b"\x01", b"\x02", b"\x03", b"\x04"
_BITS = 4
"""Of a byte, enough for one of these kinds."""
_EXAMPLES = bytes.maketrans(_BLANK + _WORD + _MARK, b" a.")
_STEP = 4096


def count_tokens(text: str) -> int:
    """How many tokens (see `TOKEN`) `text` has."""
    return len(TOKEN.findall(text))


class TokenIndex:
    """The places of all tokens of a text, to measure and to cut spans without looking at the words again.

    A byte stands for each character, `_START` where a token begins. They are made of the whole text at once, which
    takes a fifth of the time that a match for each token does.
    """

    def __init__(self, text: str) -> None:
        self._places = _places(text)

    def count(self, start: int, end: int) -> int:
        """Tokens that begin in `text[start:end]`."""
        return self._places.count(_START, start, end)

    def fits(self, start: int, end: int, most: int) -> bool:
        """Whether at most so many tokens begin in `text[start:end]`."""
        # A token has at least one character, so most spans need not be counted.
        if end - start <= most:
            return True
        # Step by step: whoever cuts a text of many megabytes asks for all that is left of it again and again.
        for place in range(start, end, _STEP):
            most -= self._places.count(_START, place, min(end, place + _STEP))
            if most < 0:
                break
        return most >= 0

    def advance(self, start: int, tokens: int) -> int:
        """The place where the token after `tokens` tokens from `start` begins; the text's end if there is none."""
        place = self._places.find(_START, start)
        for _ in range(tokens):
            if place < 0:
                break
            place = self._places.find(_START, place + 1)
        return place if place >= 0 else len(self._places)


def _places(text: str) -> bytes:
    """`_START` for each character with which a token begins, something else for all others."""
    kinds = text.encode("latin-1", _errors()).translate(_kinds())
    if "<" in text:
        kinds = _with_tags(text, kinds)
    kinds = kinds.replace(_BLANK * _LONGEST_BLANK, _run(_BLANK, _LONGEST_BLANK))
    for kind in (_WORD, _MARK):
        kinds = kinds.replace(kind * _LONGEST_RUN, _run(_BLANK, _LONGEST_RUN))
    # What remains of a run is less than a longest one, so a token begins where the kind changes: each byte becomes its
    # own kind and that of the one before it. As one large number that takes no step for each character.
    number = int.from_bytes(kinds, "little")
    pairs = number | number << (8 + _BITS)
    return pairs.to_bytes(len(kinds) + 2, "little")[: len(kinds)].translate(_beginnings())


@cache
def _beginnings() -> bytes:
    """What becomes of a character's kind together with that of the one before it."""
    found = bytearray(256)
    changes = [(_BLANK, _MARK), (_WITHIN, _MARK), (_WORD, _MARK)]
    changes += [(before, _WORD) for before in (_BLANK, _WITHIN, _MARK, _START)]
    changes += [(before, _START) for before in (_BLANK, _WITHIN, _MARK, _WORD, _START)]
    for before, kind in changes:
        found[before[0] << _BITS | kind[0]] = _START[0]
    return bytes(found)


def _run(rest: bytes, length: int) -> bytes:
    return _START + rest * (length - 1)


def _with_tags(text: str, kinds: bytes) -> bytes:
    """The same with tags as tokens. One that begins within a run of marks that is a token already is none."""
    marked = bytearray(kinds)
    end = 0
    refused = first = -1
    for tag in _TAG.finditer(text):
        start = run = tag.start()
        while run > end and run != refused and marked[run - 1] == _MARK[0]:
            run -= 1
        if run == refused:
            # The same run of marks goes on: it is not looked through once more.
            run = first
        if (start - run) % _LONGEST_RUN == 0:
            end = tag.end()
            marked[start:end] = _run(_WITHIN, end - start)
        else:
            refused, first = start, run
    return bytes(marked)


class _Kinds(dict[str, bytes]):
    """As `TOKEN` sees a character: `\\w`, `\\s`, or neither. Kept once asked for."""

    def __missing__(self, char: str) -> bytes:
        kind = self[char] = _WORD if char.isalnum() or char == "_" else _BLANK if char.isspace() else _MARK
        return kind


@cache
def _kinds() -> bytes:
    """The kinds of the characters of Latin-1."""
    return b"".join(map(_Kinds().__getitem__, map(chr, range(256))))


@cache
def _errors() -> str:
    """What stands for characters beyond Latin-1 when a text is encoded: one of the same kind."""
    kinds = _Kinds()

    def stand_in(error: UnicodeError) -> tuple[bytes, int]:
        if not isinstance(error, UnicodeEncodeError):
            raise error
        # Behind several such characters there are more: a text in another script is not asked about word by word.
        end = error.end if error.end - error.start == 1 else min(error.start + _STEP, len(error.object))
        return b"".join(map(kinds.__getitem__, error.object[error.start : end])).translate(_EXAMPLES), end

    codecs.register_error("luna-kind", stand_in)
    return "luna-kind"
