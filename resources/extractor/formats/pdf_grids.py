"""Tables of a PDF page whose cells have borders."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from resources.extractor.formats.pdf_cells import Row, cell_text, is_number, is_value
from resources.extractor.formats.pdf_rules import Rules
from resources.extractor.formats.pdf_words import Box, VisibleLine, Word, visible_lines

_TOUCH = 3.0
_COVERED = 0.6
_FEWEST_CELLS = 4
_MOST_COLUMNS = 60
_MOST_ROWS = 600
_MOST_CELLS = 12_000
_MOST_STROKES = 4_000


@dataclass(slots=True)
class Grid:
    """Strokes that cross each other: where columns (left to right) and rows (from the top) are cut."""

    across: list[float]
    up: list[float]
    rules: Rules

    @property
    def box(self) -> Box:
        """All that its strokes enclose."""
        return self.across[0], self.up[-1], self.across[-1], self.up[0]


@dataclass(slots=True)
class Ruled:
    """Rows of a ruled table, the words they are made of, and its columns as `(left, right)`."""

    rows: list[Row]
    words: list[Word]
    columns: list[tuple[float, float]]


def grids(found: Rules) -> list[Grid]:
    """Groups of strokes that hang together and part a surface into four cells or more."""
    if len(found) > _MOST_STROKES:
        return []
    parent = list(range(len(found)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    ordered = sorted(range(len(found.upright)), key=lambda at: found.upright[at][0])
    places = [found.upright[at][0] for at in ordered]
    for level, (up, left, right) in enumerate(found.level):
        for at in ordered[bisect_right(places, left - _TOUCH) : bisect_right(places, right + _TOUCH)]:
            _, low, high = found.upright[at]
            if low - _TOUCH <= up <= high + _TOUCH:
                parent[root(len(found.level) + at)] = root(level)
    groups: dict[int, Rules] = defaultdict(Rules)
    for at, stroke in enumerate(found.level):
        groups[root(at)].level.append(stroke)
    for at, stroke in enumerate(found.upright):
        groups[root(len(found.level) + at)].upright.append(stroke)
    result: list[Grid] = []
    for group in groups.values():
        if not group.upright or not group.level or len(group) < 3:
            continue
        lefts = [left for _, left, _ in group.level] + [across for across, _, _ in group.upright]
        rights = [right for _, _, right in group.level] + [across for across, _, _ in group.upright]
        lows = [low for _, low, _ in group.upright] + [up for up, _, _ in group.level]
        highs = [high for _, _, high in group.upright] + [up for up, _, _ in group.level]
        across = _apart([min(lefts), *(one[0] for one in group.upright), max(rights)])
        up = _apart([min(lows), *(one[0] for one in group.level), max(highs)])[::-1]
        columns, rows = len(across) - 1, len(up) - 1
        if (
            columns * rows >= _FEWEST_CELLS
            and columns <= _MOST_ROWS
            and rows <= _MOST_ROWS
            and columns * rows <= _MOST_CELLS
        ):
            result.append(Grid(across, up, group))
    return result


def _apart(places: list[float]) -> list[float]:
    """Places in ascending order, those that are nearly the same only once."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > _TOUCH:
            found.append(place)
    return found


def ruled(grid: Grid, page_words: Sequence[Word]) -> Ruled | None:
    """The table that a grid's cells hold; None where hardly a row is divided into cells by strokes."""
    width, depth = len(grid.across) - 1, len(grid.up) - 1
    left, low, right, high = grid.box
    within = [word for word in page_words if left < word.middle < right and low < word.height < high]
    if not 2 <= width <= _MOST_COLUMNS or len(within) < 2:
        return None
    cells = _Cells(grid)
    inside: dict[tuple[int, int], list[Word]] = defaultdict(list)
    taken: list[Word] = []
    for word in within:
        place = cells.at(word.middle, word.height)
        if place is not None:
            inside[place].append(word)
            taken.append(word)
    lines = {place: visible_lines(group) for place, group in inside.items()}
    rows: list[Row] = []
    for number in range(depth):
        found = [cells.home(number, column) for column in range(width)]
        own = [place for place in dict.fromkeys(found) if place in lines]
        if not own:
            continue
        if not any(cells.top(place) == number for place in own):
            continue  # nothing but cells that reach down from above
        rows += _split(found, lines, cells, number)
    divided = sum(not row.whole and sum(map(bool, row.cells)) > 1 for row in rows)
    if divided < 2 or 2 * divided < len(rows):
        return None
    return Ruled(rows, taken, list(itertools.pairwise(grid.across)))


def _split(
    found: list[tuple[int, int]],
    lines: dict[tuple[int, int], list[VisibleLine]],
    cells: _Cells,
    number: int,
) -> list[Row]:
    """One row, or several where columns of numbers show that more than one stands between two strokes."""
    whole = len(set(found)) == 1
    single = {place for place in found if cells.top(place) == cells.bottom(place) == number}
    anchors: list[list[float]] = []
    for place in dict.fromkeys(found):
        own = lines.get(place, [])
        texts = [_text(line) for line in own]
        if place in single and len(own) > 1 and all(map(is_value, texts)) and any(map(is_number, texts)):
            anchors.append([line.height for line in own])
    size = max((line.size for place in found for line in lines.get(place, [])), default=0.0)
    even = anchors and all(
        len(one) == len(anchors[0]) and all(abs(a - b) < 0.5 * size for a, b in zip(one, anchors[0], strict=True))
        for one in anchors
    )
    if whole or not even or not _labelled(found, lines, single, anchors[0]):
        return [Row([_shown(place, column, lines, cells, number) for column, place in enumerate(found)], whole)]
    heights = anchors[0]
    parts = [[list[str]() for _ in found] for _ in heights]
    for column, place in enumerate(found):
        if place not in single:
            for part in parts:
                part[column] = [_shown(place, column, lines, cells, number)]
        elif cells.left(place) == column:
            for line in lines.get(place, []):
                # A line belongs to the last number that does not stand clearly below it.
                at = sum(height > line.height - 0.5 * size for height in heights)
                parts[max(0, at - 1)][column].append(_text(line))
    return [Row([cell_text(texts) for texts in part]) for part in parts]


