"""HTML to Markdown in one pass without a tree: headings, paragraphs, lists and tables, nothing that runs.

The parser keeps no tree and does not recurse, so nesting costs nothing; scripts, styles and references to outside are
dropped, and entities beyond HTML's own names do not exist for it.
"""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

from resources.extractor.errors import ExtractionError
from resources.extractor.formats import plain
from resources.extractor.formats.base import Extracted, heading, one_line, table, whole_number
from resources.extractor.limits import Limits

_META = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([a-zA-Z0-9_:.-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([a-zA-Z0-9_.-]+)",
    re.IGNORECASE,
)
_SILENT = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "math",
        "object",
        "iframe",
        "canvas",
        "audio",
        "video",
        "select",
        "datalist",
    }
)
_RAW = frozenset({"script", "style"})
_BLOCKS = frozenset(
    {
        "p",
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "aside",
        "nav",
        "address",
        "figure",
        "figcaption",
        "form",
        "fieldset",
        "legend",
        "dl",
        "dt",
        "dd",
        "blockquote",
        "center",
        "body",
        "html",
        "details",
        "summary",
        "hr",
        "ul",
        "ol",
        "table",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "pre",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    }
)
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"}
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_ENTRY_MARK = re.compile(r"\d{1,3}[a-z]{0,2}[.)]|[a-zA-Z]{1,3}[.)]|[-–—•]")
_NAVIGATION = 3
"""A link that stands alone so many times leads through the page and says nothing."""
_SUPERSCRIPT = str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")
_SUBSCRIPT = str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")


def read(data: bytes, limits: Limits) -> Extracted:
    """A page's text as Markdown."""
    found = _META.search(data[:8192])
    declared = (found.group(1) or found.group(2)).decode("ascii") if found else None
    return convert(plain.decode(data, declared), limits)


def convert(source: str, limits: Limits) -> Extracted:
    """Markdown of decoded HTML."""
    if len(source) > limits.text_chars * 3:
        raise ExtractionError("too_large", "Die HTML-Seite ist zu umfangreich.")
    if re.search(r"<!ENTITY\s", source[:200_000], re.IGNORECASE):
        raise ExtractionError(
            "bomb", "Die Datei erklärt eigene XML-Entitäten. Das ist gefährlich und wird nicht gelesen."
        )
    writer = _Writer(limits)
    writer.feed(source)
    writer.close()
    return Extracted(text=writer.markdown(), markup="markdown", title=writer.title or None)


