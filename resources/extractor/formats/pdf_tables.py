"""Tables of a PDF page, found by where words and strokes lie.

A page is looked at closely only where its strokes or its lines give cause; the others cost next to nothing.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium

from resources.extractor.formats.pdf_cells import UNITS, Content, content, is_number
from resources.extractor.formats.pdf_columns import aligned
from resources.extractor.formats.pdf_grids import grids, ruled
from resources.extractor.formats.pdf_rules import Budget, Rules, rules, turned
from resources.extractor.formats.pdf_words import Box, Line, Word, quarters, visible_lines, words

_FEWEST_STROKES = 3
_MARGIN = 3.0
# A number, perhaps with its unit, at the end of a line or on a line by itself; and two of them.
_FIGURE = rf"(?:^|\s)[<>±+\-–−]?\d(?:[\d.,]*\d)?(?:,-+)?(?:\s?{UNITS})?"
_FIGURE_LAST = re.compile(rf"{_FIGURE}\s*$")
_FIGURES_LAST = re.compile(rf"{_FIGURE}{_FIGURE}\s*$")
# Numbers at the end of a line of prose: „nach § 5“, „vom 3“, „Seite 4 von 10“.
_CITED = re.compile(
    r"(?:§§?|\b(?:Abs(?:atz|\.)|Satz|S\.|Nr\.|Nummern?|Art(?:ikel|\.)|Teil|Kapitel|Seite|Januar|Februar|März|April|Mai|Juni"
    r"|Juli|August|September|Oktober|November|Dezember|vo[nm]|bis|und|oder|nach|de[mnr]|bei|um|auf|in|ab|zu))"
    r"\s+\d[\d.,]*\s*$"
)
_AMOUNT = re.compile(r"(?<![\d,])\d[\d.]*,\d\d")
_NEXT_FIGURE = 5
_FEWEST_FIGURES = 3
_LONGEST_FIGURE = 30
_DIGITS = re.compile(r"\d+")
_FEWEST_REPEATS = 3
_FURNITURE_ROWS = 3
_SAME_COLUMN = 4.0
_FILLED_NUMBERS = 0.45
_FILLED_WORDS = 0.75
_LONGEST_REPEATED = 160


@dataclass(slots=True, eq=False)
class Table:
    """A table of a page: what it says, its columns, the words that it took, and its lines as they were."""

    content: Content
    columns: list[tuple[float, float]]
    words: list[Word]
    high: float
    plain: str = ""
    first: bool = False
    last: bool = False
    header: list[str] | None = None
    dropped: bool = False

    def text(self) -> str:
        """The table as Markdown, or its lines where it turned out to be none."""
        return self.plain if self.dropped else self.content.markdown(self.header)


def tables(page: pdfium.PdfPage, text_page: pdfium.PdfTextPage, lines: Sequence[Line], budget: Budget) -> list[Table]:
    """The tables of a page from the top down; they share no word."""
    strokes = turned(rules(page, budget), 0)
    boxes = [_with_margin(grid.box) for grid in grids(strokes)] if len(strokes) >= _FEWEST_STROKES else []
    figures = _has_figures(lines)
    if not boxes and not figures:
        return []
    direction = quarters(text_page, lines)
    left = words(text_page, lines, direction, None if figures else boxes)
    if not left:
        return []
    strokes = turned(strokes, direction)
    found = _ruled(strokes, left) if boxes else []
    if figures:
        taken = {word for table in found for word in table.words}
        left = [word for word in left if word not in taken]
        for one in aligned(visible_lines(left), strokes.level):
            inside = content(one.rows, one.header_rows)
            if inside is not None:
                found.append(Table(inside, one.columns, one.words, one.high))
    return sorted(found, key=lambda table: -table.high)


def _with_margin(box: Box) -> Box:
    return box[0] - _MARGIN, box[1] - _MARGIN, box[2] + _MARGIN, box[3] + _MARGIN


def _ruled(strokes: Rules, left: list[Word]) -> list[Table]:
    found: list[Table] = []
    for grid in sorted(grids(strokes), key=lambda one: (one.up[0] - one.up[-1]) * (one.across[-1] - one.across[0])):
        table = ruled(grid, left)
        inside = content(table.rows) if table is not None else None
        if table is not None and inside is not None and _is_regular(inside):
            taken = set(table.words)
            left = [word for word in left if word not in taken]
            found.append(Table(inside, table.columns, table.words, grid.up[0]))
    return found


def _is_regular(inside: Content) -> bool:
    """Whether cells are filled as a table's are: a form has boxes of many shapes, with words here and there."""
    cells = [text for row in inside.rows for text in row]
    numbers = sum(is_number(text) for row in inside.rows for text, own in zip(row, inside.numeric, strict=True) if own)
    filled = sum(map(bool, cells)) / len(cells)
    spoken = Counter(text for text in cells if len(text) > _LONGEST_REPEATED)
    if any(count > 1 for count in spoken.values()):
        return False
    if numbers:
        return filled >= _FILLED_NUMBERS and (numbers > 1 or all(inside.header))
    return len(inside.rows) > 1 and filled >= _FILLED_WORDS and bool(inside.header) and all(inside.header)


