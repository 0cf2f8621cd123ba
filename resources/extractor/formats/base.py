"""What every reader of a format hands back, before the common care; and Markdown in small pieces.

Readers raise `ExtractionError` for what they recognise; anything else that escapes them counts as a damaged file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

_BLANKS = re.compile(r"\s+")
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(slots=True)
class Extracted:
    """Text of one document. `pages` is given instead of `text` where the format has pages."""

    text: str = ""
    markup: Literal["markdown", "plain"] = "markdown"
    title: str | None = None
    pages: list[str] | None = None
    warnings: list[str] = field(default_factory=list[str])


def one_line(text: str) -> str:
    """Collapse every run of white space to one blank."""
    return _BLANKS.sub(" ", text).strip()


def whole_number(text: str | None) -> int | None:
    """A count that a file states in plain digits, at most nine; `None` for all else (`str` calls "²" a digit)."""
    return int(text) if text is not None and _WHOLE.fullmatch(text) else None


def cell(text: str) -> str:
    """A table cell: one line, and a pipe that does not end it."""
    return one_line(text).replace("|", "\\|")


def table(rows: list[list[str]], columns_limit: int = 400) -> str:
    """Rows as a Markdown pipe table, the first row as its header; empty rows and empty columns at the edge go."""
    cleaned = [[cell(value) for value in row[:columns_limit]] for row in rows]
    cleaned = [row for row in cleaned if any(row)]
    if not cleaned:
        return ""
    width = max(max((at + 1 for at, value in enumerate(row) if value), default=0) for row in cleaned)
    lines = ["| " + " | ".join(row[:width] + [""] * (width - len(row))) + " |" for row in cleaned]
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)


def heading(level: int, text: str) -> str:
    """An ATX heading; nothing for an empty one."""
    line = one_line(text)
    return f"{'#' * max(1, min(level, 6))} {line}" if line else ""
