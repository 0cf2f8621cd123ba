"""From bytes to `ExtractedText`: choose the reader, then give its text the common care. Runs in the child only.

The one place that knows which reader serves which type.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from luna_rules.documents.model import ExtractedText, PageSpan
from resources.extractor import media_types as types
from resources.extractor.detection import DetectedType, detect
from resources.extractor.errors import ExtractionError
from resources.extractor.formats import epub, html, legacy, mail, opendocument, pdf, plain, rtf, sheets, slides, word
from resources.extractor.formats.base import Extracted
from resources.extractor.furniture import seam, without_furniture
from resources.extractor.legible import legible_pages
from resources.extractor.limits import Limits
from resources.extractor.textcare import clean, join_hyphenated

Reader = Callable[[bytes, Limits], Extracted]

# Raised whenever the same bytes give another text than before.
VERSION = "3"
# Formats whose text layer can be broken although the file is sound. Plain text and tables say what they say.
_JUDGED = frozenset({types.PDF, types.RTF, types.DOC, types.PPT, types.MSG})


def _legacy(media_type: str) -> Reader:
    return lambda data, limits: legacy.read(data, media_type, limits)


_READERS: dict[str, Reader] = {
    types.PDF: pdf.read,
    types.HTML: html.read,
    types.TEXT: plain.read_text,
    types.MARKDOWN: plain.read_markdown,
    types.CSV: plain.read_csv,
    types.JSON: plain.read_text,
    types.XML: plain.read_xml,
    types.ICS: plain.read_calendar,
    types.EML: mail.read,
    types.MBOX: mail.read_mailbox,
    types.RTF: rtf.read,
    types.DOCX: word.read,
    types.PPTX: slides.read,
    types.XLSX: sheets.read,
    types.XLSB: _legacy(types.XLSB),
    types.ODT: opendocument.read,
    types.ODS: opendocument.read,
    types.ODP: opendocument.read,
    types.EPUB: epub.read,
    types.DOC: _legacy(types.DOC),
    types.XLS: _legacy(types.XLS),
    types.PPT: _legacy(types.PPT),
    types.MSG: _legacy(types.MSG),
}


def extract(data: bytes, file_name: str, media_type: str | None, limits: Limits, extractor: str) -> ExtractedText:
    """The document's final text, or `ExtractionError`."""
    if not data:
        raise ExtractionError("empty")
    if len(data) > limits.input_bytes:
        raise ExtractionError("too_large", "Die Datei ist zu groß.")
    kind = detect(data, file_name, media_type)
    if kind.media_type == types.ENCRYPTED_OFFICE:
        raise ExtractionError("encrypted")
    reader = _READERS.get(kind.media_type)
    if not kind.supported or reader is None:
        raise ExtractionError("unsupported", kind.refusal)
    try:
        found = reader(data, limits)
    except ExtractionError:
        raise
    except MemoryError:
        raise ExtractionError("memory") from None
    except Exception:
        # Readers meet bytes that nobody foresaw; whatever they stumble over, the file is at fault.
        raise ExtractionError("damaged") from None
    return _finish(found, kind, limits, extractor)


def _finish(found: Extracted, kind: DetectedType, limits: Limits, extractor: str) -> ExtractedText:
    raw = found.pages if found.pages is not None else [found.text]
    if kind.media_type in _JUDGED:
        # Judged before the common care, which would take the controls away that give a broken text layer away.
        raw = legible_pages(raw, found.warnings)
    is_pdf = kind.media_type == types.PDF
    parts = [clean(join_hyphenated(part) if is_pdf else part) for part in raw]
    seams = ["\n\n"] * len(parts)
    if is_pdf:
        parts = without_furniture(parts)
        seams = [seam(before, after) for before, after in itertools.pairwise(parts)] + ["\n\n"]
    text = "".join(part + (seams[at] if at + 1 < len(parts) else "") for at, part in enumerate(parts))
    if len(text) > limits.text_chars:
        raise ExtractionError("too_large", "Das Dokument enthält mehr Text, als verarbeitet werden kann.")
    if not any(char.isalnum() for char in text):
        raise ExtractionError("no_text")
    pages: list[PageSpan] = []
    if found.pages is not None:
        position = 0
        for number, (part, between) in enumerate(zip(parts, seams, strict=True), start=1):
            pages.append(PageSpan(number, position, position + len(part)))
            position += len(part) + len(between)
    warnings = ([kind.warning] if kind.warning else []) + found.warnings
    title = clean(found.title).replace("\n", " ").strip() if found.title else None
    return ExtractedText(
        text=text,
        media_type=kind.media_type,
        markup=found.markup,
        title=title or None,
        pages=tuple(pages),
        warnings=tuple(warnings),
        extractor=extractor,
    )


def versions() -> dict[str, str]:
    """Versions of the libraries that shape the text."""
    return {"pypdfium2": str(pdf.VERSION)}