def _has_figures(lines: Sequence[Line]) -> bool:
    """Whether lines that end with a number or hold several follow each other closely, as rows of a table do."""
    last = -_NEXT_FIGURE
    near = 0
    for at, line in enumerate(lines):
        several = len(_AMOUNT.findall(line.text)) > 1 or _FIGURES_LAST.search(line.text[-2 * _LONGEST_FIGURE :])
        end = line.text[-_LONGEST_FIGURE:]
        if several or (_FIGURE_LAST.search(end) and not _CITED.search(end)):
            near = 0 if at - last > _NEXT_FIGURE else near
            near += 2 if several else 1
            last = at
            if near >= _FEWEST_FIGURES:
                return True
    return False


def settle(pages: Sequence[Sequence[Table]]) -> None:
    """Look at the tables of a whole document: a head that stands on each page is none, and one that goes on over a page
    has the header of its first page.
    """
    repeated: Counter[str] = Counter(
        key for page in pages for key in {_key(table) for table in page if _is_small(table)}
    )
    for page in pages:
        for table in page:
            table.dropped = _is_small(table) and repeated[_key(table)] >= _FEWEST_REPEATS
    before: Table | None = None
    for page in pages:
        own = [table for table in page if not table.dropped]
        if own and own[0].first and before is not None and not own[0].content.header and _same_columns(before, own[0]):
            _continue(before, own[0])
        before = own[-1] if own and own[-1].last else None


def _continue(before: Table, after: Table) -> None:
    """Give the second part of a table the header of the first, and the group that its last row stands in."""
    one, other = before.content, after.content
    after.header = before.header or one.header or None
    if one.grouped:
        if not other.grouped:
            other.rows = [["", *row] for row in other.rows]
            other.grouped = True
        group = one.rows[-1][0]
        for row in itertools.takewhile(lambda cells: not cells[0], other.rows):
            row[0] = group
    elif other.grouped and after.header:
        after.header = [after.header[0], "", *after.header[1:]]


def _is_small(table: Table) -> bool:
    return len(table.content.rows) + bool(table.content.header) <= _FURNITURE_ROWS


def _key(table: Table) -> str:
    return _DIGITS.sub("#", table.plain)


def _same_columns(before: Table, after: Table) -> bool:
    """Whether two tables may be one: as many columns, at the same places."""
    widths = [table.content.width - table.content.grouped for table in (before, after)]
    if widths[0] != widths[1] or len(before.columns) != len(after.columns):
        return False
    return all(
        one[0] < other[1] + _SAME_COLUMN and other[0] < one[1] + _SAME_COLUMN
        for one, other in zip(before.columns, after.columns, strict=True)
    )
