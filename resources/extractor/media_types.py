"""The formats Luna reads, with media types, names for people and file endings; and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSB = "application/vnd.ms-excel.sheet.binary.macroEnabled.12"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
EPUB = "application/epub+zip"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
PPT = "application/vnd.ms-powerpoint"
MSG = "application/vnd.ms-outlook"
RTF = "application/rtf"
HTML = "text/html"
XML = "application/xml"
MARKDOWN = "text/markdown"
TEXT = "text/plain"
CSV = "text/csv"
EML = "message/rfc822"
MBOX = "application/mbox"
ICS = "text/calendar"
JSON = "application/json"
ENCRYPTED_OFFICE = "application/x-ole-encrypted"
BINARY = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Format:
    """A format as people name it, with its media types (the first is ours) and file endings."""

    label: str
    media_types: tuple[str, ...]
    endings: tuple[str, ...]


SUPPORTED_FORMATS: tuple[Format, ...] = (
    Format("PDF", (PDF, "application/x-pdf"), (".pdf",)),
    Format("Word (DOCX)", (DOCX,), (".docx", ".docm", ".dotx", ".dotm")),
    Format("Word 97–2003 (DOC)", (DOC,), (".doc", ".dot")),
    Format("PowerPoint (PPTX)", (PPTX,), (".pptx", ".pptm", ".ppsx", ".ppsm", ".potx")),
    Format("PowerPoint 97–2003 (PPT)", (PPT,), (".ppt", ".pps")),
    Format("Excel (XLSX)", (XLSX,), (".xlsx", ".xlsm", ".xltx")),
    Format("Excel binär (XLSB)", (XLSB,), (".xlsb",)),
    Format("Excel 97–2003 (XLS)", (XLS,), (".xls", ".xlt")),
    Format("OpenDocument Text (ODT)", (ODT,), (".odt", ".ott")),
    Format("OpenDocument Tabelle (ODS)", (ODS,), (".ods", ".ots")),
    Format("OpenDocument Präsentation (ODP)", (ODP,), (".odp", ".otp")),
    Format("Rich Text (RTF)", (RTF, "text/rtf"), (".rtf",)),
    Format("HTML", (HTML, "application/xhtml+xml"), (".html", ".htm", ".xhtml")),
    Format("Markdown", (MARKDOWN, "text/x-markdown"), (".md", ".markdown")),
    Format("Text", (TEXT,), (".txt", ".text", ".log", ".asc")),
    Format("CSV", (CSV, "text/tab-separated-values"), (".csv", ".tsv")),
    Format("E-Mail (EML)", (EML,), (".eml",)),
    Format("E-Mail (Outlook MSG)", (MSG,), (".msg",)),
    Format("E-Mail-Postfach (MBOX)", (MBOX,), (".mbox",)),
    Format("EPUB", (EPUB,), (".epub",)),
    Format("XML", (XML, "text/xml"), (".xml",)),
    Format("JSON", (JSON,), (".json",)),
    Format("Kalender (ICS)", (ICS,), (".ics",)),
)

_LABELS = {form.media_types[0]: form.label for form in SUPPORTED_FORMATS}
_LABELS[ENCRYPTED_OFFICE] = "Office-Dokument, verschlüsselt"
BY_ENDING = {ending: form.media_types[0] for form in SUPPORTED_FORMATS for ending in form.endings}
"""Our media type of a file ending (with its dot)."""
BY_MEDIA_TYPE = {alias: form.media_types[0] for form in SUPPORTED_FORMATS for alias in form.media_types}
"""Our media type of any that a format goes by."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What a file is that is not taken; `refusal` says in German why, and what helps."""

    media_type: str
    label: str
    refusal: str


def ending_of(file_name: str) -> str:
    """The lower-case ending with its dot, of a name that may come with a path of either kind."""
    return PurePosixPath(file_name.replace("\\", "/")).suffix.lower()


def label_of(media_type: str) -> str:
    """The format's name for people."""
    return _LABELS.get(media_type, media_type)
