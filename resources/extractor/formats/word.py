"""Word documents (DOCX): headings, numbered paragraphs with their numbers, lists, tables, footnotes.

Deleted text of tracked changes, comments and field codes are not text of the document. Nothing outside the container
is opened: neither templates nor linked pictures or mail-merge sources.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from resources.extractor.containers import Container
from resources.extractor.errors import ExtractionError
from resources.extractor.formats import html, plain
from resources.extractor.formats.base import Extracted, heading, one_line, table
from resources.extractor.formats.xmlparts import (
    Element,
    Relation,
    attribute,
    child,
    children,
    chosen,
    core_title,
    descendants,
    local,
    main_part,
    parse,
    relations,
)
from resources.extractor.limits import Limits

_SKIPPED = frozenset(
    {"del", "moveFrom", "instrText", "delText", "delInstrText", "pPr", "rPr", "tblPr", "tblGrid", "sectPr", "sdtPr"}
    | {"fldData", "annotationRef", "commentReference", "rubyPr", "rt", "object", "ffData", "trPr", "tcPr"}
)
_HEADING_NAME = re.compile(r"^(?:heading|überschrift|titre|título)\s*(\d)$", re.IGNORECASE)


@dataclass(slots=True)
class _Style:
    name: str = ""
    based_on: str | None = None
    outline: int | None = None
    numbering: tuple[str, int] | None = None


@dataclass(slots=True)
class _Level:
    start: int = 1
    kind: str = "decimal"
    text: str = ""
    style: str | None = None


@dataclass(slots=True)
class _Numbering:
    """Labels of numbered paragraphs: which list an instance belongs to, its levels, and how far it has counted."""

    lists: dict[str, dict[int, _Level]] = field(default_factory=dict[str, dict[int, _Level]])
    abstract_of: dict[str, str] = field(default_factory=dict[str, str])
    counters: dict[str, dict[int, int]] = field(default_factory=dict[str, dict[int, int]])

    def label(self, instance: str, depth: int) -> str:
        """Count one paragraph and give its label as Word would print it."""
        levels = self.lists.get(instance)
        if not levels or depth not in levels:
            return ""
        level = levels[depth]
        if level.kind == "none":
            return ""
        if level.kind == "bullet":
            return "-"
        counters = self.counters.setdefault(self.abstract_of.get(instance, instance), {})
        counters[depth] = counters.get(depth, level.start - 1) + 1
        for deeper in [key for key in counters if key > depth]:
            del counters[deeper]

        def number(found: re.Match[str]) -> str:
            at = int(found.group(1)) - 1
            other = levels.get(at, _Level())
            return counted(counters.get(at, other.start), other.kind)

        return re.sub(r"%(\d)", number, level.text).strip()


def counted(value: int, kind: str) -> str:
    """A number as a list writes it: decimal, letters or Roman."""
    if kind in ("lowerLetter", "upperLetter") and value > 0:
        # Word doubles the letter after z: aa, bb.
        letters = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)
        return letters if kind == "lowerLetter" else letters.upper()
    if kind in ("lowerRoman", "upperRoman") and 0 < value < 4000:
        digits: list[str] = []
        for worth, sign in zip(
            (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
            ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
            strict=True,
        ):
            digits.append(sign * (value // worth))
            value %= worth
        roman = "".join(digits)
        return roman if kind == "lowerRoman" else roman.upper()
    return f"{value:02d}" if kind == "decimalZero" else str(value)


def read(data: bytes, limits: Limits) -> Extracted:
    """Text of a Word document as Markdown."""
    container = Container(data, limits)
    part = main_part(container, "word/document.xml")
    return _Reader(container, part, limits).document()


class _Reader:
    def __init__(self, container: Container, part: str, limits: Limits) -> None:
        self.container = container
        self.part = part
        self.limits = limits
        self.relations = relations(container, part)
        self.styles = self._styles()
        self.numbering = self._numbering()
        self.blocks: list[str] = []
        self.boxes: list[Element] = []
        self.notes: list[tuple[str, str]] = []
        self.note_texts: dict[tuple[str, str], Element] = {}
        self.title: str | None = None
        self.warnings: list[str] = []

    # -- parts beside the document

    def _related(self, kind: str) -> list[str]:
        found = [relation.target for relation in self.relations.values() if relation.kind == kind and relation.target]
        return [target for target in found if self.container.has(target)]

    def _part(self, kind: str) -> Element | None:
        for target in self._related(kind):
            return parse(self.container.read_xml(target))
        return None

    def _styles(self) -> dict[str, _Style]:
        found: dict[str, _Style] = {}
        for entry in children(self._part("styles"), "style"):
            style = _Style(name=_value(child(entry, "name")) or "", based_on=_value(child(entry, "basedOn")))
            properties = child(entry, "pPr")
            style.outline = _number(_value(child(properties, "outlineLvl")))
            style.numbering = _numbering_of(properties)
            found[attribute(entry, "styleId") or ""] = style
        return found

    def _numbering(self) -> _Numbering:
        result = _Numbering()
        root = self._part("numbering")
        abstract: dict[str, dict[int, _Level]] = {}
        for entry in children(root, "abstractNum"):
            levels = {(_number(attribute(level, "ilvl")) or 0): _level(level) for level in children(entry, "lvl")}
            abstract[attribute(entry, "abstractNumId") or ""] = levels
        for entry in children(root, "num"):
            instance = attribute(entry, "numId") or ""
            origin = _value(child(entry, "abstractNumId")) or ""
            levels = dict(abstract.get(origin, {}))
            overridden = False
            for change in children(entry, "lvlOverride"):
                depth = _number(attribute(change, "ilvl")) or 0
                replacement = child(change, "lvl")
                start = _number(_value(child(change, "startOverride")))
                level = _level(replacement) if replacement is not None else levels.get(depth, _Level())
                if start is not None:
                    level = _Level(start, level.kind, level.text, level.style)
                    overridden = True
                levels[depth] = level
            result.lists[instance] = levels
            result.abstract_of[instance] = instance if overridden else f"abstract {origin}"
        return result

    def _inherited(self, style_id: str | None) -> tuple[int | None, tuple[str, int] | None, str]:
        """Heading level, numbering and name that a style has, with what it takes over from others."""
        outline: int | None = None
        numbering: tuple[str, int] | None = None
        name = self.styles[style_id].name if style_id in self.styles else ""
        seen: set[str] = set()
        while style_id and style_id in self.styles and style_id not in seen:
            seen.add(style_id)
            style = self.styles[style_id]
            if outline is None:
                named = _HEADING_NAME.match(style.name)
                outline = int(named.group(1)) - 1 if named else style.outline
            if numbering is None and style.numbering is not None:
                instance, depth = style.numbering
                # A heading style carries its list; which level it is stands in the list.
                levels = self.numbering.lists.get(instance, {})
                depth = next((key for key, level in levels.items() if level.style == style_id), depth)
                numbering = (instance, depth)
            style_id = style.based_on
        return outline, numbering, name

    # -- the document

    def document(self) -> Extracted:
        """Everything, in reading order; running heads and feet once, behind the text."""
        root = parse(self.container.read_xml(self.part))
        body = child(root, "body")
        if body is None:
            raise ExtractionError("damaged", "In der Datei fehlt das eigentliche Dokument; sie ist beschädigt.")
        self._load_notes()
        self._blocks(body)
        for number, (kind, identity) in enumerate(self.notes, start=1):
            note = self.note_texts.get((kind, identity))
            text = one_line(" ".join(self._paragraph_texts(note))) if note is not None else ""
            if text:
                self.blocks.append(f"[^{number}]: {text}")
        self._margins()
        title = core_title(self.container) or self.title
        return Extracted(text="\n\n".join(self.blocks), title=title, warnings=self.warnings)

    def _load_notes(self) -> None:
        for kind in ("footnote", "endnote"):
            for entry in children(self._part(f"{kind}s"), kind):
                if attribute(entry, "type") in (None, "normal"):
                    self.note_texts[(kind, attribute(entry, "id") or "")] = entry

    def _margins(self) -> None:
        seen: set[str] = set()
        for kind in ("header", "footer"):
            for target in self._related(kind):
                text = "\n".join(filter(None, self._paragraph_texts(parse(self.container.read_xml(target)))))
                # Page numbers alone are no text.
                if len(re.sub(r"\W|\d|Seite|von", "", text)) >= 3 and text not in seen:
                    seen.add(text)
                    self.blocks.append(text)

    def _paragraph_texts(self, element: Element) -> list[str]:
        inner = _Reader.__new__(_Reader)
        inner.__dict__.update(self.__dict__)
        inner.blocks, inner.boxes, inner.notes = [], [], []
        inner._blocks(element)
        return inner.blocks

    def _blocks(self, element: Element) -> None:
        for part in element:
            name = local(part)
            if name == "p":
                self._paragraph(part)
            elif name == "tbl":
                self._table(part)
            elif name == "altChunk":
                self._chunk(self.relations.get(attribute(part, "id") or ""))
            elif name == "AlternateContent":
                for branch in chosen(part):
                    self._blocks(branch)
            elif name not in _SKIPPED:
                self._blocks(part)

    def _paragraph(self, element: Element) -> None:
        properties = child(element, "pPr")
        style_id = _value(child(properties, "pStyle"))
        outline, numbering, style_name = self._inherited(style_id)
        own = _numbering_of(properties)
        if own is not None:
            numbering = own if own[0] else None
        own_outline = _number(_value(child(properties, "outlineLvl")))
        if own_outline is not None:
            outline = own_outline
        pieces: list[str] = []
        self._inline(element, pieces)
        boxes, self.boxes = self.boxes, []
        lines = [one_line(line) for line in "".join(pieces).split("\n")]
        text = "\n".join(line for line in lines if line)
        if text:
            self._emit(text, outline, numbering, style_name)
        for box in boxes:
            self._blocks(box)

    def _emit(self, text: str, outline: int | None, numbering: tuple[str, int] | None, style_name: str) -> None:
        label = self.numbering.label(*numbering) if numbering else ""
        is_title = style_name.lower() in ("title", "titel")
        if is_title and self.title is None:
            self.title = one_line(text)
        if is_title or (outline is not None and outline < 9):
            level = 1 if is_title else (outline or 0) + 1
            self.blocks.append(heading(level, f"{label} {text}" if label not in ("", "-") else text))
        elif label == "-" and numbering:
            entry = "  " * numbering[1] + f"- {text}"
            self._entry(entry)
        elif label:
            self.blocks.append(f"{label} {text}")
        else:
            self.blocks.append(text)

    def _entry(self, entry: str) -> None:
        """Entries of a list stay together, without empty lines between them."""
        if self.blocks and self.blocks[-1].lstrip().startswith("- "):
            self.blocks[-1] += f"\n{entry}"
        else:
            self.blocks.append(entry)

    def _inline(self, element: Element, pieces: list[str]) -> None:
        for part in element:
            name = local(part)
            if name == "t":
                pieces.append((part.text or "").replace("\n", " "))
            elif name in ("br", "cr"):
                pieces.append("\n")
            elif name in ("tab", "ptab"):
                pieces.append(" ")
            elif name == "noBreakHyphen":
                pieces.append("-")
            elif name in ("footnoteReference", "endnoteReference"):
                self._note(name.removesuffix("Reference"), attribute(part, "id") or "", pieces)
            elif name == "sym":
                code = int(attribute(part, "char") or "0", 16)
                # Symbol fonts keep their own signs in the private area; those mean nothing as text.
                pieces.append(chr(code) if 0x20 <= code < 0xE000 else "")
            elif name == "txbxContent":
                self.boxes.append(part)
            elif name == "AlternateContent":
                for branch in chosen(part):
                    self._inline(branch, pieces)
            elif name == "p":
                # Paragraphs inside a drawing: text of shapes.
                self.boxes.append(part)
            elif name not in _SKIPPED:
                self._inline(part, pieces)

    def _note(self, kind: str, identity: str, pieces: list[str]) -> None:
        if (kind, identity) in self.note_texts:
            self.notes.append((kind, identity))
            pieces.append(f"[^{len(self.notes)}]")

    def _chunk(self, relation: Relation | None) -> None:
        """A document that Word itself would import on opening: HTML and text are taken, containers stay closed."""
        if relation is None or not relation.target or not self.container.has(relation.target):
            return
        body = self.container.read(relation.target)
        if re.search(r"\.x?html?$", relation.target, re.IGNORECASE):
            self.blocks.append(html.read(body, self.limits).text)
        elif relation.target.lower().endswith(".txt"):
            self.blocks.append(plain.decode(body))
        else:
            self.warnings.append("Ein eingebettetes Dokument wurde nicht gelesen.")

    def _table(self, element: Element) -> None:
        rows: list[list[str]] = []
        for row in self._rows(element):
            cells: list[str] = []
            for entry in self._cells(row):
                properties = child(entry, "tcPr")
                merged = child(properties, "vMerge")
                continues = merged is not None and _value(merged) in (None, "continue")
                cells.append("" if continues else one_line(" ".join(self._paragraph_texts(entry))))
                span = _number(_value(child(properties, "gridSpan"))) or 1
                cells += [""] * (min(span, self.limits.table_columns) - 1)
            rows.append(cells)
        if all(sum(1 for value in row if value) <= 1 for row in rows):
            # A single column frames text; as a table it would lose its paragraphs.
            for row in self._rows(element):
                for entry in self._cells(row):
                    self._blocks(entry)
            return
        self.blocks.append(table(rows, self.limits.table_columns))

    def _rows(self, element: Element) -> list[Element]:
        return self._unwrapped(element, "tr")

    def _cells(self, element: Element) -> list[Element]:
        return self._unwrapped(element, "tc")

    def _unwrapped(self, element: Element, wanted: str) -> list[Element]:
        found: list[Element] = []
        for part in element:
            name = local(part)
            if name == wanted:
                deleted = child(child(part, "trPr"), "del") if wanted == "tr" else None
                if deleted is None:
                    found.append(part)
            elif name in ("sdt", "sdtContent", "customXml", "smartTag", "ins"):
                found += self._unwrapped(part, wanted)
        return found


def _value(element: Element | None) -> str | None:
    return attribute(element, "val") if element is not None else None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"-?\d{1,9}", text) else None


def _numbering_of(properties: Element | None) -> tuple[str, int] | None:
    entry = child(properties, "numPr")
    if entry is None:
        return None
    instance = _value(child(entry, "numId"))
    if instance is None:
        return None
    return ("" if instance == "0" else instance), _number(_value(child(entry, "ilvl"))) or 0


def _level(element: Element) -> _Level:
    start = _number(_value(child(element, "start")))
    return _Level(
        start=1 if start is None else start,
        kind=_value(child(element, "numFmt")) or "decimal",
        text=_value(child(element, "lvlText")) or "",
        style=_value(child(element, "pStyle")),
    )


def drawn_text(element: Element) -> list[str]:
    """Texts of a diagram part, one line per paragraph."""
    lines = ("".join(run.text or "" for run in descendants(entry, "t")) for entry in descendants(element, "p"))
    return [line for line in map(one_line, lines) if line]
