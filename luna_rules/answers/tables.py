"""Tables of a passage: those that are written as HTML, and which rows lead in the rows below them.

Only reading them belongs here; `statements` makes statements of their rows. What is cited of a table is a span of its
passage; people read it by `shown`, without markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from luna_rules.documents.blocks import readable_text
from luna_rules.documents.sentences import ONLY_MARKER
from luna_rules.documents.strokes import cells_of

Span = tuple[int, int]

_MARKUP = re.compile(r"<t(?:able|[rhd])\b", re.I)
_INLINE = re.compile(r"</?(?:su[bp]|span|a|br|em|strong|b|i|dl|dt|dd)\b[^<>]*>", re.I)
_FOOTNOTE = re.compile(r"(?:<sup[^<>]*>)?<a\b[^<>]*>\s*\d{1,3}\s*</a>(?:</sup>)?", re.I)
_BEGIN = re.compile(r"<t(?:able|r)\b", re.I)
_TABLE_END = re.compile(r"</table\s*>", re.I)
_HEAD = re.compile(r"<thead\b.*?(?:</thead\s*>|<tbody\b)", re.I | re.S)
_ROW = re.compile(r"<tr\b", re.I)
_CELL = re.compile(
    r"<t[dh]\b(?P<names>[^>]*)>(?P<text>.*?)(?:</t[dh]\s*>|(?=<t[dh]\b|</tr\b|</table\b)|\Z)", re.I | re.S
)
_SPANNED = re.compile(r"\b(?P<way>row|col)span\s*=\s*[\"']?(?P<number>\d{1,2})", re.I)
_MARK_BEFORE = re.compile(r"(?:\A|\n)[ \t]*(?P<mark>\(?\w{1,4}(?:\\?[.)]){1,2}|[-–—•])[ \t]+\Z")
_ESCAPED = re.compile(r"\\([.()\[\]*_#+-])")  # „2\.“ is how Markdown writes a number that begins no list
_PIPES_IN_ITEM = re.compile(
    r"(?:\A|(?<=\n))[ \t]*(?P<mark>\(?\w{1,4}(?:\\?[.)]){1,2})[ \t]+\|(?:[ \t\xa0]*\|)+[ \t]*\n"
    r"[ \t]*\|[ \t:|-]+\n(?P<rows>[ \t]*\|[^\n]*(?:\n[ \t]*\|[^\n]*)*)"
)
_VALUE = re.compile(r"\s*(?:[-–+]\s*)?\d")
_LIST_MARK = re.compile(r"(?:\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-z]{1,3}|[A-Z]|[IVX]{1,6})\\?[.)]{0,2}|[-–—•])\Z")
_CONTENTS = re.compile(r"(?:§§?|Art(?:ikel|\.)|Anlage|Anhang|Teil|Kapitel|(?:Unter)?[Aa]bschnitt)\s*\d")
_ITEM_LIKE = re.compile(r"\s*(?:[-–—•*(]|\d)")
_NEIGHBOUR = 12
"""Blanks between two cells of one row, at most."""
_LEAST_ROWS = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell. `column` counts those in that reach into its row from above; `rows` and `columns` are what it takes."""

    span: Span
    text: str
    column: int
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table in HTML; `above` are the rows, or cells reaching into it, that lead it in."""

    span: Span
    cells: tuple[Cell, ...]
    above: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table in HTML. `item` tells that it stands behind a list's mark („b) <table …“) and is that item."""

    span: Span
    head: tuple[Span, ...] = ()
    rows: tuple[Row, ...] = ()
    item: bool = False


@dataclass(slots=True)
class _Lead:
    depth: int
    span: Span
    mark: str
    alone: bool
    used: bool = False


@dataclass(slots=True)
class Leads:
    """Which rows lead in the rows below them, kept while a table is read from its top.

    A row without a value leads in those that stand deeper or whose number begins with its own („4.1“ under „4“), and
    one that is but a heading („Hochspannung“ and empty cells) those of its own depth, too.
    """

    _open: list[_Lead] = field(default_factory=list[_Lead])
    used: set[int] = field(default_factory=set[int])
    """Where rows begin that did lead in another one: they need not be said by themselves."""

    def above(self, span: Span, cells: Sequence[str], depth: int) -> tuple[Span, ...]:
        """The rows that lead in the one at `span`, whose cells begin to say something at `depth`."""
        mark, leading = _mark(cells), leads_in(cells)
        kept: list[_Lead] = []
        for lead in self._open:
            if lead.depth < depth or (mark and lead.mark and mark.startswith(f"{lead.mark}.")):
                lead.alone = False
            elif not (lead.depth == depth and lead.alone and not (leading or mark)):
                continue
            kept.append(lead)
        found = tuple(lead.span for lead in kept)
        self.used.update(start for start, _ in found)
        if leading:
            heading = not mark and not _ITEM_LIKE.match(next(cell for cell in cells if cell.strip()))
            kept.append(_Lead(depth, span, mark, heading))
        self._open = kept
        return found


