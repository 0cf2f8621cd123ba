"""Headings that a text's markup tells: lines with `#`, and bold lines.

What a heading means for a law is `laws.py`'s business.
"""

from __future__ import annotations

import re

import msgspec

# Without `^` an expression begins with a character that can be looked for, not with a place in each line.
_ATX = re.compile(r"(##{0,5})[ \t]+([^\n]*?)[ \t#]*\r?$", re.MULTILINE)
_BOLD = re.compile(r"(\*\*|__)(?=\S)([^\n]{1,250}?)[ \t]*\r?$", re.MULTILINE)
_NUMBER = re.compile(r"(?:§|Art(?:ikel|\.)?)[ \xa0]*[\divxlc]{1,6}[ \xa0]?[a-z]?\.?", re.IGNORECASE)
_BESIDE_WORDS = re.compile(r"\[([^\[\]]+)\]\([^()\s]*\)|<[A-Za-z/][^<>]*>|[ \t]*\{[#.][^{}]*\}\Z")
"""What may stand in a heading of Markdown besides its words: the link around them, anchors, an attribute list."""
BOLD_LEVEL = 7
"""Bold lines stand below all headings that are marked as such."""


class Heading(msgspec.Struct, frozen=True):
    """A heading's line at `start…end` of a text (without the line break), its level from 1, and its words."""

    start: int
    end: int
    level: int
    text: str


def marked_headings(text: str) -> list[Heading]:
    """The lines with `#` in order, their words without links, anchors and attribute lists."""
    return [
        Heading(found.start(), found.end(), len(found[1]), _words_of(found[2]))
        for found in _ATX.finditer(text)
        if _begins_line(text, found.start())
    ]


def bold_headings(text: str) -> list[Heading]:
    """Bold lines, as converters write the headings of a text whose styles they do not know, in order.

    Of a section's heading the number alone may be bold: „**§ 3** Anzeige“.
    """
    found: list[Heading] = []
    for match in _BOLD.finditer(text) if "**" in text or "__" in text else ():
        if not _begins_line(text, match.start()):
            continue
        mark, row = match[1], match[2]
        words = row.replace(mark, "").strip()
        numbered = _NUMBER.fullmatch(row.split(mark, 1)[0])
        if words and (row.endswith(mark) or (numbered and words[-1] not in ".,;:")):
            found.append(Heading(match.start(), match.end(), BOLD_LEVEL, words))
    return found


def _begins_line(text: str, place: int) -> bool:
    """Whether at most three blanks stand before a place in its line: Markdown takes more for a block of code."""
    start = place
    while start and text[start - 1] == " ":
        start -= 1
    return place - start <= 3 and (not start or text[start - 1] == "\n")


def _words_of(heading: str) -> str:
    if "](" in heading or "<" in heading or heading.endswith("}"):
        heading = _BESIDE_WORDS.sub(lambda found: found[1] or "", heading)
    return heading.strip()
