"""The last care that every extracted text gets, whatever it came from.

After this the text is final: citations point into it, so nothing behind this line may change a character.
"""

from __future__ import annotations

import re
import unicodedata

# Control characters without layout meaning, lone surrogates, non-characters, soft hyphens and marks of direction.
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
    "\ufdd0-\ufdef\ufff0-\uffff\ud800-\udfff]"
)
_BREAKS = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
# Bullets of symbol fonts: their signs lie in the private area or, without a map, among the controls.
_SYMBOL_BULLET = re.compile("^([^\\S\n]*)[\uf020-\uf0ff\x01-\x08\x0e-\x1f](?=[^\\S\n])", re.MULTILINE)
_OTHER_BREAKS = frozenset("\r\x0b\x0c\x85\u2028\u2029")
_SYMBOLS = frozenset(map(chr, [*range(0xF020, 0xF100), *range(0x01, 0x09), *range(0x0E, 0x20)]))
_MANY_BREAKS = re.compile(r"\n{3,}")
# „Netz-" at the end of a line and „betreiber" at the start of the next; a following conjunction keeps its hyphen.
_HYPHENATED = re.compile(r"(?P<before>[^\W\d_]{2,})(?P<hyphen>[-\u2010\u00ad])[^\S\n]*\n[^\S\n]*(?P<after>[^\W_][\w]*)")
_CONJUNCTIONS = frozenset(
    {
        "und",
        "oder",
        "bzw",
        "sowie",
        "u",
        "o",
        "als",
        "bis",
        "noch",
        "wie",
        "statt",
        "und/oder",
        "beziehungsweise",
        "and",
        "or",
    }
)


def clean(text: str) -> str:
    """NFC, one kind of line break, no control characters, no blanks at line ends, never more than one empty line."""
    # Only what a text holds is looked for: most hold none of it, and a search by pattern costs more than reading it.
    held = set(text)
    if not held.isdisjoint(_OTHER_BREAKS):
        text = _BREAKS.sub("\n", text)
    if not held.isdisjoint(_SYMBOLS):
        text = _SYMBOL_BULLET.sub(r"\1•", text)
    if any(map(_DROPPED.match, held)):
        text = _DROPPED.sub("", text)
    text = unicodedata.normalize("NFC", text)
    text = text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2011", "-")
    text = "\n".join(map(str.rstrip, text.split("\n")))
    if "\n\n\n" in text:
        text = _MANY_BREAKS.sub("\n\n", text)
    return text.strip("\n")


def join_hyphenated(text: str) -> str:
    """Join words that the layout has cut at a line end; hyphens that belong to the word stay.

    A capital, an abbreviation in capitals before the hyphen or a conjunction behind it shows that the hyphen is meant.
    """

    def join(found: re.Match[str]) -> str:
        before, hyphen, after = found["before"], found["hyphen"], found["after"]
        if hyphen == "\u00ad":
            return before + after
        if after.lower() in _CONJUNCTIONS:
            return f"{before}- {after}"
        if after[0].isdigit():
            return f"{before}-{after}"
        if after[0].isupper() or (len(before) > 1 and before.isupper()):
            return f"{before}-{after}"
        return before + after

    return _HYPHENATED.sub(join, text)
