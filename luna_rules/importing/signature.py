"""The key under which a mapped layout is known again: what stays of a header when ids, dates and sums are taken out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

_VARYING: Final = (
    (re.compile(r"\b[A-Z]{2}[0-9A-ZX]{15,}\b"), "<id>"),
    (re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}"), "<date>"),
    (re.compile(r"\d{1,2}:\d{2}(:\d{2})?"), "<time>"),
    (re.compile(r"\d+([.,]\d+)+"), "<number>"),
    (re.compile(r"\d{5,}"), "<id>"),
)


def header_signature(header: Sequence[str]) -> str:
    """Sixteen hex digits; the same for two files of one layout whatever meter, dates and sums their headers name."""
    cells: list[str] = []
    for cell in header:
        text = cell.strip()
        if not re.search(r"\d-\d+:\d+\.\d+\.\d+|\b\d\.\d\.\d\b", text):  # an OBIS code is what tells columns apart
            for pattern, name in _VARYING:
                text = pattern.sub(name, text)
        cells.append(re.sub(r"\s+", " ", text).lower())
    while cells and not cells[-1]:
        cells.pop()
    return hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:16]
