"""The XML in which German federal law is published (`dokumente`/`norm`) as Markdown: provisions as headings.

Source of the element names: the document type `gii-norm` 1.01 of the federal publication.
"""

from __future__ import annotations

import re

from resources.extractor.formats.base import Extracted, heading, one_line, table, whole_number
from resources.extractor.formats.xmlparts import Element, child, children, descendants, local
from resources.extractor.limits import Limits

_RAISED = {
    "SUP": str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾"),
    "SUB": str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎"),
}
# Marks and texts of footnotes are editors' work, a reference would glue a figure to the word before it.
_LEFT_OUT = frozenset({"FnR", "Footnotes", "noindex", "img", "IMG"})
_PARAGRAPHS = frozenset({"P", "LA", "Title", "Subtitle", "pre", "Citation", "Ident", "kommentar"})
_LEVEL_OF_SECTIONS = 6
_DEEPEST_DIVISION = 5
_DIGITS_A_LEVEL = 3
_DEEPEST = 60


def is_law(root: Element) -> bool:
    """Whether a document is a law in this form."""
    return local(root) == "dokumente" and any(child(norm, "metadaten") is not None for norm in children(root, "norm"))


def convert(root: Element, limits: Limits) -> Extracted:
    """The law's title and provisions; divisions are headings above them."""
    blocks: list[str] = []
    title: str | None = None
    for norm in children(root, "norm"):
        about = child(norm, "metadaten")
        if about is None:
            continue
        if title is None and (named := _title(about)):
            title = named
            blocks.append(heading(1, title))
            issued = one_line(_text(child(about, "ausfertigung-datum")))
            blocks += [f"Ausfertigungsdatum: {issued}"] if issued else []
        blocks += _headings(about)
        data = child(norm, "textdaten")
        writer = _Writer(limits)
        for part in ("text", "fussnoten"):
            for content in descendants(child(data, part), "Content"):
                writer.write(content)
        blocks += writer.blocks
    return Extracted(text="\n\n".join(block for block in blocks if block), markup="markdown", title=title)


def _title(about: Element) -> str:
    """`Mindesturlaubsgesetz für Arbeitnehmer (Bundesurlaubsgesetz - BUrlG)`."""
    long, short, official, key = (
        one_line(_text(child(about, name))) for name in ("langue", "kurzue", "amtabk", "jurabk")
    )
    names = [name for name in (short, official or key) if name and name != long]
    if not long:
        long, names = (short, names[1:]) if short else ("", [])
    return f"{long} ({' - '.join(names)})" if long and names else long


def _headings(about: Element) -> list[str]:
    found: list[str] = []
    division = child(about, "gliederungseinheit")
    if division is not None:
        key = one_line(_text(child(division, "gliederungskennzahl")))
        level = min(max(len(key) // _DIGITS_A_LEVEL, 1) + 1, _DEEPEST_DIVISION)
        names = [one_line(_text(child(division, name))) for name in ("gliederungsbez", "gliederungstitel")]
        found.append(heading(level, " – ".join(name for name in names if name)))
    number = one_line(_text(child(about, "enbez")))
    if number:
        named = one_line(_text(child(about, "titel")))
        found.append(heading(_LEVEL_OF_SECTIONS, f"{number} {named}" if named else number))
    return found


def _text(element: Element | None, depth: int = 0) -> str:
    """The text of an element on one line or more; a line break in it is a blank."""
    if element is None or depth > _DEEPEST or local(element) in _LEFT_OUT:
        return ""
    parts = [element.text or ""]
    for part in element:
        parts += [" " if local(part) == "BR" else _text(part, depth + 1), part.tail or ""]
    text = "".join(parts)
    figures = _RAISED.get(local(element))
    return text.translate(figures) if figures and re.fullmatch(r"[\d()+-]+", text.strip()) else text


class _Writer:
    """Collects the blocks of one provision; text that runs on behind a list is a block of its own."""

    def __init__(self, limits: Limits) -> None:
        self.blocks: list[str] = []
        self._limits = limits
        self._running: list[str] = []

    def write(self, element: Element, depth: int = 0) -> None:
        """Everything below an element, in order."""
        self._running.append(element.text or "")
        for part in element:
            name = local(part)
            if name in _PARAGRAPHS and depth <= _DEEPEST:
                self.end()
                self.write(part, depth + 1)
                self.end()
            elif name == "DL":
                self.end()
                self._list(part, depth)
            elif name == "table":
                self.end()
                self._table(part)
            elif name in ("Content", "Revision", "entry", "TOC") and depth <= _DEEPEST:
                self.write(part, depth + 1)
            else:
                self._running.append(" " if name == "BR" else _text(part))
            self._running.append(part.tail or "")
        if depth == 0:
            self.end()

    def end(self) -> None:
        """Ends the block that is being written."""
        text = one_line("".join(self._running))
        self._running = []
        if text:
            self.blocks.append(text)

    def _list(self, element: Element, depth: int) -> None:
        mark = ""
        for part in element:
            if local(part) == "DT":
                mark = one_line(_text(part))
            elif local(part) == "DD":
                inner = _Writer(self._limits)
                if depth > _DEEPEST:
                    inner.blocks.append(one_line(_text(part)))
                else:
                    inner.write(part, depth + 1)
                    inner.end()
                first, *more = inner.blocks or [""]
                self.blocks += [f"{mark} {first}".strip(), *more]
                mark = ""

    def _table(self, element: Element) -> None:
        for title in children(element, "Title"):
            self.blocks.append(one_line(_text(title)))
        for group in descendants(element, "tgroup"):
            self.blocks.append(table(_rows(group, self._limits.table_columns), self._limits.table_columns))


def _rows(group: Element, columns_limit: int) -> list[list[str]]:
    """The cells of a table; one that spans columns or rows stands in each of them, so that a row can be read alone."""
    order = {spec.get("colname") or "": place for place, spec in enumerate(children(group, "colspec"))}
    width = min(max(whole_number(group.get("cols")) or 0, len(order), 1), columns_limit)
    rows: list[list[str]] = []
    below: dict[int, tuple[int, str]] = {}
    for row in descendants(group, "row"):
        cells = [""] * width
        held = set(below)
        for place, (left, text) in list(below.items()):
            cells[place] = text
            if left > 1:
                below[place] = (left - 1, text)
            else:
                del below[place]
        at = 0
        for entry in children(row, "entry"):
            at = order.get(entry.get("namest") or entry.get("colname") or "", at)
            while at in held:
                at += 1
            if at >= width:
                break
            last = min(order.get(entry.get("nameend") or "", at), width - 1)
            text = one_line(_text(entry))
            deeper = whole_number(entry.get("morerows")) or 0
            for place in range(at, max(at, last) + 1):
                cells[place] = text
                if deeper:
                    below[place] = (deeper, text)
            at = max(at, last) + 1
        rows.append(cells)
    return rows
