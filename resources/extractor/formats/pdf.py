"""PDF by pdfium, page by page: text in reading order, paragraphs where the layout leaves a gap.

Forms are not initialised, so neither XFA nor JavaScript ever runs; attachments and links are not followed.
"""

from __future__ import annotations

import ctypes
import itertools
import re
from collections import Counter

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from resources.extractor.errors import ExtractionError
from resources.extractor.formats import pdf_file, pdf_form
from resources.extractor.formats.base import Extracted, one_line
from resources.extractor.legible import page_list
from resources.extractor.limits import Limits

VERSION: str = str(pdfium.PYPDFIUM_INFO)

_ERR_PASSWORD = 4
_ERR_SECURITY = 5
# A gap this much larger than the page's usual distance of lines begins a paragraph.
_PARAGRAPH_GAP = 1.4
_PRINT_AND_COPY = 1 << 4
# What programs write where nobody gave a title, and what they write before it.
_NO_TITLE = frozenset(
    "untitled unbenannt titel title anonymous unspecified none unknown document dokument dokument1 document1".split()  # noqa: SIM905
)
_PROGRAM = re.compile(r"\AMicrosoft (?:Word|Excel|PowerPoint|Office \w+) - ")


def read(data: bytes, limits: Limits) -> Extracted:
    """Text of every page; refuses what needs a password, is not whole, has too many pages or no text at all."""
    broken_streams = pdf_file.refuse_bomb(data, limits)
    cut_off = pdf_file.is_cut_off(data)
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code == _ERR_PASSWORD:
            raise ExtractionError(
                "encrypted",
                "Das PDF ist mit einem Kennwort geschützt. Bitte ohne Kennwort speichern und erneut senden.",
            ) from None
        if code == _ERR_SECURITY:
            raise ExtractionError(
                "encrypted", "Das PDF ist mit einem Verfahren verschlüsselt, das nicht gelesen werden kann."
            ) from None
        if cut_off:
            raise _not_whole(0, pdf_file.promised_pages(data), cut_off=True) from None
        raise ExtractionError("damaged", "Das PDF ist beschädigt oder unvollständig.") from None
    try:
        return _read(document, limits, cut_off=cut_off, broken_streams=broken_streams)
    finally:
        document.close()


def _read(document: pdfium.PdfDocument, limits: Limits, *, cut_off: bool, broken_streams: int) -> Extracted:
    count = len(document)
    if count == 0:
        if cut_off:
            raise _not_whole(0, None, cut_off=True)
        raise ExtractionError("damaged", "Das PDF hat keine lesbare Seite.")
    if count > limits.pdf_pages:
        raise ExtractionError(
            "too_large", f"Das PDF hat {count} Seiten; angenommen werden höchstens {limits.pdf_pages}."
        )
    mended = not raw.FPDF_DocumentHasValidCrossReferenceTable(document)
    result = Extracted(markup="plain", pages=[])
    pages = result.pages = []
    lost: list[int] = []
    silent: list[int] = []
    total = 0
    for index in range(count):
        try:
            text, empty = _page_text(document, index)
        except pdfium.PdfiumError:
            text, empty = "", True
            lost.append(index + 1)
        else:
            # Where the file had to be mended, a page without anything on it has lost its content.
            if empty and (mended or cut_off):
                lost.append(index + 1)
        if not any(char.isalnum() for char in text):
            silent.append(index + 1)
        total += len(text)
        if total > limits.text_chars:
            raise ExtractionError("too_large", "Das PDF enthält mehr Text, als verarbeitet werden kann.")
        pages.append(text)
    if cut_off or lost:
        raise _not_whole(count - len(lost), count, cut_off=cut_off)
    encrypted = raw.FPDF_GetSecurityHandlerRevision(document) != -1
    if mended and broken_streams and not encrypted:
        raise ExtractionError(
            "damaged",
            "Das PDF ist beschädigt: Teile seines Inhalts fehlen. Bitte die vollständige Datei erneut senden.",
        )
    if pdf_form.is_unfilled(document, pages):
        raise ExtractionError("no_text", pdf_form.REFUSAL)
    if len(silent) == count:
        raise ExtractionError(
            "no_text",
            "Das PDF enthält keinen Text, vermutlich ist es ein Scan. Texterkennung (OCR) ist nicht enthalten.",
        )
    result.title = _title(document)
    if encrypted and not (raw.FPDF_GetDocPermissions(document) & _PRINT_AND_COPY):
        result.warnings.append("Das PDF ist gegen Kopieren geschützt; es ließ sich ohne Kennwort lesen.")
    if mended:
        result.warnings.append("Das Verzeichnis der Objekte im PDF ist fehlerhaft; alle Seiten ließen sich lesen.")
    if silent:
        result.warnings.append(
            f"{page_list(silent)} ohne Text, vermutlich gescannt. Texterkennung (OCR) ist nicht enthalten."
        )
    return result


