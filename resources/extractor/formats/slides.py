"""PowerPoint presentations (PPTX): one page per slide, its title as a heading, tables, diagrams and speaker's notes."""

from __future__ import annotations

import posixpath

from resources.extractor.containers import Container
from resources.extractor.errors import ExtractionError
from resources.extractor.formats.base import Extracted, heading, one_line, table, whole_number
from resources.extractor.formats.word import drawn_text
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

_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})
_DEEPEST_LIST = 8


def read(data: bytes, limits: Limits) -> Extracted:
    """Text of a presentation as Markdown, in the order in which it is shown."""
    container = Container(data, limits)
    part = main_part(container, "ppt/presentation.xml")
    linked = relations(container, part)
    listed = child(parse(container.read_xml(part)), "sldIdLst")
    order = [linked.get(_relation_id(entry)) for entry in children(listed, "sldId")]
    targets = [entry.target for entry in order if entry and entry.target and container.has(entry.target)]
    if not targets and any(entry is not None for entry in order):
        raise ExtractionError("damaged")
    return Extracted(
        pages=[_slide(container, target, limits) for target in targets], title=core_title(container), markup="markdown"
    )


def _relation_id(element: Element) -> str:
    # `id` exists twice: without a namespace it is the slide's number.
    return next((value for key, value in element.attrib.items() if key.endswith("}id")), "")


def _slide(container: Container, target: str, limits: Limits) -> str:
    linked = relations(container, target)
    blocks: list[str] = []
    tree = child(child(parse(container.read_xml(target)), "cSld"), "spTree")
    if tree is not None:
        _shapes(container, tree, linked, blocks, limits)
    for relation in linked.values():
        if relation.kind == "notesSlide" and container.has(relation.target):
            notes: list[str] = []
            body = child(child(parse(container.read_xml(relation.target)), "cSld"), "spTree")
            if body is not None:
                _shapes(container, body, {}, notes, limits)
            text = "\n\n".join(block.lstrip("# ") for block in notes)
            if text:
                blocks.append(f"Notizen: {text}")
    return "\n\n".join(blocks)


def _shapes(
    container: Container, tree: Element, linked: dict[str, Relation], blocks: list[str], limits: Limits
) -> None:
    for part in tree:
        name = local(part)
        if name == "sp":
            _shape(part, blocks)
        elif name == "grpSp":
            _shapes(container, part, linked, blocks, limits)
        elif name == "AlternateContent":
            for branch in chosen(part):
                _shapes(container, _wrapped(branch), linked, blocks, limits)
        elif name == "graphicFrame":
            _frame(container, part, linked, blocks, limits)


def _wrapped(element: Element) -> Element:
    holder = Element("holder")
    holder.append(element)
    return holder


def _shape(element: Element, blocks: list[str]) -> None:
    body = child(element, "txBody")
    if body is None:
        return
    place = next(descendants(child(element, "nvSpPr"), "ph"), None)
    kind = place.get("type") if place is not None else None
    if kind in _FURNITURE:
        return
    lines: list[str] = []
    listed = place is not None and kind in (None, "body", "obj")
    for entry in children(body, "p"):
        text = _paragraph(entry)
        if not text:
            continue
        properties = child(entry, "pPr")
        depth = whole_number(attribute(properties, "lvl")) if properties is not None else None
        indent = "  " * min(depth or 0, _DEEPEST_LIST)
        lines.append(f"{indent}- {text}" if listed else text)
    if not lines:
        return
    if kind in _TITLES:
        blocks.append(heading(2, " ".join(lines)))
    else:
        blocks.append("\n".join(lines))


def _paragraph(element: Element) -> str:
    pieces: list[str] = []
    for part in element.iter():
        name = local(part)
        if name == "t":
            pieces.append(part.text or "")
        elif name in ("br", "tab"):
            pieces.append(" ")
    return one_line("".join(pieces))


def _frame(
    container: Container, element: Element, linked: dict[str, Relation], blocks: list[str], limits: Limits
) -> None:
    for grid in descendants(element, "tbl"):
        rows = [
            [one_line(" ".join(_paragraph(entry) for entry in descendants(cell, "p"))) for cell in children(row, "tc")]
            for row in children(grid, "tr")
        ]
        text = table(rows, limits.table_columns)
        if text:
            blocks.append(text)
    for reference in descendants(element, "relIds"):
        data = next((value for key, value in reference.attrib.items() if key.endswith("}dm")), "")
        relation = linked.get(data)
        if relation and relation.target and container.has(posixpath.normpath(relation.target)):
            lines = drawn_text(parse(container.read_xml(relation.target)))
            if lines:
                blocks.append("\n".join(f"- {line}" for line in lines))
