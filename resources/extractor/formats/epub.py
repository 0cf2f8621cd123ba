"""EPUB books: the chapters of the spine in order, each read as HTML."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from resources.extractor.containers import Container
from resources.extractor.errors import ExtractionError
from resources.extractor.formats import html
from resources.extractor.formats.base import Extracted, one_line
from resources.extractor.formats.xmlparts import child, children, descendants, parse
from resources.extractor.limits import Limits


def read(data: bytes, limits: Limits) -> Extracted:
    """Text of a book as Markdown."""
    container = Container(data, limits)
    root_file = next(descendants(parse(container.read_xml("META-INF/container.xml", doctype=True)), "rootfile"), None)
    path = (root_file.get("full-path") or "") if root_file is not None else ""
    package = parse(container.read_xml(path, doctype=True))
    folder = posixpath.dirname(path)
    items = {entry.get("id"): entry for entry in children(child(package, "manifest"), "item")}
    title = child(child(package, "metadata"), "title")
    blocks: list[str] = []
    missing = 0
    size = 0
    for reference in children(child(package, "spine"), "itemref"):
        item = items.get(reference.get("idref"))
        if item is None or "html" not in (item.get("media-type") or ""):
            continue
        name = posixpath.normpath(posixpath.join(folder, unquote((item.get("href") or "").partition("#")[0])))
        if not container.has(name):
            missing += 1
            continue
        blocks.append(html.read(container.read(name), limits).text)
        size += len(blocks[-1])
        if size > limits.text_chars:
            raise ExtractionError("too_large", "Das Buch enthält mehr Text, als verarbeitet werden kann.")
    warnings = [f"{missing} Kapitel fehlen in der Datei."] if missing else []
    return Extracted(
        text="\n\n".join(filter(None, blocks)),
        title=one_line(title.text or "") or None if title is not None else None,
        warnings=warnings,
    )
