"""A table of written cells, from text or from a sheet, before anything is understood of it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import Final, Literal

import polars as pl

from luna_rules.importing.model import Faults, ImportOptions, UnreadableFileError
from luna_rules.importing.text import LINE_LIMIT, decode, rows_of, sniff_separator

_CHUNK: Final = 100_000
_CHUNK_CELLS: Final = 4_000_000
CELLS_LIMIT: Final = 60_000_000
"""A table is held as a rectangle: so many cells at most, the empty ones behind short rows among them."""
CELL_LIMIT: Final = 1_000
"""No time, number or name is longer; what is written behind that is cut off."""
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
    samples: dict[tuple[int, int], list[str]] = field(
        default_factory=dict[tuple[int, int], list[str]], init=False, compare=False, repr=False
    )
    """Cells that were looked at before, by column and first row."""

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
    total = widest = 0
    for lines, chunk in _chunks(rows):
        total += len(lines)
        if total > limit:
            raise UnreadableFileError(
                "too_many_rows",
                f"Eine Tabelle dieses Aufbaus darf höchstens {limit} Zeilen haben. Bitte teilen oder in den Spalten "
                "meter_id, ts, consumption_kw, production_kw, voltage, quality liefern.",
            )
        width = max(map(len, chunk))
        widest = max(widest, width)
        refuse_too_large(0, width)
        refuse_too_large(total, widest)
        padded = [row + [""] * (width - len(row)) if len(row) < width else row for row in chunk]
        columns = {
            f"c{place}": pl.Series(column, dtype=pl.String) for place, column in enumerate(zip(*padded, strict=True))
        }
        # `="0,125"` is how exports keep a spreadsheet from rewriting a cell.
        stripped = [
            pl.col(name)
            .str.slice(0, CELL_LIMIT)
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


def refuse_too_large(rows: int, width: int) -> None:
    """Raises `UnreadableFileError` where a table would be too long or too wide to be held as text."""
    if rows > ROWS_LIMIT:
        raise UnreadableFileError(
            "too_many_rows", f"Die Tabelle hat {rows} Zeilen, höchstens {ROWS_LIMIT} sind lesbar. Bitte teilen."
        )
    if width > WIDTH_LIMIT:
        raise UnreadableFileError("too_wide", f"Die Tabelle hat {width} Spalten; höchstens {WIDTH_LIMIT} sind lesbar.")
    if rows * width > CELLS_LIMIT:
        raise _too_many_cells()


def _too_many_cells() -> UnreadableFileError:
    return UnreadableFileError(
        "bomb",
        f"Die Tabelle reicht über mehr als {CELLS_LIMIT // 1_000_000} Millionen Felder (längste Zeile mal Zahl der "
        "Zeilen); das ist zu groß. Bitte teilen.",
    )


def clipped(frame: pl.DataFrame) -> pl.DataFrame:
    """The same cells, none longer than `CELL_LIMIT`."""
    return frame.with_columns(pl.col(pl.String).str.slice(0, CELL_LIMIT))


def _chunks(rows: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[list[int], list[list[str]]]]:
    lines: list[int] = []
    chunk: list[list[str]] = []
    width = 1
    for number, cells in rows:
        lines.append(number)
        chunk.append(cells)
        width = max(width, len(cells))
        if len(chunk) >= _CHUNK or len(chunk) * width >= _CHUNK_CELLS:
            yield lines, chunk
            lines, chunk, width = [], [], 1
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
        near = cell + timedelta(milliseconds=500) if cell.year < MAXYEAR else cell
        return near.replace(microsecond=0).isoformat(sep=" ")
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
