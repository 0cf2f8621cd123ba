"""How large the sheets of a workbook are, told before anything unfolds them: XLSX and ODS."""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from luna_rules.importing.model import UnreadableFileError

_MIB: Final = 1024 * 1024
STEP_BYTES: Final = 4 * _MIB
"""So much of a packed part is unfolded at once."""
SHEET_CELLS: Final = 30_000_000
"""A sheet is read as a rectangle: so many cells at most, wherever the far corner is."""
WORKBOOK_BYTES: Final = 1024 * _MIB
DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError, OSError,
    ValueError, OverflowError,
)  # fmt: skip
"""What the reader of archives raises where headers or contents are damaged."""
_OPEN_SPREADSHEET: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_CELL: Final = re.compile(rb"<(?:\w+:)?(?:c|row)\b[^<>]*?\sr\s*=\s*[\"']([A-Z]{0,3})([0-9]{1,7})[\"']")
_OPEN_TAG: Final = re.compile(
    rb"<(?:\w+:)?(table|table-row|table-cell|covered-table-cell)(?=[\s/>])((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>"
)
_REPEATED: Final = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"']\s*(\d{1,9})")


def check_workbook(archive: zipfile.ZipFile) -> None:
    """Unfold every part of an XLSX once without keeping it: the true sizes, and how far each sheet's corner is.

    Raises `UnreadableFileError`.
    """
    for info, parts in _unfolded(archive):
        if not info.filename.startswith("xl/worksheets/"):
            for _ in parts:
                pass
            continue
        columns = rows = 0
        tail = b""
        for part in parts:
            text = tail + part
            for found in _CELL.finditer(text):
                columns = max(columns, _column(found[1]))
                rows = max(rows, int(found[2]))
            tail = text[-256:]
        _refuse_far_corner(rows, columns)


def is_open_spreadsheet(archive: zipfile.ZipFile) -> bool:
    """Whether an archive says of itself that it is an ODS or its template."""
    try:
        with archive.open("mimetype") as member:
            return member.read(len(_OPEN_SPREADSHEET) + 32).startswith(_OPEN_SPREADSHEET)
    except (KeyError, *DAMAGED):
        return False


def check_open_spreadsheet(archive: zipfile.ZipFile) -> None:
    """Unfold every part of an ODS once without keeping it, and count cells and rows that stand for many.

    Empty ones at the end of a row or a sheet do not count: every office program writes a million of them. Raises
    `UnreadableFileError`.
    """
    for info, parts in _unfolded(archive):
        if info.filename == "META-INF/manifest.xml" and _occurs(b"encryption-data", parts):
            raise _encrypted()
        if info.filename == "content.xml":
            _check_tables(parts)
        for _ in parts:
            pass


def _check_tables(parts: Iterator[bytes]) -> None:
    """Follow rows and cells of all tables of a `content.xml`, and refuse one that becomes too large."""
    rows = empty_rows = widest = 0
    repeated, width, empty = 1, 0, 0

    def close_row() -> None:
        nonlocal rows, empty_rows, widest, width, empty
        if width:
            rows, empty_rows, widest = rows + empty_rows + repeated, 0, max(widest, width)
            _refuse_far_corner(rows, widest)
        else:
            empty_rows += repeated
        width = empty = 0

    tail = b""
    begun = False
    for part in parts:
        text = tail + part
        # What may go on in the next part is looked at then.
        cut = text.rfind(b"<")
        tail = text[cut:] if cut >= 0 else b""
        if len(tail) > STEP_BYTES:
            raise UnreadableFileError("bomb", "Die Arbeitsmappe enthält ein Feld von mehr als 4 MiB; das ist zu groß.")
        for found in _OPEN_TAG.finditer(text, 0, len(text) - len(tail)):
            name, inside = found[1], found[2]
            if name.endswith(b"cell"):
                many = _times(inside)
                if inside.endswith(b"/") and b"value" not in inside:
                    empty += many
                else:
                    width, empty = width + empty + many, 0
                continue
            if begun:
                close_row()
            begun = name == b"table-row"
            if begun:
                repeated = _times(inside)
            else:
                rows = empty_rows = widest = 0
    if begun:
        close_row()


def _occurs(word: bytes, parts: Iterator[bytes]) -> bool:
    """Whether a word stands in what comes bit by bit, which is not kept."""
    tail = b""
    for part in parts:
        text = tail + part
        if word in text:
            return True
        tail = text[-len(word) :]
    return False


def _times(attributes: bytes) -> int:
    found = _REPEATED.search(attributes)
    return max(1, int(found[1])) if found else 1


def _unfolded(archive: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, Iterator[bytes]]]:
    """Each part of an archive with its bytes, bounded over all of them."""
    total = 0

    def parts(info: zipfile.ZipInfo) -> Iterator[bytes]:
        nonlocal total
        try:
            with archive.open(info) as member:
                while part := member.read(STEP_BYTES):
                    total += len(part)
                    if total > WORKBOOK_BYTES:
                        raise too_large(WORKBOOK_BYTES, "bomb")
                    yield part
        except DAMAGED as error:
            raise UnreadableFileError(
                "broken", "Die Arbeitsmappe ist beschädigt und lässt sich nicht öffnen."
            ) from error

    for info in archive.infolist():
        if info.flag_bits & 1:
            raise _encrypted()
        yield info, parts(info)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _refuse_far_corner(rows: int, columns: int) -> None:
    if columns * rows > SHEET_CELLS:
        raise UnreadableFileError(
            "bomb",
            f"Ein Blatt reicht über {rows} Zeilen und {columns} Spalten; das ist zu groß. Bitte als CSV speichern.",
        )


def _encrypted() -> UnreadableFileError:
    return UnreadableFileError("encrypted", "Die Arbeitsmappe ist mit einem Kennwort geschützt.")


def too_large(limit: int, code: str = "too_large") -> UnreadableFileError:
    """The refusal of what is larger than so many bytes when unpacked."""
    return UnreadableFileError(code, f"Entpackt ist die Datei größer als {limit // _MIB} MiB. Bitte teilen.")
