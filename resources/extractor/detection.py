"""Decide what a file is by looking into it; its name only settles what the content leaves open.

Runs in the parent, before anything is stored: it reads signatures, directories of containers and the first lines, and
never decompresses or parses a body.
"""

from __future__ import annotations

from dataclasses import dataclass

from resources.extractor.detect_binary import known_binary, unknown_binary
from resources.extractor.detect_ole import ole_kind
from resources.extractor.detect_text import as_text, text_kind
from resources.extractor.detect_zip import zip_kind
from resources.extractor.media_types import (
    BINARY,
    BY_ENDING,
    CSV,
    EML,
    HTML,
    ICS,
    JSON,
    MARKDOWN,
    MBOX,
    PDF,
    RTF,
    TEXT,
    XML,
    Refused,
    ending_of,
    label_of,
)

_TEXT_FAMILY = frozenset({TEXT, MARKDOWN, CSV, HTML, XML, JSON, ICS, EML, MBOX, RTF})


@dataclass(frozen=True, slots=True)
class DetectedType:
    """What a file is. `refusal` says in German why it is not taken; `warning` that its name promises something else."""

    media_type: str
    label: str
    supported: bool
    refusal: str | None = None
    warning: str | None = None


def detect(data: bytes, file_name: str, media_type: str | None = None) -> DetectedType:
    """Decide by content what `data` is; name and claimed media type only choose among kinds of plain text."""
    ending = ending_of(file_name)
    if not data:
        named = BY_ENDING.get(ending, BINARY)
        return DetectedType(named, label_of(named), supported=False, refusal="Die Datei ist leer.")
    found = _by_content(data, ending, media_type)
    if isinstance(found, Refused):
        return DetectedType(found.media_type, found.label, supported=False, refusal=found.refusal)
    return DetectedType(found, label_of(found), supported=True, warning=_mismatch(found, ending))


def _mismatch(found: str, ending: str) -> str | None:
    promised = BY_ENDING.get(ending)
    if promised is None or promised == found:
        return None
    if promised in _TEXT_FAMILY and found in _TEXT_FAMILY and HTML not in (promised, found) and found != RTF:
        return None
    return f"Die Endung {ending} passt nicht zum Inhalt: Die Datei wurde als {label_of(found)} gelesen."


def _by_content(data: bytes, ending: str, claimed: str | None) -> str | Refused:
    head = data[:4096]
    if b"%PDF-" in data[:1024]:
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK")):
        return zip_kind(data, ending)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return ole_kind(data, ending)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rt"):
        return RTF
    refused = known_binary(data)
    if refused is not None:
        return refused
    text = as_text(head)
    if text is None:
        return unknown_binary(data, ending)
    return text_kind(text, data, ending, claimed)
