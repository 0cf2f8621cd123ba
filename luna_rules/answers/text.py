"""Cleaning and folding of text before answers are compared with their sources.

Only rules on the level of characters and words belong here.
"""

from __future__ import annotations

import re
import unicodedata

from luna_rules.search.words import fold

# Zero-width, bidirectional and other format characters; soft hyphens too: they hide digits and ids from a comparison.
_KEEP_CONTROL = frozenset("\n\t")
_SPACES = re.compile(r"\s+")
_PLAIN = re.compile(r"[\x20-\x7e\n\täöüÄÖÜß§€„“”‚‘’–—…½°²³]*")


def clean(text: str) -> str:
    """Text without characters that are invisible or turn its direction, with every decimal digit as ASCII.

    Typographic characters stay as they are; the result is fit to be shown.
    """
    # The one character that laws are full of and that does not stay: without it most of their sentences are plain.
    text = text.replace("\xa0", " ")
    if _PLAIN.fullmatch(text):
        return text
    out: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if category in ("Cf", "Co", "Cs") or (category == "Cc" and char not in _KEEP_CONTROL):
            if char == "\r":
                out.append("\n")
            continue
        if 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF:
            continue
        if category == "Nd" and not char.isascii():
            out.append(str(unicodedata.digit(char)))
        elif category == "Zs":
            out.append(" ")
        elif 0xFF01 <= ord(char) <= 0xFF5E:
            out.append(chr(ord(char) - 0xFEE0))
        else:
            out.append(char)
    return "".join(out)


def comparable(text: str) -> str:
    """Text for comparing: compatibility forms resolved, case folded, runs of white space as one blank."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", clean(text))).strip().lower()


def only_words(text: str) -> str:
    """The words of a text, folded, for comparing names whatever their punctuation and quotes."""
    return " ".join(fold(word) for word in re.findall(r"\w+", comparable(text)))


def word_set(words: str) -> frozenset[str]:
    """The words of a list that is written as running text."""
    return frozenset(words.split())
