"""Tables of a PDF page without borders around their cells: lines whose numbers stand below each other.

Numbers in line are what tells such a table from two columns of prose, from addresses, lists and tables of contents.
Where in doubt lines stay lines.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from resources.extractor.formats.pdf_cells import (
    PURE_UNIT,
    Row,
    cell_text,
    is_number,
    is_quantity,
    is_value,
    names_unit,
)
from resources.extractor.formats.pdf_words import Segment, VisibleLine, Word

_LEADERS = re.compile(r"\.{4,}|(?:\. ){3,}|…{2,}|_{4,}")
_CUT_OFF = re.compile(r"(?:[,/(–-]|\b(?:und|oder|bis|mit|ohne|für|je|pro|der|des|im|in|von|zu|über|unter))$")
_FEWEST_ROWS = 3
_FURTHEST = 4.0
"""Sizes of type between two lines of one table at most."""
_HEADER_LINES = 5
_HEADER_STEP = 2.4
_ALIGNED = 2.5
_LONGEST_CELL = 140
_MOST_LINES = 800
_MOST_CUTS = 6

Column = tuple[float, float]


@dataclass(slots=True)
class Aligned:
    """A table without borders: its rows, how many of them are header, its words and its columns."""

    rows: list[Row]
    header_rows: int
    words: list[Word]
    columns: list[Column]
    high: float = 0.0


@dataclass(slots=True)
class _Run:
    """Lines that may be one table: where in the page's lines, and the columns that they share."""

    places: list[int]
    columns: list[Column] = field(default_factory=list[Column])


def aligned(lines: Sequence[VisibleLine], level: Sequence[tuple[float, float, float]]) -> list[Aligned]:
    """The tables among a page's visible lines; `level` strokes part rows."""
    if len(lines) > _MOST_LINES:
        return []
    found: list[Aligned] = []
    end = -1
    for run in _runs(lines):
        table = _table(lines, run, level, end + 1)
        if table is not None:
            found.append(table[0])
            end = table[1]
    return found


def _is_row(line: VisibleLine) -> bool:
    """Whether a line has a label (or another number) and a number apart from it."""
    segments = line.segments
    return (
        len(segments) > 1
        and any(is_number(one.text) for one in segments[1:])
        and all(len(one.text) <= _LONGEST_CELL and not _LEADERS.search(one.text) for one in segments)
    )


def _runs(lines: Sequence[VisibleLine]) -> list[_Run]:
    """Rows that follow each other closely enough and share their columns."""
    found: list[_Run] = []
    places = [at for at, line in enumerate(lines) if _is_row(line)]
    stretch: list[int] = []
    for at in [*places, -1]:
        if stretch and (at < 0 or not _near(lines, stretch[-1], at)):
            found += _consistent(lines, stretch)
            stretch = []
        stretch.append(at)
    return found


def _near(lines: Sequence[VisibleLine], before: int, at: int) -> bool:
    """Whether nothing but labels, and no large gap, is between two rows."""
    if at - before > 4:
        return False
    for one, other in itertools.pairwise(lines[before : at + 1]):
        if one.height - other.height > _FURTHEST * max(one.size, other.size):
            return False
    first = lines[at].segments[0]
    return all(
        _short(line) or len(line.segments) > 1 or line.segments[0].left > first.right for line in lines[before + 1 : at]
    )


def _short(line: VisibleLine) -> bool:
    return len(line.segments) == 1 and len(line.segments[0].text) <= _LONGEST_CELL


