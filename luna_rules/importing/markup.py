"""Tables in HTML that call themselves XLS, and workbooks in XML of 2003: both to a table of written cells."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from luna_rules.importing.entsoe import Node
from luna_rules.importing.grid import WIDTH_LIMIT, Grid, grid_of_rows
from luna_rules.importing.model import ImportOptions, UnreadableFileError
from luna_rules.importing.text import decode

_CELL_LIMIT: Final = 4_000


class _Tables(HTMLParser):
    """Collects the cells of every table; a table within a table is one of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[str]]] = []
        self._open: list[list[list[str]]] = []
        self._cell: list[str] | None = None
        self._span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A table, row or cell begins."""
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
            span = dict(attrs).get("colspan") or "1"
            self._span = min(int(span), WIDTH_LIMIT) if span.isdigit() else 1
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """A cell or table ends."""
        if tag in {"td", "th", "tr"}:
            self._close_cell()
        elif tag == "table" and self._open:
            self._close_cell()
            self._open.pop()

    def handle_data(self, data: str) -> None:
        """Text of a cell."""
        if self._cell is not None and len(self._cell) < _CELL_LIMIT:
            self._cell.append(data)

    def _close_cell(self) -> None:
        if self._cell is not None and self._open and self._open[-1]:
            text = " ".join("".join(self._cell).replace("\u00a0", " ").split())
            self._open[-1][-1] += [text, *[""] * (self._span - 1)]
        self._cell = None


def html_grid(content: bytes, options: ImportOptions) -> Grid:
    """The longest table of an HTML page. Raises `UnreadableFileError` where there is none."""
    reader = _Tables()
    text = decode(content)
    reader.feed(text.text)
    reader.close()
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
    for sheet in root.all("Worksheet"):
        rows: list[tuple[int, list[str]]] = []
        number = 0
        for table in sheet.all("Table"):
            for row in table.all("Row"):
                number = _index(row, number + 1)
                cells: list[str] = []
                for cell in row.all("Cell"):
                    place = _index(cell, len(cells) + 1)
                    if place > WIDTH_LIMIT:
                        raise UnreadableFileError("too_wide", f"Ein Blatt hat mehr als {WIDTH_LIMIT} Spalten.")
                    cells += [""] * (place - 1 - len(cells))
                    cells.append((cell.find("Data") or "").replace("\n", " "))
                if any(cells):
                    rows.append((number, cells))
        if rows:
            grids.append(grid_of_rows(rows, "sheet", options, name=sheet.attributes.get("Name", "")))
    if not grids:
        raise UnreadableFileError("empty", "Die Arbeitsmappe enthält kein Blatt mit Werten.")
    return grids


def _index(node: Node, usual: int) -> int:
    written = node.attributes.get("Index", "")
    return int(written) if written.isdigit() and int(written) >= usual else usual
