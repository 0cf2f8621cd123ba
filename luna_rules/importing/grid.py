"""A table of written cells, from text or from a sheet, before anything is understood of it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

import polars as pl

from luna_rules.importing.model import Faults, ImportOptions, UnreadableFileError
from luna_rules.importing.text import LINE_LIMIT, decode, rows_of, sniff_separator

_CHUNK: Final = 100_000
WIDTH_LIMIT: Final = 2_000
ROWS_LIMIT: Final = 3_000_000
"""Tables of unknown layout are held as text; larger ones must come in the platform's own CSV layout."""


@dataclass(frozen=True)
class Grid:
    """Cells as text (null where empty), columns `c0`…, and `line`, the row's number in the file."""

    frame: pl.DataFrame
    origin: Literal["text", "sheet"]
    name: str = ""
    encoding: str | None = None
    separator: str | None = None

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.frame.width - 1

    def row(self, place: int) -> list[str]:
        """Cells of a row, empty ones as empty text."""
        return [cell or "" for cell in self.frame.row(place)[:-1]]

    def column(self, place: int) -> pl.Series:
        """Cells of a column."""
        return self.frame[f"c{place}"]


def text_grid(content: bytes, faults: Faults, options: ImportOptions) -> Grid:
    """The table of a text file. Raises `UnreadableFileError`."""
    text = decode(content)
    lines = text.text[: 2 * 1024 * 1024].split("\n", 500)[:500]
    if len(text.text) > LINE_LIMIT and "\n" not in text.text[: 8 * LINE_LIMIT]:
        raise UnreadableFileError("no_table", "Die erste Zeile ist länger als eine halbe Million Zeichen: kein CSV.")
    separator = sniff_separator(lines)
    rows = rows_of(text.text, separator, faults)
    rows = ((number, cells) for number, cells in rows if not (number <= 3 and _is_separator_line(cells)))
    frame = _frame(rows, min(options.max_rows, ROWS_LIMIT))
    return Grid(frame, "text", "", text.encoding, separator)


def sheet_grids(content: bytes, options: ImportOptions) -> list[Grid]:
    """The visible sheets of a workbook that hold anything. Raises `UnreadableFileError`."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        grids: list[Grid] = []
        for sheet in book.sheets_metadata:
            if (
                sheet.visible != python_calamine.SheetVisibleEnum.Visible
                or sheet.typ != python_calamine.SheetTypeEnum.WorkSheet
            ):
                continue
            table = book.get_sheet_by_name(sheet.name)
            begin = (table.start or (0, 0))[0]
            rows = (
                (number, [_written(cell) for cell in cells])
                for number, cells in enumerate(table.to_python(), begin + 1)
            )
            kept = ((number, cells) for number, cells in rows if any(cells))
            frame = _frame(kept, min(options.max_rows, ROWS_LIMIT))
            if frame.height:
                grids.append(Grid(frame, "sheet", sheet.name))
    except UnreadableFileError:
        raise
    except python_calamine.PasswordError as error:
        raise UnreadableFileError("encrypted", "Die Arbeitsmappe ist mit einem Kennwort geschützt.") from error
    except Exception as error:  # The reader's errors share no base; whatever it says, the file cannot be opened.
        raise UnreadableFileError("broken", "Die Arbeitsmappe ist beschädigt und lässt sich nicht öffnen.") from error
    if not grids:
        raise UnreadableFileError("empty", "Die Arbeitsmappe enthält kein Blatt mit Werten.")
    return grids


def grid_of_rows(
    rows: list[tuple[int, list[str]]],
    origin: Literal["text", "sheet"],
    options: ImportOptions,
    *,
    name: str = "",
    encoding: str | None = None,
) -> Grid:
    """A table of cells that were read elsewhere, with their row numbers. Raises `UnreadableFileError`."""
    return Grid(_frame(rows, min(options.max_rows, ROWS_LIMIT)), origin, name, encoding)


def _is_separator_line(cells: list[str]) -> bool:
    return "".join(cells).strip().lower().startswith("sep=") or (bool(cells) and cells[0].lower() == "sep=")


def _frame(rows: Iterable[tuple[int, list[str]]], limit: int) -> pl.DataFrame:
    frames: list[pl.DataFrame] = []
    total = 0
    for lines, chunk in _chunks(rows):
        total += len(lines)
        if total > limit:
            raise UnreadableFileError(
                "too_many_rows",
                f"Eine Tabelle dieses Aufbaus darf höchstens {limit} Zeilen haben. Bitte teilen oder in den Spalten "
                "meter_id, ts, consumption_kw, production_kw, voltage, quality liefern.",
            )
        width = max(map(len, chunk))
        if width > WIDTH_LIMIT:
            raise UnreadableFileError(
                "too_wide", f"Die Tabelle hat {width} Spalten; höchstens {WIDTH_LIMIT} sind lesbar."
            )
        padded = [cells + [""] * (width - len(cells)) if len(cells) < width else cells for cells in chunk]
        columns = {
            f"c{place}": pl.Series(column, dtype=pl.String) for place, column in enumerate(zip(*padded, strict=True))
        }
        # `="0,125"` is how exports keep a spreadsheet from rewriting a cell.
        stripped = [
            pl.col(name)
            .str.strip_chars(" \t\u00a0\ufeff")
            .str.replace(r'^="([^"]*)"$', "${1}")
            .replace("", None)
            .alias(name)
            for name in columns
        ]
        frames.append(pl.DataFrame(columns).select(*stripped, line=pl.Series(lines, dtype=pl.Int64)))
    if not frames:
        return pl.DataFrame(schema={"c0": pl.String, "line": pl.Int64})
    whole = pl.concat(frames, how="diagonal") if len(frames) > 1 else frames[0]
    ordered = sorted((name for name in whole.columns if name != "line"), key=lambda name: int(name[1:]))
    return whole.select(*ordered, "line")


def _chunks(rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[list[int], list[list[str]]]]:
    lines: list[int] = []
    chunk: list[list[str]] = []
    for number, cells in rows:
        lines.append(number)
        chunk.append(cells)
        if len(chunk) >= _CHUNK:
            yield lines, chunk
            lines, chunk = [], []
    if chunk:
        yield lines, chunk


def _written(cell: object) -> str:
    """A cell as text: times rounded to the second, numbers with a point."""
    if isinstance(cell, str):
        return cell.replace("\n", " ").replace("\r", " ")
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return (cell + timedelta(milliseconds=500)).replace(microsecond=0).isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return (
            datetime(2000, 1, 1)  # noqa: DTZ001 - only the time of day is used
            + timedelta(
                hours=cell.hour, minutes=cell.minute, seconds=cell.second, milliseconds=cell.microsecond // 1000 + 500
            )
        ).strftime("%H:%M:%S")
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return "" if cell is None else str(cell)
