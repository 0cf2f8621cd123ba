"""Bytes to text to rows of cells: encoding, separator, quotes, over-long lines."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from luna_rules.importing.model import Faults, UnreadableFileError

LINE_LIMIT: Final = 65_536
_QUOTED_LIMIT: Final = 131_072
"""The reader of quotes takes no longer cell."""
_SEPARATORS: Final = ";\t|,"
_HEAD: Final = 65_536
_GERMAN: Final = frozenset("äöüÄÖÜß€²³°–„“")


@dataclass(frozen=True)
class Text:
    """Decoded text without a byte-order mark, lines ended by `\\n`."""

    text: str
    encoding: str


def decode(content: bytes) -> Text:
    """Text of a file whose encoding is not known. Raises `UnreadableFileError` for what is no text."""
    marked = _by_mark(content)
    encoding = marked or _utf16_without_mark(content[:_HEAD])
    if encoding is None:
        _refuse_binary(content[:_HEAD])
        try:
            content.decode("utf-8")
            encoding = "utf-8"
        except UnicodeDecodeError:
            encoding = _single_byte(content)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        # One broken byte must not cost the file: the cell that holds it becomes a fault of its row.
        text = content.decode(encoding, errors="replace")
    if text.startswith("\ufeff"):
        text = text[1:]
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise UnreadableFileError("empty", "Die Datei enthält nur Leerzeichen oder leere Zeilen.")
    if encoding.startswith("utf-16") and not marked:
        encoding = f"{encoding} ohne BOM"
    return Text(text, encoding)


def _by_mark(content: bytes) -> str | None:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return encoding
    return None


def _utf16_without_mark(head: bytes) -> str | None:
    """Western text in UTF-16 has every second byte zero."""
    if len(head) < 4:
        return None
    half = len(head) // 2
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > half * 0.7 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.7 and odd < half * 0.05:
        return "utf-16-be"
    return None


def _refuse_binary(head: bytes) -> None:
    controls = sum(count for byte, count in Counter(head).items() if byte < 32 and byte not in b"\t\n\r\x0c\x1a")
    if controls > max(8, len(head) * 0.01):
        raise UnreadableFileError(
            "binary", "Die Datei ist weder Text noch ein bekanntes Format: sie besteht aus Binärdaten."
        )


def _single_byte(content: bytes) -> str:
    """cp1252 unless another code page reads the high bytes as German and cp1252 does not."""
    sample = bytes(byte for byte in content[: 16 * _HEAD] if byte >= 128)[:4096]

    def score(encoding: str) -> int:
        text = sample.decode(encoding, errors="replace")
        return sum(1 if letter in _GERMAN else -1 for letter in text)

    return max(("cp1252", "cp850", "mac_roman"), key=score)


def sniff_separator(lines: list[str]) -> str:
    """The separator that splits most lines into the same number of cells, at least two; else a comma."""
    for line in lines[:3]:
        stripped = line.strip().strip('"')
        if stripped.lower().startswith("sep=") and len(stripped) == 5 and not stripped[4].isalnum():
            return stripped[4]
    used = [line for line in lines if line.strip()][:400]
    best, best_score, best_width = ",", 0.0, 0
    for rank, separator in enumerate(_SEPARATORS):
        widths = Counter(len(cells) for cells in _split(used, separator))
        width, number = max(
            ((width, number) for width, number in widths.items() if width > 1), key=lambda pair: pair[1], default=(1, 0)
        )
        score = number / max(len(used), 1) - rank * 0.01 if width > 1 else 0.0
        # `BZN|DE-LU` in every line: a bar that cuts into fewer cells than the comma is part of a cell.
        if score > best_score or (separator == "," and best == "|" and score > 0.9 and width > best_width):
            best, best_score, best_width = separator, score, width
    return best


def _split(lines: list[str], separator: str) -> Iterator[list[str]]:
    for line in lines:
        yield split_line(line[:LINE_LIMIT], separator)


def split_line(line: str, separator: str) -> list[str]:
    """Cells of one line; a quote that is never closed ends with the line."""
    if '"' not in line or len(line) > _QUOTED_LIMIT:
        return line.split(separator)
    # A carriage return inside a line is no end of it; the reader would refuse the line.
    return next(csv.reader([line.replace("\r", " ")], delimiter=separator), [""])


def rows_of(text: str, separator: str, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Line number (from 1) and cells of each line that is not blank. Cells do not span lines, except in a header.

    Lines over `LINE_LIMIT` characters are faults, not rows.
    """
    pending: tuple[int, str] | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        if pending is not None:
            # A header cell may hold a line break; a stray quote further down must not swallow the file.
            joined = f"{pending[1]} {line}"
            if len(joined) <= LINE_LIMIT and joined.count('"') % 2 == 0:
                yield pending[0], split_line(joined, separator)
                pending = None
                continue
            yield pending[0], split_line(pending[1], separator)
            pending = None
        if not line or line.isspace():
            continue
        if len(line) > LINE_LIMIT:
            faults.add(number, "", line[:200], f"Die Zeile hat {len(line)} Zeichen, erlaubt sind {LINE_LIMIT}.")
            continue
        if '"' in line and number <= 60 and line.count('"') % 2:
            pending = (number, line)
            continue
        yield number, split_line(line, separator)
    if pending is not None:
        yield pending[0], split_line(pending[1], separator)
