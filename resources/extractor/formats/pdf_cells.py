"""From the cells of a table to Markdown: which rows are its header, which name groups, what belongs to no column.

Nothing here knows where a cell stands on its page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from resources.extractor.formats.base import cell
from resources.extractor.textcare import join_hyphenated

_UNIT = (
    r"(?:%|‰|€|EUR|Euro|Cent|[Cc]t|[kMGT]?(?:Wp?h?|VA(?:rh?)?|VArh|varh|V|A|Hz|J|Pa)|m[²³23]?|km|mm|bar|°C|K|t|kg|g"
    r"|CO2|[ahd]|Std\.?|Jahre?|Monate?|Tage?|Stück|Stk\.?|Mio\.?|Tsd\.?|Nm³)"
)
UNITS = rf"{_UNIT}(?:\s?[/·*]\s?\(?[\w²³·.]{{1,14}}\)?){{0,3}}"
_MARK = r"(?:\s?(?:\*{1,3}|[¹²³⁴⁵]|\d{1,2}\)|\(\d\)))?"
_FIGURE = r"[±+\-–−]?\s?(?:\d{1,3}(?:[.\s'’]\d{3})+|\d{1,9})(?:[.,]\d{1,8})?(?:,[-–—]{1,2})?"
_NUMBER = re.compile(rf"(?:€\s?)?{_FIGURE}\s?(?:{UNITS})?{_MARK}")
_QUANTITY = re.compile(rf"(?:€\s?)?{_FIGURE}\s?{UNITS}{_MARK}|(?:€\s?)?[±+\-–−]?\s?\d[\d.\s'’]*,[\d–—-]{{1,8}}{_MARK}")
_NONE = re.compile(
    r"[-–—/.]{1,3}|entfällt|(?:kosten)?frei|kostenlos|inkl(?:usive|\.)?|enthalten|auf Anfrage|n\. ?a\.|k\. ?A\.|n/a",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_IN_HEADER = re.compile(rf"(?:^|[\s(\[/]){_UNIT}(?:$|[\s)\]/,·])")
PURE_UNIT = re.compile(rf"\[?\(?{UNITS}\)?\]?")
_MOST_HEADER_ROWS = 4
_LONGEST_GROUP = 160


def is_number(text: str) -> bool:
    """A number, with or without its unit and the mark of a footnote: „1.234,50 EUR/a ¹“."""
    return _NUMBER.fullmatch(text) is not None


def is_value(text: str) -> bool:
    """What may stand in a column of numbers: a number, a dash, „auf Anfrage“."""
    return is_number(text) or _NONE.fullmatch(text) is not None


def is_quantity(text: str) -> bool:
    """A number that measures something: it has decimals or a unit. Page numbers and years have neither."""
    return _QUANTITY.fullmatch(text) is not None


def names_unit(text: str) -> bool:
    """Whether a header names a unit: „Grundpreis in EUR/Jahr“."""
    return _IN_HEADER.search(text) is not None


def cell_text(lines: Sequence[str]) -> str:
    """The lines of a cell as one, words joined that the end of a line had cut."""
    return cell(join_hyphenated("\n".join(lines)))


@dataclass(slots=True)
class Row:
    """Cells of one row. `whole` tells that its one text stretches over the table: a caption, a group's name, a note."""

    cells: list[str]
    whole: bool = False


@dataclass(slots=True)
class Content:
    """A table's words in order. `header` is empty where none was found; `numeric` tells columns of numbers."""

    header: list[str]
    rows: list[list[str]]
    numeric: list[bool]
    above: list[str] = field(default_factory=list[str])
    below: list[str] = field(default_factory=list[str])
    grouped: bool = False

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.rows[0]) if self.rows else len(self.header)

    def markdown(self, header: Sequence[str] | None = None) -> str:
        """The table with what stands above and below it; `header` is that of the page before, where it has none."""
        head = self.header or list(header or ()) or [""] * self.width
        lines = ["| " + " | ".join(row) + " |" for row in (head, *self.rows)]
        lines.insert(1, "|" + " --- |" * len(head))
        return "\n\n".join([*self.above, "\n".join(lines), *self.below])