class _Writer(HTMLParser):
    """Collects blocks of Markdown while the tags pass by."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(convert_charrefs=True)
        self.limits = limits
        self.blocks: list[str] = []
        self.inline: list[str] = []
        self.title = ""
        self.silent: str | None = None
        self.silent_depth = 0
        self.in_title = False
        self.pre = 0
        self.level = 0
        self.lists: list[tuple[str, int]] = []
        self.marker = ""
        self.linked = 0
        self.plain_text = False
        self.links: dict[int, str] = {}
        self.tables: list[list[list[list[str]]]] = []
        self.cell: list[int] = []
        self.shift: list[str] = []

    # -- collecting

    def flush(self) -> None:
        """End the block that is being written."""
        text = "".join(self.inline)
        self.inline = []
        if self.cell:
            if text.strip():
                self._cell_text(text)
            return
        if self.pre:
            body = text.strip("\n")
            if body.strip():
                self.blocks.append(body)
            return
        only_link, self.plain_text = not self.plain_text, False
        lines = [one_line(line) for line in text.split("\v")]
        body = "\n".join(line for line in lines if line)
        if not body:
            return
        if self.level:
            self.blocks.append(heading(self.level, body))
        elif self.marker:
            indent = "  " * (max(1, len(self.lists)) - 1)
            self.blocks.append(f"{indent}{self.marker} {one_line(body)}")
            self.marker = ""
        else:
            if only_link:
                self.links[len(self.blocks)] = body
            self.blocks.append(body)

    def _cell_text(self, text: str) -> None:
        self.tables[-1][-1][-1].append(text)

    def markdown(self) -> str:
        """Everything collected; consecutive list entries stay together."""
        self.flush()
        while self.tables:
            self._end_table()
        parts: list[str] = []
        last_entry = False
        often = Counter(self.links.values())
        for at, block in enumerate(self.blocks):
            if often[self.links.get(at, "")] >= _NAVIGATION:
                continue
            entry = re.match(r"\s*(?:-|\d+\.) ", block) is not None
            if parts:
                parts.append("\n" if entry and last_entry else "\n\n")
            parts.append(block)
            last_entry = entry
        return "".join(parts)

    # -- tags

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.silent is not None:
            if tag == self.silent:
                self.silent_depth += 1
            return
        if tag in _SILENT:
            self.silent, self.silent_depth = tag, 1
            return
        if tag in ("sup", "sub"):
            self.shift.append(tag)
        elif tag == "a":
            self.linked += 1
        elif tag == "br":
            self.inline.append("\n" if self.pre else " " if self.cell else "\v")
        elif tag == "img":
            alt = next((value for name, value in attrs if name == "alt" and value), None)
            if alt:
                self.inline.append(f" {alt} ")
        elif tag == "title":
            self.in_title = True
        elif tag == "tr":
            self._start_row()
        elif tag in ("td", "th"):
            self._start_cell()
        elif tag == "li":
            self.flush()
            self._start_entry()
        elif tag in _BLOCKS:
            self._start_block(tag, attrs)

    def _start_block(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.flush()
        if tag in _HEADINGS:
            self.level = _HEADINGS[tag]
        elif tag in ("ul", "ol") and len(self.lists) < self.limits.nesting:
            start = next((whole_number(value) for name, value in attrs if name == "start"), None)
            self.lists.append((tag, (1 if start is None else start) - 1))
        elif tag == "table" and len(self.tables) < self.limits.nesting:
            if self.cell:
                # A table in a cell lays the page out; its text goes into the cell around it.
                self.cell[-1] += 1
            else:
                self.tables.append([])
        elif tag == "pre":
            self.pre += 1

    def _start_entry(self) -> None:
        if self.lists and self.lists[-1][0] == "ol":
            kind, number = self.lists[-1]
            self.lists[-1] = (kind, number + 1)
            self.marker = f"{number + 1}."
        else:
            self.marker = "-"

    def _start_row(self) -> None:
        if self.cell and self.cell[-1]:
            self.inline.append(" ")
            return
        self.flush()
        self.cell = []
        if not self.tables:
            self.tables.append([])
        self.tables[-1].append([])

    def _start_cell(self) -> None:
        if self.cell and self.cell[-1]:
            self.inline.append(" ")
            return
        self.flush()
        self.cell = []
        if not self.tables:
            self.tables.append([])
        if not self.tables[-1]:
            self.tables[-1].append([])
        self.tables[-1][-1].append([])
        self.cell = [0]

    def _end_table(self) -> None:
        self.flush()
        self.cell = []
        rows = [[one_line(" ".join(pieces)) for pieces in row] for row in self.tables.pop()]
        filled = [row for row in rows if any(value.strip() for value in row)]
        if all(sum(1 for value in row if value.strip()) <= 1 for row in filled):
            # One column is no table but a frame around text.
            self.blocks += [value.strip() for row in filled for value in row if value.strip()]
        else:
            self.blocks.append(table(rows, self.limits.table_columns))

    def handle_endtag(self, tag: str) -> None:
        if self.silent is not None:
            if tag == self.silent:
                self.silent_depth -= 1
                if self.silent_depth == 0:
                    self.silent = None
            return
        if tag == "title":
            self.in_title = False
        elif tag in ("sup", "sub"):
            if self.shift:
                self.shift.pop()
        elif tag == "a":
            self.linked = max(0, self.linked - 1)
        elif tag == "dt" and not self.cell and _ENTRY_MARK.fullmatch(mark := one_line("".join(self.inline))):
            # Lists of laws are written so: the mark as a term, the entry as its description.
            self.inline, self.marker = [], mark
        elif tag == "table":
            if self.cell and self.cell[-1]:
                self.cell[-1] -= 1
            elif self.tables:
                self._end_table()
        elif tag in ("td", "th"):
            if self.cell and not self.cell[-1]:
                self.flush()
                self.cell = []
        elif tag == "li":
            self.flush()
            self.marker = ""
        elif tag in _BLOCKS:
            self.flush()
            if tag in _HEADINGS:
                self.level = 0
            elif tag in ("ul", "ol") and self.lists:
                self.lists.pop()
            elif tag == "pre" and self.pre:
                self.pre -= 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self.silent is not None:
            return
        if self.in_title:
            self.title = one_line(f"{self.title} {data}")[:500]
            return
        if self.shift and data.strip() and re.fullmatch(r"[\d()+-]+", data.strip()):
            # Footnote marks, squares and formulas: `m²`, `CO₂`.
            data = data.strip().translate(_SUPERSCRIPT if self.shift[-1] == "sup" else _SUBSCRIPT)
        self.plain_text = self.plain_text or (not self.linked and bool(data.strip()))
        self.inline.append(data if self.pre else data.replace("\v", " "))
