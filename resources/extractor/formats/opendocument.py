"""OpenDocument text, spreadsheets and presentations (ODT, ODS, ODP).

Cells and fields are taken as the program last showed them. Deleted text of tracked changes and comments are left out.
"""

from __future__ import annotations

import re

from resources.extractor.containers import Container
from resources.extractor.errors import ExtractionError
from resources.extractor.formats.base import Extracted, heading, one_line, table, whole_number
from resources.extractor.formats.sheets import block_text
from resources.extractor.formats.word import counted
from resources.extractor.formats.xmlparts import Element, attribute, child, children, descendants, local, parse
from resources.extractor.limits import Limits

_SKIPPED = frozenset(
    {"tracked-changes", "annotation", "annotation-end", "forms", "sequence-decls", "title", "desc"}
) | {"shapes", "table-source", "named-expressions", "database-ranges", "content-validations", "event-listeners"}
_FURNITURE = frozenset({"page-number", "date-time", "footer", "header", "page", "handout"})
_NUMBER_KINDS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}


def read(data: bytes, limits: Limits) -> Extracted:
    """Text of an OpenDocument file as Markdown; presentations page by page."""
    container = Container(data, limits)
    if container.has("META-INF/manifest.xml"):
        manifest = parse(container.read_xml("META-INF/manifest.xml", doctype=True))
        if next(descendants(manifest, "encryption-data"), None) is not None:
            raise ExtractionError("encrypted")
    root = parse(container.read_xml("content.xml"))
    body = child(root, "body")
    kind = next(iter(body), None) if body is not None else None
    if kind is None:
        raise ExtractionError("damaged", "In der Datei fehlt das eigentliche Dokument; sie ist beschädigt.")
    reader = _Reader(limits, _list_styles(container, root))
    title = _title(container)
    if local(kind) == "presentation":
        return Extracted(pages=[reader.slide(page) for page in children(kind, "page")], title=title)
    if local(kind) == "spreadsheet":
        for sheet in descendants(kind, "table"):
            reader.sheet(sheet)
    else:
        reader.blocks_of(kind)
    reader.add_notes()
    return Extracted(text="\n\n".join(reader.blocks), title=title)


def _title(container: Container) -> str | None:
    if not container.has("meta.xml"):
        return None
    found = next(descendants(parse(container.read_xml("meta.xml")), "title"), None)
    return one_line(found.text or "") or None if found is not None else None


def _list_styles(container: Container, content: Element) -> dict[str, dict[int, tuple[str, str, str]]]:
    """For each list style and level: kind of number (empty for bullets), what stands before and behind it."""
    roots = [content]
    if container.has("styles.xml"):
        roots.insert(0, parse(container.read_xml("styles.xml")))
    found: dict[str, dict[int, tuple[str, str, str]]] = {}
    for root in roots:
        for style in descendants(root, "list-style"):
            levels: dict[int, tuple[str, str, str]] = {}
            for level in style:
                depth = whole_number(attribute(level, "level") or "1")
                if depth is None:
                    continue
                numbered = local(level) == "list-level-style-number"
                kind = _NUMBER_KINDS.get(attribute(level, "num-format") or "", "") if numbered else ""
                prefix, suffix = attribute(level, "num-prefix") or "", attribute(level, "num-suffix") or ""
                levels[depth] = (kind, prefix, suffix)
            found[attribute(style, "name") or ""] = levels
    return found