def _labelled(
    found: list[tuple[int, int]],
    lines: dict[tuple[int, int], list[VisibleLine]],
    single: set[tuple[int, int]],
    heights: list[float],
) -> bool:
    """Whether every number has words of its own beside it, so that it is a row and no second line of a cell."""
    beside = [lines.get(place, []) for place in dict.fromkeys(found) if place in single]
    return any(
        not all(is_value(_text(line)) for line in own)
        and all(any(abs(line.height - height) < 0.5 * line.size for line in own) for height in heights)
        for own in beside
    ) or all(all(is_value(_text(line)) for line in own) for own in beside if own)


def _text(line: VisibleLine) -> str:
    return " ".join(segment.text for segment in line.segments)


def _shown(
    place: tuple[int, int],
    column: int,
    lines: dict[tuple[int, int], list[VisibleLine]],
    cells: _Cells,
    number: int,
) -> str:
    """What a row says in a column: a cell over several rows speaks in each, one over several columns to each number."""
    text = cell_text([_text(line) for line in lines.get(place, [])])
    if cells.left(place) == column or cells.heads(place) or is_number(text):
        return text
    return ""


class _Cells:
    """The cells of a grid, those joined between which no stroke runs."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._width, self._depth = len(grid.across) - 1, len(grid.up) - 1
        self._parent = list(range(self._width * self._depth))
        self._join()
        self._span: dict[int, list[int]] = {}
        self._home: dict[int, tuple[int, int]] = {}
        for number, column in itertools.product(range(self._depth), range(self._width)):
            home = self._root(number * self._width + column)
            self._home.setdefault(home, (number, column))
            span = self._span.setdefault(home, [number, number, column, column])
            span[0], span[1] = min(span[0], number), max(span[1], number)
            span[2], span[3] = min(span[2], column), max(span[3], column)

    def at(self, across: float, up: float) -> tuple[int, int] | None:
        """The cell over a place; None outside of the grid."""
        grid = self._grid
        column = bisect_right(grid.across, across) - 1
        number = bisect_right([-one for one in grid.up], -up) - 1
        if not (0 <= column < self._width and 0 <= number < self._depth):
            return None
        return self.home(number, column)

    def home(self, number: int, column: int) -> tuple[int, int]:
        """The first row and column of the cell that this place belongs to."""
        return self._home[self._root(number * self._width + column)]

    def top(self, place: tuple[int, int]) -> int:
        """The first row of a cell."""
        return place[0]

    def left(self, place: tuple[int, int]) -> int:
        """The first column of a cell."""
        return place[1]

    def bottom(self, place: tuple[int, int]) -> int:
        """The last row of a cell."""
        return self._span[self._root(place[0] * self._width + place[1])][1]

    def heads(self, place: tuple[int, int]) -> bool:
        """Whether a cell over several columns is parted below, so that it is the header of each of them."""
        span = self._span[self._root(place[0] * self._width + place[1])]
        below = span[1] + 1
        if span[2] == span[3] or below >= self._depth:
            return False
        return len({self.home(below, column) for column in range(span[2], span[3] + 1)}) > 1 and span[0] < 3

    def _root(self, at: int) -> int:
        while self._parent[at] != at:
            self._parent[at] = self._parent[self._parent[at]]
            at = self._parent[at]
        return at

    def _join(self) -> None:
        grid, width, depth = self._grid, self._width, self._depth
        upright = _by_place(grid.rules.upright, grid.across)
        level = _by_place(grid.rules.level, grid.up[::-1])
        for number in range(depth):
            low, high = grid.up[number + 1], grid.up[number]
            for column in range(1, width):
                if not _covers(upright[column], low, high):
                    self._parent[self._root(number * width + column)] = self._root(number * width + column - 1)
        for number in range(1, depth):
            strokes = level[depth - number]
            for column in range(width):
                if not _covers(strokes, grid.across[column], grid.across[column + 1]):
                    self._parent[self._root(number * width + column)] = self._root((number - 1) * width + column)


def _by_place(strokes: list[tuple[float, float, float]], places: list[float]) -> list[list[tuple[float, float]]]:
    """The stretches of the strokes at each of the ascending places."""
    found: list[list[tuple[float, float]]] = [[] for _ in places]
    for place, begin, end in strokes:
        at = min(
            range(max(0, bisect_right(places, place) - 1), min(len(places), bisect_right(places, place) + 1)),
            key=lambda one: abs(places[one] - place),
        )
        found[at].append((begin, end))
    return found


def _covers(stretches: list[tuple[float, float]], begin: float, end: float) -> bool:
    covered = sum(max(0.0, min(end, stop) - max(begin, start)) for start, stop in stretches)
    return covered >= _COVERED * (end - begin)
