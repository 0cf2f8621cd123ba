"""Finds the headings of documents that are no laws, marked up or only recognisable by their shape.

Gives the outline: stretches of text, each with the headings above it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from luna_rules.documents.blocks import lines, readable_text, strip_span
from luna_rules.documents.model import ExtractedText
from luna_rules.documents.page_lines import below_page_lines
from luna_rules.documents.sentences import ITEM_MARKER

_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+([^\r\n]*?)[ \t#]*\r?$", re.MULTILINE)
_SETEXT = re.compile(
    r"^(?P<title>[^\s#|>=-][^\r\n]{0,150}[^\s])[ \t]*\r?\n(?P<rule>={3,}|-{3,})[ \t]*\r?$", re.MULTILINE
)
_FENCE = re.compile(r"^(`{3,}|~{3,})[^\r\n]*$", re.MULTILINE)
_NUMBERED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})\.?[ \t\xa0]+(?P<title>[A-ZÄÖÜ„\"][^\r\n]{1,100})\Z")
_LEADER = re.compile(r"(?:\.[ \xa0]?){4,}\s*\d*\Z|\t\s*\d+\Z")
_BLANK = re.compile(r"\n[ \t\r]*\n")
_NEVER_LAST_WORDS = """
    der die das den dem des ein eine einen einem einer eines und oder sowie mit von vom zu zum zur für auf aus bei in im
    an am nach über unter durch ohne gegen wenn dass sich nicht ist sind wird werden
"""
_NEVER_LAST = frozenset(_NEVER_LAST_WORDS.split())
"""Words that no heading ends with."""
_SENTENCE_ENDS = re.compile(r"[a-zäöüß]{2}\. [A-ZÄÖÜ]")
_LONGEST = 80
_LONGEST_BELOW = 120
"""Characters of the lines right below a title that go on with it."""
_TITLE_WITHIN = 1000
_MOST_TITLE_LINES = 4
_FEWEST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """The text from one heading (included) to the next. `path` are the headings above it, outermost first."""

    start: int
    end: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    level: int
    title: str


def outline(extracted: ExtractedText) -> tuple[str | None, list[Part]]:
    """The document's title, where its headings tell one, and its parts in order; together they cover the text."""
    text = extracted.text
    found = _marked(text)
    if not found or extracted.markup == "plain":
        found = sorted([*found, *_shaped(text, {heading.start for heading in found})], key=lambda item: item.start)
    title: str | None = None
    named = False
    top = [heading for heading in found if heading.level == 1]
    if len(top) == 1 and found[0] is top[0] and len(found) > 1 and not text[: top[0].start].strip():
        title, named = top[0].title, True
    if title is None and extracted.markup == "plain":
        title = _first_line(text)
    parts: list[Part] = []
    stack: list[_Found] = []
    place = 0
    path: tuple[str, ...] = ()
    for heading in found:
        if heading.start > place:
            parts.append(Part(place, heading.start, path))
        while stack and stack[-1].level >= heading.level:
            stack.pop()
        stack.append(heading)
        path = tuple(item.title for item in stack if not (named and item is top[0]))
        place = heading.start
    parts.append(Part(place, len(text), path))
    return title, _without_bare_headings(text, parts, found)


def _first_line(text: str) -> str | None:
    """The first line, where it stands alone or in a block of a few short lines, and none of them is a sentence."""
    block = _BLANK.split(below_page_lines(text[:_TITLE_WITHIN]).lstrip("\ufeff\r\n\f \t"), maxsplit=1)
    rows = [" ".join(row.split()) for row in block[0].splitlines()]
    if len(block) < 2 or not 0 < len(rows) <= _MOST_TITLE_LINES or sum(map(str.isalpha, rows[0])) < _FEWEST_LETTERS:
        return None
    short = all(len(row) <= _LONGEST_BELOW and row[-1:] not in ".,;:" and "|" not in row for row in rows)
    if not short or len(rows[0]) > _LONGEST:
        return None
    title = rows[0]
    for row in rows[1:]:
        if title.rsplit(" ", 1)[-1] not in _NEVER_LAST:
            break
        title += f" {row}"
    return title


def _without_bare_headings(text: str, parts: list[Part], found: Sequence[_Found]) -> list[Part]:
    """Joins a heading that has no text of its own to what follows, so that no chunk is a heading alone."""
    ends = {heading.start: heading.end for heading in found}
    joined: list[Part] = []
    begin: int | None = None
    for number, part in enumerate(parts):
        start = part.start if begin is None else begin
        bare = part.start in ends and not text[ends[part.start] : part.end].strip()
        if bare and number + 1 < len(parts) and parts[number + 1].path[: len(part.path)] == part.path:
            begin = start
            continue
        begin = None
        joined.append(Part(start, part.end, part.path))
    return joined