def _consistent(lines: Sequence[VisibleLine], stretch: list[int], depth: int = 0) -> list[_Run]:
    """A stretch of rows cut where the columns change."""
    found: list[_Run] = []
    left = stretch
    while len(left) > 1:
        columns: list[Column] = []
        fit: set[int] = set()
        for at in sorted(left, key=lambda one: -len(lines[one].segments)):
            grown = _grown(columns, lines[at].segments)
            if grown is not None:
                columns = grown
                fit.add(at)
        run: list[int] = []
        longest: list[int] = []
        for at in left:
            run = [*run, at] if at in fit else []
            longest = run if len(run) > len(longest) else longest
        if len(longest) < 2:
            break
        columns = []
        for at in longest:
            columns = _grown(columns, lines[at].segments) or columns
        found.append(_Run(longest, columns))
        position = left.index(longest[-1])
        if depth < _MOST_CUTS and left.index(longest[0]) > 1:
            found += _consistent(lines, left[: left.index(longest[0])], depth + 1)
        left = left[position + 1 :]
    return sorted(found, key=lambda one: one.places[0])


def _grown(columns: list[Column], segments: Sequence[Segment]) -> list[Column] | None:
    """The columns with a row's cells in them; None where a cell lies over two, or two cells in one."""
    grown = list(columns)
    used: set[int] = set()
    new: list[Column] = []
    for one in segments:
        over = [at for at, (left, right) in enumerate(columns) if one.left < right - 1 and one.right > left + 1]
        if len(over) > 1 or (over and over[0] in used):
            return None
        if over:
            used.add(over[0])
            left, right = grown[over[0]]
            grown[over[0]] = (min(left, one.left), max(right, one.right))
        else:
            new.append((one.left, one.right))
    grown = sorted([*grown, *new])
    if any(before[1] > after[0] + 1 for before, after in itertools.pairwise(grown)):
        return None
    return grown


def _at(columns: Sequence[Column], one: Segment) -> int:
    """The column of a cell: that over which most of it lies, else the nearest."""

    def distance(at: int) -> tuple[float, float]:
        left, right = columns[at]
        return -max(0.0, min(right, one.right) - max(left, one.left)), abs((left + right) / 2 - one.middle)

    return min(range(len(columns)), key=distance)


def _table(
    lines: Sequence[VisibleLine], run: _Run, level: Sequence[tuple[float, float, float]], free: int
) -> tuple[Aligned, int] | None:
    """The table of a run with its header, and its last line; None where it is none after all."""
    columns = run.columns
    if len(columns) < 2 or (len(run.places) < _FEWEST_ROWS and (len(columns) < 3 or len(run.places) < 2)):
        return None
    cells = [[[] for _ in columns] for _ in run.places]
    for row, at in zip(cells, run.places, strict=True):
        for one in lines[at].segments:
            row[_at(columns, one)].append(one)
    numeric = [_is_numeric([row[place] for row in cells]) for place in range(len(columns))]
    if not any(numeric[1:]):
        return None
    first = run.places[0]
    header, start = _header(lines, columns, numeric, first, free)
    values = [one for row in cells for place, group in enumerate(row) if numeric[place] for one in group]
    measured = sum(is_quantity(one.text) for one in values)
    if sum(numeric) == 1 and 2 * measured < len(values) and not any(map(names_unit, header[-1] if header else [])):
        return None
    if header and header[-1][-1].lower() in ("seite", "page", "s."):
        return None
    body, last = _body(lines, run, columns, level, start)
    rows = [Row(texts) for texts in header] + body
    rows, columns = _units_joined(rows, columns, len(header))
    if len(columns) < 2:
        return None
    high = header_top = lines[start].height
    if header:
        header_top = lines[start - len(header)].height
    own = lines[start - len(header) : last + 1]
    words = [word for line in own for one in line.segments for word in one.words]
    return Aligned(rows, len(header), words, columns, max(high, header_top)), last


def _is_numeric(column: list[list[Segment]]) -> bool:
    """Whether a column's cells are mostly values, and these are in line on one side, in the middle or at the comma."""
    filled = [group for group in column if group]
    numbers = [group[0] for group in filled if len(group) == 1 and is_number(group[0].text)]
    values = sum(len(group) == 1 and is_value(group[0].text) for group in filled)
    if not numbers or 5 * values < 3 * len(filled) or 2 * len(filled) < len(column):
        return False
    sides = (
        [one.right for one in numbers],
        [one.left for one in numbers],
        [one.middle for one in numbers],
        [_comma(one) for one in numbers],
    )
    return any(_in_line(side) for side in sides)


