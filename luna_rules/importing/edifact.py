"""EDIFACT syntax: service characters, segments, elements, components, with the number of each segment.

An own tokenizer: the library at hand reads letter by letter (a year of quarter-hours takes ten times as long) and keeps
no segment numbers, which the faults of an import are named by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from luna_rules.importing.model import UnreadableFileError

_SEGMENTS: Final = 40_000_000
_SEGMENT_LENGTH: Final = 65_536


@dataclass(frozen=True)
class Characters:
    """Service characters (UNA): component, element, decimal mark, release, terminator."""

    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str = "?"
    terminator: str = "'"


@dataclass(frozen=True)
class Segment:
    """A segment: its number from 1 (UNB is the first), tag and elements, each a list of components."""

    number: int
    tag: str
    elements: list[list[str]]

    def get(self, element: int, component: int = 0) -> str:
        """A component, empty where it is not there; elements count from 1 behind the tag."""
        if element > len(self.elements):
            return ""
        components = self.elements[element - 1]
        return components[component] if component < len(components) else ""


def decode_edifact(content: bytes) -> str:
    """Text of an interchange: UNOY is UTF-8, all others ISO 8859-1 or less."""
    if content.startswith(b"\xef\xbb\xbf"):
        return content[3:].decode("utf-8", errors="replace")
    if b"UNOY" in content[:200] or b"UNOW" in content[:200]:
        return content.decode("utf-8", errors="replace")
    return content.decode("latin-1")


def characters_of(text: str) -> tuple[Characters, str]:
    """The service characters, and the text behind UNA. Raises `UnreadableFileError` where they collide."""
    text = text.lstrip()
    if not text.startswith("UNA"):
        return Characters(), text
    mark = text[3:9]
    chars = Characters(mark[0], mark[1], mark[2], mark[3], mark[5])
    used = [chars.component, chars.element, chars.terminator] + ([chars.release] if chars.release != " " else [])
    if len(set(used)) != len(used) or any(char.isalnum() for char in used):
        raise UnreadableFileError("broken", f"Die Trennzeichen im Segment UNA sind nicht brauchbar: „{mark}“.")
    return chars, text[9:]


def segments(text: str, chars: Characters) -> Iterator[Segment]:
    """Segments in order; released characters are plain text. Raises `UnreadableFileError`."""
    released = chars.release != " " and chars.release in text
    if released:
        # A released character moves out of the way of splitting and comes back in each component.
        text = re.sub(
            re.escape(chars.release) + r"([\s\S])",
            lambda found: chr(0xF0000 + ord(found[1])) if ord(found[1]) < 0x10000 else found[1],
            text,
        )
    number = 0
    for raw in _split(text, chars.terminator):
        stripped = raw.strip("\r\n\t ")
        if not stripped:
            continue
        number += 1
        if number > _SEGMENTS:
            raise UnreadableFileError("too_many_rows", "Die Datei hat zu viele Segmente. Bitte teilen.")
        if len(stripped) > _SEGMENT_LENGTH:
            raise UnreadableFileError("broken", f"Segment {number} ist länger als {_SEGMENT_LENGTH} Zeichen.")
        elements = [element.split(chars.component) for element in stripped.split(chars.element)]
        if released:
            elements = [[_restored(component) for component in element] for element in elements]
        yield Segment(number, elements[0][0], elements[1:])


def _split(text: str, terminator: str) -> Iterator[str]:
    begin = 0
    while (end := text.find(terminator, begin)) >= 0:
        yield text[begin:end]
        begin = end + 1
    yield text[begin:]


def _restored(component: str) -> str:
    if component.isascii():
        return component
    return "".join(chr(ord(c) - 0xF0000) if 0xF0000 <= ord(c) < 0x100000 else c for c in component)
