"""Ruling lines of a PDF page: strokes, thin rectangles and the sides of boxes, level or upright.

Drawings may hold millions of strokes. What is looked at is counted, per page and for the document, so that the same
file always gives the same text; a page with too much drawn on it has no ruled tables.
"""

from __future__ import annotations

import ctypes
import itertools
import math
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from resources.extractor.formats.pdf_words import Box, turn

_THIN = 4.0
_SHORTEST = 4.0
_FARTHEST = 100_000.0
_NEAR = 2.5
_DEEPEST_FORM = 3
_OBJECTS_PER_PAGE = 60_000
_OBJECTS_PER_DOCUMENT = 1_000_000
_STROKES_PER_PAGE = 12_000
_SEGMENTS_PER_PATH = 4_000

Matrix = tuple[float, float, float, float, float, float]


@dataclass(slots=True)
class Budget:
    """How many objects of a document may still be looked at."""

    objects: int = _OBJECTS_PER_DOCUMENT


@dataclass(slots=True)
class Rules:
    """Level strokes as `(up, left, right)` and upright ones as `(across, low, high)`, in points."""

    level: list[tuple[float, float, float]] = field(default_factory=list[tuple[float, float, float]])
    upright: list[tuple[float, float, float]] = field(default_factory=list[tuple[float, float, float]])

    def __len__(self) -> int:
        return len(self.level) + len(self.upright)


class _TooMuchError(Exception):
    """More is drawn than is looked at."""


def rules(page: pdfium.PdfPage, budget: Budget) -> Rules:
    """The strokes of a page in its own coordinates, joined where they lie in one line; none where too much is drawn."""
    count = raw.FPDFPage_CountObjects(page)
    found = Rules()
    if not 0 < count <= min(_OBJECTS_PER_PAGE, budget.objects):
        return found
    left = [min(_OBJECTS_PER_PAGE, budget.objects)]
    try:
        _collect(page.raw, count, raw.FPDFPage_GetObject, None, 0, found, left)
    except _TooMuchError:
        found = Rules()
    budget.objects -= _OBJECTS_PER_PAGE - left[0] if left[0] < _OBJECTS_PER_PAGE else 0
    return found


def turned(found: Rules, quarters: int) -> Rules:
    """The strokes turned like the words of the page, and those of one line joined."""
    result = Rules()
    for up, left, right in found.level:
        _add(turn((left, up, right, up), quarters), result)
    for across, low, high in found.upright:
        _add(turn((across, low, across, high), quarters), result)
    return Rules(_joined(result.level), _joined(result.upright))


def _collect(
    owner: object, count: int, item: object, matrix: Matrix | None, depth: int, found: Rules, left: list[int]
) -> None:
    for number in range(count):
        left[0] -= 1
        if left[0] < 0 or len(found) > _STROKES_PER_PAGE:
            raise _TooMuchError
        thing = item(owner, number)  # type: ignore[operator]
        if not thing:
            continue
        kind = raw.FPDFPageObj_GetType(thing)
        if kind == raw.FPDF_PAGEOBJ_PATH:
            _path(thing, matrix, found)
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST_FORM:
            own = _matrix(thing)
            inner = _chain(own, matrix) if own else matrix
            inside = raw.FPDFFormObj_CountObjects(thing)
            if inside > 0:
                _collect(thing, inside, raw.FPDFFormObj_GetObject, inner, depth + 1, found, left)


def _path(thing: object, matrix: Matrix | None, found: Rules) -> None:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not raw.FPDFPath_GetDrawMode(thing, fill, stroke) or not (fill.value or stroke.value):
        return
    count = raw.FPDFPath_CountSegments(thing)
    if count < 2:
        return
    if count <= 6:
        sides = [ctypes.c_float() for _ in range(4)]
        if not raw.FPDFPageObj_GetBounds(thing, *sides):
            return
        left, low, right, high = (side.value for side in sides)
        box = _through((left, low, right, high), matrix)
        if box is None:
            return
        if min(box[2] - box[0], box[3] - box[1]) <= _THIN:
            _add(box, found)
            return
        if count == 2:
            return  # a slanting stroke
    if count <= _SEGMENTS_PER_PATH:
        _segments(thing, count, matrix, found)


def _segments(thing: object, count: int, matrix: Matrix | None, found: Rules) -> None:
    """Each straight piece of a path that is level or upright. A curve anywhere makes it a drawing."""
    own = _matrix(thing)
    whole = _chain(own, matrix) if own else matrix
    across, up = ctypes.c_float(), ctypes.c_float()
    pieces: list[Box] = []
    begun = last = None
    for number in range(count):
        piece = raw.FPDFPath_GetPathSegment(thing, number)
        kind = raw.FPDFPathSegment_GetType(piece)
        if kind == raw.FPDF_SEGMENT_BEZIERTO or not raw.FPDFPathSegment_GetPoint(piece, across, up):
            return
        place = (across.value, up.value)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            begun = place
        elif last is not None:
            pieces.append((*last, *place))
        if begun is not None and raw.FPDFPathSegment_GetClose(piece):
            pieces.append((*place, *begun))
        last = place
    for piece in pieces:
        box = _through(piece, whole)
        if box is not None and min(box[2] - box[0], box[3] - box[1]) < 1.0:
            _add(box, found)


def _add(box: Box, found: Rules) -> None:
    left, low, right, high = box
    if right - left >= high - low:
        if right - left >= _SHORTEST:
            found.level.append(((low + high) / 2, left, right))
    elif high - low >= _SHORTEST:
        found.upright.append(((left + right) / 2, low, high))


def _matrix(thing: object) -> Matrix | None:
    values = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(thing, values):
        return None
    return values.a, values.b, values.c, values.d, values.e, values.f


def _chain(first: Matrix, second: Matrix | None) -> Matrix:
    if second is None:
        return first
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _through(box: Box, matrix: Matrix | None) -> Box | None:
    """A box after a matrix, its corners in order; None where it lies nowhere."""
    if matrix is not None:
        a, b, c, d, e, f = matrix
        box = (
            a * box[0] + c * box[1] + e,
            b * box[0] + d * box[1] + f,
            a * box[2] + c * box[3] + e,
            b * box[2] + d * box[3] + f,
        )
    if not all(math.isfinite(value) and abs(value) < _FARTHEST for value in box):
        return None
    return min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])


def _joined(strokes: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Strokes that lie beside each other moved into one line, and joined where they touch."""
    lanes: list[list[tuple[float, float, float]]] = []
    for stroke in sorted(strokes):
        if lanes and stroke[0] - lanes[-1][0][0] <= _NEAR:
            lanes[-1].append(stroke)
        else:
            lanes.append([stroke])
    found: list[tuple[float, float, float]] = []
    for lane in lanes:
        place = sum(stroke[0] for stroke in lane) / len(lane)
        lane.sort(key=lambda stroke: stroke[1])
        begin, end = lane[0][1], lane[0][2]
        for before, stroke in itertools.pairwise(lane):
            del before
            if stroke[1] <= end + _NEAR:
                end = max(end, stroke[2])
            else:
                found.append((place, begin, end))
                begin, end = stroke[1], stroke[2]
        found.append((place, begin, end))
    return found
