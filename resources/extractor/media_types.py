"""Decide what a file is by looking into it; its name only settles what the content leaves open.

Runs in the parent, before anything is stored: it reads signatures, directories of containers and the first lines, and
never decompresses or parses a body.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass
from pathlib import PurePosixPath

import puremagic

from resources.extractor.limits import Limits

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
_BY_ENDING = {ending: form.media_types[0] for form in SUPPORTED_FORMATS for ending in form.endings}
_ALIASES = {alias: form.media_types[0] for form in SUPPORTED_FORMATS for alias in form.media_types}
_TEXT_FAMILY = frozenset({TEXT, MARKDOWN, CSV, HTML, XML, JSON, ICS, EML, MBOX, RTF})
_ARCHIVE = (
    "Archive ({label}) werden nicht unterstützt. Bitte die enthaltenen Dokumente entpacken und einzeln hochladen."
)


@dataclass(frozen=True, slots=True)
class DetectedType:
    """What a file is. `refusal` says in German why it is not taken; `warning` that its name promises something else."""

    media_type: str
    label: str
    supported: bool
    refusal: str | None = None
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class _Refused:
    media_type: str
    label: str
    refusal: str


def ending_of(file_name: str) -> str:
    """The lower-case ending with its dot, of a name that may come with a path of either kind."""
    return PurePosixPath(file_name.replace("\\", "/")).suffix.lower()


def label_of(media_type: str) -> str:
    """The format's name for people."""
    return _LABELS.get(media_type, media_type)


def detect(data: bytes, file_name: str, media_type: str | None = None) -> DetectedType:
    """Decide by content what `data` is; name and claimed media type only choose among kinds of plain text."""
    ending = ending_of(file_name)
    if not data:
        named = _BY_ENDING.get(ending, BINARY)
        return DetectedType(named, label_of(named), supported=False, refusal="Die Datei ist leer.")
    found = _by_content(data, ending, media_type)
    if isinstance(found, _Refused):
        return DetectedType(found.media_type, found.label, supported=False, refusal=found.refusal)
    return DetectedType(found, label_of(found), supported=True, warning=_mismatch(found, ending))


def _mismatch(found: str, ending: str) -> str | None:
    promised = _BY_ENDING.get(ending)
    if promised is None or promised == found:
        return None
    if promised in _TEXT_FAMILY and found in _TEXT_FAMILY and HTML not in (promised, found) and found != RTF:
        return None
    return f"Die Endung {ending} passt nicht zum Inhalt: Die Datei wurde als {label_of(found)} gelesen."


def _by_content(data: bytes, ending: str, claimed: str | None) -> str | _Refused:
    head = data[:4096]
    if b"%PDF-" in data[:1024]:
        return PDF
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK")):
        return _zip_kind(data, ending)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_kind(data, ending)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rt"):
        return RTF
    refused = _known_binary(data, ending)
    if refused is not None:
        return refused
    text = _as_text(head)
    if text is None:
        return _unknown_binary(data, ending)
    return _text_kind(text, data, ending, claimed)


# --- signatures that are refused by name ---------------------------------------------------------------------------

