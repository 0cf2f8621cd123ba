"""Words of a PDF page with their boxes, and words gathered to the lines that the eye sees.

All lengths are points. Boxes are turned so that the page's usual direction of text runs from left to right; `up` grows
towards the top of the page.
"""

from __future__ import annotations

import ctypes
import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as raw

MOST_WORDS = 20_000
"""A page of more words than this is not looked through for tables; a full page of small print has 2,000."""
_FARTHEST = 100_000.0
_ASKED = 41
_SAME_LINE = 0.45
# A blank is 0.2 to 0.3 of the size of the type; justified lines stretch it to 0.6 and rarely more.
_CELL_GAP = 0.85


Box = tuple[float, float, float, float]
"""Left, low, right, high."""


@dataclass(slots=True)
class Line:
    """A line as pdfium hands it out: its text, and the places of its first and last visible character and of its ends.

    Places count the page's characters; a place of -1 means that nothing visible is in the line.
    """

    text: str
    first: int
    last: int
    begin: int
    end: int


@dataclass(slots=True, eq=False)
class Word:
    """A word, its box, and where it stands: line of the page and offset in that line's text."""

    text: str
    left: float
    low: float
    right: float
    high: float
    size: float
    line: int
    offset: int

    @property
    def middle(self) -> float:
        """Half-way across the word."""
        return (self.left + self.right) / 2

    @property
    def height(self) -> float:
        """Half-way up the word."""
        return (self.low + self.high) / 2


@dataclass(slots=True, eq=False)
class Segment:
    """Words of one visible line with no more than a blank between them: a cell, or a line of a cell."""

    words: list[Word]
    text: str
    left: float
    right: float

    @property
    def middle(self) -> float:
        """Half-way across the segment."""
        return (self.left + self.right) / 2


@dataclass(slots=True, eq=False)
class VisibleLine:
    """What stands side by side on the page, from left to right."""

    segments: list[Segment]
    height: float
    size: float


def turn(box: Box, quarters: int) -> Box:
    """A box turned clockwise by so many quarters."""
    left, low, right, high = box
    match quarters % 4:
        case 1:
            return low, -right, high, -left
        case 2:
            return -right, -high, -left, -low
        case 3:
            return -high, left, -low, right
        case _:
            return box


def quarters(text_page: pdfium.PdfTextPage, lines: Sequence[Line]) -> int:
    """In which direction most lines run: 0 to the right, 1 upwards, 2 to the left, 3 downwards."""
    filled = [line.first for line in lines if line.first >= 0]
    votes: Counter[int] = Counter()
    for place in filled[:: max(1, len(filled) // _ASKED)]:
        # pdfium counts the angle clockwise.
        angle = raw.FPDFText_GetCharAngle(text_page.raw, place)
        if math.isfinite(angle) and angle >= 0:
            votes[-round(angle / (math.pi / 2)) % 4] += 1
    return votes.most_common(1)[0][0] if votes else 0


def words(
    text_page: pdfium.PdfTextPage, lines: Sequence[Line], direction: int, boxes: Sequence[Box] | None = None
) -> list[Word]:
    """The words that have a place on the page; none at all where there are more than `MOST_WORDS`.

    Of lines that neither begin nor end in one of the `boxes` (not turned yet) none is given.
    """
    if sum(line.text.count(" ") + 1 for line in lines) > MOST_WORDS:
        return []
    handle = text_page.raw
    box = raw.FS_RECTF()

    def corners(place: int) -> Box | None:
        if not raw.FPDFText_GetLooseCharBox(handle, place, box):
            return None
        left, low, right, high = float(box.left), float(box.bottom), float(box.right), float(box.top)
        # Whatever is no number is not greater than any.
        near = left > -_FARTHEST and low > -_FARTHEST and right < _FARTHEST and high < _FARTHEST
        return (left, low, right, high) if near and right >= left and high >= low else None

    found: list[Word] = []
    for number, line in enumerate(lines):
        if line.first < 0 or (boxes is not None and not _touches(handle, line, boxes)):
            continue
        places = _places(handle, line)
        at = 0
        for part in line.text.split():
            at = line.text.index(part, at)
            end = at + len(part)
            if end > len(places):
                break
            one, other = corners(places[at]), corners(places[end - 1])
            if one and other:
                whole = (min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3]))
                left, low, right, high = turn(whole, direction)
                size = float(raw.FPDFText_GetFontSize(handle, places[at]))
                size = min(size, high - low) if math.isfinite(size) and size > 1 else high - low
                if right > left and high > low and size > 1:
                    found.append(Word(part, left, low, right, high, size, number, at))
            at = end
    return found


def _touches(handle: object, line: Line, boxes: Sequence[Box]) -> bool:
    places = [found for place in (line.first, line.last) if (found := origin(handle, place, 0))]
    return any(left <= x <= right and low <= y <= high for x, y in places for left, low, right, high in boxes)


def _places(handle: object, line: Line) -> Sequence[int]:
    """For each character of a line's text its place among the page's characters."""
    spare = line.end - line.begin - len(line.text)
    if not spare or (spare == 1 and raw.FPDFText_GetUnicode(handle, line.end - 1) == 13):
        return range(line.begin, line.begin + len(line.text))
    found: list[int] = []
    for place in range(line.begin, line.end):
        code = raw.FPDFText_GetUnicode(handle, place)
        if code != 13 and not 0xD800 <= code < 0xDC00:
            found.append(place)
    return found


def visible_lines(found: Sequence[Word]) -> list[VisibleLine]:
    """Words gathered to lines, from the top down; raised marks of footnotes lie in the line that they belong to."""
    rows: list[list[Word]] = []
    reference = size = 0.0
    for word in sorted(found, key=lambda one: (-one.height, one.left)):
        if rows and reference - word.height < _SAME_LINE * min(max(size, word.size), 2 * min(size, word.size)):
            rows[-1].append(word)
            if word.size > 1.2 * size:
                reference, size = word.height, word.size
        else:
            rows.append([word])
            reference, size = word.height, word.size
    return [_line_of(row) for row in rows]


def _line_of(row: list[Word]) -> VisibleLine:
    row.sort(key=lambda one: one.left)
    size = max(word.size for word in row)
    groups = [[row[0]]]
    for before, word in itertools.pairwise(row):
        if word.left - before.right > _CELL_GAP * size:
            groups.append([word])
        else:
            groups[-1].append(word)
    heights = sorted(word.height for word in row if word.size > 0.8 * size)
    return VisibleLine([segment(group) for group in groups], heights[len(heights) // 2], size)


def segment(group: list[Word]) -> Segment:
    """Words that stand beside each other as one stretch."""
    return Segment(
        group,
        " ".join(word.text for word in group),
        min(word.left for word in group),
        max(word.right for word in group),
    )


def origin(handle: object, place: int, direction: int) -> tuple[float, float] | None:
    """Where a character stands on its base line, turned like the words; None where pdfium does not know."""
    across, up = ctypes.c_double(), ctypes.c_double()
    if place < 0 or not raw.FPDFText_GetCharOrigin(handle, place, across, up):
        return None
    left, low, _, _ = turn((across.value, up.value, across.value, up.value), direction)
    return left, low