class _Reader:
    def __init__(self, limits: Limits, list_styles: dict[str, dict[int, tuple[str, str, str]]]) -> None:
        self.limits = limits
        self.list_styles = list_styles
        self.blocks: list[str] = []
        self.notes: list[str] = []
        self.frames: list[Element] = []
        self.size = 0

    def _add(self, text: str, *, entry: bool = False) -> None:
        if not text.strip():
            return
        self.size += len(text)
        if self.size > self.limits.text_chars:
            raise ExtractionError("too_large", "Das Dokument enthält mehr Text, als verarbeitet werden kann.")
        if entry and self.blocks and self.blocks[-1].lstrip().startswith("- "):
            self.blocks[-1] += f"\n{text}"
        else:
            self.blocks.append(text)

    def add_notes(self) -> None:
        """Footnotes, behind the text."""
        for number, note in enumerate(self.notes, start=1):
            self._add(f"[^{number}]: {note}")

    def blocks_of(self, element: Element) -> None:
        """Blocks below an element, in order."""
        for part in element:
            name = local(part)
            if name == "h":
                self._add(heading(whole_number(attribute(part, "outline-level")) or 1, self._text(part)))
                self._pending_frames()
            elif name == "p":
                self._add(self._text(part))
                self._pending_frames()
            elif name == "list":
                self._list(part, 1, None)
            elif name == "table":
                self._table(part)
            elif name == "frame" or name not in _SKIPPED:
                self.blocks_of(part)

    def _pending_frames(self) -> None:
        frames, self.frames = self.frames, []
        for frame in frames:
            self.blocks_of(frame)

    def _list(self, element: Element, depth: int, style: str | None) -> None:
        style = attribute(element, "style-name") or style
        kind, prefix, suffix = self.list_styles.get(style or "", {}).get(depth, ("", "", ""))
        number = 0
        for entry in element:
            if local(entry) not in ("list-item", "list-header"):
                continue
            start = whole_number(attribute(entry, "start-value"))
            number = number + 1 if start is None else start
            first = local(entry) == "list-item"
            for part in entry:
                name = local(part)
                if name == "list":
                    self._list(part, depth + 1, style)
                elif name in ("p", "h"):
                    text = self._text(part)
                    if text:
                        self._entry(
                            text, name, first, depth, f"{prefix}{counted(number, kind)}{suffix}" if kind else "-"
                        )
                        first = False
                    self._pending_frames()
                elif name == "table":
                    self._table(part)

    def _entry(self, text: str, name: str, first: bool, depth: int, label: str) -> None:
        if name == "h":
            self._add(heading(depth, f"{label} {text}" if first and label != "-" else text))
        elif not first:
            self._add("  " * depth + text)
        elif label == "-":
            self._add("  " * (depth - 1) + f"- {text}", entry=True)
        else:
            self._add(f"{label} {text}")

    def _text(self, element: Element) -> str:
        pieces: list[str] = []
        self._inline(element, pieces)
        lines = [one_line(line) for line in "".join(pieces).split("\v")]
        return "\n".join(line for line in lines if line)

    def _inline(self, element: Element, pieces: list[str]) -> None:
        pieces.append((element.text or "").replace("\v", " "))
        for part in element:
            name = local(part)
            if name in ("s", "tab"):
                pieces.append(" ")
            elif name == "line-break":
                pieces.append("\v")
            elif name == "note":
                body = child(part, "note-body")
                if body is not None:
                    self.notes.append(one_line(" ".join(self._text(entry) for entry in descendants(body, "p"))))
                    pieces.append(f"[^{len(self.notes)}]")
            elif name in ("frame", "custom-shape", "text-box", "g"):
                self.frames.append(part)
            elif name not in _SKIPPED and name not in ("soft-page-break", "bookmark"):
                self._inline(part, pieces)
            pieces.append((part.tail or "").replace("\v", " "))

    def _rows(self, element: Element) -> list[list[str] | None]:
        """Rows of cells; None for an empty row. Repetitions are bounded: sheets repeat a row a million times."""
        rows: list[list[str] | None] = []
        for row in self._all_rows(element):
            cells: list[str] = []
            for entry in row:
                if local(entry) not in ("table-cell", "covered-table-cell"):
                    continue
                text = "" if local(entry) == "covered-table-cell" else one_line(" ".join(self._cell_texts(entry)))
                repeated = _repeated(entry, "number-columns-repeated", self.limits.table_columns - len(cells))
                cells += [text] * repeated
            filled = any(cells)
            times = _repeated(row, "number-rows-repeated", 1_000)
            rows += [cells if filled else None] * (times if filled else 1)
        return rows

    def _all_rows(self, element: Element) -> list[Element]:
        found: list[Element] = []
        for part in element:
            name = local(part)
            if name == "table-row":
                found.append(part)
            elif name in ("table-header-rows", "table-rows", "table-row-group"):
                found += self._all_rows(part)
        return found

    def _cell_texts(self, cell: Element) -> list[str]:
        inner = _Reader(self.limits, self.list_styles)
        inner.notes = self.notes
        inner.blocks_of(cell)
        return inner.blocks

    def _table(self, element: Element) -> None:
        rows = [row for row in self._rows(element) if row]
        if all(sum(1 for value in row if value) <= 1 for row in rows):
            for row in self._all_rows(element):
                for cell in children(row, "table-cell"):
                    self.blocks_of(cell)
            return
        self._add(table(rows, self.limits.table_columns))

    def sheet(self, element: Element) -> None:
        """One sheet under its name."""
        before = len(self.blocks)
        block: list[list[str]] = []
        for row in [*self._rows(element), None]:
            if row:
                block.append(row)
            elif block:
                self._add(block_text(block, self.limits))
                block = []
        if len(self.blocks) > before:
            self.blocks.insert(before, heading(2, attribute(element, "name") or "Tabelle"))

    def slide(self, page: Element) -> str:
        """One slide: its title as a heading, its frames, the speaker's notes."""
        self.blocks = []
        for part in page:
            name = local(part)
            if name == "notes":
                self._speaker_notes(part)
            elif attribute(part, "class") in ("title",):
                inner = self._cell_texts(part)
                self._add(heading(2, re.sub(r"^\s*- ", "", " ".join(inner))))
            elif attribute(part, "class") not in _FURNITURE and name not in _SKIPPED:
                self.blocks_of(part)
        return "\n\n".join(self.blocks)

    def _speaker_notes(self, element: Element) -> None:
        texts: list[str] = []
        for part in element:
            if attribute(part, "class") == "notes":
                texts += self._cell_texts(part)
        if texts:
            self._add("Notizen: " + "\n\n".join(texts))


def _repeated(element: Element, name: str, limit: int) -> int:
    count = whole_number(attribute(element, name))
    return max(0, min(1 if count is None else count, limit))
