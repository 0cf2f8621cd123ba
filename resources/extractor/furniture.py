"""Running headers, footers and page numbers of a PDF: they cut sentences in two and say the same on every page."""

from __future__ import annotations

import re
from collections import Counter

_Key = tuple[str, int | None]
"""A line, or one without the number that counts the pages and that number on the first page."""
_NUMBER = re.compile(r"\d+")
_FIRST = re.compile(r"\W{0,3}(?P<n>\d{1,5})(?!\d)")
_LAST = re.compile(r"(?<!\d)(?P<n>\d{1,5})\W{0,3}\Z")
_OF_ALL = re.compile(r"(?<!\d)(?P<n>\d{1,5})\s*(?:von|of|/)\s*\d{1,5}\W*\Z", re.IGNORECASE)
_OF = re.compile(r"#\s*(?:von|of|/)\s*\d{1,5}", re.IGNORECASE)
_ONLY_NUMBER = frozenset(
    f"{left}{word}#{rest}{right}"
    for left, right in (("", ""), ("- ", " -"), ("– ", " –"), ("— ", " —"), ("-", "-"))
    for word in ("", "Seite ", "Page ", "S. ", "Blatt ")
    for rest in ("", " von #")
)
_EDGE = 3
"""So many lines at the top and at the bottom of a page may be furniture."""
_FEWEST_PAGES = 3
_SHARE = 0.4
"""Left and right pages may have headers of their own."""
_LONGEST = 160
_ENDED = (".", "!", "?", ":", ";", "|", "”", "“", '"')


def without_furniture(pages: list[str]) -> list[str]:
    """The pages without what repeats at their edges; a header stays where it stands first, page numbers go everywhere.

    A line must stand on three pages and four of ten at least, the same or with a number that counts the pages. The
    header of a table that goes on stays with its rows, and rows of Markdown tables stay wherever they stand.
    """
    edges = [_edges(page.split("\n"), number) for number, page in enumerate(pages)]
    counted = Counter(key for page in edges for key in {key for keys in page.values() for key in keys})
    needed = max(_FEWEST_PAGES, _SHARE * len(pages))
    running = {key for key, count in counted.items() if count >= needed}
    numbers = {key for key, count in counted.items() if count >= 2 and key[1] is not None and key[0] in _ONLY_NUMBER}
    seen: set[_Key] = set()
    cleared: list[str] = []
    for page, found in zip(pages, edges, strict=True):
        lines = page.split("\n")
        dropped = {
            place
            for place, keys in found.items()
            if any(key in numbers or (key in running and key in seen) for key in keys)
        }
        seen.update(key for keys in found.values() for key in keys if key in running)
        left = re.sub(r"\n{3,}", "\n\n", "\n".join(line for at, line in enumerate(lines) if at not in dropped)).strip(
            "\n"
        )
        cleared.append(left if any(char.isalnum() for char in left) else page)
    return cleared


def seam(before: str, after: str) -> str:
    """What stands between two pages: one line break where a sentence goes on, else an empty line."""
    goes_on = (
        bool(before) and not before.endswith(_ENDED) and after[:1].islower() and not re.match(r"\w{1,3}[.)]", after)
    )
    return "\n" if goes_on else "\n\n"


def _edges(lines: list[str], page: int) -> dict[int, tuple[_Key, ...]]:
    """The first and last lines of a page by their place: as they are, and without a number that counts the pages."""
    filled = [place for place, line in enumerate(lines) if line.strip()]
    edge = _EDGE if len(filled) > 2 * _EDGE else 2
    found: dict[int, tuple[_Key, ...]] = {}
    for place in dict.fromkeys((*filled[:edge], *filled[-edge:])):
        line = " ".join(lines[place].split())
        if len(line) > _LONGEST or line.startswith("|") or not any(char.isalnum() for char in line):
            continue  # tables were told from furniture where they were found
        below = next((lines[at] for at in filled if at > place), "")
        if len(_NUMBER.findall(below)) > 1 and not _NUMBER.search(line):
            continue
        keys: list[_Key] = [(line, None)]
        for match in (_FIRST.match(line), _LAST.search(line), _OF_ALL.search(line)):
            if match is not None:
                rest = f"{line[: match.start('n')]}#{line[match.end('n') :]}"
                keys.append((_OF.sub("# von #", rest), int(match["n"]) - page))
        found[place] = tuple(keys)
    return found