_IMAGE = (
    "Bilder werden nicht gelesen, denn Texterkennung (OCR) ist nicht enthalten. Bitte ein Dokument mit Text hochladen."
)
_PROGRAM = "Die Datei ist ein ausführbares Programm und wird nicht angenommen."
_SIGNATURES: tuple[tuple[int, bytes, str, str, str], ...] = (
    (0, b"MZ", "application/vnd.microsoft.portable-executable", "Windows-Programm", _PROGRAM),
    (0, b"\x7fELF", "application/x-executable", "Linux-Programm", _PROGRAM),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary", "macOS-Programm", _PROGRAM),
    (0, b"\xca\xfe\xba\xbe", "application/x-mach-binary", "Programm", _PROGRAM),
    (0, b"\x1f\x8b", "application/gzip", "GZIP", _ARCHIVE),
    (0, b"BZh", "application/x-bzip2", "BZIP2", _ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", "7-Zip", _ARCHIVE),
    (0, b"\xfd7zXZ\x00", "application/x-xz", "XZ", _ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd", "Zstandard", _ARCHIVE),
    (0, b"\x04\x22\x4d\x18", "application/x-lz4", "LZ4", _ARCHIVE),
    (0, b"Rar!\x1a\x07", "application/vnd.rar", "RAR", _ARCHIVE),
    (0, b"MSCF", "application/vnd.ms-cab-compressed", "CAB", _ARCHIVE),
    (257, b"ustar", "application/x-tar", "TAR", _ARCHIVE),
    (0, b"\x89PNG\r\n\x1a\n", "image/png", "PNG-Bild", _IMAGE),
    (0, b"\xff\xd8\xff", "image/jpeg", "JPEG-Bild", _IMAGE),
    (0, b"GIF87a", "image/gif", "GIF-Bild", _IMAGE),
    (0, b"GIF89a", "image/gif", "GIF-Bild", _IMAGE),
    (0, b"II*\x00", "image/tiff", "TIFF-Bild", _IMAGE),
    (0, b"MM\x00*", "image/tiff", "TIFF-Bild", _IMAGE),
    (8, b"WEBP", "image/webp", "WebP-Bild", _IMAGE),
    (0, b"PAR1", "application/vnd.apache.parquet", "Parquet", "Parquet-Dateien sind keine Dokumente."),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3", "SQLite", "Datenbanken sind keine Dokumente."),
)


def _known_binary(data: bytes, ending: str) -> _Refused | None:
    for offset, magic, media_type, label, refusal in _SIGNATURES:
        if data[offset : offset + len(magic)] != magic:
            continue
        if magic == b"MZ" and not _is_program(data):
            continue
        if magic == b"BZh" and data[4:10] not in (b"1AY&SY", b"\x17rE8P\x90"):
            continue
        if len(data) < offset + len(magic):
            continue
        return _Refused(media_type, label, refusal.format(label=label))
    if _is_old_tar(data):
        return _Refused("application/x-tar", "TAR", _ARCHIVE.format(label="TAR"))
    return None


def _is_program(data: bytes) -> bool:
    """A text may begin with MZ; a program has a binary header."""
    return b"\x00" in data[:64]


def _is_old_tar(data: bytes) -> bool:
    """A tar before POSIX has no magic, but the checksum of its first header gives it away."""
    if len(data) < 512 or data[0] == 0:
        return False
    field = data[148:156].strip(b" \x00")
    if not re.fullmatch(rb"[0-7]{4,7}", field):
        return False
    return int(field, 8) == sum(data[:148]) + 8 * 32 + sum(data[156:512])


def _unknown_binary(data: bytes, ending: str) -> _Refused:
    promised = _BY_ENDING.get(ending)
    try:
        guesses = puremagic.magic_string(data[:8192])
    except (puremagic.PureError, ValueError):
        guesses = []
    named = next((guess for guess in guesses if guess.mime_type and guess.confidence >= 0.6), None)
    if named is not None:
        label = named.name or named.mime_type
        return _Refused(named.mime_type, label, f"Der Dateityp ({label}) wird nicht unterstützt.")
    if promised is not None:
        return _Refused(
            BINARY,
            "unbekannt",
            f"Die Datei heißt {ending}, ihr Inhalt ist aber kein {label_of(promised)} "
            "und auch sonst kein bekanntes Format.",
        )
    return _Refused(BINARY, "unbekannt", "Der Dateityp ist unbekannt und wird nicht unterstützt.")


# --- containers ----------------------------------------------------------------------------------------------------


def zip_names(data: bytes, limit: int = 20_000, directory_limit: int | None = None) -> list[tuple[str, int]] | None:
    """Names and flags of the members from the central directory, read without unpacking anything.

    None when the directory is missing or broken.
    """
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if end < 0 or len(data) - end < 22:
        return None
    size, offset = struct.unpack_from("<II", data, end + 12)
    if directory_limit is not None and size > directory_limit:
        return None
    # Bytes put in front of an archive shift every offset; the directory ends where its end record begins.
    position = end - size if offset + size != end and end >= size else offset
    names: list[tuple[str, int]] = []
    while position + 46 <= end and data[position : position + 4] == b"PK\x01\x02" and len(names) < limit:
        flags = struct.unpack_from("<H", data, position + 8)[0]
        name_size, extra_size, comment_size = struct.unpack_from("<HHH", data, position + 28)
        raw = data[position + 46 : position + 46 + name_size]
        names.append((raw.decode("utf-8" if flags & 0x800 else "cp437", "replace"), flags))
        position += 46 + name_size + extra_size + comment_size
    return names or None


_ODF_KINDS = {"text": ODT, "spreadsheet": ODS, "presentation": ODP}


def _zip_kind(data: bytes, ending: str) -> str | _Refused:
    members = zip_names(data, directory_limit=Limits().zip_directory_bytes)
    archive = _Refused("application/zip", "ZIP", _ARCHIVE.format(label="ZIP"))
    if members is None:
        # A truncated office file is an office file that cannot be read, so its reader shall say so.
        promised = _BY_ENDING.get(ending)
        if promised in (DOCX, PPTX, XLSX, XLSB, ODT, ODS, ODP, EPUB):
            return promised
        return archive
    stored = _odf_mimetype(data)
    if stored is not None:
        if stored == EPUB:
            return EPUB
        for key, media_type in _ODF_KINDS.items():
            if stored.startswith(f"application/vnd.oasis.opendocument.{key}"):
                return media_type
        return _Refused(stored, stored, f"Der Dateityp ({stored}) wird nicht unterstützt.")
    names = {name.replace("\\", "/").lower() for name, _ in members}
    if "[content_types].xml" in names or "_rels/.rels" in names:
        if any(name.startswith("word/") for name in names):
            return DOCX
        if any(name.startswith("ppt/") for name in names):
            return PPTX
        if any(name.startswith("xl/") for name in names):
            return XLSB if any(re.fullmatch(r"xl/workbook\d*\.bin", name) for name in names) else XLSX
        if any(name.startswith("visio/") for name in names):
            return _Refused("application/vnd.ms-visio.drawing", "Visio", "Visio-Zeichnungen werden nicht unterstützt.")
    if "meta-inf/container.xml" in names and any(name.endswith(".opf") for name in names):
        return EPUB
    if "content.xml" in names and "meta-inf/manifest.xml" in names:
        promised = _BY_ENDING.get(ending)
        return promised if promised in (ODT, ODS, ODP) else ODT
    return archive


def _odf_mimetype(data: bytes) -> str | None:
    """The type that ODF and EPUB store uncompressed as their first member."""
    if len(data) < 38 or data[30:38] != b"mimetype":
        return None
    method = struct.unpack_from("<H", data, 8)[0]
    extra = struct.unpack_from("<H", data, 28)[0]
    if method != 0:
        return None
    found = re.match(rb"application/[a-z0-9.+-]+", data[38 + extra : 38 + extra + 120])
    # The next header follows without a gap, so its signature ends the match.
    return found.group().decode("ascii") if found else None


def _ole_kind(data: bytes, ending: str) -> str | _Refused:
    names = {entry.name.lower() for entry in ole_root_entries(data)}
    if not names:
        promised = _BY_ENDING.get(ending)
        if promised in (DOC, XLS, PPT, MSG):
            return promised
    if "encryptedpackage" in names:
        return ENCRYPTED_OFFICE
    if "__properties_version1.0" in names:
        return MSG
    if "powerpoint document" in names:
        return PPT
    if "worddocument" in names:
        return DOC
    if names & {"workbook", "book"}:
        return XLS
    return _Refused(
        "application/x-ole-storage",
        "OLE-Container",
        "Die Datei ist ein OLE-Container ohne Word-, Excel-, PowerPoint- oder Outlook-Inhalt; "
        "sie wird nicht unterstützt.",
    )


@dataclass(frozen=True, slots=True)
class OleEntry:
    """A stream or storage directly below the root of an OLE container; `head` is the beginning of a large stream."""

    name: str
    head: bytes


def ole_root_entries(data: bytes) -> list[OleEntry]:
    """What lies directly below the root of an OLE container.

    Embedded objects lie deeper, so a presentation with a worksheet in it stays a presentation.
    """
    if len(data) < 512:
        return []
    sector = 1 << min(struct.unpack_from("<H", data, 30)[0], 16)
    if sector < 512:
        return []
    entries = _ole_directory(data, sector)
    if not entries:
        return []
    found: list[OleEntry] = []
    visited: set[int] = set()
    waiting: list[int] = [struct.unpack_from("<I", entries[0], 76)[0]]
    while waiting:
        number = waiting.pop()
        if number >= len(entries) or number in visited:
            continue
        visited.add(number)
        entry = entries[number]
        size = min(struct.unpack_from("<H", entry, 64)[0], 64)
        start, length = struct.unpack_from("<II", entry, 116)
        # Streams below 4096 bytes lie elsewhere, in a stream of their own; none of them matters here.
        head = data[(start + 1) * sector : (start + 2) * sector] if length >= 4096 and start < 0xFFFFFFFA else b""
        found.append(OleEntry(entry[: max(0, size - 2)].decode("utf-16-le", "replace"), head))
        waiting += struct.unpack_from("<II", entry, 68)
    return found


def _ole_directory(data: bytes, sector: int) -> list[bytes]:
    """The directory's entries, along its chain of sectors; a broken chain ends early."""
    table = [number for number in struct.unpack_from("<109I", data, 76) if number < 0xFFFFFFFA]
    entries: list[bytes] = []
    seen: set[int] = set()
    current = struct.unpack_from("<I", data, 48)[0]
    while current < 0xFFFFFFFA and current not in seen and len(entries) < 50_000:
        seen.add(current)
        start = (current + 1) * sector
        body = data[start : start + sector]
        entries += [body[at : at + 128] for at in range(0, len(body) - 127, 128)]
        index, within = divmod(current, sector // 4)
        if index >= len(table):
            break
        at = (table[index] + 1) * sector + within * 4
        if at + 4 > len(data):
            break
        current = struct.unpack_from("<I", data, at)[0]
    return entries


def ole_is_encrypted(data: bytes) -> bool:
    """Whether an older Office file needs a password or a rights server: flags that stand in the clear."""
    for entry in ole_root_entries(data):
        name = entry.name.lower()
        if name in ("encryptedpackage", "encryptedsummary") or name.strip("\t").startswith("drmcontent"):
            return True
        if name == "worddocument" and len(entry.head) >= 12 and entry.head[11] & 0x01:
            return True
        if name in ("workbook", "book") and _has_password_record(entry.head):
            return True
    return False


def _has_password_record(head: bytes) -> bool:
    """A FILEPASS record among the first records of a workbook."""
    position = 0
    for _ in range(8):
        if position + 4 > len(head):
            return False
        kind, size = struct.unpack_from("<HH", head, position)
        if kind == 0x2F:
            return True
        position += 4 + size
    return False


# --- text ----------------------------------------------------------------------------------------------------------

_HEADER_LINE = re.compile(
    r"^(from|to|cc|subject|date|received|return-path|message-id|mime-version|content-type|delivered-to|reply-to"
    r"|x-[\w-]+|von|an|betreff|datum):\s",
    re.IGNORECASE,
)
_MAIL_PROOF = re.compile(r"^(received|message-id|mime-version|return-path|date|from|subject):\s", re.IGNORECASE)
_HTML_START = re.compile(
    r"^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<(?:html|head|body|title|meta|table|div|h[1-6]|p|script|style|frameset)\b)",
    re.IGNORECASE | re.DOTALL,
)


def _as_text(head: bytes) -> str | None:
    """The beginning as text where it can be text at all; a rough decoding that only serves to tell kinds apart."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    if b"\x00" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        half = max(1, len(head) // 2)
        for zeros, others, codec in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
            if zeros > 0.6 * half and others < 0.05 * half:
                return head[: len(head) // 2 * 2].decode(codec, "replace")
        return None
    controls = sum(1 for byte in head if byte < 32 and byte not in (9, 10, 12, 13, 27))
    if controls > max(2, len(head) // 50):
        return None
    return head.decode("utf-8", "replace") if _is_utf8(head) else head.decode("cp1252", "replace")


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut may fall into the middle of a character.
        return error.start >= len(head) - 3 and len(head) > 3
    return True


def _text_kind(text: str, data: bytes, ending: str, claimed: str | None) -> str | _Refused:
    promised = _BY_ENDING.get(ending) or _ALIASES.get((claimed or "").split(";")[0].strip().lower())
    body = text.lstrip("\ufeff \t\r\n")
    if body.startswith("BEGIN:VCALENDAR"):
        return ICS
    lines = body.splitlines()
    if body.startswith("From ") and len(lines) > 1 and (promised == MBOX or _HEADER_LINE.match(lines[1])):
        return MBOX
    if promised in (MARKDOWN, CSV, TEXT) and not _HTML_START.match(body[:2000]):
        # People write about HTML, mail and JSON in text files; only a whole HTML page is worth rereading as such.
        return promised
    if promised != MBOX and _is_mail(lines, promised):
        return EML
    if _HTML_START.match(body) or (promised == HTML and re.search(r"<\w+[^>]*>", body)):
        if promised == MARKDOWN and not re.match(r"\s*(?:<!doctype\s+html|<html)", body, re.IGNORECASE):
            return MARKDOWN
        return HTML
    if body.startswith("<?xml") or (promised == XML and body.startswith("<")):
        return HTML if re.search(r"<html[\s>]", body[:2000]) else XML
    if promised == JSON or (promised is None and body[:1] in ("{", "[") and _is_json(data)):
        return JSON
    if promised in (PDF, DOCX, PPTX, XLSX, XLSB, ODT, ODS, ODP, EPUB, DOC, XLS, PPT, MSG) and len(data) < 64:
        return _Refused(
            TEXT,
            "Text",
            f"Die Datei heißt {ending}, ihr Inhalt ist aber kein {label_of(promised)}.",
        )
    return promised if promised in (MBOX, EML, ICS) else TEXT


def _is_mail(lines: list[str], promised: str | None) -> bool:
    """Mail headers from the first line on, until the first empty line."""
    seen: set[str] = set()
    for line in lines[:60]:
        if not line.strip():
            break
        if line[:1] in " \t":
            continue
        name, colon, _ = line.partition(":")
        if not colon or not re.fullmatch(r"[!-9;-~]+", name):
            return False
        if _MAIL_PROOF.match(line):
            seen.add(name.lower())
    return len(seen) >= (1 if promised == EML else 3) or (len(seen) >= 2 and "from" in seen and promised is None)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
