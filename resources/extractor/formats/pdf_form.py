"""Forms whose pages only say that the form cannot be shown.

A dynamic XFA form keeps its words in an XML part that only some viewers draw; what stands on its PDF pages is a notice
for all others. That notice is no content. XFA itself is neither run nor read: it is a programming language of forms.
"""

from __future__ import annotations

import re

import pypdfium2 as pdfium
import pypdfium2.raw as raw

REFUSAL = (
    "Das PDF ist ein dynamisches Formular (XFA); auf seinen Seiten steht nur ein Platzhalter statt des Inhalts. "
    "Bitte das Formular in Adobe Acrobat öffnen, als gewöhnliches PDF drucken und dieses senden."
)
# The notices of Adobe's forms are shorter; a text about such notices is longer.
_NOTICE_CHARS = 3_000
_NOTICES = tuple(
    re.compile(pattern)
    for pattern in (
        r"if this message is not eventually replaced",
        r"to view the full contents of this document, you need a later version of the pdf viewer",
        r"(wenn|falls|sollte) diese (meldung|nachricht) (schließlich |letztendlich )?nicht\b.{0,80}\bersetzt w",
        r"vollständigen inhalt dieses dokuments\b.{0,40}\b(neuere|höhere|spätere) version des pdf-?",
    )
)


def is_unfilled(document: pdfium.PdfDocument, pages: list[str]) -> bool:
    """Whether the pages hold a notice in place of the document: by the form's own word, or by the notice's."""
    if raw.FPDF_GetFormType(document) == raw.FORMTYPE_XFA_FULL:
        return True
    if sum(map(len, pages)) > _NOTICE_CHARS:
        return False
    said = " ".join(" ".join(pages).lower().split())
    return any(notice.search(said) for notice in _NOTICES)
