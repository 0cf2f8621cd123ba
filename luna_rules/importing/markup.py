"""Tables in HTML that call themselves XLS, and workbooks in XML of 2003: both to a table of written cells."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from luna_rules.importing.entsoe import Node
from luna_rules.importing.grid import CELLS_LIMIT, WIDTH_LIMIT, Grid, grid_of_rows
from luna_rules.importing.model import ImportOptions, UnreadableFileError
from luna_rules.importing.numbers import whole_number
from luna_rules.importing.text import decode

_CELL_LIMIT: Final = 4_000
_TAG: Final = re.compile(
    r"""<(?:(?P<comment>!--)|[!?][^<>]*+>|(?P<close>/)?(?P<name>[a-zA-Z][a-zA-Z0-9:]*+)"""
    r"""(?P<rest>(?:"[^"<>]{0,2000}+"|'[^'<>]{0,2000}+'|[^<>"']|["'])*+)>)"""
)
_SPAN: Final = re.compile(r"""(?i)(?:^|\s)colspan\s*=\s*["']?\s*([^\s"'>]{1,20})""")
_SKIPPED: Final = frozenset({"script", "style"})
_SKIPPED_END: Final = re.compile(r"(?i)</(?:script|style)\b[^<>]*>")


class _Tables:
    """Collects the cells of every table of an HTML page; a table within a table is one of its own.

    An own reader of tags: the library's begins again at every mark that is never closed, which makes minutes of a
    damaged file of a few megabytes.
    """

    def __init__(self) -> None:
        self.tables: list[list[list[str]]] = []
        self._open: list[list[list[str]]] = []
        self._cell: list[str] | None = None
        self._span = 1
        self._cells = 0

    def feed(self, page: str) -> None:
        """Read a page. Raises `UnreadableFileError` where a table is too large."""
        at = 0
        for found in _TAG.finditer(page):
            if found.start() < at:
                continue  # within a comment or a script
            self._text(page, at, found.start())
            at = found.end()
            if found["comment"]:
                ended = page.find("-->", at)
                at = ended + 3 if ended >= 0 else len(page)
            elif found["name"]:
                name = found["name"].lower()
                if found["close"]:
                    self._end(name)
                else:
                    self._start(name, found["rest"])
                    if name in _SKIPPED:
                        ended = _SKIPPED_END.search(page, at)
                        at = ended.end() if ended else len(page)
        self._text(page, at, len(page))
        self._close_cell()

    def _start(self, tag: str, attributes: str) -> None:
        if tag == "table":
            self._close_cell()
            self._open.append([])
            self.tables.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._close_cell()
            self._open[-1].append([])
        elif tag in {"td", "th"} and self._open and self._open[-1]:
            self._close_cell()
            self._cell = []
            span = _SPAN.search(attributes)
            self._span = min(whole_number(span[1]) or 1, WIDTH_LIMIT) if span else 1
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def _end(self, tag: str) -> None:
        if tag in {"td", "th", "tr"}:
            self._close_cell()
        elif tag == "table" and self._open:
            self._close_cell()
            self._open.pop()

    def _text(self, page: str, begin: int, end: int) -> None:
        if begin < end and self._cell is not None and len(self._cell) < _CELL_LIMIT:
            self._cell.append(page[begin : min(end, begin + _CELL_LIMIT)])

    def _close_cell(self) -> None:
        if self._cell is not None and self._open and self._open[-1]:
            text = " ".join(unescape("".join(self._cell)).replace("\u00a0", " ").split())
            self._cells += self._span
            if self._cells > CELLS_LIMIT or len(self._open[-1][-1]) > WIDTH_LIMIT:
                raise _too_wide()
            self._open[-1][-1] += [text, *[""] * (self._span - 1)]
        self._cell = None


def html_grid(content: bytes, options: ImportOptions) -> Grid:
    """The longest table of an HTML page. Raises `UnreadableFileError` where there is none."""
    reader = _Tables()
    text = decode(content)
    reader.feed(text.text)
    rows = max(reader.tables, key=len, default=[])
    kept = [(number, cells) for number, cells in enumerate(rows, start=1) if any(cells)]
    if len(kept) < 2:
        raise UnreadableFileError(
            "foreign",
            "Die Datei ist eine HTML-Seite ohne Tabelle von Werten (vielleicht die Anmeldeseite des Portals). "
            "Bitte den Export als CSV oder XLSX speichern.",
        )
    return grid_of_rows(kept, "text", options, encoding=text.encoding)


def workbook_grids(root: Node, options: ImportOptions) -> list[Grid]:
    """The sheets of a workbook in XML (SpreadsheetML 2003). Raises `UnreadableFileError` where none holds anything."""
    grids: list[Grid] = []
    total = 0
    for sheet in root.all("Worksheet"):
        rows: list[tuple[int, list[str]]] = []
        number = 0
        for table in sheet.all("Table"):
            for row in table.all("Row"):
                number = _index(row, number + 1)
                cells: list[str] = []
                for cell in row.all("Cell"):
                    place = _index(cell, len(cells) + 1)
                    total += place - len(cells)
                    if place > WIDTH_LIMIT or total > CELLS_LIMIT:
                        raise _too_wide()
                    cells += [""] * (place - 1 - len(cells))
                    cells.append((cell.find("Data") or "").replace("\n", " "))
                if any(cells):
                    rows.append((number, cells))
        if rows:
            grids.append(grid_of_rows(rows, "sheet", options, name=sheet.attributes.get("Name", "")))
    if not grids:
        raise UnreadableFileError("empty", "Die Arbeitsmappe enthält kein Blatt mit Werten.")
    return grids


def _too_wide() -> UnreadableFileError:
    return UnreadableFileError(
        "too_wide",
        f"Eine Tabelle hat mehr als {WIDTH_LIMIT} Spalten oder mehr als {CELLS_LIMIT // 1_000_000} Millionen Felder; "
        "das ist zu groß. Bitte als CSV speichern.",
    )


def _index(node: Node, usual: int) -> int:
    return max(whole_number(node.attributes.get("Index", "")) or usual, usual)
