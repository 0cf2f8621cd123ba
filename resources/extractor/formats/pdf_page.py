"""One page of a PDF as text: lines in pdfium's order, tables in the place of their lines, gaps between paragraphs."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from resources.extractor.formats.pdf_rules import Budget
from resources.extractor.formats.pdf_tables import Table, tables
from resources.extractor.formats.pdf_words import Line, origin

# A gap this much larger than the page's usual distance of lines begins a paragraph.
_PARAGRAPH_GAP = 1.4
_WORD = re.compile(r"\S+")
# So many lines of headers and footers may stand between the edge of a page and a table that goes on there.
_EDGE_LINES = 6


@dataclass(slots=True)
class Page:
    """A page's parts in order, its lines as they were, and its tables; `empty` where nothing at all is on it."""

    parts: list[str | Table] = field(default_factory=list[str | Table])
    lines: list[str] = field(default_factory=list[str])
    tables: list[Table] = field(default_factory=list[Table])
    empty: bool = False

    def text(self) -> str:
        """The page as text, its tables settled."""
        return "".join(part if isinstance(part, str) else part.text() for part in self.parts)


def read_page(document: pdfium.PdfDocument, index: int, budget: Budget) -> Page:
    """A page's text; raises `PdfiumError` where it cannot be read. `budget` is what the document may still cost."""
    page = document[index]
    try:
        text_page = page.get_textpage()
        try:
            lines = _lines(text_page.raw)
            found = tables(page, text_page, lines, budget) if lines else []
            items = _with_tables(lines, found) if found else lines
            parts = _with_paragraphs(text_page.raw, items, _pitch(text_page.raw, lines) if found else None)
        finally:
            text_page.close()
        empty = not any(parts) and raw.FPDFPage_CountObjects(page) == 0
        return Page(parts, [line.text for line in lines], found, empty)
    finally:
        page.close()


def _lines(handle: object) -> list[Line]:
    """The page's characters, cut where pdfium breaks them."""
    count = raw.FPDFText_CountChars(handle)
    if count <= 0:
        return []
    unicode_of = raw.FPDFText_GetUnicode
    lines: list[Line] = []
    current: list[str] = []
    begin = 0
    first = last = -1
    pending = 0
    for position in range(count):
        code = unicode_of(handle, position)
        if 0xD800 <= code < 0xDC00:
            pending = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((pending - 0xD800) << 10) + (code - 0xDC00) if pending else 0xFFFD
            pending = 0
        if code == 13:
            continue
        if code == 10:
            lines.append(Line("".join(current), first, last, begin, position))
            current, first, last, begin = [], -1, -1, position + 1
            continue
        if code == 0:
            code = 0xFFFD
        char = chr(code)
        current.append(char)
        if not char.isspace():
            first = position if first < 0 else first
            last = position
        if code in (0x02, 0xFFFE) and raw.FPDFText_IsHyphen(handle, position):
            # pdfium marks a hyphen at a line end this way and leaves the break out.
            current[-1] = "-"
            lines.append(Line("".join(current), first, last, begin, position + 1))
            current, first, last, begin = [], -1, -1, position + 1
    lines.append(Line("".join(current), first, last, begin, count))
    return lines


def _with_tables(lines: list[Line], found: Sequence[Table]) -> list[Line | Table]:
    """The lines without the words of tables; each table stands where its first word stood, and keeps its lines."""
    owners: dict[int, dict[int, Table]] = defaultdict(dict)
    for table in found:
        for word in table.words:
            owners[word.line][word.offset] = table
    items: list[Line | Table] = []
    plain: dict[Table, list[str]] = {}
    for number, line in enumerate(lines):
        mine = owners.get(number)
        if mine is None:
            items.append(line)
            continue
        said: dict[Table | None, list[re.Match[str]]] = defaultdict(list)
        for word in _WORD.finditer(line.text):
            said[mine.get(word.start())].append(word)
        for table, words in said.items():
            text = " ".join(word[0] for word in words)
            if table is None:
                begin, end = line.begin + words[0].start(), min(line.end, line.begin + words[-1].end())
                items.append(Line(text, begin, end - 1, begin, end))
                continue
            if table not in plain:
                items.append(table)
                plain[table] = []
            plain[table].append(text)
    for table, texts in plain.items():
        table.plain = "\n".join(texts)
    filled = [item for item in items if isinstance(item, Table) or item.text.strip()]
    places = [at for at, item in enumerate(filled) if isinstance(item, Table)]
    top, bottom = filled[places[0]], filled[places[-1]]
    if isinstance(top, Table) and isinstance(bottom, Table):
        top.first, bottom.last = places[0] <= _EDGE_LINES, len(filled) - places[-1] <= _EDGE_LINES + 1
    return items


def line_pitch(steps: list[float]) -> float:
    """The usual distance of lines within a paragraph: the smallest that occurs often enough to be no accident.

    A median would do for running text, but on a page of short paragraphs most distances are those between them.
    """
    counted = Counter(round(step) for step in steps)
    often = max(1.0, 0.15 * len(steps))
    return float(min((step for step, count in counted.items() if count >= often), default=0))


def _pitch(handle: object, lines: Sequence[Line]) -> float:
    """The usual distance of a page's lines, those of its tables among them."""
    starts = [origin(handle, line.first, 0) for line in lines]
    steps = [before[1] - after[1] for before, after in itertools.pairwise(starts) if before and after]
    return line_pitch([step for step in steps if 3 < step < 60])


def _with_paragraphs(handle: object, items: Sequence[Line | Table], pitch: float | None = None) -> list[str | Table]:
    """The lines with line breaks between them, and an empty line wherever their distance says that a paragraph ends.

    `pitch` is the usual distance, where it is known already.
    """
    if not items:
        return []
    starts = [origin(handle, item.first, 0) if isinstance(item, Line) else None for item in items]
    ends = [origin(handle, item.last, 0) if isinstance(item, Line) else None for item in items]
    steps = [before[1] - after[1] if before and after else None for before, after in itertools.pairwise(starts)]
    usual = line_pitch([step for step in steps if step is not None and 3 < step < 60]) if pitch is None else pitch

    def large(before: Line, after: Line, step: float) -> bool:
        """Two lines of one heading: set larger than the text, and no further apart than their own size asks for."""
        sizes = [raw.FPDFText_GetFontSize(handle, max(line.first, 0)) for line in (before, after)]
        return abs(sizes[0] - sizes[1]) < 0.5 and min(sizes) > 1.05 * usual and step < _PARAGRAPH_GAP * min(sizes)

    parts: list[str | Table] = [items[0].text if isinstance(items[0], Line) else items[0]]
    for at, step in enumerate(steps):
        before, item, end, start = items[at], items[at + 1], ends[at], starts[at + 1]
        if isinstance(before, Table) or isinstance(item, Table):
            parts += ["\n\n", item if isinstance(item, Table) else item.text]
            continue
        if step is None or not usual:
            parts.append("\n")
        elif step > max(usual * _PARAGRAPH_GAP, usual + 3):
            parts.append("\n" if large(before, item, step) else "\n\n")
        elif end and start and abs(end[1] - start[1]) < 0.45 * usual and 0 <= start[0] - end[0] < 2 * usual:
            # The same line: raised footnote marks and powers make pdfium break it.
            parts.append("" if item.text[:1] in ").,;:" else " ")
        else:
            parts.append("\n")
        parts.append(item.text)
    return parts