def _not_whole(readable: int, count: int | None, *, cut_off: bool) -> ExtractionError:
    """A document of which something is missing is refused as a whole: half of it would answer as if it were all."""
    fault = "abgeschnitten" if cut_off else "beschädigt"
    told = f"{readable} von {count} Seiten lesbar" if count else "keine Seite lesbar"
    if readable == count:
        told += ", aber das Ende der Datei fehlt"
    return ExtractionError("damaged", f"Das PDF ist {fault}: {told}. Bitte die vollständige Datei erneut senden.")


def _title(document: pdfium.PdfDocument) -> str | None:
    title = _PROGRAM.sub("", one_line(document.get_metadata_value("Title")))
    # Programs write the name of their source file here; that is no title.
    named_file = title.lower().endswith(
        (".doc", ".docx", ".indd", ".qxd", ".qxp", ".pdf", ".xls", ".xlsx", ".ppt", ".pptx")
    )
    if not title or named_file or title.lower().strip("()[]<>") in _NO_TITLE:
        return None
    return title[:500]


def _page_text(document: pdfium.PdfDocument, index: int) -> tuple[str, bool]:
    """A page's text, and whether there is nothing at all on the page."""
    page = document[index]
    try:
        text_page = page.get_textpage()
        try:
            text = _lines_with_gaps(text_page)
        finally:
            text_page.close()
        return text, not text and raw.FPDFPage_CountObjects(page) == 0
    finally:
        page.close()


def _lines_with_gaps(text_page: pdfium.PdfTextPage) -> str:
    """The page's characters, with an empty line wherever the distance of two lines says that a paragraph ends."""
    handle = text_page.raw
    count = raw.FPDFText_CountChars(handle)
    if count <= 0:
        return ""
    unicode_of = raw.FPDFText_GetUnicode
    lines: list[str] = []
    spans: list[tuple[int, int]] = []
    current: list[str] = []
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
            lines.append("".join(current))
            spans.append((first, last))
            current, first, last = [], -1, -1
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
            lines.append("".join(current))
            spans.append((first, last))
            current, first, last = [], -1, -1
    lines.append("".join(current))
    spans.append((first, last))
    return _with_paragraphs(handle, lines, spans)


def line_pitch(steps: list[float]) -> float:
    """The usual distance of lines within a paragraph: the smallest that occurs often enough to be no accident.

    A median would do for running text, but on a page of short paragraphs most distances are those between them.
    """
    counted = Counter(round(step) for step in steps)
    often = max(1.0, 0.15 * len(steps))
    return float(min((step for step, count in counted.items() if count >= often), default=0))


def _with_paragraphs(handle: object, lines: list[str], spans: list[tuple[int, int]]) -> str:
    across, up = ctypes.c_double(), ctypes.c_double()

    def origin(position: int) -> tuple[float, float] | None:
        if position < 0 or not raw.FPDFText_GetCharOrigin(handle, position, across, up):
            return None
        return across.value, up.value

    def large(before: int, after: int, step: float, pitch: float) -> bool:
        """Two lines of one heading: set larger than the text, and no further apart than their own size asks for."""
        sizes = [raw.FPDFText_GetFontSize(handle, max(spans[at][0], 0)) for at in (before, after)]
        return abs(sizes[0] - sizes[1]) < 0.5 and min(sizes) > 1.05 * pitch and step < _PARAGRAPH_GAP * min(sizes)

    starts = [origin(first) for first, _ in spans]
    ends = [origin(last) for _, last in spans]
    steps = [before[1] - after[1] if before and after else None for before, after in itertools.pairwise(starts)]
    pitch = line_pitch([step for step in steps if step is not None and 3 < step < 60])
    parts: list[str] = [lines[0]]
    for at, step in enumerate(steps):
        line, end, start = lines[at + 1], ends[at], starts[at + 1]
        if step is None or not pitch:
            parts.append("\n")
        elif step > max(pitch * _PARAGRAPH_GAP, pitch + 3):
            parts.append("\n" if large(at, at + 1, step, pitch) else "\n\n")
        elif end and start and abs(end[1] - start[1]) < 0.45 * pitch and 0 <= start[0] - end[0] < 2 * pitch:
            # The same line: raised footnote marks and powers make pdfium break it.
            parts.append("" if line[:1] in ").,;:" else " ")
        else:
            parts.append("\n")
        parts.append(line)
    return "".join(parts)
