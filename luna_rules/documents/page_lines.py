"""The running header and footer that a PDF puts before the first words of its first page: they name no document.

Only telling them from a title belongs here; what repeats on later pages is taken away where the file is read.
"""

from __future__ import annotations

import re

_BLANK = re.compile(r"\n[ \t\r\f]*\n")
_PAGE = re.compile(
    r"^\W{0,3}(?:.{0,80}\W)?(?:Seite|Page|Blatt|S\.)\s*\d{1,4}(?:\s*(?:von|of|/)\s*\d{1,4})?\W{0,3}$",
    re.IGNORECASE | re.MULTILINE,
)
_MOST_LINES = 4
_WITHIN = 1_000
"""Characters within which a running header ends."""


def below_page_lines(text: str) -> str:
    """A text without its first lines up to an empty one, where one of these tells the number of a page."""
    head = text[:_WITHIN].lstrip("\ufeff\r\n\f \t")
    block = _BLANK.split(head, maxsplit=1)
    if len(block) < 2 or block[0].count("\n") >= _MOST_LINES or _PAGE.search(block[0]) is None:
        return text
    return text[text.index(block[0]) + len(block[0]) :]
