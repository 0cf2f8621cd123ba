"""What kind of file the bytes are, and unpacking with a bound: no bomb is unfolded, no size is believed unread."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final, Literal

from luna_rules.importing.model import UnreadableFileError
from luna_rules.importing.workbooks import (
    DAMAGED,
    STEP_BYTES,
    check_open_spreadsheet,
    check_workbook,
    is_open_spreadsheet,
    too_large,
)

Kind = Literal["text", "json", "xml", "html", "edifact", "xlsx", "xls", "ods", "parquet", "arrow"]

_FOREIGN: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF", "ein PDF"),
    (b"\x89PNG", "ein Bild (PNG)"),
    (b"\xff\xd8\xff", "ein Bild (JPEG)"),
    (b"GIF8", "ein Bild (GIF)"),
    (b"7z\xbc\xaf\x27\x1c", "ein 7z-Archiv"),
    (b"Rar!", "ein RAR-Archiv"),
    (b"BZh", "mit bzip2 gepackt"),
    (b"\xfd7zXZ", "mit xz gepackt"),
    (b"\x28\xb5\x2f\xfd", "mit zstd gepackt"),
    (b"{\\rtf", "ein RTF-Text"),
    (b"\x7fELF", "ein Programm"),
    (b"MZ", "ein Programm"),
    (b"SQLite format 3", "eine SQLite-Datenbank"),
)


@dataclass(frozen=True)
class Unpacked:
    """Bytes and their kind; `packed` names what was around them."""

    content: bytes
    kind: Kind
    packed: str | None = None


def unpack(content: bytes, max_bytes: int) -> Unpacked:
    """Take off gzip or a zip of one file and name what is inside. Raises `UnreadableFileError`."""
    packed: list[str] = []
    for _ in range(3):
        if not content:
            raise UnreadableFileError("empty", "Die Datei ist leer (0 Byte).")
        if content.startswith(b"\x1f\x8b"):
            content = _gunzip(content, max_bytes)
            packed.append("gzip")
            continue
        if content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
            inner = _unzip(content, max_bytes)
            if isinstance(inner, str):
                return Unpacked(content, inner, " in ".join(packed) or None)
            content = inner
            packed.append("zip")
            continue
        return Unpacked(content, _kind(content), " in ".join(packed) or None)
    raise UnreadableFileError("nested", "Die Datei ist mehrfach verpackt. Bitte entpackt hochladen.")


def _kind(content: bytes) -> Kind:
    if content.startswith(b"PAR1"):
        return "parquet"
    if content.startswith(b"ARROW1"):
        return "arrow"
    if content.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise UnreadableFileError(
                "encrypted", "Die Arbeitsmappe ist mit einem Kennwort geschützt. Bitte ohne Kennwort speichern."
            )
        return "xls"
    for magic, name in _FOREIGN:
        if content.startswith(magic):
            raise UnreadableFileError(
                "foreign",
                f"Die Datei ist {name}. "
                "Lesbar sind CSV, JSON, XML (ENTSO-E), XLSX, XLS, ODS, Parquet, Arrow und MSCONS.",
            )
    head = content[:2048].lstrip(b"\xef\xbb\xbf\x00\xff\xfe \t\r\n").replace(b"\x00", b"")
    if re.match(rb"UNA.{6}\s*UN[BGH]|UN[BH][^A-Za-z0-9]", head, re.DOTALL):
        return "edifact"
    if head.startswith(b"<"):
        return "html" if re.match(rb"<(!doctype\s+html|html|head|table|body|div)\b", head, re.IGNORECASE) else "xml"
    if head.startswith((b"{", b"[")):
        return "json"
    return "text"


def _gunzip(content: bytes, max_bytes: int) -> bytes:
    out = bytearray()
    rest = content
    try:
        while rest.startswith(b"\x1f\x8b"):
            engine = zlib.decompressobj(wbits=31)
            while not engine.eof:
                part = engine.decompress(rest, STEP_BYTES)
                rest = engine.unconsumed_tail
                out += part
                if len(out) > max_bytes:
                    raise too_large(max_bytes)
                if not part and not rest:
                    raise UnreadableFileError("broken", "Die gzip-Datei ist abgeschnitten.")
            rest = engine.unused_data
    except zlib.error as error:
        raise UnreadableFileError("broken", "Die gzip-Datei ist beschädigt und lässt sich nicht entpacken.") from error
    return bytes(out)


def _unzip(content: bytes, max_bytes: int) -> bytes | Literal["xlsx", "ods"]:
    """The one file of an archive; its kind for a workbook, which has then been checked."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except DAMAGED as error:
        raise UnreadableFileError("broken", "Das Archiv (ZIP oder XLSX) ist beschädigt oder abgeschnitten.") from error
    with archive:
        names = archive.namelist()
        if len(names) > 10_000:
            raise UnreadableFileError("bomb", f"Das Archiv hat {len(names)} Einträge; das ist keine Messwertdatei.")
        if any(name.startswith("xl/workbook") for name in names):
            if "xl/workbook.bin" in names:
                raise UnreadableFileError("foreign", "XLSB wird nicht gelesen. Bitte als XLSX oder CSV speichern.")
            check_workbook(archive)
            return "xlsx"
        if is_open_spreadsheet(archive):
            check_open_spreadsheet(archive)
            return "ods"
        if "mimetype" in names or "[Content_Types].xml" in names:
            raise UnreadableFileError(
                "foreign",
                "Das ist ein Office-Dokument, aber keine Arbeitsmappe. Bitte als XLSX, ODS oder CSV speichern.",
            )
        files = [
            info
            for info in archive.infolist()
            if not info.is_dir() and not info.filename.startswith("__MACOSX/") and info.file_size
        ]
        if len(files) != 1:
            raise UnreadableFileError(
                "archive", f"Das Archiv enthält {len(files)} Dateien. Bitte jede Datei einzeln hochladen."
            )
        if files[0].flag_bits & 1:
            raise UnreadableFileError("encrypted", "Das Archiv ist mit einem Kennwort geschützt.")
        return b"".join(_parts(archive, files[0], max_bytes))


def _parts(archive: zipfile.ZipFile, info: zipfile.ZipInfo, max_bytes: int) -> list[bytes]:
    parts: list[bytes] = []
    total = 0
    try:
        with archive.open(info) as member:
            while part := member.read(STEP_BYTES):
                total += len(part)
                if total > max_bytes:
                    raise too_large(max_bytes)
                parts.append(part)
    except DAMAGED as error:
        raise UnreadableFileError("broken", "Das Archiv ist beschädigt und lässt sich nicht entpacken.") from error
    return parts