def _in_line(places: list[float]) -> bool:
    middle = sorted(places)[len(places) // 2]
    return 4 * sum(abs(place - middle) <= _ALIGNED for place in places) >= 3 * len(places)


def _comma(one: Segment) -> float:
    """About where a number's comma stands; its end where it has none."""
    figure = re.match(r"[\d.\s]*", one.text)
    share = figure.end() / len(one.text) if figure else 1.0
    return one.left + share * (one.right - one.left)


def _header(
    lines: Sequence[VisibleLine], columns: list[Column], numeric: list[bool], first: int, free: int
) -> tuple[list[list[str]], int]:
    """The rows of the header above a table's first row, each cell in its column, and where the body begins."""
    best = first
    found: dict[int, list[str]] = {}
    for at in range(first - 1, max(free - 1, first - 1 - _HEADER_LINES), -1):
        line, below = lines[at], lines[at + 1]
        if line.height - below.height > _HEADER_STEP * max(line.size, below.size):
            break
        cells = _header_cells(line, columns)
        if cells is None:
            break
        found[at] = cells
        if any(cells[1:]):
            best = at
    places = [at for at in range(best, first) if at in found]
    # Labels alone, directly above the first row, name its group.
    while places and not any(found[places[-1]][1:]):
        places.pop()
    rows = [found[at] for at in places]
    if not any(cell for row in rows for cell, number in zip(row, numeric, strict=True) if number):
        return [], first
    return rows, places[-1] + 1 if places else first


def _header_cells(line: VisibleLine, columns: list[Column]) -> list[str] | None:
    """The words of a line above a table by columns; None where the line is none of its header."""
    found: list[list[str]] = [[] for _ in columns]
    for one in line.segments:
        if (
            len(one.text) > _LONGEST_CELL
            or _LEADERS.search(one.text)
            or (one.text.endswith((".", ";")) and len(one.text) > 20)
        ):
            return None
        over = _under(one, columns)
        if over[0] == 0 and len(over) > 1:
            return None
        for at in over:
            found[at].append(one.text)
    if len(line.segments) == 1 and found[0] and line.segments[0].right > columns[0][1] + 2 * line.size:
        return None
    return [cell_text(texts) for texts in found]


def _under(one: Segment, columns: list[Column]) -> list[int]:
    """The columns that a cell of a header stands above: several where it reaches over them or between them."""
    over = [
        at
        for at, (left, right) in enumerate(columns)
        if min(right, one.right) - max(left, one.left) > 0.3 * (right - left)
    ]
    if len(over) > 1:
        return over
    for at, (before, after) in enumerate(itertools.pairwise(columns)):
        gap = after[0] - before[1]
        if (
            at
            and before[1] + 0.25 * gap < one.middle < after[0] - 0.25 * gap
            and one.left < before[1]
            and one.right > after[0]
        ):
            return [at, at + 1]
    return over or [_at(columns, one)]


def _body(
    lines: Sequence[VisibleLine],
    run: _Run,
    columns: list[Column],
    level: Sequence[tuple[float, float, float]],
    start: int,
) -> tuple[list[Row], int]:
    """The rows from line `start`, each line without numbers with its row or as a group's name; and the last line."""
    anchors = set(run.places)
    last = run.places[-1]
    steps = [one.height - other.height for one, other in itertools.pairwise(lines[start : last + 1])]
    usual = sorted(steps)[len(steps) // 2] if steps else 1.3 * lines[start].size
    while last + 1 < len(lines) and _goes_on(lines, last, columns, min([usual, *steps]), level):
        last += 1
    owner: dict[int, int] = {}
    for at in range(start, last + 1):
        if at in anchors:
            owner[at] = at
            continue
        above = max((one for one in anchors if one < at), default=None)
        below = min((one for one in anchors if one > at), default=None)
        owner[at] = _owner(lines, at, above, below, owner, level)
    rows: list[Row] = []
    for number in sorted(set(owner.values())):
        texts: list[list[str]] = [[] for _ in columns]
        for at in sorted(one for one, own in owner.items() if own == number):
            for one in lines[at].segments:
                texts[_at(columns, one)].append(one.text)
        cells = [cell_text(group) for group in texts]
        rows.append(Row(cells, number not in anchors and sum(map(bool, cells)) == 1))
    return rows, last


def _parted(level: Sequence[tuple[float, float, float]], one: VisibleLine, other: VisibleLine) -> bool:
    """Whether a level stroke runs between two lines."""
    left = one.segments[0].left
    return any(
        other.height < up < one.height and begin <= left + other.size and end > left + 4 * other.size
        for up, begin, end in level
    )


def _owner(
    lines: Sequence[VisibleLine],
    at: int,
    above: int | None,
    below: int | None,
    owner: dict[int, int],
    level: Sequence[tuple[float, float, float]],
) -> int:
    """To which row a line without numbers belongs: the one above, the one below, or itself as a group's name."""
    line = lines[at]
    text = line.segments[0].text
    before = owner.get(at - 1)
    up = lines[at - 1].height - line.height if before is not None else None
    down = line.height - lines[at + 1].height if at + 1 < len(lines) else None
    parted_up = before is not None and _parted(level, lines[at - 1], line)
    parted_down = down is not None and _parted(level, line, lines[at + 1])
    if parted_up and parted_down:
        return at
    if parted_up and below is not None and not parted_down and not _is_group(lines, at, below):
        return below
    if before is not None and not parted_up:
        said = lines[at - 1].segments[0].text
        if text[:1].islower() or text[:1] in "(/" or _CUT_OFF.search(said) or parted_down:
            return before
        if up is not None and down is not None and below is not None and up < 0.85 * down:
            return before
        if below is None:
            return before
    if below is not None and down is not None and down < 0.8 * line.size + 1:
        return below  # a label of two lines whose numbers stand half-way between them
    if below is not None and lines[below].segments[0].left > line.segments[0].right:
        return below  # the row has no label of its own
    if below is not None and up is not None and down is not None and down < 0.85 * up and _CUT_OFF.search(text):
        return below
    return at


def _is_group(lines: Sequence[VisibleLine], at: int, below: int) -> bool:
    """Whether a line of its own names a group: the row below has a label too, and does not go on amid a sentence."""
    return (
        not lines[below].segments[0].text[:1].islower() and lines[below].segments[0].left <= lines[at].segments[0].right
    )


def _goes_on(
    lines: Sequence[VisibleLine],
    last: int,
    columns: list[Column],
    step: float,
    level: Sequence[tuple[float, float, float]],
) -> bool:
    """Whether the label of the last row has another line below it."""
    line, above = lines[last + 1], lines[last]
    if len(line.segments) > 1 or above.height - line.height > 1.05 * step or _parted(level, above, line):
        return False
    one = line.segments[0]
    label = above.segments[0]
    return (
        abs(one.left - label.left) < 2 * line.size
        and one.right <= columns[0][1] + line.size
        and (one.text[:1].islower() or one.text[:1] == "(" or _CUT_OFF.search(label.text) is not None)
        and not is_value(one.text)
    )


def _units_joined(rows: list[Row], columns: list[Column], header_rows: int) -> tuple[list[Row], list[Column]]:
    """Columns of nothing but units, joined with the numbers that they stand behind: „12,34“ and „€/a“."""
    for place in range(len(columns) - 1, 0, -1):
        body = [row.cells for row in rows[header_rows:] if not row.whole]
        if all(
            not cells[place] or (PURE_UNIT.fullmatch(cells[place]) and is_value(cells[place - 1])) for cells in body
        ):
            for row in rows:
                both = f"{row.cells[place - 1]} {row.cells[place]}".strip()
                row.cells[place - 1 : place + 1] = [both]
            columns = [*columns[: place - 1], (columns[place - 1][0], columns[place][1]), *columns[place + 1 :]]
    return rows, columns