def numeric_columns(rows: Sequence[Row]) -> list[bool]:
    """Which columns are mostly numbers, the rows of a header not counted."""
    width = max(len(row.cells) for row in rows)
    found: list[bool] = []
    for place in range(width):
        filled = [row.cells[place] for row in rows if not row.whole and row.cells[place]]
        numbers = [text for text in filled if is_number(text)]
        values = [text for text in filled if is_value(text)]
        found.append(bool(numbers) and 2 * len(values) >= len(filled) and len(values) + _MOST_HEADER_ROWS > len(filled))
    return found


def content(rows: list[Row], header_rows: int | None = None) -> Content | None:
    """Header, body, captions and notes of a table whose first column is the label; None where nothing is left of it.

    `header_rows` is given where the layout tells it. Names of groups get a column of their own before the labels, in
    each row of the group: a row must be understood without those above it.
    """
    rows = [row for row in rows if any(row.cells)]
    above, rows, below = _outside(rows)
    if not rows:
        return None
    keep = [place for place in range(len(rows[0].cells)) if any(row.cells[place] for row in rows if not row.whole)]
    rows = [row if row.whole else Row([row.cells[place] for place in keep]) for row in rows]
    if len(keep) < 2:
        return None
    for row in rows:
        if row.whole:
            row.cells = [next(text for text in row.cells if text)] + [""] * (len(keep) - 1)
    numeric = numeric_columns(rows)
    count = min(header_rows, len(rows)) if header_rows is not None else _header_rows(rows, numeric)
    header = [_flat([row.cells[place] for row in rows[:count]]) for place in range(len(keep))] if count else []
    body = rows[count:]
    if not any(not row.whole for row in body):
        return None
    grouped = any(row.whole for row in body)
    group: list[str] = []
    fresh = False
    filled: list[list[str]] = []
    for row in body:
        if row.whole:
            group = [*group, row.cells[0]] if fresh else [row.cells[0]]
            fresh = True
        else:
            fresh = False
            filled.append([", ".join(group), *row.cells] if grouped else row.cells)
    if grouped:
        numeric = [False, *numeric]
        if header:
            # The first column is the one whose header names all labels; the second stays without.
            header = [header[0], "", *header[1:]]
    return Content(header, filled, numeric, above, below, grouped)


def _outside(rows: list[Row]) -> tuple[list[str], list[Row], list[str]]:
    """Captions above and notes below, which are drawn as rows that stretch over the whole table."""

    def text(row: Row) -> str:
        return next((value for value in row.cells if value), "")

    begin, end = 0, len(rows)
    while end > begin and rows[end - 1].whole:
        end -= 1
    while begin < end and rows[begin].whole:
        begin += 1
    # A group's name directly above its first row is no caption, where other groups follow.
    if begin and any(row.whole for row in rows[begin:end]) and begin < end and any(map(is_number, rows[begin].cells)):
        begin -= 1
    while any(row.whole and len(text(row)) > _LONGEST_GROUP for row in rows[begin:end]):
        cut = next(at for at, row in enumerate(rows[begin:end], begin) if row.whole and len(text(row)) > _LONGEST_GROUP)
        rows = rows[:cut] + rows[cut + 1 :] + [rows[cut]]
        end -= 1
    return [text(row) for row in rows[:begin]], rows[begin:end], [text(row) for row in rows[end:]]


def _header_rows(rows: list[Row], numeric: list[bool]) -> int:
    """How many rows at the top are header: those before the first number in a column of numbers, or the first one."""
    if not any(numeric):
        return 1 if len(rows) > 1 and all(rows[0].cells) else 0
    for at, row in enumerate(rows[: _MOST_HEADER_ROWS + 1]):
        figures = [text for text, number in zip(row.cells, numeric, strict=True) if number and is_number(text)]
        years = figures and all(_YEAR.fullmatch(text) for text in figures)
        if row.whole or (figures and not (years and at == 0 and not _all_years(rows, numeric))):
            return at
        if not any(row.cells[1:]):
            return at
    return 0


def _all_years(rows: list[Row], numeric: list[bool]) -> bool:
    return all(
        _YEAR.fullmatch(text) or not text
        for row in rows[1:]
        if not row.whole
        for text, number in zip(row.cells, numeric, strict=True)
        if number
    )


def _flat(parts: list[str]) -> str:
    """The rows of a header above one column, from the top; what a merged cell says to several is said once."""
    return " ".join(part for part in dict.fromkeys(parts) if part)