def _tidy(title: str) -> str:
    return " ".join(readable_text(title).strip("*_# \t").split())


def _marked(text: str) -> list[_Found]:
    fences = [match.start() for match in _FENCE.finditer(text)] if "```" in text or "~~~" in text else []
    fenced = list(zip(fences[::2], fences[1::2], strict=False))
    found = [_Found(m.start(), m.end(), len(m.group(1)), _tidy(m.group(2))) for m in _ATX.finditer(text)]
    if "\n===" in text or "\n---" in text:
        found.extend(
            _Found(m.start(), m.end(), 1 if m.group("rule")[0] == "=" else 2, _tidy(m.group("title")))
            for m in _SETEXT.finditer(text)
        )
    found.sort(key=lambda item: item.start)
    kept: list[_Found] = []
    position = 0
    for heading in found:
        while position < len(fenced) and fenced[position][1] < heading.start:
            position += 1
        inside = position < len(fenced) and fenced[position][0] < heading.start
        if heading.title and not inside and (not kept or heading.start >= kept[-1].end):
            kept.append(heading)
    return kept


def _shaped(text: str, known: set[int]) -> list[_Found]:
    """Headings of plain text: numbered lines, lines in capitals, and title lines that stand alone above a paragraph."""
    rows: list[tuple[int, int, bool]] = []
    blank = True
    for start, end in lines(text, 0, len(text)):
        left, right = strip_span(text, start, end)
        if left == right:
            blank = True
            continue
        rows.append((left, right, blank or "\f" in text[start:left]))
        blank = "\f" in text[right:end]
    found: list[_Found] = []
    last: tuple[int, ...] = ()
    for position, (start, end, apart) in enumerate(rows):
        if end - start > 110 or start in known:
            continue
        row = text[start:end]
        following = rows[position + 1] if position + 1 < len(rows) else None
        if following is None or _LEADER.search(row):
            continue
        numbered = _NUMBERED.match(row)
        if numbered:
            number = tuple(int(item) for item in numbered.group("number").split("."))
            if _continues(last, number) and _stands_out(text, rows, position, len(number)):
                last = number
                found.append(_Found(start, end, len(number), _tidy(row)))
            continue
        if not apart or end - start > _LONGEST or row[-1] in ".,;:!?-–" or ITEM_MARKER.match(row + " "):
            continue
        letters = [char for char in row if char.isalpha()]
        if len(letters) < 4 or "|" in row or "\t" in row or not row[0].isalnum():
            continue
        after = text[following[0] : following[1]]
        if all(char.isupper() for char in letters):
            if len(letters) * 2 > len(row):
                found.append(_Found(start, end, 1, _tidy(row)))
        elif letters[0].isupper() and following[2] and len(after) > end - start and len(after) >= _LONGEST:
            found.append(_Found(start, end, 2, _tidy(row)))
    return found


def _continues(last: tuple[int, ...], number: tuple[int, ...]) -> bool:
    """Whether a numbered heading may follow the last one: 2 after 1.4, 2.1 after 2, 2.2 after 2.1.3."""
    if number[0] > 40 or 0 in number[:1]:
        return False
    if not last:
        return number[0] == 1 or len(number) > 1
    return number > last and number[0] <= last[0] + 1


def _goes_on(text: str, rows: Sequence[tuple[int, int, bool]], position: int) -> bool:
    """Whether a line is the first of a sentence that a line break cut: „4.2 Auf Wunsch rechnen wir über eine“."""
    start, end, _ = rows[position]
    last = text[start:end].rsplit(None, 1)[-1]
    following = rows[position + 1] if position + 1 < len(rows) else None
    below = text[following[0]] if following is not None and not following[2] else ""
    return below.islower() or last.lower() in _NEVER_LAST or _SENTENCE_ENDS.search(text, start, end) is not None


def _stands_out(text: str, rows: Sequence[tuple[int, int, bool]], position: int, depth: int) -> bool:
    """A numbered line is a heading unless it reads like a sentence or is one of several list items in a row."""
    start, end, _ = rows[position]
    if text[end - 1] in ".,;:" or len(text[start:end].split()) > 14 or _goes_on(text, rows, position):
        return False
    if depth > 1:
        return True
    for neighbour in (position - 1, position + 1):
        if 0 <= neighbour < len(rows):
            row = text[rows[neighbour][0] : rows[neighbour][1]]
            if re.match(r"\d{1,2}\.?\s", row):
                return False
    return True