def leads_in(cells: Sequence[str]) -> bool:
    """Whether a row has no value of its own: one cell says something, beside list marks, and the last is empty.

    A whole sentence leads nothing in.
    """
    said = [cell.strip() for cell in cells if cell.strip() and not _LIST_MARK.match(cell.strip())]
    return len(cells) > 1 and len(said) == 1 and not cells[-1].strip() and said[0][-1] not in ".!?"


def _mark(cells: Sequence[str]) -> str:
    """The list mark that a row begins with, without its point or bracket: „1“, „b“."""
    first = next((cell.strip() for cell in cells if cell.strip()), "")
    return first.rstrip("\\.)") if _LIST_MARK.match(first) else ""


def led_row(leads: Leads, text: str, row: Span, depth: int) -> tuple[Span, ...]:
    """The rows above that lead in a pipe table's row; `row` is its span without the strokes at its ends.

    They are given without the strokes of their empty cells.
    """
    above = leads.above(row, [*[""] * depth, *cells_of(text[slice(*row)])], depth)
    return tuple((start, start + len(text[start:end].rstrip("| \t\xa0"))) for start, end in above)


def header_and_row(slices: Sequence[str]) -> tuple[str, str]:
    """Of the pieces of a table's row the columns' names and the row itself; empty where the columns have none.

    Between them rows may stand that lead in, before them a sentence.
    """
    parted = [piece for piece in slices if len(cells_of(piece)) > 1]
    if len(parted) < 2 or _mark(cells_of(parted[0])) or not cells_of(parted[0])[-1].strip():
        return "", parted[-1] if parted else slices[-1]
    return parted[0], parted[-1]


def without_markup(text: str) -> str:
    """Text without tags, as `readable_text` gives it, and without the numbers of footnotes."""
    return readable_text(_FOOTNOTE.sub("", text))


def has_markup(text: str) -> bool:
    """Whether markup stands there that people do not read: a table, or a piece of one, or tags within a line."""
    return "<" in text and (_MARKUP.search(text) or _INLINE.search(text)) is not None


def shown(piece: str) -> str:
    """A piece of a passage as people read it: rows of HTML as cells with strokes between them, other tags left out."""
    if "<" not in piece and "|" not in piece:
        return piece
    if item := _PIPES_IN_ITEM.match(piece):
        rows = (cells_of(row.strip().strip("|")) for row in item["rows"].splitlines())
        return f"{item['mark']} " + " ".join(" | ".join(c.strip() for c in row if c.strip()) for row in rows)
    found = _MARKUP.search(piece)
    if found is None:
        return without_markup(piece) if _INLINE.search(piece) else _ESCAPED.sub(r"\1", piece)
    rows = [_written(row) for row in _pieces(piece)]
    return " ".join(part for part in (piece[: found.start()].strip(), *rows) if part)


def _pieces(piece: str) -> Iterator[list[str]]:
    places = [match.start() for match in _ROW.finditer(piece)]
    starts = places if places and not _CELL.search(piece, 0, places[0]) else [0, *places]
    for start, end in pairwise([*starts, len(piece)]):
        yield [_text(match["text"]) for match in _CELL.finditer(piece, start, end)]


def _written(cells: Sequence[str]) -> str:
    """Cells with strokes between them; empty ones at the end keep their places, those at the beginning do not."""
    first = next((place for place, cell in enumerate(cells) if cell), len(cells))
    alone = sum(map(bool, cells)) <= 1 or leads_in(cells)
    kept = [cell for cell in cells if cell] if alone else cells[first:]
    return " | ".join(kept).strip()


def _text(markup: str) -> str:
    return " ".join(without_markup(markup).split()).replace("|", "\\|")


