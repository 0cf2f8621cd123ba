"""PDF by pdfium, page by page: text in reading order, tables as such, paragraphs where the layout leaves a gap.

Forms are not initialised, so neither XFA nor JavaScript ever runs; attachments and links are not followed.
"""

from __future__ import annotations

import re

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from resources.extractor.errors import ExtractionError
from resources.extractor.formats import pdf_file, pdf_form, pdf_page, pdf_tables
from resources.extractor.formats.base import Extracted, one_line
from resources.extractor.formats.pdf_rules import Budget
from resources.extractor.legible import page_list
from resources.extractor.limits import Limits

VERSION: str = str(pdfium.PYPDFIUM_INFO)

_ERR_PASSWORD = 4
_ERR_SECURITY = 5
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
    read_pages: list[pdf_page.Page] = []
    budget = Budget()
    lost: list[int] = []
    total = 0
    for index in range(count):
        try:
            page = pdf_page.read_page(document, index, budget)
        except pdfium.PdfiumError:
            page = pdf_page.Page(empty=True)
            lost.append(index + 1)
        else:
            # Where the file had to be mended, a page without anything on it has lost its content.
            if page.empty and (mended or cut_off):
                lost.append(index + 1)
        total += sum(map(len, page.lines))
        if total > limits.text_chars:
            raise ExtractionError("too_large", "Das PDF enthält mehr Text, als verarbeitet werden kann.")
        read_pages.append(page)
    pdf_tables.settle([page.tables for page in read_pages])
    pages = result.pages = [page.text() for page in read_pages]
    silent = [number for number, text in enumerate(pages, start=1) if not any(char.isalnum() for char in text)]
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
