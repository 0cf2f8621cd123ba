"""XML parts of office containers: parsing without entities, and looking at elements by their local names.

Namespaces differ between the transitional and the strict edition of the same format, so readers ask for local names.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from resources.extractor.containers import Container
from resources.extractor.errors import ExtractionError

Element = ElementTree.Element


def parse(body: bytes) -> Element:
    """The root of a checked part."""
    try:
        return ElementTree.fromstring(body)  # noqa: S314 - see above
    except (ElementTree.ParseError, ValueError, LookupError):
        raise ExtractionError("damaged") from None


def local(element: Element) -> str:
    """The element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def attribute(element: Element, name: str, default: str | None = None) -> str | None:
    """An attribute by its local name."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return value
    return default


def child(element: Element | None, name: str) -> Element | None:
    """The first direct child of that local name."""
    if element is None:
        return None
    return next((part for part in element if local(part) == name), None)


def children(element: Element | None, name: str) -> Iterator[Element]:
    """All direct children of that local name."""
    if element is not None:
        yield from (part for part in element if local(part) == name)


def descendants(element: Element | None, name: str) -> Iterator[Element]:
    """All elements below of that local name, in document order."""
    if element is not None:
        yield from (part for part in element.iter() if local(part) == name)


def chosen(element: Element) -> list[Element]:
    """What to read of an `AlternateContent`: one of its branches, never both."""
    branch = child(element, "Choice")
    if branch is None or not len(branch):
        branch = child(element, "Fallback")
    return list(branch) if branch is not None else []


@dataclass(frozen=True, slots=True)
class Relation:
    """A named reference from one part to another; `target` is a member's name, empty for anything outside."""

    kind: str
    target: str


def relations(container: Container, part: str) -> dict[str, Relation]:
    """The references of a part. What points outside of the container has no target and is never followed."""
    folder, name = posixpath.split(part)
    path = posixpath.join(folder, "_rels", f"{name}.rels")
    if not container.has(path):
        return {}
    found: dict[str, Relation] = {}
    for entry in children(parse(container.read_xml(path)), "Relationship"):
        kind = (entry.get("Type") or "").rpartition("/")[2]
        target = entry.get("Target") or ""
        if (entry.get("TargetMode") or "").lower() == "external" or "://" in target:
            target = ""
        elif target.startswith("/"):
            target = target.lstrip("/")
        else:
            target = posixpath.normpath(posixpath.join(folder, target)) if target else ""
        found[entry.get("Id") or ""] = Relation(kind, target)
    return found


def main_part(container: Container, usual: str) -> str:
    """The part that holds the document: as the container says, or where it usually lies."""
    for relation in relations(container, "").values():
        if relation.kind == "officeDocument" and container.has(relation.target):
            return relation.target
    if container.has(usual):
        return usual
    raise ExtractionError("damaged", "In der Datei fehlt das eigentliche Dokument; sie ist beschädigt.")


def core_title(container: Container) -> str | None:
    """The title among the document's properties."""
    if not container.has("docProps/core.xml"):
        return None
    try:
        root = parse(container.read_xml("docProps/core.xml"))
    except ExtractionError as error:
        if error.code == "bomb":
            raise
        return None
    found = child(root, "title")
    return (found.text or "").strip() or None if found is not None else None