def html_tables(text: str) -> list[Table]:
    """The tables in HTML of a passage, in their order; a passage may begin or end amid one.

    A small pipe table that stands behind a list's mark is given as one, too, since its first line is none of a table.
    """
    found: list[Table] = []
    if "<" not in text and "|" not in text:
        return found
    at = 0
    while begin := _BEGIN.search(text, at):
        closing = _TABLE_END.search(text, begin.end())
        at = closing.end() if closing else len(text)
        mark = _MARK_BEFORE.search(text, max(0, begin.start() - 12), begin.start())
        said = any(_text(cell["text"]) for cell in _CELL.finditer(text, begin.start(), at))
        if mark and ONLY_MARKER.match(mark["mark"]):
            found.append(Table((mark.start("mark"), at), item=said))
        else:
            found.append(_read(text, (begin.start(), at)))
    found += [Table((m.start("mark"), m.end()), item=True) for m in _PIPES_IN_ITEM.finditer(text)]
    return sorted(found, key=lambda table: table.span)


def _read(text: str, span: Span) -> Table:
    head = _HEAD.search(text, *span)
    rows = list(_grid(text, span))
    heading = [row for row in rows if head and row.span[0] < head.end()]
    rows = rows[len(heading) :]
    if not heading and _has_head(rows):
        heading, rows = rows[:1], rows[1:]
    if not any(cell.text for row in heading for cell in row.cells):
        heading = []
    if _is_contents(rows):
        rows = []
    return Table(span, tuple(row.span for row in heading), tuple(_led(rows)))


def _grid(text: str, span: Span) -> Iterator[Row]:
    """The rows with their cells where they stand: one that takes several rows pushes the cells below it aside."""
    starts = [match.start() for match in _ROW.finditer(text, *span)]
    taken: dict[int, int] = {}
    for start, end in pairwise([*starts, span[1]]):
        cells: list[Cell] = []
        column = 0
        last = start
        for match in _CELL.finditer(text, start, end):
            while taken.get(column, 0):
                column += 1
            size = {found["way"].lower(): max(1, int(found["number"])) for found in _SPANNED.finditer(match["names"])}
            cell = Cell(match.span(), _text(match["text"]), column, size.get("row", 1), size.get("col", 1))
            cells.append(cell)
            column += cell.columns
            last = match.end()
        taken = {place: left - 1 for place, left in taken.items() if left > 1}
        taken |= {c.column + k: c.rows - 1 for c in cells if c.rows > 1 for k in range(c.columns)}
        if cells:
            yield Row((start, last), tuple(cells))


def _led(rows: Sequence[Row]) -> list[Row]:
    """The rows with what leads them in; those that only lead in others are given with these."""
    leads = Leads()
    found: list[Row] = []
    reaching: list[tuple[int, Cell]] = []
    for place, row in enumerate(rows):
        depth = next((cell.column for cell in row.cells if cell.text), None)
        reaching = [one for one in reaching if one[0] > place]
        if depth is not None:
            above = leads.above(row.span, _places(row), depth)
            found.append(Row(row.span, row.cells, (*above, *_joined([cell for _, cell in reaching]))))
        reaching += [(place + cell.rows, cell) for cell in row.cells[:-1] if cell.rows > 1 and cell.text]
    return [row for row in found if row.span[0] not in leads.used]


def _joined(cells: Sequence[Cell]) -> list[Span]:
    """Cells that reach into a row from above, neighbours of one row as one: „2. | Industrie“."""
    found: list[Span] = []
    last: Cell | None = None
    for cell in sorted(cells, key=lambda cell: cell.span):
        if last and cell.column == last.column + last.columns and cell.span[0] - last.span[1] < _NEIGHBOUR:
            found[-1] = (found[-1][0], cell.span[1])
        else:
            found.append(cell.span)
        last = cell
    return found


def _places(row: Row) -> list[str]:
    """The cells by their columns, with empty ones for those that one cell takes beside its own."""
    return [part for cell in row.cells for part in (cell.text, *[""] * (cell.columns - 1))]


def _has_head(rows: Sequence[Row]) -> bool:
    """Whether the first row names the columns: words above numbers, without a list's mark."""
    if len(rows) < _LEAST_ROWS or len(rows[0].cells) < 2:
        return False
    first = [cell.text for cell in rows[0].cells]
    if _mark(first) or not first[-1] or any(_VALUE.match(cell) for cell in first):
        return False
    valued = [row for row in rows[1:] if row.cells[-1].text]
    return bool(valued) and 2 * sum(_VALUE.match(row.cells[-1].text) is not None for row in valued) > len(valued)


def _is_contents(rows: Sequence[Row]) -> bool:
    """Whether a table lists the provisions of a law: it says nothing that they do not say themselves."""
    listed = sum(any(_CONTENTS.match(cell.text) for cell in row.cells[:2]) for row in rows)
    return len(rows) >= _LEAST_ROWS and 2 * listed > len(rows)
